//! Paths of answers, and the driver as tables of (inputs) -> (asks).

use super::testing::{facts, plan, receipt};
use super::*;
use crate::domain::{Act, Changed, Confirm, Event, Flow, Kind, Look, Plan, Request, Rotate, SecretPurpose, Slot, StepId, Unfinished};

fn titles(wizard: &str, answers: &Answers, facts: &Facts) -> Vec<String> {
    (Wizard::named(wizard).unwrap().steps)(answers, facts).into_iter().map(|s| s.title).collect()
}

#[test]
fn each_path_of_answers_has_its_steps() {
    let one = facts(&["k10MasterKey"]);
    let show = "Passphrase: shown once, typed back";
    let end = ["Run", "Receipt"];
    let rotate = ["Name of the new passkey", "Owner", "Passphrase"];
    let set_up = ["What will be made", "Name of the installation", "Name of the first passkey", "Owner", "Passphrase"];
    let add = ["Name", "Owner", "Note", "Put it in use?", "Passphrase"];
    let with = |secret: &str| Answers::new().with("secret", secret).with("path", "p");
    let table: Vec<(&str, Answers, Vec<&str>)> = vec![
        ("set-up", with("generate"), [&set_up[..], &["Review", show], &end].concat()),
        ("set-up", with("write"), [&set_up[..], &["File", "Review", "Write passphrase"], &end].concat()),
        ("set-up", with("type"), [&set_up[..], &["Review", "Type passphrase twice"], &end].concat()),
        ("set-up", with("file"), [&set_up[..], &["File", "Review", "Read passphrase"], &end].concat()),
        ("rotate", with("generate"), [&rotate[..], &["The old passkey", "Why", "Review", show], &end].concat()),
        ("rotate", with("write"), [&rotate[..], &["File", "The old passkey", "Why", "Review", "Write passphrase"], &end].concat()),
        ("rotate", with("type"), [&rotate[..], &["The old passkey", "Why", "Review", "Type passphrase twice"], &end].concat()),
        ("rotate", with("file"), [&rotate[..], &["File", "The old passkey", "Why", "Review", "Read passphrase"], &end].concat()),
        ("add", with("generate"), [&add[..], &["Review", show], &end].concat()),
        ("add", with("file"), [&add[..], &["File", "Review", "Read passphrase"], &end].concat()),
        ("check", Answers::new(), [&["Which passkey", "Type its passphrase"], &end[..]].concat()),
        ("use", Answers::new(), [&["Which passkey", "Review"], &end[..]].concat()),
        ("remove", Answers::new(), [&["Which passkey", "Review"], &end[..]].concat()),
        ("resume", Answers::new(), [&["What is unfinished", "Review"], &end[..]].concat()),
        ("abandon", Answers::new(), [&["What is unfinished", "Review"], &end[..]].concat()),
        ("policy-add", Answers::new(), [&["Name of the policy", "Review"], &end[..]].concat()),
        ("policy-remove", Answers::new(), [&["Which policy", "Review"], &end[..]].concat()),
    ];
    let folder = ["Name of the location", "What kind", "Folder", "What its readers learn", "Review"];
    let bucket = ["Name of the location", "What kind", "Bucket", "Prefix", "Endpoint", "Region", "CA file", "Access key"];
    let enable = ["What DR is", "Where the archives go", "Passphrase"];
    let export = ["Which policy", "Which location it names", "How it is protected", "Note", "Where the text goes"];
    let more: Vec<(&str, Answers, Vec<&str>)> = vec![
        (
            "rotate",
            with("type").with("because", "leak"),
            [&rotate[..], &["The old passkey", "Why", "What leaked", "What else they could have", "Review", "Type passphrase twice"], &end]
                .concat(),
        ),
        ("location-add", Answers::new(), [&folder[..], &end].concat()),
        ("location-add", Answers::new().with("kind", "s3"), [&bucket[..], &["What its readers learn", "Review"], &end].concat()),
        ("dr-enable", with("generate"), [&enable[..], &["Review", show], &end].concat()),
        ("dr-change", with("type"), [&["Archives made so far", "Passphrase", "Review", "Type passphrase twice"], &end[..]].concat()),
        ("dr-check", Answers::new(), [&["Type the DR passphrase"], &end[..]].concat()),
        ("dr-archive", Answers::new(), [&["Review"], &end[..]].concat()),
        ("export", with("write"), [&export[..], &["File", "Passphrase", "File", "Review", "Write passphrase"], &end].concat()),
        ("export", Answers::new().with("where", "screen").with("protection", "unprotected"), [&export[..], &["Review"], &end].concat()),
    ];
    for (wizard, answers, expected) in table.into_iter().chain(more) {
        assert_eq!(titles(wizard, &answers, &one), expected, "{wizard} {answers:?}");
    }
}

