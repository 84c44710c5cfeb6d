//! `man`: the whole manual as one roff document.

use crate::cli::output::{End, Out};
use clap::Command;

/// Print the manual, all verbs included (`kastellan man | man -l -`)
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Prints the manual.
///
/// # Errors
/// As writing data.
pub fn run(out: &Out, whole: Command) -> Result<(), End> {
    let mut root = whole.disable_help_subcommand(true);
    root.build();
    let mut pages = Vec::new();
    page(&root, &mut pages);
    out.data(&String::from_utf8_lossy(&pages))
}

/// The page of a command, then those of the commands under it.
fn page(command: &Command, pages: &mut Vec<u8>) {
    // Writing to a vector does not fail.
    let _ = clap_mangen::Man::new(command.clone()).render(pages);
    command.get_subcommands().for_each(|sub| page(sub, pages));
}
