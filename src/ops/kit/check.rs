//! Trying a kit out, part by part; needs no catalog, and changes nothing anywhere.

use crate::crypto::{Passphrase, policy_key_id};
use crate::domain::{Fault, Kind, PasskeyName, Prover, Stop, Target, Text, count};
use crate::format::{ArtifactPaths, ImportData, ImportText, Kit, KitLocation, KitSecret, Sidecar};
use crate::ops::artifacts::LARGEST_SIDECAR;
use crate::ops::dr::{Contents, Found, Opening};
use crate::store::Store;
use futures_util::StreamExt;
use std::sync::Arc;

/// How the trial of a part ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It did what it is there for, just now.
    Yes,
    /// It could not be tried: something has to be brought besides.
    Besides,
    /// This machine could not try it: too little memory, a version that it does not know.
    Untried(Box<Fault>),
    /// It was tried, and does not.
    No(Box<Fault>),
}

/// A part of a kit, tried.
#[derive(Clone, Debug)]
pub struct Item {
    /// Which part.
    pub part: Text,
    /// How it ended.
    pub outcome: Outcome,
    /// What was found, or what is needed besides.
    pub found: Text,
}

impl Item {
    fn yes(part: impl Into<Text>, found: impl Into<Text>) -> Self {
        Self { part: part.into(), outcome: Outcome::Yes, found: found.into() }
    }

    fn besides(part: impl Into<Text>, found: impl Into<Text>) -> Self {
        Self { part: part.into(), outcome: Outcome::Besides, found: found.into() }
    }

    fn no(part: impl Into<Text>, fault: Fault) -> Self {
        Self { part: part.into(), found: fault.cause.clone(), outcome: Outcome::No(Box::new(fault)) }
    }

    /// What was refused before it was tried says nothing of the secret.
    fn secret(part: impl Into<Text>, fault: Fault) -> Self {
        if fault.kind != Kind::Refused {
            return Self::no(part, fault);
        }
        let found = Text::new(format!("not tried: {}", fault.cause));
        Self { part: part.into(), found, outcome: Outcome::Untried(Box::new(fault)) }
    }
}

/// A kit's archive: where it lies, and what its header says.
pub struct Reachable {
    /// The location's name in the kit.
    pub location: Text,
    /// Where it is, with the account that the kit names.
    pub target: Target,
    /// Its secret key, where the kit holds it.
    pub secret: Option<Passphrase>,
    store: Arc<dyn Store>,
    /// This installation's archives, newest first.
    pub archives: Vec<Found>,
}

/// What came of trying a kit.
pub struct Trial {
    /// Each part.
    pub items: Vec<Item>,
    /// The locations that could be read.
    pub reachable: Vec<Reachable>,
}

/// Where a kit's location is, with its account, and its secret key.
#[must_use]
pub fn target_of(location: &KitLocation) -> Option<(Target, Option<Passphrase>)> {
    let mut target = location.target()?;
    let secret = location.credentials.as_ref().and_then(|c| secret_of(&c.secret_access_key));
    if let (Target::S3(s3), Some(credentials)) = (&mut target, &location.credentials) {
        s3.access_key_id = Some(credentials.access_key_id.0.clone());
    }
    Some((target, secret))
}

/// A secret in a kit as a passphrase.
#[must_use]
pub fn secret_of(secret: &KitSecret) -> Option<Passphrase> {
    Passphrase::entered(secret.expose().as_bytes()).ok()
}

/// Tries every part. Addresses in it must have been confirmed by a person.
///
/// # Errors
/// `Kind::Interrupted`; what does not work is an item.
pub async fn check(opening: &Opening, kit: &Kit, stop: &Stop) -> Result<Trial, Fault> {
    let mut trial = Trial { items: Vec::new(), reachable: Vec::new() };
    let asked = || if stop.asked() { Err(Fault::interrupted("kit not checked to its end")) } else { Ok(()) };
    for location in &kit.locations {
        asked()?;
        let part = format!("location {}", location.name);
        match reach(opening, kit, location).await {
            Ok(found) => {
                trial.items.push(location_item(part, &found));
                trial.reachable.push(found);
            }
            Err(fault) => trial.items.push(Item::no(part, fault)),
        }
    }
    let mut contents: Option<Contents> = None;
    for passphrase in &kit.dr_passphrases {
        asked()?;
        let item = dr(opening, passphrase.number, passphrase.passphrase.as_ref(), &passphrase.envelope.0, &trial.reachable, &mut contents);
        trial.items.push(item.await);
    }
    for passkey in &kit.passkeys {
        asked()?;
        let part = format!("passkey {}", passkey.name.0);
        let item = match (passkey.passphrase.as_ref().and_then(secret_of), &contents, passkey.name.0.to_string().parse::<PasskeyName>()) {
            (None, ..) => Item::besides(part, format!("bring the envelope {}", passkey.envelope.0)),
            (Some(_), None, _) => Item::besides(part, "needs an archive that opens, to be tried on"),
            (Some(_), _, Err(error)) => Item::besides(part, error.to_string()),
            (Some(secret), Some(archive), Ok(name)) => match opening.unlock(archive, Some(&name), &secret, Prover::File, stop).await {
                Ok(_) => Item::yes(part, format!("opens the master key in archive {}", archive.head.seq)),
                Err(fault) => Item::secret(part, fault),
            },
        };
        trial.items.push(item);
    }
    for import in &kit.imports {
        asked()?;
        trial.items.push(policy(opening, import).await);
    }
    Ok(trial)
}

