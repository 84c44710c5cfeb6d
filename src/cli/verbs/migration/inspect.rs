//! `migration inspect FILE|-`.

use super::reading;
use crate::cli::call::Call;
use crate::cli::families::{EnteredImportSecret, Flags};
use crate::cli::output::End;
use crate::cli::plan;
use crate::ops::Resource;
use std::path::PathBuf;

/// Say what import data carries, without using it; needs no catalog
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The import data; -: standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    #[command(flatten)]
    secret: EnteredImportSecret,
}

/// Inspects.
///
/// # Errors
/// As reading it.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "migration inspect");
    }
    let data = reading::read(call, &args.file, &args.secret.family()).await?;
    let key_id = crate::crypto::policy_key_id(&data.key);
    let body = serde_json::json!({
        "policy": data.policy, "policyKeyId": key_id, "installation": data.installation, "catalogId": data.catalog_id,
        "location": data.location, "target": data.target, "createdAt": data.created_at, "note": data.note,
    });
    call.out.one(Resource::ours("ImportData", data.policy.as_str(), body), &reading::people(&data, &key_id, call.now()), true)
}
