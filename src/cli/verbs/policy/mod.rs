//! `policy ...`: named policies; their keys derive from the names.

mod add;
mod list;
mod remove;
mod show;

use crate::cli::call::Call;
use crate::cli::output::End;

/// Policies: each has an encryption key that derives from the master key and its name
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    List(list::Args),
    Show(show::Args),
    Add(add::Args),
    Remove(remove::Args),
}

/// Runs one of them.
///
/// # Errors
/// As the verbs.
pub async fn run(call: &Call, verb: Verb) -> Result<(), End> {
    match verb {
        Verb::List(_) => list::run(call).await,
        Verb::Show(args) => show::run(call, args).await,
        Verb::Add(args) => add::run(call, args).await,
        Verb::Remove(args) => remove::run(call, args).await,
    }
}
