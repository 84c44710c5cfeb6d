//! Plans for people and machines.
//!
//! Owns: `--plan`, and the picture that a confirmation is asked on. Must not: plan, that is `ops`.

use super::call::Call;
use super::output::End;
use crate::domain::{Confirm, Plan, SecretPurpose};
use crate::ops::Resource;
use std::fmt::Write as _;

/// Writes a plan as data.
///
/// # Errors
/// As writing data.
pub fn show(call: &Call, plan: &Plan, verified: bool) -> Result<(), End> {
    let mut body = serde_json::to_value(plan).unwrap_or_default();
    let init = plan.request.verb() == "init";
    let mut people = text(plan);
    if !verified && !init {
        body["unlock"] = true.into();
        people.push_str("unlocks first: with any valid passkey (--passphrase-file, --passphrase-fd or a prompt)\n");
    }
    call.out.one(Resource::ours("Plan", plan.request.verb(), body), &people, verified || init)
}

/// Says of a verb that only looks that it has nothing to plan.
///
/// # Errors
/// As writing data.
pub fn looks_only(call: &Call, verb: &str) -> Result<(), End> {
    let body = serde_json::json!({ "steps": [], "changes": [] });
    call.out.one(Resource::ours("Plan", verb, body), &format!("{verb} only looks: it changes nothing\n"), true)
}

/// A plan for people.
pub fn text(plan: &Plan) -> String {
    let mut out = format!("{}\n", plan.request.verb());
    let width = plan.steps.iter().map(|step| step.title.to_string().len()).max().unwrap_or(0).min(70);
    out.push_str("steps\n");
    for (index, step) in plan.steps.iter().enumerate() {
        let undoing = if step.irreversible { ", irreversible" } else { "" };
        let title = step.title.to_string();
        let _ = writeln!(out, "  {} {title:<width$}  {}{undoing}", index + 1, step.risk.words());
    }
    section(&mut out, "what will be different", plan.changes.iter().map(|change| change.0.to_string()));
    section(&mut out, "not promised", plan.warnings.iter().map(ToString::to_string));
    let needs = plan.secrets.iter().map(|need| {
        let what = if need.purpose == SecretPurpose::Make { "new, " } else { "" };
        let envelope = if need.envelope.is_empty() { format!("PASSKEY {}", need.of) } else { need.envelope.to_string() };
        format!("{envelope}  ({what}--{0}-file, --{0}-fd or a prompt)", need.flag)
    });
    section(&mut out, "secrets that it will need", needs);
    match &plan.confirm {
        Confirm::None => {}
        Confirm::Yes => out.push_str("asks before it begins; --yes answers\n"),
        Confirm::Type(name) => {
            let _ = writeln!(out, "asks before it begins; --confirm {name} answers");
        }
    }
    out
}

fn section(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        let _ = writeln!(out, "{title}");
        for line in lines {
            let _ = writeln!(out, "  {line}");
        }
    }
}
