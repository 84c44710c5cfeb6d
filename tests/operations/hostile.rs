//! Attacks on what is unfinished, on proofs and on the journal's edges; others at work meanwhile; clocks that lie.

use crate::house::{FIRST, House, SECOND, START, THIRD, add, both, name, policy, remove, rotate, run, run_told, secret};
use kastellan::crypto::Secrets;
use kastellan::domain::{Event, Fault, Kind, PasskeyUse, Prover, Request, Slot, Stop};
use kastellan::ops::{Report, Session};
use rusqlite::{Connection, params};
use std::sync::atomic::Ordering;

type Row = (String, String, i64, String, Vec<u8>);

fn sql(house: &House) -> Connection {
    Connection::open(house.catalog()).unwrap()
}

fn row(house: &House, kind: &str, id: &str) -> Row {
    let read = |r: &rusqlite::Row<'_>| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?));
    sql(house).query_row("SELECT kind, id, rev, clear, sealed FROM records WHERE kind = ?1 AND id = ?2", [kind, id], read).unwrap()
}

fn put_back(house: &House, row: &Row) {
    let to = "INSERT OR REPLACE INTO records (kind, id, rev, clear, sealed) VALUES (?1, ?2, ?3, ?4, ?5)";
    sql(house).execute(to, params![row.0, row.1, row.2, row.3, row.4]).unwrap();
}

/// Runs a request and stops it after `steps` steps: an operation that is unfinished.
async fn stopped(session: &Session, request: Request, steps: usize, secrets: Secrets) -> Fault {
    let stop = Stop::default();
    let (asked, done) = (stop.clone(), std::sync::atomic::AtomicUsize::new(0));
    let report = Report::to(move |event| {
        if let Event::StepDone { .. } = event
            && done.fetch_add(1, Ordering::SeqCst) + 1 == steps
        {
            asked.ask();
        }
    });
    run_told(session, request, secrets, report, stop).await.unwrap_err()
}

async fn names(house: &House) -> Vec<String> {
    let facts = house.locked().await.unwrap().facts().await.unwrap();
    facts.passkeys.iter().map(|p| p.name.to_string()).collect()
}

#[tokio::test]
async fn an_old_operation_put_back_takes_no_passkey_away() {
    let house = House::set_up().await;
    let session = house.unlocked().await;
    stopped(&session, add("spare"), 1, secret(Slot::NEW, SECOND)).await;
    let old = row(&house, "operation", "current");
    run(&session, Request::Resume, secret(Slot::NEW, SECOND)).await.unwrap();
    drop(session);
    // The record verifies under its key: only the journal knows that it ended.
    put_back(&house, &old);
    let session = house.unlocked().await;
    for request in [Request::Abandon, Request::Resume, policy("x")] {
        let Err(refused) = run(&session, request.clone(), both(SECOND, FIRST)).await else { panic!("{request:?} was carried out") };
        // What is new may not begin beside what is unfinished, whatever that is.
        assert!(matches!(refused.kind, Kind::Damaged | Kind::Refused), "{refused}");
    }
    assert!(session.facts().await.unwrap().alarm.unwrap().to_string().contains("put back"));
    assert_eq!(names(&house).await, ["k10MasterKey", "spare"]);
}

#[tokio::test]
async fn an_operation_record_that_is_no_record_stops_nobody_from_unlocking() {
    let house = House::set_up().await;
    put_back(&house, &("operation".into(), "current".into(), 1, "{\"kind\": 7".into(), vec![0; 60]));
    let session = house.unlocked().await;
    assert!(session.facts().await.unwrap().alarm.is_some());
    assert_eq!(run(&session, policy("x"), Secrets::new()).await.unwrap_err().kind, Kind::Damaged);
    let findings = session.verify_journal(&[]).await.unwrap().findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
}

#[tokio::test]
async fn taking_back_never_removes_what_unlocked() {
    let house = House::set_up().await;
    let session = house.unlocked().await;
    stopped(&session, rotate("k2", Some("k10MasterKey")), 3, secret(Slot::NEW, SECOND)).await;
    drop(session);
    // Whoever has only the new secret would lock himself out.
    let by_new = house.try_unlock(SECOND).await.unwrap();
    let refused = run(&by_new, Request::Abandon, Secrets::new()).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Refused);
    assert!(refused.line().contains("k2 is what unlocked this session"), "{refused}");
    assert_eq!(names(&house).await, ["k10MasterKey", "k2"]);
    drop(by_new);
    run(&house.unlocked().await, Request::Abandon, Secrets::new()).await.unwrap();
    assert_eq!(names(&house).await, ["k10MasterKey"]);
}

