//! Drills: what a rehearsal of total loss found, step by step, and how that reads.

use super::{Act, Facts, Guided, Intent, PolicyName, Prover, Scenario, Text, Timestamp, count};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// At most this many policies are sampled in one drill.
pub const SAMPLES: usize = 10;

/// A step of the way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The archives are found.
    Location,
    /// One opens with the DR passphrase, verified to its end.
    Archive,
    /// The master key in it opens with a passkey's secret.
    MasterKey,
    /// Every record in it verifies, and is a catalog again.
    Catalog,
    /// A location of that catalog is read through for artifacts.
    Artifacts(Text),
    /// A policy's newest artifact opens to its last byte.
    Sample(PolicyName),
}

impl Stage {
    /// What is done.
    #[must_use]
    pub fn name(&self) -> Text {
        match self {
            Self::Location => "find the archives".into(),
            Self::Archive => "open an archive with the DR passphrase".into(),
            Self::MasterKey => "open the master key with a passkey's secret".into(),
            Self::Catalog => "verify every record, and write the catalog".into(),
            Self::Artifacts(location) => Text::new(format!("read location {location} through")),
            Self::Sample(policy) => Text::new(format!("open the newest artifact of {policy}")),
        }
    }

    /// What it means when it fails.
    #[must_use]
    pub fn means(&self) -> &'static str {
        match self {
            Self::Location => "From here nothing comes back: without an archive there is no catalog, and without that no key.",
            Self::Archive => "The archive stays shut. With another envelope, or another archive, it may still open.",
            Self::MasterKey => "The archive opens, but the master key in it stays wrapped: no artifact can be opened.",
            Self::Catalog => "The keys are there, but the catalog does not come back from this archive.",
            Self::Artifacts(_) => "The keys are there; which artifacts lie in this location cannot be told from this machine.",
            Self::Sample(_) => "This policy's newest backup would not come back.",
        }
    }

    /// Whether the steps after it make sense when it failed.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        matches!(self, Self::Artifacts(_) | Self::Sample(_))
    }
}

/// What a drill found: the report, as it is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Drill {
    /// Of this form: 1.
    pub v: u32,
    /// 16 random bytes, hex.
    pub id: String,
    /// `machine-lost` or `dr-forgotten-and-machine-lost`.
    pub scenario: Text,
    /// Whether every step was done.
    pub passed: bool,
    /// Whose; None where no archive opened.
    pub installation: Option<DrillInstallation>,
    /// Who ran it.
    pub by: Text,
    /// On which machine.
    pub machine: Text,
    /// With which Kastellan.
    pub version: Text,
    /// When it began.
    pub began_at: Timestamp,
    /// How long it took, typing included, in milliseconds.
    pub took_ms: u64,
    /// The steps, in their order.
    pub steps: Vec<DrillStep>,
    /// Where each secret and coordinate came from.
    pub origins: Vec<Origin>,
    /// The archive; None where none opened.
    pub archive: Option<DrillArchive>,
    /// Artifacts that were found in the locations and are newer than the archive.
    pub newer_artifacts: u64,
    /// Artifacts that opened to their last byte.
    pub samples: Vec<DrillSample>,
    /// Policies of which nothing was sampled: without artifacts, or beyond the ten.
    pub unsampled: u64,
}

/// Whose drill it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DrillInstallation {
    /// Its name.
    pub name: Text,
    /// Its id, hex.
    pub catalog_id: String,
    /// Its master key's public id, hex.
    pub master_key_id: String,
}

/// A step, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DrillStep {
    /// What was done.
    pub name: Text,
    /// How long it took, typing included, in milliseconds.
    pub ms: u64,
    /// What was found; None where it failed.
    pub found: Option<Text>,
    /// Why it failed.
    pub failed: Option<DrillFailure>,
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DrillFailure {
    /// The cause.
    pub why: Text,
    /// What it means for the way back.
    pub means: Text,
    /// What to do next.
    pub next: Text,
}

/// Where a secret or a coordinate came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Origin {
    /// Which.
    pub what: Text,
    /// From where.
    pub from: Text,
}

/// The archive that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DrillArchive {
    /// Its object's name.
    pub name: Text,
    /// Where it lies.
    pub place: Text,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its number.
    pub seq: u64,
    /// How far its journal goes.
    pub journal_seq: u64,
    /// The hash of that entry.
    pub journal_hash: Text,
    /// The instance that made it, hex.
    pub instance_id: String,
    /// The number of the DR passphrase that opens it.
    pub dr_passphrase: u64,
    /// Its age when the drill began, in seconds: what is younger would be lost (RPO).
    pub age_seconds: i64,
}

