//! `dr prune`.

use crate::cli::call::Call;
use crate::cli::change::{self, Ask};
use crate::cli::output::End;
use crate::domain::{DrPrune, Request, Timestamp};

/// Remove old archives; the three newest proved ones of each location always stay
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only what was made before this day or time: 2026-07-31, or 2026-07-31T14:02:09Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    before: Timestamp,
    /// Another instance's archives may go as well
    #[arg(long, value_name = "ID")]
    instance: Option<String>,
    /// Confirm it
    #[arg(long, value_name = "INSTALLATION")]
    confirm: Option<String>,
}

fn time(text: &str) -> Result<Timestamp, String> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    whole.parse().map_err(|_| "it is a day such as 2026-07-31, or a time such as 2026-07-31T14:02:09Z".to_owned())
}

/// Prunes.
///
/// # Errors
/// As the locations'.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    let request = Request::DrPrune(DrPrune { before: args.before, instance: args.instance });
    change::change(call, Ask::of(request, args.confirm.as_deref())).await
}