#[tokio::test]
async fn a_rotation_that_stopped_says_what_holds_after_each_step() {
    let holds = [
        "the new passkey is pending, the old way in still works",
        "k2 opens, k10MasterKey is still in use",
        "k2 is in use, k10MasterKey stays and still opens",
    ];
    for (steps, holds) in (1..).zip(holds) {
        let house = House::set_up().await;
        let session = house.unlocked().await;
        let fault = stopped(&session, rotate("k2", Some("k10MasterKey")), steps, secret(Slot::NEW, SECOND)).await;
        assert!(fault.line().contains(holds), "{steps}: {fault}");
        // Nor does resuming it with a wrong secret say anything else.
        let fault = run(&session, Request::Resume, secret(Slot::NEW, THIRD)).await.unwrap_err();
        assert!(fault.line().contains(holds), "{steps}, resumed: {fault}");
    }
}

#[tokio::test]
async fn a_wrong_secret_on_resume_retires_nothing() {
    let house = House::set_up().await;
    let session = house.unlocked().await;
    stopped(&session, rotate("k2", Some("k10MasterKey")), 3, secret(Slot::NEW, SECOND)).await;
    let refused = run(&session, Request::Resume, secret(Slot::NEW, THIRD)).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Secret, "{refused}");
    assert_eq!(names(&house).await, ["k10MasterKey", "k2"]);
    run(&session, Request::Resume, secret(Slot::NEW, SECOND)).await.unwrap();
    assert_eq!(names(&house).await, ["k2"]);
}

#[tokio::test]
async fn what_was_pending_and_is_gone_can_be_taken_back_and_not_finished() {
    let house = House::set_up().await;
    let session = house.unlocked().await;
    stopped(&session, add("spare"), 1, secret(Slot::NEW, SECOND)).await;
    sql(&house).execute("DELETE FROM records WHERE kind = 'passkey' AND id = 'spare'", []).unwrap();
    let refused = run(&session, Request::Resume, secret(Slot::NEW, SECOND)).await.unwrap_err();
    assert!(refused.line().contains("no longer in the catalog"), "{refused}");
    run(&session, Request::Abandon, Secrets::new()).await.unwrap();
    run(&session, policy("x"), Secrets::new()).await.unwrap();
    assert_eq!(names(&house).await, ["k10MasterKey"]);
}

#[tokio::test]
async fn a_retired_passkey_put_back_is_not_proved_by_a_check() {
    let house = House::set_up().await;
    let session = house.unlocked().await;
    run(&session, add("spare"), secret(Slot::NEW, SECOND)).await.unwrap();
    let (passkey, proof) = (row(&house, "passkey", "spare"), row(&house, "proof", "spare"));
    run(&session, remove("spare"), secret(Slot::CHECK, FIRST)).await.unwrap();
    drop(session);
    put_back(&house, &passkey);
    put_back(&house, &proof);
    let entries = || -> i64 { sql(&house).query_row("SELECT max(seq) FROM journal", [], |r| r.get(0)).unwrap() };
    let before = entries();
    let locked = house.locked().await.unwrap();
    let which = [(name("spare"), Slot::CHECK, Prover::File)];
    let checked = locked.check(&which, &secret(Slot::CHECK, SECOND), &Stop::default()).await.unwrap();
    let fault = checked[0].outcome.clone().unwrap_err();
    assert_eq!(fault.kind, Kind::Damaged);
    assert!(fault.line().contains("was removed, and put back"), "{fault}");
    assert_eq!(entries(), before, "nothing vouches for it");
}

#[tokio::test]
async fn a_check_says_what_it_vouches_for() {
    let house = House::set_up().await;
    assert_eq!(house.try_unlock(THIRD).await.err().unwrap().kind, Kind::Secret);
    let locked = house.locked().await.unwrap();
    let which = [(name("k10MasterKey"), Slot::CHECK, Prover::File)];
    locked.check(&which, &secret(Slot::CHECK, FIRST), &Stop::default()).await.unwrap()[0].outcome.clone().unwrap();
    let text: String = sql(&house).query_row("SELECT text FROM journal ORDER BY seq DESC LIMIT 1", [], |r| r.get(0)).unwrap();
    assert!(text.contains("\"vouches\":1"), "{text}");
}

