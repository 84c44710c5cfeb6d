//! Check a passkey by unwrapping with it.

use super::parts::{choice, passkey_name, receipt, run};
use crate::domain::{Facts, Fault, Intent, Opens, Passkey, Slot, Text};
use crate::wizard::{Answers, Body, Goal, Proving, SecretRule, Step, Wizard};

/// Proves that a passphrase still opens. Takes no lock and changes nothing but the proof.
pub static CHECK: Wizard = Wizard {
    name: "check",
    title: "Check a passkey",
    serves: |intent| match intent {
        Intent::Check(name) => Some(Answers::new().with("passkey", name.as_str())),
        _ => None,
    },
    steps,
    finish,
};

fn steps(answers: &Answers, facts: &Facts) -> Vec<Step> {
    let blocked = |p: &Passkey| match p.opens(&facts.ages, facts.now) {
        _ if p.altered => Some("its record was altered: used for nothing".to_owned()),
        Opens::Pending => Some("not proved yet: finish or abandon its operation".to_owned()),
        _ => None,
    };
    let choices = facts.passkeys.iter().map(|p| choice(p, facts, blocked(p))).collect();
    let name = answers.text("passkey");
    let envelope = facts.passkeys.iter().find(|p| p.name.as_str() == name).zip(facts.installation.as_ref());
    let envelope = envelope
        .map(|(p, i)| crate::domain::Installation::envelope(&p.name, &i.name, i.short_id(), &p.created_at.day()))
        .unwrap_or_default();
    let secret = Body::Secret { slot: Slot::CHECK, rule: SecretRule::Entered, passkey: Text::new(name), envelope: Text::new(envelope) };
    vec![Step::new("passkey", "Which passkey", Body::Choose(choices)), Step::new("secret", "Type its passphrase", secret), run(), receipt()]
}

fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    Ok(Goal::Check(Proving::Passkey(passkey_name(answers, "passkey", "cannot check the passkey")?)))
}
