//! Reading a Passkey from YAML (or JSON, its subset) that somebody wrote, or that was written to do harm.
//!
//! Owns: what is accepted, and where in the text a refusal points. Must not: expand anchors, follow tags, or guess at fields. Names of
//! methods that this version has not are refused by name. Next: `resource` writes the same shape.

use super::resource::KASTEN;
use crate::domain::{PasskeyName, PassphraseSource, Text};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The longest text, in bytes: 64 KiB.
const LONGEST: usize = 64 * 1024;
/// Kasten's fields of methods that this version does not have.
const OTHER_METHODS: [&str; 7] = [
    "awscmkkeyid",
    "vaulttransitkeyname",
    "vaulttransitpath",
    "vaultauthrole",
    "vaultk8sserviceaccounttokenpath",
    "azurekeyname",
    "azurekeyvaulturl",
];

/// What `passkey add -f` takes from YAML or JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeySpec {
    /// `metadata.name`.
    pub name: PasskeyName,
    /// `spec.secret`, or `spec.passphrase`.
    pub source: PassphraseSource,
    /// `spec.usenow`.
    pub use_now: bool,
}

/// Why a text is not taken as a resource: what, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}", place.map(|(line, column)| format!(" (line {line}, column {column})")).unwrap_or_default())]
pub struct ResourceError {
    /// In words.
    pub what: Text,
    /// Line and column from 1, where known.
    pub place: Option<(usize, usize)>,
}

/// Reads one Passkey from YAML (or JSON, its subset): unknown fields, wrong kinds, several documents, aliases and oversize refused.
///
/// `status`, and of `metadata` what a server adds, are allowed and not looked at: what was printed can be given again.
///
/// # Errors
/// [`ResourceError`].
pub fn read_passkey(yaml: &[u8]) -> Result<PasskeySpec, ResourceError> {
    if yaml.len() > LONGEST {
        return Err(refuse(format!("it has {} bytes; at most {LONGEST} are allowed", yaml.len())));
    }
    let text = std::str::from_utf8(yaml).map_err(|_| refuse("it is not UTF-8 text"))?;
    if let Some(place) = anchor(text) {
        return Err(ResourceError { what: "anchors and aliases (& and *) are not allowed".into(), place: Some(place) });
    }
    let mut documents = serde_yaml::Deserializer::from_str(text);
    let Some(first) = documents.next() else { return Err(refuse("it is empty")) };
    let written = Written::deserialize(first)?;
    if documents.next().is_some() {
        return Err(refuse("it holds more than one document; give one at a time"));
    }
    if written.kind != "Passkey" {
        return Err(refuse(format!("its kind is \"{}\", not \"Passkey\"", written.kind)));
    }
    if written.api_version != KASTEN {
        return Err(refuse(format!("its apiVersion is \"{}\", not \"{KASTEN}\"", written.api_version)));
    }
    let name = written.metadata.name.parse::<PasskeyName>().map_err(|error| refuse(format!("metadata.name: {error}")))?;
    let source = match (written.spec.secret, written.spec.passphrase) {
        (Some(secret), None) => secret.source()?,
        (None, Some(passphrase)) => passphrase.source()?,
        (Some(_), Some(_)) => return Err(refuse("spec names both secret and passphrase; exactly one is needed")),
        (None, None) => return Err(refuse("spec names neither secret nor passphrase; exactly one is needed")),
    };
    Ok(PasskeySpec { name, source, use_now: written.spec.usenow })
}

