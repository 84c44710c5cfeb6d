//! Reaching a location: its address confirmed, its store opened.

use crate::catalog::Put;
use crate::crypto::Passphrase;
use crate::domain::{Act, Fault, Installation, Kind, Location, LocationName, S3Target, Target, Text};
use crate::format::{RecordKind, SealedRecord};
use crate::host::Pins;
use crate::ops::work::Work;
use crate::ops::{Connection, facts, records};
use crate::store::{self, Right, Store};
use std::sync::Arc;
use std::time::Duration;

/// A location with what it takes to reach it.
pub struct Reached {
    /// The location.
    pub location: Location,
    /// The mark that its folder carries, by which a vanished mount is known.
    pub mark: Option<String>,
    pub secret: Option<Passphrase>,
}

/// A location with what it takes to reach it; its record must verify.
pub async fn reach(work: &Work, name: &LocationName) -> Result<Reached, Fault> {
    let id = name.id();
    let Some((_, clear, private)) = work.read(RecordKind::Location, &id).await? else {
        let next = Act::say("kastellan location list");
        return Err(Fault::new(Kind::NotFound, work.doing(), format!("there is no location {name}"), next));
    };
    let called = records::called(RecordKind::Location, &id);
    let location = records::location(&clear, Some(&private)).map_err(|e| records::record_fault(&work.doing(), &called, &e.into()))?;
    let secret = private.text("secretKey").and_then(|key| Passphrase::entered(key.as_bytes()).ok());
    Ok(Reached { location, mark: private.text("mark").map(str::to_owned), secret })
}

impl Reached {
    /// Its store. An S3 address must have been confirmed on this machine.
    pub fn open(&self, at: &Connection, installation: &Installation) -> Result<Arc<dyn Store>, Fault> {
        let name = &self.location.name;
        let doing = || Text::new(format!("cannot use location {name}"));
        let Some(target) = &self.location.target else { return Err(facts::unlock_first(doing())) };
        if !confirmed(at, installation, target)? {
            let cause = format!("it is at {}, and nobody confirmed that address on this machine", target.address());
            let next = Act::say(format!("look at it, then: kastellan location check {name} --yes"));
            return Err(Fault::refused(doing(), cause, next));
        }
        store::open(target, self.mark.as_deref(), self.secret.as_ref(), deadline(at)).map_err(|fault| Fault { doing: doing(), ..fault })
    }
}

/// Checks a location: each right by using it. `yes` confirms its address on this machine.
pub async fn check(work: &Work, name: &LocationName, yes: bool) -> Result<(Location, Vec<Right>), Fault> {
    let reached = reach(work, name).await?;
    if let (true, Some(target)) = (yes, &reached.location.target) {
        confirm(&work.at, &work.installation, target)?;
    }
    let store = reached.open(&work.at, &work.installation)?;
    let rights = store::probe(store.as_ref(), !reached.location.read_only).await;
    Ok((reached.location, rights))
}

/// Whether an address may be used: folders always, others once a person said so on this machine.
fn confirmed(at: &Connection, installation: &Installation, target: &Target) -> Result<bool, Fault> {
    match network(target) {
        None => Ok(true),
        Some(address) => Pins::at(at.host.paths.known.clone()).confirmed(&installation.catalog_id, &address),
    }
}

/// Remembers that a person named or confirmed an address.
pub fn confirm(at: &Connection, installation: &Installation, target: &Target) -> Result<(), Fault> {
    match network(target) {
        Some(address) if !at.settings.read_only => Pins::at(at.host.paths.known.clone()).confirm(&installation.catalog_id, &address),
        _ => Ok(()),
    }
}

/// What is contacted, and under which name.
fn network(target: &Target) -> Option<String> {
    match target {
        Target::Directory { .. } => None,
        Target::S3(S3Target { endpoint, region, .. }) => {
            let region = region.as_ref().map(ToString::to_string).unwrap_or_default();
            Some(format!("{} {region} {}", target.address(), endpoint.as_ref().map(ToString::to_string).unwrap_or_default()))
        }
    }
}

/// The record of a location.
pub fn put(work: &Work, reached: &Reached, old: Option<&SealedRecord>) -> Put {
    let secret = reached.secret.as_ref().and_then(|secret| std::str::from_utf8(secret.expose()).ok());
    let private = records::location_private(&reached.location).with_some("secretKey", secret).with_some("mark", reached.mark.as_deref());
    let clear = records::location_members(&reached.location);
    work.put(RecordKind::Location, &reached.location.name.id(), old, clear, &private)
}

pub fn deadline(at: &Connection) -> Duration {
    at.settings.timeout.unwrap_or(Duration::from_secs(30))
}
