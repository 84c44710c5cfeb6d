//! Fills an installation for measuring: `seed CATALOG PASSKEY PASSPHRASE-FILE POLICIES PASSKEYS`.
//!
//! Not shipped: it writes passkeys that are cheap to open, which the program never does.

#![allow(clippy::expect_used, clippy::panic)]

#[path = "../tests/harness/seed.rs"]
mod seed;

use std::path::Path;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [catalog, passkey, file, policies, passkeys] = &args[..] else {
        eprintln!("seed CATALOG PASSKEY PASSPHRASE-FILE POLICIES PASSKEYS");
        std::process::exit(2);
    };
    let passphrase = std::fs::read_to_string(file).expect("a passphrase file");
    let (policies, passkeys) = (policies.parse().expect("a number"), passkeys.parse().expect("a number"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let opened = seed::open(Path::new(catalog), passkey, passphrase.trim()).await;
        opened.add_policies(policies, |n| format!("team-{:03}.namespace-{n:06}.daily", n % 997)).await;
        opened.add_passkeys(passkeys, "a passphrase that many share").await;
    });
}
