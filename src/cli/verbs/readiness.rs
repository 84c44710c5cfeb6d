//! `readiness`: would the backups come back, case by case; for people, monitoring and Prometheus.

use crate::cli::call::{Call, shown};
use crate::cli::output::{End, Format, Table};
use crate::cli::{plan, unlock};
use crate::domain::{Act, Answer, Changed, Facts, Fault, Kind, Text, Verdict, readiness, rehearsals};
use crate::host::replace_public;
use crate::ops::Resource;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Say for each case whether the backups would come back, by which way, and what to do next
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Exit with 9 where an answer is this one or a worse one; unknown counts as no
    #[arg(long, value_name = "ANSWER", value_parser = ["no", "stale", "unproved"])]
    fail_on: Option<String>,
    /// With -o prometheus: write to this file, replaced in one step, for a node exporter to read
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// Answers.
///
/// # Errors
/// `Kind::AnswerNo` with --fail-on.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "readiness");
    }
    let mut session = call.session().await?;
    unlock::if_given(call, &mut session).await?;
    let facts = session.facts().await?;
    let answers = readiness(&facts);
    if call.out.format == Format::Prometheus {
        let metrics = metrics(&facts, &answers);
        match &args.to {
            Some(file) => replace_public(file, metrics.as_bytes(), "metrics file")?,
            None => call.out.data(&metrics)?,
        }
        return ended(args.fail_on.as_deref(), &answers);
    }
    if let Some(file) = &args.to {
        let next = Act::say("kastellan readiness -o prometheus --to FILE");
        let fault = Fault::new(Kind::Usage, "kastellan readiness", format!("--to {} goes with -o prometheus alone", shown(file)), next);
        return Err(fault.leaving(Changed::Unsaid).into());
    }
    let name = facts.installation.as_ref().map(|i| i.name.to_string()).unwrap_or_default();
    let body = serde_json::json!({ "answers": answers.iter().map(resource).collect::<Vec<_>>(), "verified": facts.verified });
    call.out.one(Resource::ours("Readiness", &name, body), &people(call, &facts, &answers), facts.verified)?;
    ended(args.fail_on.as_deref(), &answers)
}

fn ended(on: Option<&str>, answers: &[Answer]) -> Result<(), End> {
    match failing(on, answers) {
        None => Ok(()),
        Some(answer) => {
            let cause = format!("{} is {}: {}", answer.scenario.title(), answer.verdict.word(), answer.why);
            let next = answer.act.clone().unwrap_or_else(|| Act::say("kastellan readiness"));
            Err(Fault::new(Kind::AnswerNo, "not ready", cause, next).leaving(Changed::Unsaid).into())
        }
    }
}

/// The worst answer that is as bad as asked, or worse.
fn failing<'a>(on: Option<&str>, answers: &'a [Answer]) -> Option<&'a Answer> {
    let bound = match on? {
        "no" => Verdict::Unknown,
        "stale" => Verdict::Stale,
        _ => Verdict::Unproved,
    };
    answers.iter().filter(|answer| answer.verdict >= bound).max_by_key(|answer| answer.verdict)
}

fn people(call: &Call, facts: &Facts, answers: &[Answer]) -> String {
    let mut table = Table::new(&["CASE", "ANSWER", "BY WHICH WAY, OR WHY NOT", "PROVED"], "Nothing is known.");
    for answer in answers {
        let proved = answer.proved_at.map_or_else(|| "-".into(), |at| at.short(facts.now));
        table.row(vec![answer.scenario.title().to_string(), answer.verdict.word().into(), answer.why.to_string(), proved]);
    }
    let mut out = call.out.people(&table);
    if call.out.format == Format::Wide {
        out.push('\n');
        for answer in answers {
            let _ = writeln!(out, "{}: {}", answer.scenario.title(), answer.scenario.explains());
        }
    }
    let worst = answers.iter().filter(|answer| answer.act.is_some()).max_by_key(|answer| answer.verdict);
    if let Some(act) = worst.and_then(|answer| answer.act.as_ref()) {
        let _ = writeln!(out, "next: {}", act.say);
    }
    out
}

