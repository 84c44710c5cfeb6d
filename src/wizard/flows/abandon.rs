//! Take the unfinished operation back.

use super::parts::plain;
use super::resume::unfinished;
use crate::domain::{Facts, Intent, Request};
use crate::wizard::{Answers, Body, Goal, Step, Wizard};

/// Goes back to the state before the operation.
pub static ABANDON: Wizard = Wizard {
    name: "abandon",
    title: "Take the unfinished operation back",
    serves: |intent| matches!(intent, Intent::Abandon).then(Answers::new),
    steps,
    finish: |_, _| Ok(Goal::Change(Request::Abandon)),
};

fn steps(_: &Answers, facts: &Facts) -> Vec<Step> {
    let lines = unfinished(facts, "Abandoning goes back to how it was before: what was made for it is removed.");
    let mut steps = vec![Step::new("explain", "What is unfinished", Body::Explain(lines))];
    steps.extend(plain());
    steps
}
