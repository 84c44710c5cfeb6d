//! The way back: a location, a DR passphrase, a passkey's secret; nothing else needs to be left.
//!
//! The archive is read twice. The first time it is verified to its end, and tells which passkeys can open the master key; the second time,
//! with the master key, every record is verified and written into a draft, which appears at its place whole or not at all.

use super::found::{self, Found};
use super::snapshot::{From, archive_fault};
use crate::catalog::{Catalog, Draft, Put};
use crate::crypto::{Derived, Key, Passphrase, Secrets};
use crate::domain::{Act, Archive, Changed, Fault, Installation, Kind, Passkey, PasskeyName, Prover, Slot, Stop, Target, Text, count};
use crate::format::{ArchiveHead, ArchiveHeader, ArchiveReader, Object, RecordKind, SealedRecord};
use crate::host::Host;
use crate::keyservice::{Limit, Services};
use crate::ops::records::{self, new_id};
use crate::ops::work::{Grant, Work, Writes};
use crate::ops::{Connection, Keys, Place, Settings, locations, pinning, threads};
use crate::store::{self, Store};
use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// How many records are written at once.
const BATCH: usize = 200;

/// A machine on which an installation is to come back.
#[derive(Clone)]
pub struct Opening {
    /// Where the catalog will be.
    pub place: Place,
    /// This machine and person.
    pub host: Arc<Host>,
    /// What the user set.
    pub settings: Settings,
}

/// An archive that opened, verified to its end.
pub struct Contents {
    store: Arc<dyn Store>,
    /// Its object's name.
    pub name: String,
    secret: Passphrase,
    /// Its public part.
    pub header: ArchiveHeader,
    /// Its first line.
    pub head: ArchiveHead,
    /// The installation as the archive has it; not verified before a passkey opened.
    pub installation: Installation,
    /// The passkeys in it.
    pub passkeys: Vec<Passkey>,
    wraps: Vec<SealedRecord>,
    /// How many records of each kind.
    pub counts: BTreeMap<RecordKind, u64>,
    /// SHA-256 of the object, hex, and its length in bytes.
    whole: (String, u64),
}

/// What the first reading finds.
type First = (ArchiveHeader, ArchiveHead, Vec<SealedRecord>, Option<SealedRecord>, BTreeMap<RecordKind, u64>, (String, u64));

/// What came back.
pub struct Restored {
    /// Lines for the receipt.
    pub lines: Vec<Text>,
    /// Records that did not verify: left out.
    pub quarantined: Vec<Text>,
    /// The keys, so that whoever goes on need not ask again.
    pub keys: Keys,
}

impl Opening {
    fn deadline(&self) -> Duration {
        self.settings.timeout.unwrap_or(Duration::from_secs(30))
    }

    /// Opens a location that a person named.
    ///
    /// # Errors
    /// The location's.
    pub fn store(&self, target: &Target, secret: Option<&Passphrase>) -> Result<Arc<dyn Store>, Fault> {
        store::open(target, None, secret, self.deadline())
    }

    /// The archives in it, newest first.
    ///
    /// # Errors
    /// The location's.
    pub async fn list(&self, store: &Arc<dyn Store>) -> Result<Vec<Found>, Fault> {
        found::list(store).await
    }

