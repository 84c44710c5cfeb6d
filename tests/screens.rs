//! Whole screens, drawn from fixed facts by the real state machine and views.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod stage;

use kastellan::app::{App, Key, Layer, Moment, Msg};
use kastellan::domain::{Event, Facts, Fault, Kind, Receipt, Slot, StepId, Timestamp};
use kastellan::host::Color as Depth;
use kastellan::tui::Screen;
use kastellan::tui::theme::Theme;
use kastellan::tui::views::{self, View};
use kastellan::wizard::{Driver, Field, SlotState, Stage as HowFar};
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier};
use stage::{Stage, calm, draw, facts, hostile, in_utc, locked, protected, setup, text, without_dr};
use std::path::Path;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (60, 15)];

fn shown(app: &App) -> String {
    text(&draw(app, "default", Depth::Sixteen))
}

/// One snapshot a size, in 16 colours; the same characters in every theme, with and without colours.
fn screen(name: &str, stage: impl Fn((u16, u16)) -> Stage) {
    for size in SIZES {
        let stage = stage(size);
        let seen = shown(&stage.app);
        for (theme, depth) in
            [("mono", Depth::Never), ("dark", Depth::True), ("light", Depth::Sixteen), ("high-contrast", Depth::TwoFiftySix)]
        {
            assert_eq!(seen, text(&draw(&stage.app, theme, depth)), "{theme} shows the same words");
        }
        insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), seen);
    }
}

macro_rules! screens {
    ($($name:ident: $stage:expr;)*) => {
        $(#[test]
        fn $name() {
            in_utc(stringify!($name), || screen(stringify!($name), $stage));
        })*
    };
}

fn at(facts: Facts, size: (u16, u16), keys: &str) -> Stage {
    let mut stage = Stage::new(facts, size);
    stage.keys(keys);
    stage
}

