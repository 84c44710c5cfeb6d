//! Rows of the screens that are read off the facts: locations and artifacts, DR and drills, the readiness matrix.

use super::{App, Level, ListState, Screen, act_words};
use crate::domain::{
    Answer, Archive, Artifact, DrPassphrase, DrillDone, Facts, Flow, Guided, Intent, Location, LocationName, Opens, Passkey, Scenario,
    Text, Verdict, bytes, count, if_dr_leaks, if_dr_lost, if_location_leaks, if_location_lost, readiness, rehearsals,
};

/// Terminals with so many columns show more of them, not wider ones.
pub const WIDE: u16 = 100;

/// How wide a column of times is; a time of another year needs more.
pub const TIMES: u16 = 7;

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A location.
    Location(LocationName),
    /// A copy of an artifact: its id, and where it lies.
    Artifact(String, LocationName),
    /// A DR passphrase, by its number.
    DrPassphrase(u64),
    /// A kept DR archive, by its id; and its number.
    Archive(String, u64),
    /// A drill, by its id.
    Drill(String),
    /// A case of the matrix.
    Case(Scenario),
}

/// A text in a row; without a level it is plain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What it says.
    pub text: String,
    /// How good or bad that is.
    pub level: Option<Level>,
}

impl Said {
    fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), level: None }
    }

    fn of(level: Level, text: impl Into<String>) -> Self {
        Self { text: text.into(), level: Some(level) }
    }
}

/// The columns of a screen: head and width; 0 shares what is left, [`TIMES`] grows with the times that are on the screen.
#[must_use]
pub fn sheet_heads(screen: Screen, columns: u16) -> Vec<(&'static str, u16)> {
    let wide = columns >= WIDE;
    match screen {
        Screen::Artifacts if wide => {
            vec![("NAME", 14), ("WHAT", 28), ("WHEN", 10), ("SIZE", 12), ("LOCATION", 16), ("VERIFIED", 10), ("HOLDS", 0)]
        }
        Screen::Artifacts => vec![("NAME", 14), ("WHAT", 20), ("WHEN", TIMES), ("SIZE", 12), ("LOCATION", 0)],
        Screen::Dr if wide => vec![("WHAT", 26), ("MADE", 10), ("WHERE", 20), ("PROVED", 10), ("BY", 24), ("OPENS WITH", 0)],
        Screen::Dr => vec![("WHAT", 22), ("MADE", TIMES), ("WHERE", 14), ("PROVED", 10), ("OPENS WITH", 0)],
        _ if columns < 70 => vec![("CASE", 22), ("ANSWER", 8), ("BY WHICH WAY, OR WHY NOT", 0)],
        _ => vec![("CASE", if wide { 34 } else { 25 }), ("ANSWER", 9), ("BY WHICH WAY, OR WHY NOT", 0), ("PROVED", TIMES)],
    }
}

/// What stands in the title of its box.
#[must_use]
pub fn sheet_title(screen: Screen) -> &'static str {
    match screen {
        Screen::Artifacts => "locations and artifacts",
        Screen::Dr => "DR and drills",
        _ => "readiness",
    }
}

/// The sentence and the act of an empty screen.
#[must_use]
pub fn sheet_empty(screen: Screen) -> &'static str {
    match screen {
        Screen::Artifacts => "No location exists: archives and artifacts have nowhere to go. n: add one.",
        Screen::Dr => "No DR archive exists. If this machine is lost, so are the backups. n: set up DR.",
        _ => "Nothing is known yet.",
    }
}

