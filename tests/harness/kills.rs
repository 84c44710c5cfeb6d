//! Where in its run something is killed.

use kastellan::crypto::random;
use std::time::Duration;

/// How many random kills there are of each of so many operations: `KASTELLAN_KILLS` (200) among them.
pub fn kills_of_each(operations: usize) -> u32 {
    let wanted: u32 = std::env::var("KASTELLAN_KILLS").map_or(200, |n| n.parse().expect("KASTELLAN_KILLS is a number"));
    wanted.div_ceil(u32::try_from(operations).unwrap()).max(1)
}

/// Lets `kill` start something and kill it so much later, until it was killed `kills` times: at one random instant in each of equal parts of
/// the time that it takes. `kill` says whether it was: what had ended by then does not count, for it takes less than was measured.
pub fn at_random(kills: u32, mut length: Duration, mut kill: impl FnMut(Duration) -> bool) {
    let (mut done, mut misses) = (0, 0);
    while done < kills {
        if kill(length.mul_f64((f64::from(done) + fraction()) / f64::from(kills))) {
            done += 1;
        } else {
            length = length.mul_f64(0.95);
            misses += 1;
            assert!(misses < 200, "it ends before it can be killed");
        }
    }
}

/// 0 to 1.
fn fraction() -> f64 {
    let mut bytes = [0; 4];
    random(&mut bytes);
    f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX)
}
