//! Parts that several flows share.

use crate::domain::{
    Act, Facts, Fault, Flow, Intent, Kind, Location, LocationName, Look, Passkey, PasskeyName, PolicyName, Request, Slot, Text, may,
};
use crate::wizard::{Answers, Body, Choice, Entry, SecretRule, Step};

/// Why `request` is refused now; being locked is no reason, since one can unlock.
pub fn refusal(request: &Request, facts: &Facts) -> Option<String> {
    match may(request, facts) {
        Ok(()) => None,
        Err(fault) if fault.kind == Kind::Secret => None,
        Err(fault) => Some(fault.cause.to_string()),
    }
}

/// A passkey to choose.
pub fn choice(passkey: &Passkey, facts: &Facts, disabled: Option<String>) -> Choice {
    let opens = passkey.opens(&facts.ages, facts.now);
    let mark = if facts.in_use(&passkey.name) { "in use, " } else { "" };
    let explains = format!("{mark}{}, {}: {}", passkey.method.word(), opens.word(), passkey.why(&facts.ages, facts.now));
    Choice::new(passkey.name.as_str(), passkey.name.as_str(), explains).unless(disabled)
}

/// The name of a passkey that is not there yet.
pub fn new_name(title: &str, initial: String, help: &'static str) -> Step {
    Step::new("name", title, Body::Entry(Entry { label: "Name", initial, help, optional: false, validate: free_name, looks: |_| None }))
}

/// Whose it is.
pub fn owner(initial: String) -> Step {
    let help = "The person who keeps the passphrase. One passkey a person; empty: nobody in particular.";
    Step::new("owner", "Owner", Body::Entry(Entry { label: "Owner", initial, help, optional: true, validate: short, looks: |_| None }))
}

/// How the passphrase comes to be, and, for files, where. What shows nothing on the screen stands beside what does.
pub fn making(answers: &Answers) -> Vec<Step> {
    let choices = vec![
        Choice::new("generate", "Generate, show once", "twelve words, shown once after a warning, then typed back"),
        Choice::new("write", "Generate into a file", "twelve words, written to a new owner-only file; nothing is shown"),
        Choice::new("type", "Type your own", "typed twice"),
        Choice::new("file", "Read from a file", "a file that only you can read"),
    ];
    let mut steps = vec![Step::new("secret", "Passphrase", Body::Choose(choices))];
    let help = match answers.text("secret") {
        "write" => "A new file: it must not exist yet. It is made readable for you alone.",
        "file" => "A regular file that only its owner can read (mode 0600 or 0400).",
        _ => return steps,
    };
    let path = entry("path", "File", "File", help, false);
    steps.push(if answers.text("secret") == "write" { new_file(path) } else { path });
    steps
}

/// The same step; what it names must be a file that can be made.
pub fn new_file(step: Step) -> Step {
    let body = match step.body {
        Body::Entry(entry) => Body::Entry(Entry { looks: |text| Some(Look::NewFile(text.into())), ..entry }),
        other => other,
    };
    Step { body, ..step }
}

/// Review, then making a passkey's passphrase as chosen, then run and receipt.
pub fn made(answers: &Answers, passkey: &str) -> Vec<Step> {
    made_into(answers, Slot::NEW, passkey)
}

/// The same for any secret that is made.
pub fn made_into(answers: &Answers, slot: Slot, whose: &str) -> Vec<Step> {
    let (name, envelope) = (Text::new(whose), Text::default());
    let path = answers.text("path").to_owned();
    let body = match answers.text("secret") {
        "write" => Body::WriteFile { slot, path, envelope },
        "type" => Body::Secret { slot, rule: SecretRule::Made, passkey: name, envelope },
        "file" => Body::ReadFile { slot, path },
        _ => Body::Generated { slot, passkey: name, envelope },
    };
    let title = match &body {
        Body::WriteFile { .. } => "Write passphrase",
        Body::ReadFile { .. } => "Read passphrase",
        Body::Secret { .. } => "Type passphrase twice",
        _ => "Passphrase: shown once, typed back",
    };
    vec![review(), Step::new("new-secret", title, body), run(), receipt()]
}

/// Review, run, receipt: where no secret is made.
pub fn plain() -> Vec<Step> {
    vec![review(), run(), receipt()]
}

