//! `policy add NAME`.

use crate::cli::call::{Call, policy_name};
use crate::cli::change::{self, Ask};
use crate::cli::output::End;
use crate::domain::{Kind, PolicyAdd, Request};

/// Add a policy
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Its name: a-z, 0-9, - and ., at most 253
    #[arg(value_name = "NAME")]
    name: String,
    /// Succeed where it exists already
    #[arg(long)]
    if_absent: bool,
}

/// Adds.
///
/// # Errors
/// `Kind::Refused` where it exists.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let name = policy_name(&args.name)?;
    if args.if_absent {
        // A policy is its name: one that exists is the same one.
        match call.session().await?.policy(&name).await {
            Ok(_) => {
                call.out.note(&format!("policy {name} is there already: nothing to do"));
                return Ok(());
            }
            Err(fault) if fault.kind == Kind::NotFound => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    change::change(call, Ask::of(Request::PolicyAdd(PolicyAdd { name }), None)).await
}
