//! Screens, layers, wizards, palette, help.

use super::*;
use crate::domain::Flow;

/// What asks step by step ends, and is closed.
fn close_talk(app: &mut App) {
    tell(app, Msg::Said(crate::domain::Saying::Ended(Ok(()))));
    key(app, Key::Esc);
    assert!(app.talk.is_none());
}

#[test]
fn it_starts_with_the_first_screen_the_unlock_screen_or_the_overview() {
    let mut app = start(Facts::none(now(), false));
    assert!(matches!(app.top(), Some(Layer::First(_))));
    assert_eq!(key(&mut app, Key::Enter), [Effect::Guided(crate::domain::Guided::Recover)], "the worst night comes first");
    close_talk(&mut app);
    key(&mut app, Key::Down);
    assert_eq!(key(&mut app, Key::Enter), []);
    assert!(matches!(app.top(), Some(Layer::Wizard(d)) if d.wizard.name == "set-up"));
    assert_eq!(key(&mut app, Key::Esc), []);
    key(&mut app, Key::Down);
    assert_eq!(key(&mut app, Key::Enter), [Effect::Guided(crate::domain::Guided::KitCheck)]);
    close_talk(&mut app);
    key(&mut app, Key::Down);
    assert_eq!(key(&mut app, Key::Enter), [Effect::StartDemo]);

    let app = start(locked(&["k10MasterKey", "ana"]));
    let Some(Layer::Unlock(unlock)) = app.top() else { panic!() };
    assert_eq!(unlock.passkeys.iter().map(crate::domain::PasskeyName::as_str).collect::<Vec<_>>(), ["k10MasterKey", "ana"]);
    assert!(unlock.envelope.clean().starts_with("PASSKEY k10MasterKey / prod-eu1 7f3a / "));
    assert!(start(facts(&["a"])).top().is_none());
    let (app, effects) = App::start(setup(None), at(0));
    assert!(matches!(effects[0], Effect::LoadFacts(_)));
    assert!(app.top().is_none());
}

#[test]
fn too_small_a_terminal_knows_only_quit_and_lock() {
    let mut app = start(facts(&["a"]));
    assert_eq!(tell(&mut app, Msg::Resize(59, 24)), [Effect::Repaint]);
    assert!(app.too_small());
    for ignored in [Key::Char('2'), Key::Char(':'), Key::Char('q'), Key::Enter, Key::Ctrl('z'), Key::F(1)] {
        assert_eq!(key(&mut app, ignored), [], "{ignored}");
        assert_eq!(app.screen, Screen::Overview);
        assert!(app.top().is_none());
    }
    assert_eq!(tell(&mut app, Msg::Paste("x".into())), []);
    assert!(key(&mut app, Key::Ctrl('x')).contains(&Effect::Lock));
    assert_eq!(app.focused_secret(), None, "no secret is typed into what is not seen");
    assert_eq!(key(&mut app, Key::Ctrl('c')), [Effect::Lock, Effect::Quit(0)]);
    tell(&mut app, Msg::Resize(60, 15));
    assert!(!app.too_small());
    tell(&mut app, Msg::Resize(80, 14));
    assert!(app.too_small());
}

#[test]
fn pastes_are_one_value_for_text_fields_and_nothing_elsewhere() {
    let mut app = start(facts(&["a"]));
    assert_eq!(tell(&mut app, Msg::Paste("2:q\n".into())), []);
    assert_eq!((app.screen, app.layers.len()), (Screen::Overview, 0));
    press(&mut app, ":");
    tell(&mut app, Msg::Paste("pass\x1b[2Jkeys\n".into()));
    let Some(Layer::Palette(palette)) = app.top() else { panic!() };
    assert_eq!(palette.text.text(), "pass[2Jkeys ", "never submitted, never a control character");
    let mut app = start(locked(&["a"]));
    assert_eq!(tell(&mut app, Msg::Paste("secret".into())), []);
    assert!(!format!("{app:?}").contains("secret"));
}

