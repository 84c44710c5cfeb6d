//! Check the DR passphrase by typing it.

use super::parts::{begins, receipt, run};
use crate::domain::{DrPassphrase, Facts, Flow, Slot};
use crate::wizard::{Body, Goal, Proving, SecretRule, Step, Wizard};

/// Opens the newest archive with it, which is what it is there for.
pub static DR_CHECK: Wizard = Wizard {
    name: "dr-check",
    title: "Check the DR passphrase",
    serves: |intent| begins(intent, Flow::DrCheck, "secret"),
    steps: |_, facts| {
        let envelope = envelope(facts).unwrap_or_default().into();
        let secret = Body::Secret { slot: Slot::CHECK, rule: SecretRule::Entered, passkey: "the DR passphrase".into(), envelope };
        vec![Step::new("secret", "Type the DR passphrase", secret), run(), receipt()]
    },
    finish: |_, _| Ok(Goal::Check(Proving::Dr)),
};

/// The line on the envelope of the one in force.
fn envelope(facts: &Facts) -> Option<String> {
    let (i, number) = (facts.installation.as_ref()?, facts.dr.as_ref()?.number);
    let made = facts.dr_passphrases.iter().find(|p| p.number == number)?;
    Some(DrPassphrase::envelope(number, &i.name, i.short_id(), &made.created_at.day()))
}
