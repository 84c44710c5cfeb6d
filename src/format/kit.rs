//! Recovery kits: what stands in one (see `crypto.md`, Recovery kit). One JSON document, printed, kept with other people's papers.
//!
//! Nesting is allowed here, because nothing in it is authenticated member by member; unknown members are refused. Secrets are wiped on
//! drop and have no Debug. Must not: say that a kit is genuine: whoever has its passphrase made one. Next: `kit_file` is the age file.

use crate::domain::{LocationName, S3Target, Target, Text, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::io::{self, Write};
use zeroize::Zeroizing;

/// The version that is written and read.
const VERSION: u64 = 1;

/// Secret text in a kit: a passphrase, a secret key, import data. Wiped on drop.
pub struct KitSecret(Zeroizing<String>);

/// Text from outside that is stored as it came; [`Text`] itself serialises its harmless form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KitText(pub Text);

/// A recovery kit.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Kit {
    #[serde(rename = "kit")]
    version: u64,
    /// The installation.
    pub installation: KitInstallation,
    /// When it was made.
    pub created_at: Timestamp,
    /// Where DR archives and artifacts are.
    pub locations: Vec<KitLocation>,
    /// What opens the master key.
    pub passkeys: Vec<KitPasskey>,
    /// What opens DR archives.
    pub dr_passphrases: Vec<KitDrPassphrase>,
    /// Import data of chosen policies.
    pub imports: Vec<KitSecret>,
    /// The witness of journal and archives.
    pub pin: KitPin,
    /// What to do with it, in words.
    pub instructions: KitText,
}

/// Whose kit it is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KitInstallation {
    /// Its name.
    pub name: KitText,
    /// Its catalog, hex.
    pub catalog_id: String,
    /// Its instance, hex.
    pub instance_id: String,
    /// Its master key's public id, hex.
    pub master_key_id: String,
}

/// A location: `kind` and `path`, or `kind`, `bucket`, `prefix`, `endpoint`, `region`, `pathStyle` (0 or 1), as in import data.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KitLocation {
    /// Its name.
    pub name: LocationName,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<KitText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket: Option<KitText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<KitText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<KitText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<KitText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_style: Option<u8>,
    /// Only if the user says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<KitCredentials>,
}

/// An S3 account.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KitCredentials {
    /// Its public half.
    pub access_key_id: KitText,
    /// Its secret half.
    pub secret_access_key: KitSecret,
}

/// A passkey.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KitPasskey {
    /// Its name.
    pub name: KitText,
    /// Its method, as its word.
    pub method: KitText,
    /// Its wrap, hex.
    pub wrap_id: String,
    /// The line on its envelope.
    pub envelope: KitText,
    /// Its passphrase, if the user says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<KitSecret>,
}

/// A DR passphrase.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KitDrPassphrase {
    /// Its number, as archives say it.
    pub number: u64,
    /// The line on its envelope.
    pub envelope: KitText,
    /// Itself, if the user says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<KitSecret>,
}

/// What a kit knows of journal and archives, as a pin file does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KitPin {
    /// Highest journal number.
    pub seq: u64,
    /// Hash of that entry, hex.
    pub hash: String,
    /// Highest archive number; 0: none.
    pub archive_seq: u64,
    /// How many changes were in no archive; a kit without the member says 0.
    #[serde(default, skip_serializing_if = "zero")]
    pub unarchived: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn zero(count: &u64) -> bool {
    *count == 0
}

/// Why a kit's document is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DocumentError {
    /// A later version.
    Version(u64),
    /// Where it stops making sense: line and column, from 1.
    Malformed(usize, usize),
}

impl Kit {
    /// A kit with nothing in it but whose it is.
    #[must_use]
    pub fn new(installation: KitInstallation, created_at: Timestamp, pin: KitPin, instructions: Text) -> Self {
        Self {
            version: VERSION,
            installation,
            created_at,
            locations: Vec::new(),
            passkeys: Vec::new(),
            dr_passphrases: Vec::new(),
            imports: Vec::new(),
            pin,
            instructions: KitText(instructions),
        }
    }

    /// The document, indented so that people can read it; in a buffer of the right size, so that no grown-out-of copy is left behind.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<Vec<u8>> {
        struct Count(usize);
        impl Write for Count {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 += bytes.len();
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut count = Count(0);
        // Plain members, and memory to write to: neither can fail.
        let _ = serde_json::to_writer_pretty(&mut count, self);
        let mut json = Zeroizing::new(Vec::with_capacity(count.0));
        let _ = serde_json::to_writer_pretty(&mut *json, self);
        json
    }

    /// Reads the document.
    pub(super) fn parse(json: &[u8]) -> Result<Self, DocumentError> {
        #[derive(Deserialize)]
        struct Version {
            kit: u64,
        }
        let malformed = |error: serde_json::Error| DocumentError::Malformed(error.line(), error.column());
        // Alone and first, so that a later kit is called that, whatever else it holds.
        match serde_json::from_slice(json).map_err(malformed)? {
            Version { kit: VERSION } => {}
            Version { kit: 0 } => return Err(DocumentError::Malformed(1, 1)),
            Version { kit } => return Err(DocumentError::Version(kit)),
        }
        let kit: Self = serde_json::from_slice(json).map_err(malformed)?;
        // A location that names no place would only show when it is wanted.
        if kit.locations.iter().all(|location| location.target().is_some()) { Ok(kit) } else { Err(DocumentError::Malformed(1, 1)) }
    }
}

impl KitLocation {
    /// A location; of an S3 target, neither account nor file of certificates is taken over.
    #[must_use]
    pub fn new(name: LocationName, target: &Target, credentials: Option<KitCredentials>) -> Self {
        let some = |text: &Text| Some(KitText(text.clone()));
        let mut location = Self {
            name,
            kind: target.word().to_owned(),
            path: None,
            bucket: None,
            prefix: None,
            endpoint: None,
            region: None,
            path_style: None,
            credentials,
        };
        match target {
            Target::Directory { path } => location.path = some(path),
            Target::S3(s3) => {
                (location.bucket, location.prefix) = (some(&s3.bucket), some(&s3.prefix));
                (location.endpoint, location.region) = (s3.endpoint.clone().map(KitText), s3.region.clone().map(KitText));
                location.path_style = Some(s3.path_style.into());
            }
        }
        location
    }

    /// Where it is; None where its members do not fit its kind, which a kit that was read has not.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        let text = |text: &Option<KitText>| text.clone().map(|text| text.0);
        match (self.kind.as_str(), &self.path, &self.bucket) {
            ("directory", Some(path), None) => Some(Target::Directory { path: path.0.clone() }),
            ("s3", None, Some(bucket)) => Some(Target::S3(S3Target {
                bucket: bucket.0.clone(),
                prefix: text(&self.prefix)?,
                endpoint: text(&self.endpoint),
                region: text(&self.region),
                path_style: match self.path_style? {
                    0 => false,
                    1 => true,
                    _ => return None,
                },
                ..S3Target::default()
            })),
            _ => None,
        }
    }
}

impl KitSecret {
    /// Takes over a text.
    #[must_use]
    pub fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// The text, lent.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Serialize for KitSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for KitSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

impl Serialize for KitText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.raw())
    }
}

impl<'de> Deserialize<'de> for KitText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(Self)
    }
}