impl From<serde_yaml::Error> for ResourceError {
    /// The reader's own words, and where it stood.
    fn from(error: serde_yaml::Error) -> Self {
        let place = error.location().map(|at| (at.line(), at.column()));
        let words = error.to_string();
        let words = match place {
            Some((line, column)) => words.replace(&format!(" at line {line} column {column}"), ""),
            None => words,
        };
        let other = OTHER_METHODS.iter().find(|field| words.contains(&format!("unknown field `{field}`")));
        let what = match other {
            Some(field) => format!("spec.{field}: this method is not known to this version"),
            None => words,
        };
        Self { what: what.into(), place }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Written {
    #[serde(deserialize_with = "text")]
    api_version: String,
    #[serde(deserialize_with = "text")]
    kind: String,
    metadata: Metadata,
    spec: Spec,
    #[serde(default, rename = "status")]
    _status: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Metadata {
    #[serde(deserialize_with = "text")]
    name: String,
    #[serde(default, rename = "annotations")]
    _annotations: Option<BTreeMap<String, String>>,
    #[serde(default, rename = "labels")]
    _labels: Option<BTreeMap<String, String>>,
    #[serde(default, rename = "creationTimestamp", alias = "creationtimestamp")]
    _creation_timestamp: Option<String>,
    #[serde(default, rename = "uid")]
    _uid: Option<String>,
    #[serde(default, rename = "resourceVersion")]
    _resource_version: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    secret: Option<SecretRef>,
    passphrase: Option<PassphraseRef>,
    #[serde(default)]
    usenow: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretRef {
    #[serde(deserialize_with = "text")]
    name: String,
    #[serde(deserialize_with = "text")]
    namespace: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PassphraseRef {
    #[serde(deserialize_with = "text")]
    from: String,
    #[serde(default, deserialize_with = "some_text")]
    path: Option<String>,
}

/// Text that was written as text: YAML's reader would take `7` and `true` for it as well.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Only;
    impl serde::de::Visitor<'_> for Only {
        type Value = String;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
    }
    deserializer.deserialize_any(Only)
}

fn some_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer).map(Some)
}

impl SecretRef {
    /// Names of a Secret and a namespace as Kubernetes has them: neither is repaired.
    fn source(self) -> Result<PassphraseSource, ResourceError> {
        let good = |name: &str, most: usize, also: &[u8]| {
            let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            (1..=most).contains(&name.len())
                && name.bytes().all(|byte| inner(byte) || also.contains(&byte))
                && name.bytes().next().is_some_and(inner)
                && name.bytes().last().is_some_and(inner)
        };
        if !good(&self.name, 253, b"-.") {
            return Err(refuse(format!("spec.secret.name \"{}\" is no name of a Secret", self.name)));
        }
        if !good(&self.namespace, 63, b"-") {
            return Err(refuse(format!("spec.secret.namespace \"{}\" is no name of a namespace", self.namespace)));
        }
        Ok(PassphraseSource::Secret { name: self.name.into(), namespace: self.namespace.into() })
    }
}

impl PassphraseRef {
    fn source(self) -> Result<PassphraseSource, ResourceError> {
        match (self.from.as_str(), self.path) {
            ("prompt", None) => Ok(PassphraseSource::Prompt),
            ("prompt", Some(_)) => Err(refuse("spec.passphrase.path belongs to from: file")),
            ("file", Some(path)) if path.is_empty() || path.contains('\0') => Err(refuse("spec.passphrase.path is no path")),
            ("file", Some(path)) => Ok(PassphraseSource::File { path: path.into() }),
            ("file", None) => Err(refuse("spec.passphrase.path is missing")),
            (other, _) => Err(refuse(format!("spec.passphrase.from is \"{other}\"; it is \"prompt\" or \"file\""))),
        }
    }
}

fn refuse(what: impl Into<Text>) -> ResourceError {
    ResourceError { what: what.into(), place: None }
}

/// Line and column of the first anchor or alias: a `&` or `*` where a value may begin, outside of quotes and comments.
fn anchor(text: &str) -> Option<(usize, usize)> {
    let (mut line, mut column) = (1, 0);
    let mut quote = None;
    // In a comment up to the end of the line; in a tag (`!!map`) up to white space, after which a value may still begin.
    let (mut comment, mut tag) = (false, false);
    // Whether a value may begin here, and whether white space came just before.
    let (mut begins, mut spaced) = (true, true);
    for c in text.chars() {
        column += 1;
        if c == '\n' {
            (line, column, comment, tag) = (line + 1, 0, false, false);
            if quote.is_none() {
                (begins, spaced) = (true, true);
            }
            continue;
        }
        match (quote, c) {
            _ if comment => {}
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '#') if spaced => comment = true,
            (None, '"' | '\'') if begins => (quote, begins, spaced) = (Some(c), false, false),
            (None, '&' | '*') if begins => return Some((line, column)),
            (None, ' ' | '\t' | '\r') => (spaced, tag) = (true, false),
            (None, _) if tag => {}
            (None, '[' | '{' | ',' | ':' | '-' | '?' | ']' | '}') => (begins, spaced) = (true, false),
            (None, '!') if begins => (spaced, tag) = (false, true),
            (None, _) => (begins, spaced) = (false, false),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "apiVersion: vault.kio.kasten.io/v1alpha1\nkind: Passkey\nmetadata:\n  name: k10MasterKey-2\nspec:\n  usenow: true\n  \
                        secret:\n    name: k10-cluster-passphrase\n    namespace: kasten-io\n";

    fn error(yaml: &str) -> String {
        read_passkey(yaml.as_bytes()).map(|spec| panic!("{spec:?} from {yaml}")).unwrap_err().to_string()
    }

    #[test]
    fn kastens_own_yaml() {
        let spec = read_passkey(GOOD.as_bytes()).unwrap();
        assert_eq!(spec.name.as_str(), "k10MasterKey-2");
        assert!(spec.use_now);
        assert_eq!(spec.source, PassphraseSource::Secret { name: "k10-cluster-passphrase".into(), namespace: "kasten-io".into() });
        assert!(read_passkey(format!("---\n{GOOD}").as_bytes()).is_ok(), "a leading marker is still one document");
        let commented = GOOD.replace("spec:", "# it's *the* one & only\nspec: # & *x");
        assert!(read_passkey(commented.as_bytes()).is_ok());
    }

    #[test]
    fn unknown_fields_are_named_with_their_place() {
        let error = error(&GOOD.replace("  usenow: true", "  useNow: true"));
        assert!(error.contains("useNow") && error.contains("line 6"), "{error}");
        let method = read_passkey(GOOD.replace("  usenow: true", "  awscmkkeyid: x").as_bytes()).unwrap_err();
        assert_eq!(method.what.to_string(), "spec.awscmkkeyid: this method is not known to this version");
        assert_eq!(method.place.map(|(line, _)| line), Some(6));
    }

    #[test]
    fn wrong_kinds_types_and_names() {
        let with = |from: &str, to: &str| error(&GOOD.replace(from, to));
        assert!(with("kind: Passkey", "kind: Secret").contains("its kind is \"Secret\""));
        assert!(with("v1alpha1", "v2").contains("apiVersion"));
        assert!(with("usenow: true", "usenow: 'yes'").contains("boolean"));
        assert!(with("k10MasterKey-2", "a/b").contains("metadata.name"));
        assert!(with("k10MasterKey-2", &"a".repeat(64)).contains("at most 63"));
        assert!(with("name: k10MasterKey-2", "name: [a]").contains("line 4"));
        assert!(with("namespace: kasten-io", "namespace: Kasten_io").contains("namespace"));
        assert!(with("name: k10-cluster", "name: K10-cluster").contains("no name of a Secret"));
        assert!(with("usenow: true", "passphrase: {from: prompt}").contains("exactly one"));
        assert!(error(GOOD.split("  secret").next().unwrap()).contains("neither secret nor passphrase"));
        assert!(with("    namespace: kasten-io\n", "").contains("namespace"));
        assert!(with("kind: Passkey\n", "kind: Passkey\nkind: Passkey\n").contains("duplicate"));
    }

    #[test]
    fn passphrase_sources() {
        let head = GOOD.split("  usenow").next().unwrap();
        let read = |source: &str| read_passkey(format!("{head}  passphrase: {source}\n").as_bytes());
        assert_eq!(read("{from: prompt}").unwrap().source, PassphraseSource::Prompt);
        assert_eq!(read("{from: file, path: /a/b}").unwrap().source, PassphraseSource::File { path: "/a/b".into() });
        for bad in ["{from: file}", "{from: prompt, path: x}", "{from: env}", "secret words", "{from: file, path: ''}", "{}"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn several_documents_bombs_and_oversize() {
        assert!(error(&format!("{GOOD}---\n{GOOD}")).contains("more than one document"));
        let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
        let lines = ('a'..='y').zip('b'..='z');
        bomb.extend(lines.map(|(from, to)| format!("{to}: &{to} [{}]\n", vec![format!("*{from}"); 9].join(","))));
        assert!(error(&bomb).contains("anchors and aliases"));
        assert!(error(&GOOD.replace("metadata:", "metadata: &x")).contains("(line 3, column 11)"));
        assert!(error(&GOOD.replace("  name: k10M", "  <<: *x\n  name: k10M")).contains("anchors"));
        assert!(error(&format!("{GOOD}#{}", "x".repeat(LONGEST))).contains("at most 65536"));
        assert!(error("").contains("empty") || !error("").is_empty());
        assert!(!error(&"[".repeat(60_000)).is_empty());
        assert!(!error("\u{0}").is_empty());
        assert!(read_passkey(b"\xff\xfe").is_err());
        assert!(!error(&GOOD.replace("usenow: true", "\"us\\e[2Jenow\": true")).contains('\x1b'));
    }

    #[test]
    fn anchors_are_told_from_text() {
        for plain in ["a: b & c", "a: 'x' # & y", "path: /a&b/*", "a: \"- &x\"", "a: it's & b", "a: 'x\n  &y'", "- a\n- b*"] {
            assert_eq!(anchor(plain), None, "{plain}");
        }
        for (text, place) in
            [("a: &x b", (1, 4)), ("- *x", (1, 3)), ("[a, *x]", (1, 5)), ("a:\n  &x\n  b: c", (2, 3)), ("a: !!map &x {}", (1, 4))]
        {
            assert!(anchor(text).is_some_and(|found| found.0 == place.0), "{text}");
        }
    }
}