screens! {
    overview: |size| at(facts(), size, "");
    overview_locked: |size| { let mut s = Stage::new(locked(calm()), size); s.key(Key::Esc); s };
    passkeys: |size| at(calm(), size, "2j");
    passkeys_without_pane: |size| at(calm(), size, "2jd");
    policies: |size| at(calm(), size, "3jj");
    journal: |size| at(calm(), size, "6");
    details: |size| { let mut s = at(calm(), size, "2"); s.enter(); s };
    yaml: |size| at(calm(), size, "2y");
    filter: |size| at(calm(), size, "2/ops");
    help: |size| at(calm(), size, "2?");
    palette: |size| at(calm(), size, ":pass");
    actions: |size| at(calm(), size, "2a");
    themes: |size| { let mut s = at(calm(), size, ":theme"); s.enter(); s };
    unlock: |size| Stage::new(locked(calm()), size);
    unlock_failed: |size| {
        let mut s = Stage::new(locked(calm()), size);
        s.secret().enter();
        let fault = Fault::new(Kind::Secret, "cannot unlock prod-eu1", "no passkey opens with this passphrase (word 7 is not in the word list)",
            kastellan::domain::Act::say("check word 7, or type ? for a word that you cannot read"));
        s.fail_unlock(fault);
        s
    };
    first: |size| {
        let mut setup = setup(Facts::none(stage::now(), false), size);
        setup.facts.as_mut().unwrap().installation = None;
        Stage::with(setup)
    };
    rotate_first_step: |size| at(calm(), size, "2R");
    rotate_review: |size| until(at(calm(), size, "2R"), |s| matches!(wizard(s), Some(d) if d.plan.is_some() && !d.begun));
    rotate_running: |size| {
        let mut s = until(at(calm(), size, "2R"), |s| s.app.operation.is_some());
        s.event(Event::Started { operation: "a1b2c3d4".into(), plan: stage::plan() });
        s.event(Event::StepStarted { step: StepId::new("wrap") });
        s
    };
    remove_confirm: |size| {
        let mut s = at(calm(), size, "2jjajjj");
        s.enter();
        until(s, |s| matches!(wizard(s), Some(d) if matches!(d.field, Field::Confirm { .. })))
    };
    generated_warning: |size| until(at(calm(), size, "2R"), |s| how_far(s) == Some(HowFar::Warning));
    generated_shown: |size| until(at(calm(), size, "2R"), |s| how_far(s) == Some(HowFar::Shown));
    generated_typed_back: |size| until(at(calm(), size, "2R"), |s| how_far(s) == Some(HowFar::TypedBack));
    rotate_receipt: |size| {
        let mut s = until(at(calm(), size, "2R"), |s| s.app.operation.is_some());
        s.tell(Msg::Ended(Ok(Box::new(stage::receipt()))));
        s
    };
    rotate_failed: |size| {
        let mut s = until(at(calm(), size, "2R"), |s| s.app.operation.is_some());
        s.event(Event::StepStarted { step: StepId::new("wrap") });
        let fault = Fault::new(Kind::Unexpected, "cannot rotate", "the disk is full", kastellan::domain::Act::say("make room, then rotate --resume"));
        s.tell(Msg::Ended(Err(fault)));
        s
    };
    quit_while_running: |size| {
        let mut s = until(at(calm(), size, "2R"), |s| s.app.operation.is_some());
        s.key(Key::Ctrl('c'));
        s
    };
    messages: |size| {
        let mut s = at(calm(), size, "");
        let fault = Fault::new(Kind::Usage, "theme x not used", "there is no theme of that name", kastellan::domain::Act::say("one of these: default, mono"));
        s.tell(Msg::Problem(fault));
        s.keys("!");
        s
    };
    passkeys_protected: |size| at(protected(), size, "2jj");
    artifacts: |size| at(protected(), size, "4jj");
    artifact_details: |size| { let mut s = at(protected(), size, "4jj"); s.enter(); s };
    no_locations: |size| at(calm(), size, "4");
    dr: |size| at(protected(), size, "5");
    dr_drill: |size| at(protected(), size, "5jj");
    no_dr: |size| at(calm(), size, "5");
    dr_actions: |size| at(protected(), size, "5a");
    readiness: |size| at(protected(), size, "mj");
    overview_protected: |size| at(protected(), size, "");
    dr_enable: |size| { let mut s = at(without_dr(), size, "5n"); s.enter(); s };
    dr_enable_review: |size| until(at(without_dr(), size, "5n"), |s| matches!(wizard(s), Some(d) if d.plan.is_some() && !d.begun));
    location_add: |size| at(calm(), size, "4n");
    sealing: seals;
    sealing_left: |size| { let mut s = seals(size); s.key(Key::Esc).keys("4"); s };
    export: |size| exported(size, false);
    export_shown: |size| exported(size, true);
    quit_with_a_debt: |size| { let mut s = at(protected(), size, ""); s.key(Key::Ctrl('c')); s };
    recover: stage::talks::recover;
    recovered: stage::talks::recovered;
    drill: stage::talks::drill;
    drill_report: stage::talks::drill_report;
    recover_scrolled: |size| { let mut s = stage::talks::recover_long(size); s.key(Key::PageUp); s };
    drill_below: stage::talks::drill_below;
    drill_while_locked: stage::talks::drill_while_locked;
    read_only: |size| { let mut facts = calm(); facts.read_only = true; Stage::new(facts, size) };
    hostile_names: |size| at(hostile(), size, "2jd");
    hostile_overview: |size| at(hostile(), size, "");
    ascii: |size| { let mut setup = setup(calm(), size); setup.ascii = true; Stage::with(setup) };
    demo_and_production: |size| {
        let mut setup = setup(calm(), size);
        setup.production = true;
        setup.context = Some("prod".into());
        setup.demo = vec!["k10MasterKey: abandon".into()];
        Stage::with(setup)
    };
}

