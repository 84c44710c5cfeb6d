//! Keys: text first, then bindings.

use super::{App, Effect, Layer, Level, Out, Screen};
use crate::app::{Action, Help, Key, ListState, Palette, Subject, TalkField, YamlView, binding, secret_edit};
use crate::domain::{Intent, Text};
use crate::wizard::{Input, TextField};

impl App {
    pub(super) fn key(&mut self, key: Key, out: &mut Out) {
        self.flash = None;
        let armed = std::mem::take(&mut self.quit_armed);
        if self.too_small() {
            match self.setup.keymap.find(self, key).map(|b| b.action) {
                Some(Action::Quit) => self.quit(out),
                Some(Action::Lock) => self.lock(out),
                _ => {}
            }
            return;
        }
        // Such a key belongs to the owner of the slot; here it is nobody's.
        if self.focused_secret().is_some() && secret_edit(key).is_some() {
            return;
        }
        // What is typed ahead was meant for the next question, and may be a secret: it is nothing else.
        if matches!(key, Key::Char(_)) && self.between_questions() {
            return;
        }
        if self.edits_text() && self.edit(key, out) {
            return;
        }
        if let (Some(Layer::Wizard(driver)), Key::Char(c)) = (self.top(), key)
            && let Some(digit) = c.to_digit(10).filter(|digit| *digit > 0)
            && super::moves::picks(driver)
        {
            return self.feed(Input::Pick(digit as usize - 1), out);
        }
        let Some(found) = self.setup.keymap.find(self, key) else { return };
        if found.action == Action::QuitAtRoot {
            if armed {
                self.quit(out);
            } else {
                self.quit_armed = true;
                let again = self.setup.keymap.of(Action::QuitAtRoot).first().map(ToString::to_string).unwrap_or_default();
                self.say(Level::Info, format!("{again} again quits"));
            }
            return;
        }
        self.perform(found.action, out);
    }

    /// A paste that is no secret: one value for the text field that has the focus; elsewhere nothing.
    pub(super) fn paste(&mut self, text: &str, out: &mut Out) {
        if self.too_small() || self.focused_secret().is_some() || !self.edits_text() {
            return;
        }
        self.flash = None;
        if let Some(Layer::Wizard(_)) = self.top() {
            return self.feed(Input::Paste(text.to_owned()), out);
        }
        if let Some(field) = self.console_field() {
            field.insert_all(text);
            self.edited();
        }
    }

    /// Does what an action means here.
    pub(super) fn perform(&mut self, action: Action, out: &mut Out) {
        if let Some(why) = binding(action).and_then(|b| (b.disabled)(self)) {
            self.say(Level::Warn, format!("not now: {why}"));
            if let (Some(flash), true) = (&mut self.flash, self.facts.as_ref().is_some_and(|f| f.unfinished.is_some())) {
                flash.next = Some(crate::domain::Act::start("finish or abandon it", Intent::Resume));
            }
            return;
        }
        match action {
            Action::Help => self.open_help(),
            Action::Palette => {
                let matches = crate::app::palette::matches(self, "");
                self.layers.push(Layer::Palette(Palette { text: TextField::default(), matches, selected: 0 }));
            }
            Action::Filter => self.filtering = Some(TextField::new(self.list().map_or("", |list| &list.filter))),
            Action::Sort => self.sort(),
            Action::Reverse => self.reverse(),
            Action::Overview => self.go(Screen::Overview, out),
            Action::Passkeys => self.go(Screen::Passkeys, out),
            Action::Policies => self.go(Screen::Policies, out),
            Action::Artifacts => self.go(Screen::Artifacts, out),
            Action::Dr => self.go(Screen::Dr, out),
            Action::Readiness => self.go(Screen::Readiness, out),
            Action::Journal => self.go(Screen::Journal, out),
            Action::Previous => self.go(self.previous, out),
            Action::Enter => self.enter(out),
            Action::Back => self.back(out),
            Action::Details => self.toggle_pane(),
            Action::Yaml => self.open_yaml(out),
            Action::Copy => self.copy(out),
            Action::Refresh => {
                self.journal.lines.clear();
                self.changed(out);
            }
            Action::Redraw => out.push(Effect::Repaint),
            Action::Menu => self.open_menu(),
            Action::New => self.start_intent(self.adds(), out),
            Action::Rotate => self.start_intent(Intent::Rotate, out),
            Action::Check | Action::Use | Action::Remove => {
                let Some(name) = self.selected_passkey().map(|p| p.name.clone()) else { return };
                let intent = match action {
                    Action::Check => Intent::Check(name),
                    Action::Use => Intent::Use(name),
                    _ => Intent::Remove(name),
                };
                self.start_intent(intent, out);
            }
            Action::Verify => {
                self.journal.verifying = true;
                self.journal.asked.1 = self.epochs.next();
                out.push(Effect::VerifyJournal(self.journal.asked.1));
            }
            Action::Errors => {
                self.layers.retain(|layer| !matches!(layer, Layer::Errors(_)));
                self.layers.push(Layer::Errors(ListState::default()));
            }
            Action::Quit | Action::QuitAtRoot => self.quit(out),
            Action::Suspend => self.suspend(out),
            Action::Lock => self.lock(out),
            Action::Stop => self.ask_stop(),
            Action::Reveal => self.reveal(out),
            Action::StepBack => self.feed(Input::Back, out),
            Action::Slips => self.try_unlock(true, out),
            Action::Down
            | Action::Up
            | Action::First
            | Action::Last
            | Action::HalfDown
            | Action::HalfUp
            | Action::PageDown
            | Action::PageUp
            | Action::Pane => self.go_to(action, out),
        }
    }

