//! Planted secrets, looked for wherever they must not be: files, output, `/proc`, terminal bytes, and memory after locking.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use harness::cli::{Call, Run};
use harness::house::{Home, NAME};
use harness::pty::{Launch, Terminal};
use harness::{aes, procfs, seed, tools};
use kastellan::catalog::Catalog;
use kastellan::crypto::{Params, Passphrase, expand, extract};
use kastellan::format::{RecordKind, Wrap, b64, hex, lp, unb64};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Passphrases that stand out.
const MARKER: &str = "zq7-planted-marker-passphrase-xk4";
const SECOND: &str = "wv3-second-planted-passphrase-jj9";
const WRONG: &str = "uu5-wrong-planted-passphrase-bb1";

/// What is looked for: bytes, and what they are.
#[derive(Default)]
struct Needles(BTreeMap<Vec<u8>, String>);

impl Needles {
    fn add(&mut self, what: &str, bytes: &[u8]) {
        self.0.insert(bytes.to_vec(), what.to_owned());
    }

    /// A passphrase: as it is, its halves, hex and base64.
    fn passphrase(&mut self, what: &str, text: &str) {
        let (first, last) = text.as_bytes().split_at(text.len() / 2);
        for (form, bytes) in [("", text.as_bytes().to_vec()), (", first half", first.to_vec()), (", last half", last.to_vec())] {
            self.add(&format!("{what}{form}"), &bytes);
        }
        self.texts(what, text.as_bytes());
    }

    /// A key: as it is, its halves, hex and base64.
    fn key(&mut self, what: &str, key: &[u8; 32]) {
        self.add(what, key);
        self.add(&format!("{what}, first half"), &key[..16]);
        self.add(&format!("{what}, last half"), &key[16..]);
        self.texts(what, key);
    }

    /// A key that AES was keyed with: also its round keys, for sealing and for opening.
    fn cipher(&mut self, what: &str, key: &[u8; 32]) {
        self.key(what, key);
        for (round, bytes) in aes::round_keys(key).iter().enumerate() {
            self.add(&format!("{what}, round key {round}"), bytes);
            self.add(&format!("{what}, inverse round key {round}"), &aes::inverse(bytes));
        }
    }

    fn texts(&mut self, what: &str, bytes: &[u8]) {
        let (hex, base64) = (hex(bytes), b64(bytes));
        self.add(&format!("{what}, hex"), hex.as_bytes());
        self.add(&format!("{what}, capital hex"), hex.to_uppercase().as_bytes());
        self.add(&format!("{what}, base64"), base64.trim_end_matches('=').as_bytes());
        self.add(&format!("{what}, base64url"), base64.trim_end_matches('=').replace('+', "-").replace('/', "_").as_bytes());
    }

