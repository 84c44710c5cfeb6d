//! Answers: each names its question, and one to an older question is ignored.

use super::{App, Effect, Layer, Level, Out, Timer, When};
use crate::app::{FirstScreen, Msg, TextView};
use crate::domain::{Facts, Fault, Text, stale_at};
use crate::wizard::Input;

impl App {
    pub(super) fn answer(&mut self, msg: Msg, out: &mut Out) {
        match msg {
            Msg::Facts(epoch, how) if epoch == self.epochs.facts => match how {
                Ok(facts) => self.take_facts(*facts, out),
                Err(fault) => {
                    self.fail(&fault);
                    self.trouble = Some(fault);
                }
            },
            Msg::PolicyNames(epoch, how) if epoch == self.policies.asked.0 => match how {
                Ok(names) => self.take_policy_names(&names),
                Err(fault) => self.fail(&fault),
            },
            Msg::Policies(epoch, how) if epoch == self.policies.asked.1 => match how {
                Ok(policies) => self.take_policies(policies),
                Err(fault) => self.fail(&fault),
            },
            Msg::Artifacts(epoch, how) if epoch == self.artifacts.asked.0 => match how {
                Ok((found, next)) => self.take_artifacts(found, next),
                Err(fault) => {
                    // Asked again only when somebody does so.
                    self.artifacts.loaded = true;
                    self.artifacts.asked.1 = false;
                    self.fail(&fault);
                }
            },
            Msg::Journal(epoch, how) if epoch == self.journal.asked.0 => match how {
                Ok(chronicle) => self.take_journal(chronicle),
                Err(fault) => self.fail(&fault),
            },
            Msg::JournalReport(epoch, how) if epoch == self.journal.asked.1 => {
                self.journal.verifying = false;
                match how {
                    Ok(report) => {
                        match report.findings.len() {
                            0 => self.say(Level::Ok, format!("journal: intact to {}", report.intact_to)),
                            n => self.say(Level::Error, format!("journal: {n} faults found")),
                        }
                        self.journal.report = Some(*report);
                    }
                    Err(fault) => self.fail(&fault),
                }
            }
            Msg::Lines(epoch, how) => self.take_lines(epoch, how),
            Msg::Themes(epoch, names) => self.take_themes(epoch, names),
            Msg::Looked(epoch, how) => self.wizard_hears(epoch, Input::Looked(how), out),
            Msg::Planned(epoch, how) => self.wizard_hears(epoch, Input::Planned(how.map(|plan| *plan)), out),
            Msg::Filed(epoch, how) => self.wizard_hears(epoch, Input::Filed(how), out),
            Msg::Checked(epoch, how) => {
                self.wizard_hears(epoch, Input::Checked(how), out);
                self.ask_facts(out);
            }
            Msg::Begun(epoch, how) => self.begun(epoch, how.map(|plan| *plan), out),
            Msg::Event(event) => self.event(&event, out),
            Msg::Ended(how) => self.ended(how.map(|receipt| *receipt), out),
            _ => {}
        }
    }

    pub(super) fn take_facts(&mut self, facts: Facts, out: &mut Out) {
        self.trouble = None;
        let selected = self.passkey_at(self.passkeys.list.selected).map(|p| p.name.clone());
        let row = self.row_of_sheet();
        let last = facts.head.seq;
        let unread = self.facts.as_ref().is_some_and(|f| f.unread > 0);
        self.facts = Some(facts);
        if unread {
            self.name_ways();
        }
        self.list_passkeys(selected);
        self.extend_journal(last);
        self.keep_on_sheet(row.as_ref());
        self.refresh_question();
        self.greet();
        self.set_stale_timer(out);
        if let Some(intent) = self.then.take() {
            self.start_intent(intent, out);
        }
    }

    /// Answers have aged: facts are judged by the clock of now.
    pub(super) fn aged(&mut self, out: &mut Out) {
        self.epochs.stale_timer = None;
        let now = self.now;
        if let Some(facts) = &mut self.facts {
            facts.now = now;
        }
        self.list_passkeys(self.passkey_at(self.passkeys.list.selected).map(|p| p.name.clone()));
        self.set_stale_timer(out);
    }

    /// The first screen where there is no catalog; the unlock screen once, at the start.
    fn greet(&mut self) {
        let installed = self.facts.as_ref().is_some_and(|f| f.installation.is_some());
        let first = self.layers.iter().any(|layer| matches!(layer, Layer::First(_)));
        if installed {
            self.layers.retain(|layer| !matches!(layer, Layer::First(_)));
            if !self.greeted && !self.unlocked() {
                self.ask_unlock(None);
            }
            self.greeted = true;
        } else if !first {
            self.layers.insert(0, Layer::First(FirstScreen::default()));
        }
    }

    /// One timer, for the next answer that turns stale by age.
    fn set_stale_timer(&mut self, out: &mut Out) {
        let Some(facts) = &self.facts else { return };
        if let Some(at) = stale_at(facts)
            && self.epochs.stale_timer != Some(at)
        {
            self.epochs.stale_timer = Some(at);
            out.push(Effect::SetTimer(Timer::Stale, When::Wall(at)));
        }
    }

    fn take_lines(&mut self, epoch: u64, how: Result<Vec<Text>, Fault>) {
        let view = self.layers.iter_mut().find_map(|layer| match layer {
            Layer::Yaml(yaml) if yaml.view.asked == epoch => Some(&mut yaml.view),
            Layer::Doctor(view) | Layer::Log(view) if view.asked == epoch => Some(view),
            _ => None,
        });
        let Some(view) = view else { return };
        match how {
            Ok(lines) => view.lines = Some(lines),
            Err(fault) => {
                view.lines = Some(vec![fault.line().into(), Text::new(format!("next: {}", fault.next.say))]);
                self.fail(&fault);
            }
        }
    }

    fn take_themes(&mut self, epoch: u64, names: Vec<String>) {
        let current = self.setup.theme.clone();
        for layer in &mut self.layers {
            if let Layer::Themes(picker) = layer
                && picker.asked == epoch
            {
                picker.selected = names.iter().position(|name| *name == current).unwrap_or(0);
                picker.names = names;
                return;
            }
        }
    }
}

impl TextView {
    /// Waiting for the answer to this question.
    pub(super) fn asking(epoch: u64) -> Self {
        Self { lines: None, offset: 0, asked: epoch }
    }
}
