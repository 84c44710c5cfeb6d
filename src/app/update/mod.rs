//! What every message does. One file a concern; this one only hands out.

mod answers;
mod flow;
mod keys;
mod leaving;
mod locking;
mod moves;
mod opening;
mod rows;
mod talking;

use super::{
    App, ArtifactList, Effect, Flash, JournalList, Layer, Level, ListState, Moment, Msg, PasskeyList, PolicyList, Screen, Setup, Signal,
    Timer, When,
};
use crate::domain::{Fault, Text};
use std::collections::VecDeque;

/// What is asked of the runtime.
type Out = Vec<Effect>;

impl App {
    /// A console before its first frame, and the first effects.
    #[must_use]
    pub fn start(mut setup: Setup, moment: Moment) -> (Self, Vec<Effect>) {
        let facts = setup.facts.take();
        let size = setup.size;
        let mut app = Self {
            setup,
            size,
            now: moment.wall,
            facts: None,
            trouble: None,
            screen: Screen::Overview,
            previous: Screen::Overview,
            layers: Vec::new(),
            target: None,
            passkeys: PasskeyList::default(),
            policies: PolicyList::default(),
            artifacts: ArtifactList::default(),
            dr: ListState::default(),
            matrix: ListState::default(),
            journal: JournalList::default(),
            filtering: None,
            flash: None,
            history: VecDeque::new(),
            operation: None,
            talk: None,
            meter: None,
            page: rows_of(size.1),
            quit_armed: false,
            quitting: None,
            idle_at: None,
            epochs: super::state::Epochs::default(),
            then: None,
            greeted: false,
        };
        // The lower panes are shown from the start where there is room for them.
        let pane = size.1 >= 20;
        app.passkeys.list.pane = pane;
        app.policies.list.pane = pane;
        app.artifacts.list.pane = pane;
        app.dr.pane = pane;
        app.matrix.pane = pane;
        let mut out = Vec::new();
        match facts {
            Some(facts) => {
                let unread = facts.unread > 0;
                app.take_facts(facts, &mut out);
                if unread {
                    app.ask_facts(&mut out);
                }
            }
            None => app.ask_facts(&mut out),
        }
        app.active(moment);
        app.settle(&mut out);
        (app, out)
    }

    /// Says something on the bottom line, and keeps it.
    pub(super) fn say(&mut self, level: Level, text: impl Into<Text>) {
        self.keep(Flash { level, text: text.into(), next: None, at: self.now });
    }

    /// Says what failed and what to do, and keeps it.
    pub(super) fn fail(&mut self, fault: &Fault) {
        self.keep(Flash { level: Level::Error, text: fault.line().into(), next: Some(fault.next.clone()), at: self.now });
    }

    /// Keeps what failed in the history alone: what failed says so itself.
    pub(super) fn note(&mut self, fault: &Fault) {
        self.fail(fault);
        self.flash = None;
    }

    fn keep(&mut self, flash: Flash) {
        if self.history.len() == Self::HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(flash.clone());
        self.flash = Some(flash);
    }

    pub(super) fn ask_facts(&mut self, out: &mut Out) {
        self.epochs.facts = self.epochs.next();
        out.push(Effect::LoadFacts(self.epochs.facts));
    }

    /// A person is here: the idle lock waits again.
    fn active(&mut self, moment: Moment) {
        let minutes = u64::from(self.setup.idle_minutes);
        self.idle_at = (minutes > 0).then(|| moment.boot.saturating_add(minutes * 60));
    }

    /// After every message: what the screen now needs, and the timer that may have to be set.
    fn settle(&mut self, out: &mut Out) {
        self.need_rows(out);
        if let Some(at) = self.idle_at
            && self.epochs.idle_timer.is_none()
        {
            self.epochs.idle_timer = Some(at);
            out.push(Effect::SetTimer(Timer::Idle, When::Boot(at)));
        }
    }
}

/// Takes a message in; says what to do. Synchronous and pure: whatever needs waiting is an effect, and its answer another message.
pub fn update(app: &mut App, moment: Moment, msg: Msg) -> Vec<Effect> {
    let mut out = Vec::new();
    app.now = moment.wall;
    let by_hand = matches!(msg, Msg::Key(_) | Msg::Paste(_) | Msg::SlotChanged(..));
    // Boot time counts, and counts first: after a sleep nothing is done, and so nothing is drawn, before the lock.
    let locked = app.lock_if_idle(moment, &mut out);
    if by_hand {
        app.active(moment);
    }
    if !(locked && by_hand) {
        app.take(msg, &mut out);
    }
    app.settle(&mut out);
    out
}

impl App {
    fn take(&mut self, msg: Msg, out: &mut Out) {
        match msg {
            Msg::Key(key) => self.key(key, out),
            Msg::Paste(text) => self.paste(&text, out),
            Msg::Resize(columns, rows) => {
                self.size = (columns, rows);
                self.turn_page(rows_of(rows));
                out.push(Effect::Repaint);
            }
            Msg::Page(rows) => self.turn_page(rows),
            Msg::FocusGained => out.push(Effect::Repaint),
            Msg::Tick(Timer::Idle) => self.epochs.idle_timer = None,
            Msg::Tick(Timer::Stale) => self.aged(out),
            Msg::Changed => self.changed(out),
            Msg::SlotChanged(slot, state) => self.slot(slot, state, out),
            Msg::Signal(signal) => self.signal(signal, out),
            Msg::Unlocked(epoch, how) => self.unlocked_by(epoch, how, out),
            Msg::Trying(epoch, trying) => self.trying(epoch, trying),
            Msg::Said(saying) => self.hear(saying, out),
            Msg::Copied(Ok(how)) => self.say(Level::Ok, how),
            Msg::Copied(Err(why)) => self.say(Level::Warn, format!("not copied: {why}")),
            Msg::DemoFailed(fault) | Msg::Problem(fault) => self.fail(&fault),
            answer => self.answer(answer, out),
        }
    }

    fn signal(&mut self, signal: Signal, out: &mut Out) {
        match signal {
            Signal::Hangup | Signal::Closed => self.leave(129, out),
            Signal::Interrupt => self.leave(130, out),
            Signal::Terminate => self.leave(143, out),
            Signal::Suspend => self.suspend(out),
            Signal::Continue => {
                out.push(Effect::Repaint);
                self.ask_facts(out);
            }
        }
    }

    /// Something changed in the catalog: what is on the screen, or was, is read again.
    fn changed(&mut self, out: &mut Out) {
        self.ask_facts(out);
        self.policies.pending.clear();
        self.journal.pending = None;
        if self.policies.loaded {
            self.ask_policy_names(out);
        }
        if self.artifacts.loaded {
            self.ask_artifacts(None, out);
        }
    }

    /// The wizard, wherever it lies.
    pub(super) fn wizard(&mut self) -> Option<&mut crate::wizard::Driver> {
        self.layers.iter_mut().rev().find_map(|layer| match layer {
            Layer::Wizard(driver) => Some(&mut **driver),
            _ => None,
        })
    }
}

/// Rows of a list on a screen of `rows` rows, until the view tells.
fn rows_of(rows: u16) -> usize {
    usize::from(rows.saturating_sub(6)).max(1)
}
