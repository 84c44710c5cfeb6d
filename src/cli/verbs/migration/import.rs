//! `migration import FILE|-`.

use super::reading;
use crate::cli::call::Call;
use crate::cli::change::{self, Ask};
use crate::cli::families::{EnteredImportSecret, Flags};
use crate::cli::output::End;
use crate::cli::place::Loc;
use crate::crypto::Passphrase;
use crate::domain::{Act, Changed, Fault, ImportIn, Kind, Request, Slot};
use std::path::PathBuf;

/// Import a policy's key from another installation: it opens that policy's artifacts, and never seals
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The import data; -: standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    #[command(flatten)]
    secret: EnteredImportSecret,
    #[command(flatten)]
    place: Loc,
}

/// Imports.
///
/// # Errors
/// As reading it; as the location's.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let instead = args.place.target()?;
    // The installation first: nobody types a passphrase for nothing.
    call.session().await?;
    let data = reading::read(call, &args.file, &args.secret.family()).await?;
    let key_id = crate::crypto::policy_key_id(&data.key);
    call.out.note(reading::people(&data, &key_id, call.now()).trim_end());
    let carried = Passphrase::entered(data.to_text().as_bytes()).map_err(|_| {
        Fault::new(Kind::Damaged, "import data not opened", "it is empty", Act::say("ask its source for it again")).leaving(Changed::Unsaid)
    })?;
    let request = Request::Import(ImportIn {
        policy: data.policy.clone(),
        installation: data.installation.clone(),
        catalog_id: data.catalog_id.clone(),
        policy_key_id: key_id,
        location: data.location.clone(),
        target: instead.unwrap_or_else(|| data.target.clone()),
        created_at: data.created_at,
    });
    drop(data);
    let families = [args.place.family()];
    change::change(call, Ask { request, families: &families, confirm: None, carry: Some((Slot::IMPORT, carried)) }).await
}
