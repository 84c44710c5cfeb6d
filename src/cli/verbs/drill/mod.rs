//! `drill ...`: rehearsals of total loss.

mod import;
mod list;
mod repeat;
mod report;
mod run;
mod show;
mod verify;

use crate::cli::call::Call;
use crate::cli::output::End;

/// Drills: rehearse a total loss, without touching what lives
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    Run(Box<run::Args>),
    List(list::Args),
    Show(show::Args),
    Verify(verify::Args),
    Import(import::Args),
}

/// Runs one of them.
///
/// # Errors
/// As the verbs.
pub async fn run(call: &Call, verb: Verb) -> Result<(), End> {
    match verb {
        Verb::Run(args) => Box::pin(run::run(call, *args)).await,
        Verb::List(args) => list::run(call, args).await,
        Verb::Show(args) => show::run(call, args).await,
        Verb::Import(args) => import::run(call, args).await,
        Verb::Verify(args) => verify::run(call, args).await,
    }
}
