//! Moves bulk data through a Tink stream: one pass, segments in parallel, order kept, memory bounded by the number of buffers.
//!
//! Workers take turns at the source, each with a free buffer of a segment, and work in place; the caller's thread writes what they have
//! done in the order of the stream and gives the buffers back. Nothing is copied between threads, and nothing is allocated on the way. Who
//! writes has the next segment at hand when it is through with one: waiting to be woken for each would cost a quarter of the rate.
//! Blocking: to be called on a thread that may wait. Must not: know where the bytes come from or go to. Next: `crypto::StreamKey` does the
//! AEAD, `format::stream` knows the lengths.

use crate::crypto::{AeadError, Key, STREAM_HEADER, STREAM_TAG, StreamKey};
use crate::domain::{Act, Fault, Kind, Stop, Text};
use crate::format::{SEGMENT, StreamDigest, full_plaintext, full_segment};
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;

/// The most that read and seal, or open. Moving the bytes is the limit, not the cipher: two keep ahead of the one that writes.
const WORKERS: usize = 2;
/// One that is written, and two that are worked on or wait, whoever works on them: memory is the same on all machines.
const BUFFERS: usize = 3;
const PAGE: usize = 4096;

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
pub type Append<'a> = dyn FnMut(&[u8]) -> Result<(), Fault> + 'a;

/// Seals what `source` gives into `sink`.
///
/// # Errors
/// The source's and the sink's; `Kind::Interrupted`; `Kind::Refused` beyond 4 PiB.
pub fn seal(key: &Key, ad: &[u8], source: &mut Fill<'_>, sink: &mut Append<'_>, along: &Along<'_>) -> Result<Moved, Fault> {
    let (stream, header) = StreamKey::generate(key, ad);
    let work = |number, last, buffer: &mut [u8], length: usize| {
        let tag = stream.seal(number, last, &mut buffer[..length]);
        buffer[length..length + STREAM_TAG].copy_from_slice(&tag);
        Ok(Worked { out: length + STREAM_TAG, tag, plaintext: length })
    };
    run(threads(workers()), SEALING, &work, source, sink, header, along)
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
    run(threads(workers()), OPENING, &work, source, sink, header, along)
}

/// What became of a segment.
struct Worked {
    /// Bytes of the buffer to hand on.
    out: usize,
    tag: [u8; STREAM_TAG],
    plaintext: usize,
}

type Work<'a> = dyn Fn(u32, bool, &mut [u8], usize) -> Result<Worked, Fault> + Sync + 'a;

const SEALING: Lengths = Lengths { read: full_plaintext, written: full_segment, ahead: STREAM_HEADER };
const OPENING: Lengths = Lengths { read: full_segment, written: full_plaintext, ahead: 0 };

/// What a worker hands on: the number of a segment, and its buffer or what failed there.
type Done = (u32, Result<(Buffer, Worked), Fault>);

/// Room for a segment and one byte. Its first byte lies in its page where it will lie in a page of the file that is written, and what comes
/// before it in that page has room in front: whole pages are written, and the kernel takes those faster.
struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}

impl Buffer {
    fn new() -> Self {
        Self { bytes: vec![0; 2 * PAGE + SEGMENT + 1], start: 0 }
    }

    fn lie(&mut self, in_page: usize) {
        self.start = self.bytes.as_ptr().align_offset(PAGE) + in_page;
    }

    /// Its first `length` bytes, behind what comes before them in their page.
    fn behind(&mut self, before: &[u8], length: usize) -> &[u8] {
        let page = self.start - before.len();
        self.bytes[page..self.start].copy_from_slice(before);
        &self.bytes[page..self.start + length]
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..]
    }
}

/// The lengths of the segments that are read and of those that are written, by number.
#[derive(Clone, Copy)]
struct Lengths {
    read: fn(u32) -> usize,
    written: fn(u32) -> usize,
    /// What is written before the first segment.
    ahead: usize,
}

/// Where the workers take turns.
struct Source<'a, 'b> {
    lengths: Lengths,
    fill: &'a mut Fill<'b>,
    /// Buffers that were written; nobody sends any more once the writing has ended.
    free: Receiver<Buffer>,
    /// The byte after the last segment, which told that there is another one.
    carried: Option<u8>,
    next: u32,
    /// Where the next segment will lie in its page of what is written.
    in_page: usize,
    ended: bool,
}

/// A segment as it was read.
struct Taken {
    buffer: Buffer,
    length: usize,
    last: bool,
}

