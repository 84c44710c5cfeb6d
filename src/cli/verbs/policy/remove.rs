//! `policy remove NAME`.

use crate::cli::call::{Call, policy_name};
use crate::cli::change::{self, Ask};
use crate::cli::output::End;
use crate::domain::{PolicyRemove, Request};

/// Remove a policy; adding the name again brings the same key back
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which
    #[arg(value_name = "NAME")]
    name: String,
}

/// Removes.
///
/// # Errors
/// `Kind::NotFound`, naming the nearest.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let name = policy_name(&args.name)?;
    call.session().await?.policy(&name).await?;
    change::change(call, Ask::of(Request::PolicyRemove(PolicyRemove { name }), None)).await
}
