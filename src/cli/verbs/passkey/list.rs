//! `passkey list`.

use crate::cli::call::Call;
use crate::cli::output::{End, List};
use crate::cli::{plan, tables, unlock};
use crate::ops::Resource;

/// List all passkeys: in use, whether each opens, proved when and by whom
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Lists.
///
/// # Errors
/// As the catalog's.
pub async fn run(call: &Call) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "passkey list");
    }
    let mut session = call.session().await?;
    unlock::if_given(call, &mut session).await?;
    let facts = session.facts().await?;
    let items = facts.passkeys.iter().map(|p| Resource::passkey(p, facts.in_use(&p.name), &facts.ages, facts.now)).collect();
    let table = tables::passkeys(&facts, facts.now, call.out.format);
    call.out.list(List { kind: "Passkey", items, table, verified: facts.verified })
}
