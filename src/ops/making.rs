//! A new passkey, step by step: wrap, prove, switch, retire. Adding and rotating are this one operation, and so is resuming them.

use super::engine::{Operation, Outcome, Run};
use super::pinning::pin_or_say;
use super::records::{self, Begin};
use super::records::{envelope, new_id, record_fault, wrap_of};
use super::spec::{PROVE, RETIRE, SWITCH, Spec, WRAP};
use super::work::{Work, Writes};
use super::{check, facts};
use crate::catalog::{OpLock, Put};
use crate::crypto::Secrets;
use crate::domain::{
    Act, Aftermath, Because, Change, Confirm, Facts, Fault, Installation, Intent, KeyNeed, Kind, MASTER_KNOWN, Passkey, Plan, Proof,
    Prover, Request, SecretNeed, SecretOf, SecretPurpose, Slot, StepId, Stop, Text, Timestamp,
};
use crate::format::{Object, RecordKind, WrapDraft};
use async_trait::async_trait;

/// What is said wherever a wrap is removed.
pub const RETIRED: &str = "Retired, not revoked. Whoever has the old passphrase (or key) and any older copy of this catalog can still open \
                           the master key, and with it every backup made so far and from now on.";

/// There is nothing to resume or abandon.
pub fn nothing(request: &Request) -> Fault {
    Fault::new(Kind::NotFound, request.failing(), "no operation is unfinished", Act::say("kastellan status"))
}

pub fn plan(request: &Request, facts: &Facts, installation: &Installation) -> Plan {
    let Some(spec) = Spec::of(request) else { return empty(request) };
    let secrets = vec![need(&spec, SecretPurpose::Make, installation, facts.now)];
    let confirm = match (request, &spec.retire) {
        (_, Some(old)) => Confirm::Type(Text::new(old.as_str())),
        (Request::Rotate(_), None) => Confirm::Yes,
        _ => Confirm::None,
    };
    let (changes, warnings) = said(&spec, installation);
    let keys = vec![KeyNeed::Master, KeyNeed::Metadata, KeyNeed::Journal];
    Plan { request: request.clone(), steps: spec.steps(), changes, warnings, secrets, keys, confirm }
}

/// What is left of it. A retirement that is left is preceded by a proof of this very run.
pub fn plan_resume(request: &Request, begun: &Begin, facts: &Facts, installation: &Installation) -> Plan {
    let Some(spec) = Spec::of(&begun.request) else { return empty(request) };
    let mut steps = spec.left(begun, installation, &facts.passkeys);
    let retires = steps.iter().any(|step| step.irreversible);
    if retires && steps.iter().all(|step| step.id.0 != PROVE) {
        steps.splice(0..0, spec.steps().into_iter().filter(|step| step.id.0 == PROVE));
    }
    let made = facts.passkey(&spec.name).map_or(facts.now, |p| p.created_at);
    let proves = steps.iter().any(|step| step.id.0 == PROVE);
    let secrets = if proves { vec![need(&spec, SecretPurpose::Enter, installation, made)] } else { Vec::new() };
    let confirm = match &spec.retire {
        Some(old) if retires => Confirm::Type(Text::new(old.as_str())),
        _ => Confirm::None,
    };
    let (changes, warnings) = said(&spec, installation);
    Plan { request: request.clone(), steps, changes, warnings, secrets, keys: vec![KeyNeed::Metadata, KeyNeed::Journal], confirm }
}

fn empty(request: &Request) -> Plan {
    Plan {
        request: request.clone(),
        steps: Vec::new(),
        changes: Vec::new(),
        warnings: Vec::new(),
        secrets: Vec::new(),
        keys: Vec::new(),
        confirm: Confirm::None,
    }
}

fn need(spec: &Spec, purpose: SecretPurpose, installation: &Installation, made: Timestamp) -> SecretNeed {
    SecretNeed {
        slot: Slot::NEW,
        of: SecretOf::Passkey(spec.name.clone()),
        purpose,
        envelope: envelope(installation, &spec.name, made),
        flag: "new-passphrase".into(),
    }
}

