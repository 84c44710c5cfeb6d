//! Recovery kits: making one, trying out what one recovers, and noting that somebody did.
//!
//! Owns: what goes into a kit, and how each of its parts is tried. Must not: lay out a kit, that is `format`; believe one, whoever made it.

mod check;
mod make;
mod note;

pub use check::{Item, Outcome, Reachable, Trial, check, reach, secret_of, target_of};
pub use make::{Making, plan};
pub use note::{digest, note};
