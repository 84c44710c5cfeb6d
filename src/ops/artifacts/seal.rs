//! Sealing data into a location.
//!
//! The object is written whole and made durable before its public facts, and both before the index: killed anywhere, it leaves nothing that
//! lists as an artifact. A marker that goes first tells a sweep whose leftovers they are.

use super::entry;
use super::source::Source;
use crate::crypto::policy_key_id;
use crate::domain::{
    Act, Artifact, Change, Confirm, Fault, KeyNeed, Kind, Plan, Prover, Request, Risk, Seal, SealedFacts, StepId, StepInfo, Stop, Text,
    bytes,
};
use crate::format::{ArtifactPaths, Leftover, RecordKind, Sidecar, SidecarDraft, artifact_ad, hex, stream_length};
use crate::ops::bulk::{self, Along, Moved};
use crate::ops::engine::{Operation, Outcome, Run, close};
use crate::ops::records::{self, new_id};
use crate::ops::work::{Work, Writes};
use crate::ops::{locations, threads};
use crate::store::{Placed, Store};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Instant;

pub fn plan(request: &Request, seal: &Seal) -> Plan {
    let what = match seal.paths.as_slice() {
        [] => "standard input".to_owned(),
        [one] => Text::new(one.to_string_lossy()).to_string(),
        several => format!("{} paths", several.len()),
    };
    let title = format!("seal {what} into {} under the key of {}", seal.location, seal.policy);
    Plan {
        request: request.clone(),
        steps: vec![StepInfo { id: StepId::new("seal"), title: title.into(), risk: Risk::SafeToStop, irreversible: false }],
        changes: vec![Change(Text::new(format!("a new artifact of {} in {}", seal.policy, seal.location)))],
        warnings: Vec::new(),
        secrets: Vec::new(),
        keys: vec![KeyNeed::Policy, KeyNeed::Metadata, KeyNeed::Journal],
        confirm: Confirm::None,
    }
}

/// The operation at work.
pub struct Sealing {
    pub seal: Seal,
    pub work: Work,
    pub made: Option<Artifact>,
}

impl Sealing {
    async fn sealed(&mut self, run: &Run<'_>) -> Result<Text, Fault> {
        let (seal, work) = (&self.seal, &self.work);
        let doing = Request::Seal(seal.clone()).failing();
        self.check_policy().await?;
        let Some(policy_key) = work.grant.policy.as_ref() else { return Err(crate::ops::facts::unlock_first(doing)) };
        let reached = locations::reach(work, &seal.location).await?;
        let store = reached.open(&work.at, &work.installation)?;
        let source = Source::open(&seal.paths, seal.kind, seal.name.as_ref(), &doing)?;
        let (catalog_id, policy) = (&work.installation.catalog_id, seal.policy.as_str());
        let key_id = policy_key_id(policy_key);
        let id = new_id();
        let folder = if reached.location.hide_policy_names { &key_id } else { policy };
        let paths = ArtifactPaths::new(folder, &id);
        let created_at = work.at.host.clock.now();
        let _making = work.at.index()?.making(&id, &reached.location.name.id())?;
        let leftover =
            Leftover { catalog_id: catalog_id.clone(), instance_id: work.installation.instance_id.clone(), began_at: created_at };
        if store.create(&paths.marker, leftover.to_json().as_bytes()).await? == Placed::Exists {
            return Err(work.gone(&"an id of its own".into()));
        }
        let kind = source.kind;
        let names = Text::new(source.names.as_str());
        let ad = artifact_ad(catalog_id, policy, &id);
        let began = Instant::now();
        let placed = async {
            let moved = stream(&store, &paths.stream, source, policy_key, ad, &doing, run).await?;
            let facts = SealedFacts { kind, names, note: seal.note.clone(), digest: hex(&moved.digest) };
            let draft = SidecarDraft {
                catalog_id: catalog_id.clone(),
                instance_id: work.installation.instance_id.clone(),
                artifact_id: id.clone(),
                policy: seal.policy.clone(),
                created_at,
                size: moved.plaintext,
                stored: moved.stored,
                facts: facts.clone(),
            };
            let hidden = reached.location.hide_policy_names.then_some(&work.grant.metadata);
            let sidecar = Sidecar::make(&draft, policy_key, hidden);
            if store.create(&paths.sidecar, sidecar.to_json().as_bytes()).await? == Placed::Exists {
                return Err(work.gone(&"an id of its own".into()));
            }
            Ok((moved, facts))
        }
        .await;
        let (moved, facts) = match placed {
            Ok(placed) => placed,
            Err(fault) => {
                // What the location does not take back now, a sweep does.
                let _ = store.remove(&paths.stream).await;
                let _ = store.remove(&paths.marker).await;
                return Err(fault);
            }
        };
        if let Err(fault) = store.remove(&paths.marker).await {
            tracing::warn!("a marker stays: {}", fault.line());
        }
        let artifact = Artifact {
            id,
            location: reached.location.name.clone(),
            policy: policy.into(),
            folder: folder.to_owned(),
            policy_key_id: key_id.clone(),
            instance_id: work.installation.instance_id.clone(),
            created_at,
            size: moved.plaintext,
            stored: moved.stored,
            found: false,
            verified_at: None,
            sealed: Some(facts),
            altered: false,
        };
        work.at.index()?.put(&[entry::write(&artifact, &work.installation, &work.grant.metadata)])?;
        let what = format!("artifact {} sealed into {}, {}", artifact.id, artifact.location, bytes(artifact.size));
        work.commit(Writes::default(), "artifact seal", "", &what).await?;
        let seconds = began.elapsed().as_secs_f64().max(0.001);
        self.made = Some(artifact);
        Ok(Text::new(format!("{what}{}", rate(moved.plaintext, seconds))))
    }

