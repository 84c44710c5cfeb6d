//! The one secret type for keys.

use super::memory::Slot;
use subtle::ConstantTimeEq;

/// 32 secret bytes: boxed, filled in place, locked in memory where allowed, wiped on drop. No Debug, no Clone, no Serialize.
pub struct Key(Slot);

impl Key {
    /// 32 bytes from the operating system's generator.
    #[must_use]
    pub fn generate() -> Self {
        Self::filled(|bytes| super::random(bytes))
    }

    /// A key filled in place by `fill`.
    pub fn filled(fill: impl FnOnce(&mut [u8; 32])) -> Self {
        let mut slot = Slot::take();
        fill(slot.bytes_mut());
        Self(slot)
    }

    /// A key of exactly 32 bytes; None for any other length. The source is the caller's to wipe.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == 32).then(|| Self::filled(|key| key.copy_from_slice(bytes)))
    }

    /// The bytes, lent.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.bytes()
    }

    /// A second copy, said aloud.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self::filled(|key| key.copy_from_slice(self.expose()))
    }

    /// Equality in constant time.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_32_bytes_are_a_key() {
        assert!(Key::from_slice(&[1; 31]).is_none());
        assert!(Key::from_slice(&[1; 33]).is_none());
        assert!(Key::from_slice(&[]).is_none());
        assert_eq!(Key::from_slice(&[7; 32]).unwrap().expose(), &[7; 32]);
    }

    #[test]
    fn generated_keys_differ_and_copies_are_the_same() {
        let (a, b) = (Key::generate(), Key::generate());
        assert!(!a.same(&b));
        assert!(a.same(&a.duplicate()));
        assert_ne!(a.expose(), &[0; 32]);
    }
}
