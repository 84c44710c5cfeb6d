//! Quitting, suspending, losing the terminal.

use super::{App, Effect, Layer, Level, Out};
use crate::app::{Question, QuestionKind};
use crate::domain::{Facts, Flow, Intent, Risk};

impl App {
    /// Quit as a person asks it: asks back while an operation runs.
    pub(super) fn quit(&mut self, out: &mut Out) {
        if self.talks() && !self.operation_runs() {
            self.ask_leave_talk(QuestionKind::QuitTalk);
        } else if !self.operation_runs() && !self.owes() {
            self.end(0, out);
        } else if !self.operation_runs() {
            if !matches!(self.top(), Some(Layer::Ask(_))) {
                let text = self.question(QuestionKind::QuitDebt);
                let answers = vec!["Stay", "Archive now", "Quit all the same"];
                self.layers.push(Layer::Ask(Question { kind: QuestionKind::QuitDebt, text: text.into(), answers, selected: 0 }));
            }
        } else if !matches!(self.top(), Some(Layer::Ask(_))) {
            let text = self.question(QuestionKind::QuitRunning);
            let answers = vec!["Stay", "Stop it at the next safe point, then quit", "Let it end, then quit"];
            self.layers.push(Layer::Ask(Question { kind: QuestionKind::QuitRunning, text: text.into(), answers, selected: 0 }));
        }
    }

    /// Whether changes are in no archive that could be made from here and now.
    fn owes(&self) -> bool {
        let owner = |facts: &Facts| facts.installation.as_ref().is_some_and(|i| i.owner);
        self.facts.as_ref().is_some_and(|facts| facts.debt > 0 && owner(facts)) && self.unlocked() && !self.read_only()
    }

    /// Stop as a person asks it.
    pub(super) fn ask_stop(&mut self) {
        if self.operation_runs() {
            let text = self.question(QuestionKind::StopOperation);
            let answers = vec!["Go on", "Stop it at the next safe point"];
            self.layers.push(Layer::Ask(Question { kind: QuestionKind::StopOperation, text: text.into(), answers, selected: 0 }));
        }
    }

    /// A question says what is so now, and goes when that is over.
    pub(super) fn refresh_question(&mut self) {
        let Some(Layer::Ask(question)) = self.layers.last() else { return };
        let kind = question.kind;
        let stands = match kind {
            QuestionKind::QuitDebt => self.owes(),
            QuestionKind::QuitRunning | QuestionKind::StopOperation => self.operation_runs(),
            QuestionKind::LeaveTalk | QuestionKind::QuitTalk => self.talks(),
        };
        if !stands {
            self.layers.pop();
            return;
        }
        let text = self.question(kind);
        if let Some(Layer::Ask(question)) = self.layers.last_mut() {
            question.text = text.into();
        }
    }

    pub(super) fn question(&self, kind: QuestionKind) -> String {
        match kind {
            QuestionKind::QuitDebt => {
                let why = self.facts.as_ref().map(|facts| crate::app::overview::in_no_archive(facts).to_string()).unwrap_or_default();
                format!("{why} If this machine is lost before the next archive, they are lost.")
            }
            QuestionKind::QuitRunning => format!("{} is running: {}", self.running_verb(), self.risk_words()),
            QuestionKind::LeaveTalk | QuestionKind::QuitTalk => {
                let name = self.talk.as_ref().map(crate::app::Talk::name).unwrap_or_default();
                format!("{name} is not over. What it has not finished is as if it had not begun.")
            }
            QuestionKind::StopOperation => format!("Stop {}? Now: {}", self.running_verb(), self.risk_words()),
        }
    }

    /// The answer to a question.
    pub(super) fn answered(&mut self, out: &mut Out) {
        let Some(Layer::Ask(question)) = self.layers.pop() else { return };
        match (question.kind, question.selected) {
            (_, 0) => {}
            (QuestionKind::StopOperation, _) => self.stop_operation(out),
            (QuestionKind::LeaveTalk, _) => self.stop_talk(out),
            (QuestionKind::QuitTalk, _) => self.leave(0, out),
            (QuestionKind::QuitDebt, 1) => self.start_intent(Intent::Flow(Flow::DrArchive, None), out),
            (QuestionKind::QuitDebt, _) => self.end(0, out),
            (QuestionKind::QuitRunning, how) => {
                if how == 1 {
                    self.stop_operation(out);
                }
                // It may have ended while the question stood.
                if self.operation_runs() {
                    self.quitting = Some(0);
                    self.say(Level::Info, "quits when the operation has ended");
                } else {
                    self.end(0, out);
                }
            }
        }
    }

    /// Leaves without asking: a signal, or the terminal is gone. An operation goes to its next safe point first.
    pub(super) fn leave(&mut self, code: u8, out: &mut Out) {
        if self.quitting.is_some_and(|before| before != 0) {
            return;
        }
        if self.operation_runs() {
            self.quitting = Some(code);
            self.stop_operation(out);
            self.stop_talk(out);
            self.lock(out);
        } else if self.talks() {
            self.quitting = Some(code);
            self.stop_talk(out);
            self.lock(out);
        } else {
            self.end(code, out);
        }
    }

    /// Locks, then suspends; refused while an operation runs.
    pub(super) fn suspend(&mut self, out: &mut Out) {
        if self.operation_runs() || self.talk_works() {
            self.say(Level::Warn, "not suspended: an operation runs, and would stand still half done");
            return;
        }
        self.lock(out);
        out.push(Effect::Suspend);
    }

    /// Frees and wipes everything, and ends.
    pub(super) fn end(&mut self, code: u8, out: &mut Out) {
        self.stop_unlock(out);
        if let Some(driver) = self.wizard() {
            let asks = driver.close();
            self.asks(asks, out);
        }
        self.quitting = Some(code);
        out.push(Effect::Lock);
        out.push(Effect::Quit(code));
    }

    fn stop_operation(&mut self, out: &mut Out) {
        if let Some(op) = self.operation.as_mut().filter(|op| op.runs() && !op.stopping) {
            op.stopping = true;
            out.push(Effect::StopOperation);
        }
        if let Some(running) = self.wizard().and_then(|driver| driver.running.as_mut()) {
            running.stopping = true;
        }
    }

    fn running_verb(&self) -> String {
        self.operation.as_ref().map(|op| op.plan.request.verb().to_owned()).unwrap_or_default()
    }

    fn risk_words(&self) -> &'static str {
        match self.operation.as_ref().map(crate::wizard::Running::risk) {
            Some(Risk::AskBeforeStopping) => "stopping leaves something to finish or abandon",
            Some(Risk::MustFinish) => "this step finishes first; it is short",
            Some(Risk::SafeToStop) | None => "stopping now loses nothing",
        }
    }
}
