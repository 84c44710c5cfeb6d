//! Reading and verifying the journal.

use super::ledger::{Break, Ledger};
use super::{Connection, Keys, facts, records};
use crate::domain::{Act, Chronicle, Fault, Finding, JournalHead, JournalLine, JournalReport, Kind, Text, Timestamp, Witness};
use crate::format::{RecordKind, StoredEntry, hex};
use crate::host::{Pins, read_public};
use std::collections::HashSet;
use std::path::Path;

/// How often records are read again because others wrote meanwhile.
const TRIES: usize = 20;

/// Reads an anchor file: one line `catalogId instanceId seq hash`.
///
/// # Errors
/// `Kind::NotFound`, `Kind::Usage` naming what is wrong.
pub fn read_anchor(path: &Path) -> Result<Witness, Fault> {
    let text = String::from_utf8_lossy(&read_public(path, 4096, "anchor file")?).into_owned();
    let wrong = |why: &str| {
        let next = Act::say("give the one line that `kastellan status -o json` prints as anchor");
        Fault::new(Kind::Usage, format!("anchor file {} not used", path.display()), why, next)
    };
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let (Some(line), None) = (lines.next(), lines.next()) else { return Err(wrong("it does not hold exactly one line")) };
    let parts: Vec<&str> = line.split_ascii_whitespace().collect();
    let is_hex = |part: &str, digits: usize| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    match parts[..] {
        [catalog, instance, seq, hash] if is_hex(catalog, 32) && is_hex(instance, 32) && is_hex(hash, 64) => {
            let seq = seq.parse().map_err(|_| wrong("its third word is no number"))?;
            let place = Text::new(format!("{} ({catalog} {instance})", path.display()));
            Ok(Witness { place, head: JournalHead { seq, hash: hash.to_owned() }, at: None })
        }
        _ => Err(wrong("it is not `catalogId instanceId seq hash`")),
    }
}

pub async fn page(at: &Connection, from: u64, max: usize) -> Result<Chronicle, Fault> {
    let last = at.catalog.last().await?;
    let mut entries = at.catalog.journal(from.max(1), max).await?;
    // A MAC vouches for all before it, so the last vouched one of what was read tells for the page.
    let newest = last.as_ref().filter(|e| !e.mac.is_empty()).map(|e| e.seq);
    let vouched = newest.or_else(|| entries.iter().rev().find(|e| !e.mac.is_empty()).map(|e| e.seq)).unwrap_or(0);
    let lines = entries.drain(..).map(|stored| line(&stored, stored.seq <= vouched)).collect();
    Ok(Chronicle { lines, last: last.map_or(0, |e| e.seq) })
}

fn line(stored: &StoredEntry, vouched: bool) -> JournalLine {
    let hash = hex(&stored.hash);
    let Some(entry) = stored.entry() else {
        let (at, none) = (Timestamp::from_unix(0), Text::default());
        return JournalLine {
            seq: stored.seq,
            at,
            who: none.clone(),
            from: none,
            verb: "?".into(),
            what: "this entry cannot be read".into(),
            vouched: false,
            hash,
        };
    };
    let who = if entry.person == entry.account {
        Text::new(format!("{}@{}", entry.person, entry.host))
    } else {
        Text::new(format!("{}@{} (as {})", entry.person, entry.host, entry.account))
    };
    let from =
        [entry.terminal.to_string(), entry.ssh.to_string()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" from ");
    JournalLine { seq: stored.seq, at: entry.at, who, from: from.into(), verb: entry.verb, what: entry.what, vouched, hash }
}

