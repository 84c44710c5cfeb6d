//! `artifact show ID`.

use crate::cli::call::Call;
use crate::cli::output::End;
use crate::cli::{plan, unlock};
use crate::domain::{Artifact, bytes};
use crate::ops::Resource;
use std::fmt::Write as _;

/// Show one artifact, and what it takes to open it without Kastellan
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which: its id, or the first digits of it
    #[arg(value_name = "ID")]
    id: String,
}

/// Shows.
///
/// # Errors
/// `Kind::NotFound`.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "artifact show");
    }
    let mut session = call.session().await?;
    unlock::if_given(call, &mut session).await?;
    let copies = session.artifact(&args.id).await?;
    let Some(first) = copies.first() else { return Ok(()) };
    let ad = session.associated_data(first).await?;
    let mut people = String::new();
    let mut say = |name: &str, value: &str| {
        let _ = writeln!(people, "{name:<10} {value}");
    };
    say("Artifact", &first.id);
    say("Policy", &format!("{}, key id {}", first.policy, first.policy_key_id));
    say("Sealed", &format!("{} by instance {}", first.created_at, first.instance_id));
    say("Size", &format!("{} ({} bytes), {} stored", bytes(first.size), first.size, bytes(first.stored)));
    match &first.sealed {
        None => say("Holds", "locked: encrypted"),
        Some(facts) => {
            say("Holds", facts.kind.word());
            for name in facts.names.lines() {
                say("", &name);
            }
            if let Some(note) = &facts.note {
                say("Note", &note.to_string());
            }
            say("Digest", &facts.digest);
        }
    }
    for copy in &copies {
        let verified = copy.verified_at.map_or_else(|| "never verified".to_owned(), |at| format!("every tag held {at}"));
        let altered = if copy.altered { "; its entry was altered" } else { "" };
        say("Lies in", &format!("{}: artifacts/{}/{}.tink, {verified}{altered}", copy.location, copy.folder, copy.id));
    }
    say("Opens with", "Tink AES256_GCM_HKDF_1MB and the policy's key; associated data in hex:");
    say("", &ad);
    let mut body = resource(first);
    body.0["associatedData"] = ad.into();
    let places = copies.iter().map(|c| serde_json::json!({ "location": c.location, "folder": c.folder, "verifiedAt": c.verified_at }));
    body.0["copies"] = places.collect::<Vec<_>>().into();
    call.out.one(body, &people, session.unlocked())
}

/// As data.
pub fn resource(artifact: &Artifact) -> Resource {
    Resource::ours("Artifact", &artifact.id, serde_json::to_value(artifact).unwrap_or_default())
}
