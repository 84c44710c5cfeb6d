//! `recover`: I lost everything. Asks for what is needed, in the order in which it is needed.

use super::dr::restore::{self, Wanted};
use super::kit::check;
use super::kit::reading::{self, Opens};
use crate::cli::call::Call;
use crate::cli::families::{DrSecret, Flags};
use crate::cli::output::End;
use crate::cli::place::Loc;
use crate::cli::secrets;
use crate::domain::{Act, Changed, Fault, Kind, Target, may_write};
use crate::ops::{Found, Reachable, reach_kit};
use std::path::{Path, PathBuf};

/// Recover after a total loss: a location, the DR passphrase and a passkey's secret are enough
#[derive(Debug, Default, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) place: Loc,
    /// Of this installation, by the first digits of its id
    #[arg(long, value_name = "ID")]
    pub(super) installation: Option<String>,
    #[command(flatten)]
    secret: DrSecret,
    /// A recovery kit: it says where the archives are, and may hold the passphrases
    #[arg(long, value_name = "FILE", conflicts_with_all = ["directory", "s3", "installation"])]
    pub(super) kit: Option<PathBuf>,
    #[command(flatten)]
    opens: Opens,
}

/// Recovers.
///
/// # Errors
/// As restoring.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    // Before anything is asked: a drill, which asks the same, is allowed.
    may_write(call.settings.read_only, "nothing recovered")?;
    restore::restore(call, wanted(call, args).await?).await
}

/// Where the archives are and what opens them, as flags, a kit and a person say.
///
/// # Errors
/// As reading the kit, and the location's.
pub async fn wanted(call: &Call, args: Args) -> Result<Wanted, Fault> {
    if let Some(file) = &args.kit {
        return with_kit(call, file, &args).await;
    }
    let mut secret_key = secrets::of_family(call, &args.place.family(), "secret key").await?;
    let target = match args.place.target()? {
        Some(target) => target,
        None => ask(call).await?,
    };
    if let Target::S3(s3) = &target
        && let Some(id) = &s3.access_key_id
        && secret_key.is_none()
        && let Some(prompt) = call.prompt()
    {
        let typed = prompt.secret(&format!("secret key of {id}: ")).await?;
        secret_key = crate::crypto::Passphrase::entered(&typed).ok();
    }
    let family = args.secret.family();
    let installation = match args.installation {
        Some(id) => Some(id),
        None => which(call, &target, secret_key.as_ref()).await?,
    };
    Ok(Wanted { target, secret_key, archive: None, installation, family, kit: None })
}

/// The archives are where the kit says; the newest one is taken, wherever it lies.
async fn with_kit(call: &Call, file: &Path, args: &Args) -> Result<Wanted, Fault> {
    let kit = reading::read(call, file, &args.opens).await?.kit;
    call.out.note(&check::about(&kit, call.now()));
    reading::confirmed(call, &kit).await?;
    let opening = super::dr::opening(call);
    let (mut places, mut failed) = (Vec::new(), None);
    for location in &kit.locations {
        match reach_kit(&opening, &kit, location).await {
            Ok(place) => places.push(place),
            Err(fault) => {
                call.out.note(&format!("location {}: {}", location.name, fault.cause));
                failed = Some(fault);
            }
        }
    }
    let newest = |place: &Reachable| {
        place.archives.iter().filter(|a| a.header.is_ok()).map(Found::age).max().map(|(at, name)| (at, name.to_owned()))
    };
    places.retain(|place| newest(place).is_some());
    let Some(place) = places.into_iter().max_by_key(newest) else {
        let none = || {
            let next = Act::say("if they lie elsewhere: kastellan recover --directory DIR | --s3 BUCKET");
            Fault::new(Kind::NotFound, "nothing recovered", "no location of the kit holds an archive of this installation", next)
        };
        return Err(failed.unwrap_or_else(none));
    };
    call.out.note(&format!("archives are in {} ({})", place.location, place.target.address()));
    Ok(Wanted {
        target: place.target,
        secret_key: place.secret,
        archive: None,
        installation: Some(kit.installation.catalog_id.clone()),
        family: args.secret.family(),
        kit: Some(kit),
    })
}

