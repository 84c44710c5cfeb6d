//! The objects of an artifact in a location, and the facts beside the stream: public ones, and private ones sealed under the policy's key.
//!
//! Must not: seal or read the stream itself, that is `stream`; know where objects are kept. Whoever writes a location may put anything
//! here: what is read is bounded, and nothing of it is believed before it opened.

use super::{Object, ObjectError, b64, lp, unb64, unhex};
use crate::crypto::{Key, box_open, box_seal, expand, policy_key_id, policy_prk};
use crate::domain::{ArtifactKind, PolicyName, SealedFacts, Timestamp};

const FORMAT: &str = "kastellan.artifact.v1";
const MARKER: &str = "kastellan.seal.v1";
/// The label of the sealed facts' box, and of the hidden name's.
const FACTS: &str = "artifact";
const NAME: &str = "policy-name";
/// The output among the public facts.
const SEALED: &str = "sealed";

/// Why an artifact's facts are not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SidecarError {
    /// They do not parse, or a member that must be there is not.
    #[error("they are malformed: {0}")]
    Malformed(#[from] ObjectError),
    /// Made by a newer Kastellan, or by something else.
    #[error("they are of another format")]
    Format,
    /// Their policy key id is not the key's.
    #[error("they are of another policy's key")]
    OtherKey,
    /// The box does not open with these public facts.
    #[error("they were altered")]
    Altered,
}

/// Names of an artifact's objects, relative to the location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactPaths {
    /// The policy's folder: its name, or its key's id where names are hidden.
    pub folder: String,
    /// The artifact's id.
    pub id: String,
    /// `artifacts/<folder>/<id>.tink`: the Tink stream.
    pub stream: String,
    /// `artifacts/<folder>/<id>.json`: the facts, written last.
    pub sidecar: String,
    /// `artifacts/<folder>/<id>.seal`: there while it is being sealed.
    pub marker: String,
}

impl ArtifactPaths {
    /// In the folder of a policy.
    #[must_use]
    pub fn new(folder: &str, id: &str) -> Self {
        let name = |end| format!("artifacts/{folder}/{id}.{end}");
        Self { folder: folder.to_owned(), id: id.to_owned(), stream: name("tink"), sidecar: name("json"), marker: name("seal") }
    }

    /// The objects of the artifact whose sidecar has this name; None where it is none.
    #[must_use]
    pub fn parse_sidecar(name: &str) -> Option<Self> {
        Self::parse(name, "json")
    }

    /// The objects of the artifact whose stream has this name; None where it is none.
    #[must_use]
    pub fn parse_stream(name: &str) -> Option<Self> {
        Self::parse(name, "tink")
    }

    /// The objects of the artifact whose marker has this name; None where it is none.
    #[must_use]
    pub fn parse_marker(name: &str) -> Option<Self> {
        Self::parse(name, "seal")
    }

    fn parse(name: &str, end: &str) -> Option<Self> {
        let (folder, file) = name.strip_prefix("artifacts/")?.split_once('/')?;
        let id = file.strip_suffix(end)?.strip_suffix('.')?;
        unhex::<16>(id)?;
        folder.parse::<PolicyName>().ok()?;
        Some(Self::new(folder, id))
    }
}

/// What says whose a stream without facts is, while it is being sealed. Believed no further than that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The catalog's id, hex.
    pub catalog_id: String,
    /// The instance's, hex.
    pub instance_id: String,
    /// When the seal began.
    pub began_at: Timestamp,
}

impl Leftover {
    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let object = Object::new().with("format", MARKER).with("catalogId", &self.catalog_id).with("instanceId", &self.instance_id);
        object.with("beganAt", self.began_at.to_string()).to_json()
    }

    /// From JSON; None where it is none.
    #[must_use]
    pub fn parse(json: &[u8]) -> Option<Self> {
        let o = Object::parse(json).ok()?;
        let began_at = o.text("beganAt")?.parse().ok()?;
        (o.text("format") == Some(MARKER)).then_some(())?;
        Some(Self { catalog_id: o.text("catalogId")?.to_owned(), instance_id: o.text("instanceId")?.to_owned(), began_at })
    }
}

/// Associated data of an artifact's stream: `lp("kastellan.artifact.v1") || lp(catalogId) || lp(policy) || lp(artifact id)`.
#[must_use]
pub fn artifact_ad(catalog_id: &str, policy: &str, artifact_id: &str) -> Vec<u8> {
    let mut ad = Vec::new();
    for part in [FORMAT, catalog_id, policy, artifact_id] {
        lp(&mut ad, part.as_bytes());
    }
    ad
}

/// What facts are made of.
#[derive(Debug, Clone)]
pub struct SidecarDraft {
    /// The catalog's id, hex.
    pub catalog_id: String,
    /// The instance's, hex.
    pub instance_id: String,
    /// The artifact's, hex.
    pub artifact_id: String,
    /// The policy.
    pub policy: PolicyName,
    /// When it was sealed.
    pub created_at: Timestamp,
    /// Bytes of plaintext.
    pub size: u64,
    /// Bytes as stored.
    pub stored: u64,
    /// What is sealed of it.
    pub facts: SealedFacts,
}

