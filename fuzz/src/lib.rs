//! The parsers of texts and files from outside, each with what must hold whatever comes in; shared by the fuzz targets and the smoke test.

use kastellan::crypto::{Key, Passphrase};
use kastellan::domain::{Drill, LocationName, PasskeyName, PolicyName, Text, Timestamp};
use kastellan::format::{
    ArchiveHeader, ArchiveReader, ImportText, KitFile, Object, RecordKind, SealedRecord, Sidecar, Wrap, open_small, parse_archive_name,
    read_kit_document, read_openssh_public, read_passkey, verify_report,
};

/// What is tried with bytes; it panics where something does not hold.
pub type Parser = fn(&[u8]);

/// All of them, by the names of their targets.
pub const ALL: [(&str, Parser); 11] = [
    ("object", object),
    ("record", record),
    ("wrap", wrap),
    ("manifest", manifest),
    ("sidecar", sidecar),
    ("stream", stream),
    ("archive", archive),
    ("import_data", import_data),
    ("kit", kit),
    ("report", report),
    ("names", names),
];

/// Memory that a hostile header may ask Argon2id for, in KiB.
const AVAILABLE: u64 = 64;

/// What parses is written to what parses to the same, and has one canonical form.
pub fn object(bytes: &[u8]) {
    if let Ok(object) = Object::parse(bytes) {
        let again = Object::parse(object.to_json().as_bytes()).expect("what was written parses");
        assert_eq!(again, object);
        assert_eq!(again.canon(&[]), object.canon(&[]));
    }
}

/// A record of nobody opens under no key.
pub fn record(bytes: &[u8]) {
    let at = bytes.len() / 2;
    let clear = String::from_utf8_lossy(&bytes[..at]).into_owned();
    let record = SealedRecord { kind: RecordKind::Policy, id: "p".into(), rev: 1, clear, sealed: bytes[at..].to_vec() };
    let _ = record.clear();
    assert!(record.open(&Key::filled(|key| key.fill(1)), "7f3a").is_err());
}

/// A wrap that parses keeps its limits: nothing is derived before they are checked.
pub fn wrap(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(wrap) = Wrap::parse(text) {
        assert!(Wrap::parse(&wrap.to_json()).is_ok());
        let _ = wrap.params();
        let _ = wrap.open_with_passphrase(&passphrase(), AVAILABLE);
    }
}

/// Kubernetes manifests of passkeys.
pub fn manifest(bytes: &[u8]) {
    let _ = read_passkey(bytes);
}

/// Facts of an artifact: what parses is written the same, and opens for nobody who has not made it.
pub fn sidecar(bytes: &[u8]) {
    if let Ok(sidecar) = Sidecar::parse(bytes) {
        let again = Sidecar::parse(sidecar.to_json().as_bytes()).expect("what was written parses");
        assert_eq!(again.to_json(), sidecar.to_json());
        assert!(sidecar.open(&Key::filled(|key| key.fill(1))).is_err());
    }
}

/// A stream that nobody sealed releases nothing.
pub fn stream(bytes: &[u8]) {
    assert!(open_small(&Key::filled(|key| key.fill(1)), b"ad", bytes).is_err());
}

/// A DR archive: header, then a stream that nobody sealed.
pub fn archive(mut bytes: &[u8]) {
    let Ok(header) = ArchiveHeader::read(&mut bytes) else { return };
    if let Ok(key) = header.open(&passphrase(), AVAILABLE)
        && let Ok(mut reader) = ArchiveReader::begin(bytes, &header, &key)
    {
        while let Ok(Some(_)) = reader.record() {}
    }
}

/// Import data; opened as well, since an unprotected text carries its key in the clear.
pub fn import_data(bytes: &[u8]) {
    if let Ok(text) = ImportText::parse(bytes)
        && let Ok(data) = text.open(Some(&passphrase()), AVAILABLE)
    {
        let again = ImportText::parse(data.to_text().as_bytes()).expect("what was written parses");
        assert!(again.open(None, AVAILABLE).is_ok());
    }
}

/// A recovery kit, sealed or not.
pub fn kit(bytes: &[u8]) {
    if let Ok(kit) = read_kit_document(bytes) {
        assert!(read_kit_document(&kit.to_json()).is_ok());
    }
    if let Ok(file) = KitFile::parse(bytes)
        && file.needs_passphrase()
    {
        let _ = file.open(&passphrase(), AVAILABLE);
    }
}

/// A drill's report, its signature, and a public key: nothing verifies that nobody signed.
pub fn report(bytes: &[u8]) {
    let at = bytes.len() / 2;
    assert!(verify_report(&[3; 32], &bytes[..at], &String::from_utf8_lossy(&bytes[at..])).is_err());
    let _ = read_openssh_public(&String::from_utf8_lossy(bytes));
    if let Ok(drill) = serde_json::from_slice::<Drill>(bytes) {
        assert!(!drill.markdown(None).chars().any(|c| c.is_control() && c != '\n'));
    }
}

/// Names, times and texts as people and strangers write them: what is shown has no control character.
pub fn names(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(!Text::new(text.as_ref()).to_string().chars().any(char::is_control));
    let _ = parse_archive_name(&text);
    let _ = text.parse::<Timestamp>();
    if let Ok(name) = text.parse::<PolicyName>() {
        assert_eq!(name.as_str(), text);
    }
    if let Ok(name) = text.parse::<PasskeyName>() {
        assert_eq!(name.as_str(), text);
    }
    if let Ok(name) = text.parse::<LocationName>() {
        assert_eq!(name.as_str(), text);
    }
}

/// Cheap to derive from, and no secret.
fn passphrase() -> Passphrase {
    Passphrase::entered(b"fuzz").expect("a passphrase")
}
