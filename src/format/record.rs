//! Catalog records: clear members that a box authenticates, and private members inside it.
//!
//! Clear members are flat JSON, the private ones a flat JSON object inside the box. Must not: know where a record is kept. Next:
//! `catalog` keeps rows, `journal` carries their digests.

use super::{Object, ObjectError};
use crate::crypto::{Key, box_open, box_seal, hash};
use zeroize::Zeroizing;

/// The label of the box.
const LABEL: &str = "record";

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// The installation itself: one, with the catalog's id.
    Installation,
    /// A passkey, with its wrap; id = its name in lower case.
    Passkey,
    /// What is known of a passkey's opening; id = the passkey's.
    Proof,
    /// A policy; id = its name.
    Policy,
    /// The operation that has begun and not ended: at most one.
    Operation,
    /// A location; id = its name in lower case.
    Location,
    /// Whether and how DR archives are made: one, `current`.
    Dr,
    /// A DR passphrase; id = its number.
    DrPassphrase,
    /// A DR archive that is kept; id = the end of its object's name.
    DrArchive,
    /// An artifact that was removed; id = the artifact's.
    Tombstone,
    /// A policy's key that left; id = 16 random bytes, hex.
    Export,
    /// A policy's key from another installation; id = `POLICY@INSTALLATION`.
    Import,
    /// A recovery kit that was made; id = 16 random bytes, hex.
    Kit,
    /// A leak, or a leaver, with what is to be done after it; id = the rotation's.
    Aftermath,
    /// A drill that was done; id = its report's.
    Drill,
    /// An artifact in a location, as the index beside the catalog has it; id = the artifact's. No catalog holds one.
    Artifact,
}

impl RecordKind {
    /// All kinds.
    pub const ALL: [Self; 16] = [
        Self::Installation,
        Self::Passkey,
        Self::Proof,
        Self::Policy,
        Self::Operation,
        Self::Location,
        Self::Dr,
        Self::DrPassphrase,
        Self::DrArchive,
        Self::Tombstone,
        Self::Export,
        Self::Import,
        Self::Kit,
        Self::Aftermath,
        Self::Drill,
        Self::Artifact,
    ];

    /// Its word in records: `installation`, `passkey`, `proof`, ...
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Installation => "installation",
            Self::Passkey => "passkey",
            Self::Proof => "proof",
            Self::Policy => "policy",
            Self::Operation => "operation",
            Self::Location => "location",
            Self::Dr => "dr",
            Self::DrPassphrase => "dr-passphrase",
            Self::DrArchive => "dr-archive",
            Self::Tombstone => "tombstone",
            Self::Export => "export",
            Self::Import => "import",
            Self::Kit => "kit",
            Self::Aftermath => "aftermath",
            Self::Drill => "drill",
            Self::Artifact => "artifact",
        }
    }

    /// From its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Why a record is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Its clear members do not parse, or one that must be there is not.
    #[error("its clear members are malformed: {0}")]
    Malformed(#[from] ObjectError),
    /// Its box does not open under the metadata key with these clear members.
    #[error("it does not verify: altered, moved, or made by another installation")]
    Altered,
}

/// A record as a catalog stores it: `kind`, `id`, `rev` and `catalogId` among the clear members, and the box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRecord {
    /// Its kind, as stored.
    pub kind: RecordKind,
    /// Its id, as stored.
    pub id: String,
    /// 1, then +1 for each change.
    pub rev: u64,
    /// All clear members, `kind`, `id`, `rev` and `catalogId` included, as JSON text exactly as stored.
    pub clear: String,
    /// The box.
    pub sealed: Vec<u8>,
}

impl SealedRecord {
    /// Seals: adds `kind`, `id`, `rev` and `catalogId` to `clear`, boxes `private` under the metadata key with label `record`.
    #[must_use]
    pub fn seal(metadata: &Key, catalog_id: &str, kind: RecordKind, id: &str, rev: u64, clear: Object, private: &Object) -> Self {
        let clear = clear.with("kind", kind.word()).with("id", id).with_number("rev", rev).with("catalogId", catalog_id);
        let private = Zeroizing::new(private.to_json());
        let sealed = box_seal(metadata, LABEL, private.as_bytes(), &clear.canon(&[]));
        Self { kind, id: id.to_owned(), rev, clear: clear.to_json(), sealed }
    }

