//! What is allowed, and why not: one function, asked by bindings, action menus, wizards, plans and verbs.

use super::{Act, Facts, Fault, Intent, Kind, LocationName, LockState, Opens, Passkey, PasskeyName, PasskeyRemove, Request, Rotate, Text};

/// Whether anything may be written at all. What needs no catalog asks this alone.
///
/// # Errors
/// `Kind::Refused` where read-only was asked for.
pub fn may_write(read_only: bool, doing: impl Into<Text>) -> Result<(), Fault> {
    if !read_only {
        return Ok(());
    }
    let next = Act::say("leave out --read-only (or readOnly in the config)");
    Err(Fault::refused(doing, "read-only was asked for, so nothing is written", next))
}

/// Whether `request` is allowed given `facts`; the fault says which rule protects the user and what to do instead.
///
/// # Errors
/// `Kind::Refused` for a rule, `Kind::NotFound` for a name that is not there, `Kind::Changed` while somebody else holds the operation
/// lock, `Kind::Secret` while locked.
pub fn may(request: &Request, facts: &Facts) -> Result<(), Fault> {
    let refuse = |cause: String, next: Act| Err(Fault::refused(request.failing(), cause, next));
    may_write(facts.read_only, request.failing())?;
    if let Request::Init(_) = request {
        return match &facts.installation {
            None => Ok(()),
            Some(i) => refuse(
                format!("the catalog holds installation {} already", i.title()),
                Act::say("name another --catalog FILE, or say --if-absent"),
            ),
        };
    }
    let Some(installation) = &facts.installation else {
        return Err(Fault::new(Kind::NotFound, request.failing(), "there is no catalog here", Act::start("kastellan init", Intent::SetUp)));
    };
    if request.exclusive() {
        alone(request, facts)?;
    }
    if !installation.owner && dr::owners_alone(request) {
        let cause = "this installation was restored, and nobody said that the one before is gone for good";
        return refuse(cause.into(), Act::say("kastellan dr take-over"));
    }
    match request {
        Request::PasskeyAdd(r) => free(request, facts, &r.name)?,
        Request::Rotate(r) => may_rotate(request, facts, r)?,
        Request::PasskeyUse(r) => may_use(request, facts, there(request, facts, &r.name)?)?,
        Request::PasskeyRemove(r) => may_remove(request, facts, r)?,
        Request::LocationAdd(r) => locations::free(request, facts, &r.name)?,
        Request::LocationForget(r) => locations::may_forget(request, facts, &r.name)?,
        Request::Seal(r) => locations::writable(request, facts, &r.location)?,
        Request::ArtifactCopy(r) => locations::writable(request, facts, &r.to)?,
        Request::Rescan(r) => locations::there(request, facts, &r.location).map(|_| ())?,
        Request::Sweep(r) => locations::writable(request, facts, &r.location)?,
        Request::DrEnable(r) => dr::may_enable(request, facts, &r.locations)?,
        Request::DrArchive(_) | Request::DrChange(_) | Request::DrDisable => dr::on(request, facts)?,
        Request::DrTakeOver if installation.owner => {
            return refuse("it is the owner already".into(), Act::say("kastellan dr status"));
        }
        _ => {}
    }
    match facts.lock {
        LockState::Unlocked { .. } => Ok(()),
        LockState::Locked => Err(Fault::new(
            Kind::Secret,
            request.failing(),
            format!("{} is locked", installation.name),
            Act::start("unlock first: --passphrase-file F, --passphrase-fd N, or a terminal", Intent::Unlock),
        )),
    }
}

/// Nobody else is at work, and nothing is unfinished.
fn alone(request: &Request, facts: &Facts) -> Result<(), Fault> {
    if let Some(holder) = &facts.holder {
        return Err(busy(request, holder, facts));
    }
    match (&facts.unfinished, request) {
        (None, Request::Resume | Request::Abandon) => {
            Err(Fault::new(Kind::NotFound, request.failing(), "no operation is unfinished", Act::say("kastellan status")))
        }
        (Some(_), Request::Resume | Request::Abandon) | (None, _) => Ok(()),
        (Some(u), _) => {
            let cause = format!("{} by {} is unfinished ({})", u.request.verb(), u.who, u.since.short(facts.now));
            Err(Fault::refused(request.failing(), cause, Act::start("kastellan rotate --resume | --abandon", Intent::Resume)))
        }
    }
}

