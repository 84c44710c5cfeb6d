//! `passkey add NAME` or `-f FILE`.

use crate::cli::call::{Call, passkey_name, shown};
use crate::cli::change::{self, Ask};
use crate::cli::families::{Flags, NewSecret};
use crate::cli::output::End;
use crate::cli::tables;
use crate::domain::{Act, Facts, Fault, Kind, Method, Passkey, PasskeyAdd, PassphraseSource, Request, Text};
use crate::host::read_public;
use crate::ops::read_passkey;
use std::path::PathBuf;

/// The largest YAML that is read, in bytes.
const MOST: u64 = 64 * 1024;

/// Add a passkey beside the others; the others stay
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The new passkey
    #[arg(value_name = "NAME", required_unless_present = "file", conflicts_with = "file")]
    name: Option<String>,
    /// Take name and settings from this YAML, as one would give it to Kasten; -: standard input
    #[arg(short, long, value_name = "FILE|-")]
    file: Option<PathBuf>,
    /// Put it in use once it is proved
    #[arg(long)]
    use_now: bool,
    /// The person it belongs to
    #[arg(long, value_name = "PERSON")]
    owner: Option<String>,
    /// A remark, kept encrypted
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Succeed where the same passkey exists already
    #[arg(long)]
    if_absent: bool,
    #[command(flatten)]
    new: NewSecret,
}

/// Adds.
///
/// # Errors
/// `Kind::Refused` where the name exists.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let wanted = wanted(call, &args).await?;
    if args.if_absent {
        let facts = call.session().await?.facts().await?;
        if let Some(found) = facts.passkey(&wanted.name) {
            return existing(call, &facts, found, &wanted, args.owner.is_some());
        }
    }
    change::change(call, Ask { request: Request::PasskeyAdd(wanted), families: &[args.new.family()], confirm: None, carry: None }).await
}

async fn wanted(call: &Call, args: &Args) -> Result<PasskeyAdd, Fault> {
    let (name, source, use_now) = match (&args.file, &args.name) {
        (Some(file), _) => {
            let path = file.clone();
            let yaml = call.waiting("passkey file", move || read_public(&path, MOST, "passkey file")).await?;
            let spec = read_passkey(&yaml).map_err(|e| {
                let next = Act::say("an example that fits: kastellan passkey show NAME -o yaml");
                Fault::new(Kind::Usage, format!("passkey file {} not taken", shown(file)), e.to_string(), next)
            })?;
            (spec.name, spec.source, spec.use_now)
        }
        (None, name) => (passkey_name(name.as_deref().unwrap_or_default())?, PassphraseSource::Prompt, false),
    };
    Ok(PasskeyAdd {
        name,
        method: Method::Passphrase,
        source,
        owner: args.owner.clone().map(Text::new),
        note: args.note.clone().map(Text::new),
        use_now: use_now || args.use_now,
    })
}

/// The same passkey is there already, or another of that name. Secret and note cannot be compared.
fn existing(call: &Call, facts: &Facts, found: &Passkey, wanted: &PasskeyAdd, owner: bool) -> Result<(), End> {
    let mut differences = Vec::new();
    let said = |text: &Option<Text>| text.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
    if owner && found.owner != wanted.owner {
        differences.push(format!("it belongs to {}, not {}", said(&found.owner), said(&wanted.owner)));
    }
    if wanted.source != PassphraseSource::Prompt && found.source != wanted.source {
        differences.push(format!("its secret: {}, not {}", tables::source(&found.source), tables::source(&wanted.source)));
    }
    if wanted.use_now && !facts.in_use(&found.name) {
        differences.push("it is not in use".into());
    }
    if found.pending {
        differences.push("it is not proved yet".into());
    }
    if found.altered {
        differences.push("its record was altered".into());
    }
    if differences.is_empty() {
        call.out.note(&format!("passkey {} is there already: nothing to do", found.name));
        return Ok(());
    }
    let cause = format!("passkey {} exists, and differs: {}", found.name, differences.join(", "));
    Err(Fault::refused(Request::PasskeyAdd(wanted.clone()).failing(), cause, Act::say("choose another name")).into())
}
