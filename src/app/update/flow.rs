//! Guided flows and running operations.

use super::{App, Effect, Layer, Level, Out};
use crate::domain::{Event, Facts, Fault, Intent, Kind, Plan, Receipt};
use crate::wizard::{Answers, Ask, Driver, Input, Running, Waiting, Wizard};

impl App {
    /// Starts what an intent means: a flow, a screen, or unlocking first.
    pub(super) fn start_intent(&mut self, intent: Intent, out: &mut Out) {
        match &intent {
            Intent::Unlock => return self.ask_unlock(None),
            Intent::Journal => return self.go(super::Screen::Journal, out),
            Intent::Passkeys => return self.go(super::Screen::Passkeys, out),
            Intent::Artifacts => return self.go(super::Screen::Artifacts, out),
            Intent::Dr => return self.go(super::Screen::Dr, out),
            Intent::Readiness => return self.go(super::Screen::Readiness, out),
            _ => {}
        }
        if let Some(fault) = self.why_not(&intent) {
            return self.fail(&fault);
        }
        if let Intent::Guided(what) = &intent {
            return self.start_talk(what, out);
        }
        if self.must_unlock_for(&intent) {
            return self.ask_unlock(Some(intent));
        }
        if let Some((wizard, answers)) = Wizard::serving(&intent) {
            self.start_flow(wizard, answers, out);
        }
    }

    fn start_flow(&mut self, wizard: &'static Wizard, answers: Answers, out: &mut Out) {
        if let Some(open) = self.wizard().map(|driver| driver.wizard.title) {
            return self.say(Level::Warn, format!("finish or leave the open flow first: {open}"));
        }
        let answers = if wizard.name == "set-up" { answers.with("host", self.setup.default_name.clean()) } else { answers };
        let none = Facts::none(self.now, self.setup.read_only);
        let (driver, asks) = Driver::start(wizard, answers, self.facts.as_ref().unwrap_or(&none));
        self.layers.retain(|layer| !matches!(layer, Layer::Palette(_) | Layer::Help(_) | Layer::Actions(_)));
        self.layers.push(Layer::Wizard(Box::new(driver)));
        self.asks(asks, out);
    }

    /// Gives an input to the wizard, wherever it lies.
    pub(super) fn feed(&mut self, input: Input, out: &mut Out) {
        // Lent for the while, not copied: there may be ten thousand passkeys in them.
        let facts = self.facts.take();
        let none = Facts::none(self.now, self.setup.read_only);
        let asks = self.wizard().map(|driver| driver.input(input, facts.as_ref().unwrap_or(&none)));
        self.facts = facts;
        self.asks(asks.unwrap_or_default(), out);
    }

    /// Turns what the driver asks into effects.
    pub(super) fn asks(&mut self, asks: Vec<Ask>, out: &mut Out) {
        for ask in asks {
            match ask {
                Ask::Look(look) => out.push(Effect::Look(self.ask_wizard(), look)),
                Ask::Plan(request) => out.push(Effect::Plan(self.ask_wizard(), Box::new(request))),
                Ask::Begin(plan) => {
                    self.epochs.begin = self.epochs.next();
                    out.push(Effect::Begin(self.epochs.begin, Box::new(plan)));
                }
                Ask::DropBegun => out.push(Effect::DropBegun(self.epochs.begin)),
                Ask::Generate(slot) => out.push(Effect::Generate(slot)),
                Ask::Wipe(slot) => out.push(Effect::Wipe(slot)),
                Ask::ReadSecretFile(slot, path) => out.push(Effect::ReadSecretFile(self.ask_wizard(), slot, path)),
                Ask::WriteSecretFile(slot, path) => out.push(Effect::WriteSecretFile(self.ask_wizard(), slot, path)),
                Ask::Check(what, slot) => out.push(Effect::Check(self.ask_wizard(), what, slot)),
                Ask::Run(to) => {
                    let plan = self.wizard().and_then(|driver| driver.plan.clone());
                    self.operation = plan.map(Running::new);
                    out.push(Effect::Run(self.epochs.begin, to));
                }
                Ask::StopOperation => out.push(Effect::StopOperation),
                Ask::Close => {
                    self.layers.retain(|layer| !matches!(layer, Layer::Wizard(_)));
                    // Whatever is still under way for it answers to nobody.
                    self.epochs.wizard = self.epochs.next();
                }
                Ask::Start(intent) => self.start_intent(intent, out),
            }
        }
    }

    pub(super) fn begun(&mut self, epoch: u64, how: Result<Plan, Fault>, out: &mut Out) {
        let current = epoch == self.epochs.begin;
        let waits = current && self.wizard().is_some_and(|driver| driver.waiting == Some(Waiting::Begin));
        if !waits {
            // Nobody waits for it any more: the lock is freed at once.
            if how.is_ok() {
                out.push(Effect::DropBegun(epoch));
            }
            return;
        }
        let locked = matches!(&how, Err(fault) if fault.kind == Kind::Secret);
        if let (Err(fault), false) = (&how, locked) {
            self.note(fault);
        }
        self.feed(Input::Begun(how), out);
        if locked {
            self.ask_unlock(None);
        }
    }

    /// An answer that the wizard waits for, where its question is the newest.
    pub(super) fn wizard_hears(&mut self, epoch: u64, input: Input, out: &mut Out) {
        if epoch == self.epochs.wizard {
            if let Input::Planned(Err(fault)) | Input::Filed(Err(fault)) | Input::Checked(Err(fault)) = &input {
                self.note(fault);
            }
            self.feed(input, out);
        }
    }

    pub(super) fn event(&mut self, event: &Event, out: &mut Out) {
        self.meter(event);
        if let Some(op) = self.operation.as_mut().filter(|op| op.runs())
            && !matches!(event, Event::Finished { .. })
        {
            op.apply(event);
        }
        self.feed(Input::Event(event.clone()), out);
        self.refresh_question();
    }

    pub(super) fn ended(&mut self, how: Result<Receipt, Fault>, out: &mut Out) {
        let Some(op) = self.operation.take() else { return };
        self.meter = None;
        // The holder of the lock was this very operation. Facts that were read while it ran would refuse whatever comes next.
        if let Some(facts) = &mut self.facts {
            facts.holder = None;
        }
        let watched = self.wizard().is_some_and(|driver| driver.runs());
        match &how {
            _ if watched => {}
            Ok(receipt) => self.say(Level::Ok, format!("{}: done. {}", receipt.verb, first_line(receipt))),
            Err(fault) => self.fail(fault),
        }
        if let (true, Err(fault)) = (watched, &how) {
            // It stays in the history when its flow is closed.
            self.note(fault);
        }
        self.feed(Input::Ended(how), out);
        drop(op);
        self.refresh_question();
        match self.quitting {
            Some(code) => self.end(code, out),
            None => self.changed(out),
        }
    }

    fn ask_wizard(&mut self) -> u64 {
        self.epochs.wizard = self.epochs.next();
        self.epochs.wizard
    }
}

fn first_line(receipt: &Receipt) -> String {
    receipt.lines.first().map(ToString::to_string).unwrap_or_default()
}
