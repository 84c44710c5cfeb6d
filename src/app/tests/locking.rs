//! Locking, unlocking, idleness, operations, leaving.

use super::*;

#[test]
fn what_a_flow_could_not_do_stays_in_the_history() {
    let no = || Fault::new(Kind::Secret, "cannot check ana", "it does not open", Act::say("type it again"));
    let mut app = start(facts(&["k10MasterKey", "ana"]));
    press(&mut app, "2jt");
    tell(&mut app, typed(Slot::CHECK));
    let effects = key(&mut app, Key::Enter);
    let Some(Effect::Check(epoch, ..)) = effects.first() else { panic!("{effects:?}") };
    tell(&mut app, Msg::Checked(*epoch, Err(no())));
    key(&mut app, Key::Esc);
    assert_eq!(app.history.iter().map(|kept| kept.text.clean()).collect::<Vec<_>>(), [no().line()]);

    let (mut app, _) = at_review();
    let epoch = begin_epoch(&key(&mut app, Key::Enter));
    let busy = Fault::new(Kind::Changed, "cannot rotate", "ben rotates", Act::say("wait"));
    tell(&mut app, Msg::Begun(epoch, Err(busy.clone())));
    assert_eq!(app.history.back().unwrap().text.clean(), busy.line());
}

#[test]
fn the_unlock_screen_names_the_one_in_use_then_the_last_that_worked_and_at_most_eight() {
    let names: Vec<String> = (0..12).map(|n| format!("p{n}")).collect();
    let mut f = locked(&names.iter().map(String::as_str).collect::<Vec<_>>());
    f.passkeys[5].proof.as_mut().unwrap().opened = Some((now().plus(-1), Prover::File));
    f.passkeys[1].pending = true;
    f.passkeys[2].proof.as_mut().unwrap().failed = Some((now(), "the passphrase does not open it".into()));
    let app = start(f);
    let Some(Layer::Unlock(unlock)) = app.top() else { panic!() };
    assert_eq!(unlock.passkeys.iter().take(2).map(crate::domain::PasskeyName::as_str).collect::<Vec<_>>(), ["p0", "p5"]);
    assert_eq!((unlock.passkeys.len(), unlock.more), (UnlockScreen::SHOWN, 2));
    assert!(!unlock.passkeys.iter().any(|n| n.as_str() == "p1"), "what is not proved yet is not asked for");
    assert!(!unlock.passkeys.iter().any(|n| n.as_str() == "p2"), "nor what is known not to open");
}

#[test]
fn unlocking_keeps_what_was_typed_after_a_failure_and_gives_hints() {
    let mut app = start(locked(&["k10MasterKey", "ana"]));
    assert_eq!(app.focused_secret().map(|f| f.slot), Some(Slot::UNLOCK));
    assert_eq!(key(&mut app, Key::Enter), [], "empty");
    tell(&mut app, typed(Slot::UNLOCK));
    let Some(Effect::Unlock { epoch, with: None, search: Search::None }) = key(&mut app, Key::Enter).pop() else { panic!() };
    assert_eq!(app.focused_secret(), None, "nothing is typed while it is tried");
    assert_eq!(key(&mut app, Key::Enter), [], "one at a time");
    let trying = Trying { passkey: "ana".parse().unwrap(), nth: 2, of: 2, candidate: None };
    tell(&mut app, Msg::Trying(epoch + 1, trying.clone()));
    assert!(matches!(app.top(), Some(Layer::Unlock(u)) if u.trying.is_none()), "stale");
    tell(&mut app, Msg::Trying(epoch, trying));
    assert!(matches!(app.top(), Some(Layer::Unlock(u)) if u.trying.is_some()));
    assert_eq!(key(&mut app, Key::Ctrl('f')), [], "no search while it is tried");
    let wrong = Fault::new(Kind::Secret, "cannot unlock prod-eu1", "no passkey opens", Act::say("check word 7"));
    tell(&mut app, Msg::Unlocked(epoch, Err(wrong)));
    let Some(Layer::Unlock(u)) = app.top() else { panic!() };
    assert_eq!((u.failures, u.busy, u.field.state.len, u.hints().len()), (1, false, 20, 3));
    assert_eq!(app.history.back().unwrap().level, Level::Error);
    key(&mut app, Key::Ctrl('t'));
    assert!(app.focused_secret().unwrap().revealed);
    assert!(matches!(key(&mut app, Key::Ctrl('f'))[..], [Effect::Unlock { search: Search::Slips, .. }]));
}

