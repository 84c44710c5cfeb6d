//! Read a location through.

use super::parts::{begins, location_name, plain, which_location};
use crate::domain::{Facts, Fault, Flow, Request, Rescan};
use crate::wizard::{Answers, Goal, Wizard};

/// Brings the index up to what lies there.
pub static RESCAN: Wizard = Wizard {
    name: "rescan",
    title: "Read a location through",
    serves: |intent| begins(intent, Flow::Rescan, "location"),
    steps: |_, facts| std::iter::once(which_location("Which location", facts, false)).chain(plain()).collect(),
    finish,
};

fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    Ok(Goal::Change(Request::Rescan(Rescan { location: location_name(answers, "cannot rescan")? })))
}
