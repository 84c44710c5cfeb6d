//! Lists: what is selected, filtered, sorted, and which rows are here.

use super::Names;
use crate::domain::{Artifact, JournalLine, JournalReport, Policy, PolicyName, Text, Timestamp};
use std::collections::BTreeMap;

/// How grave a flash is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Done.
    Ok,
    /// Good to know.
    Info,
    /// Take care.
    Warn,
    /// It failed.
    Error,
}

/// A line that replaces the bottom line until the next key, kept in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flash {
    /// How grave.
    pub level: Level,
    /// What happened.
    pub text: Text,
    /// What to do next, where there is something.
    pub next: Option<crate::domain::Act>,
    /// When.
    pub at: Timestamp,
}

/// Where one is in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListState {
    /// The selected row among those that the filter leaves, from 0.
    pub selected: usize,
    /// The first row on the screen.
    pub offset: usize,
    /// What is looked for, as typed; empty: all.
    pub filter: String,
    /// The column that is sorted by, from 0.
    pub sort: usize,
    /// Downwards.
    pub reverse: bool,
    /// Whether the lower pane is shown (`d`).
    pub pane: bool,
}

impl ListState {
    /// The first row to draw where `rows` rows fit: the offset, moved so that the selected row is among them.
    #[must_use]
    pub fn window(&self, rows: usize) -> usize {
        let rows = rows.max(1);
        if self.selected < self.offset {
            self.selected
        } else if self.selected >= self.offset.saturating_add(rows) {
            self.selected + 1 - rows
        } else {
            self.offset
        }
    }

    /// Selects `row` of `count`, keeping it on a screen of `rows` rows.
    pub fn select(&mut self, row: usize, count: usize, rows: usize) {
        self.selected = row.min(count.saturating_sub(1));
        self.offset = self.window(rows).min(count.saturating_sub(rows.max(1)));
    }
}

/// The passkeys as listed: indices into `Facts::passkeys`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasskeyList {
    /// Where one is.
    pub list: ListState,
    /// Rows that the filter leaves, in order.
    pub rows: Vec<u32>,
}

/// The policies as listed: names only, and full rows for the visible window.
#[derive(Clone, Debug, Default)]
pub struct PolicyList {
    /// Where one is.
    pub list: ListState,
    /// All names.
    pub names: Names,
    /// Rows that the filter leaves, indices into `names`, in order.
    pub rows: Vec<u32>,
    /// Whether the names were ever loaded.
    pub loaded: bool,
    /// Full rows by name, for what is on the screen; one that is missing is being loaded.
    pub window: BTreeMap<String, Policy>,
    /// The newest question for names, and for rows.
    pub(super) asked: (u64, u64),
    /// Rows that were asked for and are not here.
    pub(super) pending: Vec<PolicyName>,
}

impl PolicyList {
    /// The name in row `row`, as it came: clean it (`Text`) before showing.
    #[must_use]
    pub fn name(&self, row: usize) -> Option<&str> {
        self.names.get(usize::try_from(*self.rows.get(row)?).ok()?)
    }

    /// The full row, where it is here already.
    #[must_use]
    pub fn policy(&self, row: usize) -> Option<&Policy> {
        self.window.get(self.name(row)?)
    }
}

/// The artifacts as listed, the newest first: those that were read so far.
#[derive(Clone, Debug, Default)]
pub struct ArtifactList {
    /// Where one is, locations included.
    pub list: ListState,
    /// Artifacts that are here.
    pub rows: Vec<Artifact>,
    /// Where the next page begins; None: all are here.
    pub next: Option<String>,
    /// Whether any were ever read.
    pub loaded: bool,
    /// The newest question, and whether it is open.
    pub(super) asked: (u64, bool),
}

/// The journal as listed, the newest entry first.
#[derive(Clone, Debug, Default)]
pub struct JournalList {
    /// Where one is.
    pub list: ListState,
    /// Number of the last entry.
    pub last: u64,
    /// Entries that are here, by number.
    pub lines: BTreeMap<u64, JournalLine>,
    /// With a filter: numbers of the entries it leaves, newest first, of those that are here.
    pub found: Vec<u64>,
    /// What verification found, where it was asked for.
    pub report: Option<JournalReport>,
    /// Verification is under way.
    pub verifying: bool,
    /// The newest question for lines, and for the report.
    pub(super) asked: (u64, u64),
    /// The entry that was asked for and is not here.
    pub(super) pending: Option<u64>,
}

impl JournalList {
    /// How many rows there are.
    #[must_use]
    pub fn count(&self) -> usize {
        if self.list.filter.is_empty() { usize::try_from(self.last).unwrap_or(usize::MAX) } else { self.found.len() }
    }

    /// The number of the entry in row `row`.
    #[must_use]
    pub fn seq(&self, row: usize) -> Option<u64> {
        if self.list.filter.is_empty() {
            let back = u64::try_from(row).ok()?;
            self.last.checked_sub(back).filter(|seq| *seq > 0)
        } else {
            self.found.get(row).copied()
        }
    }

    /// The entry in row `row`, where it is here already.
    #[must_use]
    pub fn line(&self, row: usize) -> Option<&JournalLine> {
        self.lines.get(&self.seq(row)?)
    }
}
