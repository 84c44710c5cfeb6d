//! Lists of any length.

use super::{Connection, Keys, facts, records};
use crate::catalog::Query;
use crate::domain::{Act, Facts, Fault, Installation, Intent, Kind, LocationName, PasskeyName, Policy, PolicyName, Text, Timestamp};
use crate::format::{RecordKind, SealedRecord};

/// A page of policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyPage {
    /// In ascending order of name.
    pub policies: Vec<Policy>,
    /// Whether more follow.
    pub more: bool,
}

pub async fn policies(at: &Connection, keys: Option<&Keys>, after: Option<&str>, limit: usize) -> Result<PolicyPage, Fault> {
    let installation = facts::installation(at, None).await?;
    let page = at.catalog.page(&Query { kind: RecordKind::Policy, after: after.map(str::to_owned), limit }).await?;
    let read = |record: &SealedRecord| read_policy(record, &installation, keys);
    Ok(PolicyPage { policies: page.records.iter().filter_map(read).collect(), more: page.more })
}

pub async fn named(at: &Connection, keys: Option<&Keys>, names: &[PolicyName]) -> Result<Vec<Policy>, Fault> {
    let installation = facts::installation(at, None).await?;
    let ids = names.iter().map(|name| name.as_str().to_owned()).collect();
    let records = at.catalog.some(RecordKind::Policy, ids).await?;
    Ok(records.iter().filter_map(|record| read_policy(record, &installation, keys)).collect())
}

pub async fn policy(at: &Connection, keys: Option<&Keys>, name: &PolicyName) -> Result<Policy, Fault> {
    let installation = facts::installation(at, None).await?;
    let record = at.catalog.get(RecordKind::Policy, name.as_str()).await?;
    if let Some(policy) = record.and_then(|record| read_policy(&record, &installation, keys)) {
        Ok(policy)
    } else {
        let names = at.catalog.ids(RecordKind::Policy).await?;
        Err(not_found("policy", name.as_str(), names.iter().map(String::as_str), Act::say("kastellan policy list")))
    }
}

/// Verified while unlocked; the key id is derived again and must be the same.
fn read_policy(record: &SealedRecord, installation: &Installation, keys: Option<&Keys>) -> Option<Policy> {
    let verified = match keys {
        None => record.clear().ok(),
        Some(keys) => record.open(&keys.derived.metadata_key(), &installation.catalog_id).ok().map(|(clear, _)| clear),
    };
    let policy = verified.and_then(|clear| records::policy(&clear).ok()).filter(|p| p.name.as_str() == record.id);
    let right = |p: &Policy| keys.is_none_or(|k| crate::crypto::policy_key_id(&k.derived.policy_key(p.name.as_str())) == p.key_id);
    match policy {
        Some(policy) if right(&policy) => Some(policy),
        _ => Some(Policy {
            name: record.id.parse().ok()?,
            key_id: String::new(),
            created_at: Timestamp::from_unix(0),
            created_by: Text::default(),
            altered: true,
        }),
    }
}

/// The fault for a location that is not there, naming the nearest.
#[must_use]
pub fn no_location(facts: &Facts, name: &LocationName) -> Fault {
    let names = facts.locations.iter().map(|l| l.name.as_str());
    not_found("location", name.as_str(), names, Act::say("kastellan location list"))
}

/// The fault for a passkey that is not there, naming the nearest.
pub fn no_passkey(facts: &Facts, name: &PasskeyName) -> Fault {
    not_found(
        "passkey",
        name.as_str(),
        facts.passkeys.iter().map(|p| p.name.as_str()),
        Act::start("kastellan passkey list", Intent::Passkeys),
    )
}

pub fn not_found<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str>, otherwise: Act) -> Fault {
    let next = near(name, names).map_or(otherwise, |known| Act::say(format!("did you mean {known}?")));
    Fault::new(Kind::NotFound, format!("{what} {name} not found"), format!("the catalog has no {what} of that name"), next)
}

/// The nearest of some names, where one is near enough to be meant.
pub fn near<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = names.map(|known| (distance(&name.to_lowercase(), &known.to_lowercase()), known)).min();
    near.filter(|(distance, _)| *distance <= 2.max(name.len() / 3)).map(|(_, known)| known)
}

/// Levenshtein distance of two short names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let changed = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_named() {
        let next = |name: &str| not_found("policy", name, ["app-daily", "app-weekly"].into_iter(), Act::say("list")).next.say.to_string();
        assert_eq!(next("app-dialy"), "did you mean app-daily?");
        assert_eq!(next("something-else"), "list");
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