fn said(spec: &Spec, installation: &Installation) -> (Vec<Change>, Vec<Text>) {
    let mut changes = vec![Change(Text::new(format!("passkey {} opens {}", spec.name, installation.name)))];
    let mut warnings = Vec::new();
    if spec.switch {
        changes.push(Change(Text::new(format!("in use: {} instead of {}", spec.name, installation.in_use))));
    }
    match &spec.retire {
        Some(old) => {
            changes.push(Change(Text::new(format!("{old} is removed, its wrap erased from the catalog"))));
            warnings.push(RETIRED.into());
        }
        None if spec.switch => changes.push(Change(Text::new(format!("{} stays and still opens", installation.in_use)))),
        None => {}
    }
    if let Because::Leak { no_copy: false, .. } = spec.because {
        warnings.extend(MASTER_KNOWN.map(Text::from));
    }
    (changes, warnings)
}

/// How far the new passkey is.
enum New {
    Pending,
    Proved,
    InUse,
}

/// The operation at work.
pub struct Making {
    spec: Spec,
    begun: Begin,
    work: Work,
    prover: Prover,
    /// The first commit is there.
    stored: bool,
    /// The new passkey opened in this very run.
    proved: bool,
    new: New,
    last: StepId,
    lines: Vec<Text>,
    #[allow(dead_code)] // Held until the operation ends.
    lock: Option<OpLock>,
}

impl Making {
    pub fn new(request: &Request, work: Work, lock: Option<OpLock>) -> Result<Self, Fault> {
        let host = &work.at.host;
        let begun = Begin {
            id: work.id.clone(),
            request: request.clone(),
            who: host.person.who(),
            at: host.clock.now(),
            previous: work.installation.in_use.clone(),
            wrap_id: new_id(),
        };
        Self::with(begun, work, lock, false)
    }

    pub fn resumed(begun: Begin, facts: &Facts, mut work: Work, lock: Option<OpLock>) -> Result<Self, Fault> {
        work.id.clone_from(&begun.id);
        let mut making = Self::with(begun, work, lock, true)?;
        making.new = match facts.passkey(&making.spec.name) {
            Some(p) if facts.in_use(&p.name) => New::InUse,
            Some(p) if !p.pending => New::Proved,
            _ => New::Pending,
        };
        Ok(making)
    }

    fn with(begun: Begin, work: Work, lock: Option<OpLock>, stored: bool) -> Result<Self, Fault> {
        let spec = Spec::of(&begun.request).ok_or_else(|| nothing(&Request::Resume))?;
        let last = spec.steps().last().map_or_else(|| StepId::new(PROVE), |step| step.id.clone());
        let prover = Prover::Person(work.at.host.person.who());
        Ok(Self { spec, begun, work, prover, stored, proved: false, new: New::Pending, last, lines: Vec::new(), lock })
    }

