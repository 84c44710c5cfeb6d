//! Frames to bytes: one write a frame, inside a synchronised update, and nothing at all for a frame in which nothing changed.
//!
//! Owns: the bytes between ratatui's cells and the terminal. Must not: clear between frames, ask the terminal anything, keep what it
//! wrote: the buffer is wiped after each write, for a frame may show a secret.

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType as Region, EndSynchronizedUpdate};
use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};
use ratatui::{Frame, Terminal};
use std::io::{self, Write};
use zeroize::Zeroize;

/// More than the largest frame usually needs, so that the buffer never grows.
const ROOM: usize = 32 * 1024;

/// The screen of a console.
pub struct Screen<W: Write>(Terminal<Frames<W>>);

impl<W: Write> Screen<W> {
    /// A blank screen of this size; frames go to `out`, each in one `write_all`.
    ///
    /// # Errors
    /// None in practice: nothing is written.
    pub fn new(out: W, size: Size) -> io::Result<Self> {
        let frames = Frames { out, bytes: Vec::with_capacity(ROOM), clear: false, size, shown: false, at: None, want: None };
        Terminal::new(frames).map(Self)
    }

    /// Draws one frame; how many bytes were written.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<usize> {
        self.0.draw(view)?;
        self.0.backend_mut().finish()
    }

    /// The next frame repaints everything, at this size.
    ///
    /// # Errors
    /// None in practice: nothing is written.
    pub fn repaint(&mut self, size: Size) -> io::Result<()> {
        let frames = self.0.backend_mut();
        frames.bytes.zeroize();
        frames.size = size;
        // What the terminal shows by now is unknown.
        frames.shown = true;
        frames.at = None;
        self.0.current_buffer_mut().reset();
        self.0.clear()
    }

    /// Its size.
    #[must_use]
    pub fn size(&self) -> Size {
        self.0.backend().size
    }
}

/// The backend that [`Screen`] gives to ratatui.
struct Frames<W: Write> {
    out: W,
    /// The frame being made.
    bytes: Vec<u8>,
    /// It begins on a cleared screen.
    clear: bool,
    size: Size,
    /// What the terminal has: cursor shown, and where if known.
    shown: bool,
    at: Option<Position>,
    /// Where this frame wants the cursor; None: hidden.
    want: Option<Position>,
}

impl<W: Write> Frames<W> {
    /// Writes the frame, if there is anything in it.
    fn finish(&mut self) -> io::Result<usize> {
        let same = self.shown == self.want.is_some() && (self.want.is_none() || self.want == self.at);
        if self.bytes.is_empty() && same && !self.clear {
            return Ok(0);
        }
        match self.want {
            Some(place) => {
                if self.at != Some(place) {
                    queue!(self.bytes, MoveTo(place.x, place.y))?;
                }
                if !self.shown {
                    queue!(self.bytes, Show)?;
                }
                self.at = self.want;
            }
            None if self.shown => queue!(self.bytes, Hide)?,
            None => {}
        }
        self.shown = self.want.is_some();
        queue!(self.bytes, EndSynchronizedUpdate)?;
        let mut whole = Vec::with_capacity(ROOM);
        queue!(whole, BeginSynchronizedUpdate)?;
        if std::mem::take(&mut self.clear) {
            queue!(whole, Clear(Region::All))?;
        }
        whole.extend_from_slice(&self.bytes);
        let written = self.out.write_all(&whole).and_then(|()| self.out.flush()).map(|()| whole.len());
        whole.zeroize();
        self.bytes.zeroize();
        written
    }
}

impl<W: Write> Backend for Frames<W> {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        let mut pen = Pen::default();
        let mut next = None;
        for (x, y, cell) in content {
            if next != Some((x, y)) {
                match next {
                    Some((from, row)) if row == y && x > from => write!(self.bytes, "\x1b[{}C", x - from)?,
                    _ => queue!(self.bytes, MoveTo(x, y))?,
                }
            }
            pen.change(Pen::of(cell), &mut self.bytes)?;
            self.bytes.extend_from_slice(cell.symbol().as_bytes());
            // Wide characters and the last column leave the cursor where only the terminal knows.
            next = (x + 1 < self.size.width && cell.symbol().len() == 1).then_some((x + 1, y));
            if next.is_none() && x + 1 < self.size.width && !is_wide(cell) {
                next = Some((x + 1, y));
            }
            self.at = None;
        }
        pen.change(Pen::default(), &mut self.bytes)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.want = None;
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.at.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.want = Some(position.into());
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear = true;
        Ok(())
    }

    fn clear_region(&mut self, _region: ClearType) -> io::Result<()> {
        self.clear()
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
        (Screen::new(writes.clone(), Size::new(40, 4)).unwrap(), writes)
    }

    fn line(frame: &mut Frame<'_>, line: Line<'_>) {
        frame.render_widget(line, frame.area());
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
                    if let Some(place) = place {
                        f.set_cursor_position(place);
                    }
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
                    drawn = Some(f.buffer_mut().clone());
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
        screen.repaint(Size::new(20, 3)).unwrap();
        screen.draw(|f| line(f, "text".into())).unwrap();
        let text = String::from_utf8(writes.0.borrow()[1].clone()).unwrap();
        assert_eq!(text, "\x1b[?2026h\x1b[2J\x1b[1;1Htext\x1b[?25l\x1b[?2026l");
        assert_eq!(screen.size(), Size::new(20, 3));
    }
}
