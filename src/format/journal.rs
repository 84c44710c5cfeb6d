//! Journal entries: chained by hash, vouched for by MACs (see `crypto.md`, Journal).
//!
//! The stored text is what is hashed: it is never made anew from what it says. Must not: keep entries, or judge a whole journal.
//! Next: `catalog` stores entries with the change they tell of, `ops` verifies a journal against its witnesses.

use super::{hex, lp};
use crate::crypto::{Key, hash, mac};
use crate::domain::{Text, Timestamp};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// The label that every hash begins with.
const LABEL: &[u8] = b"kastellan.journal.v1";

/// A record as an entry names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryChange {
    /// The record's kind, as its word.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its revision after the change; 0: removed.
    pub rev: u64,
    /// SHA-256(canon(clear) || box), hex; empty where removed.
    pub digest: String,
}

/// What an entry says. Its JSON text is what is hashed, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Format version: 1.
    pub v: u64,
    /// When, by the writer's clock.
    pub at: Timestamp,
    /// The person, also behind sudo.
    pub person: Text,
    /// The account it ran as.
    pub account: Text,
    /// The host.
    pub host: Text,
    /// The terminal, where there is one.
    pub terminal: Text,
    /// The SSH client's address, where there is one.
    pub ssh: Text,
    /// The verb.
    pub verb: Text,
    /// The operation's id, hex; empty where it is none.
    pub operation: String,
    /// The step, where it is one.
    pub step: String,
    /// In words.
    pub what: Text,
    /// How many entries before this one were unvouched, and are vouched for by this one.
    pub vouches: u64,
    /// The records it changes.
    pub changes: Vec<EntryChange>,
}

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// From 1.
    pub seq: u64,
    /// The JSON text.
    pub text: String,
    /// `hash_i`.
    pub hash: [u8; 32],
    /// `mac_i`; empty while locked.
    pub mac: Vec<u8>,
}

/// The chain's end: what the next entry continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Number of the last entry; 0: none.
    pub seq: u64,
    /// Its hash; `hash_0` where there is none.
    pub hash: [u8; 32],
}

/// `hash_0` as a link.
#[must_use]
pub fn chain_start(catalog_id: &str, instance_id: &str) -> Link {
    let mut start = Vec::new();
    for part in [LABEL, catalog_id.as_bytes(), instance_id.as_bytes()] {
        lp(&mut start, part);
    }
    Link { seq: 0, hash: hash(&[&start]) }
}

impl Link {
    /// Makes the next entry: text, hash, and MAC where the journal key is here.
    #[must_use]
    pub fn append(&self, entry: &Entry, journal_key: Option<&Key>) -> StoredEntry {
        // Plain members of text and numbers: there is nothing that JSON could refuse.
        let text = serde_json::to_string(entry).unwrap_or_default();
        let seq = self.seq.saturating_add(1);
        let hash = self.hash_of(seq, &text);
        let mac = journal_key.map(|key| mac(key, &hash).to_vec()).unwrap_or_default();
        StoredEntry { seq, text, hash, mac }
    }

    /// Whether `stored` continues this link; the next link if so.
    #[must_use]
    pub fn follow(&self, stored: &StoredEntry) -> Option<Self> {
        let next = self.seq.checked_add(1)?;
        (stored.seq == next && self.hash_of(next, &stored.text) == stored.hash).then(|| stored.link())
    }

    fn hash_of(&self, seq: u64, text: &str) -> [u8; 32] {
        let mut head = Vec::new();
        lp(&mut head, LABEL);
        head.extend_from_slice(&self.hash);
        head.extend_from_slice(&seq.to_be_bytes());
        let mut entry = Vec::with_capacity(text.len() + 4);
        lp(&mut entry, text.as_bytes());
        hash(&[&head, &entry])
    }

    /// The hash, hex: as heads, pins and anchors carry it.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(&self.hash)
    }
}

