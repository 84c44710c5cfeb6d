//! Arguments in, exit code out; the console or a verb.

use kastellan::cli::{self, Outcome};
use kastellan::crypto::WipingAllocator;
use kastellan::tui::{self, Start};
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

/// Freed memory is cleared, wherever it was used.
#[global_allocator]
static MEMORY: WipingAllocator = WipingAllocator;

fn main() -> ExitCode {
    kastellan::host::note_descriptors();
    // What the system did not allow is told by `kastellan doctor`.
    let _ = kastellan::crypto::guard_process();
    let args: Vec<OsString> = std::env::args_os().collect();
    match cli::start(args.clone()) {
        Outcome::Exit(code) => ExitCode::from(code),
        Outcome::Console(console) => ExitCode::from(shown(*console, args)),
    }
}

fn shown(console: cli::Console, args: Vec<OsString>) -> u8 {
    let cli::Console { place, host, config, settings, context, production, demo, secrets, secret_from, unlock_with, throwaway } = console;
    let demo_vanishes = throwaway.as_ref().is_some_and(|folder| !folder.stays());
    // What asks step by step is asked by the same verbs, and shown in the console.
    let guide: tui::Guide = Arc::new(move |what, talk| cli::guided(&args, what, talk));
    let start = Start { place, host, config, settings, context, production, demo, demo_vanishes, secrets, secret_from, unlock_with, guide };
    // A panic has said where it happened, and unwound: the terminal is given back, the demo's folder goes, the code is ours.
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tui::run(start)));
    drop(throwaway);
    match ended {
        Ok(ended) => ended.unwrap_or_else(|fault| cli::fail(&fault)),
        Err(_) => 1,
    }
}
