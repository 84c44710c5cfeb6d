//! DR against an S3 server that is meddled with between a request and its answer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use harness::between::Between;
use harness::cli::Run;
use harness::house::{House, PASSPHRASE};
use harness::session;
use harness::weed::{ADMIN, BUCKET, Weed};
use kastellan::crypto::{Passphrase, Secrets};
use kastellan::domain::{Changed, DrEnable, Event, Kind, Request, Slot, Stop};
use kastellan::ops::Report;
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

#[test]
fn a_dr_passphrase_that_is_in_force_is_said_to_be_whatever_stops_the_rest() {
    let house = House::new();
    house.location("nfs", "share");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let session = session::unlocked(&house, "k10MasterKey", PASSPHRASE).await;
        let request = Request::DrEnable(DrEnable { locations: vec!["nfs".parse().unwrap()] });
        let plan = session.plan(&request).await.unwrap();
        let begun = session.begin(&plan).await.unwrap();
        let mut secrets = Secrets::new();
        secrets.put(Slot::NEW_DR.0, Passphrase::entered(b"a DR passphrase that is long enough").unwrap());
        let halt = Stop::default();
        let stop = halt.clone();
        let report = Report::to(move |event| {
            if matches!(event, Event::StepDone { .. }) {
                stop.ask();
            }
        });
        let fault = begun.run(secrets, report, halt).await.err().unwrap();
        assert_eq!(fault.kind, Kind::Interrupted);
        // A file that it was written to is taken away where nothing changed.
        assert!(
            matches!(&fault.state, Changed::Partly(said) if said.to_string().contains("no. 1 is the one in force")),
            "{}",
            fault.line()
        );
    });
    assert!(house.look(&["dr", "status"]).out.contains("passphrase no. 1"));
}