fn resource(answer: &Answer) -> serde_json::Value {
    serde_json::json!({
        "scenario": answer.scenario, "explains": answer.scenario.explains(), "answer": answer.verdict, "why": answer.why,
        "provedAt": answer.proved_at, "next": answer.act.as_ref().map(|act| &act.say),
    })
}

/// The Prometheus text format, version 0.0.4.
fn metrics(facts: &Facts, answers: &[Answer]) -> String {
    let mut out = String::new();
    let mut head = |name: &str, help: &str| {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
    };
    head("kastellan_readiness", "1 for the answer to each case.");
    let words = [Verdict::Yes, Verdict::Unproved, Verdict::Stale, Verdict::Unknown, Verdict::No];
    for answer in answers {
        let scenario = label(&answer.scenario.word().into());
        for word in words {
            let value = u8::from(word == answer.verdict);
            let _ = writeln!(out, "kastellan_readiness{{scenario=\"{scenario}\",answer=\"{}\"}} {value}", word.word());
        }
    }
    let _ = writeln!(
        out,
        "# HELP kastellan_passkey_proved_timestamp_seconds When a passkey last opened.\n# TYPE kastellan_passkey_proved_timestamp_seconds gauge"
    );
    for passkey in &facts.passkeys {
        if let Some((at, _)) = passkey.proof.as_ref().and_then(|proof| proof.opened.as_ref()) {
            let _ = writeln!(
                out,
                "kastellan_passkey_proved_timestamp_seconds{{passkey=\"{}\"}} {}",
                label(&passkey.name.to_string().into()),
                at.unix()
            );
        }
    }
    let passed: Vec<_> = rehearsals(facts).into_iter().filter_map(|r| r.passed.map(|at| (r.scenario, at))).collect();
    if !passed.is_empty() {
        let name = "kastellan_drill_success_timestamp_seconds";
        let _ = writeln!(out, "# HELP {name} When the newest drill of a case that passed began.\n# TYPE {name} gauge");
        for (scenario, at) in passed {
            let _ = writeln!(out, "{name}{{scenario=\"{}\"}} {}", label(&scenario.word().into()), at.unix());
        }
    }
    let newest = facts.archives.iter().filter(|a| a.proved_at.is_some()).map(|a| a.created_at.unix()).max();
    if let Some(at) = newest {
        let _ = writeln!(
            out,
            "# HELP kastellan_dr_archive_timestamp_seconds When the newest proved DR archive was made.\n# TYPE kastellan_dr_archive_timestamp_seconds gauge\nkastellan_dr_archive_timestamp_seconds {at}"
        );
    }
    let _ = writeln!(
        out,
        "# HELP kastellan_dr_debt_changes Changes that are in no DR archive.\n# TYPE kastellan_dr_debt_changes gauge\nkastellan_dr_debt_changes {}",
        facts.debt
    );
    let _ = writeln!(
        out,
        "# HELP kastellan_facts_verified 1 where the facts were verified with the keys.\n# TYPE kastellan_facts_verified gauge\nkastellan_facts_verified {}",
        u8::from(facts.verified)
    );
    out
}

/// A label's value, escaped.
fn label(text: &Text) -> String {
    text.to_string().replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Scenario;

    #[test]
    fn unknown_counts_as_no_and_what_is_better_than_asked_does_not_fail() {
        let all = [Verdict::Yes, Verdict::Unproved, Verdict::Stale, Verdict::Unknown, Verdict::No];
        for (on, fails) in [("no", &all[3..]), ("stale", &all[2..]), ("unproved", &all[1..])] {
            for verdict in all {
                let answer = |verdict| Answer { scenario: Scenario::Restart, verdict, why: Text::default(), proved_at: None, act: None };
                let found = failing(Some(on), &[answer(Verdict::Yes), answer(verdict)]).map(|answer| answer.verdict);
                assert_eq!(found, fails.contains(&verdict).then_some(verdict), "--fail-on {on}");
            }
        }
        assert_eq!(failing(None, &[]), None);
    }
}
