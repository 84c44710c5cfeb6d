//! `passkey check [NAME...]`: prove by unwrapping.

use crate::cli::call::{Call, path_of};
use crate::cli::output::End;
use crate::cli::output::List;
use crate::cli::prompt::Prompt;
use crate::cli::secrets::{self, PROMPTS};
use crate::cli::{names, tables};
use crate::crypto::{Passphrase, Secrets};
use crate::domain::{Act, Changed, Facts, Fault, Installation, Kind, Passkey, PasskeyName, PassphraseSource, Prover, Slot, Text};
use crate::ops::{Checked, Resource, Session};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Prove that passkeys open, by unwrapping with them; without names: all of them
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Succeed if any of them opens
    #[arg(long)]
    any: bool,
}

/// Checks.
///
/// # Errors
/// `Kind::AnswerNo` where not all (or, with `--any`, none) of them open; `Kind::Refused` where those that do not could not be tried.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let session = call.session().await?;
    let facts = session.facts().await?;
    let asked = asked(&facts, &args)?;
    let files = secrets::files_by_name(call, &asked.iter().map(|p| p.name.clone()).collect::<Vec<_>>())?;
    if call.globals.plan {
        return planned(call, &facts, &asked);
    }
    let shared = shared(call, &files).await?;
    let mut outcomes: Vec<Checked> = Vec::new();
    for passkey in &asked {
        if args.any && outcomes.iter().any(|checked| checked.outcome.is_ok()) {
            break;
        }
        let own = files.iter().find(|(name, _)| name.as_ref().is_some_and(|name| name.same(&passkey.name)));
        outcomes.push(one(call, &session, &facts, passkey, own, shared.as_ref()).await?);
        if call.signals.code().is_some() {
            return Err(Fault::interrupted("passkeys not all checked").into());
        }
    }
    let facts = session.facts().await?;
    let shown: Vec<&Passkey> = outcomes.iter().map(|checked| facts.passkey(&checked.passkey.name).unwrap_or(&checked.passkey)).collect();
    let items = shown.iter().map(|p| Resource::passkey(p, facts.in_use(&p.name), &facts.ages, facts.now)).collect();
    let table = tables::checked(&outcomes, &facts);
    call.out.list(List { kind: "Passkey", items, table, verified: true })?;
    answer(&outcomes, args.any)
}

/// The passkeys to check, the one in use first.
fn asked<'a>(facts: &'a Facts, args: &Args) -> Result<Vec<&'a Passkey>, Fault> {
    let doing = Text::new("cannot check");
    let names = secrets::names(&args.names)?;
    if !names.is_empty() {
        let mut asked: Vec<&Passkey> = Vec::new();
        for name in &names {
            let passkey = names::passkey(facts, name, &doing)?;
            if !asked.iter().any(|p| p.name.same(name)) {
                asked.push(passkey);
            }
        }
        return Ok(asked);
    }
    let mut all: Vec<&Passkey> = facts.passkeys.iter().filter(|p| !p.pending).collect();
    all.sort_by_key(|p| !facts.in_use(&p.name));
    Ok(all)
}

fn planned(call: &Call, facts: &Facts, asked: &[&Passkey]) -> Result<(), End> {
    let names: Vec<&PasskeyName> = asked.iter().map(|p| &p.name).collect();
    let mut people = String::from("passkey check\nsteps\n");
    for (index, name) in names.iter().enumerate() {
        let _ = writeln!(people, "  {} unwrap with {name} and note the outcome as its proof  safe to stop", index + 1);
    }
    people.push_str("secrets that it will need\n");
    people.extend(
        names.iter().map(|name| format!("  {}  (--passphrase-file {name}=FILE, --passphrase-fd or a prompt)\n", envelope(facts, name))),
    );
    call.out.one(Resource::ours("Plan", "passkey check", serde_json::json!({ "passkeys": names })), &people, facts.verified)
}

/// The secret that flags give for all passkeys that have none of their own.
async fn shared(call: &Call, files: &[(Option<PasskeyName>, PathBuf)]) -> Result<Option<(Passphrase, Prover)>, Fault> {
    match files.iter().find(|(name, _)| name.is_none()) {
        Some((_, path)) => Ok(Some((secrets::from_file(path)?, Prover::File))),
        None if call.globals.passphrase_fd.is_some() => secrets::given(call).await,
        None => Ok(None),
    }
}