fn threads(count: usize) -> Vec<Builder> {
    (0..count).map(|_| Builder::new().name("bulk".into())).collect()
}

/// As many as there are processors beside the one that writes: more would take its time away.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, |processors| processors.get() - 1).clamp(1, WORKERS)
}

fn run(
    workers: Vec<Builder>,
    lengths: Lengths,
    work: &Work<'_>,
    fill: &mut Fill<'_>,
    append: &mut Append<'_>,
    header: [u8; STREAM_HEADER],
    along: &Along<'_>,
) -> Result<Moved, Fault> {
    let (give, free) = sync_channel(BUFFERS);
    let (put, done) = sync_channel(BUFFERS);
    for _ in 0..BUFFERS {
        let _ = give.send(Buffer::new());
    }
    let source = &Mutex::new(Source { lengths, fill, free, carried: None, next: 0, in_page: lengths.ahead, ended: false });
    // The ends of both ways are in there, and dropped with the first fault: then no worker waits for a buffer any more.
    std::thread::scope(move |scope| {
        let start = |worker: Builder| {
            let put = put.clone();
            worker.spawn_scoped(scope, move || serve(work, source, &put, along))
        };
        // One does the work of all; where there is none, nothing would come, and look like the end.
        if workers.into_iter().flat_map(start).count() == 0 {
            let next = Act::say("free memory, or raise ulimit -v");
            return Err(Fault::refused(along.doing.clone(), "the system starts no thread: too little memory", next));
        }
        drop(put);
        collect(done, &give, append, &header, header[..lengths.ahead].to_vec(), along)
    })
}

/// One worker, until the source ends, somebody fails, or nobody writes any more.
fn serve(work: &Work<'_>, source: &Mutex<Source<'_, '_>>, put: &SyncSender<Done>, along: &Along<'_>) {
    loop {
        // Who panicked at the source left it in the midst of a segment.
        let Ok(mut source) = source.lock() else { return };
        let Some((number, taken)) = source.take(along) else { return };
        drop(source);
        let lost = Lost { number, put, along };
        let worked = taken.and_then(|Taken { mut buffer, length, last }| {
            let worked = work(number, last, &mut buffer, length)?;
            Ok((buffer, worked))
        });
        drop(lost);
        if put.send((number, worked)).is_err() {
            return;
        }
    }
}

/// Where a worker panics, whoever writes would wait for its segment in vain: this ends it. What it says nobody hears, for the panic goes on
/// in the thread that waits for the workers.
struct Lost<'a> {
    number: u32,
    put: &'a SyncSender<Done>,
    along: &'a Along<'a>,
}

impl Drop for Lost<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.put.send((self.number, Err(Fault::interrupted(self.along.doing.clone()))));
        }
    }
}

/// Writes the segments in their order, up to the first that failed, in whole pages; `held` is what does not fill one yet.
fn collect(
    done: Receiver<Done>,
    give: &SyncSender<Buffer>,
    append: &mut Append<'_>,
    header: &[u8; STREAM_HEADER],
    mut held: Vec<u8>,
    along: &Along<'_>,
) -> Result<Moved, Fault> {
    let (mut plaintext, mut stored, mut digest) = (0, STREAM_HEADER as u64, StreamDigest::new(header));
    // Each number that is on its way has a buffer, and they follow each other: no two come to the same place.
    let mut early = [const { None }; BUFFERS];
    let mut next = 0_u32;
    for (number, worked) in done {
        early[number as usize % BUFFERS] = Some(worked);
        while let Some(worked) = early[next as usize % BUFFERS].take() {
            let (mut buffer, worked) = worked?;
            let bytes = buffer.behind(&held, worked.out);
            let (pages, rest) = bytes.split_at(bytes.len() - bytes.len() % PAGE);
            append(pages)?;
            held.clear();
            held.extend_from_slice(rest);
            digest.tag(&worked.tag);
            plaintext += worked.plaintext as u64;
            stored += (worked.plaintext + STREAM_TAG) as u64;
            next = next.wrapping_add(1);
            // After the last segment nobody wants it.
            let _ = give.send(buffer);
            (along.progress)(plaintext);
        }
    }
    append(&held)?;
    Ok(Moved { plaintext, stored, digest: digest.end() })
}

