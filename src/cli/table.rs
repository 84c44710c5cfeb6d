//! Tables: columns that align, and lines that fit where a person reads them.
//!
//! Owns: widths, wrapping, colours of answers. Must not: know what is in a cell. Next: `output` writes lists of them.

use crate::domain::Text;
use unicode_width::UnicodeWidthStr;

/// The narrowest terminal that is designed for.
const FITS: usize = 80;
/// Between columns.
const GAP: &str = "  ";

/// Aligned columns.
#[derive(Default)]
pub struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    empty: String,
}

impl Table {
    /// With these column names; `empty` is said where there is no row.
    pub fn new(head: &[&'static str], empty: impl Into<String>) -> Self {
        Self { head: head.to_vec(), rows: Vec::new(), empty: empty.into() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table as text, a row a line. Cells come from texts that were cleaned already; they are cleaned again, for no cell may move a
    /// cursor.
    pub fn render(&self, color: bool) -> String {
        self.within(usize::MAX, color)
    }

    /// The same for people: where it is wider than 80 columns, the widest cells go on below, as far as their words allow.
    pub fn fitted(&self, color: bool) -> String {
        self.within(FITS, color)
    }

    fn within(&self, columns: usize, color: bool) -> String {
        if self.rows.is_empty() {
            return format!("{}\n", self.empty);
        }
        let rows: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(|cell| Text::new(cell.as_str()).to_string()).collect()).collect();
        let widths = self.widths(&rows, columns);
        let head: Vec<String> = self.head.iter().map(|&name| name.to_owned()).collect();
        let mut out = line(&head, &widths, false);
        for row in &rows {
            let cells: Vec<Vec<String>> = row.iter().zip(&widths).map(|(cell, width)| wrapped(cell, *width)).collect();
            for below in 0..cells.iter().map(Vec::len).max().unwrap_or_default() {
                let part: Vec<String> = cells.iter().map(|lines| lines.get(below).cloned().unwrap_or_default()).collect();
                out.push_str(&line(&part, &widths, color));
            }
        }
        out
    }

    /// As wide as the cells are; while all of it is wider than `columns`, the widest one that can shrink does. Words stay whole.
    fn widths(&self, rows: &[Vec<String>], columns: usize) -> Vec<usize> {
        let widest = |of: &dyn Fn(&str) -> usize| -> Vec<usize> {
            let cells = |at: usize| rows.iter().filter_map(move |row| row.get(at)).map(|cell| of(cell)).max().unwrap_or_default();
            self.head.iter().enumerate().map(|(at, name)| name.width().max(cells(at))).collect()
        };
        let mut widths = widest(&UnicodeWidthStr::width);
        let least = widest(&|cell| cell.split(' ').map(UnicodeWidthStr::width).max().unwrap_or_default());
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > columns {
            let can = widths.iter_mut().zip(&least).filter(|(width, least)| **width > **least);
            let Some((width, _)) = can.max_by_key(|(width, _)| **width) else { break };
            *width -= 1;
        }
        widths
    }
}

/// A cell's lines, none wider than `width` unless a word is.
fn wrapped(cell: &str, width: usize) -> Vec<String> {
    if cell.width() <= width {
        return vec![cell.to_owned()];
    }
    let mut lines = vec![String::new()];
    for word in cell.split(' ') {
        match lines.last_mut() {
            Some(last) if last.is_empty() => last.push_str(word),
            Some(last) if last.width() + 1 + word.width() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn line(cells: &[String], widths: &[usize], color: bool) -> String {
    let mut out = String::new();
    for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if index > 0 {
            out.push_str(GAP);
        }
        out.push_str(&paint(cell, color));
        out.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width())));
    }
    format!("{}\n", out.trim_end())
}

/// The words that answer, in colour where that is wanted; the word itself says it all.
fn paint(word: &str, color: bool) -> String {
    let code = match word {
        "YES" => "32",
        "STALE" | "UNKNOWN" | "UNPROVED" | "PENDING" => "33",
        "NO" | "problem" => "31",
        _ => return word.to_owned(),
    };
    if color { format!("\x1b[{code}m{word}\x1b[0m") } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_width_and_hostile_cells_are_tamed() {
        let mut table = Table::new(&["NAME", "OPENS"], "none");
        table.row(vec!["日本".into(), "YES".into()]);
        table.row(vec!["a\x1b[2Jb".into(), "NO".into()]);
        assert_eq!(table.render(false), "NAME    OPENS\n日本    YES\na\u{fffd}[2Jb  NO\n");
        assert_eq!(Table::new(&["NAME"], "There is none.").render(false), "There is none.\n");
    }

    #[test]
    fn for_people_long_cells_go_on_below_and_no_word_is_lost() {
        let why = "the archive of 17 Nov and k10MasterKey, whose secret nobody has typed for a long time";
        let mut table = Table::new(&["CASE", "ANSWER", "WHY", "PROVED"], "none");
        table.row(vec!["machine lost".into(), "STALE".into(), why.into(), "17 Nov".into()]);
        table.row(vec!["restart".into(), "YES".into(), "k10MasterKey".into(), "-".into()]);
        let fitted = table.fitted(false);
        assert!(fitted.lines().all(|line| line.width() <= FITS), "{fitted}");
        assert!(fitted.lines().nth(1).unwrap().ends_with("17 Nov"), "what is short stays on the first line: {fitted}");
        let words: Vec<&str> = fitted.split_whitespace().collect();
        assert!(why.split(' ').all(|word| words.contains(&word)), "{fitted}");
        assert_eq!(fitted.lines().count(), 4, "{fitted}");
        assert_eq!(table.render(false).lines().count(), 3, "whoever reads it by lines gets a row a line");
        let mut whole = Table::new(&["A", "B"], "none");
        whole.row(vec!["x".repeat(60), "y".repeat(60)]);
        assert_eq!(whole.fitted(false), whole.render(false), "what has no spaces stays whole");
    }
}
