//! An S3 bucket, reached with `object_store`.
//!
//! Nothing is contacted before the first call. Small objects are put with the condition that none is there, where the server has that;
//! long ones go in parts of bounded memory and appear at the end. Next: `build` reads a target, `fault` words what goes wrong.

mod build;
mod chain;
mod fault;
mod reading;
mod writing;

use super::names::{check, is_name};
use super::{Incoming, Listed, Outgoing, Placed, Store};
use crate::crypto::Passphrase;
use crate::domain::{Act, Fault, Kind, S3Target, Text, Timestamp};
use async_trait::async_trait;
use fault::{Asked, of};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a put waits before each repetition.
const PUT_AGAIN: [Duration; 3] = [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1600)];

/// A bucket as a store.
#[derive(Clone)]
pub struct S3(Arc<Bucket>);

struct Bucket {
    client: AmazonS3,
    prefix: String,
    place: Text,
    /// For each call; a stalled answer counts as none.
    deadline: Duration,
    /// The server answered that it knows no conditional put.
    unconditional: AtomicBool,
}

impl S3 {
    /// A bucket; `secret` is the secret key of the target's access key, without which AWS's standard chain is asked.
    ///
    /// # Errors
    /// `Kind::Refused` for plain http beyond this machine, `Kind::Usage` for an address or a certificate file that cannot be used.
    pub fn open(target: &S3Target, secret: Option<&Passphrase>, deadline: Duration) -> Result<Self, Fault> {
        let place = crate::domain::Target::S3(target.clone()).address();
        let client = build::client(target, secret, deadline, &place)?;
        let prefix = target.prefix.raw().trim_matches('/').to_owned();
        Ok(Self(Arc::new(Bucket { client, prefix, place, deadline, unconditional: AtomicBool::new(false) })))
    }
}

impl Bucket {
    fn path(&self, name: &str) -> Result<Path, Fault> {
        check(name)?;
        Ok(self.below(name))
    }

    fn below(&self, name: &str) -> Path {
        if self.prefix.is_empty() { Path::from(name) } else { Path::from(format!("{}/{name}", self.prefix)) }
    }

    fn listed(&self, meta: &ObjectMeta) -> Option<Listed> {
        let whole = meta.location.as_ref();
        let name = if self.prefix.is_empty() { whole } else { whole.strip_prefix(&self.prefix)?.strip_prefix('/')? };
        let modified = Timestamp::from_unix(meta.last_modified.timestamp());
        is_name(name).then(|| Listed { name: name.to_owned(), size: meta.size, modified })
    }

    fn fault(&self, asked: Asked, name: &str, error: &Error) -> Fault {
        of(asked, name, &self.place, error)
    }

    /// A call that must answer in time.
    async fn timely<T>(&self, asked: Asked, name: &str, call: impl Future<Output = Result<T, Error>>) -> Result<Result<T, Error>, Fault> {
        // The client retries within the deadline; this bounds what it does not.
        tokio::time::timeout(self.deadline * 2, call).await.map_err(|_| fault::late(asked, name, &self.place, self.deadline * 2))
    }