#[test]
fn read_only_says_why_and_still_checks() {
    let mut f = facts(&["k10MasterKey", "ana"]);
    f.read_only = true;
    let mut app = start(f);
    press(&mut app, "2j");
    for c in ["n", "u", "R"] {
        assert_eq!(press(&mut app, c), []);
        assert!(app.top().is_none(), "{c}");
        assert_eq!(app.flash.as_ref().unwrap().text.clean(), "not now: read-only was asked for, so nothing is written");
    }
    press(&mut app, "t");
    assert!(matches!(app.top(), Some(Layer::Wizard(d)) if d.wizard.name == "check"));
}

#[test]
fn read_only_on_a_bare_machine_begins_nothing_that_writes() {
    let mut app = start(Facts::none(now(), true));
    for what in ["recover", "set up"] {
        assert_eq!(key(&mut app, Key::Enter), [], "{what}");
        assert!(matches!(app.top(), Some(Layer::First(_))), "{what}");
        assert!(app.flash.as_ref().unwrap().text.clean().contains("read-only was asked for, so nothing is written"), "{what}");
        key(&mut app, Key::Down);
    }
    assert_eq!(key(&mut app, Key::Enter), [Effect::Guided(crate::domain::Guided::KitCheck)], "which writes nothing");
}

#[test]
fn dr_without_a_location_says_what_comes_first() {
    let mut app = start(facts(&["k10MasterKey"]));
    assert_eq!(press(&mut app, "5n"), []);
    assert!(app.top().is_none());
    assert!(app.flash.as_ref().unwrap().text.clean().ends_with("no location that archives could go to: add one first"));
}

#[test]
fn the_menu_says_why_an_action_cannot_be_taken() {
    let mut app = start(facts(&["k10MasterKey", "ana"]));
    press(&mut app, "2a");
    let Some(Layer::Actions(menu)) = app.top() else { panic!() };
    let reason = |label: &str| menu.items.iter().find(|i| i.label.starts_with(label)).unwrap().disabled.clone();
    assert_eq!(reason("Check now"), None);
    assert_eq!(reason("Put in use").as_deref(), Some("k10MasterKey is in use already"));
    assert_eq!(reason("Remove").as_deref(), Some("k10MasterKey is in use"));
    assert_eq!(menu.items[menu.selected].label, "Check now (you type it)");
    let places = |menu: &crate::app::ActionMenu| menu.items.iter().map(|i| i.label.clone()).collect::<Vec<_>>();
    let in_use = places(menu);
    key(&mut app, Key::Down);
    assert_eq!(key(&mut app, Key::Enter), []);
    assert!(app.flash.as_ref().unwrap().text.clean().starts_with("not now: "));
    assert!(matches!(app.top(), Some(Layer::Actions(_))), "it stays open");
    key(&mut app, Key::Esc);
    press(&mut app, "ja");
    let Some(Layer::Actions(menu)) = app.top() else { panic!() };
    assert_eq!(menu.items[1].disabled, None);
    assert_eq!(places(menu), in_use, "each at its place, whatever can be done now");
}

#[test]
fn somebody_elses_operation_keeps_nobody_from_sealing_and_copying() {
    let mut f = facts(&["k10MasterKey", "ana"]);
    f.holder = Some(crate::domain::Holder {
        who: "ben@bastion".into(),
        doing: "adding location other".into(),
        since: now(),
        place: "pid 1".into(),
    });
    f.locations = vec![location("nfs")];
    let app = start(f);
    let of = |flow, name: &str| app.why_not(&Intent::Flow(flow, Some(name.into())));
    assert_eq!(of(Flow::Seal, "nfs"), None);
    assert_eq!(of(Flow::Copy, "c0ffee"), None);
    assert_eq!(of(Flow::Rescan, "nfs"), None);
    assert_eq!(of(Flow::ArtifactRemove, "c0ffee").unwrap().kind, Kind::Changed);
}

