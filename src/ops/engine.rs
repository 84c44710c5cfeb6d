//! Runs operations step by step: one loop for all of them.

use super::keys::Keys;
use super::pinning::pin_or_say;
use super::{facts, work::Work};
use crate::crypto::Secrets;
use crate::domain::{Act, Changed, Event, Fault, Kind, Plan, Prover, Receipt, StepId, Stop, Text, Timestamp};
use async_trait::async_trait;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Where events go. Called in order, on the operation's task; when it returns, the event counts as told.
#[derive(Clone)]
pub struct Report(Arc<dyn Fn(&Event) + Send + Sync>);

impl Report {
    /// Tells each event to `listener`.
    pub fn to(listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }

    /// Tells nobody.
    #[must_use]
    pub fn nobody() -> Self {
        Self::to(|_| {})
    }

    /// Tells an event.
    pub fn tell(&self, event: &Event) {
        (self.0)(event);
    }
}

/// What a step is given.
pub(super) struct Run<'a> {
    /// The secrets that the plan names, in their slots.
    pub secrets: &'a Secrets,
    /// Asked between pieces of work.
    pub halt: &'a Stop,
    step: &'a StepId,
    report: &'a Report,
}

impl Run<'_> {
    /// A function that tells how far the step is, at most ten times a second; callable from any thread.
    pub fn progress(&self, total: Option<u64>) -> impl Fn(u64) + Send + Sync + use<> {
        let (step, report) = (self.step.clone(), self.report.clone());
        let told = std::sync::Mutex::new(None::<std::time::Instant>);
        move |done| {
            let mut told = told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if told.is_none_or(|at| at.elapsed() >= PROGRESS_APART) {
                *told = Some(std::time::Instant::now());
                report.tell(&Event::Progress { step: step.clone(), done, total });
            }
        }
    }
}

/// How far apart two tellings of progress are at least.
const PROGRESS_APART: std::time::Duration = std::time::Duration::from_millis(100);

/// What came of an operation, before it is made a receipt.
pub(super) struct Outcome {
    pub installation: Text,
    pub at: Timestamp,
    pub journal: u64,
    pub lines: Vec<Text>,
    pub next: Vec<Act>,
    pub keys: Option<Keys>,
    /// A text that is for the person alone: import data.
    pub text: Option<Zeroizing<String>>,
}

/// The pin moves, and the outcome carries these lines.
pub(super) async fn close(work: &Work, mut lines: Vec<Text>) -> Result<Outcome, Fault> {
    pin_or_say(&work.at, &work.installation, &mut lines).await;
    let journal = facts::head(&work.at, &work.installation).await?.seq;
    let at = work.at.host.clock.now();
    Ok(Outcome { installation: work.installation.title().into(), at, journal, lines, next: Vec::new(), keys: None, text: None })
}

/// One operation: what each step of its plan does. Each step is durable on return. It holds the operation lock until it is dropped.
#[async_trait]
pub(super) trait Operation: Send {
    /// Its id, hex.
    fn id(&self) -> &str;
    /// Where new secrets came from.
    fn prover(&mut self, by: Prover);
    /// Does a step; its result in words.
    async fn step(&mut self, step: &StepId, run: &Run<'_>) -> Result<Text, Fault>;
    /// Whether something was written that must be finished or abandoned.
    fn unfinished(&self) -> bool;
    /// What stays of the steps that were done, where a fault of a later one does not say.
    fn left(&self) -> Option<Text> {
        None
    }
    /// What came of it, after the last step.
    async fn close(self: Box<Self>) -> Result<Outcome, Fault>;
}

/// An operation that holds the lock and its own copies of just the keys it needs, and has changed nothing yet.
pub struct Begun {
    pub(super) plan: Plan,
    pub(super) operation: Box<dyn Operation>,
}

/// How an operation ended well.
pub struct Done {
    /// What came of it.
    pub receipt: Receipt,
    /// The keys of an installation that was just set up.
    pub keys: Option<Keys>,
    /// A text that is for the person alone: import data.
    pub text: Option<Zeroizing<String>>,
}

impl Begun {
    /// Its plan, made on fresh facts under the lock.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Says where the secrets it is given come from; a person unless said.
    #[must_use]
    pub fn proved_by(mut self, by: Prover) -> Self {
        self.operation.prover(by);
        self
    }

    /// Runs it to the end, or to the first safe point after `halt`: between two steps. The secrets that the plan names must be in their
    /// slots.
    ///
    /// # Errors
    /// What failed; its state says what is to be finished or abandoned.
    pub async fn run(self, secrets: Secrets, report: Report, halt: Stop) -> Result<Done, Fault> {
        let Self { plan, mut operation } = self;
        let (id, verb) = (operation.id().to_owned(), plan.request.verb());
        report.tell(&Event::Started { operation: id.clone(), plan: plan.clone() });
        for info in &plan.steps {
            let step = &info.id;
            let result = if halt.asked() {
                Err(Fault::interrupted(plan.request.failing()))
            } else {
                report.tell(&Event::StepStarted { step: step.clone() });
                operation.step(step, &Run { secrets: &secrets, halt: &halt, step, report: &report }).await
            };
            match result {
                Ok(result) => report.tell(&Event::StepDone { step: step.clone(), result }),
                Err(fault) => {
                    let left = operation.left();
                    let fault = if operation.unfinished() { to_be_ended(fault, left) } else { stays(fault, left) };
                    tracing::info!("{verb} {id} ended at {}: {}", step.0, fault.line());
                    report.tell(&Event::StepFailed { step: step.clone(), fault: fault.clone() });
                    return Err(fault);
                }
            }
        }
        drop(secrets);
        // Its steps are all done.
        let outcome = operation.close().await.map_err(|fault| stays(fault, Some("all else is done".into())))?;
        let Outcome { installation, at, journal, lines, next, keys, text } = outcome;
        let receipt = Receipt { operation: id, verb: verb.into(), installation, at, journal, lines, next };
        report.tell(&Event::Finished { receipt: receipt.clone() });
        Ok(Done { receipt, keys, text })
    }
}

/// A fault that would say that nothing changed says what did.
fn stays(fault: Fault, left: Option<Text>) -> Fault {
    match left {
        Some(left) if fault.state == Changed::Nothing => fault.leaving(Changed::Partly(left)),
        _ => fault,
    }
}

/// A fault of what must be ended one way or the other says what holds until then, and how to go on.
fn to_be_ended(fault: Fault, left: Option<Text>) -> Fault {
    let next = match fault.kind {
        Kind::Interrupted => "finish or take back: kastellan rotate --resume | --abandon".to_owned(),
        _ => format!("{}; then kastellan rotate --resume | --abandon", fault.next.say),
    };
    let next = Act::start(next, crate::domain::Intent::Resume);
    let state = left.map_or_else(|| fault.state.clone(), Changed::Partly);
    Fault { state, next, ..fault }
}
