//! What catalog records mean: domain values to members and back.

use crate::domain::{
    Act, Aftermath, Because, DrillDone, Exported, Fault, Holder, Import, Installation, Intent, Kind, KitMade, Location, Method, Passkey,
    PasskeyName, PassphraseSource, Policy, PolicyName, Proof, Prover, Request, S3Target, Target, Text, Timestamp,
};
use crate::format::{Object, ObjectError, RecordError, RecordKind, SealedRecord, Wrap, hex};

/// The id of the one operation record.
pub const CURRENT: &str = "current";

/// An operation that began, as its record has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begin {
    /// Its id, hex.
    pub id: String,
    /// What was asked.
    pub request: Request,
    /// Who began it.
    pub who: Text,
    /// When.
    pub at: Timestamp,
    /// The passkey that was in use before.
    pub previous: PasskeyName,
    /// The wrap that it makes, hex; empty where it makes none.
    pub wrap_id: String,
}

pub fn installation_members(i: &Installation) -> Object {
    Object::new()
        .with_words("name", &i.name)
        .with("masterKeyId", &i.master_key_id)
        .with("instanceId", &i.instance_id)
        .with("createdAt", i.created_at.to_string())
        .with("inUse", i.in_use.as_str())
        .with_some("owner", (!i.owner).then_some("no"))
        .with("signingKey", &i.signing_key)
}

pub fn installation(o: &Object) -> Result<Installation, ObjectError> {
    Ok(Installation {
        name: words(o, "name")?,
        catalog_id: hex_id(o, "catalogId", 32)?,
        instance_id: hex_id(o, "instanceId", 32)?,
        master_key_id: hex_id(o, "masterKeyId", 16)?,
        created_at: parsed(o, "createdAt")?,
        in_use: parsed(o, "inUse")?,
        owner: o.text("owner") != Some("no"),
        signing_key: hex_id(o, "signingKey", 64)?,
    })
}

pub fn passkey_members(p: &Passkey, wrap: &Wrap) -> Object {
    let o = Object::new()
        .with("name", p.name.as_str())
        .with("method", p.method.word())
        .with("createdAt", p.created_at.to_string())
        .with_words("createdBy", &p.created_by)
        .with("wrapId", &p.wrap_id)
        .with("wrap", wrap.to_json())
        .with("state", if p.pending { "pending" } else { "ready" });
    let o = match &p.owner {
        Some(owner) => o.with_words("owner", owner),
        None => o,
    };
    match &p.source {
        PassphraseSource::Prompt => o.with("source", "prompt"),
        PassphraseSource::File { path } => o.with("source", "file").with_words("path", path),
        PassphraseSource::Secret { name, namespace } => {
            o.with("source", "secret").with_words("secretName", name).with_words("secretNamespace", namespace)
        }
    }
}

pub fn passkey_private(p: &Passkey) -> Object {
    match &p.note {
        Some(note) => Object::new().with_words("note", note),
        None => Object::new(),
    }
}

/// A passkey from its members; its proof comes from its own record.
pub fn passkey(o: &Object, private: Option<&Object>) -> Result<Passkey, ObjectError> {
    let method = match o.need("method")? {
        "passphrase" => Method::Passphrase,
        _ => return Err(ObjectError::Missing("method")),
    };
    let source = match o.need("source")? {
        "prompt" => PassphraseSource::Prompt,
        "file" => PassphraseSource::File { path: words(o, "path")? },
        "secret" => PassphraseSource::Secret { name: words(o, "secretName")?, namespace: words(o, "secretNamespace")? },
        _ => return Err(ObjectError::Missing("source")),
    };
    let params = Wrap::parse(o.need("wrap")?).and_then(|wrap| wrap.params());
    Ok(Passkey {
        name: parsed(o, "name")?,
        method,
        source,
        owner: o.words("owner"),
        created_at: parsed(o, "createdAt")?,
        created_by: words(o, "createdBy")?,
        wrap_id: hex_id(o, "wrapId", 32)?,
        settings: params.as_ref().map(|p| Text::new(p.words())).unwrap_or_default(),
        weak: params.is_ok_and(crate::crypto::Params::weak),
        pending: o.need("state")? == "pending",
        proof: None,
        altered: false,
        note: private.and_then(|p| p.words("note")),
    })
}

