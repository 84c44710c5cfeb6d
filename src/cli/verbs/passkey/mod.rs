//! `passkey ...`: who can open the backups.

mod add;
mod check;
mod list;
mod remove;
mod show;
mod use_now;

use crate::cli::call::Call;
use crate::cli::output::{End, Format, Table};
use crate::domain::{Facts, Passkey, PassphraseSource, Timestamp};

/// Passkeys: each of them opens the backups
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    List(list::Args),
    Show(show::Args),
    Add(add::Args),
    Check(check::Args),
    Use(use_now::Args),
    Remove(remove::Args),
}

/// Runs one of them.
///
/// # Errors
/// As the verbs.
pub async fn run(call: &Call, verb: Verb) -> Result<(), End> {
    match verb {
        Verb::List(_) => list::run(call).await,
        Verb::Show(args) => show::run(call, args).await,
        Verb::Add(args) => add::run(call, args).await,
        Verb::Check(args) => check::run(call, args).await,
        Verb::Use(args) => use_now::run(call, args).await,
        Verb::Remove(args) => remove::run(call, args).await,
    }
}

/// All passkeys as a table, the one in use first.
pub fn table(facts: &Facts, now: Timestamp, format: Format) -> Table {
    let mut all: Vec<&Passkey> = facts.passkeys.iter().collect();
    all.sort_by_key(|p| !facts.in_use(&p.name));
    table_of(&all, facts, now, format)
}

/// Some passkeys as a table.
pub fn table_of(passkeys: &[&Passkey], facts: &Facts, now: Timestamp, format: Format) -> Table {
    let wide = format == Format::Wide;
    let mut head = vec!["", "NAME", "METHOD", "OPENS", "PROVED", "WHY"];
    if wide {
        head.extend(["OWNER", "MADE", "BY", "SETTINGS", "SECRET", "WRAP"]);
    }
    let mut table = Table::new(&head, "There is no passkey.");
    for p in passkeys {
        let opened = p.proof.as_ref().and_then(|proof| proof.opened.as_ref());
        let mut row = vec![
            if facts.in_use(&p.name) { "*".into() } else { String::new() },
            p.name.to_string(),
            p.method.word().into(),
            p.opens(&facts.ages, now).word().into(),
            opened.map_or_else(|| "-".into(), |(at, _)| at.short(now)),
            p.why(&facts.ages, now).to_string(),
        ];
        if wide {
            row.extend([
                p.owner.as_ref().map_or_else(|| "-".into(), ToString::to_string),
                p.created_at.day(),
                p.created_by.to_string(),
                p.settings.to_string(),
                source(&p.source),
                p.wrap_id.clone(),
            ]);
        }
        table.row(row);
    }
    table
}

/// Where a passphrase is found, in words.
fn source(source: &PassphraseSource) -> String {
    match source {
        PassphraseSource::Prompt => "typed".into(),
        PassphraseSource::File { path } => format!("file {path}"),
        PassphraseSource::Secret { name, namespace } => format!("Secret {namespace}/{name}"),
    }
}
