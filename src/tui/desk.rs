//! Carries out what the console asks of operations: reads, unlocks, plans, begins, runs. Every answer is a message.
//!
//! Owns: the session, what was begun, the stops, secret files that wait for their commit. Must not: draw, or decide. Reads may overlap;
//! taking keys in and locking have the session alone.

use super::slots::Slots;
use super::texts::{examined, lines, tail};
use crate::app::{Msg, Search, Subject, Trying};
use crate::crypto::{Passphrase, Secrets, scrub_stack};
use crate::domain::{
    Act, ArtifactFilter, Changed, Facts, Fault, Flow, Kind, Look, PasskeyName, Plan, PolicyName, Prover, Receipt, Request, Slot, Stop, Text,
};
use crate::host::{Owned, create_owner_only, read_secret_file};
use crate::ops::{self, Begun, Connection, Done, Followed, Report, Resource, Session, SetUp, Unlock};
use crate::wizard::{Proving, SecretRule};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use tokio::sync::RwLock;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::{JoinHandle, spawn_local};

/// How many artifacts are read at once.
const ARTIFACTS: usize = 200;
/// One connection at work. Cheap to clone: all clones are one.
#[derive(Clone)]
pub struct Desk(Rc<Inner>);

struct Inner {
    set_up: SetUp,
    session: RwLock<Option<Session>>,
    slots: RefCell<Slots>,
    tell: UnboundedSender<Msg>,
    begun: RefCell<Begins>,
    /// Secret files that are removed again unless their operation commits.
    files: RefCell<Vec<(Slot, Owned)>>,
    running: RefCell<Option<Stop>>,
    unlocking: RefCell<Stop>,
    checking: RefCell<Stop>,
    watch: RefCell<Option<JoinHandle<()>>>,
    /// Where secrets came from that were there from the start, and which passkey they are for.
    given: (Prover, Option<PasskeyName>),
}

/// What holds the operation lock, by its question; None: it was dropped while it was being begun.
#[derive(Default)]
struct Begins(HashMap<u64, Option<Begun>>);

impl Desk {
    /// Opens what there is at the place of `set_up`. Answers go to `tell`.
    ///
    /// # Errors
    /// As [`Connection::open`] and [`Session::open`].
    pub async fn open(
        set_up: SetUp,
        slots: Slots,
        given: (Prover, Option<PasskeyName>),
        tell: UnboundedSender<Msg>,
    ) -> Result<Self, Fault> {
        let desk = Self(Rc::new(Inner {
            set_up,
            session: RwLock::default(),
            slots: RefCell::new(slots),
            tell,
            begun: RefCell::default(),
            files: RefCell::default(),
            running: RefCell::default(),
            unlocking: RefCell::default(),
            checking: RefCell::default(),
            watch: RefCell::default(),
            given,
        }));
        desk.connect().await?;
        Ok(desk)
    }

    /// The slots.
    pub fn slots(&self) -> &RefCell<Slots> {
        &self.0.slots
    }

    /// What is known now.
    ///
    /// # Errors
    /// As the catalog's.
    pub async fn facts(&self) -> Result<Facts, Fault> {
        self.read(Session::facts).await.unwrap_or_else(|| Ok(self.0.set_up.facts()))
    }

    /// What the first frame needs to know.
    ///
    /// # Errors
    /// As the catalog's.
    pub async fn glance(&self) -> Result<Facts, Fault> {
        self.read(Session::glance).await.unwrap_or_else(|| Ok(self.0.set_up.facts()))
    }

    /// What the session says; None where there is no catalog.
    async fn read<T>(&self, look: impl AsyncFnOnce(&Session) -> T) -> Option<T> {
        match self.0.session.read().await.as_ref() {
            Some(session) => Some(look(session).await),
            None => None,
        }
    }

    /// Opens the session, where there is a catalog by now, and listens for changes.
    async fn connect(&self) -> Result<(), Fault> {
        let SetUp { place, host, settings } = self.0.set_up.clone();
        let Some(connection) = Connection::open(place, host, settings)? else { return Ok(()) };
        let session = Session::open(connection).await?;
        let (mut changes, tell) = (session.changes(), self.0.tell.clone());
        *self.0.session.write().await = Some(session);
        let watch = spawn_local(async move {
            loop {
                changes.next().await;
                if tell.send(Msg::Changed).is_err() {
                    return;
                }
            }
        });
        if let Some(old) = self.0.watch.borrow_mut().replace(watch) {
            old.abort();
        }
        Ok(())
    }

