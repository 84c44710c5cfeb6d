//! Recovery kits as files: age (age-encryption.org/v1), armoured, under a passphrase or to recipients. Any age opens them.
//!
//! scrypt with log2(N)=18 when written (256 MiB, about a second), at most 20 when read (1 GiB), the only stanza. A passphrase is canonical
//! and printable ASCII, so that every age gets the same bytes. Recipients are native ones, `age1...`. A kit to recipients proves no sender.
//! Must not: read or write a file. Next: `kit` is the document inside.

use super::kit::{DocumentError, Kit};
use crate::crypto::Passphrase;
use crate::domain::{Text, bytes};
use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, Identity, Recipient};
use std::io::{Read, Write};
use std::iter;
use zeroize::Zeroizing;

/// The largest kit, in bytes, as a file and as a document: 1 MiB.
pub const KIT_LONGEST: usize = 1 << 20;
/// log2 of scrypt's N when a kit is written.
const WRITTEN: u8 = 18;
/// How much memory must be available for that, KiB: scrypt's, and what a thread's stack and its allocator map beside it.
const WRITTEN_NEEDS: u64 = (1 << WRITTEN) + 80 * 1024;
/// The largest log2 of scrypt's N that is read; it takes 2^N KiB.
const READ: u8 = 20;

/// Why a kit is not made, or not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KitError {
    /// Not an age file, or its header is damaged or of a later version.
    #[error("it is not a recovery kit: not an age file, or its head is damaged")]
    NotAKit,
    /// More than 1 MiB.
    #[error("it is larger than 1 MiB")]
    TooLarge,
    /// The passphrase holds something that an age elsewhere might read as other bytes.
    #[error("a kit's passphrase may hold only printable ASCII characters")]
    Passphrase,
    /// Not a native recipient.
    #[error("\"{0}\" is not an age recipient (age1...)")]
    Recipient(Text),
    /// Nobody to make it for.
    #[error("it needs at least one recipient")]
    NoRecipient,
    /// Not a native identity.
    #[error("the file holds no age identity (AGE-SECRET-KEY-1...)")]
    NoIdentity,
    /// It is under a passphrase, and an identity was given.
    #[error("it is under a passphrase")]
    NeedsPassphrase,
    /// It is to recipients, and a passphrase was given.
    #[error("it is to recipients: it takes an age identity")]
    NeedsIdentity,
    /// scrypt with the first log2(N): not run, as more than the second.
    #[error("scrypt with log2(N)={0} takes {need} of memory; at most {room} may be taken here", need = memory(*.0), room = memory(*.1))]
    Work(u8, u8),
    /// Another passphrase or identity.
    #[error("the passphrase or identity does not open it")]
    DoesNotOpen,
    /// The key is right, and what it protects was altered or cut.
    #[error("it was altered or cut")]
    Altered,
    /// Its document is of a later version.
    #[error("it has version {0}, made by a newer Kastellan")]
    Version(u64),
    /// What was inside is no kit's document.
    #[error("its document is malformed at line {line}, column {column}")]
    Malformed {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
}

impl From<DocumentError> for KitError {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Version(version) => Self::Version(version),
            DocumentError::Malformed(line, column) => Self::Malformed { line, column },
        }
    }
}

impl Kit {
    /// As a file under a passphrase of its own; takes about a second and 256 MiB. `available` memory in KiB.
    ///
    /// # Errors
    /// [`KitError::Passphrase`], [`KitError::TooLarge`]; [`KitError::Work`] where memory is short.
    pub fn seal(&self, passphrase: &Passphrase, available: u64) -> Result<String, KitError> {
        let most = most(available);
        if most < WRITTEN { Err(KitError::Work(WRITTEN, most)) } else { self.seal_with(passphrase, WRITTEN) }
    }

    fn seal_with(&self, passphrase: &Passphrase, work: u8) -> Result<String, KitError> {
        let mut recipient = age::scrypt::Recipient::new(secret(passphrase)?);
        recipient.set_work_factor(work);
        self.seal_for(iter::once(&recipient as &dyn Recipient))
    }

    /// As a file to native age recipients.
    ///
    /// # Errors
    /// [`KitError::Recipient`], [`KitError::NoRecipient`], [`KitError::TooLarge`].
    pub fn seal_to(&self, recipients: &[&str]) -> Result<String, KitError> {
        let read = |text: &&str| text.trim().parse::<age::x25519::Recipient>().map_err(|_| KitError::Recipient((*text).into()));
        let recipients = recipients.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        if recipients.is_empty() {
            return Err(KitError::NoRecipient);
        }
        self.seal_for(recipients.iter().map(|recipient| recipient as &dyn Recipient))
    }

