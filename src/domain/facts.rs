//! What is known, when it was seen, and by whom.

use super::{Act, Flow, Location, LocationName, Passkey, PasskeyName, PolicyName, Text, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One master key with its catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation {
    /// Its name, as given at set-up.
    pub name: Text,
    /// 16 random bytes, hex.
    pub catalog_id: String,
    /// 16 random bytes, hex: one life of the installation.
    pub instance_id: String,
    /// Public id of the master key: 8 bytes, hex.
    pub master_key_id: String,
    /// When it was set up.
    pub created_at: Timestamp,
    /// The passkey that is tried first at unlock.
    pub in_use: PasskeyName,
    /// It makes archives and seals; not so where it was restored and nobody said that the one before is gone for good.
    pub owner: bool,
    /// The public key of what signs its drill reports: Ed25519, 32 bytes, hex.
    pub signing_key: String,
}

impl Installation {
    /// The first four hex digits of the id, as screens and envelopes show it.
    #[must_use]
    pub fn short_id(&self) -> &str {
        self.catalog_id.get(..4).unwrap_or(&self.catalog_id)
    }

    /// `prod-eu1 (7f3a)`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} ({})", self.name, self.short_id())
    }

    /// The line for the envelope of a passkey's secret: `PASSKEY k10MasterKey / prod-eu1 7f3a / 2026-07-31`.
    #[must_use]
    pub fn envelope(name: &PasskeyName, installation: &Text, short_id: &str, day: &str) -> String {
        // Planned, an installation has no id yet.
        let space = if short_id.is_empty() { "" } else { " " };
        format!("PASSKEY {name} / {installation}{space}{short_id} / {day}")
    }
}

/// A backup policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name, which is its identity.
    pub name: PolicyName,
    /// Public id of its encryption key: 8 bytes, hex.
    pub key_id: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Text,
    /// Its record does not verify.
    pub altered: bool,
}

/// Who holds the operation lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// `ana@bastion`.
    pub who: Text,
    /// The terminal or process it runs in (`pts/3`, `pid 4711`).
    pub place: Text,
    /// Since when.
    pub since: Timestamp,
    /// What it is doing, as a gerund clause: `rotating prod-eu1 to k10MasterKey-2`.
    pub doing: Text,
}

/// An operation that began and did not end, with no living holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// The operation's id.
    pub id: String,
    /// The request it carries out.
    pub request: super::Request,
    /// Names of its steps in order: `wrap`, `prove`, `switch`.
    pub steps: Vec<Text>,
    /// How many of them are done.
    pub done: usize,
    /// Who began it.
    pub who: Text,
    /// When.
    pub since: Timestamp,
}

/// Whether this process holds the keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockState {
    /// No keys in this process.
    Locked,
    /// Keys in this process.
    Unlocked {
        /// The passkey that opened.
        by: PasskeyName,
        /// When.
        at: Timestamp,
    },
}

/// The end of the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalHead {
    /// Number of the last entry; 0: none.
    pub seq: u64,
    /// Its hash: 32 bytes, hex.
    pub hash: String,
}

/// All that is known of an installation at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// When these facts were gathered.
    pub now: Timestamp,
    /// The installation; None: no catalog yet.
    pub installation: Option<Installation>,
    /// All passkeys, by name; but for those that are `unread`.
    pub passkeys: Vec<Passkey>,
    /// How many passkeys more there are that were not read yet: only in the first facts of a console.
    pub unread: u64,
    /// How many policies there are.
    pub policies: u64,
    /// Their names in order, where they are few enough to choose from; else none.
    pub policy_names: Vec<PolicyName>,
    /// All locations, by name.
    pub locations: Vec<Location>,
    /// Whether DR archives are made; None: DR was never set up.
    pub dr: Option<super::Dr>,
    /// All DR passphrases, by number.
    pub dr_passphrases: Vec<super::DrPassphrase>,
    /// All kept archives, newest first.
    pub archives: Vec<super::Archive>,
    /// All recovery kits that were made, newest first.
    pub kits: Vec<super::KitMade>,
    /// All drills in the history, newest first.
    pub drills: Vec<super::DrillDone>,
    /// Leaks and leavers that were said, newest first.
    pub aftermath: Vec<super::Aftermath>,
    /// How many artifacts in each location, by its id, have no other copy; None: the index cannot be read.
    pub alone: BTreeMap<String, Option<u64>>,
    /// Changes that are in no proved archive yet.
    pub debt: u64,
    /// A begun operation that nobody is carrying on.
    pub unfinished: Option<Unfinished>,
    /// Who holds the operation lock now.
    pub holder: Option<Holder>,
    /// Whether the keys are here.
    pub lock: LockState,
    /// Whether the records were verified with the metadata key: only while unlocked.
    pub verified: bool,
    /// This console was told to change nothing.
    pub read_only: bool,
    /// The journal's end.
    pub head: JournalHead,
    /// What is wrong with the journal or the pin, in words, where something is.
    pub alarm: Option<Text>,
    /// Ages that make answers stale.
    pub ages: super::Ages,
}

