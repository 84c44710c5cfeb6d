//! Unlocking for verbs: what flags give, what a passkey names, what a person types.
//!
//! Owns: the order of sources, three prompts, hints and searches. Must not: open anything itself, that is `ops`. Next: `change`.

use super::call::{Call, path_of};
use super::output::Out;
use super::prompt::Prompt;
use super::secrets::{self, Opened, PROMPTS};
use crate::crypto::{Passphrase, Secrets, Slip, Words};
use crate::domain::{Act, Counted, Facts, Fault, Installation, Kind, Opens, PasskeyName, PassphraseSource, Prover, Slot, Text};
use crate::ops::{Keys, Search, Session, Talk, Trying, Unlock, unlock as open};
use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::Write as _;
use std::sync::Mutex;

/// Unlocks the session.
///
/// # Errors
/// `Kind::Secret` where nothing opens or nothing was given, naming the flags; `Kind::Interrupted`.
pub async fn unlock(call: &Call, session: &mut Session) -> Result<Opened, Fault> {
    if let Some(opened) = join(call, session).await? {
        return Ok(opened);
    }
    let (keys, secret) = keys(call, session).await?;
    let opened = Opened { by: keys.by.clone(), from: keys.prover.clone(), secret };
    for line in session.admit(keys).await? {
        call.out.note(&line.to_string());
    }
    Ok(opened)
}

/// Unlocks with the keys that the console lends, where it does.
async fn join(call: &Call, session: &mut Session) -> Result<Option<Opened>, Fault> {
    let Some(keys) = call.out.talk.as_ref().and_then(Talk::take_keys) else { return Ok(None) };
    let opened = Opened { by: keys.by.clone(), from: keys.prover.clone(), secret: None };
    session.join(keys).await?;
    Ok(Some(opened))
}

/// Unlocks where flags say how or the console lends its keys, else leaves it locked.
///
/// # Errors
/// As [`unlock`].
pub async fn if_given(call: &Call, session: &mut Session) -> Result<(), Fault> {
    if join(call, session).await?.is_some() {
        return Ok(());
    }
    let globals = &call.globals;
    if globals.passphrase_file.is_empty() && globals.passphrase_fd.is_none() && globals.unlock_with.is_none() {
        return Ok(());
    }
    unlock(call, session).await.map(|_| ())
}

/// The unlocked session of the catalog that is here, where it is of this installation; a person is asked for a secret, saying why.
///
/// # Errors
/// As [`unlock`].
pub async fn here(call: &Call, catalog_id: &str, why: &str) -> Result<Option<Session>, Fault> {
    let Some(connection) = call.connect()? else { return Ok(None) };
    let mut session = Session::open(connection).await?;
    if session.facts().await?.installation.is_none_or(|i| i.catalog_id != catalog_id) {
        return Ok(None);
    }
    if call.prompt().is_some() {
        call.out.note(why);
        unlock(call, &mut session).await?;
    } else {
        if_given(call, &mut session).await?;
    }
    Ok(Some(session))
}

type Found = (Keys, Option<Passphrase>);

async fn keys(call: &Call, session: &Session) -> Result<Found, Fault> {
    let with = secrets::unlocking_passkey(call)?;
    let facts = session.facts().await?;
    if let Some(name) = &with {
        super::names::passkey(&facts, name, &Text::new("cannot unlock"))?;
    }
    if let Some((secret, by)) = secrets::given(call).await? {
        return attempt(call, session, secret, by, with, Search::None).await;
    }
    let failed = match source_file(&facts, with.as_ref()) {
        None => None,
        Some((name, path)) => match secrets::from_file(&path_of(&path)) {
            Ok(secret) => match attempt(call, session, secret, Prover::File, Some(name), Search::None).await {
                Err(fault) if fault.kind == Kind::Secret => Some(fault),
                ended => return ended,
            },
            Err(fault) => Some(fault),
        },
    };
    match call.prompt() {
        Some(prompt) => {
            if let Some(fault) = &failed {
                prompt.say(&fault.line());
            }
            ask(call, session, &facts, with, &prompt).await
        }
        None => Err(failed.unwrap_or_else(|| not_given(&facts))),
    }
}

/// The passkey that is tried first, where it names a file with its passphrase.
fn source_file(facts: &Facts, with: Option<&PasskeyName>) -> Option<(PasskeyName, Text)> {
    let name = with.or(facts.installation.as_ref().map(|i| &i.in_use))?;
    match facts.passkey(name) {
        Some(passkey) => match &passkey.source {
            PassphraseSource::File { path } => Some((passkey.name.clone(), path.clone())),
            _ => None,
        },
        None => None,
    }
}

