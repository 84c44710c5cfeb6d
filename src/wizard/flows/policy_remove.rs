//! Remove a policy.

use super::parts::{begins, plain, policy_name, which_policy};
use crate::domain::{Facts, Fault, Flow, PolicyRemove, Request};
use crate::wizard::{Answers, Goal, Step, Wizard};

/// Reversible: the key comes back with the name.
pub static POLICY_REMOVE: Wizard = Wizard {
    name: "policy-remove",
    title: "Remove a policy",
    serves: |intent| begins(intent, Flow::PolicyRemove, "policy"),
    steps,
    finish,
};

fn steps(_: &Answers, facts: &Facts) -> Vec<Step> {
    std::iter::once(which_policy("Which policy", facts)).chain(plain()).collect()
}

fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    Ok(Goal::Change(Request::PolicyRemove(PolicyRemove { name: policy_name(answers, "cannot remove the policy")? })))
}
