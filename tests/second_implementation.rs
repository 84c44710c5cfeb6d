//! Two implementations that were written apart make and read each other's bytes, and refuse the same faults.
//!
//! The other one is `tests/second/kastellan2.py`. It needs Python 3 with three packages, which the test installs, pinned by hash, into a
//! virtual environment under the build folder (or `$KASTELLAN_TEST_CACHE`). Where that cannot be, the tests say what to install and
//! skip; with `CI=true` they fail.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "second/support.rs"]
mod support;

use kastellan::crypto::{Derived, Key, Params, Passphrase, box_seal, complete};
use kastellan::domain::{ArtifactKind, Method, SealedFacts, Target, Text, Timestamp};
use kastellan::format::{
    ArchiveHead, ArchiveHeader, ArchiveReader, ArchiveWriter, Entry, EntryChange, ImportData, ImportText, Kit, KitInstallation,
    KitLocation, KitPin, KitSecret, KitText, Object, RecordKind, SealedRecord, Sidecar, SidecarDraft, Wrap, WrapDraft, chain_start, hex,
    open_small, seal_small,
};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use support::{PLENTY, answer, key};

const CATALOG: &str = "000102030405060708090a0b0c0d0e0f";
const INSTANCE: &str = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
const TINY: Params = Params { m: 64, t: 2, p: 2 };
/// Text that tries spelling, order and width.
const ODD: &str = "a\"\\/\u{8}\n\u{1b}é\u{2028}\u{ffff}\u{10000}\u{1f511}";

/// The other implementation, running.
struct Second {
    child: Child,
    ask: ChildStdin,
    told: BufReader<ChildStdout>,
}

impl Second {
    fn start() -> Option<Self> {
        let mut child = Command::new(python()?)
            .arg(folder().join("kastellan2.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the installed Python starts");
        let (ask, told) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Some(Self { child, ask, told })
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.ask, "{request}").unwrap();
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        let asked: String = request.to_string().chars().take(300).collect();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?} to {asked}"))
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the other implementation, or leaves the test.
macro_rules! second {
    () => {
        match Second::start() {
            Some(second) => second,
            None => return,
        }
    };
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/second")
}

/// The Python of the virtual environment; None where it cannot be made, which `CI=true` does not allow.
fn python() -> Option<&'static Path> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match PYTHON.get_or_init(install) {
        Ok(python) => Some(python),
        Err(why) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "the second implementation cannot run: {why}");
            eprintln!("skipped: {why}\ninstall Python 3.9 or later with venv and pip, and reach its package index once");
            None
        }
    }
}

fn install() -> Result<PathBuf, String> {
    let cache = std::env::var_os("KASTELLAN_TEST_CACHE").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let venv = cache.join("second-implementation");
    let python = venv.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let pinned = std::fs::read_to_string(folder().join("requirements.txt")).map_err(|error| error.to_string())?;
    let marker = venv.join("installed");
    let good = |python: &Path| {
        Command::new(python).args(["-c", "import argon2, cryptography, zstandard"]).status().is_ok_and(|status| status.success())
    };
    if std::fs::read_to_string(&marker).is_ok_and(|installed| installed == pinned) && good(&python) {
        return Ok(python);
    }
    let run = |program: &Path, arguments: &[&str]| {
        let out = Command::new(program).args(arguments).output().map_err(|error| format!("{}: {error}", program.display()))?;
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        if out.status.success() { Ok(()) } else { Err(format!("{} {arguments:?}: {said}", program.display())) }
    };
    run(Path::new("python3"), &["-m", "venv", "--clear", &venv.to_string_lossy()])?;
    let requirements = folder().join("requirements.txt");
    run(
        &python,
        &["-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", &requirements.to_string_lossy()],
    )?;
    std::fs::write(&marker, pinned).map_err(|error| error.to_string())?;
    Ok(python)
}

