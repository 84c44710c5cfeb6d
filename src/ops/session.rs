//! The session: one connection, and the keys while unlocked. One owner; `lock` drops and wipes.

use super::artifacts::{self, ArtifactPage, Opened, Scope, To, Told, Verified};
use super::ledger::{Break, Ledger};
use super::migration::{self, Moves};
use super::pinning::{accept, compare_with_pin, pin};
use super::records::{envelope, new_id};
use super::work::{Grant, Work};
use super::{
    Begun, Changes, Checked, Connection, Keys, PolicyPage, aftermath, check, dr, drill, facts, journal, kit, lists, locations, operation,
};
use crate::crypto::{Key, Passphrase, Secrets};
use crate::domain::{
    Act, Archive, Artifact, ArtifactFilter, Changed, Chronicle, Drill, DrillDone, Facts, Fault, Installation, Intent, JournalReport, Kind,
    Location, LocationName, LockState, Passkey, PasskeyName, Plan, Policy, PolicyName, Prover, Request, Slot, Stop, Text, Witness, may,
};
use crate::format::RecordKind;
use crate::host::Pins;
use crate::store::{Right, Store};
use std::sync::Arc;
use tokio::sync::Mutex;

/// How often a look begins again because others wrote meanwhile.
const TRIES: usize = 20;
/// Records that the ledger keeps up with: all that operations rest on.
const WATCHED: &[RecordKind] =
    &[RecordKind::Installation, RecordKind::Passkey, RecordKind::Proof, RecordKind::Operation, RecordKind::Location];

/// One connection and, while unlocked, its keys.
pub struct Session {
    at: Connection,
    keys: Option<Keys>,
    ledger: Mutex<Option<Ledger>>,
}

impl Session {
    /// Opens: reads the installation record and compares it with the pin file.
    ///
    /// # Errors
    /// `Kind::Damaged` where the catalog is not the one this machine knows (`--accept-changed-catalog`), with both values.
    pub async fn open(at: Connection) -> Result<Self, Fault> {
        let installation = facts::installation(&at, None).await?;
        compare_with_pin(&at, &installation).await?;
        Ok(Self { at, keys: None, ledger: Mutex::new(None) })
    }

