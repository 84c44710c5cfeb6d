//! `dr take-over` and `dr disable`.

use crate::cli::call::Call;
use crate::cli::change::{self, Ask};
use crate::cli::output::End;
use crate::domain::Request;

/// Own a restored installation: the one before is gone for good
#[derive(Debug, clap::Args)]
pub struct TakeOver {
    /// Confirm it
    #[arg(long, value_name = "INSTALLATION")]
    confirm: Option<String>,
}

/// Make no more archives; those made so far stay
#[derive(Debug, clap::Args)]
pub struct Disable {
    /// Confirm it
    #[arg(long, value_name = "INSTALLATION")]
    confirm: Option<String>,
}

/// Takes over.
///
/// # Errors
/// `Kind::Refused` where it is the owner already.
pub async fn take_over(call: &Call, args: TakeOver) -> Result<(), End> {
    change::change(call, Ask::of(Request::DrTakeOver, args.confirm.as_deref())).await
}

/// Turns off.
///
/// # Errors
/// `Kind::Refused` where it is off.
pub async fn disable(call: &Call, args: Disable) -> Result<(), End> {
    change::change(call, Ask::of(Request::DrDisable, args.confirm.as_deref())).await
}
