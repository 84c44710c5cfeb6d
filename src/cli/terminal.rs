//! The terminal that a person sees: opened as `/dev/tty`, its modes set and given back.
//!
//! Owns: when there is a terminal to ask on, echo and line modes, the alternate screen, giving all of it back on every way out. Must
//! not: know what is asked. Next: `prompt` reads keys and lines, `generate` draws on the alternate screen.

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Leaves whatever a prompt may have switched on: bracketed paste, the alternate screen (cleared first), a hidden cursor.
const LEAVE_SCREEN: &str = "\x1b[2J\x1b[H\x1b[?1049l";
const PASTE_ON: &str = "\x1b[?2004h";
const PASTE_OFF: &str = "\x1b[?2004l";

/// What must be given back if the process ends without unwinding (a second signal).
struct Held {
    tty: Tty,
    before: Option<Termios>,
    undo: String,
}

static HELD: Mutex<Option<Held>> = Mutex::new(None);

/// The controlling terminal, read and written whatever the standard streams are.
#[derive(Clone)]
pub struct Tty(Arc<File>);

impl Tty {
    /// The terminal, where somebody can see a prompt on it: standard input or standard error is a terminal too. A process whose
    /// streams are all elsewhere runs unattended, even if it inherited a terminal.
    pub fn open() -> Option<Self> {
        if !std::io::stdin().is_terminal() && !std::io::stderr().is_terminal() {
            return None;
        }
        File::options().read(true).write(true).open("/dev/tty").ok().map(|file| Self(Arc::new(file)))
    }

    /// The descriptor to read keys from.
    pub fn file(&self) -> &File {
        &self.0
    }

    /// Writes text; a terminal that is gone is noticed when reading.
    pub fn say(&self, text: &str) {
        let mut file = self.file();
        let _ = file.write_all(text.as_bytes()).and_then(|()| file.flush());
    }

    /// Keys one by one, without echo and without signals from keys, until the guard is dropped.
    pub fn keys(&self) -> std::io::Result<Modes> {
        let before = tcgetattr(self.file())?;
        let mut raw = before.clone();
        raw.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN);
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        let undo = if draws() { PASTE_OFF } else { "" };
        hold(|held| *held = Some(Held { tty: self.clone(), before: Some(before), undo: undo.to_owned() }));
        let modes = Modes;
        // Type-ahead is dropped: it was not meant for a secret.
        tcsetattr(self.file(), OptionalActions::Flush, &raw)?;
        if draws() {
            self.say(PASTE_ON);
        }
        Ok(modes)
    }

    /// The same on the alternate screen.
    pub fn screen(&self) -> std::io::Result<Modes> {
        let modes = self.keys()?;
        hold(|held| {
            if let Some(held) = held {
                held.undo = format!("{PASTE_OFF}{LEAVE_SCREEN}");
            }
        });
        self.say("\x1b[?1049h\x1b[2J\x1b[H");
        Ok(modes)
    }
}

/// Whether the terminal understands escape sequences, as far as its name tells.
pub fn draws() -> bool {
    std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}

/// Modes that are set; dropping gives the terminal back as it was.
pub struct Modes;

impl Drop for Modes {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back as it was, if a prompt had changed it.
pub fn give_back() {
    let held = hold(Option::take);
    if let Some(Held { tty, before, undo }) = held {
        if !undo.is_empty() {
            tty.say(&undo);
        }
        if let Some(before) = before {
            let _ = tcsetattr(tty.file(), OptionalActions::Drain, &before);
        }
    }
}

fn hold<T>(change: impl FnOnce(&mut Option<Held>) -> T) -> T {
    change(&mut HELD.lock().unwrap_or_else(PoisonError::into_inner))
}
