//! Disaster recovery: archives of the catalog in locations, the passphrases that open them, and the way back.
//!
//! Owns: making, proving, pruning archives; the ledger; restoring a catalog from one. Must not: lay out an archive, that is
//! `format::archive`. Next: `snapshot` makes and proves one archive, one operation a file.

mod archive;
mod check;
mod enable;
mod found;
mod prune;
mod restore;
mod snapshot;
mod state;
mod switches;

pub use archive::{Archiving, hold, plan as plan_archive};
pub use check::{DrCheck, opened};
pub use enable::{Enabling, plan_change, plan_enable};
pub use found::Found;
pub use prune::{Pruning, plan as plan_prune};
pub use restore::{Contents, Opening, Restored};
pub use state::{ledger, passphrase};
pub use switches::{Switching, plan_disable, plan_take_over};