    /// The policy must be in the catalog: its name is what the key derives from, and a slip would make another one.
    async fn check_policy(&self) -> Result<(), Fault> {
        let (seal, work) = (&self.seal, &self.work);
        let name = seal.policy.as_str();
        let Some((_, clear, _)) = work.read(RecordKind::Policy, name).await? else {
            let names = work.at.catalog.ids(RecordKind::Policy).await?;
            let near = crate::ops::lists::near(name, names.iter().map(String::as_str));
            let next = near.map_or_else(|| format!("add it first: kastellan policy add {name}"), |near| format!("did you mean {near}?"));
            let doing = Request::Seal(seal.clone()).failing();
            return Err(Fault::new(Kind::NotFound, doing, format!("there is no policy {name}"), Act::say(next)));
        };
        let called = records::called(RecordKind::Policy, name);
        let policy = records::policy(&clear).map_err(|e| records::record_fault(&work.doing(), &called, &e.into()))?;
        match work.grant.policy.as_ref() {
            Some(key) if policy_key_id(key) == policy.key_id => Ok(()),
            _ => Err(records::record_fault(&work.doing(), &called, &crate::format::RecordError::Altered)),
        }
    }
}

/// `, 1.2 GiB/s`, where it took long enough to tell.
fn rate(size: u64, seconds: f64) -> String {
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate for people")]
    let rate = (size as f64 / seconds) as u64;
    if seconds < 0.5 { String::new() } else { format!(" ({}/s)", bytes(rate)) }
}

/// Moves the bytes, on threads of their own.
async fn stream(
    store: &Arc<dyn Store>,
    name: &str,
    mut source: Source,
    key: &crate::crypto::Key,
    ad: Vec<u8>,
    doing: &Text,
    run: &Run<'_>,
) -> Result<Moved, Fault> {
    let mut out = store.write(name, source.size.and_then(stream_length)).await?;
    let progress = run.progress(source.size);
    let (key, doing, stop): (_, _, Stop) = (key.duplicate(), doing.clone(), run.halt.clone());
    threads::apart(&doing.clone(), move || {
        let along = Along { doing: &doing, progress: &progress, stop: &stop };
        let moved = bulk::seal(&key, &ad, &mut |buffer| source.fill(buffer), &mut |bytes| out.append(bytes), &along)?;
        out.finish()?;
        Ok(moved)
    })
    .await
}

#[async_trait]
impl Operation for Sealing {
    fn id(&self) -> &str {
        &self.work.id
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, _step: &StepId, run: &Run<'_>) -> Result<Text, Fault> {
        self.sealed(run).await
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(self: Box<Self>) -> Result<Outcome, Fault> {
        let lines = match &self.made {
            Some(a) => vec![
                Text::new(format!("artifact {} of {} is in {}", a.id, a.policy, a.location)),
                Text::new(format!("{} sealed, {} stored", bytes(a.size), bytes(a.stored))),
            ],
            None => Vec::new(),
        };
        close(&self.work, lines).await
    }
}
