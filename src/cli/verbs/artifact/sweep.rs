//! `artifact sweep LOCATION`.

use crate::cli::call::{Call, location_name};
use crate::cli::change::{self, Ask};
use crate::cli::globals::duration;
use crate::cli::output::End;
use crate::domain::{Request, Sweep};
use std::time::Duration;

/// Remove from a location what seals that never ended left behind
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which
    #[arg(value_name = "LOCATION")]
    location: String,
    /// Only what is older
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration)]
    older_than: Duration,
    /// Confirm it
    #[arg(long, value_name = "LOCATION")]
    confirm: Option<String>,
    /// What this other instance left may go as well
    #[arg(long, value_name = "ID")]
    instance: Option<String>,
}

/// Sweeps.
///
/// # Errors
/// `Kind::NotFound`; as the location's.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let location = location_name(&args.location)?;
    crate::cli::verbs::location::known(&call.session().await?.facts().await?, &location)?;
    let request = Request::Sweep(Sweep { location, older_than: args.older_than.as_secs(), instance: args.instance });
    change::change(call, Ask::of(request, args.confirm.as_deref())).await
}
