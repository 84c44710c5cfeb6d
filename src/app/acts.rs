//! Acts as the console says them: where Enter starts one, no command line is shown for it.

use crate::domain::{Act, Guided, Intent, Text};
use crate::wizard::Wizard;

/// What to do next, in the words of the console. Acts are shared with the command line, whose verbs mean nothing to a key.
#[must_use]
pub fn act_words(act: &Act) -> Text {
    let Some(intent) = &act.does else { return act.say.clone() };
    let say = act.say.clean();
    match say.find("kastellan ") {
        None => act.say.clone(),
        Some(at) => match say.get(..at).and_then(|before| before.strip_suffix(": ")) {
            Some(words) => Text::new(words),
            None => Text::new(intent_words(intent)),
        },
    }
}

fn intent_words(intent: &Intent) -> String {
    match intent {
        Intent::SetUp => "set up a new installation".into(),
        Intent::Unlock => "unlock".into(),
        Intent::Add => "add a passkey".into(),
        Intent::Check(name) => format!("check {name}"),
        Intent::Use(name) => format!("put {name} in use"),
        Intent::Rotate => "rotate to a new passkey".into(),
        Intent::Remove(name) => format!("remove {name}"),
        Intent::Resume => "finish or abandon what was begun".into(),
        Intent::Abandon => "take the unfinished operation back".into(),
        Intent::Journal => "look at the journal".into(),
        Intent::Passkeys => "look at the passkeys".into(),
        Intent::Artifacts => "look at locations and artifacts".into(),
        Intent::Dr => "look at DR and drills".into(),
        Intent::Readiness => "look at every case".into(),
        Intent::Guided(what) => guided_words(what).into(),
        Intent::Flow(..) => Wizard::serving(intent).map_or_else(|| "begin".into(), |(wizard, _)| lower(wizard.title)),
    }
}

/// What is asked step by step, in words.
pub(super) fn guided_words(what: &Guided) -> &'static str {
    match what {
        Guided::Recover => "recover: I lost everything",
        Guided::Drill => "rehearse a total loss",
        Guided::Import => "open import data",
        Guided::KitCheck => "try a recovery kit",
        Guided::Verify(_) => "verify every tag",
        Guided::Checklist => "look at what is left to be done",
        Guided::Open(_) => "open the artifact",
        Guided::LocationCheck(_) => "try every right on the location",
        Guided::DrillShow(_) => "read the drill's report",
    }
}

/// The same with a capital letter.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|c| c.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

fn lower(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().map(|c| c.to_ascii_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_enter_starts_is_no_command_line() {
        let table = [
            (Act::start("add a second passkey: kastellan passkey add NAME", Intent::Add), "add a second passkey"),
            (Act::start("kastellan rotate --resume | --abandon", Intent::Resume), "finish or abandon what was begun"),
            (Act::start("unlock", Intent::Unlock), "unlock"),
            (Act::say("kastellan doctor"), "kastellan doctor"),
        ];
        for (act, words) in table {
            assert_eq!(act_words(&act).clean(), words);
        }
    }
}
