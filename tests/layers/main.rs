//! Holds the crate to its shape: which room may know which, that no files need each other, which library belongs in which room, where
//! `unsafe` may stand.
//!
//! Reads the sources as text, so that a macro or an `cfg` hides nothing from it. The table below is the one in `ARCHITECTURE.md`; a new
//! room is one more line here, and a new arrow is a decision. Modules under `#[cfg(test)]` may reach further than their room.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

mod reading;

use reading::{follows, is_word, path_attributes, sources, tests_only, tokens, without_tests};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Every room, and all that it may know. `lib` is the map of the crate, `main` the binary.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("crypto", &[]),
    ("format", &["crypto", "domain"]),
    ("host", &["domain"]),
    ("catalog", &["format", "host", "crypto", "domain"]),
    ("keyservice", &["format", "host", "crypto", "domain"]),
    ("store", &["format", "host", "crypto", "domain"]),
    ("ops", &["catalog", "keyservice", "store", "format", "host", "crypto", "domain"]),
    ("wizard", &["domain"]),
    ("app", &["wizard", "domain"]),
    ("cli", &["ops", "wizard", "host", "crypto", "domain"]),
    ("tui", &["ops", "app", "wizard", "host", "crypto", "domain"]),
    ("main", &["cli", "tui", "host", "crypto"]),
    ("lib", &[]),
];

/// Whether a room, and a file in it, may use a library.
type MayUse = fn(&str, &str) -> bool;

/// Libraries that belong somewhere: the first part of their name, and whether a file may use them.
const LIBRARIES: &[(&str, &str, MayUse)] = &[
    ("ratatui", "only tui draws", |room, _| room == "tui"),
    ("crossterm", "only tui talks to a terminal", |room, _| room == "tui"),
    ("tokio", "these rooms are plain functions", |room, _| {
        !matches!(room, "domain" | "crypto" | "format" | "host" | "wizard" | "app" | "lib")
    }),
    ("rusqlite", "only catalog/sqlite and store/index know SQLite", |_, path| {
        path.starts_with("catalog/sqlite") || path == "store/index.rs"
    }),
    ("object_store", "only store/s3 knows the client", |_, path| path.starts_with("store/s3")),
    ("aws_config", "only store/s3 asks AWS's chain", |_, path| path.starts_with("store/s3")),
    ("aws_lc_rs", "bulk data is sealed in crypto alone", |room, _| room == "crypto"),
    ("zxcvbn", "passphrases are judged in crypto alone", |room, _| room == "crypto"),
    ("zstd", "only archives are compressed", |_, path| path.starts_with("format/archive")),
];

/// Rooms that may have a text's hostile bytes.
const RAW: &[&str] = &["domain", "format", "catalog", "host", "keyservice", "store"];

/// The one file with `unsafe`.
const UNSAFE: &str = "crypto/memory.rs";

/// No file is longer.
const LONGEST: usize = 600;