impl App {
    /// The rows of such a screen that the filter leaves, in order.
    #[must_use]
    pub fn items(&self) -> Vec<Item> {
        let Some(facts) = &self.facts else { return Vec::new() };
        let all: Vec<Item> = match self.screen {
            Screen::Artifacts => {
                let locations = facts.locations.iter().map(|l| Item::Location(l.name.clone()));
                locations.chain(self.artifacts.rows.iter().map(|a| Item::Artifact(a.id.clone(), a.location.clone()))).collect()
            }
            Screen::Dr => {
                let passphrases = facts.dr_passphrases.iter().rev().map(|p| (p.created_at, Item::DrPassphrase(p.number)));
                let archives = facts.archives.iter().map(|a| (a.created_at, Item::Archive(a.id.clone(), a.seq)));
                let drills = facts.drills.iter().map(|d| (d.began_at, Item::Drill(d.id.clone())));
                let mut all: Vec<_> = archives.chain(drills).chain(passphrases).collect();
                all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
                all.into_iter().map(|(_, item)| item).collect()
            }
            Screen::Readiness => readiness(facts).into_iter().map(|answer| Item::Case(answer.scenario)).collect(),
            _ => return Vec::new(),
        };
        let needle = self.list().map(|list| list.filter.to_lowercase()).unwrap_or_default();
        if needle.is_empty() {
            return all;
        }
        let holds = |item: &Item| self.cells(item, true).iter().any(|said| said.text.to_lowercase().contains(&needle));
        all.into_iter().filter(holds).collect()
    }

    /// The selected row of such a screen.
    #[must_use]
    pub fn selected_item(&self) -> Option<Item> {
        if let Some(item) = self.layers.iter().rev().find_map(|layer| match layer {
            super::Layer::Details(super::Details::Item(item, _)) => Some(item.clone()),
            _ => None,
        }) {
            return Some(item);
        }
        self.row_of_sheet()
    }

    /// The row that the cursor is on, whatever lies above it.
    pub(super) fn row_of_sheet(&self) -> Option<Item> {
        let selected = self.list().filter(|_| self.screen.is_sheet())?.selected;
        self.items().into_iter().nth(selected)
    }

    /// The texts of a row, in the order of [`sheet_heads`].
    #[must_use]
    pub fn cells(&self, item: &Item, wide: bool) -> Vec<Said> {
        let Some(facts) = &self.facts else { return Vec::new() };
        match item {
            Item::Location(name) => facts.location(name).map(|l| location_cells(l, facts)).unwrap_or_default(),
            Item::Artifact(id, location) => self.artifact(id, location).map(|a| artifact_cells(a, facts)).unwrap_or_default(),
            Item::DrPassphrase(number) => passphrase(facts, *number).map(|p| passphrase_cells(p, facts, wide)).unwrap_or_default(),
            Item::Archive(id, _) => facts.archives.iter().find(|a| a.id == *id).map(|a| archive_cells(a, facts, wide)).unwrap_or_default(),
            Item::Drill(id) => facts.drills.iter().find(|d| d.id == *id).map(|d| drill_cells(d, facts, wide)).unwrap_or_default(),
            Item::Case(scenario) => case(facts, scenario).map(|answer| case_cells(&answer, facts)).unwrap_or_default(),
        }
    }

    /// What is known of a row, for the lower pane and the details.
    #[must_use]
    pub fn about(&self, item: &Item) -> Vec<(&'static str, Text)> {
        let Some(facts) = &self.facts else { return Vec::new() };
        match item {
            Item::Location(name) => facts.location(name).map(|l| about_location(l, facts)).unwrap_or_default(),
            Item::Artifact(id, location) => self.artifact(id, location).map(about_artifact).unwrap_or_default(),
            Item::DrPassphrase(number) => passphrase(facts, *number).map(|p| about_passphrase(p, facts)).unwrap_or_default(),
            Item::Archive(id, _) => facts.archives.iter().find(|a| a.id == *id).map(|a| about_archive(a, facts)).unwrap_or_default(),
            Item::Drill(id) => facts.drills.iter().find(|d| d.id == *id).map(about_drill).unwrap_or_default(),
            Item::Case(scenario) => case(facts, scenario).map(|answer| about_case(&answer)).unwrap_or_default(),
        }
    }

