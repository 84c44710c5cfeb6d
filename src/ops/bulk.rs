//! Moves bulk data through a Tink stream: one pass, segments in parallel, order kept, memory bounded by the number of workers.
//!
//! Each worker has one buffer of a segment. It takes its turn at the source, works in place, and waits for its turn at the sink; nothing is
//! copied between threads, and nothing is allocated on the way. Blocking: to be called on a thread that may wait. Must not: know where the
//! bytes come from or go to. Next: `crypto::StreamKey` does the AEAD, `format::stream` knows the lengths.

use crate::crypto::{AeadError, Key, STREAM_HEADER, STREAM_TAG, StreamKey};
use crate::domain::{Act, Fault, Kind, Stop, Text};
use crate::format::{SEGMENT, StreamDigest, full_plaintext, full_segment};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The most workers: moving the bytes is the limit, not the cipher.
const WORKERS: usize = 3;

/// What went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Bytes of plaintext.
    pub plaintext: u64,
    /// Bytes as stored.
    pub stored: u64,
    /// SHA-256 of header and tags.
    pub digest: [u8; 32],
}

/// What accompanies a movement.
pub struct Along<'a> {
    /// What fails when it fails.
    pub doing: &'a Text,
    /// Told how many bytes of plaintext are through.
    pub progress: &'a (dyn Fn(u64) + Sync),
    /// Asked once a segment.
    pub stop: &'a Stop,
}

/// Fills a buffer from a source; less than its length only at the end.
pub type Fill<'a> = dyn FnMut(&mut [u8]) -> Result<usize, Fault> + Send + 'a;
/// Takes the next bytes.
pub type Append<'a> = dyn FnMut(&[u8]) -> Result<(), Fault> + Send + 'a;

/// Seals what `source` gives into `sink`.
///
/// # Errors
/// The source's and the sink's; `Kind::Interrupted`; `Kind::Refused` beyond 4 PiB.
pub fn seal(key: &Key, ad: &[u8], source: &mut Fill<'_>, sink: &mut Append<'_>, along: &Along<'_>) -> Result<Moved, Fault> {
    let (stream, header) = StreamKey::generate(key, ad);
    sink(&header)?;
    let work = |number, last, buffer: &mut [u8], length: usize| {
        let tag = stream.seal(number, last, &mut buffer[..length]);
        buffer[length..length + STREAM_TAG].copy_from_slice(&tag);
        Ok(Worked { out: length + STREAM_TAG, tag, plaintext: length })
    };
    run(full_plaintext, &work, source, sink, header, along)
}

/// Opens the stream that `source` gives into `sink`, which gets nothing of a segment whose tag does not hold.
///
/// # Errors
/// The source's and the sink's; `Kind::Interrupted`; `Kind::Damaged` naming the segment.
pub fn open(key: &Key, ad: &[u8], source: &mut Fill<'_>, sink: &mut Append<'_>, along: &Along<'_>) -> Result<Moved, Fault> {
    let mut header = [0; STREAM_HEADER];
    if source(&mut header)? < STREAM_HEADER {
        return Err(damaged(along, "it is shorter than a header"));
    }
    let Ok(stream) = StreamKey::read(key, ad, &header) else { return Err(damaged(along, "its header is not one of a Tink stream")) };
    let work = |number, last, buffer: &mut [u8], length: usize| {
        let mut tag = [0; STREAM_TAG];
        let tag_at = length.checked_sub(STREAM_TAG).ok_or(AeadError).map_err(|_| short(along, number, last))?;
        tag.copy_from_slice(&buffer[tag_at..length]);
        let plaintext = stream.open(number, last, &mut buffer[..length]).map_err(|_| short(along, number, last))?.len();
        Ok(Worked { out: plaintext, tag, plaintext })
    };
    run(full_segment, &work, source, sink, header, along)
}

/// What became of a segment.
struct Worked {
    /// Bytes of the buffer to hand on.
    out: usize,
    tag: [u8; STREAM_TAG],
    plaintext: usize,
}

type Work<'a> = dyn Fn(u32, bool, &mut [u8], usize) -> Result<Worked, Fault> + Sync + 'a;

/// Whose turn it is at the source.
struct Source<'a, 'b> {
    fill: &'a mut Fill<'b>,
    /// The byte after the last segment, which told that there is another one.
    carried: Option<u8>,
    next: u32,
    ended: bool,
}

/// Whose turn it is at the sink.
struct Sink<'a, 'b> {
    append: &'a mut Append<'b>,
    next: u32,
    plaintext: u64,
    stored: u64,
    digest: StreamDigest,
    fault: Option<Fault>,
}

