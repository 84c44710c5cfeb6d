//! Exporting a policy's key as import data.

use crate::catalog::{OpLock, Put};
use crate::crypto::{Derived, Params, policy_key_id};
use crate::domain::{
    Act, ArtifactFilter, Change, Confirm, Export, Exported, Facts, Fault, Installation, KeyNeed, Kind, LocationName, Plan, Prover, Request,
    Risk, SecretNeed, SecretOf, SecretPurpose, Slot, StepId, StepInfo, Text,
};
use crate::format::{ImportData, ImportDataError, Object, RecordKind};
use crate::ops::engine::{Operation, Outcome, Run, close};
use crate::ops::records::{self, new_id};
use crate::ops::work::{Work, Writes};
use crate::ops::{Connection, artifacts, facts, locations, threads};
use async_trait::async_trait;
use zeroize::Zeroizing;

/// What is said wherever a policy's key leaves.
const NO_RECALL: &str = "There is no recall. Whoever has the import data can read all past and future backups of this policy, and make ones that \
                         look genuine. Only a new policy name makes a new key.";

pub fn plan(request: &Request, export: &Export, known: &Facts, at: &Connection, installation: &Installation) -> Result<Plan, Fault> {
    let location = location(request, export, known, at, installation)?;
    let policy = &export.policy;
    let envelope = format!("IMPORT DATA {policy} / {} {} / {}", installation.name, installation.short_id(), known.now.day());
    let secret = SecretNeed {
        slot: Slot::IMPORT,
        of: SecretOf::Import(policy.clone()),
        purpose: SecretPurpose::Make,
        envelope: envelope.into(),
        flag: "import-passphrase".into(),
    };
    let protected = if export.protected { "protected by a passphrase" } else { "NOT protected: whoever sees the text has the key" };
    Ok(Plan {
        request: request.clone(),
        steps: vec![StepInfo {
            id: StepId::new("export"),
            title: format!("make import data of {policy}, and note that it left").into(),
            risk: Risk::MustFinish,
            irreversible: true,
        }],
        changes: vec![
            Change(Text::new(format!("the key of {policy} leaves {} as import data, {protected}", installation.name))),
            Change(Text::new(format!("it names location {location}, without credentials"))),
        ],
        warnings: vec![NO_RECALL.into()],
        secrets: if export.protected { vec![secret] } else { Vec::new() },
        keys: vec![KeyNeed::Master, KeyNeed::Metadata, KeyNeed::Journal],
        confirm: Confirm::None,
    })
}

/// The import data of a policy, and the record that says that its key left. Needs the master key.
pub async fn import_data(work: &Work, export: &Export, location: &LocationName) -> Result<(ImportData, Put), Fault> {
    let doing = Request::Export(export.clone()).failing();
    let Some(master) = &work.grant.master else { return Err(facts::unlock_first(doing)) };
    if work.read(RecordKind::Policy, export.policy.as_str()).await?.is_none() {
        let next = Act::say("kastellan policy list");
        return Err(Fault::new(Kind::NotFound, doing, format!("there is no policy {}", export.policy), next));
    }
    let Some(target) = locations::reach(work, location).await?.location.target else { return Err(facts::unlock_first(doing)) };
    let key = Derived::from_master(master).policy_key(export.policy.as_str());
    let now = work.at.host.clock.now();
    let exported = Exported {
        policy: export.policy.clone(),
        policy_key_id: policy_key_id(&key),
        location: location.clone(),
        protected: export.protected,
        at: now,
        by: work.at.host.person.who(),
        note: export.note.clone(),
    };
    let private = Object::new().with_some_words("note", exported.note.as_ref());
    let put = work.put(RecordKind::Export, &new_id(), None, records::export_members(&exported), &private);
    let data = ImportData {
        policy: export.policy.clone(),
        key,
        installation: work.installation.name.clone(),
        catalog_id: work.installation.catalog_id.clone(),
        location: location.as_str().into(),
        target,
        created_at: now,
        note: export.note.clone(),
    };
    Ok((data, put))
}

