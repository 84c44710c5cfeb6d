//! Setting up an installation: there is no session yet, and nobody sees anything before the last step.

use super::engine::{Begun, Operation, Outcome, Run};
use super::keys::Keys;
use super::pinning::pin_or_say;
use super::records;
use super::records::{envelope, new_id, record_fault, wrap_of};
use super::work::{Grant, Work, Writes};
use super::{Connection, Place, Settings, check, drill, facts};
use crate::catalog::{Catalog, Draft};
use crate::crypto::{Derived, Key, Secrets};
use crate::domain::{
    Act, Change, Changed, Confirm, Facts, Fault, Init, Installation, Intent, Kind, Passkey, Plan, Proof, Prover, Request, Risk, SecretNeed,
    SecretOf, SecretPurpose, Slot, StepId, StepInfo, Stop, Text, may,
};
use crate::format::{Object, RecordKind, WrapDraft, hex};
use crate::host::Host;
use crate::keyservice::Services;
use async_trait::async_trait;
use std::sync::Arc;

const MAKE: &str = "make";
const PROVE: &str = "prove";

/// A place without a catalog.
#[derive(Clone)]
pub struct SetUp {
    /// Where the catalog will be.
    pub place: Place,
    /// This machine and person.
    pub host: Arc<Host>,
    /// What the user set.
    pub settings: Settings,
}

impl SetUp {
    /// What is known before there is anything.
    #[must_use]
    pub fn facts(&self) -> Facts {
        Facts::none(self.host.clock.now(), self.settings.read_only)
    }

    /// What set-up would do.
    ///
    /// # Errors
    /// As [`crate::domain::may`].
    pub fn plan(&self, init: &Init) -> Result<Plan, Fault> {
        self.planned(init, "")
    }

    /// Ready to run; nothing is written before its last step. Its ids are already chosen, so that envelopes can carry them.
    ///
    /// # Errors
    /// As [`crate::domain::may`].
    pub fn begin(&self, plan: &Plan) -> Result<Begun, Fault> {
        let Request::Init(init) = plan.request.clone() else {
            return Err(Fault::refused(plan.request.failing(), "there is no catalog here", Act::say("kastellan init")));
        };
        let catalog_id = new_id();
        let plan = self.planned(&init, &catalog_id)?;
        let prover = Prover::Person(self.host.person.who());
        let operation = Box::new(SettingUp { init, at: self.clone(), id: new_id(), catalog_id, prover, made: None });
        Ok(Begun { plan, operation })
    }

    /// The default name of an installation: the host's.
    #[must_use]
    pub fn default_name(&self) -> Text {
        self.host.person.host.clone()
    }

    fn planned(&self, init: &Init, catalog_id: &str) -> Result<Plan, Fault> {
        let request = Request::Init(init.clone());
        may(&request, &self.facts())?;
        let step = |id, title: String, risk| StepInfo { id: StepId::new(id), title: title.into(), risk, irreversible: false };
        let now = self.host.clock.now();
        let line = Installation::envelope(&init.passkey, &init.name, catalog_id.get(..4).unwrap_or(""), &now.day());
        let catalog = self.place.catalog.display();
        Ok(Plan {
            request,
            steps: vec![
                step(MAKE, format!("make the master key, wrap it under {}", init.passkey), Risk::SafeToStop),
                step(PROVE, format!("read {} back and open with it", init.passkey), Risk::SafeToStop),
                step("publish", format!("put the catalog at {catalog}"), Risk::MustFinish),
            ],
            changes: vec![
                Change(Text::new(format!("a new catalog: {catalog}"))),
                Change(Text::new(format!("a new master key, opened by passkey {} ({}), in use", init.passkey, init.method.word()))),
            ],
            warnings: vec![
                "There is no way back in without this passkey's secret: keep its envelope where a fire here does not reach it.".into(),
            ],
            secrets: vec![SecretNeed {
                slot: Slot::NEW,
                of: SecretOf::Passkey(init.passkey.clone()),
                purpose: SecretPurpose::Make,
                envelope: line.into(),
                flag: "new-passphrase".into(),
            }],
            keys: Vec::new(),
            confirm: Confirm::None,
        })
    }
}

/// The operation at work.
struct SettingUp {
    init: Init,
    at: SetUp,
    id: String,
    catalog_id: String,
    prover: Prover,
    made: Option<Made>,
}

/// What exists before it is published.
struct Made {
    draft: Option<Draft>,
    master: Key,
    installation: Installation,
}

impl SettingUp {
    fn doing(&self) -> Text {
        Text::new(format!("cannot set up {}", self.init.name))
    }

    fn lost(&self) -> Fault {
        Fault::new(Kind::Unexpected, self.doing(), "its steps ran out of order", Act::say("kastellan doctor"))
    }

    /// The draft, used like any catalog.
    fn work(&self, made: &Made) -> Result<Work, Fault> {
        let catalog: Arc<dyn Catalog> = made.draft.as_ref().ok_or_else(|| self.lost())?.catalog();
        let at = Connection::over(self.at.place.clone(), catalog, self.at.host.clone(), self.at.settings.clone());
        let derived = Derived::from_master(&made.master);
        let grant = Grant { master: None, policy: None, metadata: derived.metadata_key(), journal: derived.journal_key() };
        Ok(Work::new(at, made.installation.clone(), grant, self.id.clone()))
    }

