//! The real binary, really killed (`kill -9`): on every line of its `--events`, and at random instants.
//!
//! Whatever remains must open, with a journal that verifies, in the old state, in the new one, or with an operation that can be finished
//! and taken back. `KASTELLAN_KILLS` sets how many random kills there are (200).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use harness::cli::{Call, code};
use harness::house::{Home, House, PASSPHRASE};
use harness::kills::{at_random, kills_of_each};
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// The passphrase of passkeys that operations make.
const NEW: &str = "another-passphrase-0002";

/// What is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Init,
    Add,
    AddInUse,
    Use,
    Rotate,
    RotateRetiring,
    Resume,
    Abandon,
    Remove,
}

use Operation::{Abandon, Add, AddInUse, Init, Remove, Resume, Rotate, RotateRetiring, Use};

const ALL: [Operation; 9] = [Init, Add, AddInUse, Use, Rotate, RotateRetiring, Resume, Abandon, Remove];

/// Passkeys in order, each marked if it is in use.
type State = Vec<String>;

impl Operation {
    /// The command line, but for what unlocks.
    fn args(self, home: &Home) -> Vec<String> {
        let new = home.path().join("new").to_string_lossy().into_owned();
        let args: &[&str] = match self {
            Init => &["init", "--name", "prod-eu1", "--new-passphrase-file", &new],
            Add => &["passkey", "add", "ana", "--new-passphrase-file", &new],
            AddInUse => &["passkey", "add", "ana", "--use-now", "--new-passphrase-file", &new],
            Use => &["passkey", "use", "ana", "--yes"],
            Rotate => &["rotate", "k2", "--yes", "--new-passphrase-file", &new],
            RotateRetiring => {
                &["rotate", "k2", "--yes", "--new-passphrase-file", &new, "--retire", "k10MasterKey", "--confirm", "k10MasterKey"]
            }
            Resume => &["rotate", "--resume", "--new-passphrase-file", &new, "--confirm", "k10MasterKey", "--yes"],
            Abandon => &["rotate", "--abandon", "--yes"],
            Remove => &["passkey", "remove", "ana", "--confirm", "ana"],
        };
        args.iter().map(|a| (*a).to_owned()).chain(["--events".to_owned()]).collect()
    }

    /// What it begins in: made once, then copied.
    fn before(self) -> Home {
        static MADE: Mutex<Vec<(Operation, Arc<Home>)>> = Mutex::new(Vec::new());
        let mut made = MADE.lock().unwrap();
        if let Some((_, home)) = made.iter().find(|(operation, _)| *operation == self) {
            return home.copy();
        }
        let home = if self == Init { Home::small() } else { House::new().home };
        home.secret("new", NEW);
        match self {
            Use | Remove => {
                home.good(&unlocking(Add.args(&home), &key(&home)));
            }
            Resume | Abandon => {
                // Stopped half-way: the new passkey is there and not proved.
                let killed = (1..100).find(|n| {
                    home.copy_into_state(RotateRetiring, *n).is_some_and(|stopped| unfinished(&stopped) && names(&stopped).len() == 2)
                });
                let stopped = home.copy_into_state(RotateRetiring, killed.unwrap()).unwrap();
                let copy = stopped.copy();
                made.push((self, Arc::new(stopped)));
                return copy;
            }
            _ => {}
        }
        let copy = home.copy();
        made.push((self, Arc::new(home)));
        copy
    }

    /// It on this home.
    fn call(self, home: &Home) -> Call<'_> {
        let args = if self == Init { self.args(home) } else { unlocking(self.args(home), &key(home)) };
        Call::new(home, &args)
    }

    /// The state that it begins in and the one that it ends in, and how long it takes: measured once.
    fn states(self) -> (Option<State>, State, Duration) {
        static KNOWN: [OnceLock<(Option<State>, State, Duration)>; ALL.len()] = [const { OnceLock::new() }; ALL.len()];
        let measure = || {
            let home = self.before();
            // Going back from a stopped rotation leads to what was before it.
            let old = match self {
                Init => None,
                Resume | Abandon => Some(state(&Rotate.before())),
                _ => Some(state(&home)),
            };
            let since = Instant::now();
            let mut child = self.call(&home).start();
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            let status = child.wait().unwrap();
            assert!(status.success(), "{self:?}: {said}");
            let took = since.elapsed();
            assert!(!unfinished(&home), "{self:?}");
            (old, state(&home), took)
        };
        KNOWN[self as usize].get_or_init(measure).clone()
    }
}

impl Home {
    /// A copy in which `operation` was killed on event `n`; None where it had ended by then.
    fn copy_into_state(&self, operation: Operation, n: usize) -> Option<Self> {
        let home = self.copy();
        kill_on_event(operation, &home, n).then_some(home)
    }
}

#[test]
fn killed_on_every_event_it_keeps_the_old_state_or_the_new_one() {
    let mut kills = 0;
    for operation in ALL {
        operation.states();
        for n in 1.. {
            let home = operation.before();
            if !kill_on_event(operation, &home, n) {
                assert!(n > 3, "{operation:?} tells its events");
                break;
            }
            kills += 1;
            assert_sound(operation, &home, &format!("event {n}"), true);
        }
    }
    println!("killed {kills} times on an event");
}