#[test]
fn stale_answers_are_ignored_and_the_newest_wins() {
    let mut app = start(facts(&["a"]));
    let epoch = |effects: &[Effect]| effects.iter().find_map(|e| if let Effect::LoadFacts(n) = e { Some(*n) } else { None }).unwrap();
    let first = epoch(&tell(&mut app, Msg::Changed));
    let second = epoch(&tell(&mut app, Msg::Changed));
    tell(&mut app, Msg::Facts(second, Ok(Box::new(facts(&["a", "b"])))));
    tell(&mut app, Msg::Facts(first, Ok(Box::new(facts(&["a"])))));
    assert_eq!(app.facts.as_ref().unwrap().passkeys.len(), 2);

    press(&mut app, ":doctor");
    let Some(Effect::LoadDoctor(old)) = key(&mut app, Key::Enter).pop() else { panic!() };
    key(&mut app, Key::Esc);
    press(&mut app, ":doctor");
    key(&mut app, Key::Enter);
    tell(&mut app, Msg::Lines(old, Ok(vec!["old".into()])));
    assert!(matches!(app.top(), Some(Layer::Doctor(view)) if view.lines.is_none()));

    // A plan for a flow that was left and begun anew.
    let (mut app, p) = at_review();
    let effects = {
        key(&mut app, Key::BackTab);
        key(&mut app, Key::Enter)
    };
    let Some(Effect::Plan(newest, _)) = effects.first().cloned() else { panic!() };
    tell(&mut app, Msg::Planned(newest - 1, Ok(Box::new(p))));
    assert!(matches!(app.top(), Some(Layer::Wizard(d)) if d.plan.is_none()));
}

#[test]
fn facts_that_cannot_be_read_are_said_and_kept() {
    let mut app = start(facts(&["a"]));
    let Some(Effect::LoadFacts(epoch)) = tell(&mut app, Msg::Changed).pop() else { panic!() };
    tell(
        &mut app,
        Msg::Facts(epoch, Err(Fault::new(Kind::Damaged, "cannot read the catalog", "page 3 is damaged", Act::say("kastellan doctor")))),
    );
    assert!(app.facts.is_some(), "what was known stays");
    let rows = overview(&app, 16);
    assert!(matches!(&rows[0].0, Row::Debt { text, .. } if text.clean().contains("page 3 is damaged")));
    press(&mut app, "!");
    assert!(matches!(app.top(), Some(Layer::Errors(_))));
    assert_eq!(app.flash, None, "a key clears the line; the history keeps it");
    for _ in 0..300 {
        tell(&mut app, Msg::Copied(Err("no".into())));
    }
    assert_eq!(app.history.len(), App::HISTORY);
}

fn unfinished() -> Unfinished {
    let steps = ["wrap", "prove", "switch", "retire", "tidy"].map(Text::from).to_vec();
    Unfinished { id: "1".into(), request: rotation(), steps, done: 1, who: "ben".into(), since: now() }
}

