//! Talks: verbs that ask step by step, shown in the console.

use super::{App, Effect, Layer, Level, Out};
use crate::app::talk::{Talk, TalkField};
use crate::app::{Question, QuestionKind};
use crate::domain::{Act, Fault, Guided, Intent, Saying, Slot};

impl App {
    /// Begins one, or shows the one whose end nobody has seen yet.
    pub(super) fn start_talk(&mut self, what: &Guided, out: &mut Out) {
        if self.is_demo() {
            return self.say(Level::Info, "not in the demo: it asks for secrets of an installation that stays");
        }
        if self.talk.is_none() {
            self.talk = Some(Talk::new(what.clone()));
            out.push(Effect::Guided(what.clone()));
        }
        self.layers.retain(|layer| !matches!(layer, Layer::Talk));
        self.layers.push(Layer::Talk);
    }

    pub(super) fn hear(&mut self, saying: Saying, out: &mut Out) {
        let (now, shown) = (self.now, self.shows_talk());
        let Some(talk) = &mut self.talk else { return };
        let ended = if let Saying::Ended(how) = &saying { Some(how.clone()) } else { None };
        talk.hear(saying, now);
        if let Some(how) = ended {
            out.push(Effect::Wipe(Slot::TALK));
            self.talk_ended(how.err().as_deref(), shown, out);
        }
        self.refresh_question();
    }

    fn talk_ended(&mut self, failed: Option<&Fault>, shown: bool, out: &mut Out) {
        let Some(talk) = &self.talk else { return };
        let (name, what, left) = (talk.name(), talk.what.clone(), talk.stopping);
        if let Some(code) = self.quitting {
            return self.end(code, out);
        }
        if let Some(fault) = failed.filter(|_| !left) {
            // It stays in the history when its box is closed.
            self.note(fault);
        }
        // What came back is looked at once its receipt was read.
        if shown && !left {
            return;
        }
        if left {
            self.close_talk(out);
            return self.say(Level::Info, format!("{name} was left"));
        }
        let (level, how) = if failed.is_none() { (Level::Ok, "done") } else { (Level::Error, "did not go well") };
        self.say(level, format!("{name}: {how}"));
        if let Some(flash) = &mut self.flash {
            flash.next = Some(Act::start("look at it", Intent::Guided(what)));
        }
        self.changed(out);
    }

    /// Enter: the answer; at the end it closes.
    pub(super) fn enter_talk(&mut self, out: &mut Out) {
        let Some(talk) = &mut self.talk else { return };
        if !talk.runs() {
            return self.close_talk(out);
        }
        match talk.asked.as_ref().map(|asked| &asked.field) {
            Some(TalkField::Line(field)) => {
                let answer = field.text().to_owned();
                talk.answered(&answer);
                out.push(Effect::Answer(answer));
            }
            Some(TalkField::Secret(_)) => {
                talk.answered("");
                out.push(Effect::AnswerSecret);
            }
            None => {}
        }
    }

    /// Esc: asks whether to leave while something is asked; work goes on below.
    pub(super) fn leave_talk(&mut self, out: &mut Out) {
        let Some(talk) = &self.talk else { return };
        if !talk.runs() {
            self.close_talk(out);
        } else if talk.asked.is_some() {
            self.ask_leave_talk(QuestionKind::LeaveTalk);
        } else {
            self.layers.retain(|layer| !matches!(layer, Layer::Talk));
        }
    }

    pub(super) fn ask_leave_talk(&mut self, kind: QuestionKind) {
        if matches!(self.top(), Some(Layer::Ask(_))) {
            return;
        }
        let stops = if kind == QuestionKind::QuitTalk { "Stop it, then quit" } else { "Stop it" };
        let text = self.question(kind).into();
        self.layers.push(Layer::Ask(Question { kind, text, answers: vec!["Go on", stops], selected: 0 }));
    }

    /// Stops it: what was asked has no answer.
    pub(super) fn stop_talk(&mut self, out: &mut Out) {
        if let Some(talk) = self.talk.as_mut().filter(|talk| talk.runs() && !talk.stopping) {
            talk.stopping = true;
            talk.asked = None;
            out.push(Effect::Wipe(Slot::TALK));
            out.push(Effect::LeaveGuided);
        }
    }

    fn close_talk(&mut self, out: &mut Out) {
        self.talk = None;
        self.layers.retain(|layer| !matches!(layer, Layer::Talk));
        self.changed(out);
    }

    fn shows_talk(&self) -> bool {
        self.layers.iter().any(|layer| matches!(layer, Layer::Talk))
    }
}