#[test]
fn a_question_mark_searches_and_down_chooses_one_passkey() {
    let mut app = start(locked(&["k10MasterKey", "ana"]));
    let unreadable = |n| Msg::SlotChanged(Slot::UNLOCK, SlotState { len: 20, verdict: Verdict::Unreadable(n), completions: 0 });
    tell(&mut app, unreadable(2));
    assert_eq!(key(&mut app, Key::Enter), []);
    assert_eq!(app.flash.as_ref().unwrap().level, Level::Warn);
    tell(&mut app, unreadable(1));
    key(&mut app, Key::Down);
    key(&mut app, Key::Down);
    let effects = key(&mut app, Key::Enter);
    assert!(
        matches!(&effects[..], [Effect::Unlock { with: Some(name), search: Search::Unreadable, .. }] if name.as_str() == "ana"),
        "{effects:?}"
    );
    assert_eq!(key(&mut app, Key::Esc), [Effect::StopUnlock], "Esc stops first");
}

#[test]
fn esc_browses_locked_and_an_act_asks_to_unlock_first_then_goes_on() {
    let mut app = start(locked(&["k10MasterKey", "ana"]));
    assert_eq!(key(&mut app, Key::Esc), [Effect::Wipe(Slot::UNLOCK)]);
    assert!(app.top().is_none());
    assert_eq!(app.lock_words(), "LOCKED");
    press(&mut app, "R");
    assert!(matches!(app.top(), Some(Layer::Unlock(u)) if u.then == Some(Intent::Rotate)));
    tell(&mut app, typed(Slot::UNLOCK));
    let Some(Effect::Unlock { epoch, .. }) = key(&mut app, Key::Enter).pop() else { panic!() };
    let effects = tell(&mut app, Msg::Unlocked(epoch, Ok(vec!["first sight".into()])));
    let Some(Effect::LoadFacts(facts_epoch)) = effects.last() else { panic!("{effects:?}") };
    assert!(effects.contains(&Effect::Wipe(Slot::UNLOCK)));
    assert!(app.top().is_none());
    tell(&mut app, Msg::Facts(*facts_epoch, Ok(Box::new(facts(&["k10MasterKey", "ana"])))));
    assert!(matches!(app.top(), Some(Layer::Wizard(d)) if d.wizard.name == "rotate"));
}

#[test]
fn keys_that_open_for_nobody_are_dropped() {
    let mut app = start(locked(&["a"]));
    tell(&mut app, typed(Slot::UNLOCK));
    let Some(Effect::Unlock { epoch, .. }) = key(&mut app, Key::Enter).pop() else { panic!() };
    let effects = key(&mut app, Key::Ctrl('x'));
    assert_eq!(effects[0], Effect::StopUnlock);
    assert!(effects.contains(&Effect::Lock));
    assert_eq!(tell(&mut app, Msg::Unlocked(epoch, Ok(Vec::new())))[0], Effect::Lock);
}

#[test]
fn idle_locks_by_boot_time_before_anything_else_is_done() {
    let mut app = start(facts(&["a"]));
    assert_eq!(app.idle_at, Some(600));
    assert_eq!(update(&mut app, at(599), Msg::Key(Key::Down)), []);
    assert_eq!(app.idle_at, Some(1199));
    // The timer that was set for 600 fires, finds that keys came, and is set anew.
    assert_eq!(update(&mut app, at(600), Msg::Tick(Timer::Idle)), [Effect::SetTimer(Timer::Idle, When::Boot(1199))]);
    // The machine slept: the key that wakes it does nothing but lock.
    let effects = update(&mut app, at(90_000), Msg::Key(Key::Char('2')));
    assert_eq!(effects[..2], [Effect::Lock, Effect::Repaint]);
    assert_eq!(app.screen, Screen::Overview);
    assert!(!app.unlocked());
    assert!(matches!(app.top(), Some(Layer::Unlock(_))));
    // Any message at all is late enough.
    let mut app = start(facts(&["a"]));
    assert_eq!(update(&mut app, at(600), Msg::Changed)[0], Effect::Lock);
    // Never is never.
    let (mut app, effects) = App::start(Setup { idle_minutes: 0, ..setup(Some(facts(&["a"]))) }, at(0));
    assert!(!effects.iter().any(|e| matches!(e, Effect::SetTimer(Timer::Idle, _))));
    assert!(!update(&mut app, at(1_000_000), Msg::Changed).contains(&Effect::Lock));
}