#[tokio::test]
async fn many_who_unlock_at_once_find_no_tampering() {
    let house = House::set_up().await;
    let admitted = (0..12).map(|_| {
        let at = house.connect();
        tokio::spawn(async move {
            let mut session = Session::open(at.clone()).await?;
            let keys = crate::house::keys(&at, FIRST).await?;
            let told = session.admit(keys).await?;
            Ok::<_, Fault>((told, session.facts().await?.alarm, session.verify_journal(&[]).await?.findings))
        })
    });
    for admitted in admitted.collect::<Vec<_>>() {
        let (told, alarm, findings) = admitted.await.unwrap().unwrap();
        assert!(told.iter().all(|line| !line.to_string().contains("the record of")), "{told:?}");
        assert_eq!((alarm, findings), (None, vec![]));
    }
}

#[tokio::test]
async fn a_proof_with_the_last_number_there_is_can_be_written_anew() {
    let house = House::set_up().await;
    for rev in [i64::MAX, (1 << 53) - 1] {
        sql(&house).execute("UPDATE records SET rev = ?1 WHERE kind = 'proof'", [rev]).unwrap();
        drop(house.unlocked().await);
        let session = house.unlocked().await;
        assert!(session.facts().await.unwrap().passkeys[0].proof.is_some(), "{rev}");
        assert_eq!(session.verify_journal(&[]).await.unwrap().findings, [], "{rev}");
    }
}

#[tokio::test]
async fn rows_that_are_no_text_are_altered_and_the_others_open() {
    for edit in [
        "UPDATE records SET clear = CAST(x'ff' AS TEXT) WHERE kind = 'passkey' AND id = 'spare'",
        "UPDATE records SET clear = x'fffe' WHERE kind = 'passkey' AND id = 'spare'",
        "UPDATE records SET rev = -7 WHERE kind = 'passkey' AND id = 'spare'",
        "UPDATE records SET sealed = 'text' WHERE kind = 'passkey' AND id = 'spare'",
    ] {
        let house = House::set_up().await;
        let session = house.unlocked().await;
        run(&session, add("spare"), secret(Slot::NEW, SECOND)).await.unwrap();
        drop(session);
        sql(&house).execute_batch(edit).unwrap();
        let facts = house.unlocked().await.facts().await.unwrap();
        let spare = facts.passkey(&name("spare")).expect("it is listed");
        assert!(spare.altered, "{edit}");
        assert!(house.try_unlock(SECOND).await.is_err(), "{edit}: it is used for nothing");
    }
}

#[tokio::test]
async fn a_lock_file_that_is_taken_away_brings_nobody_to_remove_the_last_way_in() {
    let house = House::set_up().await;
    let ana = house.unlocked().await;
    run(&ana, add("spare"), secret(Slot::NEW, SECOND)).await.unwrap();
    let ben = house.try_unlock(SECOND).await.unwrap();
    let begun = ana.begin(&ana.plan(&remove("spare")).await.unwrap()).await.unwrap();
    std::fs::remove_file(house.catalog().with_file_name("catalog.db.lock")).unwrap();
    // Ben finds no lock, and removes the passkey that ana's removal counts on.
    run(&ben, Request::PasskeyUse(PasskeyUse { name: name("spare") }), Secrets::new()).await.unwrap();
    run(&ben, remove("k10MasterKey"), secret(Slot::CHECK, SECOND)).await.unwrap();
    let told = begun.run(secret(Slot::CHECK, FIRST), Report::nobody(), Stop::default()).await.err().expect("refused");
    assert!(matches!(told.kind, Kind::Changed | Kind::Damaged), "{told}");
    assert_eq!(names(&house).await, ["spare"]);
    assert!(house.try_unlock(SECOND).await.is_ok());
}

#[tokio::test]
async fn an_operation_that_others_overtake_half_way_retires_nothing() {
    let house = House::set_up().await;
    let ana = house.unlocked().await;
    let request = rotate("k10MasterKey-2", Some("k10MasterKey"));
    let begun = ana.begin(&ana.plan(&request).await.unwrap()).await.unwrap();
    // Right after the new one was proved: ana waits, the lock file goes, ben takes her rotation back.
    let (proved, wait) = (std::sync::mpsc::channel(), std::sync::mpsc::channel());
    let (tell, gate) = (proved.0, std::sync::Mutex::new(wait.1));
    let report = Report::to(move |event| {
        if matches!(event, Event::StepDone { step, .. } if step.0 == "prove") {
            tell.send(()).unwrap();
            gate.lock().unwrap().recv().unwrap();
        }
    });
    let running = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(begun.run(secret(Slot::NEW, SECOND), report, Stop::default())).err()
    });
    proved.1.recv().unwrap();
    std::fs::remove_file(house.catalog().with_file_name("catalog.db.lock")).unwrap();
    run(&house.unlocked().await, Request::Abandon, Secrets::new()).await.unwrap();
    wait.0.send(()).unwrap();
    let told = running.join().unwrap().expect("refused");
    assert_eq!(told.kind, Kind::Changed, "{told}");
    assert!(told.to_string().contains("ran another operation meanwhile (abandon)"), "{told}");
    assert_eq!(names(&house).await, ["k10MasterKey"]);
    assert!(house.try_unlock(FIRST).await.is_ok());
}

