//! Places outside: where artifacts and DR archives go.

use super::{Text, Timestamp, name::named};
use serde::{Deserialize, Serialize};

named! {
    /// A location's name: `[A-Za-z0-9][A-Za-z0-9._-]{0,62}`, kept as written, unique without regard to case.
    LocationName, "location"
}

/// Where a location is. Private: a catalog keeps it in a record's box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Target {
    /// A folder, such as a mounted NFS share.
    Directory {
        /// Its absolute path.
        path: Text,
    },
    /// An S3 bucket.
    S3(S3Target),
}

/// An S3 bucket, and how it is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct S3Target {
    /// The bucket.
    pub bucket: Text,
    /// What all object names begin with; empty, or without slashes at its ends.
    pub prefix: Text,
    /// Where it answers; None: AWS, by its region.
    pub endpoint: Option<Text>,
    /// The region; None: as AWS's standard chain says, else `us-east-1`.
    pub region: Option<Text>,
    /// A file with the certificates to trust, PEM.
    pub ca_file: Option<Text>,
    /// The bucket stands in the path, not in the host's name.
    pub path_style: bool,
    /// Whose secret key is stored beside it; None: credentials come from AWS's standard chain.
    pub access_key_id: Option<Text>,
}

impl Target {
    /// Its word: `directory` or `s3`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Directory { .. } => "directory",
            Self::S3(_) => "s3",
        }
    }

    /// Its address, as people write it: `/mnt/backups`, `s3://bucket/prefix at https://host:9000`.
    #[must_use]
    pub fn address(&self) -> Text {
        match self {
            Self::Directory { path } => path.clone(),
            Self::S3(s3) => {
                let slash = if s3.prefix.is_empty() { "" } else { "/" };
                let at = s3.endpoint.as_ref().map(|endpoint| format!(" at {endpoint}")).unwrap_or_default();
                Text::new(format!("s3://{}{slash}{}{at}", s3.bucket, s3.prefix))
            }
        }
    }

    /// The place one level up; None at the top.
    #[must_use]
    pub fn above(&self) -> Option<Self> {
        let cut = |text: &Text| {
            let text = text.to_string();
            text.trim_end_matches('/').rsplit_once('/').map_or_else(String::new, |(above, _)| above.to_owned())
        };
        match self {
            Self::Directory { path } => {
                Some(cut(path)).filter(|above| !above.is_empty()).map(|above| Self::Directory { path: above.into() })
            }
            Self::S3(s3) if s3.prefix.is_empty() => None,
            Self::S3(s3) => Some(Self::S3(S3Target { prefix: cut(&s3.prefix).into(), ..s3.clone() })),
        }
    }

    /// As flags of the command line name it; credentials aside.
    #[must_use]
    pub fn flags(&self) -> String {
        match self {
            Self::Directory { path } => format!("--directory {path}"),
            Self::S3(s3) => {
                let prefix = if s3.prefix.is_empty() { "\"\"".to_owned() } else { s3.prefix.to_string() };
                let endpoint = s3.endpoint.as_ref().map(|endpoint| format!(" --endpoint {endpoint}")).unwrap_or_default();
                format!("--s3 {} --prefix {prefix}{endpoint}", s3.bucket)
            }
        }
    }
}

/// A location, as a catalog has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Its name.
    pub name: LocationName,
    /// `directory` or `s3`.
    pub kind: Text,
    /// Where it is: only while unlocked.
    pub target: Option<Target>,
    /// Objects carry a policy's key id in place of its name.
    pub hide_policy_names: bool,
    /// Came with imported data: nothing is ever written to it.
    pub read_only: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Text,
    /// Its record does not verify.
    pub altered: bool,
}
