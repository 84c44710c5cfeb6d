//! One archive: made from the catalog as it stands, and proved by reading it back.

use super::state;
use crate::catalog::Query;
use crate::crypto::{Hash, Key, Params, Passphrase};
use crate::domain::{Act, Archive, Fault, Kind, LocationName, Text};
use crate::format::{
    ArchiveError, ArchiveHead, ArchiveHeader, ArchiveKey, ArchiveReader, ArchiveWriter, RecordKind, SealedRecord, archive_id, archive_name,
    hex,
};
use crate::ops::work::Work;
use crate::ops::{facts, locations, threads};
use crate::store::{Incoming, Outgoing, Store};
use std::io;
use std::sync::Arc;
use std::sync::mpsc;

/// How many records are read at once.
const PAGE: usize = 250;
/// How often a snapshot begins again because the catalog changed meanwhile.
const TRIES: usize = 5;

/// What is not archived: an operation that is under way, and what is rebuilt from the locations.
fn archived(kind: RecordKind) -> bool {
    !matches!(kind, RecordKind::Operation | RecordKind::Artifact)
}

/// Makes an archive in a location. It is in no ledger yet.
pub async fn make(
    work: &Work,
    store: &Arc<dyn Store>,
    location: &LocationName,
    passphrase: (u64, &Passphrase),
    seq: u64,
    doing: &Text,
) -> Result<Archive, Fault> {
    let previous = state::previous(&state::ledger(work).await?, location, &work.installation.instance_id);
    let mut moved = 0;
    loop {
        let before = facts::link(&work.at, &work.installation).await?;
        let made = once(work, store, location, passphrase, seq, &previous, before, doing).await?;
        if facts::link(&work.at, &work.installation).await? == before {
            return Ok(made);
        }
        // Somebody else wrote: what was read is of no one moment.
        store.remove(&made.name).await?;
        moved += 1;
        if moved == TRIES {
            let next = Act::say("try again when nobody else is at work");
            return Err(Fault::new(Kind::Changed, doing.clone(), "the catalog changed while it was read, again and again", next));
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "what one archive is about")]
async fn once(
    work: &Work,
    store: &Arc<dyn Store>,
    location: &LocationName,
    passphrase: (u64, &Passphrase),
    seq: u64,
    previous: &str,
    end: crate::format::Link,
    doing: &Text,
) -> Result<Archive, Fault> {
    let installation = work.installation.clone();
    let created_at = work.at.host.clock.now();
    let id = archive_id();
    let name = archive_name(&installation.catalog_id, &installation.instance_id, created_at, seq, &id);
    let available = work.at.host.machine.facts().available_kib;
    let (number, secret) = (passphrase.0, passphrase.1.duplicate());
    let (said, owner) = (doing.clone(), installation.clone());
    let (header, key) = threads::apart(doing, move || {
        let params = Params::for_writing(available);
        let named = Some(&owner.name);
        ArchiveHeader::make(&owner.catalog_id, &owner.instance_id, created_at, named, (number, &secret), params, available)
            .map_err(|e| Fault::refused(said, e.to_string(), Act::say("free memory, then try again")))
    })
    .await?;
    let head = ArchiveHead {
        instance_id: installation.instance_id.clone(),
        seq,
        created_at,
        previous: previous.to_owned(),
        journal_seq: end.seq,
        journal_hash: end.hex(),
    };
    let out = store.write(&name, None).await?;
    // Records go over in pages; a full channel makes the reader wait for the location.
    let (send, receive) = mpsc::sync_channel::<Vec<SealedRecord>>(2);
    let said = doing.clone();
    let written = tokio::task::spawn_blocking(move || write(out, &header, &key, &head, &receive, &said));
    let (mut wraps, mut cut) = (Vec::new(), false);
    'all: for kind in RecordKind::ALL.into_iter().filter(|kind| archived(*kind)) {
        let mut after = None;
        loop {
            let page = work.at.catalog.page(&Query { kind, after, limit: PAGE }).await?;
            after = page.records.last().map(|record| record.id.clone());
            if kind == RecordKind::Passkey {
                let ids = page.records.iter().filter_map(|r| r.clear().ok()).filter(|c| c.text("state") == Some("ready"));
                wraps.extend(ids.filter_map(|c| c.text("wrapId").map(str::to_owned)));
            }
            let more = page.more && after.is_some();
            if hand_over(&send, page.records).await.is_err() {
                cut = true;
                break 'all;
            }
            if !more {
                break;
            }
        }
    }
    drop(send);
    let (digest, size) = match written.await {
        Ok(written) => written?,
        Err(_) => return Err(Fault::new(Kind::Unexpected, doing.clone(), "it ended abnormally", Act::say("kastellan doctor"))),
    };
    if cut {
        return Err(Fault::new(Kind::Unexpected, doing.clone(), "it ended before all was written", Act::say("try again")));
    }
    Ok(Archive {
        id,
        name,
        location: location.clone(),
        instance_id: installation.instance_id,
        seq,
        created_at,
        size,
        digest,
        number,
        journal_seq: end.seq,
        wraps,
        proved_at: None,
    })
}

