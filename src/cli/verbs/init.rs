//! `init`: make the master key, its catalog and the first passkey.

use crate::cli::call::{Call, passkey_name, shown};
use crate::cli::families::{Flags, NewSecret};
use crate::cli::output::End;
use crate::cli::{change, plan, secrets};
use crate::domain::{Act, Changed, Fault, Init, Kind, Method, PasskeyName, PassphraseSource, Request, Text};

/// Set up a new installation: the master key, its catalog, the first passkey
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The installation's name (default: this host's)
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The first passkey's name
    #[arg(long, value_name = "NAME", default_value = PasskeyName::DEFAULT)]
    passkey: String,
    /// The person it belongs to
    #[arg(long, value_name = "PERSON")]
    owner: Option<String>,
    /// Succeed where the same installation exists already
    #[arg(long)]
    if_absent: bool,
    #[command(flatten)]
    new: NewSecret,
}

/// Sets up.
///
/// # Errors
/// `Kind::Refused` where there is a catalog already.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let set_up = call.set_up();
    let init = Init {
        name: installation_name(args.name.as_deref(), &set_up.default_name())?,
        passkey: passkey_name(&args.passkey)?,
        method: Method::Passphrase,
        source: PassphraseSource::Prompt,
        owner: args.owner.map(Text::new),
    };
    if let Some(connection) = call.connect()? {
        let session = crate::ops::Session::open(connection).await?;
        return existing(call, &session.facts().await?, &init, args.if_absent, args.name.is_some());
    }
    let planned = set_up.plan(&init)?;
    if call.globals.plan {
        return plan::show(call, &planned, true);
    }
    let families = [args.new.family()];
    secrets::preflight(call, &planned, &families, &init.source)?;
    let begun = set_up.begin(&planned)?;
    change::run(call, begun, &families, &init.source, None).await
}

fn installation_name(given: Option<&str>, default: &Text) -> Result<Text, Fault> {
    let name = given.map_or_else(|| default.clone(), Text::new);
    let shown = name.to_string();
    let refuse = |why: &str| {
        let next = Act::say("choose a short name with --name, such as prod-eu1");
        Err(Fault::new(Kind::Usage, "installation name not taken", why, next))
    };
    if shown.trim().is_empty() {
        return refuse("it is empty");
    }
    if given.is_some_and(|given| given != shown) || shown.contains('\u{fffd}') {
        return refuse("it holds characters that cannot be shown, or is longer than 1024 characters");
    }
    if shown.len() > 63 {
        return refuse(&format!("it has {} bytes; at most 63 are allowed", shown.len()));
    }
    Ok(name)
}

/// There is an installation already: the same, or another.
fn existing(call: &Call, facts: &crate::domain::Facts, init: &Init, if_absent: bool, named: bool) -> Result<(), End> {
    let Some(found) = &facts.installation else { return Err(call.no_catalog().into()) };
    let request = Request::Init(init.clone());
    let place = shown(&call.place.catalog);
    let mut differences = Vec::new();
    if named && found.name != init.name {
        differences.push(format!("it is named {}, not {}", found.name, init.name));
    }
    match facts.passkey(&init.passkey) {
        None => differences.push(format!("it has no passkey {}", init.passkey)),
        Some(passkey) if init.owner.is_some() && passkey.owner != init.owner => {
            let owner = |owner: &Option<Text>| owner.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
            differences.push(format!("passkey {} belongs to {}, not {}", passkey.name, owner(&passkey.owner), owner(&init.owner)));
        }
        Some(_) => {}
    }
    if if_absent && differences.is_empty() {
        call.out.note(&format!("{} is there already: nothing to do", found.title()));
        return Ok(());
    }
    let mut cause = format!("{place} holds installation {} already", found.title());
    if if_absent {
        cause = format!("{cause}, and {}", differences.join(", "));
    }
    let next = Act::say("name another --catalog FILE, or look at this one: kastellan status");
    Err(Fault::refused(request.failing(), cause, next).leaving(Changed::Nothing).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installation_names_are_short_and_visible() {
        let host = Text::new("bastion");
        assert!(installation_name(None, &host).is_ok_and(|name| name == host));
        for wrong in ["", "  ", "a\x1b[2Jb", "a\nb", &"x".repeat(64), &"x".repeat(100_000)] {
            assert!(installation_name(Some(wrong), &host).is_err(), "{}", wrong.len());
        }
    }
}
