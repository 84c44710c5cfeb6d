//! `location ...`: places outside, where artifacts and DR archives go.

mod add;
mod check;
mod forget;
mod list;
mod show;

pub use show::known;

use crate::cli::call::Call;
use crate::cli::output::End;

/// Locations: folders and buckets outside, where artifacts and DR archives go
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    List(list::Args),
    Show(show::Args),
    Check(check::Args),
    Add(add::Args),
    Forget(forget::Args),
}

/// Runs one of them.
///
/// # Errors
/// As the verbs.
pub async fn run(call: &Call, verb: Verb) -> Result<(), End> {
    match verb {
        Verb::List(_) => list::run(call).await,
        Verb::Show(args) => show::run(call, args).await,
        Verb::Check(args) => check::run(call, args).await,
        Verb::Add(args) => add::run(call, args).await,
        Verb::Forget(args) => forget::run(call, args).await,
    }
}
