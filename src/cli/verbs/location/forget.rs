//! `location forget NAME`.

use crate::cli::call::{Call, location_name};
use crate::cli::change::{self, Ask};
use crate::cli::output::End;
use crate::domain::{LocationForget, Request};

/// Forget a location; no object in it is touched
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which
    #[arg(value_name = "NAME")]
    name: String,
    /// Confirm it, where the index knows artifacts in it
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

/// Forgets.
///
/// # Errors
/// `Kind::NotFound`, naming the nearest.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let name = location_name(&args.name)?;
    super::show::known(&call.session().await?.facts().await?, &name)?;
    let request = Request::LocationForget(LocationForget { name });
    change::change(call, Ask::of(request, args.confirm.as_deref())).await
}
