//! The layout of a Tink stream, type `AES256_GCM_HKDF_1MB` (see `crypto.md`, Stream): how long each segment is, and what identifies the whole.
//!
//! Must not: seal or open a segment, that is `crypto::StreamKey`; move bytes, that is `ops`. [`seal_small`] and [`open_small`] are for
//! streams that fit in memory.

use crate::crypto::{AeadError, Hash, Key, STREAM_HEADER, STREAM_TAG, StreamKey};
use zeroize::Zeroizing;

/// Bytes in a segment as stored, tag included; of the first one the header is a part. 1 MiB.
pub const SEGMENT: usize = 1 << 20;
/// No stream has more segments: their number has four bytes.
const MOST: u64 = 1 << 32;

/// Bytes of segment `number` as stored, without the header, where it is full: 1 048 536 for the first, 1 MiB for later ones.
#[must_use]
pub fn full_segment(number: u32) -> usize {
    if number == 0 { SEGMENT - STREAM_HEADER } else { SEGMENT }
}

/// Bytes of plaintext in segment `number`, where it is full: 1 048 520 for the first, 1 048 560 for later ones.
#[must_use]
pub fn full_plaintext(number: u32) -> usize {
    full_segment(number) - STREAM_TAG
}

/// Bytes that `plaintext` bytes take as a stream; None where they are too many.
#[must_use]
pub fn stream_length(plaintext: u64) -> Option<u64> {
    let (first, later) = (full_plaintext(0) as u64, full_plaintext(1) as u64);
    let segments = 1 + plaintext.saturating_sub(first).div_ceil(later);
    (segments <= MOST).then(|| STREAM_HEADER as u64 + plaintext + segments * STREAM_TAG as u64)
}

/// SHA-256(header || all tags in order): identifies a stored stream. Its integrity is the AEAD's.
pub struct StreamDigest(Hash);

impl StreamDigest {
    /// Of a stream with this header.
    #[must_use]
    pub fn new(header: &[u8; STREAM_HEADER]) -> Self {
        let mut hash = Hash::new();
        hash.add(header);
        Self(hash)
    }

    /// Takes in the tag of the next segment.
    pub fn tag(&mut self, tag: &[u8]) {
        self.0.add(tag);
    }

    /// 32 bytes.
    #[must_use]
    pub fn end(self) -> [u8; 32] {
        self.0.end()
    }
}

/// A whole stream of bytes that are in memory.
#[must_use]
pub fn seal_small(key: &Key, ad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let (stream, header) = StreamKey::generate(key, ad);
    let mut out = Vec::with_capacity(plaintext.len() + STREAM_HEADER + STREAM_TAG * (1 + plaintext.len() / (SEGMENT / 2)));
    out.extend_from_slice(&header);
    let (mut rest, mut number) = (plaintext, 0);
    loop {
        let (segment, after) = rest.split_at(rest.len().min(full_plaintext(number)));
        let start = out.len();
        out.extend_from_slice(segment);
        let tag = stream.seal(number, after.is_empty(), &mut out[start..]);
        out.extend_from_slice(&tag);
        if after.is_empty() {
            return out;
        }
        (rest, number) = (after, number + 1);
    }
}

/// The plaintext of a whole stream that is in memory.
///
/// # Errors
/// [`AeadError`] where it is cut, altered, appended to, or made under another key or associated data.
pub fn open_small(key: &Key, ad: &[u8], stored: &[u8]) -> Result<Zeroizing<Vec<u8>>, AeadError> {
    let (header, mut rest) = stored.split_first_chunk::<STREAM_HEADER>().ok_or(AeadError)?;
    let stream = StreamKey::read(key, ad, header)?;
    let mut out = Zeroizing::new(Vec::with_capacity(rest.len()));
    let mut number = 0;
    loop {
        let (segment, after) = rest.split_at(rest.len().min(full_segment(number)));
        let start = out.len();
        out.extend_from_slice(segment);
        let plaintext = stream.open(number, after.is_empty(), &mut out[start..])?.len();
        out.truncate(start + plaintext);
        if after.is_empty() {
            return Ok(out);
        }
        (rest, number) = (after, number.checked_add(1).ok_or(AeadError)?);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::filled(|k| k.fill(1))
    }

    #[test]
    fn lengths_at_the_edges() {
        for (plain, stored) in
            [(0, 56), (1, 57), (1_048_520, 1_048_576), (1_048_521, 1_048_593), (2_097_080, 2_097_152), (2_097_081, 2_097_169)]
        {
            assert_eq!(stream_length(plain), Some(stored));
        }
        assert_eq!(stream_length(u64::MAX), None);
        for plain in [0, 1, 1_048_519, 1_048_520, 1_048_521, 2_097_080, 2_097_081] {
            let bytes = vec![b'x'; plain];
            let stored = seal_small(&key(), b"ad", &bytes);
            assert_eq!(stored.len() as u64, stream_length(plain as u64).unwrap());
            assert!(*open_small(&key(), b"ad", &stored).unwrap() == bytes, "{plain}");
        }
    }

    #[test]
    fn cuts_appends_swaps_and_flips_are_refused() {
        let stored = seal_small(&key(), b"ad", &vec![b'x'; 3 * SEGMENT]);
        let refused = |bytes: &[u8]| open_small(&key(), b"ad", bytes).is_err();
        let segment = |n: usize| stored[n * SEGMENT..((n + 1) * SEGMENT).min(stored.len())].to_vec();
        assert!(!refused(&stored));
        for cut in [0, 1, 39, 40, 41, 55, SEGMENT, 2 * SEGMENT, stored.len() - 1] {
            assert!(refused(&stored[..cut]), "cut at {cut}");
        }
        assert!(refused(&[&stored[..], &[0]].concat()), "a byte appended");
        assert!(refused(&[segment(0), segment(2), segment(1), segment(3)].concat()), "swapped");
        assert!(refused(&[segment(0), segment(1), segment(1), segment(2), segment(3)].concat()), "doubled");
        assert!(refused(&[segment(0), segment(1), segment(3)].concat()), "dropped");
        for at in [0, 1, 33, 40, SEGMENT, stored.len() - 1] {
            let mut flipped = stored.clone();
            flipped[at] ^= 1;
            assert!(refused(&flipped), "flipped at {at}");
        }
    }
}
