//! What other people's programs say of what we make, and we of what they make: OpenSSH of drill reports, age (Go) of recovery kits.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "harness/examples.rs"]
mod examples;
#[allow(dead_code)]
#[path = "harness/tools.rs"]
mod tools;

use age::secrecy::ExposeSecret;
use kastellan::crypto::{Derived, Key, Passphrase, SigningKey};
use kastellan::format::{Kit, KitFile, REPORT_NAMESPACE, openssh_public, read_openssh_public, sign_report, verify_report};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[test]
fn ssh_keygen_verifies_a_drill_report() {
    let Some(ssh_keygen) = tools::need("ssh-keygen", "openssh-client") else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let key = SigningKey::from_seed(&Derived::from_master(&Key::generate()).signing_seed());
    let report = br#"{"drill":"ok"}"#;
    fs::write(at("allowed"), format!("prod-eu1 {}\n", openssh_public(&key.public(), "prod-eu1"))).unwrap();
    fs::write(at("report.sig"), sign_report(&key, report)).unwrap();
    let verify = |report: &[u8], namespace: &str| {
        fs::write(at("report"), report).unwrap();
        let mut ssh = Command::new(&ssh_keygen);
        ssh.args(["-Y", "verify", "-I", "prod-eu1", "-n", namespace]).arg("-f").arg(at("allowed")).arg("-s").arg(at("report.sig"));
        ssh.stdin(fs::File::open(at("report")).unwrap()).stdout(Stdio::null()).stderr(Stdio::null());
        ssh.status().unwrap().success()
    };
    assert!(verify(report, REPORT_NAMESPACE));
    assert!(!verify(b"{}", REPORT_NAMESPACE), "another report");
    assert!(!verify(report, "file"), "another purpose");
}

#[test]
fn we_verify_what_ssh_keygen_signed() {
    let Some(ssh_keygen) = tools::need("ssh-keygen", "openssh-client") else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let run = |arguments: &[&str]| {
        assert!(Command::new(&ssh_keygen).current_dir(folder.path()).args(arguments).output().unwrap().status.success(), "{arguments:?}");
    };
    run(&["-q", "-t", "ed25519", "-N", "", "-C", "somebody", "-f", "key"]);
    fs::write(at("report"), b"{}").unwrap();
    run(&["-Y", "sign", "-q", "-f", "key", "-n", REPORT_NAMESPACE, "report"]);
    let public = read_openssh_public(&fs::read_to_string(at("key.pub")).unwrap()).unwrap();
    assert_eq!(verify_report(&public, b"{}", &fs::read_to_string(at("report.sig")).unwrap()), Ok(()));
}

/// The age library behind a small program, built once; None where it cannot be.
fn age_check() -> Option<PathBuf> {
    let local = || Some("/usr/local/go/bin/go".to_owned()).filter(|go| Path::new(go).is_file());
    let go = tools::find("go").or_else(local).or_else(|| tools::need("go", "golang-go"))?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/age_check");
    let target = std::env::var_os("KASTELLAN_TEST_CACHE").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let program = target.join("test-tools/age-check");
    let built = Command::new(go).current_dir(source).args(["build", "-trimpath", "-mod=readonly", "-o"]).arg(&program).arg(".").output();
    match built {
        Ok(out) if out.status.success() => Some(program),
        Ok(out) => {
            tools::skip(&format!("age cannot be built: {}", String::from_utf8_lossy(&out.stderr)));
            None
        }
        Err(error) => {
            tools::skip(&format!("age cannot be built: {error}"));
            None
        }
    }
}

fn run(program: &Path, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut child =
        Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // It may end before it has read all: what counts is how it ends.
    let _ = child.stdin.take().unwrap().write_all(input);
    let out = child.wait_with_output().unwrap();
    out.status.success().then_some(out.stdout)
}

#[test]
fn age_opens_our_kits_and_we_open_its() {
    let Some(age_check) = age_check() else { return };
    let kit = examples::kit(7, &"Open it with age.\n".repeat(5000));
    let document = kit.to_json();
    let same = |kit: &Kit| assert!(*kit.to_json() == *document);

    let passphrase = Passphrase::generate();
    let word = std::str::from_utf8(passphrase.expose()).unwrap();
    let ours = kit.seal(&passphrase, 8 << 20).unwrap();
    assert!(run(&age_check, &["open", "scrypt", word], ours.as_bytes()).is_some_and(|opened| opened == *document));
    assert_eq!(run(&age_check, &["open", "scrypt", "wrong"], ours.as_bytes()), None);
    let theirs = run(&age_check, &["seal", "scrypt", word], &document).unwrap();
    same(&KitFile::parse(&theirs).unwrap().open(&passphrase, 8 << 20).ok().unwrap());

    let identity = age::x25519::Identity::generate();
    let (public, secret) = (identity.to_public().to_string(), identity.to_string());
    let secret = secret.expose_secret();
    let ours = kit.seal_to(&[&public]).unwrap();
    assert!(run(&age_check, &["open", "x25519", secret], ours.as_bytes()).is_some_and(|opened| opened == *document));
    let theirs = run(&age_check, &["seal", "x25519", secret], &document).unwrap();
    same(&KitFile::parse(&theirs).unwrap().open_with_identities(secret).ok().unwrap());
}