    fn verb(&self) -> &'static str {
        self.begun.request.verb()
    }

    /// Wraps, and stores the passkey as pending together with the operation's record.
    async fn wrap(&mut self, secrets: &Secrets, stop: &Stop) -> Result<Text, Fault> {
        let (spec, work) = (&self.spec, &self.work);
        if self.stored {
            let cause = format!("{} was stored as pending, and is no longer in the catalog", spec.name);
            let next = Act::start("kastellan rotate --abandon, then begin anew; kastellan journal verify says more", Intent::Abandon);
            return Err(Fault::new(Kind::Damaged, Request::Resume.failing(), cause, next));
        }
        let Some(master) = &work.grant.master else { return Err(facts::unlock_first(self.begun.request.failing())) };
        let Some(service) = work.at.services.of(spec.method) else { return Err(nothing(&self.begun.request)) };
        let now = work.at.host.clock.now();
        let draft = WrapDraft {
            catalog_id: work.installation.catalog_id.clone(),
            master_key_id: work.installation.master_key_id.clone(),
            passkey: spec.name.clone(),
            wrap_id: self.begun.wrap_id.clone(),
            method: spec.method,
            created_at: now,
        };
        let wrap = service.wrap(draft, master, secrets, Slot::NEW, &work.limit(stop)).await?;
        let settings = service.look(&wrap, &work.limit(stop)).await?.settings;
        let passkey = Passkey {
            name: spec.name.clone(),
            method: spec.method,
            source: spec.source.clone(),
            owner: spec.owner.clone(),
            created_at: now,
            created_by: work.at.host.person.who(),
            wrap_id: self.begun.wrap_id.clone(),
            settings: settings.clone(),
            weak: false,
            pending: true,
            proof: None,
            altered: false,
            note: spec.note.clone(),
        };
        let members = records::passkey_members(&passkey, &wrap);
        let mut puts = vec![
            work.put(RecordKind::Operation, records::CURRENT, None, records::begin_members(&self.begun), &Object::new()),
            work.put(RecordKind::Passkey, &spec.name.id(), None, members, &records::passkey_private(&passkey)),
        ];
        puts.extend(self.aftermath().await?);
        let what = format!("{} wrapped ({settings}), pending", spec.name);
        work.commit(Writes { puts, ..Writes::default() }, self.verb(), WRAP, &what).await?;
        self.stored = true;
        Ok(what.into())
    }

    /// What is to be done after a leak or a leaver, written down with the very first step.
    async fn aftermath(&self) -> Result<Option<Put>, Fault> {
        let (spec, work) = (&self.spec, &self.work);
        if spec.because == Because::Planned {
            return Ok(None);
        }
        let old = spec.retire.as_ref().unwrap_or(&self.begun.previous);
        let wrap_id = match work.read(RecordKind::Passkey, &old.id()).await? {
            Some((_, clear, _)) => clear.text("wrapId").unwrap_or_default().to_owned(),
            None => return Err(work.gone(&records::called(RecordKind::Passkey, &old.id()))),
        };
        let aftermath = Aftermath {
            id: self.begun.id.clone(),
            because: spec.because.clone(),
            passkey: old.clone(),
            wrap_id,
            at: self.begun.at,
            who: self.begun.who.clone(),
            ticked: Vec::new(),
        };
        let (clear, private) = (records::aftermath_members(&aftermath), records::aftermath_private(&aftermath));
        Ok(Some(work.put(RecordKind::Aftermath, &aftermath.id, None, clear, &private)))
    }

    /// Reads the new passkey back from the catalog and opens with it; only then it counts.
    async fn prove(&mut self, secrets: &Secrets, stop: &Stop) -> Result<Text, Fault> {
        let (spec, work) = (&self.spec, &self.work);
        let id = spec.name.id();
        let Some((record, clear, private)) = work.read(RecordKind::Passkey, &id).await? else {
            return Err(work.gone(&records::called(RecordKind::Passkey, &id)));
        };
        let malformed = |e: crate::format::ObjectError| record_fault(&work.doing(), &records::called(RecordKind::Passkey, &id), &e.into());
        let mut passkey = records::passkey(&clear, Some(&private)).map_err(malformed)?;
        let wrap = wrap_of(&clear, &self.begun.request.failing(), &spec.name)?;
        let Some(service) = work.at.services.of(spec.method) else { return Err(nothing(&self.begun.request)) };
        let key = service.unwrap(&wrap, secrets, Slot::NEW, &work.limit(stop)).await?;
        let right = work.grant.master.as_ref().is_none_or(|master| master.same(&key))
            && crate::crypto::Derived::from_master(&key).master_key_id() == work.installation.master_key_id;
        drop(key);
        if !right {
            return Err(work.gone(&Text::new(format!("the master key under {}", spec.name))));
        }
        let now = work.at.host.clock.now();
        let typed = if let Prover::Person(who) = &self.prover { Some((now, who.clone())) } else { None };
        let proof = Proof { opened: Some((now, self.prover.clone())), typed, failed: None };
        let mut writes = check::proof_writes(work, &spec.name, &passkey.wrap_id, &proof).await?;
        if passkey.pending {
            passkey.pending = false;
            writes.puts.push(work.put(RecordKind::Passkey, &id, Some(&record), records::passkey_members(&passkey, &wrap), &private));
        }
        let what = format!("{} read back and opened ({})", spec.name, self.prover.word());
        self.write(writes, PROVE, &what).await?;
        self.proved = true;
        if let New::Pending = self.new {
            self.new = New::Proved;
        }
        // No later step needs it.
        self.work.grant.master = None;
        Ok(what.into())
    }

    async fn switch(&mut self) -> Result<Text, Fault> {
        let put = self.work.put_in_use(&self.spec.name).await?;
        let what = format!("{} is in use", self.spec.name);
        self.write(Writes { puts: vec![put], ..Writes::default() }, SWITCH, &what).await?;
        self.new = New::InUse;
        if self.spec.retire.as_ref().is_none_or(|old| !old.same(&self.begun.previous)) {
            let stays =
                format!("{} stays and still opens; retire it with: kastellan passkey remove {}", self.begun.previous, self.begun.previous);
            self.lines.push(stays.into());
        }
        Ok(what.into())
    }

    /// Removes the old passkey. Never before the new one opened in this very run.
    async fn retire(&mut self) -> Result<Text, Fault> {
        let Some(old) = self.spec.retire.clone() else { return Ok(Text::default()) };
        if !self.proved {
            let next = Act::start("kastellan rotate --resume", Intent::Resume);
            return Err(Fault::refused(format!("{old} not retired"), format!("{} was not opened in this run", self.spec.name), next));
        }
        if !self.spec.without_archive {
            let (name, wrap_id) = (&self.spec.name, &self.begun.wrap_id);
            let held = super::dr::hold(&self.work, name, wrap_id, &old, self.begun.request.verb(), RETIRE).await?;
            self.lines.extend(held);
        }
        let writes = Writes { removals: self.work.removals(&old).await?, purge: true, ..Writes::default() };
        let what = format!("{old} retired, not revoked");
        self.write(writes, RETIRE, &what).await?;
        self.lines.push(RETIRED.into());
        self.lines.extend(self.work.not_purged().await);
        Ok(what.into())
    }

    /// Commits; with the last step the operation's record goes.
    async fn write(&mut self, mut writes: Writes, step: &str, what: &str) -> Result<(), Fault> {
        if self.last.0 == step {
            writes.removals.extend(self.work.removal(RecordKind::Operation, records::CURRENT).await?);
        }
        self.work.commit(writes, self.verb(), step, what).await?;
        if self.last.0 == step {
            self.stored = false;
        }
        self.lines.push(what.into());
        Ok(())
    }
}

