//! The journal read forward once, then kept up with: is the chain whole, and which revision of each record did it write last?

use crate::catalog::Catalog;
use crate::crypto::Key;
use crate::domain::{Fault, Text};
use crate::format::{EntryChange, Link, Object, RecordKind, SealedRecord, StoredEntry, chain_start, unhex};
use serde::Deserialize;
use std::collections::HashMap;

/// How many entries are read at once: an entry may carry many changes, and all of them are in memory together.
const CHUNK: usize = 64;

/// What the journal says of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Latest {
    /// Its newest revision; 0: removed.
    rev: u64,
    /// SHA-256(canon(clear) || box); zeros where removed.
    digest: [u8; 32],
}

/// Where a chain breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// The entry with this number does not continue the chain.
    Chain(u64),
    /// The entry with this number is missing: a later one follows.
    Missing(u64),
    /// The MAC of the entry with this number is not by the journal key.
    Forged(u64),
}

impl Break {
    /// In words.
    pub fn words(self) -> Text {
        Text::new(match self {
            Self::Chain(seq) => format!("journal entry {seq} does not continue the chain"),
            Self::Missing(seq) => format!("journal entry {seq} is missing"),
            Self::Forged(seq) => format!("journal entry {seq} was not vouched for by this installation"),
        })
    }
}

/// The journal, followed from its start to where it was last read.
pub struct Ledger {
    link: Link,
    vouched_to: u64,
    broken: Option<Break>,
    kinds: &'static [RecordKind],
    latest: HashMap<RecordKind, HashMap<String, Latest>>,
}

/// How a record stands against the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is what its last entry wrote.
    Right,
    /// The journal wrote it with another revision since.
    Old {
        /// The record's.
        found: u64,
        /// The journal's newest; 0: removed.
        newest: u64,
    },
    /// The same revision, other bytes.
    Different,
    /// The journal never wrote it.
    Unknown,
}

/// Only what the ledger needs of an entry.
#[derive(Deserialize)]
struct OnlyChanges {
    changes: Vec<EntryChange>,
}

impl Ledger {
    /// Before the first entry. Keeps what it reads of these kinds of records.
    pub fn new(catalog_id: &str, instance_id: &str, kinds: &'static [RecordKind]) -> Self {
        Self { link: chain_start(catalog_id, instance_id), vouched_to: 0, broken: None, kinds, latest: HashMap::new() }
    }

    /// Reads on to the journal's end. A MAC is checked where `journal_key` is here.
    pub async fn follow(
        &mut self,
        catalog: &dyn Catalog,
        journal_key: Option<&Key>,
        mut each: impl FnMut(&StoredEntry, Option<Break>),
    ) -> Result<(), Fault> {
        loop {
            let entries = catalog.journal(self.link.seq + 1, CHUNK).await?;
            for entry in &entries {
                let found = self.take(entry, journal_key);
                each(entry, found);
            }
            if entries.len() < CHUNK {
                return Ok(());
            }
        }
    }

    fn take(&mut self, entry: &StoredEntry, journal_key: Option<&Key>) -> Option<Break> {
        let found = if entry.seq != self.link.seq + 1 {
            Some(Break::Missing(self.link.seq + 1))
        } else if self.link.follow(entry).is_none() {
            Some(Break::Chain(entry.seq))
        } else {
            match journal_key.and_then(|key| entry.vouched(key)) {
                Some(false) => Some(Break::Forged(entry.seq)),
                Some(true) => {
                    self.vouched_to = entry.seq;
                    None
                }
                None => None,
            }
        };
        self.broken = self.broken.or(found);
        self.link = entry.link();
        if self.kinds.iter().any(|kind| entry.text.contains(kind.word()))
            && let Ok(said) = serde_json::from_str::<OnlyChanges>(&entry.text)
        {
            for change in said.changes {
                self.note(change);
            }
        }
        found
    }

    fn note(&mut self, change: EntryChange) {
        let Some(kind) = RecordKind::from_word(&change.kind).filter(|kind| self.kinds.contains(kind)) else { return };
        let latest = Latest { rev: change.rev, digest: unhex(&change.digest).unwrap_or_default() };
        self.latest.entry(kind).or_default().insert(change.id, latest);
    }

    /// Where the chain was last read to.
    pub fn link(&self) -> Link {
        self.link
    }

    /// Up to which entry a right MAC vouches; 0: none.
    pub fn vouched_to(&self) -> u64 {
        self.vouched_to
    }

    /// The first break, if any.
    pub fn broken(&self) -> Option<Break> {
        self.broken
    }

    /// How a record stands.
    pub fn standing(&self, record: &SealedRecord) -> Standing {
        self.judge(record, || record.digest().ok())
    }

    /// The same, for a caller that has parsed the record's clear members already.
    pub fn standing_of(&self, record: &SealedRecord, clear: &Object) -> Standing {
        self.judge(record, || Some(record.digest_of(clear)))
    }

    fn judge(&self, record: &SealedRecord, digest: impl FnOnce() -> Option<[u8; 32]>) -> Standing {
        match self.latest.get(&record.kind).and_then(|of_kind| of_kind.get(&record.id)) {
            None => Standing::Unknown,
            Some(latest) if latest.rev != record.rev => Standing::Old { found: record.rev, newest: latest.rev },
            Some(latest) if digest() != Some(latest.digest) => Standing::Different,
            Some(_) => Standing::Right,
        }
    }

    /// Records that the journal wrote last and did not remove.
    pub fn expected(&self) -> impl Iterator<Item = (RecordKind, &str)> {
        self.latest
            .iter()
            .flat_map(move |(kind, of_kind)| of_kind.iter().filter(|(_, latest)| latest.rev > 0).map(|(id, _)| (*kind, id.as_str())))
    }
}

impl Standing {
    /// In words; None where it is right.
    pub fn words(self) -> Option<String> {
        match self {
            Self::Right => None,
            Self::Old { found, newest: 0 } => Some(format!("was removed, and put back as revision {found}")),
            Self::Old { found, newest } if found < newest => Some(format!("was put back from revision {found}; the newest is {newest}")),
            Self::Old { found, newest } => Some(format!("has revision {found}, but the journal knows no more than {newest}")),
            Self::Different => Some("was changed outside of Kastellan".to_owned()),
            Self::Unknown => Some("was never written by Kastellan".to_owned()),
        }
    }
}
