//! What the console writes: how much, in how many pieces, and when nothing.

use crate::harness::house::{House, PASSPHRASE};
use crate::harness::pty::{Frame, Launch, Terminal, count, sequences};
use crate::harness::{procfs, seed, tools};
use std::time::Duration;

/// The most that a first frame may take at 120x40.
const FIRST: usize = 9 * 1024;
/// The most that a cursor move may take, typically and ever.
const MOVE: (usize, usize) = (350, 600);

/// An installation with this many policies.
fn house(policies: usize) -> House {
    let house = House::new();
    if policies > 0 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let opened = seed::open(&house.catalog(), "k10MasterKey", PASSPHRASE).await;
            opened.add_policies(policies, |n| format!("namespace-{n:04}.daily-backup")).await;
        });
    }
    house
}

/// The unlocked console on it, showing the overview, and quiet.
fn console(house: &House, size: (u16, u16)) -> Terminal {
    let terminal = Launch::kastellan(&house.home, &house.opening::<&str>(&[])).size(size.0, size.1).start();
    terminal.wait_text("unlocked by k10MasterKey");
    terminal.wait_quiet(QUIET);
    terminal
}

/// What is waited before "nothing more came" is believed.
const QUIET: Duration = Duration::from_millis(300);

#[test]
fn a_first_frame_is_small_one_update_and_asks_the_terminal_nothing() {
    let house = house(100);
    for args in [vec![], house.opening::<&str>(&[])] {
        let terminal = Launch::kastellan(&house.home, &args).size(120, 40).start();
        terminal.wait("a first frame", |screen| screen.contents().contains("prod-eu1"));
        if !args.is_empty() {
            terminal.wait_text("unlocked by k10MasterKey");
        }
        terminal.wait_quiet(QUIET);
        let all = terminal.all_bytes();
        let first = procfs::find(&all, crate::harness::pty::END).expect("an end of the first update");
        assert!(first < FIRST, "the first frame takes {first} bytes with {args:?}");
        if args.is_empty() {
            assert!(all.len() <= FIRST, "{} bytes until it is quiet", all.len());
            assert_eq!(count(&all, crate::harness::pty::BEGIN), 1, "one first frame");
        }
        terminal.send("?");
        terminal.wait_quiet(QUIET);
        assert_eq!(queries(&terminal.all_bytes()), Vec::<String>::new());
    }
}

#[test]
fn the_fullest_frame_is_small() {
    let house = house(100);
    let terminal = console(&house, (120, 40));
    terminal.press("3");
    terminal.wait_text("namespace-0010");
    let whole = repaint(&terminal, (119, 39));
    assert!(whole.bytes.len() <= FIRST, "a full table takes {} bytes", whole.bytes.len());
}

#[test]
fn a_cursor_move_is_one_small_update() {
    let house = house(100);
    let terminal = console(&house, (120, 40));
    terminal.press("3");
    terminal.wait_text("namespace-0010");
    terminal.wait_quiet(QUIET);
    // Far enough down and up again that the list scrolls under the cursor.
    let moves: Vec<Frame> = (0..60).map(|_| terminal.press("j")).chain((0..60).map(|_| terminal.press("k"))).collect();
    moves.iter().for_each(Frame::assert_one_update);
    let scrolls =
        moves.iter().filter(|frame| procfs::find(&frame.bytes, b"\x1b[M").or(procfs::find(&frame.bytes, b"\x1b[L")).is_some()).count();
    assert!(scrolls > 30, "{scrolls} of them scrolled");
    let mut sizes: Vec<usize> = moves.iter().map(|frame| frame.bytes.len()).collect();
    sizes.sort_unstable();
    println!("cursor move: median {} bytes, most {}", sizes[sizes.len() / 2], sizes[sizes.len() - 1]);
    assert!(sizes[sizes.len() / 2] <= MOVE.0, "median: {sizes:?}");
    assert!(sizes[sizes.len() - 1] <= MOVE.1, "most: {sizes:?}");
    // After all that scrolling it shows what a new frame shows.
    let before = terminal.screen();
    terminal.send("\x0c");
    terminal.wait_update();
    terminal.wait("the same", |screen| screen.contents() == before);
}

#[test]
fn a_frame_is_one_write_call() {
    let Some(strace) = tools::need("strace", "strace") else { return };
    if !tools::need_root("strace") {
        return;
    }
    let house = house(20);
    let log = house.home.path().join("strace");
    let terminal = Launch::kastellan(&house.home, &house.opening::<&str>(&[])).size(120, 40).counting_writes(&strace, &log).start();
    terminal.wait_text("unlocked by k10MasterKey");
    terminal.press("3");
    terminal.wait_text("namespace-0010");
    terminal.wait_quiet(QUIET);
    let writes = || std::fs::read_to_string(&log).unwrap().lines().filter(|l| l.contains("</dev/pts/")).count();
    let (before, updates) = (writes(), (0..10).map(|_| terminal.press("j").updates()).sum::<usize>());
    assert_eq!(updates, 10);
    assert_eq!(writes() - before, updates, "{}", std::fs::read_to_string(&log).unwrap());
}