/// Where the archives are.
async fn ask(call: &Call) -> Result<Target, Fault> {
    let Some(prompt) = call.prompt() else {
        let next = Act::say("--directory DIR, or --s3 BUCKET [--prefix P --endpoint URL --region R]");
        let cause = "no location is named, and there is no terminal to ask on";
        return Err(Fault::new(Kind::Usage, "nothing recovered", cause, next).leaving(Changed::Unsaid));
    };
    prompt.say(
        "You need a place with DR archives, the envelope of the DR passphrase, and\nthe envelope of a passkey. Nothing is written before the last step, and\nnothing in that place is changed.",
    );
    loop {
        let line = prompt.line("Where are the archives? A folder, or s3://BUCKET/PREFIX: ").await?;
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let loc = if line.starts_with("s3://") {
            let endpoint = prompt.line("Endpoint (Enter alone: AWS): ").await?;
            let region = prompt.line("Region (Enter alone: as AWS's own settings say): ").await?;
            let id = prompt.line("Access key id (Enter alone: AWS's own settings): ").await?;
            let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
            Loc {
                s3: Some(line.to_owned()),
                path_style: some(&endpoint).is_some(),
                endpoint: some(&endpoint),
                region: some(&region),
                access_key_id: some(&id),
                ..Loc::default()
            }
        } else {
            Loc { directory: Some(line.into()), ..Loc::default() }
        };
        match loc.need().and_then(|target| there(call, target)) {
            Ok(target) => return Ok(target),
            Err(fault) => prompt.say(&fault.to_string()),
        }
    }
}

/// A folder that is not there is a slip. Of a bucket its key tells, which is asked for next.
fn there(call: &Call, target: Target) -> Result<Target, Fault> {
    if matches!(target, Target::Directory { .. }) {
        super::dr::opening(call).store(&target, None)?;
    }
    Ok(target)
}

/// Where several installations have archives there: which one.
async fn which(call: &Call, target: &Target, secret_key: Option<&crate::crypto::Passphrase>) -> Result<Option<String>, Fault> {
    let opening = super::dr::opening(call);
    // Where it cannot be read, the step that needs it says why.
    let Ok(store) = opening.store(target, secret_key) else { return Ok(None) };
    let Ok(found) = opening.list(&store).await else { return Ok(None) };
    let mut newest: Vec<&Found> = Vec::new();
    for archive in found.iter().filter(|f| f.header.is_ok()) {
        if !newest.iter().any(|known| known.catalog_id() == archive.catalog_id()) {
            newest.push(archive);
        }
    }
    let unreadable = found.iter().filter(|f| f.header.is_err()).count();
    if unreadable > 0 {
        call.out.note(&format!("{} there cannot be read", crate::domain::count(unreadable as u64, "archive", "archives")));
    }
    let Some(prompt) = call.prompt().filter(|_| newest.len() > 1) else { return Ok(None) };
    for (n, archive) in newest.iter().enumerate() {
        prompt.say(&format!("  {}  {}", n + 1, super::dr::row(archive, call.now()).join("  ")));
    }
    loop {
        let line = prompt.line("Which installation? Its number: ").await?;
        let ids: Vec<String> = newest.iter().map(|archive| archive.catalog_id()).collect();
        match picked(&ids, line.trim()) {
            Some(id) => return Ok(Some(id.to_owned())),
            None => prompt.say(&format!("a number from 1 to {}, or the id in brackets", ids.len())),
        }
    }
}

/// The id that is meant: by its first digits, as many as are shown, or by its number in the list. An id may be all digits.
fn picked<'a>(ids: &'a [String], answer: &str) -> Option<&'a str> {
    let mut named = ids.iter().filter(|id| answer.len() >= 4 && id.starts_with(answer));
    let id = match (named.next(), named.next()) {
        (Some(id), None) => id,
        _ => ids.get(answer.parse::<usize>().ok()?.checked_sub(1)?)?,
    };
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::picked;

    #[test]
    fn an_installation_is_named_by_its_number_or_by_the_digits_that_are_shown() {
        let ids = ["a803ff", "0002aa", "77aa01", "77aa02"].map(str::to_owned);
        for (answer, id) in [("1", "a803ff"), ("2", "0002aa"), ("a803", "a803ff"), ("a803ff", "a803ff"), ("0002", "0002aa")] {
            assert_eq!(picked(&ids, answer), Some(id), "{answer}");
        }
        for answer in ["", "0", "5", "9", "x", "a8", "77aa", "b803"] {
            assert_eq!(picked(&ids, answer), None, "{answer}");
        }
    }
}