/// A passkey of which only the name can be told: its record is malformed.
pub fn unreadable_passkey(record: &SealedRecord) -> Option<Passkey> {
    let name = record.clear().ok().and_then(|o| parsed(&o, "name").ok()).or_else(|| record.id.parse().ok())?;
    Some(Passkey {
        name,
        method: Method::Passphrase,
        source: PassphraseSource::Prompt,
        owner: None,
        created_at: Timestamp::from_unix(0),
        created_by: Text::default(),
        wrap_id: String::new(),
        settings: Text::default(),
        weak: false,
        pending: false,
        proof: None,
        altered: true,
        note: None,
    })
}

pub fn proof_members(wrap_id: &str, proof: &Proof) -> Object {
    let mut o = Object::new().with("wrapId", wrap_id);
    if let Some((at, by)) = &proof.opened {
        o = o.with("openedAt", at.to_string()).with("openedBy", by.word());
        if let Prover::Person(who) = by {
            o = o.with_words("openedWho", who);
        }
    }
    if let Some((at, who)) = &proof.typed {
        o = o.with("typedAt", at.to_string()).with_words("typedWho", who);
    }
    if let Some((at, cause)) = &proof.failed {
        o = o.with("failedAt", at.to_string()).with_words("failure", cause);
    }
    o
}

/// The proof, and the wrap it speaks of.
pub fn proof(o: &Object) -> Result<(String, Proof), ObjectError> {
    let at = |name: &'static str| o.text(name).map(|_| parsed::<Timestamp>(o, name)).transpose();
    let opened = match at("openedAt")? {
        None => None,
        Some(at) => Some((at, prover(o)?)),
    };
    let typed = at("typedAt")?.map(|at| (at, o.words("typedWho").unwrap_or_default()));
    let failed = at("failedAt")?.map(|at| (at, o.words("failure").unwrap_or_default()));
    Ok((hex_id(o, "wrapId", 32)?, Proof { opened, typed, failed }))
}

/// A proof's members, with when a person last typed it as `theirs` has it, where that is newer.
pub fn proof_with_typed(mine: Object, theirs: Option<&Object>) -> Object {
    let typed = |o: &Object| parsed::<Timestamp>(o, "typedAt").ok();
    match theirs.filter(|theirs| theirs.text("wrapId") == mine.text("wrapId")) {
        Some(theirs) if typed(theirs) > typed(&mine) => {
            let at = typed(theirs).map(|at| at.to_string());
            mine.with_some("typedAt", at).with_some_words("typedWho", theirs.words("typedWho").as_ref())
        }
        _ => mine,
    }
}

fn prover(o: &Object) -> Result<Prover, ObjectError> {
    Ok(match o.need("openedBy")? {
        "person" => Prover::Person(o.words("openedWho").unwrap_or_default()),
        "file" => Prover::File,
        "fd" => Prover::Fd,
        "secret" => Prover::Secret,
        "service" => Prover::Service,
        _ => return Err(ObjectError::Missing("openedBy")),
    })
}

pub fn policy_members(p: &Policy) -> Object {
    Object::new()
        .with("name", p.name.as_str())
        .with("policyKeyId", &p.key_id)
        .with("createdAt", p.created_at.to_string())
        .with_words("createdBy", &p.created_by)
}

pub fn policy(o: &Object) -> Result<Policy, ObjectError> {
    Ok(Policy {
        name: parsed::<PolicyName>(o, "name")?,
        key_id: hex_id(o, "policyKeyId", 16)?,
        created_at: parsed(o, "createdAt")?,
        created_by: words(o, "createdBy")?,
        altered: false,
    })
}

pub fn import_members(i: &Import) -> Object {
    Object::new()
        .with("label", &i.label)
        .with("policy", i.policy.as_str())
        .with_words("installation", &i.installation)
        .with("sourceCatalogId", &i.catalog_id)
        .with("policyKeyId", &i.policy_key_id)
        .with("location", i.location.as_str())
        .with("createdAt", i.created_at.to_string())
        .with("importedAt", i.imported_at.to_string())
        .with_words("importedBy", &i.imported_by)
}

