//! What the terminal sends, as keys.
//!
//! Owns: reading the terminal and taking its bytes apart. Must not: know what a key does. The reader is Kastellan's own, and not
//! crossterm's, for two reasons: crossterm's spins for ever on a terminal that is gone, and it keeps what was typed in buffers that
//! nobody can wipe. Here what was read is wiped as soon as it is taken apart, and the end of input is an end.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::OwnedFd;
use std::io;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use zeroize::{Zeroize, Zeroizing};

/// How long the rest of an escape sequence is waited for, in milliseconds; then a lone escape is the Esc key.
pub const REST: u64 = 30;
/// The longest paste, in bytes; what is beyond is dropped.
const LONGEST_PASTE: usize = 64 * 1024;
/// The longest escape sequence, in bytes; a longer one is dropped.
const LONGEST_SEQUENCE: usize = 4096;

/// Something that the terminal sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed.
    Key(KeyEvent),
    /// Something was pasted: one value.
    Paste(Zeroizing<Vec<u8>>),
    /// The terminal's window has the focus, or lost it.
    Focus(bool),
    /// A mouse button was pressed: column, row, from 0.
    Click(u16, u16),
    /// The wheel was turned up.
    WheelUp,
    /// The wheel was turned down.
    WheelDown,
}

/// Reads the terminal when it has something.
pub struct Reader {
    terminal: AsyncFd<OwnedFd>,
    buffer: Zeroizing<Vec<u8>>,
    parser: Parser,
}

impl Reader {
    /// Reads from this descriptor.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn new(terminal: OwnedFd) -> io::Result<Self> {
        // Its successor is unsafe because of types whose descriptor may change; an OwnedFd's does not.
        #[allow(deprecated)]
        let terminal = AsyncFd::with_interest(terminal, Interest::READABLE)?;
        Ok(Self { terminal, buffer: Zeroizing::new(vec![0; 4096]), parser: Parser::new() })
    }

    /// Waits for input and appends it to `to`. False: the terminal is gone, nothing will come any more.
    pub async fn read(&mut self, to: &mut Vec<Input>) -> bool {
        loop {
            let waiting = self.parser.waits();
            let ready = if waiting {
                if let Ok(ready) = tokio::time::timeout(std::time::Duration::from_millis(REST), self.terminal.readable()).await {
                    ready
                } else {
                    self.parser.give_up(to);
                    return true;
                }
            } else {
                self.terminal.readable().await
            };
            let Ok(mut ready) = ready else { return false };
            if !has_something(self.terminal.get_ref()) {
                ready.clear_ready();
                continue;
            }
            match rustix::io::read(self.terminal.get_ref(), &mut self.buffer[..]) {
                Ok(0) => return false,
                Ok(count) => {
                    self.parser.feed(&self.buffer[..count], to);
                    self.buffer[..count].zeroize();
                    if !to.is_empty() {
                        return true;
                    }
                }
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                // Where a background process reads, or the session is over.
                Err(_) => return false,
            }
        }
    }
}

/// Whether reading would not block: bytes, or the end. Readiness alone may be old news.
fn has_something(terminal: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(terminal, PollFlags::IN)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    matches!(rustix::event::poll(&mut fds, Some(&now)), Ok(n) if n > 0)
}

/// Takes bytes apart, however they were cut.
struct Parser {
    pending: Zeroizing<Vec<u8>>,
    paste: Option<Zeroizing<Vec<u8>>>,
}

/// What the beginning of the pending bytes is.
enum Found {
    /// So many bytes, and what they mean.
    Whole(usize, Option<Input>),
    /// A paste begins after so many bytes.
    PasteBegins(usize),
    /// More must come.
    Part,
}

impl Parser {
    fn new() -> Self {
        Self { pending: Zeroizing::new(Vec::with_capacity(2 * LONGEST_SEQUENCE)), paste: None }
    }

    /// Whether an escape sequence began and did not end.
    fn waits(&self) -> bool {
        !self.pending.is_empty() && self.paste.is_none()
    }

    fn feed(&mut self, bytes: &[u8], to: &mut Vec<Input>) {
        self.pending.extend_from_slice(bytes);
        while !self.pending.is_empty() {
            if self.paste.is_some() {
                if !self.take_paste(to) {
                    return;
                }
                continue;
            }
            match first(&self.pending) {
                Found::Whole(count, input) => {
                    self.consume(count);
                    to.extend(input);
                }
                Found::PasteBegins(count) => {
                    self.consume(count);
                    self.paste = Some(Zeroizing::new(Vec::with_capacity(LONGEST_SEQUENCE)));
                }
                Found::Part if self.pending.len() > LONGEST_SEQUENCE => self.pending.zeroize(),
                Found::Part => return,
            }
        }
    }