/// A seal under way.
fn seals(size: (u16, u16)) -> Stage {
    let mut s = at(protected(), size, ":seal");
    s.enter().enter();
    s.keys("app-01-daily").enter().enter();
    s.keys("/srv/app").enter().enter();
    let mut s = until(s, |s| s.app.operation.is_some());
    s.event(Event::StepStarted { step: StepId::new("seal") });
    s.event(Event::Progress { step: StepId::new("seal"), done: 1_503_238_553, total: Some(4_294_967_296) });
    s
}

/// Import data on the screen, unprotected so that there is no passphrase to make.
fn exported(size: (u16, u16), shown: bool) -> Stage {
    let mut s = at(protected(), size, "3:migration-export");
    s.enter();
    // The policy is known: the location, the protection, a note, the screen.
    s.enter().keys("2").enter().enter().keys("2").enter();
    let mut s = until(s, |s| s.app.operation.is_some());
    s.tell(Msg::SlotChanged(Slot::TEXT, SlotState { len: 402, ..SlotState::default() }));
    let lines = vec!["the key of app-01-daily left, not protected, for artifacts in nfs".into()];
    s.tell(Msg::Ended(Ok(Box::new(Receipt { verb: "migration export".into(), lines, ..stage::receipt() }))));
    if shown {
        s.key(Key::Ctrl('t'));
    }
    s
}

fn wizard(stage: &Stage) -> Option<&Driver> {
    match stage.app.top() {
        Some(Layer::Wizard(driver)) => Some(driver),
        _ => None,
    }
}

/// How far a generated passphrase is.
fn how_far(stage: &Stage) -> Option<HowFar> {
    match wizard(stage)?.field {
        Field::Generated { stage, .. } => Some(stage),
        _ => None,
    }
}

/// Presses Enter, and fills in secrets, until so.
fn until(mut stage: Stage, there: impl Fn(&Stage) -> bool) -> Stage {
    for _ in 0..14 {
        if there(&stage) {
            return stage;
        }
        if stage.app.focused_secret().is_some() {
            stage.secret();
        }
        stage.enter();
    }
    panic!("never got there:\n{}", shown(&stage.app));
}

#[test]
fn too_small_says_so_and_nothing_else() {
    for size in [(59, 15), (60, 14), (20, 3), (1, 1)] {
        let app = Stage::new(calm(), size).app;
        let seen = shown(&app);
        assert!(size.0 < 40 || seen.contains("are too few"), "{seen}");
        assert!(!seen.contains("prod-eu1"), "{seen}");
    }
}

#[test]
fn nothing_hostile_reaches_a_cell() {
    for keys in ["", "2", "2jd", "2jja", "3", "4", "4j", "5", "5jj", "m", "6", "2y", "2?", ":x", "!"] {
        let buffer = draw(&at(hostile(), (120, 40), keys).app, "default", Depth::Sixteen);
        for cell in buffer.content() {
            let bad = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}'..='\u{200f}');
            assert!(!cell.symbol().chars().any(bad), "{:?} after {keys:?}", cell.symbol());
        }
        // Each is shown to have been there, not left out: that is our doing, and not the drawing library's.
        let seen = text(&buffer);
        assert!(seen.contains("\u{fffd}]0;owned\u{fffd}\u{fffd}[2J\u{fffd}gnp.exe\u{fffd}"), "after {keys:?}:\n{seen}");
    }
}

#[test]
fn only_ascii_where_asked_for() {
    for keys in ["", "2jd", "3", "4", "5", "m", "6", "2?", ":p", "2R", "2a"] {
        let mut setup = setup(calm(), (100, 30));
        setup.ascii = true;
        let mut stage = Stage::with(setup);
        stage.keys(keys);
        let seen = shown(&stage.app);
        assert!(seen.is_ascii(), "after {keys:?}:\n{seen}");
    }
}

/// The cells of one row that are drawn differently from the plain text of the theme.
fn marked(buffer: &Buffer, y: u16, differs: impl Fn(&ratatui::buffer::Cell) -> bool) -> String {
    (0..buffer.area.width).filter(|x| differs(&buffer[(*x, y)])).map(|x| buffer[(x, y)].symbol().to_owned()).collect()
}

