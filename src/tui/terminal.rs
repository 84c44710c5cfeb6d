//! The terminal's modes: taken once, and given back on every way out.
//!
//! Owns: raw mode, the alternate screen, bracketed paste, the panic hook. Must not: draw, or ask the terminal anything. `restore` may be
//! called from anywhere, any number of times.

use crate::domain::{Act, Fault, Kind};
use ratatui::layout::Size;
use rustix::fd::{AsFd, OwnedFd};
use rustix::process::Signal;
use rustix::termios::{OptionalActions, Termios};
use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Alternate screen, bracketed paste, focus events, no cursor. None of these makes the terminal answer.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?2004h\x1b[?1004h\x1b[?25l";
/// All of it back, in any state: also a frame that was cut off between its margins, the mouse, colours.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[?1006l\x1b[?1000l\x1b[?1004l\x1b[?2004l\x1b[r\x1b[0m\x1b[?25h\x1b[?1049l";
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// What must be given back; here and not in the guard so that a panic anywhere finds it.
static TAKEN: Mutex<Option<Taken>> = Mutex::new(None);
static PANICKED: AtomicBool = AtomicBool::new(false);

struct Taken {
    input: OwnedFd,
    output: OwnedFd,
    modes: Termios,
    inside: bool,
}

/// Gives the terminal back when dropped.
pub struct Guard(());

// What they work on is global, so that a panic finds it; having a guard is the right to do it.
#[allow(clippy::unused_self)]
impl Guard {
    /// Remembers the terminal's modes and hooks panics. Changes nothing yet.
    ///
    /// # Errors
    /// `Kind::Usage` where standard input or output is no terminal, or one that cannot move its cursor.
    pub fn new() -> Result<Self, Fault> {
        let refuse = |cause: &str| {
            let next = Act::say("kastellan status, or kastellan --plain; kastellan --help names all verbs");
            Fault::new(Kind::Usage, "cannot open the console", cause.to_owned(), next)
        };
        if !rustix::termios::isatty(io::stdin()) || !rustix::termios::isatty(io::stdout()) {
            return Err(refuse("standard input or output is not a terminal"));
        }
        if std::env::var_os("TERM").is_none_or(|t| t.is_empty() || t == "dumb") {
            return Err(refuse("TERM says that this terminal cannot move its cursor"));
        }
        let take = || -> io::Result<Taken> {
            let (input, output) = (io::stdin().as_fd().try_clone_to_owned()?, io::stdout().as_fd().try_clone_to_owned()?);
            let modes = rustix::termios::tcgetattr(&input)?;
            Ok(Taken { input, output, modes, inside: false })
        };
        let taken = take().map_err(|e| refuse(&e.to_string()))?;
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(taken);
        hook_panics();
        Ok(Self(()))
    }

    /// Raw mode and the alternate screen; also after having been stopped.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn enter(&self) -> io::Result<()> {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(taken) = taken.as_mut() else { return Ok(()) };
        let mut raw = taken.modes.clone();
        raw.make_raw();
        taken.inside = true;
        rustix::termios::tcsetattr(&taken.input, OptionalActions::Now, &raw)?;
        write_all(&taken.output, ENTER)
    }

    /// Reports of the mouse on or off.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn mouse(&self, on: bool) -> io::Result<()> {
        self.write(if on { MOUSE_ON } else { MOUSE_OFF })
    }

    /// Writes a sequence that draws nothing.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        taken.as_ref().map_or(Ok(()), |taken| write_all(&taken.output, bytes))
    }

    /// Gives the terminal back and stops this job, as the shell's job control has it; returns once it is continued (then
    /// [`Guard::enter`] again). False, having done nothing, where there is no shell that could continue it.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn suspend(&self) -> io::Result<bool> {
        // A session's own leader has nobody above it: stopped, it would stay so.
        if rustix::process::getpgrp() == rustix::process::getsid(None)? {
            return Ok(false);
        }
        restore();
        rustix::process::kill_current_process_group(Signal::STOP)?;
        Ok(true)
    }

    /// Descriptors of its own for reading keys and for writing frames.
    ///
    /// # Errors
    /// Too many open files.
    pub fn descriptors(&self) -> io::Result<(OwnedFd, File)> {
        let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = taken.as_ref().ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected))?;
        Ok((taken.input.try_clone()?, File::from(taken.output.try_clone()?)))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Gives the terminal back as it was; what was typed and not read is dropped, for it may be part of a passphrase.
pub fn restore() {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(taken) = taken.as_mut().filter(|t| t.inside) else { return };
    taken.inside = false;
    // A terminal that is gone needs nothing back.
    let _ = write_all(&taken.output, LEAVE);
    let _ = rustix::termios::tcsetattr(&taken.input, OptionalActions::Flush, &taken.modes);
}

/// Whether anything panicked since the start; the runtime then ends.
#[must_use]
pub fn panicked() -> bool {
    PANICKED.load(Ordering::SeqCst)
}

/// Debug builds panic here where a test asks for it; what is shipped has no such switch.
#[cfg(debug_assertions)]
pub fn panic_if_asked(place: &str) {
    assert!(std::env::var_os("KASTELLAN_TEST_PANIC").is_none_or(|asked| asked != place), "a test asked for it");
}

/// The size of the terminal on standard output; 80x24 where it does not know.
#[must_use]
pub fn size() -> Size {
    match rustix::termios::tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size::new(size.ws_col.min(1000), size.ws_row.min(1000)),
        _ => Size::new(80, 24),
    }
}

/// A panic gives the terminal back before it says where it was. Its text is not printed: it may quote what was typed.
fn hook_panics() {
    std::panic::set_hook(Box::new(|info| {
        restore();
        PANICKED.store(true, Ordering::SeqCst);
        // Wakes the runtime, which may wait for an answer that the panic took with it.
        let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::WINCH);
        let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
        let _ = writeln!(
            io::stderr(),
            "kastellan failed unexpectedly{place}; an operation that was running can be resumed\nnext: kastellan status, and report that line"
        );
    }));
}

fn write_all(to: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(to, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => bytes = &bytes[n..],
            Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaving_undoes_what_a_frame_that_was_cut_off_left() {
        let mut terminal = vt100::Parser::new(10.try_into().unwrap(), 40.try_into().unwrap(), 0);
        terminal.process(ENTER);
        // Most terminals have one pair of margins for both screens; this one has two, so it stays on the first.
        terminal.process(b"\x1b[?1049l");
        for bytes in [MOUSE_ON, b"\x1b[?2026h\x1b[3;5r\x1b[3H\x1b[31;7mcut", LEAVE] {
            terminal.process(bytes);
        }
        assert!(!terminal.screen().alternate_screen() && !terminal.screen().hide_cursor() && !terminal.screen().bracketed_paste());
        assert_eq!(terminal.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        (0..30).for_each(|n| terminal.process(format!("{n}\r\n").as_bytes()));
        let shown = terminal.screen().contents();
        assert!(shown.starts_with("21\n22\n") && shown.trim_end().ends_with("29"), "the whole screen scrolls: {shown}");
        assert!(terminal.screen().cell(0, 0).is_some_and(|cell| !cell.inverse() && cell.fgcolor() == vt100::Color::Default));
    }
}