impl StoredEntry {
    /// What it says; None where the text is not an entry.
    #[must_use]
    pub fn entry(&self) -> Option<Entry> {
        serde_json::from_str(&self.text).ok()
    }

    /// Whether its MAC is by this key; None where it has none.
    #[must_use]
    pub fn vouched(&self, journal_key: &Key) -> Option<bool> {
        (!self.mac.is_empty()).then(|| self.mac.ct_eq(&mac(journal_key, &self.hash)).into())
    }

    /// The link after it.
    #[must_use]
    pub fn link(&self) -> Link {
        Link { seq: self.seq, hash: self.hash }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(what: &str) -> Entry {
        Entry {
            v: 1,
            at: Timestamp::from_unix(0),
            person: "ana".into(),
            account: "root".into(),
            host: "bastion".into(),
            terminal: "pts/3".into(),
            ssh: "".into(),
            verb: "rotate".into(),
            operation: "00".into(),
            step: "wrap".into(),
            what: what.into(),
            vouches: 0,
            changes: vec![EntryChange { kind: "passkey".into(), id: "a".into(), rev: 1, digest: "00".into() }],
        }
    }

    fn chain(key: &Key) -> (Link, Vec<StoredEntry>) {
        let start = chain_start("00", "11");
        let mut link = start;
        let mut entries = Vec::new();
        for n in 0..4 {
            let stored = link.append(&entry(&format!("entry {n}")), (n != 1).then_some(key));
            link = stored.link();
            entries.push(stored);
        }
        (start, entries)
    }

    fn intact(start: Link, entries: &[StoredEntry]) -> usize {
        let mut link = start;
        entries
            .iter()
            .take_while(|stored| {
                link.follow(stored).is_some_and(|next| {
                    link = next;
                    true
                })
            })
            .count()
    }

    #[test]
    fn a_chain_holds_and_is_vouched_for() {
        let key = Key::generate();
        let (start, entries) = chain(&key);
        assert_eq!(intact(start, &entries), 4);
        let vouched: Vec<_> = entries.iter().map(|stored| stored.vouched(&key)).collect();
        assert_eq!(vouched, [Some(true), None, Some(true), Some(true)]);
        assert_eq!(entries[0].vouched(&Key::generate()), Some(false));
        assert_eq!(entries[2].entry().unwrap(), entry("entry 2"));
    }

    #[test]
    fn edits_gaps_swaps_and_forks_break_it() {
        let (start, entries) = chain(&Key::generate());
        let edited = |at: usize, change: fn(&mut StoredEntry)| {
            let mut entries = entries.clone();
            change(&mut entries[at]);
            intact(start, &entries)
        };
        assert_eq!(edited(2, |stored| stored.text = stored.text.replace("entry 2", "entry X")), 2);
        assert_eq!(edited(2, |stored| stored.hash[0] ^= 1), 2);
        assert_eq!(edited(2, |stored| stored.seq = 9), 2);
        assert_eq!(edited(2, |stored| stored.text.push(' ')), 2);
        let swapped = [0, 2, 1, 3].map(|at| entries[at].clone());
        assert_eq!(intact(start, &swapped), 1);
        let removed = [0, 2, 3].map(|at| entries[at].clone());
        assert_eq!(intact(start, &removed), 1);
        assert_eq!(intact(chain_start("00", "12"), &entries), 0, "another instance's chain");
        assert_eq!(intact(chain_start("0", "011"), &entries), 0, "lengths are part of the start");
        // Inserted while locked with a right hash: the chain after it breaks.
        let forged = entries[0].link().append(&entry("forged"), None);
        let inserted = [entries[0].clone(), forged, entries[1].clone(), entries[2].clone()];
        assert_eq!(intact(start, &inserted), 2);
    }

    #[test]
    fn hostile_words_are_stored_harmless() {
        let stored = chain_start("", "").append(&entry("a\x1b[2J\u{202e}"), None);
        assert!(!stored.text.contains(['\x1b', '\u{202e}']));
        assert!(stored.entry().is_some());
    }
}
