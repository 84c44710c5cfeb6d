//! `dr passphrases`.

use crate::cli::call::Call;
use crate::cli::output::{End, List, Table};
use crate::cli::{plan, unlock};
use crate::domain::{if_dr_leaks, if_dr_lost};
use crate::ops::Resource;

/// List the DR passphrases by number, and which kept archives open with each
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Lists.
///
/// # Errors
/// As the catalog's.
pub async fn run(call: &Call) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "dr passphrases");
    }
    let mut session = call.session().await?;
    unlock::if_given(call, &mut session).await?;
    let facts = session.facts().await?;
    let mut table = Table::new(
        &["NO.", "MADE", "BY", "IN FORCE", "ARCHIVES", "TYPED", "IF LEAKED", "IF LOST"],
        "There is no DR passphrase. Set DR up: kastellan dr enable",
    );
    let mut items = Vec::new();
    for p in &facts.dr_passphrases {
        let opened: Vec<_> = facts.archives.iter().filter(|a| a.number == p.number).collect();
        let in_force = facts.dr.as_ref().is_some_and(|dr| dr.enabled && dr.number == p.number);
        let range = match (opened.last(), opened.first()) {
            (Some(oldest), Some(newest)) => format!("{} ({} to {})", opened.len(), oldest.created_at.day(), newest.created_at.day()),
            _ => "0".into(),
        };
        let typed = p.typed.as_ref().map_or_else(|| "never".to_owned(), |(at, who)| format!("{} by {who}", at.short(facts.now)));
        let force = if in_force { "yes" } else { "no" };
        table.row(vec![
            p.number.to_string(),
            p.created_at.short(facts.now),
            p.created_by.to_string(),
            force.into(),
            range,
            typed,
            if_dr_leaks(p.number, &facts).to_string(),
            if_dr_lost(p.number, &facts).to_string(),
        ]);
        let body = serde_json::json!({ "passphrase": p, "inForce": in_force, "archives": opened });
        items.push(Resource::ours("DrPassphrase", &p.number.to_string(), body));
    }
    call.out.list(List { kind: "DrPassphrase", items, table, verified: facts.verified })
}
