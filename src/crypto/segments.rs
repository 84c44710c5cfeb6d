//! The segments of a Tink stream (`AES256_GCM_HKDF_1MB`), sealed and opened in place.
//!
//! Owns: the key of one stream, its nonces, one AEAD call a segment. Must not: know how long segments are or how many there are; that
//! is `format::stream`. On bulk data `aws-lc-rs` is several times as fast as the portable crate; both run the same vectors.

use super::{AeadError, Key, expand, extract};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroize;

/// Bytes in a tag.
pub const STREAM_TAG: usize = 16;
/// Bytes in a stream's header: its own length, the salt, the nonce prefix.
pub const STREAM_HEADER: usize = 1 + SALT + PREFIX;

/// The same as the stream's first byte has it: 40.
const HEADER_LENGTH: u8 = 40;
const SALT: usize = 32;
const PREFIX: usize = 7;

/// The key of one stream. Each (number, last) is sealed at most once.
pub struct StreamKey {
    key: LessSafeKey,
    prefix: [u8; PREFIX],
}

impl StreamKey {
    /// A new stream under `key`, bound to `ad`: its key, and the header that it begins with.
    #[must_use]
    pub fn generate(key: &Key, ad: &[u8]) -> (Self, [u8; STREAM_HEADER]) {
        let mut header = [0; STREAM_HEADER];
        super::random(&mut header[1..]);
        header[0] = HEADER_LENGTH;
        (Self::derived(key, ad, &header), header)
    }

    /// The key of a stream that begins with `header`.
    ///
    /// # Errors
    /// [`AeadError`] where the header is not one of this kind of stream.
    pub fn read(key: &Key, ad: &[u8], header: &[u8; STREAM_HEADER]) -> Result<Self, AeadError> {
        if header[0] == HEADER_LENGTH { Ok(Self::derived(key, ad, header)) } else { Err(AeadError) }
    }

    /// HKDF-SHA256(ikm = key, salt, info = associated data, 32).
    fn derived(key: &Key, ad: &[u8], header: &[u8; STREAM_HEADER]) -> Self {
        let file_key = expand(&extract(&header[1..=SALT], key.expose()), ad);
        let mut prefix = [0; PREFIX];
        prefix.copy_from_slice(&header[1 + SALT..]);
        // A key of 32 bytes is taken, so this is never the other branch.
        let Ok(unbound) = UnboundKey::new(&AES_256_GCM, file_key.expose()) else { std::process::abort() };
        Self { key: LessSafeKey::new(unbound), prefix }
    }

    /// Seals segment `number` in place; its tag.
    #[must_use]
    pub fn seal(&self, number: u32, last: bool, segment: &mut [u8]) -> [u8; STREAM_TAG] {
        let sealed = self.key.seal_in_place_separate_tag(self.nonce(number, last), Aad::empty(), segment);
        let mut tag = [0; STREAM_TAG];
        // Refused only beyond 64 GiB in one segment, which nothing here builds.
        let Ok(found) = sealed else { std::process::abort() };
        tag.copy_from_slice(found.as_ref());
        tag
    }

    /// Opens segment `number` (ciphertext || tag) in place; its plaintext. Where the tag does not hold, nothing of it is left.
    ///
    /// # Errors
    /// [`AeadError`] when the tag does not match.
    pub fn open<'a>(&self, number: u32, last: bool, segment: &'a mut [u8]) -> Result<&'a mut [u8], AeadError> {
        if segment.len() < STREAM_TAG {
            return Err(AeadError);
        }
        let plaintext = segment.len() - STREAM_TAG;
        if self.key.open_in_place(self.nonce(number, last), Aad::empty(), segment).is_err() {
            segment.zeroize();
            return Err(AeadError);
        }
        Ok(&mut segment[..plaintext])
    }

    /// prefix || number in 4 bytes, big-endian || 1 on the last segment, else 0.
    fn nonce(&self, number: u32, last: bool) -> Nonce {
        let mut nonce = [0; 12];
        nonce[..PREFIX].copy_from_slice(&self.prefix);
        nonce[PREFIX..11].copy_from_slice(&number.to_be_bytes());
        nonce[11] = u8::from(last);
        Nonce::assume_unique_for_key(nonce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_opens_only_in_its_place() {
        let key = Key::filled(|k| k.fill(7));
        let (stream, header) = StreamKey::generate(&key, b"ad");
        let mut segment = b"hello".to_vec();
        let tag = stream.seal(3, true, &mut segment);
        segment.extend_from_slice(&tag);
        let again = StreamKey::read(&key, b"ad", &header).unwrap();
        assert_eq!(again.open(3, true, &mut segment.clone()).unwrap(), b"hello");
        for (number, last) in [(3, false), (2, true), (4, true)] {
            let mut copy = segment.clone();
            assert!(again.open(number, last, &mut copy).is_err());
            assert!(copy.iter().all(|byte| *byte == 0), "nothing of it is left");
        }
        assert!(StreamKey::read(&key, b"other", &header).unwrap().open(3, true, &mut segment.clone()).is_err());
        let mut short = header;
        short[0] = 24;
        assert!(StreamKey::read(&key, b"ad", &short).is_err());
        assert!(again.open(0, true, &mut [0; 15]).is_err(), "shorter than a tag");
    }

    /// Both AEADs of this crate must agree: a box of the portable one opens here, and the other way round.
    #[test]
    fn the_portable_aead_agrees() {
        let key = Key::filled(|k| k.fill(9));
        let (stream, header) = StreamKey::generate(&key, b"");
        let file_key = expand(&extract(&header[1..33], key.expose()), b"");
        let mut nonce = [0; 12];
        nonce[..7].copy_from_slice(&header[33..]);
        nonce[11] = 1;
        for length in [0, 1, 15, 16, 17, 1000, 70_000] {
            let plain: Vec<u8> = (0..length).map(|n: usize| n.to_le_bytes()[0]).collect();
            let portable = super::super::aead::seal_with(&file_key, &nonce, &plain, b"");
            let mut bulk = plain.clone();
            let tag = stream.seal(0, true, &mut bulk);
            bulk.extend_from_slice(&tag);
            assert_eq!(bulk, portable);
            assert_eq!(stream.open(0, true, &mut bulk).unwrap(), plain);
        }
    }
}
