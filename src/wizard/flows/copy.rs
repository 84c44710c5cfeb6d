//! Copy artifacts to another location.

use super::parts::{begins, entry, location_name, plain, which_location};
use crate::domain::{ArtifactCopy, Facts, Fault, Flow, Request, Which};
use crate::wizard::{Answers, Body, Choice, Goal, Step, Wizard};

/// One, or all of a policy; the ciphertext, which needs no key.
pub static COPY: Wizard = Wizard {
    name: "copy",
    title: "Copy artifacts to another location",
    serves: |intent| {
        begins(intent, Flow::Copy, "artifact")
            .map(|answers| if answers.get("artifact").is_some() { answers.with("which", "one") } else { answers })
    },
    steps,
    finish,
};

fn steps(answers: &Answers, facts: &Facts) -> Vec<Step> {
    let which = vec![
        Choice::new("policy", "All of a policy", "those that are not there already"),
        Choice::new("one", "One artifact", "by its whole id"),
    ];
    let of = if answers.text("which") == "one" {
        entry("artifact", "Which artifact", "Id", "32 digits, as the list of artifacts copies it.", false)
    } else {
        entry("policy", "Which policy", "Policy", "Its name, or POLICY@INSTALLATION for one that was imported.", false)
    };
    let mut steps = vec![Step::new("which", "What", Body::Choose(which)), of, which_location("To which location", facts, true)];
    steps.extend(plain());
    steps
}

fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    let which = if answers.text("which") == "one" {
        Which::One(answers.text("artifact").to_owned())
    } else {
        Which::Policy(answers.text("policy").into())
    };
    Ok(Goal::Change(Request::ArtifactCopy(ArtifactCopy { which, to: location_name(answers, "cannot copy")? })))
}
