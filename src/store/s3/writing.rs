//! A long object as it goes: a thread fills parts, a task sends them. Nothing lists under its name before the last one is confirmed.

use super::Bucket;
use super::fault::{self, Asked};
use crate::domain::{Act, Fault, Kind};
use crate::store::{Outgoing, Placed};
use bytes::{Bytes, BytesMut};
use object_store::path::Path;
use object_store::{Error, MultipartUpload, ObjectStoreExt, PutPayload, UploadPart};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// The smallest part, in bytes: 8 MiB.
const PART: usize = 8 << 20;
/// S3 takes no more parts than 10 000; some room is left.
const MOST_PARTS: u64 = 9_000;
/// Where the size is not known, parts double after so many.
const DOUBLE_AFTER: usize = 1_000;
/// How many parts are on their way at once, beside the one that is being filled.
const ABREAST: usize = 2;

/// How large a part is: so that all of them fit, whatever the size.
fn part_size(size: Option<u64>, number: usize) -> usize {
    match size {
        Some(size) => PART.max(usize::try_from(size.div_ceil(MOST_PARTS)).unwrap_or(usize::MAX).next_multiple_of(1 << 20)),
        None => PART << (number / DOUBLE_AFTER).min(9),
    }
}

enum Message {
    Part(Bytes),
    /// The rest, and where to answer.
    Finish(Bytes, oneshot::Sender<Result<(), Fault>>),
}

/// The writing side.
pub struct Writing {
    size: Option<u64>,
    parts: usize,
    part: BytesMut,
    send: mpsc::Sender<Message>,
    failed: oneshot::Receiver<Fault>,
    name: String,
    bucket: Arc<Bucket>,
}

impl Writing {
    /// Begins; nothing is sent before the first part is full.
    pub fn begin(bucket: Arc<Bucket>, name: String, path: Path, size: Option<u64>) -> Self {
        let (send, receive) = mpsc::channel(1);
        let (fail, failed) = oneshot::channel();
        tokio::spawn(Sending { bucket: bucket.clone(), name: name.clone(), path, upload: None }.run(receive, fail));
        Self { size, parts: 0, part: BytesMut::new(), send, failed, name, bucket }
    }

    fn gone(&mut self) -> Fault {
        self.failed.try_recv().unwrap_or_else(|_| {
            let doing = format!("cannot write {} in {}", self.name, self.bucket.place);
            Fault::new(Kind::Unexpected, doing, "sending it ended abnormally", Act::say("try again"))
        })
    }
}

