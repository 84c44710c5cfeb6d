//! `artifact ...`: what was sealed under a policy's key into a location.

mod copy;
mod list;
mod open;
mod remove;
mod rescan;
mod seal;
mod show;
mod sweep;
mod verify;

use crate::cli::call::Call;
use crate::cli::output::End;
use crate::domain::Fault;
use crate::ops::Session;

/// Artifacts: what was encrypted with a policy's key and written to a location
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    Seal(seal::Args),
    List(list::Args),
    Show(show::Args),
    Verify(verify::Args),
    Open(open::Args),
    Copy(copy::Args),
    Remove(remove::Args),
    Rescan(rescan::Args),
    Sweep(sweep::Args),
}

/// The whole id of the artifact that `id` begins.
///
/// # Errors
/// `Kind::NotFound`, `Kind::Usage`.
async fn full_id(session: &Session, id: &str) -> Result<String, Fault> {
    Ok(session.artifact(id).await?.into_iter().next().map(|artifact| artifact.id).unwrap_or_default())
}

/// Runs one of them.
///
/// # Errors
/// As the verbs.
pub async fn run(call: &Call, verb: Verb) -> Result<(), End> {
    match verb {
        Verb::Seal(args) => seal::run(call, args).await,
        Verb::List(args) => list::run(call, args).await,
        Verb::Show(args) => show::run(call, args).await,
        Verb::Verify(args) => verify::run(call, args).await,
        Verb::Open(args) => open::run(call, args).await,
        Verb::Copy(args) => copy::run(call, args).await,
        Verb::Remove(args) => remove::run(call, args).await,
        Verb::Rescan(args) => rescan::run(call, args).await,
        Verb::Sweep(args) => sweep::run(call, args).await,
    }
}
