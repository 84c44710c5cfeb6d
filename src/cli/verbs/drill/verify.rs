//! `drill verify FILE`: whose master key signed it, and what it says.

use crate::cli::call::{Call, shown};
use crate::cli::output::End;
use crate::cli::{plan, unlock};
use crate::domain::{Act, Changed, Fault, Kind, Text};
use crate::host::{read_public, read_regular};
use crate::ops::{Resource, openssh_public, read_openssh_public, verify_drill};
use std::path::{Path, PathBuf};

/// The longest report that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// Verify a drill's report against its signature: by this installation's own master key, or by the public key that is named
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The report, JSON; its signature lies beside it, as FILE.sig
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The public key, as `ssh-ed25519 AAAA...` in a file; then no catalog is needed
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// A report, and the signature that lies beside it.
///
/// # Errors
/// As reading them.
pub fn read(file: &Path) -> Result<(Vec<u8>, String), Fault> {
    let json = read_regular(file, LONGEST, "drill report")?;
    let mut beside = file.to_owned().into_os_string();
    beside.push(".sig");
    let signature = read_regular(&PathBuf::from(beside), LONGEST, "drill report's signature")?;
    Ok((json, String::from_utf8_lossy(&signature).into_owned()))
}

/// Verifies.
///
/// # Errors
/// `Kind::Damaged` for a signature that does not hold.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "drill verify");
    }
    let (json, signature) = read(&args.file)?;
    let public = if let Some(file) = &args.key {
        let line = read_public(file, LONGEST, "public key")?;
        read_openssh_public(&String::from_utf8_lossy(&line)).ok_or_else(|| {
            let next = Act::say("name a file with the line that drill run printed: ssh-ed25519 AAAA...");
            let cause = format!("{} holds no Ed25519 key of SSH", shown(file));
            Fault::new(Kind::Usage, "drill report not verified", cause, next).leaving(Changed::Unsaid)
        })?
    } else {
        let mut session = call.session().await?;
        unlock::unlock(call, &mut session).await?;
        session.drill_key()?
    };
    let drill = verify_drill(&public, &json, &signature)?;
    let whose = if args.key.is_some() { "the key that was named" } else { "this installation's master key" };
    let line = openssh_public(&public, "");
    let people = format!(
        "the signature holds: by {whose}\n  {line}\n{}\n  begun {} by {} on {}, as they said themselves\n",
        Text::new(drill.summary()),
        drill.began_at,
        drill.by,
        drill.machine
    );
    let report = serde_json::to_value(&drill).unwrap_or_default();
    call.out.one(Resource::ours("DrillCheck", &drill.id, serde_json::json!({ "signedBy": line, "report": report })), &people, true)
}
