//! Removing old archives: the own instance's or a named one's, and never the three newest proved ones of a location that open with the DR
//! passphrase in force. What stays is looked at first: the ledger alone does not say that it is still there.

use super::{snapshot, state};
use crate::catalog::OpLock;
use crate::domain::{
    Act, Archive, Change, Changed, Confirm, DrPrune, Facts, Fault, Installation, KEPT_ALWAYS, KeyNeed, Kind, Plan, Prover, Request, Risk,
    StepId, StepInfo, Text, count,
};
use crate::format::RecordKind;
use crate::ops::engine::{Operation, Outcome, Run, close};
use crate::ops::locations;
use crate::ops::work::{Work, Writes};
use async_trait::async_trait;

pub fn plan(request: &Request, prune: &DrPrune, facts: &Facts, installation: &Installation) -> Plan {
    let number = facts.dr.as_ref().map_or(0, |dr| dr.number);
    let going = going(&facts.archives, prune, installation, number);
    let title = format!("remove {}", count(going.len() as u64, "archive", "archives"));
    let changes =
        going.iter().take(20).map(|a| Change(Text::new(format!("archive {} of {} leaves {}", a.seq, a.created_at.day(), a.location))));
    let steps = vec![StepInfo { id: StepId::new("prune"), title: title.into(), risk: Risk::MustFinish, irreversible: true }];
    Plan {
        request: request.clone(),
        changes: changes.collect(),
        steps: if going.is_empty() { Vec::new() } else { steps },
        warnings: vec![Text::new(format!(
            "The {KEPT_ALWAYS} newest proved archives of each location that open with no. {number} always stay."
        ))],
        secrets: Vec::new(),
        keys: vec![KeyNeed::Metadata, KeyNeed::Journal],
        confirm: if going.is_empty() { Confirm::None } else { Confirm::Type(installation.name.clone()) },
    }
}

/// What goes: older than asked, of this instance or the one named, and not among the newest proved ones of its location.
fn going(archives: &[Archive], prune: &DrPrune, installation: &Installation, number: u64) -> Vec<Archive> {
    let ours = |a: &&Archive| a.instance_id == installation.instance_id || Some(&a.instance_id) == prune.instance.as_ref();
    let old = |a: &&Archive| a.created_at < prune.before;
    archives.iter().filter(ours).filter(old).filter(|a| !among_newest(archives, a, installation, number)).cloned().collect()
}

/// Whether it is one of the newest in its location: fewer than three newer ones there are proved and open with the passphrase in force,
/// `number`. Those of one instance follow each other by number and not by clock; another instance's go once this one's are newer.
fn among_newest(archives: &[Archive], archive: &Archive, installation: &Installation, number: u64) -> bool {
    let follows = |a: &&Archive| {
        if a.instance_id == archive.instance_id {
            a.seq > archive.seq
        } else {
            a.instance_id == installation.instance_id && a.created_at > archive.created_at
        }
    };
    let beside = |a: &&Archive| a.location.same(&archive.location) && a.number == number && a.proved_at.is_some();
    archives.iter().filter(beside).filter(follows).count() < KEPT_ALWAYS
}

/// Removes the archives that open with older passphrases than `number`; those are not worth keeping once it is said so.
pub async fn older_numbers(work: &Work, number: u64, verb: &str, step: &str) -> Result<u64, Fault> {
    let ledger = state::ledger(work).await?;
    let own = |a: &&Archive| a.instance_id == work.installation.instance_id;
    let old: Vec<Archive> = ledger.iter().filter(own).filter(|a| a.number < number).cloned().collect();
    look_at_kept(work, &ledger, &old, number, verb, step).await?;
    remove(work, &old, verb, step).await
}

/// Sees to it that what stays for those that go is in its location as it was proved; what is not counts no more.
async fn look_at_kept(work: &Work, ledger: &[Archive], old: &[Archive], number: u64, verb: &str, step: &str) -> Result<(), Fault> {
    let (mut looked, mut gone): (Vec<&Archive>, Vec<String>) = (Vec::new(), Vec::new());
    let stays = |a: &&Archive| a.instance_id == work.installation.instance_id && a.number == number && a.proved_at.is_some();
    for archive in ledger.iter().filter(stays).filter(|a| old.iter().all(|going| going.id != a.id)) {
        let beside = |a: &Archive| a.location.same(&archive.location);
        if !old.iter().any(beside) || looked.iter().filter(|a| beside(a)).count() == KEPT_ALWAYS {
            continue;
        }
        if snapshot::stands(work, archive).await? {
            looked.push(archive);
        } else {
            state::counts_no_more(work, archive, verb, step).await?;
            gone.push(format!("archive {} in {}", archive.seq, archive.location));
        }
    }
    if gone.is_empty() {
        return Ok(());
    }
    let cause = format!("what would stay is not as it was proved: {}; no archive was removed", gone.join(", "));
    Err(Fault::new(Kind::Damaged, work.doing(), cause, Act::say("kastellan dr archive makes another one; then try again"))
        .leaving(Changed::Unsaid))
}

