//! What the end-to-end tests share: a terminal to run the binary in, a home for it, a way to call it, eyes on its process.
//!
//! Each test binary uses a part of this.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod aes;
pub mod between;
pub mod cli;
pub mod house;
pub mod kills;
pub mod procfs;
pub mod pty;
pub mod seed;
pub mod session;
pub mod sshd;
pub mod stub;
pub mod tools;
pub mod weed;

use std::time::{Duration, Instant};

/// How long anything is waited for. Far longer than anything takes: it bounds a hang, and measures nothing.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// The binary under test: this build's, or the one that `KASTELLAN_BINARY` names when the tests are compiled (as `.ci/run` does with the
/// release build, which is what people run).
pub const BINARY: &str = match option_env!("KASTELLAN_BINARY") {
    Some(other) => other,
    None => env!("CARGO_BIN_EXE_kastellan"),
};

/// Whether the binary panics where `KASTELLAN_TEST_PANIC` says: debug builds do, what is shipped has no such switch.
pub const PANICS: bool = cfg!(debug_assertions) && option_env!("KASTELLAN_BINARY").is_none();

/// Looks again and again until `look` gives something; fails saying `what` after [`PATIENCE`].
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for the clock's next second: what is made from then on bears a later time than all that was made before.
pub fn next_second() {
    let second = || std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let now = second();
    until("the next second", || (second() > now).then_some(()));
}

/// The same bytes but for one bit.
pub fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

/// The first member of that name, at any depth.
pub fn member<'a>(value: &'a serde_json::Value, name: &str) -> Option<&'a serde_json::Value> {
    match value {
        serde_json::Value::Object(members) => members.get(name).or_else(|| members.values().find_map(|v| member(v, name))),
        serde_json::Value::Array(all) => all.iter().find_map(|v| member(v, name)),
        _ => None,
    }
}