/// The lock is held: who, since when, and the way out if that terminal is dead.
fn busy(request: &Request, holder: &super::Holder, facts: &Facts) -> Fault {
    let cause = format!("{} has been {} since {}", holder.who, holder.doing, holder.since.short(facts.now));
    let at = if holder.place.is_empty() { String::new() } else { format!(" ({})", holder.place) };
    let next =
        format!("wait, or leave it there{at}; if that terminal is dead, end its process, then: kastellan rotate --resume | --abandon");
    Fault::new(Kind::Changed, request.failing(), cause, Act::say(next))
}

fn there<'a>(request: &Request, facts: &'a Facts, name: &PasskeyName) -> Result<&'a Passkey, Fault> {
    let next = || Act::start("kastellan passkey list", Intent::Passkeys);
    match facts.passkey(name) {
        None => Err(Fault::new(Kind::NotFound, request.failing(), format!("there is no passkey {name}"), next())),
        Some(p) if p.altered => Err(Fault::new(
            Kind::Damaged,
            request.failing(),
            format!("the record of {name} was altered outside of Kastellan"),
            Act::start("kastellan journal verify", Intent::Journal),
        )),
        Some(p) => Ok(p),
    }
}

fn free(request: &Request, facts: &Facts, name: &PasskeyName) -> Result<(), Fault> {
    match facts.passkey(name) {
        None => Ok(()),
        Some(p) => {
            let cause = format!("passkey {} exists ({}, made {} by {})", p.name, p.method.word(), p.created_at.day(), p.created_by);
            let absent = matches!(request, Request::PasskeyAdd(_));
            let next = if absent { "choose another name, or say --if-absent" } else { "choose another name" };
            Err(Fault::refused(request.failing(), cause, Act::say(next)))
        }
    }
}

fn may_rotate(request: &Request, facts: &Facts, rotate: &Rotate) -> Result<(), Fault> {
    free(request, facts, &rotate.new)?;
    match &rotate.retire {
        None => Ok(()),
        Some(old) => {
            let old = there(request, facts, old)?;
            dr::may_shut(request, facts, old, rotate.shut_archives)
        }
    }
}

fn may_use(request: &Request, facts: &Facts, passkey: &Passkey) -> Result<(), Fault> {
    let name = &passkey.name;
    let check = || Act::start(format!("kastellan passkey check {name}"), Intent::Check(name.clone()));
    match passkey.opens(&facts.ages, facts.now) {
        Opens::Yes | Opens::Stale => Ok(()),
        Opens::Pending => Err(Fault::refused(
            request.failing(),
            format!("{name} is not proved yet"),
            Act::start("kastellan rotate --resume", Intent::Resume),
        )),
        Opens::Unknown => Err(Fault::refused(request.failing(), format!("nobody has proved that {name} opens"), check())),
        Opens::No => {
            Err(Fault::refused(request.failing(), format!("{name} does not open: {}", passkey.why(&facts.ages, facts.now)), check()))
        }
    }
}

fn may_remove(request: &Request, facts: &Facts, remove: &PasskeyRemove) -> Result<(), Fault> {
    let name = &remove.name;
    // An altered record may be removed: it is used for nothing else.
    if facts.passkey(name).is_none_or(|p| !p.altered) {
        there(request, facts, name)?;
    }
    if facts.in_use(name) {
        let cause = format!("{name} is in use");
        return Err(Fault::refused(
            request.failing(),
            cause,
            Act::start("use another first: kastellan passkey use NAME", Intent::Passkeys),
        ));
    }
    let others: Vec<&Passkey> = facts.passkeys.iter().filter(|p| !p.name.same(name)).collect();
    let valid = |p: &&Passkey| matches!(p.opens(&facts.ages, facts.now), Opens::Yes | Opens::Stale);
    if !others.iter().any(valid) {
        let next = Act::start("prove another one first: kastellan passkey check NAME", Intent::Passkeys);
        return Err(Fault::refused(request.failing(), format!("no other passkey is proved to open: {name} is the last way in"), next));
    }
    // The proof must be of this very session: what opened it must not be what is removed.
    if let LockState::Unlocked { by, .. } = &facts.lock
        && by.same(name)
    {
        let cause = format!("{name} is what unlocked this session; another passkey must open in the same operation");
        let next = Act::say("unlock with another: kastellan --unlock-with OTHER passkey remove ...");
        return Err(Fault::refused(request.failing(), cause, next));
    }
    match facts.passkey(name) {
        Some(passkey) => dr::may_shut(request, facts, passkey, remove.shut_archives),
        None => Ok(()),
    }
}

