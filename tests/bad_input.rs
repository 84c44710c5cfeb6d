//! Bad input: each gives two clear lines and the right exit code, changes nothing, loses nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use harness::cli::{Call, Run};
use harness::house::{House, PASSPHRASE};
use kastellan::crypto::hash;
use kastellan::format::hex;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::{fs, os::unix::fs::OpenOptionsExt};

/// What must not change: records as the program itself tells them, and every file (by its hash) but logs, the pin file, and the catalog's own,
/// whose journal keeps failed unlocks.
fn standing(house: &House) -> BTreeMap<String, String> {
    let told =
        [&["passkey", "list", "-o", "name"][..], &["policy", "list", "-o", "name"][..]].map(|args| (args.join(" "), house.look(args).out));
    let mine = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        !path.starts_with(house.home.path().join("state"))
            && !name.starts_with("catalog.db")
            && ![".lock", "-wal", "-shm"].iter().any(|end| name.ends_with(end))
    };
    let files = house.home.files().into_iter().filter(|(path, _)| mine(path));
    files.map(|(path, bytes)| (path.display().to_string(), hex(&hash(&[&bytes])))).chain(told).collect()
}

/// Runs each line: what it is, the arguments, the exit code, and words that its first line must have. All that is wrong is told at once.
fn refuse(house: &House, table: &[(&str, Vec<String>, i32, &str)]) {
    let before = standing(house);
    let mut wrong = Vec::new();
    for (what, args, code, words) in table {
        let run = house.home.run(args);
        let fault = run.fault(*code).and_then(
            |(first, _)| {
                if first.contains(words) { Ok(()) } else { Err(format!("does not say {words:?}: {first}")) }
            },
        );
        if let Err(why) = fault {
            wrong.push(format!("{what}: {why}"));
        }
        if run.err.contains(PASSPHRASE) || run.out.contains(PASSPHRASE) {
            wrong.push(format!("{what}: tells the passphrase"));
        }
    }
    let after = standing(house);
    let changed: Vec<_> = after.iter().filter(|(name, what)| before.get(*name) != Some(*what)).map(|(name, _)| name).collect();
    assert!(wrong.is_empty() && changed.is_empty() && before.len() == after.len(), "\n{}\nchanged: {changed:?}", wrong.join("\n"));
    house.open(&["journal", "verify"]);
}

fn line(what: &'static str, args: &[&str], code: i32, words: &'static str) -> (&'static str, Vec<String>, i32, &'static str) {
    (what, args.iter().map(|a| (*a).to_owned()).collect(), code, words)
}

#[test]
fn words_and_flags() {
    let house = House::new();
    let key = house.key();
    refuse(
        &house,
        &[
            line("no such verb", &["rotete"], 2, "rotete"),
            line("no such sub-verb", &["passkey", "lst"], 2, "lst"),
            line("no such flag", &["passkey", "list", "--al"], 2, "--al"),
            line("no name", &["passkey", "add"], 2, "NAME"),
            line("no name to use", &["passkey", "use"], 2, "NAME"),
            line("no name to show", &["policy", "show"], 2, "NAME"),
            line("no such format", &["passkey", "list", "-o", "xml"], 2, "xml"),
            line("no such colour", &["status", "--color", "pink"], 2, "pink"),
            line("two sources of one secret", &["status", "--passphrase-file", &key, "--passphrase-fd", "3"], 2, "--passphrase-fd"),
            line("two new secrets", &["passkey", "add", "ana", "--generate", "--new-passphrase-file", &key], 2, "--"),
            line(
                "retire without a confirmation",
                &["rotate", "k2", "--new-passphrase-file", &key, "--retire", "k10MasterKey", "--passphrase-file", &key],
                5,
                "confirm",
            ),
            line(
                "a wrong confirmation",
                &["rotate", "k2", "--new-passphrase-file", &key, "--retire", "k10MasterKey", "--confirm", "k10", "--passphrase-file", &key],
                5,
                "--confirm says k10, and this is about k10MasterKey",
            ),
            line("a secret as an argument", &["status", "--passphrase", "geheim"], 2, "--passphrase"),
            line("a context nobody knows", &["status", "--context", "prod"], 4, "prod"),
            line("no such passkey", &["passkey", "show", "k10MasterKe"], 4, "k10MasterKe"),
            line("no such policy", &["policy", "show", "app-daily"], 4, "app-daily"),
            line("no descriptor", &["policy", "add", "x", "--passphrase-fd", "77"], 2, "77"),
            line("not a number", &["policy", "add", "x", "--passphrase-fd", "three"], 2, "three"),
            line("nobody to ask", &["policy", "add", "x"], 3, "passphrase"),
            line("nobody to ask for the new one", &["passkey", "add", "ana", "--passphrase-file", &key], 3, "passphrase"),
        ],
    );
}