/// An artifact's facts, as they lie beside its stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sidecar {
    object: Object,
    created_at: Timestamp,
    size: u64,
    stored: u64,
}

impl Sidecar {
    /// Seals facts under the policy's key; `hidden` is the metadata key where the policy's name is to be hidden.
    #[must_use]
    pub fn make(draft: &SidecarDraft, policy_key: &Key, hidden: Option<&Key>) -> Self {
        let public = Object::new()
            .with("format", FORMAT)
            .with("catalogId", &draft.catalog_id)
            .with("instanceId", &draft.instance_id)
            .with("artifactId", &draft.artifact_id)
            .with("policyKeyId", policy_key_id(policy_key))
            .with("createdAt", draft.created_at.to_string())
            .with_number("size", draft.size)
            .with_number("stored", draft.stored);
        let policy = draft.policy.as_str();
        let public = match hidden {
            None => public.with("policy", policy),
            Some(metadata) => {
                let ad = name_ad(&draft.catalog_id, &draft.artifact_id);
                public.with("policyBox", b64(&box_seal(metadata, NAME, policy.as_bytes(), &ad)))
            }
        };
        let facts = &draft.facts;
        let private = Object::new()
            .with("kind", facts.kind.word())
            .with("digest", &facts.digest)
            .with_words("names", &facts.names)
            .with_some_words("note", facts.note.as_ref());
        let private = zeroize::Zeroizing::new(private.to_json());
        let sealed = box_seal(&facts_key(policy_key), FACTS, private.as_bytes(), &public.canon(&[SEALED]));
        let object = public.with(SEALED, b64(&sealed));
        Self { object, created_at: draft.created_at, size: draft.size, stored: draft.stored }
    }

    /// Parses; nothing of it is verified yet.
    ///
    /// # Errors
    /// [`SidecarError`].
    pub fn parse(json: &[u8]) -> Result<Self, SidecarError> {
        let object = Object::parse(json)?;
        if object.need("format")? != FORMAT {
            return Err(SidecarError::Format);
        }
        for (name, digits) in [("catalogId", 32), ("instanceId", 32), ("artifactId", 32), ("policyKeyId", 16)] {
            let text = object.need(name)?;
            if text.len() != digits || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
                return Err(ObjectError::Missing(name).into());
            }
        }
        object.need(SEALED)?;
        let created_at = object.need("createdAt")?.parse().map_err(|_| ObjectError::Missing("createdAt"))?;
        let (size, stored) = (object.need_number("size")?, object.need_number("stored")?);
        Ok(Self { object, created_at, size, stored })
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.object.to_json()
    }

    /// Verifies the public facts and opens the private ones.
    ///
    /// # Errors
    /// [`SidecarError`].
    pub fn open(&self, policy_key: &Key) -> Result<SealedFacts, SidecarError> {
        if policy_key_id(policy_key) != self.policy_key_id() {
            return Err(SidecarError::OtherKey);
        }
        let sealed = unb64(self.object.need(SEALED)?).ok_or(ObjectError::Missing(SEALED))?;
        let private = box_open(&facts_key(policy_key), FACTS, &sealed, &self.object.canon(&[SEALED])).map_err(|_| SidecarError::Altered)?;
        let private = Object::parse(&private)?;
        let digest = private.need("digest")?;
        unhex::<32>(digest).ok_or(ObjectError::Missing("digest"))?;
        Ok(SealedFacts {
            kind: ArtifactKind::from_word(private.need("kind")?).ok_or(ObjectError::Missing("kind"))?,
            names: private.words("names").unwrap_or_default(),
            note: private.words("note"),
            digest: digest.to_owned(),
        })
    }

    /// The policy's name: as it stands there, or hidden and opened with the metadata key.
    ///
    /// # Errors
    /// [`SidecarError`]; a name that is none is malformed.
    pub fn policy(&self, metadata: &Key) -> Result<PolicyName, SidecarError> {
        let malformed = || SidecarError::from(ObjectError::Missing("policy"));
        if let Some(name) = self.object.text("policy") {
            return name.parse().map_err(|_| malformed());
        }
        let sealed = unb64(self.object.need("policyBox")?).ok_or(ObjectError::Missing("policyBox"))?;
        let ad = name_ad(self.catalog_id(), self.artifact_id());
        let name = box_open(metadata, NAME, &sealed, &ad).map_err(|_| SidecarError::Altered)?;
        std::str::from_utf8(&name).ok().and_then(|name| name.parse().ok()).ok_or_else(malformed)
    }

    /// The catalog that made it, hex.
    #[must_use]
    pub fn catalog_id(&self) -> &str {
        self.text("catalogId")
    }

    /// The instance that made it, hex.
    #[must_use]
    pub fn instance_id(&self) -> &str {
        self.text("instanceId")
    }

    /// The artifact's id, hex.
    #[must_use]
    pub fn artifact_id(&self) -> &str {
        self.text("artifactId")
    }

    /// Public id of the policy's key, hex.
    #[must_use]
    pub fn policy_key_id(&self) -> &str {
        self.text("policyKeyId")
    }

    /// When it was sealed.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// Bytes of plaintext.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes as stored.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.stored
    }

    fn text(&self, name: &str) -> &str {
        self.object.text(name).unwrap_or_default()
    }
}

