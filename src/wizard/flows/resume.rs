//! Finish the unfinished operation.

use super::parts::plain;
use crate::domain::{Facts, Intent, Request, Text};
use crate::wizard::{Answers, Body, Goal, Step, Wizard};

/// Takes the first step that is not done. The plan names the secrets it needs again, and the name to be typed for a retirement.
pub static RESUME: Wizard = Wizard {
    name: "resume",
    title: "Finish the unfinished operation",
    serves: |intent| matches!(intent, Intent::Resume).then(Answers::new),
    steps,
    finish: |_, _| Ok(Goal::Change(Request::Resume)),
};

fn steps(_: &Answers, facts: &Facts) -> Vec<Step> {
    let mut steps = vec![Step::new(
        "explain",
        "What is unfinished",
        Body::Explain(unfinished(facts, "Finishing takes the first step that is not done.")),
    )];
    steps.extend(plain());
    steps
}

/// What stands unfinished, in sentences.
pub fn unfinished(facts: &Facts, then: &str) -> Vec<Text> {
    let Some(u) = &facts.unfinished else { return vec!["No operation is unfinished.".into()] };
    let name = facts.installation.as_ref().map(|i| i.name.clone()).unwrap_or_default();
    let mut lines =
        vec![Text::new(format!("{} began at {}: {}. It did not end.", u.who, u.since.short(facts.now), u.request.doing(&name)))];
    for (at, title) in u.steps.iter().enumerate() {
        let mark = if at < u.done { "done" } else { "not done" };
        lines.push(Text::new(format!("{}. {title}: {mark}", at + 1)));
    }
    lines.push(then.into());
    lines
}
