//! `migration ...`: a policy's key leaves as import data, and opens that policy's artifacts elsewhere.

mod export;
mod import;
mod inspect;
mod list;
mod reading;

use crate::cli::call::Call;
use crate::cli::output::End;

/// Migration: carry one policy's key to another installation, and nothing else
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    Export(export::Args),
    Inspect(inspect::Args),
    Import(import::Args),
    List(list::Args),
}

/// Runs one of them.
///
/// # Errors
/// As the verbs.
pub async fn run(call: &Call, verb: Verb) -> Result<(), End> {
    match verb {
        Verb::Export(args) => export::run(call, args).await,
        Verb::Inspect(args) => inspect::run(call, args).await,
        Verb::Import(args) => import::run(call, args).await,
        Verb::List(_) => list::run(call).await,
    }
}
