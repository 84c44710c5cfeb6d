//! `passkey ...`: who can open the backups.

mod add;
mod check;
mod list;
mod remove;
mod show;
mod use_now;

use crate::cli::call::Call;
use crate::cli::output::End;

/// Passkeys: each of them opens the backups
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    List(list::Args),
    Show(show::Args),
    Add(add::Args),
    Check(check::Args),
    Use(use_now::Args),
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
        Verb::Check(args) => check::run(call, args).await,
        Verb::Use(args) => use_now::run(call, args).await,
        Verb::Remove(args) => remove::run(call, args).await,
    }
}