    /// What can be done with a row, and on its screen: in words, and what it starts.
    #[must_use]
    pub fn acts(&self, item: Option<&Item>) -> Vec<(String, Intent)> {
        let flow = |label: &str, flow, of: Option<Text>| (label.to_owned(), Intent::Flow(flow, of));
        let mut acts = match item {
            Some(Item::Location(name)) => {
                let of = || Some(Text::new(name.as_str()));
                vec![
                    ("Try every right on it".to_owned(), Intent::Guided(Guided::LocationCheck(Text::new(name.as_str())))),
                    flow("Seal data into it", Flow::Seal, of()),
                    flow("Read it through", Flow::Rescan, of()),
                    flow("Remove what broken seals left", Flow::Sweep, of()),
                    flow("Forget it (nothing in it is touched)", Flow::LocationForget, of()),
                ]
            }
            Some(Item::Artifact(id, _)) => {
                let of = || Some(Text::new(id.as_str()));
                let id = || Text::new(id.as_str());
                vec![
                    ("Open it".to_owned(), Intent::Guided(Guided::Open(id()))),
                    ("Verify every tag".to_owned(), Intent::Guided(Guided::Verify(Some(id())))),
                    flow("Copy to another location", Flow::Copy, of()),
                    flow("Remove", Flow::ArtifactRemove, of()),
                ]
            }
            Some(Item::Drill(id)) => vec![("Read its report".to_owned(), Intent::Guided(Guided::DrillShow(Text::new(id.as_str()))))],
            Some(Item::Case(scenario)) => {
                let answer = self.facts.as_ref().and_then(|facts| case(facts, scenario));
                let act = answer.and_then(|answer| answer.act);
                act.and_then(|act| Some((act_words(&act).to_string(), act.does?))).into_iter().collect()
            }
            _ => Vec::new(),
        };
        match self.screen {
            Screen::Artifacts => acts.extend([
                flow("Add a location", Flow::LocationAdd, None),
                ("Verify all artifacts".to_owned(), Intent::Guided(Guided::Verify(None))),
                flow("Copy all artifacts of a policy", Flow::Copy, None),
                ("Open import data".to_owned(), Intent::Guided(Guided::Import)),
            ]),
            Screen::Dr => acts.extend([
                flow("Set DR up", Flow::DrEnable, None),
                flow("Archive now", Flow::DrArchive, None),
                flow("Check the DR passphrase (you type it)", Flow::DrCheck, None),
                ("Rehearse a total loss".to_owned(), Intent::Guided(Guided::Drill)),
                flow("Change the DR passphrase", Flow::DrChange, None),
                flow("Remove old archives", Flow::DrPrune, None),
                ("Try a recovery kit".to_owned(), Intent::Guided(Guided::KitCheck)),
                flow("Take over what was restored", Flow::DrTakeOver, None),
                flow("Turn DR off", Flow::DrDisable, None),
            ]),
            _ => {}
        }
        acts
    }

    /// Sentences above the rows: what holds for all of them.
    #[must_use]
    pub fn above(&self) -> Vec<Said> {
        let Some(facts) = &self.facts else { return Vec::new() };
        match self.screen {
            Screen::Dr => above_dr(facts),
            Screen::Artifacts if self.artifacts.next.is_some() => {
                vec![Said::plain(format!("The newest {} are read so far; going down reads more.", self.artifacts.rows.len()))]
            }
            _ => Vec::new(),
        }
    }

    fn artifact(&self, id: &str, location: &LocationName) -> Option<&Artifact> {
        self.artifacts.rows.iter().find(|a| a.id == id && a.location == *location)
    }
}

impl Item {
    /// What it is called in titles and crumbs.
    #[must_use]
    pub fn title(&self) -> Text {
        match self {
            Self::Location(name) => Text::new(name.as_str()),
            Self::Artifact(id, _) => Text::new(format!("artifact {}", id.get(..12).unwrap_or(id))),
            Self::DrPassphrase(number) => Text::new(format!("DR passphrase no. {number}")),
            Self::Archive(_, seq) => Text::new(format!("archive {seq}")),
            Self::Drill(id) => Text::new(format!("drill {}", id.get(..8).unwrap_or(id))),
            Self::Case(scenario) => scenario.title(),
        }
    }

    /// Its public id, to be copied.
    #[must_use]
    pub fn id(&self) -> Text {
        match self {
            Self::Location(name) => Text::new(name.as_str()),
            Self::Artifact(id, _) | Self::Archive(id, _) | Self::Drill(id) => Text::new(id.as_str()),
            Self::DrPassphrase(number) => Text::new(number.to_string()),
            Self::Case(scenario) => Text::new(scenario.word()),
        }
    }
}

