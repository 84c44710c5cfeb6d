//! A session in the test's own process, on an installation that the binary made.

use super::house::House;
use kastellan::crypto::{Passphrase, Secrets};
use kastellan::domain::{Prover, Slot, Stop};
use kastellan::host::{Clock, Host, Paths};
use kastellan::ops::{Connection, Place, Search, Session, Settings, Unlock, unlock};
use std::sync::Arc;

fn connection(house: &House, clock: Clock) -> Connection {
    let at = |name: &str| house.home.path().join("state/kastellan").join(name);
    let paths = Paths { config: at("config"), themes: at("themes"), catalog: house.catalog(), known: at("known"), log: at("log") };
    let connection =
        Connection::open(Place { catalog: house.catalog() }, Arc::new(Host { clock, ..Host::real(paths) }), Settings::default());
    connection.expect("it opens").expect("a catalog")
}

/// Without a key.
pub async fn locked(house: &House) -> Session {
    Session::open(connection(house, Clock::real())).await.expect("it opens")
}

/// Unlocked with a passkey.
pub async fn unlocked(house: &House, passkey: &str, passphrase: &str) -> Session {
    unlocked_at(house, Clock::real(), passkey, passphrase).await
}

/// The same, by a clock that the test sets.
pub async fn unlocked_at(house: &House, clock: Clock, passkey: &str, passphrase: &str) -> Session {
    let (connection, mut secrets) = (connection(house, clock), Secrets::new());
    let with = Some(passkey.parse().expect("a name"));
    let how = Unlock { with, by: Prover::Person("ana".into()), search: Search::None };
    secrets.put(Slot::UNLOCK.0, Passphrase::entered(passphrase.as_bytes()).expect("a passphrase"));
    let keys = unlock(&connection, &how, &secrets, &|_| {}, &Stop::default()).await.expect("it opens the master key");
    let mut session = Session::open(connection).await.expect("it opens");
    session.admit(keys).await.expect("it is the master key");
    session
}
