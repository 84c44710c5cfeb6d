//! Adding and removing policies: one write each. The key derives from the name and is never stored.

use super::Connection;
use super::engine::{Operation, Outcome, Run, close};
use super::work::{Work, Writes};
use super::{facts, records};
use crate::catalog::OpLock;
use crate::crypto::{Derived, policy_key_id};
use crate::domain::{
    Act, Change, Confirm, Fault, KeyNeed, Kind, Plan, Policy, PolicyAdd, PolicyName, PolicyRemove, Prover, Request, Risk, StepId, StepInfo,
    Text,
};
use crate::format::{Object, RecordKind};
use async_trait::async_trait;

pub async fn plan_add(request: &Request, add: &PolicyAdd, at: &Connection) -> Result<Plan, Fault> {
    if at.catalog.get(RecordKind::Policy, add.name.as_str()).await?.is_some() {
        let cause = format!("policy {} exists", add.name);
        return Err(Fault::refused(request.failing(), cause, Act::say("choose another name, or say --if-absent")));
    }
    let changes = vec![Change(Text::new(format!("policy {} with the key that derives from its name", add.name)))];
    Ok(plan(
        request,
        "add",
        format!("add policy {}", add.name),
        changes,
        Vec::new(),
        vec![KeyNeed::Master, KeyNeed::Metadata, KeyNeed::Journal],
        Confirm::None,
    ))
}

pub async fn plan_remove(request: &Request, remove: &PolicyRemove, at: &Connection) -> Result<Plan, Fault> {
    if at.catalog.get(RecordKind::Policy, remove.name.as_str()).await?.is_none() {
        let next = Act::say("kastellan policy list");
        return Err(Fault::new(Kind::NotFound, request.failing(), format!("there is no policy {}", remove.name), next));
    }
    let changes = vec![Change(Text::new(format!("policy {} leaves the catalog", remove.name)))];
    let back = vec!["Reversible: adding the same name again gives the same key. Nothing that it encrypted is touched.".into()];
    let keys = vec![KeyNeed::Metadata, KeyNeed::Journal];
    Ok(plan(request, "remove", format!("remove policy {}", remove.name), changes, back, keys, Confirm::Yes))
}

fn plan(
    request: &Request,
    id: &str,
    title: String,
    changes: Vec<Change>,
    warnings: Vec<Text>,
    keys: Vec<KeyNeed>,
    confirm: Confirm,
) -> Plan {
    let steps = vec![StepInfo { id: StepId::new(id), title: title.into(), risk: Risk::MustFinish, irreversible: false }];
    Plan { request: request.clone(), steps, changes, warnings, secrets: Vec::new(), keys, confirm }
}

/// The operation at work.
pub struct Policies {
    pub name: PolicyName,
    pub add: bool,
    pub work: Work,
    #[allow(dead_code)] // Held until the operation ends.
    pub lock: Option<OpLock>,
}

impl Policies {
    async fn added(&self, step: &str) -> Result<Text, Fault> {
        let work = &self.work;
        let Some(master) = &work.grant.master else { return Err(facts::unlock_first(format!("cannot add policy {}", self.name))) };
        let key_id = policy_key_id(&Derived::from_master(master).policy_key(self.name.as_str()));
        let policy = Policy {
            name: self.name.clone(),
            key_id: key_id.clone(),
            created_at: work.at.host.clock.now(),
            created_by: work.at.host.person.who(),
            altered: false,
        };
        let put = work.put(RecordKind::Policy, self.name.as_str(), None, records::policy_members(&policy), &Object::new());
        let what = format!("policy {} added, key id {key_id}", self.name);
        work.commit(Writes { puts: vec![put], ..Writes::default() }, "policy add", step, &what).await?;
        Ok(what.into())
    }

    async fn removed(&self, step: &str) -> Result<Text, Fault> {
        let removals = self.work.removal(RecordKind::Policy, self.name.as_str()).await?.into_iter().collect();
        let what = format!("policy {} removed; its key comes back with its name", self.name);
        self.work.commit(Writes { removals, ..Writes::default() }, "policy remove", step, &what).await?;
        Ok(what.into())
    }
}

#[async_trait]
impl Operation for Policies {
    fn id(&self) -> &str {
        &self.work.id
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, step: &StepId, _run: &Run<'_>) -> Result<Text, Fault> {
        if self.add { self.added(&step.0).await } else { self.removed(&step.0).await }
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(self: Box<Self>) -> Result<Outcome, Fault> {
        let lines = vec![Text::new(format!("policy {} {}", self.name, if self.add { "is in the catalog" } else { "left the catalog" }))];
        close(&self.work, lines).await
    }
}
