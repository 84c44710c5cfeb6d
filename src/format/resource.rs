//! Kubernetes-shaped resources out, as JSON and YAML. Reading them is `read_passkey`'s, in `manifest`.
//!
//! Owns: the shape of a Passkey as Kasten has it, and of our own kinds. Must not: hold a secret, or print text that was not cleaned.

use crate::domain::{Ages, JournalLine, Opens, Passkey, PassphraseSource, Policy, Text, Timestamp};
use serde_json::{Map, Value, json};

/// Kasten's group and version, which a Passkey has here too.
pub(super) const KASTEN: &str = "vault.kio.kasten.io/v1alpha1";
/// Ours.
const OURS: &str = "kastellan.dev/v1alpha1";

/// A resource: apiVersion, kind, metadata, spec, status.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource(pub Value);

impl Resource {
    /// A Passkey, Kasten-shaped: `vault.kio.kasten.io/v1alpha1`, spec, and status with `inuse`, `valid` (only where proved), `state`.
    #[must_use]
    pub fn passkey(passkey: &Passkey, in_use: bool, ages: &Ages, now: Timestamp) -> Self {
        let opens = passkey.opens(ages, now);
        let mut annotations = Map::new();
        let mut annotate = |name: &str, value: Option<&Text>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                annotations.insert(format!("kastellan.dev/{name}"), value.clean().into());
            }
        };
        annotate("owner", passkey.owner.as_ref());
        annotate("created-by", Some(&passkey.created_by));
        annotate("note", passkey.note.as_ref());
        annotate("wrap-id", Some(&Text::from(passkey.wrap_id.as_str())));
        let spec = match &passkey.source {
            PassphraseSource::Prompt => json!({"passphrase": {"from": "prompt"}}),
            PassphraseSource::File { path } => json!({"passphrase": {"from": "file", "path": path}}),
            PassphraseSource::Secret { name, namespace } => json!({"secret": {"name": name, "namespace": namespace}}),
        };
        let state = match () {
            () if passkey.altered => "Altered",
            () if passkey.pending => "Pending",
            () => "Added to Catalog",
        };
        let mut status = json!({
            "inuse": in_use,
            "state": state,
            "method": passkey.method.word(),
            "settings": passkey.settings,
            "opens": opens.word(),
            "why": passkey.why(ages, now),
        });
        match opens {
            Opens::Yes => status["valid"] = true.into(),
            Opens::No => status["valid"] = false.into(),
            Opens::Stale | Opens::Unknown | Opens::Pending => {}
        }
        if passkey.weak {
            status["weak"] = true.into();
        }
        if let Some((at, by)) = passkey.proof.as_ref().and_then(|proof| proof.opened.as_ref()) {
            status["provedAt"] = at.to_string().into();
            status["provedBy"] = by.word().into();
        }
        Self::new(KASTEN, "Passkey", passkey.name.as_str(), Some(passkey.created_at), annotations, Some(spec), status)
    }

    /// A Policy, `kastellan.dev/v1alpha1`.
    #[must_use]
    pub fn policy(policy: &Policy) -> Self {
        let mut annotations = Map::new();
        if !policy.created_by.is_empty() {
            annotations.insert("kastellan.dev/created-by".into(), policy.created_by.clean().into());
        }
        let mut status = json!({"keyId": policy.key_id});
        if policy.altered {
            status["altered"] = true.into();
        }
        Self::new(OURS, "Policy", policy.name.as_str(), Some(policy.created_at), annotations, None, status)
    }

    /// A `JournalEntry`, `kastellan.dev/v1alpha1`.
    #[must_use]
    pub fn journal(line: &JournalLine) -> Self {
        let body = json!({
            "seq": line.seq, "who": line.who, "from": line.from, "verb": line.verb, "what": line.what,
            "vouched": line.vouched, "hash": line.hash,
        });
        Self::new(OURS, "JournalEntry", &line.seq.to_string(), Some(line.at), Map::new(), None, body)
    }

    /// Any other of ours: `kind` with `name` in metadata and `body` as its status, `kastellan.dev/v1alpha1`.
    #[must_use]
    pub fn ours(kind: &str, name: &str, body: Value) -> Self {
        Self::new(OURS, kind, name, None, Map::new(), None, body)
    }

    /// Pretty JSON with a newline at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        pretty(&self.0)
    }

    /// YAML.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        yaml(&self.0)
    }

    fn new(
        api_version: &str,
        kind: &str,
        name: &str,
        made: Option<Timestamp>,
        annotations: Map<String, Value>,
        spec: Option<Value>,
        status: Value,
    ) -> Self {
        let mut metadata = json!({"name": name});
        if let Some(made) = made {
            metadata["creationTimestamp"] = made.to_string().into();
        }
        if !annotations.is_empty() {
            metadata["annotations"] = annotations.into();
        }
        let mut whole = Map::new();
        whole.insert("apiVersion".into(), api_version.into());
        whole.insert("kind".into(), kind.into());
        whole.insert("metadata".into(), metadata);
        whole.extend(spec.map(|spec| ("spec".into(), spec)));
        whole.insert("status".into(), status);
        Self(cleaned(whole.into()))
    }
}

