//! Texts for pages: the end of the log, what the doctor examined.

use crate::domain::Text;
use crate::ops;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// How much of the log is shown, in bytes.
const LOG_SHOWN: u64 = 64 * 1024;

/// What was examined, in lines that fit the smallest terminals worth designing for; what is long stands below.
pub fn examined(examined: &ops::Examined) -> Vec<Text> {
    let head = format!("{:<18}{:<8}", examined.what.to_string(), examined.health.word());
    let found = examined.found.to_string();
    let mut lines = if head.len() + found.len() <= 76 {
        vec![Text::new(format!("{head}{found}"))]
    } else {
        vec![Text::new(head.trim_end()), Text::new(format!("  {found}"))]
    };
    lines.extend(examined.advice.as_ref().map(|advice| Text::new(format!("  next: {advice}"))));
    lines
}

/// The lines of a text.
pub fn lines(text: &str) -> Vec<Text> {
    text.lines().map(Text::from).collect()
}

/// The end of a file, from the beginning of a line.
pub fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_SHOWN)))?;
    let mut bytes = Vec::new();
    file.take(LOG_SHOWN).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(if length > LOG_SHOWN { text.split_once('\n').map_or(String::new(), |(_, rest)| rest.to_owned()) } else { text })
}
