//! `dr archive`.

use crate::cli::call::Call;
use crate::cli::change::{self, Ask};
use crate::cli::output::End;
use crate::domain::{DrArchive, Request};

/// Make an archive in every location, and prove each by reading it back
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only where something changed since the last one: for timers
    #[arg(long)]
    if_needed: bool,
}

/// Archives.
///
/// # Errors
/// `Kind::Unreachable` where no location took one.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    change::change(call, Ask::of(Request::DrArchive(DrArchive { if_needed: args.if_needed }), None)).await
}
