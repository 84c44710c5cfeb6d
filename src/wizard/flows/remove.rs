//! Remove a passkey and its wrap.

use super::parts::{choice, passkey_name, plain, refusal};
use crate::domain::{Facts, Fault, Intent, PasskeyName, PasskeyRemove, Request};
use crate::wizard::{Answers, Body, Goal, Step, Wizard};

/// Takes a way in away. The plan says "Retired, not revoked", and asks for the name.
pub static REMOVE: Wizard = Wizard {
    name: "remove",
    title: "Remove a passkey",
    serves: |intent| match intent {
        Intent::Remove(name) => Some(Answers::new().with("passkey", name.as_str())),
        _ => None,
    },
    steps,
    finish,
};

fn steps(_: &Answers, facts: &Facts) -> Vec<Step> {
    let blocked = |name: &PasskeyName| refusal(&Request::PasskeyRemove(PasskeyRemove { name: name.clone(), shut_archives: None }), facts);
    let choices = facts.passkeys.iter().map(|p| choice(p, facts, blocked(&p.name))).collect();
    let mut steps = vec![Step::new("passkey", "Which passkey", Body::Choose(choices))];
    steps.extend(plain());
    steps
}

fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    let name = passkey_name(answers, "passkey", "cannot remove the passkey")?;
    Ok(Goal::Change(Request::PasskeyRemove(PasskeyRemove { name, shut_archives: None })))
}
