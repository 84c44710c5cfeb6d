//! Lines in, sealed bytes out.

use super::{ArchiveHead, ArchiveHeader, ArchiveKey, FIRST, LAST, LONGEST_LINE, WINDOW};
use crate::crypto::StreamKey;
use crate::format::{Object, SealedRecord, b64, full_plaintext, full_segment};
use std::io::{self, Write};

/// Seals lines into an archive; what it makes goes into the sink as it comes.
pub struct ArchiveWriter<W: Write> {
    encoder: zstd::Encoder<'static, Segments<W>>,
    lines: u64,
}

impl<W: Write> ArchiveWriter<W> {
    /// Writes header and first line.
    ///
    /// # Errors
    /// The sink's.
    pub fn begin(mut sink: W, header: &ArchiveHeader, key: &ArchiveKey, head: &ArchiveHead) -> io::Result<Self> {
        sink.write_all(header.raw())?;
        let (stream, start) = StreamKey::generate(key.key(), header.raw());
        sink.write_all(&start)?;
        let mut encoder = zstd::Encoder::new(Segments { sink, stream, number: 0, buffer: Vec::with_capacity(full_segment(1)) }, 3)?;
        encoder.window_log(WINDOW - 2)?;
        let mut writer = Self { encoder, lines: 0 };
        writer.line(
            &Object::new()
                .with("kind", FIRST)
                .with("instanceId", &head.instance_id)
                .with_number("seq", head.seq)
                .with("createdAt", head.created_at.to_string())
                .with("previous", &head.previous)
                .with_number("journalSeq", head.journal_seq)
                .with("journalHash", &head.journal_hash),
        )?;
        Ok(writer)
    }

    /// Writes a record, byte for byte.
    ///
    /// # Errors
    /// The sink's.
    pub fn record(&mut self, record: &SealedRecord) -> io::Result<()> {
        self.line(
            &Object::new()
                .with("kind", record.kind.word())
                .with("id", &record.id)
                .with_number("rev", record.rev)
                .with("clear", &record.clear)
                .with("box", b64(&record.sealed)),
        )
    }

    /// Writes the last line, and hands the sink back.
    ///
    /// # Errors
    /// The sink's.
    pub fn finish(mut self) -> io::Result<W> {
        let lines = self.lines + 1;
        self.line(&Object::new().with("kind", LAST).with_number("lines", lines))?;
        self.encoder.finish()?.finish()
    }

    fn line(&mut self, object: &Object) -> io::Result<()> {
        self.lines += 1;
        let mut line = object.to_json();
        line.push('\n');
        if line.len() as u64 > LONGEST_LINE {
            return Err(io::Error::other("a record is longer than a line of an archive"));
        }
        self.encoder.write_all(line.as_bytes())
    }
}

/// Seals what is written, segment by segment; the last one is known only at the end.
struct Segments<W: Write> {
    sink: W,
    stream: StreamKey,
    number: u32,
    buffer: Vec<u8>,
}

impl<W: Write> Segments<W> {
    fn seal(&mut self, last: bool) -> io::Result<()> {
        let tag = self.stream.seal(self.number, last, &mut self.buffer);
        self.buffer.extend_from_slice(&tag);
        self.sink.write_all(&self.buffer)?;
        self.buffer.clear();
        self.number = self.number.checked_add(1).ok_or_else(|| io::Error::other("it is longer than 4 PiB"))?;
        Ok(())
    }

    fn finish(mut self) -> io::Result<W> {
        self.seal(true)?;
        Ok(self.sink)
    }
}

impl<W: Write> Write for Segments<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() == full_plaintext(self.number) && !bytes.is_empty() {
            self.seal(false)?;
        }
        let room = full_plaintext(self.number) - self.buffer.len();
        let taken = bytes.len().min(room);
        self.buffer.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
