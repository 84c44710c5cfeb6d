//! `migration export POLICY`.

use crate::cli::call::{Call, location_name, policy_name, shown};
use crate::cli::change::{self, Ask};
use crate::cli::families::{Flags, ImportSecret};
use crate::cli::output::End;
use crate::domain::{Act, Changed, Export, Fault, Kind, Request, Text};
use crate::host::{can_be_made, create_owner_only};
use crate::ops::Done;
use std::path::PathBuf;

/// Export a policy's key as import data: whoever has it can read all past and future backups of this policy
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which policy's
    #[arg(value_name = "POLICY")]
    policy: String,
    /// Into this new owner-only file; -: standard output
    #[arg(long, value_name = "FILE|-")]
    to: PathBuf,
    /// The location that it names (default: that of the policy's newest artifact)
    #[arg(long, value_name = "LOCATION")]
    location: Option<String>,
    /// A remark, which goes with it
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Without a passphrase: the text alone is the key
    #[arg(long, conflicts_with_all = ["generate", "import_passphrase_file", "import_passphrase_fd"])]
    unprotected: bool,
    #[command(flatten)]
    secret: ImportSecret,
}

/// Exports.
///
/// # Errors
/// `Kind::Usage` where nothing says how it is protected; `Kind::Refused` for a file that exists.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let policy = policy_name(&args.policy)?;
    let doing = format!("the key of {policy} not exported");
    let family = args.secret.family();
    if !args.unprotected && !family.said() {
        let next = Act::say("--generate (twelve words), --import-passphrase-file F, --import-passphrase-fd N, or --unprotected");
        return Err(Fault::new(Kind::Usage, doing, "nothing says how it is protected", next).leaving(Changed::Unsaid).into());
    }
    let stdout = args.to.as_os_str() == "-";
    if !stdout {
        can_be_made(&args.to, doing)?;
    }
    call.session().await?.policy(&policy).await?;
    let location = args.location.as_deref().map(location_name).transpose()?;
    let request = Request::Export(Export { policy, location, protected: !args.unprotected, note: args.note.map(Text::new) });
    let ask = Ask { request, families: &[family], confirm: None, carry: None };
    let keep = |done: &Done| {
        let text = done.text.as_ref().map(|text| text.as_str()).unwrap_or_default();
        if stdout {
            call.out.whole(text)?;
            return call.out.whole("\n");
        }
        let line = zeroize::Zeroizing::new([text.as_bytes(), b"\n"].concat());
        create_owner_only(&args.to, &line, "import data")?.keep();
        call.out.note(&format!("the import data is in {}, which only you can read", shown(&args.to)));
        Ok(())
    };
    let Some(done) = change::carry_out(call, ask, keep).await? else { return Ok(()) };
    if stdout {
        change::receipt_aside(call, &done.receipt);
        return Ok(());
    }
    change::receipt(call, &done.receipt)
}
