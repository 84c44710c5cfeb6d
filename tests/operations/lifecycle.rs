//! The life of an installation, in order.

use crate::house::{FIRST, House, SECOND, THIRD, add, both, name, policy, remove, rotate, run, run_told, secret};
use kastellan::crypto::Secrets;
use kastellan::domain::{Event, Kind, Opens, PasskeyUse, PolicyRemove, Prover, Request, Slot, Stop, Verdict, readiness};
use kastellan::ops::{Report, Settings};
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn set_up_leaves_one_proved_passkey_in_use() {
    let house = House::set_up().await;
    let facts = house.locked().await.unwrap().facts().await.unwrap();
    let installation = facts.installation.clone().unwrap();
    assert_eq!(installation.name.to_string(), "prod-eu1");
    assert_eq!(facts.passkeys.len(), 1);
    assert!(facts.in_use(&name("k10masterkey")), "names are unique without regard to case");
    assert_eq!(facts.passkeys[0].opens(&facts.ages, facts.now), Opens::Yes);
    assert!(!facts.verified, "locked facts are not verified");
    assert_eq!(house.init().await.unwrap_err().kind, Kind::Refused, "a second set-up is refused");
}

#[tokio::test]
async fn several_passkeys_open_one_master_key() {
    let house = House::set_up().await;
    let session = house.unlocked().await;
    run(&session, add("ops-envelope"), secret(Slot::NEW, SECOND)).await.unwrap();
    drop(session);
    for passphrase in [FIRST, SECOND] {
        house.try_unlock(passphrase).await.unwrap();
    }
    let wrong = house.try_unlock("not this one").await.err().unwrap();
    assert_eq!(wrong.kind, Kind::Secret);
    assert_eq!(wrong.line(), "cannot unlock prod-eu1: no passkey opens with this passphrase; nothing changed");
}

#[tokio::test]
async fn rotation_switches_and_retires_only_on_demand() {
    let house = House::set_up().await;
    let session = house.unlocked().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let listener = seen.clone();
    let report = Report::to(move |event| {
        listener.lock().unwrap().push(match event {
            Event::Started { .. } => "started".to_owned(),
            Event::StepStarted { step } => format!("+{}", step.0),
            Event::StepDone { step, .. } => format!("={}", step.0),
            Event::Finished { .. } => "finished".to_owned(),
            other => format!("{other:?}"),
        });
    });
    run_told(&session, rotate("k10MasterKey-2", None), secret(Slot::NEW, SECOND), report, Stop::default()).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["started", "+wrap", "=wrap", "+prove", "=prove", "+switch", "=switch", "finished"]);
    let facts = session.facts().await.unwrap();
    assert!(facts.in_use(&name("k10MasterKey-2")));
    assert_eq!(facts.passkeys.len(), 2, "without --retire the old passkey stays");
    house.try_unlock(FIRST).await.unwrap();

    let receipt = run(&session, rotate("k10MasterKey-3", Some("k10MasterKey")), secret(Slot::NEW, THIRD)).await.unwrap();
    assert!(receipt.lines.iter().any(|line| line.to_string().starts_with("Retired, not revoked.")));
    assert!(session.facts().await.unwrap().passkey(&name("k10MasterKey")).is_none());
    assert_eq!(house.try_unlock(FIRST).await.err().unwrap().kind, Kind::Secret);
    house.try_unlock(SECOND).await.unwrap();
    house.try_unlock(THIRD).await.unwrap();
    let report = house.try_unlock(THIRD).await.unwrap().verify_journal(&[]).await.unwrap();
    assert_eq!((report.findings.as_slice(), report.intact_to), (&[][..], report.last));
}

#[tokio::test]
async fn the_last_way_in_is_never_removed() {
    let house = House::set_up().await;
    let session = house.unlocked().await;
    let refused = run(&session, remove("k10MasterKey"), Secrets::new()).await.unwrap_err();
    assert_eq!((refused.kind, refused.cause.to_string().as_str()), (Kind::Refused, "k10MasterKey is in use"));
    run(&session, rotate("k10MasterKey-2", None), secret(Slot::NEW, SECOND)).await.unwrap();
    // This session was opened by what is to be removed: another one must open in the same operation.
    let refused = run(&session, remove("k10MasterKey"), both(THIRD, FIRST)).await.err();
    assert!(refused.is_some());
    let session = house.try_unlock(SECOND).await.unwrap();
    let wrong = run(&session, remove("k10MasterKey"), secret(Slot::CHECK, FIRST)).await.unwrap_err();
    assert_eq!(wrong.kind, Kind::Secret, "the secret of the one that stays must open");
    house.try_unlock(FIRST).await.unwrap();
    run(&session, remove("k10MasterKey"), secret(Slot::CHECK, SECOND)).await.unwrap();
    assert_eq!(house.try_unlock(FIRST).await.err().unwrap().kind, Kind::Secret);
    house.try_unlock(SECOND).await.unwrap();
}