    /// Puts an object that must not be there; None: the server knows no such condition.
    async fn put_new(&self, path: &Path, payload: PutPayload) -> Result<Option<Placed>, Error> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.client.put_opts(path, payload, options).await {
            Ok(_) => Ok(Some(Placed::Created)),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Some(Placed::Exists)),
            Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => Ok(None),
            Err(error) if fault::not_implemented(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts a small object, never in place of another.
    async fn place(&self, name: &str, bytes: &[u8]) -> Result<Placed, Fault> {
        let path = self.path(name)?;
        if !self.unconditional.load(Ordering::Relaxed) {
            let mut put = self.timely(Asked::Put, name, self.put_new(&path, PutPayload::from(bytes.to_vec()))).await?;
            // The client does not repeat a put under a condition when the connection was cut; here that is safe, for what came through the
            // first time is recognised.
            for wait in PUT_AGAIN {
                if !matches!(&put, Err(error) if fault::cut(error)) {
                    break;
                }
                tokio::time::sleep(wait).await;
                put = self.timely(Asked::Put, name, self.put_new(&path, PutPayload::from(bytes.to_vec()))).await?;
            }
            match put.map_err(|e| self.fault(Asked::Put, name, &e))? {
                // A put that was retried may have come through the first time.
                Some(Placed::Exists) if self.same(name, bytes).await? => return Ok(Placed::Created),
                Some(placed) => return Ok(placed),
                None => self.unconditional.store(true, Ordering::Relaxed),
            }
        }
        if self.head(name).await?.is_some() {
            return Ok(Placed::Exists);
        }
        let put = self.client.put(&path, PutPayload::from(bytes.to_vec()));
        self.timely(Asked::Put, name, put).await?.map_err(|e| self.fault(Asked::Put, name, &e))?;
        Ok(Placed::Created)
    }

    async fn same(&self, name: &str, bytes: &[u8]) -> Result<bool, Fault> {
        Ok(self.whole(name, bytes.len()).await.is_ok_and(|found| found.as_deref() == Some(bytes)))
    }

    async fn head(&self, name: &str) -> Result<Option<ObjectMeta>, Fault> {
        let path = self.path(name)?;
        match self.timely(Asked::Head, name, self.client.head(&path)).await? {
            Ok(meta) => Ok(Some(meta)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.fault(Asked::Head, name, &error)),
        }
    }

    async fn whole(&self, name: &str, most: usize) -> Result<Option<Vec<u8>>, Fault> {
        let path = self.path(name)?;
        let got = match self.timely(Asked::Get, name, self.client.get_opts(&path, GetOptions::default())).await? {
            Ok(got) => got,
            Err(error) if fault::no_object(&error) => return Ok(None),
            Err(error) => return Err(self.fault(Asked::Get, name, &error)),
        };
        let too_long = || {
            let next = Act::say("look at who writes to that location");
            let doing = format!("cannot read {name} in {}", self.place);
            Fault::new(Kind::Damaged, doing, format!("it has more than {most} bytes"), next)
        };
        if got.meta.size > most as u64 {
            return Err(too_long());
        }
        let mut stream = got.into_stream();
        let mut bytes = Vec::new();
        let read = async {
            while let Some(chunk) = stream.next().await {
                bytes.extend_from_slice(&chunk?);
                if bytes.len() > most {
                    break;
                }
            }
            Ok::<_, Error>(())
        };
        self.timely(Asked::Get, name, read).await?.map_err(|e| self.fault(Asked::Get, name, &e))?;
        if bytes.len() > most { Err(too_long()) } else { Ok(Some(bytes)) }
    }
}

#[async_trait]
impl Store for S3 {
    fn place(&self) -> Text {
        self.0.place.clone()
    }

    fn list<'a>(&'a self, under: &str) -> BoxStream<'a, Result<Listed, Fault>> {
        let bucket = &self.0;
        let path = if under.is_empty() && bucket.prefix.is_empty() { None } else { Some(bucket.below(under)) };
        let under = under.to_owned();
        let listed = bucket.client.list(path.as_ref()).filter_map(move |found| {
            let listed = match found {
                Ok(meta) => bucket.listed(&meta).map(Ok),
                Err(error) => Some(Err(bucket.fault(Asked::List, &under, &error))),
            };
            std::future::ready(listed)
        });
        listed.boxed()
    }

    async fn look(&self, name: &str) -> Result<Option<Listed>, Fault> {
        Ok(self.0.head(name).await?.and_then(|meta| self.0.listed(&meta)))
    }

    async fn get(&self, name: &str, most: usize) -> Result<Option<Vec<u8>>, Fault> {
        self.0.whole(name, most).await
    }

    async fn create(&self, name: &str, bytes: &[u8]) -> Result<Placed, Fault> {
        self.0.place(name, bytes).await
    }

    async fn remove(&self, name: &str) -> Result<bool, Fault> {
        let there = self.0.head(name).await?.is_some();
        let path = self.0.path(name)?;
        if there {
            let gone = self.0.timely(Asked::Delete, name, self.0.client.delete(&path)).await?;
            match gone {
                Ok(()) | Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(self.0.fault(Asked::Delete, name, &error)),
            }
        }
        Ok(there)
    }

    async fn read(&self, name: &str) -> Result<Option<Box<dyn Incoming>>, Fault> {
        let path = self.0.path(name)?;
        let got = match self.0.timely(Asked::Get, name, self.0.client.get_opts(&path, GetOptions::default())).await? {
            Ok(got) => got,
            Err(error) if fault::no_object(&error) => return Ok(None),
            Err(error) => return Err(self.0.fault(Asked::Get, name, &error)),
        };
        Ok(Some(Box::new(reading::Reading::begin(self.0.clone(), name.to_owned(), got))))
    }

    async fn write(&self, name: &str, size: Option<u64>) -> Result<Box<dyn Outgoing>, Fault> {
        let path = self.0.path(name)?;
        Ok(Box::new(writing::Writing::begin(self.0.clone(), name.to_owned(), path, size)))
    }
}
