//! The command line: arguments in; standard output, standard error, exit code out; prompts in a real terminal.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../harness/mod.rs"]
mod harness;

mod changes;
mod looks;
mod plain;
mod progress;
mod prompts;

/// Help, plans of nothing and wrong words, as they are printed. `TRYCMD=overwrite cargo test --test cli printed` writes them anew.
#[test]
fn printed() {
    let cases = trycmd::TestCases::new();
    for (name, value) in [("HOME", "/nowhere"), ("XDG_CONFIG_HOME", ""), ("XDG_DATA_HOME", ""), ("XDG_STATE_HOME", ""), ("COLUMNS", "100")]
    {
        cases.env(name, value);
    }
    cases.env("KASTELLAN_CONFIG_DIR", "").env("TERM", "xterm").env("NO_COLOR", "1").case("tests/cli/cases/*.trycmd");
}