impl Fault {
    /// The fault of a locked operation lock, for who meets it outside of [`may`].
    #[must_use]
    pub fn busy(request: &Request, holder: &super::Holder, now: super::Timestamp) -> Self {
        let mut facts = Facts::none(now, false);
        facts.holder = Some(holder.clone());
        busy(request, holder, &facts)
    }

    /// Stopped by the person or by a signal, at a safe point.
    pub fn interrupted(doing: impl Into<Text>) -> Self {
        Self::new(Kind::Interrupted, doing, "stopped as asked", Act::say("run it again when ready"))
    }

    /// The same, where `done` things were done before it, each for good.
    #[must_use]
    pub fn interrupted_after(doing: impl Into<Text>, done: u64, what: &str) -> Self {
        let fault = Self::interrupted(doing);
        if done == 0 { fault } else { fault.leaving(super::Changed::Partly(Text::new(format!("{done} {what}")))) }
    }
}

/// What holds for DR.
mod dr {
    use super::{Act, Facts, Fault, Kind, LocationName, Passkey, Request, locations};

    /// What a restored installation leaves alone until it is taken over.
    pub fn owners_alone(request: &Request) -> bool {
        matches!(
            request,
            Request::Seal(_)
                | Request::ArtifactCopy(_)
                | Request::ArtifactRemove(_)
                | Request::Sweep(_)
                | Request::DrEnable(_)
                | Request::DrArchive(_)
                | Request::DrChange(_)
                | Request::DrPrune(_)
        )
    }

    pub fn may_enable(request: &Request, facts: &Facts, wanted: &[LocationName]) -> Result<(), Fault> {
        if facts.dr_on() {
            let next = Act::say("kastellan dr status; another passphrase: kastellan dr change-passphrase");
            return Err(Fault::refused(request.failing(), "DR is on already", next));
        }
        if wanted.is_empty() {
            let next = Act::say("kastellan location add NAME --directory FOLDER");
            return Err(Fault::new(Kind::Usage, request.failing(), "there is no location that archives could go to: add one first", next));
        }
        wanted.iter().try_for_each(|name| locations::writable(request, facts, name))
    }

    /// Kept archives that no other passkey opens stay shut for good once it is gone.
    pub fn may_shut(request: &Request, facts: &Facts, passkey: &Passkey, said: Option<u64>) -> Result<(), Fault> {
        let shut = facts.shut_without(passkey);
        let count = shut.len() as u64;
        if count == 0 || said == Some(count) {
            return Ok(());
        }
        let oldest = shut.iter().map(|a| a.created_at).min().map(crate::domain::Timestamp::day).unwrap_or_default();
        let archives = crate::domain::count(count, "kept archive opens", "kept archives open");
        let cause = format!("{archives} with no other passkey (the oldest of {oldest}); the DR passphrase alone is not enough");
        let next =
            format!("keep {}'s envelope for them and say --shut-archives {count}, or prune them first: kastellan dr prune", passkey.name);
        Err(Fault::refused(request.failing(), cause, Act::say(next)))
    }

    pub fn on(request: &Request, facts: &Facts) -> Result<(), Fault> {
        if facts.dr_on() {
            return Ok(());
        }
        Err(Fault::refused(request.failing(), "DR is not on", Act::say("set it up: kastellan dr enable --location L")))
    }
}

/// What holds for locations.
mod locations {
    use super::{Act, Facts, Fault, Intent, Kind, Request};
    use crate::domain::{Location, LocationName};

    pub fn free(request: &Request, facts: &Facts, name: &LocationName) -> Result<(), Fault> {
        match facts.location(name) {
            None => Ok(()),
            Some(l) => {
                let cause = format!("location {} exists ({}, added {} by {})", l.name, l.kind, l.created_at.day(), l.created_by);
                Err(Fault::refused(request.failing(), cause, Act::say("choose another name, or say --if-absent")))
            }
        }
    }

