//! Walking: entering steps, going on, back, leaving, editing.

use super::{
    Ask, Body, Confirm, Driver, Facts, Field, Goal, Input, Problem, Running, SecretField, SecretPurpose, SecretRule, Stage, Step, Waiting,
};
use crate::domain::{Changed, Fault, Plan, Text};
use crate::wizard::{AGAIN, TextField};

impl Driver {
    /// Makes the path anew from answers and plan. What lies before the current step stays as it is, because steps depend on answers to
    /// earlier ones alone.
    pub(super) fn rebuild(&mut self, facts: &Facts) {
        self.path = (self.wizard.steps)(&self.answers, facts);
        if let Some(plan) = &self.plan {
            fit(&mut self.path, plan);
        }
    }

    /// Makes `at` the current step.
    pub(super) fn enter(&mut self, at: usize, facts: &Facts) -> Vec<Ask> {
        self.at = at;
        self.problem = None;
        self.field = Field::None;
        let Some(step) = self.path.get(at) else { return self.close() };
        let answer = self.answers.get(step.id);
        self.field = match &step.body {
            Body::Choose(choices) => {
                let given = answer.and_then(|a| choices.iter().position(|c| c.value == a));
                let open = choices.iter().position(|c| c.disabled.is_none());
                Field::Choice { selected: given.or(open).unwrap_or(0) }
            }
            Body::Entry(entry) => Field::Text(TextField::new(answer.unwrap_or(&entry.initial))),
            Body::Secret { slot, rule, .. } => {
                let mut fields = vec![SecretField::new(*slot, *rule)];
                if *rule == SecretRule::Made {
                    fields.push(SecretField::new(AGAIN, SecretRule::Repeats(*slot)));
                }
                Field::Secret { fields, focus: 0 }
            }
            Body::Generated { slot, .. } => {
                Field::Generated { stage: Stage::Warning, back: SecretField::new(AGAIN, SecretRule::Repeats(*slot)) }
            }
            Body::Confirm { .. } => Field::Confirm { text: TextField::default(), agree: false },
            Body::Receipt => Field::Choice { selected: 0 },
            Body::Review => return self.review(facts),
            Body::Run => return self.run(facts),
            Body::Explain(_) | Body::WriteFile { .. } | Body::ReadFile { .. } => Field::None,
        };
        Vec::new()
    }

    pub(super) fn advance(&mut self, facts: &Facts) -> Vec<Ask> {
        self.rebuild(facts);
        self.enter(self.at + 1, facts)
    }

