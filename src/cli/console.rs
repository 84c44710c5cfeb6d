//! Opening the console, or its plain form.
//!
//! Owns: whether this terminal can show it, and the line that says what to use where it cannot. Next: `main` opens it; `plain` is the
//! form without drawing.

use super::Left;
use super::call::Call;
use super::output::End;
use super::terminal;
use crate::domain::{Act, Changed, Fault, Kind};
use crate::host::start_log;
use std::io::IsTerminal;

/// Opens the console on the call's connection.
///
/// # Errors
/// `Kind::Usage` where this is no terminal for it, naming the verb to use.
pub async fn open(call: Call) -> Result<Left, End> {
    if call.globals.plan {
        return super::plan::looks_only(&call, "kastellan").map(|()| None);
    }
    if call.globals.plain {
        return super::plain::menu(&call).await.map(|()| None);
    }
    shows("cannot open the console", "kastellan status, or kastellan --help for all verbs; kastellan --plain asks line by line")?;
    if call.globals.log_file.is_none() && call.globals.verbose == 0 {
        start_log(&call.host.paths.log, 0)?;
    }
    Ok(Some(Box::new(call.console().await?)))
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
