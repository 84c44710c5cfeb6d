//! What an operation works with: the connection, its own copies of just the keys it needs, and the one way to write.

use super::keys::Keys;
use super::{Connection, facts, records};
use crate::catalog::{Batch, Committed, Put, Removal};
use crate::crypto::Key;
use crate::domain::{Act, Fault, Installation, Intent, KeyNeed, Kind, Request, Text};
use crate::format::{Entry, EntryChange, Link, Object, RecordError, RecordKind, SealedRecord, hex};
use crate::keyservice::Limit;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The last revision that a record's member can hold.
const LAST_REV: u64 = (1 << 53) - 1;
/// How often a commit follows proofs that others write meanwhile.
const TRIES: usize = 16;
/// How many journal entries are read at a time.
const PAGE: usize = 64;

/// Own copies of keys, each dropped after the last step that needs it.
pub struct Grant {
    /// Only where the plan needs it; taken away once the new wrap is proved.
    pub master: Option<Key>,
    /// For records.
    pub metadata: Key,
    /// For journal MACs.
    pub journal: Key,
    /// Only where the plan seals under it.
    pub policy: Option<Key>,
}

impl Grant {
    /// Copies of the keys that `needs` names; records and journal are written by everything.
    pub fn of(keys: &Keys, needs: &[KeyNeed]) -> Self {
        Self {
            policy: None,
            master: needs.contains(&KeyNeed::Master).then(|| keys.master.duplicate()),
            metadata: keys.derived.metadata_key(),
            journal: keys.derived.journal_key(),
        }
    }
}

impl Grant {
    /// With the key of the policy that `request` seals under.
    pub fn sealing(mut self, keys: &Keys, request: &Request) -> Self {
        self.policy = request.seals_under().map(|policy| keys.derived.policy_key(policy.as_str()));
        self
    }
}

/// What one commit writes and removes.
#[derive(Default)]
pub struct Writes {
    /// Records to write.
    pub puts: Vec<Put>,
    /// Records to remove.
    pub removals: Vec<Removal>,
    /// A wrap is removed: its bytes must be gone on return.
    pub purge: bool,
}

/// What an operation works with.
pub struct Work {
    /// The connection.
    pub at: Connection,
    /// The installation as it was when the work began.
    pub installation: Installation,
    /// Its keys.
    pub grant: Grant,
    /// The operation's id, hex; empty for single commits.
    pub id: String,
    /// Up to which journal entry nobody else ran an operation since this one began.
    alone_to: AtomicU64,
}

impl Work {
    pub fn new(at: Connection, installation: Installation, grant: Grant, id: String) -> Self {
        Self { at, installation, grant, id, alone_to: AtomicU64::new(0) }
    }

    /// For an operation that was planned on facts up to this journal entry.
    pub fn since(self, entry: u64) -> Self {
        self.alone_to.store(entry, Ordering::Relaxed);
        self
    }

    /// The limit for calls to something outside.
    pub fn limit(&self, stop: &crate::domain::Stop) -> Limit {
        Limit { deadline: self.at.settings.timeout.unwrap_or(Duration::from_secs(30)), stop: stop.clone() }
    }

    /// A record with its members, verified; None where it is not there.
    pub async fn read(&self, kind: RecordKind, id: &str) -> Result<Option<(SealedRecord, Object, Object)>, Fault> {
        let Some(record) = self.at.catalog.get(kind, id).await? else { return Ok(None) };
        let open = record.open(&self.grant.metadata, &self.installation.catalog_id);
        let (clear, private) = open.map_err(|e| records::record_fault(&self.doing(), &records::called(kind, id), &e))?;
        Ok(Some((record, clear, private)))
    }

    /// Seals a record that follows `old` (None: a new one).
    pub fn put(&self, kind: RecordKind, id: &str, old: Option<&SealedRecord>, clear: Object, private: &Object) -> Put {
        let replaces = old.map_or(0, |record| record.rev);
        // A number that no member can hold was never written by Kastellan: counting begins anew.
        let rev = if replaces < LAST_REV { replaces + 1 } else { 1 };
        let record = SealedRecord::seal(&self.grant.metadata, &self.installation.catalog_id, kind, id, rev, clear, private);
        Put { record, replaces }
    }

