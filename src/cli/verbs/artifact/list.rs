//! `artifact list`.

use crate::cli::call::{Call, location_name};
use crate::cli::output::{End, Format, List, Table};
use crate::cli::{plan, unlock};
use crate::domain::{Artifact, ArtifactFilter, Timestamp, bytes};
use crate::ops::Resource;

/// List artifacts, newest first; names and kinds only while unlocked
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only of this policy; POLICY@INSTALLATION for an imported one
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,
    /// Only in this location
    #[arg(long, value_name = "LOCATION")]
    location: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Go on where an earlier list ended
    #[arg(long = "continue", value_name = "TOKEN")]
    token: Option<String>,
}

/// Lists.
///
/// # Errors
/// As the index's.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "artifact list");
    }
    let location = args.location.as_deref().map(location_name).transpose()?;
    let mut session = call.session().await?;
    unlock::if_given(call, &mut session).await?;
    if let Some(location) = &location {
        crate::cli::verbs::location::known(&session.facts().await?, location)?;
    }
    let filter = ArtifactFilter { policy: args.policy, location };
    let page = session.artifacts(&filter, args.token.as_deref(), usize::try_from(args.limit).unwrap_or(usize::MAX)).await?;
    let wide = call.out.format == Format::Wide;
    let mut head = vec!["ID", "POLICY", "LOCATION", "SIZE", "SEALED", "WHAT"];
    if wide {
        head.extend(["VERIFIED", "INSTANCE"]);
    }
    let empty = "There is no artifact here. Seal one: kastellan artifact seal PATH --policy P --location L";
    let mut table = Table::new(&head, empty);
    let now = call.now();
    for artifact in &page.artifacts {
        table.row(row(artifact, now, wide));
    }
    let items = page.artifacts.iter().map(super::show::resource).collect::<Vec<Resource>>();
    call.out.list(List { kind: "Artifact", items, table, verified: session.unlocked() })?;
    if let Some(token) = page.next {
        call.out.note(&format!("there are more: --continue {token}"));
    }
    Ok(())
}

fn row(artifact: &Artifact, now: Timestamp, wide: bool) -> Vec<String> {
    let id = if wide { artifact.id.clone() } else { artifact.short_id().to_owned() };
    let mut row = vec![
        id,
        artifact.policy.to_string(),
        artifact.location.to_string(),
        bytes(artifact.size),
        artifact.created_at.short(now),
        what(artifact),
    ];
    if wide {
        row.push(artifact.verified_at.map(|at| at.short(now)).unwrap_or_default());
        let origin = if artifact.found { "found there" } else { "made here" };
        row.push(format!("{} ({origin})", artifact.instance_id.get(..8).unwrap_or_default()));
    }
    row
}

/// An artifact and where this copy of it lies.
pub fn place(artifact: &Artifact) -> String {
    format!("{} of {} in {}", artifact.short_id(), artifact.policy, artifact.location)
}

/// What it holds, in a few words.
fn what(artifact: &Artifact) -> String {
    if artifact.altered {
        return "altered".into();
    }
    match &artifact.sealed {
        None => "locked".into(),
        Some(facts) => {
            let names = facts.names.to_string();
            format!("{}: {}", facts.kind.word(), crate::domain::Text::new(names).fit(40))
        }
    }
}