    /// Opens the session where there was no catalog before: something may have brought one back.
    ///
    /// # Errors
    /// As [`Desk::open`].
    pub async fn connect_anew(&self) -> Result<(), Fault> {
        let open = self.0.session.read().await.is_some();
        if open { Ok(()) } else { self.connect().await }
    }

    /// Lets `work` answer when it is done; not now, for it may have to wait.
    fn answer(&self, work: impl Future<Output = Msg> + 'static) {
        let tell = self.0.tell.clone();
        spawn_local(async move {
            #[cfg(debug_assertions)]
            super::terminal::panic_if_asked("task");
            let _ = tell.send(work.await);
        });
    }

    fn tell(&self, msg: Msg) {
        let _ = self.0.tell.send(msg);
    }

    /// Answers `Msg::Facts`.
    pub fn load_facts(&self, epoch: u64) {
        let desk = self.clone();
        self.answer(async move { Msg::Facts(epoch, desk.facts().await.map(Box::new)) });
    }

    /// Answers `Msg::PolicyNames`.
    pub fn load_policy_names(&self, epoch: u64) {
        let desk = self.clone();
        self.answer(async move {
            let names = desk.read(Session::policy_names).await;
            Msg::PolicyNames(epoch, names.unwrap_or_else(|| Ok(Vec::new())))
        });
    }

    /// Answers `Msg::Policies`.
    pub fn load_policies(&self, epoch: u64, names: Vec<PolicyName>) {
        let desk = self.clone();
        self.answer(async move {
            let policies = desk.read(async |session| session.policies_named(&names).await).await;
            Msg::Policies(epoch, policies.unwrap_or_else(|| Ok(Vec::new())))
        });
    }

    /// Answers `Msg::Artifacts`.
    pub fn load_artifacts(&self, epoch: u64, after: Option<String>) {
        let desk = self.clone();
        self.answer(async move {
            let page = desk.read(async |session| session.artifacts(&ArtifactFilter::default(), after.as_deref(), ARTIFACTS).await).await;
            Msg::Artifacts(epoch, page.map_or_else(|| Ok((Vec::new(), None)), |page| page.map(|page| (page.artifacts, page.next))))
        });
    }

    /// Answers `Msg::Journal`.
    pub fn load_journal(&self, epoch: u64, from: u64, max: usize) {
        let desk = self.clone();
        self.answer(async move {
            let rows = desk.read(async |session| session.journal(from, max).await).await;
            Msg::Journal(epoch, rows.unwrap_or_else(|| Err(no_catalog("cannot read the journal"))))
        });
    }

    /// Answers `Msg::JournalReport`.
    pub fn verify_journal(&self, epoch: u64) {
        let desk = self.clone();
        self.answer(async move {
            let report = desk.read(async |session| session.verify_journal(&[]).await).await;
            Msg::JournalReport(epoch, report.unwrap_or_else(|| Err(no_catalog("cannot verify the journal"))).map(Box::new))
        });
    }

    /// Answers `Msg::Lines`.
    pub fn load_yaml(&self, epoch: u64, subject: Subject) {
        let desk = self.clone();
        self.answer(async move {
            let yaml = async {
                let facts = desk.facts().await?;
                let session = desk.0.session.read().await;
                let session = session.as_ref().ok_or_else(|| no_catalog("cannot show YAML"))?;
                Ok(match subject {
                    Subject::Passkey(name) => {
                        let passkey = session.passkey(&name).await?;
                        Resource::passkey(&passkey, facts.in_use(&name), &facts.ages, facts.now)
                    }
                    Subject::Policy(name) => Resource::policy(&session.policy(&name).await?),
                })
            };
            Msg::Lines(epoch, yaml.await.map(|resource| lines(&resource.to_yaml())))
        });
    }

    /// Answers `Msg::Lines` with the end of the log.
    pub fn load_log(&self, epoch: u64) {
        let path = &self.0.set_up.host.paths.log;
        let found = tail(path).map(|text| lines(&text)).map_err(|e| {
            let what = format!("cannot read the log {}", Text::new(path.to_string_lossy()));
            Fault::new(Kind::NotFound, what, e.to_string(), Act::say("kastellan -v writes one"))
        });
        self.tell(Msg::Lines(epoch, found));
    }

