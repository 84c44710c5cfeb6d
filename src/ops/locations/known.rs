//! Locations as their records have them.

use crate::crypto::Key;
use crate::domain::{Installation, Location};
use crate::format::SealedRecord;
use crate::ops::records;

/// What a record says, with the address where the metadata key is here; one that does not verify is *altered*.
pub fn one(record: &SealedRecord, installation: &Installation, metadata: Option<&Key>) -> Option<Location> {
    let read = match metadata {
        Some(key) => record.open(key, &installation.catalog_id).map(|(clear, private)| (clear, Some(private))),
        None => record.clear().map(|clear| (clear, None)),
    };
    let location = read.ok().and_then(|(clear, private)| records::location(&clear, private.as_ref()).ok());
    location.filter(|location| location.name.id() == record.id).or_else(|| records::unreadable_location(record))
}