/// A verb as its own help tells it.
struct Verb {
    path: Vec<String>,
    /// Names of its arguments as the usage line has them: `<NAME>`, `[NAME]`, `[NAME]...`.
    arguments: Vec<String>,
    /// Flags that it cannot do without, each with a value.
    required: Vec<String>,
    /// Its flags that take a value, with what kind of one.
    flags: Vec<(String, String)>,
}

/// Every verb that there is, found by asking for help: a new one is among them by itself.
fn verbs(house: &House, path: &[String]) -> Vec<Verb> {
    let help = house.look(&path.iter().map(String::as_str).chain(["--help"]).collect::<Vec<_>>()).out;
    let below = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // What it says of a verb may go on in the next line, further to the right.
    let names: Vec<String> = below
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !matches!(*name, "" | "help"))
        .map(str::to_owned)
        .collect();
    let (before, usage) = help.split_once("Usage: kastellan").expect("a usage line");
    assert!(!before.is_empty(), "{path:?} says what it does");
    let usage = usage.lines().next().unwrap();
    let mut words = usage.split_whitespace().skip(path.len()).filter(|word| !matches!(*word, "[OPTIONS]" | "[COMMAND]" | "<COMMAND>"));
    let (mut arguments, mut required) = (Vec::new(), Vec::new());
    while let Some(word) = words.next() {
        if word.starts_with("--") {
            let value = if words.next() == Some("<TIME>") { "2026-01-01" } else { "bash" };
            required.extend([word.to_owned(), value.to_owned()]);
        } else {
            arguments.push(word.to_owned());
        }
    }
    let flag = |line: &str| {
        let (flag, rest) = line[line.find("--")?..].split_once(' ')?;
        let value = rest.strip_prefix('<').or(rest.strip_prefix('['))?.split(['>', ' ']).next()?;
        Some((flag.to_owned(), value.to_owned()))
    };
    let flags = help.lines().map(str::trim).filter(|line| line.starts_with('-')).filter_map(flag).collect();
    let own = Verb { path: path.to_vec(), arguments, required, flags };
    if names.is_empty() {
        return vec![own];
    }
    names.iter().flat_map(|name| verbs(house, &[path, std::slice::from_ref(name)].concat())).collect()
}

