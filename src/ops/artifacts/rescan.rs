//! Reading a location through: whatever of ours it holds comes into the index, what it no longer holds goes from it.

use super::entry;
use super::reading::LARGEST_SIDECAR;
use crate::crypto::{Derived, policy_key_id};
use crate::domain::{
    Artifact, Change, Confirm, Fault, KeyNeed, Kind, LocationName, Plan, Policy, PolicyName, Prover, Request, Rescan, Risk, StepId,
    StepInfo, Text, count,
};
use crate::format::{ArtifactPaths, Object, RecordKind, Sidecar};
use crate::ops::engine::{Operation, Outcome, Run, close};
use crate::ops::imports::{self, Imported};
use crate::ops::work::{Work, Writes};
use crate::ops::{facts, locations, records};
use crate::store::{Indexed, Store};
use async_trait::async_trait;
use futures_util::StreamExt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many entries are written at once: a kilobyte each.
const CHUNK: usize = 2000;
/// How many facts are fetched at once.
const ABREAST: usize = 16;

pub fn plan(request: &Request, rescan: &Rescan) -> Plan {
    let title = format!("read {} through, and bring the index up to it", rescan.location);
    Plan {
        request: request.clone(),
        steps: vec![StepInfo { id: StepId::new("rescan"), title: title.into(), risk: Risk::SafeToStop, irreversible: false }],
        changes: vec![Change(Text::new(format!("the index holds what {} holds; no object is touched", rescan.location)))],
        warnings: Vec::new(),
        secrets: Vec::new(),
        keys: vec![KeyNeed::Master, KeyNeed::Metadata, KeyNeed::Journal],
        confirm: Confirm::None,
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Artifacts of ours, and those that the index did not know.
    pub ours: u64,
    pub new: u64,
    /// Those of them that open with an imported key.
    pub imported: u64,
    /// Entries whose objects are gone.
    pub missing: u64,
    /// Artifacts of other installations.
    pub others: u64,
    /// Facts that do not verify, by name.
    pub damaged: u64,
    /// Removed here, and there again.
    pub buried: u64,
    /// Policies that came back by their artifacts.
    pub policies: BTreeSet<PolicyName>,
}

/// The operation at work.
pub struct Rescanning {
    pub location: LocationName,
    pub work: Work,
    pub tally: Tally,
}

/// What a scan knows before it begins.
struct Known {
    derived: Derived,
    policies: BTreeSet<String>,
    tombstones: BTreeSet<String>,
    /// By the public id of the policy's key.
    imports: BTreeMap<String, Imported>,
}

impl Rescanning {
    async fn scanned(&mut self, run: &Run<'_>) -> Result<Text, Fault> {
        let work = &self.work;
        let doing = Text::new(format!("cannot rescan {}", self.location));
        let Some(master) = &work.grant.master else { return Err(facts::unlock_first(doing)) };
        let known = Known {
            derived: Derived::from_master(master),
            policies: work.at.catalog.ids(RecordKind::Policy).await?.into_iter().collect(),
            tombstones: work.at.catalog.ids(RecordKind::Tombstone).await?.into_iter().collect(),
            imports: imports::all(work).await?.into_iter().map(|import| (import.facts.policy_key_id.clone(), import)).collect(),
        };
        let store = locations::reach(work, &self.location).await?.open(&work.at, &work.installation)?;
        let index = work.at.index()?;
        let scan = index.begin_scan()?;
        let progress = run.progress(None);
        let tally = scan_all(work, &self.location, &store, &known, &progress, run, &doing).await?;
        self.tally = tally;
        self.recreate().await?;
        self.tally.missing = work.at.index()?.unseen(&self.location.id(), scan)?;
        let t = &self.tally;
        let what = format!("{} holds {}: {} new, {} missing", self.location, count(t.ours, "artifact", "artifacts"), t.new, t.missing);
        self.work.commit(Writes::default(), "artifact rescan", "", &what).await?;
        Ok(what.into())
    }

    /// Policies that the catalog does not have, and whose artifacts prove that they were.
    async fn recreate(&self) -> Result<(), Fault> {
        let work = &self.work;
        let Some(master) = &work.grant.master else { return Ok(()) };
        let derived = Derived::from_master(master);
        for name in &self.tally.policies {
            let policy = Policy {
                name: name.clone(),
                key_id: policy_key_id(&derived.policy_key(name.as_str())),
                created_at: work.at.host.clock.now(),
                created_by: work.at.host.person.who(),
                altered: false,
            };
            let put = work.put(RecordKind::Policy, name.as_str(), None, records::policy_members(&policy), &Object::new());
            let what = format!("policy {name} came back by its artifacts in {}", self.location);
            work.commit(Writes { puts: vec![put], ..Writes::default() }, "artifact rescan", "", &what).await?;
        }
        Ok(())
    }
}

#[allow(clippy::too_many_arguments, reason = "what one scan is about")]
async fn scan_all(
    work: &Work,
    location: &LocationName,
    store: &Arc<dyn Store>,
    known: &Known,
    progress: &(impl Fn(u64) + Sync),
    run: &Run<'_>,
    doing: &Text,
) -> Result<Tally, Fault> {
    let index = work.at.index()?;
    let mut tally = Tally::default();
    let (mut pending, mut seen): (Vec<Indexed>, Vec<String>) = (Vec::new(), Vec::new());
    let names = store.list("artifacts").filter_map(|listed| async move {
        match listed {
            Ok(listed) => ArtifactPaths::parse_sidecar(&listed.name).map(Ok),
            Err(fault) => Some(Err(fault)),
        }
    });
    let fetched = names.map(|named| async move {
        let paths = named?;
        let bytes = store.get(&paths.sidecar, LARGEST_SIDECAR).await;
        Ok::<_, Fault>((paths, bytes))
    });
    let mut fetched = std::pin::pin!(fetched.buffer_unordered(ABREAST));
    let mut looked = 0;
    while let Some(fetched) = fetched.next().await {
        if run.halt.asked() {
            return Err(Fault::interrupted_after(doing.clone(), looked, "of its artifacts were read into the list"));
        }
        looked += 1;
        progress(looked);
        let (paths, bytes) = fetched?;
        let bytes = match bytes {
            Ok(Some(bytes)) => bytes,
            Ok(None) => continue,
            Err(fault) if fault.kind == Kind::Damaged => {
                tally.damaged += 1;
                continue;
            }
            Err(fault) => return Err(fault),
        };
        match judge(work, location, known, &paths, &bytes, &mut tally) {
            Judged::Ours(artifact) => {
                tally.ours += 1;
                tally.imported += u64::from(artifact.policy.to_string().contains('@'));
                let entries = index.starting(&artifact.id, 64)?;
                let mine = entries.iter().find(|e| e.location == location.id());
                let held = mine.and_then(|e| entry::read(e, &work.installation, Some(&work.grant.metadata))).filter(|a| !a.altered);
                if held.is_some_and(|held| held.sealed == artifact.sealed && held.folder == artifact.folder) {
                    seen.push(artifact.id.clone());
                } else {
                    tally.new += 1;
                    pending.push(entry::write(&artifact, &work.installation, &work.grant.metadata));
                }
            }
            Judged::Others => tally.others += 1,
            Judged::Buried => tally.buried += 1,
            Judged::Damaged => tally.damaged += 1,
        }
        if pending.len() >= CHUNK {
            index.put(&pending)?;
            pending.clear();
        }
        if seen.len() >= CHUNK {
            index.seen(&seen, &location.id())?;
            seen.clear();
        }
    }
    index.put(&pending)?;
    index.seen(&seen, &location.id())?;
    Ok(tally)
}

enum Judged {
    Ours(Box<Artifact>),
    Others,
    Buried,
    Damaged,
}

/// Whose it is, proved by opening its facts.
fn judge(work: &Work, location: &LocationName, known: &Known, paths: &ArtifactPaths, bytes: &[u8], tally: &mut Tally) -> Judged {
    let Ok(sidecar) = Sidecar::parse(bytes) else { return Judged::Damaged };
    if sidecar.artifact_id() != paths.id {
        return Judged::Damaged;
    }
    let installation = &work.installation;
    let (policy, label, key) = if sidecar.catalog_id() == installation.catalog_id {
        match sidecar.policy(&work.grant.metadata) {
            Ok(policy) => (policy.clone(), policy.to_string(), known.derived.policy_key(policy.as_str())),
            Err(_) => return Judged::Damaged,
        }
    } else {
        match known.imports.get(sidecar.policy_key_id()) {
            Some(import) if import.facts.catalog_id == sidecar.catalog_id() && import.facts.location.same(location) => {
                (import.facts.policy.clone(), import.facts.label.clone(), import.key.duplicate())
            }
            _ => return Judged::Others,
        }
    };
    if known.tombstones.contains(&paths.id) {
        return Judged::Buried;
    }
    let Ok(sealed) = sidecar.open(&key) else { return Judged::Damaged };
    if sidecar.catalog_id() == installation.catalog_id && !known.policies.contains(policy.as_str()) {
        tally.policies.insert(policy);
    }
    Judged::Ours(Box::new(Artifact {
        id: paths.id.clone(),
        location: location.clone(),
        policy: label.into(),
        folder: paths.folder.clone(),
        policy_key_id: sidecar.policy_key_id().to_owned(),
        instance_id: sidecar.instance_id().to_owned(),
        created_at: sidecar.created_at(),
        size: sidecar.size(),
        stored: sidecar.stored(),
        found: true,
        verified_at: None,
        sealed: Some(sealed),
        altered: false,
    }))
}

#[async_trait]
impl Operation for Rescanning {
    fn id(&self) -> &str {
        &self.work.id
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, _step: &StepId, run: &Run<'_>) -> Result<Text, Fault> {
        self.scanned(run).await
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(self: Box<Self>) -> Result<Outcome, Fault> {
        let t = &self.tally;
        let mut lines = vec![Text::new(format!("{} holds {} of ours", self.location, count(t.ours, "artifact", "artifacts")))];
        let mut say = |n: u64, what: &str| {
            if n > 0 {
                lines.push(Text::new(format!("{n} {what}")));
            }
        };
        say(t.new, "found in the location, not known to the index before");
        say(t.missing, "that the index had are there no longer");
        say(t.others, "of other installations, left alone");
        say(t.buried, "were removed here, and are there again: left alone");
        say(t.damaged, "with facts that do not verify: altered, or cut short");
        for policy in &t.policies {
            lines.push(Text::new(format!("policy {policy} came back by its artifacts")));
        }
        close(&self.work, lines).await
    }
}
