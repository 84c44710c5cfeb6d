//! Opening the console.
//!
//! Owns: whether this terminal can show it, and the line that says what to use where it cannot. Next: `main` opens it; `verbs` the plain
//! form, which may run some of them.

use super::call::Call;
use super::output::End;
use super::{plan, secrets, terminal};
use crate::crypto::Secrets;
use crate::domain::{Act, Changed, Fault, Kind, PasskeyName, Prover, Slot, Text};
use crate::host::{Config, Host, start_log};
use crate::ops::{Demo, Place, Settings, Throwaway};
use std::io::IsTerminal;
use std::sync::Arc;

/// What the console starts with.
pub struct Console {
    /// Where the catalog is or will be.
    pub place: Place,
    /// This machine and person.
    pub host: Arc<Host>,
    /// The configuration, flags merged in.
    pub config: Config,
    /// What the user set for the connection.
    pub settings: Settings,
    /// The context's name, where one was chosen.
    pub context: Option<Text>,
    /// The context is marked as production.
    pub production: bool,
    /// A seeded demo.
    pub demo: Option<Demo>,
    /// Secrets that flags gave.
    pub secrets: Secrets,
    /// Where the one that unlocks came from.
    pub secret_from: Prover,
    /// `--unlock-with NAME`.
    pub unlock_with: Option<PasskeyName>,
    /// The demo's folder, removed when this is dropped.
    pub throwaway: Option<Throwaway>,
}

/// What a verb that ends well leaves to do.
pub type Left = Option<Box<Console>>;

/// Opens the console on the call's connection.
///
/// # Errors
/// `Kind::Usage` where this is no terminal for it, naming the verb to use.
pub async fn open(call: Call) -> Result<Left, End> {
    if call.globals.plan {
        return plan::looks_only(&call, "kastellan").map(|()| None);
    }
    shows("cannot open the console", "kastellan status, or kastellan --help for all verbs; kastellan --plain asks line by line")?;
    if call.globals.log_file.is_none() && call.globals.verbose == 0 {
        start_log(&call.host.paths.log, 0)?;
    }
    Ok(Some(Box::new(of(call).await?)))
}

/// What the console starts with: a call's connection, and the secret that flags gave.
///
/// # Errors
/// As reading the secret.
pub async fn of(call: Call) -> Result<Console, Fault> {
    let given = secrets::given(&call).await?;
    let unlock_with = call.unlock_with()?;
    let mut filled = Secrets::new();
    let mut secret_from = call.person();
    if let Some((secret, from)) = given {
        filled.put(Slot::UNLOCK.0, secret);
        secret_from = from;
    }
    let Call { place, host, config, settings, context, production, .. } = call;
    Ok(Console {
        place,
        host,
        config,
        settings,
        context,
        production,
        demo: None,
        secrets: filled,
        secret_from,
        unlock_with,
        throwaway: None,
    })
}

/// Whether the console can be shown here.
///
/// # Errors
/// `Kind::Usage` with `instead` as what to do.
pub fn shows(doing: &str, instead: &str) -> Result<(), Fault> {
    let cause = if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        "standard input or output is not a terminal"
    } else if !terminal::draws() {
        "TERM is dumb or not set, so nothing can be drawn"
    } else {
        return Ok(());
    };
    Err(Fault::new(Kind::Usage, doing, cause, Act::say(instead)).leaving(Changed::Unsaid))
}