    /// The rest did not come in time.
    fn give_up(&mut self, to: &mut Vec<Input>) {
        match self.pending.as_slice() {
            [0x1b] => to.push(Input::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE))),
            [0x1b, c @ (b'[' | b'O' | b']' | b'P')] => to.push(Input::Key(KeyEvent::new(KeyCode::Char(char::from(*c)), KeyModifiers::ALT))),
            _ => {}
        }
        self.pending.zeroize();
    }

    fn consume(&mut self, count: usize) {
        let rest = self.pending.len() - count;
        self.pending.copy_within(count.., 0);
        self.pending[rest..].zeroize();
        self.pending.truncate(rest);
    }

    /// Moves pending bytes into the paste; true when it is over. One whose end never came, because the connection was cut in it, is given up
    /// for the keys that lock and leave.
    fn take_paste(&mut self, to: &mut Vec<Input>) -> bool {
        const END: &[u8] = b"\x1b[201~";
        let Some(paste) = &mut self.paste else { return true };
        let end = self.pending.windows(END.len()).position(|w| w == END);
        if end.is_none()
            && let Some(at) = self.pending.iter().position(|byte| matches!(byte, 0x03 | 0x18))
        {
            self.paste = None;
            self.consume(at);
            return true;
        }
        // The end may be cut in two: keep what could be its beginning.
        let taken = end.unwrap_or(self.pending.len().saturating_sub(END.len() - 1));
        let room = LONGEST_PASTE.saturating_sub(paste.len()).min(taken);
        paste.extend_from_slice(&self.pending[..room]);
        let whole = end.map_or(taken, |at| at + END.len());
        self.consume(whole);
        if end.is_some()
            && let Some(paste) = self.paste.take()
        {
            to.push(Input::Paste(paste));
        }
        end.is_some()
    }
}

/// Wrapped, as the tables of keys want it.
#[allow(clippy::unnecessary_wraps)]
fn key(code: KeyCode, modifiers: KeyModifiers) -> Option<Input> {
    Some(Input::Key(KeyEvent::new(code, modifiers)))
}

/// The first thing in these bytes, of which there is at least one.
fn first(bytes: &[u8]) -> Found {
    match bytes {
        [0x1b, rest @ ..] => escape(rest),
        [control @ (0..=0x1f | 0x7f), ..] => Found::Whole(1, control_key(*control, KeyModifiers::NONE)),
        _ => character(bytes, KeyModifiers::NONE),
    }
}

/// What follows an escape.
fn escape(rest: &[u8]) -> Found {
    match rest {
        [] | [b'[', b'['] | [b'O'] => Found::Part,
        [0x1b, ..] => Found::Whole(1, key(KeyCode::Esc, KeyModifiers::NONE)),
        [b'[', b'[', letter, ..] => Found::Whole(4, function_key(letter.wrapping_sub(b'A').wrapping_add(1), KeyModifiers::NONE)),
        [b'[', body @ ..] => match body.iter().position(|b| (0x40..=0x7e).contains(b)) {
            Some(end) => sequence(&body[..end], body[end], end + 3),
            None if body.iter().any(|b| !(0x20..=0x3f).contains(b)) => Found::Whole(2, None),
            None => Found::Part,
        },
        [b'O', letter, ..] => Found::Whole(3, letter_key(*letter, KeyModifiers::NONE)),
        // A late answer to somebody else's question: swallowed to its end.
        [b']' | b'P' | b'_' | b'^', body @ ..] => {
            let bell = body.iter().position(|b| *b == 7).map(|at| at + 3);
            let end = body.windows(2).position(|w| w == b"\x1b\\").map(|at| at + 4);
            bell.into_iter().chain(end).min().map_or(Found::Part, |count| Found::Whole(count, None))
        }
        [control @ (0..=0x1f | 0x7f), ..] => Found::Whole(2, control_key(*control, KeyModifiers::ALT)),
        _ => match character(rest, KeyModifiers::ALT) {
            Found::Whole(count, input) => Found::Whole(count + 1, input),
            other => other,
        },
    }
}

