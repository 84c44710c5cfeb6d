//! Drills: the way back, rehearsed in a folder that vanishes; the report that proves it, and the history of them.

mod history;
mod rehearsal;
mod signing;

pub use history::{Noted, note, report};
pub use rehearsal::{Rehearsal, Rehearsed, Rehearsing};
pub use signing::{signer, signing_line, verify_drill};
