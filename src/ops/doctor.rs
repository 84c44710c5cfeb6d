//! What a doctor looks at: paths, permissions, the terminal, versions, limits, the catalog. Plain data, for console and command line.
//!
//! Owns: the list and its advice. Must not: change anything, unlock, print.

use super::{Connection, Place, Session, Settings};
use crate::crypto::Params;
use crate::domain::{Text, count};
use crate::host::{Config, Host, owner_only_problem};
use rustix::fs::Mode;
use std::fmt::Write as _;
use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Whether something is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// It is.
    Fine,
    /// It could be better.
    Note,
    /// It matters.
    Problem,
}

impl Health {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Note => "note",
            Self::Problem => "problem",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// What: `catalog`, `tmux escape-time`.
    pub what: Text,
    /// What was found.
    pub found: Text,
    /// Whether that is well.
    pub health: Health,
    /// What to do about it, where it is not.
    pub advice: Option<Text>,
}

/// Looks at everything; what cannot be found out is said so.
pub async fn doctor(place: &Place, host: &Arc<Host>, settings: &Settings) -> Vec<Examined> {
    let mut found = Findings::default();
    found.fine("kastellan", format!("{}, SQLite {}", env!("CARGO_PKG_VERSION"), crate::catalog::sqlite_version()));
    found.fine("person", person(host));
    paths(&mut found, host);
    terminal(&mut found);
    machine(&mut found, host);
    file(&mut found, &place.catalog);
    catalog(&mut found, place, host, settings).await;
    found.0
}

#[derive(Default)]
struct Findings(Vec<Examined>);

impl Findings {
    fn fine(&mut self, what: &str, found: impl Into<Text>) {
        self.0.push(Examined { what: what.into(), found: found.into(), health: Health::Fine, advice: None });
    }

    fn note(&mut self, what: &str, found: impl Into<Text>, advice: impl Into<Text>) {
        self.0.push(Examined { what: what.into(), found: found.into(), health: Health::Note, advice: Some(advice.into()) });
    }

    fn problem(&mut self, what: &str, found: impl Into<Text>, advice: impl Into<Text>) {
        self.0.push(Examined { what: what.into(), found: found.into(), health: Health::Problem, advice: Some(advice.into()) });
    }
}

fn shown(path: &Path) -> Text {
    Text::new(path.to_string_lossy())
}

fn person(host: &Host) -> String {
    let p = &host.person;
    let mut out = p.who().to_string();
    if p.account != p.name {
        let _ = write!(out, ", as {}", p.account);
    }
    if !p.terminal.is_empty() {
        let _ = write!(out, ", on {}", p.terminal);
    }
    if !p.ssh.is_empty() {
        let _ = write!(out, ", over SSH from {}", p.ssh);
    }
    out
}

fn paths(found: &mut Findings, host: &Host) {
    let paths = &host.paths;
    match Config::load(&paths.config) {
        Ok(_) if paths.config.exists() => found.fine("configuration", shown(&paths.config)),
        Ok(_) => found.fine("configuration", format!("{} (not there: defaults)", shown(&paths.config))),
        Err(fault) => found.problem("configuration", fault.line(), fault.next.say),
    }
    let there = if paths.themes.is_dir() { "" } else { " (not there: built-in themes)" };
    found.fine("themes", format!("{}{there}", shown(&paths.themes)));
    for (what, path) in [("pin file", &paths.known), ("log", &paths.log)] {
        match path.exists().then(|| owner_only_problem(path)) {
            None => found.fine(what, format!("{} (not there yet)", shown(path))),
            Some(None) => found.fine(what, shown(path)),
            Some(Some(why)) => found.problem(what, format!("{}: {why}", shown(path)), format!("chmod 600 {}", shown(path))),
        }
    }
}