fn facts_key(policy_key: &Key) -> Key {
    expand(&policy_prk(policy_key), b"artifact-metadata")
}

fn name_ad(catalog_id: &str, artifact_id: &str) -> Vec<u8> {
    let mut ad = Vec::new();
    lp(&mut ad, catalog_id.as_bytes());
    lp(&mut ad, artifact_id.as_bytes());
    ad
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> Key {
        Key::filled(|k| k.fill(n))
    }

    fn draft() -> SidecarDraft {
        SidecarDraft {
            catalog_id: "1".repeat(32),
            instance_id: "2".repeat(32),
            artifact_id: "3".repeat(32),
            policy: "app-daily".parse().unwrap(),
            created_at: Timestamp::from_unix(1_790_000_000),
            size: 5,
            stored: 61,
            facts: SealedFacts { kind: ArtifactKind::File, names: "secret-name".into(), note: Some("note".into()), digest: "4".repeat(64) },
        }
    }

    #[test]
    fn a_reader_learns_the_public_facts_alone() {
        let json = Sidecar::make(&draft(), &key(1), None).to_json();
        assert!(!json.contains("secret-name") && !json.contains("note\"") && json.contains("app-daily"));
        let read = Sidecar::parse(json.as_bytes()).unwrap();
        assert_eq!(read.open(&key(1)).unwrap(), draft().facts);
        assert_eq!((read.policy(&key(9)).unwrap().as_str(), read.size(), read.stored()), ("app-daily", 5, 61));
        assert_eq!(read.open(&key(2)).unwrap_err(), SidecarError::OtherKey);
        let hidden = Sidecar::make(&draft(), &key(1), Some(&key(9)));
        assert!(!hidden.to_json().contains("app-daily"));
        assert_eq!(hidden.policy(&key(9)).unwrap().as_str(), "app-daily");
        assert_eq!(hidden.policy(&key(8)).unwrap_err(), SidecarError::Altered);
        assert_eq!(hidden.open(&key(1)).unwrap(), draft().facts);
    }

    #[test]
    fn every_public_fact_is_bound() {
        for hidden in [None, Some(key(9))] {
            let whole = Sidecar::make(&draft(), &key(1), hidden.as_ref());
            let names: Vec<String> = whole.object.members().map(|(name, _)| name.to_owned()).collect();
            for name in names.iter().filter(|name| !["format", "policyKeyId"].contains(&name.as_str())) {
                let edited = match (name.as_str(), whole.object.text(name)) {
                    ("createdAt", _) => whole.object.clone().with("createdAt", "2020-01-01T00:00:00Z"),
                    ("policyBox" | "sealed", Some(text)) => {
                        let mut bytes = unb64(text).unwrap();
                        bytes[40] ^= 1;
                        whole.object.clone().with(name, b64(&bytes))
                    }
                    (_, Some(text)) => whole.object.clone().with(name, text.replace(['1', '2', '3', 'a'], "7")),
                    (_, None) => whole.object.clone().with_number(name, 6),
                };
                let read = Sidecar::parse(edited.to_json().as_bytes()).unwrap();
                assert_eq!(read.open(&key(1)).unwrap_err(), SidecarError::Altered, "{name}");
            }
            let more = Sidecar::parse(whole.object.clone().with("more", "x").to_json().as_bytes()).unwrap();
            assert_eq!(more.open(&key(1)).unwrap_err(), SidecarError::Altered);
        }
    }

    #[test]
    fn names_of_objects() {
        let paths = ArtifactPaths::new("app-daily", &"3".repeat(32));
        assert_eq!(ArtifactPaths::parse_sidecar(&paths.sidecar).unwrap(), paths);
        assert_eq!(ArtifactPaths::parse_stream(&paths.stream).unwrap(), paths);
        assert_eq!(ArtifactPaths::parse_marker(&paths.marker).unwrap(), paths);
        for other in ["artifacts/a/b.json", "artifacts/A/33333333333333333333333333333333.json", "dr/x", &paths.stream, ""] {
            assert!(ArtifactPaths::parse_sidecar(other).is_none(), "{other}");
        }
        let left = Leftover { catalog_id: "1".into(), instance_id: "2".into(), began_at: Timestamp::from_unix(0) };
        assert_eq!(Leftover::parse(left.to_json().as_bytes()).unwrap(), left);
        assert!(Leftover::parse(b"{}").is_none());
    }
}
