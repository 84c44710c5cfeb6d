//! Turn disaster recovery off.

use super::parts::{begins, plain};
use crate::domain::{Facts, Flow, Request};
use crate::wizard::{Answers, Body, Goal, Step, Wizard};

/// No more archives; those that were made stay.
pub static DR_DISABLE: Wizard = Wizard {
    name: "dr-disable",
    title: "Turn disaster recovery off",
    serves: |intent| begins(intent, Flow::DrDisable, ""),
    steps,
    finish: |_, _| Ok(Goal::Change(Request::DrDisable)),
};

fn steps(_: &Answers, _: &Facts) -> Vec<Step> {
    let explain = vec![
        "No archive is made any more. Those that were made stay, and still open.".into(),
        "What changes from now on is lost with this machine.".into(),
    ];
    std::iter::once(Step::new("explain", "What it means", Body::Explain(explain))).chain(plain()).collect()
}
