//! One pure state machine that walks any flow: inputs in, asks out.
//!
//! Order: choices -> review (Enter takes the operation lock) -> the name, where something is irreversible -> secrets -> run -> receipt.

mod heard;
mod walk;

use super::{Answers, Body, Field, Goal, Mark, Proving, Running, SecretField, SecretRule, SlotState, Stage, Step, Verdict, Wizard};
use crate::domain::{Confirm, Event, Facts, Fault, Intent, Look, Plan, Receipt, Request, SecretPurpose, Slot, Text};

/// What whoever drives tells the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A character for the text field.
    Char(char),
    /// Several at once (a paste), at the cursor.
    Paste(String),
    /// The whole text of the field, replacing what was there: how prompts answer.
    Text(String),
    /// Removes the character before the cursor.
    Backspace,
    /// Removes the character under the cursor.
    Delete,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// Cursor to the start.
    Home,
    /// Cursor to the end.
    End,
    /// Empties the text field.
    Clear,
    /// Previous choice; at a confirmation, the other button.
    Up,
    /// Next choice; at a confirmation, the other button.
    Down,
    /// This choice, from 0.
    Pick(usize),
    /// The other button of a confirmation, or the other secret field.
    Switch,
    /// Shows or hides what is typed in the secret field.
    Reveal,
    /// Asks the running operation to stop at its next safe point.
    Stop,
    /// Enter: goes on, begins, runs, closes the receipt; while asked whether to leave: stays.
    Next,
    /// Shift-Tab.
    Back,
    /// Esc: leaves, asks first once anything was typed; again: leaves. While it runs: leaves it running.
    Leave,
    /// The owner of a slot says what is in it now.
    Slot(Slot, SlotState),
    /// Answer to [`Ask::ReadSecretFile`] and [`Ask::WriteSecretFile`]; the slot is filled where it is Ok.
    Filed(Result<(), Fault>),
    /// Answer to [`Ask::Look`].
    Looked(Result<(), Fault>),
    /// Answer to [`Ask::Plan`].
    Planned(Result<Plan, Fault>),
    /// Answer to [`Ask::Begin`].
    Begun(Result<Plan, Fault>),
    /// The operation tells something.
    Event(Event),
    /// The operation ended.
    Ended(Result<Receipt, Fault>),
    /// Answer to [`Ask::Check`]: whether it opened.
    Checked(Result<(), Fault>),
}

/// What the driver asks whoever drives it to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// See whether this is there; answer [`Input::Looked`].
    Look(Look),
    /// Plan this; answer [`Input::Planned`].
    Plan(Request),
    /// Take the operation lock for this plan; answer [`Input::Begun`].
    Begin(Plan),
    /// Free the operation lock: what was begun (or is being begun) will not run.
    DropBegun,
    /// Generate a passphrase into the slot; answer [`Input::Slot`].
    Generate(Slot),
    /// Wipe the slot.
    Wipe(Slot),
    /// Read this owner-only file into the slot; answer [`Input::Filed`].
    ReadSecretFile(Slot, String),
    /// Generate a passphrase into the slot and write it to this new owner-only file, which is removed again if the operation fails
    /// before its commit; answer [`Input::Filed`].
    WriteSecretFile(Slot, String),
    /// Prove this with the secret of the slot; answer [`Input::Checked`].
    Check(Proving, Slot),
    /// Run what was begun with the secrets in their slots; answer [`Input::Event`]s, then [`Input::Ended`]. What it makes for the person
    /// alone goes into this new owner-only file; without one into [`Slot::TEXT`], and [`Input::Slot`] says so.
    Run(Option<String>),
    /// Stop the running operation at its next safe point.
    StopOperation,
    /// The flow is over: remove the driver.
    Close,
    /// Start this next; follows [`Ask::Close`].
    Start(Intent),
}

/// What the driver waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// What was named.
    Look,
    /// The plan.
    Plan,
    /// The operation lock.
    Begin,
    /// A secret file.
    File,
    /// A proof.
    Check,
    /// The operation.
    Run,
}

/// Why the current step does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A sentence about what was entered.
    Said(Text),
    /// A fault with its act.
    Fault(Fault),
}

