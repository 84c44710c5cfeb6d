//! Drill reports and recovery kits, answered as `tests/second/papers.py` would.

use super::{bytes, key};
use kastellan::crypto::{Passphrase, SigningKey};
use kastellan::format::{KitError, KitFile, ReportError, openssh_public, sign_report, verify_report};
use serde_json::{Value, json};

/// The answer; another request is a failed test.
pub fn reply(request: &Value) -> Result<Value, &'static str> {
    let text = |name: &str| request[name].as_str().unwrap_or_else(|| panic!("{name} is missing"));
    match text("do") {
        "report-sign" => {
            let key = SigningKey::from_seed(&key(&request["seed"]));
            let signature = sign_report(&key, &bytes(&request["report"]));
            Ok(json!({"signature": signature, "public": openssh_public(&key.public(), "")}))
        }
        "report" => {
            let public = bytes(&request["public"]).try_into().unwrap();
            let verified = verify_report(&public, &bytes(&request["report"]), text("signature"));
            verified.map(|()| json!({"good": true})).map_err(|error| report_word(&error))
        }
        "kit" => {
            let passphrase = Passphrase::entered(&bytes(&request["passphrase"])).unwrap();
            let opened = KitFile::parse(text("file").as_bytes()).and_then(|file| file.open(&passphrase, super::PLENTY));
            let document = opened.map(|kit| serde_json::from_slice::<Value>(&kit.to_json()).unwrap());
            document.map(|document| json!({"document": document})).map_err(|error| kit_word(&error))
        }
        other => panic!("unknown request {other}"),
    }
}

fn report_word(error: &ReportError) -> &'static str {
    match error {
        ReportError::NotASignature => "not-a-signature",
        ReportError::Kind => "kind",
        ReportError::Namespace(_) => "namespace",
        ReportError::OtherKey(_) => "other-key",
        ReportError::DoesNotMatch => "does-not-match",
    }
}

fn kit_word(error: &KitError) -> &'static str {
    match error {
        KitError::NotAKit => "not-a-kit",
        KitError::TooLarge => "too-large",
        KitError::Passphrase => "passphrase",
        KitError::Recipient(_) | KitError::NoRecipient => "recipient",
        KitError::NoIdentity | KitError::NeedsIdentity => "needs-identity",
        KitError::NeedsPassphrase => "needs-passphrase",
        KitError::Work(..) => "work",
        KitError::DoesNotOpen => "does-not-open",
        KitError::Altered => "altered",
        KitError::Version(_) => "version",
        KitError::Malformed { .. } => "malformed",
    }
}
