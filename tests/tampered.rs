//! A hundred thousand altered streams, archives, import strings and kits: none is accepted, none brings the program down, and of a stream nothing
//! is released that was not sealed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "harness/dice.rs"]
mod dice;
#[path = "harness/examples.rs"]
mod examples;

use age::secrecy::ExposeSecret;
use dice::Dice;
use examples::{CATALOG, CHEAP, PLENTY, import_data, sidecar_draft};
use kastellan::crypto::{Key, Passphrase, random};
use kastellan::format::{
    ArchiveHeader, ArchiveReader, ImportText, KitFile, Object, RecordKind, SealedRecord, Sidecar, hex, open_small, seal_small,
};

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
    let facts = Sidecar::make(&sidecar_draft(5), &key, None).to_json();
    let again = Sidecar::make(&sidecar_draft(6), &key, None).to_json();
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
    let pass = Passphrase::entered(b"import").unwrap();
    let text = import_data(1).to_protected_text(&pass, CHEAP, PLENTY).unwrap();
    let next = import_data(2).to_protected_text(&pass, CHEAP, PLENTY).unwrap();
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
    // To a recipient: with a passphrase, age would take a second for each.
    let identity = age::x25519::Identity::generate();
    let (public, secret) = (identity.to_public().to_string(), identity.to_string());
    let (kit, third) = (
        examples::kit(7, "Open it with age.").seal_to(&[&public]).unwrap(),
        examples::kit(8, "Open it with age.").seal_to(&[&public]).unwrap(),
    );
    assert!(KitFile::parse(kit.as_bytes()).unwrap().open_with_identities(secret.expose_secret()).is_ok());
    let bare = |bytes: &[u8]| bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect::<Vec<u8>>();
    while tried < 111_000 {
        let bytes = dice.tamper(kit.as_bytes(), third.as_bytes());
        if bare(&bytes) != bare(kit.as_bytes()) && bare(&bytes) != bare(third.as_bytes()) {
            let opened = KitFile::parse(&bytes).and_then(|file| file.open_with_identities(secret.expose_secret()));
            assert!(opened.is_err(), "kit {tried}");
            tried += 1;
        }
    }
    println!("{tried} altered ones, none accepted");
}

/// An archive whose three records are never the same twice.
fn archive(pass: &Passphrase) -> Vec<u8> {
    let records = [0, 1, 2].map(|n| {
        let mut note = [0; 16];
        random(&mut note);
        let private = Object::new().with("note", hex(&note));
        SealedRecord::seal(&Key::generate(), CATALOG, RecordKind::Policy, &format!("p{n}"), 1, Object::new(), &private)
    });
    examples::archive(pass, 1, &records)
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
