//! External locations: a folder or an S3 bucket, used through one trait.
//!
//! Owns: durability, listing, the faults of each kind in words, and what a location's own right or mark is missing. Must not: know a key, an
//! artifact's or an archive's format, or a catalog. Whoever reads a location is assumed hostile, and so is what is read from it: names
//! and bytes are bounded here and believed nowhere. Next: `ops` opens a store for a location and lays objects out in it.

mod directory;
mod index;
mod making;
mod names;
mod opening;
mod probe;
mod s3;

pub use directory::Directory;
pub use index::{Cursor, Index, Indexed, Wanted};
pub use making::Making;
pub use names::PART;
pub use opening::{found, open};
pub use probe::{Right, probe};
pub use s3::S3;

use crate::domain::{Fault, Text, Timestamp};
use async_trait::async_trait;
use futures_util::stream::BoxStream;

/// An object as a listing has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name, relative to the location: parts joined by `/`.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// When it was last written, by the location's clock.
    pub modified: Timestamp,
}

/// How the making of a new object ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It is there, durable.
    Created,
    /// An object of that name was there already, and is unchanged.
    Exists,
}

/// A long object that is being read from its start. Blocking: for threads of their own, while the runtime runs.
pub trait Incoming: Send {
    /// Fills `buffer`, or as much of it as there is left; how much was filled.
    ///
    /// # Errors
    /// As the location's.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Fault>;
}

/// A long object that is being written. It is nowhere under its name before [`Outgoing::finish`]; dropping it leaves nothing that lists
/// under its name. Blocking: for threads of their own, while the runtime runs.
pub trait Outgoing: Send {
    /// Appends.
    ///
    /// # Errors
    /// As the location's.
    fn append(&mut self, bytes: &[u8]) -> Result<(), Fault>;
    /// Makes it appear under its name, whole and durable.
    ///
    /// # Errors
    /// As the location's; `Kind::Changed` where an object of that name appeared meanwhile.
    fn finish(self: Box<Self>) -> Result<(), Fault>;
}

/// A place of objects. Names are made by callers of this crate: parts of `[A-Za-z0-9._@-]`, none of them `.` or `..`, joined by `/`.
#[async_trait]
pub trait Store: Send + Sync {
    /// Where it is, for people.
    fn place(&self) -> Text;
    /// All objects whose names begin with the folder `under` (empty: all), in no promised order; never more than a page of them in memory.
    fn list<'a>(&'a self, under: &str) -> BoxStream<'a, Result<Listed, Fault>>;
    /// One object's facts; None where it is not there.
    async fn look(&self, name: &str) -> Result<Option<Listed>, Fault>;
    /// A small object; None where it is not there; `Kind::Damaged` where it has more than `most` bytes.
    async fn get(&self, name: &str, most: usize) -> Result<Option<Vec<u8>>, Fault>;
    /// A new small object, whole and durable on return; never replaces one.
    async fn create(&self, name: &str, bytes: &[u8]) -> Result<Placed, Fault>;
    /// Removes an object; whether it was there.
    async fn remove(&self, name: &str) -> Result<bool, Fault>;
    /// A long object, to read; None where it is not there.
    async fn read(&self, name: &str) -> Result<Option<Box<dyn Incoming>>, Fault>;
    /// A new long object, to write. `size` in bytes, where it is known.
    async fn write(&self, name: &str, size: Option<u64>) -> Result<Box<dyn Outgoing>, Fault>;
}
