//! Putting another proved passkey in use: one write.

use super::engine::{Operation, Outcome, Run, close};
use super::work::{Work, Writes};
use crate::catalog::OpLock;
use crate::domain::{
    Change, Confirm, Fault, Installation, KeyNeed, PasskeyName, PasskeyUse, Plan, Prover, Request, Risk, StepId, StepInfo, Text,
};
use async_trait::async_trait;

pub fn plan(request: &Request, using: &PasskeyUse, installation: &Installation) -> Plan {
    let title = format!("put {} in use", using.name);
    let change = format!("in use: {} instead of {}; {} stays and still opens", using.name, installation.in_use, installation.in_use);
    Plan {
        request: request.clone(),
        steps: vec![StepInfo { id: StepId::new("switch"), title: title.into(), risk: Risk::MustFinish, irreversible: false }],
        changes: vec![Change(change.into())],
        warnings: Vec::new(),
        secrets: Vec::new(),
        keys: vec![KeyNeed::Metadata, KeyNeed::Journal],
        confirm: Confirm::Yes,
    }
}

/// The operation at work.
pub struct Using {
    pub name: PasskeyName,
    pub work: Work,
    #[allow(dead_code)] // Held until the operation ends.
    pub lock: Option<OpLock>,
}

#[async_trait]
impl Operation for Using {
    fn id(&self) -> &str {
        &self.work.id
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, step: &StepId, _run: &Run<'_>) -> Result<Text, Fault> {
        let put = self.work.put_in_use(&self.name).await?;
        let what = format!("{} is in use", self.name);
        self.work.commit(Writes { puts: vec![put], ..Writes::default() }, "passkey use", &step.0, &what).await?;
        Ok(what.into())
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(self: Box<Self>) -> Result<Outcome, Fault> {
        let before = self.work.installation.in_use.clone();
        let lines = vec![Text::new(format!("{} is in use; {before} stays and still opens", self.name))];
        close(&self.work, lines).await
    }
}