#[test]
fn the_overview_answers_in_order_and_folds_what_is_well() {
    let mut f = facts(&["k10MasterKey", "ana"]);
    f.passkeys.push(passkey("k10MasterKey-2"));
    f.passkeys[2].pending = true;
    f.passkeys[1].proof = None;
    f.unfinished = Some(unfinished());
    let app = start(f.clone());
    let rows: Vec<Row> = overview(&app, 18).into_iter().map(|(row, _)| row).collect();
    let Row::Debt { text, .. } = &rows[0] else { panic!("{rows:?}") };
    assert!(text.clean().starts_with("Rotation to k10MasterKey-2 stopped at step 2 of 5 (prove), ben "), "{text}");
    assert_eq!(rows[1], Row::Heading { question: "Do I get the backups back?", answer: "NO in 1 case, unknown in 1, yes in 1".into() });
    assert!(matches!(&rows[3], Row::Case { verdict: Answered::Yes, .. }));
    assert!(matches!(&rows[4], Row::Case { verdict: Answered::Unknown, act: Some(_), .. }));
    assert!(matches!(&rows[5], Row::Case { verdict: Answered::No, act: Some(_), .. }));
    assert_eq!(rows[7], Row::Heading { question: "Who can open them?", answer: "1 passkey yes, 1 unknown, 1 pending".into() });
    assert!(matches!(&rows[8], Row::Passkey { in_use: true, .. }));
    assert!(matches!(rows.last(), Some(Row::Next { act, then: Some(_) }) if act.does == Some(Intent::Resume)));

    // Many passkeys in little room: those that are not YES stay.
    f.passkeys.extend((0..10_000).map(|n| passkey(&format!("p{n}"))));
    let app = start(f);
    for height in [9, 12, 18, 40] {
        let rows = overview(&app, height);
        assert!(rows.len() <= height, "{height}: {}", rows.len());
        let shown: Vec<Opens> =
            rows.iter().filter_map(|(row, _)| if let Row::Passkey { opens, .. } = row { Some(*opens) } else { None }).collect();
        if height >= 12 {
            assert!(shown.contains(&Opens::Unknown) && shown.contains(&Opens::Pending), "{height}: {shown:?}");
        }
        assert!(rows.iter().any(|(row, _)| matches!(row, Row::MorePasskeys(n) if *n == 10_003 - shown.len())));
    }
    assert!(overview(&start(locked(&["a"])), 18).iter().any(|(row, _)| *row == Row::Note("facts not verified: locked".into())));
}

#[test]
fn enter_on_the_overview_explains_and_offers_the_act() {
    let mut f = facts(&["k10MasterKey", "ana"]);
    f.unfinished = Some(unfinished());
    let mut app = start(f);
    key(&mut app, Key::Enter);
    let Some(Layer::Actions(menu)) = app.top() else { panic!() };
    assert_eq!(menu.items.iter().map(|i| i.label.as_str()).collect::<Vec<_>>(), ["Finish it", "Take it back", "Look at the passkeys"]);
    key(&mut app, Key::Enter);
    assert!(matches!(app.top(), Some(Layer::Wizard(d)) if d.wizard.name == "resume"));
    key(&mut app, Key::Esc);
    // Tab jumps from work to answers to passkeys to the next act, and around.
    let mut kinds = Vec::new();
    for _ in 0..4 {
        key(&mut app, Key::Tab);
        kinds.push(app.overview_target().unwrap());
    }
    assert!(matches!(&kinds[..], [Target::Matrix, Target::Passkey(_), Target::Next, Target::Debt(0)]), "{kinds:?}");
    key(&mut app, Key::Tab);
    key(&mut app, Key::Enter);
    assert_eq!(app.screen, Screen::Readiness, "the heading opens every case");
    press(&mut app, "1");
    key(&mut app, Key::End);
    key(&mut app, Key::Enter);
    assert!(matches!(app.top(), Some(Layer::Wizard(_))), "the next act starts at once");
}