impl Screen {
    /// Whether its rows are read off the facts.
    #[must_use]
    pub fn is_sheet(self) -> bool {
        matches!(self, Self::Artifacts | Self::Dr | Self::Readiness)
    }
}

/// Where one is on such a screen.
impl App {
    pub(super) fn sheet_mut(&mut self) -> Option<&mut ListState> {
        match self.screen {
            Screen::Artifacts => Some(&mut self.artifacts.list),
            Screen::Dr => Some(&mut self.dr),
            Screen::Readiness => Some(&mut self.matrix),
            _ => None,
        }
    }
}

fn passphrase(facts: &Facts, number: u64) -> Option<&DrPassphrase> {
    facts.dr_passphrases.iter().find(|p| p.number == number)
}

/// The answer to a case.
pub fn case(facts: &Facts, scenario: &Scenario) -> Option<Answer> {
    readiness(facts).into_iter().find(|answer| answer.scenario == *scenario)
}

/// How grave an answer is.
#[must_use]
pub fn verdict_level(verdict: Verdict) -> Level {
    match verdict {
        Verdict::Yes => Level::Ok,
        Verdict::Unproved | Verdict::Unknown => Level::Info,
        Verdict::Stale => Level::Warn,
        Verdict::No => Level::Error,
    }
}

fn location_cells(l: &Location, facts: &Facts) -> Vec<Said> {
    let what = l.target.as_ref().map_or_else(|| l.kind.to_string(), |target| target.address().to_string());
    let alone = match facts.alone.get(&l.name.id()) {
        _ if l.altered => Said::of(Level::Error, "ALTERED"),
        _ if l.read_only => Said::plain("read only"),
        Some(Some(0)) | None => Said::plain("location"),
        Some(Some(n)) => Said::of(Level::Warn, format!("{n} alone")),
        Some(None) => Said::of(Level::Info, "unknown"),
    };
    let name = Said::plain(l.name.to_string());
    vec![name, Said::plain(what), Said::plain(l.created_at.short(facts.now)), alone, Said::plain("-"), Said::plain("-"), Said::plain("")]
}

fn artifact_cells(a: &Artifact, facts: &Facts) -> Vec<Said> {
    let verified = match a.verified_at {
        _ if a.altered => Said::of(Level::Error, "ALTERED"),
        Some(at) => Said::plain(at.short(facts.now)),
        None => Said::plain("never"),
    };
    let holds = a.sealed.as_ref().map_or_else(|| "locked".to_owned(), |sealed| sealed.names.to_string());
    vec![
        Said::plain(a.id.get(..12).unwrap_or(&a.id)),
        Said::plain(a.policy.to_string()),
        Said::plain(a.created_at.short(facts.now)),
        Said::plain(bytes(a.size)),
        Said::plain(a.location.to_string()),
        verified,
        Said::plain(holds),
    ]
}

/// The order of [`sheet_heads`]: BY is left out where it is narrow.
fn dr_row(wide: bool, what: Said, made: String, place: String, proved: Said, by: String, opens: Said) -> Vec<Said> {
    let mut cells = vec![what, Said::plain(made), Said::plain(place), proved];
    if wide {
        cells.push(Said::plain(by));
    }
    cells.push(opens);
    cells
}

fn passphrase_cells(p: &DrPassphrase, facts: &Facts, wide: bool) -> Vec<Said> {
    let in_force = facts.dr.as_ref().is_some_and(|dr| dr.enabled && dr.number == p.number);
    let archives = facts.archives.iter().filter(|a| a.number == p.number).count() as u64;
    let typed = p.typed.as_ref().map_or_else(|| Said::of(Level::Info, "never"), |(at, _)| Said::plain(at.short(facts.now)));
    let opens =
        if in_force { format!("in force: {}", count(archives, "archive", "archives")) } else { count(archives, "archive", "archives") };
    let what = Said::plain(format!("passphrase no. {}", p.number));
    dr_row(wide, what, p.created_at.short(facts.now), "an envelope".into(), typed, p.created_by.to_string(), Said::plain(opens))
}