/// `{apiVersion, kind: KINDList, items}` as JSON.
#[must_use]
pub fn to_json_list(kind: &str, items: &[Resource]) -> String {
    pretty(&list(kind, items))
}

/// The same as YAML.
#[must_use]
pub fn to_yaml_list(kind: &str, items: &[Resource]) -> String {
    yaml(&list(kind, items))
}

fn list(kind: &str, items: &[Resource]) -> Value {
    let api_version = if kind == "Passkey" { KASTEN } else { OURS };
    let items: Vec<Value> = items.iter().map(|item| cleaned(item.0.clone())).collect();
    json!({"apiVersion": api_version, "kind": format!("{kind}List"), "items": items})
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn yaml(value: &Value) -> String {
    // A JSON value has nothing that YAML could refuse. Answers are words; to readers of YAML 1.1 a bare YES or NO is no text.
    let plain = serde_yaml::to_string(value).unwrap_or_default();
    // No text has a second line: line ends are control characters, which are cleaned before.
    let quoted = |line: &str| match line.rsplit_once(": ") {
        Some((head, word @ ("YES" | "NO"))) => format!("{head}: '{word}'\n"),
        _ => format!("{line}\n"),
    };
    plain.lines().map(quoted).collect()
}

/// Every string harmless, names of members included: whoever made the value, it may end on a screen.
fn cleaned(value: Value) -> Value {
    match value {
        Value::String(text) => Text::from(text).clean().into(),
        Value::Array(items) => items.into_iter().map(cleaned).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (Text::from(name).clean(), cleaned(value))).collect(),
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Method, Proof, Prover};
    use crate::format::read_passkey;

    fn passkey() -> Passkey {
        Passkey {
            name: "k10MasterKey".parse().unwrap(),
            method: Method::Passphrase,
            source: PassphraseSource::Secret { name: "k10-cluster-passphrase".into(), namespace: "kasten-io".into() },
            owner: Some("ana".into()),
            created_at: Timestamp::from_unix(0),
            created_by: "ana@bastion".into(),
            wrap_id: "00".into(),
            settings: "Argon2id 256 MiB".into(),
            weak: false,
            pending: false,
            proof: None,
            altered: false,
            note: None,
        }
    }

    fn shown(passkey: &Passkey) -> Resource {
        Resource::passkey(passkey, true, &Ages::default(), Timestamp::from_unix(100))
    }

    #[test]
    fn a_passkey_in_kastens_shape() {
        let yaml = shown(&passkey()).to_yaml();
        let expected = "apiVersion: vault.kio.kasten.io/v1alpha1\nkind: Passkey\nmetadata:\n  annotations:\n    \
                        kastellan.dev/created-by: ana@bastion\n    kastellan.dev/owner: ana\n    kastellan.dev/wrap-id: '00'\n  \
                        creationTimestamp: 1970-01-01T00:00:00Z\n  name: k10MasterKey\nspec:\n  secret:\n    \
                        name: k10-cluster-passphrase\n    namespace: kasten-io\nstatus:\n  inuse: true\n  method: passphrase\n  \
                        opens: UNKNOWN\n  settings: Argon2id 256 MiB\n  state: Added to Catalog\n  why: nobody typed it\n";
        assert_eq!(yaml, expected);
    }

    #[test]
    fn valid_is_there_only_where_proved() {
        let valid = |passkey: &Passkey| shown(passkey).0["status"].get("valid").cloned();
        let mut one = passkey();
        assert_eq!(valid(&one), None);
        let proof = Proof { opened: Some((Timestamp::from_unix(50), Prover::File)), typed: None, failed: None };
        one.proof = Some(proof.clone());
        assert_eq!(valid(&one), Some(true.into()));
        assert_eq!(shown(&one).0["status"]["provedBy"], "file");
        one.proof = Some(Proof { failed: Some((Timestamp::from_unix(60), "no".into())), ..proof });
        assert_eq!(valid(&one), Some(false.into()));
        one.pending = true;
        assert_eq!(valid(&one), None);
        assert_eq!(shown(&one).0["status"]["state"], "Pending");
    }

    #[test]
    fn what_goes_out_comes_in() {
        let sources = [PassphraseSource::Prompt, PassphraseSource::File { path: "/etc/pass: #1".into() }, passkey().source];
        for source in sources {
            let one = Passkey { source: source.clone(), ..passkey() };
            for text in [shown(&one).to_yaml(), shown(&one).to_json()] {
                let read = read_passkey(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
                assert_eq!((read.name, read.source, read.use_now), (one.name.clone(), source.clone(), false));
            }
        }
    }

    #[test]
    fn hostile_text_is_harmless_in_every_form() {
        let hostile = Text::new("a\x1b[2J\u{202e}\u{9b}b\n");
        let one = Passkey {
            owner: Some(hostile.clone()),
            created_by: hostile.clone(),
            settings: hostile.clone(),
            note: Some(hostile.clone()),
            wrap_id: "\x1b".into(),
            source: PassphraseSource::File { path: hostile.clone() },
            ..passkey()
        };
        let raw = json!({"\u{1b}name": ["\u{1b}[2J", {"x": "\u{202e}"}]});
        let ours = Resource::ours("Thing\x1b", "n\x1b", raw.clone());
        let smuggled = Resource(raw);
        let outputs = [shown(&one).to_yaml(), shown(&one).to_json(), ours.to_yaml(), ours.to_json()];
        let lists = [to_json_list("Passkey", &[smuggled.clone(), shown(&one)]), to_yaml_list("Passkey", &[smuggled])];
        for text in outputs.iter().chain(&lists) {
            assert!(!text.contains(['\x1b', '\u{202e}', '\u{9b}']), "{text:?}");
            assert!(!text.contains("\\u001b") && !text.contains("\\e"), "{text:?}");
        }
    }

    #[test]
    fn lists_have_kubernetes_shape() {
        let list: Value = serde_json::from_str(&to_json_list("Passkey", &[shown(&passkey())])).unwrap();
        assert_eq!((&list["apiVersion"], &list["kind"]), (&json!(KASTEN), &json!("PasskeyList")));
        assert_eq!(list["items"][0]["kind"], "Passkey");
        assert_eq!(to_yaml_list("Policy", &[]), "apiVersion: kastellan.dev/v1alpha1\nitems: []\nkind: PolicyList\n");
    }

    #[test]
    fn answers_are_words_to_every_reader_of_yaml() {
        let ours = Resource::ours("Thing", "n", json!({"opens": "YES", "items": [{"answer": "NO"}], "ready": true}));
        let yaml = ours.to_yaml();
        assert!(yaml.contains("opens: 'YES'\n") && yaml.contains("- answer: 'NO'\n") && yaml.contains("ready: true\n"), "{yaml}");
        let back: Value = serde_yaml::from_str(&yaml).unwrap();
        assert!(yaml.contains("'YES'") && back.to_string().contains("\"YES\""));
    }
}