async fn one(
    call: &Call,
    session: &Session,
    facts: &Facts,
    passkey: &Passkey,
    own: Option<&(Option<PasskeyName>, PathBuf)>,
    shared: Option<&(Passphrase, Prover)>,
) -> Result<Checked, Fault> {
    if let Some((_, path)) = own {
        return unwrap(call, session, passkey, secrets::from_file(path)?, Prover::File).await;
    }
    if let Some((secret, by)) = shared {
        return unwrap(call, session, passkey, secret.duplicate(), by.clone()).await;
    }
    if let PassphraseSource::File { path } = &passkey.source {
        return match secrets::from_file(&path_of(path)) {
            Ok(secret) => unwrap(call, session, passkey, secret, Prover::File).await,
            Err(fault) => Ok(Checked { passkey: passkey.clone(), outcome: Err(fault) }),
        };
    }
    match call.prompt() {
        Some(prompt) => typed(call, session, facts, passkey, &prompt).await,
        None => Err(Fault::new(
            Kind::Secret,
            format!("cannot check {}", passkey.name),
            "its passphrase was not given, and there is no terminal to ask on",
            Act::say(format!("use --passphrase-file {}=FILE, or --passphrase-fd N for one that they share", passkey.name)),
        )),
    }
}

async fn typed(call: &Call, session: &Session, facts: &Facts, passkey: &Passkey, prompt: &Prompt) -> Result<Checked, Fault> {
    let mut label = format!("{}  (Enter alone: not now)\n", envelope(facts, &passkey.name));
    let mut last = not_tried(passkey);
    for _ in 0..PROMPTS {
        let Ok(secret) = Passphrase::entered(&prompt.secret(&format!("{label}passphrase: ")).await?) else { return Ok(last) };
        last = unwrap(call, session, passkey, secret, call.person()).await?;
        match &last.outcome {
            Err(fault) if fault.kind == Kind::Secret => label = format!("{}\n", fault.line()),
            _ => return Ok(last),
        }
    }
    Ok(last)
}

fn not_tried(passkey: &Passkey) -> Checked {
    let next = Act::say(format!("kastellan passkey check {}", passkey.name));
    let fault = Fault::new(Kind::Secret, format!("{} not checked", passkey.name), "nothing was typed", next);
    Checked { passkey: passkey.clone(), outcome: Err(fault) }
}

async fn unwrap(call: &Call, session: &Session, passkey: &Passkey, secret: Passphrase, by: Prover) -> Result<Checked, Fault> {
    let mut slots = Secrets::new();
    slots.put(Slot::CHECK.0, secret);
    let which = [(passkey.name.clone(), Slot::CHECK, by)];
    let mut checked = session.check(&which, &slots, call.signals.stop()).await?;
    Ok(checked.pop().unwrap_or_else(|| not_tried(passkey)))
}

/// Yes, or which do not open and why.
fn answer(outcomes: &[Checked], any: bool) -> Result<(), End> {
    let failed: Vec<_> = outcomes.iter().filter_map(|c| c.outcome.as_ref().err().map(|fault| (&c.passkey.name, fault))).collect();
    if failed.is_empty() || (any && failed.len() < outcomes.len()) {
        return Ok(());
    }
    let causes: Vec<String> = failed.iter().map(|(name, fault)| format!("{name}: {}", fault.cause)).collect();
    let untried = failed.iter().all(|(_, fault)| fault.kind == Kind::Refused);
    let (kind, doing) = match (untried, any) {
        (false, false) => (Kind::AnswerNo, "not every passkey opens"),
        (false, true) => (Kind::AnswerNo, "no passkey opens"),
        (true, false) => (Kind::Refused, "not every passkey could be tried"),
        (true, true) => (Kind::Refused, "no passkey could be tried"),
    };
    let next = failed.first().map_or_else(|| Act::say("kastellan passkey list"), |(_, fault)| fault.next.clone());
    Err(Fault::new(kind, doing, causes.join("; "), next).leaving(Changed::Unsaid).into())
}

fn envelope(facts: &Facts, name: &PasskeyName) -> String {
    let made = facts.passkey(name).map(|p| p.created_at.day()).unwrap_or_default();
    match &facts.installation {
        Some(i) => Installation::envelope(name, &i.name, i.short_id(), &made),
        None => format!("PASSKEY {name}"),
    }
}
