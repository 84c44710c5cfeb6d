//! `dr check`.

use crate::cli::call::Call;
use crate::cli::families::{DrSecret, Flags};
use crate::cli::output::End;
use crate::cli::secrets::{self, PROMPTS};
use crate::cli::{plan, unlock};
use crate::crypto::Passphrase;
use crate::domain::{Act, Archive, Changed, DrPassphrase, Facts, Fault, Kind, Prover};
use crate::ops::{Resource, Session};

/// Type the DR passphrase, and see whether the newest archive opens with it
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    secret: DrSecret,
}

/// Checks.
///
/// # Errors
/// `Kind::AnswerNo` where it does not open; as the locations'.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "dr check");
    }
    let family = args.secret.family();
    let mut session = call.session().await?;
    let facts = session.facts().await?;
    if !facts.dr_on() {
        let next = Act::say("set it up: kastellan dr enable --location L");
        return Err(Fault::refused("DR passphrase not checked", "DR is not on", next).leaving(Changed::Unsaid).into());
    }
    unlock::unlock(call, &mut session).await?;
    let archive = match secrets::of_family(call, &family, "DR passphrase").await? {
        Some(secret) => {
            let by = if family.fd.is_some() { Prover::Fd } else { Prover::File };
            session.check_dr(&secret, &by).await.map_err(answer)?
        }
        None => typed(call, &session, &facts).await?,
    };
    let people =
        format!("DR passphrase no. {} opens archive {} of {} in {}\n", archive.number, archive.seq, archive.created_at, archive.location);
    let body = serde_json::json!({ "number": archive.number, "archive": archive });
    call.out.one(Resource::ours("DrCheck", &archive.number.to_string(), body), &people, true)
}

async fn typed(call: &Call, session: &Session, facts: &Facts) -> Result<Archive, Fault> {
    let Some(prompt) = call.prompt() else {
        let next = Act::say("--dr-passphrase-file F, --dr-passphrase-fd N, or a terminal");
        let cause = "the DR passphrase was not given, and there is no terminal to ask on";
        return Err(Fault::new(Kind::Secret, "DR passphrase not checked", cause, next).leaving(Changed::Unsaid));
    };
    let number = facts.dr.as_ref().map_or(0, |dr| dr.number);
    let mut label = envelope(facts, number);
    let mut last = None;
    for _ in 0..PROMPTS {
        match Passphrase::entered(&prompt.secret(&format!("{label}DR passphrase: ")).await?) {
            Err(e) => label = format!("not taken: {e}\n"),
            Ok(secret) => match session.check_dr(&secret, &call.person()).await {
                Err(fault) if fault.kind == Kind::Secret => {
                    label = format!("{}\n", fault.line());
                    last = Some(fault);
                }
                ended => return ended,
            },
        }
    }
    Err(answer(last.unwrap_or_else(|| {
        Fault::new(Kind::Secret, "DR passphrase not checked", format!("{PROMPTS} attempts did not give one"), Act::say("take its envelope"))
    })))
}

/// The envelope that is wanted.
pub fn envelope(facts: &Facts, number: u64) -> String {
    let Some(installation) = &facts.installation else { return String::new() };
    let made = facts.dr_passphrases.iter().find(|p| p.number == number).map_or(facts.now, |p| p.created_at);
    format!("The envelope {}\n", DrPassphrase::envelope(number, &installation.name, installation.short_id(), &made.day()))
}

/// A passphrase that does not open is an answer here, and no accident.
fn answer(fault: Fault) -> Fault {
    if fault.kind == Kind::Secret { Fault { kind: Kind::AnswerNo, state: Changed::Unsaid, ..fault } } else { fault }
}
