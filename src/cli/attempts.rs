//! Asking for an existing secret until it opens, as often as a person is asked.

use super::prompt::Prompt;
use super::secrets::PROMPTS;
use crate::crypto::{Passphrase, Slip, Words};
use crate::domain::{Act, Fault, Kind};

/// What a passkey's secret is asked for as.
pub const PASSPHRASE: &str = "passphrase";

/// Asks with `label` for `what`, and tries each answer; what opened, and after how many wrong ones. What the word list says of twelve words that did not open is said,
/// and nothing else ever is.
///
/// # Errors
/// The last one of `open`, where none opened; any that is not `Kind::Secret` at once.
pub async fn ask<T>(
    prompt: &Prompt,
    label: &str,
    what: &str,
    open: impl AsyncFn(Passphrase) -> Result<T, Fault>,
) -> Result<(T, u32), Fault> {
    let mut label = label.to_owned();
    let mut last = None;
    let mut wrong = 0;
    for _ in 0..PROMPTS {
        match Passphrase::entered(&prompt.secret(&format!("{label}{what}: ")).await?) {
            Err(e) => label = format!("not taken: {e}\n"),
            Ok(secret) => {
                let (hint, words) = (hint(&secret, what), Words::of(secret.expose()));
                let unreadable = words.as_ref().map(Words::unreadable).unwrap_or_default();
                if unreadable.len() > 1 {
                    label = "only one word may be replaced by ?\n".into();
                    continue;
                }
                // A ? may be one: it is tried as it is, too.
                let filled = words.filter(|_| unreadable.len() == 1);
                if filled.is_some() {
                    prompt.say("trying each word that fits in place of ? (128, a minute or more; Ctrl-C stops)");
                }
                for candidate in std::iter::once(secret).chain(filled.iter().flat_map(Words::fill)) {
                    match open(candidate).await {
                        Err(fault) if fault.kind == Kind::Secret => last = Some(fault),
                        ended => return ended.map(|opened| (opened, wrong)),
                    }
                }
                label = format!("{}{hint}\n", last.as_ref().map(Fault::line).unwrap_or_default());
                wrong += 1;
            }
        }
    }
    Err(last.unwrap_or_else(|| Fault::new(Kind::Secret, "cannot go on", format!("no {what} was given"), Act::say("take its envelope"))))
}

fn hint(secret: &Passphrase, what: &str) -> String {
    let words = Words::of(secret.expose());
    match words.as_ref().and_then(Words::slip) {
        Some(Slip::NotInList(n)) => format!("; word {n} is not in the word list (? in its place tries each that fits)"),
        Some(Slip::CheckBits) => {
            "; check bits do not match: a word is wrong, or two are swapped (? in its place tries each that fits)".into()
        }
        Some(Slip::Count(n)) => format!("; {n} words of the list, not 12"),
        None if words.as_ref().is_some_and(Words::sound) => {
            let wanted = if what == PASSPHRASE { "envelope of a passkey".to_owned() } else { format!("envelope of the {what}") };
            format!("; the twelve words fit together, so they are probably another envelope's: this asks for the {wanted}")
        }
        None => String::new(),
    }
}