#[test]
fn a_secret_is_made_only_after_review() {
    for wizard in ALL {
        let steps = (wizard.steps)(&Answers::new(), &facts(&["a"]));
        let review = steps.iter().position(|s| matches!(s.body, Body::Review));
        let made = [Slot::NEW, Slot::NEW_DR, Slot::KIT, Slot::IMPORT];
        let makes = steps.iter().position(|s| s.slot().is_some_and(|slot| made.contains(&slot)));
        assert!(makes.is_none() || review < makes, "{}", wizard.name);
    }
}

/// Walks to the review of a rotation whose plan asks for `confirm`; the answers name `secret` as the way of making.
fn rotation(secret: &str, confirm: Confirm) -> (Driver, Facts, Plan) {
    let f = facts(&["k10MasterKey", "ana"]);
    let (mut d, asks) = Driver::start(Wizard::named("rotate").unwrap(), Answers::new(), &f);
    assert_eq!(asks, []);
    d.input(Input::Next, &f);
    d.input(Input::Next, &f);
    let at = ["generate", "write", "type", "file"].iter().position(|s| *s == secret).unwrap();
    d.input(Input::Pick(at), &f);
    d.input(Input::Next, &f);
    if secret == "write" || secret == "file" {
        d.input(Input::Text("pass.txt".into()), &f);
        let asks = d.input(Input::Next, &f);
        if secret == "write" {
            assert_eq!(asks, [Ask::Look(Look::NewFile("pass.txt".into()))]);
            d.input(Input::Looked(Ok(())), &f);
        }
    }
    if matches!(confirm, Confirm::Type(_)) {
        d.input(Input::Down, &f);
    }
    d.input(Input::Next, &f);
    let asks = d.input(Input::Next, &f);
    let request = Request::Rotate(Rotate {
        new: "k10MasterKey-2".parse().unwrap(),
        method: crate::domain::Method::Passphrase,
        source: crate::domain::PassphraseSource::Prompt,
        owner: None,
        retire: matches!(confirm, Confirm::Type(_)).then(|| "k10MasterKey".parse().unwrap()),
        without_archive: false,
        shut_archives: None,
        because: crate::domain::Because::Planned,
    });
    assert_eq!(asks, [Ask::Plan(request.clone())]);
    let p = plan(request, confirm, &[(Slot::NEW, "k10MasterKey-2", SecretPurpose::Make)]);
    assert_eq!(d.input(Input::Planned(Ok(p.clone())), &f), []);
    (d, f, p)
}

fn good() -> SlotState {
    SlotState { len: 60, verdict: Verdict::Good { words: Some(12) }, completions: 0 }
}

fn now_at(d: &Driver) -> &str {
    &d.step().unwrap().title
}

