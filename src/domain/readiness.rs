//! Would the backups come back? A pure function of facts with ages.

use super::{Act, Archive, Facts, Flow, Intent, Location, LocationName, LockState, Opens, Passkey, Rehearsals, Text, Timestamp};
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
    let late = newest(facts).into_iter().filter(|a| lacks(a, facts).is_some()).map(|a| a.created_at.plus(facts.ages.archive + 1));
    passkeys.chain(kits).chain(drills).chain(late).filter(|at| *at > facts.now).min()
}

/// An archive that is kept and proved, and a passkey whose wrap is in it. The newest archive of each place is a way of its own.
fn machine_lost(facts: &Facts) -> Answer {
    let say = |why: &str, act: Act| Answer {
        scenario: Scenario::MachineLost,
        verdict: Verdict::No,
        why: why.into(),
        proved_at: None,
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
        return say("no DR archive is made", act);
    }
    let ways = newest(facts).into_iter().map(|archive| through(archive, facts));
    ways.min_by_key(|way| way.verdict).unwrap_or_else(|| say("no DR archive was ever proved", archive_now(facts)))
}

/// One way: the worst of the whole's rehearsal, the archive and the best passkey in it. Nothing but a rehearsal proves the whole.
fn through(archive: &Archive, facts: &Facts) -> Answer {
    let say = |verdict, why: String, act: Act| Answer {
        scenario: Scenario::MachineLost,
        verdict,
        why: why.into(),
        proved_at: archive.proved_at,
        act: Some(act),
    };
    let inside = facts.passkeys.iter().filter(|p| !p.pending && archive.wraps.contains(&p.wrap_id));
    let Some(best) = inside.min_by_key(|p| rank(p, facts)) else {
        return say(Verdict::No, "the newest archive holds no passkey that is here".into(), archive_now(facts));
    };
    let way = format!("archive of {} + {}", archive.created_at.short(facts.now), best.name);
    let doubt = doubt(&way, archive, facts).map(|(verdict, why, act)| say(verdict, why, act));
    let opens = verdict(best.opens(&facts.ages, facts.now));
    let opens = (opens != Verdict::Yes).then(|| {
        let act = Act::start(format!("kastellan passkey check {}", best.name), Intent::Check(best.name.clone()));
        say(opens, format!("{way}: {}", best.why(&facts.ages, facts.now)), act)
    });
    let whole = rehearsed(&way, archive.proved_at, facts);
    // Of equals the one that takes no drill.
    [doubt, opens].into_iter().flatten().fold(whole, |worst, part| if part.verdict < worst.verdict { worst } else { part })
}

/// The newest proved archive of each place, newest first.
fn newest(facts: &Facts) -> Vec<&Archive> {
    let mut found: Vec<&Archive> = Vec::new();
    for archive in facts.archives.iter().filter(|a| a.proved_at.is_some()) {
        if !found.iter().any(|newer| newer.location.same(&archive.location)) {
            found.push(archive);
        }
    }
    found
}

/// Why the newest archive of a place cannot be counted on although it was proved, if so: nobody knows what is left where a place refuses,
/// and changes may be missing where another place holds a newer one or none does.
fn doubt(way: &str, archive: &Archive, facts: &Facts) -> Option<(Verdict, String, Act)> {
    if let Some(refuses) = facts.refuses(&archive.location) {
        return Some((Verdict::Unknown, refuses.line(facts.now), refuses.act()));
    }
    let lacks = lacks(archive, facts).filter(|_| facts.now.since(archive.created_at) > facts.ages.archive)?;
    let fed = facts.dr.iter().any(|dr| dr.locations.iter().any(|name| name.same(&archive.location)));
    Some((Verdict::Stale, format!("{way}; {lacks}"), if fed { archive_now(facts) } else { two_places() }))
}

/// What the newest archive of a place does not hold, if anything.
fn lacks(archive: &Archive, facts: &Facts) -> Option<String> {
    if newest(facts).iter().any(|newer| newer.seq > archive.seq) {
        return Some("newer ones lie elsewhere".into());
    }
    (facts.debt > 0).then(|| format!("{} in no archive", super::count(facts.debt, "change", "changes")))
}

fn two_places() -> Act {
    Act::start("archive to two locations: kastellan dr disable, then kastellan dr enable --location A --location B", Intent::Dr)
}

fn archive_now(facts: &Facts) -> Act {
    facts.take_over().unwrap_or_else(|| Act::flow("kastellan dr archive", Flow::DrArchive, None))
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
    let (here, elsewhere): (Vec<_>, Vec<_>) = newest(facts).into_iter().partition(|a| a.location.same(&location.name));
    if here.is_empty() {
        return say(Verdict::Yes, "nothing lies there alone".into(), None);
    }
    let through = |archive: &Archive| {
        let way = format!("archive of {} in {}", archive.created_at.short(facts.now), archive.location);
        let (verdict, why, act) =
            doubt(&way, archive, facts).map_or((Verdict::Yes, way.clone(), None), |(verdict, why, act)| (verdict, why, Some(act)));
        Answer { proved_at: archive.proved_at, ..say(verdict, why, act) }
    };
    elsewhere.into_iter().map(through).min_by_key(|way| way.verdict).unwrap_or_else(|| {
        let why = "no other location holds an archive; this catalog can make new ones";
        say(Verdict::Unproved, why.into(), Some(two_places()))
    })
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
