//! A table: heads, rows, the selected one. Rows stay unstyled but for the words that answer.

use super::Canvas;
use crate::tui::theme::Role;
use ratatui::layout::Rect;

/// On which side of its column a text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Left.
    Left,
    /// Right.
    Right,
}

/// A column.
pub struct Column {
    /// Its head.
    pub head: &'static str,
    /// Its width; the first column and those with 0 share what is left.
    pub width: u16,
    /// Where its texts stand.
    pub align: Align,
}

impl Column {
    /// A column of this width, texts on the left.
    #[must_use]
    pub fn new(head: &'static str, width: u16) -> Self {
        Self { head, width, align: Align::Left }
    }

    /// The same with texts on the right.
    #[must_use]
    pub fn right(mut self) -> Self {
        self.align = Align::Right;
        self
    }
}

/// A text in a row.
pub struct Cell {
    /// What it says.
    pub text: String,
    /// What it means.
    pub role: Role,
}

impl Cell {
    /// Plain.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), role: Role::Text }
    }

    /// With a meaning.
    pub fn meaning(text: impl Into<String>, role: Role) -> Self {
        Self { text: text.into(), role }
    }
}

/// Where columns are, so that several groups of rows can share them. Two columns at the left are for marks: `>` and `*`.
pub struct Table {
    columns: Vec<(Column, u16)>,
    area: Rect,
}

impl Table {
    /// Lays columns out over the width of `area`, with one column between them and at the right edge.
    #[must_use]
    pub fn new(area: Rect, columns: Vec<Column>) -> Self {
        let shares = columns.iter().filter(|c| c.width == 0).count();
        let gaps = u16::try_from(columns.len()).unwrap_or(0);
        let fixed: u16 = columns.iter().map(|c| c.width).sum();
        let left = area.width.saturating_sub(3 + gaps + fixed);
        let share = left / u16::try_from(shares.max(1)).unwrap_or(1);
        let columns = columns
            .into_iter()
            .map(|c| {
                if c.width == 0 {
                    (c, share)
                } else {
                    let w = c.width;
                    (c, w)
                }
            })
            .collect();
        Self { columns, area }
    }

    /// The heads; the column that is sorted by has a sign.
    pub fn heads(&self, canvas: &mut Canvas<'_>, y: u16, sorted: Option<(usize, bool)>) {
        for (at, (x, width, column)) in self.places().enumerate() {
            let sign = match sorted {
                Some((by, reverse)) if by == at => {
                    if reverse {
                        " v"
                    } else {
                        " ^"
                    }
                }
                _ => "",
            };
            let text = format!("{}{sign}", column.head);
            let shift = if column.align == Align::Right { width.saturating_sub(u16::try_from(text.len()).unwrap_or(0)) } else { 0 };
            canvas.put(x + shift, y, width - shift, &text, Role::Muted);
        }
    }

    /// A row. `star` marks it as in use.
    pub fn row(&self, canvas: &mut Canvas<'_>, y: u16, cells: &[Cell], star: bool, selected: bool) {
        if star {
            canvas.put(self.area.x + 1, y, 1, "*", Role::Mark);
        }
        for ((x, width, column), cell) in self.places().zip(cells) {
            let columns = u16::try_from(unicode_width::UnicodeWidthStr::width(cell.text.as_str())).unwrap_or(u16::MAX);
            let shift = if column.align == Align::Right { width.saturating_sub(columns) } else { 0 };
            canvas.put(x + shift, y, width - shift, &cell.text, cell.role);
        }
        if selected && let Some((x, width, _)) = self.places().next() {
            canvas.select(self.area.x, Rect { x, y, width: width.min(self.area.right().saturating_sub(x)), height: 1 });
        }
    }

    /// Where each column begins, and how wide it is.
    fn places(&self) -> impl Iterator<Item = (u16, u16, &Column)> {
        let right = self.area.right();
        self.columns.iter().scan(self.area.x + 3, move |x, (column, width)| {
            let at = *x;
            *x += width + 1;
            Some((at, (*width).min(right.saturating_sub(at)), column))
        })
    }
}
