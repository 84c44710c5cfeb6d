//! Whether a write-ahead log belongs to the file beside it.
//!
//! `SQLite` does not tie the two together: a log that is left behind, or a copy of the file that is put back without it, are mixed into
//! each other at the next opening, and neither survives. What ties them here is the journal: every commit writes one entry, and its number
//! into the one page of `counts`. The file alone must end at an entry that the log's view also has, the log must hold all the commits
//! since, and journal and number must agree in the view: where they do not, pages of two states are mixed.

use super::place::Place;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Result};
use std::time::Duration;

/// Another process may be moving the log into the file just now: it is looked at so often, with this pause.
const TRIES: usize = 25;
const PAUSE: Duration = Duration::from_millis(20);

/// Sizes in a write-ahead log, in bytes (`SQLite`, File Format, 4.1).
const HEADER: usize = 32;
const FRAME: usize = 24;

/// Whether the file at `place` and its log are of one history. `connection` sees both together.
pub fn belongs(place: &Place, connection: &Connection) -> Result<bool> {
    for attempt in 0..TRIES {
        if attempt > 0 {
            std::thread::sleep(PAUSE);
        }
        let log = std::fs::read(place.beside("-wal")).unwrap_or_default();
        let commits = commits(&log);
        if commits == 0 {
            return Ok(true);
        }
        // Alone, the file may be unreadable while somebody writes to it.
        let Ok(alone) = ends(place) else { continue };
        let together = end(connection)?;
        let (from, to) = (alone.as_ref().map_or(0, |(seq, _)| *seq), together.map_or(0, |(seq, _)| seq));
        let agrees = number(connection)?.is_none_or(|number| number == to);
        let shared = alone.is_none_or(|(seq, hash)| at(connection, seq).is_ok_and(|found| found.is_some_and(|found| found == hash)));
        if shared && agrees && from <= to && to - from <= commits {
            return Ok(true);
        }
    }
    Ok(false)
}

type End = Option<(i64, Vec<u8>)>;

/// The journal's end in the file alone, whatever its log says.
fn ends(place: &Place) -> Result<End> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    end(&Connection::open_with_flags(place.alone(), flags)?)
}

fn end(connection: &Connection) -> Result<End> {
    let last = "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1";
    connection.query_row(last, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// The last entry's number beside the counts; None in a file of before it was kept there.
fn number(connection: &Connection) -> Result<Option<i64>> {
    connection.query_row("SELECT n FROM counts WHERE kind = 'journal'", [], |row| row.get(0)).optional()
}

fn at(connection: &Connection, seq: i64) -> Result<Option<Vec<u8>>> {
    connection.query_row("SELECT hash FROM journal WHERE seq = ?1", [seq], |row| row.get(0)).optional()
}

/// How many commits a log holds that `SQLite` would replay: frames that end one, up to the first that is not of this log.
fn commits(log: &[u8]) -> i64 {
    let word = |at: usize| log.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_be_bytes);
    let Ok(page) = usize::try_from(word(8)) else { return 0 };
    let sums = |bytes: &[u8], (mut a, mut b): (u32, u32)| {
        let read = if word(0) & 1 == 1 { u32::from_be_bytes } else { u32::from_le_bytes };
        for pair in bytes.as_chunks::<8>().0 {
            let [x, y] = [&pair[..4], &pair[4..]].map(|half| read([half[0], half[1], half[2], half[3]]));
            a = a.wrapping_add(x).wrapping_add(b);
            b = b.wrapping_add(y).wrapping_add(a);
        }
        (a, b)
    };
    if log.len() < HEADER || page < 512 {
        return 0;
    }
    let mut sum = sums(&log[..24], (0, 0));
    if sum != (word(24), word(28)) {
        return 0;
    }
    let mut found = 0;
    for (number, frame) in log[HEADER..].chunks_exact(FRAME + page).enumerate() {
        let start = HEADER + number * (FRAME + page);
        sum = sums(&frame[FRAME..], sums(&frame[..8], sum));
        if (word(start + 8), word(start + 12)) != (word(16), word(20)) || sum != (word(start + 16), word(start + 20)) {
            break;
        }
        found += i64::from(word(start + 4) > 0);
    }
    found
}
