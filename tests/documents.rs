//! What documents say must be so: the key table, the exit codes, the commands, the files they point at.
//! `KASTELLAN_UPDATE=1` writes the generated part again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use kastellan::app::key_table;
use kastellan::domain::Kind;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

#[test]
fn the_readme_s_key_table_is_made_from_the_bindings() {
    let readme = read("README.md");
    let (begin, end) = ("<!-- keys -->\n", "<!-- /keys -->");
    let (before, rest) = readme.split_once(begin).expect("a place for the table");
    let (now, after) = rest.split_once(end).expect("its end");
    let table = key_table();
    assert!(table.lines().count() > 20 && table.contains("quit"), "{table}");
    if std::env::var_os("KASTELLAN_UPDATE").is_some_and(|v| v == "1") {
        fs::write(root().join("README.md"), format!("{before}{begin}{table}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(now, table, "stale: KASTELLAN_UPDATE=1 cargo test --test documents");
}

#[test]
fn the_readme_opens_with_a_picture_of_the_console() {
    let readme = read("README.md");
    let mut lines = readme.lines().filter(|line| !line.is_empty());
    assert_eq!(lines.next(), Some("# Kastellan"));
    assert!(lines.next().is_some_and(|line| line.starts_with("![") && line.ends_with("](screenshots/overview.svg)")));
}

#[test]
fn the_first_two_commands_are_those_that_ci_runs() {
    let readme = read("README.md");
    let first = readme.split("```").nth(1).expect("a block of commands");
    assert_eq!(first.trim().lines().collect::<Vec<_>>(), ["cargo run --release -- demo", "cargo test"]);
    assert!(read(".ci/run").contains("cargo test --locked"));
}

#[test]
fn exit_codes_are_those_of_the_program() {
    let readme = read("README.md");
    for kind in [
        Kind::Unexpected,
        Kind::Usage,
        Kind::Secret,
        Kind::NotFound,
        Kind::Refused,
        Kind::Unreachable,
        Kind::Damaged,
        Kind::Changed,
        Kind::AnswerNo,
    ] {
        assert!(readme.contains(&format!("\n| {} | ", kind.code())), "{kind:?}");
    }
}

#[test]
fn links_lead_somewhere() {
    for name in ["README.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md"] {
        let text = read(name);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|l| !l.starts_with("http")) {
            assert!(root().join(link.split('#').next().unwrap()).exists(), "{name}: {link}");
        }
    }
}

#[test]
fn paths_in_the_architecture_exist() {
    let text = read("ARCHITECTURE.md");
    let quoted = text.split('`').skip(1).step_by(2);
    let mut seen = 0;
    for path in quoted.filter(|q| ["tests/", "src/", "scripts/", "screenshots/", ".ci/", "themes/"].iter().any(|f| q.starts_with(f))) {
        if !path.contains("NAME") {
            assert!(root().join(path).exists(), "{path}");
            seen += 1;
        }
    }
    assert!(seen > 5);
}

#[test]
fn the_architecture_s_table_is_the_one_that_is_held() {
    let (text, held) = (read("ARCHITECTURE.md"), read("tests/layers/main.rs"));
    let rooms = held.split("const ROOMS").nth(1).unwrap().split("];").next().unwrap();
    for line in rooms.lines().filter_map(|l| l.trim().strip_prefix("(\"")) {
        let (room, knows) = line.split_once('"').unwrap();
        if room == "lib" {
            continue;
        }
        let shown = if room == "main" { "main.rs" } else { room };
        let row = text.lines().find(|l| l.starts_with(&format!("| `{shown}` |"))).unwrap_or_else(|| panic!("no row for {room}"));
        let told = row.rsplit('|').nth(1).unwrap().trim();
        let mut names: Vec<&str> = knows.split('"').skip(1).step_by(2).collect();
        if told == "all above" {
            continue;
        }
        let mut told: Vec<&str> = told.split(", ").filter(|t| *t != "-").collect();
        names.sort_unstable();
        told.sort_unstable();
        assert_eq!(told, names, "{room}");
    }
}

#[test]
fn the_tree_is_what_the_documents_say() {
    for name in ["LICENSE", "SECURITY.md", "ARCHITECTURE.md", "CHANGELOG.md", "deny.toml", ".ci/run", "themes", "screenshots/overview.svg"]
    {
        assert!(Path::new(&root().join(name)).exists(), "{name}");
    }
    assert!(read("LICENSE").contains("Apache License"));
    assert!(read("Cargo.toml").contains("license = \"Apache-2.0\""));
}

/// Every `kastellan ...` line of the README's code blocks is parsed by the program itself: `--help` behind it prints the verb's usage.
#[test]
fn every_command_that_the_readme_shows_exists() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let mut shown = 0;
    for line in readme.split("```").skip(1).step_by(2).flat_map(str::lines).filter(|line| line.starts_with("kastellan ")) {
        let words: Vec<&str> = line.split('#').next().unwrap().split_whitespace().skip(1).collect();
        // Flags are taken as written; --help ends the run before anything is done.
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_kastellan")).args(&words).arg("--help").output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        let usage = String::from_utf8_lossy(&output.stdout).into_owned();
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            assert!(usage.contains(flag), "{line}: {flag} is not a flag of it");
        }
        shown += 1;
    }
    assert!(shown >= 6, "{shown}");
}
