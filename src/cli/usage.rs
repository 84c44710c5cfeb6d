//! Wrong words on the command line, in two lines.
//!
//! Owns: clap's errors in our form, words of Kasten K10 and of habit that lead to ours. Must not: parse. Next: `args`.

use super::args::Cli;
use super::names::nearest;
use crate::domain::{Act, Changed, Fault, Kind, Text};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};
use std::ffi::OsString;

/// What was wrong, as a fault. `args` are those after the program's name.
pub fn fault(error: &clap::Error, args: &[OsString]) -> Fault {
    let words: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let root = Cli::command();
    let said = |kind: ContextKind| error.get(kind).map(text).filter(|text| !text.is_empty());
    let wrong = said(ContextKind::InvalidSubcommand);
    let right = words.iter().take_while(|word| wrong.as_ref() != Some(word));
    let (path, command) = reached(&root, right);
    let all = format!("{path} --help");
    let arg = said(ContextKind::InvalidArg).unwrap_or_default();
    let flag = arg.split_whitespace().next().unwrap_or_default().to_owned();
    let (cause, next) = match error.kind() {
        ErrorKind::InvalidSubcommand => unknown_word(&path, command, &wrong.clone().unwrap_or_default(), &words),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let verbs: Vec<&str> = verbs(command).collect();
            ("a word is missing".into(), format!("{path} {}", verbs.join(" | ")))
        }
        ErrorKind::UnknownArgument => unknown_flag(command, &flag, &all, said(ContextKind::SuggestedArg)),
        ErrorKind::MissingRequiredArgument => (format!("{} is missing", Text::new(arg.as_str())), all),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = said(ContextKind::InvalidValue).unwrap_or_default();
            let why = std::error::Error::source(error).map(|source| format!(" ({})", Text::new(source.to_string()))).unwrap_or_default();
            let valid = said(ContextKind::ValidValue).map(|valid| format!("; it is one of {valid}")).unwrap_or_default();
            let cause = if value.is_empty() {
                format!("{arg} has no value")
            } else {
                format!("{arg} cannot be \"{}\"{why}{valid}", Text::new(value).fit(60))
            };
            (cause, all)
        }
        ErrorKind::ArgumentConflict => {
            let other = said(ContextKind::PriorArg).unwrap_or_else(|| "another flag".into());
            let cause =
                if other == arg { format!("{flag} is given more than once") } else { format!("{flag} and {other} exclude each other") };
            (cause, format!("leave one of them out; {all}"))
        }
        ErrorKind::InvalidUtf8 => ("an argument is not valid UTF-8".into(), all),
        ErrorKind::NoEquals | ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            (format!("{arg} has the wrong number of values"), all)
        }
        _ => (first_line(&error.to_string()), all),
    };
    Fault::new(Kind::Usage, path, cause, Act::say(next)).leaving(Changed::Unsaid)
}

/// The path of known words in front of what went wrong, and the command there.
fn reached<'a, 'b>(root: &'a Command, words: impl Iterator<Item = &'b String>) -> (String, &'a Command) {
    let (mut path, mut command) = (String::from("kastellan"), root);
    // What is no verb there is a flag, its value, or the word that is wrong.
    for word in words {
        if let Some(next) = command.find_subcommand(word) {
            path.push(' ');
            path.push_str(next.get_name());
            command = next;
        }
    }
    (path, command)
}

fn verbs(command: &Command) -> impl Iterator<Item = &str> {
    command.get_subcommands().map(Command::get_name).filter(|name| *name != "help")
}

fn unknown_word(path: &str, command: &Command, word: &str, words: &[String]) -> (String, String) {
    let at = words.iter().position(|w| w == word).map_or(0, |at| at + 1);
    let following = words.get(at).map(String::as_str);
    let cause = format!("there is no verb \"{}\"", Text::new(word).fit(60));
    if path == "kastellan"
        && let Some((remark, next)) = ours(word, following)
    {
        let remark = if remark.is_empty() { String::new() } else { format!(": {remark}") };
        return (format!("{cause}{remark}"), next.into());
    }
    match nearest(word, verbs(command)) {
        Some(near) => (cause, format!("did you mean {path} {near}? All: {path} --help")),
        None => (cause, format!("{path} --help")),
    }
}