    /// Opens an archive and verifies it to its end.
    ///
    /// # Errors
    /// `Kind::Secret` for a wrong passphrase, `Kind::Damaged` for what does not verify.
    pub async fn open(&self, store: &Arc<dyn Store>, name: &str, secret: &Passphrase) -> Result<Contents, Fault> {
        let doing = Text::new("DR archive not opened");
        let source = store.read(name).await?.ok_or_else(|| super::state::none(&doing))?;
        let (said, passphrase, available) = (doing.clone(), secret.duplicate(), self.host.machine.facts().available_kib);
        let (header, head, wraps, installation, counts, whole): First = threads::apart(&doing, move || {
            let failed = |e| archive_fault(&said, &e);
            let mut from = From::new(source);
            let header = ArchiveHeader::read(&mut from).map_err(failed)?;
            let key = header.open(&passphrase, available).map_err(failed)?;
            let mut reader = ArchiveReader::begin(&mut from, &header, &key).map_err(failed)?;
            let head = reader.head().clone();
            let (mut wraps, mut installation, mut counts) = (Vec::new(), None, BTreeMap::new());
            while let Some(record) = reader.record().map_err(failed)? {
                *counts.entry(record.kind).or_default() += 1;
                match record.kind {
                    RecordKind::Passkey => wraps.push(record),
                    RecordKind::Installation => installation = Some(record),
                    _ => {}
                }
            }
            drop(reader);
            Ok((header, head, wraps, installation, counts, from.end()))
        })
        .await?;
        let damaged =
            || Fault::new(Kind::Damaged, doing.clone(), "it holds no installation", Act::say("take another archive: kastellan dr list"));
        let clear = installation.and_then(|record| record.clear().ok()).ok_or_else(damaged)?;
        let installation = records::installation(&clear).map_err(|_| damaged())?;
        let passkeys = wraps.iter().filter_map(|r| r.clear().ok()).filter_map(|c| records::passkey(&c, None).ok()).filter(|p| !p.pending);
        let passkeys = passkeys.collect();
        let secret = secret.duplicate();
        Ok(Contents { store: store.clone(), name: name.to_owned(), secret, header, head, installation, passkeys, wraps, counts, whole })
    }

    /// Opens the master key in an archive with a passkey's secret: of this one, or of any.
    ///
    /// # Errors
    /// `Kind::Secret` where nothing opens.
    pub async fn unlock(
        &self,
        contents: &Contents,
        with: Option<&PasskeyName>,
        secret: &Passphrase,
        by: Prover,
        stop: &Stop,
    ) -> Result<Keys, Fault> {
        let doing = Text::new(format!("cannot unlock {}", contents.installation.name));
        let services = Services::all(&self.host.machine);
        let limit = Limit { deadline: self.deadline(), stop: stop.clone() };
        let mut lent = Secrets::new();
        lent.put(Slot::UNLOCK.0, secret.duplicate());
        let mut refused = None;
        for record in &contents.wraps {
            let Ok(clear) = record.clear() else { continue };
            let Ok(passkey) = records::passkey(&clear, None) else { continue };
            if passkey.pending || with.is_some_and(|with| !passkey.name.same(with)) {
                continue;
            }
            let Ok(wrap) = records::wrap_of(&clear, &doing, &passkey.name) else { continue };
            let Some(service) = services.of(passkey.method) else { continue };
            match service.unwrap(&wrap, &lent, Slot::UNLOCK, &limit).await {
                Ok(key) => {
                    if Derived::from_master(&key).master_key_id() == contents.installation.master_key_id {
                        return Ok(Keys::new(key, passkey.name, by, self.host.clock.now()));
                    }
                    refused =
                        Some(Fault::new(Kind::Damaged, doing.clone(), "it holds another master key", Act::say("take another archive")));
                }
                Err(fault) if fault.kind == Kind::Secret => {}
                Err(fault) => refused = Some(fault),
            }
        }
        let cause = match with {
            Some(name) => format!("{name} does not open with this passphrase"),
            None => "none of the passkeys in the archive opens with this passphrase".to_owned(),
        };
        Err(refused.unwrap_or_else(|| Fault::new(Kind::Secret, doing, cause, Act::say("check the envelope, or take another one"))))
    }

    /// Writes the catalog, whole or not at all; `by` says where the DR passphrase came from, if it was given today.
    ///
    /// # Errors
    /// The location's and the catalog's; `Kind::Refused` where there is a catalog already.
    pub async fn restore(
        &self,
        contents: &Contents,
        keys: Keys,
        named: Option<&Target>,
        by: Option<&Prover>,
        stop: &Stop,
    ) -> Result<Restored, Fault> {
        let doing = Text::new(format!("{} not restored", contents.installation.name));
        let draft = Draft::new(&self.place.catalog)?;
        let catalog: Arc<dyn Catalog> = draft.catalog();
        let installation = Installation { instance_id: new_id(), in_use: keys.by.clone(), owner: false, ..contents.installation.clone() };
        let settings = Settings { accept_changed: Some(installation.catalog_id.clone()), ..self.settings.clone() };
        let at = Connection::over(self.place.clone(), catalog, self.host.clone(), settings);
        let work = Work::new(at, installation.clone(), Grant::of(&keys, &[]), new_id());
        let quarantined = fill(&work, contents, &keys, &installation, &doing, stop).await?;
        if let Some(by) = by {
            note(&work, contents, by).await?;
        }
        if let Some(target) = named {
            list_itself(&work, contents, target).await?;
        }
        drop(work);
        draft.publish()?;
        let opened = Connection::open(
            self.place.clone(),
            self.host.clone(),
            Settings { accept_changed: Some(installation.catalog_id.clone()), ..self.settings.clone() },
        )?;
        let mut lines = said(contents, &installation, &keys.by, &quarantined);
        if let Some(at) = opened {
            pinning::pin_or_say(&at, &installation, &mut lines).await;
            if let Some(target) = named {
                locations::confirm(&at, &installation, target)
                    .map_err(|fault| fault.leaving(Changed::Partly("the installation is restored all the same".into())))?;
            }
        }
        Ok(Restored { lines, quarantined, keys })
    }
}

