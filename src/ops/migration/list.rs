//! What was exported and imported.

use crate::crypto::Key;
use crate::domain::{Exported, Fault, Import, Installation};
use crate::format::RecordKind;
use crate::ops::{Connection, facts, records};

/// Keys that left, and keys that came.
#[derive(Clone, Debug, Default)]
pub struct Moves {
    /// Oldest first.
    pub exports: Vec<Exported>,
    /// By label.
    pub imports: Vec<Import>,
}

/// All of them; notes only while unlocked.
pub async fn list(at: &Connection, installation: &Installation, metadata: Option<&Key>) -> Result<Moves, Fault> {
    let mut moves = Moves::default();
    for kind in [RecordKind::Export, RecordKind::Import] {
        facts::each(at, kind, |record| {
            let read = match metadata {
                Some(key) => record.open(key, &installation.catalog_id).map(|(clear, private)| (clear, Some(private))),
                None => record.clear().map(|clear| (clear, None)),
            };
            let Ok((clear, private)) = read else { return };
            if kind == RecordKind::Import {
                moves.imports.extend(records::import(&clear));
            } else {
                moves.exports.extend(records::export(&clear, private.as_ref()));
            }
        })
        .await?;
    }
    moves.exports.sort_by_key(|export| export.at);
    moves.imports.sort_by(|a, b| a.label.cmp(&b.label));
    Ok(moves)
}
