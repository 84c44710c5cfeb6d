//! Artifacts: what was encrypted with a policy's key and written to a location.

use super::{LocationName, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// What an artifact holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArtifactKind {
    /// One file, as it is.
    File,
    /// A folder or several paths, as a tar stream.
    Archive,
    /// Standard input, as it is.
    Stream,
    /// Kubernetes manifests, as they are; their names and kinds are among the sealed facts.
    Manifests,
}

impl ArtifactKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::File, Self::Archive, Self::Stream, Self::Manifests];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Archive => "archive",
            Self::Stream => "stream",
            Self::Manifests => "manifests",
        }
    }

    /// From its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// An artifact in one location, as the index has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// 16 random bytes, hex.
    pub id: String,
    /// Where it lies.
    pub location: LocationName,
    /// Its policy's name; `POLICY@INSTALLATION` where its key was imported.
    pub policy: Text,
    /// The folder that its objects lie in there: the policy's name, or its key's id.
    pub folder: String,
    /// Public id of the policy's key: 8 bytes, hex.
    pub policy_key_id: String,
    /// The instance that made it, hex.
    pub instance_id: String,
    /// When it was sealed.
    pub created_at: Timestamp,
    /// Bytes of plaintext.
    pub size: u64,
    /// Bytes as stored.
    pub stored: u64,
    /// Found in the location, not made by this instance.
    pub found: bool,
    /// When all its tags were last checked here.
    pub verified_at: Option<Timestamp>,
    /// What is known only while unlocked.
    pub sealed: Option<SealedFacts>,
    /// Its entry does not verify.
    pub altered: bool,
}

/// What only the key's holder learns of an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedFacts {
    /// What it holds.
    pub kind: ArtifactKind,
    /// Names of what was sealed, one a line.
    pub names: Text,
    /// A remark.
    pub note: Option<Text>,
    /// SHA-256 of the stream's header and tags, hex: which stream it is.
    pub digest: String,
}

impl Artifact {
    /// Its id for people: the first twelve digits.
    #[must_use]
    pub fn short_id(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }
}

/// Which artifacts a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArtifactFilter {
    /// Only of this policy.
    pub policy: Option<String>,
    /// Only in this location.
    pub location: Option<LocationName>,
}

/// A number of bytes for people: `1.5 GiB`, `512 B`.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    // Tenths, rounded down: what is shown is never more than there is.
    let (mut tenths, mut unit) = (count.saturating_mul(10) >> 10, 0);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths >>= 10;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_for_people() {
        for (count, said) in
            [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1 << 20, "1.0 MiB"), (5 << 30, "5.0 GiB")]
        {
            assert_eq!(bytes(count), said);
        }
        assert!(bytes(u64::MAX).ends_with("PiB"));
    }
}
