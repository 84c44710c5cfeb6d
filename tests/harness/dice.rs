//! Chance that is the same in every run.

/// Numbers that are the same in every run: what failed once can be looked at again.
pub struct Dice(pub u64);

impl Dice {
    /// The next one.
    pub fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One below this.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    /// A flip, a cut, bytes appended, a piece taken out, doubled, swapped, or spliced in from another of its kind.
    pub fn tamper(&mut self, whole: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = whole.to_vec();
        let (a, b) = (self.below(bytes.len()), self.below(bytes.len()));
        let (from, to) = (a.min(b), a.max(b));
        match self.below(7) {
            0 => bytes[a] ^= 1 << self.below(8),
            1 => bytes.truncate(a),
            2 => bytes.extend((0..=self.below(20)).map(|n| u8::try_from(n).unwrap())),
            3 => drop(bytes.drain(from..=to)),
            4 => {
                let piece = bytes[from..=to].to_vec();
                bytes.splice(from..from, piece);
            }
            5 => bytes.swap(a, b),
            _ => {
                let end = to.min(other.len());
                bytes.splice(from.min(end)..end, other[from.min(end)..end].iter().copied());
            }
        }
        bytes
    }
}
