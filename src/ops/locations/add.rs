//! Adding a location, once it proved that it can be used.

use super::reach::{Reached, confirm, deadline, put};
use crate::catalog::OpLock;
use crate::crypto::Passphrase;
use crate::domain::{
    Act, Change, Confirm, Fault, Flow, KeyNeed, Location, LocationAdd, Plan, Prover, Request, Risk, SecretNeed, SecretOf, SecretPurpose,
    Slot, StepId, StepInfo, Target, Text,
};
use crate::ops::engine::{Operation, Outcome, Run, close};
use crate::ops::work::{Work, Writes};
use crate::store;
use async_trait::async_trait;

const PROBE: &str = "probe";

pub fn plan(request: &Request, add: &LocationAdd) -> Plan {
    let address = add.target.address();
    let mut changes = vec![Change(Text::new(format!("location {}: {address}", add.name)))];
    if add.hide_policy_names {
        changes.push(Change("objects in it carry key ids in place of policy names".into()));
    }
    let s3 = if let Target::S3(s3) = &add.target { Some(s3) } else { None };
    let envelope = format!("secret key of {} for {address}", s3.and_then(|s3| s3.access_key_id.clone()).unwrap_or_default());
    let secrets = s3.filter(|s3| s3.access_key_id.is_some()).map(|_| SecretNeed {
        slot: Slot::LOCATION,
        of: SecretOf::Location(add.name.clone()),
        purpose: SecretPurpose::Enter,
        envelope: envelope.into(),
        flag: "secret-key".into(),
    });
    let step = |id, title: String, risk| StepInfo { id: StepId::new(id), title: title.into(), risk, irreversible: false };
    let mut warnings = vec![Text::from("Whoever reads it learns times, sizes and key ids, and nothing of what is sealed.")];
    if !add.hide_policy_names {
        warnings.push("It also learns the names of policies (--hide-policy-names keeps them).".into());
    }
    Plan {
        request: request.clone(),
        steps: vec![
            step(PROBE, format!("write, read, list and delete a probe at {address}"), Risk::SafeToStop),
            step("add", format!("add location {}", add.name), Risk::MustFinish),
        ],
        changes,
        warnings,
        secrets: secrets.into_iter().collect(),
        keys: vec![KeyNeed::Metadata, KeyNeed::Journal],
        confirm: Confirm::None,
    }
}

/// Adding at work.
pub struct Adding {
    pub add: LocationAdd,
    pub probed: Option<(Option<String>, Option<Passphrase>)>,
    pub work: Work,
    #[allow(dead_code)] // Held until the operation ends.
    pub lock: Option<OpLock>,
}

impl Adding {
    async fn probe(&mut self, run: &Run<'_>) -> Result<Text, Fault> {
        let (add, at) = (&self.add, &self.work.at);
        let secret = run.secrets.get(Slot::LOCATION.0).map(Passphrase::duplicate);
        let (store, mark) = store::found(&add.target, secret.as_ref(), deadline(at))?;
        let rights = store::probe(store.as_ref(), true).await;
        if let Some(fault) = rights.into_iter().find_map(|right| right.outcome.err()) {
            let doing = Request::LocationAdd(add.clone()).failing();
            return Err(Fault { doing, ..fault });
        }
        self.probed = Some((mark, secret));
        Ok(Text::new(format!("{} can be written, read, listed and deleted in", store.place())))
    }

    async fn added(&mut self, step: &str) -> Result<Text, Fault> {
        let (add, work) = (&self.add, &self.work);
        let Some((mark, secret)) = self.probed.take() else { return Err(work.gone(&"the probe".into())) };
        let location = Location {
            name: add.name.clone(),
            kind: add.target.word().into(),
            target: Some(add.target.clone()),
            hide_policy_names: add.hide_policy_names,
            read_only: false,
            created_at: work.at.host.clock.now(),
            created_by: work.at.host.person.who(),
            altered: false,
        };
        let reached = Reached { location, mark, secret };
        let put = put(work, &reached, None);
        let what = format!("location {} added", add.name);
        work.commit(Writes { puts: vec![put], ..Writes::default() }, "location add", step, &what).await?;
        confirm(&work.at, &work.installation, &add.target)?;
        Ok(what.into())
    }
}

#[async_trait]
impl Operation for Adding {
    fn id(&self) -> &str {
        &self.work.id
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, step: &StepId, run: &Run<'_>) -> Result<Text, Fault> {
        if step.0 == PROBE { self.probe(run).await } else { self.added(&step.0).await }
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(self: Box<Self>) -> Result<Outcome, Fault> {
        let name = &self.add.name;
        let of = || Some(Text::new(name.as_str()));
        let mut outcome = close(&self.work, vec![Text::new(format!("location {name} is added: {}", self.add.target.address()))]).await?;
        outcome.next = vec![
            Act::flow(format!("seal something into it: kastellan artifact seal PATH --policy P --location {name}"), Flow::Seal, of()),
            Act::flow(format!("if it holds artifacts already, read it through: kastellan artifact rescan {name}"), Flow::Rescan, of()),
        ];
        Ok(outcome)
    }
}
