//! HKDF-SHA256 (RFC 5869) and the keys that derive from the master key.

use super::{Key, memory::scrubbed};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use zeroize::{Zeroize, Zeroizing};

/// The salt of both extractions.
const SALT: &[u8] = b"kastellan.v1";

/// What derives from the master key (see `crypto.md`, Derivations). Holds the PRK; each key is made on demand.
pub struct Derived(Key);

impl Derived {
    /// HKDF-Extract with the salt `kastellan.v1`.
    #[must_use]
    pub fn from_master(master: &Key) -> Self {
        Self(extract(SALT, master.expose()))
    }

    /// The policy's encryption key. The name must be a valid policy name; the caller holds it as one.
    #[must_use]
    pub fn policy_key(&self, policy: &str) -> Key {
        expand(&self.0, &[b"policy\0", policy.as_bytes()].concat())
    }

    /// The key of catalog records.
    #[must_use]
    pub fn metadata_key(&self) -> Key {
        expand(&self.0, b"catalog-metadata")
    }

    /// The key of journal MACs.
    #[must_use]
    pub fn journal_key(&self) -> Key {
        expand(&self.0, b"journal-mac")
    }

    /// The seed of the key that signs drill reports.
    #[must_use]
    pub fn signing_seed(&self) -> Key {
        expand(&self.0, b"report-signing")
    }

    /// The master key's public id, 8 bytes in hex.
    #[must_use]
    pub fn master_key_id(&self) -> String {
        key_id(&self.0)
    }

    /// A second copy, said aloud.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }
}

/// A policy key's public id, 8 bytes in hex.
#[must_use]
pub fn policy_key_id(policy_key: &Key) -> String {
    key_id(&policy_prk(policy_key))
}

/// What derives further from a policy's key: HKDF-Extract with the salt `kastellan.v1`.
#[must_use]
pub fn policy_prk(policy_key: &Key) -> Key {
    extract(SALT, policy_key.expose())
}

/// HKDF-Extract to a key.
#[must_use]
pub fn extract(salt: &[u8], ikm: &[u8]) -> Key {
    Key::filled(|out| hmac_into(salt, &[ikm], out))
}

/// HKDF-Expand to a key.
#[must_use]
pub fn expand(prk: &Key, info: &[u8]) -> Key {
    Key::filled(|out| expand_into(prk, info, out))
}

/// SHA-256 of the parts one after the other.
#[must_use]
pub fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Hash::new();
    for part in parts {
        hash.add(part);
    }
    hash.end()
}

/// SHA-512, as SSH signatures take it.
#[must_use]
pub fn sha512(bytes: &[u8]) -> [u8; 64] {
    sha2::Sha512::digest(bytes).into()
}

/// SHA-256 of bytes that come piece by piece.
#[derive(Default)]
pub struct Hash(Sha256);

impl Hash {
    /// Of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the next piece.
    pub fn add(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// 32 bytes.
    #[must_use]
    pub fn end(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// HMAC-SHA256.
#[must_use]
pub fn mac(key: &Key, message: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    hmac_into(key.expose(), &[message], &mut out);
    out
}

fn key_id(prk: &Key) -> String {
    let mut id = Zeroizing::new([0; 8]);
    expand_into(prk, b"key-id", id.as_mut_slice());
    id.iter().fold(String::with_capacity(16), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The first block of HKDF-Expand, T(1) = HMAC(PRK, info || 0x01), cut to `out`: nothing here ever needs more than 32 bytes.
fn expand_into(prk: &Key, info: &[u8], out: &mut [u8]) {
    let mut block = Zeroizing::new([0; 32]);
    hmac_into(prk.expose(), &[info, &[1]], &mut block);
    let len = out.len().min(block.len());
    out[..len].copy_from_slice(&block[..len]);
}

fn hmac_into(key: &[u8], parts: &[&[u8]], out: &mut [u8; 32]) {
    scrubbed(|| {
        // A key of any length is taken, so this is never the other branch.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { std::process::abort() };
        for part in parts {
            mac.update(part);
        }
        let mut tag = mac.finalize().into_bytes();
        out.copy_from_slice(&tag);
        tag.as_mut_slice().zeroize();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
    }

    fn master() -> Key {
        Key::filled(|bytes| (0..32).for_each(|i| bytes[i as usize] = i))
    }

    #[test]
    fn the_documented_keys() {
        let derived = Derived::from_master(&master());
        assert_eq!(hex(derived.0.expose()), "5710c789666a9bdfd58faf730d5813546191bc0237a0f4d142cda4f22822b62a");
        let policy = derived.policy_key("app-daily");
        assert_eq!(hex(policy.expose()), "ea77d7f6129a1cf1a7965439c32fccb43715af1079da423c993d066a351b4716");
        assert_eq!(policy_key_id(&policy), "1fc0f7d89cf866d3");
        assert_eq!(derived.master_key_id(), "41114ce220f27895");
        assert_eq!(hex(derived.metadata_key().expose()), "f13c8f1753083f5512c5c530c11963991dce2a0b3e22cc34834cba4edc5ee459");
        assert_eq!(hex(derived.journal_key().expose()), "6469e68b299f6b4af5ad12c07a0159c188660f8df9b195c1c0c6e7fa01f2dac5");
    }

    #[test]
    fn expand_is_the_first_block_of_the_published_hkdf() {
        let prk = Key::generate();
        for info in [&b""[..], b"x", &[0xff; 300]] {
            let mut theirs = [0; 32];
            hkdf::Hkdf::<Sha256>::from_prk(prk.expose()).unwrap().expand(info, &mut theirs).unwrap();
            assert_eq!(expand(&prk, info).expose(), &theirs);
        }
    }

    #[test]
    fn policies_differ() {
        let derived = Derived::from_master(&master());
        assert!(!derived.policy_key("a").same(&derived.policy_key("b")));
        assert!(!derived.policy_key("a").same(&derived.metadata_key()));
    }
}
