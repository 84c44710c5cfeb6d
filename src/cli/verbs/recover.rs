//! `recover`: I lost everything. Asks for what is needed, in the order in which it is needed.

use super::dr::restore::{self, Wanted};
use crate::cli::call::Call;
use crate::cli::families::{DrSecret, Flags};
use crate::cli::output::End;
use crate::cli::place::Loc;
use crate::cli::secrets;
use crate::domain::{Act, Changed, Fault, Kind, Target};

/// Recover after a total loss: a location, the DR passphrase and a passkey's secret are enough
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: Loc,
    /// Of this installation, by the first digits of its id
    #[arg(long, value_name = "ID")]
    installation: Option<String>,
    #[command(flatten)]
    secret: DrSecret,
}

/// Recovers.
///
/// # Errors
/// As restoring.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
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
    restore::restore(call, Wanted { target, secret_key, archive: None, installation, family }).await
}

/// Where the archives are.
async fn ask(call: &Call) -> Result<Target, Fault> {
    let Some(prompt) = call.prompt() else {
        let next = Act::say("--directory DIR, or --s3 BUCKET [--prefix P --endpoint URL --region R]");
        let cause = "no location is named, and there is no terminal to ask on";
        return Err(Fault::new(Kind::Usage, "nothing recovered", cause, next).leaving(Changed::Unsaid));
    };
    prompt.say(
        "You need: a place with DR archives, the envelope of the DR passphrase, the envelope of a passkey.\nNothing is written before the last \
         step, and nothing in that place is changed.",
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
        match loc.need() {
            Ok(target) => return Ok(target),
            Err(fault) => prompt.say(&fault.to_string()),
        }
    }
}

/// Where several installations have archives there: which one.
async fn which(call: &Call, target: &Target, secret_key: Option<&crate::crypto::Passphrase>) -> Result<Option<String>, Fault> {
    let opening = super::dr::opening(call);
    let store = opening.store(target, secret_key)?;
    let found = opening.list(&store).await?;
    let mut newest: Vec<&crate::ops::Found> = Vec::new();
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
        if let Some(archive) = line.trim().parse::<usize>().ok().and_then(|n| newest.get(n.wrapping_sub(1))) {
            return Ok(Some(archive.catalog_id()));
        }
    }
}
