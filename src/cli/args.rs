//! The whole command line as clap sees it. Next: `globals` has the options of every verb, `verbs` the verbs and their own.

use super::globals::Globals;
use super::verbs::Verb;

/// A console for the encryption keys of a Kubernetes backup system.
///
/// Without a verb it opens the console. Secrets never come from arguments or environment variables: they are typed, or read from an
/// owner-only file or a descriptor.
#[derive(Debug, clap::Parser)]
#[command(name = "kastellan", version, max_term_width = 100)]
#[command(
    after_help = "Begin with `kastellan demo` (a throwaway installation to look at) or `kastellan init`.\nAll is lost: `kastellan recover`."
)]
pub struct Cli {
    #[command(flatten)]
    pub globals: Globals,
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_tree_is_consistent() {
        Cli::command().debug_assert();
    }
}
