//! A real S3 server, and a misbehaving one.

use crate::contract::{bytes, get_long, names, put_long, runtime};
use crate::harness::PATIENCE;
use crate::harness::between::Between;
use crate::harness::stub::{Manner, Stub};
use crate::harness::weed::{ADMIN, BUCKET, READER, Weed};
use futures_util::StreamExt;
use kastellan::crypto::Passphrase;
use kastellan::domain::{Kind, S3Target};
use kastellan::store::{Placed, S3, Store, probe};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// The one server of this program.
pub fn server() -> Option<&'static Weed> {
    static SERVER: OnceLock<Option<Weed>> = OnceLock::new();
    SERVER.get_or_init(Weed::start).as_ref()
}

fn target(prefix: &str, endpoint: &str, id: &str) -> S3Target {
    S3Target {
        bucket: BUCKET.into(),
        prefix: prefix.into(),
        endpoint: Some(endpoint.into()),
        region: Some("us-east-1".into()),
        ca_file: None,
        path_style: true,
        access_key_id: Some(id.into()),
    }
}

fn secret(text: &str) -> Passphrase {
    Passphrase::entered(text.as_bytes()).unwrap()
}

fn opened(prefix: &str, endpoint: &str, key: (&str, &str)) -> Arc<dyn Store> {
    Arc::new(S3::open(&target(prefix, endpoint, key.0), Some(&secret(key.1)), Duration::from_secs(10)).unwrap())
}

/// An empty place in the server's bucket.
pub fn bucket() -> Arc<dyn Store> {
    let mut id = [0; 8];
    kastellan::crypto::random(&mut id);
    opened(&format!("t/{}", kastellan::format::hex(&id)), &server().unwrap().endpoint(), ADMIN)
}

#[test]
fn a_reader_reads_and_is_told_which_right_it_lacks() {
    let Some(weed) = server() else { return };
    runtime().block_on(async {
        let admin = opened("shared", &weed.endpoint(), ADMIN);
        admin.create("a/b", b"x").await.unwrap();
        let reader = opened("shared", &weed.endpoint(), READER);
        assert_eq!(reader.get("a/b", 10).await.unwrap().as_deref(), Some(&b"x"[..]));
        assert_eq!(names(&reader, "a").await, ["a/b"]);
        let fault = reader.create("a/c", b"x").await.unwrap_err();
        assert_eq!(fault.kind, Kind::Unreachable);
        assert!(fault.cause.to_string().contains("403 AccessDenied on PutObject"), "{fault}");
        let fault = reader.remove("a/b").await.unwrap_err();
        assert!(fault.cause.to_string().contains("403 AccessDenied on DeleteObject"), "{fault}");
        let fault = put_long(&reader, "a/long", bytes(20 << 20), None).await.unwrap_err();
        assert!(fault.cause.to_string().contains("403 AccessDenied on PutObject"), "{fault}");
        let rights = probe(reader.as_ref(), true).await;
        let named: Vec<_> = rights.iter().map(|right| (right.name, right.outcome.is_ok())).collect();
        assert_eq!(named, [("write", false), ("list", true)]);
        assert!(probe(reader.as_ref(), false).await[0].outcome.is_ok());
    });
}

#[test]
fn wrong_keys_buckets_and_servers_each_have_their_words() {
    let Some(weed) = server() else { return };
    runtime().block_on(async {
        let fault = opened("x", &weed.endpoint(), (ADMIN.0, "not the secret")).create("a", b"x").await.unwrap_err();
        assert!(fault.cause.to_string().contains("SignatureDoesNotMatch"), "{fault}");
        let fault = opened("x", &weed.endpoint(), ("AKNOBODY", "x")).get("a", 1).await.unwrap_err();
        assert!(fault.cause.to_string().contains("403"), "{fault}");
        let other = S3Target { bucket: "no-such-bucket".into(), ..target("x", &weed.endpoint(), ADMIN.0) };
        let store = S3::open(&other, Some(&secret(ADMIN.1)), Duration::from_secs(5)).unwrap();
        // This server makes a bucket for whoever may write one: it is reading that tells.
        let fault = store.list("").next().await.unwrap().unwrap_err();
        assert!(fault.cause.to_string().contains("there is no such bucket"), "{fault}");
        let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let store = S3::open(&target("x", &format!("http://{dead}"), ADMIN.0), Some(&secret("x")), Duration::from_secs(2)).unwrap();
        let fault = store.get("a", 1).await.unwrap_err();
        assert_eq!(fault.kind, Kind::Unreachable);
        assert!(fault.cause.to_string().contains("nothing answers"), "{fault}");
        assert!(!format!("{fault:?}").contains("sk-admin"));
    });
}

#[test]
fn two_prefixes_of_one_bucket_do_not_see_each_other() {
    if server().is_none() {
        return;
    }
    runtime().block_on(async {
        let (one, two) = (bucket(), bucket());
        one.create("a", b"1").await.unwrap();
        assert_eq!(two.get("a", 9).await.unwrap(), None);
        assert!(names(&two, "").await.is_empty());
        two.create("a", b"2").await.unwrap();
        assert_eq!(one.get("a", 9).await.unwrap().as_deref(), Some(&b"1"[..]));
    });
}