#[test]
fn selection_and_danger_show_without_colour() {
    let app = at(calm(), (80, 24), "2j").app;
    let buffer = draw(&app, "mono", Depth::Never);
    let y = (0..24).find(|y| marked(&buffer, *y, |c| c.symbol() == ">").contains('>')).expect("a row has the mark");
    let reversed = marked(&buffer, y, |c| c.modifier.contains(Modifier::REVERSED));
    assert!(reversed.starts_with("laptop-ana"), "the name is reversed: {reversed:?}");
    assert!(buffer.content().iter().all(|c| c.fg == Color::Reset && c.bg == Color::Reset), "mono has no colour");

    let theme = Theme::load("default", Path::new("/nonexistent"), Depth::Sixteen).unwrap();
    let danger = theme.style(kastellan::tui::theme::Role::Danger);
    assert_eq!((danger.fg, danger.bg), (Some(Color::White), Some(Color::Red)));
    let mut setup = setup(calm(), (80, 24));
    setup.production = true;
    let buffer = draw(&Stage::with(setup).app, "default", Depth::Sixteen);
    assert_eq!(marked(&buffer, 0, |c| c.bg == Color::Red), "prod-eu1 (7f3a)");
}

#[test]
fn answers_are_words() {
    let seen = shown(&at(calm(), (80, 24), "2").app);
    for word in ["YES", "STALE", "UNKNOWN", "NO"] {
        assert!(seen.contains(word), "{word}:\n{seen}");
    }
}

/// Bytes as they would go to the terminal.
struct Console {
    stage: Stage,
    screen: Screen<Vec<u8>>,
    theme: Theme,
}

impl Console {
    fn new(stage: Stage) -> Self {
        let size = Size::new(stage.app.size.0, stage.app.size.1);
        let theme = Theme::load("default", Path::new("/nonexistent"), Depth::Sixteen).unwrap();
        Self { stage, screen: Screen::new(Vec::new(), size), theme }
    }

    fn frame(&mut self) -> usize {
        let view = View { app: &self.stage.app, theme: &self.theme, secret: &|_| &[] };
        self.screen.draw(|buffer| views::draw(buffer, &view)).unwrap()
    }
}

#[test]
fn frames_cost_what_was_promised() {
    in_utc("frames_cost_what_was_promised", || {
        for keys in ["2", "3", "4", "5", "m", "6", "2d", "3d", "4d", "6d", ""] {
            let facts = if matches!(keys, "4" | "4d" | "5" | "m") { protected() } else { calm() };
            let mut console = Console::new(at(facts, (120, 40), keys));
            let first = console.frame();
            assert!(first <= 9 * 1024, "first frame of {keys:?}: {first} bytes");
            assert_eq!(console.frame(), 0, "an unchanged frame writes nothing");
            let mut moves: Vec<usize> = (0..20)
                .map(|n| {
                    console.stage.key(if n % 7 < 4 { Key::Down } else { Key::Up });
                    console.frame()
                })
                .filter(|bytes| *bytes > 0)
                .collect();
            moves.sort_unstable();
            let (median, most) = (moves[moves.len() / 2], moves[moves.len() - 1]);
            println!("{keys:?}: first frame {first}, a move {median}, at most {most}");
            // From a location to an artifact, or from an archive to a drill, the pane says quite other things.
            let limits = if matches!(keys, "4" | "5" | "m") { (600, 750) } else { (350, 600) };
            assert!(median <= limits.0 && most <= limits.1, "{keys:?}: a move {median}, at most {most}");
        }
    });
}

#[test]
fn times_are_absolute() {
    in_utc("times_are_absolute", || {
        let now: Timestamp = stage::now();
        let seen = shown(&at(calm(), (80, 24), "2").app);
        assert!(seen.contains("14:02") && seen.contains("26 Apr") && !seen.contains(" ago"), "{now}\n{seen}");
    });
}

