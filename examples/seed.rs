//! Fills an installation for measuring: `seed CATALOG PASSKEY PASSPHRASE-FILE POLICIES PASSKEYS [ARTIFACTS [FOLDER INSTANCE]]`: the artifacts
//! are in the index alone, or their facts in the folder of a location alone.
//!
//! Not shipped: it writes passkeys that are cheap to open, which the program never does.

#![allow(clippy::expect_used, clippy::panic)]

#[allow(dead_code, reason = "some of it is for tests alone")]
#[path = "../tests/harness/seed.rs"]
mod seed;

use kastellan::domain::Timestamp;
use kastellan::format::{Object, RecordKind, SealedRecord};
use kastellan::store::{Index, Indexed};
use std::path::Path;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let ([catalog, passkey, file, policies, passkeys], more) = args.split_first_chunk::<5>().unwrap_or_else(|| {
        eprintln!("seed CATALOG PASSKEY PASSPHRASE-FILE POLICIES PASSKEYS [ARTIFACTS [FOLDER INSTANCE]]");
        std::process::exit(2);
    });
    let artifacts: u32 = more.first().map_or(0, |count| count.parse().expect("a number"));
    let passphrase = std::fs::read_to_string(file).expect("a passphrase file");
    let (policies, passkeys) = (policies.parse().expect("a number"), passkeys.parse().expect("a number"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let opened = seed::open(Path::new(catalog), passkey, passphrase.trim()).await;
        opened.add_policies(policies, |n| format!("team-{:03}.namespace-{n:06}.daily", n % 997)).await;
        opened.add_passkeys(passkeys, "a passphrase that many share").await;
        match more {
            [_, folder, instance] => opened.plant(Path::new(folder), instance, artifacts),
            _ if artifacts > 0 => index(&format!("{catalog}.artifacts"), &opened, artifacts),
            _ => {}
        }
    });
}

/// Entries of artifacts in the index beside the catalog, a minute apart, of a hundred policies in two locations; the objects are nowhere.
fn index(path: &str, opened: &seed::Opened, count: u32) {
    let (metadata, index) = (opened.derived.metadata_key(), Index::open(Path::new(path)).expect("an index"));
    let entry = |n: u32| {
        let (policy, location) = (format!("team-{:03}.daily", n % 100), if n.is_multiple_of(3) { "nfs" } else { "s3-eu" });
        let created = 1_700_000_000 + i64::from(n) * 60;
        let id = format!("{:08x}{:024x}", n.wrapping_mul(0x9e37_79b9), n);
        let clear = Object::new()
            .with("location", location)
            .with("policy", &policy)
            .with("folder", &policy)
            .with("policyKeyId", "1fc0f7d89cf866d3")
            .with("instanceId", "00112233445566778899aabbccddeeff")
            .with("createdAt", Timestamp::from_unix(created).to_string())
            .with_number("size", 4_294_967_296)
            .with_number("stored", 4_295_034_912)
            .with_number("found", 0);
        let private = Object::new().with("kind", "archive").with("digest", "ef".repeat(32)).with("names", "/srv/app");
        let record = SealedRecord::seal(&metadata, &opened.catalog_id, RecordKind::Artifact, &id, 1, clear, &private);
        Indexed { location: location.into(), policy, created, record }
    };
    for from in (0..count).step_by(10_000) {
        let some: Vec<Indexed> = (from..count.min(from + 10_000)).map(entry).collect();
        index.put(&some).expect("written");
    }
}