#[test]
fn every_source_keeps_to_its_room() {
    let sources = sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")));
    assert!(sources.len() > 20, "the sources were found");
    let found = faults(&sources);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn the_table_has_no_circle() {
    let table = ROOMS.iter().map(|(room, knows)| ((*room).to_owned(), knows.iter().map(|k| (*k).to_owned()).collect())).collect();
    assert_eq!(circle(&table), None);
}

// ---- the rules ----

/// Everything that is wrong with these sources, one line each: path under `src`, then text.
fn faults(sources: &BTreeMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut files: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let tests_only = tests_only(sources);
    for (path, text) in sources {
        let room = room_of(path);
        let Some((_, knows)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            found.push(format!("{path}: there is no room {room} in the table"));
            continue;
        };
        let all = tokens(text);
        if text.lines().count() > LONGEST {
            found.push(format!("{path}: {} lines, more than {LONGEST}", text.lines().count()));
        }
        if path != UNSAFE && all.iter().any(|t| t == "unsafe") {
            found.push(format!("{path}: unsafe outside of {UNSAFE}"));
        }
        if path_attributes(text).any(|other| other.contains('/')) || follows(&all, &["include", "!"]) {
            found.push(format!("{path}: takes another file in by its path, which hides it from this test"));
        }
        if tests_only.contains(path) {
            continue;
        }
        let code = without_tests(&all);
        files.insert(path.clone(), files_of(path, &code, sources));
        for target in arrows_of(path, &code) {
            if target.is_empty() {
                found.push(format!("{path}: takes in the whole crate, which hides what it knows"));
            } else if !ROOMS.iter().any(|(name, _)| *name == target) || target == "main" || target == "lib" {
                found.push(format!("{path}: crate::{target} is no room"));
            } else if target != room {
                if !knows.contains(&target.as_str()) {
                    found.push(format!("{path}: {room} must not know {target}"));
                }
                arrows.entry(room.clone()).or_default().insert(target);
            }
        }
        for (library, why, may) in LIBRARIES {
            if !may(&room, path) && uses_library(&code, library) {
                found.push(format!("{path}: {library} here; {why}"));
            }
        }
        if !RAW.contains(&room.as_str()) && (follows(&code, &[".", "raw", "(", ")"]) || follows(&code, &["Text", "::", "raw"])) {
            found.push(format!("{path}: Text::raw, the bytes as they came, outside of {}", RAW.join(" ")));
        }
    }
    for each in [&arrows, &files] {
        found.extend(circle(each).map(|way| format!("a circle: {}", way.join(" -> "))));
    }
    found
}

/// The room of a file: its first folder, or the file's own name.
fn room_of(path: &str) -> String {
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs").to_owned()
}

/// The rooms that a file names; an empty name for the crate's root itself.
fn arrows_of(path: &str, code: &[String]) -> BTreeSet<String> {
    named(path, code).iter().map(|path| target(path)).collect()
}

/// The files that a file names. A name that its folder's `mod.rs` hands on is not followed: who defines it, only a compiler knows.
fn files_of(path: &str, code: &[String], sources: &BTreeMap<String, String>) -> BTreeSet<String> {
    let file = |named: &Vec<String>| {
        let prefixes = (1..=named.len()).rev().map(|n| named[..n].join("/"));
        prefixes.map(|prefix| format!("{prefix}.rs")).find(|file| sources.contains_key(file))
    };
    named(path, code).iter().filter_map(file).filter(|other| other != path).collect()
}

/// The absolute paths that a file names, by `crate::`, `$crate::`, `kastellan::`, `self::` or any number of `super::`, in `use`, in groups
/// and in the middle of code; an empty one for the crate's root itself.
fn named(path: &str, code: &[String]) -> BTreeSet<Vec<String>> {
    let mut here: Vec<String> = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if matches!(here.last().map(String::as_str), Some("mod")) || here == ["lib"] || here == ["main"] {
        here.pop();
    }
    let root = here.is_empty();
    let (mut found, mut depth, mut inner, mut at) = (BTreeSet::new(), 0_usize, Vec::new(), 0);
    while at < code.len() {
        let (word, before) = (code[at].as_str(), if at == 0 { "" } else { code[at - 1].as_str() });
        let starts = before != "::" && before != "." && before != "fn" && before != "mod";
        match word {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if inner.last() == Some(&depth) {
                    inner.pop();
                    here.pop();
                }
            }
            "mod" if code.get(at + 2).is_some_and(|t| t == "{") => {
                here.push(code[at + 1].clone());
                inner.push(depth);
            }
            "crate" | "kastellan" | "self" | "super" if starts && code.get(at + 1).is_some_and(|t| t == "::") => {
                found.extend(paths(code, &mut at, &[], &here));
                continue;
            }
            // `use crate as k`, `use crate;`, `extern crate self as k`
            "crate" | "kastellan" | "self"
                if starts && matches!(before, "use" | "crate") && code.get(at + 1).is_some_and(|t| t != "::") =>
            {
                found.insert(Vec::new());
            }
            // At the root a room's bare name is a path as well.
            name if root && starts && ROOMS.iter().any(|(room, _)| *room == name) && code.get(at + 1).is_some_and(|t| t == "::") => {
                found.insert(vec![name.to_owned()]);
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The room in an absolute path; empty for the root itself.
fn target(path: &[String]) -> String {
    path.first().filter(|first| !matches!(first.as_str(), "*" | "self")).cloned().unwrap_or_default()
}

/// All absolute paths of the use tree (or plain path) at `at`, which is left behind it.
fn paths(code: &[String], at: &mut usize, base: &[String], here: &[String]) -> Vec<Vec<String>> {
    let mut path = base.to_vec();
    let mut first = base.is_empty();
    loop {
        match code.get(*at).map(String::as_str) {
            Some("crate" | "kastellan") if first => path.clear(),
            Some("self") if first => path = here.to_vec(),
            Some("super") if first => path = here[..here.len().saturating_sub(1)].to_vec(),
            Some("super") => {
                path.pop();
            }
            Some("{") => {
                *at += 1;
                let mut all = Vec::new();
                while code.get(*at).is_some_and(|t| t != "}") {
                    if code[*at] == "," {
                        *at += 1;
                    } else {
                        all.extend(paths_within(code, at, &path, here));
                    }
                }
                *at += 1;
                return all;
            }
            Some(word) => path.push(word.to_owned()),
            None => return vec![path],
        }
        first = false;
        *at += 1;
        if code.get(*at).is_some_and(|t| t == "::") && code.get(*at + 1).is_some_and(|t| t != "<") {
            *at += 1;
        } else {
            while code.get(*at).is_some_and(|t| t == "as") {
                *at += 2;
            }
            return vec![path];
        }
    }
}

/// A member of a group: continues `base`, and is never the start of a path.
fn paths_within(code: &[String], at: &mut usize, base: &[String], here: &[String]) -> Vec<Vec<String>> {
    if base.is_empty() {
        // A group directly under the root: `{self, ops::X}`.
        let mut marked = vec!["\u{0}".to_owned()];
        marked.extend(base.iter().cloned());
        return paths(code, at, &marked, here).into_iter().map(|p| p[1..].to_vec()).collect();
    }
    paths(code, at, base, here)
}

/// Whether a library, or one of its family (`tokio_util`), is named at the start of a path.
fn uses_library(code: &[String], library: &str) -> bool {
    code.iter().enumerate().any(|(at, word)| {
        let before = if at == 0 { "" } else { code[at - 1].as_str() };
        let mine = word.strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
        let named = code.get(at + 1).is_some_and(|t| t == "::") || matches!(before, "use" | "crate");
        mine && named && before != "." && (before != "::" || at < 2 || !is_word(&code[at - 2]))
    })
}

/// The first circle among arrows, as its way from room to room or file to file.
fn circle(arrows: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn walk(at: &str, arrows: &BTreeMap<String, BTreeSet<String>>, way: &mut Vec<String>, seen: &mut BTreeSet<String>) -> bool {
        let again = way.iter().any(|w| w == at);
        way.push(at.to_owned());
        if again {
            return true;
        }
        // What was walked before without a circle has none.
        if seen.insert(at.to_owned()) && arrows.get(at).into_iter().flatten().any(|next| walk(next, arrows, way, seen)) {
            return true;
        }
        way.pop();
        false
    }
    let mut seen = BTreeSet::new();
    arrows.keys().find_map(|at| {
        let mut way = Vec::new();
        walk(at, arrows, &mut way, &mut seen).then_some(way)
    })
}

// ---- the rules bite ----

/// What is found in one file.
fn found(path: &str, text: &str) -> String {
    faults(&BTreeMap::from([(path.to_owned(), text.to_owned())])).join("\n")
}

#[test]
fn arrows_are_seen_in_every_spelling() {
    for wrong in [
        "use crate::ops::Session;",
        "use crate::{domain::Text, ops::{self, Session}};",
        "use crate::{\n    domain::Text,\n    ops,\n};",
        "use super::super::ops::Session;",
        "use super::super::{domain::Text, ops};",
        "use super::{super::ops::Session, Other};",
        "use self::super::super::ops::X;",
        "fn f() { crate::ops::run(); }",
        "fn f() -> crate::ops::Session { todo!() }",
        "impl crate :: ops :: X for Y {}",
        "macro_rules! m { () => { $crate::ops::run() } }",
        "mod inner { use super::super::super::ops::X; }",
        "mod inner { fn f() {} } use super::super::ops::X;",
        "pub use kastellan::ops;",
        "fn f<'a>(x: &'a str) { let c = '{'; crate::ops::run() }",
        "const S: &str = \"} {\"; use crate::ops::X;",
    ] {
        assert_eq!(found("wizard/init.rs", wrong), "wizard/init.rs: wizard must not know ops", "{wrong}");
    }
    assert_eq!(found("wizard/mod.rs", "use super::ops::X;"), "wizard/mod.rs: wizard must not know ops");
    assert_eq!(found("catalog/mod.rs", "use crate::keyservice::X;"), "catalog/mod.rs: catalog must not know keyservice");
    assert_eq!(found("domain/may.rs", "use crate::crypto::Key;"), "domain/may.rs: domain must not know crypto");
    assert_eq!(found("main.rs", "use kastellan::ops::X;"), "main.rs: main must not know ops");
    assert_eq!(found("main.rs", "fn main() { kastellan::ops::x() }"), "main.rs: main must not know ops");
    assert_eq!(found("lib.rs", "pub mod ops;\npub use ops::Session;"), "lib.rs: lib must not know ops");
}

#[test]
fn what_is_allowed_passes() {
    for (path, right) in [
        ("wizard/init.rs", "use crate::domain::{self, Text}; use super::{Step, Wizard}; use super::super::wizard::X;"),
        ("ops/rotate.rs", "use crate::{catalog::Catalog, keyservice, format::{self, Wrap}, host::Host, crypto::Key, domain::Text};"),
        ("ops/rotate.rs", "mod inner { use super::super::Session; use super::Local; }"),
        (
            "cli/mod.rs",
            "// crate::tui\n/* crate::app::X /* */ crate::catalog */ const S: &str = \"crate::tui::x\"; const R: &str = r#\"crate::app::x\"\"#;",
        ),
        ("main.rs", "use kastellan::{cli, tui}; fn main() { kastellan::host::x(); }"),
        ("main.rs", "use kastellan::crypto; #[global_allocator] static A: crypto::WipingAllocator = crypto::WipingAllocator;"),
        ("domain/mod.rs", "pub(crate) fn f() {} pub(super) fn g(self: &Self) {}"),
        ("tui/mod.rs", "use ratatui::text::Span; fn f() { Span::raw(\"x\"); crossterm::terminal::x(); tokio::spawn(x); }"),
        ("catalog/sqlite/schema.rs", "use rusqlite::Connection;"),
        ("ops/x.rs", "fn f(e: std::io::Error) { e.raw_os_error(); raw(); }"),
        ("wizard/x.rs", "#[cfg(test)] mod tests { use crate::ops::X; fn f(t: Text) { t.raw(); } }"),
        ("wizard/x.rs", "#[cfg(test)] use crate::ops::X;\nfn g() {}"),
        ("host/config.rs", "#[path = \"config_values.rs\"]\nmod values;"),
        ("crypto/memory.rs", "unsafe impl GlobalAlloc for X {}"),
    ] {
        assert_eq!(found(path, right), "", "{path}: {right}");
    }
}

#[test]
fn the_crate_s_root_is_no_back_door() {
    for wrong in ["use crate::*;", "use crate as k;", "use super::super::*;", "use crate::{self as k};", "extern crate self as k;"] {
        let found = found("wizard/init.rs", wrong);
        assert!(found.contains("takes in the whole crate"), "{wrong}: {found}");
    }
    assert_eq!(found("wizard/init.rs", "use crate::Session;"), "wizard/init.rs: crate::Session is no room");
    assert_eq!(found("backdoor/mod.rs", ""), "backdoor/mod.rs: there is no room backdoor in the table");
    for wrong in ["#[path = \"../ops/engine.rs\"] mod engine;", "include!(\"../ops/engine.rs\");"] {
        assert!(found("wizard/init.rs", wrong).contains("by its path"), "{wrong}");
    }
}

#[test]
fn libraries_stay_where_they_belong() {
    for (path, wrong) in [
        ("app/mod.rs", "use ratatui::style::Color;"),
        ("cli/mod.rs", "use crossterm::event::Event;"),
        ("cli/mod.rs", "fn f() { ::ratatui::init(); }"),
        ("host/log.rs", "use tokio::sync::watch;"),
        ("wizard/driver.rs", "async fn f() { tokio::time::sleep(x).await }"),
        ("app/mod.rs", "use tokio_util::X;"),
        ("domain/x.rs", "extern crate tokio;"),
        ("ops/facts.rs", "use rusqlite::Connection;"),
        ("catalog/mod.rs", "fn f(c: rusqlite::Connection) {}"),
    ] {
        assert_ne!(found(path, wrong), "", "{path}: {wrong}");
    }
}

#[test]
fn hostile_bytes_unsafe_and_length_are_seen() {
    for path in ["ops/x.rs", "wizard/x.rs", "app/x.rs", "cli/x.rs", "tui/x.rs", "crypto/x.rs"] {
        assert!(found(path, "fn f(t: &Text) -> &str { t.raw() }").contains("Text::raw"), "{path}");
        assert!(found(path, "fn f() { x.map(Text::raw); }").contains("Text::raw"), "{path}");
    }
    assert_eq!(found("format/x.rs", "fn f(t: &Text) -> &str { t.raw() }"), "");
    assert!(found("ops/x.rs", "fn f() { unsafe { g() } }").contains("unsafe outside"));
    assert!(found("ops/x.rs", "#[cfg(test)] mod tests { fn f() { unsafe { g() } } }").contains("unsafe outside"));
    assert_eq!(found("ops/x.rs", "#![forbid(unsafe_code)] // unsafe\nconst S: &str = \"unsafe\";"), "");
    assert!(found("ops/x.rs", &"fn f() {}\n".repeat(601)).contains("601 lines"));
    assert_eq!(found("ops/x.rs", &"\n".repeat(600)), "");
}

#[test]
fn files_for_tests_are_known_by_their_declaration() {
    let sources = BTreeMap::from([
        ("wizard/mod.rs".to_owned(), "#[cfg(test)]\nmod tests;\nmod init;".to_owned()),
        ("wizard/tests.rs".to_owned(), "use crate::ops::X;".to_owned()),
        ("wizard/tests/more.rs".to_owned(), "use crate::ops::X;".to_owned()),
        ("wizard/init.rs".to_owned(), "use crate::ops::X;\n#[cfg(test)]\n#[path = \"init_tests.rs\"]\nmod tests;".to_owned()),
        ("wizard/init_tests.rs".to_owned(), "use crate::ops::X;".to_owned()),
    ]);
    assert_eq!(faults(&sources), ["wizard/init.rs: wizard must not know ops"]);
}

#[test]
fn files_that_need_each_other_are_a_circle() {
    let faults = |a: &str, b: &str| {
        faults(&BTreeMap::from([
            ("ops/mod.rs".to_owned(), "mod a;\nmod b;\npub use a::A;\npub use b::B;".to_owned()),
            ("ops/a.rs".to_owned(), a.to_owned()),
            ("ops/b.rs".to_owned(), b.to_owned()),
        ]))
    };
    let circle = ["a circle: ops/a.rs -> ops/b.rs -> ops/a.rs"];
    assert_eq!(faults("use super::b::B;", "use crate::ops::a::A;"), circle);
    assert_eq!(faults("fn f() { super::b::g() }", "use super::{a, Other};"), circle);
    assert_eq!(faults("use super::b::B;", "#[cfg(test)] mod tests { use crate::ops::a::A; }"), [""; 0]);
    assert_eq!(faults("use super::b::B; use crate::ops::a::C;", "use super::C;"), [""; 0]);
}

#[test]
fn circles_are_named() {
    let arrows = |pairs: &[(&str, &str)]| {
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in pairs {
            all.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        all
    };
    assert_eq!(circle(&arrows(&[("a", "b"), ("b", "c"), ("a", "c")])), None);
    assert_eq!(circle(&arrows(&[("a", "b"), ("b", "c"), ("c", "b")])), Some(["a", "b", "c", "b"].map(str::to_owned).to_vec()));
}
