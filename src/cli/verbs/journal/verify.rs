//! `journal verify`.

use crate::cli::call::Call;
use crate::cli::output::End;
use crate::cli::{plan, unlock};
use crate::domain::{Act, Changed, Fault, Finding, JournalReport, Kind};
use crate::ops::{Resource, read_anchor};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Verify the journal's chain, its MACs, the records and outside witnesses
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A file with the line that `kastellan status -o json` gave as anchor; may be repeated
    #[arg(long, value_name = "FILE")]
    anchor: Vec<PathBuf>,
}

/// Verifies. Without a secret and a terminal only the chain and the witnesses are checked, and it says so.
///
/// # Errors
/// `Kind::Damaged` where something was found.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "journal verify");
    }
    let mut anchors = Vec::new();
    for path in args.anchor {
        anchors.push(call.waiting("anchor file", move || read_anchor(&path)).await?);
    }
    let mut session = call.session().await?;
    if call.prompt().is_some() {
        unlock::unlock(call, &mut session).await?;
    } else {
        unlock::if_given(call, &mut session).await?;
    }
    let report = session.verify_journal(&anchors).await?;
    let facts = session.facts().await?;
    let name = facts.installation.as_ref().map(|i| i.name.to_string()).unwrap_or_default();
    let body = serde_json::to_value(&report).unwrap_or_default();
    call.out.one(Resource::ours("JournalReport", &name, body), &people(&report), report.keyed)?;
    match report.findings.as_slice() {
        [] => Ok(()),
        [first, rest @ ..] => {
            let more = if rest.is_empty() { String::new() } else { format!(", and {} more findings", rest.len()) };
            let next = Act::say("keep a copy of the catalog as it is, and ask who had access to it since the last entry that holds");
            let fault = Fault::new(Kind::Damaged, "the journal does not hold", format!("{}{more}", sentence(first)), next);
            Err(fault.leaving(Changed::Unsaid).into())
        }
    }
}

/// The report in sentences.
pub fn people(report: &JournalReport) -> String {
    let mut out = format!("intact to {} of {}\n", report.intact_to, report.last);
    if report.keyed {
        let _ = writeln!(out, "vouched to {}", report.vouched_to);
        if report.vouched_to < report.last {
            let _ = writeln!(
                out,
                "{} to {} were written while locked, and nothing vouches for them yet",
                report.vouched_to.saturating_add(1),
                report.last
            );
        }
    } else {
        out.push_str("MACs and records not checked: locked (--passphrase-file, --passphrase-fd)\n");
    }
    match &report.witness {
        Some(witness) => {
            let at = witness.at.map(|at| format!(" at {at}")).unwrap_or_default();
            let _ = writeln!(out, "last outside witness: {}, entry {}{at}", witness.place, witness.head.seq);
        }
        None => out.push_str("no outside witness: removal of the newest entries, or of the whole catalog, would not be noticed\n"),
    }
    for finding in &report.findings {
        let _ = writeln!(out, "! {}", sentence(finding));
    }
    for unknown in &report.unknown {
        let _ = writeln!(out, "not known: {unknown}");
    }
    out
}

fn sentence(finding: &Finding) -> String {
    match finding {
        Finding::Broken { seq, why } => format!("entry {seq} does not continue the chain: {why}"),
        Finding::Missing { seq } => format!("entry {seq} is missing"),
        Finding::Forged { seq } => format!("the MAC of entry {seq} is not by this installation"),
        Finding::CutOff { witness, last } => {
            format!("{} remembers entry {}, and the journal, which ends at {last}, does not hold it", witness.place, witness.head.seq)
        }
        Finding::Record { record, why } => format!("{record}: {why}"),
    }
}