#[test]
fn the_palette_knows_k10s_words_and_runs() {
    let mut app = start(facts(&["k10MasterKey", "ana"]));
    for (typed, leads) in [
        ("profile", "profile"),
        ("restorepoints", "restorepoint"),
        ("export", "export"),
        ("kdr", "kdr"),
        ("token", "token"),
        ("receiveString", "receivestring"),
        ("primary key", "primary key"),
        ("get passkeys", "get passkeys"),
        ("rotate", "rotate"),
        ("theme mono", "theme"),
    ] {
        press(&mut app, ":");
        press(&mut app, typed);
        let Some(Layer::Palette(palette)) = app.top() else { panic!("{typed}") };
        assert_eq!(palette.matches.first().map(|m| m.word), Some(leads), "{typed}");
        assert!(!palette.matches[0].says.is_empty());
        key(&mut app, Key::Esc);
    }
    press(&mut app, ":primary key");
    key(&mut app, Key::Enter);
    assert_eq!(app.screen, Screen::Passkeys);
    assert!(app.flash.as_ref().unwrap().text.clean().contains("master key"));
    press(&mut app, ":theme mono");
    assert_eq!(key(&mut app, Key::Enter), [Effect::SetTheme("mono".into())]);
    press(&mut app, ":mou");
    key(&mut app, Key::Tab);
    assert_eq!(key(&mut app, Key::Enter), [Effect::Mouse(true)]);
    press(&mut app, ":no such thing");
    key(&mut app, Key::Enter);
    assert!(app.flash.as_ref().unwrap().text.clean().starts_with("nothing is called"));
    press(&mut app, ":");
    let Some(Layer::Palette(palette)) = app.top() else { panic!() };
    assert!(!palette.matches.iter().any(|m| m.word == "kdr"), "what is not there is not shown");
}

#[test]
fn themes_preview_while_moving_and_esc_takes_it_back() {
    let mut app = start(facts(&["a"]));
    press(&mut app, ":theme");
    let Some(Effect::LoadThemes(epoch)) = key(&mut app, Key::Enter).pop() else { panic!() };
    tell(&mut app, Msg::Themes(epoch, vec!["dark".into(), "default".into(), "mono".into()]));
    assert_eq!(press(&mut app, "j"), [Effect::PreviewTheme("mono".into())]);
    assert_eq!(press(&mut app, "j"), [], "nothing moved");
    assert_eq!(key(&mut app, Key::Esc), [Effect::PreviewTheme("default".into())]);
    assert_eq!(app.setup.theme, "default");
}

#[test]
fn help_filters_and_enter_runs() {
    let mut app = start(facts(&["a"]));
    press(&mut app, "?");
    let all = app.help_rows().len();
    press(&mut app, "journal");
    assert!(app.help_rows().len() < all);
    key(&mut app, Key::Enter);
    assert_eq!(app.screen, Screen::Journal);
    press(&mut app, "?verifies the journal");
    assert!(key(&mut app, Key::Enter).iter().any(|e| matches!(e, Effect::VerifyJournal(_))));
}

#[test]
fn keys_can_be_rebound_and_every_word_follows() {
    let (keymap, problems) = Keymap::with(&BTreeMap::from([("quit-at-root".to_owned(), vec!["X".to_owned()])]));
    assert_eq!(problems, []);
    let (mut app, _) = App::start(Setup { keymap, ..setup(Some(facts(&["a"]))) }, at(0));
    press(&mut app, "q");
    assert!(!app.quit_armed);
    press(&mut app, "X");
    assert_eq!(app.flash.as_ref().unwrap().text.clean(), "X again quits");
    assert!(hints(&app).iter().any(|(key, word)| key == "X" && *word == "quit"));
}

#[test]
fn yaml_details_and_the_way_back() {
    let mut app = start(facts(&["k10MasterKey", "ana"]));
    press(&mut app, "2j");
    key(&mut app, Key::Enter);
    assert_eq!(app.crumbs(), ["passkeys".into(), Text::from("ana")]);
    let Some(Effect::LoadYaml(epoch, Subject::Passkey(name))) = press(&mut app, "y").pop() else { panic!() };
    assert_eq!(name.as_str(), "ana");
    tell(&mut app, Msg::Lines(epoch, Ok(vec!["kind: Passkey".into()])));
    press(&mut app, "q");
    assert_eq!(press(&mut app, "c"), [Effect::Copy("00112233445566778899aabbccddeeff".into())]);
    press(&mut app, "q");
    press(&mut app, "1-");
    assert_eq!(app.screen, Screen::Passkeys, "the screen before");
    let rows = details(&app, app.selected_passkey().unwrap());
    assert!(rows.iter().any(|(head, text)| *head == "Envelope" && text.clean().starts_with("PASSKEY ana / prod-eu1 7f3a")));
    assert!(rows.iter().any(|(head, text)| *head == "If lost" && text.clean() == "the backups open by 1 other"));
}

