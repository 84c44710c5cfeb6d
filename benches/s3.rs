//! How fast artifacts go to S3, beside `object_store`'s own multipart copy of the same file to the same server: `cargo bench --bench s3`
//! (`MIB=256 ROUNDS=5`).
//!
//! Rounds take turns and medians are compared; sealing includes Argon2id, so that the run of an empty file is taken off. The server is the
//! one of the tests, on loopback, and keeps in memory what it gets, in volumes large enough for all of it. It ends with 1 where sealing is
//! slower than [`ASKED`] of the client's own copy.

#![allow(missing_docs, clippy::expect_used, clippy::panic)]

#[path = "../tests/harness"]
mod harness {
    #[allow(dead_code)] // Only what the server needs.
    pub mod tools;
    pub mod weed;

    /// Looks until it is there.
    pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        for _ in 0..4000 {
            if let Some(found) = look() {
                return found;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("waited in vain for {what}");
    }
}

use harness::weed::{ADMIN, BUCKET, Weed};
use object_store::aws::AmazonS3Builder;
use object_store::{ObjectStoreExt, WriteMultipart};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The size of a part as Kastellan has it, and how many are under way as the client has it by itself.
const PART: usize = 8 << 20;
const AT_ONCE: usize = 8;
/// What sealing is asked to be, as a multiple of the client's rate.
const ASKED: f64 = 0.9;

struct Home {
    path: PathBuf,
}

impl Home {
    fn run(&self, args: &[&str]) -> f64 {
        let began = Instant::now();
        let ended = Command::new(env!("CARGO_BIN_EXE_kastellan"))
            .args(args)
            .env("HOME", &self.path)
            .current_dir(&self.path)
            .output()
            .expect("it starts");
        assert!(ended.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ended.stderr));
        began.elapsed().as_secs_f64()
    }

    fn secret(&self, name: &str, text: &str) -> String {
        use std::io::Write;
        let path = self.path.join(name);
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&path).expect("a new file");
        file.write_all(text.as_bytes()).expect("it takes bytes");
        path.to_string_lossy().into_owned()
    }
}

fn main() -> std::process::ExitCode {
    let number = |name: &str, otherwise| std::env::var(name).map_or(otherwise, |text| text.parse::<usize>().expect("a number"));
    let (mib, rounds) = (number("MIB", 256), number("ROUNDS", 5));
    let in_memory = Path::new("/dev/shm");
    let weed = Weed::start_large(in_memory).expect("the S3 server");
    let folder = tempfile::Builder::new().prefix("kastellan-s3-").tempdir_in(in_memory).expect("a folder in memory");
    let home = Home { path: folder.path().to_owned() };
    let (key, secret) = (home.secret("passkey", "correct-horse-battery-staple-0001"), home.secret("secret", ADMIN.1));
    let unlock = ["--passphrase-file", &key];
    home.run(&["init", "--name", "measured", "--new-passphrase-file", &key]);
    home.run(&[&["policy", "add", "bulk"][..], &unlock].concat());
    let place = ["--s3", BUCKET, "--prefix", "ours", "--endpoint", &weed.endpoint(), "--region", "us-east-1", "--path-style"];
    let access = ["--access-key-id", ADMIN.0, "--secret-key-file", &secret];
    home.run(&[&["location", "add", "s3"][..], &place, &access, &unlock].concat());
    let (file, empty) = (home.secret("file", ""), home.secret("empty", ""));
    // What is sealed is noise to the server, which would pack anything else.
    let noise = File::open("/dev/urandom").expect("noise").take((mib as u64) << 20);
    std::io::copy(&mut { noise }, &mut File::create(&file).expect("a file")).expect("it takes bytes");
    let seal = |path: &str| home.run(&[&["artifact", "seal", path, "--policy", "bulk", "--location", "s3"][..], &unlock].concat());

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let store = AmazonS3Builder::new()
        .with_bucket_name(BUCKET)
        .with_endpoint(weed.endpoint())
        .with_allow_http(true)
        .with_region("us-east-1")
        .with_access_key_id(ADMIN.0)
        .with_secret_access_key(ADMIN.1)
        .build()
        .expect("a client");
    let copy = |n: usize| runtime.block_on(copied(&store, Path::new(&file), n));
    let (mut theirs, mut ours, mut without) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..rounds {
        theirs.push(copy(n));
        without.push(seal(&empty));
        ours.push(seal(&file));
    }
    println!("seconds: object_store {theirs:.2?}, seal {ours:.2?}, seal of an empty file {without:.2?}");
    let median = |all: &mut Vec<f64>| {
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let (theirs, without, ours) = (median(&mut theirs), median(&mut without), median(&mut ours));
    let moved = ours - without;
    println!(
        "{mib} MiB, {rounds} rounds, medians: object_store {theirs:.2} s; seal {ours:.2} s, of which {without:.2} s for an empty file"
    );
    let ratio = theirs / moved;
    println!("sealing to S3 at {ratio:.2} of object_store's own copy");
    if ratio < ASKED {
        println!("falls short: {ASKED} asked");
        return std::process::ExitCode::FAILURE;
    }
    std::process::ExitCode::SUCCESS
}

/// Seconds that the client takes for a multipart copy, reading the file as it goes.
async fn copied(store: &object_store::aws::AmazonS3, file: &Path, n: usize) -> f64 {
    let began = Instant::now();
    let upload = store.put_multipart(&object_store::path::Path::from(format!("theirs/{n}"))).await.expect("it begins");
    let mut writer = WriteMultipart::new_with_chunk_size(upload, PART);
    let mut file = File::open(file).expect("the file");
    let mut part = vec![0; PART];
    loop {
        let read = file.read(&mut part).expect("it is read");
        if read == 0 {
            break;
        }
        writer.wait_for_capacity(AT_ONCE).await.expect("it goes on");
        writer.write(&part[..read]);
    }
    writer.finish().await.expect("it ends");
    began.elapsed().as_secs_f64()
}