#[test]
fn killed_at_any_instant_it_keeps_the_old_state_or_the_new_one() {
    let each = kills_of_each(ALL.len());
    for operation in ALL {
        let (_, _, length) = operation.states();
        let mut nth = 0;
        at_random(each, length, |instant| {
            let home = operation.before();
            let killed = operation.call(&home).run_killed(instant);
            if killed {
                assert_sound(operation, &home, &format!("{instant:?} of {length:?}"), nth % 4 == 0);
                nth += 1;
            }
            killed
        });
    }
    println!("killed {} times at random instants", each as usize * ALL.len());
}

/// Runs it and kills it as soon as it told event `n` (from 1); false where it ended before.
fn kill_on_event(operation: Operation, home: &Home, n: usize) -> bool {
    let mut child = operation.call(home).start();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let is_event = |line: &String| serde_json::from_str::<serde_json::Value>(line).is_ok_and(|v| v.get("event").is_some());
    let told = lines.by_ref().map_while(Result::ok).filter(is_event).nth(n - 1).is_some();
    let _ = child.kill();
    let ended = code(child.wait().unwrap());
    assert!(told || ended == 0, "{operation:?} fails by itself: {ended}");
    told
}

/// Whatever was left behind opens, verifies, and goes on or back.
fn assert_sound(operation: Operation, home: &Home, when: &str, both_ways: bool) {
    let (old, new, _) = operation.states();
    let at = format!("{operation:?} killed at {when}");
    if operation == Init && home.files().iter().all(|(path, _)| !path.ends_with("catalog.db")) {
        // Nothing was set up: it can be, and no draft stays.
        home.good(&operation.args(home));
        assert_eq!(state(home), new, "{at}");
        let drafts: Vec<_> = home.files().into_iter().map(|(path, _)| path).filter(|p| p.starts_with(home.path().join("data"))).collect();
        assert!(drafts.iter().all(|p| p.file_name().unwrap().to_string_lossy().starts_with("catalog.db")), "{at}: {drafts:?}");
        return;
    }
    let opens = opening(home, &at);
    if !unfinished(home) {
        let now = state(home);
        assert!(now == new || Some(&now) == old.as_ref(), "{at}: {now:?} is neither {old:?} nor {new:?}");
        return;
    }
    if !both_ways {
        return;
    }
    let retired = names(home).len() == 1;
    for way in [Resume, Abandon] {
        let copy = home.copy();
        let run = copy.run(&unlocking(way.args(&copy), &copy_of(&opens, home, &copy)));
        // What was taken away for good cannot be taken back; it says so and changes nothing.
        if way == Abandon && retired && run.code == 5 {
            assert!(unfinished(&copy), "{at}");
            continue;
        }
        assert_eq!(run.code, 0, "{at}, then {way:?}: {run:#?}");
        assert!(!unfinished(&copy), "{at}, then {way:?}");
        opening(&copy, &at);
        let goal = match (way, operation) {
            // A stopped rotation that is resumed ends in the new state, whatever was stopped the second time.
            (Resume, Abandon) => Resume.states().1,
            (Resume, _) => new.clone(),
            _ => old.clone().expect("set-up leaves nothing unfinished"),
        };
        assert_eq!(state(&copy), goal, "{at}, then {way:?}");
    }
}

/// Some known passphrase opens it, and with it the journal verifies; the file that does.
fn opening(home: &Home, at: &str) -> String {
    let mut failures = Vec::new();
    for file in [key(home), home.path().join("new").to_string_lossy().into_owned()] {
        let run = home.run(&["journal", "verify", "--passphrase-file", &file]);
        if run.code == 0 {
            return file;
        }
        failures.push(run);
    }
    panic!("{at}: no passphrase opens it, or the journal does not verify: {failures:#?}");
}

fn key(home: &Home) -> String {
    let file = home.path().join("passphrase");
    if !file.exists() {
        return home.secret("passphrase", PASSPHRASE);
    }
    file.to_string_lossy().into_owned()
}

/// The same file in a copy.
fn copy_of(file: &str, home: &Home, copy: &Home) -> String {
    file.replace(&*home.path().to_string_lossy(), &copy.path().to_string_lossy())
}

fn unlocking(mut args: Vec<String>, file: &str) -> Vec<String> {
    args.extend(["--passphrase-file".to_owned(), file.to_owned()]);
    args
}

fn status(home: &Home) -> serde_json::Value {
    serde_json::from_str(&home.good(&["status", "-o", "json"]).out).expect("JSON")
}

fn unfinished(home: &Home) -> bool {
    harness::member(&status(home), "unfinished").is_some_and(|v| !v.is_null())
}

fn state(home: &Home) -> State {
    let status = status(home);
    let passkeys = harness::member(&status, "passkeys").and_then(|p| p.as_array()).expect("passkeys").clone();
    let mut all: State = passkeys.iter().map(|p| format!("{} {}", p["name"].as_str().unwrap(), p["inUse"])).collect();
    all.sort();
    all
}

fn names(home: &Home) -> Vec<String> {
    state(home).iter().filter_map(|s| s.split(' ').next()).map(str::to_owned).collect()
}
