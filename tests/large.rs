//! A catalog that has grown large: what a frame and a key may cost is counted here, not timed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;
mod stage;

use harness::house::{House, PASSPHRASE};
use harness::pty::{END, Launch};
use harness::{procfs, seed, session};
use kastellan::app::{App, Effect, Key, Msg, Names, overview, update};
use kastellan::domain::Facts;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's memory, counting what each thread asks for.
struct Counting;

thread_local! {
    static ASKED: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static MEMORY: Counting = Counting;

/// How many allocations `work` makes.
fn allocations<T>(work: impl FnOnce() -> T) -> usize {
    let before = ASKED.get();
    std::hint::black_box(work());
    ASKED.get() - before
}

const PASSKEYS: usize = 300;

/// An installation with many passkeys.
fn house() -> House {
    let house = House::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let opened = seed::open(&house.catalog(), "k10MasterKey", PASSPHRASE).await;
        opened.add_passkeys(PASSKEYS, "a passphrase that many share").await;
        opened.add_policies(50, |n| format!("namespace-{n:04}.daily")).await;
    });
    house
}

#[test]
fn a_first_frame_reads_one_passkey_of_many() {
    let house = house();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let session = session::locked(&house).await;
        let first = session.glance().await.unwrap();
        assert_eq!((first.passkeys.len(), first.unread), (1, PASSKEYS as u64));
        assert!(first.in_use(&first.passkeys[0].name), "the one that is tried first");
        assert!(first.passkeys[0].proof.is_some(), "with its proof");
        let all = session.facts().await.unwrap();
        assert_eq!((all.passkeys.len(), all.unread), (PASSKEYS + 1, 0));
        assert!(all.passkeys.is_sorted_by_key(|p| p.name.id()));
        let one = all.passkeys.iter().find(|p| all.in_use(&p.name));
        assert_eq!(one, first.passkeys.first());
        assert_eq!((first.installation, first.head, first.policies), (all.installation, all.head, all.policies));

        let names: Vec<_> = ["namespace-0003.daily", "gone", "namespace-0001.daily"].iter().map(|n| n.parse().unwrap()).collect();
        let found: Vec<String> = session.policies_named(&names).await.unwrap().iter().map(|p| p.name.to_string()).collect();
        assert_eq!(found, ["namespace-0003.daily", "namespace-0001.daily"]);
    });
}

#[test]
fn the_console_counts_all_at_once_and_names_them_when_they_are_read() {
    let house = house();
    let terminal = Launch::kastellan::<&str>(&house.home, &[]).size(120, 40).start();
    terminal.wait_text("and 293 more");
    terminal.wait_text(&format!("{} passkeys", PASSKEYS + 1));
    let bytes = terminal.all_bytes();
    let mut first = vt100::Parser::new(40.try_into().unwrap(), 120.try_into().unwrap(), 0);
    first.process(&bytes[..procfs::find(&bytes, END).expect("a first update")]);
    let first = first.screen().contents();
    assert!(first.contains("and 300 more") && first.contains("301 passkeys"), "the first frame waits for no passkey but one:\n{first}");
    terminal.send("\x1b");
    terminal.wait_text("more passkeys");
    terminal.wait_text("Do I get the backups back?");
}

/// An installation as the first frame knows it.
fn glimpsed() -> Facts {
    let mut facts = stage::locked(stage::facts());
    facts.passkeys.truncate(1);
    facts.unread = 4;
    facts
}

#[test]
fn some_of_the_passkeys_give_no_answers() {
    let (mut app, effects) = App::start(stage::setup(glimpsed(), (120, 40)), stage::moment());
    let asked = effects.iter().find_map(|effect| if let Effect::LoadFacts(epoch) = effect { Some(*epoch) } else { None });
    let epoch = asked.expect("the others are asked for");
    let said = |app: &App| format!("{:?}", overview(app, 30));
    assert!(said(&app).contains("reading 4 more passkeys") && !said(&app).contains("Case"), "{}", said(&app));
    update(&mut app, stage::moment(), Msg::Facts(epoch, Ok(Box::new(stage::locked(stage::facts())))));
    assert!(!said(&app).contains("reading") && said(&app).contains("Case"), "{}", said(&app));
}

/// The console with this many passkeys and policies, on the screen of a key.
fn grown(count: usize, screen: char) -> App {
    let mut facts = stage::facts();
    let model = facts.passkeys[0].clone();
    facts.passkeys.extend((0..count).map(|n| {
        let mut passkey = model.clone();
        passkey.name = format!("z-key-{n:05}").parse().unwrap();
        passkey.owner = None;
        passkey
    }));
    let (mut app, _) = App::start(stage::setup(facts, (120, 40)), stage::moment());
    let effects = update(&mut app, stage::moment(), Msg::Key(Key::Char(screen)));
    for effect in effects {
        if let Effect::LoadPolicyNames(epoch) = effect {
            let names = (0..count).map(|n| format!("namespace-{n:06}.daily")).collect();
            update(&mut app, stage::moment(), Msg::PolicyNames(epoch, Ok(names)));
        }
    }
    update(&mut app, stage::moment(), Msg::Key(Key::Char('/')));
    app
}

#[test]
fn a_key_of_a_filter_costs_no_allocation_a_row() {
    for (screen, typed) in [('2', "key-0"), ('3', "space-00")] {
        let cost = |count: usize| {
            let mut app = grown(count, screen);
            typed.chars().map(|c| allocations(|| update(&mut app, stage::moment(), Msg::Key(Key::Char(c))))).max().unwrap()
        };
        let (small, large) = (cost(100), cost(10_000));
        assert!(large <= small + 40, "on screen {screen}: {small} allocations a key with 100 rows, {large} with 10 000");
    }
}

#[test]
fn a_search_in_a_hundred_thousand_names_allocates_only_its_answer() {
    let all: Vec<String> = (0..100_000).map(|n| format!("team-{}-namespace-{n}.daily", n % 97)).collect();
    let names = Names::new(&all);
    let made = allocations(|| names.holding("space-9"));
    assert!(made < 40, "{made} allocations");
}