/// Reads the archive a second time into the draft, verifying every record.
async fn fill(
    work: &Work,
    contents: &Contents,
    keys: &Keys,
    installation: &Installation,
    doing: &Text,
    stop: &Stop,
) -> Result<Vec<Text>, Fault> {
    let source = contents.store.read(&contents.name).await?.ok_or_else(|| super::state::none(doing))?;
    let (send, receive) = mpsc::sync_channel::<Vec<SealedRecord>>(2);
    let (said, passphrase, available) = (doing.clone(), contents.secret.duplicate(), work.at.host.machine.facts().available_kib);
    let expected = contents.head.clone();
    let reading = tokio::task::spawn_blocking(move || -> Result<(), Fault> {
        let failed = |e| archive_fault(&said, &e);
        let mut from = From::new(source);
        let header = ArchiveHeader::read(&mut from).map_err(failed)?;
        let key = header.open(&passphrase, available).map_err(failed)?;
        let mut reader = ArchiveReader::begin(&mut from, &header, &key).map_err(failed)?;
        if *reader.head() != expected {
            return Err(Fault::new(Kind::Changed, said.clone(), "the archive was replaced meanwhile", Act::say("begin again")));
        }
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(record) = reader.record().map_err(failed)? {
            batch.push(record);
            if batch.len() == BATCH && send.send(std::mem::take(&mut batch)).is_err() {
                return Ok(());
            }
        }
        let _ = send.send(batch);
        Ok(())
    });
    let head = &contents.head;
    let begin = format!(
        "restored from archive {} of {} in {}, whose journal ended at {} {}",
        head.seq,
        head.created_at,
        contents.store.place(),
        head.journal_seq,
        head.journal_hash
    );
    work.commit(Writes::default(), "restore", "begin", &begin).await?;
    let metadata = keys.derived.metadata_key();
    let (mut quarantined, mut done) = (Vec::new(), 0_u64);
    loop {
        let batch = match receive.try_recv() {
            Ok(batch) => batch,
            Err(mpsc::TryRecvError::Disconnected) => break,
            Err(mpsc::TryRecvError::Empty) => {
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            }
        };
        if stop.asked() {
            return Err(Fault::interrupted(doing.clone()));
        }
        let mut puts = Vec::with_capacity(batch.len());
        for record in batch {
            match kept(&record, &metadata, installation) {
                Some(record) => puts.push(Put { record, replaces: 0 }),
                None => quarantined.push(records::called(record.kind, &record.id)),
            }
        }
        done += puts.len() as u64;
        if !puts.is_empty() {
            let what = format!("{} came back, {done} so far", count(puts.len() as u64, "record", "records"));
            work.commit(Writes { puts, ..Writes::default() }, "restore", "fill", &what).await?;
        }
    }
    match reading.await {
        Ok(ended) => ended?,
        Err(_) => return Err(Fault::new(Kind::Unexpected, doing.clone(), "it ended abnormally", Act::say("kastellan doctor"))),
    }
    if quarantined.iter().any(|text| text.to_string().starts_with(RecordKind::Installation.word())) {
        return Err(Fault::new(
            Kind::Damaged,
            doing.clone(),
            "the installation's own record does not verify",
            Act::say("take another archive"),
        ));
    }
    Ok(quarantined)
}

