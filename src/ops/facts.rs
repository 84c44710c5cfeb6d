//! Gathers what is known: records made into facts, verified where the metadata key is here.

use super::ledger::{Ledger, Standing};
use super::{Connection, dr_records, locations, records, spec};
use crate::catalog::Query;
use crate::crypto::Key;
use crate::domain::{
    Act, Aftermath, Archive, Dr, DrPassphrase, DrillDone, Facts, Fault, Installation, Intent, JournalHead, Kind, KitMade, Location,
    LockState, Passkey, Proof, Text, Unfinished,
};
use crate::format::{Entry, EntryChange, Link, Object, ObjectError, RecordError, RecordKind, SealedRecord, chain_start, hex};
use std::collections::{BTreeMap, HashMap};

/// How many records are read at once. Between two chunks others have their turn, a key press for one.
const CHUNK: usize = 250;
/// Up to so many passkeys are read before the first frame.
const FEW: u64 = 64;

/// The installation record; verified where the metadata key is here.
pub async fn installation(at: &Connection, metadata: Option<&Key>) -> Result<Installation, Fault> {
    let page = at.catalog.page(&Query { kind: RecordKind::Installation, after: None, limit: 2 }).await?;
    let place = at.catalog.place();
    let Some(record) = page.records.first() else {
        let next = Act::say("restore the catalog from a copy you trust");
        return Err(Fault::new(Kind::Damaged, format!("cannot use catalog {place}"), "it holds no installation", next));
    };
    if page.records.len() > 1 {
        let next = Act::say("restore the catalog from a copy you trust");
        return Err(Fault::new(Kind::Damaged, format!("cannot use catalog {place}"), "it holds more than one installation", next));
    }
    let read = match metadata {
        Some(key) => record.open(key, &record.id).map(|(clear, _)| clear),
        None => record.clear(),
    };
    let believed = read.and_then(|clear| Ok(records::installation(&clear)?));
    let found = believed.map_err(|e| altered(&place, &"the installation".into(), &e))?;
    if found.catalog_id == record.id { Ok(found) } else { Err(altered(&place, &"the installation".into(), &RecordError::Altered)) }
}

fn altered(place: &Text, what: &Text, why: &RecordError) -> Fault {
    records::record_fault(&Text::new(format!("cannot use {place}")), what, why)
}

/// The journal's end as a link.
pub async fn link(at: &Connection, installation: &Installation) -> Result<Link, Fault> {
    Ok(at.catalog.last().await?.map_or_else(|| chain_start(&installation.catalog_id, &installation.instance_id), |entry| entry.link()))
}

/// The journal's end for people.
pub async fn head(at: &Connection, installation: &Installation) -> Result<JournalHead, Fault> {
    let link = link(at, installation).await?;
    Ok(JournalHead { seq: link.seq, hash: hex(&link.hash) })
}

/// Everything.
pub async fn gather(at: &Connection, metadata: Option<&Key>, ledger: Option<&Ledger>, lock: LockState) -> Result<Facts, Fault> {
    let installation = installation(at, metadata).await?;
    let mut passkeys = passkeys(at, &installation, metadata, ledger).await?;
    passkeys.sort_by_cached_key(|p| p.name.id());
    // One that is not believed is used for nothing; it must not keep anybody from looking or unlocking.
    let (unfinished, alarm) = match unfinished(at, &installation, metadata, &passkeys).await {
        Ok(found) => (found, None),
        Err(fault) if fault.kind == Kind::Damaged => (None, Some(fault.cause)),
        Err(fault) => return Err(fault),
    };
    let dr = dr(at, &installation, metadata).await?;
    let locations = locations(at, &installation, metadata).await?;
    let policies = at.catalog.count(RecordKind::Policy).await?;
    let policy_names = if policies <= FEW { at.catalog.ids(RecordKind::Policy).await? } else { Vec::new() };
    Ok(Facts {
        now: at.host.clock.now(),
        debt: dr.debt,
        dr: dr.state,
        dr_passphrases: dr.passphrases,
        archives: dr.archives,
        aftermath: aftermath(at, &installation, metadata).await?,
        kits: kits(at, &installation, metadata).await?,
        drills: drills(at, &installation, metadata).await?,
        head: head(at, &installation).await?,
        policies,
        policy_names: policy_names.iter().filter_map(|name| name.parse().ok()).collect(),
        alone: alone(at, &locations),
        locations,
        holder: at.catalog.holder().await?,
        installation: Some(installation),
        passkeys,
        unfinished,
        verified: metadata.is_some(),
        lock,
        read_only: at.settings.read_only,
        alarm,
        ages: at.settings.ages,
        unread: 0,
    })
}

