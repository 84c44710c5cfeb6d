//! `passkey remove NAME`.

use crate::cli::call::{Call, passkey_name};
use crate::cli::change::{self, Ask};
use crate::cli::output::End;
use crate::domain::{PasskeyRemove, Request};

/// Remove a passkey; another one must be proved, and must have unlocked
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which
    #[arg(value_name = "NAME")]
    name: String,
    /// Confirm: the same name again
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    /// So many kept DR archives may be left without any passkey that opens them
    #[arg(long, value_name = "COUNT")]
    shut_archives: Option<u64>,
}

/// Removes.
///
/// # Errors
/// As the operation.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let request = Request::PasskeyRemove(PasskeyRemove { name: passkey_name(&args.name)?, shut_archives: args.shut_archives });
    change::change(call, Ask::of(request, args.confirm.as_deref())).await
}
