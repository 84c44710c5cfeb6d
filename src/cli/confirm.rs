//! Asking before something is changed or taken away.
//!
//! Owns: `--yes`, `--confirm NAME` and the question on a terminal. Must not: decide what needs it, that is the plan.

use super::call::Call;
use super::plan;
use crate::domain::{Act, Confirm, Fault, Plan, Text};

/// Has the person say yes as the plan wants it.
///
/// # Errors
/// `Kind::Refused` without the flag and without a terminal, or where the answer is another; `Kind::Interrupted`.
pub async fn before(call: &Call, planned: &Plan, given: Option<&str>) -> Result<(), Fault> {
    let refuse = |cause: String, next: String| Err(Fault::refused(planned.request.failing(), cause, Act::say(next)));
    match &planned.confirm {
        Confirm::None => Ok(()),
        Confirm::Yes if call.globals.yes => Ok(()),
        Confirm::Yes => match call.prompt() {
            None => refuse("it changes what is there, and nobody said yes".into(), "say --yes, or run it on a terminal".into()),
            Some(prompt) => {
                prompt.say(plan::text(planned).trim_end());
                if prompt.yes("Go on?").await? { Ok(()) } else { refuse("the answer was no".into(), "run it again when ready".into()) }
            }
        },
        Confirm::Type(name) => match given {
            Some(given) if Text::new(given) == *name => Ok(()),
            Some(given) => {
                refuse(format!("--confirm says {}, and this is about {name}", Text::new(given)), format!("--confirm {}", word(name)))
            }
            None => match call.prompt() {
                None => refuse(
                    format!("it cannot be undone, is about {name}, and nobody confirmed that"),
                    format!("say --confirm {}, or run it on a terminal", word(name)),
                ),
                Some(prompt) => {
                    prompt.say(plan::text(planned).trim_end());
                    let typed = prompt.line(&format!("This cannot be undone. Type {name} to go on: ")).await?;
                    if Text::new(typed) == *name {
                        Ok(())
                    } else {
                        refuse("another name was typed".into(), "run it again when ready".into())
                    }
                }
            },
        },
    }
}

/// A name as a shell takes it for one word.
fn word(name: &Text) -> String {
    let name = name.to_string();
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-._@/:".contains(c));
    if plain { name } else { format!("'{}'", name.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_for_a_shell() {
        for (name, said) in [("prod-eu1", "prod-eu1"), ("prod eu1", "'prod eu1'"), ("ana's", "'ana'\\''s'"), ("$HOME", "'$HOME'")] {
            assert_eq!(word(&name.into()), said);
        }
    }
}