/// That the DR passphrase opened this archive is a proof, as a check of it is. What did not come back has no record to note it in.
async fn note(work: &Work, contents: &Contents, by: &Prover) -> Result<(), Fault> {
    let number = contents.header.dr_passphrase;
    let Ok(put) = super::check::opened(work, number, by).await else { return Ok(()) };
    let what = format!("DR passphrase no. {number} opened archive {} ({})", contents.head.seq, by.word());
    work.commit(Writes { puts: vec![put], ..Writes::default() }, "restore", "prove", &what).await?;
    Ok(())
}

/// The archive itself, which no archive lists: it stands and opens as those in the ledger do. Where no location is at its address, nobody
/// can say where it lies.
async fn list_itself(work: &Work, contents: &Contents, target: &Target) -> Result<(), Fault> {
    let Some(id) = contents.name.rsplit('-').next().and_then(|end| end.strip_suffix(".kdr")) else { return Ok(()) };
    if work.read(RecordKind::DrArchive, id).await?.is_some() {
        return Ok(());
    }
    let mut there = None;
    for name in work.at.catalog.ids(RecordKind::Location).await? {
        let Some(record) = work.at.catalog.get(RecordKind::Location, &name).await? else { continue };
        let location = locations::one(&record, &work.installation, Some(&work.grant.metadata));
        there = there.or(location.filter(|l| l.target.as_ref() == Some(target)));
    }
    let Some(location) = there else { return Ok(()) };
    let ready = contents.wraps.iter().filter_map(|r| r.clear().ok()).filter(|clear| clear.text("state") == Some("ready"));
    let (head, (digest, size)) = (&contents.head, contents.whole.clone());
    let archive = Archive {
        id: id.to_owned(),
        name: contents.name.clone(),
        location: location.name,
        instance_id: head.instance_id.clone(),
        seq: head.seq,
        created_at: head.created_at,
        size,
        digest,
        number: contents.header.dr_passphrase,
        journal_seq: head.journal_seq,
        wraps: ready.filter_map(|clear| clear.text("wrapId").map(str::to_owned)).collect(),
        proved_at: Some(work.at.host.clock.now()),
    };
    let what = format!("archive {} is in the ledger as well", head.seq);
    let puts = vec![super::state::put_archive(work, None, &archive)];
    work.commit(Writes { puts, ..Writes::default() }, "restore", "ledger", &what).await?;
    Ok(())
}

/// A record as it goes into the catalog: byte for byte, but for the installation's own, which is a new instance and no owner yet.
fn kept(record: &SealedRecord, metadata: &Key, installation: &Installation) -> Option<SealedRecord> {
    let (clear, private) = record.open(metadata, &installation.catalog_id).ok()?;
    if record.kind != RecordKind::Installation {
        return Some(record.clone());
    }
    records::installation(&clear).ok()?;
    let clear: Object = records::installation_members(installation);
    Some(SealedRecord::seal(metadata, &installation.catalog_id, record.kind, &record.id, record.rev + 1, clear, &private))
}

fn said(contents: &Contents, installation: &Installation, by: &PasskeyName, quarantined: &[Text]) -> Vec<Text> {
    let counted = |kind: RecordKind, one: &str, many: &str| {
        // What was left out did not come back.
        let left_out = quarantined.iter().filter(|what| what.to_string().starts_with(&format!("{} ", kind.word()))).count() as u64;
        count(contents.counts.get(&kind).copied().unwrap_or(0).saturating_sub(left_out), one, many)
    };
    let head = &contents.head;
    vec![
        Text::new(format!(
            "{} is back: {}, {}, {}, {}",
            installation.title(),
            counted(RecordKind::Passkey, "passkey", "passkeys"),
            counted(RecordKind::Policy, "policy", "policies"),
            counted(RecordKind::Location, "location", "locations"),
            counted(RecordKind::Import, "imported key", "imported keys"),
        )),
        Text::new(format!("as of archive {} of {}; what changed after that is not in it", head.seq, head.created_at)),
        Text::new(format!("{by} opened it, and is in use; passkeys that were retired since then are back too")),
        "it seals, archives and prunes nothing yet: kastellan dr take-over, once the old one is gone for good".into(),
    ]
}
