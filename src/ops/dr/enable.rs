//! Setting DR up, and changing its passphrase: a new number, an archive with it in every location, each proved at once.

use super::{archive, prune, state};
use crate::catalog::OpLock;
use crate::domain::{
    Act, Archive, Change, Changed, Confirm, DrChange, DrEnable, DrPassphrase, Facts, Fault, Guided, Installation, Intent, KeyNeed, Kind,
    LocationName, Plan, Prover, Request, Risk, SecretNeed, SecretOf, SecretPurpose, Slot, StepId, StepInfo, Text, count,
};
use crate::ops::engine::{Operation, Outcome, Run, close};
use crate::ops::work::{Work, Writes};
use async_trait::async_trait;

const STORE: &str = "store";
const ARCHIVE: &str = "archive";
const PRUNE: &str = "prune";

pub fn plan_enable(request: &Request, enable: &DrEnable, facts: &Facts, installation: &Installation) -> Plan {
    let names: Vec<&str> = enable.locations.iter().map(LocationName::as_str).collect();
    let number = next_number(facts);
    let changes = vec![
        Change(Text::new(format!("DR passphrase no. {number}; every change is archived to {} from now on", names.join(", ")))),
        Change("an archive now, read back and opened with that passphrase before it counts".into()),
    ];
    plan(request, facts, installation, number, changes, false, Confirm::None)
}

pub fn plan_change(request: &Request, change: &DrChange, facts: &Facts, installation: &Installation) -> Plan {
    let number = next_number(facts);
    let old = facts.dr.as_ref().map_or(0, |dr| dr.number);
    let older = facts.archives.iter().filter(|a| a.number <= old && a.instance_id == installation.instance_id).count();
    let older = |one, many| count(older as u64, one, many);
    let mut changes = vec![Change(Text::new(format!("new archives open with DR passphrase no. {number} instead of no. {old}")))];
    let confirm = if change.prune_old {
        changes.push(Change(Text::new(format!(
            "{}, once the new one is proved",
            older("archive that opens with an older one is removed", "archives that open with older ones are removed")
        ))));
        Confirm::Type(installation.name.clone())
    } else {
        changes.push(Change(Text::new(format!(
            "{} with the older ones: keep those envelopes",
            older("archive made so far still opens", "archives made so far still open")
        ))));
        Confirm::Yes
    };
    plan(request, facts, installation, number, changes, change.prune_old, confirm)
}

fn next_number(facts: &Facts) -> u64 {
    facts.dr_passphrases.last().map_or(1, |p| p.number + 1)
}

fn plan(
    request: &Request,
    facts: &Facts,
    installation: &Installation,
    number: u64,
    changes: Vec<Change>,
    prune: bool,
    confirm: Confirm,
) -> Plan {
    let step = |id, title: String, risk, irreversible| StepInfo { id: StepId::new(id), title: title.into(), risk, irreversible };
    let mut steps = vec![
        step(STORE, format!("keep DR passphrase no. {number}, encrypted, in this catalog"), Risk::AskBeforeStopping, false),
        step(ARCHIVE, "archive to every location, and prove each archive".into(), Risk::AskBeforeStopping, false),
    ];
    if prune {
        steps.push(step(PRUNE, "remove the archives that open with older passphrases".into(), Risk::MustFinish, true));
    }
    let envelope = DrPassphrase::envelope(number, &installation.name, installation.short_id(), &facts.now.day());
    Plan {
        request: request.clone(),
        steps,
        changes,
        warnings: vec![
            "The archive holds the master key only as your passkeys wrapped it: after a total loss you need the DR passphrase AND a passkey's secret."
                .into(),
        ],
        secrets: vec![SecretNeed {
            slot: Slot::NEW_DR,
            of: SecretOf::Dr(number),
            purpose: SecretPurpose::Make,
            envelope: envelope.into(),
            flag: "new-dr-passphrase".into(),
        }],
        keys: vec![KeyNeed::Metadata, KeyNeed::Journal],
        confirm,
    }
}

/// The operation at work.
pub struct Enabling {
    pub request: Request,
    pub work: Work,
    /// The new passphrase's; 0 while none is in force.
    pub number: u64,
    /// The number in force before.
    pub before: u64,
    pub lines: Vec<Text>,
    #[allow(dead_code)] // Held until the operation ends.
    pub lock: Option<OpLock>,
}

impl Enabling {
    pub fn new(request: Request, work: Work, lock: Option<OpLock>) -> Self {
        Self { request, work, number: 0, before: 0, lines: Vec::new(), lock }
    }