#[test]
fn a_generated_secret_is_warned_of_shown_once_and_typed_back() {
    let (mut d, f, p) = rotation("generate", Confirm::Yes);
    assert_eq!(d.input(Input::Next, &f), [Ask::Begin(p.clone())]);
    assert_eq!(d.shown_secret(), None);
    assert_eq!(d.input(Input::Begun(Ok(p)), &f), []);
    assert!(matches!(d.field, Field::Generated { stage: Stage::Warning, .. }));
    assert!(matches!(&d.step().unwrap().body, Body::Generated { envelope, .. } if envelope.clean().contains("k10MasterKey-2 / prod-eu1")));
    assert_eq!(d.input(Input::Next, &f), [Ask::Generate(Slot::NEW)]);
    assert_eq!(d.shown_secret(), Some(Slot::NEW));
    assert_eq!(d.focused_secret(), None);
    assert_eq!(d.input(Input::Next, &f), []);
    assert_eq!(d.shown_secret(), None, "once");
    assert_eq!(d.focused_secret().map(|s| (s.slot, s.rule)), Some((AGAIN, SecretRule::Repeats(Slot::NEW))));
    let wrong = SlotState { len: 9, verdict: Verdict::Mismatch { word: Some(7) }, completions: 0 };
    d.input(Input::Slot(AGAIN, wrong), &f);
    assert_eq!(d.input(Input::Next, &f), []);
    assert_eq!(d.problem, Some(Problem::Said("not the same: word 7 differs".into())));
    // Going back does not show the same one again.
    assert_eq!(d.input(Input::Back, &f), [Ask::Wipe(Slot::NEW), Ask::Wipe(AGAIN)]);
    assert_eq!(d.input(Input::Next, &f), [Ask::Generate(Slot::NEW)]);
    d.input(Input::Next, &f);
    d.input(Input::Slot(AGAIN, good()), &f);
    assert_eq!(d.input(Input::Next, &f), [Ask::Wipe(AGAIN), Ask::Run(None)]);
    d.input(Input::Event(Event::StepStarted { step: StepId::new("wrap") }), &f);
    d.input(Input::Event(Event::StepDone { step: StepId::new("wrap"), result: "done".into() }), &f);
    let marks: Vec<Mark> = d.running.as_ref().unwrap().steps.iter().map(|s| s.mark).collect();
    assert_eq!(marks, [Mark::Done, Mark::Todo]);
    assert_eq!(d.input(Input::Ended(Ok(receipt())), &f), []);
    assert_eq!(now_at(&d), "Receipt");
    assert_eq!(d.input(Input::Next, &f), [Ask::Wipe(Slot::NEW), Ask::Wipe(AGAIN), Ask::Close]);
}

#[test]
fn typed_twice_must_be_the_same() {
    let (mut d, f, p) = rotation("type", Confirm::Yes);
    d.input(Input::Next, &f);
    d.input(Input::Begun(Ok(p)), &f);
    assert_eq!(d.input(Input::Next, &f), []);
    assert!(d.problem.is_some(), "empty");
    d.input(Input::Slot(Slot::NEW, good()), &f);
    d.input(Input::Next, &f);
    assert_eq!(d.focused_secret().map(|s| s.slot), Some(AGAIN));
    d.input(Input::Slot(AGAIN, SlotState { len: 3, verdict: Verdict::Mismatch { word: None }, completions: 0 }), &f);
    assert_eq!(d.input(Input::Next, &f), []);
    assert_eq!(d.problem, Some(Problem::Said("not the same as the first".into())));
    d.input(Input::Slot(AGAIN, good()), &f);
    // The first changes after the second was typed: the second must be typed again.
    let other = SlotState { len: 61, ..good() };
    assert_eq!(d.input(Input::Slot(Slot::NEW, other), &f), [Ask::Wipe(AGAIN)]);
    assert_eq!(d.input(Input::Next, &f), []);
    d.input(Input::Slot(AGAIN, good()), &f);
    assert_eq!(d.input(Input::Next, &f), [Ask::Wipe(AGAIN), Ask::Run(None)]);
}

#[test]
fn files_are_read_or_written_after_review_and_a_fault_stays_on_the_step() {
    for (how, ask) in
        [("file", Ask::ReadSecretFile(Slot::NEW, "pass.txt".into())), ("write", Ask::WriteSecretFile(Slot::NEW, "pass.txt".into()))]
    {
        let (mut d, f, p) = rotation(how, Confirm::Yes);
        d.input(Input::Next, &f);
        assert_eq!(d.input(Input::Begun(Ok(p)), &f), []);
        assert_eq!(d.input(Input::Next, &f), std::slice::from_ref(&ask));
        assert_eq!(d.input(Input::Next, &f), [], "one at a time");
        let fault = Fault::refused("passphrase file pass.txt not used", "group may read it", Act::say("chmod 600 it"));
        assert_eq!(d.input(Input::Filed(Err(fault)), &f), []);
        assert!(matches!(d.problem, Some(Problem::Fault(_))));
        assert_eq!(d.input(Input::Next, &f), [ask]);
        assert_eq!(d.input(Input::Filed(Ok(())), &f), [Ask::Run(None)]);
    }
}