#[tokio::test]
async fn use_switches_only_to_what_is_proved() {
    let house = House::set_up().await;
    let session = house.unlocked().await;
    run(&session, add("spare"), secret(Slot::NEW, SECOND)).await.unwrap();
    let using = Request::PasskeyUse(PasskeyUse { name: name("spare") });
    run(&session, using.clone(), Secrets::new()).await.unwrap();
    assert!(session.facts().await.unwrap().in_use(&name("spare")));
    let missing = Request::PasskeyUse(PasskeyUse { name: name("nobody") });
    assert_eq!(run(&session, missing, Secrets::new()).await.unwrap_err().kind, Kind::NotFound);
}

#[tokio::test]
async fn policies_come_back_with_their_keys() {
    let house = House::set_up().await;
    let session = house.unlocked().await;
    run(&session, policy("app-daily"), Secrets::new()).await.unwrap();
    let first = session.policy(&"app-daily".parse().unwrap()).await.unwrap();
    assert_eq!(run(&session, policy("app-daily"), Secrets::new()).await.unwrap_err().kind, Kind::Refused);
    let gone = Request::PolicyRemove(PolicyRemove { name: "app-daily".parse().unwrap() });
    run(&session, gone, Secrets::new()).await.unwrap();
    assert_eq!(session.policy(&"app-daily".parse().unwrap()).await.unwrap_err().kind, Kind::NotFound);
    run(&session, policy("app-daily"), Secrets::new()).await.unwrap();
    let second = session.policy(&"app-daily".parse().unwrap()).await.unwrap();
    assert_eq!(first.key_id, second.key_id);
}

#[tokio::test]
async fn a_passkey_grows_stale_and_a_check_refreshes_it() {
    let house = House::set_up().await;
    house.pass(31 * 86_400);
    let session = house.locked().await.unwrap();
    let facts = session.facts().await.unwrap();
    assert_eq!(facts.passkeys[0].opens(&facts.ages, facts.now), Opens::Stale);
    assert_eq!(readiness(&facts)[0].verdict, Verdict::Stale);
    let which = [(name("k10MasterKey"), Slot::CHECK, Prover::Person("ana@bastion".into()))];
    let wrong = session.check(&which, &secret(Slot::CHECK, SECOND), &Stop::default()).await.unwrap();
    assert_eq!(wrong[0].outcome.as_ref().unwrap_err().kind, Kind::Secret);
    let facts = session.facts().await.unwrap();
    assert_eq!(facts.passkeys[0].opens(&facts.ages, facts.now), Opens::Stale, "a slip of the finger says nothing about a passkey");
    // Also where it could be written down, because the keys are here.
    let unlocked = house.unlocked().await;
    let wrong = unlocked.check(&which, &secret(Slot::CHECK, SECOND), &Stop::default()).await.unwrap();
    assert!(wrong[0].outcome.is_err());
    let facts = unlocked.facts().await.unwrap();
    assert_eq!(facts.passkeys[0].opens(&facts.ages, facts.now), Opens::Yes);
    house.pass(31 * 86_400);
    let right = session.check(&which, &secret(Slot::CHECK, FIRST), &Stop::default()).await.unwrap();
    assert_eq!(right[0].outcome, Ok(()));
    let facts = session.facts().await.unwrap();
    assert_eq!(facts.passkeys[0].opens(&facts.ages, facts.now), Opens::Yes);
    // With the keys at hand, what was found out could be written down: a slip still is nothing that was found out.
    let session = house.unlocked().await;
    let wrong = session.check(&which, &secret(Slot::CHECK, SECOND), &Stop::default()).await.unwrap();
    assert_eq!(wrong[0].outcome.as_ref().unwrap_err().kind, Kind::Secret);
    let facts = session.facts().await.unwrap();
    assert_eq!(facts.passkeys[0].opens(&facts.ages, facts.now), Opens::Yes);
}

