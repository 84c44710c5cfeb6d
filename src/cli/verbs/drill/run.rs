//! `drill run`: the way back from nothing, step by step, in a scratch place.

use super::super::dr::list::{NAMED, archives, choose};
use super::super::dr::restore::{self, Wanted};
use super::super::recover;
use super::repeat::{Repeat, Scenario, read, usage};
use super::report;
use crate::cli::call::{Call, shown};
use crate::cli::output::End;
use crate::cli::progress::{Progress, Unit};
use crate::cli::unlock;
use crate::domain::{Act, Changed, Fault, Kind, Location, Stage, Target, Text, count};
use crate::ops::{Connection, Rehearsal, Rehearsed, Rehearsing, Resource, Session};
use std::path::{Path, PathBuf};

/// Rehearse a total loss: from the archive to bytes of the newest artifacts, in a folder that vanishes; the live installation is not touched
#[derive(Debug, clap::Args)]
#[group(skip)]
pub struct Args {
    /// What is taken to have happened: only the machine is lost, or the DR passphrase is forgotten too and a kit holds it
    #[arg(long, value_name = "SCENARIO", value_enum, required_unless_present = "repeat")]
    scenario: Option<Scenario>,
    /// Repeat the drill that this file describes: one lies beside each report
    #[arg(short = 'f', long = "repeat", value_name = "FILE", conflicts_with_all = ["scenario", "directory", "s3", "installation", "kit"])]
    repeat: Option<PathBuf>,
    /// Write the report into this folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    report: PathBuf,
    /// Sign it as a person too, with this SSH key (ssh-keygen asks the agent, or for the key's passphrase)
    #[arg(long, value_name = "SSHKEY")]
    sign_with: Option<PathBuf>,
    #[command(flatten)]
    back: recover::Args,
}

/// Runs one.
///
/// # Errors
/// `Kind::AnswerNo` for a drill that failed; its report is written all the same. Nothing is written for one that was interrupted.
pub async fn run(call: &Call, mut args: Args) -> Result<(), End> {
    let mut repeat = match &args.repeat {
        Some(file) => read(file)?,
        None => Repeat {
            scenario: args.scenario.ok_or_else(|| usage("--scenario is not given", "--scenario machine-lost"))?,
            location: args.back.place.target()?,
            installation: args.back.installation.clone(),
            kit: args.back.kit.clone(),
        },
    };
    if args.repeat.is_some() {
        args.back.installation.clone_from(&repeat.installation);
        args.back.kit.clone_from(&repeat.kit);
        args.back.place.set(repeat.location.as_ref());
    }
    if repeat.scenario == Scenario::DrForgottenAndMachineLost && repeat.kit.is_none() {
        return Err(usage("without the DR passphrase only a recovery kit that holds it leads back", "say --kit FILE").into());
    }
    if call.globals.plan {
        return planned(call, repeat.scenario);
    }
    report::ready(&args.report)?;
    let wanted = recover::wanted(call, args.back).await?;
    if repeat.kit.is_none() {
        repeat.location = Some(wanted.target.clone());
        repeat.installation.clone_from(&wanted.installation);
    }
    let mut rehearsal = Rehearsal::new(repeat.scenario.word(), &call.settings, watching(call))?;
    match back(call, &mut rehearsal, &wanted).await {
        Err(fault) if fault.kind == Kind::Interrupted => return Err(fault.leaving(Changed::Nothing).into()),
        _ => {}
    }
    let rehearsed = rehearsal.finish()?;
    let written = report::write(call, &args.report, &rehearsed, &repeat, args.sign_with.as_deref()).await;
    noted(call, &args.report, &rehearsed).await;
    written
}