    /// Enter.
    pub(super) fn next(&mut self, facts: &Facts) -> Vec<Ask> {
        if self.waiting.is_some() {
            return Vec::new();
        }
        let Some(step) = self.path.get(self.at).cloned() else { return self.close() };
        match (&step.body, &mut self.field) {
            (Body::Explain(_), _) => self.advance(facts),
            (Body::Choose(choices), Field::Choice { selected }) => {
                let Some(choice) = choices.get(*selected) else { return self.say("nothing to choose from") };
                if let Some(reason) = &choice.disabled {
                    return self.say(reason.clone());
                }
                self.answers.set(step.id, choice.value.as_str());
                self.advance(facts)
            }
            (Body::Entry(entry), Field::Text(field)) => {
                let text = field.text().trim().to_owned();
                if text.is_empty() && !entry.optional {
                    return self.say("type something first");
                }
                if !text.is_empty()
                    && let Err(why) = (entry.validate)(&text, &self.answers, facts)
                {
                    return self.say(why);
                }
                let look = (entry.looks)(&text).filter(|_| !text.is_empty());
                self.answers.set(step.id, text);
                match look {
                    Some(look) => self.wait(Waiting::Look, Ask::Look(look)),
                    None => self.advance(facts),
                }
            }
            (Body::Secret { .. }, Field::Secret { fields, focus }) => {
                let Some(field) = fields.get(*focus) else { return Vec::new() };
                if !field.passes() {
                    let words = field.state.verdict.words();
                    return self.say(if words.is_empty() { "type the passphrase first".into() } else { words });
                }
                if *focus + 1 < fields.len() {
                    *focus += 1;
                    self.problem = None;
                    return Vec::new();
                }
                let twice = fields.len() > 1;
                let mut asks = if twice { vec![Ask::Wipe(AGAIN)] } else { Vec::new() };
                asks.extend(self.advance(facts));
                asks
            }
            (Body::Generated { slot, .. }, Field::Generated { stage, back }) => match stage {
                Stage::Warning => {
                    *stage = Stage::Shown;
                    self.touched = true;
                    vec![Ask::Generate(*slot)]
                }
                Stage::Shown => {
                    *stage = Stage::TypedBack;
                    Vec::new()
                }
                Stage::TypedBack if back.passes() => {
                    let mut asks = vec![Ask::Wipe(AGAIN)];
                    asks.extend(self.advance(facts));
                    asks
                }
                Stage::TypedBack => {
                    let words = back.state.verdict.words();
                    self.say(if words.is_empty() { "type it back, word by word".into() } else { words })
                }
            },
            (Body::WriteFile { slot, path, .. }, _) => self.wait(Waiting::File, Ask::WriteSecretFile(*slot, path.clone())),
            (Body::ReadFile { slot, path }, _) => self.wait(Waiting::File, Ask::ReadSecretFile(*slot, path.clone())),
            (Body::Review, _) => match self.plan.clone() {
                Some(plan) if self.problem.is_none() => self.wait(Waiting::Begin, Ask::Begin(plan)),
                _ => self.review(facts),
            },
            (Body::Confirm { .. }, Field::Confirm { agree: false, .. }) => self.back(facts),
            (Body::Confirm { name }, Field::Confirm { text, .. }) => {
                // Names are compared as they are shown: what cannot be typed cannot be asked for.
                if text.text().trim() == name.clean() {
                    return self.advance(facts);
                }
                let wanted = name.clean();
                self.say(format!("type {wanted} exactly as it stands"))
            }
            (Body::Run, _) => self.after_failure(facts),
            (Body::Receipt, Field::Choice { selected }) => {
                let act = selected.checked_sub(1).and_then(|n| self.receipt.as_ref()?.1.get(n)?.does.clone());
                let mut asks = self.close();
                asks.extend(act.map(Ask::Start));
                asks
            }
            _ => Vec::new(),
        }
    }

    /// Shift-Tab.
    pub(super) fn back(&mut self, facts: &Facts) -> Vec<Ask> {
        if matches!(self.waiting, Some(Waiting::Look | Waiting::Begin | Waiting::File | Waiting::Check | Waiting::Run))
            || self.receipt.is_some()
        {
            return Vec::new();
        }
        if matches!(self.step().map(|s| &s.body), Some(Body::Run)) {
            // Before the review, where there is something to correct.
            return self.again(usize::from(self.running.is_some()), facts);
        }
        match &mut self.field {
            Field::Secret { focus, .. } if *focus > 0 => {
                *focus = 0;
                self.problem = None;
                return Vec::new();
            }
            // It was shown once: who could not keep it gets a new one.
            Field::Generated { stage, .. } if *stage != Stage::Warning => return self.afresh(facts),
            _ => {}
        }
        let Some(before) = self.at.checked_sub(1) else { return Vec::new() };
        let mut asks: Vec<Ask> = self.step().and_then(Step::slot).map(|slot| vec![Ask::Wipe(slot), Ask::Wipe(AGAIN)]).unwrap_or_default();
        let target = match self.path.get(before).map(|s| &s.body) {
            Some(Body::Confirm { .. }) => before.saturating_sub(1),
            _ => before,
        };
        if matches!(self.path.get(target).map(|s| &s.body), Some(Body::Review)) {
            if self.begun {
                self.begun = false;
                asks.push(Ask::DropBegun);
            }
        } else if matches!(self.path.get(self.at).map(|s| &s.body), Some(Body::Review)) {
            self.plan = None;
            self.waiting = None;
            self.rebuild(facts);
        }
        asks.extend(self.enter(target, facts));
        asks
    }

    /// Esc.
    pub(super) fn leave(&mut self) -> Vec<Ask> {
        let nothing_lost = self.runs() || self.receipt.is_some() || self.running.is_some();
        if (self.touched || self.begun) && !self.leaving && !nothing_lost {
            self.leaving = true;
            return Vec::new();
        }
        self.close()
    }