#[test]
fn what_is_irreversible_wants_the_name_and_the_focus_rests_on_cancel() {
    let (mut d, f, p) = rotation("generate", Confirm::Type("k10MasterKey".into()));
    assert!(d.path.iter().any(|s| s.title == "Confirm"), "known from the plan on");
    d.input(Input::Next, &f);
    d.input(Input::Begun(Ok(p.clone())), &f);
    assert_eq!(now_at(&d), "Confirm");
    d.input(Input::Text("k10MasterKey".into()), &f);
    // Enter on Cancel cancels: the lock is freed, and the review made anew.
    assert_eq!(d.input(Input::Next, &f), [Ask::DropBegun, Ask::Plan(p.request.clone())]);
    assert_eq!(now_at(&d), "Review");
    d.input(Input::Planned(Ok(p.clone())), &f);
    d.input(Input::Next, &f);
    d.input(Input::Begun(Ok(p)), &f);
    d.input(Input::Switch, &f);
    d.input(Input::Text("k10masterkey".into()), &f);
    assert_eq!(d.input(Input::Next, &f), []);
    assert_eq!(now_at(&d), "Confirm");
    assert!(d.problem.is_some());
    d.input(Input::Text("k10MasterKey".into()), &f);
    d.input(Input::Next, &f);
    assert_eq!(now_at(&d), "Passphrase: shown once, typed back");
}

#[test]
fn leaving_asks_once_something_was_typed_and_frees_lock_and_slots() {
    let f = facts(&["k10MasterKey", "ana"]);
    let (mut d, _) = Driver::start(Wizard::named("rotate").unwrap(), Answers::new(), &f);
    assert_eq!(d.input(Input::Leave, &f), [Ask::Close], "nothing typed yet");

    let (mut d, _) = Driver::start(Wizard::named("rotate").unwrap(), Answers::new(), &f);
    d.input(Input::Char('x'), &f);
    assert_eq!(d.input(Input::Leave, &f), []);
    assert!(d.leaving);
    assert_eq!(d.input(Input::Next, &f), []);
    assert!(!d.leaving, "Enter stays");
    d.input(Input::Leave, &f);
    assert_eq!(d.input(Input::Leave, &f), [Ask::Close]);

    // At review with the lock wanted: freed, whether it came or not.
    let (mut d, f, p) = rotation("generate", Confirm::Yes);
    assert!(d.waits_at_review_or_later());
    d.input(Input::Next, &f);
    assert_eq!(d.close(), [Ask::DropBegun, Ask::Close]);
    assert_eq!(d.input(Input::Begun(Ok(p)), &f), [Ask::DropBegun], "a late lock is freed at once");

    // With the secret on the screen.
    let (mut d, f, p) = rotation("generate", Confirm::Yes);
    d.input(Input::Next, &f);
    d.input(Input::Begun(Ok(p)), &f);
    d.input(Input::Next, &f);
    assert_eq!(d.input(Input::Leave, &f), []);
    assert_eq!(d.input(Input::Leave, &f), [Ask::DropBegun, Ask::Wipe(Slot::NEW), Ask::Wipe(AGAIN), Ask::Close]);

    // While it runs: it goes on.
    let (mut d, f, p) = rotation("file", Confirm::Yes);
    d.input(Input::Next, &f);
    d.input(Input::Begun(Ok(p)), &f);
    d.input(Input::Next, &f);
    d.input(Input::Filed(Ok(())), &f);
    assert!(!d.waits_at_review_or_later());
    assert_eq!(d.input(Input::Stop, &f), [Ask::StopOperation]);
    assert_eq!(d.input(Input::Stop, &f), []);
    assert_eq!(d.input(Input::Leave, &f), [Ask::Close]);
}

#[test]
fn going_back_over_the_review_frees_the_lock() {
    let (mut d, f, p) = rotation("generate", Confirm::Yes);
    d.input(Input::Next, &f);
    d.input(Input::Begun(Ok(p.clone())), &f);
    let asks = d.input(Input::Back, &f);
    assert_eq!(asks, [Ask::Wipe(Slot::NEW), Ask::Wipe(AGAIN), Ask::DropBegun, Ask::Plan(p.request)]);
    assert!(!d.begun);
    d.input(Input::Back, &f);
    assert_eq!(now_at(&d), "Why");
    assert_eq!(d.waiting, None);
}

