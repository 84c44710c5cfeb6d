//! The DR archive that follows a change.

use super::{Begun, Report, Session};
use crate::crypto::Secrets;
use crate::domain::{DrArchive, Fault, Request, Stop, Text};
use std::time::Duration;

/// How long a change waits for the archive that follows it, unless told otherwise.
pub const ARCHIVE_WAIT: Duration = Duration::from_secs(30);

/// What came of the archive after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// None was due: DR is off, or there is nothing that no archive has.
    NotDue,
    /// Made and proved; lines about locations that did not take it.
    Made(Vec<Text>),
    /// Not made, and why: the change stays a debt, which any later unlocked process pays.
    Debt(Text),
}

/// Archives what no archive has yet. The change is made, whatever comes of this.
pub async fn archive_after(session: &Session, wait: Duration, stop: &Stop) -> Followed {
    match begin_archive(session).await {
        Ok(Some(begun)) => follow(begun, wait, stop).await,
        Ok(None) => Followed::NotDue,
        Err(fault) => Followed::Debt(fault.cause),
    }
}

/// Such an archive, begun; None where none is due. It has its own copies of the keys: what follows needs the session no more.
///
/// # Errors
/// As beginning any operation.
pub async fn begin_archive(session: &Session) -> Result<Option<Begun>, Fault> {
    let Ok(facts) = session.facts().await else { return Ok(None) };
    let owner = facts.installation.as_ref().is_some_and(|i| i.owner);
    if !facts.dr_on() || !owner || facts.debt == 0 {
        return Ok(None);
    }
    let plan = session.plan(&Request::DrArchive(DrArchive { if_needed: true })).await?;
    session.begin(&plan).await.map(Some)
}

/// Makes it, for at most so long.
pub async fn follow(begun: Begun, wait: Duration, stop: &Stop) -> Followed {
    match tokio::time::timeout(wait, begun.run(Secrets::new(), Report::nobody(), stop.clone())).await {
        // One location may have taken it while another did not.
        Ok(Ok(done)) => Followed::Made(done.receipt.lines.into_iter().filter(|line| line.to_string().starts_with("NOT")).collect()),
        Ok(Err(fault)) => Followed::Debt(fault.cause),
        Err(_) => Followed::Debt(Text::new(format!("it took longer than {} s", wait.as_secs()))),
    }
}
