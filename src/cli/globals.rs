//! The options that every verb takes, as clap sees them.
//!
//! Owns: their names and values. Must not: do anything. Next: `call` merges them with the configuration.

use super::output::Format;
use crate::host::Color;
use std::path::PathBuf;
use std::time::Duration;

/// What every verb takes.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Options of every verb")]
#[allow(clippy::struct_excessive_bools, reason = "flags are what they are")]
pub struct Globals {
    /// The catalog file, in place of the default one
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "context")]
    pub catalog: Option<PathBuf>,
    /// A context of the configuration: a catalog with its settings
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// The configuration file, in place of the default one
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Unlock with this passkey only
    #[arg(long, global = true, value_name = "NAME")]
    pub unlock_with: Option<String>,
    /// Read the passphrase that opens the installation from this file, which only its owner can read; NAME=FILE: that of passkey NAME
    #[arg(long, global = true, value_name = "[NAME=]FILE", conflicts_with = "passphrase_fd")]
    pub passphrase_file: Vec<PathBuf>,
    /// Read it from this inherited descriptor
    #[arg(long, global = true, value_name = "N")]
    pub passphrase_fd: Option<i32>,
    /// How data is written
    #[arg(short, long, global = true, value_name = "FORMAT", value_enum, default_value_t, hide_possible_values = false)]
    pub output: Format,
    /// Print the events of an operation on standard error, one JSON object a line
    #[arg(long, global = true)]
    pub events: bool,
    /// Say what would be done, step by step, and do nothing; no secret is asked for
    #[arg(long, global = true)]
    pub plan: bool,
    /// Answer yes where a reversible change asks
    #[arg(long, global = true)]
    pub yes: bool,
    /// Change nothing: a guard against slips
    #[arg(long, global = true)]
    pub read_only: bool,
    /// No drawing: prompts and answers line by line
    #[arg(long, global = true)]
    pub plain: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", value_parser = color, help = "When to use colour: auto, 16, 256, true or never")]
    pub color: Option<Color>,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Say nothing but data and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Log more; twice: everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// The log file, in place of the default one
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// How long a call to something outside may take, such as 30s or 2m
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// How long a change waits for the DR archive that follows it
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub archive_wait: Option<Duration>,
    /// Make no DR archive after this change; a later one does
    #[arg(long, global = true)]
    pub defer_archive: bool,
    /// Go on with a catalog that is not the one this machine remembers
    #[arg(long, global = true, value_name = "ID")]
    pub accept_changed_catalog: Option<String>,
}

fn color(word: &str) -> Result<Color, String> {
    Ok(match word {
        "auto" => Color::Auto,
        "16" => Color::Sixteen,
        "256" => Color::TwoFiftySix,
        "true" => Color::True,
        "never" => Color::Never,
        _ => return Err("it is one of auto, 16, 256, true, never".into()),
    })
}

/// A length of time: `30s`, `24h`.
///
/// # Errors
/// In words.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| "it is a number with a unit, such as 30s".to_owned())?;
    let time = match text.get(digits.len()..).unwrap_or_default() {
        "ms" => Duration::from_millis(number),
        "s" | "" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.saturating_mul(60)),
        "h" => Duration::from_secs(number.saturating_mul(3600)),
        unit => return Err(format!("\"{unit}\" is no unit; the units are ms, s, m and h")),
    };
    if time.is_zero() { Err("it must be longer than nothing".into()) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("7"), Ok(Duration::from_secs(7)));
        for wrong in ["", "s", "-1s", "1d", "0s", "1s2", "99999999999999999999s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