/// What a first frame needs of a locked installation: of many passkeys only the one in use.
pub async fn glance(at: &Connection) -> Result<Facts, Fault> {
    let count = at.catalog.count(RecordKind::Passkey).await?;
    if count <= FEW {
        return gather(at, None, None, LockState::Locked).await;
    }
    let installation = installation(at, None).await?;
    let id = installation.in_use.id();
    let mut passkeys = Vec::new();
    if let Some(record) = at.catalog.get(RecordKind::Passkey, &id).await? {
        let proof = at.catalog.get(RecordKind::Proof, &id).await?.and_then(|record| one_proof(&record, &installation, None));
        passkeys.extend(one_passkey(&record, &installation, None, None).map(|passkey| proved(passkey, proof)));
    }
    Ok(Facts {
        head: head(at, &installation).await?,
        policies: at.catalog.count(RecordKind::Policy).await?,
        holder: at.catalog.holder().await?,
        unread: count - passkeys.len() as u64,
        installation: Some(installation),
        passkeys,
        ages: at.settings.ages,
        ..Facts::none(at.host.clock.now(), at.settings.read_only)
    })
}

/// Reads all records of a kind, never holding more than a chunk of them.
pub async fn each(at: &Connection, kind: RecordKind, mut take: impl FnMut(SealedRecord)) -> Result<(), Fault> {
    let mut after = None;
    loop {
        let page = at.catalog.page(&Query { kind, after, limit: CHUNK }).await?;
        after = page.records.last().map(|record| record.id.clone());
        page.records.into_iter().for_each(&mut take);
        if !page.more || after.is_none() {
            return Ok(());
        }
    }
}

/// What is known of DR.
#[derive(Default)]
struct KnownDr {
    state: Option<Dr>,
    passphrases: Vec<DrPassphrase>,
    archives: Vec<Archive>,
    debt: u64,
}

async fn dr(at: &Connection, installation: &Installation, metadata: Option<&Key>) -> Result<KnownDr, Fault> {
    let read = |record: &SealedRecord| match metadata {
        Some(key) => record.open(key, &installation.catalog_id).map(|(clear, _)| clear),
        None => record.clear(),
    };
    let mut known = KnownDr::default();
    let Some(record) = at.catalog.get(RecordKind::Dr, records::CURRENT).await? else { return Ok(known) };
    known.state = read(&record).ok().and_then(|o| dr_records::dr(&o).ok());
    known.passphrases = all(at, RecordKind::DrPassphrase, installation, metadata, |_, o, _| dr_records::dr_passphrase(o)).await?;
    known.archives = all(at, RecordKind::DrArchive, installation, metadata, |id, o, _| dr_records::archive(id, o)).await?;
    known.passphrases.sort_by_key(|p| p.number);
    known.archives.sort_by_key(|a| (std::cmp::Reverse(a.seq), a.location.id()));
    if known.state.as_ref().is_some_and(|dr| dr.enabled) {
        let proved = known.archives.iter().filter(|a| a.proved_at.is_some() && a.instance_id == installation.instance_id);
        known.debt = changes_since(at, proved.map(|a| a.journal_seq).max().unwrap_or(0)).await?;
    }
    Ok(known)
}

/// Kinds of records whose changes an archive is there to hold.
const ARCHIVED: [RecordKind; 9] = [
    RecordKind::Installation,
    RecordKind::Passkey,
    RecordKind::Policy,
    RecordKind::Location,
    RecordKind::DrPassphrase,
    RecordKind::Tombstone,
    RecordKind::Export,
    RecordKind::Import,
    RecordKind::Kit,
];

