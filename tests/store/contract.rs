//! What every kind of location does.

use crate::s3::{bucket, server};
use futures_util::StreamExt;
use kastellan::domain::Kind;
use kastellan::store::{Directory, Incoming, Placed, Store, probe};
use std::sync::Arc;

/// A folder that goes with it, and a store in it.
fn folder() -> (tempfile::TempDir, Arc<dyn Store>) {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Directory::found(folder.path().to_owned()).unwrap();
    (folder, Arc::new(store))
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs a contract on every kind.
fn everywhere<F: Future<Output = ()>>(contract: impl Fn(Arc<dyn Store>) -> F) {
    let (_held, store) = folder();
    runtime().block_on(contract(store));
    if server().is_some() {
        // The client's connections live on the runtime that made them.
        runtime().block_on(async { contract(bucket()).await });
    }
}

pub async fn names(store: &Arc<dyn Store>, under: &str) -> Vec<String> {
    let mut found: Vec<String> = store.list(under).map(|listed| listed.unwrap().name).collect().await;
    found.sort();
    found
}

/// Writes a long object on a thread of its own, in pieces.
pub async fn put_long(store: &Arc<dyn Store>, name: &str, bytes: Vec<u8>, size: Option<u64>) -> Result<(), kastellan::domain::Fault> {
    let mut out = store.write(name, size).await?;
    tokio::task::spawn_blocking(move || {
        for piece in bytes.chunks(1 << 20) {
            out.append(piece)?;
        }
        out.finish()
    })
    .await
    .unwrap()
}

pub async fn get_long(mut from: Box<dyn Incoming>) -> Result<Vec<u8>, kastellan::domain::Fault> {
    tokio::task::spawn_blocking(move || {
        let (mut all, mut buffer) = (Vec::new(), vec![0; 777_777]);
        loop {
            let length = from.fill(&mut buffer)?;
            all.extend_from_slice(&buffer[..length]);
            if length < buffer.len() {
                return Ok(all);
            }
        }
    })
    .await
    .unwrap()
}

pub fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect()
}

#[test]
fn a_small_object_is_made_once_and_never_replaced() {
    everywhere(|store| async move {
        assert_eq!(store.get("a/b", 10).await.unwrap(), None);
        assert_eq!(store.look("a/b").await.unwrap(), None);
        assert!(!store.remove("a/b").await.unwrap());
        assert_eq!(store.create("a/b", b"first").await.unwrap(), Placed::Created);
        assert_eq!(store.create("a/b", b"other").await.unwrap(), Placed::Exists);
        assert_eq!(store.get("a/b", 5).await.unwrap().as_deref(), Some(&b"first"[..]));
        assert_eq!(store.get("a/b", 4).await.unwrap_err().kind, Kind::Damaged);
        let found = store.look("a/b").await.unwrap().unwrap();
        assert_eq!((found.name.as_str(), found.size), ("a/b", 5));
        assert!(store.remove("a/b").await.unwrap());
        assert_eq!(store.get("a/b", 10).await.unwrap(), None);
        assert_eq!(store.create("a/b", b"again").await.unwrap(), Placed::Created);
        assert_eq!(store.create("empty", b"").await.unwrap(), Placed::Created);
        assert_eq!(store.get("empty", 0).await.unwrap().as_deref(), Some(&b""[..]));
    });
}

#[test]
fn only_names_of_ours_are_used() {
    everywhere(|store| async move {
        for name in ["", "/a", "../a", "a/../b", "a//b", "a b", "a\\b", "\x1b"] {
            assert!(store.create(name, b"x").await.is_err(), "{name:?}");
            assert!(store.get(name, 1).await.is_err(), "{name:?}");
            assert!(store.write(name, None).await.is_err(), "{name:?}");
            assert!(store.remove(name).await.is_err(), "{name:?}");
        }
        assert!(names(&store, "").await.is_empty());
    });
}

