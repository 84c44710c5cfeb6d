//! `location list`.

use crate::cli::call::Call;
use crate::cli::output::{End, Format, List, Table};
use crate::cli::{plan, unlock};
use crate::ops::Resource;

/// List all locations; where they are is shown only while unlocked
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Lists.
///
/// # Errors
/// As the catalog's.
pub async fn run(call: &Call) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "location list");
    }
    let mut session = call.session().await?;
    unlock::if_given(call, &mut session).await?;
    let facts = session.facts().await?;
    let wide = call.out.format == Format::Wide;
    let mut head = vec!["NAME", "KIND", "ADDRESS", "ADDED"];
    if wide {
        head.extend(["BY", "POLICY NAMES"]);
    }
    let mut table = Table::new(&head, "There is no location. Add one: kastellan location add NAME --directory DIR | --s3 BUCKET");
    for location in &facts.locations {
        let kind = if location.read_only { format!("{}, read only", location.kind) } else { location.kind.to_string() };
        let address = match (&location.target, location.altered) {
            (_, true) => "altered".to_owned(),
            (Some(target), _) => target.address().to_string(),
            (None, _) => "locked".to_owned(),
        };
        let mut row = vec![location.name.to_string(), kind, address, location.created_at.short(facts.now)];
        if wide {
            row.extend([location.created_by.to_string(), if location.hide_policy_names { "hidden" } else { "shown" }.to_owned()]);
        }
        table.row(row);
    }
    let items = facts.locations.iter().map(super::show::resource).collect::<Vec<Resource>>();
    call.out.list(List { kind: "Location", items, table, verified: facts.verified })
}
