//! What the console asks the runtime to do.

use super::Timer;
use crate::domain::{Guided, Look, PasskeyName, Plan, PolicyName, Request, Slot, Text, Timestamp};
use crate::wizard::Proving;

/// What else an unlock tries when what was typed does not open as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Search {
    /// Nothing.
    #[default]
    None,
    /// A `?` stands for one word.
    Unreadable,
    /// Swapped neighbours, and one wrong word anywhere.
    Slips,
}

/// What YAML is shown of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A passkey.
    Passkey(PasskeyName),
    /// A policy.
    Policy(PolicyName),
}

/// When a timer fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// By the wall clock.
    Wall(Timestamp),
    /// So many seconds after boot, suspended time included.
    Boot(u64),
}

/// An effect. Where there is an epoch, the answer carries it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Gather the facts. Answer: `Msg::Facts`.
    LoadFacts(u64),
    /// All policy names. Answer: `Msg::PolicyNames`.
    LoadPolicyNames(u64),
    /// These policies, for the rows on the screen. Answer: `Msg::Policies`.
    LoadPolicies(u64, Vec<PolicyName>),
    /// Journal entries from this number (1 is the first), at most so many. Answer: `Msg::Journal`.
    LoadJournal {
        /// The question.
        epoch: u64,
        /// The first entry.
        from: u64,
        /// At most so many.
        max: usize,
    },
    /// Artifacts, newest first, from where this token says. Answer: `Msg::Artifacts`.
    LoadArtifacts(u64, Option<String>),
    /// Verify the journal. Answer: `Msg::JournalReport`.
    VerifyJournal(u64),
    /// YAML of this. Answer: `Msg::Lines`.
    LoadYaml(u64, Subject),
    /// What `doctor` prints. Answer: `Msg::Lines`.
    LoadDoctor(u64),
    /// The end of the log. Answer: `Msg::Lines`.
    LoadLog(u64),
    /// The names of the themes. Answer: `Msg::Themes`.
    LoadThemes(u64),
    /// Try the secret in `Slot::UNLOCK`, then take the keys in. Answers: `Msg::Trying`, `Msg::Unlocked`.
    Unlock {
        /// The question.
        epoch: u64,
        /// Only this passkey; None: any.
        with: Option<PasskeyName>,
        /// What else to try.
        search: Search,
    },
    /// Stop the unlock that is being tried.
    StopUnlock,
    /// Drop and wipe the keys, every slot, and what the screen's buffers hold. What a running operation needs it keeps.
    Lock,
    /// Wipe a slot.
    Wipe(Slot),
    /// Generate a passphrase into the slot. Answer: `Msg::SlotChanged`.
    Generate(Slot),
    /// Read an owner-only file into the slot. Answers: `Msg::SlotChanged`, `Msg::Filed`.
    ReadSecretFile(u64, Slot, String),
    /// Generate into the slot and write a new owner-only file. Answers: `Msg::SlotChanged`, `Msg::Filed`.
    WriteSecretFile(u64, Slot, String),
    /// See whether this is there. Answer: `Msg::Looked`.
    Look(u64, Look),
    /// Plan. Answer: `Msg::Planned`.
    Plan(u64, Box<Request>),
    /// Take the operation lock. Answer: `Msg::Begun`.
    Begin(u64, Box<Plan>),
    /// Free what was begun, or is being begun, under this epoch.
    DropBegun(u64),
    /// Run what was begun under this epoch, moving the plan's secrets out of their slots. What it makes for the person alone goes into this
    /// new file, else into `Slot::TEXT`. Answers: `Msg::Event`, `Msg::SlotChanged`, `Msg::Ended`.
    Run(u64, Option<String>),
    /// Ask the running operation to stop at its next safe point.
    StopOperation,
    /// Prove this with the secret of the slot. Answer: `Msg::Checked`.
    Check(u64, Proving, Slot),
    /// Copy what is in `Slot::TEXT`, as a person asked. Answer: `Msg::Copied`.
    CopyText,
    /// Copy public text to the clipboard. Answer: `Msg::Copied`.
    Copy(Text),
    /// Set a timer; one of the same name is replaced. Answer: `Msg::Tick`.
    SetTimer(Timer, When),
    /// Draw with this theme for now.
    PreviewTheme(String),
    /// Draw with this theme and remember it.
    SetTheme(String),
    /// Mouse reports on or off.
    Mouse(bool),
    /// Restore the terminal and stop this process until it is continued; then `Signal::Continue`.
    Suspend,
    /// Draw everything anew.
    Repaint,
    /// Let the command line do it, asking here. Answer: `Msg::Said`, until it ended.
    Guided(Guided),
    /// Answer its question with this line.
    Answer(String),
    /// Answer its question with the secret in `Slot::TALK`, which is wiped.
    AnswerSecret,
    /// Leave it: it stops at its next safe point.
    LeaveGuided,
    /// Start the demo in place of this connection.
    StartDemo,
    /// Restore the terminal and end, with this exit code (0, or 128 + the signal).
    Quit(u8),
}