#[test]
fn every_verb_with_missing_and_wrong_flags() {
    let house = House::new();
    let verbs = verbs(&house, &[]);
    let known = "demo init recover status doctor location.add artifact.seal migration.export dr.enable passkey.list passkey.show passkey.add passkey.check passkey.use passkey.remove rotate policy.list \
                 policy.show policy.add policy.remove journal.list journal.verify completions man";
    for name in known.split(' ').filter(|name| !name.is_empty()) {
        assert!(verbs.iter().any(|verb| verb.path.join(".") == name), "{name} is not among them");
    }
    let before = standing(&house);
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for verb in &verbs {
        let needed = verb.arguments.iter().filter(|argument| argument.starts_with('<')).count();
        let with = |more: &[&str]| {
            let filled = verb.path.iter().cloned().chain((0..needed).map(|_| "bash".to_owned())).chain(verb.required.iter().cloned());
            filled.chain(more.iter().map(|word| (*word).to_owned())).collect::<Vec<_>>()
        };
        let mut cases = vec![(with(&["--no-such-flag"]), "--no-such-flag".to_owned())];
        if needed > 0 {
            cases.push((verb.path.clone(), verb.arguments[0].trim_matches(['<', '>', '.']).to_owned()));
        }
        if !verb.arguments.iter().any(|argument| argument.ends_with("...")) {
            let more = vec!["onetoomany"; verb.arguments.len() - needed + 1];
            cases.push((with(&more), "onetoomany".to_owned()));
        }
        assert!(verb.flags.len() >= 10, "{:?} takes what every verb takes: {:?}", verb.path, verb.flags);
        for (flag, value) in &verb.flags {
            cases.push((with(&[flag]), flag.clone()));
            // Given twice, that is what is wrong first.
            let value = if verb.required.contains(flag) { "" } else { value.as_str() };
            match value {
                "N" => cases.push((with(&[flag, "three"]), "three".to_owned())),
                "TIME" => cases.push((with(&[flag, "never"]), "never".to_owned())),
                "FORMAT" | "WHEN" => cases.push((with(&[flag, "pink"]), "pink".to_owned())),
                _ => {}
            }
        }
        cases.push((with(&["--catalog", "a", "--context", "b"]), "--c".to_owned()));
        cases.push((with(&["--passphrase-file", "a", "--passphrase-fd", "3"]), "--passphrase-f".to_owned()));
        if verb.flags.iter().any(|(flag, _)| flag == "--new-passphrase-file") {
            cases.push((with(&["--generate", "--new-passphrase-file", "a"]), "--".to_owned()));
            cases.push((with(&["--write-passphrase", "a"]), "--generate".to_owned()));
        }
        for (args, words) in cases {
            tried += 1;
            let run = house.home.run(&args);
            match run.fault(2) {
                Ok((first, next)) if first.contains(&words) || next.contains(&words) => {}
                Ok((first, _)) => wrong.push(format!("{args:?} does not say {words:?}: {first}")),
                Err(why) => wrong.push(format!("{args:?}: {why}")),
            }
        }
    }
    println!("{} verbs, {tried} wrong command lines", verbs.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 20 * verbs.len(), "{tried}");
    assert_eq!(standing(&house), before);
}

#[test]
fn passphrase_files() {
    let house = House::new();
    let home = &house.home;
    let (wrong, open, group) =
        (home.secret("wrong", "not the passphrase"), home.file("open", PASSPHRASE, 0o644), home.file("group", PASSPHRASE, 0o640));
    let (empty, blank, big) = (
        home.secret("empty", "").replace("empty", "none"),
        home.file("blank", " \n\t\n", 0o600),
        home.file("big", vec![b'a'; 1 << 20], 0o600),
    );
    home.file("none", "", 0o600);
    let binary = home.file("binary", [0_u8, 159, 146, 150, 255, 0, 1], 0o600);
    let folder = home.path().join("folder").to_string_lossy().into_owned();
    fs::create_dir(&folder).unwrap();
    let pipe = home.path().join("pipe").to_string_lossy().into_owned();
    assert!(std::process::Command::new("mkfifo").args(["-m", "600", &pipe]).status().unwrap().success());
    let dangling = home.path().join("dangling");
    symlink("nowhere", &dangling).unwrap();
    let dangling = dangling.to_string_lossy().into_owned();
    let with = |file: &str| ["policy", "add", "app-daily", "--passphrase-file", file].map(str::to_owned).to_vec();
    refuse(
        &house,
        &[
            ("a wrong passphrase", with(&wrong), 3, "no passkey opens"),
            ("a file others may read", with(&open), 5, "0644"),
            ("a file its group may read", with(&group), 5, "0640"),
            ("an empty file", with(&empty), 3, "empty"),
            ("a blank file", with(&blank), 3, "empty"),
            ("a file of 1 MB", with(&big), 5, "65536"),
            ("a binary file", with(&binary), 3, "no passkey opens"),
            ("a folder", with(&folder), 5, "folder"),
            ("a pipe", with(&pipe), 5, "pipe"),
            ("no file", with("/nowhere/at/all"), 4, "/nowhere/at/all"),
            ("a link to nothing", with(&dangling), 4, "dangling"),
            ("standard output as a file", with("/dev/null"), 5, "device"),
        ],
    );
    // The same for a new passphrase, and the rules for new ones.
    let new = |file: &str| house.opening(&["passkey", "add", "ana", "--new-passphrase-file", file]);
    let (control, long) = (home.file("control", "a\u{7}b", 0o600), home.file("long", "a".repeat(1025), 0o600));
    refuse(
        &house,
        &[
            ("new: a file others may read", new(&open), 5, "0644"),
            ("new: an empty file", new(&empty), 3, "empty"),
            ("new: a binary file", new(&binary), 5, "UTF-8"),
            ("new: control characters", new(&control), 5, "control"),
            ("new: more than 1024 bytes", new(&long), 5, "1024"),
            ("new: a folder", new(&folder), 5, "folder"),
        ],
    );
}

