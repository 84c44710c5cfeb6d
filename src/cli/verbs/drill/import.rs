//! `drill import FILE`: a drill that was run elsewhere, into the history.

use super::verify;
use crate::cli::call::Call;
use crate::cli::output::End;
use crate::cli::{plan, unlock};
use crate::domain::Text;
use crate::ops::{Noted, Resource};
use std::path::PathBuf;

/// Put the report of a drill that was run on another machine into the history; its signature must be this installation's
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The report, JSON; its signature lies beside it, as FILE.sig
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Imports.
///
/// # Errors
/// `Kind::Damaged` for a signature that does not hold; `Kind::Refused` for another installation's report.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "drill import");
    }
    let (json, signature) = verify::read(&args.file)?;
    let mut session = call.session().await?;
    unlock::unlock(call, &mut session).await?;
    let (done, noted) = session.note_drill(&json, Some(&signature), None).await?;
    let how = if noted == Noted::New { "is in the history now" } else { "was in the history already" };
    let ended = if done.passed { "passed" } else { "failed" };
    let people = format!("drill {} of {} {how}: it {ended}\n", Text::new(done.scenario.to_string()), done.began_at);
    call.out.one(Resource::ours("Drill", &done.id, serde_json::to_value(&done).unwrap_or_default()), &people, true)
}
