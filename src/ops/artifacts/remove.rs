//! Removing an artifact from every location that has it; a tombstone keeps a rescan from bringing it back.

use super::find;
use crate::catalog::OpLock;
use crate::domain::{
    Act, Artifact, ArtifactRemove, Change, Confirm, Fault, Installation, KeyNeed, Kind, Plan, Prover, Request, Risk, StepId, StepInfo,
    Text, bytes,
};
use crate::format::{ArtifactPaths, Object, RecordKind};
use crate::ops::engine::{Operation, Outcome, Run, close};
use crate::ops::work::{Work, Writes};
use crate::ops::{Connection, locations};
use async_trait::async_trait;

pub fn plan(request: &Request, remove: &ArtifactRemove, at: &Connection, installation: &Installation) -> Result<Plan, Fault> {
    let copies = find(at, installation, None, &remove.id)?;
    let Some(first) = copies.first() else { return Err(crate::ops::making::nothing(request)) };
    for copy in &copies {
        ours(request, copy, remove, installation)?;
    }
    let short = first.short_id();
    let changes =
        copies.iter().map(|a| Change(Text::new(format!("artifact {short} of {} leaves {} ({})", a.policy, a.location, bytes(a.size)))));
    let title = format!("delete the objects of {short}, and remember that they were removed");
    Ok(Plan {
        request: request.clone(),
        steps: vec![StepInfo { id: StepId::new("remove"), title: title.into(), risk: Risk::MustFinish, irreversible: true }],
        changes: changes.collect(),
        warnings: vec!["The backup is gone with it. Versions, snapshots and replicas of the location may still hold it, sealed.".into()],
        secrets: Vec::new(),
        keys: vec![KeyNeed::Metadata, KeyNeed::Journal],
        confirm: Confirm::Type(Text::new(short)),
    })
}

/// Only what this instance made goes, unless another one is named.
fn ours(request: &Request, artifact: &Artifact, remove: &ArtifactRemove, installation: &Installation) -> Result<(), Fault> {
    let instance = &artifact.instance_id;
    if *instance == installation.instance_id || Some(instance) == remove.instance.as_ref() {
        return Ok(());
    }
    let cause = format!("another instance of this installation made it ({})", instance.get(..8).unwrap_or(instance));
    Err(Fault::refused(request.failing(), cause, Act::say(format!("if that one is gone for good: --instance {instance}"))))
}

/// The operation at work.
pub struct Removing {
    pub remove: ArtifactRemove,
    pub work: Work,
    pub removed: Vec<Text>,
    #[allow(dead_code)] // Held until the operation ends.
    pub lock: Option<OpLock>,
}

impl Removing {
    async fn gone(&mut self, step: &str) -> Result<Text, Fault> {
        let (remove, work) = (&self.remove, &self.work);
        let request = Request::ArtifactRemove(remove.clone());
        let copies = find(&work.at, &work.installation, Some(&work.grant.metadata), &remove.id)?;
        let mut stores = Vec::new();
        for copy in &copies {
            ours(&request, copy, remove, &work.installation)?;
            let reached = locations::reach(work, &copy.location).await?;
            if reached.location.read_only || copy.policy.to_string().contains('@') {
                let cause = format!("it lies in {}, to which nothing is ever written", copy.location);
                return Err(Fault::refused(request.failing(), cause, Act::say("remove it where it was made")));
            }
            stores.push((copy.clone(), reached.open(&work.at, &work.installation)?));
        }
        let Some(first) = copies.first() else { return Err(work.gone(&"the artifact".into())) };
        // The tombstone first: what is deleted only half must not come back by a rescan.
        if work.at.catalog.get(RecordKind::Tombstone, &remove.id).await?.is_none() {
            let clear = Object::new().with_words("policy", &first.policy).with("removedAt", work.at.host.clock.now().to_string());
            let put = work.put(RecordKind::Tombstone, &remove.id, None, clear, &Object::new());
            let what = format!("artifact {} of {} is to be removed", first.short_id(), first.policy);
            work.commit(Writes { puts: vec![put], ..Writes::default() }, "artifact remove", step, &what).await?;
        }
        for (copy, store) in stores {
            let paths = ArtifactPaths::new(&copy.folder, &copy.id);
            // The facts first: without them it does not list.
            store.remove(&paths.sidecar).await?;
            store.remove(&paths.stream).await?;
            work.at.index()?.remove(&copy.id, &copy.location.id())?;
            self.removed.push(Text::new(format!("artifact {} left {}", copy.short_id(), copy.location)));
        }
        let what = format!("artifact {} removed", first.short_id());
        work.commit(Writes::default(), "artifact remove", step, &what).await?;
        Ok(what.into())
    }
}

#[async_trait]
impl Operation for Removing {
    fn id(&self) -> &str {
        &self.work.id
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, step: &StepId, _run: &Run<'_>) -> Result<Text, Fault> {
        let done = self.gone(&step.0).await;
        done.map_err(|fault| match self.removed.last() {
            Some(last) if fault.kind != Kind::Refused => fault.leaving(crate::domain::Changed::Partly(last.clone())),
            _ => fault,
        })
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(self: Box<Self>) -> Result<Outcome, Fault> {
        let lines = self.removed.clone();
        close(&self.work, lines).await
    }
}