pub fn review() -> Step {
    Step::new("review", "Review", Body::Review)
}

pub fn run() -> Step {
    Step::new("run", "Run", Body::Run)
}

pub fn receipt() -> Step {
    Step::new("receipt", "Receipt", Body::Receipt)
}

/// The passkey that an answer names.
pub fn passkey_name(answers: &Answers, id: &str, doing: &str) -> Result<PasskeyName, Fault> {
    answers.text(id).parse().map_err(|e: crate::domain::InvalidName| wrong(doing, &e.0))
}

/// The policy that an answer names.
pub fn policy_name(answers: &Answers, doing: &str) -> Result<PolicyName, Fault> {
    answers.text("policy").parse().map_err(|e: crate::domain::InvalidName| wrong(doing, &e.0))
}

/// The location that an answer names.
pub fn location_name(answers: &Answers, doing: &str) -> Result<LocationName, Fault> {
    answers.text("location").parse().map_err(|e: crate::domain::InvalidName| wrong(doing, &e.0))
}

/// Which policy of the catalog: one of them where they are few, else its name, which is looked for.
pub fn which_policy(title: &str, facts: &Facts) -> Step {
    let body = if facts.policy_names.is_empty() {
        Body::Entry(Entry {
            label: "Policy",
            initial: String::new(),
            help: "Its name, as the list of policies has it.",
            optional: false,
            validate: |text, _, _| text.parse::<PolicyName>().map(|_| ()).map_err(|e| e.0),
            looks: |text| text.parse().ok().map(Look::Policy),
        })
    } else {
        Body::Choose(facts.policy_names.iter().map(|name| Choice::new(name.as_str(), name.as_str(), "")).collect())
    };
    Step::new("policy", title, body)
}

/// Which location, of all, or of those that can be written to.
pub fn which_location(title: &str, facts: &Facts, writes: bool) -> Step {
    let choice = |l: &Location| {
        let disabled = match l {
            _ if l.altered => Some("its record was altered: used for nothing"),
            _ if writes && l.read_only => Some("it came with an import: nothing is ever written to it"),
            _ => None,
        };
        Choice::new(l.name.as_str(), l.name.as_str(), place(l)).unless(disabled.map(ToOwned::to_owned))
    };
    Step::new("location", title, Body::Choose(facts.locations.iter().map(choice).collect()))
}

/// Where it is, in a line.
pub fn place(location: &Location) -> String {
    location
        .target
        .as_ref()
        .map_or_else(|| format!("{}, where is known once unlocked", location.kind), |target| target.address().to_string())
}

/// The answers with which a flow begins that serves exactly this; what it is about answers the step `subject`.
pub fn begins(intent: &Intent, flow: Flow, subject: &'static str) -> Option<Answers> {
    match intent {
        Intent::Flow(wanted, of) if *wanted == flow => {
            Some(of.iter().fold(Answers::new(), |answers, of| answers.with(subject, of.clean())))
        }
        _ => None,
    }
}

/// A line of text.
pub fn entry(id: &'static str, title: &str, label: &'static str, help: &'static str, optional: bool) -> Step {
    Step::new(id, title, Body::Entry(Entry { label, initial: String::new(), help, optional, validate: short, looks: |_| None }))
}

/// A text that may be left empty.
pub fn optional(answers: &Answers, id: &str) -> Option<Text> {
    answers.get(id).filter(|t| !t.is_empty()).map(Text::from)
}

pub fn wrong(doing: &str, why: &str) -> Fault {
    Fault::new(Kind::Usage, doing, why, Act::say("go back and correct it"))
}

/// At most 255 characters.
pub fn short(text: &str, _: &Answers, _: &Facts) -> Result<(), String> {
    match text.chars().count() {
        0..=255 => Ok(()),
        n => Err(format!("{n} characters; at most 255 are allowed")),
    }
}

fn free_name(text: &str, _: &Answers, facts: &Facts) -> Result<(), String> {
    let name: PasskeyName = text.parse().map_err(|e: crate::domain::InvalidName| e.0)?;
    match facts.passkey(&name) {
        Some(other) => Err(format!("passkey {} exists already", other.name)),
        None => Ok(()),
    }
}