    /// The installation record with another passkey in use.
    pub async fn put_in_use(&self, name: &crate::domain::PasskeyName) -> Result<Put, Fault> {
        let id = &self.installation.catalog_id;
        let Some((record, clear, private)) = self.read(RecordKind::Installation, id).await? else {
            return Err(self.gone(&records::called(RecordKind::Installation, id)));
        };
        let mut installation =
            records::installation(&clear).map_err(|e| records::record_fault(&self.doing(), &"the installation".into(), &e.into()))?;
        installation.in_use = name.clone();
        Ok(self.put(RecordKind::Installation, id, Some(&record), records::installation_members(&installation), &private))
    }

    /// Writes, with the journal entry that says so.
    pub async fn commit(&self, writes: Writes, verb: &str, step: &str, what: &str) -> Result<Link, Fault> {
        self.commit_vouching(writes, verb, step, what, 0).await
    }

    /// The same, saying how many unvouched entries this one now vouches for.
    ///
    /// A proof that another process wrote meanwhile is no conflict: unlocking with a passkey writes one, whoever works on it.
    pub async fn commit_vouching(&self, mut writes: Writes, verb: &str, step: &str, what: &str, vouches: u64) -> Result<Link, Fault> {
        let mut tries = 0;
        while tries < TRIES {
            let after = self.alone().await?;
            let entry = self.entry(&writes, verb, step, what, vouches)?;
            match self.at.catalog.commit(batch(&writes, after, &entry, Some(&self.grant.journal))).await? {
                Committed::Done(link) => return Ok(link),
                Committed::JournalMoved(_) => {}
                Committed::RecordMoved if self.follow_proofs(&mut writes).await? => tries += 1,
                Committed::RecordMoved => break,
            }
        }
        Err(overtaken(&self.installation))
    }

    /// The journal's end; an operation also looks whether somebody else ran one meanwhile. The lock is to keep them away, and whoever takes
    /// its file away must not bring two of them to remove each other's last way in.
    async fn alone(&self) -> Result<Link, Fault> {
        let end = facts::link(&self.at, &self.installation).await?;
        if self.id.is_empty() {
            return Ok(end);
        }
        let mut known = self.alone_to.load(Ordering::Relaxed);
        while known < end.seq {
            let page = self.at.catalog.journal(known + 1, PAGE).await?;
            // Entries that are missing say nothing here; verifying the journal names them.
            known = page.last().map_or(end.seq, |last| last.seq);
            for stored in page {
                if let Some(entry) = stored.entry().filter(|entry| !entry.operation.is_empty() && entry.operation != self.id) {
                    let who = format!("{}@{}", entry.person, entry.host);
                    let cause = format!("{who} ran another operation meanwhile ({}), although this one holds the lock", entry.verb);
                    let next = Act::say("do not remove the lock file; look at what is there now: kastellan status");
                    return Err(Fault::new(Kind::Changed, self.doing(), cause, next));
                }
            }
            self.alone_to.store(known, Ordering::Relaxed);
        }
        Ok(end)
    }

    /// Puts and removals of proofs brought to the revisions that are there now; whether that changed anything.
    async fn follow_proofs(&self, writes: &mut Writes) -> Result<bool, Fault> {
        let mut moved = false;
        for put in writes.puts.iter_mut().filter(|put| put.record.kind == RecordKind::Proof) {
            let now = self.at.catalog.get(RecordKind::Proof, &put.record.id).await?;
            if now.as_ref().map_or(0, |record| record.rev) == put.replaces {
                continue;
            }
            moved = true;
            let malformed = |e| records::record_fault(&self.doing(), &records::called(RecordKind::Proof, &put.record.id), &e);
            let clear = put.record.clear().map_err(malformed)?;
            let theirs = now.as_ref().and_then(|record| record.open(&self.grant.metadata, &self.installation.catalog_id).ok());
            let clear = records::proof_with_typed(clear, theirs.as_ref().map(|(clear, _)| clear));
            *put = self.put(RecordKind::Proof, &put.record.id.clone(), now.as_ref(), clear, &Object::new());
        }
        let mut kept = Vec::new();
        for mut removal in std::mem::take(&mut writes.removals) {
            if removal.kind == RecordKind::Proof {
                let Some(now) = self.at.catalog.get(RecordKind::Proof, &removal.id).await? else {
                    moved = true;
                    continue;
                };
                moved |= now.rev != removal.rev;
                removal.rev = now.rev;
            }
            kept.push(removal);
        }
        writes.removals = kept;
        Ok(moved)
    }

