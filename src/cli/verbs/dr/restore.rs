//! `dr restore`: the catalog comes back from an archive; needs none.

use super::list::{archives, choose, opening};
use crate::cli::attempts;
use crate::cli::call::{Call, shown};
use crate::cli::families::{DrSecret, Family, Flags};
use crate::cli::output::{End, Format};
use crate::cli::place::Loc;
use crate::cli::secrets;
use crate::crypto::Passphrase;
use crate::domain::{
    Act, Artifact, ArtifactFilter, Changed, DrPassphrase, Fault, Installation, Kind, LocationName, Prover, Request, Rescan, Target, Text,
    count, secret_from,
};
use crate::ops::{Contents, Found, Keys, Kit, Opening, Report, Resource, Restored, Session, kit_secret};
use std::fmt::Write as _;

/// Restore an installation from an archive into the empty catalog that --catalog names
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which archive, as lists name it (default: the newest)
    #[arg(value_name = "ARCHIVE")]
    archive: Option<String>,
    #[command(flatten)]
    place: Loc,
    /// Of this installation, by the first digits of its id
    #[arg(long, value_name = "ID")]
    installation: Option<String>,
    #[command(flatten)]
    secret: DrSecret,
}

/// Where a secret came from that nobody was asked for.
const KIT: &str = "the recovery kit";

/// What is asked for, whichever verb asks.
pub struct Wanted {
    pub target: Target,
    pub secret_key: Option<Passphrase>,
    pub archive: Option<String>,
    pub installation: Option<String>,
    pub family: Family,
    /// What was found in a recovery kit, so that it is not asked for.
    pub kit: Option<Kit>,
}

/// What opened, and where its secret came from.
pub struct Asked<T> {
    pub opened: T,
    pub from: Text,
    /// None: out of a kit, which proves nothing of any envelope.
    pub by: Option<Prover>,
}

/// Restores.
///
/// # Errors
/// `Kind::Refused` where there is a catalog already; as the location's and the secrets'.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let wanted = Wanted {
        target: args.place.need()?,
        secret_key: secrets::of_family(call, &args.place.family(), "secret key").await?,
        archive: args.archive,
        installation: args.installation,
        family: args.secret.family(),
        kit: None,
    };
    restore(call, wanted).await
}

/// The way back, step by step; what no flag gave is asked for on a terminal.
///
/// # Errors
/// As [`run`].
pub async fn restore(call: &Call, wanted: Wanted) -> Result<(), End> {
    empty(call)?;
    let opening = opening(call);
    let (store, found) = archives(&opening, &wanted.target, wanted.secret_key.as_ref()).await?;
    let archive = choose(&found, wanted.archive.as_deref(), wanted.installation.as_deref(), &wanted.target.address())?;
    if call.globals.plan {
        return planned(call, archive);
    }
    call.out.note(&format!("archive {}, {}", file(archive), age(archive, call)));
    call.out.note(&format!("it comes back into {}", shown(&call.place.catalog)));
    let same = found.iter().filter(|f| f.catalog_id() == archive.catalog_id());
    let (readable, unreadable): (Vec<&Found>, Vec<&Found>) = same.partition(|f| f.header.is_ok());
    // One that is named is the one that is meant; else those before it are better than none.
    let older = readable.into_iter().skip_while(|f| f.name != archive.name).skip(1);
    let older: Vec<&Found> = older.filter(|_| wanted.archive.is_none()).collect();
    let Asked { opened: contents, by, .. } = open(call, &opening, &store, archive, &older, &wanted).await?;
    let mut missing = passed_over(std::iter::once(archive).chain(older), &contents);
    if wanted.archive.is_none() {
        missing.extend(unreadable.into_iter().map(cannot_be_read));
    }
    for line in &missing {
        call.out.note(&format!("warning: {line}"));
    }
    if let Some(kit) = &wanted.kit {
        agrees(call, kit, &contents)?;
    }
    call.out.note(inside(&contents).trim_end());
    let keys = unlock(call, &opening, &contents, wanted.kit.as_ref()).await?.opened;
    let restored = opening.restore(&contents, keys, Some(&wanted.target), by.as_ref(), call.signals.stop()).await?;
    after(call, restored, &contents, missing).await
}

/// The archives that are newer than what opened.
fn passed_over<'a>(newest_first: impl Iterator<Item = &'a Found>, contents: &Contents) -> Vec<Text> {
    let newer = newest_first.take_while(|archive| archive.name != contents.name);
    let line = |archive: &Found| format!("archive {} did not open: what was changed for it is not back", file(archive));
    newer.map(|archive| Text::new(line(archive))).collect()
}

