//! `completions SHELL`.

use crate::cli::args::Cli;
use crate::cli::output::{End, Out};
use clap::CommandFactory;
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
pub fn run(out: Out, args: &Args) -> Result<(), End> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "kastellan", &mut script);
    out.data(&String::from_utf8_lossy(&script))
}