    /// The connection.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.at
    }

    /// What is known now: all passkeys with their proofs; policies only counted.
    ///
    /// # Errors
    /// As the catalog's.
    pub async fn facts(&self) -> Result<Facts, Fault> {
        let Some(keys) = &self.keys else { return facts::gather(&self.at, None, None, LockState::Locked).await };
        let metadata = keys.derived.metadata_key();
        let journal_key = keys.derived.journal_key();
        let mut ledger = self.ledger.lock().await;
        let lock = LockState::Unlocked { by: keys.by.clone(), at: keys.at };
        let mut tries = 0;
        loop {
            if let Some(ledger) = ledger.as_mut() {
                ledger.follow(self.at.catalog.as_ref(), Some(&journal_key), |_, _| {}).await?;
            }
            let mut facts = facts::gather(&self.at, Some(&metadata), ledger.as_ref(), lock.clone()).await?;
            let Some(ledger) = ledger.as_ref() else { return Ok(facts) };
            let put_back = self.put_back(ledger, &facts).await?;
            // Records that another process wrote since the journal was read would look like somebody's tampering.
            tries += 1;
            if self.unmoved(ledger).await? || tries >= TRIES {
                facts.alarm = ledger.broken().map(Break::words).or(put_back).or(facts.alarm);
                return Ok(facts);
            }
        }
    }

    /// Whether the journal still ends where the ledger read it.
    async fn unmoved(&self, ledger: &Ledger) -> Result<bool, Fault> {
        Ok(self.at.catalog.last().await?.map_or(0, |entry| entry.seq) == ledger.link().seq)
    }

    /// What all operations rest on must be what the journal wrote last: an old record verifies too.
    async fn put_back(&self, ledger: &Ledger, facts: &Facts) -> Result<Option<Text>, Fault> {
        let installation = facts.installation.as_ref().map(|i| i.catalog_id.clone()).unwrap_or_default();
        for (kind, id) in [(RecordKind::Installation, installation.as_str()), (RecordKind::Operation, super::records::CURRENT)] {
            if let Some(record) = self.at.catalog.get(kind, id).await?
                && let Some(why) = ledger.standing(&record).words()
            {
                return Ok(Some(Text::new(format!("the record of {} {why}", super::records::called(kind, id)))));
            }
        }
        Ok(None)
    }

    /// What a first frame needs, at once: with many passkeys only the one in use, and how many are not read yet ([`Facts::unread`]).
    ///
    /// # Errors
    /// As the catalog's.
    pub async fn glance(&self) -> Result<Facts, Fault> {
        if self.unlocked() { self.facts().await } else { facts::glance(&self.at).await }
    }

    /// Takes the keys in: writes the proof and the journal entry that vouches for what was written while locked, moves the pin.
    /// Returns lines worth telling (`first sight of ...`, `2 entries were written while locked`). Read-only: writes nothing.
    ///
    /// # Errors
    /// `Kind::Damaged` where the journal or the opened passkey's record is not what was written; as the catalog's. The keys are then
    /// not taken in.
    pub async fn admit(&mut self, keys: Keys) -> Result<Vec<Text>, Fault> {
        let journal_key = keys.derived.journal_key();
        let (mut ledger, installation, altered) = self.examined(&keys).await?;
        let mut told = Vec::new();
        let unvouched = ledger.link().seq - ledger.vouched_to();
        if unvouched > 0 {
            let (entries, them) = if unvouched == 1 { ("entry was", "it") } else { ("entries were", "them") };
            told.push(Text::new(format!(
                "{unvouched} journal {entries} written while locked; this unlock vouches for {them} (kastellan journal list)"
            )));
        }
        if !self.at.settings.read_only {
            let work = Work::new(self.at.clone(), installation.clone(), Grant::of(&keys, &[]), String::new());
            let batch = check::proof_batch(&work, &keys.by, &keys.prover, keys.at).await?;
            let mut what = format!("unlocked with {} ({})", keys.by, keys.prover.word());
            if let Some(why) = altered {
                let line = format!("{why}; this unlock replaces it");
                what = format!("{what}; {line}");
                told.push(line.into());
            }
            work.commit_vouching(batch, "unlock", "", &what, unvouched).await?;
            let first = Pins::at(self.at.host.paths.known.clone()).get(&installation.catalog_id)?.is_none();
            if first {
                let known = self.at.host.paths.known.display();
                told.push(Text::new(format!("first sight of {} on this machine: remembered in {known}", installation.title())));
            }
            pin(&self.at, &installation).await.map_err(|fault| fault.leaving(Changed::Unsaid))?;
            ledger.follow(self.at.catalog.as_ref(), Some(&journal_key), |_, _| {}).await?;
        }
        self.keys = Some(keys);
        *self.ledger.lock().await = Some(ledger);
        Ok(told)
    }

    /// Takes in keys that another session of this process was unlocked with: nothing is proved by that, so nothing is written.
    ///
    /// # Errors
    /// As [`Session::admit`].
    pub async fn join(&mut self, keys: Keys) -> Result<(), Fault> {
        let (ledger, ..) = self.examined(&keys).await?;
        self.keys = Some(keys);
        *self.ledger.lock().await = Some(ledger);
        Ok(())
    }

    /// A copy of the keys, for [`Session::join`]; None while locked.
    #[must_use]
    pub fn lend(&self) -> Option<Keys> {
        self.keys.as_ref().map(Keys::duplicate)
    }

    /// The journal read to its end with these keys, and what is wrong with the record of the passkey's opening.
    async fn examined(&self, keys: &Keys) -> Result<(Ledger, Installation, Option<String>), Fault> {
        let metadata = keys.derived.metadata_key();
        let journal_key = keys.derived.journal_key();
        let installation = facts::installation(&self.at, Some(&metadata)).await?;
        let mut ledger = Ledger::new(&installation.catalog_id, &installation.instance_id, WATCHED);
        let mut tries = 0;
        loop {
            ledger.follow(self.at.catalog.as_ref(), Some(&journal_key), |_, _| {}).await?;
            let refused = self.refuse_what_was_put_back(&ledger, keys, &installation).await;
            let altered = self.altered_proof(&ledger, &keys.by).await?;
            tries += 1;
            // Others unlock and write meanwhile: judged is what was read at one and the same end of the journal.
            if self.unmoved(&ledger).await? || tries >= TRIES {
                refused?;
                return Ok((ledger, installation, altered));
            }
        }
    }

    /// What was recorded of the passkey's opening, where it is not what was written.
    async fn altered_proof(&self, ledger: &Ledger, name: &PasskeyName) -> Result<Option<String>, Fault> {
        let record = self.at.catalog.get(RecordKind::Proof, &name.id()).await?;
        let why = record.and_then(|record| ledger.standing(&record).words());
        Ok(why.map(|why| format!("the record of {} {why}", super::records::called(RecordKind::Proof, &name.id()))))
    }

    /// The journal must be whole, and the passkey that opened must be the one that the journal wrote last.
    async fn refuse_what_was_put_back(&self, ledger: &Ledger, keys: &Keys, installation: &Installation) -> Result<(), Fault> {
        if self.at.settings.accept_changed.as_deref() == Some(installation.catalog_id.as_str()) {
            return Ok(());
        }
        let doing = format!("cannot unlock {}", installation.name);
        if let Some(broken) = ledger.broken() {
            return Err(accept(&doing, broken.words(), &installation.catalog_id));
        }
        for (kind, id) in [(RecordKind::Passkey, keys.by.id()), (RecordKind::Installation, installation.catalog_id.clone())] {
            if let Some(record) = self.at.catalog.get(kind, &id).await?
                && let Some(why) = ledger.standing(&record).words()
            {
                return Err(accept(
                    &doing,
                    Text::new(format!("the record of {} {why}", super::records::called(kind, &id))),
                    &installation.catalog_id,
                ));
            }
        }
        Ok(())
    }

    /// Drops and wipes the keys; says so in the journal.
    pub async fn lock(&mut self) {
        let Some(keys) = self.keys.take() else { return };
        *self.ledger.lock().await = None;
        if !self.at.settings.read_only
            && let Ok(installation) = facts::installation(&self.at, None).await
        {
            let work = Work::new(self.at.clone(), installation.clone(), Grant::of(&keys, &[]), String::new());
            // Locking must not fail: an entry that cannot be written is left out, the keys go all the same.
            if let Err(fault) = work.commit(super::work::Writes::default(), "lock", "", "locked").await {
                tracing::warn!("lock not journalled: {}", fault.line());
            } else if let Err(fault) = pin(&self.at, &installation).await {
                tracing::warn!("pin not moved: {}", fault.line());
            }
        }
        drop(keys);
        crate::crypto::scrub_stack();
    }

    /// Whether the keys are here.
    #[must_use]
    pub fn unlocked(&self) -> bool {
        self.keys.is_some()
    }

    /// The keys, lent to this room.
    pub(super) fn keys(&self) -> Option<&Keys> {
        self.keys.as_ref()
    }

    /// What `request` would do, and whether it may. `--plan` stops here; a locked session may plan (the fault of being locked is left to
    /// [`Session::begin`]).
    ///
    /// # Errors
    /// As [`crate::domain::may`], but for being locked.
    pub async fn plan(&self, request: &Request) -> Result<Plan, Fault> {
        let mut facts = self.facts().await?;
        if let (LockState::Locked, Some(installation)) = (&facts.lock, &facts.installation) {
            facts.lock = LockState::Unlocked { by: installation.in_use.clone(), at: facts.now };
        }
        may(request, &facts)?;
        operation::plan(request, &facts, &self.at).await
    }

    /// Takes the operation lock, plans again on fresh facts, copies just the keys that the plan needs. Nothing has changed yet; dropping
    /// what is returned frees the lock.
    ///
    /// # Errors
    /// `Kind::Changed` where somebody holds the lock or the plan is no longer the same; `Kind::Secret` while locked; as `may`.
    pub async fn begin(&self, plan: &Plan) -> Result<Begun, Fault> {
        let request = &plan.request;
        let name = facts::installation(&self.at, None).await?.name;
        if self.at.settings.read_only {
            may(request, &self.facts().await?)?;
        }
        let exclusive = request.exclusive();
        let lock = if exclusive {
            let holder = super::records::holder(&self.at.host, request.doing(&name));
            match self.at.catalog.lock(&holder).await? {
                Ok(lock) => Some(lock),
                Err(other) => return Err(Fault::busy(request, &other, self.at.host.clock.now())),
            }
        } else {
            None
        };
        let mut facts = self.facts().await?;
        if exclusive {
            facts.holder = None;
        }
        may(request, &facts)?;
        if let Some(alarm) = &facts.alarm {
            return Err(Fault::new(
                Kind::Damaged,
                request.failing(),
                alarm.clone(),
                Act::start("kastellan journal verify", Intent::Journal),
            ));
        }
        let fresh = operation::plan(request, &facts, &self.at).await?;
        if fresh != *plan {
            let next = Act::say("look at the plan again");
            return Err(Fault::new(Kind::Changed, request.failing(), "somebody changed the installation since the plan was shown", next));
        }
        let (Some(keys), Some(installation)) = (&self.keys, facts.installation.clone()) else {
            return Err(Fault::new(Kind::Secret, request.failing(), "it is locked", Act::start("unlock first", Intent::Unlock)));
        };
        let grant = Grant::of(keys, &plan.keys).sealing(keys, request);
        // What runs beside others has no id in the journal, by which those others would think themselves overtaken.
        let id = if exclusive { new_id() } else { String::new() };
        let work = Work::new(self.at.clone(), installation, grant, id).since(facts.head.seq);
        operation::begin(fresh, &facts, work, lock).await
    }

    /// Proves passkeys by unwrapping: each name with the secret of its slot. Every outcome is written as a proof (not read-only).
    ///
    /// # Errors
    /// `Kind::NotFound` for a name that is not there; single failures are outcomes, not faults.
    pub async fn check(&self, which: &[(PasskeyName, Slot, Prover)], secrets: &Secrets, stop: &Stop) -> Result<Vec<Checked>, Fault> {
        check::check(&self.at, self.keys.as_ref(), which, secrets, stop).await
    }

    /// A passkey with everything that is known of it (its note only while unlocked).
    ///
    /// # Errors
    /// `Kind::NotFound`, naming the nearest.
    pub async fn passkey(&self, name: &PasskeyName) -> Result<Passkey, Fault> {
        let facts = self.facts().await?;
        facts.passkey(name).cloned().ok_or_else(|| lists::no_passkey(&facts, name))
    }

    /// All policy names in ascending order: for lists of any length.
    ///
    /// # Errors
    /// As the catalog's.
    pub async fn policy_names(&self) -> Result<Vec<String>, Fault> {
        self.at.catalog.ids(RecordKind::Policy).await
    }

    /// Policies after a name, at most `limit`, verified while unlocked.
    ///
    /// # Errors
    /// As the catalog's.
    pub async fn policies(&self, after: Option<&str>, limit: usize) -> Result<PolicyPage, Fault> {
        lists::policies(&self.at, self.keys.as_ref(), after, limit).await
    }

    /// Policies of these names, verified while unlocked; one that is not there is left out.
    ///
    /// # Errors
    /// As the catalog's.
    pub async fn policies_named(&self, names: &[PolicyName]) -> Result<Vec<Policy>, Fault> {
        lists::named(&self.at, self.keys.as_ref(), names).await
    }

    /// One policy.
    ///
    /// # Errors
    /// `Kind::NotFound`, naming the nearest.
    pub async fn policy(&self, name: &PolicyName) -> Result<Policy, Fault> {
        lists::policy(&self.at, self.keys.as_ref(), name).await
    }

    /// A page of artifacts, newest first, from where `token` says; names and kinds only while unlocked.
    ///
    /// # Errors
    /// As the index's; `Kind::Usage` for a token that no page printed.
    pub async fn artifacts(&self, filter: &ArtifactFilter, token: Option<&str>, limit: usize) -> Result<ArtifactPage, Fault> {
        let (installation, metadata) = self.known().await?;
        artifacts::page(&self.at, &installation, metadata.as_ref(), filter, token, limit)
    }

    /// All copies of the one artifact whose id begins with `id`, at least four digits.
    ///
    /// # Errors
    /// `Kind::NotFound`, `Kind::Usage`; as the index's.
    pub async fn artifact(&self, id: &str) -> Result<Vec<Artifact>, Fault> {
        let (installation, metadata) = self.known().await?;
        artifacts::find(&self.at, &installation, metadata.as_ref(), id)
    }

    /// Proves the DR passphrase by opening the newest archive with it; that archive.
    ///
    /// # Errors
    /// `Kind::Secret` where it does not open.
    pub async fn check_dr(&self, secret: &Passphrase, by: &Prover) -> Result<Archive, Fault> {
        self.checking_dr().await?.with(secret, by).await
    }

    /// The same in two parts, so that the session need not be held while locations answer.
    ///
    /// # Errors
    /// `Kind::Secret` while locked.
    pub async fn checking_dr(&self) -> Result<dr::DrCheck, Fault> {
        let (work, _) = self.work("DR passphrase not checked").await?;
        Ok(dr::DrCheck(work))
    }

    /// Ticks an item of the checklists after leaks and leavers that only a person can know; of how many.
    ///
    /// # Errors
    /// `Kind::Secret` while locked; `Kind::Usage` for an item that is seen by itself.
    pub async fn tick(&self, item: &str) -> Result<u64, Fault> {
        let (work, _) = self.work("nothing ticked").await?;
        aftermath::tick(&work, item).await
    }

    /// Notes that a kit with this digest was checked; whether this installation made it.
    ///
    /// # Errors
    /// `Kind::Secret` while locked; as the catalog's.
    pub async fn note_kit(&self, digest: &str) -> Result<bool, Fault> {
        let (work, _) = self.work("check of the kit not noted").await?;
        kit::note(&work, digest, &self.at.host.person.who()).await
    }

    /// The store of a location in the catalog.
    ///
    /// # Errors
    /// `Kind::Secret` while locked; the location's.
    pub async fn store(&self, name: &LocationName) -> Result<Arc<dyn Store>, Fault> {
        let (work, _) = self.work(&format!("cannot use location {name}")).await?;
        locations::reach(&work, name).await?.open(&work.at, &work.installation)
    }

    /// Confirms a location's address on this machine: a person said yes to it.
    ///
    /// # Errors
    /// `Kind::Secret` while locked, `Kind::NotFound`.
    pub async fn confirm_location(&self, name: &LocationName) -> Result<(), Fault> {
        let (work, _) = self.work(&format!("cannot use location {name}")).await?;
        let reached = locations::reach(&work, name).await?;
        reached.location.target.map_or(Ok(()), |target| locations::confirm(&work.at, &work.installation, &target))
    }

    /// Puts a drill's report into the history.
    ///
    /// # Errors
    /// `Kind::Secret` while locked; `Kind::Damaged` for a signature that is not this installation's; `Kind::Refused` for another's report.
    pub async fn note_drill(
        &self,
        json: &[u8],
        signature: Option<&str>,
        dr_by: Option<&Prover>,
    ) -> Result<(DrillDone, drill::Noted), Fault> {
        let (work, keys) = self.work("drill not noted").await?;
        drill::note(&work, keys, json, signature, dr_by).await
    }

    /// A drill's report from the history, its bytes and their signature; None where there is none of this id.
    ///
    /// # Errors
    /// `Kind::Secret` while locked; as the catalog's.
    pub async fn drill(&self, id: &str) -> Result<Option<(Drill, Vec<u8>, Option<String>)>, Fault> {
        let (work, _) = self.work("drill not shown").await?;
        drill::report(&work, id).await
    }

    /// The public key of what signs drill reports.
    ///
    /// # Errors
    /// `Kind::Secret` while locked.
    pub fn drill_key(&self) -> Result<[u8; 32], Fault> {
        self.keys.as_ref().map(|keys| drill::signer(&keys.derived).public()).ok_or_else(|| facts::unlock_first("drill report not verified"))
    }

    /// Keys of policies that left, and that came.
    ///
    /// # Errors
    /// As the catalog's.
    pub async fn moves(&self) -> Result<Moves, Fault> {
        let (installation, metadata) = self.known().await?;
        migration::list(&self.at, &installation, metadata.as_ref()).await
    }

    /// The associated data of an artifact's stream, hex: what any Tink needs beside the policy's key.
    ///
    /// # Errors
    /// As the catalog's.
    pub async fn associated_data(&self, artifact: &Artifact) -> Result<String, Fault> {
        let (installation, _) = self.known().await?;
        artifacts::associated_data(&self.at, &installation, artifact).await
    }

    /// Verifies artifacts, each told as it ends; how many were whole, and how many were not.
    ///
    /// # Errors
    /// `Kind::Secret` while locked; `Kind::Interrupted`; what is wrong with one artifact is its outcome.
    pub async fn verify(
        &self,
        scope: &Scope<'_>,
        progress: impl Fn(&Artifact) -> Told,
        tell: impl FnMut(&Verified),
        stop: &Stop,
    ) -> Result<(u64, u64), Fault> {
        let (work, keys) = self.work("cannot verify").await?;
        artifacts::verify(&work, keys, scope, progress, tell, stop).await
    }

    /// Opens an artifact.
    ///
    /// # Errors
    /// `Kind::Secret` while locked, `Kind::Damaged` where a tag does not hold, `Kind::Refused` for a target that exists.
    pub async fn open_artifact(
        &self,
        id: &str,
        from: Option<&LocationName>,
        to: To<'_>,
        progress: impl Fn(&Artifact) -> Told,
        stop: &Stop,
    ) -> Result<Opened, Fault> {
        let (work, keys) = self.work("cannot open the artifact").await?;
        artifacts::open(&work, keys, id, from, to, progress, stop).await
    }

    /// A location's rights, each tried; `yes` confirms its address on this machine.
    ///
    /// # Errors
    /// `Kind::Secret` while locked, `Kind::NotFound`; a right that is missing is an outcome.
    pub async fn check_location(&self, name: &LocationName, yes: bool) -> Result<(Location, Vec<Right>), Fault> {
        let (work, _) = self.work(&format!("cannot check location {name}")).await?;
        locations::check(&work, name, yes).await
    }

    /// The installation, and the metadata key while unlocked.
    async fn known(&self) -> Result<(Installation, Option<Key>), Fault> {
        let metadata = self.keys.as_ref().map(|keys| keys.derived.metadata_key());
        Ok((facts::installation(&self.at, metadata.as_ref()).await?, metadata))
    }

    /// For work that is no operation: it takes no lock.
    async fn work(&self, doing: &str) -> Result<(Work, &Keys), Fault> {
        let Some(keys) = &self.keys else { return Err(facts::unlock_first(doing)) };
        let installation = facts::installation(&self.at, Some(&keys.derived.metadata_key())).await?;
        Ok((Work::new(self.at.clone(), installation, Grant::of(keys, &[]), String::new()), keys))
    }

    /// Journal entries from number `from` (1 is the first), at most `max`.
    ///
    /// # Errors
    /// As the catalog's.
    pub async fn journal(&self, from: u64, max: usize) -> Result<Chronicle, Fault> {
        journal::page(&self.at, from, max).await
    }

    /// Verifies the whole chain, MACs and records (while unlocked) and the outside witnesses: the pin file and these.
    ///
    /// # Errors
    /// As the catalog's; what it finds is in the report.
    pub async fn verify_journal(&self, anchors: &[Witness]) -> Result<JournalReport, Fault> {
        journal::verify(&self.at, self.keys.as_ref(), anchors).await
    }

    /// The line that an auditor keeps: `catalogId instanceId seq hash`.
    ///
    /// # Errors
    /// As the catalog's.
    pub async fn anchor(&self) -> Result<Text, Fault> {
        let installation = facts::installation(&self.at, None).await?;
        let head = facts::head(&self.at, &installation).await?;
        Ok(Text::new(format!("{} {} {} {}", installation.catalog_id, installation.instance_id, head.seq, head.hash)))
    }

    /// The line on the envelope of a new secret for passkey `name`, made today.
    ///
    /// # Errors
    /// As the catalog's.
    pub async fn envelope(&self, name: &PasskeyName) -> Result<Text, Fault> {
        let installation = facts::installation(&self.at, None).await?;
        Ok(envelope(&installation, name, self.at.host.clock.now()))
    }

    /// Says when anything changed, by this process or another.
    #[must_use]
    pub fn changes(&self) -> Changes {
        self.at.catalog.changes()
    }
}