fn cannot_be_read(archive: &Found) -> Text {
    let why = archive.header.as_ref().err().map(ToString::to_string).unwrap_or_default();
    Text::new(format!("archive {} cannot be read ({why}); it may be a newer one", file(archive)))
}

fn file(archive: &Found) -> &str {
    archive.name.rsplit('/').next().unwrap_or_default()
}

/// There must be nothing where the catalog is to be.
fn empty(call: &Call) -> Result<(), Fault> {
    if call.place.catalog.symlink_metadata().is_err() {
        return Ok(());
    }
    let cause = format!("{} exists, and is never overwritten", shown(&call.place.catalog));
    Err(Fault::refused("nothing restored", cause, Act::say("name another --catalog FILE, or move that one away")))
}

fn planned(call: &Call, archive: &Found) -> Result<(), End> {
    let name = file(archive);
    let people = format!(
        "restore from {name}\nsteps\n  1 open it with the DR passphrase, and verify it to its end\n  2 open the master key in it with a passkey's secret\n  3 \
         verify every record, and write {}\n  4 read the locations through\n",
        shown(&call.place.catalog)
    );
    call.out.one(Resource::ours("Plan", "dr restore", serde_json::json!({ "archive": archive.name })), &people, true)
}

fn age(archive: &Found, call: &Call) -> String {
    let seconds = call.now().since(archive.created_at());
    let days = seconds / 86_400;
    if days > 0 {
        format!("made {} ago", count(days.unsigned_abs(), "day", "days"))
    } else {
        format!("made {}", archive.created_at().short(call.now()))
    }
}

/// Opens an archive with the DR passphrase: the flags', the kit's, or what a person types. Where it is damaged, the newest of the `older`
/// ones that is whole and opens with the same.
///
/// # Errors
/// `Kind::Secret`, `Kind::Damaged`.
pub async fn open(
    call: &Call,
    opening: &Opening,
    store: &std::sync::Arc<dyn crate::ops::Store>,
    archive: &Found,
    older: &[&Found],
    wanted: &Wanted,
) -> Result<Asked<Contents>, Fault> {
    let whole = async |archive: &Found, older: &[&Found], secret: &Passphrase| whole(call, opening, store, archive, older, secret).await;
    if let Some(secret) = secrets::of_family(call, &wanted.family, "DR passphrase").await? {
        let opened = whole(archive, older, &secret).await?;
        let by = if wanted.family.file.is_some() { Prover::File } else { Prover::Fd };
        return Ok(Asked { opened, from: secret_from(&by), by: Some(by) });
    }
    if let Some(kit) = wanted.kit.as_ref().filter(|kit| dr_secret(kit, archive).is_some()) {
        call.out.note("the DR passphrase is in the kit");
        let mut refused = None;
        for (n, archive) in std::iter::once(&archive).chain(older).enumerate() {
            let Some(secret) = dr_secret(kit, archive) else { continue };
            match whole(archive, older.get(n..).unwrap_or_default(), &secret).await {
                // Another instance may have had a passphrase of its own under the same number.
                Err(fault) if fault.kind == Kind::Secret => refused = refused.or(Some(fault)),
                ended => return Ok(Asked { opened: ended?, from: KIT.into(), by: None }),
            }
        }
        if let Some(fault) = refused.filter(|_| call.prompt().is_none()) {
            return Err(fault);
        }
    }
    let Some(prompt) = call.prompt() else {
        let next = Act::say("--dr-passphrase-file F, --dr-passphrase-fd N, or a terminal");
        let cause = "the DR passphrase was not given, and there is no terminal to ask on";
        return Err(Fault::new(Kind::Secret, "nothing restored", cause, next));
    };
    let label = archive.header.as_ref().map_or_else(
        |_| String::new(),
        |header| {
            let name = header.name.clone().unwrap_or_default();
            let line = DrPassphrase::envelope(header.dr_passphrase, &name, header.catalog_id.get(..4).unwrap_or_default(), "...");
            format!("First the envelope {line}\n")
        },
    );
    let asked = attempts::ask(&prompt, &label, "DR passphrase", async |secret| whole(archive, older, &secret).await).await?;
    Ok(typed(call, asked))
}

