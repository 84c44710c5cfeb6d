//! Checking passkeys by unwrapping.

use super::ledger::Ledger;
use super::records::wrap_of;
use super::work::{Grant, Work, Writes};
use super::{Connection, Keys, facts, lists, records};
use crate::crypto::Secrets;
use crate::domain::{
    Act, Changed, Fault, Installation, Kind, LockState, Passkey, PasskeyName, PassphraseSource, Proof, Prover, Slot, Stop, Text, Timestamp,
};
use crate::format::{Object, RecordKind};

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The passkey, with its new proof.
    pub passkey: Passkey,
    /// Whether it opened; the fault says why not.
    pub outcome: Result<(), Fault>,
}

pub async fn check(
    at: &Connection,
    keys: Option<&Keys>,
    which: &[(PasskeyName, Slot, Prover)],
    secrets: &Secrets,
    stop: &Stop,
) -> Result<Vec<Checked>, Fault> {
    let installation = facts::installation(at, None).await?;
    let known = facts::gather(at, None, None, LockState::Locked).await?;
    let mut outcomes = Vec::new();
    for (name, slot, prover) in which {
        let passkey = known.passkey(name).ok_or_else(|| lists::no_passkey(&known, name))?;
        outcomes.push(one(at, &installation, keys, passkey, *slot, prover, secrets, stop).await?);
    }
    Ok(outcomes)
}

#[allow(clippy::too_many_arguments)]
async fn one(
    at: &Connection,
    installation: &Installation,
    keys: Option<&Keys>,
    passkey: &Passkey,
    slot: Slot,
    prover: &Prover,
    secrets: &Secrets,
    stop: &Stop,
) -> Result<Checked, Fault> {
    let mut unvouched = 0;
    let outcome = match opens(at, installation, passkey, slot, prover, secrets, stop).await {
        // An entry written now vouches for all before it, and an old record verifies too: nothing is noted before the journal was read.
        Ok(found) => against_journal(at, installation, &found).await.map(|entries| {
            unvouched = entries;
            found
        }),
        Err(fault) => Err(fault),
    };
    let now = at.host.clock.now();
    let mut passkey = passkey.clone();
    let (found, outcome) = match outcome {
        Ok(found) => (Some(found), Ok(())),
        Err(fault) if fault.kind == Kind::Interrupted => return Err(fault),
        Err(fault) => (None, Err(fault)),
    };
    let failed = outcome.as_ref().err().filter(|fault| tells_of_passkey(fault, &passkey, prover)).cloned();
    let keys = found.as_ref().or(keys);
    if let Some(keys) = keys.filter(|_| (failed.is_some() || found.is_some()) && !at.settings.read_only) {
        let work = Work::new(at.clone(), installation.clone(), Grant::of(keys, &[]), String::new());
        let (writes, proof, what) = match &failed {
            Some(fault) => failure_batch(&work, &passkey, now, &fault.cause).await?,
            None => success_batch(&work, &passkey, prover, now).await?,
        };
        work.commit_vouching(writes, "passkey check", "", &what, unvouched).await?;
        super::pinning::pin(at, installation).await.map_err(|fault| fault.leaving(Changed::Unsaid))?;
        passkey.proof = Some(proof);
    }
    Ok(Checked { passkey, outcome })
}

/// Whether the journal is whole and wrote this passkey last; how many of its entries nothing vouches for yet.
async fn against_journal(at: &Connection, installation: &Installation, found: &Keys) -> Result<u64, Fault> {
    let mut ledger = Ledger::new(&installation.catalog_id, &installation.instance_id, &[RecordKind::Passkey]);
    let journal_key = found.derived.journal_key();
    loop {
        ledger.follow(at.catalog.as_ref(), Some(&journal_key), |_, _| {}).await?;
        let record = at.catalog.get(RecordKind::Passkey, &found.by.id()).await?;
        let why = ledger.broken().map(|broken| broken.words().to_string());
        let why = why.or_else(|| record.and_then(|record| ledger.standing(&record).words()).map(|why| format!("its record {why}")));
        let Some(why) = why else { return Ok(ledger.link().seq.saturating_sub(ledger.vouched_to())) };
        if at.catalog.last().await?.map_or(0, |entry| entry.seq) == ledger.link().seq {
            let doing = format!("passkey {} is not believed", found.by);
            return Err(Fault::new(Kind::Damaged, doing, why, Act::say("kastellan journal verify")));
        }
    }
}

