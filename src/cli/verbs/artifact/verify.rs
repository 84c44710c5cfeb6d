//! `artifact verify ID|--all`.

use super::list::place;
use crate::cli::call::{Call, location_name};
use crate::cli::output::End;
use crate::cli::progress::{Progress, Unit};
use crate::cli::{plan, unlock};
use crate::domain::{Act, ArtifactFilter, Changed, Fault, Kind, count};
use crate::ops::{Resource, Scope, Told, Verified};
use std::cell::RefCell;
use std::sync::Arc;

/// Check every tag of an artifact, or of all; damage is noted in the journal
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which: its id, or the first digits of it
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    id: Option<String>,
    /// All of them
    #[arg(long)]
    all: bool,
    /// Go on where the last run over all was stopped
    #[arg(long, requires = "all")]
    resume: bool,
    /// With --all: only of this policy
    #[arg(long, value_name = "POLICY", requires = "all")]
    policy: Option<String>,
    /// With --all: only in this location
    #[arg(long, value_name = "LOCATION", requires = "all")]
    location: Option<String>,
}

/// Verifies.
///
/// # Errors
/// `Kind::Damaged` where one is not whole; `Kind::Interrupted`, after which --resume goes on.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "artifact verify");
    }
    let filter = ArtifactFilter { policy: args.policy, location: args.location.as_deref().map(location_name).transpose()? };
    let mut session = call.session().await?;
    if let Some(id) = &args.id {
        session.artifact(id).await?;
    }
    unlock::unlock(call, &mut session).await?;
    let scope = match &args.id {
        Some(id) => Scope::One(id),
        None => Scope::All { filter: &filter, resume: args.resume },
    };
    let progress = Arc::new(Progress::new(&call.out, Unit::Bytes));
    let broken = RefCell::new(Vec::new());
    let watched = call.out.watched();
    let each = |verified: &Verified| {
        progress.end();
        match &verified.outcome {
            Ok(()) if watched => call.out.tell(&format!("whole    {}", place(&verified.artifact))),
            Ok(()) => {}
            Err(fault) => {
                call.out.tell(&format!("NOT whole {}: {}", place(&verified.artifact), fault.cause));
                // All of a million are kept only for who wants them as data; the first one says how it ends.
                let mut broken = broken.borrow_mut();
                if !call.out.tabular() || broken.is_empty() {
                    broken.push(verified.clone());
                }
            }
        }
    };
    let told = |artifact: &crate::domain::Artifact| -> Told {
        let (progress, size) = (progress.clone(), artifact.size);
        Box::new(move |done| progress.tell(done, Some(size)))
    };
    let (whole, bad) = session.verify(&scope, told, each, call.signals.stop()).await?;
    let broken = broken.into_inner();
    let body = serde_json::json!({
        "whole": whole,
        "notWhole": broken.iter().map(|v| serde_json::json!({ "id": v.artifact.id, "location": v.artifact.location, "fault": v.outcome.as_ref().err() })).collect::<Vec<_>>(),
    });
    let people =
        format!("{} whole{}\n", count(whole, "artifact", "artifacts"), if bad == 0 { String::new() } else { format!(", {bad} not") });
    call.out.one(Resource::ours("Verification", "artifacts", body), &people, true)?;
    match broken.into_iter().next() {
        None => Ok(()),
        Some(first) => {
            let cause =
                format!("{} of {} did not verify, first {}", bad, count(bad + whole, "artifact", "artifacts"), place(&first.artifact));
            let kind = first.outcome.as_ref().err().map_or(Kind::Damaged, |fault| fault.kind);
            // One that cannot be reached, or is not to be, says nothing about its tags.
            let read = !matches!(kind, Kind::Unreachable | Kind::Refused | Kind::Secret);
            let kind = if read { Kind::Damaged } else { kind };
            let next = first.outcome.err().map_or_else(|| Act::say("kastellan artifact list"), |fault| fault.next);
            Err(Fault::new(kind, "not all artifacts are whole", cause, next).leaving(Changed::Unsaid).into())
        }
    }
}
