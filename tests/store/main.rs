//! Locations: one contract for every kind, held by a folder and by a real S3 server; and the faults of each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../harness/mod.rs"]
mod harness;

mod contract;
mod s3;
