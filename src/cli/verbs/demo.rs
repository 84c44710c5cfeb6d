//! `demo`: a throwaway seeded installation, and the console on it.

use crate::cli::call::{Call, shown};
use crate::cli::console::{self, Left};
use crate::cli::output::{End, tell};
use crate::ops::{Demo, Throwaway, seed_demo};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Open the console on a throwaway installation with something in it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Keep it in this folder, in place of removing it at the end
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Seeds, says how to get in, and hands the console over.
///
/// # Errors
/// `Kind::Usage` where there is no terminal for the console; as seeding.
pub async fn run(mut call: Call, args: Args) -> Result<Left, End> {
    if call.globals.plan {
        return crate::cli::plan::looks_only(&call, "demo").map(|()| None);
    }
    console::shows("cannot show the demo", "run kastellan demo in a terminal, or set up an installation: kastellan init")?;
    let throwaway = match &args.keep {
        Some(folder) => Throwaway::kept(folder)?,
        None => Throwaway::new("demo")?,
    };
    call.out.note("Seeding the demo with real keys: a few seconds ...");
    let mut seeding = Box::pin(seed_demo(throwaway.folder()));
    let demo = tokio::select! {
        demo = &mut seeding => demo?,
        () = call.signals.asked() => return Err(crate::domain::Fault::interrupted("demo not shown").into()),
    };
    drop(seeding);
    tell(ways_in(&demo, &throwaway).trim_end());
    call.place = demo.place.clone();
    call.host = demo.host.clone();
    call.context = None;
    call.production = false;
    call.settings.accept_changed = None;
    let mut console = console::of(call).await?;
    console.demo = Some(demo);
    console.throwaway = Some(throwaway);
    Ok(Some(Box::new(console)))
}

fn ways_in(demo: &Demo, throwaway: &Throwaway) -> String {
    let mut out = String::from("This is a DEMO. Its passphrases are no secrets:\n");
    for (name, passphrase) in &demo.ways_in {
        let _ = writeln!(out, "  {name}: {passphrase}");
    }
    let (name, passphrase) = &demo.unfinished;
    let _ = writeln!(out, "An interrupted rotation waits to be finished; its new passkey:\n  {name}: {passphrase}");
    if throwaway.stays() {
        let (folder, catalog) = (shown(throwaway.folder()), shown(&demo.place.catalog));
        let _ = writeln!(out, "It stays in {folder}: kastellan --catalog {catalog} status");
    } else {
        out.push_str("It vanishes when you leave.\n");
    }
    out
}
