//! A hundred thousand altered streams, archives and import strings: none is accepted, none brings the program down, and of a stream nothing
//! is released that was not sealed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "harness/dice.rs"]
mod dice;

use dice::Dice;
use kastellan::crypto::{Key, Params, Passphrase, random};
use kastellan::domain::{Target, Timestamp};
use kastellan::format::{
    ArchiveHead, ArchiveHeader, ArchiveReader, ArchiveWriter, ImportData, ImportText, Object, RecordKind, SealedRecord, Sidecar,
    SidecarDraft, open_small, seal_small,
};

const CHEAP: Params = Params { m: 8, t: 1, p: 1 };
const PLENTY: u64 = 1 << 22;

#[test]
fn of_a_hundred_thousand_altered_ones_none_is_accepted() {
    let mut dice = Dice(0x006b_6173_7465_6c6c);
    let mut tried = 0;
    let key = Key::generate();
    let plain: Vec<u8> = (0..500).map(|n: usize| (n % 251).to_le_bytes()[0]).collect();
    let (stream, other) = (seal_small(&key, b"ad", &plain), seal_small(&key, b"ad", &vec![7; 500]));
    while tried < 60_000 {
        let bytes = dice.tamper(&stream, &other);
        if bytes != stream && bytes != other {
            assert!(open_small(&key, b"ad", &bytes).is_err(), "stream {tried}");
            tried += 1;
        }
    }
    let draft = SidecarDraft {
        catalog_id: "1".repeat(32),
        instance_id: "2".repeat(32),
        artifact_id: "3".repeat(32),
        policy: "app-daily".parse().unwrap(),
        created_at: Timestamp::from_unix(0),
        size: 5,
        stored: 61,
        facts: kastellan::domain::SealedFacts {
            kind: kastellan::domain::ArtifactKind::File,
            names: "name".into(),
            note: None,
            digest: "4".repeat(64),
        },
    };
    let facts = Sidecar::make(&draft, &key, None).to_json();
    let again = Sidecar::make(&SidecarDraft { size: 6, ..draft }, &key, None).to_json();
    while tried < 75_000 {
        let bytes = dice.tamper(facts.as_bytes(), again.as_bytes());
        tried += 1;
        // What parses to the very same facts is the same: order and white space count for nothing.
        if let Ok(read) = Sidecar::parse(&bytes)
            && read.to_json() != facts
            && read.to_json() != again
        {
            assert!(read.open(&key).is_err(), "facts {tried}: {}", String::from_utf8_lossy(&bytes));
        }
    }
    let data = |n: u8| ImportData {
        policy: "app-daily".parse().unwrap(),
        key: Key::filled(|k| k.fill(n)),
        installation: "prod-eu1".into(),
        catalog_id: "7f3a".repeat(8),
        location: "nfs".into(),
        target: Target::Directory { path: "/mnt".into() },
        created_at: Timestamp::from_unix(0),
        note: None,
    };
    let pass = Passphrase::entered(b"import").unwrap();
    let text = data(1).to_protected_text(&pass, CHEAP, PLENTY).unwrap();
    let next = data(2).to_protected_text(&pass, CHEAP, PLENTY).unwrap();
    while tried < 90_000 {
        let bytes = dice.tamper(text.as_bytes(), next.as_bytes());
        let bare: Vec<u8> = bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
        if bare != text.as_bytes() && bare != next.as_bytes() {
            let opened = ImportText::parse(&bytes).and_then(|text| text.open(Some(&pass), PLENTY));
            assert!(opened.is_err(), "import data {tried}");
            tried += 1;
        }
    }
    let (archive, second) = (archive(&pass), self::archive(&pass));
    while tried < 101_000 {
        let bytes = dice.tamper(&archive, &second);
        if bytes != archive && bytes != second {
            assert!(read(&bytes, &pass).is_none(), "archive {tried}");
            tried += 1;
        }
    }
    println!("{tried} altered ones, none accepted");
}

fn archive(pass: &Passphrase) -> Vec<u8> {
    let at = Timestamp::from_unix(0);
    let (header, key) = ArchiveHeader::make(&"1".repeat(32), &"2".repeat(32), at, None, (1, pass), CHEAP, PLENTY).unwrap();
    let head = ArchiveHead {
        instance_id: "2".repeat(32),
        seq: 1,
        created_at: at,
        previous: String::new(),
        journal_seq: 1,
        journal_hash: "3".repeat(64),
    };
    let mut writer = ArchiveWriter::begin(Vec::new(), &header, &key, &head).unwrap();
    for n in 0..3 {
        let mut note = [0; 16];
        random(&mut note);
        let private = Object::new().with("note", kastellan::format::hex(&note));
        let record =
            SealedRecord::seal(&Key::generate(), &"1".repeat(32), RecordKind::Policy, &format!("p{n}"), 1, Object::new(), &private);
        writer.record(&record).unwrap();
    }
    writer.finish().unwrap()
}

/// How many records an archive holds, if it is one.
fn read(mut bytes: &[u8], pass: &Passphrase) -> Option<usize> {
    let header = ArchiveHeader::read(&mut bytes).ok()?;
    let key = header.open(pass, 1 << 16).ok()?;
    let mut reader = ArchiveReader::begin(bytes, &header, &key).ok()?;
    let mut count = 0;
    while reader.record().ok()?.is_some() {
        count += 1;
    }
    Some(count)
}
