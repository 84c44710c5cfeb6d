//! Talks: what asks step by step.

use super::*;
use crate::app::{Talk, TalkField};
use crate::domain::{Counted, Guided, Saying};

fn says(app: &mut App, saying: Saying) -> Vec<Effect> {
    tell(app, Msg::Said(saying))
}

fn asks(app: &mut App, label: &str, secret: bool) {
    assert_eq!(says(app, Saying::Asks { label: label.into(), secret }), []);
}

fn failed() -> Box<Fault> {
    Box::new(Fault::new(Kind::Damaged, "not all artifacts are whole", "a tag does not hold", Act::say("take the copy")))
}

/// A drill that was begun from the palette.
fn drilling() -> App {
    let mut app = start(facts(&["k10MasterKey", "ana"]));
    press(&mut app, ":drill");
    assert_eq!(key(&mut app, Key::Enter), [Effect::Guided(Guided::Drill)]);
    app
}

fn press_to_leave(app: &mut App) -> Vec<Effect> {
    key(app, Key::Esc);
    key(app, Key::Down);
    key(app, Key::Enter)
}

fn talk(app: &App) -> &Talk {
    app.talk.as_ref().unwrap()
}

#[test]
fn lines_and_secrets_are_asked_for_and_only_what_may_be_seen_stays() {
    let mut app = drilling();
    asks(&mut app, "Where are the archives?", false);
    press(&mut app, "/mnt/q:1");
    assert_eq!(key(&mut app, Key::Enter), [Effect::Answer("/mnt/q:1".into())]);
    says(&mut app, Saying::Line("archive 12 of prod-eu1".into()));
    asks(&mut app, "DR passphrase:", true);
    assert_eq!(app.focused_secret().unwrap().slot, Slot::TALK);
    tell(&mut app, Msg::SlotChanged(Slot::TALK, SlotState { len: 7, ..SlotState::default() }));
    key(&mut app, Key::Ctrl('t'));
    let TalkField::Secret(field) = &app.asked().unwrap().field else { panic!() };
    assert!(field.revealed && field.state.len == 7);
    assert_eq!(key(&mut app, Key::Enter), [Effect::AnswerSecret]);
    assert!(app.focused_secret().is_none());
    let lines: Vec<String> = talk(&app).lines.iter().map(Text::clean).collect();
    assert_eq!(lines, ["Where are the archives? /mnt/q:1", "archive 12 of prod-eu1", "DR passphrase:"]);
}

#[test]
fn what_is_typed_ahead_starts_nothing() {
    let mut app = drilling();
    for c in "q:a1/?!".chars() {
        assert_eq!(key(&mut app, Key::Char(c)), []);
        assert!(matches!(app.top(), Some(Layer::Talk)), "{c}");
    }
}

#[test]
fn leaving_what_asks_is_asked_once_and_leaves_nothing() {
    let mut app = drilling();
    asks(&mut app, "DR passphrase:", true);
    key(&mut app, Key::Esc);
    assert!(matches!(app.top(), Some(Layer::Ask(_))));
    key(&mut app, Key::Enter);
    assert!(talk(&app).asked.is_some(), "the first answer goes on");
    assert_eq!(press_to_leave(&mut app), [Effect::Wipe(Slot::TALK), Effect::LeaveGuided]);
    asks(&mut app, "DR passphrase:", true);
    assert!(talk(&app).asked.is_none(), "what is asked meanwhile has no answer");
    let told = says(&mut app, Saying::Ended(Err(failed())));
    assert!(told.iter().any(|effect| matches!(effect, Effect::LoadFacts(_))));
    assert!(app.talk.is_none() && app.top().is_none());
}

#[test]
fn work_goes_on_below_and_its_end_can_be_looked_at() {
    let mut app = drilling();
    says(&mut app, Saying::Counted(Counted { done: 35, total: Some(100), bytes: true }));
    assert_eq!(key(&mut app, Key::Esc), []);
    assert!(app.top().is_none());
    assert_eq!(app.running_words().as_deref(), Some("drill 35 %"));
    press(&mut app, ":drill");
    assert_eq!(key(&mut app, Key::Enter), [], "it is shown, and not begun again");
    assert!(matches!(app.top(), Some(Layer::Talk)));
    key(&mut app, Key::Esc);
    asks(&mut app, "Contact it?", true);
    assert_eq!(app.running_words().as_deref(), Some("drill asks"));
    says(&mut app, Saying::Line("PASSED".into()));
    says(&mut app, Saying::Ended(Ok(())));
    assert_eq!(app.running_words(), None);
    let act = app.flash.as_ref().unwrap().next.clone().unwrap();
    assert_eq!(act.does, Some(Intent::Guided(Guided::Drill)));
    press(&mut app, ":drill");
    key(&mut app, Key::Enter);
    assert_eq!(talk(&app).ended, Some(true));
    let told = key(&mut app, Key::Enter);
    assert!(told.iter().any(|effect| matches!(effect, Effect::LoadFacts(_))), "what it changed is read");
    assert!(app.talk.is_none() && app.top().is_none());
}

