//! `artifact remove ID`.

use crate::cli::call::Call;
use crate::cli::change::{self, Ask};
use crate::cli::output::End;
use crate::domain::{ArtifactRemove, Request};

/// Remove an artifact from every location that has it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which: its id, or the first digits of it
    #[arg(value_name = "ID")]
    id: String,
    /// Confirm it, with the id as lists show it
    #[arg(long, value_name = "ID")]
    confirm: Option<String>,
    /// What this other instance made may go as well
    #[arg(long, value_name = "ID")]
    instance: Option<String>,
}

/// Removes.
///
/// # Errors
/// `Kind::NotFound`; `Kind::Refused` for what another instance made.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let session = call.session().await?;
    let id = super::full_id(&session, &args.id).await?;
    // The whole id confirms it too.
    let confirm = args.confirm.map(|said| if said == id { id[..12].to_owned() } else { said });
    let request = Request::ArtifactRemove(ArtifactRemove { id, instance: args.instance });
    change::change(call, Ask::of(request, confirm.as_deref())).await
}
