//! Box: one key, one message (see `crypto.md`).

use super::{AeadError, Key, aead, aead_open, expand};
use zeroize::Zeroizing;

/// Bytes of salt before the ciphertext.
const SALT: usize = 32;
/// A box's key seals one message, so its nonce may stand still.
const NONCE: [u8; 12] = [0; 12];

/// `Box(key, label, plaintext, AD)`: salt || AES-256-GCM under a key made for this one message.
#[must_use]
pub fn seal(key: &Key, label: &str, plaintext: &[u8], ad: &[u8]) -> Vec<u8> {
    let mut salt = [0; SALT];
    super::random(&mut salt);
    seal_with(key, label, plaintext, ad, &salt)
}

/// Opens a box.
///
/// # Errors
/// [`AeadError`] when it is too short, altered, or made under another key, label or AD.
pub fn open(key: &Key, label: &str, sealed: &[u8], ad: &[u8]) -> Result<Zeroizing<Vec<u8>>, AeadError> {
    let (salt, ciphertext) = sealed.split_first_chunk::<SALT>().ok_or(AeadError)?;
    aead_open(&message_key(key, label, salt), &NONCE, ciphertext, ad)
}

/// The encrypted part of import data: the key is HKDF-Expand(root, "kastellan.import.v1 key", 32), which a fresh salt makes new each time.
#[must_use]
pub fn import_seal(root: &Key, plaintext: &[u8], ad: &[u8]) -> Vec<u8> {
    aead::seal_with(&import_key(root), &NONCE, plaintext, ad)
}

/// Opens it.
///
/// # Errors
/// [`AeadError`] where it was altered.
pub fn import_open(root: &Key, sealed: &[u8], ad: &[u8]) -> Result<Zeroizing<Vec<u8>>, AeadError> {
    aead_open(&import_key(root), &NONCE, sealed, ad)
}

fn import_key(root: &Key) -> Key {
    expand(root, b"kastellan.import.v1 key")
}

fn seal_with(key: &Key, label: &str, plaintext: &[u8], ad: &[u8], salt: &[u8; SALT]) -> Vec<u8> {
    [&salt[..], &aead::seal_with(&message_key(key, label, salt), &NONCE, plaintext, ad)].concat()
}

fn message_key(key: &Key, label: &str, salt: &[u8; SALT]) -> Key {
    let mut info = Vec::with_capacity(64 + label.len());
    for part in ["kastellan.box.v1", label] {
        info.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        info.extend_from_slice(part.as_bytes());
    }
    info.extend_from_slice(salt);
    expand(key, &info)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Derived;

    #[test]
    fn the_documented_box() {
        let master = Key::filled(|bytes| (0..32).for_each(|i| bytes[i as usize] = i));
        let metadata = Derived::from_master(&master).metadata_key();
        let ad = b"\0\0\0\x01a\0\0\0\0\0\0\0\x01b\0\0\0\x01x\0\0\0\x01v\0\0\0\x011";
        let mut salt = [0; 32];
        (0x20..0x40).for_each(|i| salt[i as usize - 0x20] = i);
        let sealed = seal_with(&metadata, "record", b"hello", ad, &salt);
        assert_eq!(sealed[..32], salt);
        let hex = sealed[32..].iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        assert_eq!(hex, "0e466a49aa40e092bb076d51d5e443e5d6365b4f3a");
        assert_eq!(open(&metadata, "record", &sealed, ad).unwrap().as_slice(), b"hello");
    }

    #[test]
    fn another_key_label_or_ad_does_not_open() {
        let key = Key::generate();
        let sealed = seal(&key, "record", b"x", b"ad");
        assert!(open(&key, "record", &sealed, b"ad").is_ok());
        assert!(open(&key, "recorD", &sealed, b"ad").is_err());
        assert!(open(&key, "record", &sealed, b"").is_err());
        assert!(open(&Key::generate(), "record", &sealed, b"ad").is_err());
        assert!(open(&key, "record", &sealed[..31], b"ad").is_err());
        assert_ne!(seal(&key, "record", b"x", b"ad"), sealed, "a salt came twice");
    }
}