/// Opens an archive, or, where it is damaged, the newest of the `older` ones that is whole.
async fn whole(
    call: &Call,
    opening: &Opening,
    store: &std::sync::Arc<dyn crate::ops::Store>,
    archive: &Found,
    older: &[&Found],
    secret: &Passphrase,
) -> Result<Contents, Fault> {
    let damaged = match opening.open(store, &archive.name, secret).await {
        Err(fault) if fault.kind == Kind::Damaged => fault,
        ended => return ended,
    };
    for before in older {
        call.out.note(&format!("{}: {}; the one before it is tried", damaged.doing, damaged.cause));
        match opening.open(store, &before.name, secret).await {
            Ok(contents) => return Ok(contents),
            Err(fault) if fault.kind == Kind::Damaged && !call.signals.stop().asked() => {}
            Err(_) => break,
        }
    }
    Err(damaged)
}

/// The DR passphrase that a kit holds for an archive.
fn dr_secret(kit: &Kit, archive: &Found) -> Option<Passphrase> {
    let number = archive.header.as_ref().ok()?.dr_passphrase;
    let of_it = kit.dr_passphrases.iter().find(|p| p.number == number)?;
    kit_secret(of_it.passphrase.as_ref()?)
}

/// Kit and archive must speak of the same master key; an archive that is older than the kit is told.
///
/// # Errors
/// `Kind::Damaged`.
pub fn agrees(call: &Call, kit: &Kit, contents: &Contents) -> Result<(), Fault> {
    if kit.installation.master_key_id != contents.installation.master_key_id {
        let cause = format!(
            "the kit speaks of master key {}, the archive of {}",
            Text::new(kit.installation.master_key_id.as_str()),
            contents.installation.master_key_id
        );
        let next = Act::say("one of the two is not what it says to be: take another kit, or archive");
        return Err(Fault::new(Kind::Damaged, "nothing restored", cause, next));
    }
    let (pin, seq) = (&kit.pin, contents.head.seq);
    if seq < pin.archive_seq {
        call.out.note(&format!(
            "warning: the kit knows of archive {}, this is {seq}: what was changed between them is not in it. Where is the newer one?",
            pin.archive_seq
        ));
    } else if seq == pin.archive_seq && pin.unarchived > 0 {
        let changes = count(pin.unarchived, "change", "changes");
        call.out.note(&format!("warning: in no archive when the kit was made: {changes}; and this archive is no newer"));
    }
    Ok(())
}

/// What is inside, and what is still needed.
pub fn inside(contents: &Contents) -> String {
    let installation = &contents.installation;
    let mut out = format!(
        "{}: archive {} of {}, journal to entry {}\nThe master key in it is still wrapped. Which of these do you hold?\n",
        installation.title(),
        contents.head.seq,
        contents.head.created_at,
        contents.head.journal_seq
    );
    for passkey in &contents.passkeys {
        let owner = passkey.owner.as_ref().map(|owner| format!(", {owner}'s")).unwrap_or_default();
        let line = Installation::envelope(&passkey.name, &installation.name, installation.short_id(), &passkey.created_at.day());
        let _ = writeln!(out, "  {line}  ({}{owner})", passkey.method.word());
    }
    out
}

/// Opens the master key in it with a passkey's secret: the flags', the kit's, or what a person types.
///
/// # Errors
/// `Kind::Secret`.
pub async fn unlock(call: &Call, opening: &Opening, contents: &Contents, kit: Option<&Kit>) -> Result<Asked<Keys>, Fault> {
    let with = secrets::unlocking_passkey(call)?;
    if let Some((secret, by)) = secrets::given(call).await? {
        let (from, with) = (secret_from(&by), with.as_ref());
        let opened = opening.unlock(contents, with, &secret, by.clone(), call.signals.stop()).await?;
        return Ok(Asked { opened, from, by: Some(by) });
    }
    for passkey in kit.iter().flat_map(|kit| &kit.passkeys) {
        let Some(secret) = passkey.passphrase.as_ref().and_then(kit_secret) else { continue };
        match opening.unlock(contents, None, &secret, Prover::File, call.signals.stop()).await {
            Ok(keys) => {
                call.out.note(&format!("the passphrase of {} is in the kit", keys.by));
                return Ok(Asked { opened: keys, from: KIT.into(), by: None });
            }
            Err(fault) if fault.kind == Kind::Secret => {}
            Err(fault) => return Err(fault),
        }
    }
    let Some(prompt) = call.prompt() else {
        let next = Act::say("--passphrase-file F, --passphrase-fd N, or a terminal");
        let cause = "no passkey's passphrase was given, and there is no terminal to ask on";
        return Err(Fault::new(Kind::Secret, "nothing restored", cause, next));
    };
    let label = "Then the envelope of a passkey: any of them opens it.\n";
    let open = async |secret: Passphrase| opening.unlock(contents, with.as_ref(), &secret, call.person(), call.signals.stop()).await;
    Ok(typed(call, attempts::ask(&prompt, label, attempts::PASSPHRASE, open).await?))
}

