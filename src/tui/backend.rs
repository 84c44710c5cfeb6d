//! Frames to bytes: one write a frame, inside a synchronised update, and nothing at all for a frame in which nothing changed.
//!
//! Owns: the bytes between ratatui's cells and the terminal. Must not: clear between frames, ask the terminal anything, keep what it
//! wrote: the buffer is wiped after each write, for a frame may show a secret.

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::{Color, Modifier};
use std::io::{self, Write};
use std::ops::Range;
use zeroize::Zeroize;

/// More than the largest frame usually needs, so that the buffer never grows.
const ROOM: usize = 32 * 1024;
/// Fewer moved rows than these are written anew.
const WORTH_SCROLLING: usize = 3;

/// The screen of a console.
pub struct Screen<W: Write> {
    out: W,
    /// The frame being made, as bytes.
    bytes: Vec<u8>,
    /// What the terminal shows.
    shown: Buffer,
    /// The frame being made, as cells; blank between frames.
    next: Buffer,
    /// The next frame begins on a cleared screen.
    clear: bool,
    /// What the terminal has: a cursor that is seen, and where, if known.
    cursor: bool,
    at: Option<Position>,
}

impl<W: Write> Screen<W> {
    /// A blank screen of this size; frames go to `out`, each in one `write_all`.
    #[must_use]
    pub fn new(out: W, size: Size) -> Self {
        let blank = || Buffer::empty(area(size));
        Self { out, bytes: Vec::with_capacity(ROOM), shown: blank(), next: blank(), clear: false, cursor: false, at: None }
    }

    /// Draws one frame; how many bytes were written. `view` says where the cursor is to be; None: hidden.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, view: impl FnOnce(&mut Buffer) -> Option<Position>) -> io::Result<usize> {
        let cursor = view(&mut self.next);
        if !self.clear
            && let Some((rows, down)) = moved(&self.shown, &self.next)
        {
            self.scroll(rows, down)?;
        }
        self.cells()?;
        std::mem::swap(&mut self.shown, &mut self.next);
        // It may have shown a secret.
        self.next.reset();
        self.finish(cursor)
    }

    /// The next frame repaints everything, at this size.
    pub fn repaint(&mut self, size: Size) {
        for buffer in [&mut self.shown, &mut self.next] {
            buffer.reset();
            buffer.resize(area(size));
        }
        self.clear = true;
        // What the terminal shows by now is unknown.
        self.cursor = true;
        self.at = None;
    }

    /// Its size.
    #[must_use]
    pub fn size(&self) -> Size {
        self.shown.area.as_size()
    }

    /// Moves whole rows by one, in the terminal and in what is known of it: a list that goes on by a row costs that row, not all. By lines
    /// deleted or inserted between margins, which every terminal since the VT102 knows.
    fn scroll(&mut self, rows: Range<u16>, down: bool) -> io::Result<()> {
        write!(self.bytes, "\x1b[{};{}r\x1b[{}H\x1b[{}\x1b[r", rows.start + 1, rows.end, rows.start + 1, if down { 'L' } else { 'M' })?;
        self.at = None;
        let width = usize::from(self.shown.area.width);
        let cells = &mut self.shown.content[usize::from(rows.start) * width..usize::from(rows.end) * width];
        let gap = if down {
            cells.rotate_right(width);
            0
        } else {
            cells.rotate_left(width);
            cells.len() - width
        };
        cells[gap..gap + width].iter_mut().for_each(Cell::reset);
        Ok(())
    }

    /// Writes the cells that differ.
    fn cells(&mut self) -> io::Result<()> {
        let width = self.next.area.width;
        // Of a wide character that goes, a terminal keeps what it likes in the second half: that is written anew.
        for at in 1..self.shown.content.len() {
            let old = &self.shown.content[at - 1];
            if *old != self.next.content[at - 1] && old.symbol().len() > 1 && is_wide(old) {
                self.shown.content[at].modifier.insert(Modifier::HIDDEN);
            }
        }
        let (mut pen, mut next) = (Pen::default(), None);
        for (x, y, cell) in self.shown.diff(&self.next) {
            if next != Some((x, y)) {
                match next {
                    Some((from, row)) if row == y && x > from => write!(self.bytes, "\x1b[{}C", x - from)?,
                    _ => queue!(self.bytes, MoveTo(x, y))?,
                }
            }
            pen.change(Pen::of(cell), &mut self.bytes)?;
            self.bytes.extend_from_slice(cell.symbol().as_bytes());
            // Wide characters and the last column leave the cursor where only the terminal knows.
            next = (x + 1 < width && (cell.symbol().len() == 1 || !is_wide(cell))).then_some((x + 1, y));
            self.at = None;
        }
        pen.change(Pen::default(), &mut self.bytes)
    }

    /// Writes the frame, if there is anything in it.
    fn finish(&mut self, cursor: Option<Position>) -> io::Result<usize> {
        let same = self.cursor == cursor.is_some() && (cursor.is_none() || cursor == self.at);
        if self.bytes.is_empty() && same && !self.clear {
            return Ok(0);
        }
        match cursor {
            Some(place) => {
                if self.at != Some(place) {
                    queue!(self.bytes, MoveTo(place.x, place.y))?;
                }
                if !self.cursor {
                    queue!(self.bytes, Show)?;
                }
                self.at = cursor;
            }
            None if self.cursor => queue!(self.bytes, Hide)?,
            None => {}
        }
        self.cursor = cursor.is_some();
        queue!(self.bytes, EndSynchronizedUpdate)?;
        let mut whole = Vec::with_capacity(ROOM);
        queue!(whole, BeginSynchronizedUpdate)?;
        if std::mem::take(&mut self.clear) {
            queue!(whole, Clear(ClearType::All))?;
        }
        whole.extend_from_slice(&self.bytes);
        let written = self.out.write_all(&whole).and_then(|()| self.out.flush()).map(|()| whole.len());
        whole.zeroize();
        self.bytes.zeroize();
        written
    }
}

