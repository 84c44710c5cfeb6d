//! Drill reports: canonical JSON, and beside it an SSH signature by the key of the *recovered* master key (see `crypto.md`, Drill report).
//!
//! The signature is SSHSIG (PROTOCOL.sshsig of OpenSSH), namespace `kastellan-drill`, so that `ssh-keygen -Y verify` checks it without us.
//! It proves that who signed had the master key; neither who that was, nor when. Must not: know what a report says.

use super::b64;
use crate::crypto::{SigningKey, sha512, verify_signature};
use crate::domain::Text;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// What the signature is good for, and for nothing else.
pub const REPORT_NAMESPACE: &str = "kastellan-drill";
/// What signature and signed text begin with.
const MAGIC: &[u8; 6] = b"SSHSIG";
/// The one kind of key.
const ED25519: &[u8] = b"ssh-ed25519";
/// The hash of the report that is signed.
const HASH: &[u8] = b"sha512";
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
/// Characters in a line of armour, as ssh-keygen writes it.
const LINE: usize = 70;
/// The longest signature that is looked at, in bytes.
const LONGEST: usize = 4096;

/// Why a signature does not count for a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// Not an armoured SSH signature, or damaged.
    #[error("it is not an SSH signature")]
    NotASignature,
    /// Another kind of key, another hash, or a later version.
    #[error("it is an SSH signature of another kind than Ed25519 with SHA-512")]
    Kind,
    /// Made for another purpose.
    #[error("it was made for \"{0}\", not for drill reports")]
    Namespace(Text),
    /// By another key: its one-line form.
    #[error("it is by another key: {0}")]
    OtherKey(String),
    /// The report is another, or was altered.
    #[error("it does not match the report")]
    DoesNotMatch,
}

/// A report's bytes: compact JSON, members in ascending order. These are what is signed and stored.
///
/// # Errors
/// What serde says of a report that is not JSON: a map with keys that are no text.
pub fn report_json(report: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&serde_json::to_value(report)?)
}

/// Signs a report's bytes: armoured, with a line end.
#[must_use]
pub fn sign_report(key: &SigningKey, report: &[u8]) -> String {
    let mut blob = MAGIC.to_vec();
    blob.extend_from_slice(&1_u32.to_be_bytes());
    string(&mut blob, &public_blob(&key.public()));
    string(&mut blob, REPORT_NAMESPACE.as_bytes());
    string(&mut blob, b"");
    string(&mut blob, HASH);
    let mut signature = Vec::new();
    string(&mut signature, ED25519);
    string(&mut signature, &key.sign(&signed(report)));
    string(&mut blob, &signature);
    let text = b64(&blob);
    let mut out = format!("{BEGIN}\n");
    for line in text.as_bytes().chunks(LINE) {
        out.extend(line.iter().map(|byte| char::from(*byte)));
        out.push('\n');
    }
    out + END + "\n"
}

/// Checks a report's signature against the public key that `status` shows.
///
/// # Errors
/// [`ReportError`].
pub fn verify_report(public: &[u8; 32], report: &[u8], armoured: &str) -> Result<(), ReportError> {
    if armoured.len() > LONGEST {
        return Err(ReportError::NotASignature);
    }
    let inner = armoured.trim_ascii().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END)).ok_or(ReportError::NotASignature)?;
    let text: String = inner.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    let blob = STANDARD.decode(text).map_err(|_| ReportError::NotASignature)?;
    let parsed = Parsed::of(&blob).ok_or(ReportError::NotASignature)?;
    if parsed.version != 1 || parsed.hash != HASH || parsed.kinds != [ED25519; 2] {
        return Err(ReportError::Kind);
    }
    if parsed.namespace != REPORT_NAMESPACE.as_bytes() {
        return Err(ReportError::Namespace(String::from_utf8_lossy(parsed.namespace).into_owned().into()));
    }
    let (Ok(by), Ok(signature)) = (parsed.public.try_into(), parsed.signature.try_into()) else { return Err(ReportError::NotASignature) };
    if by != *public {
        return Err(ReportError::OtherKey(openssh_public(&by, "")));
    }
    if verify_signature(public, &signed(report), &signature) { Ok(()) } else { Err(ReportError::DoesNotMatch) }
}

/// The public key as OpenSSH has it, on one line: `ssh-ed25519 AAAA... comment`. White space in the comment becomes `-`.
#[must_use]
pub fn openssh_public(public: &[u8; 32], comment: &str) -> String {
    let comment: String = Text::new(comment).clean().chars().map(|c| if c.is_whitespace() { '-' } else { c }).collect();
    let line = format!("ssh-ed25519 {} {comment}", b64(&public_blob(public)));
    line.trim_end().to_owned()
}

