//! The console on a terminal.
//!
//! Owns: the terminal's modes, key bytes to [`crate::app`] keys, the runtime that carries effects out, frames, themes, and what was
//! typed as long as it is needed. Must not: decide what is allowed or what happens next, that is `app` and `domain`. The only room with
//! ratatui and crossterm. Next: `runtime` is the loop, `views` draws, `terminal` gives everything back.

mod alarm;
mod backend;
mod clipboard;
mod desk;
mod input;
mod runtime;
mod slots;
mod start;
mod terminal;
mod texts;
pub mod theme;
pub mod views;
pub mod widgets;

pub use backend::Screen;
pub use start::{Guide, Start};

use crate::domain::{Act, Fault, Kind};
use std::panic::AssertUnwindSafe;

/// Runs the console to its end; the terminal is then as it was.
///
/// # Errors
/// `Kind::Usage` where this is no terminal; what else failed before there was a screen. Otherwise the exit code.
pub fn run(start: Start) -> Result<u8, Fault> {
    // Before anything else, so that whatever fails leaves the terminal as it was.
    let guard = terminal::Guard::new()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| {
        Fault::new(Kind::Unexpected, "cannot open the console", e.to_string(), Act::say("kastellan status works without a console"))
    })?;
    let tasks = tokio::task::LocalSet::new();
    // A panic has given the terminal back and said where it was; what it unwinds through is dropped, keys included.
    let code = std::panic::catch_unwind(AssertUnwindSafe(|| tasks.block_on(&runtime, runtime::run(start, guard)))).unwrap_or(Ok(1));
    // What still waits, a passphrase being tried for one, is not waited for.
    drop(tasks);
    runtime.shutdown_background();
    code
}