/// A control sequence: its parameters, its last letter, its length.
fn sequence(parameters: &[u8], last: u8, length: usize) -> Found {
    let text = std::str::from_utf8(parameters).unwrap_or_default();
    let mut numbers = text.trim_start_matches('<').split(';').map(|n| n.parse::<u16>().unwrap_or(0));
    let (first, second, third) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let modifiers = modifiers(second);
    let input = match last {
        b'~' => match first {
            200 => return Found::PasteBegins(length),
            1 | 7 => key(KeyCode::Home, modifiers),
            2 => key(KeyCode::Insert, modifiers),
            3 => key(KeyCode::Delete, modifiers),
            4 | 8 => key(KeyCode::End, modifiers),
            5 => key(KeyCode::PageUp, modifiers),
            6 => key(KeyCode::PageDown, modifiers),
            n @ 11..=15 => function_key(u8::try_from(n - 10).unwrap_or(0), modifiers),
            n @ 17..=21 => function_key(u8::try_from(n - 11).unwrap_or(0), modifiers),
            n @ 23..=24 => function_key(u8::try_from(n - 12).unwrap_or(0), modifiers),
            _ => None,
        },
        b'M' if text.starts_with('<') => match first {
            64 => Some(Input::WheelUp),
            65 => Some(Input::WheelDown),
            0 => Some(Input::Click(second.saturating_sub(1), third.saturating_sub(1))),
            _ => None,
        },
        b'I' if parameters.is_empty() => Some(Input::Focus(true)),
        b'O' if parameters.is_empty() => Some(Input::Focus(false)),
        b'Z' => key(KeyCode::BackTab, KeyModifiers::SHIFT),
        letter => letter_key(letter, modifiers),
    };
    Found::Whole(length, input)
}

fn modifiers(parameter: u16) -> KeyModifiers {
    let bits = parameter.saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)] {
        modifiers.set(modifier, bits & bit != 0);
    }
    modifiers
}

fn letter_key(letter: u8, modifiers: KeyModifiers) -> Option<Input> {
    match letter {
        b'A' => key(KeyCode::Up, modifiers),
        b'B' => key(KeyCode::Down, modifiers),
        b'C' => key(KeyCode::Right, modifiers),
        b'D' => key(KeyCode::Left, modifiers),
        b'H' => key(KeyCode::Home, modifiers),
        b'F' => key(KeyCode::End, modifiers),
        b'M' => key(KeyCode::Enter, modifiers),
        b'P'..=b'S' => function_key(letter - b'P' + 1, modifiers),
        _ => None,
    }
}

fn function_key(number: u8, modifiers: KeyModifiers) -> Option<Input> {
    (1..=12).contains(&number).then(|| KeyEvent::new(KeyCode::F(number), modifiers)).map(Input::Key)
}

fn control_key(control: u8, modifiers: KeyModifiers) -> Option<Input> {
    let with_control = modifiers | KeyModifiers::CONTROL;
    match control {
        b'\r' => key(KeyCode::Enter, modifiers),
        b'\t' => key(KeyCode::Tab, modifiers),
        0x7f | 0x08 => key(KeyCode::Backspace, modifiers),
        0 => key(KeyCode::Char(' '), with_control),
        1..=0x1a => key(KeyCode::Char(char::from(control - 1 + b'a')), with_control),
        _ => key(KeyCode::Char(char::from(control - 0x1c + b'4')), with_control),
    }
}

