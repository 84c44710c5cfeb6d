//! A smoke run of the fuzz targets: every parser, with right examples and thousands of altered ones, the same in every run. `scripts/fuzz`
//! lets libFuzzer look for more.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "harness/dice.rs"]
mod dice;
#[path = "harness/examples.rs"]
mod examples;
#[path = "../fuzz/src/lib.rs"]
mod parsers;

use dice::Dice;
use examples::{CHEAP, PLENTY, archive, import_data, sidecar_draft};
use kastellan::crypto::{Key, Passphrase, SigningKey};
use kastellan::format::{Object, RecordKind, SealedRecord, Sidecar, openssh_public, seal_small, sign_report};
use std::collections::BTreeSet;
use std::path::Path;

/// How many altered inputs each parser is given.
const EACH: usize = 20_000;

/// Right inputs for a parser, at least two.
fn examples(name: &str) -> Vec<Vec<u8>> {
    let key = Key::filled(|k| k.fill(9));
    let fuzz = Passphrase::entered(b"fuzz").unwrap();
    let text = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
    match name {
        "object" => text(&[r#"{"name":"a","n":9007199254740991,"\u0000":"\ud83d\ude00"}"#, r#"{"b":"","a":0}"#]),
        "record" => {
            let record =
                |id: &str| SealedRecord::seal(&key, "7f3a", RecordKind::Policy, id, 1, Object::new().with("name", id), &Object::new());
            ["a", "b"].map(|id| [record(id).clear.into_bytes(), record(id).sealed].concat()).to_vec()
        }
        "wrap" => ["wrap_cut", "wrap_salt_flipped", "wrap_method_other"].iter().map(|name| vector(name, "wrap")).collect(),
        "manifest" => text(&[
            "apiVersion: vault.kio.kasten.io/v1alpha1\nkind: Passkey\nmetadata:\n  name: ana\nspec:\n  secret:\n    name: a\n    namespace: b\n  usenow: true\n",
            "a: &a [x, x]\nb: *a\n",
        ]),
        "sidecar" => [1, 2].map(|size| Sidecar::make(&sidecar_draft(size), &key, None).to_json().into_bytes()).to_vec(),
        "stream" => vec![seal_small(&key, b"ad", b"plain"), seal_small(&key, b"ad", &[0; 300])],
        "archive" => [1, 2].map(|seq| archive(&fuzz, seq, &[])).to_vec(),
        "import_data" => {
            let protected = import_data(1).to_protected_text(&fuzz, CHEAP, PLENTY).unwrap();
            vec![import_data(1).to_text().as_bytes().to_vec(), import_data(2).to_text().as_bytes().to_vec(), protected.as_bytes().to_vec()]
        }
        "kit" => {
            let kit = examples::kit(1, "read this first");
            vec![kit.to_json().to_vec(), vector("kit_plain", "file")]
        }
        "report" => {
            let signer = SigningKey::from_seed(&key);
            let json = br#"{"v":1,"scenario":"machine-lost"}"#;
            let line = openssh_public(&signer.public(), "prod-eu1-7f3a").into_bytes();
            vec![[&json[..], sign_report(&signer, json).as_bytes()].concat(), line]
        }
        _ => text(&["app-daily", "20261117T140200Z-14-000000000000000e.kdr", "2026-11-17T14:02:00Z", "\u{202e}x\u{1b}[2J"]),
    }
}

/// A text in one of the vector files.
fn vector(file: &str, member: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/vectors/{file}.json"));
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    json[member].as_str().unwrap().as_bytes().to_vec()
}

#[test]
fn nothing_that_comes_in_brings_a_parser_down() {
    let mut tried = 0;
    for (name, parse) in parsers::ALL {
        let mut dice = Dice(name.bytes().map(u64::from).sum());
        let examples = examples(name);
        assert!(examples.len() > 1, "{name}");
        for example in &examples {
            parse(example);
        }
        parse(&[]);
        let mut last = examples[0].clone();
        for n in 0..EACH {
            let other = &examples[dice.below(examples.len())];
            // One change, or many on top of each other.
            let from = if n % 8 == 0 || last.is_empty() || last.len() > 100_000 { &examples[n % examples.len()] } else { &last };
            let altered = dice.tamper(from, other);
            parse(&altered);
            tried += 1;
            last = altered;
        }
    }
    println!("{tried} altered inputs for {} parsers", parsers::ALL.len());
}

#[test]
fn every_parser_has_its_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let names: BTreeSet<String> = parsers::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    let files = std::fs::read_dir(folder.join("fuzz_targets")).unwrap().flatten();
    let targets: BTreeSet<String> = files.map(|file| file.path().file_stem().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(targets, names);
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for name in &names {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        let target = std::fs::read_to_string(folder.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(target.contains(&format!("kastellan_fuzz::{name}(")), "{name}");
    }
}