impl Outgoing for Writing {
    fn append(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        while !bytes.is_empty() {
            let full = part_size(self.size, self.parts);
            if self.part.capacity() == 0 {
                self.part.reserve(full);
            }
            let taken = bytes.len().min(full - self.part.len());
            self.part.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if self.part.len() == full {
                self.parts += 1;
                let part = std::mem::take(&mut self.part).freeze();
                self.send.blocking_send(Message::Part(part)).map_err(|_| self.gone())?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Fault> {
        let (send, receive) = oneshot::channel();
        let rest = std::mem::take(&mut self.part).freeze();
        self.send.blocking_send(Message::Finish(rest, send)).map_err(|_| self.gone())?;
        receive.blocking_recv().unwrap_or_else(|_| Err(self.gone()))
    }
}

/// The sending side.
struct Sending {
    bucket: Arc<Bucket>,
    name: String,
    path: Path,
    upload: Option<Box<dyn MultipartUpload>>,
}

impl Sending {
    async fn run(mut self, mut receive: mpsc::Receiver<Message>, fail: oneshot::Sender<Fault>) {
        let ended = self.all(&mut receive).await;
        if ended.is_err() || ended.as_ref().is_ok_and(|done| !done) {
            // Failed, or dropped: what was sent must not lie about.
            if let Some(upload) = self.upload.as_mut() {
                let _ = tokio::time::timeout(self.bucket.deadline, upload.abort()).await;
            }
        }
        if let Err(fault) = ended {
            // Told before the other side sees that nobody receives any more.
            let _ = fail.send(fault);
        }
        drop(receive);
    }

    /// Whether it was finished, well or not; the fault of a part ends it.
    async fn all(&mut self, receive: &mut mpsc::Receiver<Message>) -> Result<bool, Fault> {
        let mut under_way: Vec<tokio::task::JoinHandle<Result<(), Error>>> = Vec::new();
        loop {
            match receive.recv().await {
                None => {
                    for part in &under_way {
                        part.abort();
                    }
                    return Ok(false);
                }
                Some(Message::Part(part)) => {
                    if under_way.len() >= ABREAST {
                        self.joined(under_way.remove(0)).await?;
                    }
                    let sending = self.send(part).await?;
                    under_way.push(tokio::spawn(sending));
                }
                Some(Message::Finish(rest, answer)) => {
                    let ended = self.end(rest, under_way).await;
                    let failed = ended.is_err();
                    let _ = answer.send(ended);
                    return Ok(!failed);
                }
            }
        }
    }

    async fn send(&mut self, part: Bytes) -> Result<UploadPart, Fault> {
        if self.upload.is_none() {
            let begun = self.bucket.timely(Asked::Put, &self.name, self.bucket.client.put_multipart(&self.path)).await?;
            self.upload = Some(begun.map_err(|e| self.bucket.fault(Asked::Put, &self.name, &e))?);
        }
        match self.upload.as_mut() {
            Some(upload) => Ok(upload.put_part(PutPayload::from(part))),
            None => Err(fault::late(Asked::Put, &self.name, &self.bucket.place, self.bucket.deadline)),
        }
    }

    async fn joined(&mut self, part: tokio::task::JoinHandle<Result<(), Error>>) -> Result<(), Fault> {
        match part.await {
            Ok(sent) => sent.map_err(|e| self.bucket.fault(Asked::Put, &self.name, &e)),
            Err(_) => Err(fault::late(Asked::Put, &self.name, &self.bucket.place, self.bucket.deadline)),
        }
    }

    async fn end(&mut self, rest: Bytes, under_way: Vec<tokio::task::JoinHandle<Result<(), Error>>>) -> Result<(), Fault> {
        if self.upload.is_none() {
            // It fits into one part: one put, on the condition that there is none.
            return match self.bucket.place(&self.name, &rest).await? {
                Placed::Created => Ok(()),
                Placed::Exists => Err(self.appeared()),
            };
        }
        let mut under_way = under_way;
        if !rest.is_empty() {
            let sending = self.send(rest).await?;
            under_way.push(tokio::spawn(sending));
        }
        for part in under_way {
            self.joined(part).await?;
        }
        if self.bucket.head(&self.name).await?.is_some() {
            return Err(self.appeared());
        }
        let Some(upload) = self.upload.as_mut() else { return Ok(()) };
        let done = self.bucket.timely(Asked::Put, &self.name, upload.complete()).await?;
        done.map(|_| ()).map_err(|e| self.bucket.fault(Asked::Put, &self.name, &e))
    }

    fn appeared(&self) -> Fault {
        let doing = format!("cannot write {} in {}", self.name, self.bucket.place);
        Fault::new(Kind::Changed, doing, "an object of that name appeared meanwhile", Act::say("look at who else writes to that location"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_small_and_few_enough_whatever_the_size() {
        assert_eq!(part_size(Some(1), 0), PART);
        assert_eq!(part_size(Some(64 << 30), 0), PART);
        for size in [100_u64 << 30, 1 << 40, 5 << 40] {
            let part = part_size(Some(size), 0) as u64;
            assert!(size.div_ceil(part) <= 10_000 && part < 1 << 30, "{size}");
        }
        let reached: u64 = (0..10_000).map(|n| part_size(None, n) as u64).sum();
        assert!(reached >= 5 << 40, "{reached}");
    }
}
