//! `journal ...`: what was done, by whom, and whether the record of it holds.

mod list;
mod verify;

use crate::cli::call::Call;
use crate::cli::output::End;

/// The journal: every operation, chained and vouched for
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    List(list::Args),
    Verify(verify::Args),
}

/// Runs one of them.
///
/// # Errors
/// As the verbs.
pub async fn run(call: &Call, verb: Verb) -> Result<(), End> {
    match verb {
        Verb::List(args) => list::run(call, args).await,
        Verb::Verify(args) => verify::run(call, args).await,
    }
}