#[test]
fn a_busy_lock_is_said_and_enter_plans_again() {
    let (mut d, f, p) = rotation("generate", Confirm::Yes);
    d.input(Input::Next, &f);
    let busy = Fault::new(Kind::Changed, "cannot rotate", "ben has been rotating", Act::say("wait"));
    assert_eq!(d.input(Input::Begun(Err(busy.clone())), &f), []);
    assert_eq!(d.problem, Some(Problem::Fault(busy)));
    assert_eq!(d.lines()[d.at].mark, Mark::Failed);
    assert_eq!(d.input(Input::Next, &f), [Ask::Plan(p.request)]);
}

#[test]
fn a_failed_run_offers_its_act() {
    let (mut d, f, p) = rotation("file", Confirm::Yes);
    d.input(Input::Next, &f);
    d.input(Input::Begun(Ok(p)), &f);
    d.input(Input::Next, &f);
    d.input(Input::Filed(Ok(())), &f);
    d.input(Input::Event(Event::StepStarted { step: StepId::new("prove") }), &f);
    let fault = Fault::new(Kind::Damaged, "cannot rotate", "it does not open", Act::start("resume", Intent::Resume));
    d.input(Input::Ended(Err(fault)), &f);
    assert_eq!(d.running.as_ref().unwrap().steps[1].mark, Mark::Failed);
    let asks = d.input(Input::Next, &f);
    assert_eq!(asks.last(), Some(&Ask::Start(Intent::Resume)));
}

#[test]
fn after_a_failed_run_the_answers_are_kept_and_it_can_be_tried_again() {
    let f = facts(&["k10MasterKey", "ana"]);
    let begins = Intent::Flow(Flow::PolicyAdd, Some("gold".into()));
    // What is next may be the very flow: it is not begun with nothing.
    for next in [Act::say("make room"), Act::start("add it again", Intent::Flow(Flow::PolicyAdd, None))] {
        for (input, title) in [(Input::Back, "Name of the policy"), (Input::Next, "Review")] {
            let (wizard, preset) = Wizard::serving(&begins).unwrap();
            let (mut d, asks) = Driver::start(wizard, preset, &f);
            let [Ask::Plan(request)] = asks.as_slice() else { panic!("{asks:?}") };
            let p = plan(request.clone(), Confirm::None, &[]);
            d.input(Input::Planned(Ok(p.clone())), &f);
            d.input(Input::Next, &f);
            assert_eq!(d.input(Input::Begun(Ok(p.clone())), &f), [Ask::Run(None)]);
            assert!(!d.failed() && d.input(Input::Back, &f).is_empty(), "it runs");
            d.input(Input::Ended(Err(Fault::new(Kind::Unexpected, "cannot add the policy", "the disk is full", next.clone()))), &f);
            assert!(d.failed() && d.starts_next().is_none() && d.kept() == "The answers are kept.");
            let mut asks = d.input(input, &f);
            assert_eq!((now_at(&d), d.answers.text("policy")), (title, "gold"));
            assert!(!d.failed() && d.running.is_none() && d.problem.is_none());
            if title != "Review" {
                asks = d.input(Input::Next, &f);
            }
            assert_eq!(asks, [Ask::Plan(request.clone())], "it is planned anew");
            d.input(Input::Planned(Ok(p.clone())), &f);
            assert_eq!(d.input(Input::Next, &f), [Ask::Begin(p)]);
        }
    }
}