#[test]
fn a_listing_has_everything_below_a_folder_and_nothing_beside_it() {
    everywhere(|store| async move {
        let mut wanted = Vec::new();
        for n in 0..300 {
            let name = format!("artifacts/p{}/{n:04}.json", n % 7);
            store.create(&name, b"x").await.unwrap();
            wanted.push(name);
        }
        wanted.sort();
        store.create("artifacts2/x", b"x").await.unwrap();
        store.create("dr/x", b"x").await.unwrap();
        assert_eq!(names(&store, "artifacts").await, wanted);
        assert_eq!(names(&store, "").await.len(), 302);
        assert_eq!(names(&store, "none").await.len(), 0);
        let mut some = store.list("artifacts");
        assert!(some.next().await.is_some(), "whoever has enough may go");
        drop(some);
    });
}

#[test]
fn long_objects_of_every_length_come_back_and_appear_only_when_finished() {
    everywhere(|store| async move {
        const PART: usize = 8 << 20;
        for length in [0, 1, PART - 1, PART, PART + 1, 20 << 20] {
            let name = format!("long/{length}");
            put_long(&store, &name, bytes(length), (length % 2 == 0).then_some(length as u64)).await.unwrap();
            let back = get_long(store.read(&name).await.unwrap().unwrap()).await.unwrap();
            assert!(back == bytes(length), "{length}");
            assert_eq!(store.look(&name).await.unwrap().unwrap().size, length as u64);
            let again = put_long(&store, &name, vec![1; length + 1], None).await.unwrap_err();
            assert_eq!(again.kind, Kind::Changed, "{length}: never in place of another");
            assert!(get_long(store.read(&name).await.unwrap().unwrap()).await.unwrap() == bytes(length), "{length}");
        }
        assert!(store.read("long/none").await.unwrap().is_none());
        // Dropped midway, once with little and once with much: nothing lists under its name.
        for length in [1000, 20 << 20] {
            let mut out = store.write("dropped", None).await.unwrap();
            tokio::task::spawn_blocking(move || {
                for piece in bytes(length).chunks(1 << 20) {
                    out.append(piece).unwrap();
                }
                drop(out);
            })
            .await
            .unwrap();
            assert!(store.look("dropped").await.unwrap().is_none());
            let left = names(&store, "").await;
            assert!(!left.contains(&"dropped".to_owned()), "{left:?}");
        }
        put_long(&store, "dropped", b"whole".to_vec(), None).await.unwrap();
        assert!(!names(&store, "").await.iter().any(|name| name.contains(".part")));
    });
}

#[test]
fn of_many_who_make_one_object_one_wins_and_it_is_whole() {
    everywhere(|store| async move {
        for round in 0..8 {
            let name = format!("race/{round}");
            let racers = (0..8).map(|n| {
                let (store, name) = (store.clone(), name.clone());
                async move { (n, store.create(&name, format!("racer {n} of round {round}").as_bytes()).await.unwrap()) }
            });
            let ended = futures_util::future::join_all(racers).await;
            let winners: Vec<usize> = ended.iter().filter(|(_, placed)| *placed == Placed::Created).map(|(n, _)| *n).collect();
            assert_eq!(winners.len(), 1, "round {round}: {ended:?}");
            let found = store.get(&name, 100).await.unwrap().unwrap();
            assert_eq!(String::from_utf8(found).unwrap(), format!("racer {} of round {round}", winners[0]));
        }
    });
}

#[test]
fn a_probe_tries_every_right_and_leaves_nothing() {
    everywhere(|store| async move {
        let rights = probe(store.as_ref(), true).await;
        let named: Vec<_> = rights.iter().map(|right| (right.name, right.outcome.is_ok())).collect();
        assert_eq!(named, [("write", true), ("read", true), ("list", true), ("delete", true)]);
        assert!(names(&store, "").await.is_empty());
        assert_eq!(probe(store.as_ref(), false).await.len(), 1);
    });
}