    async fn make(&mut self, secrets: &Secrets, stop: &Stop) -> Result<Text, Fault> {
        let (init, host) = (&self.init, &self.at.host);
        let now = host.clock.now();
        let master = Key::generate();
        let derived = Derived::from_master(&master);
        let installation = Installation {
            name: init.name.clone(),
            catalog_id: self.catalog_id.clone(),
            instance_id: new_id(),
            master_key_id: derived.master_key_id(),
            created_at: now,
            in_use: init.passkey.clone(),
            owner: true,
            signing_key: hex(&drill::signer(&derived).public()),
        };
        let draft = WrapDraft {
            catalog_id: self.catalog_id.clone(),
            master_key_id: installation.master_key_id.clone(),
            passkey: init.passkey.clone(),
            wrap_id: new_id(),
            method: init.method,
            created_at: now,
        };
        let wrap_id = draft.wrap_id.clone();
        let services = Services::all(&host.machine);
        let Some(service) = services.of(init.method) else { return Err(self.lost()) };
        let limit = crate::keyservice::Limit {
            deadline: self.at.settings.timeout.unwrap_or(std::time::Duration::from_secs(30)),
            stop: stop.clone(),
        };
        let wrap = service.wrap(draft, &master, secrets, Slot::NEW, &limit).await?;
        let passkey = Passkey {
            name: init.passkey.clone(),
            method: init.method,
            source: init.source.clone(),
            owner: init.owner.clone(),
            created_at: now,
            created_by: host.person.who(),
            wrap_id,
            settings: service.look(&wrap, &limit).await?.settings,
            weak: false,
            pending: false,
            proof: None,
            altered: false,
            note: None,
        };
        let what = format!("master key {} made, wrapped under {} ({})", installation.master_key_id, init.passkey, passkey.settings);
        let made = Made { draft: Some(Draft::new(&self.at.place.catalog)?), master, installation };
        let work = self.work(&made)?;
        let puts = vec![
            work.put(RecordKind::Installation, &self.catalog_id, None, records::installation_members(&made.installation), &Object::new()),
            work.put(RecordKind::Passkey, &init.passkey.id(), None, records::passkey_members(&passkey, &wrap), &Object::new()),
        ];
        work.commit(Writes { puts, ..Writes::default() }, "init", MAKE, &what).await?;
        drop(work);
        self.made = Some(made);
        Ok(what.into())
    }

    async fn prove(&mut self, secrets: &Secrets, stop: &Stop) -> Result<Text, Fault> {
        let Some(made) = &self.made else { return Err(self.lost()) };
        let (work, name) = (self.work(made)?, &self.init.passkey);
        let Some((_, clear, private)) = work.read(RecordKind::Passkey, &name.id()).await? else { return Err(self.lost()) };
        let called = records::called(RecordKind::Passkey, &name.id());
        let passkey = records::passkey(&clear, Some(&private)).map_err(|e| record_fault(&self.doing(), &called, &e.into()))?;
        let wrap = wrap_of(&clear, &self.doing(), name)?;
        let Some(service) = work.at.services.of(self.init.method) else { return Err(self.lost()) };
        let key = service.unwrap(&wrap, secrets, Slot::NEW, &work.limit(stop)).await?;
        if !key.same(&made.master) {
            return Err(work.gone(&Text::new(format!("the master key under {name}"))));
        }
        let now = work.at.host.clock.now();
        let typed = if let Prover::Person(who) = &self.prover { Some((now, who.clone())) } else { None };
        let proof = Proof { opened: Some((now, self.prover.clone())), typed, failed: None };
        let what = format!("{name} read back and opened ({})", self.prover.word());
        work.commit(check::proof_writes(&work, name, &passkey.wrap_id, &proof).await?, "init", PROVE, &what).await?;
        Ok(what.into())
    }

    /// The catalog appears at its place, whole, or not at all.
    fn publish(&mut self) -> Result<Text, Fault> {
        let draft = self.made.as_mut().and_then(|made| made.draft.take()).ok_or_else(|| self.lost())?;
        draft.publish()?;
        Ok(Text::new(format!("catalog is at {}", self.at.place.catalog.display())))
    }
}

#[async_trait]
impl Operation for SettingUp {
    fn id(&self) -> &str {
        &self.id
    }

    fn prover(&mut self, by: Prover) {
        self.prover = by;
    }

    async fn step(&mut self, step: &StepId, run: &Run<'_>) -> Result<Text, Fault> {
        match step.0.as_str() {
            MAKE => self.make(run.secrets, run.halt).await,
            PROVE => self.prove(run.secrets, run.halt).await,
            _ => self.publish(),
        }
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(self: Box<Self>) -> Result<Outcome, Fault> {
        // It is published by now, whatever fails here.
        self.closed().await.map_err(|fault| fault.leaving(Changed::Partly("the installation is set up all the same".into())))
    }
}

impl SettingUp {
    async fn closed(self) -> Result<Outcome, Fault> {
        let lost = self.lost();
        let Some(made) = self.made else { return Err(lost) };
        let opened = Connection::open(self.at.place.clone(), self.at.host.clone(), self.at.settings.clone())?;
        let Some(at) = opened else { return Err(lost) };
        let now = self.at.host.clock.now();
        let keep = format!("keep this envelope: {}", envelope(&made.installation, &self.init.passkey, made.installation.created_at));
        let mut lines = vec![
            Text::new(format!("{} is set up in {}", made.installation.title(), self.at.place.catalog.display())),
            Text::new(format!("{} is in use; it was read back and opened", self.init.passkey)),
        ];
        pin_or_say(&at, &made.installation, &mut lines).await;
        Ok(Outcome {
            installation: made.installation.title().into(),
            at: now,
            journal: facts::head(&at, &made.installation).await?.seq,
            lines,
            next: vec![Act::say(keep), Act::start("add a second way in: kastellan passkey add NAME --generate", Intent::Add)],
            keys: Some(Keys::new(made.master, self.init.passkey, self.prover, now)),
            text: None,
        })
    }
}
