//! `handover --from A --to B`: what has to be true before the first may go.

use crate::cli::call::Call;
use crate::cli::output::End;
use crate::cli::{plan, todo, unlock};
use crate::domain::{Act, Fault, Kind, Text, handover, same_person};
use crate::ops::Resource;

/// Hand an installation over from one person to another: a list that fills up as each step is done
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Who goes, as --owner has it
    #[arg(long, value_name = "A")]
    from: String,
    /// Who stays
    #[arg(long, value_name = "B")]
    to: String,
}

/// Shows the list.
///
/// # Errors
/// `Kind::Usage` where both are one person; as the catalog's.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "handover");
    }
    let (from, to) = (Text::new(args.from), Text::new(args.to));
    if same_person(&from, &to) {
        let next = Act::say("name two people: kastellan handover --from A --to B");
        return Err(Fault::new(Kind::Usage, "nothing to hand over", format!("{from} and {to} are one person"), next).into());
    }
    let mut session = call.session().await?;
    unlock::if_given(call, &mut session).await?;
    let facts = session.facts().await?;
    let items = handover(&from, &to, &facts);
    let left = items.iter().filter(|item| !item.done).count() as u64;
    let ended = match items.iter().find_map(|item| item.act.as_ref()) {
        Some(act) => format!("{} left. Next: {}\n", crate::domain::count(left, "step is", "steps are"), act.say),
        None => format!("Handed over: {to} holds all that {from} held.\n"),
    };
    let people = format!("From {from} to {to}:\n{}{ended}", todo::list(&items));
    let body = serde_json::json!({ "from": from, "to": to, "items": items, "left": left });
    call.out.one(Resource::ours("Handover", &to.to_string(), body), &people, facts.verified)
}
