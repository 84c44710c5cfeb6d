//! A folder, such as a mounted NFS share: no locks trusted, everything synced, names appear whole or not at all.
//!
//! A location's folder carries a mark, by which a share that is not mounted (an empty folder under its mount point) is told from an empty
//! location. Links are never followed below the folder. Next: `names` says what a name is.

use super::names::{PART, check, is_name};
use super::{Incoming, Listed, Outgoing, Placed, Store};
use crate::crypto::random;
use crate::domain::{Act, Fault, Kind, Text, Timestamp};
use crate::host::why;
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// The mark's file: one line of 32 hex digits.
const MARK: &str = ".kastellan-location";
/// How many objects of a listing are in memory.
const PAGE: usize = 256;

/// A folder as a store.
#[derive(Clone)]
pub struct Directory(Arc<Root>);

struct Root {
    path: PathBuf,
    mark: Option<String>,
}

impl Directory {
    /// A location that was added before, with the mark it was given then; None: one that is only read, and was marked by somebody else.
    ///
    /// # Errors
    /// `Kind::Unreachable` where the folder or its mark is not there.
    pub fn open(path: PathBuf, mark: Option<&str>) -> Result<Self, Fault> {
        let root = Root { path, mark: mark.map(str::to_owned) };
        root.there()?;
        Ok(Self(Arc::new(root)))
    }

    /// A folder that becomes a location: its mark, made or as another installation made it.
    ///
    /// # Errors
    /// As the folder's.
    pub fn found(path: PathBuf) -> Result<(Self, String), Fault> {
        let root = Root { path, mark: None };
        root.there()?;
        if root.read_mark()?.is_none() {
            let mut id = [0; 16];
            random(&mut id);
            let mark = id.iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            });
            root.place(MARK, format!("{mark}\n").as_bytes()).map_err(|e| root.fault("mark the folder", &e))?;
        }
        // Whoever was first, that is its mark.
        let mark = root.read_mark()?.ok_or_else(|| root.fault("mark the folder", &io::Error::other("its mark cannot be read back")))?;
        Ok((Self(Arc::new(Root { mark: Some(mark.clone()), ..root })), mark))
    }

    /// Runs what blocks on a thread of its own.
    async fn apart<T: Send + 'static>(&self, work: impl FnOnce(&Root) -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
        let root = self.0.clone();
        let ended = tokio::task::spawn_blocking(move || work(&root)).await;
        ended.unwrap_or_else(|_| Err(self.0.fault("use it", &io::Error::other("it ended abnormally"))))
    }
}

#[async_trait]
impl Store for Directory {
    fn place(&self) -> Text {
        Text::new(self.0.path.to_string_lossy())
    }

    fn list<'a>(&'a self, under: &str) -> BoxStream<'a, Result<Listed, Fault>> {
        let (send, receive) = tokio::sync::mpsc::channel(PAGE);
        let (root, under) = (self.0.clone(), under.to_owned());
        tokio::task::spawn_blocking(move || {
            if let Err(fault) = root.walk(&under, &mut |listed| send.blocking_send(Ok(listed)).is_ok()) {
                let _ = send.blocking_send(Err(fault));
            }
        });
        futures_util::stream::unfold(receive, |mut receive| async { receive.recv().await.map(|listed| (listed, receive)) }).boxed()
    }

    async fn look(&self, name: &str) -> Result<Option<Listed>, Fault> {
        let name = checked(name)?;
        self.apart(move |root| root.look(&name)).await
    }

    async fn get(&self, name: &str, most: usize) -> Result<Option<Vec<u8>>, Fault> {
        let name = checked(name)?;
        self.apart(move |root| {
            let Some(file) = root.reading(&name)? else { return Ok(None) };
            let mut bytes = Vec::new();
            file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|e| root.fault(&format!("read {name}"), &e))?;
            if bytes.len() > most {
                let next = Act::say("look at who writes to that location");
                return Err(Fault::new(Kind::Damaged, root.doing(&format!("read {name}")), format!("it has more than {most} bytes"), next));
            }
            Ok(Some(bytes))
        })
        .await
    }

    async fn create(&self, name: &str, bytes: &[u8]) -> Result<Placed, Fault> {
        let (name, bytes) = (checked(name)?, bytes.to_vec());
        self.apart(move |root| {
            root.there()?;
            root.place(&name, &bytes).map_err(|e| root.fault(&format!("write {name}"), &e))
        })
        .await
    }

    async fn remove(&self, name: &str) -> Result<bool, Fault> {
        let name = checked(name)?;
        self.apart(move |root| {
            root.there()?;
            root.remove(&name).map_err(|e| root.fault(&format!("delete {name}"), &e))
        })
        .await
    }

    async fn read(&self, name: &str) -> Result<Option<Box<dyn Incoming>>, Fault> {
        let name = checked(name)?;
        let root = self.0.clone();
        self.apart(move |found| {
            let Some(file) = found.reading(&name)? else { return Ok(None) };
            let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::Sequential);
            Ok(Some(Box::new(Reading { root, name, file }) as Box<dyn Incoming>))
        })
        .await
    }

    async fn write(&self, name: &str, _size: Option<u64>) -> Result<Box<dyn Outgoing>, Fault> {
        let name = checked(name)?;
        let root = self.0.clone();
        self.apart(move |found| {
            found.there()?;
            let (folder, leaf) = found.folder(&name, true).map_err(|e| found.fault(&format!("write {name}"), &e))?;
            let part = format!("{leaf}{PART}");
            let file = make(&folder, &part).map_err(|e| found.fault(&format!("write {name}"), &e))?;
            Ok(Box::new(Writing { root, name, folder, leaf, part, file, done: false }) as Box<dyn Outgoing>)
        })
        .await
    }
}

