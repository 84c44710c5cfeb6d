//! Remove from a location what seals that never ended left behind.

use super::parts::{begins, location_name, plain, which_location};
use crate::domain::{Facts, Fault, Flow, Request, Sweep};
use crate::wizard::{Answers, Body, Choice, Goal, Step, Wizard};

/// Only this instance's own, and never what a seal is still writing.
pub static SWEEP: Wizard = Wizard {
    name: "sweep",
    title: "Remove what broken seals left",
    serves: |intent| begins(intent, Flow::Sweep, "location"),
    steps,
    finish,
};

fn steps(_: &Answers, facts: &Facts) -> Vec<Step> {
    let ages = vec![
        Choice::new("86400", "Older than a day", "what a seal of today writes stays"),
        Choice::new("604800", "Older than a week", "more careful, for clocks that differ"),
    ];
    let mut steps = vec![which_location("Which location", facts, true), Step::new("age", "How old", Body::Choose(ages))];
    steps.extend(plain());
    steps
}

fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    let older_than = answers.text("age").parse().unwrap_or(86_400);
    Ok(Goal::Change(Request::Sweep(Sweep { location: location_name(answers, "cannot sweep")?, older_than, instance: None })))
}
