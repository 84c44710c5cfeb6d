//! Would the backups come back? A pure function of facts with ages.

use super::{Act, Facts, Flow, Intent, Location, LocationName, LockState, Opens, Passkey, Rehearsals, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// What is gone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "String")]
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
    /// A location, with all that lies in it.
    LocationLost(LocationName),
    /// The one person who knew.
    Handover,
}

impl Scenario {
    /// Its word in flags, metrics and JSON: `machine-lost`, `location-lost:nfs`.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Restart => "restart".into(),
            Self::InUseLost => "in-use-lost".into(),
            Self::MachineLost => "machine-lost".into(),
            Self::DrForgotten => "dr-forgotten".into(),
            Self::DrForgottenAndMachineLost => "dr-forgotten-and-machine-lost".into(),
            Self::LocationLost(name) => format!("location-lost:{name}"),
            Self::Handover => "handover".into(),
        }
    }

    /// In words, as the overview has it.
    #[must_use]
    pub fn title(&self) -> Text {
        match self {
            Self::Restart => "restart".into(),
            Self::InUseLost => "in-use passkey lost".into(),
            Self::MachineLost => "machine lost".into(),
            Self::DrForgotten => "DR passphrase forgotten".into(),
            Self::DrForgottenAndMachineLost => ". . . and machine lost".into(),
            Self::LocationLost(name) => Text::new(format!("{name} lost")),
            Self::Handover => "handover".into(),
        }
    }

    /// What is gone, in a sentence.
    #[must_use]
    pub fn explains(&self) -> Text {
        match self {
            Self::Restart => "Nothing is lost; Kastellan has to be unlocked again.".into(),
            Self::InUseLost => "The secret of the passkey in use is lost; this catalog is still here.".into(),
            Self::MachineLost => "This machine is lost with its catalog; the locations and the envelopes are still there.".into(),
            Self::DrForgotten => "The DR passphrase is lost; this catalog is still here.".into(),
            Self::DrForgottenAndMachineLost => {
                "The DR passphrase is lost, and this machine with its catalog: only a recovery kit helps.".into()
            }
            Self::LocationLost(name) => Text::new(format!("Location {name} is lost with all that lies in it; this catalog is still here.")),
            Self::Handover => "The one person who knew is gone; somebody else has to open what is left.".into(),
        }
    }
}