fn run(
    room: fn(u32) -> usize,
    work: &Work<'_>,
    fill: &mut Fill<'_>,
    append: &mut Append<'_>,
    header: [u8; STREAM_HEADER],
    along: &Along<'_>,
) -> Result<Moved, Fault> {
    let source = Mutex::new(Source { fill, carried: None, next: 0, ended: false });
    let digest = StreamDigest::new(&header);
    let stored = STREAM_HEADER as u64;
    let sink = Mutex::new(Sink { append, next: 0, plaintext: 0, stored, digest, fault: None });
    let (turn, failed) = (Condvar::new(), AtomicBool::new(false));
    let workers = std::thread::available_parallelism().map_or(1, usize::from).clamp(1, WORKERS - 1) + 1;
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                if let Err(fault) = serve(room, work, &source, &sink, &turn, &failed, along) {
                    failed.store(true, Ordering::SeqCst);
                    let mut sink = held(&sink);
                    sink.fault = sink.fault.take().or(Some(fault));
                    turn.notify_all();
                }
            });
        }
    });
    let sink = sink.into_inner().unwrap_or_else(PoisonError::into_inner);
    match sink.fault {
        Some(fault) => Err(fault),
        None => Ok(Moved { plaintext: sink.plaintext, stored: sink.stored, digest: sink.digest.end() }),
    }
}

/// One worker, until the source ends or somebody fails.
fn serve(
    room: fn(u32) -> usize,
    work: &Work<'_>,
    source: &Mutex<Source<'_, '_>>,
    sink: &Mutex<Sink<'_, '_>>,
    turn: &Condvar,
    failed: &AtomicBool,
    along: &Along<'_>,
) -> Result<(), Fault> {
    let mut buffer = vec![0; SEGMENT + 1];
    loop {
        let (number, last, length) = {
            let mut source = held(source);
            if source.ended || failed.load(Ordering::SeqCst) {
                return Ok(());
            }
            if along.stop.asked() {
                source.ended = true;
                return Err(Fault::interrupted(along.doing.clone()));
            }
            let number = source.next;
            let length = source.take(&mut buffer[..=room(number)]).inspect_err(|_| source.ended = true)?;
            let last = source.carried.is_none();
            source.ended = last;
            match number.checked_add(1) {
                Some(next) => source.next = next,
                None if last => {}
                None => {
                    source.ended = true;
                    return Err(Fault::refused(along.doing.clone(), "it is longer than 4 PiB", Act::say("seal it in parts")));
                }
            }
            (number, last, length)
        };
        let worked = work(number, last, &mut buffer, length)?;
        let mut sink = held(sink);
        while sink.next != number && sink.fault.is_none() {
            sink = turn.wait(sink).unwrap_or_else(PoisonError::into_inner);
        }
        if sink.fault.is_some() {
            return Ok(());
        }
        (sink.append)(&buffer[..worked.out])?;
        sink.digest.tag(&worked.tag);
        sink.plaintext += worked.plaintext as u64;
        sink.stored += (worked.plaintext + STREAM_TAG) as u64;
        sink.next = sink.next.wrapping_add(1);
        let done = sink.plaintext;
        turn.notify_all();
        drop(sink);
        (along.progress)(done);
    }
}

