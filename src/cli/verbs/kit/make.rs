//! `kit make`.

use crate::cli::call::{Call, policy_name, shown};
use crate::cli::change::{self, Ask};
use crate::cli::families::{Flags, NewKitSecret};
use crate::cli::output::End;
use crate::domain::{Act, Changed, Fault, Kind, KitMake, Request, Text};
use crate::host::{can_be_made, create_owner_only};
use crate::ops::Done;
use std::path::PathBuf;

/// Make a recovery kit: an age file (which any age opens) that says where everything is, and holds what you put into it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Into this new owner-only file
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// For this age recipient (age1...), in place of a passphrase; repeatable
    #[arg(long, value_name = "R", conflicts_with_all = ["generate", "kit_passphrase_file", "kit_passphrase_fd"])]
    recipient: Vec<String>,
    /// With the DR passphrases, and the passphrase that unlocks
    #[arg(long)]
    include_passphrases: bool,
    /// With the credentials that are stored for locations
    #[arg(long)]
    with_credentials: bool,
    /// With the key of this policy; repeatable
    #[arg(long, value_name = "P")]
    policy: Vec<String>,
    #[command(flatten)]
    secret: NewKitSecret,
}

/// Makes one.
///
/// # Errors
/// `Kind::Refused` for a file that exists; as the operation's.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if args.to.as_os_str() == "-" {
        let next = Act::say("name a file; print it, or copy it away from there");
        return Err(Fault::refused(
            "no recovery kit made",
            "a kit goes into a file, where it is checked, and not to standard output",
            next,
        )
        .into());
    }
    can_be_made(&args.to, "no recovery kit made")?;
    let policies = args.policy.iter().map(|name| policy_name(name)).collect::<Result<Vec<_>, _>>()?;
    let session = call.session().await?;
    for policy in &policies {
        session.policy(policy).await?;
    }
    drop(session);
    let request = Request::KitMake(KitMake {
        recipients: args.recipient.into_iter().map(Text::new).collect(),
        passphrases: args.include_passphrases,
        credentials: args.with_credentials,
        policies,
    });
    let families = [args.secret.family()];
    let ask = Ask { request, families: &families, confirm: None, carry: None };
    let keep = |done: &Done| {
        let Some(file) = done.text.as_ref() else {
            return Err(Fault::new(Kind::Unexpected, "no recovery kit made", "nothing was sealed", Act::say("kastellan doctor")).into());
        };
        let kept = create_owner_only(&args.to, file.as_bytes(), "recovery kit")
            .map_err(|fault| fault.leaving(Changed::Partly("the catalog notes a kit that is in no file: make it again".into())))?;
        kept.keep();
        call.out.note(&format!("the kit is in {}; print it, or copy it away from this machine", shown(&args.to)));
        Ok(())
    };
    let Some(done) = change::carry_out(call, ask, keep).await? else { return Ok(()) };
    change::receipt(call, &done.receipt)
}
