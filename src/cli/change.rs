//! The one way of changing anything: plan, confirm, unlock, begin (which takes the operation lock), secrets, run, receipt.
//!
//! Owns: that order, and what becomes of a file made for a new secret. Must not: decide what is allowed, that is `domain::may`. Next:
//! verbs make a [`Ask`]; `secrets` and `confirm` supply what it needs.

use super::call::Call;
use super::families::Family;
use super::output::{End, Format};
use super::progress::{Progress, Unit};
use super::secrets::{self, Gathered, Opened};
use super::{confirm, names, plan, unlock};
use crate::crypto::Passphrase;
use crate::domain::{Changed, Event, Fault, PassphraseSource, Receipt, Request, Slot, StepId};
use crate::ops::{self, ARCHIVE_WAIT, Begun, Done, Followed, Report, Resource, Session};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a verb asks for.
pub struct Ask<'a> {
    /// The change.
    pub request: Request,
    /// Where its secrets come from.
    pub families: &'a [Family],
    /// `--confirm NAME`.
    pub confirm: Option<&'a str>,
    /// A secret that the verb has already, and its slot.
    pub carry: Option<(Slot, Passphrase)>,
}

impl<'a> Ask<'a> {
    /// A change that needs no secrets of its own.
    pub fn of(request: Request, confirm: Option<&'a str>) -> Self {
        Self { request, families: &[], confirm, carry: None }
    }
}

/// Carries a change out.
///
/// # Errors
/// As every step on the way.
pub async fn change(call: &Call, ask: Ask<'_>) -> Result<(), End> {
    match carry_out(call, ask, |_| Ok(())).await? {
        Some(done) => receipt(call, &done.receipt),
        None => Ok(()),
    }
}

/// The same, with what came of it in place of its receipt; None where it was only planned. What was made for the person alone is kept
/// before anything is waited for: it is nowhere else.
///
/// # Errors
/// As every step on the way.
pub async fn carry_out(call: &Call, ask: Ask<'_>, keep: impl FnOnce(&Done) -> Result<(), End>) -> Result<Option<Done>, End> {
    let mut session = call.session().await?;
    known(&ask.request, &session.facts().await?)?;
    let planned = session.plan(&ask.request).await?;
    if call.globals.plan {
        return plan::show(call, &planned, session.unlocked()).map(|()| None);
    }
    let source = source(&ask.request);
    let wants_archive = ask.request.wants_archive();
    secrets::preflight(call, &planned, ask.families, &source)?;
    confirm::before(call, &planned, ask.confirm).await?;
    let opened = unlock::unlock(call, &mut session).await?;
    let fresh = session.plan(&ask.request).await?;
    if fresh.confirm != planned.confirm {
        confirm::before(call, &fresh, ask.confirm).await?;
    }
    let begun = session.begin(&fresh).await?;
    let done = finish(call, begun, ask.families, &source, Some(opened), ask.carry).await?;
    let kept = keep(&done);
    if wants_archive {
        archive_after(call, &session).await;
    }
    kept.map(|()| Some(done))
}

/// The archive that follows a change: a debt is told, and left to the next one.
pub async fn archive_after(call: &Call, session: &Session) {
    if call.globals.defer_archive {
        return;
    }
    match ops::archive_after(session, call.globals.archive_wait.unwrap_or(ARCHIVE_WAIT), call.signals.stop()).await {
        Followed::NotDue => {}
        Followed::Made(lines) => lines.iter().for_each(|line| call.out.note(&format!("DR archive: {line}"))),
        Followed::Debt(why) => {
            call.out.tell(&format!("this change is in no DR archive yet: {why}\nnext: kastellan dr status; kastellan dr archive"));
        }
    }
}

/// Gathers the secrets of a begun operation, runs it, says what came of it.
///
/// # Errors
/// As the secrets' and the operation's.
pub async fn run(call: &Call, begun: Begun, families: &[Family], source: &PassphraseSource, opened: Option<Opened>) -> Result<(), End> {
    let done = finish(call, begun, families, source, opened, None).await?;
    receipt(call, &done.receipt)
}

