//! The records of DR: its state, its passphrases, its ledger.

use crate::catalog::Put;
use crate::crypto::Passphrase;
use crate::domain::{Archive, Dr, DrPassphrase, Fault, Intent, Kind, LocationName, Text};
use crate::format::{Object, ObjectError, RecordKind, SealedRecord, b64, unb64};
use crate::ops::work::{Work, Writes};
use crate::ops::{dr_records, records};

/// The state with its record; what was never set up is off.
pub async fn read(work: &Work) -> Result<(Option<SealedRecord>, Dr), Fault> {
    match work.read(RecordKind::Dr, records::CURRENT).await? {
        None => Ok((None, Dr { enabled: false, locations: Vec::new(), number: 0, next_seq: 1, failing: Vec::new(), foreign: Vec::new() })),
        Some((record, clear, _)) => {
            let dr = dr_records::dr(&clear).map_err(|e| malformed(work, RecordKind::Dr, records::CURRENT, e))?;
            Ok((Some(record), dr))
        }
    }
}

/// The state's record, rewritten.
pub fn put(work: &Work, old: Option<&SealedRecord>, dr: &Dr) -> Put {
    work.put(RecordKind::Dr, records::CURRENT, old, dr_records::dr_members(dr), &Object::new())
}

/// A DR passphrase with its text and its record.
pub async fn passphrase(work: &Work, number: u64) -> Result<(SealedRecord, DrPassphrase, Passphrase), Fault> {
    let id = number.to_string();
    let called = records::called(RecordKind::DrPassphrase, &id);
    let Some((record, clear, private)) = work.read(RecordKind::DrPassphrase, &id).await? else { return Err(work.gone(&called)) };
    let known = dr_records::dr_passphrase(&clear).map_err(|e| malformed(work, RecordKind::DrPassphrase, &id, e))?;
    let text = private.text("passphrase").and_then(unb64).map(zeroize::Zeroizing::new);
    let secret = text.and_then(|text| Passphrase::entered(&text).ok());
    let secret = secret.ok_or_else(|| malformed(work, RecordKind::DrPassphrase, &id, ObjectError::Missing("passphrase")))?;
    Ok((record, known, secret))
}

/// The record of a DR passphrase.
pub fn put_passphrase(work: &Work, old: Option<&SealedRecord>, known: &DrPassphrase, secret: &Passphrase) -> Put {
    let private = Object::new().with("passphrase", b64(secret.expose()));
    let clear = dr_records::dr_passphrase_members(known);
    work.put(RecordKind::DrPassphrase, &known.number.to_string(), old, clear, &private)
}

/// The highest number that a DR passphrase ever had.
pub async fn highest(work: &Work) -> Result<u64, Fault> {
    let ids = work.at.catalog.ids(RecordKind::DrPassphrase).await?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).max().unwrap_or(0))
}

/// The ledger, newest first.
pub async fn ledger(work: &Work) -> Result<Vec<Archive>, Fault> {
    let mut sealed = Vec::new();
    crate::ops::facts::each(&work.at, RecordKind::DrArchive, |record| sealed.push(record)).await?;
    let mut archives = Vec::new();
    for record in sealed {
        // One that does not verify is used for nothing; its object stays where it is.
        let opened = record.open(&work.grant.metadata, &work.installation.catalog_id).ok();
        archives.extend(opened.and_then(|(clear, _)| dr_records::archive(&record.id, &clear).ok()));
    }
    archives.sort_by_key(|a| (std::cmp::Reverse(a.seq), a.location.id()));
    Ok(archives)
}

/// The record of an archive.
pub fn put_archive(work: &Work, old: Option<&SealedRecord>, archive: &Archive) -> Put {
    work.put(RecordKind::DrArchive, &archive.id, old, dr_records::archive_members(archive), &Object::new())
}

/// Notes that an archive is not what was proved.
pub async fn counts_no_more(work: &Work, archive: &Archive, verb: &str, step: &str) -> Result<(), Fault> {
    let Some((old, _, _)) = work.read(RecordKind::DrArchive, &archive.id).await? else { return Ok(()) };
    let puts = vec![put_archive(work, Some(&old), &Archive { proved_at: None, ..archive.clone() })];
    let what = format!("archive {} is not in {} as it was proved, and counts no more", archive.seq, archive.location);
    work.commit(Writes { puts, ..Writes::default() }, verb, step, &what).await?;
    Ok(())
}

/// SHA-256 of the newest archive in a location, hex; empty where there is none.
pub fn previous(ledger: &[Archive], location: &LocationName, instance_id: &str) -> String {
    let own = ledger.iter().find(|a| a.location.same(location) && a.instance_id == instance_id);
    own.map(|a| a.digest.clone()).unwrap_or_default()
}

fn malformed(work: &Work, kind: RecordKind, id: &str, error: ObjectError) -> Fault {
    records::record_fault(&work.doing(), &records::called(kind, id), &error.into())
}

/// There is no archive that could be used.
pub fn none(doing: &Text) -> Fault {
    let next = crate::domain::Act::start("kastellan dr archive", Intent::Journal);
    Fault::new(Kind::NotFound, doing.clone(), "there is no DR archive", crate::domain::Act { does: None, ..next })
}
