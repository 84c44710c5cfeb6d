//! Remove an artifact.

use super::parts::{begins, entry, plain};
use crate::domain::{ArtifactRemove, Facts, Fault, Flow, Request};
use crate::wizard::{Answers, Goal, Wizard};

/// From every location that has it; a tombstone stays.
pub static ARTIFACT_REMOVE: Wizard = Wizard {
    name: "artifact-remove",
    title: "Remove an artifact",
    serves: |intent| begins(intent, Flow::ArtifactRemove, "artifact"),
    steps: |_, _| {
        let which = entry("artifact", "Which artifact", "Id", "32 digits, as the list of artifacts copies it.", false);
        std::iter::once(which).chain(plain()).collect()
    },
    finish,
};

#[allow(clippy::unnecessary_wraps, reason = "as every flow")]
fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    Ok(Goal::Change(Request::ArtifactRemove(ArtifactRemove { id: answers.text("artifact").to_owned(), instance: None })))
}