#[test]
fn typing_a_secret_counts_as_being_there_and_a_half_typed_one_is_wiped() {
    let mut app = start(locked(&["a"]));
    update(&mut app, at(500), typed(Slot::UNLOCK));
    assert!(!update(&mut app, at(700), Msg::Changed).contains(&Effect::Lock));
    assert!(update(&mut app, at(1100), Msg::Tick(Timer::Idle)).contains(&Effect::Lock));
    // With nothing to lock it stays as it is, and sets no timer.
    let mut app = start(locked(&["a"]));
    assert_eq!(update(&mut app, at(600), Msg::Tick(Timer::Idle)), []);
}

#[test]
fn locking_closes_a_wizard_at_review_or_later_and_frees_its_lock() {
    let (mut app, p) = at_review();
    let epoch = begin_epoch(&key(&mut app, Key::Enter));
    tell(&mut app, Msg::Begun(epoch, Ok(Box::new(p.clone()))));
    let effects = key(&mut app, Key::Ctrl('x'));
    let order: Vec<_> = effects.iter().filter(|e| matches!(e, Effect::DropBegun(_) | Effect::Lock)).collect();
    assert_eq!(order, [&Effect::DropBegun(epoch), &Effect::Lock]);
    assert!(!app.layers.iter().any(|l| matches!(l, Layer::Wizard(_))));

    // Before review it stays.
    let mut app = start(facts(&["a"]));
    press(&mut app, "R");
    key(&mut app, Key::Ctrl('x'));
    assert!(app.layers.iter().any(|l| matches!(l, Layer::Wizard(_))));

    // A lock that comes late is freed at once.
    let (mut app, _) = at_review();
    let epoch = begin_epoch(&key(&mut app, Key::Enter));
    key(&mut app, Key::Ctrl('x'));
    assert_eq!(tell(&mut app, Msg::Begun(epoch, Ok(Box::new(p)))), [Effect::DropBegun(epoch)]);
}

#[test]
fn operations_outlive_screens_and_locks() {
    let mut app = running();
    let step = |id: &str| Msg::Event(Box::new(Event::StepStarted { step: StepId::new(id) }));
    tell(&mut app, step("wrap"));
    key(&mut app, Key::Esc);
    assert!(app.top().is_none(), "the flow may be left");
    assert!(app.operation_runs());
    assert!(key(&mut app, Key::Ctrl('x')).contains(&Effect::Lock));
    assert_eq!(app.lock_words(), "LOCKED, 1 operation running");
    tell(&mut app, Msg::Event(Box::new(Event::StepDone { step: StepId::new("wrap"), result: "wrapped".into() })));
    tell(&mut app, step("prove"));
    assert_eq!(app.operation.as_ref().and_then(Running::now).unwrap().id, StepId::new("prove"));
    let effects = tell(&mut app, Msg::Ended(Ok(Box::new(receipt()))));
    assert!(matches!(effects[..], [Effect::LoadFacts(_)]));
    assert!(app.operation.is_none());
    assert!(app.flash.as_ref().unwrap().text.clean().contains("it is done"));
}

#[test]
fn an_operation_that_ended_does_not_stand_in_the_way_of_the_next() {
    let mut app = running();
    let holder = crate::domain::Holder {
        who: "ana@bastion".into(),
        place: "pid 1".into(),
        since: now(),
        doing: "rotating prod-eu1 to k10MasterKey-2".into(),
    };
    // Read while it ran.
    app.facts.as_mut().unwrap().holder = Some(holder);
    assert!(app.why_not(&Intent::Add).is_some());
    tell(&mut app, Msg::Ended(Ok(Box::new(receipt()))));
    assert_eq!(app.why_not(&Intent::Add), None, "before the facts are read again");
}

#[test]
fn the_flow_that_watches_shows_the_end_itself() {
    let mut app = running();
    tell(&mut app, Msg::Ended(Ok(Box::new(receipt()))));
    assert!(matches!(app.top(), Some(Layer::Wizard(d)) if d.receipt.is_some()));
    assert_eq!(app.flash, None);
    key(&mut app, Key::Enter);
    assert!(app.top().is_none());
}

#[test]
fn quitting_and_suspending_while_an_operation_runs() {
    let mut app = running();
    assert_eq!(key(&mut app, Key::Ctrl('z')), []);
    assert_eq!(app.flash.as_ref().unwrap().level, Level::Warn);
    assert_eq!(tell(&mut app, Msg::Signal(Signal::Suspend)), []);
    assert_eq!(key(&mut app, Key::Ctrl('c')), []);
    assert!(matches!(app.top(), Some(Layer::Ask(q)) if q.selected == 0 && q.kind == QuestionKind::QuitRunning));
    assert_eq!(key(&mut app, Key::Ctrl('c')), []);
    assert_eq!(key(&mut app, Key::Enter), [], "the focus is on Stay");
    assert_eq!(app.quitting, None);
    key(&mut app, Key::Ctrl('c'));
    key(&mut app, Key::Down);
    assert_eq!(key(&mut app, Key::Enter), [Effect::StopOperation]);
    assert_eq!(app.quitting, Some(0));
    let stopped = Fault::interrupted("cannot rotate");
    let effects = tell(&mut app, Msg::Ended(Err(stopped)));
    assert_eq!(effects[effects.len() - 2..], [Effect::Lock, Effect::Quit(0)]);
}

