//! `kit check FILE`: what it recovers now, part by part, by trying; needs no catalog.

use super::reading::{self, Opens};
use crate::cli::call::Call;
use crate::cli::output::{End, Table};
use crate::cli::{plan, unlock};
use crate::domain::{Act, Changed, Fault, Kind, Text, Timestamp, count};
use crate::ops::{Kit, KitItem, KitOutcome, Resource, check_kit};
use std::path::PathBuf;

/// Open a recovery kit and try each part of it: what can it recover now? Best run on another machine, by somebody else
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The kit
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    opens: Opens,
}

impl Args {
    /// Of this file, with nothing said of what opens it.
    pub fn of(file: PathBuf) -> Self {
        Self { file, opens: Opens::default() }
    }
}

/// Checks.
///
/// # Errors
/// `Kind::AnswerNo` where a part does not do what it is there for; `Kind::Refused` where one could not be tried; as opening it.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "kit check");
    }
    let read = reading::read(call, &args.file, &args.opens).await?;
    call.out.note(&about(&read.kit, call.now()));
    reading::confirmed(call, &read.kit).await?;
    let trial = check_kit(&super::super::dr::opening(call), &read.kit, call.signals.stop()).await?;
    let mut table = Table::new(&["PART", "ANSWER", "WHAT WAS FOUND"], "There is nothing in it.");
    for item in &trial.items {
        table.row(vec![item.part.to_string(), word(item).into(), item.found.to_string()]);
    }
    let failed = trial.items.iter().filter(|item| matches!(item.outcome, KitOutcome::No(_))).count() as u64;
    let untried = trial.items.iter().find_map(|i| if let KitOutcome::Untried(fault) = &i.outcome { Some((i, fault)) } else { None });
    let summary = summary(&trial.items, failed);
    let people = format!("{}\n{summary}\n", table.render(call.out.color));
    let items: Vec<_> = trial.items.iter().map(|i| serde_json::json!({ "part": i.part, "answer": word(i), "found": i.found })).collect();
    let body =
        serde_json::json!({ "digest": read.digest, "catalogId": read.kit.installation.catalog_id, "parts": items, "summary": summary });
    call.out.one(Resource::ours("KitCheck", &read.kit.installation.name.0.to_string(), body), &people, true)?;
    if failed > 0 {
        let first = trial.items.iter().find_map(|i| if let KitOutcome::No(fault) = &i.outcome { Some((i, fault)) } else { None });
        let (part, next) = first.map_or_else(Default::default, |(item, fault)| (item.part.clone(), fault.next.say.clone()));
        let next = if next.is_empty() { Text::from("make a new kit: kastellan kit make") } else { next };
        let fault = Fault::new(Kind::AnswerNo, "the kit does not hold what it promises", format!("{part} does not work"), Act::say(next));
        return Err(fault.leaving(Changed::Unsaid).into());
    }
    if let Some((item, fault)) = untried {
        let cause = format!("{} could not be tried: {}", item.part, fault.cause);
        return Err(Fault::refused("the kit was not checked to its end", cause, fault.next.clone()).leaving(Changed::Unsaid).into());
    }
    noted(call, &read.kit, &read.digest).await;
    Ok(())
}

fn word(item: &KitItem) -> &'static str {
    match item.outcome {
        KitOutcome::Yes => "YES",
        KitOutcome::Besides => "BESIDES",
        KitOutcome::Untried(_) => "UNKNOWN",
        KitOutcome::No(_) => "NO",
    }
}

/// Whose it says to be, and how old it is.
pub fn about(kit: &Kit, now: Timestamp) -> String {
    let i = &kit.installation;
    let short = i.catalog_id.get(..4).unwrap_or_default();
    format!("recovery kit of {} ({}), made {}", i.name.0, Text::new(short), kit.created_at.short(now))
}

fn summary(items: &[KitItem], failed: u64) -> String {
    let tried = |part: &str| items.iter().any(|i| i.part.to_string().starts_with(part) && matches!(i.outcome, KitOutcome::Yes));
    if failed > 0 {
        return format!("{} of it does not work.", count(failed, "part", "parts"));
    }
    let untried = items.iter().filter(|i| matches!(i.outcome, KitOutcome::Untried(_))).count() as u64;
    if untried > 0 {
        return format!("{} of it could not be tried here.", count(untried, "part", "parts"));
    }
    match (tried("DR passphrase"), tried("passkey")) {
        (true, true) => "With this kit alone everything comes back: kastellan recover --kit FILE".into(),
        (true, false) => "Besides this kit you need the envelope of one passkey.".into(),
        (false, true) => "Besides this kit you need the envelope of the DR passphrase.".into(),
        (false, false) => "Besides this kit you need two envelopes: the DR passphrase's, and one passkey's.".into(),
    }
}

/// In the catalog of the installation that made it, where that is on this machine and can be unlocked without asking.
async fn noted(call: &Call, kit: &Kit, digest: &str) {
    match note(call, kit, digest).await {
        Ok(Some(true)) => call.out.note("noted in the catalog that it was checked"),
        Ok(Some(false)) => call.out.note("this installation's catalog knows no such kit: it was not noted"),
        Ok(None) => {}
        Err(fault) => call.out.note(&format!("not noted in the catalog: {}", fault.cause)),
    }
}

async fn note(call: &Call, kit: &Kit, digest: &str) -> Result<Option<bool>, Fault> {
    let why = "The catalog of this installation is here. Unlock it, and it notes that the kit was checked:";
    let Some(session) = unlock::here(call, &kit.installation.catalog_id, why).await? else { return Ok(None) };
    session.note_kit(digest).await.map(Some)
}
