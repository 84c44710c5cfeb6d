//! The palette: nouns and verbs, and K10's words, which lead to ours.

use super::{Action, App, PaletteMatch, bindings::binding};
use crate::domain::{Facts, Flow, Guided, Intent, Text};

/// What a word does.
#[derive(Clone, Copy, Debug)]
pub enum Does {
    /// What a key does.
    Action(Action),
    /// Starts a flow.
    Start(fn(&App) -> Option<Intent>),
    /// `doctor`.
    Doctor,
    /// The log.
    Log,
    /// Themes: with a name sets it.
    Theme,
    /// Mouse on or off.
    Mouse,
    /// Nothing: it only says.
    Says,
}

/// A word of the palette.
pub struct Word {
    /// As typed.
    pub name: &'static str,
    /// Other spellings.
    pub others: &'static [&'static str],
    /// What it does, or for a word of K10: what it is called here.
    pub says: &'static str,
    /// What it does.
    pub does: Does,
    /// A word of K10: found by itself, not listed.
    pub foreign: bool,
}

const fn own(name: &'static str, others: &'static [&'static str], says: &'static str, does: Does) -> Word {
    Word { name, others, says, does, foreign: false }
}

const fn k10(name: &'static str, others: &'static [&'static str], says: &'static str, does: Does) -> Word {
    Word { name, others, says, does, foreign: true }
}

/// All words.
pub static WORDS: [Word; 62] = [
    own("overview", &["status"], "who can open the backups, and what to do next", Does::Action(Action::Overview)),
    own("passkeys", &["passkey"], "the passkeys", Does::Action(Action::Passkeys)),
    own("policies", &["policy"], "the policies and their key ids", Does::Action(Action::Policies)),
    own("journal", &[], "who did what, and when", Does::Action(Action::Journal)),
    own("rotate", &[], "rotate to a new passkey", Does::Start(|_| Some(Intent::Rotate))),
    own("add", &["new", "passkey add"], "add a passkey", Does::Start(|_| Some(Intent::Add))),
    own("check", &["test"], "check the selected passkey, else the one in use", Does::Start(|app| chosen(app).map(Intent::Check))),
    own("use", &[], "put the selected passkey in use", Does::Start(|app| app.selected_passkey().map(|p| Intent::Use(p.name.clone())))),
    own(
        "remove",
        &["delete", "passkey remove"],
        "remove the selected passkey",
        Does::Start(|app| app.selected_passkey().map(|p| Intent::Remove(p.name.clone()))),
    ),
    own("resume", &["finish"], "finish the unfinished operation", Does::Start(|_| Some(Intent::Resume))),
    own("abandon", &["undo"], "take the unfinished operation back", Does::Start(|_| Some(Intent::Abandon))),
    own("unlock", &["login"], "unlock with a passphrase", Does::Start(|_| Some(Intent::Unlock))),
    own("lock", &["logout"], "lock now", Does::Action(Action::Lock)),
    own("policy-add", &["policy add"], "add a policy", Does::Start(|_| flow(Flow::PolicyAdd))),
    own(
        "policy-remove",
        &["policy remove"],
        "remove a policy",
        Does::Start(|app| Some(Intent::Flow(Flow::PolicyRemove, app.selected_policy().map(|p| Text::new(p.as_str()))))),
    ),
    own("artifacts", &["locations", "location", "artifact"], "locations and artifacts", Does::Action(Action::Artifacts)),
    own("location-add", &["location add"], "add a location", Does::Start(|_| flow(Flow::LocationAdd))),
    own("location-forget", &["location forget"], "forget a location", Does::Start(|_| flow(Flow::LocationForget))),
    own("rescan", &["artifact rescan"], "read a location through", Does::Start(|_| flow(Flow::Rescan))),
    own("sweep", &["artifact sweep"], "remove what broken seals left", Does::Start(|_| flow(Flow::Sweep))),
    own("seal", &["artifact seal", "backup"], "seal data into a location", Does::Start(|_| flow(Flow::Seal))),
    own("verify-all", &["artifact verify"], "verify every artifact", Does::Start(|_| Some(Intent::Guided(Guided::Verify(None))))),
    own("copy", &["artifact copy"], "copy artifacts to another location", Does::Start(|_| flow(Flow::Copy))),
    own(
        "migration-export",
        &["migration export"],
        "export a policy's key",
        Does::Start(|app| Some(Intent::Flow(Flow::Export, app.selected_policy().map(|p| Text::new(p.as_str()))))),
    ),
    own("kit-make", &["kit make"], "make a recovery kit", Does::Start(|_| flow(Flow::KitMake))),
    own("dr", &["drills", "archives", "disaster recovery"], "DR archives, passphrases and drills", Does::Action(Action::Dr)),
    own("dr-enable", &["dr enable"], "set DR up", Does::Start(|_| flow(Flow::DrEnable))),
    own("dr-archive", &["archive", "dr archive"], "archive the catalog now", Does::Start(|_| flow(Flow::DrArchive))),
    own("dr-check", &["dr check"], "check the DR passphrase: you type it", Does::Start(|_| flow(Flow::DrCheck))),
    own("dr-change", &["dr change-passphrase"], "change the DR passphrase", Does::Start(|_| flow(Flow::DrChange))),
    own("dr-prune", &["dr prune", "prune"], "remove old archives", Does::Start(|_| flow(Flow::DrPrune))),
    own("dr-take-over", &["dr take-over", "take over"], "own what was restored", Does::Start(|_| flow(Flow::DrTakeOver))),
    own("dr-disable", &["dr disable"], "turn DR off", Does::Start(|_| flow(Flow::DrDisable))),
    own("drill", &["rehearse", "drill run"], "rehearse a total loss", Does::Start(|_| Some(Intent::Guided(Guided::Drill)))),
    own("recover", &["restore", "total loss"], "I lost everything", Does::Start(|_| Some(Intent::Guided(Guided::Recover)))),
    own("import", &["migration import"], "open import data", Does::Start(|_| Some(Intent::Guided(Guided::Import)))),
    own("kit-check", &["kit check", "kit"], "try a recovery kit", Does::Start(|_| Some(Intent::Guided(Guided::KitCheck)))),
    own("readiness", &["matrix"], "every case with its answer", Does::Action(Action::Readiness)),
    own(
        "checklist",
        &["aftermath", "leak", "leaver"],
        "what is left to be done after a leak or a leaver",
        Does::Start(|_| Some(Intent::Guided(Guided::Checklist))),
    ),
    own("verify", &["journal verify"], "verify the journal", Does::Action(Action::Verify)),
    own("stop", &[], "stop the running operation at its next safe point", Does::Action(Action::Stop)),
    own("theme", &["themes", "colors", "colours"], "choose a theme; :theme NAME sets it", Does::Theme),
    own("mouse", &[], "mouse on or off", Does::Mouse),
    own("doctor", &["health"], "paths, permissions, terminal, versions, problems", Does::Doctor),
    own("log", &["logs"], "the end of the log", Does::Log),
    own("messages", &["errors"], "history of messages and errors", Does::Action(Action::Errors)),
    own("refresh", &[], "read everything again", Does::Action(Action::Refresh)),
    own("help", &[], "every key", Does::Action(Action::Help)),
    own("q", &["quit", "exit", "q!", "wq"], "quit", Does::Action(Action::Quit)),
    k10(
        "primary key",
        &["primarykey", "master key", "masterkey"],
        "is the master key here: only passkeys wrap it",
        Does::Action(Action::Passkeys),
    ),
    k10("get passkeys", &["kubectl get passkeys", "get passkey"], "the passkeys", Does::Action(Action::Passkeys)),
    k10("get policies", &["kubectl get policies"], "the policies", Does::Action(Action::Policies)),
    k10("usenow", &["inuse"], "puts in use: u on a passkey", Does::Action(Action::Passkeys)),
    k10("token", &["bearer"], "no token here: any passkey unlocks", Does::Start(|_| Some(Intent::Unlock))),
    k10("encryption key", &["policy key"], "each policy has its own, never stored", Does::Action(Action::Policies)),
    k10("profile", &["profiles"], "is called location here", Does::Action(Action::Artifacts)),
    k10("restorepoint", &["restorepoints", "restore point"], "is called artifact here", Does::Action(Action::Artifacts)),
    k10("export", &["migration"], "is called migration: a on a policy; kastellan migration export", Does::Action(Action::Policies)),
    k10("receivestring", &["receive string", "migration key"], "is called import data here", Does::Action(Action::Policies)),
    k10("kdr", &["k10dr"], "is called DR here", Does::Action(Action::Dr)),
    k10("ctx", &["context", "contexts"], "another context: leave, then kastellan --context NAME", Does::Says),
    k10("blueprint", &["kanister", "snapshot", "snapshots"], "K10's matter: Kastellan keeps keys only", Does::Says),
];

/// The word of that name.
pub fn word(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|w| w.name == name)
}

/// What a typed text may mean, best first: exact, then beginning, then holding. Words of K10 only when they are meant.
pub fn matches(app: &App, typed: &str) -> Vec<PaletteMatch> {
    let typed = typed.trim().to_lowercase();
    let first = typed.split_whitespace().next().unwrap_or_default();
    let rank = |w: &Word| {
        let spelled = || std::iter::once(w.name).chain(w.others.iter().copied());
        if spelled().any(|s| s == typed) || (matches!(w.does, Does::Theme) && first == w.name) {
            Some(0)
        } else if typed.is_empty() {
            (!w.foreign).then_some(3)
        } else if w.foreign && typed.len() < 3 {
            None
        } else if spelled().any(|s| s.starts_with(&typed)) {
            Some(1)
        } else if spelled().any(|s| s.contains(&typed)) {
            Some(2)
        } else {
            None
        }
    };
    let mut found: Vec<(u8, &Word)> = WORDS.iter().filter_map(|w| Some((rank(w)?, w))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, w)| PaletteMatch { word: w.name, says: w.says, disabled: disabled(app, w) }).collect()
}

fn disabled(app: &App, w: &Word) -> Option<String> {
    match w.does {
        Does::Start(intent) => match intent(app) {
            Some(intent) => app.why_not(&intent).map(|fault| fault.cause.to_string()),
            None => Some("select a passkey first".into()),
        },
        Does::Action(Action::Stop) => (!app.operation_runs()).then(|| "no operation runs".into()),
        Does::Action(action) => binding(action).and_then(|b| (b.disabled)(app)),
        Does::Doctor | Does::Log | Does::Theme | Does::Mouse | Does::Says => None,
    }
}

#[allow(clippy::unnecessary_wraps, reason = "as what a word starts")]
fn flow(flow: Flow) -> Option<Intent> {
    Some(Intent::Flow(flow, None))
}

fn chosen(app: &App) -> Option<crate::domain::PasskeyName> {
    let in_use = |facts: &Facts| facts.installation.as_ref().map(|i| i.in_use.clone());
    app.selected_passkey().map(|p| p.name.clone()).or_else(|| app.facts.as_ref().and_then(in_use))
}
