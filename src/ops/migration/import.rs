//! Importing a policy's key: it opens that policy's artifacts, never seals, and shadows nothing.

use crate::catalog::OpLock;
use crate::crypto::Passphrase;
use crate::domain::{
    Act, Change, Confirm, Facts, Fault, Import, ImportIn, KeyNeed, Kind, Location, LocationName, Plan, Prover, Request, Risk, SecretNeed,
    SecretOf, SecretPurpose, Slot, StepId, StepInfo, Target, Text,
};
use crate::format::{ImportData, ImportText, RecordKind};
use crate::ops::artifacts::{Rescanning, Tally};
use crate::ops::engine::{Operation, Outcome, Run, close};
use crate::ops::locations::{self, Reached};
use crate::ops::work::{Work, Writes};
use crate::ops::{imports, records};
use async_trait::async_trait;

const ADD: &str = "add";

pub fn plan(request: &Request, import: &ImportIn, known: &Facts) -> Result<Plan, Fault> {
    if known.installation.as_ref().is_some_and(|i| i.catalog_id == import.catalog_id) {
        let cause = "it comes from this very installation, which has the key already";
        return Err(Fault::refused(request.failing(), cause, Act::say("open its artifacts as they are: kastellan artifact list")));
    }
    let (location, new) = place(import, known);
    let address = import.target.address();
    let mut changes = vec![Change(Text::new(format!(
        "the key of {} from {} ({}) opens that policy's artifacts here, and seals nothing",
        import.policy,
        import.installation,
        import.catalog_id.get(..4).unwrap_or_default()
    )))];
    changes.push(Change(Text::new(if new {
        format!("location {location}: {address}; nothing is ever written to it")
    } else {
        format!("location {location} is at {address} already")
    })));
    let step = |id, title: String, risk| StepInfo { id: StepId::new(id), title: title.into(), risk, irreversible: false };
    let key = if let Target::S3(s3) = &import.target { s3.access_key_id.as_ref().filter(|_| new) } else { None };
    let secrets = key.map(|id| SecretNeed {
        slot: Slot::LOCATION,
        of: SecretOf::Location(location.clone()),
        purpose: SecretPurpose::Enter,
        envelope: format!("secret key of {id} for {address}").into(),
        flag: "secret-key".into(),
    });
    Ok(Plan {
        request: request.clone(),
        steps: vec![
            step(ADD, format!("store the key of {}, and look at {address}", import.policy), Risk::MustFinish),
            step("rescan", format!("find that policy's artifacts in {location}"), Risk::SafeToStop),
        ],
        changes,
        warnings: vec!["Nothing proves who made import data: look at policy, source and address before you go on.".into()],
        secrets: secrets.into_iter().collect(),
        keys: vec![KeyNeed::Master, KeyNeed::Metadata, KeyNeed::Journal],
        confirm: Confirm::Yes,
    })
}

/// The location that it will lie in, and whether that is a new one.
fn place(import: &ImportIn, known: &Facts) -> (LocationName, bool) {
    let same = |l: &&Location| l.target.as_ref().is_some_and(|target| target.address() == import.target.address());
    if let Some(location) = known.locations.iter().find(same) {
        return (location.name.clone(), false);
    }
    let plain = |text: &Text| -> String {
        let keep = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
        text.to_string().chars().map(keep).take(24).collect()
    };
    // It begins with a letter, whatever the source is called; so each of these is a name, and one of them is free.
    let base = format!("from-{}.{}", plain(&import.installation), plain(&import.location));
    let mut names = std::iter::once(base.clone()).chain((2_u64..).map(|n| format!("{base}-{n}"))).filter_map(|name| name.parse().ok());
    let free = names.find(|name| known.location(name).is_none());
    match free {
        Some(name) => (name, true),
        None => std::process::abort(),
    }
}

/// The operation at work.
pub struct Importing {
    import: ImportIn,
    location: LocationName,
    new: bool,
    label: String,
    rescan: Option<Box<Rescanning>>,
    #[allow(dead_code)] // Held until the operation ends.
    lock: Option<OpLock>,
}

impl Importing {
    pub fn new(import: ImportIn, known: &Facts, work: Work, lock: Option<OpLock>) -> Self {
        let (location, new) = place(&import, known);
        let rescan = Rescanning { location: location.clone(), work, tally: Tally::default() };
        Self { import, location, new, label: String::new(), rescan: Some(Box::new(rescan)), lock }
    }

    fn work(&self) -> Result<&Work, Fault> {
        let lost = || Fault::new(Kind::Unexpected, self.doing(), "its steps ran out of order", Act::say("kastellan doctor"));
        self.rescan.as_ref().map(|rescan| &rescan.work).ok_or_else(lost)
    }

