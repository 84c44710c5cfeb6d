//! Passkeys, and how well each is known to work.

use super::{PasskeyName, Prover, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// How a passkey wraps the master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Argon2id over a passphrase, then AES-256-GCM.
    Passphrase,
}

impl Method {
    /// The word for it in lists, flags and records.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passphrase => "passphrase",
        }
    }
}

/// Where a passphrase passkey's secret is to be found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "from")]
pub enum PassphraseSource {
    /// A person types it.
    #[default]
    Prompt,
    /// An owner-only file on this machine.
    File {
        /// Its path, as given.
        path: Text,
    },
    /// A Kubernetes Secret, kept as a reference.
    Secret {
        /// Its name.
        name: Text,
        /// Its namespace.
        namespace: Text,
    },
}

/// One attempt to unwrap the master key with a passkey, as it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// When it last opened, and where its secret came from then.
    pub opened: Option<(Timestamp, Prover)>,
    /// When a person last typed its secret rightly, and who (`ana@bastion`).
    pub typed: Option<(Timestamp, Text)>,
    /// The failure newer than `opened`, with its cause, where there is one that says something about the passkey.
    pub failed: Option<(Timestamp, Text)>,
}

impl Proof {
    /// Whether it was made at a time that lies ahead of `now` by more than a day: the clock was wrong then or is now, so its age says nothing.
    #[must_use]
    pub fn lies_ahead(&self, now: Timestamp) -> bool {
        const SLACK: i64 = 86_400;
        let times = [self.opened.as_ref().map(|(at, _)| *at), self.typed.as_ref().map(|(at, _)| *at)];
        times.into_iter().flatten().any(|at| at > now.plus(SLACK))
    }
}

/// A passkey as the catalog knows it. Holds no wrap and no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// Its name.
    pub name: PasskeyName,
    /// How it wraps.
    pub method: Method,
    /// Where its secret is to be found.
    pub source: PassphraseSource,
    /// The person it belongs to, where said.
    pub owner: Option<Text>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it (`ana@bastion`).
    pub created_by: Text,
    /// Public id of its wrap: 16 bytes in hex.
    pub wrap_id: String,
    /// The method's public settings in words (`Argon2id 256 MiB`).
    pub settings: Text,
    /// Weaker than what is written today: offer a new wrap.
    pub weak: bool,
    /// Not proved yet: made by an operation that has not ended. Counts for nothing.
    pub pending: bool,
    /// What is known of its opening; None: never tried.
    pub proof: Option<Proof>,
    /// Its record does not verify: shown as altered, used for nothing.
    pub altered: bool,
    /// A remark; readable only while unlocked.
    pub note: Option<Text>,
}

/// Ages in seconds after which an answer goes stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ages {
    /// Since the passkey last opened; 30 days.
    pub check: i64,
    /// Since a person last typed its secret; 180 days.
    pub typed: i64,
    /// Since a change that is in no DR archive; 24 hours.
    pub archive: i64,
    /// Since a recovery kit was checked; 180 days.
    pub kit: i64,
    /// Since a drill passed; 90 days.
    pub drill: i64,
}

impl Default for Ages {
    fn default() -> Self {
        const DAY: i64 = 86_400;
        Self { check: 30 * DAY, typed: 180 * DAY, archive: DAY, kit: 180 * DAY, drill: 90 * DAY }
    }
}

/// Whether a passkey opens, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Opens {
    /// Proved, and not long ago.
    Yes,
    /// Proved, too long ago.
    Stale,
    /// Nobody tried it.
    Unknown,
    /// Tried, and it does not.
    No,
    /// Not proved yet, by an operation that must be finished or abandoned.
    Pending,
}

impl Opens {
    /// The word on screens: `YES`, `STALE`, `UNKNOWN`, `NO`, `PENDING`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "YES",
            Self::Stale => "STALE",
            Self::Unknown => "UNKNOWN",
            Self::No => "NO",
            Self::Pending => "PENDING",
        }
    }
}

