//! Removing what seals that never ended left in a location.
//!
//! A seal leaves a marker first and takes it back last. A marker of this instance that is older than asked, whose stream (if there is one) was
//! not written to for as long, is of a seal that ended midway. What is being made on this machine is left alone, however long it waits.

use super::reading::LARGEST_SIDECAR;
use crate::catalog::OpLock;
use crate::domain::{
    Act, Change, Confirm, Fault, KeyNeed, Plan, Prover, Request, Risk, StepId, StepInfo, Sweep, Text, Timestamp, bytes, count,
};
use crate::format::{ArtifactPaths, Leftover, Sidecar};
use crate::ops::engine::{Operation, Outcome, Run, close};
use crate::ops::locations;
use crate::ops::work::{Work, Writes};
use crate::store::{Listed, Making, PART, Store};
use async_trait::async_trait;
use futures_util::StreamExt;
use std::sync::Arc;

pub fn plan(request: &Request, sweep: &Sweep) -> Plan {
    let hours = sweep.older_than / 3600;
    let title = format!("remove from {} what seals older than {hours} hours left unfinished", sweep.location);
    Plan {
        request: request.clone(),
        steps: vec![StepInfo { id: StepId::new("sweep"), title: title.into(), risk: Risk::SafeToStop, irreversible: true }],
        changes: vec![Change(Text::new(format!("streams without facts leave {}; whole artifacts stay", sweep.location)))],
        warnings: Vec::new(),
        secrets: Vec::new(),
        keys: vec![KeyNeed::Metadata, KeyNeed::Journal],
        confirm: Confirm::Type(Text::new(sweep.location.as_str())),
    }
}

/// The operation at work.
pub struct Sweeping {
    pub sweep: Sweep,
    pub work: Work,
    pub swept: (u64, u64),
    /// Streams without facts and marker: nobody can tell whose they are.
    pub unknown: u64,
    #[allow(dead_code)] // Held until the operation ends.
    pub lock: Option<OpLock>,
}

/// No marker is larger, in bytes.
const LARGEST: usize = 4096;

impl Sweeping {
    async fn swept(&mut self, run: &Run<'_>) -> Result<Text, Fault> {
        let doing = Request::Sweep(self.sweep.clone()).failing();
        let store = locations::reach(&self.work, &self.sweep.location).await?.open(&self.work.at, &self.work.installation)?;
        let age = i64::try_from(self.sweep.older_than).unwrap_or(i64::MAX);
        let before = self.work.at.host.clock.now().plus(-age);
        let mut all = store.list("artifacts");
        let mut streams = Vec::new();
        while let Some(listed) = all.next().await {
            if run.halt.asked() {
                return Err(Fault::interrupted_after(doing, self.swept.0, "leftovers were removed before"));
            }
            let listed = listed?;
            if let Some(paths) = ArtifactPaths::parse_marker(&listed.name) {
                self.marker(&store, &paths, before).await?;
            } else if listed.modified < before
                && let Some(paths) = small(&listed.name)
            {
                self.small(&store, &listed, &paths).await?;
            } else if ArtifactPaths::parse_stream(listed.name.strip_suffix(PART).unwrap_or(&listed.name)).is_some()
                && listed.modified < before
            {
                // Few are without facts; which ones they are is asked one by one, at the end.
                streams.push(listed.name);
            }
        }
        drop(all);
        for name in streams {
            if let Some(paths) = ArtifactPaths::parse_stream(name.strip_suffix(PART).unwrap_or(&name))
                && store.look(&paths.sidecar).await?.is_none()
                && store.look(&name).await?.is_some()
                && self.held(&paths)?.is_some()
            {
                self.unknown += 1;
            }
        }
        let (count, size) = self.swept;
        let what = format!("{} swept from {}, {}", crate::domain::count(count, "leftover", "leftovers"), self.sweep.location, bytes(size));
        self.work.commit(Writes::default(), "artifact sweep", "sweep", &what).await?;
        Ok(what.into())
    }

