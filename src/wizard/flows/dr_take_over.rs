//! Take over what was restored.

use super::parts::{begins, plain};
use crate::domain::{Facts, Flow, Request};
use crate::wizard::{Answers, Body, Goal, Step, Wizard};

/// Says that the instance before is gone for good.
pub static DR_TAKE_OVER: Wizard = Wizard {
    name: "dr-take-over",
    title: "Take over what was restored",
    serves: |intent| begins(intent, Flow::DrTakeOver, ""),
    steps,
    finish: |_, _| Ok(Goal::Change(Request::DrTakeOver)),
};

fn steps(_: &Answers, _: &Facts) -> Vec<Step> {
    let explain = vec![
        "This installation was restored from an archive. It opens, and it neither seals nor archives until somebody says that the one before is gone for good.".into(),
        "Two instances that both seal and archive under one name confuse whoever has to restore.".into(),
    ];
    std::iter::once(Step::new("explain", "What it means", Body::Explain(explain))).chain(plain()).collect()
}