fn archive_cells(a: &Archive, facts: &Facts, wide: bool) -> Vec<Said> {
    let proved = a.proved_at.map_or_else(|| Said::of(Level::Warn, "not yet"), |at| Said::of(Level::Ok, at.short(facts.now)));
    let inside: Vec<&Passkey> = facts.passkeys.iter().filter(|p| a.wraps.contains(&p.wrap_id)).collect();
    let opens = match inside.as_slice() {
        [] => Said::of(Level::Error, "no passkey that is here"),
        [only] => Said::plain(only.name.to_string()),
        [first, rest @ ..] => Said::plain(format!("{} +{}", first.name, rest.len())),
    };
    dr_row(
        wide,
        Said::plain(format!("archive {}, no. {}", a.seq, a.number)),
        a.created_at.short(facts.now),
        a.location.to_string(),
        proved,
        String::new(),
        opens,
    )
}

fn drill_cells(d: &DrillDone, facts: &Facts, wide: bool) -> Vec<Said> {
    let ended = if d.passed { Said::of(Level::Ok, "passed") } else { Said::of(Level::Error, "FAILED") };
    let took = Said::plain(match &d.failed {
        Some(step) => step.to_string(),
        None => format!("in {} s", d.took_ms.div_ceil(1000)),
    });
    dr_row(
        wide,
        Said::plain(format!("drill {}", d.scenario)),
        d.began_at.short(facts.now),
        d.machine.to_string(),
        ended,
        d.by.to_string(),
        took,
    )
}

fn case_cells(answer: &Answer, facts: &Facts) -> Vec<Said> {
    vec![
        Said::plain(answer.scenario.title().to_string()),
        Said::of(verdict_level(answer.verdict), answer.verdict.word()),
        Said::plain(answer.why.to_string()),
        Said::plain(answer.proved_at.map_or_else(|| "-".into(), |at| at.short(facts.now))),
    ]
}

fn about_location(l: &Location, facts: &Facts) -> Vec<(&'static str, Text)> {
    let place = l.target.as_ref().map_or_else(|| "encrypted: unlock to see it".into(), crate::domain::Target::address);
    let alone = facts.alone.get(&l.name.id()).copied().flatten();
    let names = if l.hide_policy_names { "its readers see key ids in place of policy names" } else { "its readers see policy names" };
    let mut rows = vec![
        ("Where", place),
        ("Added", Text::new(format!("{} by {}", l.created_at.short(facts.now), l.created_by))),
        ("Names", names.into()),
        ("If leaked", if_location_leaks(l)),
    ];
    rows.extend(alone.map(|n| ("If lost", if_location_lost(l, n, facts))));
    if l.read_only {
        rows.push(("Writing", "never: it came with an import".into()));
    }
    rows
}

fn about_artifact(a: &Artifact) -> Vec<(&'static str, Text)> {
    let mut rows = vec![
        ("Id", Text::new(a.id.as_str())),
        ("Policy", Text::new(format!("{}, key id {}", a.policy, a.policy_key_id))),
        ("Sealed", Text::new(format!("{}{}", a.created_at, if a.found { ", found there and not made here" } else { "" }))),
        ("Size", Text::new(format!("{} ({} stored)", bytes(a.size), bytes(a.stored)))),
    ];
    match &a.sealed {
        None => rows.push(("Holds", "encrypted: unlock to see it".into())),
        Some(sealed) => {
            rows.push(("Holds", Text::new(format!("{}: {}", sealed.kind.word(), sealed.names))));
            rows.extend(sealed.note.clone().map(|note| ("Note", note)));
        }
    }
    rows.push(("Open it", Text::new(format!("kastellan artifact open {} --to PATH", a.id.get(..12).unwrap_or(&a.id)))));
    rows.push(("Verified", a.verified_at.map_or_else(|| "never: kastellan artifact verify ID".into(), |at| Text::new(at.to_string()))));
    rows
}

fn about_passphrase(p: &DrPassphrase, facts: &Facts) -> Vec<(&'static str, Text)> {
    let typed = p
        .typed
        .as_ref()
        .map_or_else(|| "nobody typed it so far".into(), |(at, who)| Text::new(format!("{} by {who}", at.short(facts.now))));
    let mut rows = vec![("Made", Text::new(format!("{} by {}", p.created_at.day(), p.created_by)))];
    rows.extend(
        facts
            .installation
            .as_ref()
            .map(|i| ("Envelope", DrPassphrase::envelope(p.number, &i.name, i.short_id(), &p.created_at.day()).into())),
    );
    rows.extend([("Typed", typed), ("If leaked", if_dr_leaks(p.number, facts)), ("If lost", if_dr_lost(p.number, facts))]);
    rows
}

