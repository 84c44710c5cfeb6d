//! After a leak, or after somebody left: what is to be done, in order, and how far it is.
//!
//! Most items are seen in the facts; what only a person can know is ticked by one. Nothing here is ever forgotten by itself.

use super::{Act, Facts, Passkey, PasskeyName, Text, Timestamp, count};
use serde::{Deserialize, Serialize};

/// Why a passkey is rotated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum Because {
    /// It was time.
    #[default]
    Planned,
    /// Somebody who knew its secret left.
    Leaver {
        /// Who, in words.
        what: Text,
    },
    /// Its secret is, or may be, in other hands.
    Leak {
        /// What leaked, in words.
        what: Text,
        /// Whoever has it cannot have a copy of the catalog, nor an archive with its passphrase: somebody is sure of that.
        no_copy: bool,
    },
}

/// What has to be done after a leak or a leaver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Aftermath {
    /// The rotation's id, hex.
    pub id: String,
    /// What happened; its words are readable only while unlocked.
    pub because: Because,
    /// The passkey whose secret it is about.
    pub passkey: PasskeyName,
    /// Its wrap, hex.
    pub wrap_id: String,
    /// When it was said.
    pub at: Timestamp,
    /// By whom.
    pub who: Text,
    /// The words of items that a person ticked.
    pub ticked: Vec<String>,
}

/// An item of a checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Todo {
    /// Its word, by which it is ticked.
    pub word: &'static str,
    /// What.
    pub title: Text,
    /// Whether it is done.
    pub done: bool,
    /// How to do it; only while it is not.
    pub act: Option<Act>,
}

/// Items that no fact tells: a person ticks them.
pub const BY_HAND: [&str; 2] = ["file-backups", "exports"];

impl Todo {
    /// An item with its act, which is only there while it is not done.
    #[must_use]
    pub fn new(word: &'static str, title: impl Into<Text>, done: bool, act: impl Into<Text>) -> Self {
        Self { word, title: title.into(), done, act: (!done).then(|| Act::say(act)) }
    }
}

impl Aftermath {
    /// Whether the master key must be taken as known: a leak, and nobody is sure that no copy of the wrap is in the same hands.
    #[must_use]
    pub fn master_known(&self) -> bool {
        matches!(self.because, Because::Leak { no_copy: false, .. })
    }

    /// What happened, for a heading: `leak of k10MasterKey`, `leaver: k10MasterKey`.
    #[must_use]
    pub fn title(&self) -> Text {
        Text::new(match self.because {
            Because::Leak { .. } => format!("leak of {}", self.passkey),
            _ => format!("leaver who knew {}", self.passkey),
        })
    }

    /// The checklist, in the order in which it is to be done.
    #[must_use]
    pub fn todo(&self, facts: &Facts) -> Vec<Todo> {
        let old = &self.passkey;
        let gone = facts.passkeys.iter().all(|p| p.wrap_id != self.wrap_id);
        let replaced = facts.installation.as_ref().is_some_and(|i| !i.in_use.same(old) || gone);
        let ticked = |word: &str| self.ticked.iter().any(|t| t == word);
        let tick = |what: &str, word: &str| format!("{what}, then: kastellan rotate --checklist --done {word}");
        let mut all = vec![
            Todo::new("new-passkey", "a new passkey is in use", replaced, "kastellan rotate NEWNAME"),
            Todo::new("retire", format!("{old} is retired"), gone, format!("kastellan passkey remove {old} --confirm {old}")),
        ];
        // Archives that somebody may hold with the old wrap stay a danger whether DR is on or not.
        let held = facts.archives.iter().filter(|a| a.wraps.contains(&self.wrap_id) || a.created_at < self.at).count() as u64;
        let pruned =
            |act: String| Todo::new("prune", format!("no archive holds {old}: {} left", count(held, "one is", "are")), held == 0, act);
        if facts.dr_on() {
            let number = facts.dr.as_ref().map_or(0, |dr| dr.number);
            // Of the very second of the leak it may be the one that leaked.
            let newer = facts.dr_passphrases.iter().any(|p| p.number == number && p.created_at > self.at);
            let fresh = facts.debt == 0 && facts.archives.iter().any(|a| a.proved_at.is_some() && a.created_at >= self.at);
            let name = facts.installation.as_ref().map(|i| i.name.to_string()).unwrap_or_default();
            let prune =
                format!("kastellan dr prune --before {} --confirm {name}; the three newest stay until newer ones are there", facts.now);
            all.extend([
                Todo::new("dr-passphrase", "the DR passphrase is another", newer, "kastellan dr change-passphrase"),
                Todo::new("archive", "an archive holds all of this", fresh, "kastellan dr archive"),
                pruned(prune),
            ]);
        } else if held > 0 {
            all.push(pruned(
                "kastellan dr enable, with another DR passphrase; kastellan dr prune once three newer archives are there".into(),
            ));
        }
        let copies = tick("find and erase copies of the catalog in file backups and snapshots", BY_HAND[0]);
        let keys =
            tick("kastellan migration list; whoever has one of those reads on, and only a new policy name makes a new key", BY_HAND[1]);
        all.extend([
            Todo::new(BY_HAND[0], format!("no file backup of the catalog holds {old}"), ticked(BY_HAND[0]), copies),
            Todo::new(BY_HAND[1], "exported policy keys were looked at", ticked(BY_HAND[1]), keys),
        ]);
        all
    }

    /// How many items are left.
    #[must_use]
    pub fn left(&self, facts: &Facts) -> usize {
        self.todo(facts).iter().filter(|item| !item.done).count()
    }
}

