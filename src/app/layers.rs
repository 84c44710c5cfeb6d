//! What lies on top of a screen.

use super::{Action, Item, ListState, Trying};
use crate::domain::{Fault, Guided, Intent, PasskeyName, PolicyName, Text};
use crate::wizard::{Driver, SecretField, TextField, Verdict};

/// A layer; the last one of `App::layers` has the keys.
#[derive(Clone, Debug)]
pub enum Layer {
    /// There is no catalog: set up, or demo.
    First(FirstScreen),
    /// Asks for a passphrase.
    Unlock(Box<UnlockScreen>),
    /// All that is known of one thing.
    Details(Details),
    /// YAML of one thing.
    Yaml(YamlView),
    /// A guided flow.
    Wizard(Box<Driver>),
    /// A verb that asks step by step ([`super::App::talk`]).
    Talk,
    /// All keys.
    Help(Help),
    /// Nouns and verbs.
    Palette(Palette),
    /// What can be done with the row.
    Actions(ActionMenu),
    /// History of flashes and errors (`App::history`), newest first.
    Errors(ListState),
    /// What `doctor` prints.
    Doctor(TextView),
    /// The end of the log.
    Log(TextView),
    /// Themes.
    Themes(ThemePicker),
    /// A question with two answers.
    Ask(Question),
}

/// The first screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirstScreen {
    /// 0: recover; 1: set up a new installation; 2: try a recovery kit; 3: demo.
    pub selected: usize,
}

impl FirstScreen {
    /// What it offers: label and one line.
    pub const CHOICES: [(&'static str, &'static str); 4] = [
        (Guided::LOST, "asks for a place with archives and two envelopes; changes nothing there"),
        ("Set up a new installation", "makes a master key and the first passkey; nothing is written before you have said yes"),
        (Guided::TRY_KIT, "opens it, and says part by part what it recovers; then: recover"),
        ("Demo", "a throwaway installation with passkeys, policies and an unfinished rotation; it vanishes when you leave"),
    ];
}

/// The unlock screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlockScreen {
    /// The passphrase.
    pub field: SecretField,
    /// Passkeys that a passphrase may open, the first to be tried first; at most [`UnlockScreen::SHOWN`].
    pub passkeys: Vec<PasskeyName>,
    /// How many more there are.
    pub more: usize,
    /// Only this one of `passkeys` is tried; None: any of these.
    pub only: Option<usize>,
    /// The line on the envelope wanted (of the only one, else of the first).
    pub envelope: Text,
    /// How often it failed.
    pub failures: u32,
    /// What is being tried.
    pub trying: Option<Trying>,
    /// An unlock is under way.
    pub busy: bool,
    /// Why the last one failed.
    pub fault: Option<Fault>,
    /// What the unlock was for, started once it is done.
    pub then: Option<Intent>,
    pub(super) asked: u64,
}

impl UnlockScreen {
    /// How many passkeys are named.
    pub const SHOWN: usize = 8;

    /// Whether what is typed has a slip that the word list tells.
    #[must_use]
    pub fn slipped(&self) -> bool {
        matches!(self.field.state.verdict, Verdict::NotInList(_) | Verdict::CheckBits)
    }

    /// Hints after failures, one sentence each; none before the first.
    #[must_use]
    pub fn hints(&self) -> Vec<&'static str> {
        if self.failures == 0 {
            return Vec::new();
        }
        vec![
            "Is Caps Lock on? Is the keyboard layout the one it was made with? Ctrl-T shows what is typed.",
            "Up and Down choose one passkey; the envelope says which secret it is.",
            "A word that you cannot read: type ? for it. Ctrl-F searches for slips: swapped words, one wrong word.",
        ]
    }
}

/// What details are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Details {
    /// A passkey.
    Passkey(PasskeyName, ListState),
    /// A policy.
    Policy(PolicyName, ListState),
    /// A row of a screen that is read off the facts.
    Item(Item, ListState),
}

/// YAML on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlView {
    /// Of what.
    pub title: Text,
    /// Its lines.
    pub view: TextView,
}

/// Lines to scroll through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextView {
    /// The lines; None while they are loaded.
    pub lines: Option<Vec<Text>>,
    /// The first line on the screen.
    pub offset: usize,
    pub(super) asked: u64,
}

/// The help overlay. Its rows come from [`super::bindings()`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Help {
    /// What is looked for.
    pub filter: TextField,
    /// The selected row.
    pub list: ListState,
}

/// The palette.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// What was typed.
    pub text: TextField,
    /// What it may mean, best first.
    pub matches: Vec<PaletteMatch>,
    /// The selected one.
    pub selected: usize,
}

/// A noun or verb of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaletteMatch {
    /// As typed after `:`.
    pub word: &'static str,
    /// What it does, or for a word of K10: what it is called here.
    pub says: &'static str,
    /// Why it cannot be done now.
    pub disabled: Option<String>,
}

/// What can be done with a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionMenu {
    /// Of what.
    pub title: Text,
    /// What it is about, in sentences; empty where the row says it all.
    pub says: Text,
    /// The actions, each always at the same place.
    pub items: Vec<MenuItem>,
    /// The selected one.
    pub selected: usize,
}

/// One action of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuItem {
    /// In words.
    pub label: String,
    /// What it does.
    pub does: Doing,
    /// Why it cannot be done now.
    pub disabled: Option<String>,
}

/// What a menu item does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// What a key does.
    Action(Action),
    /// Starts a flow.
    Start(Intent),
}

/// The theme picker; moving previews.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThemePicker {
    /// Names; empty while they are loaded.
    pub names: Vec<String>,
    /// The selected one.
    pub selected: usize,
    pub(super) asked: u64,
}

/// Why it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionKind {
    /// Quit while an operation runs.
    QuitRunning,
    /// Stop the running operation.
    StopOperation,
    /// Quit while changes are in no DR archive.
    QuitDebt,
    /// Leave what asks step by step.
    LeaveTalk,
    /// Quit while that is not over.
    QuitTalk,
}

/// A question with answers; the first is the safe one and has the focus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Which.
    pub kind: QuestionKind,
    /// In a sentence.
    pub text: Text,
    /// The answers.
    pub answers: Vec<&'static str>,
    /// The focused one.
    pub selected: usize,
}