impl Passkey {
    /// Whether it opens, as far as proofs say at `now`.
    #[must_use]
    pub fn opens(&self, ages: &Ages, now: Timestamp) -> Opens {
        if self.altered {
            return Opens::No;
        }
        if self.pending {
            return Opens::Pending;
        }
        let Some(proof) = &self.proof else { return Opens::Unknown };
        if proof.failed.is_some() {
            return Opens::No;
        }
        let Some((opened, _)) = &proof.opened else { return Opens::Unknown };
        let untyped = |(at, _): &(Timestamp, Text)| now >= at.plus(ages.typed);
        let forgotten = self.method == Method::Passphrase && proof.typed.as_ref().is_some_and(untyped);
        if forgotten || now >= opened.plus(ages.check) || proof.lies_ahead(now) { Opens::Stale } else { Opens::Yes }
    }

    /// When the answer would next change by age alone, if ever.
    #[must_use]
    pub fn stale_at(&self, ages: &Ages) -> Option<Timestamp> {
        let proof = self.proof.as_ref()?;
        let check = proof.opened.as_ref().map(|(at, _)| at.plus(ages.check));
        let typed = proof.typed.as_ref().map(|(at, _)| at.plus(ages.typed));
        [check, typed].into_iter().flatten().min()
    }

    /// The cause beside the word, a short plain clause.
    #[must_use]
    pub fn why(&self, ages: &Ages, now: Timestamp) -> Text {
        match self.opens(ages, now) {
            Opens::No if self.altered => "its record was altered: used for nothing".into(),
            Opens::Pending => "not proved: finish or abandon".into(),
            Opens::Unknown => "nobody typed it".into(),
            Opens::No => match self.proof.as_ref().and_then(|p| p.failed.as_ref()) {
                Some((_, cause)) => cause.clone(),
                None => "does not open".into(),
            },
            Opens::Stale if self.proof.as_ref().is_some_and(|p| p.lies_ahead(now)) => "proved at a time that lies ahead".into(),
            Opens::Stale => "a person must type it".into(),
            Opens::Yes => match self.proof.as_ref().and_then(|p| p.opened.as_ref()) {
                Some((_, Prover::Person(who))) => Text::new(format!("typed by {who}")),
                Some((_, by)) => Text::new(format!("proved by a {}", by.word())),
                None => Text::default(),
            },
        }
    }
}

/// What looking at a passkey's method told, without unwrapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MethodFacts {
    /// Settings in words.
    pub settings: Text,
    /// Weaker than what is written today.
    pub weak: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_from_the_future_is_stale_and_says_so() {
        let (now, day) = (Timestamp::from_unix(1_790_000_000), 86_400);
        let passkey = |opened: i64, typed: i64| Passkey {
            name: "ana".parse().unwrap(),
            method: Method::Passphrase,
            source: PassphraseSource::Prompt,
            owner: None,
            created_at: now,
            created_by: "ana@bastion".into(),
            wrap_id: String::new(),
            settings: Text::default(),
            weak: false,
            pending: false,
            proof: Some(Proof {
                opened: Some((now.plus(opened), Prover::File)),
                typed: Some((now.plus(typed), "ana@bastion".into())),
                failed: None,
            }),
            altered: false,
            note: None,
        };
        let ages = Ages::default();
        for (opened, typed) in [(-day, -day), (0, 0), (day, day)] {
            assert_eq!(passkey(opened, typed).opens(&ages, now), Opens::Yes, "{opened} {typed}");
        }
        for (opened, typed) in [(day + 1, 0), (0, day + 1), (3650 * day, 3650 * day)] {
            let found = passkey(opened, typed);
            assert_eq!(found.opens(&ages, now), Opens::Stale, "{opened} {typed}");
            assert_eq!(found.why(&ages, now).to_string(), "proved at a time that lies ahead");
        }
    }
}