impl Stage {
    /// The unlock under way fails.
    fn fail_unlock(&mut self, fault: Fault) {
        let epoch = self.unlocking.expect("an unlock was asked for");
        self.tell(Msg::Unlocked(epoch, Err(fault)));
    }
}

#[test]
fn the_rate_and_the_time_left_are_told_from_the_first_second_on() {
    let mut s = seals((120, 40));
    let words = |s: &Stage| s.app.progress().unwrap().words.to_string();
    assert_eq!(words(&s), "1.3 GiB of 4.0 GiB");
    let later = Moment { wall: stage::now().plus(2), boot: 1002 };
    let event = Event::Progress { step: StepId::new("seal"), done: 1_503_238_553 + (1 << 30), total: Some(4_294_967_296) };
    kastellan::app::update(&mut s.app, later, Msg::Event(Box::new(event)));
    assert_eq!(words(&s), "2.3 GiB of 4.0 GiB, 512.0 MiB/s, 4 s left");
}

/// What is on the screen, without its boxes, in one line.
fn read(app: &App) -> String {
    let seen = shown(app).replace(['│', '─'], " ");
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn sentences_are_broken_and_not_cut() {
    let why = "s3-eu refuses since 16 Nov (403 AccessDenied on PutObject).";
    let far = "nowhere that a person who reads this on a small screen would ever have thought of looking for it at all";
    for size in SIZES {
        // Work that is left, and the sentences above a table.
        for keys in ["", "5"] {
            let app = at(protected(), size, keys).app;
            // In the smallest terminal what is next is worth more than the end of a sentence.
            let tight = size.1 == 15 && keys.is_empty();
            assert!(read(&app).contains(if tight { "Next: make a recovery kit" } else { why }), "{}", shown(&app));
        }
        // What is next, on the bottom line.
        let mut stage = at(calm(), size, "");
        stage.tell(Msg::Problem(Fault::new(Kind::Usage, "theme x not used", far, kastellan::domain::Act::say("name one that is there"))));
        let seen = read(&stage.app);
        assert!(seen.contains(far) && seen.contains("next: name one that is there"), "{seen}");
        // Why something cannot be done.
        let seen = read(&at(calm(), size, ":dr-enable").app);
        assert!(seen.contains("not now: there is no location that archives could go to: add one first"), "{seen}");
        // A question of what asks step by step.
        let mut stage = stage::talks::drill(size);
        stage.tell(Msg::Said(kastellan::domain::Saying::Asks { label: format!("{far}? Its number:").into(), secret: false }));
        assert!(read(&stage.app).contains(&format!("{far}? Its number:")), "{}", shown(&stage.app));
        // A step that runs, and what to do after it.
        let long = format!("seal into {far}");
        let mut stage = until(at(calm(), size, "2R"), |s| s.app.operation.is_some());
        let mut plan = stage.app.operation.as_ref().unwrap().plan.clone();
        plan.steps[0].title = long.as_str().into();
        stage.event(Event::Started { operation: "ab".into(), plan });
        let seen = shown(&stage.app);
        assert!(long.split(' ').all(|word| seen.contains(word)), "{seen}");
        let mut receipt = stage::receipt();
        receipt.next = vec![kastellan::domain::Act::say(long.as_str())];
        stage.tell(Msg::Ended(Ok(Box::new(receipt))));
        // Beside the list of steps a line is no longer all there is on a row.
        let seen = shown(&stage.app);
        assert!(long.split(' ').all(|word| seen.contains(word)), "{seen}");
        // The name that has to be typed.
        let mut facts = calm();
        let name = format!("old-safe-{}", "x".repeat(40));
        facts.passkeys.iter_mut().find(|p| p.name.as_str() == "old-safe").unwrap().name = name.parse().unwrap();
        let mut stage = at(facts, size, "2jjajjj");
        stage.enter();
        let stage = until(stage, |s| matches!(wizard(s), Some(d) if matches!(d.field, Field::Confirm { .. })));
        let seen = shown(&stage.app);
        assert!(seen.split("cannot be taken back").last().unwrap().contains(&name), "{seen}");
    }
}
