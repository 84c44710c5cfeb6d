//! `status`: who can open the backups today, and what is unfinished.

use crate::cli::call::{Call, shown};
use crate::cli::output::{End, Table};
use crate::cli::{plan, unlock};
use crate::domain::{Answer, Facts, Opens, Text, Timestamp, count, readiness};
use crate::ops::Resource;
use std::fmt::Write as _;

/// Say who can open the backups today, what is unfinished, and what to do next
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Gathers and prints.
///
/// # Errors
/// `Kind::NotFound` where there is no catalog.
pub async fn run(call: &Call) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "status");
    }
    let mut session = call.session().await?;
    unlock::if_given(call, &mut session).await?;
    let facts = session.facts().await?;
    let anchor = session.anchor().await?;
    let name = facts.installation.as_ref().map(|i| i.name.to_string()).unwrap_or_default();
    let resource = Resource::ours("Installation", &name, body(call, &facts, &anchor));
    call.out.one(resource, &people(call, &facts, &anchor), facts.verified)
}

fn body(call: &Call, facts: &Facts, anchor: &Text) -> serde_json::Value {
    let passkeys: Vec<_> = facts
        .passkeys
        .iter()
        .map(|p| {
            let opened = p.proof.as_ref().and_then(|proof| proof.opened.as_ref()).map(|(at, _)| *at);
            serde_json::json!({
                "name": p.name, "method": p.method, "inUse": facts.in_use(&p.name),
                "opens": p.opens(&facts.ages, facts.now), "why": p.why(&facts.ages, facts.now), "provedAt": opened,
            })
        })
        .collect();
    let installation = facts.installation.as_ref();
    serde_json::json!({
        "catalog": shown(&call.place.catalog),
        "catalogId": installation.map(|i| &i.catalog_id),
        "instanceId": installation.map(|i| &i.instance_id),
        "masterKeyId": installation.map(|i| &i.master_key_id),
        "createdAt": installation.map(|i| i.created_at),
        "inUse": installation.map(|i| &i.in_use),
        "passkeys": passkeys,
        "policies": facts.policies,
        "unfinished": facts.unfinished,
        "holder": facts.holder,
        "readiness": readiness(facts).iter().map(answer).collect::<Vec<_>>(),
        "journal": { "seq": facts.head.seq, "hash": facts.head.hash },
        "alarm": facts.alarm,
        "verified": facts.verified,
        "anchor": anchor,
    })
}

fn answer(answer: &Answer) -> serde_json::Value {
    serde_json::json!({
        "scenario": answer.scenario, "answer": answer.verdict, "why": answer.why, "provedAt": answer.proved_at,
        "next": answer.act.as_ref().map(|act| &act.say),
    })
}

/// The status for people: what is wrong first, then answers, then passkeys, then one next act.
pub fn people(call: &Call, facts: &Facts, anchor: &Text) -> String {
    let mut out = String::new();
    let Some(installation) = &facts.installation else { return format!("{}\n", call.no_catalog()) };
    let _ = writeln!(out, "{}, set up {}, catalog {}", installation.title(), installation.created_at.day(), shown(&call.place.catalog));
    if let Some(alarm) = &facts.alarm {
        let _ = writeln!(out, "! {alarm}");
    }
    if let Some(u) = &facts.unfinished {
        let step = u.steps.get(u.done).map(|title| format!(" ({title})")).unwrap_or_default();
        let doing = u.request.doing(&installation.name);
        let at = u.since.short(facts.now);
        let (next, all) = (u.done.saturating_add(1).min(u.steps.len()), u.steps.len());
        let _ = writeln!(
            out,
            "! {} stopped at step {next} of {all}{step}, {} {at}: kastellan rotate --resume | --abandon",
            capital(&doing),
            u.who
        );
    }
    if let Some(h) = &facts.holder {
        let _ = writeln!(out, "! {} ({}) has been {} since {}", h.who, h.place, h.doing, h.since.short(facts.now));
    }
    out.push_str("\nDo I get the backups back?\n");
    let mut cases = Table::new(&["CASE", "ANSWER", "BY WHICH WAY, OR WHY NOT", "PROVED"], "Nothing is known.");
    let answers = readiness(facts);
    for answer in &answers {
        let proved = answer.proved_at.map_or_else(|| "-".into(), |at| at.short(facts.now));
        cases.row(vec![answer.scenario.title().into(), answer.verdict.word().into(), answer.why.to_string(), proved]);
    }
    out.push_str(&cases.render(call.out.color));
    let _ = writeln!(out, "\nWho can open them?  {}", counts(facts));
    out.push_str(&passkeys(call, facts, facts.now).render(call.out.color));
    let _ = writeln!(out, "\n{}; journal ends at entry {}\nanchor: {anchor}", count(facts.policies, "policy", "policies"), facts.head.seq);
    if let Some(act) = answers.iter().find_map(|answer| answer.act.as_ref()) {
        let _ = writeln!(out, "next: {}", act.say);
    }
    out
}

/// `2 passkeys yes, 1 stale, 1 no`.
fn counts(facts: &Facts) -> String {
    let of = |opens: Opens| facts.passkeys.iter().filter(|p| p.opens(&facts.ages, facts.now) == opens).count();
    let all = [Opens::Yes, Opens::Stale, Opens::Unknown, Opens::No, Opens::Pending];
    let mut said: Vec<String> = Vec::new();
    for (opens, n) in all.into_iter().map(|o| (o, of(o))).filter(|(_, n)| *n > 0) {
        let n = if said.is_empty() { count(n as u64, "passkey", "passkeys") } else { n.to_string() };
        said.push(format!("{n} {}", opens.word().to_lowercase()));
    }
    if said.is_empty() { "nobody".into() } else { said.join(", ") }
}

fn passkeys(call: &Call, facts: &Facts, now: Timestamp) -> Table {
    crate::cli::verbs::passkey::table(facts, now, call.out.format)
}

fn capital(text: &Text) -> String {
    let text = text.to_string();
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