fn area(size: Size) -> Rect {
    Rect { x: 0, y: 0, width: size.width, height: size.height }
}

/// Rows that stand one row higher or lower than they did, with the row that they leave or take; None where it is not worth it.
fn moved(shown: &Buffer, next: &Buffer) -> Option<(Range<u16>, bool)> {
    let width = usize::from(shown.area.width);
    if shown.area != next.area || width == 0 {
        return None;
    }
    let (old, new): (Vec<&[Cell]>, Vec<&[Cell]>) = (shown.content.chunks(width).collect(), next.content.chunks(width).collect());
    let mut best = (WORTH_SCROLLING - 1, None);
    for down in [false, true] {
        let from = |y: usize| if down { y.checked_sub(1) } else { Some(y + 1) };
        let (mut start, mut worth) = (0, 0);
        for y in 0..=new.len() {
            let same = y < new.len() && from(y).and_then(|from| old.get(from)).is_some_and(|row| *row == new[y]);
            if same {
                worth += usize::from(old[y] != new[y]);
                continue;
            }
            if worth > best.0 {
                // The rows start..y, and the one that they come from at the far end.
                best = (worth, Some((if down { start - 1..y } else { start..y + 1 }, down)));
            }
            (start, worth) = (y + 1, 0);
        }
    }
    let (rows, down) = best.1?;
    Some((u16::try_from(rows.start).ok()?..u16::try_from(rows.end).ok()?, down))
}

fn is_wide(cell: &Cell) -> bool {
    unicode_width::UnicodeWidthStr::width(cell.symbol()) != 1
}

/// What the terminal draws with.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Default for Pen {
    fn default() -> Self {
        Self { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() }
    }
}

impl Pen {
    fn of(cell: &Cell) -> Self {
        let mut pen = Self { fg: cell.fg, bg: cell.bg, modifier: cell.modifier };
        // The colour of a blank shows only where it is reversed or underlined.
        if cell.symbol() == " " && !pen.modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED) {
            pen.fg = Color::Reset;
            pen.modifier = Modifier::empty();
        }
        pen
    }

    /// Says in one sequence what is different, by the shorter of adding and starting anew. The 16 colours go out as such, so that
    /// terminals that know no others show them.
    fn change(&mut self, to: Self, out: &mut Vec<u8>) -> io::Result<()> {
        if *self == to {
            return Ok(());
        }
        let mut codes: Vec<String> = Vec::new();
        let mut from = *self;
        if !(from.modifier - to.modifier).is_empty() || to == Self::default() {
            codes.push(String::new());
            from = Self::default();
        }
        for (flag, code) in
            [(Modifier::BOLD, "1"), (Modifier::DIM, "2"), (Modifier::ITALIC, "3"), (Modifier::UNDERLINED, "4"), (Modifier::REVERSED, "7")]
        {
            if (to.modifier - from.modifier).contains(flag) {
                codes.push(code.into());
            }
        }
        if from.fg != to.fg {
            codes.push(code(to.fg, 30));
        }
        if from.bg != to.bg {
            codes.push(code(to.bg, 40));
        }
        *self = to;
        write!(out, "\x1b[{}m", codes.join(";"))
    }
}

