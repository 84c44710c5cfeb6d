//! What this machine remembers of a catalog, and what it does when the catalog is another.

use super::{Connection, facts};
use crate::domain::{Act, Changed, Fault, Installation, Kind, Text};
use crate::format::hex;
use crate::host::{Pin, Pins};

/// Remembers the journal's end on this machine.
pub async fn pin(at: &Connection, installation: &Installation) -> Result<(), Fault> {
    let head = facts::head(at, installation).await?;
    let accepted = at.settings.accept_changed.as_deref() == Some(installation.catalog_id.as_str());
    Pins::at(at.host.paths.known.clone()).put(
        &Pin {
            catalog_id: installation.catalog_id.clone(),
            master_key_id: installation.master_key_id.clone(),
            instance_id: installation.instance_id.clone(),
            seq: head.seq,
            hash: head.hash,
            at: at.host.clock.now(),
            addresses: Vec::new(),
        },
        accepted,
    )
}

/// The same after an operation ended: what was done stays done, so a pin that cannot be moved is only said.
pub async fn pin_or_say(at: &Connection, installation: &Installation, lines: &mut Vec<Text>) {
    if let Err(fault) = pin(at, installation).await {
        tracing::warn!("pin not moved: {}", fault.line());
        lines.push(Text::new(format!("{}: {}; an older copy of the catalog would not be noticed here", fault.doing, fault.cause)));
    }
}

/// Holds the catalog against what this machine remembers of it; another master key, or a journal behind or beside, stops everything.
pub async fn compare_with_pin(at: &Connection, installation: &Installation) -> Result<(), Fault> {
    if at.settings.accept_changed.as_deref() == Some(installation.catalog_id.as_str()) {
        return Ok(());
    }
    // The pin is read before the journal's end, which may only have grown since.
    let Some(pin) = Pins::at(at.host.paths.known.clone()).get(&installation.catalog_id)? else { return Ok(()) };
    let doing = format!("cannot use {}", installation.title());
    let refuse = |cause: String| Err(accept(&doing, Text::new(cause), &installation.catalog_id));
    if pin.master_key_id != installation.master_key_id {
        return refuse(format!(
            "its master key is {}, but this machine knows {} ({})",
            installation.master_key_id, pin.master_key_id, pin.at
        ));
    }
    if pin.instance_id != installation.instance_id {
        return refuse(format!("it is instance {}, but this machine knows {} ({})", installation.instance_id, pin.instance_id, pin.at));
    }
    if pin.seq == 0 {
        return Ok(());
    }
    match at.catalog.journal(pin.seq, 1).await?.first() {
        Some(entry) if entry.seq == pin.seq && hex(&entry.hash) == pin.hash => Ok(()),
        Some(entry) if entry.seq == pin.seq => {
            refuse(format!("journal entry {} is {}, but this machine saw {} ({})", pin.seq, hex(&entry.hash), pin.hash, pin.at))
        }
        _ => {
            let last = at.catalog.last().await?.map_or(0, |entry| entry.seq);
            refuse(format!("its journal ends at {last}, but this machine saw {} ({}): an older copy?", pin.seq, pin.at))
        }
    }
}

/// The catalog is not what this machine knows: nothing goes on unless the user says so.
pub fn accept(doing: &str, cause: Text, catalog_id: &str) -> Fault {
    let next = Act::say(format!("find out who put it there; to go on with it all the same: --accept-changed-catalog {catalog_id}"));
    Fault::new(Kind::Damaged, doing, cause, next).leaving(Changed::Nothing)
}