#[test]
fn a_vanished_installation_shows_the_first_screen_and_a_new_one_removes_it() {
    let mut app = start(Facts::none(now(), false));
    let Some(Effect::LoadFacts(epoch)) = tell(&mut app, Msg::Changed).pop() else { panic!() };
    tell(&mut app, Msg::Facts(epoch, Ok(Box::new(facts(&["a"])))));
    assert!(app.top().is_none());
    assert_eq!(app.title().clean(), "prod-eu1 (7f3a)");
}

#[test]
fn titles_name_context_and_installation() {
    let f = facts(&["a"]);
    let short = f.installation.as_ref().map(Installation::title).unwrap();
    let (app, _) = App::start(Setup { context: Some("prod".into()), ..setup(Some(f)) }, at(0));
    assert_eq!(app.title().clean(), format!("prod: {short}"));
    assert_eq!(app.lock_words(), "unlocked by a");
    assert_eq!(Timestamp::from_unix(0).plus(1).unix(), 1);
}

#[test]
fn what_keys_do_is_said_without_marks_of_a_document() {
    assert!(bindings().iter().all(|b| !b.description.contains('`')));
}

#[test]
fn hints_say_what_a_key_does_here() {
    let hinted = |app: &App| hints(app).into_iter().map(|(key, word)| format!("{key} {word}")).collect::<Vec<_>>().join("  ");
    let mut app = start(facts(&["a", "b"]));
    assert!(hinted(&app).starts_with("Enter explain  a actions  2 passkeys  3 policies  4 artifacts  5 DR  6 journal"), "{}", hinted(&app));
    press(&mut app, "2");
    assert!(hinted(&app).starts_with("Enter open  a actions"));
    assert!(!hinted(&app).contains("2 passkeys"));
    key(&mut app, Key::Enter);
    assert!(hinted(&app).starts_with("Esc back  a actions"), "Enter opens nothing in details");
    press(&mut app, "R");
    // The name is typed: a question mark is text, and there is no step before.
    assert_eq!(hinted(&app), "Enter next  Esc leave  F1 help");
    key(&mut app, Key::Enter);
    assert_eq!(hinted(&app), "Enter next  Esc leave  Shift-Tab back  F1 help");
    press(&mut app, "Ana");
    key(&mut app, Key::Esc);
    assert_eq!(hinted(&app), "Enter stay  Esc leave  F1 help", "as the question says that stands there");
    key(&mut app, Key::Enter);
    assert!(hinted(&app).starts_with("Enter next"));
    for (next, word) in [(Act::say("make room"), "try again"), (Act::start("finish it", Intent::Resume), "do what is next")] {
        let mut app = running();
        tell(&mut app, Msg::Ended(Err(Fault::new(Kind::Unexpected, "cannot rotate", "the disk is full", next))));
        assert_eq!(hinted(&app), format!("Enter {word}  Esc leave  Shift-Tab back  ? help"));
    }
    let app = start(locked(&["a"]));
    assert_eq!(hinted(&app), "Enter unlock  Esc look around  Ctrl-T reveal  F1 help");
}

#[test]
fn the_overview_begins_at_unfinished_work_else_at_the_next_act() {
    let app = start(facts(&["a"]));
    assert_eq!(app.overview_target(), Some(Target::Next), "a second passkey is missing");
    let mut f = facts(&["a"]);
    f.unfinished = Some(unfinished());
    assert_eq!(start(f).overview_target(), Some(Target::Debt(0)));
}

