//! `drill ...`: rehearsals of total loss.

mod repeat;
mod report;
mod run;
mod verify;

use crate::cli::call::Call;
use crate::cli::output::End;

/// Drills: rehearse a total loss, without touching what lives
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    Run(Box<run::Args>),
    Verify(verify::Args),
}

/// Runs one of them.
///
/// # Errors
/// As the verbs.
pub async fn run(call: &Call, verb: Verb) -> Result<(), End> {
    match verb {
        Verb::Run(args) => run::run(call, *args).await,
        Verb::Verify(args) => verify::run(call, args).await,
    }
}