/// Verbs that rewrite such a record only to note a proof in it: a restore without it misses nothing.
const PROOFS: [&str; 3] = ["dr check", "drill", "kit check"];

/// Whether an entry changes what an archive is there to hold.
fn archived(entry: &Entry) -> bool {
    let held = |change: &EntryChange| RecordKind::from_word(&change.kind).is_some_and(|kind| ARCHIVED.contains(&kind));
    !PROOFS.iter().any(|verb| *verb == entry.verb.to_string()) && entry.changes.iter().any(held)
}

/// How many journal entries after this one change what an archive is there to hold.
async fn changes_since(at: &Connection, seq: u64) -> Result<u64, Fault> {
    let (mut from, mut count) = (seq + 1, 0);
    loop {
        let entries = at.catalog.journal(from, CHUNK).await?;
        count += entries.iter().filter_map(crate::format::StoredEntry::entry).filter(archived).count() as u64;
        match entries.last() {
            Some(last) if entries.len() == CHUNK => from = last.seq + 1,
            _ => return Ok(count),
        }
    }
}

/// What lies in one location alone, as far as the index knows.
fn alone(at: &Connection, locations: &[Location]) -> BTreeMap<String, Option<u64>> {
    let count = |id: &str| match at.index_if_there() {
        Ok(None) => Some(0),
        Ok(Some(index)) => index.alone_in(id).ok(),
        Err(_) => None,
    };
    let one = |location: &Location| {
        let id = location.name.id();
        let count = count(&id);
        (id, count)
    };
    locations.iter().map(one).collect()
}

/// All records of a kind that are believed and say what they should.
async fn all<T>(
    at: &Connection,
    kind: RecordKind,
    installation: &Installation,
    metadata: Option<&Key>,
    read: impl Fn(&str, &Object, Option<&Object>) -> Result<T, ObjectError>,
) -> Result<Vec<T>, Fault> {
    let mut found = Vec::new();
    each(at, kind, |record| {
        let opened = match metadata {
            Some(key) => record.open(key, &installation.catalog_id).map(|(clear, private)| (clear, Some(private))),
            None => record.clear().map(|clear| (clear, None)),
        };
        found.extend(opened.ok().and_then(|(clear, private)| read(&record.id, &clear, private.as_ref()).ok()));
    })
    .await?;
    Ok(found)
}

async fn aftermath(at: &Connection, installation: &Installation, metadata: Option<&Key>) -> Result<Vec<Aftermath>, Fault> {
    let mut found = all(at, RecordKind::Aftermath, installation, metadata, records::aftermath).await?;
    found.sort_by_key(|a| std::cmp::Reverse(a.at));
    Ok(found)
}

async fn kits(at: &Connection, installation: &Installation, metadata: Option<&Key>) -> Result<Vec<KitMade>, Fault> {
    let mut found = all(at, RecordKind::Kit, installation, metadata, |id, o, _| records::kit(id, o)).await?;
    found.sort_by_key(|kit| std::cmp::Reverse(kit.made_at));
    Ok(found)
}

async fn drills(at: &Connection, installation: &Installation, metadata: Option<&Key>) -> Result<Vec<DrillDone>, Fault> {
    let mut found = all(at, RecordKind::Drill, installation, metadata, |id, o, _| records::drill(id, o)).await?;
    found.sort_by_key(|drill| std::cmp::Reverse(drill.began_at));
    Ok(found)
}

async fn locations(at: &Connection, installation: &Installation, metadata: Option<&Key>) -> Result<Vec<Location>, Fault> {
    let mut found = Vec::new();
    each(at, RecordKind::Location, |record| found.extend(locations::one(&record, installation, metadata))).await?;
    found.sort_by_cached_key(|location| location.name.id());
    Ok(found)
}

