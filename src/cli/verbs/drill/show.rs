//! `drill show ID`.

use crate::cli::call::Call;
use crate::cli::output::End;
use crate::cli::{plan, unlock};
use crate::domain::{Act, Changed, DrillDone, Fault, Kind, Text};
use crate::ops::{Resource, signing_line};

/// Show one drill: its whole report while unlocked, else how it ended
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which: its id, or the first digits of it
    #[arg(value_name = "ID")]
    id: String,
    /// Unlock for it, and show the whole report
    #[arg(long)]
    report: bool,
}

/// Shows.
///
/// # Errors
/// `Kind::NotFound`.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "drill show");
    }
    let mut session = call.session().await?;
    if args.report {
        unlock::unlock(call, &mut session).await?;
    } else {
        unlock::if_given(call, &mut session).await?;
    }
    let facts = session.facts().await?;
    let done = one(&facts.drills, &args.id)?;
    if !session.unlocked() {
        let people = format!("drill {} of {}, by {} on {}: {}\n", done.scenario, done.began_at, done.by, done.machine, done.ended());
        call.out.note("its whole report: --report unlocks for it");
        return call.out.one(Resource::ours("Drill", &done.id, serde_json::to_value(done).unwrap_or_default()), &people, false);
    }
    let Some((drill, json, signature)) = session.drill(&done.id).await? else { return Err(not_found(&args.id).into()) };
    let signer = facts.installation.as_ref().filter(|_| signature.is_some()).and_then(signing_line);
    let body = serde_json::json!({
        "report": serde_json::to_value(&drill).unwrap_or_default(),
        "signed": String::from_utf8_lossy(&json),
        "signature": signature,
        "signedBy": signer,
    });
    call.out.one(Resource::ours("Drill", &done.id, body), &drill.markdown(signer.as_deref()), true)
}

fn one<'a>(drills: &'a [DrillDone], id: &str) -> Result<&'a DrillDone, Fault> {
    let mut of = drills.iter().filter(|drill| !id.is_empty() && drill.id.starts_with(&id.to_ascii_lowercase()));
    match (of.next(), of.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(not_found(id)),
        (Some(_), Some(_)) => {
            let next = Act::say("give more of its digits: kastellan drill list -o name");
            let cause = format!("several drills begin with {}", Text::new(id));
            Err(Fault::new(Kind::Usage, "drill not shown", cause, next).leaving(Changed::Unsaid))
        }
    }
}

fn not_found(id: &str) -> Fault {
    let cause = format!("there is no drill {}", Text::new(id));
    Fault::new(Kind::NotFound, "drill not shown", cause, Act::say("kastellan drill list")).leaving(Changed::Unsaid)
}