fn about_archive(a: &Archive, facts: &Facts) -> Vec<(&'static str, Text)> {
    let inside: Vec<&Passkey> = facts.passkeys.iter().filter(|p| a.wraps.contains(&p.wrap_id)).collect();
    let names: Vec<String> = inside.iter().map(|p| format!("{} ({})", p.name, p.opens(&facts.ages, facts.now).word())).collect();
    let opens = inside.iter().any(|p| matches!(p.opens(&facts.ages, facts.now), Opens::Yes));
    let proved = a.proved_at.map_or_else(
        || "not yet: it was not read back and opened".into(),
        |at| Text::new(format!("{}: read back, opened, every line verified", at.short(facts.now))),
    );
    vec![
        ("Object", Text::new(format!("{} in {}, {}", a.name, a.location, bytes(a.size)))),
        ("Made", Text::new(format!("{}, journal to entry {}", a.created_at, a.journal_seq))),
        ("Proved", proved),
        ("Opens with", Text::new(format!("DR passphrase no. {}, then a passkey: {}", a.number, names.join(", ")))),
        ("Today", if opens { "one of these passkeys opens".into() } else { "no passkey in it is known to open: check one".into() }),
    ]
}

fn about_drill(d: &DrillDone) -> Vec<(&'static str, Text)> {
    let signed = if d.signed { "by the recovered master key" } else { "no: it failed before there was a key" };
    vec![
        ("Ended", Text::new(format!("{}, in {} s", d.ended(), d.took_ms.div_ceil(1000)))),
        ("Begun", Text::new(format!("{} by {} on {}", d.began_at, d.by, d.machine))),
        ("Signed", signed.into()),
        ("Report", Text::new(format!("kastellan drill show --report {}", d.id.get(..8).unwrap_or(&d.id)))),
    ]
}

fn about_case(answer: &Answer) -> Vec<(&'static str, Text)> {
    let mut rows = vec![("Case", answer.scenario.explains()), ("Answer", Text::new(format!("{}: {}", answer.verdict.word(), answer.why)))];
    rows.extend(answer.act.as_ref().map(|act| ("Next", act_words(act))));
    rows
}

fn above_dr(facts: &Facts) -> Vec<Said> {
    let Some(dr) = &facts.dr else { return Vec::new() };
    let names: Vec<String> = dr.locations.iter().map(ToString::to_string).collect();
    let owner = facts.installation.as_ref().is_none_or(|i| i.owner);
    let mut lines = if dr.enabled && !owner {
        vec![Said::of(Level::Warn, "Restored, and not the owner: it archives nothing until it takes over (a).")]
    } else if dr.enabled {
        vec![Said::plain(format!("DR is on: every change is archived to {}, under DR passphrase no. {}.", names.join(", "), dr.number))]
    } else {
        vec![Said::of(Level::Error, "DR is off: changes are in no archive any more. n: set it up again.")]
    };
    if facts.debt > 0 && dr.enabled && owner {
        lines.push(Said::of(Level::Warn, super::overview::in_no_archive(facts).to_string()));
    }
    for one in rehearsals(facts) {
        let word = one.scenario.word();
        let last = one.newest.as_ref();
        lines.push(match (one.due, last) {
            (Some(at), _) if !one.is_due(facts.now) => Said::plain(format!("Drill {word}: due {}.", at.day())),
            (_, Some(d)) if !d.passed => {
                Said::of(Level::Error, format!("Drill {word} FAILED {}: run it again.", d.began_at.short(facts.now)))
            }
            (Some(at), _) => Said::of(Level::Warn, format!("Drill {word}: due since {}.", at.day())),
            (None, _) => Said::of(Level::Warn, format!("Drill {word}: never rehearsed. Nothing proves the whole way back.")),
        });
    }
    lines
}
