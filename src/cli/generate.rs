//! A generated passphrase: warned, shown once on the alternate screen, typed back, wiped.
//!
//! Owns: those three pictures. Must not: let the words reach the main screen, a log or a pipe. Next: `secrets` calls it once the
//! operation lock is held; the change is committed only after it.

use super::call::Call;
use super::prompt::{Key, Keys, Prompt, apart, edit, field};
use super::terminal::Tty;
use crate::crypto::{Passphrase, complete};
use crate::domain::{Act, Fault, Kind, Text};
use std::fmt::Write as _;
use zeroize::Zeroizing;

const CLEAR: &str = "\x1b[2J\x1b[H";

/// Shows the words after a warning and has them typed back; `flag` is the family of flags that the warning names in place of showing them.
///
/// # Errors
/// `Kind::Interrupted`; `Kind::Secret` where there is no terminal for it.
pub async fn show_and_type_back(call: &Call, envelope: &Text, flag: Option<&Text>, secret: Passphrase) -> Result<Passphrase, Fault> {
    let Some(prompt) = call.prompt() else {
        let next = Act::say("add --write-passphrase FILE");
        return Err(Fault::new(Kind::Secret, "new words not shown", "there is no terminal", next));
    };
    let warning = warning(envelope, flag);
    let envelope = envelope.clone();
    apart(move || {
        let tty = prompt.tty().map_err(|e| no_screen(&e))?;
        let modes = tty.screen().map_err(|e| no_screen(&e))?;
        let typed = dialogue(&prompt, tty, &warning, &envelope, &secret);
        drop(modes);
        typed.map(|()| secret)
    })
    .await
}

fn dialogue(prompt: &Prompt, tty: &Tty, warning: &str, envelope: &Text, secret: &Passphrase) -> Result<(), Fault> {
    let mut keys = Keys::default();
    tty.say(warning);
    wait(prompt, &mut keys)?;
    let mut remark = String::new();
    loop {
        tty.say(&words(envelope, secret, &remark));
        wait(prompt, &mut keys)?;
        let typed = type_back(prompt, tty, &mut keys, envelope)?;
        match Passphrase::entered(&typed) {
            Ok(typed) if typed.same(secret) => return Ok(()),
            _ => remark = difference(secret, &typed),
        }
    }
}

fn wait(prompt: &Prompt, keys: &mut Keys) -> Result<(), Fault> {
    while prompt.key(keys)? != Key::Enter {}
    Ok(())
}

fn warning(envelope: &Text, flag: Option<&Text>) -> String {
    let otherwise = flag.map(|flag| format!("Without showing it: --generate --write-passphrase FILE, --{flag}-file, --{flag}-fd.\r\n"));
    let otherwise = otherwise.unwrap_or_default();
    format!(
        "{CLEAR}A new passphrase for\r\n\r\n    {envelope}\r\n\r\nIt is about to be shown on this screen, once.\r\n\
         This session may be recorded or shared: a recorder, tmux, a shared screen, somebody behind you.\r\n\
         {otherwise}\r\n\
         Enter: show it      Ctrl-C: leave, nothing changed\r\n"
    )
}

fn words(envelope: &Text, secret: &Passphrase, remark: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(2048));
    out.push_str(CLEAR);
    let _ = write!(out, "Write this line and these words on an envelope:\r\n\r\n    {envelope}\r\n\r\n");
    for (index, word) in spaced(secret.expose()).enumerate() {
        let number = index + 1;
        let _ = write!(out, "    {number:>2} {word:<10}");
        if number % 3 == 0 {
            out.push_str("\r\n");
        }
    }
    if !remark.is_empty() {
        let _ = write!(out, "\r\n{remark}\r\n");
    }
    out.push_str("\r\nEnter: hide them, and type them back      Ctrl-C: leave, nothing changed\r\n");
    out
}

/// The words of a secret, lent.
fn spaced(secret: &[u8]) -> impl Iterator<Item = &str> {
    secret.split(|&byte| byte == b' ').filter_map(|word| std::str::from_utf8(word).ok()).filter(|word| !word.is_empty())
}

