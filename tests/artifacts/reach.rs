//! Locations through the binary, on a real S3 server: what is shown of them, where their keys lie, and what is contacted.

use crate::harness::between::Between;
use crate::harness::cli::Call;
use crate::harness::tools::need_root;
use crate::harness::weed::{ADMIN, BUCKET, READER, Weed};
use crate::yard::{Mounted, Yard, bytes};
use std::fs;

/// The flags of a location in the server's bucket; who uses it is left out.
fn flags<'a>(weed_endpoint: &'a str, name: &'a str) -> Vec<&'a str> {
    vec!["location", "add", name, "--s3", BUCKET, "--prefix", name, "--endpoint", weed_endpoint, "--region", "eu-west-7", "--path-style"]
}

#[test]
fn the_secret_key_of_a_bucket_lies_boxed_in_the_catalog_and_an_address_is_confirmed_on_each_machine() {
    let Some(weed) = Weed::start() else { return };
    let (yard, endpoint) = (Yard::new(), weed.endpoint());
    let key = yard.house.home.secret("key-file", ADMIN.1);
    let by = |id, file| [flags(&endpoint, "cloud"), vec!["--access-key-id", id, "--secret-key-file", file]].concat();
    // Who may only read adds nothing.
    let reader = yard.house.home.secret("reader-file", READER.1);
    let run = yard.run(&by(READER.0, &reader));
    assert!(run.assert_fault(6).0.contains("PutObject"), "{}", run.err);
    assert!(!yard.house.open(&["location", "list"]).out.contains("cloud"));
    yard.house.open(&by(ADMIN.0, &key));
    fs::remove_file(&key).unwrap();
    let plain = yard.house.home.file("plain", b"sealed into a bucket", 0o600);
    let id = yard.seal_path(&plain, &["--location", "cloud"]);
    assert_eq!(yard.open(&id).unwrap(), b"sealed into a bucket", "the next call finds the key");
    for (path, bytes) in yard.house.home.files() {
        assert!(!bytes.windows(ADMIN.1.len()).any(|w| w == ADMIN.1.as_bytes()), "{}", path.display());
    }
    let said = yard.house.open(&["location", "show", "cloud"]).out + &yard.house.open(&["location", "show", "cloud", "-o", "json"]).out;
    assert!(said.contains(&format!("s3://{BUCKET}/cloud at {endpoint}")) && said.contains("eu-west-7") && said.contains(ADMIN.0), "{said}");
    assert!(!said.contains(ADMIN.1));
    // The catalog comes to another machine: where nobody confirmed the address, nothing is contacted.
    fs::remove_file(yard.house.home.path().join("state/kastellan/known")).unwrap();
    yard.house.open(&["location", "list"]);
    for args in [vec!["location", "check", "cloud"], vec!["artifact", "open", &id, "--to", "x"], vec!["artifact", "rescan", "cloud"]] {
        let run = yard.run(&args);
        assert!(run.assert_fault(5).0.contains("nobody confirmed that address on this machine"), "{args:?}: {}", run.err);
    }
    yard.house.open(&["location", "check", "cloud", "--yes"]);
    yard.house.open(&["location", "check", "cloud"]);
    assert_eq!(yard.open(&id).unwrap(), b"sealed into a bucket");
}

#[test]
fn a_copy_that_is_read_back_otherwise_than_it_was_written_is_refused() {
    let Some(weed) = Weed::start() else { return };
    let yard = Yard::new();
    let between = Between::start(weed.port(), |first| first.starts_with("GET ") && first.contains(".tink"));
    let (endpoint, key) = (between.endpoint(), yard.house.home.secret("key-file", ADMIN.1));
    yard.house.open(&[flags(&endpoint, "cloud"), vec!["--access-key-id", ADMIN.0, "--secret-key-file", &key]].concat());
    let id = yard.seal(&bytes(100_000));
    let run = yard.run(&["artifact", "copy", &id, "--to-location", "cloud"]);
    assert!(run.assert_fault(7).0.contains("what was read back is not what was written"), "{}", run.err);
    assert!(yard.ids(&["--location", "cloud"]).is_empty());
    let rescan = yard.house.open(&["artifact", "rescan", "cloud"]).out;
    assert!(rescan.contains("cloud holds 0 artifacts of ours"), "{rescan}");
}

#[test]
fn without_a_key_of_its_own_a_bucket_is_used_by_the_standard_chain() {
    let Some(weed) = Weed::start() else { return };
    let (yard, endpoint) = (Yard::new(), weed.endpoint());
    let args = yard.house.opening(&flags(&endpoint, "chain"));
    let call = || Call::new(&yard.house.home, &args).env("AWS_ACCESS_KEY_ID", ADMIN.0);
    assert_eq!(call().env("AWS_SECRET_ACCESS_KEY", "not the secret").run().code, 6);
    let run = call().env("AWS_SECRET_ACCESS_KEY", ADMIN.1).run();
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(yard.house.open(&["location", "show", "chain"]).out.contains("AWS's standard chain"));
}

#[test]
fn locations_are_listed_shown_and_checked_and_one_that_lacks_a_right_is_not_added() {
    let yard = Yard::new();
    yard.add_location("second", &[]);
    let list = yard.house.open(&["location", "list"]).out;
    for name in ["nfs", "second"] {
        let folder = yard.folder(name).to_string_lossy().into_owned();
        let row: Vec<&str> = list.lines().find(|line| line.starts_with(name)).unwrap().split_whitespace().collect();
        assert_eq!(row[..3], [name, "directory", &folder], "{list}");
        assert!(yard.house.open(&["location", "show", name]).out.contains(&format!("Address    {folder}\n")));
        yard.house.open(&["location", "check", name]);
    }
    let locked = yard.house.look(&["location", "list"]).out + &yard.house.look(&["location", "show", "nfs"]).out;
    assert!(locked.contains("locked") && !locked.contains(&*yard.folder("nfs").to_string_lossy()), "{locked}");
    if !need_root("mounting a small disk") {
        return;
    }
    let folder = yard.folder("small");
    fs::create_dir(&folder).unwrap();
    let mounted = Mounted::tmpfs(&folder, "size=3m,mode=700");
    let add = ["location", "add", "small", "--directory", folder.to_str().unwrap()];
    yard.house.open(&add);
    mounted.remount("ro");
    let run = yard.run(&["location", "check", "small"]);
    assert!(run.code == 6 && run.err.contains("it does not let us write") && run.out.contains("read-only"), "{}{}", run.out, run.err);
    let other = Yard::new();
    assert!(other.run(&add).assert_fault(6).0.contains("read-only"));
    assert!(!other.house.look(&["location", "list"]).out.contains("small"));
}
