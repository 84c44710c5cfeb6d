//! `journal list`.

use crate::cli::call::Call;
use crate::cli::output::{End, Format, List, Table};
use crate::cli::{plan, unlock};
use crate::ops::Resource;

/// How many are read at once.
const PAGE: usize = 1000;

/// List entries of the journal, newest last
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Begin with this entry
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    from: Option<u64>,
    /// At most this many; without --from: the newest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

/// Lists.
///
/// # Errors
/// As the catalog's.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "journal list");
    }
    let mut session = call.session().await?;
    unlock::if_given(call, &mut session).await?;
    let last = session.journal(1, 1).await?.last;
    let limit = args.limit.unwrap_or(u64::MAX);
    let mut next = args.from.unwrap_or_else(|| last.saturating_sub(limit).saturating_add(1));
    let end = last.min(next.saturating_add(limit.saturating_sub(1)));
    let now = call.now();
    let wide = call.out.format == Format::Wide;
    let mut head = vec!["NO", "WHEN", "WHO", "VERB", "WHAT"];
    if wide {
        head.extend(["FROM", "VOUCHED", "HASH"]);
    }
    let mut table = Table::new(&head, format!("No entry: the journal ends at {last}."));
    let mut items = Vec::new();
    while next <= end {
        let most = usize::try_from(end - next + 1).unwrap_or(PAGE).min(PAGE);
        let page = session.journal(next, most).await?;
        let Some(newest) = page.lines.last().map(|line| line.seq) else { break };
        for line in &page.lines {
            let mut row =
                vec![line.seq.to_string(), line.at.short(now), line.who.to_string(), line.verb.to_string(), line.what.to_string()];
            if wide {
                row.extend([line.from.to_string(), if line.vouched { "yes" } else { "not yet" }.into(), line.hash.clone()]);
            }
            if call.out.tabular() {
                table.row(row);
            } else {
                items.push(Resource::journal(line));
            }
        }
        next = newest.saturating_add(1);
    }
    call.out.list(List { kind: "JournalEntry", items, table, verified: session.unlocked() })
}
