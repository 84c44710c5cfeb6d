//! What must be installed for some tests.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// Whether this runs in CI, where a missing part is a failure.
pub fn ci() -> bool {
    std::env::var("CI").is_ok_and(|v| v == "true")
}

/// Whether this runs as root.
pub fn root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Where a program is, on the path or where system programs are.
pub fn find(program: &str) -> Option<String> {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':').chain(["/usr/sbin", "/usr/bin", "/sbin", "/bin"]).map(|dir| format!("{dir}/{program}")).find(|p| Path::new(p).is_file())
}

/// Where a program is. Where it is missing: root installs its Debian package; else CI fails, and everybody else reads what to install
/// and skips the test (None).
pub fn need(program: &str, package: &str) -> Option<String> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one = INSTALLING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(found) = find(program) {
        return Some(found);
    }
    if root() && find("apt-get").is_some() {
        let apt = |args: &[&str]| {
            Command::new("apt-get")
                .args(args)
                .env("DEBIAN_FRONTEND", "noninteractive")
                .stdin(Stdio::null())
                .output()
                .is_ok_and(|o| o.status.success())
        };
        let install = ["install", "-y", "-qq", "--no-install-recommends", package];
        if apt(&install) || (apt(&["update", "-qq"]) && apt(&install)) {
            return find(program);
        }
    }
    skip(&format!("{program} is missing: apt-get install {package}"));
    None
}

/// True for root; says why the test is skipped otherwise (in CI: fails). The binary makes itself undumpable, so `/proc` shows its memory and
/// environment to root alone; mounting and giving files away are root's as well.
pub fn need_root(what: &str) -> bool {
    if !root() {
        skip(&format!("{what}: only root may do that"));
    }
    root()
}

/// A test that cannot run here says so; in CI that is a failure.
pub fn skip(why: &str) {
    assert!(!ci(), "CI must not skip: {why}");
    eprintln!("SKIPPED: {why}");
}
