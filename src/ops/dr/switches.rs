//! Taking a restored installation over, and turning DR off: one write each.

use super::state;
use crate::catalog::OpLock;
use crate::domain::{Act, Change, Confirm, Facts, Fault, Installation, KeyNeed, Plan, Prover, Request, Risk, StepId, StepInfo, Text};
use crate::format::RecordKind;
use crate::ops::engine::{Operation, Outcome, Run, close};
use crate::ops::records;
use crate::ops::work::{Work, Writes};
use async_trait::async_trait;

pub fn plan_take_over(request: &Request, installation: &Installation) -> Plan {
    let changes = vec![Change("this instance seals, archives and prunes from now on".into())];
    let warning = "Is the old one gone for good? Two that both seal and archive under one name confuse whoever has to restore.";
    plan(request, installation, "take-over", format!("take {} over", installation.name), changes, warning.into())
}

pub fn plan_disable(request: &Request, facts: &Facts, installation: &Installation) -> Plan {
    let kept = crate::domain::count(facts.archives.len() as u64, "archive", "archives");
    let changes = vec![Change("no archive is made any more".into()), Change(Text::new(format!("{kept} made so far stay, and still open")))];
    let warning = "What changes from now on is in no archive: if this machine is lost, it is lost.";
    plan(request, installation, "disable", "turn DR off".into(), changes, warning.into())
}

fn plan(request: &Request, installation: &Installation, id: &str, title: String, changes: Vec<Change>, warning: Text) -> Plan {
    Plan {
        request: request.clone(),
        steps: vec![StepInfo { id: StepId::new(id), title: title.into(), risk: Risk::MustFinish, irreversible: false }],
        changes,
        warnings: vec![warning],
        secrets: Vec::new(),
        keys: vec![KeyNeed::Metadata, KeyNeed::Journal],
        confirm: Confirm::Type(installation.name.clone()),
    }
}

/// The operation at work.
pub struct Switching {
    pub request: Request,
    pub work: Work,
    #[allow(dead_code)] // Held until the operation ends.
    pub lock: Option<OpLock>,
}

#[async_trait]
impl Operation for Switching {
    fn id(&self) -> &str {
        &self.work.id
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, step: &StepId, _run: &Run<'_>) -> Result<Text, Fault> {
        let work = &self.work;
        let (put, what) = if self.request == Request::DrDisable {
            let (record, mut dr) = state::read(work).await?;
            dr.enabled = false;
            (state::put(work, record.as_ref(), &dr), "DR is off; the archives made so far stay")
        } else {
            let id = &work.installation.catalog_id;
            let called = records::called(RecordKind::Installation, id);
            let Some((record, clear, private)) = work.read(RecordKind::Installation, id).await? else { return Err(work.gone(&called)) };
            let mut installation = records::installation(&clear).map_err(|e| records::record_fault(&work.doing(), &called, &e.into()))?;
            installation.owner = true;
            let put = work.put(RecordKind::Installation, id, Some(&record), records::installation_members(&installation), &private);
            (put, "taken over: the instance before is said to be gone for good")
        };
        work.commit(Writes { puts: vec![put], ..Writes::default() }, self.request.verb(), &step.0, what).await?;
        Ok(what.into())
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(self: Box<Self>) -> Result<Outcome, Fault> {
        let (line, next) = if self.request == Request::DrDisable {
            ("DR is off; the archives made so far stay, and still open", "kastellan dr enable --location L")
        } else {
            ("this instance is the owner: it seals, archives and prunes", "kastellan status")
        };
        let mut outcome = close(&self.work, vec![line.into()]).await?;
        outcome.next = vec![Act::say(next)];
        Ok(outcome)
    }
}
