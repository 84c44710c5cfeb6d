//! Entries of the artifact index, and finding them.

use crate::crypto::Key;
use crate::domain::{Act, Artifact, ArtifactFilter, ArtifactKind, Fault, Installation, Kind, SealedFacts, Text, Timestamp};
use crate::format::{Object, ObjectError, RecordKind, SealedRecord};
use crate::ops::Connection;
use crate::store::{Cursor, Indexed, Wanted};

/// A page of artifacts, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArtifactPage {
    /// The artifacts.
    pub artifacts: Vec<Artifact>,
    /// Where the next page begins; None: there is none.
    pub next: Option<String>,
}

/// A page; `token` is where an earlier one said that it begins.
pub fn page(
    at: &Connection,
    installation: &Installation,
    metadata: Option<&Key>,
    filter: &ArtifactFilter,
    token: Option<&str>,
    limit: usize,
) -> Result<ArtifactPage, Fault> {
    let after = token.map(cursor).transpose()?;
    let location = filter.location.as_ref().map(crate::domain::LocationName::id);
    let wanted = Wanted { policy: filter.policy.clone(), location, after, limit };
    let (found, more) = at.index()?.page(&wanted)?;
    let last = found.last().map(|e| format!("{}.{}.{}", e.created, e.record.id, e.location));
    let artifacts = found.iter().filter_map(|indexed| read(indexed, installation, metadata)).collect();
    Ok(ArtifactPage { artifacts, next: last.filter(|_| more) })
}

fn cursor(token: &str) -> Result<Cursor, Fault> {
    let wrong = || {
        let next = Act::say("take it as the page before printed it, or leave --continue out");
        Fault::new(Kind::Usage, "artifacts not listed", "--continue is not a token that a page printed", next)
    };
    let mut parts = token.splitn(3, '.');
    let created = parts.next().and_then(|part| part.parse().ok()).ok_or_else(wrong)?;
    let id = parts.next().filter(|id| is_id(id)).ok_or_else(wrong)?;
    let location = parts.next().ok_or_else(wrong)?;
    Ok(Cursor { created, id: id.to_owned(), location: location.to_owned() })
}

/// All copies of the one artifact whose id is, or begins with, `id`: at least four digits.
pub fn find(at: &Connection, installation: &Installation, metadata: Option<&Key>, id: &str) -> Result<Vec<Artifact>, Fault> {
    let doing = || Text::new(format!("artifact {} not found", Text::new(id).fit(40)));
    let hex = id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !hex || !(4..=32).contains(&id.len()) {
        let next = Act::say("an id has 32 digits of 0-9 and a-f, of which the first few do: kastellan artifact list");
        return Err(Fault::new(Kind::Usage, doing(), "that is no id of an artifact", next));
    }
    let found = at.index()?.starting(id, 64)?;
    let Some(first) = found.first() else {
        let next = Act::say("kastellan artifact list; what the index does not know: kastellan artifact rescan LOCATION");
        return Err(Fault::new(Kind::NotFound, doing(), "the index has no artifact of that id", next));
    };
    if found.iter().any(|other| other.record.id != first.record.id) {
        let next = Act::say("give more of its digits: kastellan artifact list -o wide");
        return Err(Fault::new(Kind::Usage, doing(), "several artifacts begin so", next));
    }
    Ok(found.iter().filter_map(|indexed| read(indexed, installation, metadata)).collect())
}

fn is_id(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// An entry for the index.
pub fn write(artifact: &Artifact, installation: &Installation, metadata: &Key) -> Indexed {
    let clear = Object::new()
        .with("location", artifact.location.as_str())
        .with_words("policy", &artifact.policy)
        .with("folder", &artifact.folder)
        .with("policyKeyId", &artifact.policy_key_id)
        .with("instanceId", &artifact.instance_id)
        .with("createdAt", artifact.created_at.to_string())
        .with_number("size", artifact.size)
        .with_number("stored", artifact.stored)
        .with_number("found", artifact.found.into())
        .with_some("verifiedAt", artifact.verified_at.map(|at| at.to_string()));
    let private = match &artifact.sealed {
        None => Object::new(),
        Some(facts) => Object::new()
            .with("kind", facts.kind.word())
            .with("digest", &facts.digest)
            .with_words("names", &facts.names)
            .with_some_words("note", facts.note.as_ref()),
    };
    let id = &artifact.id;
    let record = SealedRecord::seal(metadata, &installation.catalog_id, RecordKind::Artifact, id, 1, clear, &private);
    Indexed { location: artifact.location.id(), policy: artifact.policy.to_string(), created: artifact.created_at.unix(), record }
}

/// What an entry says; one that does not verify says so, and is used for nothing.
pub fn read(indexed: &Indexed, installation: &Installation, metadata: Option<&Key>) -> Option<Artifact> {
    let record = &indexed.record;
    let opened = match metadata {
        Some(key) => record.open(key, &installation.catalog_id).map(|(clear, private)| (clear, Some(private))),
        None => record.clear().map(|clear| (clear, None)),
    };
    let artifact = opened.ok().and_then(|(clear, private)| artifact(&record.id, &clear, private.as_ref()).ok());
    let right = |a: &Artifact| {
        a.location.id() == indexed.location && a.policy.to_string() == indexed.policy && a.created_at.unix() == indexed.created
    };
    if let Some(artifact) = artifact.filter(right) {
        return Some(artifact);
    }
    Some(Artifact {
        id: record.id.clone(),
        location: indexed.location.parse().ok()?,
        policy: Text::new(indexed.policy.as_str()),
        folder: String::new(),
        policy_key_id: String::new(),
        instance_id: String::new(),
        created_at: Timestamp::from_unix(indexed.created),
        size: 0,
        stored: 0,
        found: false,
        verified_at: None,
        sealed: None,
        altered: true,
    })
}

fn artifact(id: &str, o: &Object, private: Option<&Object>) -> Result<Artifact, ObjectError> {
    let time = |name: &'static str| o.need(name)?.parse().map_err(|_| ObjectError::Missing(name));
    Ok(Artifact {
        id: id.to_owned(),
        location: o.need("location")?.parse().map_err(|_| ObjectError::Missing("location"))?,
        policy: o.words("policy").ok_or(ObjectError::Missing("policy"))?,
        folder: o.need("folder")?.to_owned(),
        policy_key_id: o.need("policyKeyId")?.to_owned(),
        instance_id: o.need("instanceId")?.to_owned(),
        created_at: time("createdAt")?,
        size: o.need_number("size")?,
        stored: o.need_number("stored")?,
        found: o.need_number("found")? == 1,
        verified_at: o.text("verifiedAt").map(|_| time("verifiedAt")).transpose()?,
        sealed: private.map(sealed).transpose()?,
        altered: false,
    })
}

fn sealed(o: &Object) -> Result<SealedFacts, ObjectError> {
    Ok(SealedFacts {
        kind: ArtifactKind::from_word(o.need("kind")?).ok_or(ObjectError::Missing("kind"))?,
        names: o.words("names").unwrap_or_default(),
        note: o.words("note"),
        digest: o.need("digest")?.to_owned(),
    })
}
