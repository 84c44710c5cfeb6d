//! Whether what a flow names is there: said at once, in the words in which the operation itself would fail.

use super::{Connection, artifacts, lists};
use crate::domain::{Act, Fault, Kind, Look};

/// Looks.
///
/// # Errors
/// `Kind::NotFound`, naming the nearest; as the catalog's.
pub async fn look(at: &Connection, look: Look) -> Result<(), Fault> {
    match look {
        Look::Policy(name) => lists::policy(at, None, &name).await.map(|_| ()),
        Look::Source(path) => tokio::task::spawn_blocking(move || artifacts::is_there(&path, &"cannot seal".into()))
            .await
            .unwrap_or_else(|e| Err(Fault::new(Kind::Unexpected, "cannot seal", e.to_string(), Act::say("kastellan doctor")))),
    }
}
