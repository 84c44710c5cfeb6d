//! `dr list`: the archives in a location, with or without a catalog.

use crate::cli::call::Call;
use crate::cli::families::Flags;
use crate::cli::output::{End, List, Table};
use crate::cli::place::Loc;
use crate::cli::{plan, secrets, unlock};
use crate::crypto::Passphrase;
use crate::domain::{Act, Changed, Fault, Kind, Target, Text, Timestamp, bytes, count};
use crate::ops::{Found, Opening, Resource, Session, Store};
use std::sync::Arc;

/// List the archives in a location; needs no catalog where the location is named
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: Loc,
    /// Only of this installation, by the first digits of its id
    #[arg(long, value_name = "ID")]
    installation: Option<String>,
}

/// How it is called where no catalog knows the places.
pub const NAMED: &str = "kastellan dr list --directory DIR | --s3 BUCKET";

/// Lists.
///
/// # Errors
/// As the location's.
pub async fn run(call: &Call, args: Args) -> Result<(), End> {
    if call.globals.plan {
        return plan::looks_only(call, "dr list");
    }
    let mut found = Vec::new();
    if let Some(target) = args.place.target()? {
        let secret = secrets::of_family(call, &args.place.family(), "secret key").await?;
        let (_, all) = archives(&opening(call), &target, secret.as_ref()).await?;
        found.extend(all.into_iter().map(|f| (target.address(), f)));
    } else {
        let Some(connection) = call.connect()? else {
            let next = Act::say(format!("name the place: {NAMED}"));
            return Err(Fault { next, ..call.no_catalog() }.into());
        };
        let mut session = Session::open(connection).await?;
        unlock::unlock(call, &mut session).await?;
        let facts = session.facts().await?;
        for location in facts.dr.iter().flat_map(|dr| dr.locations.clone()) {
            let store = session.store(&location).await?;
            let all = opening(call).list(&store).await?;
            found.extend(all.into_iter().map(|f| (Text::new(location.as_str()), f)));
        }
    }
    found.retain(|(_, f)| of(f, args.installation.as_deref()));
    let now = call.now();
    let mut table = Table::new(&["INSTALLATION", "MADE", "OPENS WITH", "SIZE", "ARCHIVE"], "There is no DR archive here.");
    let mut items = Vec::new();
    for (place, f) in &found {
        table.row(row(f, now));
        items.push(resource(f, place));
    }
    call.out.list(List { kind: "DrArchive", items, table, verified: true })
}

/// How many levels up are looked at where a place has no archives.
const LEVELS: [&str; 2] = ["one level", "two levels"];

/// The archives in a place. Where there are none the levels above are looked at: a prefix too many is soon named.
///
/// # Errors
/// `Kind::NotFound` where they are further up; as the location's.
pub async fn archives(opening: &Opening, target: &Target, secret: Option<&Passphrase>) -> Result<(Arc<dyn Store>, Vec<Found>), Fault> {
    let store = opening.store(target, secret)?;
    let found = opening.list(&store).await?;
    if !found.is_empty() {
        return Ok((store, found));
    }
    let mut place = target.clone();
    for level in LEVELS {
        let Some(above) = place.above() else { break };
        // One that cannot be read there says nothing about this place.
        let listed = match opening.store(&above, secret) {
            Ok(store) => opening.list(&store).await.unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        let mut ids: Vec<String> = listed.iter().map(Found::catalog_id).collect();
        ids.sort();
        ids.dedup();
        if !ids.is_empty() {
            let there = count(ids.len() as u64, "installation", "installations");
            let cause = format!("no DR archive under {}/dr/: {there} found {level} up, under {}/dr/", target.address(), above.address());
            let next = Act::say(format!("kastellan dr list {}", above.flags()));
            return Err(Fault::new(Kind::NotFound, "no DR archive chosen", cause, next).leaving(Changed::Unsaid));
        }
        place = above;
    }
    Ok((store, found))
}

/// A machine on which an installation could come back.
pub fn opening(call: &Call) -> Opening {
    Opening { place: call.place.clone(), host: call.host.clone(), settings: call.settings.clone() }
}

/// Whether an archive is of the installation that is asked for.
pub fn of(found: &Found, installation: Option<&str>) -> bool {
    installation.is_none_or(|id| found.catalog_id().starts_with(id))
}

/// An archive for people.
pub fn row(found: &Found, now: Timestamp) -> Vec<String> {
    let file = found.name.rsplit('/').next().unwrap_or_default().to_owned();
    let id: String = found.catalog_id().chars().take(4).collect();
    match &found.header {
        Ok(header) => {
            let name = header.name.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
            vec![
                format!("{name} ({id})"),
                header.created_at.short(now),
                format!("DR no. {}", header.dr_passphrase),
                bytes(found.size),
                file,
            ]
        }
        Err(error) => vec![format!("? ({id})"), "unreadable".into(), error.to_string(), bytes(found.size), file],
    }
}

fn resource(found: &Found, place: &Text) -> Resource {
    let header = found.header.as_ref().ok();
    Resource::ours(
        "DrArchive",
        found.name.rsplit('/').next().unwrap_or_default(),
        serde_json::json!({
            "name": found.name, "place": place, "size": found.size, "catalogId": found.catalog_id(),
            "instanceId": header.map(|h| &h.instance_id), "installation": header.and_then(|h| h.name.as_ref()),
            "createdAt": header.map(|h| h.created_at), "drPassphrase": header.map(|h| h.dr_passphrase),
            "unreadable": found.header.as_ref().err().map(ToString::to_string),
        }),
    )
}

/// The one archive that is meant: named, or the newest of the one installation there is.
///
/// # Errors
/// `Kind::NotFound`, `Kind::Usage` where several installations have archives.
pub fn choose<'a>(found: &'a [Found], archive: Option<&str>, installation: Option<&str>, place: &Text) -> Result<&'a Found, Fault> {
    let doing = "no DR archive chosen";
    let wanted: Vec<&Found> = found.iter().filter(|f| of(f, installation)).collect();
    if let Some(archive) = archive {
        let named = wanted.iter().find(|f| f.name == archive || f.name.rsplit('/').next() == Some(archive));
        return named.copied().ok_or_else(|| {
            Fault::new(
                Kind::NotFound,
                doing,
                format!("{} has no archive {}", place, Text::new(archive)),
                Act::say(format!("take the name from the list: {NAMED}")),
            )
        });
    }
    let readable: Vec<&&Found> = wanted.iter().filter(|f| f.header.is_ok()).collect();
    let Some(newest) = readable.first() else {
        let cause = format!("no DR archive under {place}/dr/");
        return Err(Fault::new(Kind::NotFound, doing, cause, Act::say(format!("name the right folder, bucket or prefix: {NAMED}"))));
    };
    let mut ids: Vec<String> = readable.iter().map(|f| f.catalog_id()).collect();
    ids.sort();
    ids.dedup();
    if ids.len() > 1 {
        let names: Vec<&str> = ids.iter().map(|id| id.get(..4).unwrap_or(id)).collect();
        let cause = format!("{} installations have archives there ({})", ids.len(), names.join(", "));
        return Err(Fault::new(Kind::Usage, doing, cause, Act::say("say which: --installation ID")));
    }
    Ok(newest)
}
