//! Killed at every step boundary, exactly: a child of the test runs the operation and kills itself (SIGKILL) on event n. Whatever
//! remains must open, verify, and go on or back.

use crate::house::{FIRST, House, SECOND, THIRD, add, both, remove, rotate, run, run_told, secret};
use kastellan::crypto::Secrets;
use kastellan::domain::{Kind, PasskeyUse, Request, Slot, Stop};
use kastellan::ops::Report;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

const CHILD: &str = "KASTELLAN_TEST_KILLED_CHILD";

/// Kills this very process on event `n` (from 1), as `kill -9` would.
fn killer(n: usize) -> Report {
    let count = AtomicUsize::new(0);
    Report::to(move |_| {
        if count.fetch_add(1, Ordering::SeqCst) + 1 == n {
            let me = rustix::process::getpid();
            rustix::process::kill_process(me, rustix::process::Signal::KILL).unwrap();
        }
    })
}

fn using(name: &str) -> Request {
    Request::PasskeyUse(PasskeyUse { name: name.parse().unwrap() })
}

/// What each named operation is: its request, the secrets it needs, and which passphrase unlocks for it.
async fn perform(what: &str, house: &House, report: Report) {
    if what == "init" {
        house.init_told(report).await.unwrap();
        return;
    }
    let (opens, request, secrets) = match what {
        "add" => (FIRST, add("spare"), secret(Slot::NEW, SECOND)),
        "use" => (FIRST, using("spare"), Secrets::new()),
        "rotate" => (FIRST, rotate("k2", None), secret(Slot::NEW, THIRD)),
        "rotate-retire" => (FIRST, rotate("k2", Some("k10MasterKey")), secret(Slot::NEW, THIRD)),
        "resume" => (FIRST, Request::Resume, secret(Slot::NEW, THIRD)),
        "abandon" => (FIRST, Request::Abandon, Secrets::new()),
        "remove" => (FIRST, remove("spare"), both(THIRD, FIRST)),
        other => panic!("{other}"),
    };
    let session = house.try_unlock(opens).await.unwrap();
    run_told(&session, request, secrets, report, Stop::default()).await.unwrap();
}

/// Not a test of its own: what the children run.
#[tokio::test]
async fn killed_child() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let mut parts = told.splitn(3, ' ');
    let (what, n, folder) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    perform(what, &House::at(Path::new(folder)), killer(n.parse().unwrap())).await;
}

/// Whether the child was killed; false: it ended before event `n`.
fn killed(what: &str, n: usize, house: &House) -> bool {
    use std::os::unix::process::ExitStatusExt;
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kills::killed_child", "--nocapture"])
        .env(CHILD, format!("{what} {n} {}", house.folder.display()))
        .output()
        .unwrap();
    match child.status.signal() {
        Some(9) => true,
        _ if child.status.success() => false,
        _ => panic!("{what} {n}: {}", String::from_utf8_lossy(&child.stderr)),
    }
}

/// The house in which an operation begins.
async fn before(what: &str) -> House {
    if what == "init" {
        return House::empty();
    }
    let house = House::set_up().await;
    let session = house.unlocked().await;
    if what == "use" || what == "remove" {
        run(&session, add("spare"), secret(Slot::NEW, SECOND)).await.unwrap();
    }
    if what == "resume" || what == "abandon" {
        let stop = Stop::default();
        let asked = stop.clone();
        let report = Report::to(move |event| {
            if matches!(event, kastellan::domain::Event::StepDone { .. }) {
                asked.ask();
            }
        });
        let stopped = run_told(&session, rotate("k2", Some("k10MasterKey")), secret(Slot::NEW, THIRD), report, stop).await.unwrap_err();
        assert_eq!(stopped.kind, Kind::Interrupted);
    }
    house
}

/// Passkeys, each with whether it is in use.
type State = Vec<(String, bool)>;

async fn state(house: &House) -> State {
    let facts = house.locked().await.unwrap().facts().await.unwrap();
    facts.passkeys.iter().map(|p| (p.name.to_string(), facts.in_use(&p.name))).collect()
}