#[test]
fn names() {
    let house = House::new();
    let key = house.key();
    let (new, longest, longer) = (house.home.secret("new", "another-passphrase-0002"), "a".repeat(63), "a".repeat(64));
    let policy = |labels: usize| vec!["a".repeat(49); labels].join(".") + &"b".repeat(253 - (labels * 50 - 1));
    let (fits, too_long) = (policy(5), policy(5) + "c");
    let passkey = |name: &str| house.opening(&["passkey", "add", name, "--new-passphrase-file", &new]);
    let add = |name: &str| house.opening(&["policy", "add", name]);
    refuse(
        &house,
        &[
            ("a passkey of no characters", passkey(""), 2, "name"),
            ("a passkey of 64 characters", passkey(&longer), 2, "63"),
            ("a passkey with a slash", passkey("a/b"), 2, "a/b"),
            ("a passkey that begins with a dot", passkey(".a"), 2, ".a"),
            ("a passkey with an escape", passkey("a\u{1b}[31m"), 2, "name"),
            ("a passkey in other letters", passkey("schl\u{fc}ssel"), 2, "name"),
            ("a passkey that is there", passkey("k10MasterKey"), 5, "k10MasterKey"),
            ("a passkey that is there in other letters", passkey("K10masterkey"), 5, "k10MasterKey"),
            ("a policy of no characters", add(""), 2, "name"),
            ("a policy of 254 characters", add(&too_long), 2, "253"),
            ("a policy in capitals", add("App"), 2, "App"),
            ("a policy with a space", add("a b"), 2, "a b"),
            ("a policy that ends in a dash", add("a-"), 2, "a-"),
            ("a policy with a right-to-left override", add("a\u{202e}b"), 2, "name"),
        ],
    );
    assert_eq!((fits.len(), too_long.len()), (253, 254));
    for args in [passkey(&longest), add(&fits), add("a")] {
        house.home.good(&args);
    }
    let hostile = house.home.run(&["policy", "show", "a\u{1b}]0;owned\u{7}\u{202e}"]);
    assert!(!hostile.err.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{:?}", hostile.err);
    let _ = key;
}

#[test]
fn yaml() {
    let house = House::new();
    let new = house.home.secret("new", "another-passphrase-0002");
    let head = "apiVersion: vault.kio.kasten.io/v1alpha1\nkind: Passkey\nmetadata:\n  name: from-yaml\n";
    let secret = "spec:\n  usenow: false\n  secret:\n    name: k10-cluster-passphrase\n    namespace: kasten-io\n";
    let bomb = {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..12 {
            let nine = vec![format!("*a{}", n - 1); 9].join(", ");
            writeln!(text, "a{n}: &a{n} [{nine}]").unwrap();
        }
        text
    };
    let cases = [
        ("an unknown field", format!("{head}{secret}  colour: red\n"), "colour"),
        ("an unknown field at the top", format!("{head}{secret}extra: 1\n"), "extra"),
        ("another kind", format!("{head}{secret}").replace("kind: Passkey", "kind: Profile"), "Profile"),
        ("another version", format!("{head}{secret}").replace("v1alpha1", "v9"), "v9"),
        ("a number where a text belongs", format!("{head}{secret}").replace("name: k10-cluster-passphrase", "name: 7"), "7"),
        ("a text where yes or no belongs", format!("{head}{secret}").replace("usenow: false", "usenow: later"), "usenow"),
        ("no name", "apiVersion: vault.kio.kasten.io/v1alpha1\nkind: Passkey\nspec: {}\n".to_owned(), "metadata"),
        ("a bad name", format!("{head}{secret}").replace("from-yaml", "\"a/b\""), "a/b"),
        ("an anchor", format!("{head}{secret}").replace("kasten-io", "&x kasten-io"), "anchor"),
        ("an anchor bomb", bomb, "anchor"),
        ("two documents", format!("{head}{secret}---\n{head}{secret}"), "document"),
        ("nothing", String::new(), "apiVersion"),
        ("not YAML", "{[}".to_owned(), "line 1"),
        ("invalid UTF-8", String::new(), "UTF-8"),
        ("a field twice", format!("{head}{secret}  usenow: true\n"), "usenow"),
        ("100 kB of a name", format!("{head}{secret}").replace("from-yaml", &"x".repeat(100_000)), "65536"),
        ("very deep", "[".repeat(20_000), "line 1"),
        ("more than a manifest ever has", format!("{head}{secret}# {}\n", "x".repeat(2_000_000)), "65536"),
    ];
    let mut table = Vec::new();
    for (number, (what, text, words)) in cases.iter().enumerate() {
        let bytes = if *what == "invalid UTF-8" { b"kind: \xff\xfe\n".to_vec() } else { text.clone().into_bytes() };
        let file = house.home.file(&format!("case-{number}.yaml"), bytes, 0o644);
        table.push((*what, house.opening(&["passkey", "add", "-f", &file, "--new-passphrase-file", &new]), 2, *words));
    }
    table.push((
        "no such file",
        house.opening(&["passkey", "add", "-f", "/nowhere.yaml", "--new-passphrase-file", &new]),
        4,
        "/nowhere.yaml",
    ));
    refuse(&house, &table);
    let good = house.home.file("good.yaml", format!("{head}{secret}"), 0o644);
    house.open(&["passkey", "add", "-f", &good, "--new-passphrase-file", &new]);
}

#[test]
fn catalogs() {
    let house = House::new();
    let home = &house.home;
    let path = |name: &str| home.path().join(name).to_string_lossy().into_owned();
    fs::create_dir(path("folder")).unwrap();
    assert!(std::process::Command::new("mkfifo").args(["-m", "600", &path("fifo")]).status().unwrap().success());
    home.file("text", "this is no catalog\n".repeat(300), 0o600);
    home.file("open.db", fs::read(house.catalog()).unwrap(), 0o644);
    home.file("empty.db", "", 0o600);
    let mut cut = fs::read(house.catalog()).unwrap();
    cut.truncate(cut.len() / 2);
    home.file("cut.db", cut, 0o600);
    let foreign = path("foreign.db");
    let made = rusqlite::Connection::open(&foreign).unwrap();
    made.execute_batch("create table notes(text); insert into notes values ('mine');").unwrap();
    drop(made);
    fs::set_permissions(&foreign, fs::Permissions::from_mode(0o600)).unwrap();
    let at = |name: &str, code: i32, words: &'static str| {
        ("a catalog", vec!["--catalog".to_owned(), path(name), "status".to_owned()], code, words)
    };
    refuse(
        &house,
        &[
            at("folder", 5, "folder"),
            at("fifo", 5, "fifo"),
            at("text", 7, "text"),
            at("foreign.db", 7, "foreign.db"),
            at("cut.db", 7, "cut.db"),
            at("open.db", 5, "0644"),
            at("nothing.db", 4, "nothing.db"),
        ],
    );
    if harness::tools::root() {
        std::os::unix::fs::chown(home.file("theirs.db", fs::read(house.catalog()).unwrap(), 0o600), Some(65534), Some(65534)).unwrap();
        refuse(&house, &[at("theirs.db", 5, "theirs.db")]);
    } else {
        harness::tools::skip("somebody else's catalog: only root may make one");
    }
    assert_eq!(fs::read(path("text")).unwrap(), "this is no catalog\n".repeat(300).into_bytes(), "a foreign file is left as it was");
    // Setting up over something that is there.
    let new = home.secret("new", "another-passphrase-0002");
    for name in ["folder", "fifo", "text", "foreign.db"] {
        let run = home.run(&["--catalog", &path(name), "init", "--name", "x", "--new-passphrase-file", &new]);
        assert!([5, 7].contains(&run.code), "{name}: {run:#?}");
        run.assert_fault(run.code);
    }
    let again = home.run(&["init", "--name", "other", "--new-passphrase-file", &new]);
    again.assert_fault(5);
}

