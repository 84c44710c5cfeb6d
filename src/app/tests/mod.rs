//! Tables of (state, message) -> (state, effects), for every rule of the terminal that is state.

mod lists;
mod locking;
mod screens;
mod talks;

use super::*;
use crate::domain::{
    Act, Confirm, Event, Facts, Fault, Installation, Intent, JournalLine, Kind, LockState, Opens, Policy, Prover, Request, Rotate, Slot,
    StepId, Text, Timestamp, Unfinished, Verdict as Answered,
};
use crate::wizard::testing::{facts, now, passkey, plan, receipt};
use crate::wizard::{Running, SlotState, Verdict};
use std::collections::BTreeMap;

fn setup(facts: Option<Facts>) -> Setup {
    Setup {
        context: None,
        place: "/somewhere/catalog.db".into(),
        default_name: "bastion".into(),
        who: "ana@bastion".into(),
        production: false,
        read_only: false,
        demo: Vec::new(),
        ascii: false,
        mouse: false,
        theme: "default".into(),
        idle_minutes: 10,
        keymap: Keymap::default(),
        facts,
        size: (80, 24),
    }
}

fn at(boot: u64) -> Moment {
    Moment { wall: now().plus(i64::try_from(boot).unwrap()), boot }
}

fn start(facts: Facts) -> App {
    App::start(setup(Some(facts)), at(0)).0
}

fn tell(app: &mut App, msg: Msg) -> Vec<Effect> {
    update(app, at(1), msg)
}

fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    keys.chars().flat_map(|c| tell(app, Msg::Key(Key::Char(c)))).collect()
}

fn key(app: &mut App, key: Key) -> Vec<Effect> {
    tell(app, Msg::Key(key))
}

fn locked(names: &[&str]) -> Facts {
    let mut f = facts(names);
    f.lock = LockState::Locked;
    f.verified = false;
    f
}

fn typed(slot: Slot) -> Msg {
    Msg::SlotChanged(slot, SlotState { len: 20, verdict: Verdict::Good { words: Some(12) }, completions: 0 })
}

fn rotation() -> Request {
    Request::Rotate(Rotate {
        new: "k10MasterKey-2".parse().unwrap(),
        method: crate::domain::Method::Passphrase,
        source: crate::domain::PassphraseSource::Prompt,
        owner: None,
        retire: None,
        without_archive: false,
        shut_archives: None,
        because: crate::domain::Because::Planned,
    })
}

/// An unlocked console at the review of a rotation, with its plan.
fn at_review() -> (App, crate::domain::Plan) {
    let mut app = start(facts(&["k10MasterKey", "ana"]));
    press(&mut app, "R");
    for _ in 0..4 {
        key(&mut app, Key::Enter);
    }
    let effects = key(&mut app, Key::Enter);
    let Some(Effect::Plan(epoch, request)) = effects.first() else { panic!("{effects:?}") };
    let p = plan((**request).clone(), Confirm::Yes, &[]);
    let epoch = *epoch;
    tell(&mut app, Msg::Planned(epoch, Ok(Box::new(p.clone()))));
    (app, p)
}

fn begin_epoch(effects: &[Effect]) -> u64 {
    effects.iter().find_map(|e| if let Effect::Begin(epoch, _) = e { Some(*epoch) } else { None }).unwrap()
}

/// A console whose rotation runs.
fn running() -> App {
    let (mut app, p) = at_review();
    let epoch = begin_epoch(&key(&mut app, Key::Enter));
    tell(&mut app, Msg::Begun(epoch, Ok(Box::new(p))));
    key(&mut app, Key::Enter);
    key(&mut app, Key::Enter);
    tell(&mut app, typed(crate::wizard::AGAIN));
    assert_eq!(key(&mut app, Key::Enter), [Effect::Wipe(crate::wizard::AGAIN), Effect::Run(epoch, None)]);
    app
}