/// Opens a location, and lists this installation's archives in it.
///
/// # Errors
/// The location's.
pub async fn reach(opening: &Opening, kit: &Kit, location: &KitLocation) -> Result<Reachable, Fault> {
    let nowhere =
        || Fault::refused("location not read", "the kit does not say where it is", crate::domain::Act::say("look at the kit with age"));
    let (target, secret) = target_of(location).ok_or_else(nowhere)?;
    let store = opening.store(&target, secret.as_ref())?;
    let mut archives = opening.list(&store).await?;
    archives.retain(|found| found.catalog_id() == kit.installation.catalog_id);
    Ok(Reachable { location: location.name.as_str().into(), target, secret, store, archives })
}

fn location_item(part: String, found: &Reachable) -> Item {
    let readable = found.archives.iter().filter(|a| a.header.is_ok()).count() as u64;
    match found.archives.iter().find(|a| a.header.is_ok()) {
        Some(newest) => Item::yes(part, format!("{}, the newest of {}", count(readable, "archive", "archives"), newest.created_at())),
        None => Item::yes(part, "can be read; no archive of this installation lies there"),
    }
}

async fn dr(
    opening: &Opening,
    number: u64,
    secret: Option<&KitSecret>,
    envelope: &Text,
    reachable: &[Reachable],
    contents: &mut Option<Contents>,
) -> Item {
    let part = format!("DR passphrase no. {number}");
    let Some(secret) = secret.and_then(secret_of) else { return Item::besides(part, format!("bring the envelope {envelope}")) };
    let mut of_it: Vec<(&Reachable, &Found)> = Vec::new();
    for place in reachable {
        let newest = place.archives.iter().find(|a| a.header.as_ref().is_ok_and(|h| h.dr_passphrase == number));
        of_it.extend(newest.map(|archive| (place, archive)));
    }
    of_it.sort_by_key(|(_, archive)| std::cmp::Reverse(archive.created_at()));
    let mut failed = None;
    for (place, archive) in of_it {
        match opening.open(&place.store, &archive.name, &secret).await {
            Ok(opened) => {
                let found = format!("opens archive {} of {} in {}", opened.head.seq, opened.head.created_at, place.location);
                if contents.as_ref().is_none_or(|known| known.head.created_at < opened.head.created_at) {
                    *contents = Some(opened);
                }
                return Item::yes(part, found);
            }
            Err(fault) => failed = Some(fault),
        }
    }
    match failed {
        Some(fault) => Item::secret(part, fault),
        None => Item::besides(part, "no archive that it opens was found"),
    }
}

/// A policy's key, tried on one of its artifacts.
async fn policy(opening: &Opening, text: &KitSecret) -> Item {
    let data = match ImportText::parse(text.expose().as_bytes()).and_then(|text| text.open(None, 0)) {
        Ok(data) => data,
        Err(error) => {
            let next = crate::domain::Act::say("make the kit again");
            return Item::no("a policy's key", Fault::new(Kind::Damaged, "policy's key not tried", error.to_string(), next));
        }
    };
    let part = format!("key of policy {}", data.policy);
    let store = match opening.store(&data.target, None) {
        Ok(store) => store,
        Err(fault) => return Item::no(part, fault),
    };
    match one_artifact(&store, &data).await {
        Ok(Some(id)) => Item::yes(part, format!("opens what artifact {} says of itself", id.get(..12).unwrap_or(&id))),
        Ok(None) => Item::besides(part, format!("no artifact of it in {} yet", data.target.address())),
        Err(fault) => Item::no(part, fault),
    }
}

/// An artifact of the policy whose sealed facts open; None where there is none of it.
async fn one_artifact(store: &Arc<dyn Store>, data: &ImportData) -> Result<Option<String>, Fault> {
    for folder in [data.policy.as_str(), &policy_key_id(&data.key)] {
        let mut listed = store.list(&format!("artifacts/{folder}"));
        while let Some(object) = listed.next().await {
            let Some(paths) = ArtifactPaths::parse_sidecar(&object?.name) else { continue };
            let Some(bytes) = store.get(&paths.sidecar, LARGEST_SIDECAR).await? else { continue };
            let opened = Sidecar::parse(&bytes).and_then(|sidecar| sidecar.open(&data.key));
            if opened.is_ok() {
                return Ok(Some(paths.id));
            }
        }
    }
    Ok(None)
}
