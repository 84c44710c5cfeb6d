//! Making an archive in every location, and proving each.

use super::{snapshot, state};
use crate::catalog::OpLock;
use crate::domain::{
    Act, Archive, Change, Confirm, DrArchive, Facts, Failing, Fault, Foreign, KeyNeed, Kind, LocationName, PasskeyName, Plan, Prover,
    Request, Risk, StepId, StepInfo, Text, bytes,
};
use crate::format::{archive_time, parse_archive_name};
use crate::ops::engine::{Operation, Outcome, Run, close};
use crate::ops::locations;
use crate::ops::work::{Work, Writes};
use async_trait::async_trait;
use futures_util::StreamExt;

pub fn plan(request: &Request, archive: &DrArchive, facts: &Facts) -> Plan {
    let names: Vec<String> = facts.dr.iter().flat_map(|dr| dr.locations.iter().map(ToString::to_string)).collect();
    let needed = !archive.if_needed || facts.debt > 0;
    let title = format!("archive the catalog to {}, and prove it", names.join(", "));
    let steps = vec![StepInfo { id: StepId::new("archive"), title: title.into(), risk: Risk::SafeToStop, irreversible: false }];
    Plan {
        request: request.clone(),
        steps: if needed { steps } else { Vec::new() },
        changes: if needed { vec![Change(Text::new(format!("a new DR archive in {}", names.join(", "))))] } else { Vec::new() },
        warnings: Vec::new(),
        secrets: Vec::new(),
        keys: vec![KeyNeed::Metadata, KeyNeed::Journal],
        confirm: Confirm::None,
    }
}

/// The operation at work.
pub struct Archiving {
    pub work: Work,
    pub made: Vec<Archive>,
    pub lines: Vec<Text>,
    #[allow(dead_code)] // Held until the operation ends.
    pub lock: Option<OpLock>,
}

/// Archives to all locations; how each ended. What was made and proved is in the ledger.
pub async fn everywhere(work: &Work, verb: &str, step: &str) -> Result<Vec<(LocationName, Result<Archive, Fault>)>, Fault> {
    let (_, dr) = state::read(work).await?;
    let (_, _, secret) = state::passphrase(work, dr.number).await?;
    let mut ended = Vec::new();
    for name in &dr.locations {
        let done = one(work, name, (dr.number, &secret), dr.next_seq).await;
        if matches!(&done, Err(fault) if fault.kind == Kind::Interrupted) {
            return done.map(|_| Vec::new());
        }
        // Whatever came of it is written at once: another location may take long to answer.
        let foreign = foreign(work, name).await;
        note(work, name, &done, foreign, verb, step).await?;
        ended.push((name.clone(), done));
    }
    let (record, mut now) = state::read(work).await?;
    if ended.iter().any(|(_, done)| done.is_ok()) {
        now.next_seq = dr.next_seq + 1;
        let puts = vec![state::put(work, record.as_ref(), &now)];
        work.commit(Writes { puts, ..Writes::default() }, verb, step, &format!("archive {} is made", dr.next_seq)).await?;
    }
    Ok(ended)
}

/// Sees to it that, where DR is on, a proved archive holds this wrap: what is about to be removed must not be the only way into them all.
///
/// # Errors
/// Why there is none, and could be made none.
pub async fn hold(
    work: &Work,
    passkey: &PasskeyName,
    wrap_id: &str,
    gone: &PasskeyName,
    verb: &str,
    step: &str,
) -> Result<Option<Text>, Fault> {
    let (_, dr) = state::read(work).await?;
    if !dr.enabled || !work.installation.owner {
        return Ok(None);
    }
    let holds =
        |a: &Archive| a.proved_at.is_some() && a.wraps.iter().any(|w| w == wrap_id) && a.instance_id == work.installation.instance_id;
    for archive in state::ledger(work).await?.iter().filter(|a| holds(a)) {
        // A location that cannot be asked now takes nothing from what was proved.
        if snapshot::stands(work, archive).await.unwrap_or(true) {
            return Ok(None);
        }
        state::counts_no_more(work, archive, verb, step).await?;
    }
    let ended = everywhere(work, verb, step).await?;
    if ended.iter().any(|(_, done)| done.as_ref().is_ok_and(holds)) {
        return Ok(Some(Text::new(format!("a DR archive holds {passkey}, read back and verified"))));
    }
    let (location, why) = match ended.into_iter().next() {
        Some((location, Err(fault))) => (location.to_string(), fault.cause.to_string()),
        _ => (String::from("LOCATION"), "no location took one".into()),
    };
    let cause = format!("no DR archive holds {passkey} yet ({location}: {why})");
    let next = format!("kastellan location check {location}, then try again; keep BOTH envelopes until then");
    Err(Fault::new(Kind::Unreachable, format!("{gone} not removed"), cause, Act::say(next)))
}

