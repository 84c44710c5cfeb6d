//! `location add NAME`.

use crate::cli::call::{Call, location_name};
use crate::cli::change::{self, Ask};
use crate::cli::families::Flags;
use crate::cli::output::End;
use crate::cli::place::Loc;
use crate::cli::unlock;
use crate::domain::{Act, Fault, Location, LocationAdd, Request};

/// Add a location: it is written to, read from, listed and cleaned up once, to prove that it can be used
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    place: Loc,
    /// Objects in it carry a policy's key id in place of its name
    #[arg(long)]
    hide_policy_names: bool,
    /// Succeed where the same location exists already
    #[arg(long)]
    if_absent: bool,
}

/// Adds.
///
/// # Errors
/// `Kind::Unreachable`, naming what the location does not let us do; `Kind::Refused` where the name exists.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let name = location_name(&args.name)?;
    let wanted = LocationAdd { name, target: args.place.need()?, hide_policy_names: args.hide_policy_names };
    if args.if_absent {
        let mut session = call.session().await?;
        if session.facts().await?.location(&wanted.name).is_some() {
            // Where it is, is encrypted: only unlocked can it be compared.
            unlock::unlock(call, &mut session).await?;
            if let Some(found) = session.facts().await?.location(&wanted.name) {
                return existing(call, found, &wanted);
            }
        }
    }
    let families = [args.place.family()];
    change::change(call, Ask { request: Request::LocationAdd(wanted), families: &families, confirm: None, carry: None }).await
}

fn existing(call: &Call, found: &Location, wanted: &LocationAdd) -> Result<(), End> {
    let mut differences = Vec::new();
    if found.target.as_ref() != Some(&wanted.target) {
        let at = found.target.as_ref().map(|target| target.address().to_string()).unwrap_or_default();
        differences.push(format!("it is at {at}, not {}", wanted.target.address()));
    }
    if found.hide_policy_names != wanted.hide_policy_names {
        differences.push("it hides policy names, or does not, as it was added".into());
    }
    if found.altered {
        differences.push("its record was altered".into());
    }
    if differences.is_empty() {
        call.out.note(&format!("location {} is there already: nothing to do", found.name));
        return Ok(());
    }
    let cause = format!("location {} exists, and differs: {}", found.name, differences.join(", "));
    Err(Fault::refused(Request::LocationAdd(wanted.clone()).failing(), cause, Act::say("choose another name")).into())
}