    fn seal_for<'a>(&self, recipients: impl Iterator<Item = &'a dyn Recipient>) -> Result<String, KitError> {
        let json = self.to_json();
        // Recipients of one kind, and memory to write to: nothing of this can fail but for a lack of recipients.
        let sealed = || -> Option<Vec<u8>> {
            let armour = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor).ok()?;
            let mut writer = Encryptor::with_recipients(recipients).ok()?.wrap_output(armour).ok()?;
            writer.write_all(&json).ok()?;
            writer.finish().ok()?.finish().ok()
        };
        let sealed = sealed().ok_or(KitError::NoRecipient)?;
        if sealed.len() > KIT_LONGEST || json.len() > KIT_LONGEST {
            return Err(KitError::TooLarge);
        }
        String::from_utf8(sealed).map_err(|_| KitError::NotAKit)
    }
}

/// A kit's file, its header read. Armoured or not.
pub struct KitFile<'a>(Decryptor<ArmoredReader<std::io::BufReader<&'a [u8]>>>);

impl<'a> KitFile<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`KitError::NotAKit`], [`KitError::TooLarge`].
    pub fn parse(file: &'a [u8]) -> Result<Self, KitError> {
        if file.len() > KIT_LONGEST {
            return Err(KitError::TooLarge);
        }
        Decryptor::new_buffered(ArmoredReader::new(file)).map(Self).map_err(|_| KitError::NotAKit)
    }

    /// Whether it is under a passphrase; else it is to recipients.
    #[must_use]
    pub fn needs_passphrase(&self) -> bool {
        self.0.is_scrypt()
    }

    /// Opens it with its passphrase. `available` memory in KiB.
    ///
    /// # Errors
    /// [`KitError`].
    pub fn open(self, passphrase: &Passphrase, available: u64) -> Result<Kit, KitError> {
        if !self.needs_passphrase() {
            return Err(KitError::NeedsIdentity);
        }
        let mut identity = age::scrypt::Identity::new(secret(passphrase)?);
        let most = most(available);
        identity.set_max_work_factor(most);
        self.open_with(&[&identity], most)
    }

    /// Opens it with native identities as an identity file has them: a line each, comments (`#`) and empty lines left out.
    ///
    /// # Errors
    /// [`KitError`].
    pub fn open_with_identities(self, file: &str) -> Result<Kit, KitError> {
        if self.needs_passphrase() {
            return Err(KitError::NeedsPassphrase);
        }
        let lines = file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let identities: Vec<age::x25519::Identity> = lines.filter_map(|line| line.parse().ok()).collect();
        if identities.is_empty() {
            return Err(KitError::NoIdentity);
        }
        self.open_with(&identities.iter().map(|identity| identity as &dyn Identity).collect::<Vec<_>>(), READ)
    }

    fn open_with(self, identities: &[&dyn Identity], most: u8) -> Result<Kit, KitError> {
        let mut reader = self.0.decrypt(identities.iter().copied()).map_err(|error| match error {
            DecryptError::ExcessiveWork { required, .. } => KitError::Work(required, most),
            DecryptError::InvalidMac | DecryptError::Io(_) => KitError::Altered,
            DecryptError::InvalidHeader | DecryptError::UnknownFormat => KitError::NotAKit,
            _ => KitError::DoesNotOpen,
        })?;
        // A document is shorter than its file, which has at most 1 MiB: there is room, so that no grown-out-of copy is left behind.
        let mut json = Zeroizing::new(Vec::with_capacity(KIT_LONGEST));
        reader.read_to_end(&mut json).map_err(|_| KitError::Altered)?;
        Ok(Kit::parse(&json)?)
    }
}

/// The largest log2 of scrypt's N that is run where so much memory is available, KiB: for half of it, and at most 1 GiB. But what is
/// written is run wherever there is room for it: more than that would end the process, and with it a recovery.
fn most(available: u64) -> u8 {
    let half = u8::try_from((available / 2).checked_ilog2().unwrap_or(0)).unwrap_or(READ).min(READ);
    if available >= WRITTEN_NEEDS { half.max(WRITTEN) } else { half }
}

/// What scrypt takes, in words.
fn memory(log_n: u8) -> String {
    1_u64.checked_shl(u32::from(log_n) + 10).map_or_else(|| "more than any machine has".into(), bytes)
}

/// The document of a kit alone, for tools that open the age file themselves.
///
/// # Errors
/// [`KitError::Version`], [`KitError::Malformed`], [`KitError::TooLarge`].
pub fn read_kit_document(json: &[u8]) -> Result<Kit, KitError> {
    if json.len() > KIT_LONGEST { Err(KitError::TooLarge) } else { Ok(Kit::parse(json)?) }
}

