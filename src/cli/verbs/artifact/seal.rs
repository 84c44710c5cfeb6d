//! `artifact seal PATH...|-`.

use crate::cli::call::{Call, location_name, policy_name};
use crate::cli::change::{self, Ask};
use crate::cli::output::End;
use crate::domain::{Act, ArtifactKind, Changed, Facts, Fault, Kind, LocationName, Request, Seal, Text};
use std::path::PathBuf;

/// Seal a file, a folder, several paths or standard input into a location
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What: a file as it is, a folder or several paths as a tar stream; -: standard input as it is
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Under the key of this policy
    #[arg(long, value_name = "POLICY")]
    policy: String,
    /// Into this location (default: the only one there is)
    #[arg(long, value_name = "LOCATION")]
    location: Option<String>,
    /// Its name, kept encrypted (default: the paths')
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// What it holds: data, or Kubernetes manifests, whose kinds and names are then kept encrypted
    #[arg(long, value_name = "KIND", value_parser = ["data", "manifests"], default_value = "data")]
    kind: String,
    /// A remark, kept encrypted
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// Seals.
///
/// # Errors
/// `Kind::NotFound` for a policy, location or path that is not there; as the location's.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let stdin = args.paths.iter().any(|path| path.as_os_str() == "-");
    if stdin && args.paths.len() > 1 {
        let next = Act::say("name paths, or - alone");
        let fault = Fault::new(Kind::Usage, "nothing sealed", "standard input (-) stands beside other paths", next);
        return Err(fault.leaving(Changed::Unsaid).into());
    }
    let policy = policy_name(&args.policy)?;
    let location = match &args.location {
        Some(name) => location_name(name)?,
        None => only(&call.session().await?.facts().await?)?,
    };
    let request = Request::Seal(Seal {
        policy,
        location,
        paths: if stdin { Vec::new() } else { args.paths },
        kind: if args.kind == "manifests" { ArtifactKind::Manifests } else { ArtifactKind::File },
        name: args.name.map(Text::new),
        note: args.note.map(Text::new),
    });
    change::change(call, Ask::of(request, None)).await
}

/// The only location that can be written to.
fn only(facts: &Facts) -> Result<LocationName, Fault> {
    let own: Vec<_> = facts.locations.iter().filter(|l| !l.read_only && !l.altered).collect();
    let refuse = |cause: &str, next: &str| Err(Fault::new(Kind::Usage, "nothing sealed", cause, Act::say(next)).leaving(Changed::Unsaid));
    match own.as_slice() {
        [one] => Ok(one.name.clone()),
        [] => refuse("there is no location to seal into", "kastellan location add NAME --directory DIR | --s3 BUCKET"),
        _ => refuse("there are several locations, and --location names none", "kastellan location list, then --location NAME"),
    }
}