#[test]
fn damage_is_named_and_changes_nothing() {
    let house = House::with_policies(&["app-daily"]);
    // The write-ahead log is emptied, so that the file is all there is.
    rusqlite::Connection::open(house.catalog()).unwrap().execute_batch("pragma wal_checkpoint(truncate)").unwrap();
    let whole = fs::read(house.catalog()).unwrap();
    let page = 4096;
    let mut found = 0;
    for at in (page..whole.len()).step_by(page) {
        let copy = house.copy();
        let mut bytes = whole.clone();
        for byte in &mut bytes[at..(at + page).min(whole.len())] {
            *byte ^= 0x5a;
        }
        fs::write(copy.catalog(), &bytes).unwrap();
        let run = copy.home.run(&copy.opening(&["journal", "verify"]));
        if run.code != 0 {
            assert!([3, 7].contains(&run.code), "page {}: {run:#?}", at / page);
            assert!(!run.err.contains("panicked"), "{run:#?}");
            found += 1;
        }
    }
    assert!(found > 0, "of {} pages none mattered", whole.len() / page);
}

#[test]
fn a_full_or_read_only_disk() {
    if !harness::tools::need_root("a small file system") {
        return;
    }
    let house = House::new();
    let small = house.home.path().join("small");
    fs::create_dir(&small).unwrap();
    let mount = |args: &[&str]| std::process::Command::new("mount").args(args).arg(&small).status().is_ok_and(|s| s.success());
    if !mount(&["-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs"]) {
        harness::tools::skip("a small file system: this machine does not let root mount one");
        return;
    }
    let _unmount = Unmount(small.clone());
    let catalog = small.join("catalog.db");
    let at = catalog.to_string_lossy().into_owned();
    let key = house.key();
    house.home.good(&["--catalog", &at, "init", "--name", "small", "--new-passphrase-file", &key]);
    // Full: filled up to the last byte.
    let filler = small.join("filler");
    let fill = || {
        let mut file = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&filler).unwrap();
        while std::io::Write::write_all(&mut file, &[0; 512]).is_ok() {}
    };
    fill();
    let run = house.home.run(&["--catalog", &at, "policy", "add", "app-daily", "--passphrase-file", &key]);
    assert_ne!(run.code, 0);
    let (first, _) = run.assert_fault(run.code);
    assert!(first.contains("full") || first.contains("space"), "{first}");
    fs::remove_file(&filler).unwrap();
    house.home.good(&["--catalog", &at, "journal", "verify", "--passphrase-file", &key]);
    // Read-only: it can be looked at, and what would write says why it cannot.
    assert!(mount(&["-o", "remount,ro"]));
    house.home.good(&["--catalog", &at, "--read-only", "status"]);
    let run = house.home.run(&["--catalog", &at, "policy", "add", "app-daily", "--passphrase-file", &key]);
    assert_ne!(run.code, 0);
    let (first, _) = run.assert_fault(run.code);
    assert!(first.contains("read-only"), "{first}");
}

