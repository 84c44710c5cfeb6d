//! `artifact rescan LOCATION`.

use crate::cli::call::{Call, location_name};
use crate::cli::change::{self, Ask};
use crate::cli::output::End;
use crate::domain::{Request, Rescan};

/// Read a location through: what it holds comes into the list, what is gone leaves it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which
    #[arg(value_name = "LOCATION")]
    location: String,
}

/// Reads.
///
/// # Errors
/// `Kind::NotFound`; as the location's.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let location = location_name(&args.location)?;
    crate::cli::verbs::location::known(&call.session().await?.facts().await?, &location)?;
    change::change(call, Ask::of(Request::Rescan(Rescan { location }), None)).await
}