#[test]
fn signals_end_it_at_the_next_safe_point_with_their_code() {
    for (signal, code) in [(Signal::Hangup, 129), (Signal::Closed, 129), (Signal::Terminate, 143), (Signal::Interrupt, 130)] {
        let mut app = start(facts(&["a"]));
        assert_eq!(tell(&mut app, Msg::Signal(signal)), [Effect::Lock, Effect::Quit(code)]);
        let mut app = running();
        let effects = tell(&mut app, Msg::Signal(signal));
        assert_eq!(effects[0], Effect::StopOperation);
        assert!(effects.contains(&Effect::Lock));
        assert!(!effects.contains(&Effect::Quit(code)), "not before it is at a safe point");
        assert_eq!(tell(&mut app, Msg::Signal(Signal::Closed)), [], "once");
        assert!(tell(&mut app, Msg::Ended(Ok(Box::new(receipt())))).contains(&Effect::Quit(code)));
    }
    // With the lock held and nothing running, it is freed.
    let (mut app, p) = at_review();
    let epoch = begin_epoch(&key(&mut app, Key::Enter));
    tell(&mut app, Msg::Begun(epoch, Ok(Box::new(p))));
    let effects = tell(&mut app, Msg::Signal(Signal::Hangup));
    assert_eq!(effects[0], Effect::DropBegun(epoch));
    assert_eq!(effects[effects.len() - 2..], [Effect::Lock, Effect::Quit(129)]);
}

#[test]
fn suspending_locks_first_and_coming_back_repaints() {
    let mut app = start(facts(&["a"]));
    let effects = key(&mut app, Key::Ctrl('z'));
    let place = |wanted: &Effect| effects.iter().position(|e| e == wanted).unwrap();
    assert!(place(&Effect::Lock) < place(&Effect::Suspend));
    assert_eq!(tell(&mut app, Msg::Signal(Signal::Continue))[0], Effect::Repaint);
}

#[test]
fn at_the_root_q_twice_quits_and_esc_never() {
    let mut app = start(facts(&["a"]));
    assert_eq!(key(&mut app, Key::Esc), []);
    assert_eq!(key(&mut app, Key::Esc), []);
    assert_eq!(press(&mut app, "q"), []);
    assert_eq!(app.flash.as_ref().unwrap().text.clean(), "q again quits");
    assert_eq!(press(&mut app, "j"), []);
    assert_eq!(press(&mut app, "q"), [], "another key came between");
    assert_eq!(press(&mut app, "q"), [Effect::Lock, Effect::Quit(0)]);
    // Elsewhere q goes back.
    let mut app = start(facts(&["a"]));
    press(&mut app, "2qq");
    assert_eq!(app.screen, Screen::Overview);
    assert!(app.quit_armed);
    let mut app = start(facts(&["a"]));
    assert_eq!(press(&mut app, ":q"), []);
    assert_eq!(key(&mut app, Key::Enter), [Effect::Lock, Effect::Quit(0)]);
}

#[test]
fn no_character_of_a_secret_gets_into_the_console() {
    let mut app = start(locked(&["a"]));
    for c in "qQ2:/?!R".chars() {
        assert_eq!(press(&mut app, &c.to_string()), []);
    }
    assert_eq!((app.layers.len(), app.screen), (1, Screen::Overview));
    key(&mut app, Key::F(1));
    assert!(matches!(app.top(), Some(Layer::Help(_))), "help by F1 inside fields");
    assert_eq!(app.focused_secret(), None);
}

#[test]
fn a_lost_lock_at_begin_asks_to_unlock_and_the_flow_stays() {
    let (mut app, _) = at_review();
    let epoch = begin_epoch(&key(&mut app, Key::Enter));
    let fault = Fault::new(Kind::Secret, "cannot rotate", "prod-eu1 is locked", Act::start("unlock first", Intent::Unlock));
    tell(&mut app, Msg::Begun(epoch, Err(fault)));
    assert!(matches!(app.top(), Some(Layer::Unlock(_))));
    assert!(app.layers.iter().any(|l| matches!(l, Layer::Wizard(_))));
}
