//! Verifying artifacts: every tag of every segment, writing nothing but when it was, and what is damaged.

use super::reading::{self, Told};
use super::{entry, find};
use crate::domain::{Artifact, ArtifactFilter, Fault, Kind, Stop, count};
use crate::ops::Keys;
use crate::ops::work::{Work, Writes};

/// When the last run over all began, among the index's notes.
const RUN: &str = "verify-run";
/// How many entries are read at once.
const PAGE: usize = 500;
/// How many damaged ones a journal entry names.
const NAMED: usize = 3;

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

/// Verifies one after the other and tells each; how many were whole and how many were not. Damage is in the journal, one entry a run.
pub async fn verify(
    work: &Work,
    keys: &Keys,
    scope: &Scope<'_>,
    progress: impl Fn(&Artifact) -> Told,
    mut tell: impl FnMut(&Verified),
    stop: &Stop,
) -> Result<(u64, u64), Fault> {
    let mut tally = Tally::default();
    let count = |verified: &Verified| {
        tally.add(verified);
        tell(verified);
    };
    let ended = each(work, keys, scope, progress, count, stop).await;
    // A run that was stopped found what it found.
    let noted = tally.note(work).await;
    ended.and(noted).map(|()| (tally.whole, tally.broken))
}

/// What a run found.
#[derive(Default)]
struct Tally {
    whole: u64,
    broken: u64,
    damaged: u64,
    /// The first damaged ones, and why.
    first: Vec<String>,
}

impl Tally {
    fn add(&mut self, verified: &Verified) {
        let Err(fault) = &verified.outcome else {
            self.whole += 1;
            return;
        };
        self.broken += 1;
        // One that cannot be reached says nothing about its tags.
        if fault.kind == Kind::Damaged {
            self.damaged += 1;
            if self.first.len() < NAMED {
                let artifact = &verified.artifact;
                self.first.push(format!("{} of {} in {}: {}", artifact.short_id(), artifact.policy, artifact.location, fault.cause));
            }
        }
    }

    async fn note(&self, work: &Work) -> Result<(), Fault> {
        if self.damaged == 0 || work.at.settings.read_only {
            return Ok(());
        }
        let verified = count(self.whole + self.broken, "artifact", "artifacts");
        let more = self.damaged - self.first.len() as u64;
        let more = if more == 0 { String::new() } else { format!("; and {more} more") };
        let what = format!("{} of {verified} damaged: {}{more}", self.damaged, self.first.join("; "));
        work.commit(Writes::default(), "artifact verify", "", &what).await.map(drop)
    }
}

async fn each(
    work: &Work,
    keys: &Keys,
    scope: &Scope<'_>,
    progress: impl Fn(&Artifact) -> Told,
    mut count: impl FnMut(&Verified),
    stop: &Stop,
) -> Result<(), Fault> {
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
    Ok(())
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