/// The location that is named: as asked, else the one of the policy's newest artifact, else the only one there is.
pub fn location(
    request: &Request,
    export: &Export,
    known: &Facts,
    at: &Connection,
    installation: &Installation,
) -> Result<LocationName, Fault> {
    if let Some(name) = &export.location {
        return known.location(name).map(|l| l.name.clone()).ok_or_else(|| crate::ops::no_location(known, name));
    }
    let filter = ArtifactFilter { policy: Some(export.policy.to_string()), location: None };
    let newest = artifacts::page(at, installation, None, &filter, None, 1)?.artifacts.into_iter().next();
    if let Some(artifact) = newest {
        return Ok(artifact.location);
    }
    let own: Vec<_> = known.locations.iter().filter(|l| !l.read_only && !l.altered).collect();
    match own.as_slice() {
        [one] => Ok(one.name.clone()),
        [] => {
            let next = Act::say("kastellan location add NAME --directory DIR | --s3 BUCKET");
            Err(Fault::new(Kind::NotFound, request.failing(), "there is no location that it could name", next))
        }
        _ => Err(Fault::refused(request.failing(), "no artifact of it tells which location to name", Act::say("say which: --location L"))),
    }
}

/// The operation at work.
pub struct Exporting {
    pub export: Export,
    pub location: LocationName,
    pub work: Work,
    pub text: Option<Zeroizing<String>>,
    #[allow(dead_code)] // Held until the operation ends.
    pub lock: Option<OpLock>,
}

impl Exporting {
    pub fn new(request: &Request, export: Export, known: &Facts, work: Work, lock: Option<OpLock>) -> Result<Self, Fault> {
        let location = location(request, &export, known, &work.at, &work.installation)?;
        Ok(Self { export, location, work, text: None, lock })
    }

    async fn made(&mut self, step: &str, run: &Run<'_>) -> Result<Text, Fault> {
        let (export, work) = (&self.export, &self.work);
        let doing = Request::Export(export.clone()).failing();
        let (data, put) = import_data(work, export, &self.location).await?;
        let text = if export.protected {
            let Some(passphrase) = run.secrets.get(Slot::IMPORT.0).map(crate::crypto::Passphrase::duplicate) else {
                return Err(Fault::new(
                    Kind::Secret,
                    doing,
                    "no passphrase was given for it",
                    Act::say("--generate, or --import-passphrase-file F"),
                ));
            };
            let available = work.at.host.machine.facts().available_kib;
            let said = doing.clone();
            threads::apart(&doing, move || {
                let made = data.to_protected_text(&passphrase, Params::for_writing(available), available);
                made.map_err(|e: ImportDataError| Fault::refused(said, e.to_string(), Act::say("free memory, then try again")))
            })
            .await?
        } else {
            data.to_text()
        };
        let how = if export.protected { "protected" } else { "unprotected" };
        let what = format!("the key of policy {} left as import data ({how})", export.policy);
        work.commit(Writes { puts: vec![put], ..Writes::default() }, "migration export", step, &what).await?;
        self.text = Some(text);
        Ok(what.into())
    }
}

#[async_trait]
impl Operation for Exporting {
    fn id(&self) -> &str {
        &self.work.id
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, step: &StepId, run: &Run<'_>) -> Result<Text, Fault> {
        self.made(&step.0, run).await
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(mut self: Box<Self>) -> Result<Outcome, Fault> {
        let lines = vec![
            Text::new(format!("import data of {} is made; it names location {}", self.export.policy, self.location)),
            NO_RECALL.into(),
        ];
        let text = self.text.take();
        let mut outcome = close(&self.work, lines).await?;
        outcome.text = text;
        outcome.next = vec![Act::say("at the target: kastellan migration import FILE")];
        Ok(outcome)
    }
}
