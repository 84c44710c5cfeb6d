//! Set DR up.

use super::parts::{begins, made_into, making, place, wrong};
use crate::domain::{DrEnable, Facts, Fault, Flow, Location, LocationName, Request, Slot, Text};
use crate::wizard::{Answers, Body, Choice, Goal, Step, Wizard};

/// A DR passphrase, and archives to one location or several; proved at once.
pub static DR_ENABLE: Wizard = Wizard {
    name: "dr-enable",
    title: "Set up disaster recovery",
    serves: |intent| begins(intent, Flow::DrEnable, "locations"),
    steps,
    finish,
};

fn steps(answers: &Answers, facts: &Facts) -> Vec<Step> {
    let explain: Vec<Text> = vec![
        "If this machine is lost, its catalog is lost, and with it every key: without an archive elsewhere no backup comes back.".into(),
        "From now on the catalog is archived after every change, encrypted under a DR passphrase that is made now.".into(),
        "The archive holds the master key only as passkeys wrapped it: after a total loss you need both envelopes, the DR passphrase's and one passkey's."
            .into(),
    ];
    let mut steps = vec![
        Step::new("explain", "What DR is", Body::Explain(explain)),
        Step::new("locations", "Where the archives go", Body::Choose(choices(facts))),
    ];
    steps.extend(making(answers));
    steps.extend(made_into(answers, Slot::NEW_DR, "the DR passphrase"));
    steps
}

/// Each location alone, and where there are several all of them.
fn choices(facts: &Facts) -> Vec<Choice> {
    let good: Vec<&Location> = facts.locations.iter().filter(|l| !l.read_only && !l.altered).collect();
    if good.is_empty() {
        let none = Choice::new("", "No location", "archives need a place outside of this machine");
        return vec![none.unless(Some("there is no location: leave, and add one first (4, then n)".into()))];
    }
    let names: Vec<&str> = good.iter().map(|l| l.name.as_str()).collect();
    let all = Choice::new(names.join(" "), format!("All: {}", names.join(", ")), "one of them may be lost, and nothing is");
    let one = |l: &&Location| Choice::new(l.name.as_str(), l.name.as_str(), place(l));
    (good.len() > 1).then_some(all).into_iter().chain(good.iter().map(one)).collect()
}

fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    let names = answers.text("locations").split_whitespace().map(str::parse::<LocationName>).collect::<Result<Vec<_>, _>>();
    let locations = names.map_err(|e| wrong("cannot set up DR", &e.0))?;
    Ok(Goal::Change(Request::DrEnable(DrEnable { locations })))
}
