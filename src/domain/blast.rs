//! The blast radius: of each secret and each place, who can read what if it leaks, and what is lost if it is gone.
//!
//! Pure functions of facts, asked by every list and every view that shows the thing. Sentences, the answer first.

use super::{Facts, Location, Opens, Passkey, PassphraseSource, PolicyName, Text, count};

/// The namespace that Kasten's own backup brings back.
const KASTEN: &str = "kasten-io";

impl Passkey {
    /// Whether its secret is still there when machine and cluster are gone; why not.
    ///
    /// # Errors
    /// Where it is kept, and goes with.
    pub fn survives(&self) -> Result<(), &'static str> {
        // Somebody typed it: it is in an envelope, or in a head.
        if self.proof.as_ref().is_some_and(|proof| proof.typed.is_some()) {
            return Ok(());
        }
        match &self.source {
            PassphraseSource::Prompt => Ok(()),
            PassphraseSource::File { .. } => Err("in a file of this machine"),
            PassphraseSource::Secret { namespace, .. } if *namespace == Text::from(KASTEN) => Ok(()),
            PassphraseSource::Secret { .. } => Err("in a Secret outside kasten-io"),
        }
    }

    /// The cell of a list: `survives`, `NO: in a file of this machine`.
    #[must_use]
    pub fn total_loss(&self) -> String {
        self.survives().map_or_else(|why| format!("NO: {why}"), |()| "survives".into())
    }
}

/// How many of the kept archives hold a passkey's wrap: `12 of 14`.
#[must_use]
pub fn archives_of(passkey: &Passkey, facts: &Facts) -> String {
    let held = facts.archives.iter().filter(|a| a.wraps.contains(&passkey.wrap_id)).count();
    format!("{held} of {}", facts.archives.len())
}

