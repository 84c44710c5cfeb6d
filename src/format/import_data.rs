//! Import data: one policy's key as a text that is copied from the source and pasted at the target (see `crypto.md`, Import data).
//!
//! The checksum is against slips, not attackers: what a text says is shown before anything it names is contacted. Must not: ask, show or
//! keep anything.

use super::{Object, ObjectError, b64, lp, unb64};
use crate::crypto::{AeadError, ArgonError, Key, Params, Passphrase, expand, hash, import_open, import_seal, policy_key_id, random};
use crate::domain::{PolicyName, S3Target, Target, Text, Timestamp};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Begins a text whose key lies open in it.
const PLAIN: &str = "kst1_";
/// Begins a text whose key is encrypted under a passphrase.
const PROTECTED: &str = "kst1p_";
/// The longest payload, in bytes: 16 KiB.
const LONGEST: usize = 16 * 1024;
/// Bytes of checksum.
const CHECK: usize = 4;
/// The longest text that is looked at, in bytes: the payload in base64 with generous white space.
pub const LONGEST_IMPORT_DATA: usize = 64 * 1024;

/// Why a text is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportDataError {
    /// It is something else.
    #[error("this is {0}, not import data (which begins with kst1p_ or kst1_)")]
    Other(&'static str),
    /// It is longer than any.
    #[error("it is longer than any import data")]
    TooLong,
    /// A character that none of them has.
    #[error("character {0} of it cannot be part of import data")]
    Character(usize),
    /// The checksum differs.
    #[error("its checksum does not match: a character is wrong, or some are missing")]
    Slip,
    /// It ends too early.
    #[error("it is cut off: the end is missing")]
    Cut,
    /// It is protected, and no passphrase was given.
    #[error("it is protected by a passphrase")]
    Protected,
    /// The passphrase does not open it.
    #[error("wrong passphrase, or its header was altered")]
    Passphrase,
    /// Encrypted part and header differ from what was made.
    #[error("it was altered")]
    Altered,
    /// A member is missing or malformed.
    #[error("it is malformed: {0}")]
    Malformed(#[from] ObjectError),
    /// Made by a newer Kastellan.
    #[error("it was made by a newer Kastellan (version {0})")]
    Version(u64),
    /// The key id that it names is not the key's.
    #[error("its key is not the one that its key id names")]
    OtherKey,
    /// Argon2id's settings are refused.
    #[error("{0}")]
    Argon(#[from] ArgonError),
}

/// What import data carries.
pub struct ImportData {
    /// The policy.
    pub policy: PolicyName,
    /// Its key.
    pub key: Key,
    /// The installation that it comes from, by name.
    pub installation: Text,
    /// Its catalog's id, hex.
    pub catalog_id: String,
    /// The location's name there.
    pub location: Text,
    /// Where it is; never with credentials.
    pub target: Target,
    /// When it was exported.
    pub created_at: Timestamp,
    /// A remark.
    pub note: Option<Text>,
}

/// A text whose checksum holds: protected or not.
pub struct ImportText {
    payload: Zeroizing<Vec<u8>>,
    protected: bool,
}

impl ImportData {
    /// As a text that whoever has it can use.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        text(PLAIN, &self.payload())
    }

    /// As a text that opens with this passphrase. `available` memory in KiB.
    ///
    /// # Errors
    /// [`ImportDataError::Argon`].
    pub fn to_protected_text(&self, passphrase: &Passphrase, params: Params, available: u64) -> Result<Zeroizing<String>, ImportDataError> {
        let mut salt = [0; 16];
        random(&mut salt);
        let root = params.derive(passphrase, &salt, available)?;
        let header = Object::new()
            .with_number("v", 1)
            .with_number("m", params.m.into())
            .with_number("t", params.t.into())
            .with_number("p", params.p.into())
            .with("salt", b64(&salt))
            .with("check", b64(check(&root).expose()))
            .to_json();
        let mut payload = Vec::new();
        lp(&mut payload, header.as_bytes());
        let ad = [PROTECTED.as_bytes(), &payload].concat();
        payload.extend_from_slice(&import_seal(&root, &self.payload(), &ad));
        Ok(text(PROTECTED, &payload))
    }

    fn payload(&self) -> Zeroizing<Vec<u8>> {
        let object = Object::new()
            .with_number("v", 1)
            .with("policy", self.policy.as_str())
            .with("policyKey", b64(self.key.expose()))
            .with("policyKeyId", policy_key_id(&self.key))
            .with_words("installation", &self.installation)
            .with("catalogId", &self.catalog_id)
            .with_words("location", &self.location)
            .with("locationKind", self.target.word())
            .with("createdAt", self.created_at.to_string())
            .with_some_words("note", self.note.as_ref());
        let object = match &self.target {
            Target::Directory { path } => object.with_words("path", path),
            Target::S3(s3) => object
                .with_words("bucket", &s3.bucket)
                .with_words("prefix", &s3.prefix)
                .with_some_words("endpoint", s3.endpoint.as_ref())
                .with_some_words("region", s3.region.as_ref())
                .with_number("pathStyle", s3.path_style.into()),
        };
        Zeroizing::new(object.to_json().into_bytes())
    }

    fn parse(payload: &[u8]) -> Result<Self, ImportDataError> {
        let o = Object::parse(payload)?;
        version(&o)?;
        let missing = |name: &'static str| ObjectError::Missing(name);
        let words = |name: &'static str| o.words(name).ok_or(missing(name));
        let key = unb64(o.need("policyKey")?).map(Zeroizing::new).and_then(|bytes| Key::from_slice(&bytes)).ok_or(missing("policyKey"))?;
        if policy_key_id(&key) != o.need("policyKeyId")? {
            return Err(ImportDataError::OtherKey);
        }
        let catalog_id = o.need("catalogId")?.to_owned();
        super::unhex::<16>(&catalog_id).ok_or(missing("catalogId"))?;
        let target = match o.need("locationKind")? {
            "directory" => Target::Directory { path: words("path")? },
            "s3" => Target::S3(S3Target {
                bucket: words("bucket")?,
                prefix: words("prefix")?,
                endpoint: o.words("endpoint"),
                region: o.words("region"),
                ca_file: None,
                path_style: o.need_number("pathStyle")? == 1,
                access_key_id: None,
            }),
            _ => return Err(missing("locationKind").into()),
        };
        Ok(Self {
            policy: o.need("policy")?.parse().map_err(|_| missing("policy"))?,
            key,
            installation: words("installation")?,
            catalog_id,
            location: words("location")?,
            target,
            created_at: o.need("createdAt")?.parse().map_err(|_| missing("createdAt"))?,
            note: o.words("note"),
        })
    }
}

impl ImportText {
    /// Takes a text; ASCII white space anywhere in it counts for nothing.
    ///
    /// # Errors
    /// [`ImportDataError`], saying what it is where it is something else.
    pub fn parse(text: &[u8]) -> Result<Self, ImportDataError> {
        if text.len() > LONGEST_IMPORT_DATA {
            return Err(ImportDataError::TooLong);
        }
        let mut bare = Zeroizing::new(Vec::with_capacity(text.len()));
        bare.extend(text.iter().copied().filter(|b| !b.is_ascii_whitespace()));
        let (prefix, body, protected) = if let Some(body) = bare.strip_prefix(PROTECTED.as_bytes()) {
            (PROTECTED, body, true)
        } else if let Some(body) = bare.strip_prefix(PLAIN.as_bytes()) {
            (PLAIN, body, false)
        } else {
            return Err(ImportDataError::Other(what_else(text, &bare)));
        };
        let alphabet = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-' || *b == b'_';
        if let Some(at) = body.iter().position(|b| !alphabet(b)) {
            return Err(ImportDataError::Character(prefix.len() + at + 1));
        }
        let mut payload = Zeroizing::new(vec![0; body.len()]);
        let length = URL_SAFE_NO_PAD.decode_slice(body, &mut payload).map_err(|_| ImportDataError::Cut)?;
        payload.truncate(length);
        if length <= CHECK {
            return Err(ImportDataError::Cut);
        }
        let sum = payload.split_off(length - CHECK);
        if payload.len() > LONGEST {
            return Err(ImportDataError::TooLong);
        }
        if checksum(prefix, &payload)[..] != sum[..] {
            return Err(ImportDataError::Slip);
        }
        Ok(Self { payload, protected })
    }

    /// Whether it opens only with a passphrase.
    #[must_use]
    pub fn protected(&self) -> bool {
        self.protected
    }

    /// What it carries. `available` memory in KiB.
    ///
    /// # Errors
    /// [`ImportDataError`].
    pub fn open(&self, passphrase: Option<&Passphrase>, available: u64) -> Result<ImportData, ImportDataError> {
        if !self.protected {
            return ImportData::parse(&self.payload);
        }
        let passphrase = passphrase.ok_or(ImportDataError::Protected)?;
        let (length, rest) = self.payload.split_first_chunk::<4>().ok_or(ImportDataError::Cut)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let (header, sealed) = rest.split_at_checked(length).ok_or(ImportDataError::Altered)?;
        let o = Object::parse(header)?;
        version(&o)?;
        let cost = |name| u32::try_from(o.need_number(name)?).map_err(|_| ImportDataError::Argon(ArgonError::OutOfBounds));
        let params = Params { m: cost("m")?, t: cost("t")?, p: cost("p")? };
        let bytes = |name: &'static str| unb64(o.need(name)?).ok_or(ObjectError::Missing(name));
        let salt: [u8; 16] = bytes("salt")?.try_into().map_err(|_| ObjectError::Missing("salt"))?;
        let root = params.derive(passphrase, &salt, available)?;
        if !bool::from(check(&root).expose()[..].ct_eq(&bytes("check")?)) {
            return Err(ImportDataError::Passphrase);
        }
        let ad = [PROTECTED.as_bytes(), &self.payload[..4 + length]].concat();
        let payload = import_open(&root, sealed, &ad).map_err(|AeadError| ImportDataError::Altered)?;
        ImportData::parse(&payload)
    }
}

fn version(o: &Object) -> Result<(), ImportDataError> {
    match o.need_number("v")? {
        1 => Ok(()),
        other => Err(ImportDataError::Version(other)),
    }
}

fn check(root: &Key) -> Key {
    expand(root, b"kastellan.import.v1 check")
}

fn checksum(prefix: &str, payload: &[u8]) -> [u8; CHECK] {
    let hash = hash(&[prefix.as_bytes(), payload]);
    [hash[0], hash[1], hash[2], hash[3]]
}

fn text(prefix: &str, payload: &[u8]) -> Zeroizing<String> {
    let whole = Zeroizing::new([payload, &checksum(prefix, payload)[..]].concat());
    let mut text = Zeroizing::new(String::with_capacity(prefix.len() + whole.len() * 4 / 3 + 4));
    text.push_str(prefix);
    URL_SAFE_NO_PAD.encode_string(&*whole, &mut text);
    text
}

/// What people paste by mistake.
fn what_else(text: &[u8], bare: &[u8]) -> &'static str {
    let starts = |with: &str| bare.starts_with(with.as_bytes());
    if bare.is_empty() {
        "empty"
    } else if starts("KDR1") {
        "a DR archive"
    } else if starts("-----BEGINAGEENCRYPTEDFILE") || starts("age-encryption.org") {
        "a recovery kit (an age file)"
    } else if starts("{") {
        "JSON"
    } else if starts("-----BEGIN") {
        "another armored file"
    } else if std::str::from_utf8(text).is_ok_and(|text| text.split_whitespace().count() == 12) {
        "twelve words, a passphrase"
    } else {
        "something else"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Params = Params { m: 8, t: 1, p: 1 };
    const PLENTY: u64 = 1 << 22;

    fn data() -> ImportData {
        ImportData {
            policy: "app-daily".parse().unwrap(),
            key: Key::filled(|k| k.fill(5)),
            installation: "prod-eu1".into(),
            catalog_id: "7f3a".repeat(8),
            location: "s3-eu".into(),
            target: Target::S3(S3Target { bucket: "backups".into(), prefix: "k10".into(), ..S3Target::default() }),
            created_at: Timestamp::from_unix(1_790_000_000),
            note: Some("for the move".into()),
        }
    }

    fn pass(text: &str) -> Passphrase {
        Passphrase::entered(text.as_bytes()).unwrap()
    }

    #[test]
    fn white_space_counts_for_nothing_and_the_rest_for_all() {
        let text = data().to_text();
        let spread: String = text.chars().flat_map(|c| [c, '\n', ' ']).collect();
        let opened = ImportText::parse(spread.as_bytes()).unwrap().open(None, PLENTY).unwrap();
        assert!(opened.key.same(&data().key) && opened.target == data().target && opened.note == data().note);
        for at in PLAIN.len()..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(ImportText::parse(&bytes).is_err(), "at {at}");
            assert!(ImportText::parse(&text.as_bytes()[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn each_mistake_has_its_own_error() {
        let error = |text: &str| ImportText::parse(text.as_bytes()).err().unwrap();
        let words = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
        assert_eq!(error(words), ImportDataError::Other("twelve words, a passphrase"));
        assert_eq!(error("KDR1xxxx"), ImportDataError::Other("a DR archive"));
        assert_eq!(error("-----BEGIN AGE ENCRYPTED FILE-----"), ImportDataError::Other("a recovery kit (an age file)"));
        assert_eq!(error(""), ImportDataError::Other("empty"));
        assert_eq!(error("kst1_abc$"), ImportDataError::Character(9));
        assert_eq!(error("kst1_"), ImportDataError::Cut);
        assert_eq!(error(&format!("kst1_{}", "A".repeat(40_000))), ImportDataError::TooLong);
        let protected = data().to_protected_text(&pass("right"), CHEAP, PLENTY).unwrap();
        let plain_prefix = protected.replacen(PROTECTED, PLAIN, 1);
        assert_eq!(error(&plain_prefix), ImportDataError::Slip, "each form has its own checksum");
    }

    #[test]
    fn a_protected_text_opens_with_its_passphrase_alone() {
        let text = data().to_protected_text(&pass("right"), CHEAP, PLENTY).unwrap();
        let parsed = ImportText::parse(text.as_bytes()).unwrap();
        assert!(parsed.protected());
        assert!(parsed.open(Some(&pass("right")), PLENTY).unwrap().key.same(&data().key));
        assert_eq!(parsed.open(Some(&pass("wrong")), PLENTY).err().unwrap(), ImportDataError::Passphrase);
        assert_eq!(parsed.open(None, PLENTY).err().unwrap(), ImportDataError::Protected);
        // Altered, with a checksum that somebody made right again.
        for at in 0..parsed.payload.len() {
            let mut payload = parsed.payload.to_vec();
            payload[at] ^= 1;
            let forged = super::text(PROTECTED, &payload);
            let opened = ImportText::parse(forged.as_bytes()).unwrap().open(Some(&pass("right")), PLENTY);
            assert!(opened.is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_key_that_is_not_the_one_named_is_refused() {
        let payload = data().payload();
        let other = String::from_utf8(payload.to_vec()).unwrap().replace(&b64(&[5; 32]), &b64(&[6; 32]));
        let text = super::text(PLAIN, other.as_bytes());
        assert_eq!(ImportText::parse(text.as_bytes()).unwrap().open(None, PLENTY).err().unwrap(), ImportDataError::OtherKey);
    }
}
