//! Artifacts and locations through the binary, on real folders: what is sealed comes back, and nothing else is believed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../harness/mod.rs"]
mod harness;

mod crafted;
mod durable;
mod faults;
mod hostile;
mod kills;
mod reach;
mod round_trips;
mod shared;
mod yard;
