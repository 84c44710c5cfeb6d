//! What the console hands to the command line: asked line by line on the same terminal, and then the console is opened again.

use super::{Outcome, start};
use crate::domain::Guided;
use std::ffi::OsString;
use std::io::{BufRead, Write};

/// Runs it with the flags that the console was opened with; whether to open the console again.
pub fn guided(args: &[OsString], what: &Guided) -> bool {
    let (words, question): (Vec<String>, Option<&str>) = match what {
        Guided::Recover => (words(&["recover"]), None),
        Guided::Drill => (words(&["drill", "run", "--scenario", "machine-lost"]), None),
        Guided::DrillShow(id) => (words(&["drill", "show", "--report", &id.clean()]), None),
        Guided::Import => (words(&["migration", "import"]), Some("File with the import data (Enter alone: back): ")),
        Guided::KitCheck => (words(&["kit", "check"]), Some("File of the recovery kit (Enter alone: back): ")),
        Guided::Verify(Some(id)) => (words(&["artifact", "verify", &id.clean()]), None),
        Guided::Verify(None) => (words(&["artifact", "verify", "--all"]), None),
        Guided::Open(id) => (
            words(&["artifact", "open", &id.clean(), "--to"]),
            Some("Into which new file, or for archives new folder (Enter alone: back): "),
        ),
        Guided::Checklist => (words(&["rotate", "--checklist"]), None),
        Guided::LocationCheck(name) => (words(&["location", "check", &name.clean()]), None),
    };
    let mut full = without_descriptors(args);
    full.extend(words.into_iter().map(OsString::from));
    if let Some(question) = question {
        match line(question) {
            Some(file) if !file.is_empty() => full.push(file.into()),
            Some(_) => return true,
            None => return false,
        }
    }
    // How it ended it has said itself.
    let _: Outcome = start(full);
    line("\nEnter: back to the console ").is_some()
}

fn words(all: &[&str]) -> Vec<String> {
    all.iter().map(|word| (*word).to_owned()).collect()
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

/// A line that is no secret; None at the end of input.
fn line(question: &str) -> Option<String> {
    let mut out = std::io::stderr();
    out.write_all(question.as_bytes()).and_then(|()| out.flush()).ok()?;
    let mut text = String::new();
    let read = std::io::stdin().lock().read_line(&mut text).ok()?;
    (read > 0).then(|| text.trim().to_owned())
}
