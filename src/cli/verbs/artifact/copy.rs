//! `artifact copy ID|--policy P --to-location L`.

use crate::cli::call::{Call, location_name};
use crate::cli::change::{self, Ask};
use crate::cli::output::End;
use crate::domain::{ArtifactCopy, Request, Which};

/// Copy artifacts to another location as sealed: header, tags and length are checked, and each is read back
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which: its id, or the first digits of it
    #[arg(value_name = "ID", required_unless_present = "policy", conflicts_with = "policy")]
    id: Option<String>,
    /// All of this policy
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,
    /// Where to
    #[arg(long, value_name = "LOCATION")]
    to_location: String,
}

/// Copies.
///
/// # Errors
/// `Kind::NotFound`; as the locations'.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let to = location_name(&args.to_location)?;
    let session = call.session().await?;
    crate::cli::verbs::location::known(&session.facts().await?, &to)?;
    let which = match (&args.id, args.policy) {
        (Some(id), _) => Which::One(super::full_id(&session, id).await?),
        (None, policy) => Which::Policy(policy.unwrap_or_default().into()),
    };
    change::change(call, Ask::of(Request::ArtifactCopy(ArtifactCopy { which, to }), None)).await
}