#[async_trait]
impl Operation for Making {
    fn id(&self) -> &str {
        &self.begun.id
    }

    fn prover(&mut self, by: Prover) {
        self.prover = by;
    }

    async fn step(&mut self, step: &StepId, run: &Run<'_>) -> Result<Text, Fault> {
        match step.0.as_str() {
            WRAP => self.wrap(run.secrets, run.halt).await,
            PROVE => self.prove(run.secrets, run.halt).await,
            SWITCH => self.switch().await,
            _ => self.retire().await,
        }
    }

    fn unfinished(&self) -> bool {
        self.stored
    }

    fn left(&self) -> Option<Text> {
        let (new, before) = (&self.spec.name, &self.begun.previous);
        let holds = match self.new {
            New::Pending => "the new passkey is pending, the old way in still works".to_owned(),
            New::Proved => format!("{new} opens, {before} is still in use"),
            New::InUse => format!("{new} is in use, {} stays and still opens", self.spec.retire.as_ref().unwrap_or(before)),
        };
        self.stored.then(|| holds.into())
    }

    async fn close(mut self: Box<Self>) -> Result<Outcome, Fault> {
        let work = &self.work;
        pin_or_say(&work.at, &work.installation, &mut self.lines).await;
        let made = facts::gather(&work.at, None, None, crate::domain::LockState::Locked).await?;
        let day = made.passkey(&self.spec.name).map_or(made.now, |p| p.created_at);
        if let Some(Err(why)) = made.passkey(&self.spec.name).map(crate::domain::Passkey::survives) {
            let lost = format!("{} would not survive a total loss: its passphrase is {why}; keep it elsewhere as well", self.spec.name);
            self.lines.push(lost.into());
        }
        let keep = format!("keep this envelope: {}", envelope(&work.installation, &self.spec.name, day));
        Ok(Outcome {
            installation: work.installation.title().into(),
            at: made.now,
            journal: made.head.seq,
            lines: self.lines,
            next: vec![Act::say(keep)],
            keys: None,
            text: None,
        })
    }
}