pub fn import(o: &Object) -> Result<Import, ObjectError> {
    Ok(Import {
        label: o.need("label")?.to_owned(),
        policy: parsed(o, "policy")?,
        installation: words(o, "installation")?,
        catalog_id: hex_id(o, "sourceCatalogId", 32)?,
        policy_key_id: hex_id(o, "policyKeyId", 16)?,
        location: parsed(o, "location")?,
        created_at: parsed(o, "createdAt")?,
        imported_at: parsed(o, "importedAt")?,
        imported_by: words(o, "importedBy")?,
    })
}

pub fn export_members(e: &Exported) -> Object {
    Object::new()
        .with("policy", e.policy.as_str())
        .with("policyKeyId", &e.policy_key_id)
        .with("location", e.location.as_str())
        .with_number("protected", e.protected.into())
        .with("at", e.at.to_string())
        .with_words("by", &e.by)
}

pub fn export(o: &Object, private: Option<&Object>) -> Result<Exported, ObjectError> {
    Ok(Exported {
        policy: parsed(o, "policy")?,
        policy_key_id: hex_id(o, "policyKeyId", 16)?,
        location: parsed(o, "location")?,
        protected: o.need_number("protected")? == 1,
        at: parsed(o, "at")?,
        by: words(o, "by")?,
        note: private.and_then(|p| p.words("note")),
    })
}

pub fn aftermath_members(a: &Aftermath) -> Object {
    let (why, no_copy) = match a.because {
        Because::Planned => ("planned", false),
        Because::Leaver { .. } => ("leaver", false),
        Because::Leak { no_copy, .. } => ("leak", no_copy),
    };
    Object::new()
        .with("why", why)
        .with_number("noCopy", no_copy.into())
        .with("passkey", a.passkey.as_str())
        .with("wrapId", &a.wrap_id)
        .with("at", a.at.to_string())
        .with_words("who", &a.who)
        .with("ticked", a.ticked.join(" "))
}

pub fn aftermath_private(a: &Aftermath) -> Object {
    match &a.because {
        Because::Planned => Object::new(),
        Because::Leaver { what } | Because::Leak { what, .. } => Object::new().with_words("what", what),
    }
}

pub fn aftermath(id: &str, o: &Object, private: Option<&Object>) -> Result<Aftermath, ObjectError> {
    let what = private.and_then(|private| private.words("what")).unwrap_or_default();
    let because = match o.need("why")? {
        "leaver" => Because::Leaver { what },
        "leak" => Because::Leak { what, no_copy: o.need_number("noCopy")? == 1 },
        _ => return Err(ObjectError::Missing("why")),
    };
    Ok(Aftermath {
        id: id.to_owned(),
        because,
        passkey: parsed(o, "passkey")?,
        wrap_id: hex_id(o, "wrapId", 32)?,
        at: parsed(o, "at")?,
        who: words(o, "who")?,
        ticked: o.need("ticked")?.split_whitespace().map(str::to_owned).collect(),
    })
}

pub fn kit_members(k: &KitMade) -> Object {
    let policies: Vec<&str> = k.policies.iter().map(PolicyName::as_str).collect();
    Object::new()
        .with("digest", &k.digest)
        .with("madeAt", k.made_at.to_string())
        .with_words("madeBy", &k.made_by)
        .with_number("recipients", k.recipients)
        .with("wraps", k.wraps.join(" "))
        .with_some("opens", k.opens.as_ref().map(PasskeyName::as_str))
        .with_number("drNumber", k.dr_number)
        .with_number("drInside", k.dr_inside.into())
        .with_number("credentials", k.credentials.into())
        .with("policies", policies.join(" "))
        .with_some("checkedAt", k.checked.as_ref().map(|(at, _)| at.to_string()))
        .with_some_words("checkedBy", k.checked.as_ref().map(|(_, who)| who))
}

