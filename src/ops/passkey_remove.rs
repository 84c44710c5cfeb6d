//! Removing a passkey: only after another one opened in this very operation.

use super::engine::{Operation, Outcome, Run, close};
use super::making::RETIRED;
use super::records::{envelope, wrap_of};
use super::work::{Work, Writes};
use super::{check, records};
use crate::catalog::OpLock;
use crate::crypto::{Derived, Secrets};
use crate::domain::{
    Act, Change, Confirm, Facts, Fault, Installation, KeyNeed, Kind, LockState, Method, PasskeyName, PasskeyRemove, Plan, Prover, Request,
    Risk, SecretNeed, SecretOf, SecretPurpose, Slot, StepId, StepInfo, Stop, Text,
};
use crate::format::RecordKind;
use async_trait::async_trait;

const PROVE: &str = "prove";

pub fn plan(request: &Request, remove: &PasskeyRemove, facts: &Facts, installation: &Installation) -> Plan {
    let (name, keeper) = (&remove.name, keeper(facts, installation));
    let made = facts.passkey(&keeper).map_or(facts.now, |p| p.created_at);
    Plan {
        request: request.clone(),
        steps: vec![
            StepInfo { id: StepId::new(PROVE), title: format!("open with {keeper}").into(), risk: Risk::SafeToStop, irreversible: false },
            StepInfo {
                id: StepId::new("remove"),
                title: format!("remove {name} and its wrap").into(),
                risk: Risk::MustFinish,
                irreversible: true,
            },
        ],
        changes: vec![Change(Text::new(format!("{name} is removed, its wrap erased from the catalog")))],
        warnings: vec![RETIRED.into()],
        secrets: vec![SecretNeed {
            slot: Slot::CHECK,
            of: SecretOf::Passkey(keeper.clone()),
            purpose: SecretPurpose::Enter,
            envelope: envelope(installation, &keeper, made),
            flag: "passphrase".into(),
        }],
        keys: vec![KeyNeed::Metadata, KeyNeed::Journal],
        confirm: Confirm::Type(Text::new(name.as_str())),
    }
}

/// The passkey that must open first: the one that unlocked this session, else the one in use.
fn keeper(facts: &Facts, installation: &Installation) -> PasskeyName {
    match &facts.lock {
        LockState::Unlocked { by, .. } => by.clone(),
        LockState::Locked => installation.in_use.clone(),
    }
}

/// The operation at work.
pub struct Removing {
    name: PasskeyName,
    keeper: PasskeyName,
    prover: Prover,
    proved: bool,
    work: Work,
    #[allow(dead_code)] // Held until the operation ends.
    lock: Option<OpLock>,
}

impl Removing {
    pub fn new(name: PasskeyName, facts: &Facts, work: Work, lock: Option<OpLock>) -> Self {
        let prover = Prover::Person(work.at.host.person.who());
        Self { keeper: keeper(facts, &work.installation), name, prover, proved: false, work, lock }
    }

    async fn prove(&mut self, secrets: &Secrets, stop: &Stop) -> Result<Text, Fault> {
        let (work, id) = (&self.work, self.keeper.id());
        let doing = Text::new(format!("cannot remove passkey {}", self.name));
        let Some((_, clear, _)) = work.read(RecordKind::Passkey, &id).await? else {
            return Err(work.gone(&records::called(RecordKind::Passkey, &id)));
        };
        let wrap = wrap_of(&clear, &doing, &self.keeper)?;
        let Some(service) = work.at.services.of(Method::Passphrase) else { return Err(work.gone(&"the method".into())) };
        let key = service.unwrap(&wrap, secrets, Slot::CHECK, &work.limit(stop)).await?;
        if Derived::from_master(&key).master_key_id() != work.installation.master_key_id {
            return Err(Fault::new(
                Kind::Damaged,
                doing,
                format!("{} holds another master key", self.keeper),
                Act::say("kastellan journal verify"),
            ));
        }
        let writes = check::proof_batch(work, &self.keeper, &self.prover, work.at.host.clock.now()).await?;
        let what = format!("{} opens ({})", self.keeper, self.prover.word());
        work.commit(writes, "passkey remove", PROVE, &what).await?;
        self.proved = true;
        Ok(what.into())
    }
}

#[async_trait]
impl Operation for Removing {
    fn id(&self) -> &str {
        &self.work.id
    }

    fn prover(&mut self, by: Prover) {
        self.prover = by;
    }

    async fn step(&mut self, step: &StepId, run: &Run<'_>) -> Result<Text, Fault> {
        if step.0 == PROVE {
            return self.prove(run.secrets, run.halt).await;
        }
        if !self.proved {
            let doing = format!("cannot remove passkey {}", self.name);
            return Err(Fault::refused(doing, format!("{} did not open in this operation", self.keeper), Act::say("try again")));
        }
        let id = self.keeper.id();
        let kept = self.work.read(RecordKind::Passkey, &id).await?.and_then(|(_, clear, _)| clear.text("wrapId").map(str::to_owned));
        let Some(wrap_id) = kept else { return Err(self.work.gone(&records::called(RecordKind::Passkey, &id))) };
        super::dr::hold(&self.work, &self.keeper, &wrap_id, &self.name, "passkey remove", &step.0).await?;
        let writes = Writes { removals: self.work.removals(&self.name).await?, purge: true, ..Writes::default() };
        let what = format!("{} removed: retired, not revoked", self.name);
        self.work.commit(writes, "passkey remove", &step.0, &what).await?;
        Ok(what.into())
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(self: Box<Self>) -> Result<Outcome, Fault> {
        let mut lines = vec![Text::new(format!("{} is removed; {} opened before it went", self.name, self.keeper)), RETIRED.into()];
        lines.extend(self.work.not_purged().await);
        close(&self.work, lines).await
    }
}
