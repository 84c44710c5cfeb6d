//! That somebody tried a kit, in the catalog of the installation whose kit it is.

use crate::crypto::hash;
use crate::domain::{Fault, KitMade, Text};
use crate::format::{Object, RecordKind, hex};
use crate::ops::work::{Work, Writes};
use crate::ops::{facts, records};

/// SHA-256 of a kit's file, hex: by it the file is known again.
#[must_use]
pub fn digest(file: &[u8]) -> String {
    hex(&hash(&[file]))
}

/// Notes it; whether the catalog knows a kit with this digest. Read-only: writes nothing.
pub async fn note(work: &Work, digest: &str, who: &Text) -> Result<bool, Fault> {
    let mut known = Vec::new();
    facts::each(&work.at, RecordKind::Kit, |record| known.push(record)).await?;
    let id = &work.installation.catalog_id;
    let opened = known.iter().filter_map(|record| {
        let (clear, _) = record.open(&work.grant.metadata, id).ok()?;
        Some((record, records::kit(&record.id, &clear).ok()?))
    });
    let Some((record, kit)) = opened.into_iter().find(|(_, kit)| kit.digest == digest) else { return Ok(false) };
    if !work.at.settings.read_only {
        let checked = KitMade { checked: Some((work.at.host.clock.now(), who.clone())), ..kit };
        let put = work.put(RecordKind::Kit, &record.id, Some(record), records::kit_members(&checked), &Object::new());
        let what = format!("the recovery kit of {} was checked", checked.made_at.day());
        work.commit(Writes { puts: vec![put], ..Writes::default() }, "kit check", "", &what).await?;
    }
    Ok(true)
}
