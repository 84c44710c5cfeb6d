//! Opening and going back: screens, details, menus, palette, help.

use super::{App, Effect, Layer, Level, Out, Screen};
use crate::app::acts::capital;
use crate::app::palette::{Does, word};
use crate::app::sheet::{self, Item};
use crate::app::{
    Action, ActionMenu, Details, Doing, ListState, MenuItem, Row, Target, TextView, ThemePicker, act_words, bindings, overview,
};
use crate::domain::{Answer, Flow, Guided, Intent, LockState, Text};
use crate::wizard::Input;

impl App {
    /// Shows a screen; whatever lay on top but for a flow is closed.
    pub(super) fn go(&mut self, screen: Screen, out: &mut Out) {
        self.layers.retain(|layer| matches!(layer, Layer::First(_) | Layer::Wizard(_)));
        self.filtering = None;
        if screen != self.screen {
            self.previous = self.screen;
            self.screen = screen;
        }
        if screen == Screen::Policies && !self.policies.loaded {
            self.ask_policy_names(out);
        }
        self.keep_on_sheet(None);
    }

    /// Enter.
    pub(super) fn enter(&mut self, out: &mut Out) {
        match self.layers.last() {
            Some(Layer::Wizard(_)) => self.feed(Input::Next, out),
            Some(Layer::Talk) => self.enter_talk(out),
            Some(Layer::Unlock(_)) => self.try_unlock(false, out),
            Some(Layer::Ask(_)) => self.answered(out),
            Some(Layer::First(first)) => match first.selected {
                0 => self.start_intent(Intent::Guided(Guided::Recover), out),
                1 => self.start_intent(Intent::SetUp, out),
                2 => self.start_intent(Intent::Guided(Guided::KitCheck), out),
                _ if self.talk.is_some() => self.say(Level::Warn, "finish or leave first what was begun"),
                _ => {
                    out.push(Effect::StartDemo);
                    self.say(Level::Info, "making the demo");
                }
            },
            Some(Layer::Help(help)) => {
                let action = self.help_rows().get(help.list.selected).map(|b| b.action);
                self.layers.pop();
                self.run_from_help(action, out);
            }
            Some(Layer::Palette(_)) => self.run_palette(out),
            Some(Layer::Actions(_)) => self.run_menu(out),
            Some(Layer::Themes(picker)) => {
                let name = picker.names.get(picker.selected).cloned();
                self.layers.pop();
                if let Some(name) = name {
                    self.setup.theme.clone_from(&name);
                    out.push(Effect::SetTheme(name));
                }
            }
            Some(Layer::Errors(list)) => {
                let at = self.history.len().checked_sub(list.selected + 1);
                let act = at.and_then(|at| self.history.get(at)?.next.as_ref()?.does.clone());
                if let Some(intent) = act {
                    self.layers.pop();
                    self.start_intent(intent, out);
                }
            }
            Some(Layer::Details(_)) => self.open_menu(),
            Some(Layer::Yaml(_) | Layer::Doctor(_) | Layer::Log(_)) => {}
            // Enter ends typing the filter and keeps it.
            None if self.filtering.is_some() => self.filtering = None,
            None => self.open_row(out),
        }
    }

    /// Esc or `q`.
    pub(super) fn back(&mut self, out: &mut Out) {
        match self.layers.last() {
            Some(Layer::Wizard(_)) => self.feed(Input::Leave, out),
            Some(Layer::Talk) => self.leave_talk(out),
            Some(Layer::Unlock(_)) => self.leave_unlock(out),
            Some(Layer::First(_)) => {}
            Some(Layer::Themes(_)) => {
                self.layers.pop();
                out.push(Effect::PreviewTheme(self.setup.theme.clone()));
            }
            Some(_) => {
                self.layers.pop();
            }
            None if self.filtering.is_some() || self.list().is_some_and(|list| !list.filter.is_empty()) => {
                self.filtering = None;
                self.narrow("");
            }
            None => self.go(Screen::Overview, out),
        }
    }

