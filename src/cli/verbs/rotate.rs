//! `rotate`: change over to a new passkey; finish or take back what was interrupted.

use crate::cli::call::{Call, passkey_name};
use crate::cli::change::{self, Ask};
use crate::cli::families::{Flags, NewSecret};
use crate::cli::output::End;
use crate::domain::{Act, Changed, Fault, Kind, Method, PassphraseSource, Request, Rotate, Text};

/// Change over to a new passkey; the old one stays unless --retire names it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The new passkey
    #[arg(value_name = "NEWNAME", conflicts_with_all = ["resume", "abandon"])]
    name: Option<String>,
    /// Finish the operation that was interrupted
    #[arg(long, conflicts_with = "abandon")]
    resume: bool,
    /// Take the operation that was interrupted back
    #[arg(long)]
    abandon: bool,
    /// The person the new passkey belongs to
    #[arg(long, value_name = "PERSON", conflicts_with_all = ["resume", "abandon"])]
    owner: Option<String>,
    /// Remove this passkey at the end, once the new one is proved
    #[arg(long, value_name = "OLD", conflicts_with_all = ["resume", "abandon"])]
    retire: Option<String>,
    /// Confirm that removal
    #[arg(long, value_name = "OLD")]
    confirm: Option<String>,
    /// Retire it although no DR archive holds the new passkey
    #[arg(long, requires = "retire")]
    without_archive: bool,
    /// So many kept DR archives may be left without any passkey that opens them
    #[arg(long, value_name = "COUNT", requires = "retire")]
    shut_archives: Option<u64>,
    #[command(flatten)]
    new: NewSecret,
}

/// Rotates.
///
/// # Errors
/// As the operation.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let request = if args.resume || args.abandon {
        let facts = call.session().await?.facts().await?;
        if facts.unfinished.is_none() && facts.holder.is_none() {
            let word = if args.resume { "resume" } else { "abandon" };
            call.out.note(&format!("nothing to {word}: no operation is unfinished"));
            return Ok(());
        }
        if args.resume { Request::Resume } else { Request::Abandon }
    } else {
        let Some(name) = &args.name else {
            if call.globals.plain && call.prompt().is_some() {
                return crate::cli::plain::flow(call, crate::domain::Intent::Rotate).await;
            }
            let next = Act::say("kastellan rotate NEWNAME, such as k10MasterKey-2; or --resume, --abandon");
            let fault = Fault::new(Kind::Usage, "kastellan rotate", "the new passkey's name is missing", next);
            return Err(fault.leaving(Changed::Unsaid).into());
        };
        Request::Rotate(Rotate {
            new: passkey_name(name)?,
            method: Method::Passphrase,
            source: PassphraseSource::Prompt,
            owner: args.owner.map(Text::new),
            retire: args.retire.as_deref().map(passkey_name).transpose()?,
            without_archive: args.without_archive,
            shut_archives: args.shut_archives,
        })
    };
    change::change(call, Ask { request, families: &[args.new.family()], confirm: args.confirm.as_deref(), carry: None }).await
}