/// An artifact that opened to its last byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DrillSample {
    /// Of which policy.
    pub policy: Text,
    /// Its id, hex.
    pub artifact: String,
    /// When it was sealed.
    pub created_at: Timestamp,
    /// Bytes of plaintext.
    pub size: u64,
}

impl Drill {
    /// `drill-7f3a-20261125T140209Z-5c1d.json` and the like: of two drills of one second each has its own.
    #[must_use]
    pub fn file_name(&self, end: &str) -> String {
        let whose = self.installation.as_ref().and_then(|i| i.catalog_id.get(..4)).unwrap_or("unknown");
        let when: String = self.began_at.to_string().chars().filter(|c| !matches!(c, '-' | ':')).collect();
        format!("drill-{whose}-{when}-{}.{end}", self.id.get(..4).unwrap_or_default())
    }

    /// The line that says it all.
    #[must_use]
    pub fn summary(&self) -> String {
        let whose = self.installation.as_ref().map(|i| format!(" of {}", i.name)).unwrap_or_default();
        let seconds = self.took_ms.div_ceil(1000);
        if self.passed {
            let opened = count(self.samples.len() as u64, "policy", "policies");
            let took = count(seconds, "second", "seconds");
            return format!("drill {}{whose} PASSED in {took}: the newest artifact of {opened} opened to its last byte", self.scenario);
        }
        let failed = self.steps.iter().filter(|step| step.failed.is_some()).count() as u64;
        let first = self.steps.iter().find(|step| step.failed.is_some()).map(|step| step.name.to_string()).unwrap_or_default();
        format!("drill {}{whose} FAILED: {} of {}, first: {first}", self.scenario, failed, count(self.steps.len() as u64, "step", "steps"))
    }

    /// The report for people, in Markdown; lists and no tables, since names can hold what ends a cell.
    #[must_use]
    pub fn markdown(&self, signer: Option<&str>) -> String {
        let mut out = format!("# Drill: {}\n\n**{}**\n\n", md(&self.scenario), md(&Text::new(self.summary())));
        if let Some(i) = &self.installation {
            let _ = writeln!(
                out,
                "- Installation: {}, catalog {}, master key {}",
                md(&i.name),
                md_str(&i.catalog_id),
                md_str(&i.master_key_id)
            );
        }
        let _ = writeln!(out, "- Begun {} by {} on {}, Kastellan {}", self.began_at, md(&self.by), md(&self.machine), md(&self.version));
        if let Some(a) = &self.archive {
            let _ = writeln!(
                out,
                "- Archive {} of {}, in {}: opens with DR passphrase no. {}, journal to entry {}\n- Data loss (RPO): what was changed in the {} \
                 before the drill is not in the archive; {} made after it",
                a.seq,
                a.created_at,
                md(&a.place),
                a.dr_passphrase,
                a.journal_seq,
                span(a.age_seconds),
                count(self.newer_artifacts, "artifact was", "artifacts were"),
            );
        }
        out.push_str("\n## Steps\n\n");
        for (n, step) in self.steps.iter().enumerate() {
            let how = if step.failed.is_some() { "FAILED" } else { "done" };
            let _ = write!(out, "{}. {}: {how} in {}", n + 1, md(&step.name), milliseconds(step.ms));
            if let Some(found) = step.found.as_ref().filter(|found| !found.is_empty()) {
                let _ = write!(out, " - {}", md(found));
            }
            out.push('\n');
            if let Some(f) = &step.failed {
                let _ = writeln!(out, "   - Why: {}\n   - What it means: {}\n   - Next: {}", md(&f.why), md(&f.means), md(&f.next));
            }
        }
        out.push_str("\n## Where each thing came from\n\n");
        for origin in &self.origins {
            let _ = writeln!(out, "- {}: {}", md(&origin.what), md(&origin.from));
        }
        if !self.samples.is_empty() {
            out.push_str("\n## Opened to the last byte\n\n");
        }
        for sample in &self.samples {
            let size = super::bytes(sample.size);
            let _ = writeln!(out, "- {}: artifact {} of {}, {size}", md(&sample.policy), md_str(&sample.artifact), sample.created_at);
        }
        if self.unsampled > 0 {
            let _ = writeln!(out, "- Of {} nothing was opened", count(self.unsampled, "further policy", "further policies"));
        }
        match signer {
            Some(key) => {
                let _ = write!(
                    out,
                    "\n## Signature\n\nThe JSON report beside this file is signed by the recovered master key. That proves who signed had that key; it \
                     proves neither when, nor who.\n\n    {key}\n"
                );
            }
            None => out.push_str("\n## Signature\n\nNone: no master key was recovered.\n"),
        }
        out
    }
}

