//! Change over to a new passkey.

use super::parts::{entry, made, making, new_name, optional, owner, passkey_name};
use crate::domain::{Because, Facts, Fault, Intent, Method, PasskeyName, PassphraseSource, Request, Rotate, Text};
use crate::wizard::{Answers, Body, Choice, Goal, Step, Wizard};

/// Wraps the master key under a new passkey, proves it, switches to it, and, if so chosen, removes the old one.
pub static ROTATE: Wizard = Wizard {
    name: "rotate",
    title: "Rotate to a new passkey",
    serves: |intent| matches!(intent, Intent::Rotate).then(Answers::new),
    steps,
    finish,
};

fn steps(answers: &Answers, facts: &Facts) -> Vec<Step> {
    let old = facts.installation.as_ref().map(|i| &i.in_use);
    let kept = old.and_then(|name| facts.passkey(name)).and_then(|p| p.owner.as_ref()).map(ToString::to_string).unwrap_or_default();
    let name = old.map_or("the old passkey", PasskeyName::as_str);
    let retire = vec![
        Choice::new("keep", format!("Keep {name}"), "both open; it can be removed later, once the new one has proved itself"),
        Choice::new(
            "retire",
            format!("Retire {name}"),
            "removed at the end, after the new one is proved and in use; its name is typed first",
        ),
    ];
    let mut steps =
        vec![new_name("Name of the new passkey", next_free(facts), "A new name: the old passkey stays what it is."), owner(kept)];
    steps.extend(making(answers));
    steps.push(Step::new("retire", "The old passkey", Body::Choose(retire)));
    steps.extend(why(answers));
    steps.extend(made(answers, answers.text("name")));
    steps
}

/// Why, and after a leak or a leaver what happened: there is a checklist then, which stays until all of it is done.
fn why(answers: &Answers) -> Vec<Step> {
    let choices = vec![
        Choice::new("planned", "It is time", "nothing happened"),
        Choice::new("leaver", "Somebody left", "who knew its secret; what else to do is listed, and stays listed until it is done"),
        Choice::new("leak", "It leaked, or may have", "the same, and whether the master key itself must be taken as known"),
    ];
    let mut steps = vec![Step::new("because", "Why", Body::Choose(choices))];
    match answers.text("because") {
        "leaver" => steps.push(entry("leaked", "Who left", "Who", "Kept encrypted.", false)),
        "leak" => {
            let copy = vec![
                Choice::new("maybe", "A copy cannot be excluded", "of the catalog, a backup of it, or an archive with its passphrase"),
                Choice::new("none", "Certainly no copy", "and somebody is sure of that; else the master key must be taken as known"),
            ];
            steps.push(entry("leaked", "What leaked", "What", "What, and how; kept encrypted.", false));
            steps.push(Step::new("copy", "What else they could have", Body::Choose(copy)));
        }
        _ => {}
    }
    steps
}

fn because(answers: &Answers) -> Because {
    let what = Text::new(answers.text("leaked"));
    match answers.text("because") {
        "leaver" => Because::Leaver { what },
        "leak" => Because::Leak { what, no_copy: answers.text("copy") == "none" },
        _ => Because::Planned,
    }
}

fn finish(answers: &Answers, facts: &Facts) -> Result<Goal, Fault> {
    let retires = answers.text("retire") == "retire";
    Ok(Goal::Change(Request::Rotate(Rotate {
        new: passkey_name(answers, "name", "cannot rotate")?,
        method: Method::Passphrase,
        source: PassphraseSource::Prompt,
        owner: optional(answers, "owner"),
        retire: facts.installation.as_ref().map(|i| i.in_use.clone()).filter(|_| retires),
        without_archive: false,
        shut_archives: None,
        because: because(answers),
    })))
}

/// `k10MasterKey-2`, `-3` and so on: the next that is free, counting on from the passkey in use.
fn next_free(facts: &Facts) -> String {
    let in_use = facts.installation.as_ref().map_or(PasskeyName::DEFAULT, |i| i.in_use.as_str());
    let (base, from) = match in_use.rsplit_once('-') {
        Some((base, n)) if !base.is_empty() => n.parse::<u32>().map_or((in_use, 2), |n| (base, n.saturating_add(1))),
        _ => (in_use, 2),
    };
    let taken = |name: &str| name.parse::<PasskeyName>().is_ok_and(|name| facts.passkey(&name).is_some());
    // Names are ASCII, so that any cut is between characters.
    let name = |n: u32| {
        let end = format!("-{n}");
        format!("{}{end}", base.get(..base.len().min(63 - end.len())).unwrap_or(base))
    };
    (from..=u32::MAX).map(name).find(|name| !taken(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::wizard::testing::{facts, passkey};

    #[test]
    fn the_suggested_name_counts_on() {
        let table: [(&str, &[&str], &str); 5] = [
            ("k10MasterKey", &[], "k10MasterKey-2"),
            ("k10MasterKey", &["K10masterkey-2", "k10MasterKey-3"], "k10MasterKey-4"),
            ("k10MasterKey-2", &[], "k10MasterKey-3"),
            ("ops-envelope", &[], "ops-envelope-2"),
            ("a-4294967295", &[], "a-4294967295"),
        ];
        for (in_use, others, expected) in table {
            let mut facts = facts(&[in_use]);
            facts.passkeys.extend(others.iter().map(|name| passkey(name)));
            if in_use == "a-4294967295" {
                facts.passkeys.clear();
            }
            assert_eq!(super::next_free(&facts), expected);
        }
        let long = "x".repeat(63);
        assert_eq!(super::next_free(&facts(&[&long])), format!("{}-2", "x".repeat(61)));
    }
}
