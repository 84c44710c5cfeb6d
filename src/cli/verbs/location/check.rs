//! `location check NAME`.

use crate::cli::call::{Call, location_name};
use crate::cli::output::{End, Format, Table};
use crate::cli::{plan, unlock};
use crate::domain::{Act, Changed, Fault, Intent, Kind, Location};
use crate::ops::{Resource, Right};

/// Write, read back, list and delete a probe in a location, and say which right is missing
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which
    #[arg(value_name = "NAME")]
    name: String,
}

/// Checks.
///
/// # Errors
/// `Kind::Unreachable` where a right is missing; `Kind::Refused` for an address that nobody confirmed on this machine.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "location check");
    }
    let name = location_name(&args.name)?;
    let mut session = call.session().await?;
    super::show::known(&session.facts().await?, &name)?;
    unlock::unlock(call, &mut session).await?;
    let (location, rights) = match session.check_location(&name, call.globals.yes).await {
        // An address that came with the catalog is used once a person confirmed it.
        Err(fault) if fault.kind == Kind::Refused && !call.globals.yes => match call.prompt() {
            Some(prompt) if prompt.yes(&format!("{}.\nUse it from now on?", fault.line())).await? => {
                session.check_location(&name, true).await?
            }
            _ => return Err(fault.into()),
        },
        other => other?,
    };
    let missing = rights.iter().find_map(|right| right.outcome.as_ref().err()).cloned();
    let mut table = Table::new(&["RIGHT", "ANSWER", "WHY"], "");
    for right in &rights {
        let (answer, why) = match &right.outcome {
            Ok(()) => ("YES", String::new()),
            Err(fault) => ("NO", fault.line()),
        };
        table.row(vec![right.name.to_string(), answer.into(), why]);
    }
    let people = format!("{}  {}\n{}", location.name, address(&location), table.render(call.out.color));
    call.out.one(body(&location, &rights), if call.out.format == Format::Name { "" } else { &people }, true)?;
    match missing {
        None => Ok(()),
        Some(fault) => {
            let next = Act { say: fault.next.say.clone(), does: None::<Intent> };
            let cause = format!("it does not let us {}", lacking(&rights));
            Err(Fault::new(Kind::Unreachable, format!("location {name} cannot be used"), cause, next).leaving(Changed::Unsaid).into())
        }
    }
}

fn lacking(rights: &[Right]) -> String {
    let names: Vec<&str> = rights.iter().filter(|right| right.outcome.is_err()).map(|right| right.name).collect();
    names.join(", ")
}

fn address(location: &Location) -> String {
    location.target.as_ref().map(|target| target.address().to_string()).unwrap_or_default()
}

fn body(location: &Location, rights: &[Right]) -> Resource {
    let each = rights.iter().map(|right| serde_json::json!({ "right": right.name, "fault": right.outcome.as_ref().err() }));
    let rights: Vec<_> = each.collect();
    Resource::ours("LocationCheck", location.name.as_str(), serde_json::json!({ "address": address(location), "rights": rights }))
}
