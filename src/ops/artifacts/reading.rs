//! Reading an artifact from its location: its facts held against the index, every tag checked, the plaintext into a sink.

use super::entry;
use crate::crypto::{Key, policy_key_id};
use crate::domain::{Act, Artifact, Fault, Intent, Kind, PolicyName, Stop, Text};
use crate::format::{ArtifactPaths, Sidecar, artifact_ad, hex};
use crate::ops::bulk::{self, Along, Moved};
use crate::ops::work::Work;
use crate::ops::{Keys, imports, locations, threads};
use crate::store::{Incoming, Store};
use std::sync::Arc;

/// Public facts are never larger, in bytes.
pub const LARGEST_SIDECAR: usize = 1 << 20;

/// Where plaintext goes.
pub type Sink = Box<dyn FnMut(&[u8]) -> Result<(), Fault> + Send>;
/// Told how many bytes of plaintext are through.
pub type Told = Box<dyn Fn(u64) + Send + Sync>;

/// The key that an artifact opens with, and whose it is.
pub struct Opening {
    pub key: Key,
    /// The catalog that made it, hex.
    pub catalog_id: String,
    pub policy: PolicyName,
}

/// Finds the key: derived from the master key, or imported.
pub async fn opening(work: &Work, keys: &Keys, artifact: &Artifact) -> Result<Opening, Fault> {
    let doing = Text::new(format!("cannot open artifact {}", artifact.short_id()));
    let label = artifact.policy.to_string();
    let found = if label.contains('@') {
        let import = imports::read(work, &label).await?;
        Opening { key: import.key, catalog_id: import.facts.catalog_id, policy: import.facts.policy }
    } else {
        let policy: PolicyName = label.parse().map_err(|_| altered(&doing))?;
        Opening { key: keys.derived.policy_key(policy.as_str()), catalog_id: work.installation.catalog_id.clone(), policy }
    };
    if policy_key_id(&found.key) == artifact.policy_key_id { Ok(found) } else { Err(altered(&doing)) }
}

/// Reads it to its end into `sink`. The facts in the location must be those of the index.
pub async fn through(work: &Work, keys: &Keys, artifact: &Artifact, mut sink: Sink, progress: Told, stop: &Stop) -> Result<Moved, Fault> {
    let doing = Text::new(format!("cannot open artifact {}", artifact.short_id()));
    if artifact.altered {
        return Err(altered(&doing));
    }
    let opening = opening(work, keys, artifact).await?;
    let store = locations::reach(work, &artifact.location).await?.open(&work.at, &work.installation)?;
    let paths = ArtifactPaths::new(&artifact.folder, &artifact.id);
    facts(work, &store, &paths, artifact, &opening, &doing).await?;
    let Some(mut source) = store.read(&paths.stream).await? else {
        return Err(missing(work, artifact, &doing, "its stream is not there"));
    };
    let ad = artifact_ad(&opening.catalog_id, opening.policy.as_str(), &artifact.id);
    let (said, stop) = (doing.clone(), stop.clone());
    let moved = threads::apart(&doing, move || {
        let along = Along { doing: &said, progress: &*progress, stop: &stop };
        bulk::open(&opening.key, &ad, &mut |buffer| source.fill(buffer), &mut *sink, &along)
    })
    .await
    .map_err(|fault| if fault.kind == Kind::Damaged { Fault { next: instead(work, artifact), ..fault } } else { fault })?;
    let sealed = artifact.sealed.as_ref().map(|facts| facts.digest.as_str());
    if sealed != Some(hex(&moved.digest).as_str()) || moved.plaintext != artifact.size {
        let next = Act::start("kastellan journal verify", Intent::Journal);
        return Err(Fault::new(
            Kind::Damaged,
            doing,
            "another stream lies in its place: it verifies, and is not the one that was sealed",
            next,
        ));
    }
    Ok(moved)
}

/// The public and sealed facts must verify, and be those of the index.
async fn facts(
    work: &Work,
    store: &Arc<dyn Store>,
    paths: &ArtifactPaths,
    artifact: &Artifact,
    opening: &Opening,
    doing: &Text,
) -> Result<(), Fault> {
    let Some(bytes) = store.get(&paths.sidecar, LARGEST_SIDECAR).await? else {
        return Err(missing(work, artifact, doing, "its facts are not there"));
    };
    let damaged = |why: String| {
        let cause = format!("its facts in {} do not verify: {why}", artifact.location);
        Fault::new(Kind::Damaged, doing.clone(), cause, instead(work, artifact))
    };
    let sidecar = Sidecar::parse(&bytes).map_err(|e| damaged(e.to_string()))?;
    let found = sidecar.open(&opening.key).map_err(|e| damaged(e.to_string()))?;
    let same = sidecar.artifact_id() == artifact.id
        && sidecar.catalog_id() == opening.catalog_id
        && artifact.sealed.as_ref().is_some_and(|sealed| sealed.digest == found.digest);
    if same { Ok(()) } else { Err(damaged("they are those of another artifact".into())) }
}

fn missing(work: &Work, artifact: &Artifact, doing: &Text, what: &str) -> Fault {
    Fault::new(Kind::Damaged, doing.clone(), format!("{what} in {}", artifact.location), instead(work, artifact))
}

/// What can be done about a copy that is not whole: another one is named where the index knows one.
fn instead(work: &Work, artifact: &Artifact) -> Act {
    let copies = entry::find(&work.at, &work.installation, None, &artifact.id).unwrap_or_default();
    let (id, here) = (artifact.short_id(), &artifact.location);
    Act::say(match copies.iter().find(|copy| copy.location != *here) {
        Some(copy) => format!("take the copy in {0}: kastellan artifact open {id} --location {0} --to PATH", copy.location),
        None => "no other copy is known: seal it again, or rescan a location that may hold one: kastellan artifact rescan LOCATION".into(),
    })
}

fn altered(doing: &Text) -> Fault {
    let next = Act::say("kastellan artifact rescan LOCATION makes the index again");
    Fault::new(Kind::Damaged, doing.clone(), "its entry in the index does not verify", next)
}

/// Notes whether all its tags held just now: an earlier time at which they did says nothing about one that is damaged since.
pub fn note_verified(work: &Work, artifact: &Artifact, held: bool) -> Result<Artifact, Fault> {
    let artifact = Artifact { verified_at: held.then(|| work.at.host.clock.now()), ..artifact.clone() };
    if !work.at.settings.read_only {
        work.at.index()?.renew(&entry::write(&artifact, &work.installation, &work.grant.metadata))?;
    }
    Ok(artifact)
}

/// Copies bytes of a stream as they are, to their end.
pub fn as_they_are(source: &mut dyn Incoming, buffer: &mut [u8], mut take: impl FnMut(&[u8]) -> Result<(), Fault>) -> Result<u64, Fault> {
    let mut total = 0;
    loop {
        let length = source.fill(buffer)?;
        take(&buffer[..length])?;
        total += length as u64;
        if length < buffer.len() {
            return Ok(total);
        }
    }
}
