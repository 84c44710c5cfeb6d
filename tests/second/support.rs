//! What the vector tests and the second implementation's tests share: requests as `tests/second/kastellan2.py` takes them, answered by
//! this implementation.

mod papers;

use kastellan::crypto::{ArgonError, Derived, Key, Params, Passphrase, PassphraseError, box_open, policy_key_id};
use kastellan::format::{
    Object, ObjectError, RecordError, RecordKind, SealedRecord, StoredEntry, Wrap, WrapError, chain_start, hex, unb64, unhex,
};
use serde_json::{Value, json};

/// Memory that is said to be available, in KiB: enough for every setting that is read.
pub const PLENTY: u64 = 8 << 20;

/// Answers as the second implementation would: members, or `{"refused": word}`.
pub fn answer(request: &Value) -> Value {
    reply(request).unwrap_or_else(|word| json!({"refused": word}))
}

/// Hex of any length, or a failed test.
pub fn bytes(text: &Value) -> Vec<u8> {
    let text = text.as_str().expect("hex text");
    assert!(text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()), "{text}");
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// A key from hex.
pub fn key(text: &Value) -> Key {
    Key::from_slice(&bytes(text)).expect("32 bytes")
}

/// A record's row from JSON; an unknown kind is a failed test.
pub fn row(row: &Value) -> SealedRecord {
    SealedRecord {
        kind: RecordKind::from_word(row["kind"].as_str().unwrap()).unwrap(),
        id: row["id"].as_str().unwrap().into(),
        rev: row["rev"].as_u64().unwrap(),
        clear: row["clear"].as_str().unwrap().into(),
        sealed: bytes(&row["sealed"]),
    }
}

fn reply(request: &Value) -> Result<Value, &'static str> {
    let text = |name: &str| request[name].as_str().unwrap_or_else(|| panic!("{name} is missing"));
    match text("do") {
        "object" => {
            let outputs: Vec<&str> = request["outputs"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let object = Object::parse(&bytes(&request["text"])).map_err(|error| object_word(&error))?;
            Ok(json!({"canon": hex(&object.canon(&outputs)), "json": object.to_json()}))
        }
        "base64" => unb64(text("text")).map(|found| json!({"bytes": hex(&found)})).ok_or("base64"),
        "hex" => unhex::<2>(text("text")).map(|found| json!({"bytes": hex(&found)})).ok_or("hex"),
        "derive" => {
            let derived = Derived::from_master(&key(&request["master"]));
            let policy = derived.policy_key(text("policy"));
            Ok(json!({
                "prk": hex(kastellan::crypto::extract(b"kastellan.v1", &bytes(&request["master"])).expose()),
                "policyKey": hex(policy.expose()),
                "policyKeyId": policy_key_id(&policy),
                "masterKeyId": derived.master_key_id(),
                "metadataKey": hex(derived.metadata_key().expose()),
                "journalKey": hex(derived.journal_key().expose()),
                "signingSeed": hex(derived.signing_seed().expose()),
            }))
        }
        "box" => {
            let opened = box_open(&key(&request["key"]), text("label"), &bytes(&request["sealed"]), &bytes(&request["ad"]));
            opened.map(|plaintext| json!({"plaintext": hex(&plaintext)})).map_err(|_| "altered")
        }
        "record" => {
            let row = row(&request["row"]);
            let (clear, private) = row.open(&key(&request["metadataKey"]), text("catalogId")).map_err(|error| match error {
                RecordError::Malformed(_) => "malformed",
                RecordError::Altered => "altered",
            })?;
            Ok(json!({"clear": clear.to_json(), "private": private.to_json(), "digest": hex(&row.digest().unwrap())}))
        }
        "passphrase" => {
            let raw = bytes(&request["raw"]);
            let entered = Passphrase::entered(&raw).map_err(passphrase_word)?;
            let mut found = json!({"entered": hex(entered.expose())});
            match Passphrase::made(&raw) {
                Ok(made) => found["made"] = hex(made.expose()).into(),
                Err(error) => found["refused"] = passphrase_word(error).into(),
            }
            Ok(found)
        }
        "argon2id" => {
            let number = |name: &str| u32::try_from(request[name].as_u64().unwrap()).unwrap();
            let passphrase = Passphrase::entered(&bytes(&request["passphrase"])).unwrap();
            let salt = bytes(&request["salt"]).try_into().unwrap();
            let params = Params { m: number("m"), t: number("t"), p: number("p") };
            params.derive(&passphrase, &salt, PLENTY).map(|key| json!({"key": hex(key.expose())})).map_err(argon_word)
        }
        "wrap" => {
            let passphrase = Passphrase::entered(&bytes(&request["passphrase"])).unwrap();
            let opened = Wrap::parse(text("wrap")).and_then(|wrap| wrap.open_with_passphrase(&passphrase, PLENTY));
            opened.map(|master| json!({"master": hex(master.expose())})).map_err(|error| wrap_word(&error))
        }
        "journal" => Ok(journal(request)),
        _ => papers::reply(request),
    }
}

fn journal(request: &Value) -> Value {
    let journal_key = key(&request["journalKey"]);
    let mut link = chain_start(request["catalogId"].as_str().unwrap(), request["instanceId"].as_str().unwrap());
    let mut vouched = Vec::new();
    for entry in request["entries"].as_array().unwrap() {
        let stored = StoredEntry {
            seq: entry["seq"].as_u64().unwrap(),
            text: entry["text"].as_str().unwrap().into(),
            hash: bytes(&entry["hash"]).try_into().unwrap(),
            mac: bytes(&entry["mac"]),
        };
        let Some(next) = link.follow(&stored) else { break };
        link = next;
        vouched.push(stored.vouched(&journal_key));
    }
    json!({"intact": link.seq, "vouched": vouched})
}

fn object_word(error: &ObjectError) -> &'static str {
    match error {
        ObjectError::NotAnObject => "not-an-object",
        ObjectError::TooLong => "too-long",
        ObjectError::Repeated(_) => "repeated",
        ObjectError::Type(_) => "type",
        ObjectError::Missing(_) => "malformed",
    }
}

fn passphrase_word(error: PassphraseError) -> &'static str {
    match error {
        PassphraseError::Empty => "empty",
        PassphraseError::TooLong => "too-long",
        PassphraseError::Control => "control",
        PassphraseError::Unassigned => "unassigned",
        PassphraseError::NotText => "not-text",
    }
}

fn argon_word(error: ArgonError) -> &'static str {
    match error {
        ArgonError::OutOfBounds => "out-of-bounds",
        ArgonError::TooMuchMemory { .. } => "too-much-memory",
        ArgonError::OutOfMemory => "out-of-memory",
    }
}

fn wrap_word(error: &WrapError) -> &'static str {
    match error {
        WrapError::Malformed(_) => "malformed",
        WrapError::Version(_) => "version",
        WrapError::Method => "method",
        WrapError::DoesNotOpen => "does-not-open",
        WrapError::OtherKey(_) => "other-key",
        WrapError::Argon(error) => argon_word(*error),
    }
}
