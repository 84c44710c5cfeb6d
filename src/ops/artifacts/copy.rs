//! Copying artifacts to another location: ciphertext as it is. No policy's key is needed, and so what is verified is that header, tags and
//! length are those of the stream that was sealed, and that what arrived is what was read; the rest is `verify`'s.

use super::reading::{LARGEST_SIDECAR, as_they_are};
use super::{entry, find};
use crate::crypto::{Hash, STREAM_TAG};
use crate::domain::{
    Act, Artifact, ArtifactCopy, ArtifactFilter, Change, Confirm, Fault, KeyNeed, Kind, Plan, Prover, Request, Risk, StepId, StepInfo,
    Text, Which, bytes,
};
use crate::format::{ArtifactPaths, Leftover, SEGMENT, StreamDigest, hex};
use crate::ops::engine::{Operation, Outcome, Run, close};
use crate::ops::work::{Work, Writes};
use crate::ops::{locations, threads};
use crate::store::{Incoming, Outgoing, Placed, Store};
use async_trait::async_trait;
use std::sync::Arc;

/// How many entries are read at once.
const PAGE: usize = 500;

pub fn plan(request: &Request, copy: &ArtifactCopy) -> Plan {
    let what = match &copy.which {
        Which::One(id) => format!("artifact {}", id.get(..12).unwrap_or(id)),
        Which::Policy(policy) => format!("all artifacts of {policy}"),
    };
    let title = format!("copy {what} to {}, and read each back", copy.to);
    Plan {
        request: request.clone(),
        steps: vec![StepInfo { id: StepId::new("copy"), title: title.into(), risk: Risk::SafeToStop, irreversible: false }],
        changes: vec![Change(Text::new(format!("{what} in {} too, as sealed", copy.to)))],
        warnings: Vec::new(),
        secrets: Vec::new(),
        keys: vec![KeyNeed::Metadata, KeyNeed::Journal],
        confirm: Confirm::None,
    }
}

/// The operation at work.
pub struct Copying {
    pub copy: ArtifactCopy,
    pub work: Work,
    pub copied: (u64, u64),
    pub present: u64,
}

impl Copying {
    async fn all(&mut self, run: &Run<'_>) -> Result<Text, Fault> {
        let doing = Request::ArtifactCopy(self.copy.clone()).failing();
        let to = locations::reach(&self.work, &self.copy.to).await?;
        let store = to.open(&self.work.at, &self.work.installation)?;
        let progress = run.progress(None);
        match self.copy.which.clone() {
            Which::One(id) => {
                let copies = find(&self.work.at, &self.work.installation, Some(&self.work.grant.metadata), &id)?;
                self.one(&copies, &store, &doing, run, &progress).await?;
            }
            Which::Policy(policy) => {
                let filter = ArtifactFilter { policy: Some(policy.to_string()), location: None };
                let (mut token, mut last) = (None, String::new());
                loop {
                    let page = entry::page(&self.work.at, &self.work.installation, None, &filter, token.as_deref(), PAGE)?;
                    // Copies of one artifact stand side by side, those that are made meanwhile among them.
                    for artifact in &page.artifacts {
                        if artifact.id == last || artifact.location.same(&self.copy.to) {
                            continue;
                        }
                        last.clone_from(&artifact.id);
                        let copies = find(&self.work.at, &self.work.installation, Some(&self.work.grant.metadata), &artifact.id)?;
                        self.one(&copies, &store, &doing, run, &progress).await?;
                    }
                    token = page.next;
                    if token.is_none() {
                        break;
                    }
                }
            }
        }
        let (count, size) = self.copied;
        let what = format!("{} copied to {}, {}", crate::domain::count(count, "artifact", "artifacts"), self.copy.to, bytes(size));
        self.work.commit(Writes::default(), "artifact copy", "", &what).await?;
        Ok(what.into())
    }

    /// One artifact, from the first of its copies.
    async fn one(
        &mut self,
        copies: &[Artifact],
        to: &Arc<dyn Store>,
        doing: &Text,
        run: &Run<'_>,
        progress: &(impl Fn(u64) + Sync),
    ) -> Result<(), Fault> {
        let Some(from) = copies.iter().find(|a| !a.location.same(&self.copy.to)) else {
            self.present += 1;
            return Ok(());
        };
        if run.halt.asked() {
            return Err(Fault::interrupted_after(doing.clone(), self.copied.0, "were copied before, and stay"));
        }
        let work = &self.work;
        if from.altered {
            return Err(gone(from, doing));
        }
        let Some(_making) = work.at.index()?.making(&from.id, &self.copy.to.id())? else {
            let next = Act::say("wait until it is through, then copy again");
            let cause = format!("another Kastellan is copying artifact {} to {}", from.short_id(), self.copy.to);
            return Err(Fault::new(Kind::Changed, doing.clone(), cause, next));
        };
        let source = locations::reach(work, &from.location).await?.open(&work.at, &work.installation)?;
        let paths = ArtifactPaths::new(&from.folder, &from.id);
        let known = copies.iter().any(|a| a.location.same(&self.copy.to));
        // The list may know of a copy that is gone.
        if known && to.look(&paths.sidecar).await?.is_some() && to.look(&paths.stream).await?.is_some() {
            self.present += 1;
            return Ok(());
        }
        let Some(sidecar) = source.get(&paths.sidecar, LARGEST_SIDECAR).await? else { return Err(gone(from, doing)) };
        let (catalog_id, instance_id) = (work.installation.catalog_id.clone(), work.installation.instance_id.clone());
        let leftover = Leftover { catalog_id, instance_id, began_at: work.at.host.clock.now() };
        let marked = to.create(&paths.marker, leftover.to_json().as_bytes()).await? == Placed::Created;
        // A copy that was killed may have left the stream.
        let left = to.look(&paths.stream).await?.is_some();
        let placed = match stream(&source, to, &paths.stream, left, from, doing).await {
            Ok(size) => to.create(&paths.sidecar, &sidecar).await.map(|placed| (size, placed)),
            Err(fault) => Err(fault),
        };
        let (size, placed) = match placed {
            Ok(placed) => placed,
            Err(fault) => {
                // What was there before is not ours to take away.
                if !left {
                    let _ = to.remove(&paths.stream).await;
                }
                if marked || !left {
                    let _ = to.remove(&paths.marker).await;
                }
                return Err(fault);
            }
        };
        to.remove(&paths.marker).await?;
        let artifact = Artifact { location: self.copy.to.clone(), verified_at: None, ..from.clone() };
        work.at.index()?.put(&[entry::write(&artifact, &work.installation, &work.grant.metadata)])?;
        if placed == Placed::Created || !left {
            self.copied.0 += 1;
            self.copied.1 += size;
            progress(self.copied.1);
        } else {
            self.present += 1;
        }
        Ok(())
    }
}

