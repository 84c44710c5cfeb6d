//! Add a policy.

use super::parts::{begins, plain, policy_name};
use crate::domain::{Facts, Fault, Flow, InvalidName, PolicyAdd, PolicyName, Request};
use crate::wizard::{Answers, Body, Entry, Goal, Step, Wizard};

/// A name, from which its key derives.
pub static POLICY_ADD: Wizard =
    Wizard { name: "policy-add", title: "Add a policy", serves: |intent| begins(intent, Flow::PolicyAdd, "policy"), steps, finish };

fn steps(_: &Answers, _: &Facts) -> Vec<Step> {
    vec![Step::new("policy", "Name of the policy", entry())].into_iter().chain(plain()).collect()
}

fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    Ok(Goal::Change(Request::PolicyAdd(PolicyAdd { name: policy_name(answers, "cannot add the policy")? })))
}

/// Its name, typed.
fn entry() -> Body {
    Body::Entry(Entry {
        label: "Policy",
        initial: String::new(),
        help: "The name is the identity: its encryption key derives from it. Another name is another key.",
        optional: false,
        validate: |text, _, _| text.parse::<PolicyName>().map(|_| ()).map_err(|e: InvalidName| e.0),
        looks: |_| None,
    })
}