    /// Facts or a marker that were being written: they say themselves whose they are.
    async fn small(&mut self, store: &Arc<dyn Store>, listed: &Listed, paths: &ArtifactPaths) -> Result<(), Fault> {
        let Some(_held) = self.held(paths)? else { return Ok(()) };
        let Some(bytes) = store.get(&listed.name, LARGEST_SIDECAR).await? else { return Ok(()) };
        let facts = Sidecar::parse(&bytes).ok().map(|s| (s.catalog_id().to_owned(), s.instance_id().to_owned()));
        let owner = facts.or_else(|| Leftover::parse(&bytes).map(|l| (l.catalog_id, l.instance_id)));
        match owner {
            Some((catalog, instance)) if self.ours(&catalog, &instance) => {
                store.remove(&listed.name).await?;
                self.swept.0 += 1;
                self.swept.1 += listed.size;
            }
            Some(_) => {}
            None => self.unknown += 1,
        }
        Ok(())
    }

    /// Whether it was made by this instance, or by the one that is named.
    fn ours(&self, catalog: &str, instance: &str) -> bool {
        let installation = &self.work.installation;
        let named = self.sweep.instance.as_deref() == Some(instance);
        catalog == installation.catalog_id && (instance == installation.instance_id || named)
    }

    /// Held while leftovers of an artifact go, so that nobody makes it meanwhile; None where somebody does.
    fn held(&self, paths: &ArtifactPaths) -> Result<Option<Making>, Fault> {
        self.work.at.index()?.making(&paths.id, &self.sweep.location.id())
    }

    async fn marker(&mut self, store: &Arc<dyn Store>, paths: &ArtifactPaths, before: Timestamp) -> Result<(), Fault> {
        let Some(bytes) = store.get(&paths.marker, LARGEST).await? else { return Ok(()) };
        let Some(leftover) = Leftover::parse(&bytes) else { return Ok(()) };
        if !self.ours(&leftover.catalog_id, &leftover.instance_id) || leftover.began_at >= before {
            return Ok(());
        }
        let Some(_held) = self.held(paths)? else { return Ok(()) };
        let whole = store.look(&paths.sidecar).await?.is_some();
        let part = format!("{}{PART}", paths.stream);
        let left = if whole { Vec::new() } else { found(store, [&paths.stream, &part]).await? };
        if left.iter().any(|listed| listed.modified >= before) {
            return Ok(());
        }
        for listed in &left {
            store.remove(&listed.name).await?;
            self.swept.1 += listed.size;
        }
        store.remove(&paths.marker).await?;
        self.swept.0 += u64::from(!whole);
        Ok(())
    }
}

/// The objects of the artifact whose facts' or marker's unfinished form this is.
fn small(name: &str) -> Option<ArtifactPaths> {
    let (whole, _) = name.strip_suffix(PART)?.rsplit_once('.')?;
    ArtifactPaths::parse_sidecar(whole).or_else(|| ArtifactPaths::parse_marker(whole))
}

async fn found(store: &Arc<dyn Store>, names: [&String; 2]) -> Result<Vec<Listed>, Fault> {
    let mut found = Vec::new();
    for name in names {
        found.extend(store.look(name).await?);
    }
    Ok(found)
}

#[async_trait]
impl Operation for Sweeping {
    fn id(&self) -> &str {
        &self.work.id
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, _step: &StepId, run: &Run<'_>) -> Result<Text, Fault> {
        self.swept(run).await
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(self: Box<Self>) -> Result<Outcome, Fault> {
        let (swept, size) = self.swept;
        let mut lines =
            vec![Text::new(format!("{} swept from {}, {}", count(swept, "leftover", "leftovers"), self.sweep.location, bytes(size)))];
        if self.unknown > 0 {
            lines.push(Text::new(format!(
                "{} without facts and without a marker: nobody can tell whose, left alone",
                count(self.unknown, "stream", "streams")
            )));
        }
        let mut outcome = close(&self.work, lines).await?;
        if self.unknown > 0 {
            outcome.next.push(Act::say("look at them with the location's own tools"));
        }
        Ok(outcome)
    }
}