    pub(super) fn stay(&mut self) -> Vec<Ask> {
        self.leaving = false;
        Vec::new()
    }

    pub(super) fn stop(&mut self) -> Vec<Ask> {
        match &mut self.running {
            Some(running) if running.runs() && !running.stopping => {
                running.stopping = true;
                vec![Ask::StopOperation]
            }
            _ => Vec::new(),
        }
    }

    /// Edits of what is no secret, choices, focus.
    pub(super) fn edit(&mut self, input: Input) -> Vec<Ask> {
        if self.leaving || self.waiting.is_some() {
            return Vec::new();
        }
        let choices = match (self.path.get(self.at).map(|s| &s.body), &self.receipt) {
            (Some(Body::Choose(choices)), _) => choices.len(),
            (Some(Body::Receipt), Some((_, acts))) => acts.len() + 1,
            _ => 0,
        };
        if let (Input::Reveal, Some((_, shown)), Some(_)) = (&input, &mut self.text, &self.receipt) {
            *shown = !*shown;
            return Vec::new();
        }
        match &mut self.field {
            Field::Choice { selected } => match input {
                Input::Up => *selected = selected.saturating_sub(1),
                Input::Down => *selected = (*selected + 1).min(choices.saturating_sub(1)),
                Input::Home => *selected = 0,
                Input::End => *selected = choices.saturating_sub(1),
                Input::Pick(n) if n < choices => *selected = n,
                _ => return Vec::new(),
            },
            Field::Text(field) => self.touched |= edit_text(field, input),
            Field::Confirm { text, agree } => match input {
                Input::Up | Input::Down | Input::Switch => *agree = !*agree,
                other => self.touched |= edit_text(text, other),
            },
            Field::Secret { fields, focus } => match input {
                Input::Reveal => fields.iter_mut().for_each(|f| f.revealed = !f.revealed),
                Input::Switch | Input::Down | Input::Up if fields.len() > 1 => *focus = 1 - (*focus).min(1),
                _ => return Vec::new(),
            },
            Field::Generated { stage: Stage::TypedBack, back } if input == Input::Reveal => back.revealed = !back.revealed,
            _ => return Vec::new(),
        }
        self.problem = None;
        Vec::new()
    }

    pub(super) fn say(&mut self, why: impl Into<Text>) -> Vec<Ask> {
        self.problem = Some(Problem::Said(why.into()));
        Vec::new()
    }

    pub(super) fn fail(&mut self, fault: Fault) -> Vec<Ask> {
        self.problem = Some(Problem::Fault(fault));
        Vec::new()
    }

    fn wait(&mut self, waiting: Waiting, ask: Ask) -> Vec<Ask> {
        self.problem = None;
        self.waiting = Some(waiting);
        vec![ask]
    }

    /// Asks for a plan of what the answers say.
    fn review(&mut self, facts: &Facts) -> Vec<Ask> {
        self.plan = None;
        match (self.wizard.finish)(&self.answers, facts) {
            Ok(Goal::Change(request)) => self.wait(Waiting::Plan, Ask::Plan(request)),
            Ok(Goal::Check(_)) => Vec::new(),
            Err(fault) => self.fail(fault),
        }
    }

    fn run(&mut self, facts: &Facts) -> Vec<Ask> {
        if let Some(plan) = self.plan.clone().filter(|_| self.begun) {
            self.begun = false;
            self.running = Some(Running::new(plan));
            let to = self.answers.get("to").map(str::to_owned);
            return self.wait(Waiting::Run, Ask::Run(to));
        }
        let slot = self.path.iter().find_map(Step::slot);
        match ((self.wizard.finish)(&self.answers, facts), slot) {
            (Ok(Goal::Check(what)), Some(slot)) => self.wait(Waiting::Check, Ask::Check(what, slot)),
            (Err(fault), _) => self.fail(fault),
            _ => Vec::new(),
        }
    }

    /// Enter on a run that failed: its next act, or once more.
    fn after_failure(&mut self, facts: &Facts) -> Vec<Ask> {
        let Some(act) = self.starts_next().cloned() else { return self.again(0, facts) };
        let mut asks = self.close();
        asks.push(Ask::Start(act));
        asks
    }