    /// The text field of the console that has the focus.
    fn console_field(&mut self) -> Option<&mut TextField> {
        match self.layers.last_mut() {
            Some(Layer::Palette(palette)) => Some(&mut palette.text),
            Some(Layer::Help(help)) => Some(&mut help.filter),
            Some(Layer::Talk) => match &mut self.talk.as_mut()?.asked.as_mut()?.field {
                TalkField::Line(field) => Some(field),
                TalkField::Secret(_) => None,
            },
            Some(_) => None,
            None => self.filtering.as_mut(),
        }
    }

    /// Edits text; whether the key was one for that.
    fn edit(&mut self, key: Key, out: &mut Out) -> bool {
        if let Some(Layer::Wizard(_)) = self.top() {
            let input = match key {
                Key::Char(c) => Input::Char(c),
                Key::Backspace | Key::Ctrl('h') => Input::Backspace,
                Key::Delete => Input::Delete,
                Key::Left => Input::Left,
                Key::Right => Input::Right,
                Key::Home => Input::Home,
                Key::End => Input::End,
                Key::Ctrl('u') => Input::Clear,
                _ => return false,
            };
            self.feed(input, out);
            return true;
        }
        let Some(field) = self.console_field() else { return false };
        match key {
            Key::Char(c) => {
                field.insert(c);
            }
            Key::Backspace | Key::Ctrl('h') => field.backspace(),
            Key::Delete => field.delete(),
            Key::Left => field.shift(-1),
            Key::Right => field.shift(1),
            Key::Home => field.home(),
            Key::End => field.end(),
            Key::Ctrl('u') => field.clear(),
            _ => return false,
        }
        self.edited();
        true
    }

    /// What was typed into the console's own field has changed.
    pub(super) fn edited(&mut self) {
        let Some(text) = self.console_field().map(|field| field.text().to_owned()) else { return };
        match self.layers.last() {
            Some(Layer::Palette(_)) => {
                let found = crate::app::palette::matches(self, &text);
                if let Some(Layer::Palette(palette)) = self.layers.last_mut() {
                    palette.selected = 0;
                    palette.matches = found;
                }
            }
            Some(Layer::Help(_)) => {
                if let Some(Layer::Help(help)) = self.layers.last_mut() {
                    help.list = ListState::default();
                }
            }
            Some(Layer::Talk) => {}
            _ => {
                if self.list().is_some_and(|list| list.filter != text) {
                    self.narrow(&text);
                }
            }
        }
    }

    fn open_help(&mut self) {
        if !matches!(self.top(), Some(Layer::Help(_))) {
            self.layers.push(Layer::Help(Help::default()));
        }
    }

    fn open_yaml(&mut self, out: &mut Out) {
        let subject = match (self.selected_passkey(), self.selected_policy()) {
            (Some(passkey), _) => Subject::Passkey(passkey.name.clone()),
            (None, Some(policy)) => Subject::Policy(policy),
            (None, None) => return,
        };
        let title = match &subject {
            Subject::Passkey(name) => Text::new(name.as_str()),
            Subject::Policy(name) => Text::new(name.as_str()),
        };
        let epoch = self.epochs.next();
        self.layers.push(Layer::Yaml(YamlView { title, view: crate::app::TextView::asking(epoch) }));
        out.push(Effect::LoadYaml(epoch, subject));
    }

    /// Copies the public id of what is selected: a wrap's, a policy key's, an entry's hash, else the master key's.
    fn copy(&mut self, out: &mut Out) {
        if let Some(Layer::Wizard(_)) = self.top() {
            return out.push(Effect::CopyText);
        }
        let policy = self.selected_policy();
        let id = if let Some(passkey) = self.selected_passkey() {
            Some(Text::new(passkey.wrap_id.as_str()))
        } else if let Some(name) = policy {
            self.policy(&name).map(|p| Text::new(p.key_id.as_str()))
        } else if let Some(item) = self.selected_item() {
            Some(item.id())
        } else if self.screen == Screen::Journal {
            self.journal.line(self.journal.list.selected).map(|line| Text::new(line.hash.as_str()))
        } else {
            self.facts.as_ref().and_then(|f| f.installation.as_ref()).map(|i| Text::new(i.master_key_id.as_str()))
        };
        match id {
            Some(id) => out.push(Effect::Copy(id)),
            None => self.say(Level::Info, "nothing to copy here"),
        }
    }

    fn reveal(&mut self, out: &mut Out) {
        match self.layers.last_mut() {
            Some(Layer::Unlock(unlock)) => unlock.field.revealed = !unlock.field.revealed,
            Some(Layer::Wizard(_)) => self.feed(Input::Reveal, out),
            Some(Layer::Talk) => {
                if let Some(TalkField::Secret(field)) = self.talk.as_mut().and_then(|talk| Some(&mut talk.asked.as_mut()?.field)) {
                    field.revealed = !field.revealed;
                }
            }
            _ => {}
        }
    }
}
