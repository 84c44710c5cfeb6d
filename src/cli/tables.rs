//! The status and passkeys as people read them, for several verbs and for `--plain`.

use super::call::{Call, shown};
use super::output::{Format, Table};
use crate::domain::{Facts, Kind, Opens, Passkey, PassphraseSource, Text, Timestamp, archives_of, count, readiness};
use crate::ops::{Checked, signing_line};
use std::fmt::Write as _;

/// The status for people: what is wrong first, then answers, then passkeys, then one next act.
pub fn status(call: &Call, facts: &Facts, anchor: &Text) -> String {
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
    for after in facts.aftermath.iter().filter(|after| after.left(facts) > 0) {
        let (left, all) = (count(after.left(facts) as u64, "step", "steps"), after.todo(facts).len());
        let _ = writeln!(out, "! After the {}: {left} of {all} left: kastellan rotate --checklist", after.title());
    }
    let take_over = facts.take_over();
    if take_over.is_some() {
        out.push_str("! restored, and not the owner: it seals, archives and prunes nothing yet\n");
    }
    for other in facts.dr.iter().flat_map(|dr| &dr.foreign) {
        let short = other.instance_id.get(..4).unwrap_or(&other.instance_id);
        let _ = writeln!(
            out,
            "! another machine (instance {short}) archives as this installation to {}, last {}: end one of the two",
            other.location,
            other.at.short(facts.now)
        );
    }
    for refuses in facts.refusing() {
        let _ = writeln!(out, "! {}: {}", refuses.line(facts.now), refuses.act().say);
    }
    if let Some(h) = &facts.holder {
        let _ = writeln!(out, "! {} ({}) has been {} since {}", h.who, h.place, h.doing, h.since.short(facts.now));
    }
    out.push_str("\nDo I get the backups back?\n");
    let mut cases = Table::new(&["CASE", "ANSWER", "BY WHICH WAY, OR WHY NOT", "PROVED"], "Nothing is known.");
    let answers = readiness(facts);
    for answer in &answers {
        let proved = answer.proved_at.map_or_else(|| "-".into(), |at| at.short(facts.now));
        cases.row(vec![answer.scenario.title().to_string(), answer.verdict.word().into(), answer.why.to_string(), proved]);
    }
    out.push_str(&call.out.people(&cases));
    let _ = writeln!(out, "\nWho can open them?  {}", counts(facts));
    out.push_str(&call.out.people(&passkeys(facts, facts.now, call.out.format)));
    let _ = writeln!(out, "\n{}; journal ends at entry {}\nanchor: {anchor}", count(facts.policies, "policy", "policies"), facts.head.seq);
    if let Some(key) = signing_line(installation) {
        let _ = writeln!(out, "drill reports are signed by: {key}");
    }
    if let Some(act) = take_over.as_ref().or_else(|| answers.iter().find_map(|answer| answer.act.as_ref())) {
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

fn capital(text: &Text) -> String {
    let text = text.to_string();
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// All passkeys as a table, the one in use first.
pub fn passkeys(facts: &Facts, now: Timestamp, format: Format) -> Table {
    let mut all: Vec<&Passkey> = facts.passkeys.iter().collect();
    all.sort_by_key(|p| !facts.in_use(&p.name));
    passkeys_of(&all, facts, now, format)
}

/// Some passkeys as a table.
pub fn passkeys_of(passkeys: &[&Passkey], facts: &Facts, now: Timestamp, format: Format) -> Table {
    let wide = format == Format::Wide;
    // What is about DR is shown where there is DR; what would not survive, always.
    let dr = facts.dr_on();
    let lost = dr || passkeys.iter().any(|p| p.survives().is_err());
    let mut head = vec!["", "NAME", "METHOD", "OPENS", "PROVED"];
    head.extend(dr.then_some("ARCHIVES"));
    head.extend(lost.then_some("TOTAL LOSS"));
    head.push("WHY");
    if wide {
        head.extend(["OWNER", "MADE", "BY", "SETTINGS", "SECRET", "WRAP"]);
    }
    let mut table = Table::new(&head, "There is no passkey.");
    for p in passkeys {
        let opened = p.proof.as_ref().and_then(|proof| proof.opened.as_ref());
        let mut row = vec![
            if facts.in_use(&p.name) { "*".into() } else { String::new() },
            p.name.to_string(),
            p.method.word().into(),
            p.opens(&facts.ages, now).word().into(),
            opened.map_or_else(|| "-".into(), |(at, _)| at.short(now)),
        ];
        row.extend(dr.then(|| archives_of(p, facts)));
        row.extend(lost.then(|| p.total_loss()));
        row.push(p.why(&facts.ages, now).to_string());
        if wide {
            row.extend([
                p.owner.as_ref().map_or_else(|| "-".into(), ToString::to_string),
                p.created_at.day(),
                p.created_by.to_string(),
                p.settings.to_string(),
                source(&p.source),
                p.wrap_id.clone(),
            ]);
        }
        table.row(row);
    }
    table
}

/// What came of a check, and not what was known before.
pub fn checked(outcomes: &[Checked], facts: &Facts) -> Table {
    let mut table = Table::new(&["", "NAME", "METHOD", "THIS CHECK", "WHY"], "There is no passkey.");
    for checked in outcomes {
        let passkey = facts.passkey(&checked.passkey.name).unwrap_or(&checked.passkey);
        let (came, why) = match &checked.outcome {
            Ok(()) => ("opened", passkey.why(&facts.ages, facts.now).to_string()),
            Err(fault) if fault.kind == Kind::Refused => ("not tried", fault.cause.to_string()),
            Err(fault) => ("did not open", fault.cause.to_string()),
        };
        let star = if facts.in_use(&passkey.name) { "*" } else { "" };
        table.row(vec![star.into(), passkey.name.to_string(), passkey.method.word().into(), came.into(), why]);
    }
    table
}

/// Where a passphrase is found, in words.
pub fn source(source: &PassphraseSource) -> String {
    match source {
        PassphraseSource::Prompt => "typed".into(),
        PassphraseSource::File { path } => format!("file {path}"),
        PassphraseSource::Secret { name, namespace } => format!("Secret {namespace}/{name}"),
    }
}
