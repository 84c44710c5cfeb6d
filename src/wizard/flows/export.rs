//! Export a policy's key as import data.

use super::location_add::{absolute, checked};
use super::parts::{begins, entry, made_into, making, new_file, optional, place, plain, policy_name, which_policy, wrong};
use crate::domain::{Export, Facts, Fault, Flow, Location, Request, Slot};
use crate::wizard::{Answers, Body, Choice, Goal, Step, Wizard};

/// Opens that policy's artifacts elsewhere, and nothing else; there is no recall.
pub static EXPORT: Wizard = Wizard {
    name: "export",
    title: "Export a policy's key (migration)",
    serves: |intent| begins(intent, Flow::Export, "policy"),
    steps,
    finish,
};

fn steps(answers: &Answers, facts: &Facts) -> Vec<Step> {
    let newest = Choice::new("", "Where its newest artifact lies", "the target reads the artifacts there, with credentials of its own");
    let one = |l: &Location| Choice::new(l.name.as_str(), l.name.as_str(), place(l));
    let locations = std::iter::once(newest).chain(facts.locations.iter().filter(|l| !l.altered).map(one)).collect();
    let how = vec![
        Choice::new("protected", "Protected by a passphrase", "text and passphrase go separate ways; who has but one of them has nothing"),
        Choice::new("unprotected", "Unprotected", "whoever sees the text, in a chat or a log, has the key for ever"),
    ];
    let to = vec![
        Choice::new("file", "Into a new file", "that only you can read"),
        Choice::new("screen", "Onto this screen", "masked; it is shown or copied only when you ask for it, and wiped when you leave"),
    ];
    let mut steps = vec![
        which_policy("Which policy", facts),
        Step::new("location", "Which location it names", Body::Choose(locations)),
        Step::new("protection", "How it is protected", Body::Choose(how)),
        entry("note", "Note", "Note", "Goes with it; empty: none.", true),
        Step::new("where", "Where the text goes", Body::Choose(to)),
    ];
    if answers.text("where") != "screen" {
        steps.push(new_file(checked("to", "File", "File", "A new file, the whole path, from /.", false, absolute)));
    }
    if answers.text("protection") == "unprotected" {
        steps.extend(plain());
    } else {
        steps.extend(making(answers));
        steps.extend(made_into(answers, Slot::IMPORT, "the import data"));
    }
    steps
}

fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    let doing = "cannot export the key";
    let location = optional(answers, "location").map(|name| name.clean().parse()).transpose();
    Ok(Goal::Change(Request::Export(Export {
        policy: policy_name(answers, doing)?,
        location: location.map_err(|e: crate::domain::InvalidName| wrong(doing, &e.0))?,
        protected: answers.text("protection") != "unprotected",
        note: optional(answers, "note"),
    })))
}
