//! Fills a catalog as if years had passed: thousands of policies and passkeys, sealed and journalled as the program itself does it.
//!
//! Passkeys made here are wrapped with the cheapest settings that Argon2id has, which the program never writes. Knows the format of records
//! from the outside: that the program accepts what was written here is what the tests that use it see first.

use kastellan::catalog::{Batch, Catalog, Committed, Put, SqliteCatalog};
use kastellan::crypto::{Derived, Key, Params, Passphrase, policy_key_id, random};
use kastellan::domain::{ArtifactKind, Method, PasskeyName, PolicyName, SealedFacts, Timestamp};
use kastellan::format::{
    ArtifactPaths, Entry, EntryChange, Link, Object, RecordKind, SealedRecord, Sidecar, SidecarDraft, Wrap, WrapDraft, hex,
};
use std::path::Path;

/// Argon2id as cheap as it goes: 8 KiB, one pass.
const CHEAP: Params = Params { m: 8, t: 1, p: 1 };
/// Memory that is there for sure, in KiB.
const PLENTY: u64 = 1 << 22;
/// Records a batch.
const BATCH: usize = 1000;

/// What a catalog holds once the master key is known.
pub struct Opened {
    /// The catalog.
    pub catalog: SqliteCatalog,
    /// Its id.
    pub catalog_id: String,
    /// The master key.
    pub master: Key,
    /// What derives from it.
    pub derived: Derived,
}

/// Opens a catalog with the passphrase of one of its passkeys, apart from the program.
pub async fn open(path: &Path, passkey: &str, passphrase: &str) -> Opened {
    let catalog = SqliteCatalog::open(path, false).expect("the catalog opens").expect("there is one");
    let record = catalog.get(RecordKind::Passkey, &passkey.to_lowercase()).await.expect("it reads").expect("the passkey is there");
    let clear = record.clear().expect("its members");
    let wrap = Wrap::parse(clear.text("wrap").expect("a wrap")).expect("a wrap");
    let passphrase = Passphrase::entered(passphrase.as_bytes()).expect("a passphrase");
    let master = wrap.open_with_passphrase(&passphrase, PLENTY).expect("it opens");
    let catalog_id = clear.text("catalogId").expect("an id").to_owned();
    Opened { catalog, catalog_id, derived: Derived::from_master(&master), master }
}

impl Opened {
    /// Adds policies `name(0)`, `name(1)`...
    pub async fn add_policies(&self, count: usize, name: impl Fn(usize) -> String) {
        let metadata = self.derived.metadata_key();
        let records = (0..count).map(|number| {
            let name = name(number);
            let id = policy_key_id(&self.derived.policy_key(&name));
            let clear = Object::new().with("name", &name).with("policyKeyId", id).with("createdAt", WHEN).with("createdBy", "seed@test");
            SealedRecord::seal(&metadata, &self.catalog_id, RecordKind::Policy, &name, 1, clear, &Object::new())
        });
        self.commit(records.collect(), "policy add").await;
    }

    /// Adds passkeys `key-00000`, `key-00001`..., all with this passphrase.
    pub async fn add_passkeys(&self, count: usize, passphrase: &str) {
        let (metadata, passphrase) = (self.derived.metadata_key(), Passphrase::entered(passphrase.as_bytes()).expect("a passphrase"));
        let records = (0..count).map(|number| {
            let passkey: PasskeyName = format!("key-{number:05}").parse().expect("a name");
            let mut id = [0; 16];
            random(&mut id);
            let draft = WrapDraft {
                catalog_id: self.catalog_id.clone(),
                master_key_id: self.derived.master_key_id(),
                passkey: passkey.clone(),
                wrap_id: hex(&id),
                method: Method::Passphrase,
                created_at: WHEN.parse::<Timestamp>().expect("a time"),
            };
            let wrap = Wrap::with_passphrase(&draft, &self.master, &passphrase, CHEAP, PLENTY).expect("a wrap");
            let clear = Object::new()
                .with("name", passkey.as_str())
                .with("method", "passphrase")
                .with("createdAt", WHEN)
                .with("createdBy", "seed@test")
                .with("wrapId", hex(&id))
                .with("wrap", wrap.to_json())
                .with("state", "ready")
                .with("source", "prompt");
            let id = passkey.as_str().to_lowercase();
            SealedRecord::seal(&metadata, &self.catalog_id, RecordKind::Passkey, &id, 1, clear, &Object::new())
        });
        self.commit(records.collect(), "passkey add").await;
    }

    /// Adds one record.
    pub async fn add(&self, kind: RecordKind, id: &str, clear: Object, verb: &str) {
        let record = SealedRecord::seal(&self.derived.metadata_key(), &self.catalog_id, kind, id, 1, clear, &Object::new());
        self.commit(vec![record], verb).await;
    }

    /// Puts the facts of so many artifacts into a location's folder, a minute apart, of a hundred policies; their streams are nowhere.
    pub fn plant(&self, folder: &Path, instance_id: &str, count: u32) {
        let keys: Vec<(PolicyName, Key)> = (0..100)
            .map(|n| format!("team-{n:03}.daily"))
            .map(|name| (name.parse().expect("a name"), self.derived.policy_key(&name)))
            .collect();
        for (policy, _) in &keys {
            std::fs::create_dir_all(folder.join("artifacts").join(policy.as_str())).expect("a folder");
        }
        for (n, (policy, key)) in (0..count).zip(keys.iter().cycle()) {
            let id = format!("{:08x}{n:024x}", n.wrapping_mul(0x9e37_79b9));
            let draft = SidecarDraft {
                catalog_id: self.catalog_id.clone(),
                instance_id: instance_id.to_owned(),
                artifact_id: id.clone(),
                policy: policy.clone(),
                created_at: Timestamp::from_unix(1_700_000_000 + i64::from(n) * 60),
                size: 4_294_967_296,
                stored: 4_295_034_912,
                facts: SealedFacts { kind: ArtifactKind::Archive, names: "/srv/app".into(), note: None, digest: "ef".repeat(32) },
            };
            let to = folder.join(ArtifactPaths::new(policy.as_str(), &id).sidecar);
            std::fs::write(to, Sidecar::make(&draft, key, None).to_json()).expect("written");
        }
    }

    async fn commit(&self, records: Vec<SealedRecord>, verb: &str) {
        let journal_key = self.derived.journal_key();
        let last = self.catalog.last().await.expect("the journal reads").expect("it began");
        let mut end: Link = last.link();
        for batch in records.chunks(BATCH) {
            let change = |record: &SealedRecord| EntryChange {
                kind: record.kind.word().to_owned(),
                id: record.id.clone(),
                rev: record.rev,
                digest: hex(&record.digest().expect("a digest")),
            };
            let entry = Entry {
                v: 1,
                at: WHEN.parse().expect("a time"),
                person: "seed".into(),
                account: "seed".into(),
                host: "test".into(),
                terminal: "".into(),
                ssh: "".into(),
                verb: verb.into(),
                operation: String::new(),
                step: String::new(),
                what: format!("{} seeded", batch.len()).into(),
                vouches: 0,
                changes: batch.iter().map(change).collect(),
            };
            let entry = end.append(&entry, Some(&journal_key));
            let puts = batch.iter().map(|record| Put { record: record.clone(), replaces: 0 }).collect();
            let batch = Batch { puts, removals: Vec::new(), after: end, entry, purge: false };
            match self.catalog.commit(batch).await.expect("it commits") {
                Committed::Done(link) => end = link,
                other => panic!("somebody else writes: {other:?}"),
            }
        }
    }
}

const WHEN: &str = "2026-01-10T09:00:00Z";
