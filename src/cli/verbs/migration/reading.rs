//! Reading import data: from a file or standard input, with its passphrase where it has one.

use crate::cli::call::Call;
use crate::cli::families::Family;
use crate::cli::{attempts, secrets};
use crate::crypto::Passphrase;
use crate::domain::{Act, Changed, Fault, Kind, Text, Timestamp};
use crate::host::read_secret_or_public;
use crate::ops::{ImportData, ImportDataError, ImportText, LONGEST_IMPORT_DATA};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

/// Opens import data.
///
/// # Errors
/// Each mistake its own: another kind of text, a slip, a cut, a wrong passphrase.
pub async fn read(call: &Call, file: &Path, family: &Family) -> Result<ImportData, Fault> {
    let path = file.to_owned();
    let bytes = call.waiting("import data", move || read_secret_or_public(&path, LONGEST_IMPORT_DATA as u64, "import data")).await?;
    let text = Arc::new(ImportText::parse(&bytes).map_err(|e| fault(&e))?);
    drop(bytes);
    if !text.protected() {
        return text.open(None, 0).map_err(|e| fault(&e));
    }
    if let Some(passphrase) = secrets::of_family(call, family, "import data").await? {
        return open(call, &text, passphrase).await;
    }
    let Some(prompt) = call.prompt() else {
        let next = Act::say("--import-passphrase-file F, --import-passphrase-fd N, or a terminal");
        let cause = "it is protected by a passphrase, which was not given, and there is no terminal to ask on";
        return Err(Fault::new(Kind::Secret, "import data not opened", cause, next).leaving(Changed::Unsaid));
    };
    let opened = attempts::ask(&prompt, "", "passphrase of the import data", async |passphrase| open(call, &text, passphrase).await);
    opened.await.map(|(data, _)| data)
}

async fn open(call: &Call, text: &Arc<ImportText>, passphrase: Passphrase) -> Result<ImportData, Fault> {
    let (text, available) = (text.clone(), call.host.machine.facts().available_kib);
    let opened = tokio::task::spawn_blocking(move || text.open(Some(&passphrase), available)).await;
    match opened {
        Ok(opened) => opened.map_err(|e| fault(&e)),
        Err(_) => Err(Fault::new(Kind::Unexpected, "import data not opened", "it ended abnormally", Act::say("kastellan doctor"))),
    }
}

fn fault(error: &ImportDataError) -> Fault {
    let (kind, next) = match error {
        ImportDataError::Other(_) | ImportDataError::TooLong => (Kind::Usage, "take the text that kastellan migration export made"),
        ImportDataError::Character(_) | ImportDataError::Slip | ImportDataError::Cut => {
            (Kind::Damaged, "copy the whole text again, from its first letter to its last")
        }
        ImportDataError::Protected | ImportDataError::Passphrase => (Kind::Secret, "check its envelope, word by word"),
        ImportDataError::Altered | ImportDataError::Malformed(_) | ImportDataError::OtherKey => {
            (Kind::Damaged, "ask its source for it again, on another way")
        }
        ImportDataError::Version(_) => (Kind::Refused, "use the newer Kastellan"),
        ImportDataError::Argon(_) => (Kind::Refused, "use a machine with more free memory"),
    };
    Fault::new(kind, "import data not opened", error.to_string(), Act::say(next)).leaving(Changed::Unsaid)
}

/// What it says, for people; never the key.
pub fn people(data: &ImportData, key_id: &str, now: Timestamp) -> String {
    let mut out = format!(
        "Policy      {}, key id {key_id}\nFrom        {} ({})\nExported    {}\nLocation    {}: {}\n",
        data.policy,
        data.installation,
        data.catalog_id.get(..4).unwrap_or_default(),
        data.created_at.short(now),
        data.location,
        data.target.address()
    );
    if let Some(note) = &data.note {
        let _ = writeln!(out, "Note        {}", Text::new(note.to_string()).fit(200));
    }
    out.push_str("Nothing proves who made it, or that the address is right: ask whoever sent it.\n");
    out
}