/// A step in the list that fills up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepLine {
    /// How far.
    pub mark: Mark,
    /// In words.
    pub title: Text,
    /// Its result, where it has one.
    pub result: Text,
}

/// A flow that is being walked. Its fields are for reading: only [`Driver::input`] changes them.
#[derive(Clone, Debug)]
pub struct Driver {
    /// Which flow.
    pub wizard: &'static Wizard,
    /// Answered so far.
    pub answers: Answers,
    /// The steps, as far as answers and plan tell by now.
    pub path: Vec<Step>,
    /// The current step, an index into `path`.
    pub at: usize,
    /// What is being entered.
    pub field: Field,
    /// Why it does not go on.
    pub problem: Option<Problem>,
    /// What it waits for.
    pub waiting: Option<Waiting>,
    /// What will happen, from review on.
    pub plan: Option<Plan>,
    /// Whether the operation lock is held and nothing runs yet.
    pub begun: bool,
    /// The operation, from its start on.
    pub running: Option<Running>,
    /// Lines of the receipt, and what to do next. In the field's choice 0 closes, 1 is the first of these acts.
    pub receipt: Option<(Vec<Text>, Vec<crate::domain::Act>)>,
    /// What the operation made for the person alone, in [`Slot::TEXT`]: how long it is, and whether it is shown.
    pub text: Option<(usize, bool)>,
    /// Esc was pressed and something would be lost: "Esc again leaves, Enter stays".
    pub leaving: bool,
    /// Whether anything was entered.
    pub(super) touched: bool,
}

impl Driver {
    /// Starts a flow and says what to do first. Leading steps that `preset` answers are skipped; Back still leads to them.
    #[must_use]
    pub fn start(wizard: &'static Wizard, preset: Answers, facts: &Facts) -> (Self, Vec<Ask>) {
        let mut driver = Self {
            wizard,
            answers: preset,
            path: Vec::new(),
            at: 0,
            field: Field::None,
            problem: None,
            waiting: None,
            plan: None,
            begun: false,
            running: None,
            receipt: None,
            text: None,
            leaving: false,
            touched: false,
        };
        driver.rebuild(facts);
        let given = driver.path.iter().take_while(|s| driver.answers.get(s.id).is_some()).count();
        let asks = driver.enter(given.min(driver.path.len().saturating_sub(1)), facts);
        (driver, asks)
    }

    /// Takes an input; says what to do.
    pub fn input(&mut self, input: Input, facts: &Facts) -> Vec<Ask> {
        match input {
            Input::Next | Input::Back if self.leaving => self.stay(),
            Input::Next => self.next(facts),
            Input::Back => self.back(facts),
            Input::Leave => self.leave(),
            Input::Stop => self.stop(),
            Input::Slot(slot, state) => self.slot(slot, state),
            Input::Filed(how) => self.filed(how, facts),
            Input::Looked(how) => self.looked(how, facts),
            Input::Planned(how) => self.planned(how, facts),
            Input::Begun(how) => self.begun(how, facts),
            Input::Event(event) => self.event(&event),
            Input::Ended(how) => self.ended(how, facts),
            Input::Checked(how) => self.checked(how, facts),
            edit => self.edit(edit),
        }
    }

    /// The current step.
    #[must_use]
    pub fn step(&self) -> Option<&Step> {
        self.path.get(self.at)
    }

    /// The secret field that has the focus: its keys go to the owner of its slot.
    #[must_use]
    pub fn focused_secret(&self) -> Option<&SecretField> {
        if self.leaving || self.waiting.is_some() {
            return None;
        }
        match &self.field {
            Field::Secret { fields, focus } => fields.get(*focus),
            Field::Generated { stage: Stage::TypedBack, back } => Some(back),
            _ => None,
        }
    }

    /// The slot whose secret is on the screen in clear by this step (a generated one, this once).
    #[must_use]
    pub fn shown_secret(&self) -> Option<Slot> {
        match self.field {
            Field::Generated { stage: Stage::Shown, .. } => self.step().and_then(Step::slot),
            _ => None,
        }
    }

    /// Whether the text that was made is on the screen in clear.
    #[must_use]
    pub fn shows_text(&self) -> bool {
        self.receipt.is_some() && matches!(self.text, Some((_, true)))
    }

