//! `rotate`: change over to a new passkey; finish or take back what was interrupted.

use crate::cli::call::{Call, passkey_name};
use crate::cli::change::{self, Ask};
use crate::cli::families::{Flags, NewSecret};
use crate::cli::output::End;
use crate::cli::{plan, todo, unlock};
use crate::domain::{Act, Because, Changed, Facts, Fault, Kind, MASTER_KNOWN, Method, PassphraseSource, Request, Rotate, Text};
use crate::ops::Resource;
use std::fmt::Write as _;

/// Change over to a new passkey; the old one stays unless --retire names it
#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
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
    /// Why: after a leak or a leaver there is a checklist, which stays until all of it is done
    #[arg(long, value_name = "WHY", value_enum, default_value = "planned")]
    because: Why,
    /// What leaked, or who left; kept encrypted
    #[arg(long, value_name = "TEXT")]
    leaked: Option<String>,
    /// After a leak: whoever has the secret has no copy of the catalog, nor an archive with its passphrase, and you are sure
    #[arg(long)]
    no_copy: bool,
    /// Show what is left to be done after leaks and leavers
    #[arg(long, conflicts_with_all = ["name", "resume", "abandon"])]
    checklist: bool,
    /// Tick this item, which only a person can know
    #[arg(long, value_name = "ITEM", requires = "checklist")]
    done: Option<String>,
    #[command(flatten)]
    new: NewSecret,
}

/// Why a passkey is rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Why {
    Planned,
    Leak,
    Leaver,
}

/// Rotates.
///
/// # Errors
/// As the operation.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if args.checklist {
        return checklist(call, args.done.as_deref()).await;
    }
    let because = because(call, &args).await?;
    let after = because != Because::Planned;
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
            because,
        })
    };
    change::change(call, Ask { request, families: &[args.new.family()], confirm: args.confirm.as_deref(), carry: None }).await?;
    if after && !call.globals.plan {
        let facts = call.session().await?.facts().await?;
        call.out.note(people(&facts).trim_end());
    }
    Ok(())
}

/// What happened, asked where nobody said it. What nobody is sure of counts as the worse.
async fn because(call: &Call, args: &Args) -> Result<Because, Fault> {
    if args.because == Why::Planned || args.name.is_none() {
        return Ok(Because::Planned);
    }
    let prompt = call.prompt().filter(|_| args.leaked.is_none() && !call.globals.plan);
    let question = if args.because == Why::Leak { "What leaked, and how? " } else { "Who left? " };
    let what = match &prompt {
        Some(prompt) => prompt.line(question).await?,
        None => args.leaked.clone().unwrap_or_default(),
    };
    let what = Text::new(what.trim());
    if args.because == Why::Leaver {
        return Ok(Because::Leaver { what });
    }
    let sure = "Are you sure that whoever has it has neither a copy of the catalog, of any age, nor an archive with its DR passphrase?";
    let no_copy = match &prompt {
        Some(prompt) if !args.no_copy => prompt.yes(sure).await?,
        _ => args.no_copy,
    };
    Ok(Because::Leak { what, no_copy })
}

async fn checklist(call: &Call, done: Option<&str>) -> Result<(), End> {
    let mut session = call.session().await?;
    if let Some(word) = done {
        if call.globals.plan {
            return plan::looks_only(call, "rotate");
        }
        unlock::unlock(call, &mut session).await?;
        let ticked = session.tick(word).await?;
        call.out.note(if ticked == 0 { "nothing was left to tick" } else { "ticked" });
    } else {
        unlock::if_given(call, &mut session).await?;
    }
    let facts = session.facts().await?;
    let all: Vec<_> = facts.aftermath.iter().map(|a| serde_json::json!({ "of": a, "items": a.todo(&facts) })).collect();
    let name = facts.installation.as_ref().map(|i| i.name.to_string()).unwrap_or_default();
    call.out.one(Resource::ours("Checklist", &name, serde_json::json!({ "after": all })), &people(&facts), facts.verified)
}

/// Every checklist that has something left, else that there is none.
fn people(facts: &Facts) -> String {
    let mut out = String::new();
    for after in facts.aftermath.iter().filter(|after| after.left(facts) > 0) {
        let _ = writeln!(out, "After the {}, said by {} {}:", after.title(), after.who, after.at.short(facts.now));
        out.push_str(&todo::list(&after.todo(facts)));
        if after.master_known() {
            let _ = writeln!(out, "{}", MASTER_KNOWN.join("\n"));
        }
    }
    if out.is_empty() { "Nothing is left to be done after a leak or a leaver.\n".into() } else { out }
}
