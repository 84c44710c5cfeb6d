//! Ed25519 (RFC 8032), for drill reports alone.

use super::Key;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

/// A signing key; the library wipes it on drop. No Debug, no Clone.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// From its seed, 32 bytes.
    #[must_use]
    pub fn from_seed(seed: &Key) -> Self {
        // A seed of 32 bytes is taken, so this is never the other branch.
        let Ok(pair) = Ed25519KeyPair::from_seed_unchecked(seed.expose()) else { std::process::abort() };
        Self(pair)
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        let mut public = [0; 32];
        public.copy_from_slice(self.0.public_key().as_ref());
        public
    }

    /// Signs; the same message gives the same signature.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.0.sign(message).as_ref());
        signature
    }
}

/// Whether the signature of `message` is by the key with this public half.
#[must_use]
pub fn verify(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    UnparsedPublicKey::new(&ED25519, public).verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn rfc_8032() {
        let unhex =
            |text: &str| -> Vec<u8> { (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect() };
        let seed = unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let key = SigningKey::from_seed(&Key::from_slice(&seed).unwrap());
        assert_eq!(key.public()[..], unhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
        let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        assert_eq!(key.sign(&[0x72])[..], unhex(signature));
        assert!(verify(&key.public(), &[0x72], &key.sign(&[0x72])));
        assert!(!verify(&key.public(), &[0x73], &key.sign(&[0x72])));
    }
}
