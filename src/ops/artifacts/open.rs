//! Opening an artifact: the plaintext reaches its final name only once the last tag held.

use super::find;
use super::reading::{self, Sink, Told};
use super::target::Target;
use crate::domain::{Act, Artifact, Fault, Kind, LocationName, Stop};
use crate::ops::Keys;
use crate::ops::work::Work;
use std::path::Path;

/// Where the plaintext goes.
pub enum To<'a> {
    /// A new file, or for archives a new folder.
    Path(&'a Path),
    /// Segment by segment as each is verified; an archive as its tar stream.
    Stream(Sink),
}

/// What was opened.
pub struct Opened {
    /// The artifact, from the copy that was read.
    pub artifact: Artifact,
}

/// Opens the first copy that can be reached, of the locations wanted.
pub async fn open(
    work: &Work,
    keys: &Keys,
    id: &str,
    from: Option<&LocationName>,
    to: To<'_>,
    progress: impl Fn(&Artifact) -> Told,
    stop: &Stop,
) -> Result<Opened, Fault> {
    let copies = find(&work.at, &work.installation, Some(&work.grant.metadata), id)?;
    let wanted: Vec<Artifact> = copies.into_iter().filter(|a| from.is_none_or(|from| a.location.same(from))).collect();
    let Some(first) = wanted.first() else {
        let next = Act::say(format!("see where it lies: kastellan artifact show {id}"));
        return Err(Fault::new(Kind::NotFound, format!("cannot open artifact {id}"), "that location has no copy of it", next));
    };
    match to {
        To::Stream(sink) => {
            let artifact = first.clone();
            reading::through(work, keys, &artifact, sink, progress(&artifact), stop).await?;
            Ok(Opened { artifact: noted(work, artifact) })
        }
        To::Path(path) => {
            let mut failed = None;
            for artifact in &wanted {
                let mut target = Target::make(path, artifact)?;
                let sink = target.sink()?;
                match reading::through(work, keys, artifact, sink, progress(artifact), stop).await {
                    Ok(_) => {
                        target.finish()?;
                        return Ok(Opened { artifact: noted(work, artifact.clone()) });
                    }
                    Err(fault) if matches!(fault.kind, Kind::Interrupted | Kind::Secret) => return Err(fault),
                    Err(fault) => {
                        // Another copy may be whole; what this one gave is gone with its target.
                        let fault = target.failed().unwrap_or(fault);
                        failed = failed.or(Some(fault));
                    }
                }
            }
            Err(failed.unwrap_or_else(|| work.gone(&"a copy".into())))
        }
    }
}

/// What was opened is where it was wanted, whether or not the list takes a note of it.
fn noted(work: &Work, artifact: Artifact) -> Artifact {
    reading::note_verified(work, &artifact, true).unwrap_or_else(|fault| {
        tracing::warn!("not noted as verified: {}", fault.line());
        artifact
    })
}