struct Reading {
    root: Arc<Root>,
    name: String,
    file: File,
}

impl Incoming for Reading {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let mut length = 0;
        while length < buffer.len() {
            match self.file.read(&mut buffer[length..]) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.root.fault(&format!("read {}", self.name), &error)),
            }
        }
        Ok(length)
    }
}

struct Writing {
    root: Arc<Root>,
    name: String,
    folder: OwnedFd,
    leaf: String,
    part: String,
    file: File,
    done: bool,
}

impl Outgoing for Writing {
    fn append(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.file.write_all(bytes).map_err(|e| self.root.fault(&format!("write {}", self.name), &e))
    }

    fn finish(mut self: Box<Self>) -> Result<(), Fault> {
        let fault = |e: &io::Error| self.root.fault(&format!("write {}", self.name), e);
        self.root.there()?;
        self.file.sync_all().map_err(|e| fault(&e))?;
        match publish(&self.folder, &self.part, &self.leaf).map_err(|e| fault(&e))? {
            Placed::Created => {
                self.done = true;
                Ok(())
            }
            Placed::Exists => {
                let next = Act::say("look at who else writes to that location");
                Err(Fault::new(
                    Kind::Changed,
                    self.root.doing(&format!("write {}", self.name)),
                    "an object of that name appeared meanwhile",
                    next,
                ))
            }
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.done {
            let _ = rustix::fs::unlinkat(&self.folder, self.part.as_str(), AtFlags::empty());
        }
    }
}

impl Root {
    /// The folder is there, with its mark.
    fn there(&self) -> Result<(), Fault> {
        let folder = self.base().map_err(|e| self.fault("use it", &e))?;
        drop(folder);
        let Some(mark) = &self.mark else { return Ok(()) };
        match self.read_mark()? {
            Some(found) if found == *mark => Ok(()),
            found => {
                let cause = match found {
                    None => "the folder is there, but the location's mark is not: is the share mounted?",
                    Some(_) => "the folder has the mark of another location: is another share mounted there?",
                };
                let next = Act::say(format!("mount it, then try again; its mark is the file {MARK}"));
                Err(Fault::new(Kind::Unreachable, self.doing("use it"), cause, next))
            }
        }
    }

    fn read_mark(&self) -> Result<Option<String>, Fault> {
        let read = || -> io::Result<Option<String>> {
            let folder = self.base()?;
            let Some(file) = regular(&folder, MARK)? else { return Ok(None) };
            let mut text = String::new();
            file.take(64).read_to_string(&mut text)?;
            Ok(Some(text.trim_end().to_owned()))
        };
        read().map_err(|e| self.fault("read its mark", &e))
    }

