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
                let hint = hint(&secret, what);
                match open(secret).await {
                    Err(fault) if fault.kind == Kind::Secret => {
                        label = format!("{}{hint}\n", fault.line());
                        last = Some(fault);
                        wrong += 1;
                    }
                    ended => return ended.map(|opened| (opened, wrong)),
                }
            }
        }
    }
    Err(last.unwrap_or_else(|| Fault::new(Kind::Secret, "cannot go on", format!("no {what} was given"), Act::say("take its envelope"))))
}

fn hint(secret: &Passphrase, what: &str) -> String {
    let words = Words::of(secret.expose());
    match words.as_ref().and_then(Words::slip) {
        Some(Slip::NotInList(n)) => format!("; word {n} is not in the word list"),
        Some(Slip::CheckBits) => "; check bits do not match: a word is wrong, or two are swapped".into(),
        Some(Slip::Count(n)) => format!("; {n} words of the list, not 12"),
        None if words.as_ref().is_some_and(Words::sound) => {
            let wanted = if what == PASSPHRASE { "envelope of a passkey".to_owned() } else { format!("envelope of the {what}") };
            format!("; the twelve words fit together, so they are probably another envelope's: this asks for the {wanted}")
        }
        None => String::new(),
    }
}
