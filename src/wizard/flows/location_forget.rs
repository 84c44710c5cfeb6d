//! Forget a location.

use super::parts::{begins, location_name, plain, which_location};
use crate::domain::{Facts, Fault, Flow, LocationForget, Request};
use crate::wizard::{Answers, Goal, Wizard};

/// Nothing in it is touched; what lies there can be found again by adding it and reading it through.
pub static LOCATION_FORGET: Wizard = Wizard {
    name: "location-forget",
    title: "Forget a location",
    serves: |intent| begins(intent, Flow::LocationForget, "location"),
    steps: |_, facts| std::iter::once(which_location("Which location", facts, false)).chain(plain()).collect(),
    finish,
};

fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    Ok(Goal::Change(Request::LocationForget(LocationForget { name: location_name(answers, "cannot forget the location")? })))
}