impl From<Scenario> for String {
    fn from(scenario: Scenario) -> Self {
        scenario.word()
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    answers.extend(super::kit::machine_lost_too(facts));
    answers.extend(facts.locations.iter().filter(|l| !l.read_only).map(|location| location_lost(location, facts)));
    answers.extend(super::kit::handover(facts));
    answers
}

/// When an answer next changes by age alone, if ever.
#[must_use]
pub fn stale_at(facts: &Facts) -> Option<Timestamp> {
    let passkeys = facts.passkeys.iter().filter_map(|p| p.stale_at(&facts.ages));
    let kits = facts.kits.iter().filter_map(|kit| kit.checked.as_ref()).map(|(at, _)| at.plus(facts.ages.kit));
    let drills = super::rehearsals(facts).into_iter().filter_map(|drill| drill.due);
    let late = facts.archives.iter().find(|a| facts.debt > 0 && a.proved_at.is_some()).map(|a| a.created_at.plus(facts.ages.archive + 1));
    passkeys.chain(kits).chain(drills).chain(late).filter(|at| *at > facts.now).min()
}

/// An archive that is kept and proved, and a passkey whose wrap is in it; the worse of the two. Nothing but a rehearsal proves the whole.
fn machine_lost(facts: &Facts) -> Answer {
    let archive = || facts.take_over().unwrap_or_else(|| Act::flow("kastellan dr archive", Flow::DrArchive, None));
    let say = |verdict, why: String, proved_at, act: Act| Answer {
        scenario: Scenario::MachineLost,
        verdict,
        why: why.into(),
        proved_at,
        act: Some(act),
    };
    if !facts.dr_on() {
        let act = match facts.locations.iter().find(|l| !l.read_only && !l.altered) {
            None => {
                let say = "kastellan location add NAME --directory DIR | --s3 BUCKET, then kastellan dr enable --location NAME";
                Act::flow(say, Flow::LocationAdd, None)
            }
            Some(location) => Act::flow(format!("kastellan dr enable --location {}", location.name), Flow::DrEnable, None),
        };
        return say(Verdict::No, "no DR archive is made".into(), None, act);
    }
    let proved = |a: &&super::Archive| a.proved_at.is_some();
    let Some(newest) = facts.archives.iter().find(proved) else {
        return say(Verdict::No, "no DR archive was ever proved".into(), None, archive());
    };
    let inside = facts.passkeys.iter().filter(|p| !p.pending && newest.wraps.contains(&p.wrap_id));
    let Some(best) = inside.min_by_key(|p| rank(p, facts)) else {
        return say(Verdict::No, "the newest archive holds no passkey that is here".into(), None, archive());
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
        return say(Verdict::Stale, why, newest.proved_at, archive());
    }
    rehearsed(&way, newest.proved_at, facts)
}

/// All parts are there; whether the whole way was gone lately.
fn rehearsed(way: &str, proved_at: Option<Timestamp>, facts: &Facts) -> Answer {
    let drills = Rehearsals::of(Scenario::MachineLost, facts);
    let failed = drills.newest.as_ref().filter(|d| !d.passed);
    let (verdict, why) = match (failed, drills.passed, drills.due) {
        (Some(d), ..) => {
            let step = d.failed.as_ref().map(|step| format!(" at: {step}")).unwrap_or_default();
            (Verdict::No, format!("{way}; the drill of {} failed{step}", d.began_at.short(facts.now)))
        }
        (None, Some(_), Some(due)) if facts.now < due => (Verdict::Yes, format!("{way}; drill due {}", due.day())),
        (None, Some(at), _) => (Verdict::Stale, format!("{way}; last drill {}", at.day())),
        (None, None, _) => (Verdict::Unproved, format!("{way}; nobody has gone this whole way yet")),
    };
    let act = (verdict != Verdict::Yes).then(|| drills.act());
    Answer { scenario: Scenario::MachineLost, verdict, why: why.into(), proved_at: drills.passed.or(proved_at), act }
}

/// What lies there and nowhere else. Archives can be made again while the catalog lives; artifacts cannot.
fn location_lost(location: &Location, facts: &Facts) -> Answer {
    let scenario = Scenario::LocationLost(location.name.clone());
    let say =
        |verdict, why: String, act: Option<Act>| Answer { scenario: scenario.clone(), verdict, why: why.into(), proved_at: None, act };
    let alone = facts.alone.get(&location.name.id()).copied().unwrap_or(Some(0));
    let other = facts.locations.iter().find(|l| !l.read_only && !l.name.same(&location.name));
    let Some(alone) = alone else {
        let name = Some(Text::new(location.name.as_str()));
        let act = Act::flow(format!("kastellan artifact rescan {}", location.name), Flow::Rescan, name);
        return say(Verdict::Unknown, "the index of artifacts cannot be read".into(), Some(act));
    };
    if alone > 0 {
        let act = if let Some(other) = other {
            Act::flow(format!("kastellan artifact copy --policy POLICY --to-location {}", other.name), Flow::Copy, None)
        } else {
            let first = "kastellan location add NAME, then kastellan artifact copy --policy POLICY --to-location NAME";
            Act::flow(first, Flow::LocationAdd, None)
        };
        return say(Verdict::No, format!("{} with no other copy", super::count(alone, "artifact", "artifacts")), Some(act));
    }
    let (here, elsewhere): (Vec<_>, Vec<_>) =
        facts.archives.iter().filter(|a| a.proved_at.is_some()).partition(|a| a.location.same(&location.name));
    match (here.first(), elsewhere.first()) {
        (None, _) => say(Verdict::Yes, "nothing lies there alone".into(), None),
        (Some(_), Some(other)) => {
            let why = format!("archive of {} in {}", other.created_at.short(facts.now), other.location);
            Answer { proved_at: other.proved_at, ..say(Verdict::Yes, why, None) }
        }
        (Some(_), None) => {
            let two = "archive to two locations: kastellan dr disable, then kastellan dr enable --location A --location B";
            let act = Act::start(two, Intent::Dr);
            say(Verdict::Unproved, "no other location holds an archive; this catalog can make new ones".into(), Some(act))
        }
    }
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