#[test]
fn what_changes_nothing_writes_nothing() {
    let house = house(20);
    let terminal = console(&house, (120, 40));
    terminal.press("3");
    terminal.wait_text("namespace-0010");
    terminal.wait_quiet(QUIET);
    terminal.take();
    // Up at the top, a paste outside of any field, a key that means nothing, the same size again.
    for nothing in ["k", "\x1b[200~rm -rf\r\x1b[201~", "\x1b[20~"] {
        terminal.send(nothing);
        terminal.wait_quiet(QUIET);
        let frame = terminal.take();
        assert_eq!(frame.bytes, b"", "{nothing:?}: {}", String::from_utf8_lossy(&frame.bytes).escape_debug());
    }
    // It was listening all the time.
    terminal.press("j").assert_one_update();
}

#[test]
fn ten_idle_seconds_write_nothing_and_sleep() {
    let house = house(20);
    let locked = Launch::kastellan(&house.home, &[""; 0]).size(120, 40).start();
    locked.wait_text("prod-eu1");
    let overview = console(&house, (120, 40));
    let policies = console(&house, (80, 24));
    policies.press("3");
    // The others saw the journal grow as these unlocked; now all is quiet.
    let consoles = [("locked", locked), ("overview", overview), ("policies", policies)];
    for (_, console) in &consoles {
        console.wait_quiet(Duration::from_secs(2));
        console.take();
    }
    let before: Vec<_> = consoles.iter().map(|(_, c)| procfs::voluntary_switches(c.pid())).collect();
    // Not a wait for something: ten idle seconds are what is measured.
    std::thread::sleep(Duration::from_secs(10));
    for ((name, console), before) in consoles.iter().zip(before) {
        let woken = procfs::switches_since(console.pid(), &before);
        println!("{name}: {woken} voluntary context switches in ten idle seconds");
        assert_eq!(console.take().bytes, b"", "{name} writes while idle");
        assert!(woken <= 10, "{name} woke up {woken} times");
    }
}

#[test]
fn a_resize_is_one_full_repaint() {
    let house = house(100);
    let terminal = console(&house, (120, 40));
    terminal.press("3");
    terminal.wait_text("namespace-0010");
    for size in [(100, 30), (80, 24), (60, 15), (120, 40)] {
        let frame = repaint(&terminal, size);
        assert_eq!(frame.updates(), 1, "{size:?}");
        // A terminal that shows anything at all before must show the same after these bytes alone.
        let mut other = vt100::Parser::new(size.1.try_into().unwrap(), size.0.try_into().unwrap(), 0);
        other.process("garbage ".repeat(usize::from(size.0) * usize::from(size.1) / 8).as_bytes());
        other.process(&frame.bytes);
        assert_eq!(other.screen().contents(), terminal.screen(), "{size:?}");
        let text = terminal.screen();
        assert!(text.contains("prod-eu1"), "{text}");
    }
}

#[test]
fn too_small_a_terminal_says_so_and_comes_back() {
    let house = house(0);
    let terminal = console(&house, (80, 24));
    // All but the bottom line, whose flash goes with the next key.
    let upper = |text: &str| text.lines().take(23).map(str::to_owned).collect::<Vec<_>>();
    let before = upper(&terminal.screen());
    terminal.resize(40, 8);
    terminal.wait("a message about the size", |screen| screen.contents().contains("60 and 15"));
    terminal.send("3");
    terminal.resize(80, 24);
    terminal.wait("the screen as it was", |screen| upper(&screen.contents()) == before);
}

/// Another size, and all that comes of it.
fn repaint(terminal: &Terminal, size: (u16, u16)) -> Frame {
    terminal.wait_quiet(QUIET);
    terminal.take();
    terminal.resize(size.0, size.1);
    terminal.wait_update();
    terminal.wait_quiet(QUIET);
    terminal.take()
}

/// Sequences that make a terminal answer: device attributes, reports, colours, settings, capabilities, keyboard and mode queries.
fn queries(bytes: &[u8]) -> Vec<String> {
    let asks = |sequence: &[u8]| {
        let text = String::from_utf8_lossy(sequence).into_owned();
        let report = text.starts_with("\x1b[") && (text.ends_with(['c', 'n', 'x']) || text.ends_with("$p") || text.ends_with("$w"));
        let window = text.starts_with("\x1b[") && text.ends_with('t');
        let keyboard = text == "\x1b[?u" || text == "\x1b[?4m";
        let colour = text.starts_with("\x1b]") && text.contains('?');
        report || window || keyboard || colour || text.starts_with("\x1bP") || text.starts_with("\x1b_") || text == "\x1bZ"
    };
    let found = sequences(bytes).into_iter().filter(|s| asks(s));
    found.map(|s| String::from_utf8_lossy(&s).escape_debug().to_string()).collect()
}

#[test]
fn queries_are_recognised() {
    for query in [
        "\x1b[c",
        "\x1b[0c",
        "\x1b[>c",
        "\x1b[6n",
        "\x1b[?6n",
        "\x1b]10;?\x07",
        "\x1b]11;?\x1b\\",
        "\x1bP$qm\x1b\\",
        "\x1bP+q544e\x1b\\",
        "\x1b[?2026$p",
        "\x1b[?u",
        "\x1b[14t",
    ] {
        assert_eq!(queries(format!("text{query}text").as_bytes()).len(), 1, "{query:?}");
    }
    assert!(queries(b"\x1b[?1049h\x1b[?2026h\x1b[1;1Htext\x1b[31mcn\x1b[0m\x1b[2J\x1b[?2026l\x1b]52;c;eA==\x07").is_empty());
}
