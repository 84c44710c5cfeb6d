//! One verb a file: its flags, and what it does with a [`Call`].

pub mod completions;
pub mod demo;
pub mod doctor;
pub mod init;
pub mod journal;
pub mod man;
pub mod passkey;
pub mod policy;
pub mod rotate;
pub mod status;

use super::args::{Cli, Verb};
use super::call::Call;
use super::output::{End, Out};
use super::signals::Signals;
use super::{Left, console};

/// Runs the verb of a command line.
///
/// # Errors
/// As the verbs.
pub async fn run(cli: Cli, signals: Signals) -> Result<Left, End> {
    let out = Out { format: cli.globals.output, quiet: cli.globals.quiet, color: false };
    // These two need no home folder, no configuration and no catalog.
    match &cli.verb {
        Some(Verb::Completions(args)) => return completions::run(out, args).map(|()| None),
        Some(Verb::Man(_)) => return man::run(out).map(|()| None),
        _ => {}
    }
    let call = Call::new(cli.globals, signals)?;
    let done = match cli.verb {
        None => return console::open(call).await,
        Some(Verb::Demo(args)) => return demo::run(call, args).await,
        Some(Verb::Completions(_) | Verb::Man(_)) => Ok(()),
        Some(Verb::Init(args)) => init::run(&call, args).await,
        Some(Verb::Status(_)) => status::run(&call).await,
        Some(Verb::Doctor(_)) => doctor::run(&call).await,
        Some(Verb::Passkey(verb)) => passkey::run(&call, verb).await,
        Some(Verb::Rotate(args)) => rotate::run(&call, args).await,
        Some(Verb::Policy(verb)) => policy::run(&call, verb).await,
        Some(Verb::Journal(verb)) => journal::run(&call, verb).await,
    };
    done.map(|()| None)
}
