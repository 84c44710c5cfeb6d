//! What the README says happens: its tour is run as it is printed, and its way without Kastellan opens what Kastellan sealed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../harness/mod.rs"]
mod harness;

use harness::house::{Home, House};
use harness::{BINARY, tools};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The block of commands between two marks of the README.
fn block(mark: &str) -> String {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, rest) = readme.split_once(&format!("<!-- {mark} -->")).expect("its beginning");
    let (within, _) = rest.split_once(&format!("<!-- /{mark} -->")).expect("its end");
    let (_, code) = within.split_once("```").expect("a block");
    let (_, code) = code.split_once('\n').expect("lines");
    code.split_once("```").expect("the block's end").0.to_owned()
}

/// Runs a block of the README in this folder of a home, which has Kastellan on its path: what it printed.
fn run_block(home: &Home, folder: &Path, mark: &str) -> (String, String) {
    let bin = home.path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    let _ = std::os::unix::fs::symlink(BINARY, bin.join("kastellan"));
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", &block(mark)]).current_dir(folder).env_clear().envs(home.environment()).env("PATH", path);
    let out = shell.output().unwrap();
    let (said, told) = (String::from_utf8_lossy(&out.stdout).into_owned(), String::from_utf8_lossy(&out.stderr).into_owned());
    assert!(out.status.success(), "{said}{told}");
    (said, told)
}

#[test]
fn after_a_leak_everything_is_sealed_again_under_another_master_key() {
    let house = House::with_policies(&["app-daily"]);
    let folder = house.home.path().join("work");
    fs::create_dir_all(folder.join("share")).unwrap();
    house.open(&["location", "add", "nfs", "--directory", folder.join("share").to_str().unwrap()]);
    let one = house.home.file("one", "what must stay", 0o600);
    let two = house.home.path().join("two");
    fs::create_dir(&two).unwrap();
    fs::write(two.join("inside"), "a folder's file").unwrap();
    for path in [one.as_str(), two.to_str().unwrap()] {
        house.open(&["artifact", "seal", path, "--policy", "app-daily"]);
    }
    house.home.secret("work/old.txt", harness::house::PASSPHRASE);
    let new = house.home.secret("work/new.txt", "another passphrase altogether");
    let (said, _) = run_block(&house.home, &folder, "leak");
    assert!(said.contains("2 artifacts whole"), "{said}");
    let catalog = folder.join("new/catalog.db").to_string_lossy().into_owned();
    let again = |args: &[&str]| house.home.good(&[&["--catalog", &catalog, "--passphrase-file", &new], args].concat()).out;
    let ids = again(&["artifact", "list", "-o", "name"]);
    assert_eq!(ids.lines().count(), 2);
    let mut found = String::new();
    for (n, id) in ids.lines().enumerate() {
        let to = house.home.path().join(format!("back{n}"));
        again(&["artifact", "open", id.rsplit('/').next().unwrap(), "--to", to.to_str().unwrap()]);
        // A folder that was sealed by its whole path comes back below it.
        let inside = to.join(two.strip_prefix("/").unwrap()).join("inside");
        found += &fs::read_to_string(&to).or_else(|_| fs::read_to_string(inside)).unwrap();
    }
    assert!(found.contains("what must stay") && found.contains("a folder's file"), "{found}");
    let key = |out: String| serde_json::from_str::<serde_json::Value>(&out).unwrap()["status"]["masterKeyId"].clone();
    let (old, now) = (key(house.home.good(&["status", "-o", "json"]).out), key(again(&["status", "-o", "json"])));
    assert!(old.is_string() && now.is_string() && old != now, "{old} {now}");
}

#[test]
fn the_five_minute_tour_loses_everything_and_gets_it_back() {
    let home = Home::new();
    let folder = home.path().join("tour");
    fs::create_dir(&folder).unwrap();
    let (said, _) = run_block(&home, &folder, "tour");
    assert!(said.ends_with("what must not be lost\n"), "{said}");
    assert!(said.contains("machine lost") && said.contains("UNPROVED"), "{said}");
    assert!(said.contains("this instance is the owner"), "{said}");
}

/// Python with Tink; None where it cannot be had.
fn python() -> Option<PathBuf> {
    let cache = std::env::var_os("KASTELLAN_TEST_CACHE").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    match install(&cache) {
        Ok(python) => Some(python),
        Err(why) => {
            tools::skip(&format!("no Tink: {why}"));
            None
        }
    }
}

fn install(cache: &Path) -> Result<PathBuf, String> {
    fs::create_dir_all(cache).map_err(|e| e.to_string())?;
    let lock = File::create(cache.join("tink.lock")).map_err(|e| e.to_string())?;
    lock.lock().map_err(|e| e.to_string())?;
    let (venv, requirements) = (cache.join("tink"), Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tour/requirements.txt"));
    let pinned = fs::read_to_string(&requirements).map_err(|e| e.to_string())?;
    let (python, marker) = (venv.join("bin/python"), venv.join("installed"));
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == pinned) {
        return Ok(python);
    }
    let run = |program: &Path, args: &[&str]| {
        let out = Command::new(program).args(args).output().map_err(|e| format!("{}: {e}", program.display()))?;
        if out.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&out.stderr).into_owned()) }
    };
    run(Path::new("python3"), &["-m", "venv", "--clear", &venv.to_string_lossy()])?;
    let install = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r"];
    run(&python, &[&install[..], &[&requirements.to_string_lossy()]].concat())?;
    fs::write(&marker, pinned).map_err(|e| e.to_string())?;
    Ok(python)
}

#[test]
fn tink_opens_what_is_sealed_by_the_readme_s_own_lines() {
    let Some(python) = python() else { return };
    let house = House::with_policies(&["app-daily"]);
    let at = |name: &str| house.home.path().join(name).to_string_lossy().into_owned();
    fs::create_dir(at("share")).unwrap();
    house.open(&["location", "add", "nfs", "--directory", &at("share")]);
    house.open(&["migration", "export", "app-daily", "--unprotected", "--to", &at("key.import")]);
    let script = house.home.file("open.py", block("tink"), 0o600);
    for length in [0, 1, 1_048_519, 1_048_520, 1_048_521, 2_097_080, 2_097_081, 5_000_000] {
        let plain: Vec<u8> = (0..length).map(|n: usize| (n % 253).to_le_bytes()[0]).collect();
        let file = house.home.file("plain", &plain, 0o600);
        house.open(&["artifact", "seal", &file, "--policy", "app-daily"]);
        let list = house.look(&["artifact", "list", "-o", "name", "--limit", "1"]).out;
        let id = list.trim().rsplit('/').next().unwrap().to_owned();
        let shown = house.json(&["artifact", "show", &id]);
        let ad = harness::member(&shown, "associatedData").unwrap().as_str().unwrap().to_owned();
        let stream = format!("{}/artifacts/app-daily/{id}.tink", at("share"));
        let open = |stream: &str, ad: &str| {
            let target = at("out");
            let _ = fs::remove_file(&target);
            let run = Command::new(&python).args([&script, stream, &at("key.import"), ad, &target]).output().unwrap();
            if run.status.success() { Ok(fs::read(&target).unwrap()) } else { Err(String::from_utf8_lossy(&run.stderr).into_owned()) }
        };
        assert!(open(&stream, &ad).unwrap() == plain, "{length}");
        assert!(open(&stream, &ad.replace("66", "67")).is_err() || !ad.contains("66"), "{length}: other associated data");
        house.open(&["artifact", "remove", &id, "--confirm", &id]);
    }
}
