//! One verb a file: its flags, and what it does with a [`Call`]. Adding one is one file and one line in [`Verb`] and in [`run`].

pub mod artifact;
pub mod completions;
pub mod demo;
pub mod doctor;
pub mod dr;
pub mod drill;
pub mod handover;
pub mod init;
pub mod journal;
pub mod kit;
pub mod location;
pub mod man;
pub mod migration;
pub mod passkey;
pub mod policy;
pub mod readiness;
pub mod recover;
pub mod rotate;
pub mod status;

use super::call::Call;
use super::console::{self, Left};
use super::globals::Globals;
use super::output::{End, Format, Out};
use super::plain::{self, Lost};
use super::signals::Signals;
use crate::domain::{Act, Changed, Fault, Kind};
use crate::ops::Talk;
use clap::Command;

/// The verbs.
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    Demo(demo::Args),
    Init(init::Args),
    Recover(recover::Args),
    Status(status::Args),
    Readiness(readiness::Args),
    Doctor(doctor::Args),
    #[command(subcommand)]
    Passkey(passkey::Verb),
    Rotate(rotate::Args),
    #[command(subcommand)]
    Policy(policy::Verb),
    #[command(subcommand)]
    Location(location::Verb),
    #[command(subcommand)]
    Artifact(artifact::Verb),
    #[command(subcommand)]
    Dr(dr::Verb),
    #[command(subcommand)]
    Drill(drill::Verb),
    #[command(subcommand)]
    Migration(migration::Verb),
    #[command(subcommand)]
    Kit(kit::Verb),
    Handover(handover::Args),
    #[command(subcommand)]
    Journal(journal::Verb),
    Completions(completions::Args),
    Man(man::Args),
}

/// Runs a verb; `whole` is the command line that it is one of, `talk` where the console asks and shows.
///
/// # Errors
/// As the verbs.
pub async fn run(globals: Globals, verb: Option<Verb>, whole: fn() -> Command, signals: Signals, talk: Option<Talk>) -> Result<Left, End> {
    let out = Out { format: globals.output, quiet: globals.quiet, color: false, talk: None };
    // These two need no home folder, no configuration and no catalog.
    match &verb {
        Some(Verb::Completions(args)) => return completions::run(&out, args, whole()).map(|()| None),
        Some(Verb::Man(_)) => return man::run(&out, whole()).map(|()| None),
        _ => {}
    }
    if globals.output == Format::Prometheus && !matches!(verb, Some(Verb::Readiness(_))) {
        let next = Act::say("kastellan readiness -o prometheus");
        let fault = Fault::new(Kind::Usage, "kastellan", "-o prometheus is of readiness alone", next);
        return Err(fault.leaving(Changed::Unsaid).into());
    }
    let call = Call::new(globals, signals, talk)?;
    let done = match verb {
        None if call.globals.plain && !call.globals.plan => Box::pin(line_by_line(&call)).await,
        None => return Box::pin(console::open(call)).await,
        Some(Verb::Demo(args)) => return demo::run(call, args).await,
        Some(Verb::Completions(_) | Verb::Man(_)) => Ok(()),
        Some(Verb::Init(args)) => init::run(&call, args).await,
        Some(Verb::Status(_)) => status::run(&call).await,
        Some(Verb::Readiness(args)) => readiness::run(&call, args).await,
        Some(Verb::Doctor(_)) => doctor::run(&call).await,
        Some(Verb::Passkey(verb)) => passkey::run(&call, verb).await,
        Some(Verb::Rotate(args)) => rotate::run(&call, args).await,
        Some(Verb::Policy(verb)) => policy::run(&call, verb).await,
        Some(Verb::Location(verb)) => location::run(&call, verb).await,
        Some(Verb::Artifact(verb)) => artifact::run(&call, verb).await,
        Some(Verb::Recover(args)) => recover::run(&call, args).await,
        Some(Verb::Dr(verb)) => dr::run(&call, verb).await,
        Some(Verb::Drill(verb)) => Box::pin(drill::run(&call, verb)).await,
        Some(Verb::Migration(verb)) => migration::run(&call, verb).await,
        Some(Verb::Handover(args)) => handover::run(&call, args).await,
        Some(Verb::Kit(verb)) => kit::run(&call, verb).await,
        Some(Verb::Journal(verb)) => journal::run(&call, verb).await,
    };
    done.map(|()| None)
}

/// The menu of `--plain`, and the verbs that it leads to where there is no catalog.
async fn line_by_line(call: &Call) -> Result<(), End> {
    while let Some(lost) = plain::menu(call).await? {
        plain::survived(match lost {
            Lost::Everything => recover::run(call, recover::Args::default()).await,
            Lost::TryKit(file) => kit::check::run(call, kit::check::Args::of(file)).await,
        })?;
    }
    Ok(())
}
