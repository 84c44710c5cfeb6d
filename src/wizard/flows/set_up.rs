//! Set up a new installation.

use super::parts::{made, making, new_name, optional, owner, passkey_name, short, wrong};
use crate::domain::{Facts, Fault, Init, Intent, Method, PasskeyName, PassphraseSource, Request};
use crate::wizard::{Answers, Body, Entry, Goal, Step, Wizard};

/// Makes the master key and the first passkey. The answer `host`, where it is given, is the installation's default name.
pub static SET_UP: Wizard = Wizard {
    name: "set-up",
    title: "Set up a new installation",
    serves: |intent| matches!(intent, Intent::SetUp).then(Answers::new),
    steps,
    finish,
};

fn steps(answers: &Answers, _: &Facts) -> Vec<Step> {
    let explain = vec![
        "One master key is made on this machine. Backups are encrypted under keys that derive from it.".into(),
        "The master key is stored only wrapped by passkeys; the first passkey is made now.".into(),
        "Whoever has no passphrase of any passkey cannot open the backups, and nobody can help: keep its envelope well.".into(),
        "Nothing is written before you have reviewed it.".into(),
    ];
    let initial = answers.text("host").to_owned();
    let help = "Stands on every screen and envelope, so that installations are not mixed up.";
    let name = Entry { label: "Installation", initial, help, optional: false, validate: short, looks: |_| None };
    let mut steps = vec![
        Step::new("explain", "What will be made", Body::Explain(explain)),
        Step::new("installation", "Name of the installation", Body::Entry(name)),
        new_name("Name of the first passkey", PasskeyName::DEFAULT.into(), "Any name; Kasten K10 calls its first one k10MasterKey."),
        owner(String::new()),
    ];
    steps.extend(making(answers));
    steps.extend(made(answers, answers.text("name")));
    steps
}

fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    let doing = "cannot set up";
    let name = optional(answers, "installation").ok_or_else(|| wrong(doing, "the installation has no name"))?;
    Ok(Goal::Change(Request::Init(Init {
        name,
        passkey: passkey_name(answers, "name", doing)?,
        method: Method::Passphrase,
        source: PassphraseSource::Prompt,
        owner: optional(answers, "owner"),
    })))
}
