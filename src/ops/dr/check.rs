//! Checking the DR passphrase: a person types it, and the newest archive opens with it, or not.

use super::{snapshot, state};
use crate::catalog::Put;
use crate::crypto::Passphrase;
use crate::domain::{Archive, DrPassphrase, Fault, Kind, Prover, Text};
use crate::ops::locations;
use crate::ops::work::{Work, Writes};

/// Opens the newest proved archive that can be reached with what was given; that archive. A person's proof is written down.
///
/// # Errors
/// `Kind::Secret` where it does not open; `Kind::NotFound` where there is no archive.
pub async fn check(work: &Work, secret: &Passphrase, by: &Prover) -> Result<Archive, Fault> {
    let doing = Text::new("DR passphrase not proved");
    let (_, dr) = state::read(work).await?;
    let ledger = state::ledger(work).await?;
    let of_now = ledger.iter().filter(|a| a.number == dr.number && a.proved_at.is_some());
    let mut failed = None;
    for archive in of_now {
        let store = match locations::reach(work, &archive.location).await?.open(&work.at, &work.installation) {
            Ok(store) => store,
            Err(fault) => {
                failed = failed.or(Some(fault));
                continue;
            }
        };
        let available = work.at.host.machine.facts().available_kib;
        let catalog_id = &work.installation.catalog_id;
        match snapshot::prove(&store, archive, secret, &work.grant.metadata, catalog_id, available, &doing).await {
            Ok(_) => {
                note(work, dr.number, by, archive).await?;
                return Ok(archive.clone());
            }
            Err(fault) if fault.kind == Kind::Secret => return Err(fault),
            Err(fault) => failed = failed.or(Some(fault)),
        }
    }
    Err(failed.unwrap_or_else(|| state::none(&doing)))
}

/// A check that is ready: it has its own copies of the keys, and needs the session no more.
pub struct DrCheck(pub(in crate::ops) Work);

impl DrCheck {
    /// Opens the newest archive with this secret.
    ///
    /// # Errors
    /// As [`check`].
    pub async fn with(&self, secret: &Passphrase, by: &Prover) -> Result<Archive, Fault> {
        check(&self.0, secret, by).await
    }
}

async fn note(work: &Work, number: u64, by: &Prover, archive: &Archive) -> Result<(), Fault> {
    if work.at.settings.read_only {
        return Ok(());
    }
    let puts = vec![opened(work, number, by).await?];
    let what = format!("DR passphrase no. {number} opens archive {} in {} ({})", archive.seq, archive.location, by.word());
    work.commit(Writes { puts, ..Writes::default() }, "dr check", "", &what).await?;
    Ok(())
}

/// The record of a DR passphrase that opened an archive just now; who typed it, if somebody did.
pub async fn opened(work: &Work, number: u64, by: &Prover) -> Result<Put, Fault> {
    let (record, known, secret) = state::passphrase(work, number).await?;
    let typed = if let Prover::Person(who) = by { Some((work.at.host.clock.now(), who.clone())) } else { known.typed.clone() };
    Ok(state::put_passphrase(work, Some(&record), &DrPassphrase { typed, ..known }, &secret))
}
