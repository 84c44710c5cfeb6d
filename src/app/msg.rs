//! What the console is told.

use super::Key;
use crate::domain::{
    Artifact, Chronicle, Event, Facts, Fault, JournalReport, PasskeyName, Plan, Policy, Receipt, Saying, Slot, Text, Timestamp,
};
use crate::wizard::SlotState;

/// When a message was taken: by the wall, and in seconds since boot with sleep included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock.
    pub wall: Timestamp,
    /// Seconds since boot, suspended time included.
    pub boot: u64,
}

/// A signal, or what amounts to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGHUP.
    Hangup,
    /// SIGTERM.
    Terminate,
    /// SIGINT from outside (Ctrl-C as a key is a [`Key`]).
    Interrupt,
    /// End of input: the terminal is gone.
    Closed,
    /// SIGTSTP from outside.
    Suspend,
    /// Continued after a stop.
    Continue,
}

/// A timer that was set by an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// The console may have been idle for long enough to lock.
    Idle,
    /// An answer turns STALE by age.
    Stale,
}

/// Which passkey an unlock tries now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trying {
    /// The passkey.
    pub passkey: PasskeyName,
    /// Which one of `of`, from 1.
    pub nth: usize,
    /// How many will be tried.
    pub of: usize,
    /// Candidates tried and in all, during a search.
    pub candidate: Option<(usize, usize)>,
}

/// A message. Answers name their question by its epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Msg {
    /// A key, but for edits of a focused secret field.
    Key(Key),
    /// A paste, but for one into a focused secret field.
    Paste(String),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// The list on the screen has room for this many rows; the view tells when it changes.
    Page(usize),
    /// The terminal got the focus.
    FocusGained,
    /// A timer fired.
    Tick(Timer),
    /// The catalog changed, by this process or another.
    Changed,
    /// The owner of a slot says what is in it now. Counts as a key press for the idle lock.
    SlotChanged(Slot, SlotState),
    /// A signal.
    Signal(Signal),
    /// Answer to [`super::Effect::LoadFacts`].
    Facts(u64, Result<Box<Facts>, Fault>),
    /// Answer to [`super::Effect::LoadPolicyNames`], in ascending order.
    PolicyNames(u64, Result<Vec<String>, Fault>),
    /// Answer to [`super::Effect::LoadPolicies`]; one that is gone is left out.
    Policies(u64, Result<Vec<Policy>, Fault>),
    /// Answer to [`super::Effect::LoadArtifacts`], with where the next page begins.
    Artifacts(u64, Result<(Vec<Artifact>, Option<String>), Fault>),
    /// Answer to [`super::Effect::LoadJournal`].
    Journal(u64, Result<Chronicle, Fault>),
    /// Answer to [`super::Effect::VerifyJournal`].
    JournalReport(u64, Result<Box<JournalReport>, Fault>),
    /// Answer to [`super::Effect::LoadYaml`], `LoadDoctor` and `LoadLog`: lines.
    Lines(u64, Result<Vec<Text>, Fault>),
    /// Answer to [`super::Effect::LoadThemes`]: names.
    Themes(u64, Vec<String>),
    /// During an unlock: what is tried now.
    Trying(u64, Trying),
    /// Answer to [`super::Effect::Unlock`]: the keys were admitted; lines worth telling.
    Unlocked(u64, Result<Vec<Text>, Fault>),
    /// Answer to [`super::Effect::Look`]: why not, where it is not there.
    Looked(u64, Result<(), Fault>),
    /// Answer to [`super::Effect::Plan`].
    Planned(u64, Result<Box<Plan>, Fault>),
    /// Answer to [`super::Effect::Begin`].
    Begun(u64, Result<Box<Plan>, Fault>),
    /// Answer to [`super::Effect::ReadSecretFile`] and `WriteSecretFile`.
    Filed(u64, Result<(), Fault>),
    /// Answer to [`super::Effect::Check`]: whether it opened.
    Checked(u64, Result<(), Fault>),
    /// The running operation tells something.
    Event(Box<Event>),
    /// The running operation ended.
    Ended(Result<Box<Receipt>, Fault>),
    /// The talk tells something. Answer to [`super::Effect::Guided`].
    Said(Saying),
    /// Answer to [`super::Effect::Copy`]: how it was copied (`tmux buffer`, `terminal (OSC 52)`), or why not.
    Copied(Result<Text, Text>),
    /// Answer to [`super::Effect::StartDemo`]: why not. (Where it started, the runtime makes a new [`super::App`].)
    DemoFailed(Fault),
    /// A problem that arose outside of any question (a log that cannot be written, a config that cannot be saved).
    Problem(Fault),
}
