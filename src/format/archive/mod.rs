//! DR archives: `"KDR1" || lp(header) || Tink stream` of one zstd frame of JSON lines (see `crypto.md`, DR archive).
//!
//! Both ways in bounded memory: lines go in and sealed bytes come out, sealed bytes go in and lines come out. The stream's key derives from
//! the DR passphrase; the records inside are as the catalog has them, so the master key in them is still wrapped. Must not: know what a
//! record means. Next: `ops` makes archives and restores from them.

mod header;
mod reader;
mod writer;

pub use header::{ArchiveHeader, ArchiveKey, archive_id, archive_name, archive_time, parse_archive_name};
pub use reader::ArchiveReader;
pub use writer::ArchiveWriter;

use super::ObjectError;
use crate::crypto::ArgonError;
use crate::domain::Timestamp;

/// The longest line, in bytes: 1 MiB, and its end.
const LONGEST_LINE: u64 = (1 << 20) + 1;
/// The largest window of zstd, as a power of two: 8 MiB.
const WINDOW: u32 = 23;
/// The kinds of the first and the last line.
const FIRST: &str = "archive";
const LAST: &str = "end";

/// Why an archive is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// It does not begin as one.
    #[error("it is no DR archive")]
    Other,
    /// Its header is malformed or too long.
    #[error("its header is malformed: {0}")]
    Header(ObjectError),
    /// Made by a newer Kastellan.
    #[error("it was made by a newer Kastellan (version {0})")]
    Version(u64),
    /// Argon2id's settings are refused.
    #[error("{0}")]
    Argon(#[from] ArgonError),
    /// The check differs.
    #[error("wrong passphrase, or the header was altered")]
    Passphrase,
    /// A segment does not verify.
    #[error("segment {0} does not verify: altered, or cut off")]
    Segment(u32),
    /// It verifies, and is not what an archive holds.
    #[error("line {0} of it is not one of an archive")]
    Line(u64),
    /// Reading it failed.
    #[error("{0}")]
    Read(String),
}

/// What the first line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveHead {
    /// The instance that made it, hex.
    pub instance_id: String,
    /// Its number, from 1.
    pub seq: u64,
    /// When.
    pub created_at: Timestamp,
    /// SHA-256 of the archive before it, hex; empty for the first.
    pub previous: String,
    /// The journal's last entry then.
    pub journal_seq: u64,
    /// Its hash, hex.
    pub journal_hash: String,
}

impl ArchiveHead {
    /// Whether what was made at this time may be newer than the archive. Both times are whole seconds, so what was made in
    /// the archive's own one counts: one too many costs a look, one too few hides a loss.
    #[must_use]
    pub fn may_precede(&self, made: Timestamp) -> bool {
        made >= self.created_at
    }
}

#[cfg(test)]
mod tests {
    use super::header::MAGIC;
    use super::*;
    use crate::crypto::{Key, Params, Passphrase, random};
    use crate::domain::Text;
    use crate::format::{Object, RecordKind, SealedRecord, b64, lp, seal_small};
    use std::io::Write;

    const CHEAP: Params = Params { m: 8, t: 1, p: 1 };
    const PLENTY: u64 = 1 << 22;

    fn pass(text: &str) -> Passphrase {
        Passphrase::entered(text.as_bytes()).unwrap()
    }

    fn record(n: usize) -> SealedRecord {
        // Boxes are random, so that nothing is compressed away.
        let mut sealed = vec![0; 600];
        random(&mut sealed);
        let key = Key::generate();
        let mut record = SealedRecord::seal(&key, &"1".repeat(32), RecordKind::Policy, &format!("p{n}"), 1, Object::new(), &Object::new());
        record.sealed = sealed;
        record
    }

    fn archive(records: &[SealedRecord]) -> Vec<u8> {
        let at = Timestamp::from_unix(1_790_000_000);
        let name = Text::from("prod-eu1");
        let (header, key) =
            ArchiveHeader::make(&"1".repeat(32), &"2".repeat(32), at, Some(&name), (2, &pass("right")), CHEAP, PLENTY).unwrap();
        let mut writer = ArchiveWriter::begin(Vec::new(), &header, &key, &head(at)).unwrap();
        for record in records {
            writer.record(record).unwrap();
        }
        writer.finish().unwrap()
    }

    fn read(mut bytes: &[u8], passphrase: &str) -> Result<Vec<SealedRecord>, ArchiveError> {
        let header = ArchiveHeader::read(&mut bytes)?;
        let key = header.open(&pass(passphrase), PLENTY)?;
        let mut reader = ArchiveReader::begin(bytes, &header, &key)?;
        let mut records = Vec::new();
        while let Some(record) = reader.record()? {
            records.push(record);
        }
        Ok(records)
    }

    fn head(at: Timestamp) -> ArchiveHead {
        ArchiveHead {
            instance_id: "2".repeat(32),
            seq: 7,
            created_at: at,
            previous: String::new(),
            journal_seq: 5,
            journal_hash: "3".repeat(64),
        }
    }

    #[test]
    fn what_was_made_in_the_archives_own_second_may_be_newer() {
        let at = Timestamp::from_unix(1_745_000_000);
        assert_eq!([-1, 0, 1].map(|seconds| head(at).may_precede(at.plus(seconds))), [false, true, true]);
    }

