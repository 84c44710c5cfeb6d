//! `dr status`.

use crate::cli::call::Call;
use crate::cli::output::End;
use crate::cli::{plan, unlock};
use crate::domain::{Facts, bytes, count};
use crate::ops::Resource;
use std::fmt::Write as _;

/// Say whether DR is on, what the newest archives are, and what no archive holds yet
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Says.
///
/// # Errors
/// As the catalog's.
pub async fn run(call: &Call) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "dr status");
    }
    let mut session = call.session().await?;
    unlock::if_given(call, &mut session).await?;
    let facts = session.facts().await?;
    let name = facts.installation.as_ref().map(|i| i.name.to_string()).unwrap_or_default();
    let body = serde_json::json!({
        "dr": facts.dr, "debt": facts.debt, "archives": facts.archives, "owner": facts.installation.as_ref().map(|i| i.owner),
    });
    call.out.one(Resource::ours("DrStatus", &name, body), &people(&facts), facts.verified)
}

fn people(facts: &Facts) -> String {
    let Some(dr) = facts.dr.as_ref().filter(|dr| dr.enabled) else {
        let kept = if facts.archives.is_empty() { String::new() } else { format!(" {} made before still open.", facts.archives.len()) };
        return format!("DR is off.{kept} If this machine is lost, so are the backups.\nnext: kastellan dr enable --location L\n");
    };
    let mut out = format!("DR is on, passphrase no. {}\n", dr.number);
    for location in &dr.locations {
        let newest = facts.archives.iter().find(|a| a.location.same(location));
        let kept = facts.archives.iter().filter(|a| a.location.same(location)).count();
        match newest {
            None => {
                let _ = writeln!(out, "{location}: no archive");
            }
            Some(a) => {
                let proved = a.proved_at.map_or_else(|| "never proved".to_owned(), |at| format!("proved {}", at.short(facts.now)));
                let _ = writeln!(
                    out,
                    "{location}: archive {} of {}, {}, {proved}; {kept} kept",
                    a.seq,
                    a.created_at.short(facts.now),
                    bytes(a.size)
                );
            }
        }
        if let Some(failing) = facts.refuses(location) {
            let _ = writeln!(out, "  refuses since {}: {}", failing.since.short(facts.now), failing.cause);
        }
    }
    if facts.debt > 0 {
        let _ = writeln!(out, "{} in no DR archive", count(facts.debt, "change", "changes"));
    } else {
        out.push_str("every change is in an archive\n");
    }
    if let Some(act) = facts.take_over() {
        let _ = writeln!(out, "restored, and not the owner: it archives nothing\nnext: {}", act.say);
    } else if facts.debt > 0 {
        out.push_str("next: kastellan dr archive\n");
    }
    out
}
