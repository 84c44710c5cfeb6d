//! What the records of DR mean: its state, its passphrases, its ledger.

use crate::domain::{Archive, Dr, DrPassphrase, Failing, Foreign, LocationName, Timestamp};
use crate::format::{Object, ObjectError};
use crate::ops::records::{hex_id, parsed, words};

pub fn dr_members(dr: &Dr) -> Object {
    let names: Vec<&str> = dr.locations.iter().map(LocationName::as_str).collect();
    let o = Object::new()
        .with("state", if dr.enabled { "on" } else { "off" })
        .with("locations", names.join(" "))
        .with_number("number", dr.number)
        .with_number("nextSeq", dr.next_seq);
    let o = dr.foreign.iter().fold(o, |o, foreign| {
        let name = foreign.location.id();
        o.with(&format!("foreign.{name}"), &foreign.instance_id).with(&format!("foreignAt.{name}"), foreign.at.to_string())
    });
    dr.failing.iter().fold(o, |o, failing| {
        let name = failing.location.id();
        o.with(&format!("failing.{name}"), failing.since.to_string()).with_words(&format!("cause.{name}"), &failing.cause)
    })
}

pub fn dr(o: &Object) -> Result<Dr, ObjectError> {
    let names = o.need("locations")?.split_whitespace().map(str::parse).collect::<Result<Vec<LocationName>, _>>();
    let locations = names.map_err(|_| ObjectError::Missing("locations"))?;
    let failing = |location: &LocationName| {
        let since = o.text(&format!("failing.{}", location.id()))?.parse().ok()?;
        let cause = o.words(&format!("cause.{}", location.id())).unwrap_or_default();
        Some(Failing { location: location.clone(), since, cause })
    };
    let foreign = |location: &LocationName| {
        let at = o.text(&format!("foreignAt.{}", location.id()))?.parse().ok()?;
        let instance_id = o.text(&format!("foreign.{}", location.id()))?.to_owned();
        Some(Foreign { location: location.clone(), instance_id, at })
    };
    Ok(Dr {
        foreign: locations.iter().filter_map(foreign).collect(),
        enabled: o.need("state")? == "on",
        failing: locations.iter().filter_map(failing).collect(),
        locations,
        number: o.need_number("number")?,
        next_seq: o.need_number("nextSeq")?,
    })
}

pub fn dr_passphrase_members(p: &DrPassphrase) -> Object {
    Object::new()
        .with_number("number", p.number)
        .with("createdAt", p.created_at.to_string())
        .with_words("createdBy", &p.created_by)
        .with_some("retiredAt", p.retired_at.map(|at| at.to_string()))
        .with_some("typedAt", p.typed.as_ref().map(|(at, _)| at.to_string()))
        .with_some_words("typedWho", p.typed.as_ref().map(|(_, who)| who))
}

pub fn dr_passphrase(o: &Object) -> Result<DrPassphrase, ObjectError> {
    let at = |name: &'static str| o.text(name).map(|_| parsed::<Timestamp>(o, name)).transpose();
    Ok(DrPassphrase {
        number: o.need_number("number")?,
        created_at: parsed(o, "createdAt")?,
        created_by: words(o, "createdBy")?,
        retired_at: at("retiredAt")?,
        typed: at("typedAt")?.map(|at| (at, o.words("typedWho").unwrap_or_default())),
    })
}

pub fn archive_members(a: &Archive) -> Object {
    Object::new()
        .with("name", &a.name)
        .with("location", a.location.as_str())
        .with("instanceId", &a.instance_id)
        .with_number("seq", a.seq)
        .with("createdAt", a.created_at.to_string())
        .with_number("size", a.size)
        .with("digest", &a.digest)
        .with_number("number", a.number)
        .with_number("journalSeq", a.journal_seq)
        .with("wraps", a.wraps.join(" "))
        .with_some("provedAt", a.proved_at.map(|at| at.to_string()))
}

pub fn archive(id: &str, o: &Object) -> Result<Archive, ObjectError> {
    Ok(Archive {
        id: id.to_owned(),
        name: o.need("name")?.to_owned(),
        location: parsed(o, "location")?,
        instance_id: hex_id(o, "instanceId", 32)?,
        seq: o.need_number("seq")?,
        created_at: parsed(o, "createdAt")?,
        size: o.need_number("size")?,
        digest: hex_id(o, "digest", 64)?,
        number: o.need_number("number")?,
        journal_seq: o.need_number("journalSeq")?,
        wraps: o.need("wraps")?.split_whitespace().map(str::to_owned).collect(),
        proved_at: o.text("provedAt").map(|_| parsed(o, "provedAt")).transpose()?,
    })
}
