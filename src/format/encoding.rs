//! Hex in lower case and strict base64 (RFC 4648 section 4, with padding).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// Strict: lower case only, exactly `N` bytes.
#[must_use]
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut out = [0; N];
    let text = text.as_bytes();
    if text.len() != N.checked_mul(2)? {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(out)
}

/// Base64 with padding.
#[must_use]
pub fn b64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Strict: canonical, padded, no white space, no stray bits.
#[must_use]
pub fn unb64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_strict() {
        assert_eq!(hex(&[0, 0xaf, 0x10]), "00af10");
        assert_eq!(unhex::<3>("00af10"), Some([0, 0xaf, 0x10]));
        for bad in ["00AF10", "00af1", "00af1000", "", "00 f10", "0xaf10", "00af1g", "é0f1"] {
            assert_eq!(unhex::<3>(bad), None, "{bad}");
        }
        assert_eq!(unhex::<0>(""), Some([]));
    }

    #[test]
    fn base64_is_strict() {
        assert_eq!(b64(b"\xfb\xff\xfe!"), "+//+IQ==");
        assert_eq!(unb64("+//+IQ==").unwrap(), b"\xfb\xff\xfe!");
        for bad in ["+//+IQ", "+//+IQ=", "+//+IQ===", "+//+IR==", "-__-IQ==", "+//+ IQ==", "+//+IQ==\n", "+//+IQ=A", "=", "A"] {
            assert_eq!(unb64(bad), None, "{bad}");
        }
        assert_eq!(unb64(""), Some(Vec::new()));
    }
}
