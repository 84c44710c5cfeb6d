//! The console in a real terminal: what it writes, how it leaves, how it does over SSH.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../harness/mod.rs"]
mod harness;

mod counts;
mod exits;
mod harness_works;
mod ssh;
