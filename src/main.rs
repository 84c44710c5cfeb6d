//! Arguments in, exit code out; the console or a verb.

use kastellan::cli::{self, Outcome};
use kastellan::crypto::WipingAllocator;
use kastellan::tui::{self, Ended, Start};
use std::ffi::OsString;
use std::process::ExitCode;

/// Freed memory is cleared, wherever it was used.
#[global_allocator]
static MEMORY: WipingAllocator = WipingAllocator;

fn main() -> ExitCode {
    kastellan::host::note_descriptors();
    // What the system did not allow is told by `kastellan doctor`.
    let _ = kastellan::crypto::guard_process();
    let args: Vec<OsString> = std::env::args_os().collect();
    loop {
        let console = match cli::start(args.clone()) {
            Outcome::Exit(code) => return ExitCode::from(code),
            Outcome::Console(console) => *console,
        };
        match shown(console) {
            Ended::Code(code) => return ExitCode::from(code),
            // What is asked line by line may begin with nothing at all; then the console is opened on what there is.
            Ended::Guided(what) => {
                if !cli::guided(&args, &what) {
                    return ExitCode::SUCCESS;
                }
            }
        }
    }
}

fn shown(console: cli::Console) -> Ended {
    let cli::Console { place, host, config, settings, context, production, demo, secrets, secret_from, unlock_with, throwaway } = console;
    let demo_vanishes = throwaway.as_ref().is_some_and(|folder| !folder.stays());
    let start = Start { place, host, config, settings, context, production, demo, demo_vanishes, secrets, secret_from, unlock_with };
    // A panic has said where it happened, and unwound: the terminal is given back, the demo's folder goes, the code is ours.
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tui::run(start)));
    drop(throwaway);
    match ended {
        Ok(ended) => ended.unwrap_or_else(|fault| Ended::Code(cli::fail(&fault))),
        Err(_) => Ended::Code(1),
    }
}
