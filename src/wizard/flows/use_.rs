//! Put a passkey in use.

use super::parts::{choice, passkey_name, plain, refusal};
use crate::domain::{Facts, Fault, Intent, PasskeyName, PasskeyUse, Request};
use crate::wizard::{Answers, Body, Goal, Step, Wizard};

/// Which passkey is tried first at unlock; the others keep opening.
pub static USE: Wizard = Wizard {
    name: "use",
    title: "Put a passkey in use",
    serves: |intent| match intent {
        Intent::Use(name) => Some(Answers::new().with("passkey", name.as_str())),
        _ => None,
    },
    steps,
    finish,
};

fn steps(_: &Answers, facts: &Facts) -> Vec<Step> {
    let blocked = |name: &PasskeyName| {
        if facts.in_use(name) {
            Some("it is in use already".into())
        } else {
            refusal(&Request::PasskeyUse(PasskeyUse { name: name.clone() }), facts)
        }
    };
    let choices = facts.passkeys.iter().map(|p| choice(p, facts, blocked(&p.name))).collect();
    let mut steps = vec![Step::new("passkey", "Which passkey", Body::Choose(choices))];
    steps.extend(plain());
    steps
}

fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    let name = passkey_name(answers, "passkey", "cannot put the passkey in use")?;
    Ok(Goal::Change(Request::PasskeyUse(PasskeyUse { name })))
}
