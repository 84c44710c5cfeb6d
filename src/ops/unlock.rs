//! Unlocking: any passkey opens.

use super::{Connection, Keys, facts, work};
use crate::crypto::{Key, Passphrase, Secrets, Slip, Words};
use crate::domain::{Act, Fault, Installation, Kind, Passkey, PasskeyName, Prover, Slot, Stop, Text, Timestamp};
use crate::format::{Entry, RecordKind, Wrap};
use crate::keyservice::Limit;
use std::time::Duration;

/// At most one journal entry for failed unlocks in this many seconds.
const FAILURES_APART: i64 = 60;

/// What else to try when what was entered does not open as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Search {
    /// Nothing.
    #[default]
    None,
    /// A `?` stands for a word that cannot be read: 128 candidates a passkey.
    Unreadable,
    /// Swapped neighbours, and one wrong word anywhere: about 1 500 candidates a passkey.
    Slips,
}

/// How to unlock.
#[derive(Clone, Debug)]
pub struct Unlock {
    /// Only this passkey; None: the one in use first, then the last that worked, then the others.
    pub with: Option<PasskeyName>,
    /// Where the secret came from.
    pub by: Prover,
    /// What else to try.
    pub search: Search,
}

/// What is being tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trying {
    /// The passkey.
    pub passkey: PasskeyName,
    /// Which one of `of`, from 1.
    pub nth: usize,
    /// How many passkeys will be tried.
    pub of: usize,
    /// Candidates tried and in all, during a search.
    pub candidate: Option<(usize, usize)>,
}

/// Tries the secret in [`crate::domain::Slot::UNLOCK`] on the passkeys. Failures are journalled (at most one entry a minute), proofs
/// are written by [`super::Session::admit`].
///
/// # Errors
/// `Kind::Secret` where nothing opens, with the hint that the word list gives; why not, where none could be tried; `Kind::Interrupted`
/// when stopped.
pub async fn unlock(
    at: &Connection,
    how: &Unlock,
    secrets: &Secrets,
    trying: &(dyn Fn(Trying) + Send + Sync),
    stop: &Stop,
) -> Result<Keys, Fault> {
    let installation = facts::installation(at, None).await?;
    let doing = format!("cannot unlock {}", installation.name);
    let candidates = candidates(at, &installation, how).await?;
    let Some(entered) = secrets.get(Slot::UNLOCK.0) else {
        let next = Act::say("supply it: --passphrase-file F, --passphrase-fd N, or a terminal");
        return Err(Fault::new(Kind::Secret, doing, "no passphrase was given", next));
    };
    let words = Words::of(entered.expose());
    let (mut untried, mut failed) = (Vec::new(), 0);
    for (n, passkey) in candidates.iter().enumerate() {
        let Some(way) = way(at, &installation, passkey).await? else { continue };
        let told = |candidate| trying(Trying { passkey: way.name.clone(), nth: n + 1, of: candidates.len(), candidate });
        match try_way(at, &way, entered, words.as_ref(), how.search, &told, stop).await {
            Ok(Some(key)) => return admit_key(&installation, key, &way, how.by.clone(), at.host.clock.now()),
            Ok(None) => failed += 1,
            Err(fault) if fault.kind == Kind::Interrupted => return Err(fault),
            Err(fault) => untried.push((way.name, fault)),
        }
    }
    // What could not be tried says nothing of the passphrase.
    if failed > 0 {
        note_failure(at, &installation, failed).await;
    }
    let mut said = untried.iter().map(|(name, fault)| format!("{name} could not be tried: {}", fault.cause)).collect::<Vec<_>>();
    match untried.into_iter().next() {
        None => Err(nothing_opens(&doing, words.as_ref(), how)),
        Some((_, fault)) if failed == 0 && said.len() == 1 => Err(fault),
        Some((_, fault)) if failed == 0 => Err(Fault { doing: doing.into(), cause: said.join("; ").into(), ..fault }),
        Some(_) => {
            let fault = nothing_opens(&doing, words.as_ref(), how);
            said.insert(0, fault.cause.to_string());
            Err(Fault { cause: said.join("; ").into(), ..fault })
        }
    }
}

/// A passkey to try, with its wrap.
struct Way {
    name: PasskeyName,
    method: crate::domain::Method,
    wrap: Wrap,
}

/// The one in use first, then by when each last worked; a pending passkey counts for nothing.
async fn candidates(at: &Connection, installation: &Installation, how: &Unlock) -> Result<Vec<Passkey>, Fault> {
    let known = facts::gather(at, None, None, crate::domain::LockState::Locked).await?;
    let worked = |p: &Passkey| p.proof.as_ref().and_then(|proof| proof.opened.as_ref()).map_or(i64::MIN, |(at, _)| at.unix());
    let mut passkeys: Vec<Passkey> = match &how.with {
        Some(name) => vec![known.passkey(name).cloned().ok_or_else(|| super::lists::no_passkey(&known, name))?],
        None => known.passkeys.into_iter().filter(|p| !p.pending).collect(),
    };
    passkeys.sort_by_key(|p| (!installation.in_use.same(&p.name), std::cmp::Reverse(worked(p))));
    Ok(passkeys)
}

