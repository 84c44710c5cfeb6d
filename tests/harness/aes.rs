//! The key schedule of AES-256 (FIPS 197), to look for it in memory: a wiped key whose round keys are left is no wiped key.

/// The fifteen round keys.
pub fn round_keys(key: &[u8; 32]) -> [[u8; 16]; 15] {
    let mut words: Vec<[u8; 4]> = key.chunks(4).map(|w| w.try_into().unwrap()).collect();
    let mut round = 1_u8;
    for at in 8..60 {
        let mut word = words[at - 1];
        if at % 8 == 0 {
            word.rotate_left(1);
            word = word.map(substitute);
            word[0] ^= round;
            round = double(round);
        } else if at % 8 == 4 {
            word = word.map(substitute);
        }
        let before = words[at - 8];
        words.push([0, 1, 2, 3].map(|i| word[i] ^ before[i]));
    }
    let mut keys = [[0; 16]; 15];
    for (key, four) in keys.iter_mut().zip(words.chunks(4)) {
        key.copy_from_slice(&four.concat());
    }
    keys
}

/// A round key as decryption may hold it: through InvMixColumns.
pub fn inverse(key: &[u8; 16]) -> [u8; 16] {
    let mut out = [0; 16];
    for (out, column) in out.chunks_mut(4).zip(key.chunks(4)) {
        for (i, byte) in out.iter_mut().enumerate() {
            *byte = (0..4).fold(0, |sum, j| sum ^ times(column[j], [14, 11, 13, 9][(j + 4 - i) % 4]));
        }
    }
    out
}

/// The S-box, computed: the inverse in GF(2^8), then the affine map.
fn substitute(byte: u8) -> u8 {
    let inverse = (1..=255).find(|other| times(byte, *other) == 1).unwrap_or(0);
    (0..5).fold(0x63, |sum, turn| sum ^ inverse.rotate_left(turn))
}

fn times(mut a: u8, mut b: u8) -> u8 {
    let mut sum = 0;
    while b != 0 {
        if b & 1 == 1 {
            sum ^= a;
        }
        a = double(a);
        b >>= 1;
    }
    sum
}

fn double(a: u8) -> u8 {
    (a << 1) ^ if a & 0x80 == 0 { 0 } else { 0x1b }
}
