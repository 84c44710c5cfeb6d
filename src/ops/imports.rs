//! Imported policy keys: each opens one policy of another installation, and nothing else.

use super::work::Work;
use super::{facts, records};
use crate::crypto::Key;
use crate::domain::{Act, Fault, Import, Kind, Text};
use crate::format::{Object, RecordKind, SealedRecord, unb64};

/// An imported key with its source.
pub struct Imported {
    pub facts: Import,
    pub key: Key,
}

/// All of them.
pub async fn all(work: &Work) -> Result<Vec<Imported>, Fault> {
    let mut sealed = Vec::new();
    facts::each(&work.at, RecordKind::Import, |record| sealed.push(record)).await?;
    sealed.iter().map(|record| opened(work, record)).collect()
}

/// The one that is labelled `POLICY@INSTALLATION`.
pub async fn read(work: &Work, label: &str) -> Result<Imported, Fault> {
    let Some(record) = work.at.catalog.get(RecordKind::Import, label).await? else {
        let next = Act::say("kastellan migration list; import it again: kastellan migration import FILE");
        return Err(Fault::new(Kind::NotFound, work.doing(), format!("there is no imported key {}", Text::new(label)), next));
    };
    opened(work, &record)
}

fn opened(work: &Work, record: &SealedRecord) -> Result<Imported, Fault> {
    let called = records::called(RecordKind::Import, &record.id);
    let altered = |e| records::record_fault(&work.doing(), &called, &e);
    let (clear, private) = record.open(&work.grant.metadata, &work.installation.catalog_id).map_err(altered)?;
    let malformed = |e: crate::format::ObjectError| altered(e.into());
    let facts = records::import(&clear).map_err(malformed)?;
    let bytes = unb64(private.need("policyKey").map_err(malformed)?).map(zeroize::Zeroizing::new);
    let key = bytes.and_then(|bytes| Key::from_slice(&bytes)).ok_or_else(|| malformed(crate::format::ObjectError::Missing("policyKey")))?;
    if facts.label != record.id || crate::crypto::policy_key_id(&key) != facts.policy_key_id {
        return Err(altered(crate::format::RecordError::Altered));
    }
    Ok(Imported { facts, key })
}

/// The private members of an import's record.
pub fn private(key: &Key, note: Option<&Text>) -> Object {
    Object::new().with("policyKey", crate::format::b64(key.expose())).with_some_words("note", note)
}