    /// The location's folder itself; the way to it may hold links, as mount points do.
    fn base(&self) -> io::Result<OwnedFd> {
        Ok(rustix::fs::openat(CWD, &self.path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
    }

    /// The folder that an object lies in, step by step without following links, and the last part of its name.
    fn folder(&self, name: &str, make: bool) -> io::Result<(OwnedFd, String)> {
        let mut folder = self.base()?;
        let (folders, leaf) = name.rsplit_once('/').unwrap_or(("", name));
        for part in folders.split('/').filter(|part| !part.is_empty()) {
            folder = match step(&folder, part) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && make => {
                    match rustix::fs::mkdirat(&folder, part, Mode::from_raw_mode(0o700)) {
                        Ok(()) => rustix::fs::fsync(&folder)?,
                        Err(Errno::EXIST) => {}
                        Err(error) => return Err(error.into()),
                    }
                    step(&folder, part)?
                }
                other => other?,
            };
        }
        Ok((folder, leaf.to_owned()))
    }

    /// A regular file to read; None where it is not there. Nothing there at all is a reason to ask whether the share is.
    fn reading(&self, name: &str) -> Result<Option<File>, Fault> {
        let open = || -> io::Result<Option<File>> {
            match self.folder(name, false) {
                Ok((folder, leaf)) => regular(&folder, &leaf),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        };
        let file = open().map_err(|e| self.fault(&format!("read {name}"), &e))?;
        if file.is_none() {
            self.there()?;
        }
        Ok(file)
    }

    fn look(&self, name: &str) -> Result<Option<Listed>, Fault> {
        let Some(file) = self.reading(name)? else { return Ok(None) };
        let meta = file.metadata().map_err(|e| self.fault(&format!("look at {name}"), &e))?;
        Ok(Some(Listed { name: name.to_owned(), size: meta.len(), modified: modified(&meta) }))
    }

    /// Writes a small object, whole or not at all.
    fn place(&self, name: &str, bytes: &[u8]) -> io::Result<Placed> {
        let (folder, leaf) = self.folder(name, true)?;
        if regular(&folder, &leaf)?.is_some() {
            return Ok(Placed::Exists);
        }
        let mut id = [0; 8];
        random(&mut id);
        // A name of its own: two that make the same object must not write into one file.
        let part = format!("{leaf}.{:016x}{PART}", u64::from_be_bytes(id));
        let mut file = make(&folder, &part)?;
        let placed = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| publish(&folder, &part, &leaf));
        if !matches!(placed, Ok(Placed::Created)) {
            let _ = rustix::fs::unlinkat(&folder, part.as_str(), AtFlags::empty());
        }
        placed
    }

    fn remove(&self, name: &str) -> io::Result<bool> {
        let (folder, leaf) = match self.folder(name, false) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        match rustix::fs::unlinkat(&folder, leaf.as_str(), AtFlags::empty()) {
            Ok(()) => rustix::fs::fsync(&folder)?,
            Err(Errno::NOENT) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// Tells all objects below a folder until `tell` has had enough.
    fn walk(&self, under: &str, tell: &mut dyn FnMut(Listed) -> bool) -> Result<(), Fault> {
        self.there()?;
        let mut ways = vec![under.to_owned()];
        while let Some(way) = ways.pop() {
            let failed = |e: &io::Error| self.fault(&format!("list {}", if way.is_empty() { "it" } else { &way }), e);
            let probe = if way.is_empty() { "x".to_owned() } else { format!("{way}/x") };
            let folder = match self.folder(&probe, false) {
                Ok((folder, _)) => folder,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(&error)),
            };
            for entry in rustix::fs::Dir::read_from(&folder).map_err(|e| failed(&e.into()))? {
                let entry = entry.map_err(|e| failed(&e.into()))?;
                let Ok(leaf) = entry.file_name().to_str() else { continue };
                let name = if way.is_empty() { leaf.to_owned() } else { format!("{way}/{leaf}") };
                if leaf == "." || leaf == ".." || leaf == MARK || !is_name(&name) {
                    continue;
                }
                let Ok(meta) = rustix::fs::statat(&folder, leaf, AtFlags::SYMLINK_NOFOLLOW) else { continue };
                match rustix::fs::FileType::from_raw_mode(meta.st_mode) {
                    rustix::fs::FileType::Directory => ways.push(name),
                    rustix::fs::FileType::RegularFile => {
                        let modified = Timestamp::from_unix(meta.st_mtime);
                        if !tell(Listed { name, size: meta.st_size.unsigned_abs(), modified }) {
                            return Ok(());
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn doing(&self, what: &str) -> String {
        format!("cannot {what} in {}", Text::new(self.path.to_string_lossy()))
    }

    /// What the system says, in words that say what to do.
    fn fault(&self, what: &str, error: &io::Error) -> Fault {
        let raw = error.raw_os_error().map(Errno::from_raw_os_error);
        let (cause, next) = match raw {
            Some(Errno::STALE) => ("the mount is stale: the server has another file system there now".to_owned(), "mount the share again"),
            Some(Errno::NOTCONN | Errno::HOSTDOWN | Errno::HOSTUNREACH | Errno::TIMEDOUT) => {
                ("the share's server does not answer".to_owned(), "see that the server runs and the share is mounted")
            }
            Some(Errno::NOENT) => ("the folder is not there".to_owned(), "mount the share, or make the folder"),
            Some(Errno::NOTDIR) => ("what is there is no folder".to_owned(), "name the folder itself"),
            Some(Errno::LOOP) => ("a link lies where a folder or an object should".to_owned(), "look at who writes to that location"),
            Some(Errno::ACCESS | Errno::PERM) => ("this account may not".to_owned(), "give this account the right to read and write there"),
            Some(Errno::ROFS) => ("it is mounted read-only".to_owned(), "mount it for writing"),
            Some(Errno::NOSPC) => ("its disk is full".to_owned(), "make room there, then try again"),
            Some(Errno::DQUOT) => ("the quota there is used up".to_owned(), "make room there, then try again"),
            Some(Errno::IO) => {
                ("reading or writing failed: the disk or the share is in trouble".to_owned(), "look at dmesg and at the share's server")
            }
            _ => (why(error), "look at that folder and its mount"),
        };
        Fault::new(Kind::Unreachable, self.doing(what), cause, Act::say(next))
    }
}

fn checked(name: &str) -> Result<String, Fault> {
    check(name).map(|()| name.to_owned())
}

/// A folder below a folder, which must be one itself.
fn step(folder: &OwnedFd, part: &str) -> io::Result<OwnedFd> {
    Ok(rustix::fs::openat(folder, part, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?)
}

/// A regular file; None where there is none.
fn regular(folder: &OwnedFd, leaf: &str) -> io::Result<Option<File>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(folder, leaf, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if file.metadata()?.is_file() { Ok(Some(file)) } else { Err(Errno::LOOP.into()) }
}

/// A new file that only we write; one that a killed writer left is taken away.
fn make(folder: &OwnedFd, part: &str) -> io::Result<File> {
    let _ = rustix::fs::unlinkat(folder, part, AtFlags::empty());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::openat(folder, part, flags, Mode::from_raw_mode(0o600))?))
}

/// Gives a synced file its final name, never in place of another, durably.
fn publish(folder: &OwnedFd, part: &str, leaf: &str) -> io::Result<Placed> {
    match rustix::fs::linkat(folder, part, folder, leaf, AtFlags::empty()) {
        Ok(()) => {
            let _ = rustix::fs::unlinkat(folder, part, AtFlags::empty());
        }
        Err(Errno::EXIST) => return Ok(Placed::Exists),
        // A file system without hard links.
        Err(Errno::PERM | Errno::NOTSUP | Errno::NOSYS | Errno::MLINK) => {
            match rustix::fs::renameat_with(folder, part, folder, leaf, RenameFlags::NOREPLACE) {
                Ok(()) => {}
                Err(Errno::EXIST) => return Ok(Placed::Exists),
                Err(error) => return Err(error.into()),
            }
        }
        Err(error) => return Err(error.into()),
    }
    rustix::fs::fsync(folder)?;
    Ok(Placed::Created)
}

fn modified(meta: &std::fs::Metadata) -> Timestamp {
    let seconds = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_secs());
    Timestamp::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// A path from a text, as it came.
pub fn path_of(text: &Text) -> PathBuf {
    PathBuf::from(OsString::from(text.raw()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_of_a_mount_has_its_own_words() {
        let root = Root { path: "/mnt/nfs".into(), mark: None };
        let said = |errno: Errno| {
            let fault = root.fault("list it", &errno.into());
            assert_eq!((fault.kind, fault.doing.to_string().as_str()), (Kind::Unreachable, "cannot list it in /mnt/nfs"));
            (fault.cause.to_string(), fault.next.say.to_string())
        };
        for (errno, cause, next) in [
            (Errno::STALE, "the mount is stale", "mount the share again"),
            (Errno::NOTCONN, "the share's server does not answer", "see that the server runs"),
            (Errno::HOSTDOWN, "the share's server does not answer", "see that the server runs"),
            (Errno::TIMEDOUT, "the share's server does not answer", "see that the server runs"),
            (Errno::NOENT, "the folder is not there", "mount the share"),
            (Errno::NOTDIR, "no folder", "name the folder itself"),
            (Errno::LOOP, "a link lies", "look at who writes"),
            (Errno::ACCESS, "this account may not", "give this account the right"),
            (Errno::ROFS, "read-only", "mount it for writing"),
            (Errno::NOSPC, "its disk is full", "make room"),
            (Errno::DQUOT, "the quota", "make room"),
            (Errno::IO, "the disk or the share is in trouble", "look at dmesg"),
        ] {
            let (found, then) = said(errno);
            assert!(found.contains(cause) && then.contains(next), "{errno:?}: {found}; {then}");
        }
    }
}