impl Facts {
    /// Facts before there is any catalog.
    #[must_use]
    pub fn none(now: Timestamp, read_only: bool) -> Self {
        Self {
            now,
            installation: None,
            passkeys: Vec::new(),
            unread: 0,
            policies: 0,
            policy_names: Vec::new(),
            locations: Vec::new(),
            dr: None,
            dr_passphrases: Vec::new(),
            archives: Vec::new(),
            kits: Vec::new(),
            drills: Vec::new(),
            aftermath: Vec::new(),
            alone: BTreeMap::new(),
            debt: 0,
            unfinished: None,
            holder: None,
            lock: LockState::Locked,
            verified: false,
            read_only,
            head: JournalHead::default(),
            alarm: None,
            ages: super::Ages::default(),
        }
    }

    /// The passkey of that name, without regard to case.
    #[must_use]
    pub fn passkey(&self, name: &PasskeyName) -> Option<&Passkey> {
        self.passkeys.iter().find(|p| p.name.same(name))
    }

    /// The location of that name, without regard to case.
    #[must_use]
    pub fn location(&self, name: &LocationName) -> Option<&Location> {
        self.locations.iter().find(|l| l.name.same(name))
    }

    /// Whether `name` is the passkey in use.
    #[must_use]
    pub fn in_use(&self, name: &PasskeyName) -> bool {
        self.installation.as_ref().is_some_and(|i| i.in_use.same(name))
    }

    /// The kept archives that open with this passkey and with none of the others.
    #[must_use]
    pub fn shut_without(&self, passkey: &Passkey) -> Vec<&super::Archive> {
        let others =
            |a: &&super::Archive| self.passkeys.iter().any(|p| p.wrap_id != passkey.wrap_id && !p.pending && a.wraps.contains(&p.wrap_id));
        self.archives.iter().filter(|a| a.wraps.contains(&passkey.wrap_id)).filter(|a| !others(a)).collect()
    }

    /// Whether DR archives are made.
    #[must_use]
    pub fn dr_on(&self) -> bool {
        self.dr.as_ref().is_some_and(|dr| dr.enabled)
    }

    /// What the ledger of DR says of a place that archives go to, where it refuses them.
    #[must_use]
    pub fn refuses(&self, location: &LocationName) -> Option<&super::Failing> {
        self.refusing().find(|failing| failing.location.same(location))
    }

    /// All places that refuse. While DR is off nothing goes there, and what was noted last says nothing of today.
    pub fn refusing(&self) -> impl Iterator<Item = &super::Failing> {
        self.dr.iter().filter(|dr| dr.enabled).flat_map(|dr| &dr.failing)
    }

    /// What a restored instance has to do before it seals and archives; None for an owner.
    #[must_use]
    pub fn take_over(&self) -> Option<Act> {
        let restored = self.installation.as_ref().is_some_and(|i| !i.owner);
        restored.then(|| Act::flow("kastellan dr take-over, once the old one is gone for good", Flow::DrTakeOver, None))
    }

    /// Whether the keys are here.
    #[must_use]
    pub fn unlocked(&self) -> bool {
        matches!(self.lock, LockState::Unlocked { .. })
    }
}

/// One journal entry for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalLine {
    /// Its number, from 1.
    pub seq: u64,
    /// When, by the writer's clock.
    pub at: Timestamp,
    /// Who: `ana@bastion`, the person also behind sudo.
    pub who: Text,
    /// From where: terminal and SSH client address, as far as known.
    pub from: Text,
    /// The operation's word: `rotate`, `unlock`, `passkey add`.
    pub verb: Text,
    /// The step or result in words.
    pub what: Text,
    /// Whether a MAC at or after this entry vouches for it, as far as the entries that were read tell.
    pub vouched: bool,
    /// Its hash: 32 bytes, hex.
    pub hash: String,
}

/// A place outside the catalog that remembers the journal's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// Where: `pin file`, or the anchor file's path.
    pub place: Text,
    /// The entry it remembers.
    pub head: JournalHead,
    /// When it was noted, where known.
    pub at: Option<Timestamp>,
}

/// A fault that verification found, each naming what and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "fault")]
pub enum Finding {
    /// The entry does not continue the chain: edited, reordered, or one before it removed.
    Broken {
        /// Its number.
        seq: u64,
        /// In words.
        why: Text,
    },
    /// A number is missing.
    Missing {
        /// The number.
        seq: u64,
    },
    /// The entry's MAC is not by this installation's journal key.
    Forged {
        /// Its number.
        seq: u64,
    },
    /// The journal ends before an entry that a witness remembers, or differs there.
    CutOff {
        /// Who remembers more.
        witness: Witness,
        /// The journal's last entry.
        last: u64,
    },
    /// A record is not the one that its last entry wrote.
    Record {
        /// Its kind and id.
        record: Text,
        /// In words: `put back from revision 2`, `changed outside`, `not in the journal`.
        why: Text,
    },
}

/// What verification of the journal found, and what it cannot know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalReport {
    /// The chain holds up to this entry.
    pub intact_to: u64,
    /// A MAC vouches up to this entry; 0 while locked or none.
    pub vouched_to: u64,
    /// The last entry.
    pub last: u64,
    /// The newest outside witness that agrees, if any.
    pub witness: Option<Witness>,
    /// The faults, first one first.
    pub findings: Vec<Finding>,
    /// Whether MACs and records were checked: only while unlocked.
    pub keyed: bool,
    /// What cannot be known, in sentences.
    pub unknown: Vec<Text>,
}

/// A page of the journal with the whole's length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chronicle {
    /// Newest last.
    pub lines: Vec<JournalLine>,
    /// Number of the last entry.
    pub last: u64,
}
