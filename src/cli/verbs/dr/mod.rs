//! `dr ...`: archives of the catalog outside, and the way back.

mod archive;
mod change;
mod check;
mod enable;
pub mod list;
mod passphrases;
mod prune;
pub mod restore;
mod status;
mod switches;

pub use list::{opening, row};

use crate::cli::call::Call;
use crate::cli::output::End;
use crate::domain::may_write;

/// Disaster recovery: archives of this catalog in other places, and the way back from one
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    Enable(enable::Args),
    Status(status::Args),
    Passphrases(passphrases::Args),
    Check(check::Args),
    Archive(archive::Args),
    List(list::Args),
    Restore(restore::Args),
    ChangePassphrase(change::Args),
    Prune(prune::Args),
    TakeOver(switches::TakeOver),
    Disable(switches::Disable),
}

/// Runs one of them.
///
/// # Errors
/// As the verbs.
pub async fn run(call: &Call, verb: Verb) -> Result<(), End> {
    match verb {
        Verb::Enable(args) => enable::run(call, args).await,
        Verb::Status(_) => status::run(call).await,
        Verb::Passphrases(_) => passphrases::run(call).await,
        Verb::Check(args) => check::run(call, args).await,
        Verb::Archive(args) => archive::run(call, args).await,
        Verb::List(args) => list::run(call, args).await,
        Verb::Restore(args) => {
            may_write(call.settings.read_only, "nothing restored")?;
            restore::run(call, args).await
        }
        Verb::ChangePassphrase(args) => change::run(call, args).await,
        Verb::Prune(args) => prune::run(call, args).await,
        Verb::TakeOver(args) => switches::take_over(call, args).await,
        Verb::Disable(args) => switches::disable(call, args).await,
    }
}
