//! Lists of any length: filtered, sorted, asked for as they are seen.

use super::*;

#[test]
fn an_answer_turns_stale_by_one_timer() {
    let f = facts(&["a"]);
    let due = f.passkeys[0].stale_at(&f.ages).unwrap();
    let (mut app, effects) = App::start(setup(Some(f)), at(0));
    assert!(effects.contains(&Effect::SetTimer(Timer::Stale, When::Wall(due))));
    let opens = |app: &App| passkey_row(app, app.passkey_at(0).unwrap()).opens;
    assert_eq!(opens(&app), Opens::Yes);
    app.idle_at = None;
    let effects = update(&mut app, Moment { wall: due, boot: 2 }, Msg::Tick(Timer::Stale));
    assert_eq!(opens(&app), Opens::Stale);
    assert_eq!(effects, [], "what is stale does not turn stale again");
}

fn with_policies(count: usize) -> App {
    let mut app = start(facts(&["a"]));
    let Some(Effect::LoadPolicyNames(epoch)) = press(&mut app, "3").pop() else { panic!() };
    let names: Vec<String> = (0..count).map(|n| format!("team-{:02}-app-{n:06}-daily", n % 97)).collect();
    tell(&mut app, Msg::PolicyNames(epoch, Ok(names)));
    app
}

#[test]
fn a_hundred_thousand_policies_filter_sort_and_load_only_what_is_seen() {
    let mut app = with_policies(100_000);
    assert_eq!(app.policies.rows.len(), 100_000);
    tell(&mut app, Msg::Page(10));
    press(&mut app, "/app-0999");
    assert_eq!(app.policies.rows.len(), 100);
    let effects = press(&mut app, "99");
    assert_eq!(app.policies.rows.len(), 1);
    let Some(Effect::LoadPolicies(epoch, names)) = effects.last() else { panic!("{effects:?}") };
    assert_eq!(names.len(), 10, "asked for with the first 9, and so not again with the second");
    assert_eq!(names[9].as_str(), "team-89-app-099999-daily");
    let policy = |name: &str| Policy {
        name: name.parse().unwrap(),
        key_id: "1fc0f7d89cf866d3".into(),
        created_at: now(),
        created_by: "ana".into(),
        altered: false,
    };
    tell(&mut app, Msg::Policies(*epoch, Ok(vec![policy(names[9].as_str())])));
    assert_eq!(app.policies.policy(0).unwrap().key_id, "1fc0f7d89cf866d3");
    for _ in 0..4 {
        key(&mut app, Key::Backspace);
    }
    assert_eq!(app.policies.rows.len(), 10_000, "app-09: widened again");
    assert_eq!(app.policies.name(app.policies.list.selected), Some("team-89-app-099999-daily"), "what was selected stays so");
    key(&mut app, Key::Enter);
    press(&mut app, "S");
    assert_eq!(app.policies.list.selected, 0, "the last one is the first now");
    press(&mut app, "j");
    key(&mut app, Key::Esc);
    assert_eq!(app.policies.rows.len(), 100_000);
    assert_eq!(app.policies.rows[0], 99_999, "the order stays");
    press(&mut app, "G");
    assert_eq!(app.policies.list.selected, 99_999);
    assert_eq!(app.policies.list.offset, 99_990);
}

#[test]
fn rows_are_asked_for_once_and_moving_among_them_costs_nothing() {
    let mut app = with_policies(1000);
    let effects = tell(&mut app, Msg::Page(10));
    let Some(Effect::LoadPolicies(epoch, names)) = effects.last().cloned().or_else(|| {
        app.policies.pending.clear();
        tell(&mut app, Msg::Page(10)).pop()
    }) else {
        panic!()
    };
    assert_eq!(tell(&mut app, Msg::Page(10)), [], "under way");
    let policy = |name: &crate::domain::PolicyName| Policy {
        name: name.clone(),
        key_id: String::new(),
        created_at: now(),
        created_by: "ana".into(),
        altered: false,
    };
    // One of them is gone by now: it is not asked for again and again.
    tell(&mut app, Msg::Policies(epoch, Ok(names.iter().skip(1).map(policy).collect())));
    // A page ahead is here; the next is asked for when the list comes near its end, before it is on the screen.
    for _ in 0..17 {
        assert_eq!(press(&mut app, "j"), []);
    }
    assert!(app.policies.policy(app.policies.list.selected + 2).is_some());
    let effects = press(&mut app, "j");
    assert!(matches!(&effects[..], [Effect::LoadPolicies(_, names)] if names.len() == 10), "{effects:?}");
    let Some(Effect::LoadPolicies(epoch, _)) = effects.last() else { panic!() };
    tell(&mut app, Msg::Policies(*epoch, Err(Fault::new(Kind::Damaged, "x", "y", Act::say("z")))));
    assert_eq!(tell(&mut app, Msg::FocusGained), [Effect::Repaint], "a failure is not asked for again by itself");
}

