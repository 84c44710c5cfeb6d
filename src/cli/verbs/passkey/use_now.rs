//! `passkey use NAME`.

use crate::cli::call::{Call, passkey_name};
use crate::cli::change::{self, Ask};
use crate::cli::output::End;
use crate::domain::{PasskeyUse, Request};

/// Put a proved passkey in use: it is tried first at unlock
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which
    #[arg(value_name = "NAME")]
    name: String,
}

/// Puts it in use.
///
/// # Errors
/// As the operation.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let request = Request::PasskeyUse(PasskeyUse { name: passkey_name(&args.name)? });
    change::change(call, Ask::of(request, None)).await
}