/// A character in UTF-8; a byte that begins none is dropped.
fn character(bytes: &[u8], modifiers: KeyModifiers) -> Found {
    let length = match bytes[0] {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Found::Whole(1, None),
    };
    let there = bytes.len().min(length);
    match std::str::from_utf8(&bytes[..there]) {
        Ok(text) => Found::Whole(length, text.chars().next().and_then(|c| key(KeyCode::Char(c), modifiers))),
        Err(e) if e.error_len().is_none() && there < length => Found::Part,
        Err(_) => Found::Whole(1, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Vec<Input> {
        let (mut parser, mut found) = (Parser::new(), Vec::new());
        parser.feed(bytes, &mut found);
        if parser.waits() {
            parser.give_up(&mut found);
        }
        found
    }

    fn keys(bytes: &[u8]) -> Vec<(KeyCode, KeyModifiers)> {
        parse(bytes)
            .into_iter()
            .map(|input| match input {
                Input::Key(k) => (k.code, k.modifiers),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn keys_as_terminals_send_them() {
        let none = KeyModifiers::NONE;
        for (bytes, code, modifiers) in [
            (&b"j"[..], KeyCode::Char('j'), none),
            ("ä".as_bytes(), KeyCode::Char('ä'), none),
            (b"\r", KeyCode::Enter, none),
            (b"\t", KeyCode::Tab, none),
            (b"\x1b", KeyCode::Esc, none),
            (b"\x7f", KeyCode::Backspace, none),
            (b"\x08", KeyCode::Backspace, none),
            (b"\x03", KeyCode::Char('c'), KeyModifiers::CONTROL),
            (b"\x1a", KeyCode::Char('z'), KeyModifiers::CONTROL),
            (b"\x1bx", KeyCode::Char('x'), KeyModifiers::ALT),
            (b"\x1b[A", KeyCode::Up, none),
            (b"\x1bOB", KeyCode::Down, none),
            (b"\x1b[1;5C", KeyCode::Right, KeyModifiers::CONTROL),
            (b"\x1b[Z", KeyCode::BackTab, KeyModifiers::SHIFT),
            (b"\x1b[5~", KeyCode::PageUp, none),
            (b"\x1b[1~", KeyCode::Home, none),
            (b"\x1b[F", KeyCode::End, none),
            (b"\x1b[3~", KeyCode::Delete, none),
            (b"\x1bOP", KeyCode::F(1), none),
            (b"\x1b[11~", KeyCode::F(1), none),
            (b"\x1b[[A", KeyCode::F(1), none),
            (b"\x1b[24~", KeyCode::F(12), none),
        ] {
            assert_eq!(keys(bytes), [(code, modifiers)], "{bytes:?}");
        }
    }

    #[test]
    fn a_paste_is_one_value_however_it_is_cut() {
        let bytes = b"a\x1b[200~two\nlines \x1b[31m\x1b[201~b";
        for cut in 0..bytes.len() {
            let (mut parser, mut found) = (Parser::new(), Vec::new());
            parser.feed(&bytes[..cut], &mut found);
            parser.feed(&bytes[cut..], &mut found);
            assert_eq!(found.len(), 3, "cut at {cut}: {found:?}");
            assert!(matches!(&found[1], Input::Paste(p) if p.as_slice() == b"two\nlines \x1b[31m"), "cut at {cut}");
        }
    }

    #[test]
    fn a_paste_without_an_end_does_not_keep_one_from_locking_and_leaving() {
        for (byte, key) in [(0x18, 'x'), (0x03, 'c')] {
            let (mut parser, mut found) = (Parser::new(), Vec::new());
            parser.feed(b"\x1b[200~half of a pass", &mut found);
            parser.feed(&[byte, b'j'], &mut found);
            let keys = [KeyEvent::new(KeyCode::Char(key), KeyModifiers::CONTROL), KeyEvent::new(KeyCode::Char('j'), KeyModifiers::NONE)];
            assert_eq!(found, keys.map(Input::Key));
        }
    }

    #[test]
    fn answers_to_questions_that_were_not_asked_are_swallowed() {
        assert_eq!(keys(b"\x1b]11;rgb:0000/0000/0000\x07j"), [(KeyCode::Char('j'), KeyModifiers::NONE)]);
        assert_eq!(keys(b"\x1bP>|xterm\x1b\\j"), [(KeyCode::Char('j'), KeyModifiers::NONE)]);
        assert_eq!(keys(b"\x1b[?62;22cj"), [(KeyCode::Char('j'), KeyModifiers::NONE)]);
        assert_eq!(parse(b"\x1b[I\x1b[O"), [Input::Focus(true), Input::Focus(false)]);
        assert_eq!(parse(b"\x1b[<65;10;20M\x1b[<0;3;2M\x1b[<0;3;2m"), [Input::WheelDown, Input::Click(2, 1)]);
    }

    #[test]
    fn what_was_taken_apart_is_wiped() {
        let (mut parser, mut found) = (Parser::new(), Vec::new());
        parser.feed(b"correct horse", &mut found);
        assert_eq!(found.len(), 13);
        parser.pending.resize(13, 0);
        assert_eq!(parser.pending.as_slice(), [0; 13]);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_cut_end_and_leave_nothing_waiting(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0..300_usize) {
            let cut = cut.min(bytes.len());
            let (mut parser, mut found) = (Parser::new(), Vec::new());
            parser.feed(&bytes[..cut], &mut found);
            parser.feed(&bytes[cut..], &mut found);
            if parser.waits() {
                parser.give_up(&mut found);
            }
            prop_assert!(!parser.waits());
        }
    }
}