    pub fn there<'a>(request: &Request, facts: &'a Facts, name: &LocationName) -> Result<&'a Location, Fault> {
        match facts.location(name) {
            None => {
                let next = Act::say("kastellan location list");
                Err(Fault::new(Kind::NotFound, request.failing(), format!("there is no location {name}"), next))
            }
            Some(l) if l.altered => Err(Fault::new(
                Kind::Damaged,
                request.failing(),
                format!("the record of location {name} was altered outside of Kastellan"),
                Act::start("kastellan journal verify", Intent::Journal),
            )),
            Some(l) => Ok(l),
        }
    }

    pub fn may_forget(request: &Request, facts: &Facts, name: &LocationName) -> Result<(), Fault> {
        // An altered record may go: it is used for nothing else.
        if facts.location(name).is_none_or(|l| !l.altered) {
            there(request, facts, name)?;
        }
        if facts.dr.as_ref().is_some_and(|dr| dr.enabled && dr.locations.iter().any(|l| l.same(name))) {
            let cause = format!("DR archives go to {name}");
            return Err(Fault::refused(
                request.failing(),
                cause,
                Act::say("first: kastellan dr disable, then enable it with other locations"),
            ));
        }
        Ok(())
    }

    pub fn writable(request: &Request, facts: &Facts, name: &LocationName) -> Result<(), Fault> {
        let location = there(request, facts, name)?;
        if location.read_only {
            let cause = format!("location {name} came with imported data: nothing is ever written to it");
            return Err(Fault::refused(request.failing(), cause, Act::say("name a location of your own: kastellan location list")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Installation, Method, PassphraseSource, Proof, Prover, Timestamp};

    #[test]
    fn an_interruption_says_what_was_done_for_good_before_it() {
        let after = |done| Fault::interrupted_after("cannot copy", done, "were copied before, and stay").line();
        assert_eq!(after(0), "cannot copy: stopped as asked; nothing changed");
        assert_eq!(after(3), "cannot copy: stopped as asked; 3 were copied before, and stay");
    }

    fn now() -> Timestamp {
        Timestamp::from_unix(1_790_000_000)
    }

    fn passkey(name: &str, proof: Option<Proof>) -> Passkey {
        Passkey {
            name: name.parse().unwrap(),
            method: Method::Passphrase,
            source: PassphraseSource::Prompt,
            owner: None,
            created_at: now(),
            created_by: "ana@bastion".into(),
            wrap_id: String::new(),
            settings: Text::default(),
            weak: false,
            pending: false,
            proof,
            altered: false,
            note: None,
        }
    }

    /// `used` is in use, `spare` is proved and `third` opened this session.
    fn facts(used: Option<Proof>) -> Facts {
        let proved = || Proof { opened: Some((now(), Prover::File)), typed: None, failed: None };
        let mut facts = Facts::none(now(), false);
        facts.installation = Some(Installation {
            name: "prod-eu1".into(),
            catalog_id: "7f3a".into(),
            instance_id: String::new(),
            master_key_id: String::new(),
            created_at: now(),
            in_use: "used".parse().unwrap(),
            owner: true,
            signing_key: "5e".repeat(32),
        });
        facts.passkeys = vec![passkey("used", used), passkey("spare", Some(proved()))];
        facts.lock = LockState::Unlocked { by: "third".parse().unwrap(), at: now() };
        facts
    }

    fn remove(facts: &Facts) -> Result<(), Fault> {
        may(&Request::PasskeyRemove(PasskeyRemove { name: "spare".parse().unwrap(), shut_archives: None }), facts)
    }

    #[test]
    fn the_last_proved_way_in_stays_also_where_another_is_in_use() {
        let opened = Proof { opened: Some((now(), Prover::File)), typed: None, failed: None };
        assert_eq!(remove(&facts(Some(opened.clone()))), Ok(()));
        let failed = Proof { failed: Some((now(), "its file does not open it".into())), ..opened };
        for used in [None, Some(failed)] {
            let refused = remove(&facts(used)).unwrap_err();
            assert_eq!((refused.kind, refused.cause.to_string().contains("last way in")), (Kind::Refused, true), "{refused}");
        }
        let mut pending = facts(Some(Proof { opened: Some((now(), Prover::File)), typed: None, failed: None }));
        pending.passkeys[0].pending = true;
        assert!(remove(&pending).is_err(), "a pending passkey counts for nothing");
    }

    #[test]
    fn read_only_refuses_everything() {
        let mut facts = facts(None);
        facts.read_only = true;
        for request in [Request::Resume, Request::Abandon, Request::PolicyAdd(crate::domain::PolicyAdd { name: "a".parse().unwrap() })] {
            assert!(may(&request, &facts).unwrap_err().cause.to_string().contains("read-only"));
        }
    }
}
