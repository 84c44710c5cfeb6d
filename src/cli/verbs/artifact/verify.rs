//! `artifact verify ID|--all`.

use super::list::place;
use crate::cli::call::{Call, location_name};
use crate::cli::output::End;
use crate::cli::progress::{Progress, Unit};
use crate::cli::{plan, unlock};
use crate::domain::{Artifact, ArtifactFilter, Changed, Fault, Kind, count};
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
    let broken = RefCell::new(Vec::<(Artifact, Fault)>::new());
    let watched = call.out.watched();
    let each = |verified: &Verified| {
        progress.end();
        match &verified.outcome {
            Ok(()) if watched => call.out.tell(&format!("whole    {}", place(&verified.artifact))),
            Ok(()) => {}
            Err(fault) => {
                let said = if damaged(fault) { "NOT whole" } else { "not read" };
                call.out.tell(&format!("{said} {}: {}", place(&verified.artifact), fault.cause));
                // All of a million are kept only for who wants them as data; the first one says how it ends, and damage before all else.
                let mut broken = broken.borrow_mut();
                let one = (verified.artifact.clone(), fault.clone());
                match broken.first() {
                    Some((_, first)) if damaged(fault) && !damaged(first) => broken.insert(0, one),
                    Some(_) if call.out.tabular() => {}
                    _ => broken.push(one),
                }
            }
        }
    };
    let told = |artifact: &Artifact| -> Told {
        let (progress, size) = (progress.clone(), artifact.size);
        Box::new(move |done| progress.tell(done, Some(size)))
    };
    let (whole, bad) = session.verify(&scope, told, each, call.signals.stop()).await?;
    let broken = broken.into_inner();
    let body = serde_json::json!({
        "whole": whole,
        "notWhole": broken.iter().map(|(a, fault)| serde_json::json!({ "id": a.id, "location": a.location, "fault": fault })).collect::<Vec<_>>(),
    });
    let people =
        format!("{} whole{}\n", count(whole, "artifact", "artifacts"), if bad == 0 { String::new() } else { format!(", {bad} not") });
    call.out.one(Resource::ours("Verification", "artifacts", body), &people, true)?;
    match broken.into_iter().next() {
        None => Ok(()),
        Some((artifact, fault)) => {
            let all = count(bad + whole, "artifact", "artifacts");
            Err(verdict(fault, format!("{bad} of {all} did not verify, first {}", place(&artifact))).into())
        }
    }
}

/// One that was not read to its end, whatever kept it from that, may be whole.
fn damaged(fault: &Fault) -> bool {
    fault.kind == Kind::Damaged
}

/// How it ends, where `fault` says how the one ended that counts most.
fn verdict(fault: Fault, cause: String) -> Fault {
    let what = if damaged(&fault) { "not all artifacts are whole" } else { "not all artifacts could be read" };
    Fault::new(fault.kind, what, cause, fault.next).leaving(Changed::Unsaid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Act;

    #[test]
    fn only_damage_is_told_as_damage() {
        let ended =
            |kind| verdict(Fault::new(kind, "cannot open artifact", "it ended abnormally", Act::say("kastellan doctor")), "x".into());
        for kind in [Kind::Unexpected, Kind::Refused, Kind::Unreachable, Kind::NotFound] {
            let told = ended(kind);
            assert!(told.kind == kind && !told.to_string().contains("whole"), "{told}");
        }
        let told = ended(Kind::Damaged);
        assert!(told.kind == Kind::Damaged && told.to_string().contains("not all artifacts are whole"), "{told}");
    }
}