/// A drill in the history of the installation; the report itself lies in its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DrillDone {
    /// Its report's: 16 random bytes, hex.
    pub id: String,
    /// The scenario's word.
    pub scenario: Text,
    /// Whether every step was done.
    pub passed: bool,
    /// When it began, by the clock of the machine it ran on.
    pub began_at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Who ran it.
    pub by: Text,
    /// On which machine.
    pub machine: Text,
    /// The recovered master key signed it; else it failed before there was one, and is known from this machine alone.
    pub signed: bool,
    /// The step that failed first.
    pub failed: Option<Text>,
}

impl DrillDone {
    /// Of a report.
    #[must_use]
    pub fn of(drill: &Drill, signed: bool) -> Self {
        Self {
            id: drill.id.clone(),
            scenario: drill.scenario.clone(),
            passed: drill.passed,
            began_at: drill.began_at,
            took_ms: drill.took_ms,
            by: drill.by.clone(),
            machine: drill.machine.clone(),
            signed,
            failed: drill.steps.iter().find(|step| step.failed.is_some()).map(|step| step.name.clone()),
        }
    }

    /// How, in words.
    #[must_use]
    pub fn ended(&self) -> String {
        match (self.passed, &self.failed) {
            (true, _) => "passed".into(),
            (false, Some(step)) => format!("FAILED at: {step}"),
            (false, None) => "FAILED".into(),
        }
    }
}

/// A scenario that has to be rehearsed, and when it last was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsals {
    /// Which.
    pub scenario: Scenario,
    /// The newest drill, however it ended.
    pub newest: Option<DrillDone>,
    /// When the newest drill that passed began.
    pub passed: Option<Timestamp>,
    /// The day by which it must be rehearsed again; None: at once.
    pub due: Option<Timestamp>,
}

impl Rehearsals {
    /// Of a scenario.
    #[must_use]
    pub fn of(scenario: Scenario, facts: &Facts) -> Self {
        let word = Text::new(scenario.word());
        // One that lies ahead was dated by a clock that is wrong, and would never be due.
        let ahead = |d: &&DrillDone| d.began_at > facts.now.plus(86_400);
        let mut all = facts.drills.iter().filter(|d| d.scenario == word && !ahead(d));
        let passed = all.clone().find(|d| d.passed).map(|d| d.began_at);
        let newest = all.next().cloned();
        let failed = newest.as_ref().is_some_and(|d| !d.passed);
        let due = passed.filter(|_| !failed).map(|at| at.plus(facts.ages.drill));
        Self { scenario, newest, passed, due }
    }

    /// Whether it must be rehearsed now.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due.is_none_or(|due| now >= due)
    }

    /// What rehearses it.
    #[must_use]
    pub fn act(&self) -> Act {
        Act::start(format!("kastellan drill run --scenario {}", self.scenario.word()), Intent::Guided(Guided::Drill))
    }
}

/// What can be rehearsed, so has to be: the way back through DR, and through a kit where one holds the DR passphrase.
#[must_use]
pub fn rehearsals(facts: &Facts) -> Vec<Rehearsals> {
    let kit = facts.kits.iter().any(|kit| kit.dr_inside);
    let all = [(facts.dr_on(), Scenario::MachineLost), (facts.dr_on() && kit, Scenario::DrForgottenAndMachineLost)];
    all.into_iter().filter(|(can, _)| *can).map(|(_, scenario)| Rehearsals::of(scenario, facts)).collect()
}

/// Where a secret came from, for an origin.
#[must_use]
pub fn secret_from(by: &Prover) -> Text {
    match by {
        Prover::Person(who) => Text::new(format!("typed by {who}")),
        _ => "a file or descriptor that was named".into(),
    }
}

