//! `policy show NAME`.

use crate::cli::call::{Call, policy_name};
use crate::cli::output::End;
use crate::cli::{plan, unlock};
use crate::domain::{if_policy_leaks, if_policy_lost};
use crate::ops::Resource;

/// Show one policy; never its key
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which
    #[arg(value_name = "NAME")]
    name: String,
}

/// Shows.
///
/// # Errors
/// `Kind::NotFound`, naming the nearest.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "policy show");
    }
    let name = policy_name(&args.name)?;
    let mut session = call.session().await?;
    unlock::if_given(call, &mut session).await?;
    let policy = session.policy(&name).await?;
    let altered = if policy.altered { "Altered    its record was altered outside of Kastellan: kastellan journal verify\n" } else { "" };
    let people = format!(
        "Policy     {}\nKey id     {}\nAdded      {} by {}\nKey        derived from the master key and the name when needed; never stored, never shown\n\
         If leaked  {}\nIf lost    {}\n{altered}",
        policy.name,
        policy.key_id,
        policy.created_at,
        policy.created_by,
        if_policy_leaks(&policy.name),
        if_policy_lost()
    );
    call.out.one(Resource::policy(&policy), &people, session.unlocked())
}