    fn doing(&self) -> Text {
        Request::Import(self.import.clone()).failing()
    }

    async fn added(&mut self, step: &str, run: &Run<'_>) -> Result<Text, Fault> {
        let (import, work) = (&self.import, self.work()?);
        let data = self.data(run)?;
        let installation = &work.installation;
        let label = self.free_label(work).await?;
        let record = Import {
            label: label.clone(),
            policy: import.policy.clone(),
            installation: import.installation.clone(),
            catalog_id: import.catalog_id.clone(),
            policy_key_id: import.policy_key_id.clone(),
            location: self.location.clone(),
            created_at: import.created_at,
            imported_at: work.at.host.clock.now(),
            imported_by: work.at.host.person.who(),
        };
        let old = work.at.catalog.get(RecordKind::Import, &label).await?;
        let private = imports::private(&data.key, data.note.as_ref());
        let mut puts = vec![work.put(RecordKind::Import, &label, old.as_ref(), records::import_members(&record), &private)];
        if self.new {
            let location = Location {
                name: self.location.clone(),
                kind: import.target.word().into(),
                target: Some(import.target.clone()),
                hide_policy_names: false,
                read_only: true,
                created_at: record.imported_at,
                created_by: record.imported_by.clone(),
                altered: false,
            };
            let secret = run.secrets.get(Slot::LOCATION.0).map(Passphrase::duplicate);
            let reached = Reached { location, mark: None, secret };
            locations::confirm(&work.at, installation, &import.target)?;
            // Looked at before anything is stored: an address that is wrong is said at once.
            let store = reached.open(&work.at, installation)?;
            let rights = crate::store::probe(store.as_ref(), false).await;
            if let Some(fault) = rights.into_iter().find_map(|right| right.outcome.err()) {
                return Err(Fault { doing: self.doing(), ..fault });
            }
            puts.push(locations::put(work, &reached, None));
        }
        let what = format!("key of {} imported as {label}", import.policy);
        work.commit(Writes { puts, ..Writes::default() }, "migration import", step, &what).await?;
        self.label = label;
        Ok(what.into())
    }

    /// The text itself, which the caller opened already: it must say what was shown.
    fn data(&self, run: &Run<'_>) -> Result<ImportData, Fault> {
        let text = run.secrets.get(Slot::IMPORT.0);
        let data = text.and_then(|text| ImportText::parse(text.expose()).ok()).and_then(|text| text.open(None, 0).ok());
        let same = |data: &ImportData| {
            data.policy == self.import.policy
                && data.catalog_id == self.import.catalog_id
                && crate::crypto::policy_key_id(&data.key) == self.import.policy_key_id
        };
        data.filter(same).ok_or_else(|| {
            Fault::new(Kind::Secret, self.doing(), "the import data was not given", Act::say("kastellan migration import FILE"))
        })
    }

    /// `POLICY@INSTALLATION`; with the first digits of its id where another installation of that name is here already.
    async fn free_label(&self, work: &Work) -> Result<String, Fault> {
        let label = Import::label_of(&self.import.policy, &self.import.installation);
        let Some(record) = work.at.catalog.get(RecordKind::Import, &label).await? else { return Ok(label) };
        let same = record.clear().is_ok_and(|clear| clear.text("sourceCatalogId") == Some(self.import.catalog_id.as_str()));
        Ok(if same { label } else { format!("{label}-{}", self.import.catalog_id.get(..4).unwrap_or_default()) })
    }
}

#[async_trait]
impl Operation for Importing {
    fn id(&self) -> &str {
        self.rescan.as_ref().map_or("", |rescan| rescan.id())
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, step: &StepId, run: &Run<'_>) -> Result<Text, Fault> {
        if step.0 == ADD {
            return self.added(&step.0, run).await;
        }
        match self.rescan.as_mut() {
            Some(rescan) => rescan.step(step, run).await,
            None => Ok(Text::default()),
        }
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(mut self: Box<Self>) -> Result<Outcome, Fault> {
        let doing = self.doing();
        let Some(rescan) = self.rescan.take() else {
            return Err(Fault::new(Kind::Unexpected, doing, "its steps ran out of order", Act::say("kastellan doctor")));
        };
        let found = rescan.tally.imported;
        let lines = vec![
            Text::new(format!("the key is stored as {}; it opens, and never seals", self.label)),
            Text::new(format!("{} of it found in {}", crate::domain::count(found, "artifact", "artifacts"), self.location)),
        ];
        let mut outcome = close(&rescan.work, lines).await?;
        outcome.next = vec![Act::say(format!("kastellan artifact list --policy {}", self.label))];
        if found == 0 {
            outcome.next.insert(0, Act::say(format!("if there should be some: kastellan artifact rescan {}", self.location)));
        }
        Ok(outcome)
    }
}