pub fn kit(id: &str, o: &Object) -> Result<KitMade, ObjectError> {
    let policies = o.need("policies")?.split_whitespace().map(str::parse).collect::<Result<Vec<PolicyName>, _>>();
    let checked = o.text("checkedAt").map(|_| parsed::<Timestamp>(o, "checkedAt")).transpose()?;
    Ok(KitMade {
        id: id.to_owned(),
        digest: hex_id(o, "digest", 64)?,
        made_at: parsed(o, "madeAt")?,
        made_by: words(o, "madeBy")?,
        recipients: o.need_number("recipients")?,
        wraps: o.need("wraps")?.split_whitespace().map(str::to_owned).collect(),
        opens: o.text("opens").map(|_| parsed(o, "opens")).transpose()?,
        dr_number: o.need_number("drNumber")?,
        dr_inside: o.need_number("drInside")? == 1,
        credentials: o.need_number("credentials")? == 1,
        policies: policies.map_err(|_| ObjectError::Missing("policies"))?,
        checked: checked.map(|at| (at, o.words("checkedBy").unwrap_or_default())),
    })
}

pub fn drill_members(d: &DrillDone) -> Object {
    Object::new()
        .with_words("scenario", &d.scenario)
        .with_number("passed", d.passed.into())
        .with("beganAt", d.began_at.to_string())
        .with_number("tookMs", d.took_ms)
        .with_words("by", &d.by)
        .with_words("machine", &d.machine)
        .with_number("signed", d.signed.into())
        .with_some_words("failed", d.failed.as_ref())
}

pub fn drill(id: &str, o: &Object) -> Result<DrillDone, ObjectError> {
    Ok(DrillDone {
        id: id.to_owned(),
        scenario: words(o, "scenario")?,
        passed: o.need_number("passed")? == 1,
        began_at: parsed(o, "beganAt")?,
        took_ms: o.need_number("tookMs")?,
        by: words(o, "by")?,
        machine: words(o, "machine")?,
        signed: o.need_number("signed")? == 1,
        failed: o.words("failed"),
    })
}

pub fn location_members(l: &Location) -> Object {
    Object::new()
        .with("name", l.name.as_str())
        .with_words("locationKind", &l.kind)
        .with_number("hidePolicyNames", l.hide_policy_names.into())
        .with_number("readOnly", l.read_only.into())
        .with("createdAt", l.created_at.to_string())
        .with_words("createdBy", &l.created_by)
}

pub fn location_private(l: &Location) -> Object {
    match &l.target {
        None => Object::new(),
        Some(Target::Directory { path }) => Object::new().with_words("path", path),
        Some(Target::S3(s3)) => Object::new()
            .with_words("bucket", &s3.bucket)
            .with_words("prefix", &s3.prefix)
            .with_some_words("endpoint", s3.endpoint.as_ref())
            .with_some_words("region", s3.region.as_ref())
            .with_some_words("caFile", s3.ca_file.as_ref())
            .with_number("pathStyle", s3.path_style.into())
            .with_some_words("accessKeyId", s3.access_key_id.as_ref()),
    }
}

/// Where a location is, from its private members.
fn target(kind: &str, o: &Object) -> Result<Target, ObjectError> {
    Ok(match kind {
        "directory" => Target::Directory { path: words(o, "path")? },
        "s3" => Target::S3(S3Target {
            bucket: words(o, "bucket")?,
            prefix: words(o, "prefix")?,
            endpoint: o.words("endpoint"),
            region: o.words("region"),
            ca_file: o.words("caFile"),
            path_style: o.need_number("pathStyle")? == 1,
            access_key_id: o.words("accessKeyId"),
        }),
        _ => return Err(ObjectError::Missing("locationKind")),
    })
}

pub fn location(o: &Object, private: Option<&Object>) -> Result<Location, ObjectError> {
    let kind = o.need("locationKind")?;
    Ok(Location {
        name: parsed(o, "name")?,
        kind: kind.into(),
        target: private.map(|private| target(kind, private)).transpose()?,
        hide_policy_names: o.need_number("hidePolicyNames")? == 1,
        read_only: o.need_number("readOnly")? == 1,
        created_at: parsed(o, "createdAt")?,
        created_by: words(o, "createdBy")?,
        altered: false,
    })
}