/// A passkey's secret in other hands.
#[must_use]
pub fn if_passkey_leaks(passkey: &Passkey, facts: &Facts) -> Text {
    let mut numbers: Vec<u64> = facts.archives.iter().filter(|a| a.wraps.contains(&passkey.wrap_id)).map(|a| a.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let own = "with a copy of this catalog, of any age: everything";
    if numbers.is_empty() {
        return own.into();
    }
    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
    Text::new(format!("{own}. With an archive: only together with DR passphrase no. {}", numbers.join(", ")))
}

/// A passkey's secret gone.
#[must_use]
pub fn if_passkey_lost(passkey: &Passkey, facts: &Facts) -> Text {
    let others =
        |opens: Opens| facts.passkeys.iter().filter(|p| !p.name.same(&passkey.name) && p.opens(&facts.ages, facts.now) == opens).count();
    let counted = |n: usize| if n == 1 { "1 other".to_owned() } else { format!("{n} others") };
    let live = match (others(Opens::Yes), others(Opens::Stale)) {
        (0, 0) => "no other passkey is proved to open: the backups could not be opened any more".to_owned(),
        (yes, 0) => format!("the backups open by {}", counted(yes)),
        (0, stale) => format!("the backups open by {}, not proved for long", counted(stale)),
        (yes, stale) => format!("the backups open by {}, and by {stale} not proved for long", counted(yes)),
    };
    match facts.shut_without(passkey).len() as u64 {
        0 => live.into(),
        shut => Text::new(format!("{} shut; {live}", count(shut, "kept archive stays", "kept archives stay"))),
    }
}

/// A policy's key in other hands.
#[must_use]
pub fn if_policy_leaks(policy: &PolicyName) -> Text {
    Text::new(format!("all backups of {policy}, past and future, and fakes of them; no other policy. Only a new name makes a new key"))
}

/// A policy's key gone, which takes the master key to be gone.
#[must_use]
pub fn if_policy_lost() -> Text {
    "cannot be lost alone: it derives from the master key and the name, also after the policy was removed".into()
}

/// A DR passphrase in other hands.
#[must_use]
pub fn if_dr_leaks(number: u64, facts: &Facts) -> Text {
    let kept = facts.archives.iter().filter(|a| a.number == number).count();
    let with = match kept {
        0 => return "no kept archive opens with it".into(),
        1 => "the one kept archive".to_owned(),
        _ => format!("any of the {kept} kept archives"),
    };
    Text::new(format!("with {with}: names, owners and times in the catalog; the master key in it is still wrapped by passkeys"))
}

/// A DR passphrase gone.
#[must_use]
pub fn if_dr_lost(number: u64, facts: &Facts) -> Text {
    let kept = facts.archives.iter().filter(|a| a.number == number).count() as u64;
    let in_kit = facts.kits.iter().any(|kit| kit.dr_inside && kit.dr_number == number);
    if kept == 0 {
        return "nothing".into();
    }
    let shut = count(kept, "kept archive stays", "kept archives stay");
    if in_kit {
        return Text::new(format!("{shut} shut, but for who has a recovery kit that holds it"));
    }
    Text::new(format!("{shut} shut; while this catalog lives it can set a new one (kastellan dr change-passphrase)"))
}

/// A location in other hands, to read.
#[must_use]
pub fn if_location_leaks(location: &Location) -> Text {
    let names = if location.hide_policy_names { "key ids" } else { "policy names" };
    Text::new(format!("{names}, ids, sizes and times; no content, no file names. A weak DR passphrase can be guessed at leisure"))
}

/// A location gone. `artifacts` are those of which the index knows no other copy.
#[must_use]
pub fn if_location_lost(location: &Location, artifacts: u64, facts: &Facts) -> Text {
    let there = facts.archives.iter().filter(|a| a.location.same(&location.name)).count() as u64;
    let elsewhere = facts.archives.iter().any(|a| !a.location.same(&location.name) && a.proved_at.is_some());
    let mut parts = Vec::new();
    if artifacts > 0 {
        parts.push(format!("{} with no other copy", count(artifacts, "artifact", "artifacts")));
    }
    if there > 0 {
        let rest = if elsewhere { "others lie elsewhere" } else { "no other location has one" };
        parts.push(format!("{}: {rest}", count(there, "DR archive", "DR archives")));
    }
    if parts.is_empty() { "nothing that is known".into() } else { parts.join("; ").into() }
}

#[cfg(test)]
mod tests {
    use super::super::{Archive, KitMade, Method, Proof, Prover, Scenario, Timestamp, Verdict, readiness};
    use super::*;

    fn passkey(name: &str, source: PassphraseSource, typed: bool) -> Passkey {
        let now = Timestamp::from_unix(1_790_000_000);
        Passkey {
            name: name.parse().unwrap(),
            method: Method::Passphrase,
            source,
            owner: None,
            created_at: now,
            created_by: "ana@bastion".into(),
            wrap_id: format!("wrap-{name}"),
            settings: Text::default(),
            weak: false,
            pending: false,
            proof: Some(Proof { opened: Some((now, Prover::File)), typed: typed.then(|| (now, "ana@bastion".into())), failed: None }),
            altered: false,
            note: None,
        }
    }

    fn archive(seq: u64, location: &str, number: u64, wraps: &[&str]) -> Archive {
        Archive {
            id: format!("{seq}"),
            name: String::new(),
            location: location.parse().unwrap(),
            instance_id: String::new(),
            seq,
            created_at: Timestamp::from_unix(1_790_000_000),
            size: 1,
            digest: String::new(),
            number,
            journal_seq: 1,
            wraps: wraps.iter().map(|w| format!("wrap-{w}")).collect(),
            proved_at: Some(Timestamp::from_unix(1_790_000_000)),
        }
    }

    fn facts() -> Facts {
        let mut facts = Facts::none(Timestamp::from_unix(1_790_000_000), false);
        facts.installation = Some(super::super::Installation {
            name: "prod-eu1".into(),
            catalog_id: "7f3a".repeat(8),
            instance_id: String::new(),
            master_key_id: String::new(),
            created_at: facts.now,
            in_use: "k1".parse().unwrap(),
            owner: true,
            signing_key: "5e".repeat(32),
        });
        facts.passkeys = vec![passkey("k1", PassphraseSource::Prompt, true), passkey("k2", PassphraseSource::Prompt, false)];
        facts.dr = Some(super::super::Dr {
            enabled: true,
            locations: vec!["nfs".parse().unwrap()],
            number: 2,
            next_seq: 3,
            failing: Vec::new(),
            foreign: Vec::new(),
        });
        facts.archives = vec![archive(2, "nfs", 2, &["k1", "k2"]), archive(1, "nfs", 1, &["k1"])];
        let location = |name: &str| Location {
            name: name.parse().unwrap(),
            kind: "directory".into(),
            target: None,
            hide_policy_names: false,
            read_only: false,
            created_at: facts.now,
            created_by: "ana".into(),
            altered: false,
        };
        facts.locations = vec![location("nfs"), location("s3-eu")];
        facts
    }

    #[test]
    fn what_survives_a_total_loss() {
        let file = || PassphraseSource::File { path: "/etc/pass".into() };
        let secret = |namespace: &str| PassphraseSource::Secret { name: "s".into(), namespace: namespace.into() };
        for (source, typed, said) in [
            (PassphraseSource::Prompt, false, "survives"),
            (file(), false, "NO: in a file of this machine"),
            (file(), true, "survives"),
            (secret("kasten-io"), false, "survives"),
            (secret("vault"), false, "NO: in a Secret outside kasten-io"),
            (secret("vault"), true, "survives"),
        ] {
            assert_eq!(passkey("k", source.clone(), typed).total_loss(), said, "{source:?} {typed}");
        }
    }

    #[test]
    fn who_reads_what_and_what_is_lost() {
        let facts = facts();
        let (one, two) = (&facts.passkeys[0], &facts.passkeys[1]);
        assert_eq!(archives_of(one, &facts), "2 of 2");
        assert!(if_passkey_leaks(one, &facts).to_string().ends_with("only together with DR passphrase no. 1, 2"));
        assert!(if_passkey_leaks(two, &facts).to_string().ends_with("only together with DR passphrase no. 2"));
        assert_eq!(if_passkey_lost(one, &facts).to_string(), "1 kept archive stays shut; the backups open by 1 other");
        assert_eq!(if_passkey_lost(two, &facts).to_string(), "the backups open by 1 other");
        assert!(if_dr_leaks(1, &facts).to_string().starts_with("with the one kept archive: names, owners"));
        assert_eq!(if_dr_leaks(7, &facts).to_string(), "no kept archive opens with it");
        assert_eq!(
            (if_dr_lost(7, &facts).to_string().as_str(), if_dr_lost(2, &facts).to_string().contains("stays shut")),
            ("nothing", true)
        );
        let leaks = |hide_policy_names| if_location_leaks(&Location { hide_policy_names, ..facts.locations[0].clone() }).to_string();
        assert!(
            leaks(false).starts_with("policy names, ids, sizes and times; no content") && leaks(true).starts_with("key ids, ids, sizes")
        );
        assert_eq!(
            if_location_lost(&facts.locations[0], 3, &facts).to_string(),
            "3 artifacts with no other copy; 2 DR archives: no other location has one"
        );
        assert_eq!(if_location_lost(&facts.locations[1], 0, &facts).to_string(), "nothing that is known");
    }

    #[test]
    fn a_lost_machine_needs_a_proved_archive_with_a_passkey_that_is_here_and_no_old_debt() {
        let facts = facts();
        let of = |facts: &Facts| {
            let found = readiness(facts).into_iter().find(|a| a.scenario == Scenario::MachineLost).unwrap();
            (found.verdict, found.why.to_string(), found.act.unwrap().say.to_string())
        };
        let with = |wraps: &[&str], proved_at: Option<Timestamp>| {
            let archives = vec![Archive { proved_at, ..archive(2, "nfs", 2, wraps) }];
            of(&Facts { archives, ..facts.clone() })
        };
        let no = |why: &str| (Verdict::No, why.to_owned(), "kastellan dr archive".to_owned());
        assert_eq!(with(&["k1", "k2"], Some(facts.now)).0, Verdict::Unproved, "all that is missing is a drill");
        assert_eq!(with(&["k1", "k2"], None), no("no DR archive was ever proved"));
        assert_eq!(with(&["gone"], Some(facts.now)), no("the newest archive holds no passkey that is here"));
        let later = |debt: u64, seconds: i64| of(&Facts { debt, now: facts.now.plus(seconds), ..facts.clone() });
        let day = facts.ages.archive;
        assert_eq!((later(0, day + 1).0, later(1, day).0), (Verdict::Unproved, Verdict::Unproved));
        let (verdict, why, act) = later(1, day + 1);
        assert_eq!((verdict, act.as_str()), (Verdict::Stale, "kastellan dr archive"));
        assert!(why.ends_with("; 1 change in no archive"), "{why}");
        // One that was restored archives nothing before it is taken over.
        let mut restored = Facts { debt: 1, now: facts.now.plus(day + 1), ..facts.clone() };
        restored.installation.as_mut().unwrap().owner = false;
        assert!(of(&restored).2.starts_with("kastellan dr take-over"));
    }

    #[test]
    fn an_archive_where_a_place_refuses_or_that_lacks_changes_is_not_counted_on() {
        let mut facts = facts();
        let of = |facts: &Facts, scenario: Scenario| {
            let found = readiness(facts).into_iter().find(|a| a.scenario == scenario).unwrap();
            (found.verdict, found.why.to_string(), found.act.map(|act| act.say.to_string()).unwrap_or_default())
        };
        let lost = |name: &str| Scenario::LocationLost(name.parse().unwrap());
        let refuses = |name: &str| super::super::Failing { location: name.parse().unwrap(), since: facts.now, cause: "gone".into() };
        let (nfs, s3) = (refuses("nfs"), refuses("s3-eu"));
        facts.archives = vec![archive(2, "nfs", 2, &["k1"]), archive(2, "s3-eu", 2, &["k1"])];
        let dr = facts.dr.as_mut().unwrap();
        dr.locations.push("s3-eu".parse().unwrap());
        dr.failing = vec![nfs.clone()];
        // The other place is a way still, and it is the one that is said.
        assert_eq!(of(&facts, Scenario::MachineLost).0, Verdict::Unproved);
        assert_eq!(of(&facts, lost("nfs")).0, Verdict::Yes);
        let unknown = (Verdict::Unknown, nfs.line(facts.now), nfs.act().say.to_string());
        assert_eq!(of(&facts, lost("s3-eu")), unknown);
        assert!(unknown.1.starts_with("nfs refuses since ") && unknown.2.starts_with("kastellan location check nfs"), "{unknown:?}");
        facts.dr.as_mut().unwrap().failing.push(s3);
        assert_eq!(of(&facts, Scenario::MachineLost), unknown);
        assert_eq!(of(&facts, lost("nfs")).0, Verdict::Unknown);
        // A passkey that does not open is worse than a place that nobody can ask.
        let shut = Facts { archives: vec![archive(2, "nfs", 2, &["gone"])], ..facts.clone() };
        assert_eq!(of(&shut, Scenario::MachineLost).0, Verdict::No);
        // With DR off nothing goes there, and nothing more is learned.
        facts.dr.as_mut().unwrap().enabled = false;
        assert_eq!((of(&facts, lost("nfs")).0, of(&facts, lost("s3-eu")).0), (Verdict::Yes, Verdict::Yes));

        let dr = facts.dr.as_mut().unwrap();
        (dr.enabled, dr.failing) = (true, Vec::new());
        facts.archives[1].seq = 1;
        let day = facts.ages.archive;
        let later = |facts: &Facts, seconds: i64| Facts { now: facts.now.plus(seconds), ..facts.clone() };
        assert_eq!(of(&later(&facts, day), lost("nfs")).0, Verdict::Yes);
        assert_eq!(super::super::stale_at(&facts), Some(facts.now.plus(day + 1)));
        let facts = later(&facts, day + 1);
        assert_eq!((of(&facts, lost("s3-eu")).0, of(&facts, Scenario::MachineLost).0), (Verdict::Yes, Verdict::Unproved));
        let (verdict, why, act) = of(&facts, lost("nfs"));
        assert_eq!((verdict, act.as_str()), (Verdict::Stale, "kastellan dr archive"));
        assert!(why.ends_with(" in s3-eu; newer ones lie elsewhere"), "{why}");
        // The newest lies where nobody can ask: the older one is the better way, for what it holds.
        let mut older = facts.clone();
        older.dr.as_mut().unwrap().failing = vec![nfs];
        assert_eq!(of(&older, Scenario::MachineLost).0, Verdict::Stale);
    }

    #[test]
    fn a_lost_location_and_a_handover_have_their_answers() {
        let mut facts = facts();
        let of = |facts: &Facts, scenario: Scenario| {
            let found = readiness(facts).into_iter().find(|a| a.scenario == scenario).unwrap();
            assert_eq!(found.act.is_none(), found.verdict == Verdict::Yes, "{found:?}");
            found.verdict
        };
        let lost = |name: &str| Scenario::LocationLost(name.parse().unwrap());
        assert_eq!((of(&facts, lost("nfs")), of(&facts, lost("s3-eu"))), (Verdict::Unproved, Verdict::Yes));
        facts.archives.push(archive(2, "s3-eu", 2, &["k1"]));
        assert_eq!(of(&facts, lost("nfs")), Verdict::Yes);
        facts.alone.insert("nfs".into(), Some(1));
        facts.alone.insert("s3-eu".into(), None);
        assert_eq!((of(&facts, lost("nfs")), of(&facts, lost("s3-eu"))), (Verdict::No, Verdict::Unknown));

        let both = |facts: &Facts| (of(facts, Scenario::DrForgottenAndMachineLost), of(facts, Scenario::Handover));
        assert_eq!(both(&facts), (Verdict::No, Verdict::No));
        let kit = KitMade {
            id: String::new(),
            digest: String::new(),
            made_at: facts.now,
            made_by: "ana".into(),
            recipients: 0,
            wraps: vec!["wrap-k2".into(), "wrap-k1".into()],
            opens: Some("k1".parse().unwrap()),
            dr_number: 2,
            dr_inside: true,
            credentials: false,
            policies: Vec::new(),
            checked: None,
        };
        let with = |facts: &Facts, kit: KitMade| Facts { kits: vec![kit], ..facts.clone() };
        let checked = |who: &str, ago: i64| KitMade { checked: Some((facts.now.plus(-ago), who.into())), ..kit.clone() };
        assert_eq!(both(&with(&facts, kit.clone())), (Verdict::Unproved, Verdict::Unproved));
        assert_eq!(both(&with(&facts, checked("ana", 0))), (Verdict::Yes, Verdict::Unproved), "nobody but its maker");
        assert_eq!(both(&with(&facts, checked("ben", 0))), (Verdict::Yes, Verdict::Yes));
        assert_eq!(both(&with(&facts, checked("ben", 180 * 86_400))), (Verdict::Stale, Verdict::Stale));
        assert_eq!(both(&with(&facts, KitMade { dr_number: 1, ..checked("ben", 0) })).0, Verdict::Stale, "DR changed since");
        assert_eq!(both(&with(&facts, KitMade { wraps: Vec::new(), ..checked("ben", 0) })).0, Verdict::Stale, "passkeys changed since");
        assert_eq!(both(&with(&facts, KitMade { opens: None, ..checked("ben", 0) })), (Verdict::Yes, Verdict::No));

        // The list for whoever stays has the same conditions.
        let ticked = |kit: KitMade| {
            let items = super::super::handover(&"ana".into(), &"ben".into(), &with(&facts, kit));
            items.into_iter().find(|item| item.word == "kit").unwrap().done
        };
        assert!(ticked(checked("ben@bastion", 0)) && !ticked(checked("ana", 0)));
        assert!(!ticked(KitMade { opens: None, ..checked("ben", 0) }) && !ticked(KitMade { dr_inside: false, ..checked("ben", 0) }));
        assert!(!ticked(checked("ben", 180 * 86_400)) && !ticked(KitMade { dr_number: 1, ..checked("ben", 0) }));
    }
}
