//! Locations: adding, forgetting, checking; and opening the store of one.
//!
//! Owns: what a location's record says, and that no address is contacted which nobody confirmed on this machine. Must not: know how a store
//! works, that is `store`.

mod add;
mod forget;
mod known;
mod reach;

pub use add::{Adding, plan as plan_add};
pub use forget::{Forgetting, plan as plan_forget};
pub use known::one;
pub use reach::{Reached, check, confirm, put, reach};