/// A location of which only the name can be told: its record is malformed.
pub fn unreadable_location(record: &SealedRecord) -> Option<Location> {
    let name = record.clear().ok().and_then(|o| parsed(&o, "name").ok()).or_else(|| record.id.parse().ok())?;
    Some(Location {
        name,
        kind: Text::default(),
        target: None,
        hide_policy_names: false,
        read_only: true,
        created_at: Timestamp::from_unix(0),
        created_by: Text::default(),
        altered: true,
    })
}

/// The note stays out: it is private, and lies in the passkey's own record.
pub fn begin_members(b: &Begin) -> Object {
    let mut request = b.request.clone();
    match &mut request {
        Request::PasskeyAdd(add) => add.note = None,
        // What happened is in the record of what is to be done after it, and private.
        Request::Rotate(rotate) => rotate.because = Because::Planned,
        _ => {}
    }
    Object::new()
        .with("operation", &b.id)
        .with("request", serde_json::to_string(&request).unwrap_or_default())
        .with_words("who", &b.who)
        .with("at", b.at.to_string())
        .with("previous", b.previous.as_str())
        .with("wrapId", &b.wrap_id)
}

pub fn begin(o: &Object) -> Result<Begin, ObjectError> {
    Ok(Begin {
        id: hex_id(o, "operation", 32)?,
        request: serde_json::from_str(o.need("request")?).map_err(|_| ObjectError::Missing("request"))?,
        who: words(o, "who")?,
        at: parsed(o, "at")?,
        previous: parsed(o, "previous")?,
        wrap_id: o.need("wrapId")?.to_owned(),
    })
}

/// The holder's note for the operation lock.
pub fn holder(host: &crate::host::Host, doing: Text) -> Holder {
    let place =
        if host.person.terminal.is_empty() { Text::new(format!("pid {}", std::process::id())) } else { host.person.terminal.clone() };
    Holder { who: host.person.who(), place, since: host.clock.now(), doing }
}

/// What a record of a kind is called in sentences: `passkey k10MasterKey`.
pub fn called(kind: RecordKind, id: &str) -> Text {
    Text::new(format!("{} {id}", kind.word()))
}

/// 16 random bytes, hex.
pub fn new_id() -> String {
    let mut id = [0; 16];
    crate::crypto::random(&mut id);
    hex(&id)
}

/// The line on the envelope of a passkey's secret.
pub fn envelope(installation: &Installation, name: &PasskeyName, at: Timestamp) -> Text {
    Text::new(Installation::envelope(name, &installation.name, installation.short_id(), &at.day()))
}

/// The wrap of a passkey as the catalog has it, with its record.
pub fn wrap_of(clear: &Object, doing: &Text, name: &PasskeyName) -> Result<Wrap, Fault> {
    let damaged =
        |why: String| Fault::new(Kind::Damaged, doing.clone(), format!("the wrap of {name}: {why}"), Act::say("kastellan journal verify"));
    let text = clear.text("wrap").ok_or_else(|| damaged("it is missing".into()))?;
    let wrap = Wrap::parse(text).map_err(|e| damaged(e.to_string()))?;
    let id = called(RecordKind::Passkey, &name.id());
    if wrap.object().text("passkey") == Some(name.as_str()) { Ok(wrap) } else { Err(damaged(format!("it is not of {id}"))) }
}

/// A record that is not believed.
pub fn record_fault(doing: &Text, what: &Text, why: &RecordError) -> Fault {
    let next = Act::start("kastellan journal verify; then restore the catalog from a copy you trust", Intent::Journal);
    Fault::new(Kind::Damaged, doing.clone(), format!("the record of {what} is not believed: {why}"), next)
}

pub fn words(o: &Object, name: &'static str) -> Result<Text, ObjectError> {
    o.words(name).ok_or(ObjectError::Missing(name))
}

pub fn parsed<T: std::str::FromStr>(o: &Object, name: &'static str) -> Result<T, ObjectError> {
    o.need(name)?.parse().map_err(|_| ObjectError::Missing(name))
}

pub fn hex_id(o: &Object, name: &'static str, digits: usize) -> Result<String, ObjectError> {
    let text = o.need(name)?;
    let right = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if right { Ok(text.to_owned()) } else { Err(ObjectError::Missing(name)) }
}