    async fn store(&mut self, step: &str, run: &Run<'_>) -> Result<Text, Fault> {
        let work = &self.work;
        let doing = self.request.failing();
        let Some(secret) = run.secrets.get(Slot::NEW_DR.0) else {
            return Err(Fault::new(
                Kind::Secret,
                doing,
                "no DR passphrase was given",
                Act::say("--generate, or --new-dr-passphrase-file F"),
            ));
        };
        let number = state::highest(work).await? + 1;
        let now = work.at.host.clock.now();
        let made = DrPassphrase { number, created_at: now, created_by: work.at.host.person.who(), retired_at: None, typed: None };
        let (record, mut dr) = state::read(work).await?;
        let before = dr.number;
        let mut puts = vec![state::put_passphrase(work, None, &made, secret)];
        if dr.enabled {
            let (old, known, text) = state::passphrase(work, dr.number).await?;
            puts.push(state::put_passphrase(work, Some(&old), &DrPassphrase { retired_at: Some(now), ..known }, &text));
        }
        dr.enabled = true;
        dr.number = number;
        if let Request::DrEnable(enable) = &self.request {
            dr.locations.clone_from(&enable.locations);
            dr.failing.clear();
        }
        puts.push(state::put(work, record.as_ref(), &dr));
        let what = format!("DR passphrase no. {number} is kept, encrypted");
        work.commit(Writes { puts, ..Writes::default() }, self.request.verb(), step, &what).await?;
        (self.number, self.before) = (number, before);
        Ok(what.into())
    }

    async fn archive(&mut self, step: &str) -> Result<Text, Fault> {
        let ended = archive::everywhere(&self.work, self.request.verb(), step).await?;
        if let Some(fault) = ended.iter().find_map(|(_, done)| done.as_ref().err()).cloned() {
            let made = ended.into_iter().filter_map(|(_, done)| done.ok()).collect();
            let left = self.take_back(made).await?;
            let cause = format!("{}: {}", fault.doing, fault.cause);
            return Err(Fault { doing: self.request.failing(), cause: cause.into(), ..fault }.leaving(left));
        }
        self.lines = archive::told(ended)?;
        Ok(Text::new(self.lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))
    }

    /// What is not proved does not count: the passphrase before is the one in force again, or DR is off, and what was archived with the new
    /// one goes again, for nobody keeps its envelope. What that leaves.
    async fn take_back(&mut self, made: Vec<Archive>) -> Result<Changed, Fault> {
        let work = &self.work;
        let (record, mut dr) = state::read(work).await?;
        dr.number = self.before;
        let mut puts = Vec::new();
        if let Request::DrEnable(_) = self.request {
            dr.enabled = false;
        } else {
            let (old, known, text) = state::passphrase(work, self.before).await?;
            puts.push(state::put_passphrase(work, Some(&old), &DrPassphrase { retired_at: None, ..known }, &text));
        }
        let (old, known, text) = state::passphrase(work, self.number).await?;
        let retired = DrPassphrase { retired_at: Some(work.at.host.clock.now()), ..known };
        puts.push(state::put_passphrase(work, Some(&old), &retired, &text));
        puts.push(state::put(work, record.as_ref(), &dr));
        let what = format!("DR passphrase no. {} does not count: not every archive could be proved", self.number);
        work.commit(Writes { puts, ..Writes::default() }, self.request.verb(), ARCHIVE, &what).await?;
        let mut stays = Vec::new();
        for archive in &made {
            if prune::remove(work, std::slice::from_ref(archive), self.request.verb(), ARCHIVE).await.is_err() {
                stays.push(format!("archive {} stays in {}", archive.seq, archive.location));
            }
        }
        let number = std::mem::take(&mut self.number);
        Ok(if stays.is_empty() {
            Changed::Nothing
        } else {
            Changed::Partly(Text::new(format!("{} and opens with DR passphrase no. {number} alone: keep it", stays.join(", "))))
        })
    }
}

#[async_trait]
impl Operation for Enabling {
    fn id(&self) -> &str {
        &self.work.id
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, step: &StepId, run: &Run<'_>) -> Result<Text, Fault> {
        match step.0.as_str() {
            STORE => self.store(&step.0, run).await,
            ARCHIVE => self.archive(&step.0).await,
            _ => {
                let removed = prune::older_numbers(&self.work, self.number, self.request.verb(), &step.0).await?;
                let line = Text::new(format!("{} of older passphrases removed", count(removed, "archive", "archives")));
                self.lines.push(line.clone());
                Ok(line)
            }
        }
    }

    fn unfinished(&self) -> bool {
        false
    }

    fn left(&self) -> Option<Text> {
        (self.number > 0).then(|| Text::new(format!("DR passphrase no. {} is the one in force: keep it", self.number)))
    }

    async fn close(self: Box<Self>) -> Result<Outcome, Fault> {
        let installation = &self.work.installation;
        let day = self.work.at.host.clock.now().day();
        let envelope = DrPassphrase::envelope(self.number, &installation.name, installation.short_id(), &day);
        let mut outcome = close(&self.work, self.lines.clone()).await?;
        outcome.next = vec![
            Act::say(format!("keep this envelope, apart from your passkeys': {envelope}")),
            Act::start("rehearse the way back: kastellan drill run --scenario machine-lost", Intent::Guided(Guided::Drill)),
        ];
        Ok(outcome)
    }
}