/// Hands a page over without holding the runtime up.
async fn hand_over(send: &mpsc::SyncSender<Vec<SealedRecord>>, mut page: Vec<SealedRecord>) -> Result<(), ()> {
    loop {
        match send.try_send(page) {
            Ok(()) => return Ok(()),
            Err(mpsc::TrySendError::Disconnected(_)) => return Err(()),
            Err(mpsc::TrySendError::Full(back)) => page = back,
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

fn write(
    out: Box<dyn Outgoing>,
    header: &ArchiveHeader,
    key: &ArchiveKey,
    head: &ArchiveHead,
    pages: &mpsc::Receiver<Vec<SealedRecord>>,
    doing: &Text,
) -> Result<(String, u64), Fault> {
    let mut fault = None;
    let made = || -> io::Result<Into> {
        let sink = Into { out, hash: Hash::new(), size: 0, fault: None };
        let mut writer = ArchiveWriter::begin(sink, header, key, head)?;
        for page in pages {
            for record in page {
                writer.record(&record)?;
            }
        }
        writer.finish()
    };
    match made() {
        Ok(sink) => {
            sink.out.finish()?;
            Ok((hex(&sink.hash.end()), sink.size))
        }
        Err(error) => {
            fault = fault.or_else(|| error.into_inner().and_then(|inner| inner.downcast::<Fault>().ok()).map(|fault| *fault));
            Err(fault
                .unwrap_or_else(|| Fault::new(Kind::Unexpected, doing.clone(), "it could not be written", Act::say("kastellan doctor"))))
        }
    }
}

/// A long object that is being written, as a sink of bytes.
struct Into {
    out: Box<dyn Outgoing>,
    hash: Hash,
    size: u64,
    fault: Option<Fault>,
}

impl io::Write for Into {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(fault) = &self.fault {
            return Err(io::Error::other(fault.clone()));
        }
        self.out.append(bytes).map_err(|fault| {
            self.fault = Some(fault.clone());
            io::Error::other(fault)
        })?;
        self.hash.add(bytes);
        self.size += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A long object that is being read, as a source of bytes; what it gave, hashed.
pub struct From {
    source: Box<dyn Incoming>,
    buffer: Vec<u8>,
    at: usize,
    hash: Hash,
    size: u64,
}

/// How much of an object is read at once, in bytes.
const BUFFER: usize = 1 << 18;

impl From {
    pub fn new(source: Box<dyn Incoming>) -> Self {
        Self { source, buffer: Vec::new(), at: 0, hash: Hash::new(), size: 0 }
    }

    /// SHA-256 of what was read, hex, and its length.
    pub fn end(self) -> (String, u64) {
        (hex(&self.hash.end()), self.size)
    }
}

impl io::Read for From {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.buffer.len() {
            self.buffer.resize(BUFFER, 0);
            let filled = self.source.fill(&mut self.buffer).map_err(io::Error::other)?;
            self.buffer.truncate(filled);
            self.at = 0;
            self.hash.add(&self.buffer);
            self.size += filled as u64;
        }
        let length = out.len().min(self.buffer.len() - self.at);
        out[..length].copy_from_slice(&self.buffer[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

/// Whether an archive is in its location byte for byte as it was proved.
pub async fn stands(work: &Work, archive: &Archive) -> Result<bool, Fault> {
    let store = locations::reach(work, &archive.location).await?.open(&work.at, &work.installation)?;
    let Some(source) = store.read(&archive.name).await? else { return Ok(false) };
    let (doing, next) = (work.doing(), Act::say(format!("kastellan location check {}", archive.location)));
    let end = threads::apart(&work.doing(), move || {
        let mut from = From::new(source);
        io::copy(&mut from, &mut io::sink()).map_err(|e| Fault::new(Kind::Unreachable, doing, e.to_string(), next))?;
        Ok(from.end())
    })
    .await?;
    Ok(end == (archive.digest.clone(), archive.size))
}

/// Proves an archive: read back from its location, opened with the DR passphrase, every line verified, in memory. The wraps it holds.
pub async fn prove(
    store: &Arc<dyn Store>,
    archive: &Archive,
    secret: &Passphrase,
    metadata: &Key,
    catalog_id: &str,
    available: u64,
    doing: &Text,
) -> Result<u64, Fault> {
    let Some(source) = store.read(&archive.name).await? else {
        let cause = format!("{} is not in {}", archive.name, archive.location);
        return Err(Fault::new(Kind::Damaged, doing.clone(), cause, Act::say("kastellan dr archive makes another one")));
    };
    let (archive, secret, metadata, catalog_id, said) =
        (archive.clone(), secret.duplicate(), metadata.duplicate(), catalog_id.to_owned(), doing.clone());
    threads::apart(doing, move || {
        let mut from = From::new(source);
        let failed = |e: &ArchiveError| archive_fault(&said, e);
        let header = ArchiveHeader::read(&mut from).map_err(|e| failed(&e))?;
        let key = header.open(&secret, available).map_err(|e| failed(&e))?;
        let mut reader = ArchiveReader::begin(&mut from, &header, &key).map_err(|e| failed(&e))?;
        let (mut lines, mut bad, seq) = (0, None, reader.head().seq);
        while let Some(record) = reader.record().map_err(|e| failed(&e))? {
            if record.open(&metadata, &catalog_id).is_err() {
                bad = bad.or(Some(crate::ops::records::called(record.kind, &record.id)));
            }
            lines += 1;
        }
        drop(reader);
        let (digest, size) = from.end();
        let damaged = |cause: String| Err(Fault::new(Kind::Damaged, said.clone(), cause, Act::say("kastellan journal verify")));
        if let Some(bad) = bad {
            return damaged(format!("in the archive the record of {bad} does not verify"));
        }
        if digest != archive.digest || size != archive.size || seq != archive.seq {
            return damaged("what was read back is not what was written".into());
        }
        Ok(lines)
    })
    .await
}

/// What is wrong with an archive, as a fault.
pub fn archive_fault(doing: &Text, error: &ArchiveError) -> Fault {
    let (kind, next) = match error {
        ArchiveError::Passphrase => (Kind::Secret, "check its envelope: the number on it must be the archive's (kastellan dr list)"),
        ArchiveError::Argon(_) => (Kind::Refused, "use a machine with more free memory"),
        ArchiveError::Version(_) => (Kind::Refused, "use the newer Kastellan"),
        ArchiveError::Read(_) => (Kind::Unreachable, "try again; kastellan location check says what the location lets us do"),
        ArchiveError::Other | ArchiveError::Header(_) | ArchiveError::Segment(_) | ArchiveError::Line(_) => {
            (Kind::Damaged, "take another archive, or one from another location: kastellan dr list")
        }
    };
    Fault::new(kind, doing.clone(), error.to_string(), Act::say(next))
}
