//! Recovery kits: what is known of those that were made, and what they answer for.

use super::{Act, Answer, Facts, Flow, Guided, Intent, PasskeyName, PolicyName, Scenario, Text, Timestamp, Verdict};
use serde::{Deserialize, Serialize};

/// A recovery kit that was made; the file itself is with people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KitMade {
    /// 16 random bytes, hex.
    pub id: String,
    /// SHA-256 of the file, hex: by it the file is known again.
    pub digest: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: Text,
    /// How many age recipients open it; 0: a passphrase of its own does.
    pub recipients: u64,
    /// All passkeys there were then, by their wraps' ids.
    pub wraps: Vec<String>,
    /// The passkey whose passphrase is in it.
    pub opens: Option<PasskeyName>,
    /// The DR passphrase in force then; 0: DR was off.
    pub dr_number: u64,
    /// It is in the kit.
    pub dr_inside: bool,
    /// Credentials of locations are in it.
    pub credentials: bool,
    /// The policies whose keys are in it.
    pub policies: Vec<PolicyName>,
    /// When it was last checked, and by whom.
    pub checked: Option<(Timestamp, Text)>,
}

impl KitMade {
    /// Whether somebody else comes in with it alone: it holds the DR passphrase and a passkey's.
    #[must_use]
    pub fn whole(&self) -> bool {
        self.dr_inside && self.opens.is_some()
    }

    /// Who checked it, while that counts: nothing changed since, and it is not too long ago.
    #[must_use]
    pub fn vouched(&self, facts: &Facts) -> Option<&Text> {
        let lately = self.checked.as_ref().filter(|(at, _)| facts.now < at.plus(facts.ages.kit));
        lately.filter(|_| self.outdated(facts).is_none()).map(|(_, who)| who)
    }

    /// What changed since it was made, so that it is not what one would make today.
    #[must_use]
    pub fn outdated(&self, facts: &Facts) -> Option<&'static str> {
        let mut now: Vec<&str> = facts.passkeys.iter().filter(|p| !p.pending && !p.altered).map(|p| p.wrap_id.as_str()).collect();
        let mut then: Vec<&str> = self.wraps.iter().map(String::as_str).collect();
        now.sort_unstable();
        then.sort_unstable();
        let number = facts.dr.as_ref().filter(|dr| dr.enabled).map_or(0, |dr| dr.number);
        if now != then {
            Some("passkeys changed since")
        } else if number != self.dr_number {
            Some("DR changed since")
        } else {
            None
        }
    }
}

/// Without DR passphrase and catalog only a kit is left.
pub(super) fn machine_lost_too(facts: &Facts) -> Option<Answer> {
    let holds = |kit: &KitMade| kit.dr_inside;
    facts.dr_on().then(|| answer(Scenario::DrForgottenAndMachineLost, facts, holds, "holds the DR passphrase"))
}

/// A kit that only its maker ever opened says nothing about the day on which that person is gone.
pub(super) fn handover(facts: &Facts) -> Option<Answer> {
    let found = facts.dr_on().then(|| answer(Scenario::Handover, facts, KitMade::whole, "holds the DR passphrase and a passkey's"))?;
    let kit = facts.kits.iter().find(|kit| kit.whole());
    match kit.and_then(|kit| kit.checked.as_ref().map(|(_, who)| (kit, who))) {
        Some((kit, who)) if found.verdict == Verdict::Yes && *who == kit.made_by => Some(Answer {
            verdict: Verdict::Unproved,
            why: Text::new(format!("the kit of {}; nobody but {who} ever checked it", kit.made_at.short(facts.now))),
            act: Some(Act::start("let somebody else run: kastellan kit check FILE", Intent::Guided(Guided::KitCheck))),
            ..found
        }),
        _ => Some(found),
    }
}

fn answer(scenario: Scenario, facts: &Facts, good: impl Fn(&KitMade) -> bool, holds: &str) -> Answer {
    let make = || Some(Act::flow("kastellan kit make --to FILE --generate --include-passphrases", Flow::KitMake, None));
    let Some(kit) = facts.kits.iter().find(|kit| good(kit)) else {
        return Answer { scenario, verdict: Verdict::No, why: format!("no recovery kit {holds}").into(), proved_at: None, act: make() };
    };
    let way = format!("the kit of {}", kit.made_at.short(facts.now));
    let check = || Some(Act::start("kastellan kit check FILE", Intent::Guided(Guided::KitCheck)));
    let proved_at = kit.checked.as_ref().map(|(at, _)| *at);
    let (verdict, why, act) = match (&kit.checked, kit.outdated(facts)) {
        (_, Some(changed)) => (Verdict::Stale, format!("{way}; {changed}"), make()),
        (None, None) => (Verdict::Unproved, format!("{way}; nobody checked it"), check()),
        (Some((at, _)), None) => match kit.vouched(facts) {
            Some(who) => (Verdict::Yes, format!("{way}, checked by {who}"), None),
            None => (Verdict::Stale, format!("{way}; last checked {}", at.day()), check()),
        },
    };
    Answer { scenario, verdict, why: why.into(), proved_at, act }
}
