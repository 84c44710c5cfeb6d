//! Sources as tokens, and what of them is there only for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// All sources under a folder: path relative to it, text.
pub fn sources(root: &Path) -> BTreeMap<String, String> {
    let mut folders = vec![PathBuf::from(root)];
    let mut found = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.insert(path.strip_prefix(root).unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// Files that are there only for tests: declared as `#[cfg(test)] mod name;` (and all below them).
pub fn tests_only(sources: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, text) in sources {
        let code = tokens(text);
        let folder = path.strip_suffix("mod.rs").map_or_else(
            || if path == "lib.rs" || path == "main.rs" { String::new() } else { format!("{}/", path.trim_end_matches(".rs")) },
            str::to_owned,
        );
        for part in text.split("#[cfg(test)]").skip(1) {
            if let Some(name) = path_attributes(part.split(';').next().unwrap_or_default()).next() {
                let beside = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
                found.insert(format!("{beside}{name}"));
            }
        }
        for at in 0..code.len() {
            if let Some(end) = test_item(&code, at)
                && end >= 2
                && code[end] == ";"
                && code[end - 2] == "mod"
            {
                let (file, below) = (format!("{folder}{}.rs", code[end - 1]), format!("{folder}{}/", code[end - 1]));
                found.extend(sources.keys().filter(|p| **p == file || p.starts_with(&below)).cloned());
            }
        }
    }
    found
}

/// Files that are named by `#[path = "..."]`; one in the same folder is in the same room.
pub fn path_attributes(text: &str) -> impl Iterator<Item = &str> {
    text.split("#[path").skip(1).filter_map(|rest| rest.split('"').nth(1))
}

/// The tokens without what stands under `#[cfg(test)]`.
pub fn without_tests(code: &[String]) -> Vec<String> {
    let (mut left, mut at) = (Vec::new(), 0);
    while at < code.len() {
        if let Some(end) = test_item(code, at) {
            at = end + 1;
        } else {
            left.push(code[at].clone());
            at += 1;
        }
    }
    left
}

/// Where the item ends that an `#[cfg(test)]` at `at` governs: its `;` or its last `}`.
fn test_item(code: &[String], at: usize) -> Option<usize> {
    if !code[at..].iter().map(String::as_str).zip(["#", "[", "cfg", "(", "test", ")", "]"]).all(|(a, b)| a == b) || code.len() < at + 8 {
        return None;
    }
    let (mut depth, mut end) = (0_i32, at + 7);
    while end < code.len() {
        match code[end].as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" if depth == 1 => return Some(end),
            ")" | "]" | "}" => depth -= 1,
            ";" if depth == 0 => return Some(end),
            _ => {}
        }
        end += 1;
    }
    Some(code.len() - 1)
}

pub fn follows(code: &[String], wanted: &[&str]) -> bool {
    code.windows(wanted.len()).any(|w| w.iter().zip(wanted).all(|(a, b)| a == b))
}

pub fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Words, `::` and single marks; comments, strings, characters and lifetimes are left out.
pub fn tokens(text: &str) -> Vec<String> {
    let c: Vec<char> = text.chars().collect();
    let (mut out, mut i) = (Vec::new(), 0);
    while i < c.len() {
        let next = c.get(i + 1).copied();
        if c[i] == '/' && next == Some('/') {
            while i < c.len() && c[i] != '\n' {
                i += 1;
            }
        } else if c[i] == '/' && next == Some('*') {
            let mut depth = 0;
            loop {
                match (c.get(i), c.get(i + 1)) {
                    (Some('/'), Some('*')) => (depth, i) = (depth + 1, i + 2),
                    (Some('*'), Some('/')) => (depth, i) = (depth - 1, i + 2),
                    (None, _) => break,
                    _ => i += 1,
                }
                if depth == 0 {
                    break;
                }
            }
        } else if let Some(end) = raw_string(&c, i) {
            i = end;
        } else if c[i] == '"' {
            i += 1;
            while i < c.len() && c[i] != '"' {
                i += if c[i] == '\\' { 2 } else { 1 };
            }
            i += 1;
        } else if c[i] == '\'' {
            // A character: 'x', '\n', '\u{..}'. Else a lifetime or label, of which only the mark is skipped.
            if next == Some('\\') {
                i += 3;
                while i < c.len() && c[i] != '\'' {
                    i += 1;
                }
                i += 1;
            } else if c.get(i + 2) == Some(&'\'') {
                i += 3;
            } else {
                i += 1;
                while i < c.len() && (c[i].is_alphanumeric() || c[i] == '_') {
                    i += 1;
                }
            }
        } else if c[i].is_alphanumeric() || c[i] == '_' {
            let start = i;
            while i < c.len() && (c[i].is_alphanumeric() || c[i] == '_') {
                i += 1;
            }
            // r#name is the name
            if c[start..i] == ['r'] && c.get(i) == Some(&'#') && c.get(i + 1).is_some_and(|c| c.is_alphabetic()) {
                i += 1;
                continue;
            }
            out.push(c[start..i].iter().collect());
        } else if c[i] == ':' && next == Some(':') {
            out.push("::".to_owned());
            i += 2;
        } else {
            if !c[i].is_whitespace() {
                out.push(c[i].to_string());
            }
            i += 1;
        }
    }
    out
}

/// Where a raw or byte string that starts at `i` ends.
fn raw_string(c: &[char], i: usize) -> Option<usize> {
    if i > 0 && (c[i - 1].is_alphanumeric() || c[i - 1] == '_') {
        return None;
    }
    let mut at = i;
    while matches!(c.get(at), Some('b' | 'c')) && at == i {
        at += 1;
    }
    if c.get(at) != Some(&'r') {
        return None;
    }
    at += 1;
    let start = at;
    while c.get(at) == Some(&'#') {
        at += 1;
    }
    let hashes = at - start;
    if c.get(at) != Some(&'"') {
        return None;
    }
    at += 1;
    while at < c.len() {
        if c[at] == '"' && c[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes {
            return Some(at + 1 + hashes);
        }
        at += 1;
    }
    Some(at)
}
