//! Key bindings as records: the hint bar, the `?` screen, the palette and the README's table come from these alone.

use super::{Action, App, Key, Screen};
use crate::domain::Intent;
use crate::wizard::Problem;

/// Where a binding means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The overview, the root.
    Overview,
    /// The passkeys.
    Passkeys,
    /// The policies.
    Policies,
    /// Locations and artifacts.
    Artifacts,
    /// DR and drills.
    Dr,
    /// The readiness matrix.
    Readiness,
    /// The journal.
    Journal,
    /// Details of one thing.
    Details,
    /// Menus, texts, questions.
    Layer,
    /// A text field of the console: filter, palette, help.
    Field,
    /// A guided flow.
    Wizard,
    /// The unlock screen.
    Unlock,
    /// The first screen.
    First,
}

use Place::{Artifacts, Details, Dr, Field, First, Journal, Layer, Overview, Passkeys, Policies, Readiness, Unlock, Wizard};

const ALL: &[Place] = &[Overview, Passkeys, Policies, Artifacts, Dr, Readiness, Journal, Details, Layer, Field, Wizard, Unlock, First];
const SCREENS: &[Place] = &[Overview, Passkeys, Policies, Artifacts, Dr, Readiness, Journal, Details];
const LISTS: &[Place] = &[Passkeys, Policies, Artifacts, Dr, Readiness, Journal];
const COPIES: &[Place] = &[Overview, Passkeys, Policies, Artifacts, Dr, Readiness, Journal, Details, Wizard];
const ROWS: &[Place] = &[Overview, Passkeys, Details];

/// A binding.
pub struct Binding {
    /// What it does.
    pub action: Action,
    /// Its name in the configuration.
    pub name: &'static str,
    /// Its keys unless rebound.
    pub keys: &'static [Key],
    /// One or two words, for the hint bar; empty: not hinted.
    pub hint: &'static str,
    /// One clause, for help, palette and README.
    pub description: &'static str,
    /// The heading it stands under in help and README.
    pub group: &'static str,
    /// Whether what it leads to can take something away.
    pub dangerous: bool,
    /// Where it means something.
    pub places: &'static [Place],
    /// Whether, there, it means something now.
    pub condition: fn(&App) -> bool,
    /// Why it cannot be done now, where it means something.
    pub disabled: fn(&App) -> Option<String>,
}

impl Binding {
    /// Whether it means anything here.
    #[must_use]
    pub fn applies(&self, app: &App) -> bool {
        self.places.contains(&app.place()) && (self.condition)(app)
    }
}

/// All bindings, in the order of help.
#[must_use]
pub fn bindings() -> &'static [Binding] {
    &BINDINGS
}

/// The binding of an action.
#[must_use]
pub fn binding(action: Action) -> Option<&'static Binding> {
    BINDINGS.iter().find(|b| b.action == action)
}

