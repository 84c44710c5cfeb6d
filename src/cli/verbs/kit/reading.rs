//! Reading a kit: its file, its passphrase or identity, and a person's yes to the addresses in it.

use crate::cli::attempts;
use crate::cli::call::{Call, shown};
use crate::cli::families::{Family, Flags, KitSecret};
use crate::cli::secrets;
use crate::crypto::Passphrase;
use crate::domain::{Act, Changed, Fault, Kind, Target, Text};
use crate::host::{read_secret_file, read_secret_or_public};
use crate::ops::{ImportText, KIT_LONGEST, Kit, KitError, KitFile, kit_digest, kit_target};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// How a kit is opened.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Opens {
    #[command(flatten)]
    secret: KitSecret,
    /// The age identity that opens it, where it was made for recipients
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kit_passphrase_file", "kit_passphrase_fd"])]
    identity: Option<PathBuf>,
}

/// A kit that opened, and SHA-256 of its file, hex.
pub struct Read {
    pub kit: Kit,
    pub digest: String,
}

const DOING: &str = "recovery kit not opened";

/// Opens a kit.
///
/// # Errors
/// `Kind::Secret` for what does not open it, `Kind::Damaged` for what is none or was altered.
pub async fn read(call: &Call, file: &Path, opens: &Opens) -> Result<Read, Fault> {
    let path = file.to_owned();
    let bytes = call.waiting("recovery kit", move || read_secret_or_public(&path, KIT_LONGEST as u64, "recovery kit")).await?;
    let digest = kit_digest(&bytes);
    let bytes = Arc::new(bytes);
    if !KitFile::parse(&bytes).map_err(|e| fault(&e))?.needs_passphrase() {
        return Ok(Read { kit: with_identity(call, &bytes, opens.identity.as_deref()).await?, digest });
    }
    if opens.identity.is_some() {
        return Err(fault(&KitError::NeedsPassphrase));
    }
    let family: Family = opens.secret.family();
    if let Some(secret) = secrets::of_family(call, &family, "kit passphrase").await? {
        return Ok(Read { kit: with_passphrase(call, &bytes, secret).await?, digest });
    }
    let Some(prompt) = call.prompt() else {
        let next = Act::say("--kit-passphrase-file F, --kit-passphrase-fd N, or a terminal");
        let cause = "its passphrase was not given, and there is no terminal to ask on";
        return Err(Fault::new(Kind::Secret, DOING, cause, next).leaving(Changed::Unsaid));
    };
    let label = format!("The kit {}: the envelope KIT / ... of its day.\n", shown(file));
    let (kit, _) = attempts::ask(&prompt, &label, "kit passphrase", async |secret| with_passphrase(call, &bytes, secret).await).await?;
    Ok(Read { kit, digest })
}

async fn with_passphrase(call: &Call, bytes: &Arc<Zeroizing<Vec<u8>>>, secret: Passphrase) -> Result<Kit, Fault> {
    let (bytes, available) = (bytes.clone(), call.host.machine.facts().available_kib);
    let open = move || KitFile::parse(&bytes).and_then(|file| file.open(&secret, available)).map_err(|e| fault(&e));
    call.waiting("recovery kit", open).await
}

async fn with_identity(call: &Call, bytes: &Arc<Zeroizing<Vec<u8>>>, identity: Option<&Path>) -> Result<Kit, Fault> {
    let Some(path) = identity else { return Err(fault(&KitError::NeedsIdentity)) };
    let text = read_secret_file(path, "age identity")?;
    let bytes = bytes.clone();
    let open = move || {
        let text = std::str::from_utf8(&text).map_err(|_| fault(&KitError::NoIdentity))?;
        KitFile::parse(&bytes).and_then(|file| file.open_with_identities(text)).map_err(|e| fault(&e))
    };
    call.waiting("recovery kit", open).await
}

fn fault(error: &KitError) -> Fault {
    let (kind, next) = match error {
        KitError::DoesNotOpen | KitError::Passphrase => (Kind::Secret, "take the envelope KIT / ... of the kit's day"),
        KitError::NeedsPassphrase => (Kind::Secret, "leave out --identity; its passphrase: --kit-passphrase-file F, or a terminal"),
        KitError::NeedsIdentity => (Kind::Secret, "--identity FILE; for a hardware token: age --decrypt, and read it there"),
        KitError::NoIdentity => (Kind::Secret, "name the file that age-keygen made"),
        KitError::Work(..) => (Kind::Refused, "free memory or take a machine that has more; age itself opens it as well"),
        KitError::Version(_) => (Kind::Damaged, "take a newer Kastellan; age itself opens it as well"),
        _ => (Kind::Damaged, "take another copy of it"),
    };
    Fault::new(kind, DOING, error.to_string(), Act::say(next)).leaving(Changed::Unsaid)
}

/// Nothing that a kit names is contacted before a person said yes to it; folders need none.
///
/// # Errors
/// `Kind::Refused` where nobody did.
pub async fn confirmed(call: &Call, kit: &Kit) -> Result<(), Fault> {
    let mut addresses: Vec<Text> = kit.locations.iter().filter_map(|l| network(&kit_target(l)?.0)).collect();
    let imports = kit.imports.iter().filter_map(|text| ImportText::parse(text.expose().as_bytes()).ok()?.open(None, 0).ok());
    addresses.extend(imports.filter_map(|data| network(&data.target)));
    addresses.sort_by_key(ToString::to_string);
    addresses.dedup();
    if addresses.is_empty() || call.globals.yes {
        return Ok(());
    }
    let listed: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let refused = |cause: String, next: &str| Err(Fault::refused("recovery kit not tried", cause, Act::say(next)).leaving(Changed::Unsaid));
    match call.prompt() {
        None => {
            refused(format!("it names {}, and nobody said that they may be contacted", listed.join(", ")), "look at them, then say --yes")
        }
        Some(prompt) => {
            prompt.say(&format!("Nothing proves who made a kit. This one names:\n  {}", listed.join("\n  ")));
            if prompt.yes("Contact them?").await? { Ok(()) } else { refused("the answer was no".into(), "run it again when ready") }
        }
    }
}

fn network(target: &Target) -> Option<Text> {
    matches!(target, Target::S3(_)).then(|| target.address())
}