/// The wrap of a passkey, read when its turn comes: mostly the first one opens. None: it is not of this installation and passkey; its
/// AEAD proves the rest.
async fn way(at: &Connection, installation: &Installation, passkey: &Passkey) -> Result<Option<Way>, Fault> {
    let record = at.catalog.get(RecordKind::Passkey, &passkey.name.id()).await?;
    let wrap = record.and_then(|r| r.clear().ok()).and_then(|o| Wrap::parse(o.text("wrap")?).ok());
    let ours = |wrap: &Wrap| {
        wrap.object().text("catalogId") == Some(installation.catalog_id.as_str())
            && wrap.object().text("passkey") == Some(passkey.name.as_str())
            && wrap.object().text("masterKeyId") == Some(installation.master_key_id.as_str())
    };
    Ok(wrap.filter(ours).map(|wrap| Way { name: passkey.name.clone(), method: passkey.method, wrap }))
}

/// None: the secret does not open it.
async fn try_way(
    at: &Connection,
    way: &Way,
    entered: &Passphrase,
    words: Option<&Words>,
    search: Search,
    told: &(dyn Fn(Option<(usize, usize)>) + Send + Sync),
    stop: &Stop,
) -> Result<Option<Key>, Fault> {
    told(None);
    if let Some(key) = try_one(at, way, entered.duplicate(), stop).await? {
        return Ok(Some(key));
    }
    let candidates: Box<dyn Iterator<Item = Passphrase> + Send> = match (words, search) {
        (Some(words), Search::Unreadable) => Box::new(words.fill()),
        (Some(words), Search::Slips) => Box::new(words.slips()),
        _ => return Ok(None),
    };
    let about = if search == Search::Unreadable { 128 } else { 1547 };
    for (n, candidate) in candidates.enumerate() {
        told(Some((n + 1, about.max(n + 1))));
        if let Some(key) = try_one(at, way, candidate, stop).await? {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

async fn try_one(at: &Connection, way: &Way, passphrase: Passphrase, stop: &Stop) -> Result<Option<Key>, Fault> {
    let Some(service) = at.services.of(way.method) else { return Ok(None) };
    let mut lent = Secrets::new();
    lent.put(Slot::UNLOCK.0, passphrase);
    let limit = Limit { deadline: at.settings.timeout.unwrap_or(Duration::from_secs(30)), stop: stop.clone() };
    match service.unwrap(&way.wrap, &lent, Slot::UNLOCK, &limit).await {
        Ok(key) => Ok(Some(key)),
        Err(fault) if fault.kind == Kind::Secret => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The key must be the installation's, whatever the wrap says of itself.
fn admit_key(installation: &Installation, key: Key, way: &Way, by: Prover, now: Timestamp) -> Result<Keys, Fault> {
    let keys = Keys::new(key, way.name.clone(), by, now);
    let found = keys.derived.master_key_id();
    if found == installation.master_key_id {
        return Ok(keys);
    }
    let cause = format!("{} holds master key {found}, but the installation's is {}", way.name, installation.master_key_id);
    Err(Fault::new(
        Kind::Damaged,
        format!("cannot unlock {}", installation.name),
        cause,
        Act::say("kastellan journal verify; then restore the catalog from a copy you trust"),
    ))
}

fn nothing_opens(doing: &str, words: Option<&Words>, how: &Unlock) -> Fault {
    let unreadable = words.map(Words::unreadable).unwrap_or_default();
    let (hint, next) = match words.and_then(Words::slip) {
        Some(Slip::NotInList(n)) => (
            format!(" (word {n} is not in the word list)"),
            format!("check word {n}, or type ? for a word that you cannot read (128 tries a passkey, about a minute)"),
        ),
        Some(Slip::CheckBits) => (
            " (check bits do not match: a word is wrong or two are swapped)".to_owned(),
            "compare with the envelope word by word, or search for one slip (about 1 500 tries a passkey)".to_owned(),
        ),
        Some(Slip::Count(n)) => {
            (format!(" ({n} words of the list, not 12)"), "enter all twelve words; ? stands for one that you cannot read".to_owned())
        }
        None if unreadable.len() == 1 && how.search == Search::None => {
            (" as it is".to_owned(), "search for the unreadable word (128 tries a passkey, about a minute)".to_owned())
        }
        None if words.is_some_and(Words::sound) => (
            " (the twelve words fit together: they are probably another envelope's)".to_owned(),
            "take the envelope PASSKEY ... of this installation, not that of DR, of a kit or of import data".to_owned(),
        ),
        None => (String::new(), "check Caps Lock and the keyboard layout, or take another envelope".to_owned()),
    };
    let cause = match &how.with {
        Some(name) => format!("{name} does not open with this passphrase{hint}"),
        None => format!("no passkey opens with this passphrase{hint}"),
    };
    Fault::new(Kind::Secret, doing, cause, Act::say(next))
}

/// The only thing that is written while locked.
async fn note_failure(at: &Connection, installation: &Installation, tried: usize) {
    if at.settings.read_only {
        return;
    }
    let now = at.host.clock.now();
    let last = at.catalog.last().await.ok().flatten().and_then(|stored| stored.entry());
    let recent = |e: &Entry| e.verb == Text::from("unlock failed") && (0..FAILURES_APART).contains(&now.since(e.at));
    if last.is_some_and(|e| recent(&e)) {
        return;
    }
    let person = &at.host.person;
    let entry = Entry {
        v: 1,
        at: now,
        person: person.name.clone(),
        account: person.account.clone(),
        host: person.host.clone(),
        terminal: person.terminal.clone(),
        ssh: person.ssh.clone(),
        verb: "unlock failed".into(),
        operation: String::new(),
        step: String::new(),
        what: Text::new(format!("a passphrase opened none of {tried} passkeys")),
        vouches: 0,
        changes: Vec::new(),
    };
    if let Err(fault) = work::commit_entry(at, installation, work::Writes::default(), &entry, None).await {
        tracing::warn!("failed unlock not journalled: {}", fault.line());
    }
}
