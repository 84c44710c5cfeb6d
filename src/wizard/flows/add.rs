//! Add a passkey beside the others.

use super::parts::{made, making, new_name, optional, owner, passkey_name, short};
use crate::domain::{Facts, Fault, Intent, Method, PasskeyAdd, PassphraseSource, Request};
use crate::wizard::{Answers, Body, Choice, Entry, Goal, Step, Wizard};

/// One more way in; every other passkey keeps opening.
pub static ADD: Wizard =
    Wizard { name: "add", title: "Add a passkey", serves: |intent| matches!(intent, Intent::Add).then(Answers::new), steps, finish };

fn steps(answers: &Answers, _: &Facts) -> Vec<Step> {
    let note = Entry {
        label: "Note",
        initial: String::new(),
        help: "A remark, kept encrypted: where the envelope lies, for example.",
        optional: true,
        validate: short,
        looks: |_| None,
    };
    let use_now = vec![
        Choice::new("no", "No, only add it", "the passkey in use stays in use; any passkey opens"),
        Choice::new("yes", "Yes, put it in use", "it is tried first at unlock, once it is proved (usenow)"),
    ];
    let mut steps = vec![
        new_name("Name", String::new(), "Letters, digits, \".\", \"_\", \"-\"; at most 63. One a person works well."),
        owner(String::new()),
        Step::new("note", "Note", Body::Entry(note)),
        Step::new("use-now", "Put it in use?", Body::Choose(use_now)),
    ];
    steps.extend(making(answers));
    steps.extend(made(answers, answers.text("name")));
    steps
}

fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    Ok(Goal::Change(Request::PasskeyAdd(PasskeyAdd {
        name: passkey_name(answers, "name", "cannot add the passkey")?,
        method: Method::Passphrase,
        source: PassphraseSource::Prompt,
        owner: optional(answers, "owner"),
        note: optional(answers, "note"),
        use_now: answers.text("use-now") == "yes",
    })))
}