pub async fn verify(at: &Connection, keys: Option<&Keys>, anchors: &[Witness]) -> Result<JournalReport, Fault> {
    let metadata = keys.map(|k| k.derived.metadata_key());
    // Not verified here: an altered installation record must be among the findings, not in their way.
    let installation = facts::installation(at, None).await?;
    let journal_key = keys.map(|k| k.derived.journal_key());
    let mut witnesses: Vec<Witness> = anchors.to_vec();
    if let Some(pin) = Pins::at(at.host.paths.known.clone()).get(&installation.catalog_id)? {
        witnesses.push(Witness { place: "pin file".into(), head: JournalHead { seq: pin.seq, hash: pin.hash }, at: Some(pin.at) });
    }
    let mut ledger = Ledger::new(&installation.catalog_id, &installation.instance_id, &RecordKind::ALL);
    let mut findings = Vec::new();
    let mut agreed: HashSet<usize> = HashSet::new();
    let (mut intact_to, mut whole) = (0, true);
    let mut each = |entry: &StoredEntry, found: Option<Break>| {
        whole &= found.is_none();
        if whole {
            intact_to = entry.seq;
        }
        findings.extend(found.map(finding));
        for (n, witness) in witnesses.iter().enumerate() {
            if witness.head.seq == entry.seq && witness.head.hash == hex(&entry.hash) {
                agreed.insert(n);
            }
        }
    };
    let mut records;
    let mut tries = 0;
    loop {
        ledger.follow(at.catalog.as_ref(), journal_key.as_ref(), &mut each).await?;
        records = records_against(at, &ledger, metadata.as_ref(), &installation.catalog_id).await?;
        tries += 1;
        // What another process wrote since the journal was read is no finding.
        if records.is_empty() || tries >= TRIES || at.catalog.last().await?.map_or(0, |entry| entry.seq) == ledger.link().seq {
            break;
        }
    }
    let last = ledger.link().seq;
    for (n, witness) in witnesses.iter().enumerate() {
        if !agreed.contains(&n) && witness.head.seq > 0 {
            findings.push(Finding::CutOff { witness: witness.clone(), last });
        }
    }
    findings.extend(records);
    let witness = (0..witnesses.len()).filter(|n| agreed.contains(n)).map(|n| witnesses[n].clone()).max_by_key(|w| w.head.seq);
    let vouched_to = if keys.is_some() { ledger.vouched_to() } else { 0 };
    let unknown = unknowable(keys.is_some(), witness.as_ref(), vouched_to, last);
    Ok(JournalReport { intact_to, vouched_to, last, witness, findings, keyed: keys.is_some(), unknown })
}

fn finding(found: Break) -> Finding {
    match found {
        Break::Chain(seq) => {
            Finding::Broken { seq, why: "it does not continue the entry before it: edited, reordered, or from elsewhere".into() }
        }
        Break::Missing(seq) => Finding::Missing { seq },
        Break::Forged(seq) => Finding::Forged { seq },
    }
}

/// Every record must be what its last entry wrote, and what was written must still be there.
async fn records_against(
    at: &Connection,
    ledger: &Ledger,
    metadata: Option<&crate::crypto::Key>,
    catalog_id: &str,
) -> Result<Vec<Finding>, Fault> {
    let mut findings = Vec::new();
    let mut expected: HashSet<(RecordKind, String)> = ledger.expected().map(|(kind, id)| (kind, id.to_owned())).collect();
    for kind in RecordKind::ALL {
        facts::each(at, kind, |record| {
            expected.remove(&(kind, record.id.clone()));
            let altered =
                metadata.filter(|key| record.open(key, catalog_id).is_err()).map(|_| "does not verify: altered or moved".to_owned());
            if let Some(why) = ledger.standing(&record).words().or(altered) {
                findings.push(Finding::Record { record: records::called(kind, &record.id), why: why.into() });
            }
        })
        .await?;
    }
    let mut missing: Vec<_> = expected.into_iter().collect();
    missing.sort();
    findings.extend(
        missing
            .into_iter()
            .map(|(kind, id)| Finding::Record { record: records::called(kind, &id), why: "was removed outside of Kastellan".into() }),
    );
    Ok(findings)
}

fn unknowable(keyed: bool, witness: Option<&Witness>, vouched_to: u64, last: u64) -> Vec<Text> {
    let mut said = Vec::new();
    if !keyed {
        said.push("locked: MACs and records were not checked, so a journal rewritten as a whole would not be noticed".into());
    } else if vouched_to < last {
        said.push(Text::new(format!("entries {} to {last} were written while locked: nothing vouches for them", vouched_to + 1)));
    }
    match witness {
        None => said.push("no outside witness: if the newest entries, or the whole catalog, were removed, nobody could tell".into()),
        Some(w) if w.head.seq < last => {
            said.push(Text::new(format!(
                "the last outside witness ({}) knows entry {}: the removal of newer ones would not be noticed",
                w.place, w.head.seq
            )));
        }
        Some(_) => {}
    }
    said
}
