//! Whether what a flow names is there: said at once, in the words in which the operation itself would fail.

use super::{Connection, artifacts, lists};
use crate::domain::{Act, Fault, Kind, Look};
use crate::host::can_be_made;

/// Looks; `at` is the catalog, where there is one.
///
/// # Errors
/// `Kind::NotFound`, naming the nearest; as the catalog's.
pub async fn look(at: Option<&Connection>, look: Look) -> Result<(), Fault> {
    let looked = match look {
        Look::Policy(name) => {
            let none = || Fault::new(Kind::NotFound, "cannot look", "there is no catalog", Act::say("kastellan init"));
            return lists::policy(at.ok_or_else(none)?, None, &name).await.map(|_| ());
        }
        Look::Source(path) => tokio::task::spawn_blocking(move || artifacts::is_there(&path, &"cannot seal".into())),
        Look::NewFile(path) => tokio::task::spawn_blocking(move || can_be_made(&path, "cannot write it")),
    };
    looked.await.unwrap_or_else(|e| Err(Fault::new(Kind::Unexpected, "cannot look", e.to_string(), Act::say("kastellan doctor"))))
}
