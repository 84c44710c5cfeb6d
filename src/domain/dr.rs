//! Disaster recovery: archives of the catalog outside, and the passphrases that open them.

use super::{Act, Guided, Intent, LocationName, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// Archives that are never pruned, the newest proved ones of a location.
pub const KEPT_ALWAYS: usize = 3;

/// Whether and how archives are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dr {
    /// Archives are made after changes.
    pub enabled: bool,
    /// Where they go.
    pub locations: Vec<LocationName>,
    /// The number of the DR passphrase that new ones open with.
    pub number: u64,
    /// The number of the next archive.
    pub next_seq: u64,
    /// Locations that refuse, since when and why.
    pub failing: Vec<Failing>,
    /// Locations in which another instance of this installation archived after this one did.
    pub foreign: Vec<Foreign>,
}

/// Another instance that archives under the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Foreign {
    /// Where its archive lies.
    pub location: LocationName,
    /// Which instance, hex.
    pub instance_id: String,
    /// When its newest archive was made, as the archive's name says.
    pub at: Timestamp,
}

/// A location that does not take archives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failing {
    /// Which.
    pub location: LocationName,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub cause: Text,
}

impl Failing {
    /// `s3-eu refuses since 17 Nov: 403 AccessDenied on PutObject`.
    #[must_use]
    pub fn line(&self, now: Timestamp) -> String {
        format!("{} refuses since {}: {}", self.location, self.since.short(now), self.cause)
    }

    /// What to do about it. That it takes archives again is only known once it took one.
    #[must_use]
    pub fn act(&self) -> Act {
        let check = Guided::LocationCheck(Text::new(self.location.as_str()));
        Act::start(format!("kastellan location check {}, then kastellan dr archive", self.location), Intent::Guided(check))
    }
}

/// A DR passphrase, by its number; its text is kept encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DrPassphrase {
    /// From 1.
    pub number: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Text,
    /// When another one took its place.
    pub retired_at: Option<Timestamp>,
    /// When a person last typed it right, and who.
    pub typed: Option<(Timestamp, Text)>,
}

impl DrPassphrase {
    /// The line on its envelope: `DR no. 2 / prod-eu1 7f3a / 2026-07-31`.
    #[must_use]
    pub fn envelope(number: u64, installation: &Text, short_id: &str, day: &str) -> String {
        format!("DR no. {number} / {installation} {short_id} / {day}")
    }
}

/// An archive in the ledger: kept, until it is pruned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Archive {
    /// 8 random bytes, hex: the end of its object's name.
    pub id: String,
    /// Its object's name in the location.
    pub name: String,
    /// Where it lies.
    pub location: LocationName,
    /// The instance that made it, hex.
    pub instance_id: String,
    /// Its number.
    pub seq: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Bytes as stored.
    pub size: u64,
    /// SHA-256 of the whole file, hex.
    pub digest: String,
    /// The number of the DR passphrase that opens it.
    pub number: u64,
    /// The journal's last entry that it holds.
    pub journal_seq: u64,
    /// The wraps in it, by id.
    pub wraps: Vec<String>,
    /// When it was read back, opened and verified line by line.
    pub proved_at: Option<Timestamp>,
}