/// Unwraps, and holds the key against the installation's.
async fn opens(
    at: &Connection,
    installation: &Installation,
    passkey: &Passkey,
    slot: Slot,
    prover: &Prover,
    secrets: &Secrets,
    stop: &Stop,
) -> Result<Keys, Fault> {
    let doing = Text::new(format!("passkey {} does not open {}", passkey.name, installation.name));
    let service = at.services.of(passkey.method).ok_or_else(|| no_service(passkey))?;
    let record = at.catalog.get(RecordKind::Passkey, &passkey.name.id()).await?;
    let clear = record.and_then(|r| r.clear().ok()).unwrap_or_else(Object::new);
    let wrap = wrap_of(&clear, &doing, &passkey.name)?;
    let limit =
        crate::keyservice::Limit { deadline: at.settings.timeout.unwrap_or(std::time::Duration::from_secs(30)), stop: stop.clone() };
    let key = service.unwrap(&wrap, secrets, slot, &limit).await?;
    let keys = Keys::new(key, passkey.name.clone(), prover.clone(), at.host.clock.now());
    let metadata = keys.derived.metadata_key();
    // Under the right master key the record itself must verify too: else it was moved or put back.
    let right = keys.derived.master_key_id() == installation.master_key_id
        && facts::installation(at, Some(&metadata)).await.is_ok()
        && at
            .catalog
            .get(RecordKind::Passkey, &passkey.name.id())
            .await?
            .is_some_and(|r| r.open(&metadata, &installation.catalog_id).is_ok());
    if right {
        return Ok(keys);
    }
    Err(Fault::new(Kind::Damaged, doing, "it holds another master key, or its record was altered", Act::say("kastellan journal verify")))
}

/// A wrong word typed by a person says nothing about a passkey; its own file or a damaged wrap does.
fn tells_of_passkey(fault: &Fault, passkey: &Passkey, prover: &Prover) -> bool {
    match fault.kind {
        Kind::Damaged | Kind::Unreachable => true,
        Kind::Secret => {
            matches!((prover, &passkey.source), (Prover::File, PassphraseSource::File { .. }))
                || matches!(prover, Prover::Secret | Prover::Service)
        }
        _ => false,
    }
}

fn no_service(passkey: &Passkey) -> Fault {
    Fault::refused(format!("cannot check {}", passkey.name), "this build has no such method", Act::say("use a newer Kastellan"))
}

type ProofBatch = (Writes, Proof, String);

async fn success_batch(work: &Work, passkey: &Passkey, prover: &Prover, now: Timestamp) -> Result<ProofBatch, Fault> {
    let old = known_proof(work, &passkey.name).await?;
    let typed = match prover {
        Prover::Person(who) => Some((now, who.clone())),
        _ => old.typed,
    };
    let proof = Proof { opened: Some((now, prover.clone())), typed, failed: None };
    let writes = proof_writes(work, &passkey.name, &passkey.wrap_id, &proof).await?;
    Ok((writes, proof, format!("{} opens ({})", passkey.name, prover.word())))
}

async fn failure_batch(work: &Work, passkey: &Passkey, now: Timestamp, cause: &Text) -> Result<ProofBatch, Fault> {
    let old = known_proof(work, &passkey.name).await?;
    let proof = Proof { failed: Some((now, cause.clone())), ..old };
    let writes = proof_writes(work, &passkey.name, &passkey.wrap_id, &proof).await?;
    Ok((writes, proof, format!("{} does not open: {cause}", passkey.name)))
}

/// The commit that says: this passkey opened now.
pub(super) async fn proof_batch(work: &Work, name: &PasskeyName, prover: &Prover, now: Timestamp) -> Result<Writes, Fault> {
    let Some((_, clear, private)) = work.read(RecordKind::Passkey, &name.id()).await? else {
        return Err(work.gone(&records::called(RecordKind::Passkey, &name.id())));
    };
    let passkey = records::passkey(&clear, Some(&private))
        .map_err(|e| records::record_fault(&work.doing(), &records::called(RecordKind::Passkey, &name.id()), &e.into()))?;
    Ok(success_batch(work, &passkey, prover, now).await?.0)
}

async fn known_proof(work: &Work, name: &PasskeyName) -> Result<Proof, Fault> {
    let found = work.at.catalog.get(RecordKind::Proof, &name.id()).await?;
    let opened = found.and_then(|r| r.open(&work.grant.metadata, &work.installation.catalog_id).ok());
    let proof = opened.and_then(|(clear, _)| records::proof(&clear).ok()).map(|(_, proof)| proof);
    Ok(proof.unwrap_or(Proof { opened: None, typed: None, failed: None }))
}

/// Puts a proof in place of what is known, believed or not.
pub(super) async fn proof_writes(work: &Work, name: &PasskeyName, wrap_id: &str, proof: &Proof) -> Result<Writes, Fault> {
    let old = work.at.catalog.get(RecordKind::Proof, &name.id()).await?;
    let put = work.put(RecordKind::Proof, &name.id(), old.as_ref(), records::proof_members(wrap_id, proof), &Object::new());
    Ok(Writes { puts: vec![put], ..Writes::default() })
}