fn secret(passphrase: &Passphrase) -> Result<SecretString, KitError> {
    let bytes = passphrase.expose();
    let text = std::str::from_utf8(bytes).map_err(|_| KitError::Passphrase)?;
    if bytes.iter().all(|byte| (0x20..0x7f).contains(byte)) { Ok(SecretString::from(text.to_owned())) } else { Err(KitError::Passphrase) }
}

#[cfg(test)]
mod tests {
    use super::super::kit::{KitCredentials, KitDrPassphrase, KitInstallation, KitLocation, KitPasskey, KitPin, KitSecret, KitText};
    use super::*;
    use crate::domain::{S3Target, Target, Timestamp};
    use age::secrecy::ExposeSecret;

    fn word(text: &str) -> Passphrase {
        Passphrase::entered(text.as_bytes()).unwrap()
    }

    fn hidden(text: &str) -> KitSecret {
        KitSecret::new(Zeroizing::new(text.to_owned()))
    }

    fn kit() -> Kit {
        let installation = KitInstallation {
            name: KitText("prod\u{1b}[2J".into()),
            catalog_id: "00".repeat(16),
            instance_id: "11".repeat(16),
            master_key_id: "22".repeat(8),
        };
        let pin = KitPin { seq: 7, hash: "33".repeat(32), archive_seq: 2, unarchived: 3 };
        let mut kit = Kit::new(installation, Timestamp::from_unix(0), pin, "Open it with age.".into());
        let s3 = Target::S3(S3Target { bucket: "b".into(), path_style: true, ..S3Target::default() });
        let credentials = KitCredentials { access_key_id: KitText("AKIA".into()), secret_access_key: hidden("secret/key") };
        kit.locations.push(KitLocation::new("away".parse().unwrap(), &s3, Some(credentials)));
        kit.locations.push(KitLocation::new("nas".parse().unwrap(), &Target::Directory { path: "/mnt/\u{202e}".into() }, None));
        kit.passkeys.push(KitPasskey {
            name: KitText("k10MasterKey".into()),
            method: KitText("passphrase".into()),
            wrap_id: "44".repeat(16),
            envelope: KitText("PASSKEY k10MasterKey".into()),
            passphrase: Some(hidden("legal winner")),
        });
        kit.dr_passphrases.push(KitDrPassphrase { number: 2, envelope: KitText("DR no. 2".into()), passphrase: None });
        kit.imports.push(hidden("kst1_AAAA"));
        kit
    }

    fn same(one: &Kit, other: &Kit) {
        assert_eq!(*one.to_json(), *other.to_json());
        assert_eq!(other.locations[0].target(), kit().locations[0].target());
        assert_eq!(other.locations[1].target(), Some(Target::Directory { path: "/mnt/\u{202e}".into() }));
        assert_eq!(other.passkeys[0].passphrase.as_ref().unwrap().expose(), "legal winner");
    }

