//! A terminal for the real binary: keys in, screen and raw bytes out.
//!
//! The master side is held by this file alone, so that [`Terminal::hang_up`] really is the terminal going away. A descriptor of the other side
//! stays open: it keeps the modes for looking at after the program has ended.

use super::house::Home;
use super::{BINARY, PATIENCE, procfs};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::num::NonZeroU16;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Begin and end of a synchronised update.
pub const BEGIN: &[u8] = b"\x1b[?2026h";
/// See [`BEGIN`].
pub const END: &[u8] = b"\x1b[?2026l";

/// What is to be started in a terminal, and how.
pub struct Launch<'a> {
    home: &'a Home,
    program: Vec<OsString>,
    size: (u16, u16),
    env: Vec<(String, String)>,
}

impl<'a> Launch<'a> {
    /// The binary under test with these arguments, at 80x24.
    pub fn kastellan<S: AsRef<str>>(home: &'a Home, args: &[S]) -> Self {
        Self::program(home, BINARY, args)
    }

    /// Any program.
    pub fn program<S: AsRef<str>>(home: &'a Home, program: &str, args: &[S]) -> Self {
        let program = std::iter::once(program).chain(args.iter().map(AsRef::as_ref)).map(OsString::from).collect();
        Self { home, program, size: (80, 24), env: Vec::new() }
    }

    /// Columns and rows.
    pub fn size(mut self, columns: u16, rows: u16) -> Self {
        self.size = (columns, rows);
        self
    }

    /// One more environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same under `strace`, which writes each write call, with what its descriptor is, to `log`.
    pub fn counting_writes(mut self, strace: &str, log: &std::path::Path) -> Self {
        let mut traced: Vec<OsString> =
            [strace, "-f", "-qq", "-y", "-s", "32", "-e", "trace=write,writev,pwrite64", "-e", "signal=none", "-o"]
                .map(OsString::from)
                .to_vec();
        traced.push(log.into());
        traced.append(&mut self.program);
        self.program = traced;
        self
    }

    /// Starts it.
    pub fn start(self) -> Terminal {
        Terminal::start(&self)
    }
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// With this exit code.
    Code(u32),
    /// By this signal, as the system words it.
    Signal(String),
}

/// What a terminal is set to.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modes {
    /// All of termios.
    pub stty: String,
    /// The alternate screen is shown.
    pub alternate: bool,
    /// The cursor is hidden.
    pub hidden_cursor: bool,
    /// Pastes are bracketed.
    pub paste: bool,
    /// The mouse is reported.
    pub mouse: bool,
    /// Keypad and cursor keys are in application mode.
    pub application: bool,
    /// Private modes (`CSI ? N h`) that are not as a terminal has them from the start, seen in the raw bytes: focus reports, synchronised
    /// updates and whatever else the screen model does not know.
    pub private: Vec<u32>,
    /// Attributes that the next character would have: colours, bold and so on.
    pub attributes: String,
}

/// What came of one key press: all bytes until the terminal was quiet again.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How many reads they came in.
    pub reads: usize,
}

impl Frame {
    /// How many synchronised updates they are.
    pub fn updates(&self) -> usize {
        count(&self.bytes, BEGIN)
    }

    /// Fails unless they are exactly one synchronised update and nothing beside it.
    pub fn assert_one_update(&self) {
        let shown = String::from_utf8_lossy(&self.bytes).escape_debug().to_string();
        assert!(self.bytes.starts_with(BEGIN) && self.bytes.ends_with(END), "bytes outside of the update: {shown}");
        assert_eq!((self.updates(), count(&self.bytes, END)), (1, 1), "more than one update: {shown}");
    }
}

/// A program in a terminal. Dropping it kills what is left of its session.
pub struct Terminal {
    shared: Arc<Shared>,
    master: Option<Arc<OwnedFd>>,
    wake: Option<OwnedFd>,
    reader: Option<JoinHandle<()>>,
    slave: File,
    pid: i32,
    before: String,
    /// When it was started.
    pub started: Instant,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser,
    chunks: Vec<Vec<u8>>,
    all: Vec<u8>,
    first: Option<Instant>,
    last: Instant,
    ended: Option<Ended>,
}