/// What opened with what a person typed, and how often it was wrong before.
fn typed<T>(call: &Call, (opened, wrong): (T, u32)) -> Asked<T> {
    let from = secret_from(&call.person());
    let from = if wrong == 0 { from } else { Text::new(format!("{from}, after {}", count(wrong.into(), "wrong try", "wrong tries"))) };
    Asked { opened, from, by: Some(call.person()) }
}

/// The locations are read through, and the receipt is written.
async fn after(call: &Call, restored: Restored, contents: &Contents, mut missing: Vec<Text>) -> Result<(), End> {
    let Restored { mut lines, quarantined, keys } = restored;
    let all_the_same = |fault: Fault| fault.leaving(Changed::Partly("the installation is restored all the same".into()));
    let mut session = call.session().await.map_err(all_the_same)?;
    for line in session.admit(keys).await.map_err(all_the_same)? {
        call.out.note(&line.to_string());
    }
    let facts = session.facts().await?;
    for location in &facts.locations {
        match rescan(call, &session, &location.name).await {
            Ok(told) => lines.extend(told),
            Err(fault) => {
                missing.push(Text::new(format!("location {} was not read: {}; next: {}", location.name, fault.cause, fault.next.say)));
            }
        }
    }
    let newer = newer(&session, contents).await?;
    if newer > 0 {
        lines.push(Text::new(format!("{} made since the archive, found in the locations", count(newer, "artifact", "artifacts"))));
    }
    missing.extend(quarantined.iter().map(|what| Text::new(format!("the record of {what} did not verify, and was left out"))));
    let stale = facts.passkeys.iter().filter(|p| !facts.in_use(&p.name)).map(|p| p.name.to_string()).collect::<Vec<_>>();
    if !stale.is_empty() {
        missing.push(Text::new(format!("not tried today: {} (kastellan passkey check)", stale.join(", "))));
    }
    if call.out.format != Format::Table && call.out.format != Format::Wide {
        let next = facts.take_over().map(|act| act.say);
        let body = serde_json::json!({ "back": lines, "notBack": missing, "archive": contents.head.seq, "next": next });
        return call.out.one(Resource::ours("Receipt", "dr restore", body), "", true);
    }
    let mut people = String::new();
    for line in &lines {
        let _ = writeln!(people, "{line}");
    }
    if !missing.is_empty() {
        people.push_str("What did not come back, or is not proved:\n");
        for line in &missing {
            let _ = writeln!(people, "  {line}");
        }
    }
    call.out.data(&people)?;
    call.out.note("look at what is back: kastellan artifact list");
    if let Some(act) = facts.take_over() {
        call.out.note(&format!("next: {}", act.say));
    }
    Ok(())
}

/// Reads a location through; what was found.
///
/// # Errors
/// The location's.
pub async fn rescan(call: &Call, session: &Session, name: &LocationName) -> Result<Vec<Text>, Fault> {
    let plan = session.plan(&Request::Rescan(Rescan { location: name.clone() })).await?;
    let begun = session.begin(&plan).await?;
    let done = begun.run(crate::crypto::Secrets::new(), Report::nobody(), call.signals.stop().clone()).await?;
    Ok(done.receipt.lines)
}

/// How many artifacts are newer than the archive.
///
/// # Errors
/// As the index's.
pub async fn newer(session: &Session, contents: &Contents) -> Result<u64, Fault> {
    let (mut newer, mut token) = (0, None);
    loop {
        let page = session.artifacts(&ArtifactFilter::default(), token.as_deref(), 1000).await?;
        let young = |a: &&Artifact| contents.head.may_precede(a.created_at);
        let found = page.artifacts.iter().filter(young).count() as u64;
        newer += found;
        // Newest first: the first page with an older one is the last that matters.
        token = page.next.filter(|_| found == 1000);
        if token.is_none() {
            return Ok(newer);
        }
    }
}