    /// From a run that failed back to the review (a check: to its secret), or so many steps before. Answers stay, secrets do not.
    fn again(&mut self, before: usize, facts: &Facts) -> Vec<Ask> {
        let mut asks = self.wipes();
        let taken = self.file_that_stays();
        self.running = None;
        self.plan = None;
        if taken.is_some() {
            self.answers.set("path", "");
        }
        self.rebuild(facts);
        if let Some((path, at)) = taken.zip(self.path.iter().position(|s| s.id == "path")) {
            asks.extend(self.enter(at, facts));
            asks.extend(self.say(format!("{path} stays: what was done may need the passphrase in it. Name another file")));
            return asks;
        }
        let review = self.path.iter().position(|s| matches!(s.body, Body::Review));
        let from = review.or_else(|| self.path.iter().position(|s| s.slot().is_some())).unwrap_or(0);
        asks.extend(self.enter(from.saturating_sub(before), facts));
        asks
    }

    /// The file that a run wrote which failed after it had changed something: its passphrase may count, and it is never overwritten.
    fn file_that_stays(&self) -> Option<Text> {
        let Some(Problem::Fault(Fault { state: Changed::Partly(_) | Changed::Unsaid, .. })) = &self.problem else { return None };
        self.path.iter().find_map(|step| if let Body::WriteFile { path, .. } = &step.body { Some(Text::new(path.as_str())) } else { None })
    }

    /// Wipes a generated secret and begins its step anew.
    fn afresh(&mut self, facts: &Facts) -> Vec<Ask> {
        let mut asks: Vec<Ask> = self.step().and_then(Step::slot).map(|slot| vec![Ask::Wipe(slot), Ask::Wipe(AGAIN)]).unwrap_or_default();
        asks.extend(self.enter(self.at, facts));
        asks
    }

    /// Wipes every slot that a step up to here may have filled.
    pub(super) fn wipes(&self) -> Vec<Ask> {
        let mut asks: Vec<Ask> = self.path.iter().take(self.at + 1).filter_map(Step::slot).map(Ask::Wipe).collect();
        if !asks.is_empty() {
            asks.push(Ask::Wipe(AGAIN));
        }
        asks
    }
}

/// Whether the text was changed.
fn edit_text(field: &mut TextField, input: Input) -> bool {
    match input {
        Input::Char(c) => return field.insert(c),
        Input::Paste(text) => field.insert_all(&text),
        Input::Text(text) => {
            field.clear();
            field.insert_all(&text);
        }
        Input::Backspace => field.backspace(),
        Input::Delete => field.delete(),
        Input::Clear => field.clear(),
        Input::Left => field.shift(-1),
        Input::Right => field.shift(1),
        Input::Home => field.home(),
        Input::End => field.end(),
        _ => return false,
    }
    true
}

/// Adds to the path what only the plan knows: the name to be typed, envelopes, and secrets that no step asks for.
fn fit(path: &mut Vec<Step>, plan: &Plan) {
    for need in &plan.secrets {
        let at = path.iter().position(|s| s.slot() == Some(need.slot));
        if let Some(step) = at.and_then(|at| path.get_mut(at)) {
            if let Body::Secret { envelope, .. } | Body::Generated { envelope, .. } | Body::WriteFile { envelope, .. } = &mut step.body {
                *envelope = need.envelope.clone();
            }
            continue;
        }
        let rule = if need.purpose == SecretPurpose::Make { SecretRule::Made } else { SecretRule::Entered };
        let passkey = Text::new(need.of.to_string());
        let body = Body::Secret { slot: need.slot, rule, passkey, envelope: need.envelope.clone() };
        let run = path.iter().position(|s| matches!(s.body, Body::Run)).unwrap_or(path.len());
        path.insert(run, Step::new("secret", format!("Passphrase of {}", need.of), body));
    }
    if let Confirm::Type(name) = &plan.confirm
        && let Some(review) = path.iter().position(|s| matches!(s.body, Body::Review))
    {
        path.insert(review + 1, Step::new("confirm", "Confirm", Body::Confirm { name: name.clone() }));
    }
}
