//! A location of DR archives that is down for a week of changes, a rotation in it: what is owed, what is refused, and the way out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use harness::house::{Home, House, PASSPHRASE};
use harness::session;
use kastellan::crypto::{Passphrase, Secrets};
use kastellan::domain::{
    Because, Facts, Kind, Method, PasskeyRemove, PassphraseSource, PolicyAdd, Request, Rotate, Scenario, Slot, Stop, Verdict, readiness,
};
use kastellan::host::Clock;
use kastellan::ops::{ARCHIVE_WAIT, Followed, Report, Session, archive_after};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const DR: &str = "a DR passphrase that is long enough";
const NEW: &str = "another-passphrase-0002";
const DAY: i64 = 86_400;

fn policy(day: i64) -> Request {
    Request::PolicyAdd(PolicyAdd { name: format!("day-{day}").parse().unwrap() })
}

fn rotation() -> Request {
    Request::Rotate(Rotate {
        new: "k2".parse().unwrap(),
        method: Method::Passphrase,
        source: PassphraseSource::Prompt,
        owner: None,
        retire: None,
        without_archive: false,
        shut_archives: None,
        because: Because::Planned,
    })
}

/// The new passkey's passphrase, for one slot.
fn secret(slot: Slot) -> Secrets {
    let mut secrets = Secrets::new();
    secrets.put(slot.0, Passphrase::entered(NEW.as_bytes()).unwrap());
    secrets
}

async fn run(session: &Session, request: &Request, secrets: Secrets) -> Result<(), kastellan::domain::Fault> {
    let begun = session.begin(&session.plan(request).await?).await?;
    begun.run(secrets, Report::nobody(), Stop::default()).await.map(|_| ())
}

fn machine_lost(facts: &Facts) -> Verdict {
    readiness(facts).into_iter().find(|a| a.scenario == Scenario::MachineLost).unwrap().verdict
}

#[test]
fn a_location_that_is_down_for_a_week_leaves_debts_refusals_and_a_way_out() {
    let house = House::new();
    let share = house.location("nfs", "share");
    let dr = house.home.secret("dr", DR);
    house.open(&["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &dr]);
    let away = share.with_extension("away");
    fs::rename(&share, &away).unwrap();
    let clock = Arc::new(AtomicI64::new(Clock::real().now().unix()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let session = session::unlocked_at(&house, Clock::set(clock.clone()), "k10MasterKey", PASSPHRASE).await;
        let nobody = Stop::default();
        let mut answers = Vec::new();
        for day in 1..=7 {
            clock.fetch_add(DAY, Ordering::SeqCst);
            // Every change is made, and owed.
            if day == 4 {
                run(&session, &rotation(), secret(Slot::NEW)).await.unwrap();
            } else {
                run(&session, &policy(day), Secrets::new()).await.unwrap();
            }
            assert!(matches!(archive_after(&session, ARCHIVE_WAIT, &nobody).await, Followed::Debt(why) if why.to_string().contains("the folder is not there")));
            let facts = session.facts().await.unwrap();
            assert!(facts.debt >= day.unsigned_abs(), "day {day}: {}", facts.debt);
            answers.push(machine_lost(&facts));
        }
        assert!(answers.iter().all(|answer| *answer == Verdict::Unknown), "what it holds cannot be read: {answers:?}");
        // What no archive holds the way into is not taken away; the old way in stays.
        let kept = session.facts().await.unwrap().archives.len() as u64;
        let removal = Request::PasskeyRemove(PasskeyRemove { name: "k10MasterKey".parse().unwrap(), shut_archives: Some(kept) });
        let session = session::unlocked_at(&house, Clock::set(clock.clone()), "k2", NEW).await;
        let fault = run(&session, &removal, secret(Slot::CHECK)).await.unwrap_err();
        assert_eq!(fault.kind, Kind::Unreachable, "{fault}");
        assert!(fault.to_string().contains("no DR archive holds k2 yet"), "{fault}");
        assert_eq!(session.facts().await.unwrap().passkeys.len(), 2);
        // It is back: one archive pays for all of it, and the old passkey may go.
        fs::rename(&away, &share).unwrap();
        assert_eq!(archive_after(&session, ARCHIVE_WAIT, &nobody).await, Followed::Made(Vec::new()));
        let facts = session.facts().await.unwrap();
        assert_eq!((facts.debt, machine_lost(&facts)), (0, Verdict::Unproved));
        run(&session, &removal, secret(Slot::CHECK)).await.unwrap();
        assert_eq!(archive_after(&session, ARCHIVE_WAIT, &nobody).await, Followed::Made(Vec::new()));
    });
    let bare = Home::small();
    let (dr, key) = (bare.secret("dr", DR), bare.secret("key", NEW));
    bare.good(&["dr", "restore", "--directory", share.to_str().unwrap(), "--dr-passphrase-file", &dr, "--passphrase-file", &key]);
    assert_eq!(bare.good(&["policy", "list", "-o", "name"]).out.lines().count(), 6, "what was made in that week is there");
}