/// Opens, verifies, and goes on as well as back: to `new` or to `old` (None where the old state is one that nothing leads back to).
async fn survives(what: &str, n: usize, house: &House, old: Option<&State>, new: &State) {
    if what == "init"
        && kastellan::ops::Connection::open(
            kastellan::ops::Place { catalog: house.catalog() },
            house.host(),
            kastellan::ops::Settings::default(),
        )
        .unwrap()
        .is_none()
    {
        house.init().await.unwrap_or_else(|fault| panic!("{what} {n}: set-up again: {fault}"));
        let strays: Vec<_> = std::fs::read_dir(&house.folder)
            .unwrap()
            .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().contains("draft"))
            .collect();
        assert!(strays.is_empty(), "{what} {n}: {strays:?}");
    }
    let mut session = None;
    for passphrase in [FIRST, THIRD, SECOND] {
        if let Ok(opened) = house.try_unlock(passphrase).await {
            session = Some((opened, passphrase));
            break;
        }
    }
    let (session, passphrase) = session.unwrap_or_else(|| panic!("{what} {n}: nothing opens"));
    let report = session.verify_journal(&[]).await.unwrap();
    assert_eq!(report.findings, [], "{what} {n}");
    let facts = session.facts().await.unwrap();
    assert!(facts.alarm.is_none() && facts.holder.is_none(), "{what} {n}");
    if facts.unfinished.is_none() {
        assert!(facts.passkeys.iter().all(|p| !p.pending && !p.altered), "{what} {n}");
        let now = state(house).await;
        assert!(now == *new || Some(&now) == old, "{what} {n}: {now:?} is neither {old:?} nor {new:?}");
        return;
    }
    drop(session);
    let back = house.copy();
    run(&back.try_unlock(passphrase).await.unwrap(), Request::Abandon, Secrets::new())
        .await
        .unwrap_or_else(|f| panic!("{what} {n}: abandon: {f}"));
    let new = if what == "add" { SECOND } else { THIRD };
    run(&house.try_unlock(passphrase).await.unwrap(), Request::Resume, secret(Slot::NEW, new))
        .await
        .unwrap_or_else(|f| panic!("{what} {n}: resume: {f}"));
    for (house, opens) in [(&back, FIRST), (house, new)] {
        let session = house.try_unlock(opens).await.unwrap_or_else(|f| panic!("{what} {n}: {f}"));
        let facts = session.facts().await.unwrap();
        assert!(facts.unfinished.is_none() && facts.passkeys.iter().all(|p| !p.pending), "{what} {n}");
        assert_eq!(session.verify_journal(&[]).await.unwrap().findings, [], "{what} {n}");
    }
}

/// Kills `what` on each of its events in turn, until it ends unharmed; the number of kills.
async fn kill_everywhere(what: &str) -> usize {
    let start = before(what).await;
    let old = if ["init", "resume", "abandon"].contains(&what) { None } else { Some(state(&start).await) };
    let unharmed = start.copy();
    perform(what, &unharmed, Report::nobody()).await;
    let new = state(&unharmed).await;
    for n in 1.. {
        let house = start.copy();
        if !killed(what, n, &house) {
            return n - 1;
        }
        survives(what, n, &house, old.as_ref(), &new).await;
    }
    unreachable!()
}

#[tokio::test]
async fn init() {
    assert_eq!(kill_everywhere("init").await, 8);
}

#[tokio::test]
async fn passkey_add() {
    assert_eq!(kill_everywhere("add").await, 6);
}

#[tokio::test]
async fn passkey_use() {
    assert_eq!(kill_everywhere("use").await, 4);
}

#[tokio::test]
async fn rotation() {
    assert_eq!(kill_everywhere("rotate").await, 8);
}

#[tokio::test]
async fn rotation_with_retirement() {
    assert_eq!(kill_everywhere("rotate-retire").await, 10);
}

#[tokio::test]
async fn resume() {
    assert_eq!(kill_everywhere("resume").await, 8);
}

#[tokio::test]
async fn abandon() {
    assert_eq!(kill_everywhere("abandon").await, 4);
}

#[tokio::test]
async fn passkey_remove() {
    assert_eq!(kill_everywhere("remove").await, 6);
}