/// Words of Kasten K10, of kubectl and of habit, with what they are here.
fn ours(word: &str, following: Option<&str>) -> Option<(&'static str, &'static str)> {
    let policies = following.is_some_and(|noun| noun.to_ascii_lowercase().starts_with("polic"));
    let journal = following.is_some_and(|noun| matches!(noun.to_ascii_lowercase().as_str(), "journal" | "events" | "log" | "logs"));
    Some(match word.to_ascii_lowercase().as_str() {
        "get" | "list" | "ls" if policies => ("", "kastellan policy list"),
        "get" | "list" | "ls" if journal => ("", "kastellan journal list"),
        "get" | "list" | "ls" | "passkeys" | "keys" | "key" => ("", "kastellan passkey list"),
        "describe" | "show" if policies => ("", "kastellan policy show NAME"),
        "describe" | "show" => ("", "kastellan passkey show NAME"),
        "policies" => ("", "kastellan policy list"),
        "create" | "add" | "apply" | "new" if policies => ("", "kastellan policy add NAME"),
        "create" | "add" | "apply" | "new" => ("", "kastellan passkey add NAME, or passkey add -f FILE"),
        "delete" | "remove" | "rm" if policies => ("", "kastellan policy remove NAME"),
        "delete" | "remove" | "rm" => ("", "kastellan passkey remove NAME"),
        "use" | "usenow" | "switch" => ("", "kastellan passkey use NAME"),
        "check" | "verify" | "test" => ("", "kastellan passkey check, or kastellan journal verify"),
        "masterkey" | "master-key" | "primarykey" | "primary-key" | "primary" | "k10masterkey" => {
            ("the primary key is the master key here; passkeys wrap it", "kastellan status")
        }
        "setup" | "set-up" | "install" | "bootstrap" => ("", "kastellan init"),
        "unlock" | "login" => ("every verb unlocks where it needs to", "kastellan passkey check"),
        "lock" | "logout" => ("nothing stays unlocked after a verb has ended", "kastellan status"),
        "change-passphrase" | "passwd" | "rotation" | "rekey" | "rewrap" => ("", "kastellan rotate NEWNAME"),
        "resume" => ("", "kastellan rotate --resume"),
        "abandon" | "abort" => ("", "kastellan rotate --abandon"),
        "log" | "logs" | "history" | "audit" | "events" => ("", "kastellan journal list"),
        "console" | "ui" | "tui" | "dashboard" => ("", "kastellan, without a verb"),
        "version" => ("", "kastellan --version"),
        "overview" => ("", "kastellan status"),
        "profile" | "profiles" | "locations" => ("a profile of Kasten is a location here", "kastellan location list"),
        "restorepoint" | "restorepoints" | "exports" | "artifacts" | "backup" | "backups" => ("", "kastellan artifact list"),
        "restore" => ("", "kastellan recover after a loss, kastellan artifact open for one artifact"),
        "kdr" | "k10dr" | "disaster-recovery" => ("", "kastellan dr status"),
        "drills" | "rehearse" | "rehearsal" => ("", "kastellan drill run"),
        "token" | "receivestring" | "import" | "export" | "migrate" => ("", "kastellan migration --help"),
        _ => return None,
    })
}

fn unknown_flag(command: &Command, flag: &str, all: &str, suggested: Option<String>) -> (String, String) {
    let cause = format!("there is no flag {}", Text::new(flag).fit(60));
    if !flag.starts_with('-') {
        return (format!("\"{}\" is one word too many", Text::new(flag).fit(60)), all.to_owned());
    }
    if matches!(flag, "--passphrase" | "--password" | "--new-passphrase" | "--secret" | "-p") {
        let family = if flag == "--new-passphrase" { "new-passphrase" } else { "passphrase" };
        let cause = format!("{cause}: secrets are never taken from the command line, where others can read them");
        return (cause, format!("--{family}-file FILE, --{family}-fd N, or a prompt"));
    }
    let flags: Vec<&str> = command.get_arguments().filter_map(|arg| arg.get_long()).collect();
    let bare = flag.trim_start_matches('-');
    let near = suggested.or_else(|| nearest(bare, flags.into_iter()).map(|near| format!("--{near}")));
    match near {
        Some(near) => (cause, format!("did you mean {near}? All: {all}")),
        None => (cause, all.to_owned()),
    }
}

fn text(value: &ContextValue) -> String {
    match value {
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(texts) => texts.join(", "),
        ContextValue::Number(number) => number.to_string(),
        ContextValue::StyledStr(text) => text.to_string(),
        ContextValue::StyledStrs(texts) => texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        _ => String::new(),
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn said(line: &str) -> String {
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let all = std::iter::once(OsString::from("kastellan")).chain(args.clone());
        match Cli::try_parse_from(all) {
            Err(error) => fault(&error, &args).to_string(),
            Ok(_) => panic!("{line} was taken"),
        }
    }

    #[test]
    fn words_of_kasten_lead_to_ours() {
        for (line, next) in [
            ("get passkeys", "kastellan passkey list"),
            ("get policies", "kastellan policy list"),
            ("delete passkey x", "kastellan passkey remove NAME"),
            ("primarykey", "kastellan status"),
            ("policies", "kastellan policy list"),
            ("rotation", "kastellan rotate NEWNAME"),
            ("statsu", "did you mean kastellan status? All: kastellan --help"),
            ("passkey lst", "did you mean kastellan passkey list? All: kastellan passkey --help"),
        ] {
            let said = said(line);
            assert_eq!(said.lines().nth(1), Some(format!("next: {next}").as_str()), "{said}");
        }
    }

    #[test]
    fn every_error_has_two_lines() {
        for line in [
            "passkey",
            "profile",
            "kdr",
            "restorepoint",
            "passkey show",
            "passkey show a b",
            "status --outptu json",
            "-o xml status",
            "status --catalog a --context b",
            "status --timeout never",
            "rotate --resume --abandon",
            "completions",
            "completions tcsh9",
            "passkey add x --passphrase hunter2",
            "journal verify --anchor",
            "init --passphrase-fd x",
        ] {
            let said = said(line);
            assert_eq!(said.lines().count(), 2, "{line}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}