impl Source<'_, '_> {
    /// The next segment: its length. `buffer` has room for one byte more, which tells whether another segment follows.
    fn take(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let mut length = 0;
        if let Some(byte) = self.carried.take() {
            buffer[0] = byte;
            length = 1;
        }
        length += (self.fill)(&mut buffer[length..])?;
        if length == buffer.len() {
            length -= 1;
            self.carried = Some(buffer[length]);
        }
        Ok(length)
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The tag of a segment does not hold.
fn short(along: &Along<'_>, number: u32, last: bool) -> Fault {
    let end = if last { ", where it ends" } else { "" };
    damaged(along, &format!("segment {number}{end} does not verify: altered, cut, or made under another key"))
}

fn damaged(along: &Along<'_>, cause: &str) -> Fault {
    let next = Act::say("take a copy from another location; kastellan artifact verify says which one is whole");
    Fault::new(Kind::Damaged, along.doing.clone(), cause, next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{open_small, seal_small};
    use std::io::Read;

    fn key() -> Key {
        Key::filled(|k| k.fill(3))
    }

    fn along<'a>(doing: &'a Text, stop: &'a Stop) -> Along<'a> {
        Along { doing, progress: &|_| {}, stop }
    }

    fn from(mut bytes: &[u8]) -> impl FnMut(&mut [u8]) -> Result<usize, Fault> + Send + '_ {
        move |buffer| Ok(bytes.read(buffer).unwrap())
    }

    fn sealed(plain: &[u8]) -> (Vec<u8>, Moved) {
        let (doing, stop) = (Text::from("cannot"), Stop::default());
        let mut out = Vec::new();
        let mut append = |bytes: &[u8]| {
            out.extend_from_slice(bytes);
            Ok(())
        };
        let moved = seal(&key(), b"ad", &mut from(plain), &mut append, &along(&doing, &stop)).unwrap();
        (out, moved)
    }

    fn opened(stored: &[u8]) -> Result<(Vec<u8>, Moved), (Fault, Vec<u8>)> {
        let (doing, stop) = (Text::from("cannot"), Stop::default());
        let mut out = Vec::new();
        let mut append = |bytes: &[u8]| {
            out.extend_from_slice(bytes);
            Ok(())
        };
        match open(&key(), b"ad", &mut from(stored), &mut append, &along(&doing, &stop)) {
            Ok(moved) => Ok((out, moved)),
            Err(fault) => Err((fault, out)),
        }
    }

    #[test]
    fn at_every_edge_it_is_the_stream_of_the_format() {
        for length in [0, 1, 1_048_519, 1_048_520, 1_048_521, 2_097_080, 2_097_081, 7_000_000] {
            let plain: Vec<u8> = (0..length).map(|n: usize| (n % 251).to_le_bytes()[0]).collect();
            let (stored, moved) = sealed(&plain);
            assert_eq!(moved.stored, stored.len() as u64);
            assert!(*open_small(&key(), b"ad", &stored).unwrap() == plain, "{length}");
            let (again, same) = opened(&stored).unwrap();
            assert!(again == plain && same == moved, "{length}");
            let (other, _) = opened(&seal_small(&key(), b"ad", &plain)).unwrap();
            assert!(other == plain, "{length}");
        }
    }

    #[test]
    fn nothing_of_a_segment_that_does_not_verify_is_released() {
        let plain = vec![b'x'; 5 << 20];
        let (stored, _) = sealed(&plain);
        for segment in 0..5 {
            let mut bad = stored.clone();
            bad[(segment << 20) + 100] ^= 1;
            let (fault, released) = opened(&bad).unwrap_err();
            assert_eq!(fault.kind, Kind::Damaged);
            assert!(fault.cause.to_string().contains(&format!("segment {segment}")), "{fault}");
            let whole = (0..u32::try_from(segment).unwrap()).map(full_plaintext).sum::<usize>();
            assert!(released.len() <= whole && released.iter().all(|b| *b == b'x'));
        }
        for cut in [0, 39, 40, 41, 1 << 20, (1 << 20) + 7, stored.len() - 1] {
            assert_eq!(opened(&stored[..cut]).unwrap_err().0.kind, Kind::Damaged, "cut at {cut}");
        }
        assert!(opened(&[&stored[..], b"more"].concat()).is_err());
    }

    #[test]
    fn two_segments_are_worked_on_at_once() {
        let (doing, stop) = (Text::from("cannot"), Stop::default());
        let (at_work, together) = (Mutex::new((0, 0)), Condvar::new());
        // Who comes first waits for company: were there one worker, none would come.
        let work = |_, _, _: &mut [u8], length| {
            let mut now = held(&at_work);
            now.0 += 1;
            now.1 = now.1.max(now.0);
            together.notify_all();
            let (mut now, _) = together.wait_timeout_while(now, std::time::Duration::from_secs(20), |now| now.1 < 2).unwrap();
            now.0 -= 1;
            Ok(Worked { out: length, tag: [0; STREAM_TAG], plaintext: length })
        };
        let plain = vec![0; 3 << 20];
        run(full_plaintext, &work, &mut from(&plain), &mut |_| Ok(()), [0; STREAM_HEADER], &along(&doing, &stop)).unwrap();
        assert!(held(&at_work).1 >= 2);
    }

    #[test]
    fn faults_and_stops_end_it() {
        let (doing, stop) = (Text::from("cannot"), Stop::default());
        let broken = || Fault::new(Kind::Unreachable, "x", "gone", Act::say("y"));
        let mut left = 3;
        let mut source = |buffer: &mut [u8]| {
            left -= 1;
            if left == 0 { Err(broken()) } else { Ok(buffer.len()) }
        };
        let ended = seal(&key(), b"", &mut source, &mut |_: &[u8]| Ok(()), &along(&doing, &stop));
        assert_eq!(ended.unwrap_err().kind, Kind::Unreachable);
        let ended = seal(
            &key(),
            b"",
            &mut |b: &mut [u8]| Ok(b.len()),
            &mut |b: &[u8]| if b.len() > 100 { Err(broken()) } else { Ok(()) },
            &along(&doing, &stop),
        );
        assert_eq!(ended.unwrap_err().kind, Kind::Unreachable);
        stop.ask();
        let ended = seal(&key(), b"", &mut |b: &mut [u8]| Ok(b.len()), &mut |_: &[u8]| Ok(()), &along(&doing, &stop));
        assert_eq!(ended.unwrap_err().kind, Kind::Interrupted);
    }
}
