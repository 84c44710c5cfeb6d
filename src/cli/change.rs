//! The one way of changing anything: plan, confirm, unlock, begin (which takes the operation lock), secrets, run, receipt.
//!
//! Owns: that order, and what becomes of a file made for a new secret. Must not: decide what is allowed, that is `domain::may`. Next:
//! verbs make a [`Ask`]; `secrets` and `confirm` supply what it needs.

use super::call::Call;
use super::output::{End, Format, tell};
use super::secrets::{self, Gathered, NewSecret, Opened};
use super::{confirm, names, plan, unlock};
use crate::domain::{Changed, Event, Fault, PassphraseSource, Receipt, Request, StepId};
use crate::ops::{Begun, Report, Resource};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a verb asks for.
pub struct Ask<'a> {
    /// The change.
    pub request: Request,
    /// Where a new secret comes from.
    pub new: &'a NewSecret,
    /// `--confirm NAME`.
    pub confirm: Option<&'a str>,
}

/// Carries a change out.
///
/// # Errors
/// As every step on the way.
pub async fn change(call: &Call, ask: Ask<'_>) -> Result<(), End> {
    let mut session = call.session().await?;
    known(&ask.request, &session.facts().await?)?;
    let planned = session.plan(&ask.request).await?;
    if call.globals.plan {
        return plan::show(call, &planned, session.unlocked());
    }
    let source = source(&ask.request);
    secrets::preflight(call, &planned, ask.new, &source)?;
    confirm::before(call, &planned, ask.confirm).await?;
    let opened = unlock::unlock(call, &mut session).await?;
    let fresh = session.plan(&ask.request).await?;
    if fresh.confirm != planned.confirm {
        confirm::before(call, &fresh, ask.confirm).await?;
    }
    let begun = session.begin(&fresh).await?;
    run(call, begun, ask.new, &source, Some(opened)).await
}

/// Gathers the secrets of a begun operation, runs it, says what came of it.
///
/// # Errors
/// As the secrets' and the operation's.
pub async fn run(call: &Call, begun: Begun, new: &NewSecret, source: &PassphraseSource, opened: Option<Opened>) -> Result<(), End> {
    let gathered = secrets::gather(call, &begun.plan().secrets, new, source, opened).await?;
    let Gathered { filled, written, by } = gathered;
    let begun = begun.proved_by(by);
    let last = begun.plan().steps.last().map(|step| step.id.clone());
    let committed = Arc::new(AtomicBool::new(false));
    match begun.run(filled, report(call, last, committed.clone()), call.signals.stop().clone()).await {
        Ok(done) => receipt(call, &done.receipt),
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
fn report(call: &Call, last: Option<StepId>, committed: Arc<AtomicBool>) -> Report {
    let (events, watched) = (call.globals.events, call.out.watched());
    Report::to(move |event| {
        if let Event::StepDone { step, .. } = event
            && Some(step) == last.as_ref()
        {
            committed.store(true, Ordering::SeqCst);
        }
        if events {
            // An event is told before the operation goes on: scripts count on the order.
            if let Ok(line) = serde_json::to_string(event) {
                tell(&line);
            }
        } else if watched {
            match event {
                Event::StepDone { step, result } => tell(&format!("[x] {}: {result}", step.0)),
                Event::StepFailed { step, fault } => tell(&format!("[!] {}: {}", step.0, fault.cause)),
                _ => {}
            }
        }
    })
}

fn receipt(call: &Call, receipt: &Receipt) -> Result<(), End> {
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
