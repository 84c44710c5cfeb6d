//! Points in time.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

/// The zone that times are shown in; not set: the system's.
static ZONE: OnceLock<jiff::tz::TimeZone> = OnceLock::new();

/// A point in time in whole seconds, written in UTC as `YYYY-MM-DDThh:mm:ssZ` (RFC 3339).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

impl Timestamp {
    /// From seconds since 1970-01-01T00:00:00Z; what lies outside the years 0 to 9999 is brought to the nearest end
    /// (the last day of 9999 is left out: not every time zone could show it).
    #[must_use]
    pub fn from_unix(seconds: i64) -> Self {
        Self(seconds.clamp(-62_167_219_200, jiff::Timestamp::MAX.as_second()))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.0
    }

    /// Seconds from `earlier` to this; negative where this is the earlier one.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// This moved by `seconds`.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self::from_unix(self.0.saturating_add(seconds))
    }

    /// For people, absolute, in the machine's time zone: `14:02` on the day of `now`, `26 Apr` in its year, else `2025-04-26`.
    #[must_use]
    pub fn short(self, now: Self) -> String {
        let (Some(this), Some(now)) = (self.zoned(), now.zoned()) else { return self.to_string() };
        if this.date() == now.date() {
            this.strftime("%H:%M").to_string()
        } else if this.year() == now.year() {
            this.strftime("%-d %b").to_string()
        } else {
            this.strftime("%Y-%m-%d").to_string()
        }
    }

    /// The day in UTC, `YYYY-MM-DD`, as envelopes carry it.
    #[must_use]
    pub fn day(self) -> String {
        self.to_string()[..10].to_owned()
    }

    /// Times are shown in this zone from now on; the first call counts.
    pub fn show_in(zone: jiff::tz::TimeZone) {
        let _ = ZONE.set(zone);
    }

    fn zoned(self) -> Option<jiff::Zoned> {
        let zone = ZONE.get().cloned().unwrap_or_else(jiff::tz::TimeZone::system);
        Some(jiff::Timestamp::from_second(self.0).ok()?.to_zoned(zone))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(time) => write!(f, "{}", time.strftime("%Y-%m-%dT%H:%M:%SZ")),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

/// A text that is not exactly `YYYY-MM-DDThh:mm:ssZ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time of the form YYYY-MM-DDThh:mm:ssZ")]
pub struct NotATime;

impl FromStr for Timestamp {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let time: jiff::Timestamp = text.parse().map_err(|_| NotATime)?;
        let found = Self(time.as_second());
        if found.to_string() == text { Ok(found) } else { Err(NotATime) }
    }
}

impl TryFrom<String> for Timestamp {
    type Error = NotATime;

    fn try_from(text: String) -> Result<Self, NotATime> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_only() {
        let time: Timestamp = "2026-07-31T14:02:09Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-07-31T14:02:09Z");
        assert_eq!(time.day(), "2026-07-31");
        for wrong in ["2026-07-31T14:02:09+00:00", "2026-07-31T14:02:09.5Z", "2026-07-31t14:02:09Z", "2026-07-31 14:02:09Z", ""] {
            assert!(wrong.parse::<Timestamp>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn extreme_seconds_still_print() {
        assert_eq!(Timestamp::from_unix(i64::MAX).to_string(), "9999-12-30T22:00:00Z");
        assert_eq!(Timestamp::from_unix(i64::MIN).to_string(), "0000-01-01T00:00:00Z");
    }
}
