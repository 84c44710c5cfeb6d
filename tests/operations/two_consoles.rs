//! Two consoles at once: one wins, the other is told who and since when.

use crate::house::{House, SECOND, THIRD, add, policy, rotate, run, secret};
use kastellan::crypto::Secrets;
use kastellan::domain::{Kind, Slot, Stop};
use kastellan::ops::Report;
use std::time::Duration;

#[tokio::test]
async fn the_second_is_told_who_and_since_when() {
    let house = House::set_up().await;
    let (ana, ben) = (house.unlocked().await, house.unlocked().await);
    let begun = ana.begin(&ana.plan(&rotate("k10MasterKey-2", None)).await.unwrap()).await.unwrap();
    let facts = ben.facts().await.unwrap();
    assert_eq!(facts.holder.as_ref().map(|h| h.doing.to_string()).as_deref(), Some("rotating prod-eu1 to k10MasterKey-2"));
    house.pass(120);
    let told = run(&ben, policy("x"), Secrets::new()).await.unwrap_err();
    assert_eq!(told.kind, Kind::Changed);
    assert!(told.line().contains("ana@bastion has been rotating prod-eu1 to k10MasterKey-2 since"), "{}", told.line());
    drop(begun);
    run(&ben, policy("x"), Secrets::new()).await.unwrap();
}

#[tokio::test]
async fn a_plan_that_was_overtaken_is_not_carried_out() {
    let house = House::set_up().await;
    let (ana, ben) = (house.unlocked().await, house.unlocked().await);
    let plan = ana.plan(&add("spare")).await.unwrap();
    run(&ben, add("spare"), secret(Slot::NEW, SECOND)).await.unwrap();
    assert_eq!(ana.begin(&plan).await.err().unwrap().kind, Kind::Refused);
    let plan = ana.plan(&rotate("k10MasterKey-2", None)).await.unwrap();
    run(&ben, rotate("k10MasterKey-3", None), secret(Slot::NEW, THIRD)).await.unwrap();
    assert_eq!(ana.begin(&plan).await.err().unwrap().kind, Kind::Changed, "another passkey is in use than the plan said");
}

#[tokio::test]
async fn an_operation_survives_proofs_that_others_write_meanwhile() {
    let house = House::set_up().await;
    let ana = house.unlocked().await;
    let begun = ana.begin(&ana.plan(&rotate("k10MasterKey-2", None)).await.unwrap()).await.unwrap();
    // Ben unlocks, which writes a proof and a journal entry, between ana's review and her run.
    let ben = house.unlocked().await;
    begun.run(secret(Slot::NEW, SECOND), Report::nobody(), Stop::default()).await.unwrap();
    assert_eq!(ben.verify_journal(&[]).await.unwrap().findings, []);
}

#[tokio::test]
async fn changes_are_told_to_the_other_console() {
    let house = House::set_up().await;
    let (ana, ben) = (house.unlocked().await, house.unlocked().await);
    let mut changes = ben.changes();
    // What was noticed before this point does not count.
    while tokio::time::timeout(Duration::from_millis(300), changes.next()).await.is_ok() {}
    run(&ana, policy("x"), Secrets::new()).await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), changes.next()).await.expect("told");
}
