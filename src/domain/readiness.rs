//! Would the backups come back? A pure function of facts with ages.

use super::{Act, Facts, Intent, LockState, Opens, Passkey, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// What is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// Nothing; the engine must unlock again.
    Restart,
    /// The secret of the passkey in use; the catalog lives.
    InUseLost,
    /// The catalog and this machine; the locations live.
    MachineLost,
    /// The DR passphrase; the catalog lives.
    DrForgotten,
    /// Both.
    DrForgottenAndMachineLost,
    /// The one person who knew.
    Handover,
}

impl Scenario {
    /// In words, as the overview has it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::InUseLost => "in-use passkey lost",
            Self::MachineLost => "machine lost",
            Self::DrForgotten => "DR passphrase forgotten",
            Self::DrForgottenAndMachineLost => ". . . and machine lost",
            Self::Handover => "handover",
        }
    }

    /// What is gone, in a sentence.
    #[must_use]
    pub fn explains(self) -> &'static str {
        match self {
            Self::Restart => "Nothing is lost; Kastellan has to be unlocked again.",
            Self::InUseLost => "The secret of the passkey in use is lost; this catalog is still here.",
            Self::MachineLost => "This machine is lost with its catalog; the locations and the envelopes are still there.",
            Self::DrForgotten => "The DR passphrase is lost; this catalog is still here.",
            Self::DrForgottenAndMachineLost => "The DR passphrase is lost, and this machine with its catalog: only a recovery kit helps.",
            Self::Handover => "The one person who knew is gone; somebody else has to open what is left.",
        }
    }
}

/// The answer. Ordered from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Proved.
    Yes,
    /// All parts there, the whole never done.
    Unproved,
    /// Proved too long ago.
    Stale,
    /// A fact cannot be read.
    Unknown,
    /// No.
    No,
}

impl Verdict {
    /// The word on screens.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "YES",
            Self::Unproved => "UNPROVED",
            Self::Stale => "STALE",
            Self::Unknown => "UNKNOWN",
            Self::No => "NO",
        }
    }
}

/// The answer to one scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What is gone.
    pub scenario: Scenario,
    /// The answer.
    pub verdict: Verdict,
    /// By which way, or why not, in words.
    pub why: Text,
    /// When the way was last proved.
    pub proved_at: Option<Timestamp>,
    /// The one act; there is one for every answer but YES.
    pub act: Option<Act>,
}

/// Answers every scenario that can be answered from `facts`, in a fixed order.
#[must_use]
pub fn readiness(facts: &Facts) -> Vec<Answer> {
    if facts.installation.is_none() {
        return Vec::new();
    }
    // A pending passkey counts for nothing.
    let all: Vec<&Passkey> = facts.passkeys.iter().filter(|p| !p.pending).collect();
    let spare: Vec<&Passkey> = all.iter().copied().filter(|p| !facts.in_use(&p.name)).collect();
    let restart = answer(Scenario::Restart, &all, facts);
    let mut answers = vec![restart.clone(), answer(Scenario::InUseLost, &spare, facts), machine_lost(facts)];
    if facts.dr_on() {
        let why = if restart.verdict == Verdict::Yes { "this catalog can set a new one".into() } else { restart.why.clone() };
        answers.push(Answer { scenario: Scenario::DrForgotten, why, ..restart });
    }
    answers.extend(super::kit::answers(facts));
    answers
}

/// An archive that is kept and proved, and a passkey whose wrap is in it; the worse of the two. Nothing but a rehearsal proves the whole.
fn machine_lost(facts: &Facts) -> Answer {
    let say = |verdict, why: String, proved_at, act: Act| Answer {
        scenario: Scenario::MachineLost,
        verdict,
        why: why.into(),
        proved_at,
        act: Some(act),
    };
    if !facts.dr_on() {
        let act = match facts.locations.iter().find(|l| !l.read_only && !l.altered) {
            None => Act::say("kastellan location add NAME --directory DIR | --s3 BUCKET, then kastellan dr enable --location NAME"),
            Some(location) => Act::say(format!("kastellan dr enable --location {}", location.name)),
        };
        return say(Verdict::No, "no DR archive is made".into(), None, act);
    }
    let proved = |a: &&super::Archive| a.proved_at.is_some();
    let Some(newest) = facts.archives.iter().find(proved) else {
        return say(Verdict::No, "no DR archive was ever proved".into(), None, Act::say("kastellan dr archive"));
    };
    let inside = facts.passkeys.iter().filter(|p| !p.pending && newest.wraps.contains(&p.wrap_id));
    let Some(best) = inside.min_by_key(|p| rank(p, facts)) else {
        return say(Verdict::No, "the newest archive holds no passkey that is here".into(), None, Act::say("kastellan dr archive"));
    };
    let way = format!("archive of {} + {}", newest.created_at.short(facts.now), best.name);
    let late = facts.debt > 0 && facts.now.since(newest.created_at) > facts.ages.archive;
    let opens = verdict(best.opens(&facts.ages, facts.now));
    if opens == Verdict::No || opens == Verdict::Unknown || opens == Verdict::Stale {
        let act = Act::start(format!("kastellan passkey check {}", best.name), Intent::Check(best.name.clone()));
        let why = format!("{way}: {}", best.why(&facts.ages, facts.now));
        return say(if late { opens.max(Verdict::Stale) } else { opens }, why, newest.proved_at, act);
    }
    if late {
        let why = format!("{way}; {} in no archive", super::count(facts.debt, "change", "changes"));
        return say(Verdict::Stale, why, newest.proved_at, Act::say("kastellan dr archive"));
    }
    let rehearse = Act::say("rehearse it on another machine: kastellan recover");
    say(Verdict::Unproved, format!("{way}; the whole way was never gone"), newest.proved_at, rehearse)
}

/// A scenario takes the best of its ways; a way is one passkey.
fn answer(scenario: Scenario, ways: &[&Passkey], facts: &Facts) -> Answer {
    let Some(best) = ways.iter().copied().min_by_key(|p| rank(p, facts)) else {
        return Answer {
            scenario,
            verdict: Verdict::No,
            why: "no other passkey".into(),
            proved_at: None,
            act: Some(Act::start("add a second passkey: kastellan passkey add NAME", Intent::Add)),
        };
    };
    let verdict = verdict(best.opens(&facts.ages, facts.now));
    let name = &best.name;
    let act = match verdict {
        Verdict::Yes => None,
        Verdict::No => Some(Act::start("add a passkey that opens: kastellan passkey add NAME", Intent::Add)),
        _ if matches!(facts.lock, LockState::Locked) && scenario == Scenario::Restart => Some(Act::start("unlock", Intent::Unlock)),
        _ => Some(Act::start(format!("kastellan passkey check {name}"), Intent::Check(name.clone()))),
    };
    let why = match verdict {
        Verdict::Yes => Text::new(name.as_str()),
        _ => Text::new(format!("{name}: {}", best.why(&facts.ages, facts.now))),
    };
    let proved_at = best.proof.as_ref().and_then(|p| p.opened.as_ref()).map(|(at, _)| *at);
    Answer { scenario, verdict, why, proved_at, act }
}

fn verdict(opens: Opens) -> Verdict {
    match opens {
        Opens::Yes => Verdict::Yes,
        Opens::Stale => Verdict::Stale,
        Opens::Unknown | Opens::Pending => Verdict::Unknown,
        Opens::No => Verdict::No,
    }
}

/// Best first; of equals the one in use.
fn rank(passkey: &Passkey, facts: &Facts) -> (Verdict, bool) {
    (verdict(passkey.opens(&facts.ages, facts.now)), !facts.in_use(&passkey.name))
}