    /// Tries the secret in the unlock slot, then takes the keys in. Answers `Msg::Trying`, `Msg::Unlocked`.
    pub fn unlock(&self, epoch: u64, with: Option<PasskeyName>, search: Search) {
        let (desk, stop) = (self.clone(), Stop::default());
        *self.0.unlocking.borrow_mut() = stop.clone();
        let mut secrets = Secrets::new();
        let typed = self.0.slots.borrow().is_typed(Slot::UNLOCK);
        if let Some(secret) = self.0.slots.borrow().secret(Slot::UNLOCK) {
            secrets.put(Slot::UNLOCK.0, secret);
        }
        let how = Unlock {
            with: with.or_else(|| self.0.given.1.clone().filter(|_| !typed)),
            by: if typed { self.typist() } else { self.0.given.0.clone() },
            search: match search {
                Search::None => ops::Search::None,
                Search::Unreadable => ops::Search::Unreadable,
                Search::Slips => ops::Search::Slips,
            },
        };
        self.answer(async move {
            let connection = desk.0.session.read().await.as_ref().map(|s| s.connection().clone());
            let Some(connection) = connection else { return Msg::Unlocked(epoch, Err(no_catalog("cannot unlock"))) };
            let tell = desk.0.tell.clone();
            let trying = move |t: ops::Trying| {
                let _ = tell.send(Msg::Trying(epoch, Trying { passkey: t.passkey, nth: t.nth, of: t.of, candidate: t.candidate }));
            };
            let keys = ops::unlock(&connection, &how, &secrets, &trying, &stop).await;
            drop(secrets);
            let told = match keys {
                // Locked or stopped meanwhile: the keys are dropped, and so wiped.
                Ok(_) if stop.asked() => Err(Fault::interrupted("cannot unlock")),
                Ok(keys) => match desk.0.session.write().await.as_mut() {
                    Some(session) => session.admit(keys).await,
                    None => Err(no_catalog("cannot unlock")),
                },
                Err(fault) => Err(fault),
            };
            scrub_stack();
            Msg::Unlocked(epoch, told)
        });
    }

    /// Stops the unlock that is being tried.
    pub fn stop_unlock(&self) {
        self.0.unlocking.borrow().ask();
    }

    /// A copy of the keys for what the command line does here; None while locked.
    pub async fn lend(&self) -> Option<ops::Keys> {
        self.read(async |session| session.lend()).await.flatten()
    }

    /// Drops and wipes keys and slots. A running operation keeps what it needs.
    pub async fn lock(&self) {
        self.stop_unlock();
        self.0.checking.borrow().ask();
        self.0.slots.borrow_mut().wipe_all();
        if let Some(session) = self.0.session.write().await.as_mut() {
            session.lock().await;
        }
        scrub_stack();
    }

    /// Proves this with the secret of a slot. Answers `Msg::Checked`.
    pub fn check(&self, epoch: u64, what: Proving, slot: Slot) {
        let (desk, stop) = (self.clone(), Stop::default());
        *self.0.checking.borrow_mut() = stop.clone();
        let secrets = self.0.slots.borrow_mut().take([slot]);
        let by = self.typist();
        self.answer(async move {
            let checked = match what {
                Proving::Passkey(name) => {
                    let checked = desk.read(async |session| session.check(&[(name, slot, by)], &secrets, &stop).await).await;
                    let checked = checked.unwrap_or_else(|| Err(no_catalog("cannot check")));
                    checked.and_then(|mut all| all.pop().map_or(Ok(()), |checked| checked.outcome))
                }
                Proving::Dr => desk.check_dr(secrets.get(slot.0), &by).await,
            };
            drop(secrets);
            scrub_stack();
            Msg::Checked(epoch, checked)
        });
    }