async fn finish(
    call: &Call,
    begun: Begun,
    families: &[Family],
    source: &PassphraseSource,
    opened: Option<Opened>,
    carry: Option<(Slot, Passphrase)>,
) -> Result<Done, End> {
    let gathered = secrets::gather(call, &begun.plan().secrets, families, source, opened).await?;
    let Gathered { mut filled, written, by } = gathered;
    if let Some((slot, secret)) = carry {
        filled.put(slot.0, secret);
    }
    let begun = begun.proved_by(by);
    let last = begun.plan().steps.last().map(|step| step.id.clone());
    let committed = Arc::new(AtomicBool::new(false));
    let bytes = !matches!(begun.plan().request, Request::Rescan(_));
    match begun.run(filled, report(call, bytes, last, committed.clone()), call.signals.stop().clone()).await {
        Ok(done) => Ok(done),
        Err(fault) => {
            // A passphrase that may be in the catalog by now is worth more than a tidy folder.
            if let Some(written) = written
                && fault.state == Changed::Nothing
                && !committed.load(Ordering::SeqCst)
            {
                written.take_back();
            }
            Err(fault.into())
        }
    }
}

/// Names that the request takes for granted, checked first so that a slip is answered with the right one.
fn known(request: &Request, facts: &crate::domain::Facts) -> Result<(), Fault> {
    let name = match request {
        Request::PasskeyUse(r) => Some(&r.name),
        Request::PasskeyRemove(r) => Some(&r.name),
        Request::Rotate(r) => r.retire.as_ref(),
        _ => None,
    };
    match name {
        Some(name) => names::passkey(facts, name, &request.failing()).map(|_| ()),
        None => Ok(()),
    }
}

/// Where the request says that the secret is found.
fn source(request: &Request) -> PassphraseSource {
    match request {
        Request::Init(r) => r.source.clone(),
        Request::PasskeyAdd(r) => r.source.clone(),
        Request::Rotate(r) => r.source.clone(),
        _ => PassphraseSource::Prompt,
    }
}

/// Tells events: as JSON lines where that is asked for, else to a person who watches. Notes when the last step is done.
fn report(call: &Call, bytes: bool, last: Option<StepId>, committed: Arc<AtomicBool>) -> Report {
    let (events, watched, out) = (call.globals.events, call.out.watched(), call.out.clone());
    let unit = if bytes { Unit::Bytes } else { Unit::Things };
    let progress = Progress::new(&call.out, unit);
    Report::to(move |event| {
        if let Event::StepDone { step, .. } = event
            && Some(step) == last.as_ref()
        {
            committed.store(true, Ordering::SeqCst);
        }
        if events {
            // An event is told before the operation goes on: scripts count on the order.
            if let Ok(line) = serde_json::to_string(event) {
                out.tell(&line);
            }
        } else if watched {
            if matches!(event, Event::StepDone { .. } | Event::StepFailed { .. }) {
                progress.end();
            }
            match event {
                Event::Progress { done, total, .. } => progress.tell(*done, *total),
                Event::StepDone { step, result } => out.tell(&format!("[x] {}: {result}", step.0)),
                Event::StepFailed { step, fault } => out.tell(&format!("[!] {}: {}", step.0, fault.cause)),
                _ => {}
            }
        }
    })
}

/// The receipt where standard output holds something else: as notes.
pub fn receipt_aside(call: &Call, receipt: &Receipt) {
    for line in &receipt.lines {
        call.out.note(&line.to_string());
    }
}

/// Writes what came of it.
///
/// # Errors
/// As writing.
pub fn receipt(call: &Call, receipt: &Receipt) -> Result<(), End> {
    if matches!(call.out.format, Format::Table | Format::Wide) {
        if !call.out.quiet {
            let lines: Vec<String> = receipt.lines.iter().map(|line| line.to_string() + "\n").collect();
            call.out.data(&lines.concat())?;
            for act in &receipt.next {
                call.out.note(&format!("next: {}", act.say));
            }
        }
        return Ok(());
    }
    let body = serde_json::to_value(receipt).unwrap_or_default();
    call.out.one(Resource::ours("Receipt", &receipt.operation, body), "", true)
}