    /// Actions on the row. Each keeps its place whether or not it can be taken: fingers that know the way must not start another one
    /// because somebody else was at work for a moment.
    pub(super) fn open_menu(&mut self) {
        let mut items: Vec<MenuItem> = Vec::new();
        let mut title = Text::new(self.screen.name());
        let start = |app: &Self, label: String, intent: Intent| {
            let disabled = app.why_not(&intent).map(|fault| fault.cause.to_string());
            MenuItem { label, does: Doing::Start(intent), disabled }
        };
        let act = |app: &Self, label: &str, action: Action| {
            let disabled = bindings().iter().find(|b| b.action == action).and_then(|b| (b.disabled)(app));
            MenuItem { label: label.to_owned(), does: Doing::Action(action), disabled }
        };
        if let Some(p) = self.selected_passkey() {
            title = Text::new(p.name.as_str());
            let name = p.name.clone();
            items.push(act(self, "Check now (you type it)", Action::Check));
            items.push(act(self, "Put in use", Action::Use));
            items.push(start(self, "Rotate to a new one".into(), Intent::Rotate));
            items.push(start(self, "Remove".into(), Intent::Remove(name)));
            items.push(act(self, "YAML", Action::Yaml));
            items.push(act(self, "Copy the wrap's id", Action::Copy));
        } else if let Some(name) = self.selected_policy() {
            title = Text::new(name.as_str());
            items.push(start(self, "Export its key (migration)".into(), Intent::Flow(Flow::Export, Some(Text::new(name.as_str())))));
            items.push(start(self, "Remove".into(), Intent::Flow(Flow::PolicyRemove, Some(Text::new(name.as_str())))));
            items.push(act(self, "YAML", Action::Yaml));
            items.push(act(self, "Copy the key's id", Action::Copy));
        } else if self.screen.is_sheet() {
            let item = self.selected_item();
            title = item.as_ref().map_or(title, Item::title);
            items.extend(self.acts(item.as_ref()).into_iter().map(|(label, intent)| start(self, label, intent)));
        } else if self.screen == Screen::Journal {
            items.push(act(self, "Verify", Action::Verify));
            items.push(act(self, "Copy the entry's hash", Action::Copy));
        }
        if self.facts.as_ref().is_some_and(|f| f.unfinished.is_some()) {
            items.insert(0, start(self, "Finish the unfinished operation".into(), Intent::Resume));
            items.insert(1, start(self, "Take the unfinished operation back".into(), Intent::Abandon));
        }
        match self.screen {
            Screen::Policies => items.push(start(self, "Add a policy".into(), self.adds())),
            screen if screen.is_sheet() => {}
            _ => items.push(start(self, "Add a passkey".into(), Intent::Add)),
        }
        if self.facts.as_ref().is_some_and(|f| f.lock == LockState::Locked && f.installation.is_some()) {
            items.insert(0, start(self, "Unlock".into(), Intent::Unlock));
        }
        let selected = items.iter().position(|item| item.disabled.is_none()).unwrap_or(0);
        self.layers.push(Layer::Actions(ActionMenu { title, says: Text::default(), items, selected }));
    }