#[test]
fn a_seal_names_a_policy_of_the_catalog_and_a_path_that_is_there() {
    let mut f = facts(&["k10MasterKey"]);
    let policy =
        |f: &Facts| (Wizard::named("seal").unwrap().steps)(&Answers::new(), f).into_iter().find(|s| s.id == "policy").unwrap().body;
    f.policy_names = vec!["gold".parse().unwrap(), "silver".parse().unwrap()];
    assert!(matches!(policy(&f), Body::Choose(choices) if choices.iter().map(|c| c.value.as_str()).eq(["gold", "silver"])));
    // Too many to choose from: it is typed, and looked for.
    f.policy_names.clear();
    let (mut d, _) = Driver::start(Wizard::named("seal").unwrap(), Answers::new().with("location", "nfs"), &f);
    let no =
        || Fault::new(Kind::NotFound, "policy gilt not found", "the catalog has no policy of that name", Act::say("did you mean gold?"));
    d.input(Input::Text("gilt".into()), &f);
    assert_eq!(d.input(Input::Next, &f), [Ask::Look(Look::Policy("gilt".parse().unwrap()))]);
    assert_eq!((d.input(Input::Next, &f), d.input(Input::Back, &f)), (vec![], vec![]), "it waits");
    d.input(Input::Looked(Err(no())), &f);
    assert_eq!((now_at(&d), &d.problem), ("Under the key of which policy", &Some(Problem::Fault(no()))));
    d.input(Input::Text("gold".into()), &f);
    assert_eq!(d.problem, None);
    d.input(Input::Next, &f);
    d.input(Input::Looked(Ok(())), &f);
    d.input(Input::Next, &f);
    assert_eq!(now_at(&d), "File or folder");
    d.input(Input::Text("/no/such".into()), &f);
    assert_eq!(d.input(Input::Next, &f), [Ask::Look(Look::Source("/no/such".into()))]);
    d.input(Input::Looked(Ok(())), &f);
    assert_eq!((now_at(&d), d.answers.text("policy"), d.answers.text("path")), ("Note", "gold", "/no/such"));
}

#[test]
fn a_file_that_is_to_be_made_is_looked_at_before_anything_goes_on() {
    let f = facts(&["k10MasterKey"]);
    for (flow, answers, step) in [
        ("kit-make", Answers::new(), "to"),
        ("export", Answers::new().with("where", "file"), "to"),
        ("add", Answers::new().with("secret", "write"), "path"),
    ] {
        let steps = (Wizard::named(flow).unwrap().steps)(&answers, &f);
        let entry = steps.into_iter().find(|s| s.id == step).unwrap().body;
        assert!(matches!(entry, Body::Entry(entry) if (entry.looks)("/x/y") == Some(Look::NewFile("/x/y".into()))), "{flow}");
    }
}

#[test]
fn after_a_failed_run_secrets_are_wiped_and_that_is_said() {
    let (mut d, f, p) = rotation("file", Confirm::Yes);
    d.input(Input::Next, &f);
    d.input(Input::Begun(Ok(p)), &f);
    d.input(Input::Next, &f);
    d.input(Input::Filed(Ok(())), &f);
    d.input(Input::Ended(Err(Fault::new(Kind::Unexpected, "cannot rotate", "the disk is full", Act::say("make room")))), &f);
    assert!(d.kept().contains("passphrases are asked for anew"), "{}", d.kept());
    assert_eq!(d.input(Input::Back, &f), [Ask::Wipe(Slot::NEW), Ask::Wipe(AGAIN)]);
    assert_eq!((now_at(&d), d.answers.text("path")), ("Why", "pass.txt"));
}

#[test]
fn a_check_begins_at_the_secret_and_may_be_repeated() {
    let f = facts(&["k10MasterKey", "ana"]);
    let (wizard, preset) = Wizard::serving(&Intent::Check("ana".parse().unwrap())).unwrap();
    let (mut d, asks) = Driver::start(wizard, preset, &f);
    assert_eq!(asks, []);
    assert_eq!(now_at(&d), "Type its passphrase");
    assert!(
        matches!(&d.step().unwrap().body, Body::Secret { envelope, .. } if envelope.clean().starts_with("PASSKEY ana / prod-eu1 7f3a / "))
    );
    let slip = SlotState { len: 5, verdict: Verdict::NotInList(7), completions: 0 };
    d.input(Input::Slot(Slot::CHECK, slip), &f);
    let ask = Ask::Check(Proving::Passkey("ana".parse().unwrap()), Slot::CHECK);
    assert_eq!(d.input(Input::Next, &f), std::slice::from_ref(&ask), "a slip is a hint: it is tried as it is");
    let no = Fault::new(Kind::Secret, "cannot check ana", "it does not open", Act::say("type it again"));
    assert_eq!(d.input(Input::Checked(Err(no)), &f), [Ask::Wipe(Slot::CHECK), Ask::Wipe(AGAIN)]);
    d.input(Input::Next, &f);
    assert_eq!(now_at(&d), "Type its passphrase");
    d.input(Input::Slot(Slot::CHECK, good()), &f);
    assert_eq!(d.input(Input::Next, &f), [ask]);
    d.input(Input::Checked(Ok(())), &f);
    assert!(d.receipt.as_ref().unwrap().0[0].clean().starts_with("YES: ana opens"));
}