/// Tells how it goes, where a person watches.
fn watching(call: &Call) -> impl Fn(Rehearsing<'_>) + Send + Sync + 'static {
    let (out, progress) = (call.out.clone(), Progress::new(&call.out, Unit::Bytes));
    move |told| match told {
        Rehearsing::Bytes(done, size) => progress.tell(done, Some(size)),
        Rehearsing::Step(step) => {
            progress.end();
            if out.live() {
                out.tell(&report::line(step));
            }
        }
    }
}

/// Into the history, where the catalog of that installation is here: the drill itself has ended, and never came near it.
async fn noted(call: &Call, folder: &Path, rehearsed: &Rehearsed) {
    let Some(installation) = &rehearsed.drill.installation else { return };
    let why = "The catalog of this installation is here. Unlock it, and the drill is put into its history:";
    let note = async {
        let Some(session) = unlock::here(call, &installation.catalog_id, why).await? else { return Ok(false) };
        let signature = rehearsed.signed.as_ref().map(|(signature, _)| signature.as_str());
        session.note_drill(&rehearsed.json, signature, rehearsed.dr_by.as_ref()).await.map(|_| true)
    };
    match note.await {
        Ok(true) => call.out.note("in the history: kastellan drill list"),
        Ok(false) if rehearsed.signed.is_some() => {
            let file = shown(&folder.join(rehearsed.drill.file_name("json")));
            call.out.note(&format!("to have it in the history, where the catalog lives: kastellan drill import {file}"));
        }
        Ok(false) => {}
        Err(fault) => call.out.note(&format!("not put into the history: {}", fault.cause)),
    }
}

/// A step that failed ends it, but for those beside which others make sense; the report says all of it.
async fn back(call: &Call, rehearsal: &mut Rehearsal, wanted: &Wanted) -> Result<(), Fault> {
    let opening = rehearsal.opening();
    let place = wanted.target.address();
    let from = if wanted.kit.is_some() { "the recovery kit" } else { "named by who ran the drill" };
    rehearsal.origin(format!("location {place}"), from);
    let find = async {
        let (store, found) = archives(&opening, &wanted.target, wanted.secret_key.as_ref()).await?;
        let archive = choose(&found, wanted.archive.as_deref(), wanted.installation.as_deref(), &place)?.clone();
        let of_it = found.iter().filter(|f| f.catalog_id() == archive.catalog_id()).count() as u64;
        let what = Text::new(format!("{}, the newest of {}", count(of_it, "archive", "archives"), archive.created_at()));
        Ok(((store, archive), what))
    };
    let (store, archive) = rehearsal.step(&Stage::Location, find).await?;

    let open = async {
        let asked = restore::open(call, &opening, &store, &archive, &[], wanted).await?;
        if let Some(kit) = &wanted.kit {
            restore::agrees(call, kit, &asked.opened)?;
        }
        let head = &asked.opened.head;
        let what = Text::new(format!("archive {} of {}", head.seq, head.created_at));
        Ok((asked, what))
    };
    let restore::Asked { opened: contents, from, by } = rehearsal.step(&Stage::Archive, open).await?;
    rehearsal.origin(format!("DR passphrase no. {}", contents.header.dr_passphrase), from);
    rehearsal.archive(&archive.name, &place, &contents, by);
    call.out.note(restore::inside(&contents).trim_end());

    let unlock = async {
        let asked = restore::unlock(call, &opening, &contents, wanted.kit.as_ref()).await?;
        let what = Text::new(format!("passkey {}", asked.opened.by));
        Ok((asked, what))
    };
    let restore::Asked { opened: keys, from, .. } = rehearsal.step(&Stage::MasterKey, unlock).await?;
    rehearsal.origin(format!("secret of passkey {}", keys.by), from);
    rehearsal.recovered(&keys);

    let catalog = async {
        let restored = opening.restore(&contents, keys, Some(&wanted.target), None, call.signals.stop()).await?;
        if let Some(first) = restored.quarantined.first() {
            let cause = format!("{} did not verify, the first: {first}", count(restored.quarantined.len() as u64, "record", "records"));
            return Err(Fault::new(Kind::Damaged, "catalog not restored", cause, Act::say(format!("take another archive: {NAMED}"))));
        }
        let connection = Connection::open(opening.place.clone(), opening.host.clone(), opening.settings.clone())?;
        let Some(connection) = connection else {
            let next = Act::say("kastellan doctor");
            return Err(Fault::new(Kind::Unexpected, "catalog not restored", "it is not where it was written", next));
        };
        let mut session = Session::open(connection).await?;
        session.admit(restored.keys).await?;
        let what = restored.lines.first().cloned().unwrap_or_default();
        Ok((session, what))
    };
    let session = rehearsal.step(&Stage::Catalog, catalog).await?;

    for location in session.facts().await?.locations {
        let stage = Stage::Artifacts(Text::new(location.name.as_str()));
        let read = async {
            confirmed(call, &session, &location, &wanted.target).await?;
            let lines = restore::rescan(call, &session, &location.name).await?;
            Ok(((), lines.into_iter().next().unwrap_or_default()))
        };
        match rehearsal.step(&stage, read).await {
            Err(fault) if fault.kind == Kind::Interrupted => return Err(fault),
            _ => {}
        }
    }
    rehearsal.newer(restore::newer(&session, &contents).await?);
    rehearsal.sample(&session, call.signals.stop()).await
}

/// The archive names an address that nobody named today: a person says yes to it, or it is not contacted.
async fn confirmed(call: &Call, session: &Session, location: &Location, named: &Target) -> Result<(), Fault> {
    let Some(target @ Target::S3(_)) = &location.target else { return Ok(()) };
    if target == named {
        return Ok(());
    }
    let yes = match call.prompt() {
        _ if call.globals.yes => true,
        Some(prompt) => prompt.yes(&format!("Location {} is at {}. Contact it?", location.name, target.address())).await?,
        None => false,
    };
    if yes { session.confirm_location(&location.name).await } else { Ok(()) }
}

fn planned(call: &Call, scenario: Scenario) -> Result<(), End> {
    let people = format!(
        "drill {}\nin a folder that only you can read, and that is removed at the end\nsteps\n  1 find the archives\n  2 open one with the DR passphrase\n  \
         3 open the master key in it with a passkey's secret\n  4 verify every record, and write a catalog\n  5 read the locations through\n  6 open \
         the newest artifact of each policy, of {} at most\n  7 write the report, and sign it with the recovered master key\n",
        scenario.word(),
        crate::domain::SAMPLES
    );
    call.out.one(Resource::ours("Plan", "drill run", serde_json::json!({ "scenario": scenario.word() })), &people, true)
}
