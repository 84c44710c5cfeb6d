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
}

impl Scenario {
    /// In words, as the overview has it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::InUseLost => "in-use passkey lost",
        }
    }

    /// What is gone, in a sentence.
    #[must_use]
    pub fn explains(self) -> &'static str {
        match self {
            Self::Restart => "Nothing is lost; Kastellan has to be unlocked again.",
            Self::InUseLost => "The secret of the passkey in use is lost; this catalog is still here.",
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
    vec![answer(Scenario::Restart, &all, facts), answer(Scenario::InUseLost, &spare, facts)]
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