#[test]
fn resume_asks_for_what_the_plan_names() {
    let mut f = facts(&["k10MasterKey", "ana"]);
    let request = Request::Abandon;
    let steps = vec!["wrap".into(), "prove".into()];
    f.unfinished = Some(Unfinished { id: "1".into(), request: request.clone(), steps, done: 1, who: "ben".into(), since: f.now });
    let (mut d, _) = Driver::start(Wizard::named("resume").unwrap(), Answers::new(), &f);
    assert_eq!(d.input(Input::Next, &f), [Ask::Plan(Request::Resume)]);
    let secrets = [(Slot::NEW, "k10MasterKey-2", SecretPurpose::Enter)];
    let p = plan(Request::Resume, Confirm::Type("k10MasterKey".into()), &secrets);
    d.input(Input::Planned(Ok(p)), &f);
    let titles: Vec<&str> = d.path.iter().map(|s| s.title.as_str()).collect();
    assert_eq!(titles, ["What is unfinished", "Review", "Confirm", "Passphrase of k10MasterKey-2", "Run", "Receipt"]);
}

#[test]
fn a_file_that_may_be_needed_is_not_written_again() {
    let f = facts(&["k10MasterKey"]);
    let given = Answers::new().with("old", "keep").with("secret", "write").with("path", "/p");
    for (state, wanted) in
        [(Changed::Nothing, "Review"), (Changed::Unsaid, "File"), (Changed::Partly("it is in no archive".into()), "File")]
    {
        let (mut d, asks) = Driver::start(Wizard::named("dr-change").unwrap(), given.clone(), &f);
        let [Ask::Plan(request)] = &asks[..] else { panic!("{asks:?}") };
        let p = plan(request.clone(), Confirm::Yes, &[(Slot::NEW_DR, "k10MasterKey", SecretPurpose::Make)]);
        d.input(Input::Planned(Ok(p.clone())), &f);
        d.input(Input::Next, &f);
        d.input(Input::Begun(Ok(p)), &f);
        d.input(Input::Next, &f);
        d.input(Input::Filed(Ok(())), &f);
        d.input(Input::Ended(Err(Fault::new(Kind::Unexpected, "cannot", "no room", Act::say("make room")).leaving(state))), &f);
        assert!(d.failed());
        d.input(Input::Next, &f);
        assert_eq!(d.step().unwrap().title, wanted);
        if wanted == "File" {
            let said = "/p stays: what was done may need the passphrase in it. Name another file";
            assert_eq!(d.problem, Some(Problem::Said(said.into())));
            assert_eq!(d.answers.text("path"), "");
        }
    }
}

#[test]
fn what_cannot_be_chosen_says_why() {
    let f = facts(&["k10MasterKey", "ana"]);
    let (mut d, _) = Driver::start(Wizard::named("remove").unwrap(), Answers::new(), &f);
    d.input(Input::Pick(0), &f);
    assert_eq!(d.input(Input::Next, &f), []);
    assert_eq!(d.problem, Some(Problem::Said("k10MasterKey is in use".into())));
    assert_eq!(d.at, 0);
}

#[test]
fn names_that_are_taken_wrong_or_hostile_do_not_pass() {
    let f = facts(&["k10MasterKey"]);
    for bad in ["K10MASTERKEY", "a b", "", "x\u{202e}y z", "-a"] {
        let (mut d, _) = Driver::start(Wizard::named("add").unwrap(), Answers::new(), &f);
        d.input(Input::Text(bad.into()), &f);
        assert_eq!(d.input(Input::Next, &f), []);
        assert_eq!(d.at, 0, "{bad:?}");
        assert!(d.problem.is_some());
    }
    let mut field = TextField::default();
    field.insert_all("a\x1b[31m\u{202e}b\nc");
    assert_eq!(field.text(), "a[31mb c");
    field.home();
    field.delete();
    field.end();
    field.backspace();
    assert_eq!(field.text(), "[31mb ");
}

#[test]
fn every_intent_that_changes_something_has_its_flow() {
    let name = || "ana".parse().unwrap();
    for intent in [
        Intent::SetUp,
        Intent::Check(name()),
        Intent::Add,
        Intent::Use(name()),
        Intent::Remove(name()),
        Intent::Rotate,
        Intent::Resume,
        Intent::Abandon,
    ] {
        assert!(Wizard::serving(&intent).is_some(), "{intent:?}");
    }
    assert!(Wizard::serving(&Intent::Journal).is_none());
}