/// The code of a colour; `base` is 30 for text and 40 for its ground.
fn code(colour: Color, base: u8) -> String {
    let named = |n: u8| (base + n).to_string();
    let bright = |n: u8| (base + 60 + n).to_string();
    match colour {
        Color::Reset => named(9),
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(i) => format!("{};5;{i}", base + 8),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::{Style, Stylize};
    use ratatui::text::Line;
    use ratatui::widgets::Widget;
    use std::cell::RefCell;
    use std::rc::Rc;

    /// Keeps each write apart.
    #[derive(Clone, Default)]
    struct Writes(Rc<RefCell<Vec<Vec<u8>>>>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().push(bytes.to_vec());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn screen() -> (Screen<Writes>, Writes) {
        let writes = Writes::default();
        (Screen::new(writes.clone(), Size::new(40, 4)), writes)
    }

    fn line(buffer: &mut Buffer, line: Line<'_>) -> Option<Position> {
        line.render(buffer.area, buffer);
        None
    }

    #[test]
    fn one_write_a_frame_and_none_for_the_same_again() {
        let (mut screen, writes) = screen();
        for _ in 0..2 {
            screen.draw(|f| line(f, Line::from(vec!["a".bold(), " b ".into(), "日本".red()]))).unwrap();
        }
        let writes = writes.0.borrow();
        assert_eq!(writes.len(), 1);
        let text = String::from_utf8(writes[0].clone()).unwrap();
        assert!(text.starts_with("\x1b[?2026h") && text.ends_with("\x1b[?2026l"), "{text:?}");
    }

    #[test]
    fn the_cursor_moves_inside_the_block_and_only_when_it_must() {
        let (mut screen, writes) = screen();
        let at = |screen: &mut Screen<Writes>, place: Option<(u16, u16)>| {
            screen
                .draw(|f| {
                    line(f, "same".into());
                    place.map(Position::from)
                })
                .unwrap()
        };
        assert!(at(&mut screen, Some((2, 1))) > 0);
        assert_eq!(at(&mut screen, Some((2, 1))), 0);
        assert!(at(&mut screen, Some((3, 1))) > 0);
        assert!(at(&mut screen, None) > 0);
        assert_eq!(at(&mut screen, None), 0);
        let writes = writes.0.borrow();
        let text = |n: usize| String::from_utf8(writes[n].clone()).unwrap();
        assert!(text(0).ends_with("\x1b[2;3H\x1b[?25h\x1b[?2026l"), "{:?}", text(0));
        assert_eq!(text(1), "\x1b[?2026h\x1b[2;4H\x1b[?2026l");
        assert_eq!(text(2), "\x1b[?2026h\x1b[?25l\x1b[?2026l");
    }

    #[test]
    fn what_the_bytes_show_is_what_was_drawn() {
        let (mut screen, writes) = screen();
        let mut terminal = vt100::Parser::new(4.try_into().unwrap(), 40.try_into().unwrap(), 0);
        let frames: [&[(&str, Style)]; 4] = [
            &[("one ", Style::new()), ("two", Style::new().red().bold()), (" three", Style::new().on_blue())],
            &[("one ", Style::new()), ("TWO", Style::new().red()), (" thrEE", Style::new().on_blue().reversed())],
            &[("日本語 ", Style::new().underlined()), ("x", Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Indexed(99)))],
            &[("", Style::new())],
        ];
        for spans in frames {
            let mut drawn = None;
            screen
                .draw(|f| {
                    line(f, spans.iter().map(|(t, s)| ratatui::text::Span::styled(*t, *s)).collect());
                    drawn = Some(f.clone());
                    None
                })
                .unwrap();
            for write in writes.0.borrow_mut().drain(..) {
                terminal.process(&write);
            }
            let drawn = drawn.unwrap();
            for x in 0..40 {
                let (cell, seen) = (&drawn[(x, 0)], terminal.screen().cell(0, x).unwrap());
                let symbol = if seen.is_wide_continuation() || !seen.has_contents() { " " } else { seen.contents() };
                assert_eq!(cell.symbol(), symbol, "column {x} of {spans:?}");
                let ink = cell.symbol() != " ";
                assert_eq!(cell.modifier.contains(Modifier::REVERSED), seen.inverse(), "column {x} of {spans:?}");
                assert_eq!(cell.modifier.contains(Modifier::BOLD) && ink, seen.bold(), "column {x} of {spans:?}");
                let ground = match cell.bg {
                    Color::Blue => vt100::Color::Idx(4),
                    Color::Indexed(i) => vt100::Color::Idx(i),
                    _ => vt100::Color::Default,
                };
                if !seen.is_wide_continuation() {
                    assert_eq!(ground, seen.bgcolor(), "column {x} of {spans:?}");
                }
            }
        }
    }

    #[test]
    fn a_repaint_clears_inside_the_block_and_writes_all() {
        let (mut screen, writes) = screen();
        screen.draw(|f| line(f, "text".into())).unwrap();
        screen.repaint(Size::new(20, 3));
        screen.draw(|f| line(f, "text".into())).unwrap();
        let text = String::from_utf8(writes.0.borrow()[1].clone()).unwrap();
        assert_eq!(text, "\x1b[?2026h\x1b[2J\x1b[1;1Htext\x1b[?25l\x1b[?2026l");
        assert_eq!(screen.size(), Size::new(20, 3));
    }

    /// Rows with these texts, one of them reversed.
    fn rows(buffer: &mut Buffer, texts: &[String], chosen: usize) -> Option<Position> {
        for (y, text) in (0..buffer.area.height).zip(texts) {
            let style = if usize::from(y) == chosen { Style::new().reversed() } else { Style::new() };
            buffer.set_string(0, y, text, style);
        }
        None
    }

    #[test]
    fn a_list_that_goes_on_by_a_row_costs_that_row() {
        let writes = Writes::default();
        let mut screen = Screen::new(writes.clone(), Size::new(100, 30));
        let texts = |from: usize| -> Vec<String> {
            let list =
                (from..from + 26).map(|n| format!("| > namespace-{n:04}.daily-backup   {:016x} |", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            ["header".to_owned(), "heads".into()].into_iter().chain(list).chain(["pane".into(), "hints".into()]).collect()
        };
        let first = screen.draw(|b| rows(b, &texts(0), 27)).unwrap();
        let down = screen.draw(|b| rows(b, &texts(1), 27)).unwrap();
        let up = screen.draw(|b| rows(b, &texts(0), 27)).unwrap();
        assert!(down * 4 < first && up * 4 < first, "{first}, then {down} and {up} bytes");
        let text = String::from_utf8_lossy(&writes.0.borrow()[1]).into_owned();
        assert!(text.contains("\x1b[3;27r\x1b[3H\x1b[M\x1b[r"), "{text:?}");
    }

    /// What a person sees in each cell.
    fn seen(terminal: &vt100::Parser) -> Vec<(String, bool, bool)> {
        let cell = |n: u16| terminal.screen().cell(n / 20, n % 20).unwrap();
        let text = |n: u16| if cell(n).has_contents() { cell(n).contents().to_owned() } else { " ".to_owned() };
        (0..160).map(|n| (text(n), cell(n).inverse(), cell(n).is_wide_continuation())).collect()
    }

    proptest::proptest! {
        #[test]
        fn whatever_moves_the_terminal_shows_what_was_drawn(
            kinds in proptest::collection::vec(0..6_usize, 40),
            steps in proptest::collection::vec((0..5_u8, 0..8_usize), 2..16)
        ) {
            let writes = Writes::default();
            let mut screen = Screen::new(writes.clone(), Size::new(20, 8));
            let mut terminal = vt100::Parser::new(8.try_into().unwrap(), 20.try_into().unwrap(), 0);
            let kind = |n: usize| ["", "one", "two two", "日本語 three", "full width of cel", "日日日日日日日日"][n];
            let mut offset = 10_usize;
            for (step, chosen) in steps {
                // Mostly a list that goes on by a row, up or down; now and then it jumps.
                offset = match step {
                    0 | 1 => offset.saturating_sub(1),
                    2 | 3 => (offset + 1).min(33),
                    _ => (offset * 7 + 5) % 33,
                };
                let list = (offset..offset + 6).map(|n| format!("{n:02} {}", kind(kinds[n])));
                let texts: Vec<String> = ["head".to_owned()].into_iter().chain(list).chain(["foot".to_owned()]).collect();
                screen.draw(|b| rows(b, &texts, chosen)).unwrap();
                writes.0.borrow_mut().drain(..).for_each(|write| terminal.process(&write));
                let mut whole = vt100::Parser::new(8.try_into().unwrap(), 20.try_into().unwrap(), 0);
                let all = Writes::default();
                Screen::new(all.clone(), Size::new(20, 8)).draw(|b| rows(b, &texts, chosen)).unwrap();
                all.0.borrow_mut().drain(..).for_each(|write| whole.process(&write));
                proptest::prop_assert_eq!(seen(&terminal), seen(&whole));
            }
        }
    }
}
