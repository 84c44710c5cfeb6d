//! Names of objects.

use crate::domain::{Act, Fault, Kind, Text};

/// The end of a name while its object is being written; callers filter it out of listings.
pub const PART: &str = ".part";
/// The longest part of a name, in bytes: what file systems allow.
const LONGEST: usize = 255;

/// Whether this is a name that Kastellan makes: parts of `[A-Za-z0-9._@-]`, none of them `.` or `..`, joined by `/`.
pub fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._@-".contains(&b);
    let part = |part: &str| !part.is_empty() && part.len() <= LONGEST && part != "." && part != ".." && part.bytes().all(plain);
    name.len() <= 1024 && name.split('/').all(part)
}

/// Refuses what is no name.
///
/// # Errors
/// `Kind::Unexpected`: names are made by this program.
pub fn check(name: &str) -> Result<(), Fault> {
    if is_name(name) {
        return Ok(());
    }
    let cause = format!("\"{}\" is no name of an object", Text::new(name).fit(60));
    Err(Fault::new(Kind::Unexpected, "object not used", cause, Act::say("report it: this is a fault of Kastellan")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_location() {
        for good in ["a", "artifacts/app-daily/0f.tink", "dr/1/2/3.kdr", "a@b/c_d.part"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "/", "/a", "a/", "a//b", "..", "a/../b", "./a", "a b", "a\\b", "ä", "a\0", &"x".repeat(256)] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