#[test]
fn dr_takes_the_locations_that_can_be_written_to() {
    let mut f = facts(&["a"]);
    let enable = Wizard::named("dr-enable").unwrap();
    let choices = |f: &Facts| match &(enable.steps)(&Answers::new(), f)[1].body {
        Body::Choose(choices) => choices.iter().map(|c| (c.value.clone(), c.disabled.is_some())).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    assert_eq!(choices(&f), [(String::new(), true)], "without one it says so");
    let location = |name: &str, read_only| crate::domain::Location {
        name: name.parse().unwrap(),
        kind: "directory".into(),
        target: Some(crate::domain::Target::Directory { path: "/mnt/nfs".into() }),
        hide_policy_names: false,
        read_only,
        created_at: f.now,
        created_by: "ana@bastion".into(),
        altered: false,
    };
    let three = vec![location("nfs", false), location("from-import", true), location("s3-eu", false)];
    f.locations = three;
    assert_eq!(choices(&f), [("nfs s3-eu".into(), false), ("nfs".into(), false), ("s3-eu".into(), false)]);
    let Ok(Goal::Change(Request::DrEnable(both))) = (enable.finish)(&Answers::new().with("locations", "nfs s3-eu"), &f) else { panic!() };
    assert_eq!(both.locations.len(), 2);
}

#[test]
fn a_text_for_the_person_alone_is_masked_until_asked_for_and_wiped_on_leaving() {
    let f = facts(&["a"]);
    let answers = Answers::new()
        .with("policy", "app")
        .with("location", "")
        .with("protection", "unprotected")
        .with("note", "")
        .with("where", "screen");
    let (mut d, asks) = Driver::start(Wizard::named("export").unwrap(), answers, &f);
    let [Ask::Plan(request)] = asks.as_slice() else { panic!("{asks:?}") };
    let p = plan(request.clone(), Confirm::None, &[]);
    d.input(Input::Planned(Ok(p.clone())), &f);
    d.input(Input::Next, &f);
    assert_eq!(d.input(Input::Begun(Ok(p)), &f), [Ask::Run(None)]);
    d.input(Input::Slot(Slot::TEXT, SlotState { len: 400, ..SlotState::default() }), &f);
    d.input(Input::Ended(Ok(receipt())), &f);
    assert_eq!((d.text, d.shows_text()), (Some((400, false)), false));
    d.input(Input::Reveal, &f);
    assert!(d.shows_text());
    d.input(Input::Reveal, &f);
    assert!(!d.shows_text());
    assert_eq!(d.input(Input::Next, &f), [Ask::Wipe(Slot::TEXT), Ask::Close]);
}

#[test]
fn every_flow_that_can_be_asked_for_is_served_with_what_it_is_about() {
    use crate::domain::{Flow, Intent};
    let flows = [
        Flow::PolicyAdd,
        Flow::PolicyRemove,
        Flow::LocationAdd,
        Flow::LocationForget,
        Flow::Rescan,
        Flow::Sweep,
        Flow::Seal,
        Flow::Copy,
        Flow::ArtifactRemove,
        Flow::Export,
        Flow::DrEnable,
        Flow::DrCheck,
        Flow::DrArchive,
        Flow::DrChange,
        Flow::DrPrune,
        Flow::DrTakeOver,
        Flow::DrDisable,
        Flow::KitMake,
    ];
    let mut served: Vec<&str> = flows.map(|flow| Wizard::serving(&Intent::Flow(flow, None)).unwrap().0.name).to_vec();
    served.sort_unstable();
    served.dedup();
    assert_eq!(served.len(), flows.len(), "each by its own");
    let (_, answers) = Wizard::serving(&Intent::Flow(Flow::Rescan, Some("nfs".into()))).unwrap();
    assert_eq!(answers.get("location"), Some("nfs"));
    let (_, answers) = Wizard::serving(&Intent::Flow(Flow::Copy, Some("c0ffee".into()))).unwrap();
    assert_eq!((answers.get("which"), answers.get("artifact")), (Some("one"), Some("c0ffee")));
}