fn vectors() -> Vec<(String, Value)> {
    let files = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")).unwrap();
    let mut found: Vec<(String, Value)> = files
        .map(|file| file.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), path))
        .filter(|(name, _)| !name.starts_with("published_"))
        .map(|(name, path)| (name, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn vector_files_are_what_the_second_implementation_makes() {
    let Some(python) = python() else { return };
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let out = Command::new(python).arg(folder().join("make_vectors.py")).arg(vectors).arg("--check").output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn both_answer_every_vector_alike() {
    let mut second = second!();
    let vectors = vectors();
    assert!(vectors.len() >= 150, "{}", vectors.len());
    for (name, request) in &vectors {
        let (ours, mut theirs) = (answer(request), second.ask(request));
        // A base64 or hex answer is all; spelling of JSON is each one's own.
        for spelled in ["json", "clear", "private"] {
            if let (Some(our), Some(their)) = (ours.get(spelled), theirs.get(spelled)) {
                let parse = |text: &Value| Object::parse(text.as_str().unwrap().as_bytes()).unwrap();
                assert_eq!(parse(our), parse(their), "{name}");
                theirs[spelled] = our.clone();
            }
        }
        assert_eq!(ours, theirs, "{name}");
    }
}

#[test]
fn both_have_the_same_word_list() {
    let theirs = std::fs::read_to_string(folder().join("english.txt")).unwrap();
    assert_eq!(theirs.lines().collect::<Vec<_>>(), complete("", usize::MAX));
}

#[test]
fn derivations_of_random_master_keys_agree() {
    let mut second = second!();
    for policy in ["a", "app-daily", &"x".repeat(253)] {
        let request = json!({"do": "derive", "master": hex(Key::generate().expose()), "policy": policy});
        assert_eq!(answer(&request), second.ask(&request));
    }
}

#[test]
fn objects_cross() {
    let mut second = second!();
    for text in [ODD, "", "plain"] {
        let object = Object::new().with(text, text).with_number("n", u64::MAX).with("\u{10000}", "").with("\u{ffff}", "x");
        let request = json!({"do": "object", "text": hex(object.to_json().as_bytes()), "outputs": []});
        let theirs = second.ask(&request);
        assert_eq!(theirs["canon"], hex(&object.canon(&[])));
        assert_eq!(Object::parse(theirs["json"].as_str().unwrap().as_bytes()).unwrap(), object);
    }
}

#[test]
fn boxes_cross() {
    let mut second = second!();
    for (plaintext, ad) in [(&b""[..], &b""[..]), (b"hello", b"ad"), (&[0xa5; 10_000], &[0; 1000])] {
        let box_key = Key::generate();
        let sealed = box_seal(&box_key, "record", plaintext, ad);
        let open = |sealed: &str| json!({"do": "box", "key": hex(box_key.expose()), "label": "record", "sealed": sealed, "ad": hex(ad)});
        assert_eq!(second.ask(&open(&hex(&sealed)))["plaintext"], hex(plaintext));
        let made = second.ask(&json!({
            "do": "box-seal", "key": hex(box_key.expose()), "label": "record", "plaintext": hex(plaintext), "ad": hex(ad)
        }));
        assert_eq!(answer(&open(made["sealed"].as_str().unwrap()))["plaintext"], hex(plaintext));
    }
}

#[test]
fn records_cross() {
    let mut second = second!();
    let metadata = Key::generate();
    let open = |row: &Value| json!({"do": "record", "metadataKey": hex(metadata.expose()), "catalogId": CATALOG, "row": row});
    let (clear, private) = (Object::new().with(ODD, ODD).with_number("size", 7), Object::new().with("note", ODD));
    let ours = SealedRecord::seal(&metadata, CATALOG, RecordKind::Passkey, "k10masterkey", 2, clear.clone(), &private);
    let row = json!({"kind": "passkey", "id": ours.id, "rev": ours.rev, "clear": ours.clear, "sealed": hex(&ours.sealed)});
    let theirs = second.ask(&open(&row));
    assert_eq!(theirs["digest"], hex(&ours.digest().unwrap()));
    assert_eq!(Object::parse(theirs["private"].as_str().unwrap().as_bytes()).unwrap(), private);
    let made = second.ask(&json!({
        "do": "record-seal", "metadataKey": hex(metadata.expose()), "catalogId": CATALOG, "kind": "passkey", "id": "k10masterkey", "rev": 2,
        "clear": {ODD: ODD, "size": 7}, "private": {"note": ODD},
    }));
    let read = support::row(&made["row"]);
    let (their_clear, their_private) = read.open(&metadata, CATALOG).unwrap();
    assert_eq!(their_private, private);
    assert_eq!(their_clear, ours.clear().unwrap());
    assert_eq!(made["digest"], hex(&read.digest().unwrap()));
}

fn wraps_cross(params: Params, passphrase: &[u8]) {
    let mut second = second!();
    let master = Key::generate();
    let draft = WrapDraft {
        catalog_id: CATALOG.into(),
        master_key_id: Derived::from_master(&master).master_key_id(),
        passkey: "k10MasterKey".parse().unwrap(),
        wrap_id: INSTANCE.into(),
        method: Method::Passphrase,
        created_at: Timestamp::from_unix(1_785_506_529),
    };
    let canonical = Passphrase::entered(passphrase).unwrap();
    let open = |wrap: &str, passphrase: &[u8]| json!({"do": "wrap", "wrap": wrap, "passphrase": hex(passphrase)});
    let ours = Wrap::with_passphrase(&draft, &master, &canonical, params, PLENTY).unwrap().to_json();
    assert_eq!(second.ask(&open(&ours, canonical.expose()))["master"], hex(master.expose()));
    let made = second.ask(&json!({
        "do": "wrap-make", "m": params.m, "t": params.t, "p": params.p,
        "master": hex(master.expose()), "passphrase": hex(canonical.expose()),
        "draft": {
            "catalogId": draft.catalog_id, "masterKeyId": draft.master_key_id, "passkey": "k10MasterKey", "wrapId": draft.wrap_id,
            "createdAt": draft.created_at.to_string(),
        },
    }));
    let made = made["wrap"].as_str().unwrap();
    let theirs = Wrap::parse(made).unwrap();
    assert!(theirs.open_with_passphrase(&canonical, PLENTY).unwrap().same(&master));
    if params == TINY {
        let wrong = [&open(made, b"wrong"), &open(&ours.replace("k10MasterKey", "k10MasterKex"), canonical.expose())];
        for request in wrong {
            assert_eq!(answer(request), json!({"refused": "does-not-open"}));
            assert_eq!(second.ask(request), json!({"refused": "does-not-open"}));
        }
    }
}

#[test]
fn weak_wraps_cross() {
    wraps_cross(TINY, b"secret");
    wraps_cross(TINY, ODD.as_bytes());
    wraps_cross(TINY, b"\xff\xfe not text");
    wraps_cross(TINY, Passphrase::generate().expose());
}

#[test]
fn full_strength_wraps_cross() {
    wraps_cross(Params::FULL, Passphrase::generate().expose());
}

#[test]
fn passphrases_agree() {
    let mut second = second!();
    let generated = Passphrase::generate();
    let upper = generated.expose().to_ascii_uppercase();
    let request = json!({"do": "passphrase", "raw": hex(&upper)});
    let ours = answer(&request);
    assert_eq!(ours, second.ask(&request));
    assert_eq!(ours["made"], hex(generated.expose()), "check bits of generated words are right for both");
    // Every list number and white space that a person may put between words, and near misses of each.
    let words = String::from_utf8(upper).unwrap();
    for (between, first) in
        [("\t", ""), ("\r\n", "1. "), (" 1)", "12)"), (" 1.2.", ""), (" . ", ""), (" 1 ", ""), ("\u{b}", ""), ("\u{3000}", "")]
    {
        let request = json!({"do": "passphrase", "raw": hex(format!("{first}{}", words.replace(' ', between)).as_bytes())});
        assert_eq!(answer(&request), second.ask(&request), "{between:?}");
    }
}

#[test]
fn journals_cross() {
    let mut second = second!();
    let journal_key = Key::generate();
    let entry = |n: u64| Entry {
        v: 1,
        at: Timestamp::from_unix(0),
        person: Text::new(ODD),
        account: "root".into(),
        host: "bastion".into(),
        terminal: "pts/3".into(),
        ssh: "192.0.2.7".into(),
        verb: "rotate".into(),
        operation: CATALOG.into(),
        step: "wrap".into(),
        what: Text::new(ODD),
        vouches: n,
        changes: vec![EntryChange { kind: "passkey".into(), id: "a".into(), rev: n, digest: CATALOG.repeat(2) }],
    };
    let mut link = chain_start(CATALOG, INSTANCE);
    let mut entries = Vec::new();
    for n in 1..=4 {
        let stored = link.append(&entry(n), (n != 2).then_some(&journal_key));
        entries.push(json!({"seq": stored.seq, "text": stored.text, "hash": hex(&stored.hash), "mac": hex(&stored.mac)}));
        link = stored.link();
    }
    let read = |entries: &Value| json!({"do": "journal", "catalogId": CATALOG, "instanceId": INSTANCE, "journalKey": hex(journal_key.expose()), "entries": entries});
    let expected = json!({"intact": 4, "vouched": [true, null, true, true]});
    let ours = read(&entries.into());
    assert_eq!(answer(&ours), expected);
    assert_eq!(second.ask(&ours), expected);
    let made = second.ask(&json!({
        "do": "journal-make", "catalogId": CATALOG, "instanceId": INSTANCE, "journalKey": hex(journal_key.expose()),
        "texts": ["{}", ODD, "", "x"], "unvouched": [2],
    }));
    assert_eq!(answer(&read(&made["entries"])), expected);
    assert!(key(&hex(journal_key.expose()).into()).same(&journal_key));
}

#[test]
fn streams_cross() {
    let mut second = second!();
    let stream_key = Key::generate();
    for length in [0, 1, 1_048_519, 1_048_520, 1_048_521, 2_097_080, 2_097_081] {
        let plain = vec![0x5a; length];
        let stored = seal_small(&stream_key, b"ad", &plain);
        let open = |stored: &str| json!({"do": "stream", "key": hex(stream_key.expose()), "ad": hex(b"ad"), "stored": stored});
        assert!(second.ask(&open(&hex(&stored)))["plaintext"] == hex(&plain), "{length}");
        let made = second.ask(&json!({"do": "stream-seal", "key": hex(stream_key.expose()), "ad": hex(b"ad"), "plaintext": hex(&plain)}));
        let theirs = support::bytes(&made["stored"]);
        assert!(*open_small(&stream_key, b"ad", &theirs).unwrap() == plain, "{length}");
        for bad in
            [stored[..stored.len() - 1].to_vec(), [&stored[..], b"x"].concat(), flipped(&stored, 41), flipped(&stored, stored.len() - 1)]
        {
            assert_eq!(second.ask(&open(&hex(&bad))), json!({"refused": "stream"}), "{length}");
            assert!(open_small(&stream_key, b"ad", &bad).is_err(), "{length}");
        }
    }
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

#[test]
fn facts_of_artifacts_cross() {
    let mut second = second!();
    let (policy_key, metadata) = (Key::generate(), Key::generate());
    let draft = SidecarDraft {
        catalog_id: CATALOG.into(),
        instance_id: INSTANCE.into(),
        artifact_id: "a".repeat(32),
        policy: "app-daily".parse().unwrap(),
        created_at: Timestamp::from_unix(1_785_506_529),
        size: 7,
        stored: 63,
        facts: SealedFacts { kind: ArtifactKind::Stream, names: Text::new(ODD), note: Some(Text::new(ODD)), digest: "b".repeat(64) },
    };
    for hidden in [None, Some(&metadata)] {
        let text = Sidecar::make(&draft, &policy_key, hidden).to_json();
        let open = |text: &str| json!({"do": "sidecar", "text": text, "policyKey": hex(policy_key.expose()), "metadataKey": hex(metadata.expose())});
        let theirs = second.ask(&open(&text));
        assert_eq!(theirs["policy"], "app-daily");
        assert_eq!(theirs["private"], json!({"kind": "stream", "names": ODD, "note": ODD, "digest": "b".repeat(64)}));
        let public = json!({
            "catalogId": CATALOG, "instanceId": INSTANCE, "artifactId": "a".repeat(32), "policy": "app-daily",
            "createdAt": draft.created_at.to_string(), "size": 7, "stored": 63,
        });
        let made = second.ask(&json!({
            "do": "sidecar-make", "public": public, "private": {"kind": "stream", "names": ODD, "note": ODD, "digest": "b".repeat(64)},
            "policyKey": hex(policy_key.expose()), "hidden": hidden.map(|key| hex(key.expose())),
        }));
        let read = Sidecar::parse(made["text"].as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(read.open(&policy_key).unwrap(), draft.facts);
        assert_eq!(read.policy(&metadata).unwrap(), draft.policy);
        let altered = text.replace("\"size\":7", "\"size\":8");
        assert!(second.ask(&open(&altered))["refused"].is_string());
        assert!(Sidecar::parse(altered.as_bytes()).unwrap().open(&policy_key).is_err());
    }
}

#[test]
fn import_data_crosses() {
    let mut second = second!();
    let data = ImportData {
        policy: "app-daily".parse().unwrap(),
        key: Key::generate(),
        installation: "prod-eu1".into(),
        catalog_id: CATALOG.into(),
        location: "nfs".into(),
        target: Target::Directory { path: "/mnt/backups".into() },
        created_at: Timestamp::from_unix(1_785_506_529),
        note: Some(Text::new(ODD)),
    };
    let passphrase = Passphrase::entered(b"import passphrase").unwrap();
    let open = |text: &str, passphrase: Option<&[u8]>| json!({"do": "import", "text": text, "passphrase": passphrase.map(hex)});
    let plain = data.to_text();
    let protected = data.to_protected_text(&passphrase, TINY, PLENTY).unwrap();
    for (text, given) in [(plain.as_str(), None), (protected.as_str(), Some(passphrase.expose()))] {
        let theirs = second.ask(&open(text, given));
        let members = &theirs["members"];
        assert_eq!(members["policyKey"], kastellan::format::b64(data.key.expose()));
        assert_eq!((&members["policy"], &members["path"], &members["note"]), (&"app-daily".into(), &"/mnt/backups".into(), &ODD.into()));
        let made = second.ask(&json!({"do": "import-make", "members": members, "passphrase": given.map(hex)}));
        let read = ImportText::parse(made["text"].as_str().unwrap().as_bytes()).unwrap();
        let read = read.open(given.map(|_| &passphrase), PLENTY).unwrap();
        assert!(read.key.same(&data.key) && read.target == data.target && read.note == data.note);
        let slipped = text.replacen('A', "B", 1);
        assert_eq!(second.ask(&open(&slipped, given)), json!({"refused": "slip"}));
        assert!(ImportText::parse(slipped.as_bytes()).is_err());
    }
    assert_eq!(second.ask(&open(&protected, Some(b"wrong"))), json!({"refused": "passphrase"}));
}

#[test]
fn archives_cross() {
    let mut second = second!();
    let (metadata, passphrase) = (Key::generate(), Passphrase::entered(b"a DR passphrase").unwrap());
    let at = Timestamp::from_unix(1_785_506_529);
    let records: Vec<SealedRecord> = (0..2500)
        .map(|n| {
            let private = Object::new().with("note", format!("{n}{ODD}"));
            SealedRecord::seal(&metadata, CATALOG, RecordKind::Policy, &format!("p{n}"), 1, Object::new().with(ODD, ODD), &private)
        })
        .collect();
    let rows: Vec<Value> = records
        .iter()
        .map(|r| json!({"kind": r.kind.word(), "id": r.id, "rev": r.rev, "clear": r.clear, "sealed": hex(&r.sealed)}))
        .collect();
    let name = Text::from("prod-eu1");
    let (header, archive_key) = ArchiveHeader::make(CATALOG, INSTANCE, at, Some(&name), (3, &passphrase), TINY, PLENTY).unwrap();
    let head = ArchiveHead {
        instance_id: INSTANCE.into(),
        seq: 9,
        created_at: at,
        previous: "c".repeat(64),
        journal_seq: 42,
        journal_hash: "d".repeat(64),
    };
    let mut writer = ArchiveWriter::begin(Vec::new(), &header, &archive_key, &head).unwrap();
    for record in &records {
        writer.record(record).unwrap();
    }
    let stored = writer.finish().unwrap();
    let open = |stored: &[u8]| json!({"do": "archive", "stored": hex(stored), "passphrase": hex(passphrase.expose())});
    let theirs = second.ask(&open(&stored));
    assert_eq!((&theirs["head"]["seq"], &theirs["head"]["journalSeq"]), (&9.into(), &42.into()));
    assert!(theirs["rows"] == Value::from(rows.clone()));
    let made = second.ask(&json!({
        "do": "archive-make", "passphrase": hex(passphrase.expose()), "rows": rows, "head": {
            "instanceId": INSTANCE, "seq": 9, "createdAt": at.to_string(), "previous": "", "journalSeq": 42, "journalHash": "d".repeat(64),
        }, "header": {"catalogId": CATALOG, "instanceId": INSTANCE, "createdAt": at.to_string(), "drPassphrase": 3, "m": TINY.m, "t": TINY.t, "p": TINY.p},
    }));
    let made = support::bytes(&made["stored"]);
    let mut from = &made[..];
    let header = ArchiveHeader::read(&mut from).unwrap();
    let mut reader = ArchiveReader::begin(from, &header, &header.open(&passphrase, PLENTY).unwrap()).unwrap();
    let mut read = Vec::new();
    while let Some(record) = reader.record().unwrap() {
        read.push(record);
    }
    assert!(read == records && reader.head().journal_seq == 42);
    for at in [60, stored.len() - 1] {
        assert!(second.ask(&open(&flipped(&stored, at)))["refused"].is_string(), "{at}");
    }
}

#[test]
fn kits_cross() {
    let mut second = second!();
    let passphrase = Passphrase::generate();
    let text = |text: &str| KitText(Text::new(text));
    let installation =
        KitInstallation { name: text(ODD), catalog_id: CATALOG.into(), instance_id: INSTANCE.into(), master_key_id: "00".repeat(8) };
    let pin = KitPin { seq: 1, hash: "00".repeat(32), archive_seq: 0, unarchived: 0 };
    let mut kit = Kit::new(installation, Timestamp::from_unix(0), pin, Text::new(ODD));
    kit.locations.push(KitLocation::new("nas".parse().unwrap(), &Target::Directory { path: Text::new(ODD) }, None));
    // More than one of age's pieces of 64 KiB.
    kit.imports.push(KitSecret::new("x".repeat(200_000).into()));
    let open = |file: &str| json!({"do": "kit", "file": file, "passphrase": hex(passphrase.expose())});
    let document: Value = serde_json::from_slice(&kit.to_json()).unwrap();
    // Full work, which takes a second: this is what people get.
    let ours = kit.seal(&passphrase, 8 << 20).unwrap();
    assert!(second.ask(&open(&ours))["document"] == document);
    let made = second.ask(&json!({"do": "kit-seal", "document": document, "passphrase": hex(passphrase.expose()), "work": 10}));
    assert!(answer(&open(made["file"].as_str().unwrap()))["document"] == document);
}
