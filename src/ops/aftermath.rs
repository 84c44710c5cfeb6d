//! What only a person can know of a leak's aftermath, ticked by one.

use super::records;
use super::work::{Work, Writes};
use crate::domain::{Act, Aftermath, BY_HAND, Fault, Kind, Text};
use crate::format::RecordKind;

/// Ticks an item of every aftermath that still has it; how many that were.
pub async fn tick(work: &Work, item: &str) -> Result<u64, Fault> {
    let doing = Text::new("nothing ticked");
    if !BY_HAND.contains(&item) {
        let next = Act::say(format!("one of: {}; the others are seen by themselves", BY_HAND.join(", ")));
        return Err(Fault::new(Kind::Usage, doing, format!("there is no item {} that a person ticks", Text::new(item)), next));
    }
    let mut puts = Vec::new();
    for id in work.at.catalog.ids(RecordKind::Aftermath).await? {
        let Some((record, clear, private)) = work.read(RecordKind::Aftermath, &id).await? else { continue };
        let called = records::called(RecordKind::Aftermath, &id);
        let known = records::aftermath(&id, &clear, Some(&private)).map_err(|e| records::record_fault(&doing, &called, &e.into()))?;
        if known.ticked.iter().any(|t| t == item) {
            continue;
        }
        let ticked = Aftermath { ticked: known.ticked.iter().cloned().chain([item.to_owned()]).collect(), ..known };
        puts.push(work.put(RecordKind::Aftermath, &id, Some(&record), records::aftermath_members(&ticked), &private));
    }
    let count = puts.len() as u64;
    if count > 0 {
        work.commit(
            Writes { puts, ..Writes::default() },
            "rotate",
            "checklist",
            &format!("{item}: done, says {}", work.at.host.person.who()),
        )
        .await?;
    }
    Ok(count)
}