#[test]
fn hostile_names_stay_harmless() {
    let mut app = start(facts(&["a"]));
    let Some(Effect::LoadPolicyNames(epoch)) = press(&mut app, "3").pop() else { panic!() };
    let hostile = ["\x1b[2J\x1b]52;c;x\x07", "a\nb", "\u{202e}daily", "ok-daily"].map(str::to_owned).to_vec();
    let effects = tell(&mut app, Msg::PolicyNames(epoch, Ok(hostile)));
    assert!(matches!(&effects[..], [Effect::LoadPolicies(_, names)] if names.len() == 1), "only a policy's name is asked for");
    assert_eq!(app.selected_policy(), None);
    assert_eq!(key(&mut app, Key::Enter), []);
    assert!(app.flash.is_some() && app.top().is_none());
    press(&mut app, "/");
    key(&mut app, Key::Char('\x1b'));
    assert_eq!(app.policies.list.filter, "");
    let mut f = facts(&["a"]);
    f.passkeys[0].owner = Some("\x1b[31mben".into());
    f.installation.as_mut().unwrap().name = "\x1b]0;x\x07prod".into();
    f.alarm = Some("\u{9b}2J".into());
    let app = start(f);
    let shown = format!("{} {:?} {:?}", app.title(), overview(&app, 20), passkey_row(&app, app.passkey_at(0).unwrap()).owner);
    assert!(!shown.contains(char::is_control), "{shown:?}");
}

#[test]
fn passkeys_filter_sort_and_stay_selected() {
    let mut f = facts(&["k10MasterKey", "ana", "zoe"]);
    f.passkeys[2].proof = None;
    f.passkeys[1].owner = Some("Ana Lima".into());
    // By name, as facts come.
    f.passkeys.swap(0, 1);
    let mut app = start(f);
    press(&mut app, "2");
    let names = |app: &App| (0..app.passkeys.rows.len()).map(|r| app.passkey_at(r).unwrap().name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&app), ["k10MasterKey", "ana", "zoe"], "the one in use first");
    press(&mut app, "G");
    press(&mut app, "ss");
    assert_eq!(app.passkeys.list.sort, 2);
    assert_eq!(app.selected_passkey().unwrap().name.as_str(), "zoe");
    press(&mut app, "S");
    assert_eq!(names(&app)[0], "zoe", "UNKNOWN first");
    press(&mut app, "ss");
    assert_eq!(app.passkeys.list.sort, 0, "four columns at 80");
    press(&mut app, "/lima");
    assert_eq!(names(&app), ["ana"]);
    key(&mut app, Key::Esc);
    assert_eq!((names(&app).len(), app.filtering.is_some()), (3, false));
    press(&mut app, "3");
    press(&mut app, "s");
    assert!(app.flash.as_ref().unwrap().text.clean().contains("stand by name"));
}

#[test]
fn facts_that_change_keep_the_selection() {
    let mut app = start(facts(&["k10MasterKey", "ana", "zoe"]));
    press(&mut app, "2jj");
    let Some(Effect::LoadFacts(epoch)) = tell(&mut app, Msg::Changed).pop() else { panic!() };
    tell(&mut app, Msg::Facts(epoch, Ok(Box::new(facts(&["k10MasterKey", "ana", "ben", "zoe"])))));
    assert_eq!(app.selected_passkey().unwrap().name.as_str(), "zoe");
}