    /// What has to be said where the bytes of a removed wrap are not gone yet.
    pub async fn not_purged(&self) -> Option<Text> {
        let gone = self.at.catalog.purged().await.unwrap_or(false);
        (!gone).then(|| {
            "its bytes are still in the catalog's log, because another program is reading the catalog: they go once it has ended and \
             Kastellan runs again"
                .into()
        })
    }

    fn entry(&self, writes: &Writes, verb: &str, step: &str, what: &str, vouches: u64) -> Result<Entry, Fault> {
        let person = &self.at.host.person;
        Ok(Entry {
            v: 1,
            at: self.at.host.clock.now(),
            person: person.name.clone(),
            account: person.account.clone(),
            host: person.host.clone(),
            terminal: person.terminal.clone(),
            ssh: person.ssh.clone(),
            verb: verb.into(),
            operation: self.id.clone(),
            step: step.to_owned(),
            what: what.into(),
            vouches,
            changes: changes(writes).map_err(|e| records::record_fault(&self.doing(), &"a new record".into(), &e))?,
        })
    }

    /// Removal of a record at its present revision.
    pub async fn removal(&self, kind: RecordKind, id: &str) -> Result<Option<Removal>, Fault> {
        let record = self.at.catalog.get(kind, id).await?;
        Ok(record.map(|record| Removal { kind, id: id.to_owned(), rev: record.rev }))
    }

    /// Removal of a passkey, its wrap and what is known of its opening.
    pub async fn removals(&self, name: &crate::domain::PasskeyName) -> Result<Vec<Removal>, Fault> {
        let id = name.id();
        let passkey = self.removal(RecordKind::Passkey, &id).await?.ok_or_else(|| self.gone(&records::called(RecordKind::Passkey, &id)))?;
        let mut all = vec![passkey];
        all.extend(self.removal(RecordKind::Proof, &id).await?);
        Ok(all)
    }

    /// For faults: what could not be done.
    pub fn doing(&self) -> Text {
        Text::new(format!("cannot change {}", self.installation.name))
    }

    /// Something that must be there is not.
    pub fn gone(&self, what: &Text) -> Fault {
        Fault::new(
            Kind::Damaged,
            self.doing(),
            format!("{what} is not in the catalog"),
            Act::start("kastellan journal verify", Intent::Journal),
        )
    }
}

/// Commits one entry after the journal's end, again where the journal went on meanwhile.
pub async fn commit_entry(
    at: &Connection,
    installation: &Installation,
    writes: Writes,
    entry: &Entry,
    key: Option<&Key>,
) -> Result<Link, Fault> {
    let mut after = facts::link(at, installation).await?;
    loop {
        match at.catalog.commit(batch(&writes, after, entry, key)).await? {
            Committed::Done(link) => return Ok(link),
            Committed::JournalMoved(link) => after = link,
            Committed::RecordMoved => return Err(overtaken(installation)),
        }
    }
}

fn batch(writes: &Writes, after: Link, entry: &Entry, key: Option<&Key>) -> Batch {
    Batch { puts: writes.puts.clone(), removals: writes.removals.clone(), after, entry: after.append(entry, key), purge: writes.purge }
}

fn overtaken(installation: &Installation) -> Fault {
    let next = Act::say("look at it again, then try again");
    Fault::new(Kind::Changed, format!("cannot change {}", installation.name), "somebody changed the same record meanwhile", next)
}

/// Entry members for what is written and removed.
fn changes(writes: &Writes) -> Result<Vec<EntryChange>, RecordError> {
    let put = |p: &Put| {
        Ok(EntryChange { kind: p.record.kind.word().into(), id: p.record.id.clone(), rev: p.record.rev, digest: hex(&p.record.digest()?) })
    };
    let removed = |r: &Removal| EntryChange { kind: r.kind.word().into(), id: r.id.clone(), rev: 0, digest: String::new() };
    let mut all = writes.puts.iter().map(put).collect::<Result<Vec<_>, RecordError>>()?;
    all.extend(writes.removals.iter().map(removed));
    Ok(all)
}
