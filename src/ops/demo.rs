//! The demo: a throwaway seeded installation, made by the same operations as a real one.

use super::records::{CURRENT, called};
use super::work::{Grant, Work, Writes};
use super::{Connection, Place, Report, Session, SetUp, Settings, facts};
use crate::crypto::{Passphrase, Secrets};
use crate::domain::{
    Event, Fault, Init, Kind, Method, PasskeyAdd, PasskeyName, PassphraseSource, PolicyAdd, PolicyName, Prover, Request, Rotate, Slot,
    Stop, Text, Timestamp,
};
use crate::format::RecordKind;
use crate::host::{Clock, Host, Machine, MachineFacts, Paths, Person};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// Policies with names as one finds them.
const POLICIES: [&str; 30] = [
    "billing-daily",
    "billing-hourly",
    "catalog-search-weekly",
    "checkout-daily",
    "checkout-postgres-hourly",
    "cluster-config-daily",
    "customer-portal-daily",
    "data-lake-weekly",
    "dex-daily",
    "etcd-snapshots",
    "gitlab-daily",
    "gitlab-registry-weekly",
    "grafana-daily",
    "harbor-weekly",
    "identity-postgres-hourly",
    "invoices-monthly",
    "kafka-prod.daily",
    "keycloak-daily",
    "loki-weekly",
    "mail-archive-monthly",
    "mongodb-orders-hourly",
    "monitoring-weekly",
    "mysql-legacy-daily",
    "nextcloud-daily",
    "payments-hourly",
    "prod-eu1-namespaces",
    "redis-sessions-daily",
    "sap-bridge-daily",
    "vault-snapshots-daily",
    "wordpress-weekly",
];

/// What was seeded.
pub struct Demo {
    /// Where its catalog is.
    pub place: Place,
    /// Its host: own pin file and log in the throwaway folder.
    pub host: Arc<Host>,
    /// The passkeys whose passphrases are told to the user, with them. These are demo secrets, made anew each time.
    pub ways_in: Vec<(PasskeyName, String)>,
    /// The new passkey of the interrupted rotation, with its passphrase, so that it can be finished.
    pub unfinished: (PasskeyName, String),
}

/// Seeds `folder`: several passkeys (one unknown, one that does not open), 30 policies, some history, an interrupted rotation.
///
/// # Errors
/// As operations.
pub async fn seed_demo(folder: &Path) -> Result<Demo, Fault> {
    let paths = Paths::within(folder);
    let today = Clock::real().now();
    let seeder = Seeder::new(&paths, today);
    let (first, envelope, laptop, pending) =
        (Passphrase::generate(), Passphrase::generate(), Passphrase::generate(), Passphrase::generate());
    let told = |passphrase: &Passphrase| String::from_utf8_lossy(passphrase.expose()).into_owned();
    let ways_in = vec![(named(PasskeyName::DEFAULT)?, told(&first)), (named("ops-envelope")?, told(&envelope))];
    let unfinished = (named("k10MasterKey-2")?, told(&pending));

    let mut session = seeder.set_up(first.duplicate()).await?;
    for (n, policy) in POLICIES.iter().enumerate() {
        seeder.at(today.plus(-200 * DAY + i64::try_from(n).unwrap_or(0) * 3 * HOUR));
        let name: PolicyName = policy.parse().map_err(|e| seeding(&e))?;
        seeder.run(&session, Request::PolicyAdd(PolicyAdd { name }), None).await?;
    }
    seeder.at(today.plus(-190 * DAY));
    seeder.add(&session, "ops-envelope", PassphraseSource::Prompt, "ben", envelope).await?;
    seeder.at(today.plus(-40 * DAY));
    let file = PassphraseSource::File { path: "/etc/kastellan/old-bastion.pass".into() };
    seeder.add(&session, "old-bastion", file, "ops", Passphrase::generate()).await?;
    seeder.at(today.plus(-12 * DAY));
    seeder.add(&session, "ana-laptop", PassphraseSource::Prompt, "ana", laptop).await?;
    seeder.forget_proof(&session, "ana-laptop").await?;
    seeder.fail(&session, "old-bastion").await?;
    seeder.at(today.plus(-2 * DAY));
    seeder.type_in(&session, PasskeyName::DEFAULT, first).await?;
    seeder.at(today.plus(-20 * 60));
    seeder.interrupt_rotation(&session, &unfinished.0, pending).await?;
    session.lock().await;

    let host = Arc::new(Host { paths: paths.clone(), person: Person::asking(), clock: Clock::real(), machine: Machine::real() });
    Ok(Demo { place: Place { catalog: paths.catalog }, host, ways_in, unfinished })
}

/// A host whose clock is moved through the history that is made.
struct Seeder {
    clock: Arc<AtomicI64>,
    set_up: SetUp,
}

impl Seeder {
    fn new(paths: &Paths, today: Timestamp) -> Self {
        let clock = Arc::new(AtomicI64::new(today.plus(-210 * DAY).unix()));
        // With this much memory, wraps take 64 MiB each: the least that is ever written, and quick to make.
        let small = MachineFacts { available_kib: 1 << 20, ..Machine::real().facts() };
        let host = Arc::new(Host {
            paths: paths.clone(),
            person: Person::asking(),
            clock: Clock::set(clock.clone()),
            machine: Machine::set(small),
        });
        let place = Place { catalog: paths.catalog.clone() };
        Self { clock, set_up: SetUp { place, host, settings: Settings::default() } }
    }