/// The hint bar here: key and word, the most useful first.
#[must_use]
pub fn hints(app: &App) -> Vec<(String, &'static str)> {
    let shown = |b: &&Binding| b.applies(app) && (b.disabled)(app).is_none();
    let hinted = |b: &'static Binding| Some((b, hint(app, b).filter(|word| !word.is_empty())?));
    let mut hints: Vec<(&Binding, &'static str)> = BINDINGS.iter().filter(shown).filter_map(hinted).collect();
    hints.sort_by_key(|(b, _)| weight(app, b));
    // Where characters are text, help has another key.
    let typing = app.edits_text() || app.focused_secret().is_some() || app.between_questions();
    let types = |key: &&Key| !(typing && matches!(key, Key::Char(_)));
    let key = |b: &Binding| app.setup.keymap.of(b.action).iter().find(types).map(ToString::to_string);
    hints.into_iter().filter_map(|(b, word)| Some((key(b)?, word))).collect()
}

/// The word for a key here: what Enter and Esc do depends on where one is. None or empty: not hinted.
fn hint(app: &App, b: &Binding) -> Option<&'static str> {
    use super::Layer;
    let layer = app.top();
    Some(match (b.action, layer) {
        (Action::Enter, Some(Layer::Wizard(driver))) => {
            if driver.runs() {
                return None;
            }
            match driver.problem {
                _ if driver.leaving => "stay",
                _ if driver.receipt.is_some() => "choose",
                _ if matches!(driver.field, crate::wizard::Field::Confirm { agree: false, .. }) => "cancel",
                _ if driver.starts_next().is_some() => "do what is next",
                Some(Problem::Fault(_)) => "try again",
                _ => "next",
            }
        }
        (Action::Back, Some(Layer::Wizard(driver))) if driver.runs() => "leave it running",
        (Action::Back, Some(Layer::Wizard(driver))) if driver.receipt.is_none() => "leave",
        (Action::StepBack, Some(Layer::Wizard(driver)))
            if driver.at == 0 || driver.leaving || driver.runs() || driver.receipt.is_some() =>
        {
            return None;
        }
        (Action::Enter, Some(Layer::Talk)) => match &app.talk {
            Some(talk) if talk.asked.is_some() => "answer",
            Some(talk) if talk.runs() => return None,
            _ => "close",
        },
        (Action::Back, Some(Layer::Talk)) => match &app.talk {
            Some(talk) if talk.asked.is_some() => "leave",
            Some(talk) if talk.runs() => "leave it running",
            _ => "close",
        },
        (Action::Enter, Some(Layer::Unlock(unlock))) => return (!unlock.busy).then_some("unlock"),
        (Action::Back, Some(Layer::Unlock(unlock))) => {
            if unlock.busy {
                "stop"
            } else {
                "look around"
            }
        }
        (Action::StepBack, Some(Layer::Talk))
        | (Action::Enter, Some(Layer::Yaml(_) | Layer::Doctor(_) | Layer::Log(_) | Layer::Details(_))) => return None,
        (Action::Enter, Some(Layer::Help(_))) => "run",
        (Action::Enter, Some(Layer::Palette(_))) => "go",
        (Action::Pane, Some(Layer::Palette(_))) => "complete",
        (Action::Enter, Some(Layer::Themes(_))) => "take",
        (Action::Enter, Some(Layer::Errors(list))) => {
            let at = app.history.len().checked_sub(list.selected + 1);
            let act = at.and_then(|at| app.history.get(at)?.next.as_ref()?.does.as_ref());
            return act.map(|_| "do what is next");
        }
        (Action::Enter, Some(_)) => "choose",
        (Action::Enter, None) if app.screen == Screen::Overview => "explain",
        (Action::Overview, _) if app.screen == Screen::Overview => return None,
        (Action::Passkeys, _) if app.screen == Screen::Passkeys => return None,
        (Action::Policies, _) if app.screen == Screen::Policies => return None,
        (Action::Artifacts, _) if app.screen == Screen::Artifacts => return None,
        (Action::Dr, _) if app.screen == Screen::Dr => return None,
        (Action::Enter, None) | (Action::Journal, _) if app.screen == Screen::Journal => return None,
        _ => b.hint,
    })
}

/// What acts here is worth more than what is the same everywhere: less comes first.
fn weight(app: &App, b: &Binding) -> u8 {
    match (b.action, b.group, app.place()) {
        (Action::Enter, ..) | (Action::Back, _, Place::Details) => 0,
        (Action::Slips, ..) | (Action::Pane, _, Place::Field) => 1,
        (Action::Back, _, Place::Wizard | Place::Unlock | Place::Layer | Place::Field) => 2,
        (_, "In flows", _) => 3,
        (Action::Menu, ..) => 4,
        (_, "Screens", Place::Overview) => 5,
        (_, "Act", _) => 6,
        (_, "Look", _) => 7,
        _ => 8,
    }
}

const fn row(action: Action, name: &'static str, keys: &'static [Key], description: &'static str) -> Binding {
    Binding {
        action,
        name,
        keys,
        hint: "",
        description,
        group: "Everywhere",
        dangerous: false,
        places: ALL,
        condition: |_| true,
        disabled: |_| None,
    }
}

impl Binding {
    const fn at(mut self, group: &'static str, places: &'static [Place]) -> Self {
        self.group = group;
        self.places = places;
        self
    }

    const fn danger(mut self) -> Self {
        self.dangerous = true;
        self
    }

    const fn hinted(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }

    const fn only(mut self, condition: fn(&App) -> bool) -> Self {
        self.condition = condition;
        self
    }

    const fn unless(mut self, disabled: fn(&App) -> Option<String>) -> Self {
        self.disabled = disabled;
        self
    }
}

