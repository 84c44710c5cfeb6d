//! Argon2id (RFC 9106), version 0x13, 32 bytes out.

use super::memory::{Matrix, scrub_stack};
use super::{Key, Passphrase};
use argon2::{Algorithm, Argon2, Block, Version};
use rayon::ThreadPoolBuilder;
use std::thread::available_parallelism;

/// Cost parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    /// Memory in KiB.
    pub m: u32,
    /// Passes.
    pub t: u32,
    /// Lanes.
    pub p: u32,
}

/// Why a derivation is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArgonError {
    /// Outside of what is read: 8p <= m <= 2097152, t <= 16, p <= 16, m*t <= 4194304.
    #[error("its Argon2id settings are out of bounds")]
    OutOfBounds,
    /// Needs more than half of the available memory; both in KiB.
    #[error("it needs {need} KiB of memory; at most half of the {available} KiB available may be taken")]
    TooMuchMemory {
        /// Needed.
        need: u64,
        /// Available on this machine.
        available: u64,
    },
    /// The memory, or a thread, was refused by the system.
    #[error("the system refused the memory it needs")]
    OutOfMemory,
}

impl Params {
    /// What is written where at least 2 GiB are available: m=262144, t=3, p=4.
    pub const FULL: Self = Self { m: 262_144, t: 3, p: 4 };
    /// What is written where less is available: m=65536, t=3, p=4. The weakest that is ever written.
    pub const SMALL: Self = Self { m: 65_536, t: 3, p: 4 };

    /// The parameters to write with on a machine with this much memory available (KiB).
    #[must_use]
    pub fn for_writing(available: u64) -> Self {
        if available >= 2 * 1024 * 1024 { Self::FULL } else { Self::SMALL }
    }

    /// Weaker than the weakest that is written: in memory, or in work (m*t).
    #[must_use]
    pub fn weak(self) -> bool {
        self.m < Self::SMALL.m || self.work() < Self::SMALL.work()
    }

    /// Whether these, having been read, may be run; asked before any memory is taken. `available` in KiB.
    ///
    /// # Errors
    /// [`ArgonError`].
    pub fn check(self, available: u64) -> Result<(), ArgonError> {
        let Self { m, t, p } = self;
        let lanes = (1..=16).contains(&p) && p * 8 <= m;
        if !lanes || !(1..=16).contains(&t) || m > 2_097_152 || self.work() > 4_194_304 {
            return Err(ArgonError::OutOfBounds);
        }
        if u64::from(m) > available / 2 {
            return Err(ArgonError::TooMuchMemory { need: u64::from(m), available });
        }
        Ok(())
    }

    /// Derives a key; its memory is wiped. `available` in KiB, checked first.
    ///
    /// # Errors
    /// [`ArgonError`].
    pub fn derive(self, passphrase: &Passphrase, salt: &[u8; 16], available: u64) -> Result<Key, ArgonError> {
        let processors = available_parallelism().map_or(1, usize::from);
        self.derive_on(ThreadPoolBuilder::new().num_threads(processors.min(self.p as usize)), passphrase, salt, available)
    }

    /// On threads of its own: those that rayon starts by itself panic where one of them cannot be started, once and for all.
    fn derive_on(self, threads: ThreadPoolBuilder, passphrase: &Passphrase, salt: &[u8; 16], available: u64) -> Result<Key, ArgonError> {
        self.check(available)?;
        let params = argon2::Params::new(self.m, self.t, self.p, Some(32)).map_err(|_| ArgonError::OutOfBounds)?;
        let mut matrix = Matrix::new(params.block_count()).ok_or(ArgonError::OutOfMemory)?;
        // Behind it: what a thread reserves for its allocations would leave no room for it, and is done without.
        let threads = threads.build().map_err(|_| ArgonError::OutOfMemory)?;
        let mut done = Ok(());
        let blocks = matrix.blocks();
        let key = Key::filled(|out| done = threads.install(|| fill(params, passphrase, salt, out, blocks)));
        threads.broadcast(|_| scrub_stack());
        done.map(|()| key)
    }

    /// In words: `Argon2id 256 MiB`.
    #[must_use]
    pub fn words(self) -> String {
        if self.m >= 1024 && self.m.is_multiple_of(1024) {
            format!("Argon2id {} MiB", self.m / 1024)
        } else {
            format!("Argon2id {} KiB", self.m)
        }
    }

    fn work(self) -> u64 {
        u64::from(self.m) * u64::from(self.t)
    }
}

/// Apart, so that the frame that held the passphrase's hash states lies below the stack that is scrubbed afterwards.
#[inline(never)]
fn fill(
    params: argon2::Params,
    passphrase: &Passphrase,
    salt: &[u8; 16],
    out: &mut [u8; 32],
    blocks: &mut [Block],
) -> Result<(), ArgonError> {
    keyed(&[], params)?.hash_password_into_with_memory(passphrase.expose(), salt, out, blocks).map_err(|_| ArgonError::OutOfMemory)
}

