//! A long object as it comes: a task fetches, a thread reads. A connection that is cut midway is taken up again by the client.

use super::Bucket;
use super::fault::{self, Asked};
use crate::domain::Fault;
use crate::store::Incoming;
use bytes::Bytes;
use futures_util::StreamExt;
use object_store::{Error, GetResult};
use std::sync::Arc;
use tokio::sync::mpsc;

/// How many pieces wait to be read.
const PIECES: usize = 32;

/// The reading side.
pub struct Reading {
    bucket: Arc<Bucket>,
    name: String,
    pieces: mpsc::Receiver<Result<Bytes, Option<Error>>>,
    piece: Bytes,
}

impl Reading {
    /// Begins to fetch.
    pub fn begin(bucket: Arc<Bucket>, name: String, got: GetResult) -> Self {
        let (send, pieces) = mpsc::channel(PIECES);
        let deadline = bucket.deadline * 2;
        tokio::spawn(async move {
            let mut stream = got.into_stream();
            loop {
                let piece = match tokio::time::timeout(deadline, stream.next()).await {
                    Ok(Some(Ok(piece))) => Ok(piece),
                    Ok(Some(Err(error))) => Err(Some(error)),
                    Ok(None) => return,
                    Err(_) => Err(None),
                };
                let failed = piece.is_err();
                if send.send(piece).await.is_err() || failed {
                    return;
                }
            }
        });
        Self { bucket, name, pieces, piece: Bytes::new() }
    }
}

impl Incoming for Reading {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let mut length = 0;
        while length < buffer.len() {
            if self.piece.is_empty() {
                match self.pieces.blocking_recv() {
                    None => break,
                    Some(Ok(piece)) => self.piece = piece,
                    Some(Err(Some(error))) => return Err(self.bucket.fault(Asked::Get, &self.name, &error)),
                    Some(Err(None)) => return Err(fault::late(Asked::Get, &self.name, &self.bucket.place, self.bucket.deadline * 2)),
                }
            }
            let taken = self.piece.len().min(buffer.len() - length);
            buffer[length..length + taken].copy_from_slice(&self.piece.split_to(taken));
            length += taken;
        }
        Ok(length)
    }
}
