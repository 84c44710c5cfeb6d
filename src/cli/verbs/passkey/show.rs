//! `passkey show NAME`.

use crate::cli::call::{Call, passkey_name};
use crate::cli::output::End;
use crate::cli::{names, plan, tables, unlock};
use crate::domain::{Facts, Installation, Passkey, Text, archives_of, if_passkey_leaks, if_passkey_lost};
use crate::ops::Resource;
use std::fmt::Write as _;

/// Show one passkey; -o yaml is what Kasten would be given
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which
    #[arg(value_name = "NAME")]
    name: String,
}

/// Shows.
///
/// # Errors
/// `Kind::NotFound`, naming the nearest.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "passkey show");
    }
    let name = passkey_name(&args.name)?;
    let mut session = call.session().await?;
    unlock::if_given(call, &mut session).await?;
    let facts = session.facts().await?;
    names::passkey(&facts, &name, &Text::new("no passkey shown"))?;
    let passkey = session.passkey(&name).await?;
    let resource = Resource::passkey(&passkey, facts.in_use(&name), &facts.ages, facts.now);
    call.out.one(resource, &people(&passkey, &facts), facts.verified)
}

fn people(p: &Passkey, facts: &Facts) -> String {
    let mut out = String::new();
    let mut line = |what: &str, text: String| {
        let _ = writeln!(out, "{what:<10} {text}");
    };
    let in_use = if facts.in_use(&p.name) { ", in use: tried first at unlock" } else { "" };
    line("Passkey", format!("{}{in_use}", p.name));
    line("Opens", format!("{}: {}", p.opens(&facts.ages, facts.now).word(), p.why(&facts.ages, facts.now)));
    if let Some((at, by)) = p.proof.as_ref().and_then(|proof| proof.opened.as_ref()) {
        line("Proved", format!("{at}, by a {}", by.word()));
    }
    if let Some((at, who)) = p.proof.as_ref().and_then(|proof| proof.typed.as_ref()) {
        line("Typed", format!("{at}, by {who}"));
    }
    if let Some(i) = &facts.installation {
        line("Envelope", Installation::envelope(&p.name, &i.name, i.short_id(), &p.created_at.day()));
    }
    line("Made", format!("{} by {}, {}", p.created_at.day(), p.created_by, p.settings));
    if p.weak {
        line("Weak", "weaker than what is made today: rotate to a new one".into());
    }
    line("Secret", tables::source(&p.source));
    if let Some(owner) = &p.owner {
        line("Owner", owner.to_string());
    }
    match &p.note {
        Some(note) => line("Note", note.to_string()),
        None if !facts.unlocked() => line("Note", "(readable only while unlocked)".into()),
        None => {}
    }
    line("If leaked", if_passkey_leaks(p, facts).to_string());
    line("If lost", if_passkey_lost(p, facts).to_string());
    if facts.dr_on() {
        line("Archives", format!("{} kept archives hold it", archives_of(p, facts)));
    }
    line("Total loss", p.total_loss());
    line("Wrap", p.wrap_id.clone());
    out
}