#[tokio::test]
async fn a_wrap_whose_bytes_another_reader_keeps_is_not_called_gone() {
    let house = House::set_up().await;
    let session = house.unlocked().await;
    run(&session, add("spare"), secret(Slot::NEW, SECOND)).await.unwrap();
    let reader = sql(&house);
    reader.execute_batch("BEGIN; SELECT count(*) FROM records;").unwrap();
    let stays = "its bytes are still in the catalog's log";
    let said = run(&session, remove("spare"), secret(Slot::CHECK, FIRST)).await.unwrap().lines;
    assert!(said.iter().any(|line| line.to_string().starts_with(stays)), "{said:?}");
    reader.execute_batch("COMMIT").unwrap();
    run(&session, add("spare"), secret(Slot::NEW, SECOND)).await.unwrap();
    let said = run(&session, remove("spare"), secret(Slot::CHECK, FIRST)).await.unwrap().lines;
    assert!(!said.iter().any(|line| line.to_string().starts_with(stays)), "{said:?}");
}

#[tokio::test]
async fn a_second_installation_slipped_in_is_refused() {
    let house = House::set_up().await;
    let clear = r#"{"catalogId":"00000000000000000000000000000000"}"#;
    put_back(&house, &("installation".into(), "0".repeat(32), 1, clear.into(), vec![0; 60]));
    let refused = house.locked().await.err().unwrap();
    assert_eq!(refused.kind, Kind::Damaged);
    assert!(refused.line().contains("more than one installation"), "{refused}");
}

#[tokio::test]
async fn a_clock_that_jumps_loses_nothing() {
    let house = House::set_up().await;
    for now in [START - 400 * 86_400, 0, -1, i64::MIN, i64::MAX, START + 1] {
        house.clock.store(now, Ordering::SeqCst);
        let session = house.unlocked().await;
        let facts = session.facts().await.unwrap();
        assert_eq!(facts.passkeys.len(), 1, "{now}");
        let _ = kastellan::domain::readiness(&facts);
        assert_eq!(session.verify_journal(&[]).await.unwrap().findings, [], "{now}");
        assert_eq!(house.try_unlock(THIRD).await.err().unwrap().kind, Kind::Secret, "{now}");
    }
    run(&house.unlocked().await, policy("x"), Secrets::new()).await.unwrap();
}

#[tokio::test]
async fn what_is_not_proved_is_not_put_in_use_and_the_last_way_in_stays() {
    let house = House::set_up().await;
    let session = house.unlocked().await;
    let use_ = |n: &str| Request::PasskeyUse(PasskeyUse { name: name(n) });
    assert_eq!(run(&session, use_("nobody"), Secrets::new()).await.unwrap_err().kind, Kind::NotFound);
    stopped(&session, add("spare"), 1, secret(Slot::NEW, SECOND)).await;
    assert_eq!(run(&session, use_("spare"), Secrets::new()).await.unwrap_err().kind, Kind::Refused);
    run(&session, Request::Abandon, Secrets::new()).await.unwrap();
    for last in ["k10MasterKey", "K10MASTERKEY"] {
        assert_eq!(run(&session, remove(last), secret(Slot::CHECK, FIRST)).await.unwrap_err().kind, Kind::Refused);
    }
    // A file where the pin's folder should be: what was done is done, and said.
    run(&session, add("spare"), secret(Slot::NEW, SECOND)).await.unwrap();
    std::fs::remove_file(house.folder.join("known")).unwrap();
    std::fs::create_dir(house.folder.join("known")).unwrap();
    let receipt = run(&session, use_("spare"), Secrets::new()).await.unwrap();
    assert!(receipt.lines.iter().any(|line| line.to_string().contains("would not be noticed")), "{:?}", receipt.lines);
}
