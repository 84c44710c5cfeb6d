//! Seal data into a location.

use super::parts::{begins, entry, location_name, optional, plain, policy_name, short, which_location, which_policy};
use crate::domain::{ArtifactKind, Facts, Fault, Flow, Look, Request, Seal};
use crate::wizard::{Answers, Body, Choice, Entry, Goal, Step, Wizard};
use std::path::PathBuf;

/// A file as it is, a folder as a tar stream, or manifests.
pub static SEAL: Wizard =
    Wizard { name: "seal", title: "Seal data", serves: |intent| begins(intent, Flow::Seal, "location"), steps, finish };

fn steps(_: &Answers, facts: &Facts) -> Vec<Step> {
    let kinds = vec![
        Choice::new("data", "A file or a folder", "a file as it is, a folder as a tar stream"),
        Choice::new("manifests", "Kubernetes manifests", "as they are; their names and kinds are sealed with them"),
    ];
    let path = Entry {
        label: "Path",
        initial: String::new(),
        help: "The whole path, from /.",
        optional: false,
        validate: short,
        looks: |text| Some(Look::Source(text.into())),
    };
    let mut steps = vec![
        which_location("Into which location", facts, true),
        which_policy("Under the key of which policy", facts),
        Step::new("kind", "What it is", Body::Choose(kinds)),
        Step::new("path", "File or folder", Body::Entry(path)),
        entry("note", "Note", "Note", "Kept encrypted; empty: none.", true),
    ];
    steps.extend(plain());
    steps
}

fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    let doing = "cannot seal";
    // Whether it is a file or a folder is seen where it lies.
    let kind = if answers.text("kind") == "manifests" { ArtifactKind::Manifests } else { ArtifactKind::File };
    Ok(Goal::Change(Request::Seal(Seal {
        policy: policy_name(answers, doing)?,
        location: location_name(answers, doing)?,
        paths: vec![PathBuf::from(answers.text("path"))],
        kind,
        name: None,
        note: optional(answers, "note"),
    })))
}