fn milliseconds(ms: u64) -> String {
    if ms < 1000 { format!("{ms} ms") } else { format!("{}.{} s", ms / 1000, ms % 1000 / 100) }
}

fn span(seconds: i64) -> String {
    let seconds = seconds.max(0).unsigned_abs();
    match seconds {
        0..60 => count(seconds, "second", "seconds"),
        60..3600 => count(seconds / 60, "minute", "minutes"),
        3600..172_800 => count(seconds / 3600, "hour", "hours"),
        _ => count(seconds / 86_400, "day", "days"),
    }
}

/// Text that Markdown shows as it is.
fn md(text: &Text) -> String {
    md_str(&text.to_string())
}

fn md_str(text: &str) -> String {
    let mut out = String::new();
    for c in Text::new(text).to_string().chars() {
        if "\\`*_[]<>#|&~".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drill() -> Drill {
        let step = |stage: &Stage, found: &str| DrillStep { name: stage.name(), ms: 1234, found: Some(found.into()), failed: None };
        Drill {
            v: 1,
            id: "00".repeat(16),
            scenario: "machine-lost".into(),
            passed: true,
            installation: Some(DrillInstallation {
                name: "a[b](c)<i>`\u{1b}[2J".into(),
                catalog_id: "7f3a".into(),
                master_key_id: "aa".into(),
            }),
            by: "eve".into(),
            machine: "bastion".into(),
            version: "1".into(),
            began_at: Timestamp::from_unix(1_800_000_000),
            took_ms: 61_000,
            steps: vec![step(&Stage::Location, "2 archives"), step(&Stage::Archive, "")],
            origins: vec![Origin { what: "DR passphrase".into(), from: "typed by eve".into() }],
            archive: None,
            newer_artifacts: 0,
            samples: Vec::new(),
            unsampled: 2,
        }
    }

    #[test]
    fn hostile_names_are_text_in_markdown() {
        let text = drill().markdown(None);
        assert!(text.contains("a\\[b\\](c)\\<i\\>\\`"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(text.contains("1. find the archives: done in 1.2 s - 2 archives\n2. "), "{text}");
    }

    #[test]
    fn the_first_failure_is_named() {
        let mut drill = drill();
        let failed = DrillFailure { why: "it is gone".into(), means: Stage::Archive.means().into(), next: "look".into() };
        drill.steps[1] = DrillStep { found: None, failed: Some(failed), ..drill.steps[1].clone() };
        drill.passed = false;
        assert!(drill.summary().ends_with("FAILED: 1 of 2 steps, first: open an archive with the DR passphrase"), "{}", drill.summary());
        assert!(drill.markdown(None).contains("   - Why: it is gone\n   - What it means: The archive stays shut."));
    }

    #[test]
    fn of_two_drills_of_one_second_each_has_files_of_its_own() {
        let one = Drill { id: "5c1d".repeat(8), ..drill() };
        let other = Drill { id: "5c1e".repeat(8), ..drill() };
        assert!(one.file_name("md").ends_with("Z-5c1d.md"), "{}", one.file_name("md"));
        assert_ne!(one.file_name("md"), other.file_name("md"));
    }

    #[test]
    fn a_drill_is_proof_for_as_long_as_its_age_says() {
        let day = 86_400;
        let now = Timestamp::from_unix(1_800_000_000);
        let done = |days: i64, passed: bool| {
            let report = Drill { passed, began_at: now.plus(-days * day), ..drill() };
            DrillDone::of(&report, true)
        };
        let of = |drills: Vec<DrillDone>| Rehearsals::of(Scenario::MachineLost, &Facts { drills, ..Facts::none(now, false) });
        assert!(of(vec![]).is_due(now), "never rehearsed");
        assert!(!of(vec![done(89, true)]).is_due(now));
        assert!(of(vec![done(90, true)]).is_due(now));
        assert_eq!(of(vec![done(1, true)]).due, Some(now.plus(89 * day)));
        assert!(of(vec![done(1, false), done(2, true)]).is_due(now), "the newest failed");
        assert!(!of(vec![done(1, true), done(2, false)]).is_due(now), "and was run again");
        assert!(of(vec![done(-3650, true)]).is_due(now), "by a clock that was wrong");
        let other = DrillDone { scenario: "dr-forgotten-and-machine-lost".into(), ..done(1, true) };
        assert!(of(vec![other]).is_due(now), "another case proves nothing for this one");
    }
}
