//! Moving: one row, half a page, a page, to an end, to the other pane.

use super::{App, Effect, Layer, Out, Screen};
use crate::app::{Action, Details, FirstScreen, ListState, Row, TextView, details, overview, policy_details};
use crate::wizard::{Driver, Input};

impl App {
    pub(super) fn go_to(&mut self, how: Action, out: &mut Out) {
        let page = self.page;
        match self.layers.last() {
            Some(Layer::Wizard(_)) => return self.move_in_flow(how, out),
            Some(Layer::Unlock(_)) => {
                if matches!(how, Action::Up | Action::Down) {
                    self.choose_unlock(how == Action::Down);
                }
                return;
            }
            Some(Layer::Talk) => {
                if let Some(talk) = &mut self.talk {
                    // Lines are counted from the end, which stays in sight while more is said.
                    let upwards = match how {
                        Action::Up => Action::Down,
                        Action::Down => Action::Up,
                        Action::HalfUp => Action::HalfDown,
                        Action::HalfDown => Action::HalfUp,
                        Action::PageUp => Action::PageDown,
                        Action::PageDown => Action::PageUp,
                        Action::First => Action::Last,
                        Action::Last => Action::First,
                        other => other,
                    };
                    talk.back = moved(upwards, talk.back, talk.lines.len(), page).min(talk.furthest(self.size.0, page));
                }
                return;
            }
            Some(Layer::Palette(_)) if how == Action::Pane => return self.complete(),
            Some(Layer::Help(_)) => {
                let count = self.help_rows().len();
                if let Some(Layer::Help(help)) = self.layers.last_mut() {
                    move_list(&mut help.list, how, count, page);
                }
                return;
            }
            Some(Layer::Details(of)) => {
                let count = self.count_details(of);
                if let Some(Layer::Details(Details::Passkey(_, list) | Details::Policy(_, list) | Details::Item(_, list))) =
                    self.layers.last_mut()
                {
                    list.offset = moved(how, list.offset, count, page);
                    list.selected = list.offset;
                }
                return;
            }
            _ => {}
        }
        let history = self.history.len();
        match self.layers.last_mut() {
            Some(Layer::First(first)) => first.selected = moved(how, first.selected, FirstScreen::CHOICES.len(), page),
            Some(Layer::Palette(palette)) => palette.selected = moved(how, palette.selected, palette.matches.len(), page),
            Some(Layer::Actions(menu)) => menu.selected = moved(how, menu.selected, menu.items.len(), page),
            Some(Layer::Errors(list)) => move_list(list, how, history, page),
            Some(Layer::Ask(question)) => question.selected = moved(how, question.selected, question.answers.len(), page),
            Some(Layer::Yaml(yaml)) => scroll(&mut yaml.view, how, page),
            Some(Layer::Doctor(view) | Layer::Log(view)) => scroll(view, how, page),
            Some(Layer::Themes(picker)) => {
                let at = moved(how, picker.selected, picker.names.len(), page);
                if at != picker.selected {
                    picker.selected = at;
                    out.extend(picker.names.get(at).cloned().map(Effect::PreviewTheme));
                }
            }
            Some(_) => {}
            None => self.move_on_screen(how),
        }
    }

    fn move_on_screen(&mut self, how: Action) {
        let page = self.page;
        match self.screen {
            Screen::Overview => self.move_on_overview(how),
            _ if how == Action::Pane => self.toggle_pane(),
            Screen::Passkeys => move_list(&mut self.passkeys.list, how, self.passkeys.rows.len(), page),
            Screen::Policies => move_list(&mut self.policies.list, how, self.policies.rows.len(), page),
            Screen::Journal => {
                let count = self.journal.count();
                move_list(&mut self.journal.list, how, count, page);
            }
            Screen::Artifacts | Screen::Dr | Screen::Readiness => {
                let count = self.items().len();
                if let Some(list) = self.sheet_mut() {
                    move_list(list, how, count, page);
                }
            }
        }
    }

    pub(super) fn toggle_pane(&mut self) {
        match self.screen {
            Screen::Overview => {}
            Screen::Passkeys => self.passkeys.list.pane = !self.passkeys.list.pane,
            Screen::Policies => self.policies.list.pane = !self.policies.list.pane,
            Screen::Journal => self.journal.list.pane = !self.journal.list.pane,
            Screen::Artifacts | Screen::Dr | Screen::Readiness => {
                if let Some(list) = self.sheet_mut() {
                    list.pane = !list.pane;
                }
            }
        }
    }

    fn move_on_overview(&mut self, how: Action) {
        let rows: Vec<(Row, _)> = overview(self, self.page).into_iter().filter_map(|(row, target)| Some((row, target?))).collect();
        let now = self.overview_target();
        let at = rows.iter().position(|(_, target)| Some(target) == now.as_ref()).unwrap_or(0);
        let to = if how == Action::Pane {
            // The next kind of row: work, answers, passkeys, next act, and around.
            let kind = |row: &Row| match row {
                Row::Debt { .. } => 0,
                Row::Heading { .. } | Row::Case { .. } => 1,
                Row::Passkey { .. } => 2,
                _ => 3,
            };
            let here = rows.get(at).map(|(row, _)| kind(row));
            rows.iter().skip(at).position(|(row, _)| Some(kind(row)) != here).map_or(0, |by| at + by)
        } else {
            moved(how, at, rows.len(), self.page)
        };
        self.target = rows.into_iter().nth(to).map(|(_, target)| target);
    }

    fn move_in_flow(&mut self, how: Action, out: &mut Out) {
        let input = match how {
            Action::Up => Input::Up,
            Action::Down => Input::Down,
            Action::First => Input::Home,
            Action::Last => Input::End,
            Action::Pane => Input::Switch,
            _ => return,
        };
        self.feed(input, out);
    }

    fn count_details(&self, of: &Details) -> usize {
        match of {
            Details::Passkey(name, _) => self.facts.as_ref().and_then(|f| f.passkey(name)).map_or(0, |p| details(self, p).len()),
            Details::Policy(name, _) => self.policy(name).map_or(0, |p| policy_details(self, p).len()),
            Details::Item(item, _) => self.about(item).len(),
        }
    }
}

/// Whether the flow is at a list of choices that digits pick from.
pub(super) fn picks(driver: &Driver) -> bool {
    matches!(driver.field, crate::wizard::Field::Choice { .. }) && driver.receipt.is_none()
}

fn move_list(list: &mut ListState, how: Action, count: usize, page: usize) {
    let to = moved(how, list.selected, count, page);
    list.select(to, count, page);
}

fn scroll(view: &mut TextView, how: Action, page: usize) {
    let count = view.lines.as_ref().map_or(0, Vec::len);
    // The last page stays full.
    view.offset = moved(how, view.offset, count, page).min(count.saturating_sub(page));
}

fn moved(how: Action, at: usize, count: usize, page: usize) -> usize {
    let half = (page / 2).max(1);
    let to = match how {
        Action::Up => at.saturating_sub(1),
        Action::Down => at.saturating_add(1),
        Action::First => 0,
        Action::Last => count,
        Action::HalfUp => at.saturating_sub(half),
        Action::HalfDown => at.saturating_add(half),
        Action::PageUp => at.saturating_sub(page),
        Action::PageDown => at.saturating_add(page),
        _ => at,
    };
    to.min(count.saturating_sub(1))
}