    /// The clear members, not verified; checks that kind, id and rev among them are those of the row.
    ///
    /// # Errors
    /// [`RecordError::Malformed`], or [`RecordError::Altered`] where the row's kind, id or rev differ.
    pub fn clear(&self) -> Result<Object, RecordError> {
        let clear = Object::parse(self.clear.as_bytes())?;
        clear.need("catalogId")?;
        let row = clear.need("kind")? == self.kind.word() && clear.need("id")? == self.id && clear.need_number("rev")? == self.rev;
        if row { Ok(clear) } else { Err(RecordError::Altered) }
    }

    /// Verifies, and gives the clear and the private members.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn open(&self, metadata: &Key, catalog_id: &str) -> Result<(Object, Object), RecordError> {
        let clear = self.clear()?;
        if clear.need("catalogId")? != catalog_id {
            return Err(RecordError::Altered);
        }
        let private = box_open(metadata, LABEL, &self.sealed, &clear.canon(&[])).map_err(|_| RecordError::Altered)?;
        Ok((clear, Object::parse(&private)?))
    }

    /// SHA-256(canon(clear) || box), as journal entries carry it.
    ///
    /// # Errors
    /// [`RecordError::Malformed`].
    pub fn digest(&self) -> Result<[u8; 32], RecordError> {
        Ok(self.digest_of(&Object::parse(self.clear.as_bytes())?))
    }

    /// The same, for a caller that has parsed this record's clear members already.
    #[must_use]
    pub fn digest_of(&self, clear: &Object) -> [u8; 32] {
        hash(&[&clear.canon(&[]), &self.sealed])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOG: &str = "000102030405060708090a0b0c0d0e0f";

    fn record(key: &Key) -> SealedRecord {
        let clear = Object::new().with("method", "passphrase").with_number("size", 7);
        SealedRecord::seal(key, CATALOG, RecordKind::Passkey, "k10masterkey", 3, clear, &Object::new().with("note", "in the safe"))
    }

    #[test]
    fn round_trip() {
        let key = Key::generate();
        let (clear, private) = record(&key).open(&key, CATALOG).unwrap();
        assert_eq!(clear.text("method"), Some("passphrase"));
        assert_eq!((clear.text("kind"), clear.text("id"), clear.number("rev")), (Some("passkey"), Some("k10masterkey"), Some(3)));
        assert_eq!(private.text("note"), Some("in the safe"));
        assert!(!record(&key).clear.contains("safe"));
    }

    #[test]
    fn each_clear_member_edited_is_found() {
        let key = Key::generate();
        let record = record(&key);
        let clear = record.clear().unwrap();
        for (name, _) in clear.members() {
            for other in [clear.clone().with(name, "other"), clear.clone().with_number(name, 99), clear.clone().without(name)] {
                let altered = SealedRecord { clear: other.to_json(), ..record.clone() };
                assert!(altered.open(&key, CATALOG).is_err(), "{name}");
            }
        }
        let added = SealedRecord { clear: clear.with("added", "").to_json(), ..record.clone() };
        assert_eq!(added.open(&key, CATALOG), Err(RecordError::Altered));
    }

    #[test]
    fn moved_between_row_kind_rev_and_catalog_is_found() {
        let key = Key::generate();
        let record = record(&key);
        for moved in [
            SealedRecord { kind: RecordKind::Policy, ..record.clone() },
            SealedRecord { id: "other".into(), ..record.clone() },
            SealedRecord { rev: 4, ..record.clone() },
        ] {
            assert_eq!(moved.open(&key, CATALOG), Err(RecordError::Altered));
            assert_eq!(moved.clear(), Err(RecordError::Altered));
        }
        // With the clear members edited to match the new row, the box tells.
        let clear = record.clear().unwrap().with("id", "other");
        let moved = SealedRecord { id: "other".into(), clear: clear.to_json(), ..record.clone() };
        assert!(moved.clear().is_ok());
        assert_eq!(moved.open(&key, CATALOG), Err(RecordError::Altered));
        assert_eq!(record.open(&key, "ff0102030405060708090a0b0c0d0e0f"), Err(RecordError::Altered));
        assert_eq!(record.open(&Key::generate(), CATALOG), Err(RecordError::Altered));
    }

    #[test]
    fn the_digest_covers_clear_and_box_and_not_the_spelling() {
        let key = Key::generate();
        let record = record(&key);
        let spelled = SealedRecord { clear: record.clear.replace("{\"", "{ \""), ..record.clone() };
        assert_eq!(spelled.digest(), record.digest());
        assert!(spelled.open(&key, CATALOG).is_ok());
        let mut other = record.clone();
        other.sealed[40] ^= 1;
        assert_ne!(other.digest(), record.digest());
        assert_eq!(other.open(&key, CATALOG), Err(RecordError::Altered));
    }
}
