//! Policy keys that left an installation, and that came to one.

use super::{LocationName, PolicyName, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// A policy's key from another installation: it opens that policy's artifacts, and never seals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Import {
    /// `POLICY@INSTALLATION`, as the index has it; with the first digits of the source's id where another installation has that name.
    pub label: String,
    /// The policy at its source.
    pub policy: PolicyName,
    /// The installation that it comes from, by name.
    pub installation: Text,
    /// The same by its catalog's id, hex.
    pub catalog_id: String,
    /// Public id of the key, hex.
    pub policy_key_id: String,
    /// The location that was added with it.
    pub location: LocationName,
    /// When it was exported.
    pub created_at: Timestamp,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// By whom.
    pub imported_by: Text,
}

/// A policy's key that left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exported {
    /// The policy.
    pub policy: PolicyName,
    /// Public id of its key, hex.
    pub policy_key_id: String,
    /// The location that the import data names.
    pub location: LocationName,
    /// Whether it opens only with a passphrase.
    pub protected: bool,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Text,
    /// A remark; only while unlocked.
    pub note: Option<Text>,
}

impl Import {
    /// `POLICY@INSTALLATION`, which shadows no own policy: no policy's name holds an `@`.
    #[must_use]
    pub fn label_of(policy: &PolicyName, installation: &Text) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
        format!("{policy}@{}", installation.to_string().chars().map(plain).collect::<String>())
    }
}
