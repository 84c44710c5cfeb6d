//! Archives as a location has them: needs no catalog, and believes nothing in a name.

use super::snapshot::From;
use crate::domain::{Fault, Timestamp};
use crate::format::{ArchiveError, ArchiveHeader, parse_archive_name};
use crate::store::Store;
use futures_util::StreamExt;
use std::sync::Arc;

/// How many headers are read at most: the newest by name.
const MOST: usize = 500;

/// An archive in a location.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its object's name.
    pub name: String,
    /// Bytes as stored.
    pub size: u64,
    /// When it was last written, by the location's clock.
    pub modified: Timestamp,
    /// What its header says; the error says why it cannot be read.
    pub header: Result<ArchiveHeader, ArchiveError>,
}

impl Found {
    /// The installation that it says to be of, hex; as its name has it where the header cannot be read.
    #[must_use]
    pub fn catalog_id(&self) -> String {
        let by_name = || parse_archive_name(&self.name).map(|(catalog, _)| catalog).unwrap_or_default();
        self.header.as_ref().map_or_else(|_| by_name(), |header| header.catalog_id.clone())
    }

    /// When it says that it was made.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.header.as_ref().map_or(self.modified, |header| header.created_at)
    }

    /// What orders archives by age: of those of one second the number in the name tells, of which no more is believed.
    #[must_use]
    pub fn age(&self) -> (Timestamp, &str) {
        (self.created_at(), file(&self.name))
    }
}

/// All archives in a location, by what their headers say: those of one installation together, newest first, and first the installation that
/// has the newest of all.
///
/// # Errors
/// The location's.
pub async fn list(store: &Arc<dyn Store>) -> Result<Vec<Found>, Fault> {
    let mut listed = Vec::new();
    let mut all = store.list("dr");
    while let Some(object) = all.next().await {
        let object = object?;
        if parse_archive_name(&object.name).is_some() {
            listed.push(object);
        }
    }
    drop(all);
    listed.sort_by(|a, b| file(&b.name).cmp(file(&a.name)));
    listed.truncate(MOST);
    let mut found = Vec::new();
    for object in listed {
        let Some(source) = store.read(&object.name).await? else { continue };
        let read = tokio::task::spawn_blocking(move || ArchiveHeader::read(&mut From::new(source))).await;
        let header = read.unwrap_or_else(|_| Err(ArchiveError::Read("reading it ended abnormally".into())));
        found.push(Found { name: object.name, size: object.size, modified: object.modified, header });
    }
    found.sort_by(|a, b| b.age().cmp(&a.age()));
    let mut installations: Vec<String> = Vec::new();
    for id in found.iter().map(Found::catalog_id) {
        if !installations.contains(&id) {
            installations.push(id);
        }
    }
    found.sort_by_key(|f| installations.iter().position(|id| *id == f.catalog_id()));
    Ok(found)
}

/// The last part of a name: time and number come first in it.
fn file(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_archives_of_one_second_the_later_one_is_newer() {
        let found = |number: u32, random: &str| Found {
            name: format!("dr/1/2/20261128T220256Z-{number:08}-{random}.kdr"),
            size: 1,
            modified: Timestamp::from_unix(7),
            header: Err(ArchiveError::Read("x".into())),
        };
        assert!(found(2, "0").age() > found(1, "f").age());
        assert!(Found { modified: Timestamp::from_unix(8), ..found(1, "f") }.age() > found(2, "0").age());
    }
}