    /// Locations may take long to answer: the session is let go before.
    async fn check_dr(&self, secret: Option<&Passphrase>, by: &Prover) -> Result<(), Fault> {
        let check = self.read(Session::checking_dr).await.unwrap_or_else(|| Err(no_catalog("cannot check")))?;
        match secret {
            Some(secret) => check.with(secret, by).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// Looks whether this is there. Answers `Msg::Looked`.
    pub fn look(&self, epoch: u64, look: Look) {
        let desk = self.clone();
        self.answer(async move {
            // A share may take long to answer: the session is let go before.
            let connection = desk.0.session.read().await.as_ref().map(|s| s.connection().clone());
            Msg::Looked(epoch, ops::look(connection.as_ref(), look).await)
        });
    }

    /// Plans. Answers `Msg::Planned`.
    pub fn plan(&self, epoch: u64, request: Request) {
        let desk = self.clone();
        self.answer(async move {
            let session = desk.0.session.read().await;
            let plan = match (&request, session.as_ref()) {
                (_, Some(session)) => session.plan(&request).await,
                (Request::Init(init), None) => desk.0.set_up.plan(init),
                (other, None) => Err(no_catalog(&other.failing().to_string())),
            };
            Msg::Planned(epoch, plan.map(Box::new))
        });
    }

    /// Takes the operation lock. Answers `Msg::Begun`.
    pub fn begin(&self, epoch: u64, plan: Plan) {
        let desk = self.clone();
        self.answer(async move {
            let session = desk.0.session.read().await;
            let begun = match session.as_ref() {
                Some(session) => session.begin(&plan).await,
                None => desk.0.set_up.begin(&plan),
            };
            let begun = begun.map(|begun| {
                let plan = Box::new(begun.plan().clone());
                let mut begins = desk.0.begun.borrow_mut();
                // Dropped while it was being begun: the lock is freed right away.
                if begins.0.remove(&epoch).is_none() {
                    begins.0.insert(epoch, Some(begun));
                }
                plan
            });
            Msg::Begun(epoch, begun)
        });
    }

    /// Frees what was begun, or is being begun, and removes secret files that were made for it.
    pub fn drop_begun(&self, epoch: u64) {
        let mut begins = self.0.begun.borrow_mut();
        if begins.0.remove(&epoch).is_none() {
            begins.0.insert(epoch, None);
        }
        self.0.files.borrow_mut().clear();
    }

    /// Runs what was begun. Answers `Msg::Event`s, then `Msg::Ended`.
    pub fn run(&self, epoch: u64, to: Option<String>) {
        let Some(begun) = self.0.begun.borrow_mut().0.remove(&epoch).flatten() else {
            let fault = Fault::new(Kind::Changed, "cannot run", "the operation lock was freed meanwhile", Act::say("start again"));
            return self.tell(Msg::Ended(Err(fault)));
        };
        if let Some(path) = to.as_ref().filter(|path| Path::new(path).symlink_metadata().is_ok()) {
            let cause = format!("{} exists, and is never overwritten", Text::new(path.as_str()));
            let fault = Fault::refused(begun.plan().request.failing(), cause, Act::say("begin again, and name a file that does not exist"));
            return self.tell(Msg::Ended(Err(fault)));
        }
        let stop = Stop::default();
        *self.0.running.borrow_mut() = Some(stop.clone());
        let slots: Vec<Slot> = begun.plan().secrets.iter().map(|need| need.slot).collect();
        let filed = slots.iter().any(|slot| self.0.slots.borrow().is_filed(*slot));
        let begun = begun.proved_by(if filed { Prover::File } else { self.typist() });
        let secrets = self.0.slots.borrow_mut().take(slots);
        let tell = self.0.tell.clone();
        let report = Report::to(move |event| {
            let _ = tell.send(Msg::Event(Box::new(event.clone())));
        });
        let desk = self.clone();
        self.answer(async move {
            let wants_archive = begun.plan().request.wants_archive();
            let done = begun.run(secrets, report, stop.clone()).await;
            scrub_stack();
            desk.settle_files(done.as_ref().err());
            let done = match done {
                Ok(Done { mut receipt, keys, text }) => match (keys, text) {
                    (Some(keys), _) => desk.admit_first(keys).await.map(|()| receipt),
                    (None, text) => {
                        let kept = text.map_or(Ok(()), |text| desk.hand_over(&text, to.as_deref(), &mut receipt));
                        match kept {
                            Ok(()) if wants_archive => Ok(desk.archived(receipt, &stop).await),
                            kept => kept.map(|()| receipt),
                        }
                    }
                },
                Err(fault) => Err(fault),
            };
            *desk.0.running.borrow_mut() = None;
            desk.tell(Msg::Changed);
            Msg::Ended(done.map(Box::new))
        });
    }

    /// What was made for the person alone, into a new file or a slot.
    fn hand_over(&self, text: &str, to: Option<&str>, receipt: &mut Receipt) -> Result<(), Fault> {
        let Some(path) = to else {
            let state = self.0.slots.borrow_mut().put_text(Slot::TEXT, text.as_bytes());
            self.tell(Msg::SlotChanged(Slot::TEXT, state));
            return Ok(());
        };
        let mut line = zeroize::Zeroizing::new(Vec::with_capacity(text.len() + 1));
        line.extend_from_slice(text.as_bytes());
        if !text.ends_with('\n') {
            line.push(b'\n');
        }
        let written = create_owner_only(Path::new(path), &line, "what was made");
        written.map_err(|fault| fault.leaving(Changed::Partly("the catalog notes what is in no file: make it again".into())))?.keep();
        receipt.lines.push(Text::new(format!("it is in {path}, which only you can read")));
        Ok(())
    }

    /// The receipt with what came of the archive that follows the change.
    async fn archived(&self, mut receipt: Receipt, stop: &Stop) -> Receipt {
        // The session is let go before the locations are waited for: locking must not wait with them.
        let Some(begun) = self.read(ops::begin_archive).await else { return receipt };
        let followed = match begun {
            Ok(Some(begun)) => ops::follow(begun, ops::ARCHIVE_WAIT, stop).await,
            Ok(None) => Followed::NotDue,
            Err(fault) => Followed::Debt(fault.cause),
        };
        match followed {
            Followed::NotDue => {}
            Followed::Made(lines) => {
                receipt.lines.push("a DR archive holds it, read back and proved".into());
                receipt.lines.extend(lines);
            }
            Followed::Debt(why) => {
                receipt.lines.push(Text::new(format!("it is in no DR archive yet: {why}")));
                receipt.next.insert(0, Act::flow("kastellan dr archive", Flow::DrArchive, None));
            }
        }
        receipt
    }

    /// After set-up there is a catalog, and its keys are here.
    async fn admit_first(&self, keys: ops::Keys) -> Result<(), Fault> {
        self.connect().await?;
        match self.0.session.write().await.as_mut() {
            Some(session) => session.admit(keys).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// Asks the running operation to stop at its next safe point.
    pub fn stop_operation(&self) {
        if let Some(stop) = self.0.running.borrow().as_ref() {
            stop.ask();
        }
    }

    /// Whether an operation runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.0.running.borrow().is_some()
    }

    /// Wipes a slot, and removes a secret file that was made from it and not used.
    pub fn wipe(&self, slot: Slot) {
        self.0.slots.borrow_mut().wipe(slot);
        if !self.runs() {
            self.0.files.borrow_mut().retain(|(of, _)| *of != slot);
        }
    }

    /// Answers `Msg::SlotChanged`.
    pub fn generate(&self, slot: Slot) {
        let state = self.0.slots.borrow_mut().generate(slot);
        self.tell(Msg::SlotChanged(slot, state));
    }

    /// Reads an owner-only file into a slot. Answers `Msg::SlotChanged`, `Msg::Filed`.
    pub fn read_file(&self, epoch: u64, slot: Slot, path: &str) {
        let filed = read_secret_file(Path::new(path), "passphrase file").and_then(|bytes| {
            let secret = Passphrase::made(&bytes).map_err(|why| {
                let doing = format!("passphrase file {} not used", Text::new(path));
                Fault::new(Kind::Secret, doing, why.to_string(), Act::say("name another file, or generate one"))
            })?;
            let state = self.0.slots.borrow_mut().put(slot, secret, SecretRule::Made);
            self.0.slots.borrow_mut().note_file(slot);
            self.tell(Msg::SlotChanged(slot, state));
            Ok(())
        });
        self.tell(Msg::Filed(epoch, filed));
    }

    /// Generates into a slot and writes a new owner-only file. Answers `Msg::SlotChanged`, `Msg::Filed`.
    pub fn write_file(&self, epoch: u64, slot: Slot, path: &str) {
        let state = self.0.slots.borrow_mut().generate(slot);
        let filed = {
            let slots = self.0.slots.borrow();
            let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(256));
            bytes.extend_from_slice(slots.lend(slot));
            bytes.push(b'\n');
            create_owner_only(Path::new(path), &bytes, "passphrase file")
        };
        let filed = filed.map(|owned| {
            self.0.files.borrow_mut().push((slot, owned));
            self.0.slots.borrow_mut().note_file(slot);
            self.tell(Msg::SlotChanged(slot, state));
        });
        self.tell(Msg::Filed(epoch, filed));
    }

    /// Secret files stay where their passphrase may open something by now.
    fn settle_files(&self, failed: Option<&Fault>) {
        for (_, file) in self.0.files.borrow_mut().drain(..) {
            if failed.is_none_or(|fault| fault.state != Changed::Nothing) {
                file.keep();
            }
        }
    }

    fn typist(&self) -> Prover {
        Prover::Person(self.0.set_up.host.person.who())
    }

    /// Where things are and what is wrong with them, for the doctor's page. Answers `Msg::Lines`.
    pub fn load_doctor(&self, epoch: u64) {
        let SetUp { place, host, settings } = self.0.set_up.clone();
        self.answer(async move {
            let found = ops::doctor(&place, &host, &settings).await;
            Msg::Lines(epoch, Ok(found.iter().flat_map(examined).collect()))
        });
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(watch) = self.watch.get_mut().take() {
            watch.abort();
        }
    }
}

fn no_catalog(doing: &str) -> Fault {
    Fault::new(Kind::NotFound, doing, "there is no catalog here", Act::start("kastellan init", crate::domain::Intent::SetUp))
}