    /// Bindings that the help overlay shows: those that hold `filter`, in their order.
    #[must_use]
    pub fn help_rows(&self) -> Vec<&'static crate::app::Binding> {
        let filter = match self.top() {
            Some(Layer::Help(help)) => help.filter.text().to_lowercase(),
            _ => String::new(),
        };
        let holds = |b: &&crate::app::Binding| {
            let keys = self.setup.keymap.words(b.action, " ", "").to_lowercase();
            b.description.to_lowercase().contains(&filter) || b.group.to_lowercase().contains(&filter) || keys.contains(&filter)
        };
        bindings().iter().filter(|b| !self.setup.keymap.of(b.action).is_empty()).filter(holds).collect()
    }

    /// Tab in the palette: the selected word.
    pub(super) fn complete(&mut self) {
        if let Some(Layer::Palette(palette)) = self.layers.last_mut()
            && let Some(found) = palette.matches.get(palette.selected).map(|m| m.word)
        {
            palette.text.clear();
            palette.text.insert_all(found);
            self.edited();
        }
    }

    fn run_from_help(&mut self, action: Option<Action>, out: &mut Out) {
        let Some(found) = action.and_then(crate::app::binding) else { return };
        if found.action == Action::Help {
        } else if found.applies(self) {
            self.perform(found.action, out);
        } else {
            self.say(Level::Info, format!("{} means nothing here", found.name));
        }
    }

    fn run_palette(&mut self, out: &mut Out) {
        let Some(Layer::Palette(palette)) = self.layers.pop() else { return };
        let Some(found) = palette.matches.get(palette.selected).and_then(|m| word(m.word)) else {
            let typed = Text::new(palette.text.text());
            return self.say(Level::Warn, format!("nothing is called \"{typed}\"; an empty palette lists every word"));
        };
        if let Some(why) = palette.matches.get(palette.selected).and_then(|m| m.disabled.clone()) {
            return self.say(Level::Warn, format!("not now: {why}"));
        }
        if found.foreign {
            self.say(Level::Info, format!("{} {}", found.name, found.says));
        }
        match found.does {
            Does::Action(action) => self.perform(action, out),
            Does::Start(intent) => {
                if let Some(intent) = intent(self) {
                    self.start_intent(intent, out);
                }
            }
            Does::Doctor => {
                let epoch = self.epochs.next();
                self.layers.push(Layer::Doctor(TextView::asking(epoch)));
                out.push(Effect::LoadDoctor(epoch));
            }
            Does::Log => {
                let epoch = self.epochs.next();
                self.layers.push(Layer::Log(TextView::asking(epoch)));
                out.push(Effect::LoadLog(epoch));
            }
            Does::Theme => {
                if let Some(name) = palette.text.text().split_whitespace().nth(1) {
                    name.clone_into(&mut self.setup.theme);
                    out.push(Effect::SetTheme(name.to_owned()));
                } else {
                    let asked = self.epochs.next();
                    self.layers.push(Layer::Themes(ThemePicker { asked, ..ThemePicker::default() }));
                    out.push(Effect::LoadThemes(asked));
                }
            }
            Does::Mouse => {
                self.setup.mouse = !self.setup.mouse;
                self.say(Level::Info, if self.setup.mouse { "mouse on: hold Shift to select text" } else { "mouse off" });
                out.push(Effect::Mouse(self.setup.mouse));
            }
            Does::Says => {}
        }
    }

    fn run_menu(&mut self, out: &mut Out) {
        let Some(Layer::Actions(menu)) = self.layers.last() else { return };
        let Some(item) = menu.items.get(menu.selected).cloned() else { return };
        if let Some(why) = item.disabled {
            return self.say(Level::Warn, format!("not now: {why}"));
        }
        self.layers.pop();
        match item.does {
            Doing::Action(action) => self.perform(action, out),
            Doing::Start(intent) => self.start_intent(intent, out),
        }
    }

    /// Enter on a row of a screen.
    fn open_row(&mut self, out: &mut Out) {
        match self.screen {
            Screen::Overview => self.explain(out),
            Screen::Passkeys => {
                let name = self.selected_passkey().map(|p| p.name.clone());
                match name {
                    Some(name) => self.layers.push(Layer::Details(Details::Passkey(name, ListState::default()))),
                    None if self.passkeys.list.filter.is_empty() => self.start_intent(Intent::Add, out),
                    None => {}
                }
            }
            Screen::Policies => match self.selected_policy() {
                Some(name) => self.layers.push(Layer::Details(Details::Policy(name, ListState::default()))),
                None if self.policies.names.is_empty() => self.start_intent(self.adds(), out),
                None if self.policies.rows.is_empty() => {}
                None => self.say(Level::Warn, "this is no policy's name: its record is used for nothing"),
            },
            Screen::Journal => self.toggle_pane(),
            Screen::Readiness => {
                let Some(Item::Case(scenario)) = self.selected_item() else { return };
                let answer = self.facts.as_ref().and_then(|facts| sheet::case(facts, &scenario));
                if let Some(answer) = answer {
                    self.explain_case(&answer);
                }
            }
            Screen::Artifacts | Screen::Dr => match self.selected_item() {
                Some(item) => self.layers.push(Layer::Details(Details::Item(item, ListState::default()))),
                None if self.list().is_some_and(|list| list.filter.is_empty()) => self.start_intent(self.adds(), out),
                None => {}
            },
        }
    }

    /// What a case means, and its one act.
    fn explain_case(&mut self, answer: &Answer) {
        let title = Text::new(format!("{}: {}", answer.scenario.title(), answer.verdict.word()));
        let mut says = format!("{} {}: {}.", answer.scenario.explains(), answer.verdict.word(), answer.why);
        let mut items = Vec::new();
        if let Some(act) = &answer.act {
            match &act.does {
                Some(intent) => items.push(self.offer(&act_words(act), intent)),
                None => says = format!("{says} Next: {}.", act.say),
            }
        }
        items.push(MenuItem { label: "Look at the passkeys".into(), does: Doing::Start(Intent::Passkeys), disabled: None });
        self.layers.push(Layer::Actions(ActionMenu { title, says: says.into(), items, selected: 0 }));
    }

    fn offer(&self, say: &Text, intent: &Intent) -> MenuItem {
        let disabled = self.why_not(intent).map(|fault| fault.cause.to_string());
        MenuItem { label: capital(&say.to_string()), does: Doing::Start(intent.clone()), disabled }
    }

    /// Enter on the overview: explains and offers the act.
    fn explain(&mut self, out: &mut Out) {
        let wanted = self.overview_target();
        let row = overview(self, self.page).into_iter().find(|(_, target)| target.is_some() && *target == wanted);
        let Some((row, Some(target))) = row else { return };
        self.target = Some(target.clone());
        let (title, says, mut items) = match (row, target) {
            (Row::Next { act, .. }, _) => {
                return if let Some(intent) = act.does {
                    self.start_intent(intent, out);
                };
            }
            (_, Target::Matrix) => return self.go(Screen::Readiness, out),
            (_, Target::Passkey(name)) => return self.layers.push(Layer::Details(Details::Passkey(name, ListState::default()))),
            (Row::Debt { text, act }, _) => {
                let Some(act) = act else { return self.say(Level::Info, text) };
                let Some(intent) = act.does.clone() else { return self.say(Level::Info, format!("next: {}", act_words(&act))) };
                let items = if intent == Intent::Resume {
                    vec![self.offer(&"Finish it".into(), &Intent::Resume), self.offer(&"Take it back".into(), &Intent::Abandon)]
                } else {
                    vec![self.offer(&act_words(&act), &intent)]
                };
                ("unfinished, or wrong".into(), text, items)
            }
            (Row::Case { .. }, Target::Case(scenario)) => {
                let answer = self.facts.as_ref().and_then(|facts| sheet::case(facts, &scenario));
                return answer.iter().for_each(|answer| self.explain_case(answer));
            }
            _ => return,
        };
        items.push(MenuItem { label: "Look at the passkeys".into(), does: Doing::Start(Intent::Passkeys), disabled: None });
        self.layers.push(Layer::Actions(ActionMenu { title, says, items, selected: 0 }));
    }
}
