//! After the keys are dropped and the stack is scrubbed, this process's own memory holds none of them. (The whole binary has a test of
//! its own; this one tells which part of the crypto room leaks.)

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(target_os = "linux")]

use aes_gcm::KeyInit;
use kastellan::crypto::{Derived, Key, Params, Passphrase, WipingAllocator, aead_open, aead_seal, box_open, box_seal, scrub_stack};
use kastellan::domain::{Method, Timestamp};
use kastellan::format::{Object, RecordKind, SealedRecord, Wrap, WrapDraft};
use std::os::unix::fs::FileExt;

#[global_allocator]
static ALLOCATOR: WipingAllocator = WipingAllocator;

const MASK: u8 = 0x5c;
const PLENTY: u64 = 8 << 20;

/// Secret bytes to look for, kept masked so that they are not found here.
struct Needle {
    what: &'static str,
    masked: Vec<u8>,
}

impl Needle {
    fn new(what: &'static str, bytes: &[u8]) -> Self {
        Self { what, masked: bytes.iter().map(|byte| byte ^ MASK).collect() }
    }
}

/// The names of the needles that lie anywhere in writable memory.
fn found(needles: &[Needle]) -> Vec<&'static str> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let memory = std::fs::File::open("/proc/self/mem").unwrap();
    let mut found = Vec::new();
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw"))) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let (from, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        let mut region = vec![0; usize::try_from(to - from).unwrap()];
        let read = memory.read_at(&mut region, from).unwrap_or(0);
        for byte in &mut region[..read] {
            *byte ^= MASK;
        }
        for needle in needles {
            let first = needle.masked[0];
            let hit = |at: &usize| region[*at] == first && region[*at..read].starts_with(&needle.masked);
            if (0..read).any(|at| hit(&at)) {
                found.push(needle.what);
            }
        }
    }
    found
}

/// Round keys 2 to 4 of AES-256 (48 bytes after the key), as FIPS 197 expands it.
fn schedule(key: &[u8; 32]) -> Vec<u8> {
    let multiply = |mut a: u8, mut b: u8| {
        let mut product = 0;
        while b != 0 {
            product ^= if b & 1 == 1 { a } else { 0 };
            a = a << 1 ^ if a & 0x80 == 0 { 0 } else { 0x1b };
            b >>= 1;
        }
        product
    };
    let substitute = |byte: u8| {
        let inverse = (0..=255).find(|other| multiply(byte, *other) == 1).unwrap_or(0);
        (0..5).fold(0x63, |sum, turn| sum ^ inverse.rotate_left(turn))
    };
    let mut words: Vec<[u8; 4]> = key.chunks(4).map(|word| word.try_into().unwrap()).collect();
    let mut round = 1u8;
    for i in 8..20 {
        let mut word = words[i - 1];
        if i % 8 == 0 {
            word.rotate_left(1);
        }
        if i % 4 == 0 {
            word = word.map(substitute);
        }
        if i % 8 == 0 {
            word[0] ^= round;
            round = multiply(round, 2);
        }
        for (byte, before) in word.iter_mut().zip(words[i - 8]) {
            *byte ^= before;
        }
        words.push(word);
    }
    words[8..].concat()
}

fn draft(master: &Key) -> WrapDraft {
    WrapDraft {
        catalog_id: "00".repeat(16),
        master_key_id: Derived::from_master(master).master_key_id(),
        passkey: "k10MasterKey".parse().unwrap(),
        wrap_id: "00".repeat(16),
        method: Method::Passphrase,
        created_at: Timestamp::from_unix(0),
    }
}

/// Makes, wraps, unwraps, derives, seals and opens; gives what to look for, and what still lives.
fn use_keys() -> (Vec<Needle>, Vec<Key>, Passphrase) {
    let passphrase = Passphrase::generate();
    let typed = passphrase.expose().to_ascii_uppercase();
    let entered = Passphrase::made(&typed).unwrap();
    assert!(entered.same(&passphrase));
    let params = Params { m: 1024, t: 2, p: 4 };
    let master = Key::generate();
    let wrap = Wrap::with_passphrase(&draft(&master), &master, &passphrase, params, PLENTY).unwrap();
    let master = wrap.open_with_passphrase(&entered, PLENTY).unwrap();
    let salt = [7; 16];
    let kek = params.derive(&passphrase, &salt, PLENTY).unwrap();
    let (nonce, sealed) = aead_seal(&kek, b"x", b"");
    aead_open(&kek, &nonce, &sealed, b"").unwrap();
    let derived = Derived::from_master(&master);
    let (metadata, policy) = (derived.metadata_key(), derived.policy_key("app-daily"));
    let sealed = box_seal(&metadata, "record", b"x", b"");
    box_open(&metadata, "record", &sealed, b"").unwrap();
    let record = SealedRecord::seal(&metadata, "00", RecordKind::Policy, "a", 1, Object::new(), &Object::new());
    record.open(&metadata, "00").unwrap();
    let needles = vec![
        Needle::new("passphrase", passphrase.expose()),
        Needle::new("passphrase's middle", &passphrase.expose()[8..32]),
        Needle::new("typed passphrase", &typed),
        Needle::new("master key", master.expose()),
        Needle::new("key encryption key", kek.expose()),
        Needle::new("its AES schedule", &schedule(kek.expose())),
        Needle::new("metadata key", metadata.expose()),
        Needle::new("policy key", policy.expose()),
        Needle::new("PRK", kastellan::crypto::extract(b"kastellan.v1", master.expose()).expose()),
        Needle::new("PRK's half", &kastellan::crypto::extract(b"kastellan.v1", master.expose()).expose()[16..]),
    ];
    (needles, vec![master, kek, metadata, policy], passphrase)
}

#[test]
fn schedule_is_the_standards() {
    // FIPS 197, appendix A.3.
    let key: Vec<u8> = (0..32)
        .map(|i| u8::from_str_radix(&"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"[i * 2..i * 2 + 2], 16).unwrap())
        .collect();
    assert_eq!(schedule(key.as_slice().try_into().unwrap())[..4], [0x9b, 0xa3, 0x54, 0x11]);
    assert_eq!(schedule(key.as_slice().try_into().unwrap())[16..20], [0xa8, 0xb0, 0x9c, 0x1a]);
}

/// In a frame of its own, which the scrubbing reaches.
#[inline(never)]
fn living_cipher(key: &Key) -> Box<aes_gcm::Aes256Gcm> {
    Box::new(aes_gcm::Aes256Gcm::new(key.expose().into()))
}

#[test]
fn nothing_is_left_of_keys_and_passphrases() {
    let (needles, keys, passphrase) = use_keys();
    let cipher = living_cipher(&keys[1]);
    let alive = found(&needles);
    // Only the CPU's own AES keeps round keys in the standard's order.
    #[cfg(target_arch = "x86_64")]
    assert!(alive.contains(&"its AES schedule") || !is_x86_feature_detected!("aes"), "{alive:?}");
    drop(cipher);
    for what in ["passphrase", "master key", "key encryption key", "metadata key", "policy key"] {
        assert!(alive.contains(&what), "the scan does not see the living {what}: {alive:?}");
    }
    drop((keys, passphrase));
    scrub_stack();
    assert_eq!(found(&needles), Vec::<&str>::new(), "left in memory");
}
