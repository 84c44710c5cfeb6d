//! How far long work is, on a terminal that a person watches: bytes or things done, the rate, the time left.
//!
//! Owns: that one line. Must not: draw where nobody watches.

use super::output::Out;
use crate::domain::Counted;
use crate::ops::Talk;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// No more often is a console told.
const OFTEN: Duration = Duration::from_millis(200);
/// Before that a rate says nothing, and less so the time left.
const SETTLED: Duration = Duration::from_secs(1);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Things.
    Things,
}

/// A line that shows progress from its first telling to its end.
pub struct Progress {
    unit: Unit,
    watched: bool,
    /// The console that draws it, where one does, and when it was told last.
    talk: Option<(Talk, Mutex<Option<Instant>>)>,
    bar: Mutex<Option<Bar>>,
}

/// What is drawn, and whether its rate is.
struct Bar {
    bar: ProgressBar,
    rated: bool,
}

impl Progress {
    /// Shown only where somebody watches `out`.
    pub fn new(out: &Out, unit: Unit) -> Self {
        let talk = out.talk.clone().map(|talk| (talk, Mutex::new(None)));
        Self { unit, watched: out.watched() && (talk.is_some() || super::terminal::draws()), talk, bar: Mutex::new(None) }
    }

    /// So much is done, of so much where that is known.
    pub fn tell(&self, done: u64, total: Option<u64>) {
        if !self.watched {
            return;
        }
        if let Some((talk, last)) = &self.talk {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.is_none_or(|last| last.elapsed() >= OFTEN) {
                *last = Some(Instant::now());
                talk.counted(Counted { done, total, bytes: self.unit == Unit::Bytes });
            }
            return;
        }
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        let Bar { bar, rated } = bar.get_or_insert_with(|| self.begin(total));
        if !*rated && bar.elapsed() >= SETTLED {
            *rated = true;
            bar.set_style(self.style(total, true));
        }
        bar.set_position(done);
    }

    /// The line goes.
    pub fn end(&self) {
        if let Some((talk, last)) = &self.talk
            && last.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
        {
            talk.counted_all();
        }
        if let Some(Bar { bar, .. }) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }

    fn begin(&self, total: Option<u64>) -> Bar {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(5));
        bar.set_style(self.style(total, false));
        Bar { bar, rated: false }
    }

    fn style(&self, total: Option<u64>, rated: bool) -> ProgressStyle {
        let (done, rate) = match (self.unit, total) {
            (Unit::Bytes, Some(_)) => ("{bar:24} {binary_bytes} of {binary_total_bytes}", "  {binary_bytes_per_sec}  {eta} left"),
            (Unit::Bytes, None) => ("{binary_bytes}", "  {binary_bytes_per_sec}  {elapsed}"),
            (Unit::Things, Some(_)) => ("{bar:24} {pos} of {len}", "  {eta} left"),
            (Unit::Things, None) => ("{pos} so far", "  {per_sec}  {elapsed}"),
        };
        let form = format!("{done}{}", if rated { rate } else { "" });
        ProgressStyle::with_template(&form).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("#>-")
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}
