//! Whatever is changed in a sealed thing, it is never accepted, and nothing panics; whatever is sealed comes back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use kastellan::crypto::{Derived, Key, Params, Passphrase, box_open, box_seal};
use kastellan::domain::{Method, Text, Timestamp};
use kastellan::format::{
    Entry, Object, RecordKind, SealedRecord, StoredEntry, Wrap, WrapDraft, b64, chain_start, hex, read_passkey, unb64, unhex,
};
use proptest::prelude::*;

const CATALOG: &str = "000102030405060708090a0b0c0d0e0f";
const TINY: Params = Params { m: 8, t: 1, p: 1 };
const PLENTY: u64 = 1 << 20;

fn key(byte: u8) -> Key {
    Key::filled(|bytes| bytes.fill(byte))
}

fn object() -> impl Strategy<Value = Object> {
    let value = prop_oneof![any::<String>().prop_map(Ok), any::<u64>().prop_map(Err)];
    prop::collection::btree_map(any::<String>(), value, 0..8).prop_map(|members| {
        members.into_iter().fold(Object::new(), |object, (name, value)| match value {
            Ok(text) => object.with(&name, text),
            Err(number) => object.with_number(&name, number),
        })
    })
}

fn entry() -> impl Strategy<Value = Entry> {
    (any::<String>(), any::<String>(), any::<u64>()).prop_map(|(person, what, vouches)| Entry {
        v: 1,
        at: Timestamp::from_unix(0),
        person: Text::new(person),
        account: Text::default(),
        host: Text::default(),
        terminal: Text::default(),
        ssh: Text::default(),
        verb: "rotate".into(),
        operation: String::new(),
        step: String::new(),
        what: Text::new(what),
        vouches,
        changes: Vec::new(),
    })
}

fn wrap(master: &Key) -> Wrap {
    let draft = WrapDraft {
        catalog_id: CATALOG.into(),
        master_key_id: Derived::from_master(master).master_key_id(),
        passkey: "k10MasterKey".parse().unwrap(),
        wrap_id: CATALOG.into(),
        method: Method::Passphrase,
        created_at: Timestamp::from_unix(0),
    };
    Wrap::with_passphrase(&draft, master, &Passphrase::entered(b"secret").unwrap(), TINY, PLENTY).unwrap()
}

