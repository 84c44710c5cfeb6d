//! `dr change-passphrase`.

use crate::cli::call::Call;
use crate::cli::change::{self, Ask};
use crate::cli::families::{Flags, NewDrSecret};
use crate::cli::output::End;
use crate::domain::{DrChange, Request};

/// Change the DR passphrase; archives made so far still open with the older ones
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    new: NewDrSecret,
    /// Remove the archives that open with older ones, once the new one is proved
    #[arg(long)]
    prune_old: bool,
    /// Confirm that removal
    #[arg(long, value_name = "INSTALLATION")]
    confirm: Option<String>,
}

/// Changes.
///
/// # Errors
/// As the locations'; then the one before is still in force.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let request = Request::DrChange(DrChange { prune_old: args.prune_old });
    let families = [args.new.family()];
    change::change(call, Ask { request, families: &families, confirm: args.confirm.as_deref(), carry: None }).await
}
