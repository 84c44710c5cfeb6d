//! Artifacts: sealing, listing, verifying, opening, copying, removing; and bringing the index up to what the locations hold.
//!
//! Owns: what an index entry says, and which key an artifact opens with. Must not: move bytes (`bulk`), know a location's kind (`store`), or
//! lay out an object (`format::artifact`). Next: one operation a file.

mod copy;
mod entry;
mod open;
mod reading;
mod remove;
mod rescan;
mod seal;
mod source;
mod sweep;
mod target;
mod unpack;
mod verify;

use crate::domain::{Artifact, Fault, Installation};
use crate::format::{artifact_ad, hex};
pub use copy::{Copying, plan as plan_copy};
pub use entry::{ArtifactPage, find, page};

/// The associated data of an artifact's stream, hex.
pub async fn associated_data(at: &crate::ops::Connection, installation: &Installation, artifact: &Artifact) -> Result<String, Fault> {
    let label = artifact.policy.to_string();
    let ad = match at.catalog.get(crate::format::RecordKind::Import, &label).await?.and_then(|record| record.clear().ok()) {
        Some(import) => {
            artifact_ad(import.text("sourceCatalogId").unwrap_or_default(), import.text("policy").unwrap_or_default(), &artifact.id)
        }
        None => artifact_ad(&installation.catalog_id, &label, &artifact.id),
    };
    Ok(hex(&ad))
}

pub use open::{Opened, To, open};
pub use reading::{LARGEST_SIDECAR, Sink, Told};
pub use remove::{Removing, plan as plan_remove};
pub use rescan::{Rescanning, Tally, plan as plan_rescan};
pub use seal::{Sealing, plan as plan_seal};
pub use source::is_there;
pub use sweep::{Sweeping, plan as plan_sweep};
pub use verify::{Scope, Verified, verify};