    /// Whether a text field has the focus.
    #[must_use]
    pub fn edits_text(&self) -> bool {
        matches!(self.field, Field::Text(_) | Field::Confirm { .. })
    }

    /// The steps as a list that fills up.
    #[must_use]
    pub fn lines(&self) -> Vec<StepLine> {
        let mark = |at: usize| match at.cmp(&self.at) {
            std::cmp::Ordering::Less => Mark::Done,
            std::cmp::Ordering::Equal if matches!(self.problem, Some(Problem::Fault(_))) => Mark::Failed,
            std::cmp::Ordering::Equal if self.receipt.is_some() => Mark::Done,
            std::cmp::Ordering::Equal => Mark::Now,
            std::cmp::Ordering::Greater => Mark::Todo,
        };
        let line = |(at, step): (usize, &Step)| StepLine {
            mark: mark(at),
            title: Text::new(step.title.as_str()),
            result: if at < self.at { self.result(step) } else { Text::default() },
        };
        self.path.iter().enumerate().map(line).collect()
    }

    /// Whether it is at review or later and no operation runs: the idle lock closes it then and frees the operation lock.
    #[must_use]
    pub fn waits_at_review_or_later(&self) -> bool {
        let review = self.path.iter().position(|s| matches!(s.body, Body::Review));
        // A check has no review: what waits with a secret in it is closed just so.
        let from = review.or_else(|| self.path.iter().position(|s| s.slot().is_some()));
        from.is_some_and(|from| self.at >= from) && !self.runs() && self.receipt.is_none()
    }

    /// Whether its operation runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.running.as_ref().is_some_and(Running::runs)
    }

    /// Whether its run failed: Shift-Tab goes back to the answers, which are kept.
    #[must_use]
    pub fn failed(&self) -> bool {
        matches!(self.step().map(|s| &s.body), Some(Body::Run)) && matches!(self.problem, Some(Problem::Fault(_)))
    }

    /// What Enter starts after a run that failed. None: it is tried again, also where what is next would only begin this flow anew.
    #[must_use]
    pub fn starts_next(&self) -> Option<&Intent> {
        let Some(Problem::Fault(fault)) = self.problem.as_ref().filter(|_| self.failed()) else { return None };
        fault.next.does.as_ref().filter(|intent| Wizard::serving(intent).is_none_or(|(wizard, _)| wizard != self.wizard))
    }

    /// What is left of what was typed after a run that failed.
    #[must_use]
    pub fn kept(&self) -> &'static str {
        if self.path.iter().any(|step| step.slot().is_some()) {
            "The answers are kept; passphrases are asked for anew."
        } else {
            "The answers are kept."
        }
    }

    /// Closes at once, without asking: frees the operation lock where it is held and wipes the slots. A running operation goes on.
    pub fn close(&mut self) -> Vec<Ask> {
        let mut asks = Vec::new();
        if !self.runs() {
            if self.begun || self.waiting == Some(Waiting::Begin) {
                asks.push(Ask::DropBegun);
            }
            asks.extend(self.wipes());
            asks.extend(self.text.take().map(|_| Ask::Wipe(Slot::TEXT)));
        }
        self.begun = false;
        self.waiting = None;
        asks.push(Ask::Close);
        asks
    }

    /// A short result of a step that is done.
    fn result(&self, step: &Step) -> Text {
        let answer = self.answers.text(step.id);
        match &step.body {
            Body::Choose(choices) => choices.iter().find(|c| c.value == answer).map_or_else(|| answer.into(), |c| c.label.as_str().into()),
            Body::Entry(_) if answer.is_empty() => "none".into(),
            Body::Entry(_) => answer.into(),
            Body::Secret { rule: SecretRule::Made, .. } => "typed twice".into(),
            Body::Secret { .. } => "typed".into(),
            Body::Generated { .. } => "generated, typed back".into(),
            Body::WriteFile { path, .. } => Text::new(format!("generated, written to {path}")),
            Body::ReadFile { path, .. } => Text::new(format!("read from {path}")),
            Body::Review => "operation lock taken".into(),
            Body::Confirm { name } => Text::new(format!("{name} typed")),
            Body::Explain(_) | Body::Run | Body::Receipt => Text::default(),
        }
    }
}