#[test]
fn why_it_did_not_go_well_stays_in_the_history() {
    let mut app = drilling();
    says(&mut app, Saying::Ended(Err(failed())));
    assert!(app.flash.is_none(), "its box says so");
    key(&mut app, Key::Enter);
    let kept = app.history.back().unwrap();
    assert_eq!((kept.text.clean(), kept.level), (failed().line(), Level::Error));
    assert_eq!(kept.next, Some(Act::say("take the copy")));

    // Left to run below, it is said and can be looked at; the history has both.
    let mut app = drilling();
    key(&mut app, Key::Esc);
    says(&mut app, Saying::Ended(Err(failed())));
    assert_eq!(app.flash.as_ref().unwrap().text.clean(), "drill: did not go well");
    assert!(app.history.iter().any(|kept| kept.text.clean() == failed().line()));

    let mut app = drilling();
    asks(&mut app, "DR passphrase:", true);
    press_to_leave(&mut app);
    says(&mut app, Saying::Ended(Err(failed())));
    assert_eq!(app.history.iter().map(|kept| kept.text.clean()).collect::<Vec<_>>(), ["drill was left"]);
}

#[test]
fn locking_leaves_what_asks_and_lets_work_end() {
    let mut app = drilling();
    asks(&mut app, "passphrase:", true);
    let told = key(&mut app, Key::Ctrl('x'));
    assert!(told.contains(&Effect::LeaveGuided) && told.contains(&Effect::Lock));
    says(&mut app, Saying::Ended(Err(failed())));
    assert!(app.talk.is_none());

    let mut app = drilling();
    assert!(!key(&mut app, Key::Ctrl('x')).contains(&Effect::LeaveGuided));
    assert_eq!(app.lock_words(), "LOCKED, 1 operation running");
}

#[test]
fn what_asks_in_vain_is_left_when_the_console_is_idle() {
    let mut app = start(locked(&["a"]));
    key(&mut app, Key::Esc);
    press(&mut app, ":drill");
    key(&mut app, Key::Enter);
    asks(&mut app, "passphrase:", true);
    let idle = app.idle_at.unwrap();
    let told = update(&mut app, at(idle), Msg::Tick(Timer::Idle));
    assert!(told.contains(&Effect::LeaveGuided), "{told:?}");
}

#[test]
fn quitting_waits_for_it_to_stop() {
    let mut app = drilling();
    assert_eq!(key(&mut app, Key::Ctrl('c')), []);
    key(&mut app, Key::Down);
    let told = key(&mut app, Key::Enter);
    assert!(told.contains(&Effect::LeaveGuided) && !told.contains(&Effect::Quit(0)));
    assert!(says(&mut app, Saying::Ended(Err(failed()))).contains(&Effect::Quit(0)));

    let mut app = drilling();
    assert!(!tell(&mut app, Msg::Signal(Signal::Hangup)).contains(&Effect::Quit(129)));
    assert!(says(&mut app, Saying::Ended(Err(failed()))).contains(&Effect::Quit(129)));
}

#[test]
fn its_lines_are_scrolled_from_the_end() {
    let mut app = drilling();
    for n in 0..50 {
        says(&mut app, Saying::Line(Text::new(n.to_string())));
    }
    let page = app.page;
    assert!((2..40).contains(&page), "{page}");
    key(&mut app, Key::Up);
    says(&mut app, Saying::Line("more".into()));
    assert_eq!(talk(&app).back, 2, "the lines that are read stay where they are");
    says(&mut app, Saying::Ended(Ok(())));
    key(&mut app, Key::Home);
    assert_eq!(talk(&app).back, 51 - page, "the first page is full");
    key(&mut app, Key::Down);
    assert_eq!(talk(&app).back, 50 - page);
    key(&mut app, Key::End);
    assert_eq!(talk(&app).back, 0);
}

#[test]
fn of_very_many_lines_the_last_are_kept() {
    let mut app = drilling();
    for n in 0..25_000 {
        says(&mut app, Saying::Line(Text::new(n.to_string())));
        assert!(talk(&app).lines.len() <= Talk::MOST);
    }
    assert_eq!(talk(&app).lines.last().unwrap().clean(), "24999");
}