#[test]
fn a_server_s_certificate_holds_by_the_file_that_is_named_and_not_without() {
    let Some((weed, certificate)) = Weed::start_with_tls() else { return };
    let endpoint = weed.endpoint().replace("http://", "https://");
    let trusting = |file: Option<&std::path::Path>| {
        let ca_file = file.map(|file| file.to_str().unwrap().into());
        S3::open(&S3Target { ca_file, ..target("tls", &endpoint, ADMIN.0) }, Some(&secret(ADMIN.1)), Duration::from_secs(5))
    };
    runtime().block_on(async {
        let store = trusting(Some(&certificate)).unwrap();
        assert_eq!(store.create("a", b"over TLS").await.unwrap(), Placed::Created);
        assert_eq!(store.get("a", 10).await.unwrap().as_deref(), Some(&b"over TLS"[..]));
        let fault = trusting(None).unwrap().get("a", 10).await.unwrap_err();
        assert_eq!(fault.kind, Kind::Unreachable);
        assert!(fault.cause.to_string().contains("certificate is not one that this machine trusts"), "{fault}");
        assert!(fault.next.say.to_string().contains("--ca-file"), "{fault}");
    });
    let key = certificate.with_file_name("key.pem");
    let fault = trusting(Some(&key)).err().unwrap();
    assert_eq!(fault.kind, Kind::Usage);
    assert!(fault.cause.to_string().contains("holds no certificates in PEM"), "{fault}");
    assert_eq!(trusting(Some(&key.with_file_name("gone"))).err().unwrap().kind, Kind::NotFound);
}

#[test]
fn parts_of_an_upload_that_came_to_nothing_are_given_up() {
    let Some(weed) = server() else { return };
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    let between = Between::start(weed.port(), move |first| {
        seen.lock().unwrap().push(first.to_owned());
        false
    });
    runtime().block_on(async {
        let store = opened("parts", &between.endpoint(), ADMIN);
        // One that is dropped midway, and one whose name is taken when all its parts are there.
        let mut out = store.write("dropped", None).await.unwrap();
        tokio::task::spawn_blocking(move || {
            out.append(&bytes(20 << 20)).unwrap();
            drop(out);
        })
        .await
        .unwrap();
        store.create("taken", b"first").await.unwrap();
        assert_eq!(put_long(&store, "taken", bytes(20 << 20), None).await.unwrap_err().kind, Kind::Changed);
        let given_up = |name: &'static str| {
            let asked = asked.clone();
            move || asked.lock().unwrap().iter().any(|l: &String| l.starts_with("DELETE") && l.contains(name) && l.contains("uploadId="))
        };
        // What goes on in the background goes on on this runtime.
        let wait = async {
            for done in [given_up("dropped"), given_up("taken")] {
                while !done() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{:?}", asked.lock().unwrap()));
    });
}

fn stub(manner: Manner, object: &[u8], deadline: u64) -> (Stub, Arc<dyn Store>) {
    let stub = Stub::start(manner, object.to_vec());
    let store = S3::open(&target("", &stub.endpoint(), "AK"), Some(&secret("sk")), Duration::from_millis(deadline)).unwrap();
    (stub, Arc::new(store))
}

#[test]
fn a_server_in_trouble_is_asked_again_and_one_that_stays_so_is_named() {
    runtime().block_on(async {
        let (stub, store) = stub(Manner::Status(503, 2), b"hello", 20_000);
        assert_eq!(store.get("object", 10).await.unwrap().as_deref(), Some(&b"hello"[..]));
        assert_eq!(stub.requests.load(Ordering::SeqCst), 3);
        let (_stub, store) = self::stub(Manner::Status(500, u32::MAX), b"hello", 1_000);
        let fault = store.get("object", 10).await.unwrap_err();
        assert_eq!(fault.kind, Kind::Unreachable);
        assert!(fault.cause.to_string().contains("500"), "{fault}");
        assert!(!fault.to_string().contains('\x1b'), "a server's words are cleaned");
        let (_stub, store) = self::stub(Manner::Status(403, u32::MAX), b"hello", 5_000);
        assert!(store.get("object", 10).await.unwrap_err().cause.to_string().contains("403"));
    });
}

#[test]
fn a_slow_server_is_not_waited_for_for_ever() {
    runtime().block_on(async {
        let (_stub, store) = stub(Manner::Slow(60_000), b"hello", 300);
        let fault = store.get("object", 10).await.unwrap_err();
        assert_eq!(fault.kind, Kind::Unreachable);
        assert!(fault.cause.to_string().contains("answer"), "{fault}");
    });
}

#[test]
fn a_server_that_knows_no_conditions_is_asked_what_is_there_before_it_is_written_to() {
    runtime().block_on(async {
        let (stub, store) = stub(Manner::Unconditional, b"hello", 5_000);
        for _ in 0..2 {
            assert_eq!(store.create("object", b"another").await.unwrap(), Placed::Exists);
        }
        assert!(stub.puts.lock().unwrap().is_empty());
        assert_eq!(store.create("new", b"new").await.unwrap(), Placed::Created);
        assert_eq!(stub.puts.lock().unwrap().as_slice(), [b"new".to_vec()]);
    });
}

#[test]
fn a_connection_that_is_cut_midway_is_taken_up_again() {
    runtime().block_on(async {
        let object = bytes(3 << 20);
        let (stub, store) = stub(Manner::Cut(2), &object, 20_000);
        let back = get_long(store.read("object").await.unwrap().unwrap()).await.unwrap();
        assert!(back == object);
        assert!(stub.requests.load(Ordering::SeqCst) >= 3, "asked again from where it was cut");
        let (stub, store) = self::stub(Manner::Swallow(2), b"", 20_000);
        put_long(&store, "new", bytes(100_000), None).await.unwrap();
        assert_eq!(stub.puts.lock().unwrap().as_slice(), [bytes(100_000)]);
    });
}