    /// What of it stands in these bytes.
    fn found(&self, hay: &[u8]) -> Vec<&str> {
        let mut begins = vec![false; 1 << 16];
        for needle in self.0.keys() {
            begins[usize::from(u16::from_be_bytes([needle[0], needle[1]]))] = true;
        }
        let mut found = Vec::new();
        for at in 0..hay.len().saturating_sub(1) {
            if begins[usize::from(hay[at]) << 8 | usize::from(hay[at + 1])] {
                let here = self.0.iter().filter(|(needle, _)| hay[at..].starts_with(needle));
                found.extend(here.map(|(_, what)| what.as_str()));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// A home whose passphrases are the planted ones.
fn planted() -> Home {
    let home = Home::new();
    for (name, text) in [("one", MARKER), ("two", SECOND), ("wrong", WRONG)] {
        home.secret(name, text);
    }
    home
}

fn file(home: &Home, name: &str) -> String {
    home.path().join(name).to_string_lossy().into_owned()
}

fn catalog(home: &Home) -> PathBuf {
    home.files().into_iter().map(|(path, _)| path).find(|p| p.ends_with("catalog.db")).expect("a catalog")
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// All secrets of this installation that can be computed from outside, with the passphrase of one of its passkeys.
fn needles(home: &Home, passkey: &str, passphrase: &str) -> Needles {
    let mut needles = Needles::default();
    for (what, text) in [("the passphrase", MARKER), ("the second passphrase", SECOND), ("a wrong passphrase", WRONG)] {
        needles.passphrase(what, text);
    }
    wait(async {
        let opened = seed::open(&catalog(home), passkey, passphrase).await;
        needles.key("the master key", opened.master.expose());
        let prk = extract(b"kastellan.v1", opened.master.expose());
        needles.key("the PRK", prk.expose());
        let metadata = opened.derived.metadata_key();
        needles.key("the metadata key", metadata.expose());
        needles.key("the journal key", opened.derived.journal_key().expose());
        needles.key("the seed of the key that signs", opened.derived.signing_seed().expose());
        for policy in opened.catalog.ids(RecordKind::Policy).await.unwrap() {
            needles.key("a policy key", opened.derived.policy_key(&policy).expose());
        }
        for kind in RecordKind::ALL {
            for id in opened.catalog.ids(kind).await.unwrap() {
                let record = opened.catalog.get(kind, &id).await.unwrap().unwrap();
                let mut info = Vec::new();
                lp(&mut info, b"kastellan.box.v1");
                lp(&mut info, b"record");
                info.extend_from_slice(&record.sealed[..32]);
                needles.cipher("the key of a record's box", expand(&metadata, &info).expose());
                let Some(wrap) = record.clear().unwrap().text("wrap").map(|w| Wrap::parse(w).unwrap()) else { continue };
                let salt: [u8; 16] = unb64(wrap.object().text("salt").unwrap()).unwrap().try_into().unwrap();
                let Params { m, t, p } = wrap.params().unwrap();
                for text in [MARKER, SECOND] {
                    let passphrase = Passphrase::entered(text.as_bytes()).unwrap();
                    let kek = Params { m, t, p }.derive(&passphrase, &salt, 1 << 22).unwrap();
                    needles.cipher("the key that wraps the master key", kek.expose());
                }
            }
        }
    });
    needles
}

#[test]
fn the_search_finds_what_is_there() {
    let mut needles = Needles::default();
    needles.passphrase("it", MARKER);
    let key: [u8; 32] = std::array::from_fn(|n| u8::try_from(n).unwrap() ^ 0xa5);
    needles.cipher("key", &key);
    for (hay, what) in [
        (format!("..{MARKER}.."), "it"),
        (format!("..{}..", &MARKER[..16]), "it, first half"),
        (format!("..{}..", hex(MARKER.as_bytes())), "it, hex"),
        (format!("..{}..", hex(&key)), "key, hex"),
        (format!("..{}..", b64(&key)), "key, base64"),
    ] {
        assert!(needles.found(hay.as_bytes()).contains(&what), "{hay}");
    }
    assert!(needles.found(&aes::round_keys(&key)[9]).contains(&"key, round key 9"));
    assert!(needles.found(&[0; 4096]).is_empty());
}

#[test]
fn round_keys_are_those_of_the_standard() {
    // FIPS 197, appendix A.3.
    let key: [u8; 32] = kastellan::format::unhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4").unwrap();
    let keys = aes::round_keys(&key);
    assert_eq!(hex(&keys[2]), "9ba354118e6925afa51a8b5f2067fcde");
    assert_eq!(hex(&keys[14]), "fe4890d1e6188d0b046df344706c631e");
    // A matrix that is its own inverse four times over.
    let mut twice = keys[5];
    for _ in 0..4 {
        twice = aes::inverse(&twice);
    }
    assert_eq!(twice, keys[5]);
}

#[test]
fn no_secret_is_in_files_output_or_the_process_list() {
    let home = planted();
    let (one, two, wrong) = (file(&home, "one"), file(&home, "two"), file(&home, "wrong"));
    let mut said: Vec<Run> = Vec::new();
    let mut all = Vec::new();
    let mut walk = |args: &[&str]| {
        let mut loud: Vec<&str> = args.to_vec();
        loud.extend(["-vvv", "--log-file", "walk.log"]);
        let child = Call::new(&home, &loud).start();
        // Looked at while it runs; root sees the environment as well.
        let pid = child.id();
        for name in ["cmdline", "environ"] {
            all.extend(std::fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default());
        }
        let output = child.wait_with_output().unwrap();
        said.push(Run {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    };
    walk(&["init", "--name", NAME, "--new-passphrase-file", &one]);
    walk(&["policy", "add", "app-daily", "--passphrase-file", &one]);
    walk(&["policy", "show", "app-daily", "-o", "yaml", "--passphrase-file", &one]);
    walk(&["policy", "list", "-o", "json", "--passphrase-file", &one]);
    walk(&["policy", "add", "x", "--passphrase-file", &wrong]);
    walk(&["passkey", "add", "ana", "--note", "a remark", "--new-passphrase-file", &two, "--passphrase-file", &one, "--events"]);
    walk(&["passkey", "show", "ana", "-o", "yaml", "--passphrase-file", &two]);
    walk(&["passkey", "check", "--passphrase-file", &format!("ana={two}"), "--passphrase-file", &one]);
    walk(&["passkey", "check", "ana", "--passphrase-file", &wrong]);
    walk(&["rotate", "k2", "--new-passphrase-file", &two, "--passphrase-file", &one, "--plan"]);
    walk(&["rotate", "k2", "--new-passphrase-file", &two, "--passphrase-file", &one, "--events", "-o", "json"]);
    walk(&["passkey", "use", "ana", "--yes", "--passphrase-file", &one]);
    let (share, plain) = (home.path().join("share"), home.file("plain", "what is sealed", 0o600));
    std::fs::create_dir(&share).unwrap();
    let share = share.to_str().unwrap().to_owned();
    let below = |name: &str| home.path().join(name).to_string_lossy().into_owned();
    walk(&["location", "add", "nfs", "--directory", &share, "--passphrase-file", &one]);
    walk(&["artifact", "seal", &plain, "--policy", "app-daily", "--passphrase-file", &one, "--events"]);
    walk(&["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &two, "--passphrase-file", &one, "--events"]);
    walk(&["dr", "check", "--dr-passphrase-file", &two, "--passphrase-file", &one]);
    walk(&["dr", "check", "--dr-passphrase-file", &wrong, "--passphrase-file", &one]);
    walk(&["artifact", "verify", "--all", "--passphrase-file", &one]);
    let (kit, import) = (below("kit.age"), below("app.import"));
    let make = ["kit", "make", "--to", &kit, "--kit-passphrase-file", &two, "--include-passphrases", "--policy", "app-daily"];
    walk(&[&make[..], &["--passphrase-file", &one]].concat());
    walk(&["kit", "check", &kit, "--kit-passphrase-file", &two]);
    walk(&["migration", "export", "app-daily", "--to", &import, "--import-passphrase-file", &two, "--passphrase-file", &one]);
    walk(&["migration", "inspect", &import, "--import-passphrase-file", &two]);
    let drill =
        ["drill", "run", "--scenario", "machine-lost", "--directory", &share, "--dr-passphrase-file", &two, "--passphrase-file", &one];
    walk(&[&drill[..], &["--report", home.path().to_str().unwrap()]].concat());
    walk(&["journal", "list", "-o", "json", "--passphrase-file", &one]);
    walk(&["journal", "verify", "--passphrase-file", &one]);
    walk(&["status", "-o", "json", "--passphrase-file", &one]);
    walk(&["doctor"]);
    // Last: this machine then knows the restored one.
    let (restored, kitted) = (below("restored.db"), below("kitted.db"));
    let restore = ["--catalog", &restored, "dr", "restore", "--directory", &share, "--dr-passphrase-file", &two, "--passphrase-file", &one];
    walk(&restore);
    walk(&["--catalog", &kitted, "recover", "--kit", &kit, "--kit-passphrase-file", &two, "--yes"]);
    assert_eq!(said[0].code, 0, "{:#?}", said[0]);
    assert_eq!(failed(&said).iter().map(|run| run.code).collect::<Vec<_>>(), [3, 9, 5, 9], "{:#?}", failed(&said));

    let needles = needles(&home, "k10MasterKey", MARKER);
    assert_eq!(needles.found(&all), Vec::<&str>::new(), "arguments and environment");
    for run in &said {
        assert_eq!(needles.found(run.out.as_bytes()), Vec::<&str>::new(), "{}", run.out);
        assert_eq!(needles.found(run.err.as_bytes()), Vec::<&str>::new(), "{}", run.err);
    }
    assert!(home.path().join("walk.log").exists(), "there is a log to look into");
    for (path, bytes) in home.files() {
        if ["one", "two", "wrong"].iter().all(|name| path != home.path().join(name)) {
            assert_eq!(needles.found(&bytes), Vec::<&str>::new(), "{}", path.display());
        }
    }
}

#[test]
fn a_retired_wrap_is_gone_from_the_catalog_and_its_log() {
    let home = planted();
    let (one, two) = (file(&home, "one"), file(&home, "two"));
    home.good(&["init", "--name", NAME, "--new-passphrase-file", &one]);
    let wrap = wait(async {
        let opened = seed::open(&catalog(&home), "k10MasterKey", MARKER).await;
        let record = opened.catalog.get(RecordKind::Passkey, "k10masterkey").await.unwrap().unwrap();
        Wrap::parse(record.clear().unwrap().text("wrap").unwrap()).unwrap()
    });
    let mut gone = Needles::default();
    for member in ["ciphertext", "salt", "nonce"] {
        let text = wrap.object().text(member).unwrap();
        gone.add(member, text.as_bytes());
        gone.add(&format!("{member}, as bytes"), &unb64(text).unwrap());
    }
    let looked = || {
        let files = home.files().into_iter().filter(|(path, _)| path.starts_with(home.path().join("data")));
        files.flat_map(|(_, bytes)| gone.found(&bytes).into_iter().map(str::to_owned).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    assert!(looked().contains(&"ciphertext".to_owned()), "it is there before");
    home.good(&[
        "rotate",
        "k2",
        "--new-passphrase-file",
        &two,
        "--retire",
        "k10MasterKey",
        "--confirm",
        "k10MasterKey",
        "--passphrase-file",
        &one,
    ]);
    assert_eq!(looked(), Vec::<String>::new());
    assert_eq!(home.run(&["policy", "add", "x", "--passphrase-file", &one]).code, 3, "the old passphrase opens nothing");
}

/// The console on a house whose passphrase is typed.
fn unlocked_by_typing(home: &Home) -> Terminal {
    let terminal = Launch::kastellan(home, &[""; 0]).size(120, 40).start();
    terminal.wait_text("k10MasterKey");
    terminal.send(MARKER);
    terminal.send("\r");
    terminal.wait_text("unlocked by k10MasterKey");
    terminal
}

/// Those that did not go well.
fn failed(said: &[Run]) -> Vec<&Run> {
    said.iter().filter(|run| run.code != 0).collect()
}

/// Waits for a step of a flow, with its plan where it is a review, and sends its keys.
fn step_of(terminal: &Terminal, step: &str, keys: &str) {
    terminal.wait(step, |screen| {
        let text = screen.contents();
        let there = text.contains(&format!("[>] {step}")) || step == "Receipt" && text.contains("[x] Receipt") && text.contains("Close");
        there && (step != "Review" || text.contains("  1. ") || text.contains("Steps: "))
    });
    terminal.send(keys);
    if step == "Receipt" {
        terminal.wait_gone("] Receipt");
    }
}

#[test]
fn what_is_typed_is_not_drawn_and_after_locking_not_in_memory() {
    if !tools::need_root("memory") {
        return;
    }
    let home = planted();
    let one = file(&home, "one");
    home.good(&["init", "--name", NAME, "--new-passphrase-file", &one]);
    for policy in ["app-daily", "db-hourly"] {
        home.good(&["policy", "add", policy, "--passphrase-file", &one]);
    }
    let mut wanted = needles(&home, "k10MasterKey", MARKER);

    // The search sees what is there: typed, and not yet sent.
    let typing = Launch::kastellan(&home, &[""; 0]).start();
    typing.wait_text("k10MasterKey");
    typing.send(MARKER);
    harness::until("the typed passphrase in memory", || (!in_memory(&typing, &wanted).is_empty()).then_some(()));
    drop(typing);

    // Unlock, derive, show everything, lock.
    let terminal = unlocked_by_typing(&home);
    for key in ["2", "d", "d", "y", "\x1b", "3", "y", "\x1b", "4", "6", "1"] {
        terminal.send(key);
        terminal.wait_quiet(std::time::Duration::from_millis(80));
    }
    terminal.send("2t");
    terminal.wait_text("Type its passphrase");
    terminal.send(WRONG);
    let stars = "*".repeat(WRONG.len().min(40));
    terminal.wait_text(&stars);
    // A location, DR with a passphrase that is typed twice, a drill of it by typing it once more.
    terminal.send("\x1b");
    terminal.wait_text("Esc again leaves");
    terminal.send("\x1b");
    terminal.wait_gone("Type its passphrase");
    let share = home.path().join("share");
    std::fs::create_dir(&share).unwrap();
    terminal.send("4n");
    for (step, keys) in [
        ("Name of the location", "nfs\r"),
        ("What kind", "\r"),
        ("Folder", &format!("{}\r", share.display())),
        ("What its readers learn", "\r"),
        ("Review", "\r"),
        ("Receipt", "\r"),
    ] {
        step_of(&terminal, step, keys);
    }
    terminal.wait_text("locations and artifacts(all)[1]");
    terminal.send("5n");
    for (step, keys) in [
        ("What DR is", "\r"),
        ("Where the archives go", "\r"),
        ("Passphrase", "jj\r"),
        ("Review", "\r"),
        ("Type passphrase twice", &format!("{SECOND}\r{SECOND}\r")),
        ("Receipt", "\r"),
    ] {
        step_of(&terminal, step, keys);
    }
    terminal.wait_text("archive 1, no. 1");
    terminal.send(":dr-check\r");
    step_of(&terminal, "Type the DR passphrase", &format!("{SECOND}\r"));
    step_of(&terminal, "Receipt", "\r");
    // A drill, asked step by step in the console: a wrong passphrase, and the right ones.
    terminal.send(":drill\r");
    terminal.answer("Where are the archives? A folder, or s3://BUCKET/PREFIX:", &share.display().to_string());
    for (prompt, secret) in [("DR passphrase:", WRONG), ("DR passphrase:", SECOND), ("passphrase:", MARKER), ("passphrase:", MARKER)] {
        terminal.answer(prompt, secret);
    }
    terminal.wait_text("Done. Enter closes.");
    terminal.send("\r");
    terminal.send("\x18");
    terminal.wait_gone("unlocked by");
    terminal.wait_quiet(std::time::Duration::from_millis(300));
    // Records that were written by this very unlock have keys of their own.
    wanted.0.extend(needles(&home, "k10MasterKey", MARKER).0);
    assert_eq!(in_memory(&terminal, &wanted), Vec::<String>::new());
    assert_eq!(wanted.found(&terminal.all_bytes()), Vec::<&str>::new(), "drawn");
    for (path, bytes) in home.files() {
        if path != home.path().join("one") && path != home.path().join("two") && path != home.path().join("wrong") {
            assert_eq!(wanted.found(&bytes), Vec::<&str>::new(), "{}", path.display());
        }
    }
}

#[test]
fn a_panic_tells_no_secret() {
    if !harness::PANICS {
        return;
    }
    let home = planted();
    let one = file(&home, "one");
    home.good(&["init", "--name", NAME, "--new-passphrase-file", &one]);
    let needles = needles(&home, "k10MasterKey", MARKER);
    let terminal =
        Launch::kastellan(&home, &["--passphrase-file", &one]).env("KASTELLAN_TEST_PANIC", "draw").env("RUST_BACKTRACE", "full").start();
    terminal.wait_end();
    terminal.wait_restored();
    assert_eq!(needles.found(&terminal.all_bytes()), Vec::<&str>::new());
    assert!(
        !home.files().iter().any(|(path, _)| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("core"))),
        "no core dump"
    );
}

/// What of it is in the process's memory, and where.
fn in_memory(terminal: &Terminal, needles: &Needles) -> Vec<String> {
    let mappings = procfs::mappings(terminal.pid());
    assert!(mappings.len() > 10, "its memory can be read");
    let found = mappings
        .iter()
        .flat_map(|(mapping, bytes)| needles.found(bytes).into_iter().map(|what| format!("{what} in {mapping}")).collect::<Vec<_>>());
    found.collect()
}
