//! `location show NAME`.

use crate::cli::call::{Call, location_name};
use crate::cli::output::End;
use crate::cli::{plan, unlock};
use crate::domain::{Facts, Fault, Location, LocationName, Target, if_location_leaks, if_location_lost};
use crate::ops::Resource;
use std::fmt::Write as _;

/// Show one location; never its secret key
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
        return plan::looks_only(call, "location show");
    }
    let name = location_name(&args.name)?;
    let mut session = call.session().await?;
    unlock::if_given(call, &mut session).await?;
    let facts = session.facts().await?;
    let location = known(&facts, &name)?;
    call.out.one(resource(location), &people(location, &facts), facts.verified)
}

fn people(location: &Location, facts: &Facts) -> String {
    let mut out = format!("Location   {}\nKind       {}\n", location.name, location.kind);
    match &location.target {
        None => out.push_str("Address    locked: encrypted in the catalog\n"),
        Some(target) => {
            let _ = writeln!(out, "Address    {}", target.address());
            if let Target::S3(s3) = target {
                let region = s3.region.as_ref().map_or_else(|| "as AWS's standard chain says".to_owned(), ToString::to_string);
                let by = s3
                    .access_key_id
                    .as_ref()
                    .map_or_else(|| "AWS's standard chain".to_owned(), |id| format!("access key {id}, stored encrypted"));
                let _ = writeln!(out, "Region     {region}\nBy         {by}");
                if let Some(file) = &s3.ca_file {
                    let _ = writeln!(out, "Trusts     {file}");
                }
            }
        }
    }
    let names = if location.hide_policy_names { "hidden: objects carry key ids" } else { "shown: a reader of the location learns them" };
    let _ = writeln!(out, "Policies   {names}\nAdded      {} by {}", location.created_at, location.created_by);
    if location.read_only {
        out.push_str("Written    never: it came with imported data\n");
    }
    let alone = facts.alone.get(&location.name.id()).copied().flatten().unwrap_or(0);
    let _ = writeln!(out, "If leaked  {}\nIf lost    {}", if_location_leaks(location), if_location_lost(location, alone, facts));
    if location.altered {
        out.push_str("Altered    its record was altered outside of Kastellan: kastellan journal verify\n");
    }
    out
}

/// The location of that name.
///
/// # Errors
/// `Kind::NotFound`, naming the nearest.
pub fn known<'a>(facts: &'a Facts, name: &LocationName) -> Result<&'a Location, Fault> {
    facts.location(name).ok_or_else(|| crate::ops::no_location(facts, name))
}

/// As data.
pub fn resource(location: &Location) -> Resource {
    Resource::ours("Location", location.name.as_str(), serde_json::to_value(location).unwrap_or_default())
}