fn terminal(found: &mut Findings) {
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    let (input, output) = (std::io::stdin().is_terminal(), std::io::stdout().is_terminal());
    let name = match (input, output) {
        (true, true) => "input and output".to_owned(),
        (false, false) => "neither input nor output".to_owned(),
        (true, false) => "input only".to_owned(),
        (false, true) => "output only".to_owned(),
    };
    let term = var("TERM");
    match term.as_str() {
        "" | "dumb" => found.note(
            "terminal",
            format!("{name}; TERM is {}", if term.is_empty() { "not set" } else { "dumb" }),
            "the console needs a terminal that draws; here use the verbs, or kastellan --plain",
        ),
        _ => found.fine("terminal", format!("{name}; TERM is {term}")),
    }
    let size = [rustix::stdio::stdout(), rustix::stdio::stderr(), rustix::stdio::stdin()];
    if let Some(size) = size.into_iter().find_map(|fd| rustix::termios::tcgetwinsize(fd).ok()).filter(|size| size.ws_col > 0) {
        let (columns, rows) = (size.ws_col, size.ws_row);
        if columns < 60 || rows < 15 {
            found.note("size", format!("{columns}x{rows}"), "the console needs 60x15, and is designed for 80x24 and more");
        } else {
            found.fine("size", format!("{columns}x{rows}"));
        }
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().map(var).find(|value| !value.is_empty()).unwrap_or_default();
    let utf8 = locale.to_ascii_lowercase().replace('-', "").contains("utf8");
    if utf8 {
        found.fine("locale", locale);
    } else {
        let now = if locale.is_empty() { "not set".to_owned() } else { locale };
        found.note("locale", format!("{now}: not UTF-8"), "export LC_ALL=C.UTF-8, or start with --ascii");
    }
    found.fine("colour", colour(&var("NO_COLOR"), &var("COLORTERM"), &term));
    if !var("SSH_CONNECTION").is_empty() {
        found.fine("SSH", "this session came over SSH; a lost connection locks and ends the console");
    }
    if !var("TMUX").is_empty() {
        match tmux_escape_time() {
            Some(ms) if ms > 50 => found.note(
                "tmux escape-time",
                format!("{ms} ms: Esc arrives that much later"),
                "in ~/.tmux.conf: set -sg escape-time 10, then tmux source-file ~/.tmux.conf",
            ),
            Some(ms) => found.fine("tmux escape-time", format!("{ms} ms")),
            None => found.note("tmux escape-time", "tmux does not tell", "tmux show -sv escape-time should say 10 or so"),
        }
    }
}

fn colour(no_color: &str, colorterm: &str, term: &str) -> &'static str {
    match (no_color.is_empty(), colorterm, term) {
        (false, ..) => "none (NO_COLOR is set)",
        (_, "truecolor" | "24bit", _) => "24 bits (COLORTERM)",
        (_, _, term) if term.contains("256") => "256 (TERM)",
        (_, _, "" | "dumb") => "none",
        _ => "16",
    }
}

fn tmux_escape_time() -> Option<u64> {
    let told = Command::new("tmux").args(["show", "-sv", "escape-time"]).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    String::from_utf8_lossy(&told.stdout).trim().parse().ok()
}

fn machine(found: &mut Findings, host: &Host) {
    let facts = host.machine.facts();
    let (available, need) = (facts.available_kib, u64::from(Params::FULL.m));
    let mib = available / 1024;
    let words = Params::for_writing(available).words();
    if Params::FULL.check(available).is_err() {
        let advice =
            format!("free memory: opening a passkey of full strength takes {} MiB, and at most half of what is available", need / 1024);
        found.problem("memory", format!("{mib} MiB available"), advice);
    } else if Params::for_writing(available) == Params::FULL {
        found.fine("memory", format!("{mib} MiB available; new passkeys get {words}"));
    } else {
        let advice = "from 2 GiB on new passkeys get full strength";
        found.note("memory", format!("{mib} MiB available; new passkeys get {words}"), advice);
    }
    match facts.lock_limit {
        None => found.fine("locked memory", "unlimited"),
        Some(limit) if limit < 64 * 1024 && facts.swap => {
            found.note("locked memory", format!("{} KiB", limit / 1024), "raise ulimit -l: keys could be swapped out");
        }
        Some(limit) => found.fine("locked memory", format!("{} KiB", limit / 1024)),
    }
    if facts.swap {
        let advice = "keys are kept in locked memory where the limit allows; encrypt swap, or turn it off, to be sure";
        found.note("swap", "on", advice);
    } else {
        found.fine("swap", "off");
    }
    match facts.core_limit {
        Some(0) => found.fine("core dumps", "off for this process"),
        limit => {
            let limit = limit.map_or_else(|| "unlimited".to_owned(), |limit| format!("{limit} bytes"));
            found.note("core dumps", format!("limit {limit}"), "ulimit -c 0: a core dump would hold keys");
        }
    }
}