/// Argon2id, version 0x13, under a secret: none here, the published one where a test holds this to RFC 9106.
fn keyed(secret: &[u8], params: argon2::Params) -> Result<Argon2<'_>, ArgonError> {
    Argon2::new_with_secret(secret, Algorithm::Argon2id, Version::V0x13, params).map_err(|_| ArgonError::OutOfBounds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLENTY: u64 = 64 * 1024 * 1024;

    #[test]
    fn extremes_are_refused_before_memory_is_taken() {
        let refused = |m, t, p| assert_eq!(Params { m, t, p }.check(PLENTY), Err(ArgonError::OutOfBounds), "{m} {t} {p}");
        for (m, t, p) in [(2_097_153, 1, 1), (u32::MAX, u32::MAX, u32::MAX), (2_097_152, 3, 4), (1024, 17, 4), (1024, 3, 17), (7, 1, 1)] {
            refused(m, t, p);
        }
        for (m, t, p) in [(31, 1, 4), (0, 1, 1), (1024, 0, 1), (1024, 1, 0), (1024, 1, u32::MAX)] {
            refused(m, t, p);
        }
        for (m, t, p) in [(2_097_152, 2, 16), (8, 1, 1), (128, 16, 16), (262_144, 16, 4)] {
            assert_eq!(Params { m, t, p }.check(PLENTY), Ok(()), "{m} {t} {p}");
        }
    }

    #[test]
    fn half_of_the_memory_at_most() {
        assert_eq!(Params::FULL.check(2 * 262_144), Ok(()));
        let less = 2 * 262_144 - 1;
        assert_eq!(Params::FULL.check(less), Err(ArgonError::TooMuchMemory { need: 262_144, available: less }));
        let passphrase = Passphrase::entered(b"x").unwrap();
        assert!(matches!(Params::FULL.derive(&passphrase, &[0; 16], 0), Err(ArgonError::TooMuchMemory { .. })));
    }

    #[test]
    fn where_no_thread_starts_it_is_refused_and_the_next_one_is_not() {
        let params = Params { m: 256, t: 2, p: 4 };
        let passphrase = Passphrase::entered(b"x").unwrap();
        // A stack as large as all addresses: no system starts that.
        let none = ThreadPoolBuilder::new().num_threads(1).stack_size(usize::MAX / 4);
        assert_eq!(params.derive_on(none, &passphrase, &[0; 16], PLENTY).err(), Some(ArgonError::OutOfMemory));
        assert!(params.derive(&passphrase, &[0; 16], PLENTY).is_ok());
    }

    #[test]
    fn what_is_written_and_what_is_weak() {
        assert_eq!(Params::for_writing(2 * 1024 * 1024), Params::FULL);
        assert_eq!(Params::for_writing(2 * 1024 * 1024 - 1), Params::SMALL);
        assert!(!Params::FULL.weak() && !Params::SMALL.weak());
        assert!(Params { m: 65_535, t: 16, p: 4 }.weak());
        assert!(Params { m: 65_536, t: 2, p: 4 }.weak());
        assert!(!Params { m: 2_097_152, t: 1, p: 4 }.weak(), "RFC 9106's first choice is not weak");
        assert_eq!(Params::FULL.words(), "Argon2id 256 MiB");
        assert_eq!(Params { m: 19, t: 1, p: 1 }.words(), "Argon2id 19 KiB");
    }

    /// RFC 9106, section 5.3. Its secret and associated data are not used here; all else is what passphrases go through.
    #[test]
    fn rfc_9106() {
        let ad = argon2::AssociatedData::new(&[4; 12]).unwrap();
        let params = argon2::ParamsBuilder::new().m_cost(32).t_cost(3).p_cost(4).data(ad).output_len(32).build().unwrap();
        let mut tag = [0; 32];
        keyed(&[3; 8], params).unwrap().hash_password_into(&[1; 32], &[2; 16], &mut tag).unwrap();
        let published = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659";
        assert_eq!(tag.map(|byte| format!("{byte:02x}")).concat(), published);
    }

    #[test]
    fn own_memory_gives_what_the_crate_gives() {
        let params = Params { m: 256, t: 2, p: 4 };
        let passphrase = Passphrase::entered(b"correct horse").unwrap();
        let mut theirs = [0; 32];
        let their_params = argon2::Params::new(256, 2, 4, Some(32)).unwrap();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, their_params).hash_password_into(b"correct horse", &[7; 16], &mut theirs).unwrap();
        assert_eq!(params.derive(&passphrase, &[7; 16], PLENTY).unwrap().expose(), &theirs);
    }
}