    #[test]
    fn under_a_passphrase() {
        let file = kit().seal_with(&word("correct horse"), 2).unwrap();
        assert!(file.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"));
        let open = |file: &[u8], passphrase: &str| KitFile::parse(file)?.open(&word(passphrase), 8 << 20);
        same(&kit(), &open(file.as_bytes(), "correct horse").ok().unwrap());
        same(&kit(), &open(file.replace('\n', "\r\n").as_bytes(), "correct horse").ok().unwrap());
        assert_eq!(open(file.as_bytes(), "wrong").err(), Some(KitError::DoesNotOpen));
        assert_eq!(open(file.as_bytes(), "stra\u{df}e").err(), Some(KitError::Passphrase));
        assert_eq!(kit().seal(&word("stra\u{df}e"), 8 << 20).err(), Some(KitError::Passphrase));
        assert_eq!(KitFile::parse(file.as_bytes()).unwrap().open_with_identities("").err(), Some(KitError::NeedsPassphrase));
    }

    #[test]
    fn to_recipients() {
        let (one, two) = (age::x25519::Identity::generate(), age::x25519::Identity::generate());
        let file = kit().seal_to(&[&one.to_public().to_string(), &two.to_public().to_string()]).unwrap();
        for identity in [&one, &two] {
            let text = format!("# created\n\n{}\n", identity.to_string().expose_secret());
            same(&kit(), &KitFile::parse(file.as_bytes()).unwrap().open_with_identities(&text).ok().unwrap());
        }
        let other = age::x25519::Identity::generate().to_string();
        let open = |text: &str| KitFile::parse(file.as_bytes()).unwrap().open_with_identities(text).err();
        assert_eq!(open(other.expose_secret()), Some(KitError::DoesNotOpen));
        assert_eq!(open("nothing"), Some(KitError::NoIdentity));
        assert_eq!(KitFile::parse(file.as_bytes()).unwrap().open(&word("x"), 8 << 20).err(), Some(KitError::NeedsIdentity));
        assert_eq!(kit().seal_to(&[]).err(), Some(KitError::NoRecipient));
        for bad in ["age1", "ssh-ed25519 AAAA", "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t"] {
            assert_eq!(kit().seal_to(&[bad]).err(), Some(KitError::Recipient(bad.into())));
        }
    }

    #[test]
    fn hostile_files() {
        assert_eq!(KitFile::parse(b"").err(), Some(KitError::NotAKit));
        assert_eq!(KitFile::parse(b"KDR1").err(), Some(KitError::NotAKit));
        assert_eq!(KitFile::parse(&vec![b'x'; KIT_LONGEST + 1]).err(), Some(KitError::TooLarge));
        let greedy = b"age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 21\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n0123456789abcdef";
        assert_eq!(KitFile::parse(greedy).and_then(|file| file.open(&word("x"), 8 << 20)).err(), Some(KitError::Work(21, 20)));
        // Where memory is short, less is run; but what this writes is read wherever there is room for it.
        let some = String::from_utf8_lossy(greedy).replace(" 21\n", " 20\n");
        let open = |available| KitFile::parse(some.as_bytes()).and_then(|file| file.open(&word("x"), available)).err();
        assert_eq!(open(1 << 20), Some(KitError::Work(20, 19)));
        assert_eq!(open(WRITTEN_NEEDS), Some(KitError::Work(20, 18)));
        assert_eq!(open(WRITTEN_NEEDS - 1), Some(KitError::Work(20, 17)));
        assert_eq!(kit().seal(&word("x"), WRITTEN_NEEDS - 1).err(), Some(KitError::Work(18, 17)));
        let said = KitError::Work(18, 17).to_string();
        assert_eq!(said, "scrypt with log2(N)=18 takes 256.0 MiB of memory; at most 128.0 MiB may be taken here");
        let mut large = kit();
        large.instructions = KitText("x".repeat(900_000).into());
        assert_eq!(large.seal_with(&word("x"), 2).err(), Some(KitError::TooLarge));
    }

    #[test]
    fn documents_that_are_none() {
        let json = String::from_utf8(kit().to_json().to_vec()).unwrap();
        let error = |json: &str| read_kit_document(json.as_bytes()).err();
        assert_eq!(error(&json), None);
        assert_eq!(error(&json.replacen("\"kit\": 1", "\"kit\": 2, \"more\": []", 1)), Some(KitError::Version(2)));
        assert!(matches!(error(&json.replacen("\"kit\": 1", "\"kit\": 0", 1)), Some(KitError::Malformed { .. })));
        for (from, to) in [
            ("\"seq\": 7", "\"seq\": 7, \"more\": 1"),
            ("\"seq\": 7", "\"seq\": 7, \"seq\": 7"),
            ("\"seq\": 7", "\"seq\": -7"),
            ("\"kind\": \"s3\"", "\"kind\": \"ftp\""),
            ("\"kind\": \"s3\"", "\"kind\": \"directory\""),
            ("\"pathStyle\": 1", "\"pathStyle\": 2"),
            ("1970-01-01T00:00:00Z", "yesterday"),
            ("\"name\": \"away\"", "\"name\": \"../away\""),
        ] {
            assert_ne!(json.replacen(from, to, 1), json, "{from}");
            assert!(matches!(error(&json.replacen(from, to, 1)), Some(KitError::Malformed { .. })), "{to}");
        }
        assert_eq!(error(&" ".repeat(KIT_LONGEST + 1)), Some(KitError::TooLarge));
        assert!(matches!(error(&"[".repeat(100_000)), Some(KitError::Malformed { .. })));
    }

    #[test]
    fn every_byte_flipped_is_refused_or_is_spelling() {
        let identity = age::x25519::Identity::generate();
        let file = kit().seal_to(&[&identity.to_public().to_string()]).unwrap();
        let secret = identity.to_string();
        for at in 0..file.len() {
            let mut bad = file.as_bytes().to_vec();
            bad[at] ^= 1;
            let opened = KitFile::parse(&bad).and_then(|file| file.open_with_identities(secret.expose_secret()));
            assert!(opened.is_err(), "byte {at}");
        }
    }
}
