//! Where the secret of a proof came from.

use super::Text;
use serde::{Deserialize, Serialize};

/// Where the secret of a proof came from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "by", content = "who")]
pub enum Prover {
    /// A person typed it; who (`ana@bastion`).
    Person(Text),
    /// A file.
    File,
    /// A file descriptor.
    Fd,
    /// A Kubernetes Secret.
    Secret,
    /// A key service.
    Service,
}

impl Prover {
    /// The word in records and lists.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::File => "file",
            Self::Fd => "fd",
            Self::Secret => "secret",
            Self::Service => "service",
        }
    }
}