    fn at(&self, time: Timestamp) {
        self.clock.store(time.unix(), Ordering::SeqCst);
    }

    async fn set_up(&self, passphrase: Passphrase) -> Result<Session, Fault> {
        let passkey = named(PasskeyName::DEFAULT)?;
        let init = Init { name: "demo".into(), passkey, method: Method::Passphrase, source: PassphraseSource::Prompt, owner: None };
        let begun = self.set_up.begin(&self.set_up.plan(&init)?)?;
        let done = begun.run(filled(passphrase), Report::nobody(), Stop::default()).await?;
        let SetUp { place, host, settings } = self.set_up.clone();
        let (Some(at), Some(keys)) = (Connection::open(place, host, settings)?, done.keys) else {
            return Err(seeding(&"set-up left no catalog"));
        };
        let mut session = Session::open(at).await?;
        session.admit(keys).await?;
        Ok(session)
    }

    async fn run(&self, session: &Session, request: Request, passphrase: Option<Passphrase>) -> Result<(), Fault> {
        let begun = session.begin(&session.plan(&request).await?).await?;
        let secrets = passphrase.map(filled).unwrap_or_default();
        begun.run(secrets, Report::nobody(), Stop::default()).await.map(|_| ())
    }

    async fn add(&self, session: &Session, name: &str, source: PassphraseSource, owner: &str, passphrase: Passphrase) -> Result<(), Fault> {
        let add =
            PasskeyAdd { name: named(name)?, method: Method::Passphrase, source, owner: Some(owner.into()), note: None, use_now: false };
        self.run(session, Request::PasskeyAdd(add), Some(passphrase)).await
    }

    /// As if it had been made elsewhere: nobody typed it here.
    async fn forget_proof(&self, session: &Session, name: &str) -> Result<(), Fault> {
        let name = named(name)?;
        let at = session.connection().clone();
        let Some(keys) = session.keys() else { return Err(facts::unlock_first("cannot seed the demo")) };
        let installation = facts::installation(&at, None).await?;
        let work = Work::new(at, installation, Grant::of(keys, &[]), String::new());
        let removals = work.removal(RecordKind::Proof, &name.id()).await?.into_iter().collect();
        let what = format!("what was known of {} is withdrawn", called(RecordKind::Passkey, name.as_str()));
        work.commit(Writes { removals, ..Writes::default() }, "demo", "", &what).await.map(|_| ())
    }

    /// Checks as a person who types it does.
    async fn type_in(&self, session: &Session, name: &str, passphrase: Passphrase) -> Result<(), Fault> {
        let mut secrets = Secrets::new();
        secrets.put(Slot::CHECK.0, passphrase);
        let which = [(named(name)?, Slot::CHECK, Prover::Person(self.set_up.host.person.who()))];
        session.check(&which, &secrets, &Stop::default()).await.map(|_| ())
    }

    /// Checks with a secret that does not open, as from its own file.
    async fn fail(&self, session: &Session, name: &str) -> Result<(), Fault> {
        let mut secrets = Secrets::new();
        secrets.put(Slot::CHECK.0, Passphrase::generate());
        let which = [(named(name)?, Slot::CHECK, Prover::File)];
        session.check(&which, &secrets, &Stop::default()).await.map(|_| ())
    }

    /// Stops a rotation after its first step, as a lost connection would.
    async fn interrupt_rotation(&self, session: &Session, new: &PasskeyName, passphrase: Passphrase) -> Result<(), Fault> {
        let rotate = Rotate {
            new: new.clone(),
            method: Method::Passphrase,
            source: PassphraseSource::Prompt,
            owner: None,
            retire: None,
            without_archive: false,
            shut_archives: None,
            because: crate::domain::Because::Planned,
        };
        let begun = session.begin(&session.plan(&Request::Rotate(rotate)).await?).await?;
        let stop = Stop::default();
        let asked = stop.clone();
        let report = Report::to(move |event| {
            if let Event::StepDone { .. } = event {
                asked.ask();
            }
        });
        match begun.run(filled(passphrase), report, stop).await {
            Err(fault) if fault.kind == Kind::Interrupted => Ok(()),
            Err(fault) => Err(fault),
            Ok(_) => Err(seeding(&format!("operation {CURRENT} was not interrupted"))),
        }
    }
}

fn filled(passphrase: Passphrase) -> Secrets {
    let mut secrets = Secrets::new();
    secrets.put(Slot::NEW.0, passphrase);
    secrets
}

fn named(name: &str) -> Result<PasskeyName, Fault> {
    name.parse().map_err(|e| seeding(&e))
}

fn seeding(why: &dyn std::fmt::Display) -> Fault {
    Fault::new(Kind::Unexpected, "cannot seed the demo", Text::new(why.to_string()), crate::domain::Act::say("kastellan doctor"))
}
