//! The whole state of the console.

use super::{ArtifactList, Flash, JournalList, Keymap, Layer, ListState, Meter, PasskeyList, PolicyList, Talk, TalkField, Target};
use crate::domain::{Facts, Slot, Text, Timestamp};
use crate::wizard::{Running, SecretField, TextField};
use std::collections::VecDeque;

/// A screen at the bottom of the stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// `1`.
    #[default]
    Overview,
    /// `2`.
    Passkeys,
    /// `3`.
    Policies,
    /// `4`: locations and artifacts.
    Artifacts,
    /// `5`: DR and drills.
    Dr,
    /// `6`.
    Journal,
    /// Every case with its answer; opened from the overview's heading and the palette.
    Readiness,
}

/// What the console is started with.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // each is a flag of its own on the command line
pub struct Setup {
    /// The context's name, where one was named.
    pub context: Option<Text>,
    /// Where the catalog is, for the first screen.
    pub place: Text,
    /// The default name of a new installation.
    pub default_name: Text,
    /// Who sits here: `ana@bastion`.
    pub who: Text,
    /// Marked as production in the configuration.
    pub production: bool,
    /// `--read-only`, or by configuration.
    pub read_only: bool,
    /// The installation is a throwaway; lines that say how to get in and that it vanishes. Empty: no demo.
    pub demo: Vec<Text>,
    /// Only ASCII.
    pub ascii: bool,
    /// Mouse on.
    pub mouse: bool,
    /// The theme's name.
    pub theme: String,
    /// Minutes without a key until it locks; 0: never.
    pub idle_minutes: u32,
    /// Keys by action.
    pub keymap: Keymap,
    /// What is known, where it was gathered before the start.
    pub facts: Option<Facts>,
    /// Columns and rows.
    pub size: (u16, u16),
}

/// The console. Its fields are for reading: only [`super::update()`] changes them.
#[derive(Clone, Debug)]
pub struct App {
    /// What it was started with: names, marks, flags. `theme`, `mouse` and `read_only` follow what was set since.
    pub setup: Setup,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Now, by the wall.
    pub now: Timestamp,
    /// What is known of the installation; None until the first answer.
    pub facts: Option<Facts>,
    /// Why the facts cannot be gathered, where so.
    pub trouble: Option<crate::domain::Fault>,
    /// The screen under the layers.
    pub screen: Screen,
    /// The screen before (`-`).
    pub previous: Screen,
    /// What lies on top, the last one uppermost.
    pub layers: Vec<Layer>,
    /// What is selected on the overview.
    pub target: Option<Target>,
    /// The passkeys.
    pub passkeys: PasskeyList,
    /// The policies.
    pub policies: PolicyList,
    /// The artifacts, below the locations.
    pub artifacts: ArtifactList,
    /// DR archives, passphrases and drills.
    pub dr: ListState,
    /// The readiness matrix.
    pub matrix: ListState,
    /// The journal.
    pub journal: JournalList,
    /// The filter that is being typed (`/`) for the screen's list.
    pub filtering: Option<TextField>,
    /// The bottom line until the next key.
    pub flash: Option<Flash>,
    /// Flashes and errors, newest last, at most [`App::HISTORY`].
    pub history: VecDeque<Flash>,
    /// The running operation, or the last one until its end was seen.
    pub operation: Option<Running>,
    /// A verb that asks step by step, until its end was seen.
    pub talk: Option<Talk>,
    /// Where the counting of its step began.
    pub(super) meter: Option<Meter>,
    /// Rows of the screen's list, as the view tells.
    pub page: usize,
    /// `q` was pressed at the root: "q again quits".
    pub quit_armed: bool,
    /// Quitting once the running operation is at a safe point, with this exit code.
    pub quitting: Option<u8>,
    /// Seconds after boot when the console locks, if no key comes; None: never.
    pub idle_at: Option<u64>,
    pub(super) epochs: Epochs,
    /// Started once the next facts are here (what an unlock was for).
    pub(super) then: Option<crate::domain::Intent>,
    /// The first facts came, and with them the unlock screen.
    pub(super) greeted: bool,
}

/// Numbers of questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Epochs {
    /// The newest question of all.
    pub last: u64,
    /// The newest for facts.
    pub facts: u64,
    /// The newest of the wizard (plan, file, check).
    pub wizard: u64,
    /// The newest begin.
    pub begin: u64,
    /// The idle timer is set for this second.
    pub idle_timer: Option<u64>,
    /// The stale timer is set for this time.
    pub stale_timer: Option<Timestamp>,
}

impl Epochs {
    /// The number of a new question.
    pub fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

impl App {
    /// How many flashes are kept.
    pub const HISTORY: usize = 200;
    /// Fewer columns are too few.
    pub const MIN_COLUMNS: u16 = 60;
    /// Fewer rows are too few.
    pub const MIN_ROWS: u16 = 15;

    /// Whether the terminal is too small: then a message is drawn, and only quit (Ctrl-C) and lock (Ctrl-X) work.
    #[must_use]
    pub fn too_small(&self) -> bool {
        self.size.0 < Self::MIN_COLUMNS || self.size.1 < Self::MIN_ROWS
    }

    /// Whether the header is folded to one line.
    #[must_use]
    pub fn header_folds(&self) -> bool {
        self.size.0 < 100 || self.size.1 < 30
    }

    /// The uppermost layer.
    #[must_use]
    pub fn top(&self) -> Option<&Layer> {
        self.layers.last()
    }

    /// The secret field that has the focus. Its keys and pastes go to the owner of its slot and not to the console.
    #[must_use]
    pub fn focused_secret(&self) -> Option<&SecretField> {
        if self.too_small() {
            return None;
        }
        match self.top()? {
            Layer::Unlock(unlock) if !unlock.busy => Some(&unlock.field),
            Layer::Wizard(driver) => driver.focused_secret(),
            Layer::Talk => match &self.asked()?.field {
                TalkField::Secret(field) => Some(field),
                TalkField::Line(_) => None,
            },
            _ => None,
        }
    }

    /// The slot of a generated secret that is on the screen in clear now.
    #[must_use]
    pub fn shown_secret(&self) -> Option<Slot> {
        match self.top()? {
            Layer::Wizard(driver) if !self.too_small() => driver.shown_secret(),
            _ => None,
        }
    }

    /// How long a text is that an operation made for the person alone, and whether it is shown, where the receipt of that is on top.
    #[must_use]
    pub fn made_text(&self) -> Option<(usize, bool)> {
        match self.top()? {
            Layer::Wizard(driver) if driver.receipt.is_some() => driver.text,
            _ => None,
        }
    }

    /// The list of the screen.
    #[must_use]
    pub fn list(&self) -> Option<&ListState> {
        match self.screen {
            Screen::Overview => None,
            Screen::Passkeys => Some(&self.passkeys.list),
            Screen::Policies => Some(&self.policies.list),
            Screen::Artifacts => Some(&self.artifacts.list),
            Screen::Dr => Some(&self.dr),
            Screen::Readiness => Some(&self.matrix),
            Screen::Journal => Some(&self.journal.list),
        }
    }
}
