//! Sealed bytes in, lines out.

use super::{ArchiveError, ArchiveHead, ArchiveHeader, ArchiveKey, FIRST, LAST, LONGEST_LINE, WINDOW};
use crate::crypto::{STREAM_HEADER, STREAM_TAG, StreamKey};
use crate::domain::Timestamp;
use crate::format::{Object, ObjectError, RecordKind, SealedRecord, full_segment, unb64};
use std::io::{self, BufRead, Read};

/// Reads an archive line by line; nothing of a segment is seen before its tag held.
pub struct ArchiveReader<R: Read> {
    lines: zstd::Decoder<'static, io::BufReader<Opened<R>>>,
    buffered: Vec<u8>,
    number: u64,
    ended: bool,
    head: ArchiveHead,
}

impl<R: Read> ArchiveReader<R> {
    /// Of an archive whose header was read from `from` already.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn begin(from: R, header: &ArchiveHeader, key: &ArchiveKey) -> Result<Self, ArchiveError> {
        let opened = Opened::begin(from, header, key)?;
        let mut lines =
            zstd::Decoder::with_buffer(io::BufReader::new(opened)).map_err(|e| ArchiveError::Read(e.to_string()))?.single_frame();
        lines.window_log_max(WINDOW).map_err(|e| ArchiveError::Read(e.to_string()))?;
        let blank = ArchiveHead {
            instance_id: String::new(),
            seq: 0,
            created_at: Timestamp::from_unix(0),
            previous: String::new(),
            journal_seq: 0,
            journal_hash: String::new(),
        };
        let mut reader = Self { lines, buffered: Vec::new(), number: 0, ended: false, head: blank };
        let first = reader.object()?.ok_or(ArchiveError::Line(1))?;
        reader.head = Self::head_of(&first).map_err(|_| ArchiveError::Line(1))?;
        if reader.head.instance_id != header.instance_id || reader.head.created_at != header.created_at {
            return Err(ArchiveError::Line(1));
        }
        Ok(reader)
    }

    /// What the first line says.
    #[must_use]
    pub fn head(&self) -> &ArchiveHead {
        &self.head
    }

    /// The next record; None after the last line, once everything behind it is known to be nothing.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn record(&mut self) -> Result<Option<SealedRecord>, ArchiveError> {
        if self.ended {
            return Ok(None);
        }
        let wrong = |number| ArchiveError::Line(number);
        let o = self.object()?.ok_or(wrong(self.number + 1))?;
        let number = self.number;
        let kind = o.text("kind").ok_or(wrong(number))?;
        if kind == LAST {
            if o.number("lines") != Some(number) {
                return Err(wrong(number));
            }
            if self.object()?.is_some() {
                return Err(wrong(number + 1));
            }
            self.nothing_follows()?;
            self.ended = true;
            return Ok(None);
        }
        let kind = RecordKind::from_word(kind).ok_or(wrong(number))?;
        let record = || {
            Some(SealedRecord {
                kind,
                id: o.text("id")?.to_owned(),
                rev: o.number("rev")?,
                clear: o.text("clear")?.to_owned(),
                sealed: unb64(o.text("box")?)?,
            })
        };
        record().map(Some).ok_or(wrong(number))
    }

    /// The frame must end where the stream does.
    fn nothing_follows(&mut self) -> Result<(), ArchiveError> {
        let rest = self.lines.get_mut();
        let left = rest.fill_buf().map_err(|e| told(&e))?.len();
        if left == 0 { Ok(()) } else { Err(ArchiveError::Line(self.number + 1)) }
    }

    fn object(&mut self) -> Result<Option<Object>, ArchiveError> {
        loop {
            if let Some(end) = self.buffered.iter().position(|b| *b == b'\n') {
                self.number += 1;
                let line: Vec<u8> = self.buffered.drain(..=end).collect();
                return Object::parse(&line[..end]).map(Some).map_err(|_| ArchiveError::Line(self.number));
            }
            if self.buffered.len() as u64 > LONGEST_LINE {
                return Err(ArchiveError::Line(self.number + 1));
            }
            let start = self.buffered.len();
            self.buffered.resize(start + (1 << 16), 0);
            let read = self.lines.read(&mut self.buffered[start..]).map_err(|e| told(&e))?;
            self.buffered.truncate(start + read);
            if read == 0 {
                return if self.buffered.is_empty() { Ok(None) } else { Err(ArchiveError::Line(self.number + 1)) };
            }
        }
    }

    fn head_of(o: &Object) -> Result<ArchiveHead, ObjectError> {
        if o.need("kind")? != FIRST {
            return Err(ObjectError::Missing("kind"));
        }
        Ok(ArchiveHead {
            instance_id: o.need("instanceId")?.to_owned(),
            seq: o.need_number("seq")?,
            created_at: o.need("createdAt")?.parse().map_err(|_| ObjectError::Missing("createdAt"))?,
            previous: o.need("previous")?.to_owned(),
            journal_seq: o.need_number("journalSeq")?,
            journal_hash: o.need("journalHash")?.to_owned(),
        })
    }
}

/// The plaintext of a stream, as bytes to read.
struct Opened<R: Read> {
    from: R,
    stream: StreamKey,
    number: u32,
    /// The segment that is being read, and where.
    buffer: Vec<u8>,
    at: usize,
    /// The byte after it, which told that another one follows.
    carried: Option<u8>,
    ended: bool,
}

impl<R: Read> Opened<R> {
    fn begin(mut from: R, header: &ArchiveHeader, key: &ArchiveKey) -> Result<Self, ArchiveError> {
        let mut start = [0; STREAM_HEADER];
        from.read_exact(&mut start).map_err(|_| ArchiveError::Segment(0))?;
        let stream = StreamKey::read(key.key(), header.raw(), &start).map_err(|_| ArchiveError::Segment(0))?;
        Ok(Self { from, stream, number: 0, buffer: Vec::new(), at: 0, carried: None, ended: false })
    }

    fn next(&mut self) -> io::Result<()> {
        let full = full_segment(self.number);
        self.buffer.clear();
        self.buffer.extend(self.carried.take());
        let wanted = (full + 1 - self.buffer.len()) as u64;
        self.from.by_ref().take(wanted).read_to_end(&mut self.buffer)?;
        if self.buffer.len() > full {
            self.carried = self.buffer.pop();
        }
        let last = self.carried.is_none();
        let failed = |number| io::Error::other(ArchiveError::Segment(number));
        if self.buffer.len() < STREAM_TAG {
            self.buffer.clear();
            return Err(failed(self.number));
        }
        let opened = self.stream.open(self.number, last, &mut self.buffer).map(|plaintext| plaintext.len());
        let Ok(length) = opened else {
            self.buffer.clear();
            return Err(failed(self.number));
        };
        self.buffer.truncate(length);
        self.at = 0;
        self.ended = last;
        self.number = self.number.checked_add(1).ok_or_else(|| failed(self.number))?;
        Ok(())
    }
}

impl<R: Read> Read for Opened<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.buffer.len() {
            if self.ended {
                return Ok(0);
            }
            self.next()?;
        }
        let length = out.len().min(self.buffer.len() - self.at);
        out[..length].copy_from_slice(&self.buffer[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

/// An error of ours that came through a reader, or the reader's own.
fn told(error: &io::Error) -> ArchiveError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<ArchiveError>()) {
        Some(ours) => ours.clone(),
        None => ArchiveError::Read(error.to_string()),
    }
}
