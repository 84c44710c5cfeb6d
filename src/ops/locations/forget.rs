//! Forgetting a location.

use crate::catalog::OpLock;
use crate::domain::{
    Change, Confirm, Fault, KeyNeed, LocationForget, LocationName, Plan, Prover, Request, Risk, StepId, StepInfo, Text, count,
};
use crate::format::RecordKind;
use crate::ops::Connection;
use crate::ops::engine::{Operation, Outcome, Run, close};
use crate::ops::work::{Work, Writes};
use async_trait::async_trait;

pub fn plan(request: &Request, forget: &LocationForget, at: &Connection) -> Result<Plan, Fault> {
    let name = &forget.name;
    let held = at.index()?.some_in(&name.id(), 10_000)?;
    let mut changes = vec![Change(Text::new(format!("location {name} leaves the catalog; no object in it is touched")))];
    if held > 0 {
        let many = if held == 10_000 { "10000 or more artifacts".to_owned() } else { count(held, "artifact", "artifacts") };
        changes.push(Change(Text::new(format!("the index forgets {many} in it; adding it again and a rescan bring back what it forgot"))));
    }
    let steps = vec![StepInfo {
        id: StepId::new("forget"),
        title: format!("forget location {name}").into(),
        risk: Risk::MustFinish,
        irreversible: false,
    }];
    let confirm = if held > 0 { Confirm::Type(Text::new(name.as_str())) } else { Confirm::Yes };
    let keys = vec![KeyNeed::Metadata, KeyNeed::Journal];
    Ok(Plan { request: request.clone(), steps, changes, warnings: Vec::new(), secrets: Vec::new(), keys, confirm })
}

/// Forgetting at work.
pub struct Forgetting {
    pub name: LocationName,
    pub work: Work,
    #[allow(dead_code)] // Held until the operation ends.
    pub lock: Option<OpLock>,
}

#[async_trait]
impl Operation for Forgetting {
    fn id(&self) -> &str {
        &self.work.id
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, step: &StepId, _run: &Run<'_>) -> Result<Text, Fault> {
        let work = &self.work;
        let removals = work.removal(RecordKind::Location, &self.name.id()).await?.into_iter().collect();
        let what = format!("location {} forgotten; no object in it was touched", self.name);
        work.commit(Writes { removals, ..Writes::default() }, "location forget", &step.0, &what).await?;
        work.at.index()?.forget(&self.name.id())?;
        Ok(what.into())
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(self: Box<Self>) -> Result<Outcome, Fault> {
        close(&self.work, vec![Text::new(format!("location {} is forgotten; what lies in it is untouched", self.name))]).await
    }
}
