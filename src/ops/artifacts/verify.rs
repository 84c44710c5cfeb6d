//! Verifying artifacts: every tag of every segment, writing nothing but when it was.

use super::reading::{self, Told};
use super::{entry, find};
use crate::domain::{Artifact, ArtifactFilter, Fault, Kind, Stop};
use crate::ops::Keys;
use crate::ops::work::Work;

/// When the last run over all began, among the index's notes.
const RUN: &str = "verify-run";
/// How many entries are read at once.
const PAGE: usize = 500;

/// How one artifact's verification ended.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The artifact.
    pub artifact: Artifact,
    /// Whether every tag held; the fault says why not.
    pub outcome: Result<(), Fault>,
}

/// What is verified.
pub enum Scope<'a> {
    /// All copies of this one.
    One(&'a str),
    /// Everything that the filter finds.
    All {
        /// Which.
        filter: &'a ArtifactFilter,
        /// Only what the last run over all had not come to yet.
        resume: bool,
    },
}

/// Verifies one after the other and tells each; how many were whole and how many were not.
pub async fn verify(
    work: &Work,
    keys: &Keys,
    scope: &Scope<'_>,
    progress: impl Fn(&Artifact) -> Told,
    mut tell: impl FnMut(&Verified),
    stop: &Stop,
) -> Result<(u64, u64), Fault> {
    let (mut whole, mut broken) = (0, 0);
    let mut count = |verified: &Verified| {
        if verified.outcome.is_ok() {
            whole += 1;
        } else {
            broken += 1;
        }
        tell(verified);
    };
    match scope {
        Scope::One(id) => {
            for artifact in find(&work.at, &work.installation, Some(&work.grant.metadata), id)? {
                count(&one(work, keys, artifact, &progress, stop).await?);
            }
        }
        Scope::All { filter, resume } => {
            let index = work.at.index()?;
            let now = work.at.host.clock.now().unix();
            let begun = index.note(RUN)?.filter(|_| *resume);
            if begun.is_none() {
                index.set_note(RUN, now)?;
            }
            let since = begun.unwrap_or(now);
            let mut token = None;
            loop {
                let page = entry::page(&work.at, &work.installation, Some(&work.grant.metadata), filter, token.as_deref(), PAGE)?;
                for artifact in page.artifacts {
                    if *resume && artifact.verified_at.is_some_and(|at| at.unix() >= since) {
                        continue;
                    }
                    count(&one(work, keys, artifact, &progress, stop).await?);
                }
                token = page.next;
                if token.is_none() {
                    break;
                }
            }
        }
    }
    Ok((whole, broken))
}

async fn one(work: &Work, keys: &Keys, artifact: Artifact, progress: impl Fn(&Artifact) -> Told, stop: &Stop) -> Result<Verified, Fault> {
    let told = progress(&artifact);
    match reading::through(work, keys, &artifact, Box::new(|_| Ok(())), told, stop).await {
        Ok(_) => Ok(Verified { artifact: reading::note_verified(work, &artifact, true)?, outcome: Ok(()) }),
        Err(fault) if fault.kind == Kind::Interrupted => Err(fault),
        Err(fault) if fault.kind == Kind::Damaged => {
            Ok(Verified { artifact: reading::note_verified(work, &artifact, false)?, outcome: Err(fault) })
        }
        Err(fault) => Ok(Verified { artifact, outcome: Err(fault) }),
    }
}
