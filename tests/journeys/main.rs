//! What a person does from beginning to end, in a real terminal with the real binary on a real catalog: both the screen and, by the command
//! line afterwards, the catalog are looked at.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../harness/mod.rs"]
mod harness;

mod at_once;
mod demo;
mod doctor;
mod flows;
mod live;
mod looks;
mod plain;
mod protection;
mod set_up;
mod steps;
mod unlock;
