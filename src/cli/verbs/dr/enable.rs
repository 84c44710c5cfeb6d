//! `dr enable`.

use crate::cli::call::{Call, location_name};
use crate::cli::change::{self, Ask};
use crate::cli::families::{Flags, NewDrSecret};
use crate::cli::output::End;
use crate::domain::{DrEnable, Request};

/// Set DR up: a passphrase of its own, an archive at once, and one after every change from now on
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where archives go; give it once for each
    #[arg(long, value_name = "LOCATION", required = true)]
    location: Vec<String>,
    #[command(flatten)]
    new: NewDrSecret,
}

/// Sets up.
///
/// # Errors
/// As the locations'; then DR is off as before.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let locations = args.location.iter().map(|name| location_name(name)).collect::<Result<Vec<_>, _>>()?;
    let facts = call.session().await?.facts().await?;
    for name in &locations {
        crate::cli::verbs::location::known(&facts, name)?;
    }
    let request = Request::DrEnable(DrEnable { locations });
    change::change(call, Ask { request, families: &[args.new.family()], confirm: None, carry: None }).await
}