/// The catalog as a file: kind, owner, mode, file system. It is not opened: closing it would take away the POSIX locks that `SQLite` holds
/// on it for the console in this very process, and the next process to end would remove the log under that console's hands.
fn file(found: &mut Findings, path: &Path) {
    let Ok(meta) = std::fs::metadata(path) else {
        let next = "if all is lost: kastellan recover; kastellan init sets up an installation; kastellan demo shows one";
        found.note("catalog", format!("{} (not there)", shown(path)), next);
        return;
    };
    if !meta.is_file() {
        found.problem("catalog", format!("{} is no regular file", shown(path)), "name the right one with --catalog FILE");
        return;
    }
    match owner_only_problem(path) {
        None => found.fine("catalog", format!("{}, {} bytes, mode {:04o}", shown(path), meta.size(), meta.mode() & 0o7777)),
        Some(why) => found.problem("catalog", format!("{}: {why}", shown(path)), format!("chown and chmod 600 {}", shown(path))),
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let others = Mode::WGRP | Mode::WOTH;
    if std::fs::metadata(folder).is_ok_and(|meta| meta.mode() & others.bits() != 0 && meta.mode() & 0o1000 == 0) {
        let advice = format!("chmod go-w {}: who may write there may replace the catalog", shown(folder));
        found.problem("catalog's folder", format!("{}: others may write to it", shown(folder)), advice);
    }
    if let Some(name) = network(path) {
        let advice = "move it to a local disk: SQLite's write-ahead log does not work over a network";
        found.problem("file system", format!("{name}, over the network"), advice);
    }
}

/// The name of a network file system.
#[cfg(target_os = "linux")]
fn network(path: &Path) -> Option<&'static str> {
    let kind = rustix::fs::statfs(path).ok()?.f_type;
    [
        (0x6969, "NFS"),
        (0x517b, "SMB"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB 2"),
        (0x0102_1997, "9P"),
        (0x5346_414f, "AFS"),
        (0x00c3_6400, "Ceph"),
    ]
    .into_iter()
    .find_map(|(magic, name)| (i128::from(kind) & 0xffff_ffff == magic).then_some(name))
}

#[cfg(not(target_os = "linux"))]
fn network(_: &Path) -> Option<&'static str> {
    None
}

/// The catalog as an installation, locked.
async fn catalog(found: &mut Findings, place: &Place, host: &Arc<Host>, settings: &Settings) {
    // Looking changes nothing, whatever the flags say.
    let settings = Settings { read_only: true, ..settings.clone() };
    let facts = match Connection::open(place.clone(), host.clone(), settings) {
        Ok(None) => return,
        Ok(Some(connection)) => match Session::open(connection).await {
            Ok(session) => session.facts().await,
            Err(fault) => Err(fault),
        },
        Err(fault) => Err(fault),
    };
    let facts = match facts {
        Ok(facts) => facts,
        Err(fault) => return found.problem("installation", fault.line(), fault.next.say),
    };
    if let Some(i) = &facts.installation {
        let text = {
            let passkeys = count(facts.passkeys.len() as u64, "passkey", "passkeys");
            let policies = count(facts.policies, "policy", "policies");
            format!("{}, {passkeys}, {policies}, journal at entry {}", i.title(), facts.head.seq)
        };
        found.fine("installation", text);
    }
    if let Some(alarm) = &facts.alarm {
        found.problem("journal", alarm.clone(), "kastellan journal verify");
    }
    let weak: Vec<String> = facts.passkeys.iter().filter(|p| p.weak).map(|p| p.name.to_string()).collect();
    if !weak.is_empty() {
        found.note("weak passkeys", weak.join(", "), "rotate to a new passkey: what is made today is stronger");
    }
    if let Some(u) = &facts.unfinished {
        found.problem("unfinished", format!("{} by {}", u.request.verb(), u.who), "kastellan rotate --resume | --abandon");
    }
    if let Some(h) = &facts.holder {
        found.note("busy", format!("{} has been {} since {}", h.who, h.doing, h.since), "wait for it, or look at that terminal");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_told_from_the_environment() {
        assert_eq!(colour("1", "truecolor", "xterm"), "none (NO_COLOR is set)");
        assert_eq!(colour("", "truecolor", "xterm"), "24 bits (COLORTERM)");
        assert_eq!(colour("", "", "tmux-256color"), "256 (TERM)");
        assert_eq!(colour("", "", "dumb"), "none");
        assert_eq!(colour("", "", "vt100"), "16");
    }

    #[test]
    fn a_file_that_others_may_read_and_a_folder_are_problems() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.db");
        std::fs::write(&path, "x").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let health = |path: &Path| {
            let mut found = Findings::default();
            file(&mut found, path);
            found.0.iter().map(|examined| examined.health).max()
        };
        assert_eq!(health(&path), Some(Health::Problem));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(health(&path), Some(Health::Fine));
        assert_eq!(health(folder.path()), Some(Health::Problem));
        assert_eq!(health(&folder.path().join("none")), Some(Health::Note));
    }
}