#[test]
fn the_journal_comes_in_pages_from_its_end() {
    let mut f = facts(&["a"]);
    f.head.seq = 1000;
    let mut app = start(f.clone());
    tell(&mut app, Msg::Page(10));
    let Some(Effect::LoadJournal { epoch, from: 801, max: 200 }) = press(&mut app, "6").pop() else { panic!() };
    assert_eq!(press(&mut app, "j"), [], "under way");
    let line = |seq| JournalLine {
        seq,
        at: now(),
        who: "ana".into(),
        from: "pts/3".into(),
        verb: if seq % 2 == 0 { "unlock" } else { "rotate" }.into(),
        what: "x".into(),
        vouched: true,
        hash: format!("hash-{seq}"),
    };
    tell(&mut app, Msg::Journal(epoch, Ok(crate::domain::Chronicle { lines: (801..=1000).map(line).collect(), last: 1000 })));
    assert_eq!(app.journal.line(1).unwrap().seq, 999);
    assert_eq!(press(&mut app, "c"), [Effect::Copy("hash-999".into())]);
    // It grows: the same entry stays selected.
    f.head.seq = 1003;
    let Some(Effect::LoadFacts(epoch)) = tell(&mut app, Msg::Changed).pop() else { panic!() };
    tell(&mut app, Msg::Facts(epoch, Ok(Box::new(f))));
    assert_eq!(app.journal.seq(app.journal.list.selected), Some(999));
    press(&mut app, "/rotate");
    assert_eq!(app.journal.count(), 100);
    assert_eq!(app.journal.line(app.journal.list.selected).unwrap().seq, 999);
    key(&mut app, Key::Esc);
    let Some(Effect::VerifyJournal(epoch)) = press(&mut app, "v").pop() else { panic!() };
    assert!(app.journal.verifying);
    tell(&mut app, Msg::JournalReport(epoch, Err(Fault::new(Kind::Damaged, "x", "y", Act::say("z")))));
    assert!(!app.journal.verifying);
}

#[test]
fn moving_the_cursor_changes_nothing_but_the_cursor() {
    let mut app = start(facts(&["k10MasterKey", "ana", "zoe"]));
    press(&mut app, "2");
    let before = format!("{:?}", (&app.facts, &app.layers, &app.passkeys.rows, &app.passkeys.list.offset));
    assert_eq!(press(&mut app, "jjk"), []);
    assert_eq!(format!("{:?}", (&app.facts, &app.layers, &app.passkeys.rows, &app.passkeys.list.offset)), before);
    assert_eq!(app.passkeys.list.selected, 1);
}

#[test]
fn the_cursor_stays_on_its_artifact_when_another_one_comes_before_it() {
    let mut app = start(facts(&["a"]));
    let artifact = |id: &str| crate::domain::Artifact {
        id: id.into(),
        location: "nfs".parse().unwrap(),
        policy: "app-daily".into(),
        folder: "app-daily".into(),
        policy_key_id: String::new(),
        instance_id: String::new(),
        created_at: now(),
        size: 1,
        stored: 57,
        found: false,
        verified_at: None,
        sealed: None,
        altered: false,
    };
    let asked = |effects: &[Effect]| {
        let found = effects.iter().find_map(|effect| if let Effect::LoadArtifacts(epoch, _) = effect { Some(*epoch) } else { None });
        found.unwrap_or_else(|| panic!("{effects:?}"))
    };
    tell(&mut app, Msg::Page(10));
    let epoch = asked(&press(&mut app, "4"));
    tell(&mut app, Msg::Artifacts(epoch, Ok((vec![artifact("one"), artifact("two")], None))));
    press(&mut app, "j");
    let two = Some(Item::Artifact("two".into(), "nfs".parse().unwrap()));
    assert_eq!(app.selected_item(), two);
    let epoch = asked(&press(&mut app, "r"));
    tell(&mut app, Msg::Artifacts(epoch, Ok((vec![artifact("new"), artifact("one"), artifact("two")], None))));
    assert_eq!(app.selected_item(), two);
}