/// Places where rows, choices or lines are moved through.
const MOVES: &[Place] = &[Overview, Passkeys, Policies, Artifacts, Dr, Readiness, Journal, Details, Layer, Field, Wizard, Unlock, First];
/// Places where a plain character is a command.
const PLAIN: &[Place] = &[Overview, Passkeys, Policies, Artifacts, Dr, Readiness, Journal, Details, Layer, First];
const BACK: &[Place] = &[Passkeys, Policies, Artifacts, Dr, Readiness, Journal, Details, Layer, Field, Wizard, Unlock];

static BINDINGS: [Binding; 45] = [
    row(Action::Help, "help", &[Key::Char('?'), Key::F(1)], "all keys (F1 inside fields); Enter runs one").hinted("help"),
    row(Action::Palette, "palette", &[Key::Char(':')], "everything by name; knows K10's words").at("Everywhere", PLAIN).hinted("palette"),
    row(Action::Lock, "lock", &[Key::Ctrl('x')], "locks now: wipes keys, clears the screen"),
    row(Action::Refresh, "refresh", &[Key::Char('r')], "reads everything again").at("Everywhere", PLAIN),
    row(Action::Redraw, "redraw", &[Key::Ctrl('l')], "draws everything anew"),
    row(Action::Errors, "errors", &[Key::Char('!')], "history of messages and errors").at("Everywhere", PLAIN),
    row(Action::Suspend, "suspend", &[Key::Ctrl('z')], "locks, then suspends the program")
        .unless(|app| app.operation_runs().then(|| "an operation runs: it would stand still half done".into())),
    row(Action::Quit, "quit", &[Key::Ctrl('c')], "quits; asks while an operation runs"),
    row(Action::QuitAtRoot, "quit-at-root", &[Key::Char('q')], "at the root: q again quits")
        .at("Everywhere", &[Overview, First])
        .hinted("quit"),
    row(Action::Stop, "stop", &[], "stops the running operation at its next safe point").only(App::operation_runs),
    row(Action::Overview, "overview", &[Key::Char('1')], "overview").at("Screens", SCREENS).hinted("overview"),
    row(Action::Passkeys, "passkeys", &[Key::Char('2')], "passkeys").at("Screens", SCREENS).hinted("passkeys"),
    row(Action::Policies, "policies", &[Key::Char('3')], "policies").at("Screens", SCREENS).hinted("policies"),
    row(Action::Artifacts, "artifacts", &[Key::Char('4')], "locations and artifacts").at("Screens", SCREENS).hinted("artifacts"),
    row(Action::Dr, "dr", &[Key::Char('5')], "DR archives, passphrases and drills").at("Screens", SCREENS).hinted("DR"),
    row(Action::Readiness, "readiness", &[Key::Char('m')], "every case with its answer").at("Screens", SCREENS),
    row(Action::Journal, "journal", &[Key::Char('6')], "journal").at("Screens", SCREENS).hinted("journal"),
    row(Action::Previous, "previous", &[Key::Char('-')], "the screen before").at("Screens", SCREENS),
    row(Action::Down, "down", &[Key::Char('j'), Key::Down], "one row down").at("Move", MOVES),
    row(Action::Up, "up", &[Key::Char('k'), Key::Up], "one row up").at("Move", MOVES),
    row(Action::First, "first", &[Key::Char('g'), Key::Home], "the first row").at("Move", MOVES),
    row(Action::Last, "last", &[Key::Char('G'), Key::End], "the last row").at("Move", MOVES),
    row(Action::HalfDown, "half-down", &[Key::Ctrl('d')], "half a page down").at("Move", MOVES),
    row(Action::HalfUp, "half-up", &[Key::Ctrl('u')], "half a page up").at("Move", MOVES),
    row(Action::PageDown, "page-down", &[Key::PageDown], "a page down").at("Move", MOVES),
    row(Action::PageUp, "page-up", &[Key::PageUp], "a page up").at("Move", MOVES),
    row(Action::Pane, "pane", &[Key::Tab], "the other section or field; completes").at("Move", MOVES),
    row(Action::Enter, "enter", &[Key::Enter], "opens, explains, goes on").at("Move", ALL).hinted("open"),
    row(Action::Back, "back", &[Key::Esc, Key::Char('q')], "goes back; leaves a flow").at("Move", BACK).hinted("back"),
    row(Action::Filter, "filter", &[Key::Char('/')], "narrows the list as you type; Esc clears").at("Look", LISTS).hinted("filter"),
    row(Action::Sort, "sort", &[Key::Char('s')], "sorts by the next column")
        .at("Look", LISTS)
        .hinted("sort")
        .only(|app| matches!(app.screen, Screen::Passkeys | Screen::Policies))
        .unless(|app| (app.screen == Screen::Policies).then(|| "policies stand by name; S turns them round".into())),
    row(Action::Reverse, "reverse", &[Key::Char('S')], "turns the order round")
        .at("Look", LISTS)
        .only(|app| matches!(app.screen, Screen::Passkeys | Screen::Policies)),
    row(Action::Details, "details", &[Key::Char('d')], "shows or hides the lower pane").at("Look", LISTS).hinted("pane"),
    row(Action::Yaml, "yaml", &[Key::Char('y')], "YAML, never with secrets")
        .at("Look", SCREENS)
        .hinted("YAML")
        .only(|app| app.selected_passkey().is_some() || app.selected_policy().is_some()),
    row(Action::Copy, "copy", &[Key::Char('c')], "copies the public id; at the end of an export the text")
        .at("Look", COPIES)
        .only(|app| app.top().is_none_or(|layer| !matches!(layer, super::Layer::Wizard(_))) || app.made_text().is_some()),
    row(Action::Menu, "actions", &[Key::Char('a')], "actions on the row, and why not").at("Act", SCREENS).hinted("actions"),
    row(Action::New, "new", &[Key::Char('n')], "new passkey, policy or location, by screen; on DR: sets it up")
        .at("Act", &[Overview, Passkeys, Policies, Artifacts, Dr, Details])
        .hinted("new")
        .unless(|app| cause(app, &app.adds())),
    row(Action::Check, "check", &[Key::Char('t')], "checks the passkey: you type its secret")
        .at("Act", ROWS)
        .hinted("check")
        .only(|app| app.selected_passkey().is_some())
        .unless(|app| on_selected(app, Intent::Check)),
    row(Action::Use, "use", &[Key::Char('u')], "puts the passkey in use")
        .at("Act", ROWS)
        .hinted("use")
        .only(|app| app.selected_passkey().is_some())
        .unless(|app| on_selected(app, Intent::Use)),
    row(Action::Rotate, "rotate", &[Key::Char('R')], "rotates to a new passkey")
        .at("Act", ROWS)
        .hinted("rotate")
        .only(|app| app.selected_policy().is_none() && !app.screen.is_sheet())
        .unless(|app| cause(app, &Intent::Rotate)),
    row(Action::Verify, "verify", &[Key::Char('v')], "verifies the journal").at("Act", &[Journal]).hinted("verify"),
    row(Action::StepBack, "step-back", &[Key::BackTab], "one step back").at("In flows", &[Wizard]).hinted("back"),
    row(Action::Reveal, "reveal", &[Key::Ctrl('t')], "shows or hides what is typed")
        .at("In flows", &[Wizard, Unlock])
        .hinted("reveal")
        .only(|app| app.focused_secret().is_some() || app.made_text().is_some()),
    row(Action::Slips, "slips", &[Key::Ctrl('f')], "searches for swapped and wrong words")
        .at("In flows", &[Unlock])
        .hinted("search slips")
        .only(|app| matches!(app.top(), Some(super::Layer::Unlock(unlock)) if (unlock.failures > 0 || unlock.slipped()) && !unlock.busy)),
    row(Action::Remove, "remove", &[], "removes the passkey (by the action menu or the palette)").at("Act", ROWS).danger(),
];

fn cause(app: &App, intent: &Intent) -> Option<String> {
    if app.facts.as_ref().is_none_or(|f| f.installation.is_none()) {
        return Some("there is no installation here yet".into());
    }
    app.why_not(intent).map(|fault| fault.cause.to_string())
}

fn on_selected(app: &App, intent: fn(crate::domain::PasskeyName) -> Intent) -> Option<String> {
    let passkey = app.selected_passkey()?;
    let intent = intent(passkey.name.clone());
    match &intent {
        Intent::Use(name) if app.facts.as_ref().is_some_and(|f| f.in_use(name)) => Some(format!("{name} is in use already")),
        Intent::Check(name) if passkey.pending => Some(format!("{name} is not proved yet: finish or abandon its operation")),
        Intent::Check(name) if passkey.altered => Some(format!("the record of {name} was altered: it is used for nothing")),
        other => cause(app, other),
    }
}
