//! Disaster recovery through the binary: archives, the way back on a bare machine, and what is refused on the way.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../harness/mod.rs"]
mod harness;

mod back;
mod gone;
mod ledger;
mod site;
