//! The time zone of this machine, from the one file that holds it: looking a zone up by its name walks the whole database first, which
//! takes longer than most verbs.

use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};

/// Where systems keep the zones.
const ZONES: &str = "/usr/share/zoneinfo";
/// What holds where TZ says nothing.
const LOCAL: &str = "/etc/localtime";

/// The zone that TZ or the system names; None where it is not found in this short way.
pub fn zone() -> Option<TimeZone> {
    let file = file_of(std::env::var("TZ").ok().as_deref())?;
    TimeZone::tzif(&file.to_string_lossy(), &std::fs::read(&file).ok()?).ok()
}

/// The file of a zone; None for rules that are spelled out, and for names that leave the folder.
fn file_of(tz: Option<&str>) -> Option<PathBuf> {
    let Some(name) = tz else { return Some(LOCAL.into()) };
    let name = name.strip_prefix(':').unwrap_or(name);
    let plain = |part: &str| part.starts_with(|c: char| c.is_ascii_alphabetic()) && !part.contains([',', '.']);
    name.split('/').all(plain).then(|| Path::new(ZONES).join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_files_and_rules_do_not() {
        assert_eq!(file_of(None), Some(LOCAL.into()));
        assert_eq!(file_of(Some("UTC")), Some("/usr/share/zoneinfo/UTC".into()));
        assert_eq!(file_of(Some(":Europe/Berlin")), Some("/usr/share/zoneinfo/Europe/Berlin".into()));
        for other in ["", "/etc/passwd", "../../../etc/passwd", "Europe/../x", "EST5EDT,M3.2.0,M11.1.0", "<+03>-3"] {
            assert_eq!(file_of(Some(other)), None, "{other}");
        }
    }
}
