//! Drills in the catalog of the installation that they are about: the report, byte for byte, with its signature.

use super::signing::{signer, verify_drill};
use crate::domain::{Act, Drill, DrillDone, Fault, Kind, Prover, Text, may_write};
use crate::format::{Object, RecordKind};
use crate::ops::work::{Work, Writes};
use crate::ops::{Keys, dr, records};

/// The longest report that is kept, in bytes: one is some ten thousand.
const LONGEST: usize = 1 << 18;

/// Whether it was there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// It is there now.
    New,
    /// It was there already.
    Known,
}

/// Puts a report into the history. A signature must be this installation's own; without one there was no master key to sign with, and only
/// the console that ran the drill may say so. It knows besides where the DR passphrase came from, `dr_by`: where a person typed it, that is a
/// proof of the envelope, and stands in the same commit.
pub async fn note(
    work: &Work,
    keys: &Keys,
    json: &[u8],
    signature: Option<&str>,
    dr_by: Option<&Prover>,
) -> Result<(DrillDone, Noted), Fault> {
    let doing = || Text::from("drill not noted");
    if json.len() > LONGEST {
        let next = Act::say("keep its file with your papers; run the drill again");
        return Err(Fault::refused(doing(), format!("its report is longer than {LONGEST} bytes"), next));
    }
    let drill = match signature {
        Some(signature) => verify_drill(&signer(&keys.derived).public(), json, signature)?,
        None => serde_json::from_slice::<Drill>(json)
            .map_err(|e| Fault::new(Kind::Damaged, doing(), format!("it is no drill report: {e}"), Act::say("run the drill again")))?,
    };
    let installation = &work.installation;
    if drill.installation.as_ref().is_none_or(|i| i.catalog_id != installation.catalog_id) {
        let whose = drill.installation.as_ref().map_or_else(|| "no installation".into(), |i| i.name.to_string());
        let next = Act::say("import it there: kastellan --catalog FILE drill import REPORT");
        return Err(Fault::refused(doing(), format!("it is a drill of {whose}, not of {}", installation.title()), next));
    }
    let done = DrillDone::of(&drill, signature.is_some());
    let private = Object::new().with("report", String::from_utf8_lossy(json)).with_some("signature", signature);
    if let Some((_, _, known)) = work.read(RecordKind::Drill, &drill.id).await? {
        if known.text("report") == private.text("report") {
            return Ok((done, Noted::Known));
        }
        let next = Act::say("kastellan drill list; run the drill again");
        return Err(Fault::refused(doing(), "another report with this id is in the history", next));
    }
    may_write(work.at.settings.read_only, doing())?;
    let mut puts = vec![work.put(RecordKind::Drill, &drill.id, None, records::drill_members(&done), &private)];
    if let (Some(by @ Prover::Person(_)), Some(archive)) = (dr_by, &drill.archive) {
        // Two instances may have given one number to two passphrases: only an archive of this ledger says which.
        let ledger = dr::ledger(work).await?;
        if let Some(known) = ledger.iter().find(|known| *known.name == archive.name.to_string()) {
            puts.push(dr::opened(work, known.number, by).await?);
        }
    }
    work.commit(Writes { puts, ..Writes::default() }, "drill", "", &drill.summary()).await?;
    Ok((done, Noted::New))
}

/// A report in the history, with its signature.
pub async fn report(work: &Work, id: &str) -> Result<Option<(Drill, Vec<u8>, Option<String>)>, Fault> {
    let Some((_, _, private)) = work.read(RecordKind::Drill, id).await? else { return Ok(None) };
    let damaged = |why: String| {
        let next = Act::say("kastellan journal verify");
        Fault::new(Kind::Damaged, "drill not shown", format!("its report cannot be read: {why}"), next)
    };
    let json = private.text("report").ok_or_else(|| damaged("it is missing".into()))?.as_bytes().to_vec();
    let drill = serde_json::from_slice(&json).map_err(|e| damaged(e.to_string()))?;
    Ok(Some((drill, json, private.text("signature").map(str::to_owned))))
}
