//! `status`: who can open the backups today, and what is unfinished.

use crate::cli::call::{Call, shown};
use crate::cli::output::End;
use crate::cli::{plan, tables, unlock};
use crate::domain::{Answer, Facts, Text, readiness};
use crate::ops::{Resource, signing_line};

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
    call.out.one(resource, &tables::status(call, &facts, &anchor), facts.verified)
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
        "signingKey": installation.and_then(signing_line),
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
