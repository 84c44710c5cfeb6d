//! DR against an S3 server that is meddled with between a request and its answer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use harness::between::Between;
use harness::cli::Run;
use harness::house::House;
use harness::weed::{ADMIN, BUCKET, Weed};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// An installation, and the secret key of the bucket in a file.
fn house() -> (House, String) {
    let house = House::new();
    let secret = house.home.secret("secret-key", ADMIN.1);
    (house, secret)
}

/// The flags of the bucket, with where it answers and the secret key's file.
fn bucket<'a>(endpoint: &'a str, secret: &'a str) -> [&'a str; 9] {
    ["--s3", BUCKET, "--endpoint", endpoint, "--path-style", "--access-key-id", ADMIN.0, "--secret-key-file", secret]
}

/// Enables DR to the bucket behind this proxy.
fn enable(house: &House, secret: &str, between: &Between) -> Run {
    let dr = house.home.secret("dr", "a DR passphrase that is long enough");
    house.open(&[&["location", "add", "s3"][..], &bucket(&between.endpoint(), secret)].concat());
    house.home.run(&house.opening(&["dr", "enable", "--location", "s3", "--new-dr-passphrase-file", &dr]))
}

/// How many archives are in the bucket.
fn archives(house: &House, secret: &str, weed: &Weed) -> usize {
    house.look(&[&["dr", "list", "-o", "name"][..], &bucket(&weed.endpoint(), secret)].concat()).out.lines().count()
}

/// Whether a request is this one, for an archive.
fn of_archive(request: &str, method: &str) -> bool {
    request.starts_with(method) && request.contains("/dr/") && request.contains(".kdr")
}

#[test]
fn an_archive_that_does_not_read_back_as_it_was_written_leaves_dr_off_and_goes() {
    let Some(weed) = Weed::start() else { return };
    let between = Between::start(weed.port(), |request| of_archive(request, "GET"));
    let (house, secret) = house();
    let run = enable(&house, &secret, &between);
    assert!(run.assert_fault(7).0.contains("no DR archive made in s3"), "{}", run.err);
    assert!(house.look(&["dr", "status"]).out.contains("DR is off"));
    assert_eq!(archives(&house, &secret, &weed), 0, "what only looks like an archive is removed");
}

#[test]
fn an_archive_is_of_one_moment_even_where_somebody_writes_meanwhile() {
    let Some(weed) = Weed::start() else { return };
    let (house, secret) = house();
    let house = Arc::new(house);
    let (other, puts) = (house.clone(), Arc::new(AtomicU32::new(0)));
    let counted = puts.clone();
    let between = Between::start(weed.port(), move |request| {
        if of_archive(request, "PUT") && counted.fetch_add(1, Ordering::SeqCst) == 0 {
            // While the first archive is on its way somebody proves a passkey, which is written down.
            other.open(&["passkey", "check", "k10MasterKey"]);
        }
        false
    });
    let run = enable(&house, &secret, &between);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(puts.load(Ordering::SeqCst), 2, "it is made anew");
    assert_eq!(archives(&house, &secret, &weed), 1, "and the first one is gone");
}
