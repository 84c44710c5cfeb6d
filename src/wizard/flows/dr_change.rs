//! Change the DR passphrase.

use super::parts::{begins, made_into, making};
use crate::domain::{DrChange, Facts, Fault, Flow, Request, Slot};
use crate::wizard::{Answers, Body, Choice, Goal, Step, Wizard};

/// A new number; the archives made so far stay under the old one, or go.
pub static DR_CHANGE: Wizard =
    Wizard { name: "dr-change", title: "Change the DR passphrase", serves: |intent| begins(intent, Flow::DrChange, "old"), steps, finish };

fn steps(answers: &Answers, _: &Facts) -> Vec<Step> {
    let old = vec![
        Choice::new("keep", "Keep the older archives", "they still open with the older passphrase: keep that envelope, too"),
        Choice::new(
            "prune",
            "Remove the older archives",
            "once the new one is proved; after a leak. The installation's name is typed first",
        ),
    ];
    let mut steps = vec![Step::new("old", "Archives made so far", Body::Choose(old))];
    steps.extend(making(answers));
    steps.extend(made_into(answers, Slot::NEW_DR, "the new DR passphrase"));
    steps
}

#[allow(clippy::unnecessary_wraps, reason = "as every flow")]
fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    Ok(Goal::Change(Request::DrChange(DrChange { prune_old: answers.text("old") == "prune" })))
}
