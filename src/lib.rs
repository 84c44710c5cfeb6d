//! Kastellan: a console for the encryption keys of a Kubernetes backup system.
//!
//! The map, and the rule that arrows point one way (held by `tests/layers`):
//!
//! * [`domain`] - the words, the rules and the messages, as plain data; [`crypto`] - arithmetic on secrets. They know no other room.
//! * [`mod@format`] - one byte format a file; [`host`] - this machine and this person.
//! * [`catalog`] - where sealed records live; [`keyservice`] - wrap and unwrap; [`store`] - places outside. They never know each other.
//! * [`ops`] - sessions, facts and operations: the one way of changing anything.
//! * [`wizard`] - guided flows as data; [`app`] - the console's state, pure.
//! * [`cli`] - one verb a file; [`tui`] - the terminal.

pub mod app;
pub mod catalog;
pub mod cli;
pub mod crypto;
pub mod domain;
pub mod format;
pub mod host;
pub mod keyservice;
pub mod ops;
pub mod store;
pub mod tui;
pub mod wizard;