async fn passkeys(
    at: &Connection,
    installation: &Installation,
    metadata: Option<&Key>,
    ledger: Option<&Ledger>,
) -> Result<Vec<Passkey>, Fault> {
    let mut proofs: HashMap<String, (String, Proof)> = HashMap::new();
    each(at, RecordKind::Proof, |record| {
        if let Some(proof) = one_proof(&record, installation, metadata) {
            proofs.insert(record.id, proof);
        }
    })
    .await?;
    // Never one that a hostile count alone could make large.
    let expected = usize::try_from(at.catalog.count(RecordKind::Passkey).await?).unwrap_or(0).min(1 << 16);
    let mut found = Vec::with_capacity(expected);
    each(at, RecordKind::Passkey, |record| {
        let passkey = one_passkey(&record, installation, metadata, ledger);
        found.extend(passkey.map(|passkey| proved(passkey, proofs.remove(&record.id))));
    })
    .await?;
    Ok(found)
}

/// None: a proof that is not believed proves nothing.
fn one_proof(record: &SealedRecord, installation: &Installation, metadata: Option<&Key>) -> Option<(String, Proof)> {
    let members = match metadata {
        Some(key) => record.open(key, &installation.catalog_id).map(|(clear, _)| clear),
        None => record.clear(),
    };
    members.ok().and_then(|o| records::proof(&o).ok())
}

/// With its proof, where that speaks of the same wrap.
fn proved(mut passkey: Passkey, proof: Option<(String, Proof)>) -> Passkey {
    passkey.proof = proof.filter(|(wrap, _)| *wrap == passkey.wrap_id).map(|(_, proof)| proof);
    passkey
}

fn one_passkey(record: &SealedRecord, installation: &Installation, metadata: Option<&Key>, ledger: Option<&Ledger>) -> Option<Passkey> {
    let read = match metadata {
        Some(key) => record.open(key, &installation.catalog_id).map(|(clear, private)| (clear, Some(private))),
        None => record.clear().map(|clear| (clear, None)),
    };
    let Ok((clear, private)) = read else { return records::unreadable_passkey(record) };
    let right = ledger.is_none_or(|ledger| ledger.standing_of(record, &clear) == Standing::Right);
    match records::passkey(&clear, private.as_ref()) {
        Ok(passkey) if passkey.name.id() != record.id => records::unreadable_passkey(record),
        Ok(mut passkey) => {
            passkey.altered = !right;
            Some(passkey)
        }
        Err(_) => records::unreadable_passkey(record),
    }
}

/// The operation record, verified where the metadata key is here; None where there is none.
pub async fn begin(
    at: &Connection,
    installation: &Installation,
    metadata: Option<&Key>,
) -> Result<Option<(SealedRecord, records::Begin)>, Fault> {
    let Some(record) = at.catalog.get(RecordKind::Operation, records::CURRENT).await? else { return Ok(None) };
    let read = match metadata {
        Some(key) => record.open(key, &installation.catalog_id).map(|(clear, _)| clear),
        None => record.clear(),
    };
    let begin = read.and_then(|clear| Ok(records::begin(&clear)?));
    match begin {
        Ok(begin) => Ok(Some((record, begin))),
        Err(why) => {
            Err(records::record_fault(&Text::new(format!("cannot use {}", installation.name)), &"the unfinished operation".into(), &why))
        }
    }
}

async fn unfinished(
    at: &Connection,
    installation: &Installation,
    metadata: Option<&Key>,
    passkeys: &[Passkey],
) -> Result<Option<Unfinished>, Fault> {
    let Some((_, begin)) = begin(at, installation, metadata).await? else { return Ok(None) };
    let (steps, done) = spec::progress(&begin, installation, passkeys);
    Ok(Some(Unfinished { id: begin.id, request: begin.request, steps, done, who: begin.who, since: begin.at }))
}

/// The next act where something must be unlocked first.
pub fn unlock_first(doing: impl Into<Text>) -> Fault {
    Fault::new(
        Kind::Secret,
        doing,
        "it is locked",
        Act::start("unlock first: --passphrase-file F, --passphrase-fd N, or a terminal", Intent::Unlock),
    )
}