/// What is said where the master key must be taken as known, and the way out that there is.
pub const MASTER_KNOWN: [&str; 2] = [
    "Nobody is sure that no copy of the catalog, or archive with its passphrase, is in the same hands: the master key must be taken as known. \
     No rotation takes it back, and every backup under it, made or to be made, must be taken as readable.",
    "The way out is a new installation, into which everything is sealed again: see \"After a leak\" in the README.",
];

/// Whether two names of people are one person's: case is a slip of whoever typed them.
#[must_use]
pub fn same_person(a: &Text, b: &Text) -> bool {
    a.to_string().to_lowercase() == b.to_string().to_lowercase()
}

/// From one person to another: what has to be true before the first may go.
#[must_use]
pub fn handover(from: &Text, to: &Text, facts: &Facts) -> Vec<Todo> {
    let owned = |who: &Text| {
        let of = |p: &&Passkey| !p.pending && p.owner.as_ref().is_some_and(|owner| same_person(owner, who));
        facts.passkeys.iter().filter(of).collect::<Vec<_>>()
    };
    let typed = |who: &Text, by: &Text| {
        same_person(by, who) || by.to_string().split_once('@').is_some_and(|(person, _)| same_person(&person.into(), who))
    };
    let (old, new) = (owned(from), owned(to));
    let name = new.first().map_or_else(|| "NAME".to_owned(), |p| p.name.to_string());
    let opened = new.iter().any(|p| p.proof.as_ref().and_then(|proof| proof.typed.as_ref()).is_some_and(|(_, who)| typed(to, who)));
    let mut all = vec![
        Todo::new("passkey", format!("{to} has a passkey"), !new.is_empty(), format!("kastellan passkey add NAME --owner {to}")),
        Todo::new("typed", format!("{to} typed it"), opened, format!("{to} runs: kastellan passkey check {name}")),
    ];
    if facts.dr_on() {
        let number = facts.dr.as_ref().map_or(0, |dr| dr.number);
        let known = facts.dr_passphrases.iter().find(|p| p.number == number).and_then(|p| p.typed.as_ref());
        all.push(Todo::new(
            "dr-passphrase",
            format!("{to} has typed the DR passphrase"),
            known.is_some_and(|(_, who)| typed(to, who)),
            format!("{to} runs: kastellan dr check"),
        ));
        let whole = || facts.kits.iter().filter(|kit| kit.whole());
        let done = whole().any(|kit| kit.vouched(facts).is_some_and(|who| typed(to, who)));
        let there = whole().any(|kit| kit.outdated(facts).is_none());
        let act = if there { "" } else { "kastellan kit make --to FILE --generate --include-passphrases, then " };
        let title = format!("{to} has checked a recovery kit with the passphrases");
        all.push(Todo::new("kit", title, done, format!("{act}{to} runs: kastellan kit check FILE")));
    }
    let gone = old.is_empty();
    let first = old.first().map_or_else(|| "OLD".to_owned(), |p| p.name.to_string());
    let act = format!("{to} runs: kastellan rotate NEWNAME --because leaver --retire {first} --confirm {first}");
    all.push(Todo::new("retired", format!("{from} has no passkey any more"), gone, act));
    all
}

#[cfg(test)]
mod tests {
    use super::super::{Archive, Dr, DrPassphrase};
    use super::*;

    #[test]
    fn what_was_made_in_the_very_second_of_the_leak_is_not_taken_for_an_answer_to_it() {
        let at = Timestamp::from_unix(1_790_000_000);
        let leak = Aftermath {
            id: String::new(),
            because: Because::Leak { what: "seen".into(), no_copy: false },
            passkey: "k1".parse().unwrap(),
            wrap_id: "wrap-k1".into(),
            at,
            who: "ana@bastion".into(),
            ticked: Vec::new(),
        };
        let locations = vec!["nfs".parse().unwrap()];
        let dr = Dr { enabled: true, locations, number: 1, next_seq: 2, failing: Vec::new(), foreign: Vec::new() };
        let mut facts = Facts { dr: Some(dr), ..Facts::none(at, false) };
        let mut done = |seconds: i64, debt: u64, wrap: &str| {
            let created_at = at.plus(seconds);
            facts.dr_passphrases = vec![DrPassphrase { number: 1, created_at, created_by: "ana".into(), retired_at: None, typed: None }];
            facts.archives = vec![Archive {
                id: String::new(),
                name: String::new(),
                location: "nfs".parse().unwrap(),
                instance_id: String::new(),
                seq: 1,
                created_at,
                size: 1,
                digest: String::new(),
                number: 1,
                journal_seq: 1,
                wraps: vec![wrap.into()],
                proved_at: Some(created_at),
            }];
            facts.debt = debt;
            let of = |word: &str| leak.todo(&facts).into_iter().find(|item| item.word == word).unwrap().done;
            (of("dr-passphrase"), of("archive"), of("prune"))
        };
        // Before it, the rotation itself is in no archive and the archive holds the old wrap: the debt and the wrap tell, not the second.
        assert_eq!(done(-1, 1, "wrap-k1"), (false, false, false));
        assert_eq!(done(0, 1, "wrap-k1"), (false, false, false));
        assert_eq!(done(0, 0, "wrap-k2"), (false, true, true));
        assert_eq!(done(1, 0, "wrap-k2"), (true, true, true));
        // Switching DR off takes no archive out of other hands.
        done(-1, 0, "wrap-k1");
        facts.dr.iter_mut().for_each(|dr| dr.enabled = false);
        let of = |word: &str| leak.todo(&facts).into_iter().find(|item| item.word == word).map(|item| item.done);
        assert_eq!((of("dr-passphrase"), of("prune")), (None, Some(false)));
    }
}
