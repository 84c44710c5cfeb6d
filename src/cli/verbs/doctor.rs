//! `doctor`: every path, permission, terminal fact, version and problem, with advice.

use crate::cli::call::Call;
use crate::cli::output::{End, List, Table};
use crate::cli::plan;
use crate::domain::{Act, Changed, Fault, Kind};
use crate::ops::{Examined, Health, Resource, doctor};

/// Look at paths, permissions, the terminal, versions, limits and the catalog, with advice
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Looks and prints.
///
/// # Errors
/// `Kind::AnswerNo` where there is a problem that matters.
pub async fn run(call: &Call) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "doctor");
    }
    let found = doctor(&call.place, &call.host, &call.settings).await;
    let mut table = Table::new(&["WHAT", "STATE", "FOUND"], "Nothing was looked at.");
    for examined in &found {
        table.row(vec![examined.what.to_string(), examined.health.word().into(), examined.found.to_string()]);
        if let Some(advice) = &examined.advice {
            table.row(vec![String::new(), String::new(), format!("-> {advice}")]);
        }
    }
    let items = found.iter().map(resource).collect();
    call.out.list(List { kind: "Examination", items, table, verified: true })?;
    let problems: Vec<&Examined> = found.iter().filter(|examined| examined.health == Health::Problem).collect();
    match problems.as_slice() {
        [] => Ok(()),
        [first, rest @ ..] => {
            let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
            let advice = first.advice.clone().unwrap_or_default();
            let fault = Fault::new(Kind::AnswerNo, "not all is well", format!("{}: {}{more}", first.what, first.found), Act::say(advice));
            Err(fault.leaving(Changed::Unsaid).into())
        }
    }
}

fn resource(examined: &Examined) -> Resource {
    let body = serde_json::json!({ "state": examined.health.word(), "found": examined.found, "advice": examined.advice });
    Resource::ours("Examination", &examined.what.to_string(), body)
}
