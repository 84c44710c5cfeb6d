//! Rows and details of passkeys and policies, as data.

use super::App;
use crate::domain::{
    Facts, Installation, Opens, Passkey, PasskeyName, Policy, Text, Timestamp, archives_of, if_passkey_leaks, if_passkey_lost,
    if_policy_leaks, if_policy_lost,
};
use std::cmp::Ordering;
use std::fmt::Write as _;

/// A row of the passkeys screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyRow {
    /// In use: `*`.
    pub in_use: bool,
    /// NAME.
    pub name: PasskeyName,
    /// METHOD.
    pub method: &'static str,
    /// OPENS.
    pub opens: Opens,
    /// The cause beside it.
    pub why: Text,
    /// PROVED; `-` where never.
    pub proved: String,
    /// OWNER (wide terminals); empty where not said.
    pub owner: Text,
    /// MADE (wide terminals), the day.
    pub made: String,
    /// ARCHIVES (with DR): `12 of 14` kept ones open with it.
    pub archives: String,
    /// TOTAL LOSS (with DR): `survives`, or why not.
    pub total_loss: Text,
}

/// Names of the columns that can be sorted by, in order; OWNER and MADE are shown from 100 columns on.
#[must_use]
pub fn passkey_columns() -> [&'static str; 6] {
    ["NAME", "METHOD", "OPENS", "PROVED", "OWNER", "MADE"]
}

/// The row of a passkey.
#[must_use]
pub fn passkey_row(app: &App, passkey: &Passkey) -> PasskeyRow {
    let (ages, now) = app.facts.as_ref().map_or_else(|| (crate::domain::Ages::default(), app.now), |f| (f.ages, f.now));
    PasskeyRow {
        in_use: app.facts.as_ref().is_some_and(|f| f.in_use(&passkey.name)),
        name: passkey.name.clone(),
        method: passkey.method.word(),
        opens: passkey.opens(&ages, now),
        why: passkey.why(&ages, now),
        proved: proved(passkey, now),
        owner: passkey.owner.clone().unwrap_or_default(),
        made: passkey.created_at.day(),
        archives: app.facts.as_ref().map(|f| archives_of(passkey, f)).unwrap_or_default(),
        total_loss: match passkey.opens(&ages, now) {
            Opens::No => Text::new(format!("NO: {}", passkey.why(&ages, now))),
            Opens::Pending => "not proved yet".into(),
            _ => passkey.total_loss().into(),
        },
    }
}

/// Details of a passkey: heads and sentences, for the lower pane and the details layer.
#[must_use]
pub fn details(app: &App, passkey: &Passkey) -> Vec<(&'static str, Text)> {
    let Some(facts) = &app.facts else { return Vec::new() };
    let opens = passkey.opens(&facts.ages, facts.now);
    let mut told = format!("{}: {}", opens.word(), passkey.why(&facts.ages, facts.now));
    if let Some((at, who)) = passkey.proof.as_ref().and_then(|p| p.typed.as_ref()) {
        let _ = write!(told, "; last typed right by {who}, {}", at.short(facts.now));
    }
    let mut rows: Vec<(&'static str, Text)> = vec![("Opens", told.into())];
    if facts.in_use(&passkey.name) {
        rows.push(("In use", "yes: tried first at unlock".into()));
    }
    if let Some(i) = &facts.installation {
        rows.push(("Envelope", Installation::envelope(&passkey.name, &i.name, i.short_id(), &passkey.created_at.day()).into()));
    }
    let weak = if passkey.weak { "; weaker than what is written today: rotate to a new one" } else { "" };
    rows.push(("Made", Text::new(format!("{} by {}, {}{weak}", passkey.created_at.day(), passkey.created_by, passkey.settings))));
    rows.extend(passkey.owner.as_ref().map(|owner| ("Owner", owner.clone())));
    rows.push(("If leaked", if_passkey_leaks(passkey, facts)));
    rows.push(("If lost", if_passkey_lost(passkey, facts)));
    if facts.dr_on() {
        rows.push(("Archives", Text::new(format!("{} kept archives hold it", archives_of(passkey, facts)))));
    }
    rows.push(("Total loss", passkey.total_loss().into()));
    rows.extend(passkey.note.as_ref().map(|note| ("Note", note.clone())));
    rows.push(("Wrap", Text::new(passkey.wrap_id.as_str())));
    rows
}

/// Details of a policy.
#[must_use]
pub fn policy_details(app: &App, policy: &Policy) -> Vec<(&'static str, Text)> {
    let now = app.facts.as_ref().map_or(app.now, |f| f.now);
    let mut rows = vec![
        ("Key id", Text::new(policy.key_id.as_str())),
        ("Key", "derived from the master key and this name, on demand; never stored, never shown".into()),
        ("Added", Text::new(format!("{} by {}", policy.created_at.short(now), policy.created_by))),
        ("If leaked", if_policy_leaks(&policy.name)),
        ("If lost", if_policy_lost()),
        ("Renaming", "the name is the identity: another name is another key".into()),
    ];
    if policy.altered {
        rows.insert(0, ("ALTERED", "its record was altered outside of Kastellan: used for nothing".into()));
    }
    rows
}

/// When it was last proved to open; `-` where never.
pub fn proved(passkey: &Passkey, now: Timestamp) -> String {
    opened(passkey).map_or_else(|| "-".into(), |at| at.short(now))
}

/// The passkeys that hold `filter` in name, method, answer or owner, in the order of `column`. Runs at every key of a filter.
pub fn listed(facts: &Facts, filter: &str, column: usize, reverse: bool) -> Vec<u32> {
    let needle = filter.to_lowercase();
    let opens = |p: &Passkey| p.opens(&facts.ages, facts.now);
    let holds = |p: &Passkey| {
        needle.is_empty()
            || [p.name.as_str(), p.method.word(), opens(p).word()].iter().any(|word| holds_ascii(word, &needle))
            || p.owner.as_ref().is_some_and(|owner| owner.clean().to_lowercase().contains(&needle))
    };
    let mut rows: Vec<(u32, &Passkey)> = (0..).zip(&facts.passkeys).filter(|(_, p)| holds(p)).collect();
    rows.sort_by(|(place, a), (other, b)| {
        let order = match column {
            1 => a.method.cmp(&b.method),
            2 => opens(a).cmp(&opens(b)),
            3 => opened(a).cmp(&opened(b)),
            4 => a.owner.cmp(&b.owner),
            5 => a.created_at.cmp(&b.created_at),
            _ => Ordering::Equal,
        };
        // Facts have them by name.
        let order = order.then(place.cmp(other));
        let order = if reverse { order.reverse() } else { order };
        // By name, the one in use comes first: it is what one looks for.
        let first = if column == 0 { facts.in_use(&b.name).cmp(&facts.in_use(&a.name)) } else { Ordering::Equal };
        first.then(order)
    });
    rows.into_iter().map(|(at, _)| at).collect()
}

/// Whether an ASCII word holds a needle in lower case, whatever its own case.
fn holds_ascii(word: &str, needle: &str) -> bool {
    word.as_bytes().windows(needle.len()).any(|part| part.eq_ignore_ascii_case(needle.as_bytes()))
}

fn opened(passkey: &Passkey) -> Option<Timestamp> {
    passkey.proof.as_ref().and_then(|p| p.opened.as_ref()).map(|(at, _)| *at)
}
