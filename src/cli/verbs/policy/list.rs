//! `policy list`.

use crate::cli::call::Call;
use crate::cli::output::{End, Format, List, Table};
use crate::cli::{plan, unlock};
use crate::ops::Resource;

/// How many are read at once.
const PAGE: usize = 1000;

/// List all policies with the public ids of their keys
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Lists.
///
/// # Errors
/// As the catalog's.
pub async fn run(call: &Call) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "policy list");
    }
    let mut session = call.session().await?;
    unlock::if_given(call, &mut session).await?;
    let now = call.now();
    let wide = call.out.format == Format::Wide;
    let mut head = vec!["NAME", "KEY ID", "ADDED"];
    if wide {
        head.push("BY");
    }
    let mut table = Table::new(&head, "There is no policy. Add one: kastellan policy add NAME");
    let (mut items, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = session.policies(after.as_deref(), PAGE).await?;
        for policy in &page.policies {
            let id = if policy.altered { "altered".to_owned() } else { policy.key_id.clone() };
            let mut row = vec![policy.name.to_string(), id, policy.created_at.short(now)];
            if wide {
                row.push(policy.created_by.to_string());
            }
            if call.out.tabular() {
                table.row(row);
            } else {
                items.push(Resource::policy(policy));
            }
        }
        after = page.policies.last().map(|policy| policy.name.to_string());
        if !page.more || after.is_none() {
            break;
        }
    }
    call.out.list(List { kind: "Policy", items, table, verified: session.unlocked() })
}