#[tokio::test]
async fn a_stop_between_steps_can_be_resumed_or_abandoned() {
    let house = House::set_up().await;
    let session = house.unlocked().await;
    let stop = Stop::default();
    let asked = stop.clone();
    let report = Report::to(move |event| {
        if matches!(event, Event::StepDone { step, .. } if step.0 == "wrap") {
            asked.ask();
        }
    });
    let stopped =
        run_told(&session, rotate("k10MasterKey-2", Some("k10MasterKey")), secret(Slot::NEW, SECOND), report, stop).await.unwrap_err();
    assert_eq!(stopped.kind, Kind::Interrupted);
    let facts = session.facts().await.unwrap();
    let unfinished = facts.unfinished.clone().unwrap();
    assert_eq!((unfinished.done, unfinished.steps.len()), (1, 4));
    assert_eq!(facts.passkey(&name("k10MasterKey-2")).unwrap().opens(&facts.ages, facts.now), Opens::Pending);
    assert_eq!(house.try_unlock(SECOND).await.err().unwrap().kind, Kind::Secret, "a pending passkey counts for nothing");
    assert_eq!(run(&session, policy("x"), Secrets::new()).await.unwrap_err().kind, Kind::Refused, "first finish or abandon");

    let other = house.copy();
    let abandoned = other.unlocked().await;
    run(&abandoned, Request::Abandon, Secrets::new()).await.unwrap();
    let facts = abandoned.facts().await.unwrap();
    assert!(facts.unfinished.is_none() && facts.passkeys.len() == 1 && facts.in_use(&name("k10MasterKey")));

    let wrong = run(&session, Request::Resume, secret(Slot::NEW, THIRD)).await.unwrap_err();
    assert_eq!(wrong.kind, Kind::Secret);
    run(&session, Request::Resume, secret(Slot::NEW, SECOND)).await.unwrap();
    let facts = session.facts().await.unwrap();
    assert!(facts.unfinished.is_none() && facts.passkeys.len() == 1 && facts.in_use(&name("k10MasterKey-2")));
    assert_eq!(run(&session, Request::Resume, Secrets::new()).await.unwrap_err().kind, Kind::NotFound);
    for (house, passphrase) in [(&house, SECOND), (&other, FIRST)] {
        let report = house.try_unlock(passphrase).await.unwrap().verify_journal(&[]).await.unwrap();
        assert_eq!(report.findings, []);
    }
}

#[tokio::test]
async fn read_only_writes_nothing_not_even_proofs() {
    let house = House::set_up().await;
    let before = std::fs::read(house.catalog()).unwrap();
    let at = house.connect_with(Settings { read_only: true, ..Settings::default() }).unwrap();
    let session = house.unlock_with(at, FIRST).await.unwrap();
    assert!(session.unlocked());
    assert_eq!(run(&session, policy("x"), Secrets::new()).await.unwrap_err().kind, Kind::Refused);
    drop(session);
    let at = house.connect_with(Settings { read_only: true, ..Settings::default() }).unwrap();
    assert_eq!(house.unlock_with(at, "wrong").await.err().unwrap().kind, Kind::Secret);
    assert_eq!(std::fs::read(house.catalog()).unwrap(), before);
}

#[tokio::test]
async fn failed_unlocks_are_journalled_once_a_minute_and_vouched_for_later() {
    let house = House::set_up().await;
    let last = |house: &House| {
        let at = house.connect();
        async move { kastellan::ops::Session::open(at).await.unwrap().facts().await.unwrap().head.seq }
    };
    let before = last(&house).await;
    for _ in 0..3 {
        house.try_unlock("wrong").await.err().unwrap();
    }
    assert_eq!(last(&house).await, before + 1);
    house.pass(61);
    house.try_unlock("wrong").await.err().unwrap();
    assert_eq!(last(&house).await, before + 2);
    let at = house.connect();
    let mut session = kastellan::ops::Session::open(at.clone()).await.unwrap();
    let told = session.admit(crate::house::keys(&at, FIRST).await.unwrap()).await.unwrap();
    assert!(told.iter().any(|line| line.to_string().starts_with("2 journal entries were written while locked")), "{told:?}");
    let report = session.verify_journal(&[]).await.unwrap();
    assert_eq!((report.findings.len(), report.vouched_to), (0, report.last));
}

#[tokio::test]
async fn a_clock_that_jumps_backwards_changes_and_loses_nothing() {
    let house = House::set_up().await;
    house.unlocked().await;
    house.pass(-400 * 86_400);
    let session = house.unlocked().await;
    let facts = session.facts().await.unwrap();
    assert_eq!(facts.passkeys[0].opens(&facts.ages, facts.now), Opens::Yes);
    run(&session, rotate("k10MasterKey-2", None), secret(Slot::NEW, SECOND)).await.unwrap();
    house.try_unlock("wrong").await.err().unwrap();
    let last = session.facts().await.unwrap().head.seq;
    house.pass(-86_400);
    house.try_unlock("wrong").await.err().unwrap();
    assert_eq!(session.facts().await.unwrap().head.seq, last + 1, "a failure that seems to lie ahead hides no later one");
    house.pass(800 * 86_400);
    let session = house.try_unlock(SECOND).await.unwrap();
    let report = session.verify_journal(&[]).await.unwrap();
    assert_eq!((report.findings.as_slice(), report.intact_to), (&[][..], report.last));
    house.try_unlock(FIRST).await.unwrap();
}