/// Flips bits of one byte; where that is no longer text, the damage is clear to any reader of text.
fn flipped(text: &str, at: prop::sample::Index, mask: u8) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let at = at.index(bytes.len());
    bytes[at] ^= mask;
    String::from_utf8(bytes).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn encodings_come_back(bytes: Vec<u8>, array: [u8; 16]) {
        prop_assert_eq!(unb64(&b64(&bytes)), Some(bytes));
        prop_assert_eq!(unhex::<16>(&hex(&array)), Some(array));
    }

    #[test]
    fn base64_has_one_spelling(text in "[A-Za-z0-9+/=]{0,12}") {
        if let Some(bytes) = unb64(&text) {
            prop_assert_eq!(b64(&bytes), text);
        }
    }

    #[test]
    fn objects_come_back_and_canon_tells_them_apart(one in object(), other in object()) {
        let again = Object::parse(one.to_json().as_bytes()).unwrap();
        prop_assert_eq!(again.canon(&[]), one.canon(&[]));
        prop_assert_eq!(&again, &one);
        let texts = |object: &Object| object.members().map(|(name, value)| (name.to_owned(), match value {
            kastellan::format::Value::Text(text) => text.clone(),
            kastellan::format::Value::Number(number) => number.to_string(),
        })).collect::<Vec<_>>();
        prop_assert_eq!(one.canon(&[]) == other.canon(&[]), texts(&one) == texts(&other));
    }

    #[test]
    fn hostile_input_never_panics(bytes: Vec<u8>, text: String) {
        let _ = Object::parse(&bytes);
        let _ = Object::parse(text.as_bytes());
        let _ = read_passkey(&bytes);
        let _ = read_passkey(text.as_bytes());
        let _ = Wrap::parse(&text);
        let _ = Passphrase::entered(&bytes);
        let _ = Passphrase::made(text.as_bytes());
        let _ = kastellan::crypto::Words::of(&bytes).map(|words| (words.slip(), words.unreadable()));
        let _ = kastellan::crypto::near(&text, 3);
        let _ = box_open(&key(1), "record", &bytes, b"");
        let stored = StoredEntry { seq: 1, text, hash: [0; 32], mac: bytes };
        let _ = (stored.entry(), stored.vouched(&key(1)), chain_start("", "").follow(&stored));
    }

    #[test]
    fn canonical_form_is_a_fixed_point(text: String, bytes: Vec<u8>) {
        for raw in [text.as_bytes(), &bytes] {
            if let Ok(once) = Passphrase::entered(raw) {
                let twice = Passphrase::entered(once.expose()).unwrap();
                prop_assert!(twice.same(&once));
            }
        }
    }

    #[test]
    fn boxes_come_back_and_no_flip_opens(plain: Vec<u8>, ad: Vec<u8>, at: prop::sample::Index, mask in 1u8..) {
        let sealed = box_seal(&key(1), "record", &plain, &ad);
        let opened = box_open(&key(1), "record", &sealed, &ad).unwrap();
        prop_assert_eq!(opened.as_slice(), &plain[..]);
        let mut bad = sealed.clone();
        bad[at.index(sealed.len())] ^= mask;
        prop_assert!(box_open(&key(1), "record", &bad, &ad).is_err());
        prop_assert!(box_open(&key(1), "record", &sealed[..at.index(sealed.len())], &ad).is_err());
    }

    #[test]
    fn records_come_back_and_no_flip_opens(clear in object(), private in object(), at: prop::sample::Index, mask in 1u8..) {
        let record = SealedRecord::seal(&key(1), CATALOG, RecordKind::Policy, "app", 1, clear, &private);
        let (clear, found) = record.open(&key(1), CATALOG).unwrap();
        prop_assert_eq!(found, private);
        let mut bad = record.clone();
        bad.sealed[at.index(record.sealed.len())] ^= mask;
        prop_assert!(bad.open(&key(1), CATALOG).is_err());
        if let Some(text) = flipped(&record.clear, at, mask) {
            let bad = SealedRecord { clear: text, ..record };
            // An escape may be spelled in two ways (\b and \u0008): what opens must say the same.
            if let Ok((opened, _)) = bad.open(&key(1), CATALOG) {
                prop_assert_eq!(opened, clear);
            }
        }
    }

    #[test]
    fn wraps_come_back_and_no_flip_opens(bytes: [u8; 32], at: prop::sample::Index, mask in 1u8..) {
        let master = Key::from_slice(&bytes).unwrap();
        let wrap = wrap(&master);
        let secret = Passphrase::entered(b"secret").unwrap();
        prop_assert!(wrap.open_with_passphrase(&secret, PLENTY).unwrap().same(&master));
        if let Some(text) = flipped(&wrap.to_json(), at, mask) {
            let opened = Wrap::parse(&text).and_then(|wrap| wrap.open_with_passphrase(&secret, PLENTY));
            prop_assert!(opened.is_err(), "{}", text);
        }
    }

    #[test]
    fn journals_hold_and_no_flip_does(entries in prop::collection::vec(entry(), 1..5), which: prop::sample::Index, at: prop::sample::Index, mask in 1u8..) {
        let start = chain_start(CATALOG, CATALOG);
        let mut link = start;
        let stored: Vec<StoredEntry> = entries.iter().map(|entry| {
            let stored = link.append(entry, Some(&key(2)));
            link = stored.link();
            stored
        }).collect();
        let holds = |entries: &[StoredEntry]| entries.iter().try_fold(start, |link, stored| {
            link.follow(stored).filter(|_| stored.vouched(&key(2)) == Some(true))
        }).is_some();
        prop_assert!(holds(&stored));
        let chosen = which.index(stored.len());
        let mut bad = stored.clone();
        if let Some(text) = flipped(&stored[chosen].text, at, mask) {
            bad[chosen].text = text;
            prop_assert!(!holds(&bad));
        }
        let mut bad = stored.clone();
        bad[chosen].hash[at.index(32)] ^= mask;
        prop_assert!(!holds(&bad));
        let mut bad = stored.clone();
        bad[chosen].mac[at.index(32)] ^= mask;
        prop_assert!(!holds(&bad));
        let mut bad = stored;
        bad[chosen].seq ^= u64::from(mask);
        prop_assert!(!holds(&bad));
    }
}
