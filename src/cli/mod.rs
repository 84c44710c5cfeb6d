//! The command line: one verb a file, prompts, output.
//!
//! Owns: flags, exit codes, what is written where, prompts on a terminal, `--plain`. Must not: decide what is allowed, know a catalog
//! or a drawing library. The console is opened by `main` with what [`start`] hands back. Next: `verbs` lists and holds them, `change` is the one way of changing anything.

mod args;
mod attempts;
mod call;
mod change;
mod confirm;
mod console;
mod families;
mod generate;
mod globals;
mod names;
mod output;
mod place;
mod plain;
mod plan;
mod progress;
mod prompt;
mod secrets;
mod signals;
mod table;
mod tables;
mod talk;
mod terminal;
mod todo;
mod unlock;
mod usage;
mod verbs;

pub use console::Console;
pub use talk::guided;

use crate::domain::{Act, Changed, Fault, Kind};
use args::Cli;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use output::{End, Format, Out, tell};
use signals::Signals;
use std::ffi::OsString;

/// What comes of a command line.
pub enum Outcome {
    /// The process ends with this code.
    Exit(u8),
    /// The console is to be opened.
    Console(Box<Console>),
}

/// Carries a command line out. `args` begin with the program's name.
pub fn start(args: impl IntoIterator<Item = OsString>) -> Outcome {
    std::panic::set_hook(Box::new(|info| {
        terminal::give_back();
        // The payload is not printed: it could quote what was being worked on.
        let place = info.location().map(|l| format!("{}:{}", l.file(), l.line())).unwrap_or_default();
        tell(&format!(
            "kastellan failed unexpectedly at {place}\nnext: report it with this line; what was going on is in kastellan status"
        ));
    }));
    let args: Vec<OsString> = args.into_iter().collect();
    match std::panic::catch_unwind(|| parse_and_run(&args)) {
        Ok(outcome) => outcome,
        Err(_) => Outcome::Exit(Kind::Unexpected.code()),
    }
}

/// The exit code of what a reader cut off by closing early: as a shell has that of SIGPIPE.
const CUT: u8 = 141;

/// Says a fault on standard error; the exit code.
#[must_use]
pub fn fail(fault: &Fault) -> u8 {
    tell(&fault.to_string());
    fault.kind.code()
}

fn parse_and_run(args: &[OsString]) -> Outcome {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return Outcome::Exit(not_parsed(&error, args.get(1..).unwrap_or_default())),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return Outcome::Exit(fail(&no_runtime(&e))),
    };
    let outcome = runtime.block_on(async move {
        let signals = match Signals::listen() {
            Ok(signals) => signals,
            Err(e) => return Outcome::Exit(fail(&no_runtime(&e))),
        };
        match Box::pin(verbs::run(cli.globals, cli.verb, Cli::command, signals.clone(), None)).await {
            Ok(Some(console)) => Outcome::Console(console),
            Ok(None) => Outcome::Exit(0),
            Err(End::Cut) => Outcome::Exit(CUT),
            Err(End::Fault(fault)) => {
                let code = fail(&fault);
                Outcome::Exit(if fault.kind == Kind::Interrupted { signals.code().unwrap_or(code) } else { code })
            }
        }
    });
    terminal::give_back();
    // A search that was stopped may still hold a thread for one derivation: nobody waits for it.
    runtime.shutdown_background();
    outcome
}

/// Help and version are data; anything else is wrong words.
fn not_parsed(error: &clap::Error, args: &[OsString]) -> u8 {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let out = Out { format: Format::Table, quiet: false, color: false, talk: None };
        return match out.data(&error.render().to_string()) {
            Ok(()) | Err(End::Cut) => 0,
            Err(End::Fault(fault)) => fail(&fault),
        };
    }
    fail(&usage::fault(error, args))
}

fn no_runtime(error: &std::io::Error) -> Fault {
    let next = Act::say("look at the limits of this account: ulimit -a");
    Fault::new(Kind::Unexpected, "cannot start", error.to_string(), next).leaving(Changed::Unsaid)
}
