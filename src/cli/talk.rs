//! What the console lets the command line do: the same verbs, whose lines and questions are drawn in the console.
//!
//! Owns: which verb it is, and its runtime. Must not: write to the terminal. Next: `verbs` runs it.

use super::args::Cli;
use super::output::End;
use super::prompt::Prompt;
use super::signals::{INTERRUPTED, Signals};
use super::verbs;
use crate::domain::{Guided, Kind};
use crate::host::{can_be_made, shown};
use crate::ops::Talk;
use clap::{CommandFactory, Parser};
use std::ffi::OsString;
use std::path::Path;

/// Runs it with the flags that the console was opened with, on this thread, until it ends or the person leaves.
pub fn guided(args: &[OsString], what: &Guided, talk: &Talk) {
    let ended = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let ended = runtime.block_on(run(args, what, talk));
            // A search that was stopped may still hold a thread for one derivation: nobody waits for it.
            runtime.shutdown_background();
            ended
        }
        Err(e) => Err(super::no_runtime(&e).into()),
    };
    talk.end(match ended {
        Err(End::Fault(fault)) => {
            talk.say(&if fault.kind == Kind::Interrupted { format!("left: {}", fault.line()) } else { fault.to_string() });
            Err(fault)
        }
        Ok(()) | Err(End::Cut) => Ok(()),
    });
}

async fn run(args: &[OsString], what: &Guided, talk: &Talk) -> Result<(), End> {
    let signals = Signals::unheard().map_err(|e| super::no_runtime(&e))?;
    let (leaving, stop) = (talk.clone(), signals.clone());
    tokio::spawn(async move {
        leaving.left().await;
        stop.came(INTERRUPTED);
    });
    let mut full = without_descriptors(args);
    full.extend(words(what).into_iter().map(OsString::from));
    if let Some(question) = file_of(what) {
        let prompt = Prompt::drawn(talk, &signals);
        let file = loop {
            let file = prompt.line(question).await?;
            match slip(what, Path::new(&*file)) {
                _ if file.is_empty() => {}
                None => break file,
                Some(slip) => prompt.say(&slip),
            }
        };
        full.push(file.into());
    }
    let cli = Cli::try_parse_from(&full).map_err(|error| super::usage::fault(&error, full.get(1..).unwrap_or_default()))?;
    Box::pin(verbs::run(cli.globals, cli.verb, Cli::command, signals, Some(talk.clone()))).await.map(|_| ())
}

fn words(what: &Guided) -> Vec<String> {
    let all = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match what {
        Guided::Recover => all(&["recover"]),
        Guided::Drill => all(&["drill", "run", "--scenario", "machine-lost"]),
        Guided::DrillShow(id) => all(&["drill", "show", "--report", &id.clean()]),
        Guided::Import => all(&["migration", "import"]),
        Guided::KitCheck => all(&["kit", "check"]),
        Guided::Verify(Some(id)) => all(&["artifact", "verify", &id.clean()]),
        Guided::Verify(None) => all(&["artifact", "verify", "--all"]),
        Guided::Open(id) => all(&["artifact", "open", &id.clean(), "--to"]),
        Guided::Checklist => all(&["rotate", "--checklist"]),
        Guided::LocationCheck(name) => all(&["location", "check", &name.clean()]),
    }
}

/// What would end the verb at once, and so is asked for again.
fn slip(what: &Guided, file: &Path) -> Option<String> {
    match what {
        Guided::Open(_) => can_be_made(file, "not opened").err().map(|fault| fault.cause.to_string()),
        _ => file.symlink_metadata().is_err().then(|| format!("{}: there is no such file", shown(file))),
    }
}

/// The file that is named first, where it needs one.
fn file_of(what: &Guided) -> Option<&'static str> {
    match what {
        Guided::Import => Some("File with the import data: "),
        Guided::KitCheck => Some("File of the recovery kit: "),
        Guided::Open(_) => Some("Into which new file, or for archives new folder: "),
        _ => None,
    }
}

/// A descriptor can be read once, and was.
fn without_descriptors(args: &[OsString]) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if arg == "--passphrase-fd" {
            rest.next();
        } else if !arg.to_string_lossy().starts_with("--passphrase-fd=") {
            kept.push(arg.clone());
        }
    }
    kept
}
