//! Operations from end to end on a real SQLite catalog: what they leave, what they refuse, what survives a kill, what attacks find.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod attacks;
mod hostile;
mod house;
mod kills;
mod lifecycle;
mod two_consoles;
