//! `kit ...`: one sealed file with all that must survive outside.

pub mod check;
mod make;
pub mod reading;

use crate::cli::call::Call;
use crate::cli::output::End;

/// Recovery kits: one sealed file with all that must survive outside
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    Make(make::Args),
    Check(check::Args),
}

/// Runs one of them.
///
/// # Errors
/// As the verbs.
pub async fn run(call: &Call, verb: Verb) -> Result<(), End> {
    match verb {
        Verb::Make(args) => make::run(call, args).await,
        Verb::Check(args) => check::run(call, args).await,
    }
}
