//! `drill list`: the history, and with `--due` what must be rehearsed when.

use crate::cli::call::Call;
use crate::cli::output::{End, List, Table};
use crate::cli::{plan, unlock};
use crate::domain::{Changed, Facts, Fault, Kind, rehearsals};
use crate::ops::Resource;

/// List the drills that were run
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What must be rehearsed, and by when; exits with 9 where something is due
    #[arg(long)]
    due: bool,
}

/// Lists.
///
/// # Errors
/// `Kind::AnswerNo` with --due, where a drill is due.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "drill list");
    }
    let mut session = call.session().await?;
    unlock::if_given(call, &mut session).await?;
    let facts = session.facts().await?;
    if args.due { due(call, &facts) } else { history(call, &facts) }
}

fn history(call: &Call, facts: &Facts) -> Result<(), End> {
    let heads = ["ID", "SCENARIO", "BEGUN", "TOOK", "BY", "ENDED"];
    let mut table = Table::new(&heads, "No drill was ever run. Rehearse a total loss: kastellan drill run --scenario machine-lost");
    let mut items = Vec::new();
    for drill in &facts.drills {
        table.row(vec![
            drill.id.get(..8).unwrap_or(&drill.id).into(),
            drill.scenario.to_string(),
            drill.began_at.short(facts.now),
            format!("{} s", drill.took_ms.div_ceil(1000)),
            drill.by.to_string(),
            drill.ended(),
        ]);
        items.push(Resource::ours("Drill", &drill.id, serde_json::to_value(drill).unwrap_or_default()));
    }
    call.out.list(List { kind: "Drill", items, table, verified: facts.verified })
}

fn due(call: &Call, facts: &Facts) -> Result<(), End> {
    let all = rehearsals(facts);
    let mut table = Table::new(&["SCENARIO", "LAST PASSED", "DUE"], "There is nothing to rehearse yet. Set DR up: kastellan dr enable");
    let mut items = Vec::new();
    for one in &all {
        let failed = one.newest.as_ref().filter(|d| !d.passed);
        let by = match (failed, one.due) {
            (Some(d), _) => format!("now: the drill of {} failed", d.began_at.short(facts.now)),
            (None, None) => "now: it was never rehearsed".into(),
            (None, Some(at)) if one.is_due(facts.now) => format!("now: since {}", at.day()),
            (None, Some(at)) => at.day(),
        };
        table.row(vec![one.scenario.word(), one.passed.map_or_else(|| "never".into(), |at| at.short(facts.now)), by]);
        let body = serde_json::json!({ "passedAt": one.passed, "dueAt": one.due, "due": one.is_due(facts.now) });
        items.push(Resource::ours("Rehearsal", &one.scenario.word(), body));
    }
    call.out.list(List { kind: "Rehearsal", items, table, verified: facts.verified })?;
    match all.iter().find(|one| one.is_due(facts.now)) {
        None => Ok(()),
        Some(one) => {
            let fault = Fault::new(Kind::AnswerNo, "a drill is due", one.scenario.word(), one.act());
            Err(fault.leaving(Changed::Unsaid).into())
        }
    }
}
