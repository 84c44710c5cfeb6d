//! AES-256-GCM with 12-byte nonces and 16-byte tags. A nonce is never chosen by a caller outside this room.

use super::{Key, memory::scrubbed};
use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use zeroize::Zeroizing;

/// Bytes in a tag.
const TAG: usize = 16;

/// The tag did not match: wrong key, altered bytes or altered associated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("authentication failed")]
pub struct AeadError;

/// Encrypts under a fresh random nonce: (nonce, ciphertext || tag).
#[must_use]
pub fn aead_seal(key: &Key, plaintext: &[u8], ad: &[u8]) -> ([u8; 12], Vec<u8>) {
    let mut nonce = [0; 12];
    super::random(&mut nonce);
    let sealed = seal_with(key, &nonce, plaintext, ad);
    (nonce, sealed)
}

/// Decrypts `ciphertext || tag`.
///
/// # Errors
/// [`AeadError`] when the tag does not match.
pub fn aead_open(key: &Key, nonce: &[u8; 12], ciphertext: &[u8], ad: &[u8]) -> Result<Zeroizing<Vec<u8>>, AeadError> {
    let (body, tag) = ciphertext.split_at_checked(ciphertext.len().wrapping_sub(TAG)).ok_or(AeadError)?;
    let tag = tag.try_into().map_err(|_| AeadError)?;
    let mut plaintext = Zeroizing::new(body.to_vec());
    let buffer = plaintext.as_mut_slice();
    scrubbed(|| Aes256Gcm::new(key.expose().into()).decrypt_inout_detached(nonce.into(), ad, buffer.into(), tag)).map_err(|_| AeadError)?;
    Ok(plaintext)
}

/// Encrypts under a given nonce: for a key that is used once only.
pub(super) fn seal_with(key: &Key, nonce: &[u8; 12], plaintext: &[u8], ad: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(plaintext.len() + TAG);
    out.extend_from_slice(plaintext);
    let buffer = out.as_mut_slice();
    let tag = scrubbed(|| Aes256Gcm::new(key.expose().into()).encrypt_inout_detached(nonce.into(), ad, buffer.into()));
    // Refused only beyond 64 GiB in one message, which nothing here builds.
    let Ok(tag) = tag else { std::process::abort() };
    out.extend_from_slice(&tag);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_every_flipped_byte() {
        let key = Key::generate();
        let (nonce, sealed) = aead_seal(&key, b"plain", b"ad");
        assert_eq!(aead_open(&key, &nonce, &sealed, b"ad").unwrap().as_slice(), b"plain");
        for at in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[at] ^= 1;
            assert_eq!(aead_open(&key, &nonce, &bad, b"ad"), Err(AeadError));
        }
        assert!(aead_open(&key, &nonce, &sealed, b"aD").is_err());
        assert!(aead_open(&Key::generate(), &nonce, &sealed, b"ad").is_err());
        for cut in 0..sealed.len() {
            assert!(aead_open(&key, &nonce, &sealed[..cut], b"ad").is_err());
        }
    }

    #[test]
    fn nonces_are_fresh() {
        let key = Key::generate();
        assert_ne!(aead_seal(&key, b"x", b"").0, aead_seal(&key, b"x", b"").0);
    }
}
