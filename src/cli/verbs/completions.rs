//! `completions SHELL`.

use crate::cli::output::{End, Out};
use clap::Command;
use clap_complete::Shell;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "For bash: kastellan completions bash > ~/.local/share/bash-completion/completions/kastellan")]
pub struct Args {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// As writing data.
pub fn run(out: &Out, args: &Args, mut whole: Command) -> Result<(), End> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut whole, "kastellan", &mut script);
    out.data(&String::from_utf8_lossy(&script))
}
