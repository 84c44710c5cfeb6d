//! Make a recovery kit.

use super::location_add::{absolute, checked};
use super::parts::{begins, made_into, making, new_file, plain, wrong};
use crate::domain::{Facts, Fault, Flow, KitMake, PolicyName, Request, Slot, Text};
use crate::wizard::{Answers, Body, Choice, Goal, Step, Wizard};

/// One sealed file with all that must survive outside.
pub static KIT_MAKE: Wizard =
    Wizard { name: "kit-make", title: "Make a recovery kit", serves: |intent| begins(intent, Flow::KitMake, "to"), steps, finish };

fn steps(answers: &Answers, _: &Facts) -> Vec<Step> {
    let explain: Vec<Text> = vec![
        "A recovery kit is one sealed file: where the archives lie, which envelopes open them, and, if you say so, the passphrases themselves.".into(),
        "It is for the day when this machine and everybody who knew are gone. Keep it with other people, away from here; age opens it, too.".into(),
    ];
    let inside = vec![
        Choice::new("with", "With the passphrases", "it alone brings everything back: the DR passphrases, and the one that you type now"),
        Choice::new("without", "Without them", "the envelopes of the DR passphrase and of a passkey are needed besides"),
    ];
    let credentials = vec![
        Choice::new("without", "Without credentials of locations", "whoever recovers has credentials of their own"),
        Choice::new("with", "With the credentials that are stored", "whoever opens it can read the locations"),
    ];
    let opens = vec![
        Choice::new("passphrase", "A passphrase of its own", "kept apart from it"),
        Choice::new("recipients", "Keys of people", "age recipients: age1..., or SSH public keys"),
    ];
    let mut steps = vec![
        Step::new("explain", "What a kit is", Body::Explain(explain)),
        Step::new("inside", "Passphrases", Body::Choose(inside)),
        Step::new("credentials", "Credentials", Body::Choose(credentials)),
        checked(
            "policies",
            "Keys of policies",
            "Policies",
            "Names with spaces between; their keys leave the installation. Empty: none.",
            true,
            policies,
        ),
        new_file(checked("to", "File", "File", "A new file, the whole path, from /.", false, absolute)),
        Step::new("opens", "What opens it", Body::Choose(opens)),
    ];
    if answers.text("opens") == "recipients" {
        steps.push(checked("recipients", "Recipients", "Recipients", "With spaces between: age1... age1...", false, |_, _, _| Ok(())));
        steps.extend(plain());
    } else {
        steps.extend(making(answers));
        steps.extend(made_into(answers, Slot::KIT, "the recovery kit"));
    }
    steps
}

fn policies(text: &str, _: &Answers, _: &Facts) -> Result<(), String> {
    names(text).map(|_| ()).map_err(|e| e.0)
}

fn names(text: &str) -> Result<Vec<PolicyName>, crate::domain::InvalidName> {
    text.split_whitespace().map(str::parse).collect()
}

fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    let recipients = match answers.text("opens") {
        "recipients" => answers.text("recipients").split_whitespace().map(Text::from).collect(),
        _ => Vec::new(),
    };
    Ok(Goal::Change(Request::KitMake(KitMake {
        recipients,
        passphrases: answers.text("inside") == "with",
        credentials: answers.text("credentials") == "with",
        policies: names(answers.text("policies")).map_err(|e| wrong("no recovery kit made", &e.0))?,
    })))
}
