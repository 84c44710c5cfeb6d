//! What comes back: slots, files, plans, events, ends.

use super::{Ask, Body, Driver, Event, Facts, Fault, Field, Goal, Plan, Receipt, Slot, SlotState, Text, Verdict, Waiting};
use crate::wizard::{AGAIN, Proving};

impl Driver {
    pub(super) fn slot(&mut self, slot: Slot, state: SlotState) -> Vec<Ask> {
        let mut asks = Vec::new();
        if slot == Slot::TEXT {
            self.text = Some((state.len, false));
            return asks;
        }
        match &mut self.field {
            Field::Secret { fields, .. } => {
                let first = fields.first().is_some_and(|f| f.slot == slot && f.state != state);
                if let Some(field) = fields.iter_mut().find(|f| f.slot == slot) {
                    field.state = state;
                    self.touched |= state.len > 0;
                    self.problem = None;
                }
                // What was typed the second time no longer repeats the first.
                if first
                    && let Some(again) = fields.get_mut(1)
                    && again.state.verdict != Verdict::Empty
                {
                    again.state = SlotState::default();
                    asks.push(Ask::Wipe(AGAIN));
                }
            }
            Field::Generated { back, .. } if back.slot == slot => {
                back.state = state;
                self.problem = None;
            }
            _ => {}
        }
        asks
    }

    pub(super) fn filed(&mut self, how: Result<(), Fault>, facts: &Facts) -> Vec<Ask> {
        if self.heard(Waiting::File) {
            self.touched = true;
            return match how {
                Ok(()) => self.advance(facts),
                Err(fault) => self.fail(fault),
            };
        }
        Vec::new()
    }

    pub(super) fn looked(&mut self, how: Result<(), Fault>, facts: &Facts) -> Vec<Ask> {
        if self.heard(Waiting::Look) {
            return match how {
                Ok(()) => self.advance(facts),
                Err(fault) => self.fail(fault),
            };
        }
        Vec::new()
    }

    pub(super) fn planned(&mut self, how: Result<Plan, Fault>, facts: &Facts) -> Vec<Ask> {
        if self.heard(Waiting::Plan) {
            match how {
                Ok(plan) => {
                    self.plan = Some(plan);
                    self.rebuild(facts);
                }
                Err(fault) => return self.fail(fault),
            }
        }
        Vec::new()
    }

    pub(super) fn begun(&mut self, how: Result<Plan, Fault>, facts: &Facts) -> Vec<Ask> {
        if !self.heard(Waiting::Begin) {
            // Begun for nobody: nothing may hold the lock without a flow that waits for it.
            return if how.is_ok() { vec![Ask::DropBegun] } else { Vec::new() };
        }
        match how {
            Ok(plan) => {
                self.begun = true;
                self.plan = Some(plan);
                self.advance(facts)
            }
            Err(fault) => self.fail(fault),
        }
    }

    pub(super) fn event(&mut self, event: &Event) -> Vec<Ask> {
        if let Some(running) = &mut self.running
            && running.runs()
        {
            // Its end is told apart, with everything that came of it.
            if !matches!(event, Event::Finished { .. }) {
                running.apply(event);
            }
        }
        Vec::new()
    }

    pub(super) fn ended(&mut self, how: Result<Receipt, Fault>, facts: &Facts) -> Vec<Ask> {
        if !self.heard(Waiting::Run) {
            return Vec::new();
        }
        if let Some(running) = &mut self.running {
            running.end(how.clone());
        }
        match how {
            Ok(receipt) => self.receive(receipt.lines, receipt.next, facts),
            Err(fault) => self.fail(fault),
        }
    }

    pub(super) fn checked(&mut self, how: Result<(), Fault>, facts: &Facts) -> Vec<Ask> {
        if !self.heard(Waiting::Check) {
            return Vec::new();
        }
        let mut asks = self.wipes();
        match how {
            Ok(()) => {
                let said = if matches!((self.wizard.finish)(&self.answers, facts), Ok(Goal::Check(Proving::Dr))) {
                    "YES: it is the DR passphrase. It opened the newest archive just now.".to_owned()
                } else {
                    let name = self.answers.text("passkey");
                    format!("YES: {name} opens. It unwrapped the master key just now, with what you typed.")
                };
                let lines = vec![Text::new(said)];
                asks.extend(self.receive(lines, Vec::new(), facts));
            }
            Err(fault) => asks.extend(self.fail(fault)),
        }
        asks
    }

    fn receive(&mut self, lines: Vec<Text>, next: Vec<crate::domain::Act>, facts: &Facts) -> Vec<Ask> {
        // The path as it was walked: facts have changed by now, and the steps behind must not.
        let at = self.path.iter().position(|s| matches!(s.body, Body::Receipt)).unwrap_or(self.path.len());
        let asks = self.enter(at, facts);
        self.receipt = Some((lines, next));
        asks
    }

    fn heard(&mut self, waiting: Waiting) -> bool {
        let so = self.waiting == Some(waiting);
        if so {
            self.waiting = None;
        }
        so
    }
}