/// Reads that line; what stands behind the key is not looked at.
#[must_use]
pub fn read_openssh_public(line: &str) -> Option<[u8; 32]> {
    let mut words = line.trim_ascii().split(' ');
    let (kind, blob) = (words.next()?, STANDARD.decode(words.next()?).ok()?);
    let mut rest = blob.as_slice();
    let (inner, key) = (take(&mut rest)?, take(&mut rest)?);
    (kind.as_bytes() == ED25519 && inner == ED25519 && rest.is_empty()).then_some(key)?.try_into().ok()
}

/// What is signed: the report's hash, and what it is signed for.
fn signed(report: &[u8]) -> Vec<u8> {
    let mut signed = MAGIC.to_vec();
    string(&mut signed, REPORT_NAMESPACE.as_bytes());
    string(&mut signed, b"");
    string(&mut signed, HASH);
    string(&mut signed, &sha512(report));
    signed
}

fn public_blob(public: &[u8; 32]) -> Vec<u8> {
    let mut blob = Vec::new();
    string(&mut blob, ED25519);
    string(&mut blob, public);
    blob
}

/// A signature's parts, nothing left over.
struct Parsed<'a> {
    version: u32,
    kinds: [&'a [u8]; 2],
    public: &'a [u8],
    namespace: &'a [u8],
    hash: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Parsed<'a> {
    fn of(blob: &'a [u8]) -> Option<Self> {
        let (version, mut rest) = blob.strip_prefix(MAGIC)?.split_first_chunk::<4>()?;
        let (mut key, namespace, reserved, hash, mut signature) =
            (take(&mut rest)?, take(&mut rest)?, take(&mut rest)?, take(&mut rest)?, take(&mut rest)?);
        let kinds = [take(&mut key)?, take(&mut signature)?];
        let (public, signature_bytes) = (take(&mut key)?, take(&mut signature)?);
        let whole = rest.is_empty() && key.is_empty() && signature.is_empty() && reserved.is_empty();
        whole.then_some(Self { version: u32::from_be_bytes(*version), kinds, public, namespace, hash, signature: signature_bytes })
    }
}

/// SSH's `string` is our lp.
fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    super::lp(out, bytes);
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, behind) = rest.split_first_chunk::<4>()?;
    let (found, behind) = behind.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *rest = behind;
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{Derived, Key};

    fn key() -> SigningKey {
        SigningKey::from_seed(&Derived::from_master(&Key::filled(|k| k.fill(1))).signing_seed())
    }

    #[test]
    fn round_trip_and_what_it_says_of_others() {
        let report = report_json(&serde_json::json!({"b": 1, "a": {"d": [], "c": "x"}})).unwrap();
        assert_eq!(report, br#"{"a":{"c":"x","d":[]},"b":1}"#);
        let signature = sign_report(&key(), &report);
        assert!(signature.lines().all(|line| line.len() <= LINE));
        assert_eq!(verify_report(&key().public(), &report, &signature), Ok(()));
        assert_eq!(verify_report(&key().public(), &report, &signature.replace('\n', "\r\n")), Ok(()));
        assert_eq!(verify_report(&key().public(), b"{}", &signature), Err(ReportError::DoesNotMatch));
        let other = SigningKey::from_seed(&Key::generate());
        assert!(
            matches!(verify_report(&other.public(), &report, &signature), Err(ReportError::OtherKey(line)) if line.starts_with("ssh-ed25519 AAAA"))
        );
        for bad in ["", BEGIN, "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----", &"x".repeat(5000)] {
            assert_eq!(verify_report(&key().public(), &report, bad), Err(ReportError::NotASignature));
        }
    }

    #[test]
    fn every_byte_flipped_is_refused() {
        let text = sign_report(&key(), b"{}");
        let inner: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let blob = STANDARD.decode(&inner).unwrap();
        let verify = |blob: &[u8]| verify_report(&key().public(), b"{}", &format!("{BEGIN}\n{}\n{END}", b64(blob)));
        assert_eq!(verify(&blob), Ok(()));
        for at in 0..blob.len() {
            let mut bad = blob.clone();
            bad[at] ^= 1;
            assert!(verify(&bad).is_err(), "{at}");
            assert!(verify(&blob[..at]).is_err(), "cut at {at}");
        }
        assert!(verify(&[&blob[..], &[0]].concat()).is_err());
    }

    #[test]
    fn public_keys_on_one_line() {
        let line = openssh_public(&key().public(), "prod eu1\n\u{1b}");
        assert_eq!(line.split(' ').count(), 3);
        assert_eq!(read_openssh_public(&line), Some(key().public()));
        assert_eq!(read_openssh_public(&openssh_public(&key().public(), "")), Some(key().public()));
        for bad in ["", "ssh-ed25519", "ssh-rsa AAAA", &line.replacen("ssh-ed25519", "ssh-rsa", 1), &line[..40]] {
            assert_eq!(read_openssh_public(bad), None, "{bad}");
        }
    }
}
