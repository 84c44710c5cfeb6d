//! Lists of what is to be done, as people read them.

use crate::domain::Todo;
use std::fmt::Write as _;

/// `[x]` done, `[ ]` to do with its act below.
#[must_use]
pub fn list(items: &[Todo]) -> String {
    let mut out = String::new();
    for item in items {
        let _ = writeln!(out, "[{}] {}", if item.done { "x" } else { " " }, item.title);
        if let Some(act) = &item.act {
            let _ = writeln!(out, "      {}", act.say);
        }
    }
    out
}