impl Terminal {
    fn start(launch: &Launch) -> Self {
        let (columns, rows) = launch.size;
        let pair = native_pty_system().openpty(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).expect("a pty");
        let raw = pair.master.as_raw_fd().expect("the master is a descriptor");
        // SAFETY: `pair.master` owns it and lives until after it was duplicated.
        let master = Arc::new(rustix::io::fcntl_dupfd_cloexec(unsafe { BorrowedFd::borrow_raw(raw) }, 3).expect("a duplicate"));
        let name = pair.master.tty_name().expect("the terminal has a name");
        let slave = OpenOptions::new().read(true).write(true).custom_flags(NOCTTY).open(name).expect("the other side");
        let mut command = CommandBuilder::from_argv(launch.program.clone());
        command.env_clear();
        for (name, value) in launch.home.environment() {
            command.env(name, value);
        }
        for (name, value) in &launch.env {
            command.env(name, value);
        }
        command.cwd(launch.home.path());
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                parser: parser(columns, rows),
                chunks: Vec::new(),
                all: Vec::new(),
                first: None,
                last: Instant::now(),
                ended: None,
            }),
            changed: Condvar::new(),
        });
        let before = stty(&slave);
        let (wake_reader, wake) = rustix::pipe::pipe().expect("a pipe");
        let reader = std::thread::spawn({
            let (shared, master) = (shared.clone(), master.clone());
            move || read(&shared, &master, &wake_reader)
        });
        let started = Instant::now();
        let mut child = pair.slave.spawn_command(command).expect("the program starts");
        let pid = i32::try_from(child.process_id().expect("it has an id")).unwrap();
        std::thread::spawn({
            let shared = shared.clone();
            move || {
                let status = child.wait().expect("it can be waited for");
                let ended = status.signal().map_or_else(|| Ended::Code(status.exit_code()), |s| Ended::Signal(s.to_owned()));
                shared.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).ended = Some(ended);
                shared.changed.notify_all();
            }
        });
        Self { shared, master: Some(master), wake: Some(wake), reader: Some(reader), slave, pid, before, started }
    }

    /// The program's process id, which is also its session's.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Types these bytes.
    pub fn send(&self, keys: impl AsRef<[u8]>) {
        let (mut left, master) = (keys.as_ref(), self.master.as_ref().expect("not hung up"));
        while !left.is_empty() {
            let written = rustix::io::write(master, left).expect("the terminal takes keys");
            left = &left[written..];
        }
    }

    /// Waits until the screen is as `good` wants it.
    pub fn wait(&self, what: &str, mut good: impl FnMut(&vt100::Screen) -> bool) {
        self.wait_state(what, |state| good(state.parser.screen()).then_some(()));
    }

    /// Answers a question of what asks step by step, once it is what is asked.
    pub fn answer(&self, question: &str, answer: &str) {
        /// How often it was asked so far, and whether it is what is asked now: then nothing but a field is below it.
        fn asked(screen: &vt100::Screen, question: &str) -> (usize, bool) {
            let text = screen.contents();
            let rows: Vec<&str> = text.lines().filter(|row| row.starts_with('│')).map(|row| row.trim_matches(['│', ' '])).collect();
            let last = rows.iter().rev().find(|row| !row.trim_matches('*').is_empty());
            (rows.iter().filter(|row| **row == question).count(), last == Some(&question))
        }
        self.wait(question, |screen| asked(screen, question).1);
        let (before, _) = asked(self.state().parser.screen(), question);
        self.send(format!("{answer}\r"));
        self.wait("the answer to be taken", |screen| {
            let (times, now) = asked(screen, question);
            !now || times > before
        });
    }

    /// Waits until this text is on the screen.
    pub fn wait_text(&self, text: &str) {
        self.wait(&format!("the text {text:?}"), |screen| screen.contents().contains(text));
    }

    /// Waits until this text is gone from the screen.
    pub fn wait_gone(&self, text: &str) {
        self.wait(&format!("the text {text:?} to go"), |screen| !screen.contents().contains(text));
    }

    /// Waits until nothing has been written for `quiet`. Only for counting bytes, where the end of an answer is not marked; what is to be seen
    /// is waited for with [`Terminal::wait`].
    pub fn wait_quiet(&self, quiet: Duration) {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.state();
        let from = Instant::now();
        loop {
            let since = state.last.max(from);
            let left = (since + quiet).saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            assert!(Instant::now() < deadline, "it never stops writing");
            state = self.shared.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Types a key that draws, and takes all that comes of it.
    pub fn press(&self, keys: impl AsRef<[u8]>) -> Frame {
        self.take();
        self.send(keys);
        self.wait_update();
        self.wait_quiet(Duration::from_millis(60));
        self.take()
    }

    /// Waits until a synchronised update ended that [`Terminal::take`] has not taken yet.
    pub fn wait_update(&self) {
        self.wait_state("an update", |state| (count(&state.chunks.concat(), END) > 0).then_some(()));
    }

    /// What was written since the last time.
    pub fn take(&self) -> Frame {
        let chunks = std::mem::take(&mut self.state().chunks);
        Frame { reads: chunks.len(), bytes: chunks.concat() }
    }

    /// Everything that was ever written.
    pub fn all_bytes(&self) -> Vec<u8> {
        self.state().all.clone()
    }

    /// From start to the first byte.
    pub fn first_byte_after(&self) -> Option<Duration> {
        self.state().first.map(|first| first - self.started)
    }

    /// The screen's text, line by line.
    pub fn screen(&self) -> String {
        self.state().parser.screen().contents()
    }

    /// A copy of the screen with all its cells.
    pub fn cells(&self) -> vt100::Screen {
        self.state().parser.screen().clone()
    }

    /// Another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        let mut state = self.state();
        state.parser.screen_mut().set_size(nonzero(rows), nonzero(columns));
        let size = rustix::termios::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&self.slave, size).expect("the terminal takes a size");
    }

    /// Sends a signal to the program.
    pub fn kill(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid).unwrap(), signal).expect("the program is there");
    }

    /// The terminal goes away, as when a window is closed or a connection is lost.
    pub fn hang_up(&mut self) {
        self.wake = None;
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader ends");
        }
        self.master = None;
    }

    /// Waits for the end of the program.
    pub fn wait_end(&self) -> Ended {
        self.wait_state("the end of the program", |state| state.ended.clone())
    }

    /// Whether it has ended.
    pub fn ended(&self) -> Option<Ended> {
        self.state().ended.clone()
    }

    /// Waits until nobody is left in its session.
    pub fn wait_nobody_left(&self) {
        super::until(&format!("the session of {} to be empty", self.pid), || procfs::alive_in_session(self.pid).is_empty().then_some(()));
    }

    /// What the terminal is set to now.
    pub fn modes(&self) -> Modes {
        let state = self.state();
        let screen = state.parser.screen();
        Modes {
            stty: stty(&self.slave),
            alternate: screen.alternate_screen(),
            hidden_cursor: screen.hide_cursor(),
            paste: screen.bracketed_paste(),
            mouse: screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None,
            application: screen.application_cursor() || screen.application_keypad(),
            private: private_modes(&state.all),
            attributes: screen.attributes_formatted(),
        }
    }

    /// What it was set to before the program started.
    pub fn modes_before(&self) -> Modes {
        let screen = vt100::Parser::default();
        Modes {
            stty: self.before.clone(),
            alternate: false,
            hidden_cursor: false,
            paste: false,
            mouse: false,
            application: false,
            private: Vec::new(),
            attributes: screen.screen().attributes_formatted(),
        }
    }

    /// Waits until the terminal is as it was before the program started, and everything it wrote last is read.
    pub fn wait_restored(&self) {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.state();
        loop {
            drop(state);
            let (now, before) = (self.modes(), self.modes_before());
            if now == before {
                return;
            }
            assert!(Instant::now() < deadline, "the terminal is not as it was:\n{now:#?}\nbefore:\n{before:#?}");
            state = self.shared.changed.wait_timeout(self.state(), Duration::from_millis(20)).unwrap().0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn wait_state<T>(&self, what: &str, mut look: impl FnMut(&State) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.state();
        loop {
            if let Some(found) = look(&state) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            // What a program wrote last may be read after its end was seen.
            let dead = state.ended.is_some() && state.last.elapsed() > Duration::from_secs(2);
            assert!(
                !left.is_zero() && !dead,
                "waited in vain for {what}; the program: {}; the screen:\n{}",
                state.ended.as_ref().map_or_else(|| "runs".to_owned(), |e| format!("ended with {e:?}")),
                state.parser.screen().contents()
            );
            state = self.shared.changed.wait_timeout(state, left.min(Duration::from_millis(500))).unwrap().0;
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        for process in procfs::alive_in_session(self.pid) {
            if let Some(pid) = Pid::from_raw(process.pid) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        self.hang_up();
    }
}

/// How often `needle` stands in `hay`.
pub fn count(hay: &[u8], needle: &[u8]) -> usize {
    hay.windows(needle.len()).filter(|w| *w == needle).count()
}

/// Every escape sequence in these bytes, as its introducer with parameters and final byte: `ESC [ ? 25 h`, `ESC ] 11 ; ? BEL`.
pub fn sequences(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let rest = &bytes[at..];
        let length = match rest {
            [0x1b, b'[', ..] => 2 + rest[2..].iter().position(|b| (0x40..=0x7e).contains(b)).map_or(rest.len() - 2, |n| n + 1),
            [0x1b, b']' | b'P' | b'_' | b'^' | b'X', ..] => {
                let end = |w: &[u8]| w[0] == 7 || w == [0x1b, b'\\'];
                rest[2..].windows(2).position(end).map_or(rest.len(), |n| n + 4)
            }
            [0x1b, _, ..] => 2,
            _ => {
                at += 1;
                continue;
            }
        };
        found.push(rest[..length.min(rest.len())].to_vec());
        at += length;
    }
    found
}

/// Private modes that were switched and not switched back.
fn private_modes(bytes: &[u8]) -> Vec<u32> {
    let mut on: std::collections::BTreeMap<u32, bool> = std::collections::BTreeMap::new();
    for sequence in sequences(bytes) {
        let text = String::from_utf8_lossy(&sequence).into_owned();
        let Some(modes) = text.strip_prefix("\x1b[?").and_then(|m| m.strip_suffix(['h', 'l'])) else { continue };
        on.extend(modes.split(';').filter_map(|m| m.parse::<u32>().ok()).map(|m| (m, text.ends_with('h'))));
    }
    // Auto-wrap and the cursor are on from the start.
    on.into_iter().filter(|(mode, on)| *on != matches!(mode, 7 | 25)).map(|(mode, _)| mode).collect()
}

/// `O_NOCTTY`: looking at a terminal must not make it ours.
const NOCTTY: i32 = rustix::fs::OFlags::NOCTTY.bits().cast_signed();

fn read(shared: &Shared, master: &OwnedFd, wake: &OwnedFd) {
    let mut buffer = vec![0; 65536];
    loop {
        let mut waiting = [PollFd::new(master, PollFlags::IN), PollFd::new(wake, PollFlags::IN)];
        if poll(&mut waiting, None).is_err() {
            continue;
        }
        if !waiting[1].revents().is_empty() {
            return;
        }
        let Ok(length @ 1..) = rustix::io::read(master, &mut buffer) else { return };
        let mut state = shared.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.parser.process(&buffer[..length]);
        state.chunks.push(buffer[..length].to_vec());
        state.all.extend_from_slice(&buffer[..length]);
        let now = Instant::now();
        state.last = now;
        state.first.get_or_insert(now);
        drop(state);
        shared.changed.notify_all();
    }
}

fn stty(terminal: &File) -> String {
    format!("{:?}", rustix::termios::tcgetattr(terminal).expect("it is a terminal"))
}

fn parser(columns: u16, rows: u16) -> vt100::Parser {
    vt100::Parser::new(nonzero(rows), nonzero(columns), 0)
}

fn nonzero(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).expect("a size above zero")
}
