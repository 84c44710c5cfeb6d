//! `migration list`.

use crate::cli::call::Call;
use crate::cli::output::{End, List, Table};
use crate::cli::{plan, unlock};
use crate::ops::Resource;

/// List what was exported, when and by whom, and what was imported
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Lists.
///
/// # Errors
/// As the catalog's.
pub async fn run(call: &Call) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "migration list");
    }
    let mut session = call.session().await?;
    unlock::if_given(call, &mut session).await?;
    let moves = session.moves().await?;
    let now = call.now();
    let mut table = Table::new(&["WAY", "POLICY", "KEY ID", "LOCATION", "WHEN", "BY", "PROTECTED"], "No policy's key has left or come.");
    let mut items = Vec::new();
    for export in &moves.exports {
        let protected = if export.protected { "yes" } else { "no" };
        table.row(vec![
            "out".into(),
            export.policy.to_string(),
            export.policy_key_id.clone(),
            export.location.to_string(),
            export.at.short(now),
            export.by.to_string(),
            protected.into(),
        ]);
        items.push(Resource::ours("Export", export.policy.as_str(), serde_json::to_value(export).unwrap_or_default()));
    }
    for import in &moves.imports {
        table.row(vec![
            "in".into(),
            import.label.clone(),
            import.policy_key_id.clone(),
            import.location.to_string(),
            import.imported_at.short(now),
            import.imported_by.to_string(),
            String::new(),
        ]);
        items.push(Resource::ours("Import", &import.label, serde_json::to_value(import).unwrap_or_default()));
    }
    call.out.list(List { kind: "Migration", items, table, verified: session.unlocked() })
}
