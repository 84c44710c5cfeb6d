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
    before: Termios,
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
        let now = tcgetattr(self.file())?;
        let mut raw = now.clone();
        raw.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN);
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        let undo = if draws() { PASTE_OFF } else { "" };
        hold(|held| {
            let before = held.take().map_or(now, |held| held.before);
            *held = Some(Held { tty: self.clone(), before, undo: undo.to_owned() });
        });
        let modes = Modes;
        // Type-ahead is dropped: it was not meant for a secret.
        tcsetattr(self.file(), OptionalActions::Flush, &raw)?;
        if draws() {
            self.say(PASTE_ON);
        }
        Ok(modes)
    }

    /// Lines as the terminal was set at first, with echo, until the guard is dropped.
    pub fn lines(&self) -> std::io::Result<Modes> {
        hold(|held| match held {
            // After a secret was asked for, type-ahead was not shown: it is no answer to this either.
            Some(held) => tcsetattr(self.file(), OptionalActions::Flush, &held.before).map_err(Into::into),
            None => Ok(()),
        })
        .map(|()| Modes)
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

/// Modes that are set; dropping them leaves the terminal as it was, but for echo: what is typed before the next question may be its secret.
/// [`give_back`] at the end gives back echo, too.
pub struct Modes;

impl Drop for Modes {
    fn drop(&mut self) {
        hold(|held| {
            let Some(held) = held else { return };
            held.tty.say(&std::mem::take(&mut held.undo));
            let mut quiet = held.before.clone();
            quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
            let _ = tcsetattr(held.tty.file(), OptionalActions::Drain, &quiet);
        });
    }
}

/// Gives the terminal back as it was, if a prompt had changed it.
pub fn give_back() {
    let held = hold(Option::take);
    if let Some(Held { tty, before, undo }) = held {
        if !undo.is_empty() {
            tty.say(&undo);
        }
        let _ = tcsetattr(tty.file(), OptionalActions::Drain, &before);
    }
}

fn hold<T>(change: impl FnOnce(&mut Option<Held>) -> T) -> T {
    change(&mut HELD.lock().unwrap_or_else(PoisonError::into_inner))
}
