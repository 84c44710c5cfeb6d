//! What there is one of for every parser: made cheaply, and alike in every test.
#![allow(dead_code)] // Each test uses its part.

use kastellan::crypto::{Key, Params, Passphrase};
use kastellan::domain::{ArtifactKind, SealedFacts, Target, Timestamp};
use kastellan::format::{
    ArchiveHead, ArchiveHeader, ArchiveWriter, ImportData, Kit, KitInstallation, KitPin, KitText, SealedRecord, SidecarDraft,
};

/// The cheapest Argon2id there is: 8 KiB, one pass.
pub const CHEAP: Params = Params { m: 8, t: 1, p: 1 };

/// Memory that is there for Argon2id, in KiB.
pub const PLENTY: u64 = 1 << 22;

/// When all of it was made.
pub fn at() -> Timestamp {
    Timestamp::from_unix(1_800_000_000)
}

/// The catalog of all of it.
pub const CATALOG: &str = "11111111111111111111111111111111";
/// The instance of all of it.
pub const INSTANCE: &str = "22222222222222222222222222222222";

/// An artifact's facts, before they are sealed.
pub fn sidecar_draft(size: u64) -> SidecarDraft {
    SidecarDraft {
        catalog_id: CATALOG.into(),
        instance_id: INSTANCE.into(),
        artifact_id: "3".repeat(32),
        policy: "app-daily".parse().unwrap(),
        created_at: at(),
        size,
        stored: size + 56,
        facts: SealedFacts { kind: ArtifactKind::File, names: "name".into(), note: None, digest: "4".repeat(64) },
    }
}

/// Import data with a key of its own for each `n`.
pub fn import_data(n: u8) -> ImportData {
    ImportData {
        policy: "app-daily".parse().unwrap(),
        key: Key::filled(|key| key.fill(n)),
        installation: "prod-eu1".into(),
        catalog_id: CATALOG.into(),
        location: "nfs".into(),
        target: Target::Directory { path: "/mnt".into() },
        created_at: at(),
        note: None,
    }
}

/// An archive with these records.
pub fn archive(passphrase: &Passphrase, seq: u64, records: &[SealedRecord]) -> Vec<u8> {
    let (header, key) = ArchiveHeader::make(CATALOG, INSTANCE, at(), None, (1, passphrase), CHEAP, PLENTY).unwrap();
    let head = ArchiveHead {
        instance_id: INSTANCE.into(),
        seq,
        created_at: at(),
        previous: String::new(),
        journal_seq: 1,
        journal_hash: "3".repeat(64),
    };
    let mut writer = ArchiveWriter::begin(Vec::new(), &header, &key, &head).unwrap();
    for record in records {
        writer.record(record).unwrap();
    }
    writer.finish().unwrap()
}

/// A recovery kit of an installation with so many journal entries, `how` saying how it is opened.
pub fn kit(seq: u64, how: &str) -> Kit {
    let installation = KitInstallation {
        name: KitText("prod-eu1".into()),
        catalog_id: "00".repeat(16),
        instance_id: "11".repeat(16),
        master_key_id: "22".repeat(8),
    };
    let pin = KitPin { seq, hash: "33".repeat(32), archive_seq: 2, unarchived: 0 };
    Kit::new(installation, at(), pin, how.into())
}