/// The stream, which must be the one that was sealed, and then the same bytes read back from where they went, or were `left` before.
async fn stream(
    from: &Arc<dyn Store>,
    to: &Arc<dyn Store>,
    name: &str,
    left: bool,
    artifact: &Artifact,
    doing: &Text,
) -> Result<u64, Fault> {
    let Some(source) = from.read(name).await? else { return Err(gone(artifact, doing)) };
    let mut out = if left { None } else { Some(to.write(name, Some(artifact.stored)).await?) };
    let (size, sealed) = (artifact.stored, artifact.sealed.as_ref().map(|facts| facts.digest.clone()).unwrap_or_default());
    let whole = {
        let next = Act::say(format!("look at it: kastellan artifact verify {}", artifact.short_id()));
        let cause = format!("artifact {} in {} is not the stream that was sealed: altered or cut", artifact.short_id(), artifact.location);
        Fault::new(Kind::Damaged, doing.clone(), cause, next)
    };
    let written = threads::apart(doing, move || {
        let read = Read::of(source, |bytes| out.as_mut().map_or(Ok(()), |out| out.append(bytes)))?;
        if read.size != size || read.digest != sealed {
            return Err(whole);
        }
        out.map_or(Ok(()), Outgoing::finish)?;
        Ok(read)
    })
    .await?;
    let Some(back) = to.read(name).await? else { return Err(gone(artifact, doing)) };
    let read = threads::apart(doing, move || Read::of(back, |_| Ok(()))).await?;
    if read == written {
        return Ok(size);
    }
    let (cause, next) = if left {
        ("another stream lies in its place there", format!("look at who writes to that location, and take {name} away"))
    } else {
        ("what was read back is not what was written", "look at that location's disk or server, then copy again".to_owned())
    };
    Err(Fault::new(Kind::Damaged, doing.clone(), format!("artifact {}: {cause}", artifact.short_id()), Act::say(next)))
}

/// What was read of a stream: SHA-256 of it all, its digest by header and tags, and its length.
#[derive(PartialEq, Eq)]
struct Read {
    hash: [u8; 32],
    digest: String,
    size: u64,
}

impl Read {
    /// Reads to the end; segments lie at whole multiples of their length.
    fn of(mut source: Box<dyn Incoming>, mut take: impl FnMut(&[u8]) -> Result<(), Fault>) -> Result<Self, Fault> {
        let (mut hash, mut digest, mut buffer) = (Hash::new(), None, vec![0; SEGMENT]);
        let size = as_they_are(source.as_mut(), &mut buffer, |bytes| {
            hash.add(bytes);
            if let Some(header) = bytes.first_chunk() {
                digest.get_or_insert_with(|| StreamDigest::new(header));
            }
            if let (Some(digest), Some(tag)) = (digest.as_mut(), bytes.last_chunk::<STREAM_TAG>()) {
                digest.tag(tag);
            }
            take(bytes)
        })?;
        Ok(Self { hash: hash.end(), digest: digest.map(|digest| hex(&digest.end())).unwrap_or_default(), size })
    }
}

fn gone(artifact: &Artifact, doing: &Text) -> Fault {
    let next = Act::say(format!("kastellan artifact rescan {}", artifact.location));
    Fault::new(Kind::Damaged, doing.clone(), format!("artifact {} is not in {} any more", artifact.short_id(), artifact.location), next)
}

#[async_trait]
impl Operation for Copying {
    fn id(&self) -> &str {
        &self.work.id
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, _step: &StepId, run: &Run<'_>) -> Result<Text, Fault> {
        self.all(run).await
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(self: Box<Self>) -> Result<Outcome, Fault> {
        let (count, size) = self.copied;
        let artifacts = |n| crate::domain::count(n, "artifact", "artifacts");
        let mut lines = Vec::new();
        if count > 0 || self.present == 0 {
            lines.push(Text::new(format!("{} copied to {}, {}, each read back", artifacts(count), self.copy.to, bytes(size))));
        }
        if self.present > 0 {
            lines.push(Text::new(format!("{} there already", artifacts(self.present))));
        }
        close(&self.work, lines).await
    }
}
