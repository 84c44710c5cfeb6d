//! Taking an unfinished operation back: one write that leaves the old state.

use super::engine::{Operation, Outcome, Run, close};
use super::making::nothing;
use super::records::{self, Begin};
use super::spec::Spec;
use super::work::{Work, Writes};
use crate::catalog::OpLock;
use crate::domain::{
    Act, Change, Confirm, Facts, Fault, Installation, Intent, KeyNeed, Kind, LockState, Plan, Prover, Request, Risk, StepId, StepInfo, Text,
};
use crate::format::RecordKind;
use async_trait::async_trait;

pub fn plan(request: &Request, begun: &Begin, installation: &Installation) -> Plan {
    let mut changes = Vec::new();
    if let Some(spec) = Spec::of(&begun.request) {
        if installation.in_use.same(&spec.name) {
            changes.push(Change(Text::new(format!("in use: {} again", begun.previous))));
        }
        changes.push(Change(Text::new(format!("{} is removed, its wrap erased from the catalog", spec.name))));
    }
    let title = format!("take back: {}", begun.request.doing(&installation.name));
    Plan {
        request: request.clone(),
        steps: vec![StepInfo { id: StepId::new("abandon"), title: title.into(), risk: Risk::MustFinish, irreversible: false }],
        changes,
        warnings: Vec::new(),
        secrets: Vec::new(),
        keys: vec![KeyNeed::Metadata, KeyNeed::Journal],
        confirm: Confirm::Yes,
    }
}

/// Whether it may be taken back by who unlocked: what it removes must not be the only way in that is known to open.
pub fn may(begun: &Begin, facts: &Facts) -> Result<(), Fault> {
    let Some(spec) = Spec::of(&begun.request) else { return Err(nothing(&Request::Abandon)) };
    let doing = Request::Abandon.failing();
    if let LockState::Unlocked { by, .. } = &facts.lock
        && by.same(&spec.name)
    {
        let cause = format!("{by} is what unlocked this session, and would be removed; another passkey must open in the same operation");
        let next = Act::say("unlock with another: kastellan --unlock-with OTHER rotate --abandon, or finish it: --resume");
        return Err(Fault::refused(doing, cause, next));
    }
    match facts.passkey(&begun.previous) {
        Some(previous) if !previous.altered => Ok(()),
        _ => {
            let cause = format!("{}, which was in use before, is not in the catalog as it was written", begun.previous);
            Err(Fault::new(Kind::Damaged, doing, cause, Act::start("kastellan journal verify", Intent::Journal)))
        }
    }
}

/// The operation at work.
pub struct Abandoning {
    pub begun: Begin,
    pub work: Work,
    #[allow(dead_code)] // Held until the operation ends.
    pub lock: Option<OpLock>,
}

#[async_trait]
impl Operation for Abandoning {
    fn id(&self) -> &str {
        &self.begun.id
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, step: &StepId, _run: &Run<'_>) -> Result<Text, Fault> {
        let work = &self.work;
        let spec = Spec::of(&self.begun.request).ok_or_else(|| nothing(&Request::Abandon))?;
        let previous = records::called(RecordKind::Passkey, &self.begun.previous.id());
        let mut writes = Writes { purge: true, ..Writes::default() };
        if work.installation.in_use.same(&spec.name) {
            // The old way in must be there before the new one goes.
            work.read(RecordKind::Passkey, &self.begun.previous.id()).await?.ok_or_else(|| work.gone(&previous))?;
            writes.puts.push(work.put_in_use(&self.begun.previous).await?);
        }
        // Only what this operation made goes: a record that is gone, or another one of that name, is left alone.
        let made = work.at.catalog.get(RecordKind::Passkey, &spec.name.id()).await?;
        let made = made.and_then(|record| record.clear().ok()).is_some_and(|clear| clear.text("wrapId") == Some(&self.begun.wrap_id));
        if made {
            writes.removals = work.removals(&spec.name).await?;
        }
        writes.removals.extend(work.removal(RecordKind::Operation, records::CURRENT).await?);
        let what = format!("{} taken back; {} is removed", self.begun.request.verb(), spec.name);
        work.commit(writes, "abandon", &step.0, &what).await?;
        Ok(what.into())
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(self: Box<Self>) -> Result<Outcome, Fault> {
        let new = Spec::of(&self.begun.request).map(|spec| spec.name);
        let gone = new.map(|name| Text::new(format!("{name} is removed: its envelope opens nothing any more")));
        let lines = gone.into_iter().chain([Text::new(format!("{} is in use, as before", self.begun.previous))]).collect();
        close(&self.work, lines).await
    }
}
