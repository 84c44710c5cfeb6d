//! A throwaway installation. Wraps take 64 MiB, the least that is ever written, because the host says it has 1 GiB.

use kastellan::crypto::{Passphrase, Secrets};
use kastellan::domain::{
    Fault, Init, Method, PasskeyAdd, PasskeyName, PasskeyRemove, PassphraseSource, PolicyAdd, Prover, Receipt, Request, Rotate, Slot, Stop,
};
use kastellan::host::{Clock, Host, Machine, MachineFacts, Paths, Person};
use kastellan::ops::{Connection, Keys, Place, Report, Session, SetUp, Settings, Unlock, unlock};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

pub const START: i64 = 1_790_000_000;
/// The passphrase of the first passkey, and of the ones that tests add.
pub const FIRST: &str = "first passphrase of the house";
pub const SECOND: &str = "second passphrase of the house";
pub const THIRD: &str = "third passphrase of the house";

pub struct House {
    pub folder: PathBuf,
    pub clock: Arc<AtomicI64>,
    _temp: Option<tempfile::TempDir>,
}

impl House {
    /// An empty folder.
    pub fn empty() -> Self {
        let temp = tempfile::tempdir().unwrap();
        Self { folder: temp.path().to_owned(), clock: Arc::new(AtomicI64::new(START)), _temp: Some(temp) }
    }

    /// A folder that somebody else made.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), clock: Arc::new(AtomicI64::new(START)), _temp: None }
    }

    /// Set up, with `k10MasterKey` under [`FIRST`].
    pub async fn set_up() -> Self {
        let house = Self::empty();
        house.init().await.unwrap();
        house
    }

    /// A copy of everything, as a restore of a file backup would make it.
    pub fn copy(&self) -> Self {
        let copy = Self::empty();
        for entry in std::fs::read_dir(&self.folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), copy.folder.join(entry.file_name())).unwrap();
            }
        }
        copy.clock.store(self.clock.load(Ordering::SeqCst), Ordering::SeqCst);
        copy
    }

    pub fn catalog(&self) -> PathBuf {
        self.folder.join("catalog.db")
    }

    pub fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn host(&self) -> Arc<Host> {
        let at = |name: &str| self.folder.join(name);
        let paths =
            Paths { config: at("config.yaml"), themes: at("themes"), catalog: at("catalog.db"), known: at("known"), log: at("log") };
        let machine = Machine::set(MachineFacts { available_kib: 1 << 20, ..Machine::real().facts() });
        let person =
            Person { name: "ana".into(), account: "ana".into(), host: "bastion".into(), terminal: "pts/3".into(), ssh: "192.0.2.7".into() };
        Arc::new(Host { paths, person, clock: Clock::set(self.clock.clone()), machine })
    }

    pub fn set_up_here(&self) -> SetUp {
        SetUp { place: Place { catalog: self.catalog() }, host: self.host(), settings: Settings::default() }
    }

    pub async fn init(&self) -> Result<Receipt, Fault> {
        self.init_told(Report::nobody()).await
    }

    pub async fn init_told(&self, report: Report) -> Result<Receipt, Fault> {
        let set_up = self.set_up_here();
        let init = Init {
            name: "prod-eu1".into(),
            passkey: name("k10MasterKey"),
            method: Method::Passphrase,
            source: PassphraseSource::Prompt,
            owner: None,
        };
        let begun = set_up.begin(&set_up.plan(&init)?)?;
        begun.run(secret(Slot::NEW, FIRST), report, Stop::default()).await.map(|done| done.receipt)
    }

    pub fn connect(&self) -> Connection {
        self.connect_with(Settings::default()).unwrap()
    }

    pub fn connect_with(&self, settings: Settings) -> Result<Connection, Fault> {
        Connection::open(Place { catalog: self.catalog() }, self.host(), settings).map(|at| at.expect("a catalog"))
    }

    pub async fn locked(&self) -> Result<Session, Fault> {
        Session::open(self.connect()).await
    }

    pub async fn try_unlock(&self, passphrase: &str) -> Result<Session, Fault> {
        self.unlock_with(self.connect(), passphrase).await
    }

    pub async fn unlock_with(&self, at: Connection, passphrase: &str) -> Result<Session, Fault> {
        let mut session = Session::open(at.clone()).await?;
        let keys = keys(&at, passphrase).await?;
        session.admit(keys).await?;
        Ok(session)
    }

    pub async fn unlocked(&self) -> Session {
        self.try_unlock(FIRST).await.unwrap()
    }
}

pub async fn keys(at: &Connection, passphrase: &str) -> Result<Keys, Fault> {
    let how = Unlock { with: None, by: Prover::Person("ana@bastion".into()), search: kastellan::ops::Search::None };
    unlock(at, &how, &secret(Slot::UNLOCK, passphrase), &|_| {}, &Stop::default()).await
}

pub fn name(name: &str) -> PasskeyName {
    name.parse().unwrap()
}

pub fn secret(slot: Slot, passphrase: &str) -> Secrets {
    let mut secrets = Secrets::new();
    secrets.put(slot.0, Passphrase::entered(passphrase.as_bytes()).unwrap());
    secrets
}

/// Secrets for any plan of these tests: the new passkey's, and that of the passkey that must open first.
pub fn both(new: &str, keeper: &str) -> Secrets {
    let mut secrets = secret(Slot::NEW, new);
    secrets.put(Slot::CHECK.0, Passphrase::entered(keeper.as_bytes()).unwrap());
    secrets
}

pub async fn run(session: &Session, request: Request, secrets: Secrets) -> Result<Receipt, Fault> {
    run_told(session, request, secrets, Report::nobody(), Stop::default()).await
}

pub async fn run_told(session: &Session, request: Request, secrets: Secrets, report: Report, stop: Stop) -> Result<Receipt, Fault> {
    let begun = session.begin(&session.plan(&request).await?).await?;
    begun.run(secrets, report, stop).await.map(|done| done.receipt)
}

pub fn add(new: &str) -> Request {
    Request::PasskeyAdd(PasskeyAdd {
        name: name(new),
        method: Method::Passphrase,
        source: PassphraseSource::Prompt,
        owner: None,
        note: Some("a remark that is nobody's business".into()),
        use_now: false,
    })
}

pub fn rotate(new: &str, retire: Option<&str>) -> Request {
    let retire = retire.map(name);
    Request::Rotate(Rotate {
        new: name(new),
        method: Method::Passphrase,
        source: PassphraseSource::Prompt,
        owner: None,
        retire,
        without_archive: false,
        shut_archives: None,
        because: kastellan::domain::Because::Planned,
    })
}

pub fn remove(old: &str) -> Request {
    Request::PasskeyRemove(PasskeyRemove { name: name(old), shut_archives: None })
}

pub fn policy(policy: &str) -> Request {
    Request::PolicyAdd(PolicyAdd { name: policy.parse().unwrap() })
}