async fn ask(call: &Call, session: &Session, facts: &Facts, with: Option<PasskeyName>, prompt: &Prompt) -> Result<Found, Fault> {
    let mut label = introduction(facts, with.as_ref());
    let mut last = not_given(facts);
    for _ in 0..PROMPTS {
        let entered = prompt.secret(&format!("{label}passphrase: ")).await?;
        let words = Words::of(&entered);
        let search = match words.as_ref().map(|words| words.unreadable().len()) {
            Some(1) => Search::Unreadable,
            Some(2..) => {
                label = "only one word may be replaced by ?\n".into();
                continue;
            }
            _ => Search::None,
        };
        let secret = match Passphrase::entered(&entered) {
            Ok(secret) => secret,
            Err(e) => {
                label = format!("not taken: {e}\n");
                continue;
            }
        };
        let again = secret.duplicate();
        last = match attempt(call, session, secret, call.person(), with.clone(), search).await {
            Err(fault) if fault.kind == Kind::Secret => fault,
            ended => return ended,
        };
        label.clear();
        if words.is_none() || search != Search::None {
            label = format!("{}\n", last.line());
        } else if prompt.yes(&format!("{}\n{}", last.line(), slips(words.as_ref()))).await? {
            last = match attempt(call, session, again, call.person(), with.clone(), Search::Slips).await {
                Err(fault) if fault.kind == Kind::Secret => fault,
                ended => return ended,
            };
            label = format!("{}\n", last.line());
        }
        label.push_str("Caps Lock? Keyboard layout? Another envelope? In twelve words, ? stands for one that you cannot read.\n");
    }
    Err(last)
}

/// The search is offered with what it costs: where the list tells which word is wrong, only that one is searched for.
fn slips(words: Option<&Words>) -> &'static str {
    match words.and_then(Words::slip) {
        Some(Slip::NotInList(_)) => "Search for that word (about 150 tries a passkey, about a minute at most; Ctrl-C stops)?",
        _ => "Search for swapped neighbours, then one wrong word (up to 1500 tries a passkey, many minutes; Ctrl-C stops)?",
    }
}

/// Names the envelopes wanted.
fn introduction(facts: &Facts, with: Option<&PasskeyName>) -> String {
    let Some(installation) = &facts.installation else { return String::new() };
    let mut wanted: Vec<_> = facts.passkeys.iter().filter(|p| with.map_or(!p.pending, |name| p.name.same(name))).collect();
    // One that is known not to open is named only where there is no better one.
    if wanted.iter().any(|p| p.opens(&facts.ages, facts.now) != Opens::No) {
        wanted.retain(|p| p.opens(&facts.ages, facts.now) != Opens::No);
    }
    wanted.sort_by_key(|p| !facts.in_use(&p.name));
    let more = wanted.len().saturating_sub(8);
    let any = if wanted.len() > 1 { " (any of these opens it)" } else { "" };
    let mut out = format!("Unlock {}{any}:\n", installation.title());
    for passkey in wanted.iter().take(8) {
        let envelope = Installation::envelope(&passkey.name, &installation.name, installation.short_id(), &passkey.created_at.day());
        let _ = writeln!(out, "  {envelope}");
    }
    if more > 0 {
        let _ = writeln!(out, "  and {more} more");
    }
    out
}

fn not_given(facts: &Facts) -> Fault {
    let name = facts.installation.as_ref().map(|i| i.name.to_string()).unwrap_or_default();
    let next = Act::say("use --passphrase-file FILE or --passphrase-fd N, or run it on a terminal");
    Fault::new(Kind::Secret, format!("cannot unlock {name}"), "no passphrase was given", next)
}

async fn attempt(
    call: &Call,
    session: &Session,
    secret: Passphrase,
    by: Prover,
    with: Option<PasskeyName>,
    search: Search,
) -> Result<Found, Fault> {
    let kept = (search == Search::None).then(|| secret.duplicate());
    let mut slots = Secrets::new();
    slots.put(Slot::UNLOCK.0, secret);
    let watch = Watch::new(&call.out);
    let how = Unlock { with, by, search };
    let ended = open(session.connection(), &how, &slots, &|trying| watch.tell(&trying), call.signals.stop()).await;
    watch.clear();
    ended.map(|keys| (keys, kept))
}

/// Shows what is being tried, where a person watches.
struct Watch {
    out: Out,
    bar: Mutex<Option<(usize, ProgressBar)>>,
}

impl Watch {
    fn new(out: &Out) -> Self {
        Self { out: out.clone(), bar: Mutex::new(None) }
    }

    fn tell(&self, trying: &Trying) {
        if !self.out.watched() {
            return;
        }
        match trying.candidate {
            None if trying.of > 1 => self.out.tell(&format!("trying {} of {}: {}", trying.nth, trying.of, trying.passkey)),
            None => {}
            Some((done, all)) => {
                if let Some(talk) = &self.out.talk {
                    return talk.counted(Counted { done: done as u64, total: Some(all as u64), bytes: false });
                }
                let Ok(mut bar) = self.bar.lock() else { return };
                if bar.as_ref().is_some_and(|(nth, _)| *nth != trying.nth)
                    && let Some((_, bar)) = bar.take()
                {
                    bar.finish_and_clear();
                }
                let (_, bar) = bar.get_or_insert_with(|| {
                    let style = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len}, {eta} to go").map(|s| s.progress_chars("=> "));
                    let bar =
                        ProgressBar::new(all as u64).with_message(format!("trying {} of {}: {}", trying.nth, trying.of, trying.passkey));
                    (trying.nth, bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
                });
                bar.set_position(done as u64);
            }
        }
    }

    fn clear(&self) {
        if let Some(talk) = &self.out.talk {
            talk.counted_all();
        }
        if let Ok(mut bar) = self.bar.lock()
            && let Some((_, bar)) = bar.take()
        {
            bar.finish_and_clear();
        }
    }
}
