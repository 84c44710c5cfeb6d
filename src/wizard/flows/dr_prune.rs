//! Remove old archives.

use super::parts::{begins, plain, wrong};
use crate::domain::{DrPrune, Facts, Fault, Flow, Request};
use crate::wizard::{Answers, Body, Entry, Goal, Step, Wizard};

/// Never the three newest proved ones of a location.
pub static DR_PRUNE: Wizard =
    Wizard { name: "dr-prune", title: "Remove old DR archives", serves: |intent| begins(intent, Flow::DrPrune, "days"), steps, finish };

fn steps(_: &Answers, _: &Facts) -> Vec<Step> {
    let days = Entry {
        label: "Days",
        initial: "90".into(),
        help: "Archives older than so many days go; the three newest proved ones of each location stay, whatever their age.",
        optional: false,
        validate: |text, _, _| number(text).map(|_| ()),
        looks: |_| None,
    };
    let mut steps = vec![Step::new("days", "How old", Body::Entry(days))];
    steps.extend(plain());
    steps
}

fn finish(answers: &Answers, facts: &Facts) -> Result<Goal, Fault> {
    let days = number(answers.text("days")).map_err(|why| wrong("DR archives not pruned", &why))?;
    Ok(Goal::Change(Request::DrPrune(DrPrune { before: facts.now.plus(-days * 86_400), instance: None })))
}

fn number(text: &str) -> Result<i64, String> {
    text.parse::<u16>().map(i64::from).map_err(|_| "a number of days".into())
}