fn location(name: &str) -> crate::domain::Location {
    crate::domain::Location {
        name: name.parse().unwrap(),
        kind: "directory".into(),
        target: None,
        hide_policy_names: false,
        read_only: false,
        created_at: now(),
        created_by: "ana@bastion".into(),
        altered: false,
    }
}

#[test]
fn enter_starts_the_one_act_of_every_answer_but_yes() {
    use crate::domain::{Dr, Verdict, readiness};
    let dr =
        Dr { enabled: true, locations: vec!["nfs".parse().unwrap()], number: 1, next_seq: 1, failing: Vec::new(), foreign: Vec::new() };
    let one = facts(&["a"]);
    let placed = Facts { locations: vec![location("nfs")], ..one.clone() };
    let alone = Facts { alone: [("nfs".to_owned(), Some(3))].into(), ..placed.clone() };
    let unknown = Facts { alone: [("nfs".to_owned(), None)].into(), ..placed.clone() };
    let on = Facts { dr: Some(dr.clone()), ..placed.clone() };
    let failing = crate::domain::Failing { location: "nfs".parse().unwrap(), since: now(), cause: "gone".into() };
    let proved = crate::domain::Archive {
        id: String::new(),
        name: String::new(),
        location: failing.location.clone(),
        instance_id: String::new(),
        seq: 1,
        created_at: now(),
        size: 1,
        digest: String::new(),
        number: 1,
        journal_seq: 1,
        wraps: one.passkeys.iter().map(|p| p.wrap_id.clone()).collect(),
        proved_at: Some(now()),
    };
    let away = Facts { dr: Some(Dr { failing: vec![failing], ..dr }), archives: vec![proved], ..placed.clone() };
    let said = start(away.clone());
    let lines: Vec<_> = crate::app::overview(&said, 20).into_iter().map(|(row, _)| row).collect();
    assert!(lines.iter().any(|row| matches!(row, crate::app::Row::Debt { text, .. } if text.clean().starts_with("nfs refuses since "))));
    let mut seen = 0;
    for facts in [one, placed, alone, unknown, on, away] {
        for answer in readiness(&facts).into_iter().filter(|answer| answer.verdict != Verdict::Yes) {
            let act = answer.act.unwrap_or_else(|| panic!("{:?}", answer.scenario));
            let intent = act.does.clone().unwrap_or_else(|| panic!("{:?}: {}", answer.scenario, act.say));
            // By the matrix: the case is selected, explained, and its act taken.
            let mut app = start(facts.clone());
            press(&mut app, "m");
            let at = app.items().iter().position(|item| *item == Item::Case(answer.scenario.clone())).unwrap();
            press(&mut app, &"j".repeat(at));
            key(&mut app, Key::Enter);
            let Some(Layer::Actions(menu)) = app.top() else { panic!("{:?}", answer.scenario) };
            assert_eq!(menu.items[0].does, Doing::Start(intent), "{:?}", answer.scenario);
            assert_eq!(menu.items[0].disabled, None, "{:?}", answer.scenario);
            seen += 1;
        }
    }
    assert!(seen >= 12, "{seen}");
}

#[test]
fn quitting_with_a_debt_asks_once_and_not_where_nothing_could_be_archived() {
    let mut owing = facts(&["a"]);
    owing.debt = 2;
    let mut app = start(owing.clone());
    assert_eq!(key(&mut app, Key::Ctrl('c')), []);
    assert!(matches!(app.top(), Some(Layer::Ask(q)) if q.text.clean().starts_with("2 changes in no DR archive.")));
    key(&mut app, Key::Down);
    key(&mut app, Key::Down);
    assert_eq!(key(&mut app, Key::Enter).last(), Some(&Effect::Quit(0)));
    owing.installation.as_mut().unwrap().owner = false;
    assert_eq!(key(&mut start(owing), Key::Ctrl('c')).last(), Some(&Effect::Quit(0)), "who does not own it archives nothing");
}
