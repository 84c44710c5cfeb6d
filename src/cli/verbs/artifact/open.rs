//! `artifact open ID --to PATH|-`.

use crate::cli::call::{Call, location_name};
use crate::cli::output::End;
use crate::cli::progress::{Progress, Unit};
use crate::cli::{plan, unlock};
use crate::domain::{Act, Artifact, Changed, Fault, Kind, bytes};
use crate::ops::{Sink, To, Told};
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Open an artifact; the plaintext takes its final name only once every tag held
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which: its id, or the first digits of it
    #[arg(value_name = "ID")]
    id: String,
    /// Into this new file, or for archives new folder; -: standard output, of which only exit code 0 says that it is complete (141: its reader closed early)
    #[arg(long, value_name = "PATH|-")]
    to: PathBuf,
    /// From this location (default: the first that has it whole)
    #[arg(long, value_name = "LOCATION")]
    location: Option<String>,
}

/// Opens.
///
/// # Errors
/// `Kind::Damaged` where a tag does not hold; `Kind::Refused` for a path that exists, and for binary data onto a terminal.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "artifact open");
    }
    let stdout = args.to.as_os_str() == "-";
    let refuse = |cause: &str, next: &str| Fault::refused("artifact not opened", cause, Act::say(next)).leaving(Changed::Unsaid);
    if stdout && std::io::stdout().is_terminal() {
        return Err(refuse(
            "standard output is a terminal, and what was sealed could be anything",
            "--to FILE, or send it on: --to - | less",
        )
        .into());
    }
    let from = args.location.as_deref().map(location_name).transpose()?;
    let mut session = call.session().await?;
    session.artifact(&args.id).await?;
    if !stdout && args.to.symlink_metadata().is_ok() {
        return Err(refuse(
            &format!("{} exists, and nothing is ever overwritten", crate::cli::call::shown(&args.to)),
            "name one that does not exist",
        )
        .into());
    }
    unlock::unlock(call, &mut session).await?;
    let closed = Arc::new(AtomicBool::new(false));
    let out = Arc::new(AtomicU64::new(0));
    let to = if stdout { To::Stream(standard_output(out.clone(), closed.clone())) } else { To::Path(&args.to) };
    if stdout {
        call.out.note("writing to standard output as segments verify: only exit code 0 means complete");
    }
    let progress = Arc::new(Progress::new(&call.out, Unit::Bytes));
    let told = |artifact: &Artifact| -> Told {
        let (progress, size) = (progress.clone(), artifact.size);
        Box::new(move |done| progress.tell(done, Some(size)))
    };
    let opened = session.open_artifact(&args.id, from.as_ref(), to, told, call.signals.stop()).await;
    progress.end();
    if closed.load(Ordering::SeqCst) {
        return Err(End::Cut);
    }
    let artifact = opened.map_err(|fault| incomplete(fault, out.load(Ordering::SeqCst)))?.artifact;
    let place = if stdout { String::new() } else { format!(" into {}", crate::cli::call::shown(&args.to)) };
    call.out.note(&format!("artifact {} opened{place}: {}, every tag held", artifact.short_id(), bytes(artifact.size)));
    Ok(())
}

/// The fault, and what went out before it.
fn incomplete(fault: Fault, out: u64) -> Fault {
    match out {
        0 => fault,
        out => fault
            .leaving(Changed::Partly(format!("the {} that went to standard output are not all of it: discard them", bytes(out)).into())),
    }
}

/// Standard output, counted; `closed` where its reader has had enough.
fn standard_output(count: Arc<AtomicU64>, closed: Arc<AtomicBool>) -> Sink {
    let mut out = std::io::stdout();
    Box::new(move |bytes| {
        out.write_all(bytes).and_then(|()| out.flush()).map_err(|e| {
            if e.kind() == ErrorKind::BrokenPipe {
                closed.store(true, Ordering::SeqCst);
            }
            let next = Act::say("look at where standard output goes: is that disk full?");
            Fault::new(Kind::Unexpected, "cannot write to standard output", e.to_string(), next).leaving(Changed::Unsaid)
        })?;
        count.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        Ok(())
    })
}
