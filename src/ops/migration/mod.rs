//! Migration: a policy's key leaves as import data, and opens that policy's artifacts elsewhere.
//!
//! Owns: what an export's and an import's record say. Must not: lay out import data, that is `format`. Next: one operation a file.

mod export;
mod import;
mod list;

pub use export::{Exporting, import_data, location as export_location, plan as plan_export};
pub use import::{Importing, plan as plan_import};
pub use list::{Moves, list};
