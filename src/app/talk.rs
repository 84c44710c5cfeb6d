//! A talk: a verb that asks step by step, shown in the console. What it said, what it asks, how far it is.

use super::App;
use super::acts::{capital, guided_words};
use super::progress::{Progress, measured};
use crate::domain::{Counted, Guided, Saying, Slot, Text, Timestamp};
use crate::wizard::{SecretField, SecretRule, TextField};

/// A talk, from its start until its end was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talk {
    /// What is done.
    pub what: Guided,
    /// What was said, questions and answers that are no secret among it.
    pub lines: Vec<Text>,
    /// Scrolled up by so many lines from the end.
    pub back: usize,
    /// What it waits for.
    pub asked: Option<Asked>,
    /// It ended; whether well.
    pub ended: Option<bool>,
    /// The person leaves it: it stops at its next safe point.
    pub stopping: bool,
    /// How far long work is, since when, and from where it counted.
    counted: Option<(Counted, Timestamp, u64)>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// In words.
    pub label: Text,
    /// What is typed.
    pub field: TalkField,
}

/// What is typed in answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TalkField {
    /// A line that may be seen.
    Line(TextField),
    /// A secret.
    Secret(SecretField),
}

impl Talk {
    /// More lines are not kept: a verb may tell of every artifact of a million.
    pub const MOST: usize = 10_000;

    /// One that begins.
    #[must_use]
    pub fn new(what: Guided) -> Self {
        Self { what, lines: Vec::new(), back: 0, asked: None, ended: None, stopping: false, counted: None }
    }

    /// Whether it is at work, or waits.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.ended.is_none()
    }

    /// Takes in what is told.
    pub(super) fn hear(&mut self, saying: Saying, now: Timestamp) {
        match saying {
            Saying::Line(line) => {
                self.lines.push(line);
                // Who reads above the end stays there.
                self.back += usize::from(self.back > 0);
                if self.lines.len() > Self::MOST {
                    self.lines.drain(..Self::MOST / 10);
                    self.back = self.back.min(self.lines.len() - 1);
                }
            }
            // Nobody will answer it.
            Saying::Asks { .. } if self.stopping => {}
            Saying::Asks { label, secret } => {
                self.counted = None;
                self.back = 0;
                let field = if secret {
                    TalkField::Secret(SecretField::new(Slot::TALK, SecretRule::Entered))
                } else {
                    TalkField::Line(TextField::default())
                };
                self.asked = Some(Asked { label, field });
            }
            Saying::Counted(counted) => {
                let (since, from) = self.counted.as_ref().map_or((now, counted.done), |(_, since, from)| (*since, *from));
                self.counted = Some((counted, since, from));
            }
            Saying::CountedAll => self.counted = None,
            Saying::Ended(how) => {
                self.counted = None;
                self.asked = None;
                self.ended = Some(how.is_ok());
            }
        }
    }

    /// Notes that the question was answered, and with what where that may be seen.
    pub(super) fn answered(&mut self, answer: &str) {
        if let Some(asked) = self.asked.take() {
            self.lines.push(Text::new(format!("{} {answer}", asked.label).trim_end()));
        }
    }

    /// How far back there is something to scroll to: the first page stays full. What a line takes is estimated from above, so that the
    /// first one can always be reached.
    pub(super) fn furthest(&self, columns: u16, page: usize) -> usize {
        let room = (usize::from(columns) * 3 / 4).max(1);
        let mut rows = 0;
        let first = self.lines.iter().take_while(|line| {
            rows += line.clean().chars().count().div_ceil(room).max(1);
            rows <= page
        });
        self.lines.len() - first.count()
    }

    /// How far long work is.
    #[must_use]
    pub fn progress(&self, now: Timestamp) -> Option<Progress> {
        let (counted, since, from) = self.counted.as_ref()?;
        Some(measured(counted, now.since(*since), *from))
    }

    /// What it is, for the box around it.
    #[must_use]
    pub fn title(&self) -> String {
        capital(guided_words(&self.what))
    }

    /// Its name in the crumbs, as the palette knows it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.what {
            Guided::Recover => "recover",
            Guided::Drill => "drill",
            Guided::DrillShow(_) => "report",
            Guided::Import => "import",
            Guided::KitCheck => "kit-check",
            Guided::Verify(_) => "verify",
            Guided::Open(_) => "open",
            Guided::Checklist => "checklist",
            Guided::LocationCheck(_) => "location-check",
        }
    }
}

impl App {
    /// What the talk asks, where it is on top.
    #[must_use]
    pub fn asked(&self) -> Option<&Asked> {
        match self.top()? {
            super::Layer::Talk => self.talk.as_ref()?.asked.as_ref(),
            _ => None,
        }
    }

    /// Whether a talk is on top that may ask something any moment.
    #[must_use]
    pub fn between_questions(&self) -> bool {
        matches!(self.top(), Some(super::Layer::Talk)) && self.talk_works()
    }

    /// Whether a talk is at work, and waits for nobody.
    #[must_use]
    pub fn talk_works(&self) -> bool {
        self.talk.as_ref().is_some_and(|talk| talk.runs() && talk.asked.is_none())
    }

    /// Whether a talk is at work, or waits.
    #[must_use]
    pub fn talks(&self) -> bool {
        self.talk.as_ref().is_some_and(Talk::runs)
    }
}