/// Takes a file system away again.
struct Unmount(PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn surroundings() {
    let house = House::new();
    let homeless = |args: &[&str]| {
        ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"]
            .iter()
            .fold(Call::new(&house.home, args), |call, name| call.without(name))
            .run()
    };
    // The account's own home is known without the variable; nothing is written there by asking.
    homeless(&["status", "--catalog", "/nowhere/catalog.db"]).assert_fault(4);
    // An account that has no home at all.
    if let (true, Some(setpriv)) = (harness::tools::need_root("another account"), harness::tools::need("setpriv", "util-linux")) {
        let copy = house.home.file("kastellan", fs::read(harness::BINARY).unwrap(), 0o755);
        fs::set_permissions(house.home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let args = ["--reuid", "54321", "--regid", "54321", "--clear-groups", &copy, "status"];
        let run = std::process::Command::new(setpriv).args(args).env_clear().output().unwrap();
        let err = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(2), "{err}");
        assert!(err.contains("HOME") && err.lines().count() == 2 && err.contains("\nnext: "), "{err}");
    }
    // A configuration that is wrong, with line and column.
    for (text, words) in [("them: dark\n", "them"), ("idle_minutes: soon\n", "idle_minutes"), ("theme: [\n", "line")] {
        let config = house.home.file("config.yaml", text, 0o600);
        let run = house.home.run(&["--config", &config, "status"]);
        let (first, _) = run.assert_fault(2);
        assert!(first.contains(words) && first.contains("line"), "{text:?}: {first}");
    }
    // Output that nobody can take.
    let full = std::process::Command::new("sh")
        .args(["-c", "exec \"$0\" passkey list >/dev/full", harness::BINARY])
        .env_clear()
        .envs(house.home.environment())
        .output()
        .unwrap();
    assert_eq!(full.status.code(), Some(1), "{full:?}");
    assert!(!String::from_utf8_lossy(&full.stderr).contains("panicked"), "{full:?}");
    // A descriptor that nobody handed over is not one of the program's own, whatever it has open by then.
    for fd in 3..10 {
        let script = "exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-; exec \"$0\" policy add x --passphrase-fd \"$1\"";
        let run = std::process::Command::new("sh")
            .args(["-c", script, harness::BINARY, &fd.to_string()])
            .env_clear()
            .envs(house.home.environment())
            .output()
            .unwrap();
        let err = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(run.status.code() == Some(2) && err.contains("no such descriptor is open"), "{fd}: {run:?}");
    }
    // A limit on the size of files is an error like any other.
    let key = house.key();
    let limited = std::process::Command::new("sh")
        .args(["-c", "ulimit -f 8; exec \"$0\" policy add limited --passphrase-file \"$1\"", harness::BINARY, &key])
        .env_clear()
        .envs(house.home.environment())
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&limited.stderr).into_owned();
    assert!(limited.status.code() == Some(1) && err.lines().count() == 2 && err.contains("\nnext: "), "{limited:?}");
    house.open(&["journal", "verify"]);
    // A descriptor instead of a file, and a name for the passkey in front of the file.
    Call::new(&house.home, &["policy", "add", "by-descriptor", "--passphrase-fd", "7"]).descriptor(7, &house.key()).run().assert_good();
    house.home.good(&["policy", "add", "by-name", "--passphrase-file", &format!("k10MasterKey={}", house.key())]);
}

impl Run {
    fn assert_good(&self) {
        assert_eq!(self.code, 0, "{self:#?}");
    }
}

#[test]
fn files_of_drills_are_read_to_a_bound_and_no_pipe_is_waited_for() {
    let home = harness::house::Home::small();
    let long = home.file("long.drill.yaml", vec![b'#'; (64 << 10) + 1], 0o600);
    let run = home.run(&["drill", "run", "-f", &long]);
    assert!(run.assert_fault(2).0.contains("longer than 65536 bytes"), "{}", run.err);
    let report = home.file("drill.json", "{}", 0o600);
    let key = home.file("key.pub", "", 0o600);
    assert!(std::process::Command::new("mkfifo").arg(format!("{report}.sig")).status().unwrap().success());
    let run = home.run(&["drill", "verify", &report, "--key", &key]);
    assert!(run.assert_fault(2).0.contains("it is a named pipe, not a regular file"), "{}", run.err);
}
