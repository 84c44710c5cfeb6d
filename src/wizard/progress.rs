//! A running operation as its events tell it.

use crate::domain::{Event, Fault, Plan, Receipt, Risk, StepId, Text};

/// The mark of a step in a list that fills up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// `[ ]` to come.
    Todo,
    /// `[>]` now.
    Now,
    /// `[x]` done.
    Done,
    /// `[!]` failed.
    Failed,
}

impl Mark {
    /// As drawn.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Todo => "[ ]",
            Self::Now => "[>]",
            Self::Done => "[x]",
            Self::Failed => "[!]",
        }
    }
}

/// A step of a running operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunLine {
    /// Which.
    pub id: StepId,
    /// In words.
    pub title: Text,
    /// May it be stopped?
    pub risk: Risk,
    /// How far.
    pub mark: Mark,
    /// Its result, or why it failed.
    pub note: Text,
    /// Units done, and in all where known.
    pub progress: Option<(u64, Option<u64>)>,
}

/// An operation from its begin to its end: a fold of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its id, hex; empty until it started.
    pub operation: String,
    /// What it does.
    pub plan: Plan,
    /// Its steps.
    pub steps: Vec<RunLine>,
    /// A stop was asked for.
    pub stopping: bool,
    /// How it ended.
    pub ended: Option<Result<Receipt, Fault>>,
}

impl Running {
    /// About to run.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let steps = lines(&plan);
        Self { operation: String::new(), plan, steps, stopping: false, ended: None }
    }

    /// Takes an event in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Started { operation, plan } => {
                self.operation.clone_from(operation);
                if plan.steps != self.plan.steps {
                    self.steps = lines(plan);
                }
                self.plan = plan.clone();
            }
            Event::StepStarted { step } => self.mark(step, Mark::Now, None),
            Event::Progress { step, done, total } => {
                if let Some(line) = self.line(step) {
                    line.mark = Mark::Now;
                    line.progress = Some((*done, *total));
                }
            }
            Event::StepDone { step, result } => self.mark(step, Mark::Done, Some(result.clone())),
            Event::StepFailed { step, fault } => self.mark(step, Mark::Failed, Some(fault.cause.clone())),
            Event::Finished { receipt } => self.ended = Some(Ok(receipt.clone())),
        }
    }

    /// Takes the end in: what is still marked as running has failed with it.
    pub fn end(&mut self, how: Result<Receipt, Fault>) {
        if let Err(fault) = &how
            && let Some(line) = self.steps.iter_mut().find(|s| s.mark == Mark::Now)
        {
            line.mark = Mark::Failed;
            line.note = fault.cause.clone();
        }
        self.ended = Some(how);
    }

    /// Whether it goes on.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.ended.is_none()
    }

    /// The step that runs now.
    #[must_use]
    pub fn now(&self) -> Option<&RunLine> {
        self.steps.iter().find(|s| s.mark == Mark::Now)
    }

    /// What stopping now would mean.
    #[must_use]
    pub fn risk(&self) -> Risk {
        self.now().map_or(Risk::SafeToStop, |s| s.risk)
    }

    fn line(&mut self, step: &StepId) -> Option<&mut RunLine> {
        self.steps.iter_mut().find(|s| s.id == *step)
    }

    fn mark(&mut self, step: &StepId, mark: Mark, note: Option<Text>) {
        if let Some(line) = self.line(step) {
            line.mark = mark;
            line.progress = None;
            line.note = note.unwrap_or_default();
        }
    }
}

fn lines(plan: &Plan) -> Vec<RunLine> {
    let line = |s: &crate::domain::StepInfo| RunLine {
        id: s.id.clone(),
        title: s.title.clone(),
        risk: s.risk,
        mark: Mark::Todo,
        note: Text::default(),
        progress: None,
    };
    plan.steps.iter().map(line).collect()
}
