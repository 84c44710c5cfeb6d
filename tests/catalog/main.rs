//! The catalog: one contract for every implementation, and the files that are refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_files;
mod contract;
mod home;
#[path = "../harness/tools.rs"]
#[allow(dead_code, reason = "not every test program needs all of them")]
mod tools;