fn type_back(prompt: &Prompt, tty: &Tty, keys: &mut Keys, envelope: &Text) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut typed = field();
    let mut reveal = false;
    let mut hint = String::new();
    loop {
        tty.say(&typing(envelope, &typed, reveal, &hint));
        hint.clear();
        match prompt.key(keys)? {
            Key::Enter => return Ok(typed),
            Key::Reveal => reveal = !reveal,
            Key::Tab => hint = complete_word(&mut typed),
            key => edit(&mut typed, key),
        }
    }
}

fn typing(envelope: &Text, typed: &[u8], reveal: bool, hint: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(8192));
    // Each line is cleared to its end, and then what lies below: nothing flickers, and nothing of the words stays.
    let _ = write!(out, "\x1b[HType the twelve words of\x1b[K\r\n\x1b[K\r\n    {envelope}\x1b[K\r\n\x1b[K\r\n    ");
    let text = String::from_utf8_lossy(typed);
    if reveal {
        out.push_str(&Text::new(text.as_ref()).fit(900));
    } else {
        out.extend(text.chars().map(|c| if c == ' ' { ' ' } else { '*' }));
    }
    let count = spaced(typed).count();
    let _ = write!(out, "\x1b[K\r\n\x1b[K\r\n    {count} of 12 words      {hint}\x1b[K\r\n\x1b[K\r\n");
    out.push_str("Tab: complete the word   Ctrl-T: show or hide   Enter: done   Ctrl-C: leave, nothing changed\x1b[J");
    out
}

/// Completes the last word where the list leaves one choice; else says what there is.
fn complete_word(typed: &mut Zeroizing<Vec<u8>>) -> String {
    let start = typed.iter().rposition(|&byte| byte == b' ').map_or(0, |at| at + 1);
    let Ok(prefix) = std::str::from_utf8(&typed[start..]) else { return String::new() };
    let prefix = Zeroizing::new(prefix.to_ascii_lowercase());
    if prefix.is_empty() {
        return String::new();
    }
    match complete(&prefix, 6).as_slice() {
        [] => "no word of the list begins so".into(),
        [word] => {
            typed.truncate(start);
            word.bytes().chain([b' ']).for_each(|byte| edit(typed, Key::Byte(byte)));
            String::new()
        }
        several => several.join(" "),
    }
}

/// Where what was typed differs first, by number alone.
fn difference(secret: &Passphrase, typed: &[u8]) -> String {
    let lowered = Zeroizing::new(typed.to_ascii_lowercase());
    let (mut right, mut given) = (spaced(secret.expose()), spaced(&lowered));
    for number in 1.. {
        match (right.next(), given.next()) {
            (Some(right), Some(given)) if right == given => {}
            (None, None) => break,
            (_, None) => return format!("Not the same: word {number} is missing. Look again."),
            _ => return format!("Not the same: word {number} differs. Look again."),
        }
    }
    "Not the same. Look again.".into()
}

fn no_screen(error: &std::io::Error) -> Fault {
    let next = Act::say("add --write-passphrase FILE, or use --new-passphrase-file or --new-passphrase-fd");
    Fault::new(Kind::Unexpected, "new words not shown", error.to_string(), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_named_by_number() {
        let Ok(secret) = Passphrase::entered(b"one two three") else { panic!("taken") };
        assert_eq!(difference(&secret, b"one TWO 3"), "Not the same: word 3 differs. Look again.");
        assert_eq!(difference(&secret, b"one two"), "Not the same: word 3 is missing. Look again.");
    }

    #[test]
    fn words_stand_in_rows_of_three_in_reading_order() {
        let Ok(secret) = Passphrase::entered(b"a b c d e f g h i j k l") else { panic!("taken") };
        let shown = words(&"PASSKEY ana".into(), &secret, "");
        let rows: Vec<Vec<&str>> = shown.lines().map(|row| row.split_whitespace().collect()).collect();
        assert!(rows.contains(&vec!["1", "a", "2", "b", "3", "c"]) && rows.contains(&vec!["10", "j", "11", "k", "12", "l"]), "{rows:?}");
    }

    #[test]
    fn tab_completes_only_what_is_certain() {
        let mut typed = field();
        typed.extend_from_slice(b"zoo abst");
        assert_eq!(complete_word(&mut typed), "");
        assert_eq!(*typed, b"zoo abstract ");
        typed.extend_from_slice(b"ab");
        assert!(complete_word(&mut typed).contains("abandon"));
        assert_eq!(*typed, b"zoo abstract ab");
    }
}