    #[test]
    fn records_come_back_byte_for_byte() {
        for count in [0, 1, 3000] {
            let records: Vec<SealedRecord> = (0..count).map(record).collect();
            let bytes = archive(&records);
            assert_eq!(read(&bytes, "right").unwrap(), records, "{count}");
            assert_eq!(read(&bytes, "wrong").unwrap_err(), ArchiveError::Passphrase);
        }
    }

    #[test]
    fn whatever_is_changed_is_found() {
        let records: Vec<SealedRecord> = (0..4000).map(record).collect();
        let whole = archive(&records);
        assert!(whole.len() > 2 << 20, "several segments");
        for at in (0..400).chain((400..whole.len()).step_by(whole.len() / 50)) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            assert!(read(&bytes, "right").is_err(), "flipped at {at}");
        }
        for cut in [0, 3, 8, 100, 400, 1 << 20, whole.len() - 1] {
            assert!(read(&whole[..cut], "right").is_err(), "cut at {cut}");
        }
        assert!(read(&[&whole[..], b"x"].concat(), "right").is_err());
    }

    #[test]
    fn hostile_headers_are_bounded() {
        assert_eq!(read(b"", "x").unwrap_err(), ArchiveError::Other);
        assert_eq!(read(b"KDR1\xff\xff\xff\xff", "x").unwrap_err(), ArchiveError::Header(ObjectError::TooLong));
        let json = |m: u64| {
            let o = Object::new()
                .with_number("v", 1)
                .with("catalogId", "1".repeat(32))
                .with("instanceId", "2".repeat(32))
                .with("createdAt", "2026-01-01T00:00:00Z")
                .with_number("drPassphrase", 1)
                .with("kdf", "argon2id")
                .with_number("m", m)
                .with_number("t", 1)
                .with_number("p", 1)
                .with("salt", b64(&[0; 16]))
                .with("check", b64(&[0; 32]));
            let mut raw = MAGIC.to_vec();
            lp(&mut raw, o.to_json().as_bytes());
            raw
        };
        assert_eq!(read(&json(1 << 40), "x").unwrap_err(), ArchiveError::Argon(ArgonError::OutOfBounds));
        assert_eq!(read(&json(4_000_000), "x").unwrap_err(), ArchiveError::Argon(ArgonError::OutOfBounds));
        assert_eq!(read(&json(8), "x").unwrap_err(), ArchiveError::Passphrase);
    }

    #[test]
    fn a_bomb_a_second_frame_and_a_wrong_end_are_refused() {
        let at = Timestamp::from_unix(0);
        let make = |plain: &[u8]| {
            let (header, key) = ArchiveHeader::make(&"1".repeat(32), &"2".repeat(32), at, None, (1, &pass("p")), CHEAP, PLENTY).unwrap();
            let stream = seal_small(key.key(), header.raw(), plain);
            [header.raw().to_vec(), stream].concat()
        };
        let first = format!(
            "{{\"createdAt\":\"1970-01-01T00:00:00Z\",\"instanceId\":\"{}\",\"journalHash\":\"\",\"journalSeq\":0,\"kind\":\"archive\",\"previous\":\"\",\"seq\":1}}\n",
            "2".repeat(32)
        );
        let frame = |text: &[u8]| zstd::encode_all(text, 3).unwrap();
        let good = format!("{first}{{\"kind\":\"end\",\"lines\":2}}\n");
        assert_eq!(read(&make(&frame(good.as_bytes())), "p").unwrap().len(), 0);
        let bomb = [first.as_bytes(), &vec![b' '; 300 << 20]].concat();
        assert_eq!(read(&make(&frame(&bomb)), "p").unwrap_err(), ArchiveError::Line(2));
        let two = [frame(good.as_bytes()), frame(b"x")].concat();
        assert!(read(&make(&two), "p").is_err());
        for wrong in [
            format!("{first}{{\"kind\":\"end\",\"lines\":3}}\n"),
            first.clone(),
            format!("{good}{good}"),
            format!("{first}{{\"kind\":\"x\"}}\n"),
            String::new(),
        ] {
            assert!(read(&make(&frame(wrong.as_bytes())), "p").is_err(), "{wrong}");
        }
        let mut window = zstd::Encoder::new(Vec::new(), 3).unwrap();
        window.window_log(27).unwrap();
        window.write_all(&vec![b'x'; 1 << 20]).unwrap();
        assert!(read(&make(&window.finish().unwrap()), "p").is_err());
    }

    #[test]
    fn names_of_objects() {
        let name = archive_name(&"1".repeat(32), &"2".repeat(32), Timestamp::from_unix(1_790_000_000), 7, &archive_id());
        assert_eq!(parse_archive_name(&name).unwrap(), ("1".repeat(32), "2".repeat(32)));
        assert_eq!(archive_time("dr/x/y/20261125T225328Z-00000002-c3bb.kdr").unwrap().to_string(), "2026-11-25T22:53:28Z");
        for other in ["", "x", "dr/x/y/2026-1.kdr", "dr/x/y/20261325T225328Z-1-x.kdr", "\u{1f600}\u{1f600}\u{1f600}\u{1f600}-1"] {
            assert!(archive_time(other).is_none(), "{other}");
        }
        for other in ["dr/x", "dr/1/2/3.kdr", "artifacts/x", ""] {
            assert!(parse_archive_name(other).is_none(), "{other}");
        }
    }
}