/// Removes archives one by one: the object, then its line in the ledger.
pub async fn remove(work: &Work, archives: &[Archive], verb: &str, step: &str) -> Result<u64, Fault> {
    let mut removed = 0;
    for archive in archives {
        let store = locations::reach(work, &archive.location).await?.open(&work.at, &work.installation)?;
        store.remove(&archive.name).await?;
        let removals = work.removal(RecordKind::DrArchive, &archive.id).await?.into_iter().collect();
        let what = format!("archive {} of {} removed from {}", archive.seq, archive.created_at.day(), archive.location);
        work.commit(Writes { removals, ..Writes::default() }, verb, step, &what).await?;
        removed += 1;
    }
    Ok(removed)
}

/// The operation at work.
pub struct Pruning {
    pub prune: DrPrune,
    pub work: Work,
    pub removed: u64,
    #[allow(dead_code)] // Held until the operation ends.
    pub lock: Option<OpLock>,
}

#[async_trait]
impl Operation for Pruning {
    fn id(&self) -> &str {
        &self.work.id
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, step: &StepId, _run: &Run<'_>) -> Result<Text, Fault> {
        let ledger = state::ledger(&self.work).await?;
        let number = state::read(&self.work).await?.1.number;
        let old = going(&ledger, &self.prune, &self.work.installation, number);
        look_at_kept(&self.work, &ledger, &old, number, "dr prune", &step.0).await?;
        self.removed = remove(&self.work, &old, "dr prune", &step.0).await?;
        Ok(Text::new(format!("{} removed", count(self.removed, "archive", "archives"))))
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(self: Box<Self>) -> Result<Outcome, Fault> {
        let lines = vec![Text::new(format!("{} removed; the newest proved ones stay", count(self.removed, "archive", "archives")))];
        close(&self.work, lines).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    fn archive(seq: u64, location: &str, proved: bool, created: i64) -> Archive {
        Archive {
            id: seq.to_string(),
            name: String::new(),
            location: location.parse().unwrap(),
            instance_id: "me".into(),
            seq,
            created_at: Timestamp::from_unix(created),
            size: 1,
            digest: String::new(),
            number: 1,
            journal_seq: seq,
            wraps: Vec::new(),
            proved_at: proved.then(|| Timestamp::from_unix(created)),
        }
    }

    #[test]
    fn the_newest_proved_ones_stay_whatever_the_clock_says() {
        let installation = Installation {
            name: "prod".into(),
            catalog_id: "c".into(),
            instance_id: "me".into(),
            master_key_id: String::new(),
            created_at: Timestamp::from_unix(0),
            in_use: "k".parse().unwrap(),
            owner: true,
            signing_key: "5e".repeat(32),
        };
        let prune = DrPrune { before: Timestamp::from_unix(i64::MAX), instance: None };
        let seqs = |archives: &[Archive]| going(archives, &prune, &installation, 1).iter().map(|a| a.seq).collect::<Vec<_>>();
        // A clock that went back: the newest by number has the oldest time.
        let all: Vec<Archive> = (1..=6).map(|n| archive(n, "a", true, 1000 - i64::try_from(n).unwrap())).collect();
        assert_eq!(seqs(&all), [1, 2, 3]);
        assert_eq!(seqs(&all[..3]), [0; 0]);
        // What was never proved does not count among the three.
        let mixed = [archive(1, "a", true, 1), archive(2, "a", true, 2), archive(3, "a", true, 3), archive(4, "a", false, 4)];
        assert_eq!(seqs(&mixed), [0; 0]);
        // Each location on its own.
        let two: Vec<Archive> = (1..=4).map(|n| archive(n, "a", true, 1)).chain([archive(1, "b", true, 1)]).collect();
        assert_eq!(seqs(&two), [1]);
        // Another instance has as many there: its own are pruned only where it is named, and count nowhere else.
        let other = |n| Archive { instance_id: "other".into(), ..archive(10 + n, "a", true, 1) };
        let with_other: Vec<Archive> = (1..=5).flat_map(|n| [archive(n, "a", true, 1), other(n)]).collect();
        assert_eq!(seqs(&with_other), [1, 2]);
        let both = DrPrune { instance: Some("other".into()), ..prune.clone() };
        assert_eq!(going(&with_other, &both, &installation, 1).iter().map(|a| a.seq).collect::<Vec<_>>(), [1, 11, 2, 12]);
        // Once this one's are newer, all of one that is dead may go.
        let dead = |n| Archive { instance_id: "other".into(), ..archive(10 + n, "a", true, 0) };
        let with_dead: Vec<Archive> = (1..=3).flat_map(|n| [archive(n, "a", true, 1), dead(n)]).collect();
        assert_eq!(going(&with_dead, &both, &installation, 1).iter().map(|a| a.seq).collect::<Vec<_>>(), [11, 12, 13]);
        assert!(going(&with_dead[..3], &both, &installation, 1).is_empty());
        // Those that open with another passphrase than the one in force make room for nothing.
        let later: Vec<Archive> = (1..=6).map(|n| Archive { number: if n > 4 { 2 } else { 1 }, ..archive(n, "a", true, 1) }).collect();
        assert_eq!(going(&later, &prune, &installation, 1).iter().map(|a| a.seq).collect::<Vec<_>>(), [1]);
        assert!(going(&later, &prune, &installation, 2).is_empty());
    }
}