impl Source<'_, '_> {
    /// The next segment; None after the last one or a fault, and once nobody writes any more.
    fn take(&mut self, along: &Along<'_>) -> Option<(u32, Result<Taken, Fault>)> {
        if self.ended {
            return None;
        }
        let mut buffer = self.free.recv().ok()?;
        let number = self.next;
        buffer.lie(self.in_page);
        self.in_page = (self.in_page + (self.lengths.written)(number)) % PAGE;
        let taken = self.read((self.lengths.read)(number), buffer, along);
        self.ended = taken.as_ref().map_or(true, |taken| taken.last);
        Some((number, taken))
    }

    /// A segment of at most `room` bytes. The buffer is filled by one byte more, which tells whether another segment follows.
    fn read(&mut self, room: usize, mut buffer: Buffer, along: &Along<'_>) -> Result<Taken, Fault> {
        if along.stop.asked() {
            return Err(Fault::interrupted(along.doing.clone()));
        }
        let mut length = 0;
        if let Some(byte) = self.carried.take() {
            buffer[0] = byte;
            length = 1;
        }
        length += (self.fill)(&mut buffer[length..=room])?;
        let last = length <= room;
        if !last {
            length = room;
            self.carried = Some(buffer[room]);
            let longer = || Fault::refused(along.doing.clone(), "it is longer than 4 PiB", Act::say("seal it in parts"));
            self.next = self.next.checked_add(1).ok_or_else(longer)?;
        }
        Ok(Taken { buffer, length, last })
    }
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
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Condvar};

    /// Of work that leaves the lengths as they are.
    const MOVING: Lengths = Lengths { read: full_plaintext, written: full_plaintext, ahead: 0 };

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
            assert!(released.len() == whole - whole % PAGE && released.iter().all(|b| *b == b'x'));
        }
        for cut in [0, 39, 40, 41, 1 << 20, (1 << 20) + 7, stored.len() - 1] {
            assert_eq!(opened(&stored[..cut]).unwrap_err().0.kind, Kind::Damaged, "cut at {cut}");
        }
        assert!(opened(&[&stored[..], b"more"].concat()).is_err());
    }

    #[test]
    fn whole_pages_are_written_from_whole_pages() {
        let (doing, stop) = (Text::from("cannot"), Stop::default());
        let plain = vec![0; 5 << 20];
        let (stored, _) = sealed(&plain);
        let sealing = pages(|append| seal(&key(), b"ad", &mut from(&plain), append, &along(&doing, &stop)).unwrap());
        let opening = pages(|append| open(&key(), b"ad", &mut from(&stored), append, &along(&doing, &stop)).unwrap());
        assert_eq!((sealing, opening), (6, 6));
    }

    /// How many times whole pages are written, before what is left at the end.
    fn pages(run: impl FnOnce(&mut Append<'_>) -> Moved) -> usize {
        let (mut lies, mut written) = (Vec::new(), 0);
        run(&mut |bytes: &[u8]| {
            lies.push((bytes.as_ptr() as usize % PAGE, written % PAGE, bytes.len()));
            written += bytes.len();
            Ok(())
        });
        let (_, position, rest) = lies.pop().unwrap();
        assert!(
            position == 0 && rest < PAGE && lies.iter().all(|(place, position, length)| place + position + length % PAGE == 0),
            "{lies:?}"
        );
        lies.len()
    }

    #[test]
    fn two_segments_are_worked_on_at_once() {
        let (doing, stop) = (Text::from("cannot"), Stop::default());
        let company = Company::default();
        // Who comes first waits for company: were there one worker, none would come.
        let work = |_, _, _: &mut [u8], length| {
            company.meet();
            Ok(Worked { out: length, tag: [0; STREAM_TAG], plaintext: length })
        };
        let plain = vec![0; 3 << 20];
        run(threads(2), MOVING, &work, &mut from(&plain), &mut |_| Ok(()), [0; STREAM_HEADER], &along(&doing, &stop)).unwrap();
        assert_eq!(company.most(), 2);
    }

    #[test]
    fn one_worker_is_enough_and_without_any_it_is_refused() {
        let (doing, stop) = (Text::from("cannot"), Stop::default());
        let work = |_, _, _: &mut [u8], length| Ok(Worked { out: length, tag: [0; STREAM_TAG], plaintext: length });
        // A stack as large as all addresses: no system starts that.
        let none = || Builder::new().stack_size(usize::MAX / 4);
        let plain = vec![7; 3 << 20];
        let moved = |workers| {
            let mut out = Vec::new();
            let mut append = |bytes: &[u8]| {
                out.extend_from_slice(bytes);
                Ok(())
            };
            run(workers, MOVING, &work, &mut from(&plain), &mut append, [0; STREAM_HEADER], &along(&doing, &stop)).map(|_| out)
        };
        assert!(moved(vec![none(), Builder::new()]).unwrap() == plain);
        let fault = moved(vec![none(), none()]).unwrap_err();
        assert_eq!((fault.kind, fault.cause.to_string().as_str()), (Kind::Refused, "the system starts no thread: too little memory"));
    }

    #[test]
    fn a_segment_that_is_ready_too_early_waits_for_its_turn() {
        let (doing, stop) = (Text::from("cannot"), Stop::default());
        let company = Company::default();
        // The first segment takes until the second was handed on, and its worker has the third.
        let work = |number: u32, _, buffer: &mut [u8], length| {
            if [0, 2].contains(&number) {
                company.meet();
            }
            buffer[..length].fill(number.to_le_bytes()[0]);
            Ok(Worked { out: length, tag: [0; STREAM_TAG], plaintext: length })
        };
        let mut order = Vec::new();
        let mut append = |bytes: &[u8]| {
            order.extend_from_slice(bytes);
            Ok(())
        };
        let plain = vec![0; 4 << 20];
        run(threads(2), MOVING, &work, &mut from(&plain), &mut append, [0; STREAM_HEADER], &along(&doing, &stop)).unwrap();
        assert_eq!(order.len(), plain.len());
        order.dedup();
        assert_eq!((company.most(), order), (2, vec![0, 1, 2, 3, 4]));
    }

    #[test]
    fn a_segment_is_worked_on_while_the_one_before_is_written() {
        let (doing, stop) = (Text::from("cannot"), Stop::default());
        let company = Company::default();
        let work = |number, _, _: &mut [u8], length| {
            if number == 1 {
                company.meet();
            }
            Ok(Worked { out: length, tag: [0; STREAM_TAG], plaintext: length })
        };
        let mut written = 0;
        let mut append = |_: &[u8]| {
            if written == 0 {
                company.meet();
            }
            written += 1;
            Ok(())
        };
        let plain = vec![0; 2 << 20];
        run(threads(1), MOVING, &work, &mut from(&plain), &mut append, [0; STREAM_HEADER], &along(&doing, &stop)).unwrap();
        assert_eq!(company.most(), 2);
    }

    /// How many are somewhere now, and the most that were.
    #[derive(Default)]
    struct Company {
        there: Mutex<(usize, usize)>,
        together: Condvar,
    }

    impl Company {
        /// Waits until another one comes.
        fn meet(&self) {
            let mut there = self.there.lock().unwrap();
            there.0 += 1;
            there.1 = there.1.max(there.0);
            self.together.notify_all();
            let (mut there, _) = self.together.wait_timeout_while(there, std::time::Duration::from_secs(20), |there| there.1 < 2).unwrap();
            there.0 -= 1;
        }

        fn most(&self) -> usize {
            self.there.lock().unwrap().1
        }
    }

    #[test]
    fn a_panic_goes_on_where_the_result_is_waited_for() {
        let asked = Arc::new(AtomicUsize::new(0));
        let source = |panics: bool| {
            let asked = asked.clone();
            move |buffer: &mut [u8]| {
                asked.fetch_add(1, Ordering::SeqCst);
                assert!(!panics);
                Ok(buffer.len())
            }
        };
        assert!(panics(1, source(false)));
        asked.store(0, Ordering::SeqCst);
        assert!(panics(u32::MAX, source(true)));
        assert_eq!(asked.load(Ordering::SeqCst), 1, "nothing more is asked of it");
    }

    /// Whether it panics where the work on a segment, or the source, does; on a thread of its own, so that waiting in vain is a failure.
    fn panics(at: u32, mut source: impl FnMut(&mut [u8]) -> Result<usize, Fault> + Send + 'static) -> bool {
        let (say, said) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let (doing, stop) = (Text::from("cannot"), Stop::default());
            let work = |number: u32, _, _: &mut [u8], length| {
                assert!(number != at);
                Ok(Worked { out: length, tag: [0; STREAM_TAG], plaintext: length })
            };
            let mut append = |_: &[u8]| Ok(());
            let run = || run(threads(2), MOVING, &work, &mut source, &mut append, [0; STREAM_HEADER], &along(&doing, &stop));
            say.send(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err())
        });
        said.recv_timeout(std::time::Duration::from_secs(20)).expect("it ends")
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