/// Makes and proves one.
async fn one(work: &Work, name: &LocationName, passphrase: (u64, &crate::crypto::Passphrase), seq: u64) -> Result<Archive, Fault> {
    let doing = Text::new(format!("no DR archive made in {name}"));
    let told = |fault: Fault| Fault { doing: doing.clone(), ..fault };
    let store = locations::reach(work, name).await?.open(&work.at, &work.installation).map_err(told)?;
    let archive = snapshot::make(work, &store, name, passphrase, seq, &doing).await.map_err(told)?;
    let available = work.at.host.machine.facts().available_kib;
    let catalog_id = &work.installation.catalog_id;
    match snapshot::prove(&store, &archive, passphrase.1, &work.grant.metadata, catalog_id, available, &doing).await {
        Ok(_) => Ok(Archive { proved_at: Some(work.at.host.clock.now()), ..archive }),
        Err(fault) => {
            // What cannot be proved is worth nothing, and would only look like an archive.
            let _ = store.remove(&archive.name).await;
            Err(told(fault))
        }
    }
}

/// Another instance that archived there after this one's archive before: two machines take themselves for the same installation. Where it
/// cannot be told, nothing is said.
async fn foreign(work: &Work, name: &LocationName) -> Option<Foreign> {
    let (own, id) = (&work.installation.instance_id, &work.installation.catalog_id);
    let ledger = state::ledger(work).await.ok()?;
    let before = ledger.iter().find(|a| a.location.same(name) && a.instance_id == *own)?.created_at;
    let store = locations::reach(work, name).await.ok()?.open(&work.at, &work.installation).ok()?;
    let mut newest: Option<Foreign> = None;
    let folder = format!("dr/{id}");
    let mut all = store.list(&folder);
    while let Some(object) = all.next().await {
        let object = object.ok()?;
        let Some((_, instance_id)) = parse_archive_name(&object.name).filter(|(_, instance)| instance != own) else { continue };
        let Some(at) = archive_time(&object.name).filter(|at| *at >= before) else { continue };
        if newest.as_ref().is_none_or(|other| other.at < at) {
            newest = Some(Foreign { location: name.clone(), instance_id, at });
        }
    }
    newest
}

async fn note(
    work: &Work,
    name: &LocationName,
    done: &Result<Archive, Fault>,
    foreign: Option<Foreign>,
    verb: &str,
    step: &str,
) -> Result<(), Fault> {
    let (record, mut dr) = state::read(work).await?;
    let before = dr.clone();
    dr.foreign.retain(|other| !other.location.same(name));
    dr.foreign.extend(foreign);
    let mut puts = Vec::new();
    let what = match done {
        Ok(archive) => {
            dr.failing.retain(|failing| !failing.location.same(name));
            puts.push(state::put_archive(work, None, archive));
            format!("archive {} in {name}, {}, proved", archive.seq, bytes(archive.size))
        }
        Err(fault) => {
            if !dr.failing.iter().any(|failing| failing.location.same(name)) {
                dr.failing.push(Failing { location: name.clone(), since: work.at.host.clock.now(), cause: fault.cause.clone() });
            }
            format!("no archive in {name}: {}", fault.cause)
        }
    };
    if dr != before || record.is_none() {
        puts.push(state::put(work, record.as_ref(), &dr));
    }
    work.commit(Writes { puts, ..Writes::default() }, verb, step, &what).await?;
    Ok(())
}

/// Lines for people; the first fault where nothing was made at all.
pub fn told(ended: Vec<(LocationName, Result<Archive, Fault>)>) -> Result<Vec<Text>, Fault> {
    let none = ended.iter().all(|(_, done)| done.is_err());
    let mut lines = Vec::new();
    for (name, done) in ended {
        match done {
            Ok(archive) => {
                lines.push(Text::new(format!("archive {} in {name}, {}, read back and verified", archive.seq, bytes(archive.size))));
            }
            Err(fault) if none => return Err(fault),
            Err(fault) => lines.push(Text::new(format!("NOT in {name}: {}", fault.cause))),
        }
    }
    Ok(lines)
}

#[async_trait]
impl Operation for Archiving {
    fn id(&self) -> &str {
        &self.work.id
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, step: &StepId, _run: &Run<'_>) -> Result<Text, Fault> {
        let ended = everywhere(&self.work, "dr archive", &step.0).await?;
        self.made.extend(ended.iter().filter_map(|(_, done)| done.as_ref().ok()).cloned());
        self.lines = told(ended)?;
        Ok(Text::new(self.lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(self: Box<Self>) -> Result<Outcome, Fault> {
        let lines =
            if self.lines.is_empty() { vec!["nothing to do: the newest archive holds every change".into()] } else { self.lines.clone() };
        let mut outcome = close(&self.work, lines).await?;
        if self.lines.iter().any(|line| line.to_string().starts_with("NOT")) {
            outcome.next.push(Act::say("kastellan location check LOCATION"));
        }
        Ok(outcome)
    }
}
