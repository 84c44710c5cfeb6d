//! What an artifact is opened into: nothing under its final name before the last tag held, and nothing beside it afterwards.
//!
//! A file has no name until then, where the file system can do that, so that nobody's death leaves it behind. An archive's folder has one of
//! its own and is locked; the next opening into the same place takes away what a dead one left.

use super::reading::Sink;
use super::unpack::{Closed, Failed, Unpacking, unpack};
use crate::domain::{Act, Artifact, ArtifactKind, Fault, Kind, Text};
use crate::host::{folder_of, fsync_folder, is_at, shown, why};
use crate::ops::records::new_id;
use rustix::fs::{AtFlags, CWD, FlockOperation, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use std::fs::{File, Permissions, set_permissions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// How the names begin of what is not whole yet.
const BEGINNING: &str = ".kastellan-opening-";

/// A file or folder that takes its final name at the end or vanishes.
pub struct Target {
    name: PathBuf,
    /// Its name until then; None: it has none.
    beside: Option<PathBuf>,
    /// The file, or the folder, locked.
    open: File,
    /// The thread that unpacks an archive.
    unpacking: Option<Unpacking>,
    archive: bool,
}

impl Target {
    pub fn make(name: &Path, artifact: &Artifact) -> Result<Self, Fault> {
        if name.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(BEGINNING.as_bytes())) {
            let cause = format!("names that begin with {BEGINNING} are those of what is not whole yet, and goes");
            return Err(Fault::refused(doing(name), cause, Act::say("name another one")));
        }
        match name.symlink_metadata() {
            Ok(_) => {
                let next = Act::say("name one that does not exist");
                return Err(Fault::refused(doing(name), "it exists, and nothing is ever overwritten", next));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unwritten(name, &error)),
        }
        let archive = artifact.sealed.as_ref().is_some_and(|facts| facts.kind == ArtifactKind::Archive);
        let folder = folder_of(name);
        let (open, beside) = begun(folder, archive).map_err(|error| unwritten(name, &error))?;
        forget_dead(folder);
        Ok(Self { name: name.to_owned(), beside, open, unpacking: None, archive })
    }

    pub fn sink(&mut self) -> Result<Sink, Fault> {
        let name = self.name.clone();
        let failed = move |e: io::Error| unwritten(&name, &e);
        let mut out: Box<dyn Write + Send> = if self.archive {
            let (reader, pipe) = io::pipe().map_err(failed.clone())?;
            self.unpacking = Some(unpack(reader, inside(&self.open)));
            Box::new(pipe)
        } else {
            Box::new(self.open.try_clone().map_err(failed.clone())?)
        };
        Ok(Box::new(move |bytes| out.write_all(bytes).map_err(failed.clone())))
    }

    /// What the unpacking thread says, where it failed.
    pub fn failed(&mut self) -> Option<Fault> {
        let failed = self.unpacking.take()?.ended().err()?;
        // An archive that merely ends is the effect of what failed before.
        (failed.error.kind() != io::ErrorKind::UnexpectedEof).then(|| unpacked(&self.name, &failed))
    }

    /// The final name, with everything durable.
    pub fn finish(mut self) -> Result<(), Fault> {
        let unpacking = self.unpacking.take().map_or(Ok(Closed::new()), Unpacking::ended);
        let closed = unpacking.map_err(|failed| unpacked(&self.name, &failed))?;
        let synced = if self.archive { rustix::fs::syncfs(&self.open).map_err(io::Error::from) } else { self.open.sync_all() };
        synced.map_err(|e| unwritten(&self.name, &e))?;
        let named = match &self.beside {
            None => rustix::fs::linkat(CWD, inside(&self.open), CWD, &self.name, AtFlags::SYMLINK_FOLLOW),
            Some(beside) => match rustix::fs::renameat_with(CWD, beside, CWD, &self.name, RenameFlags::NOREPLACE) {
                // A file system that cannot: nobody else uses this name by now.
                Err(Errno::INVAL | Errno::NOSYS) => rustix::fs::rename(beside, &self.name),
                other => other,
            },
        };
        match named {
            // Where others may write to that folder too, they may have put something of theirs in its place.
            Ok(()) if !is_at(&self.open, &self.name) => {
                let cause = "somebody else put something in its place meanwhile, which is not what was opened";
                return Err(Fault::refused(doing(&self.name), cause, Act::say("name a place that nobody else may write to")));
            }
            Ok(()) => self.beside = None,
            Err(Errno::EXIST) => {
                let cause = "it appeared meanwhile, and nothing is ever overwritten";
                return Err(Fault::refused(doing(&self.name), cause, Act::say("name another one")));
            }
            Err(error) => return Err(unwritten(&self.name, &error.into())),
        }
        for (place, mode) in closed {
            set_permissions(inside(&self.open).join(place), Permissions::from_mode(mode)).map_err(|e| unwritten(&self.name, &e))?;
        }
        fsync_folder(folder_of(&self.name)).map_err(|e| unwritten(&self.name, &e))
    }
}

/// The way to what is open, whatever its name is by now.
fn inside(open: &File) -> PathBuf {
    format!("/proc/self/fd/{}", open.as_raw_fd()).into()
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some(unpacking) = self.unpacking.take() {
            let _ = unpacking.ended();
        }
        if let Some(beside) = &self.beside {
            remove(&self.open, beside);
        }
    }
}

/// A new file without a name, or else a file or folder with one of its own.
fn begun(folder: &Path, archive: bool) -> io::Result<(File, Option<PathBuf>)> {
    let private = Mode::RUSR | Mode::WUSR;
    // Without /proc it could not be given a name.
    if !archive && Path::new("/proc/self/fd").exists() {
        match rustix::fs::open(folder, OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, private) {
            Ok(file) => return Ok((file.into(), None)),
            Err(Errno::NOTSUP | Errno::ISDIR | Errno::INVAL | Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
    }
    loop {
        let beside = folder.join(format!("{BEGINNING}{}", &new_id()[..8]));
        let open: File = if archive {
            std::fs::DirBuilder::new().mode(0o700).create(&beside)?;
            rustix::fs::open(&beside, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?.into()
        } else {
            rustix::fs::open(&beside, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC, private)?.into()
        };
        // One that looks for dead ones may have come between, and taken it away.
        let locked = rustix::fs::flock(&open, FlockOperation::NonBlockingLockExclusive).is_ok();
        if locked && open.metadata()?.nlink() > 0 {
            return Ok((open, Some(beside)));
        }
    }
}

/// Takes away what openings into this folder left that died.
fn forget_dead(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().as_encoded_bytes().starts_with(BEGINNING.as_bytes())) {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(open) = rustix::fs::open(entry.path(), flags, Mode::empty()).map(File::from) else { continue };
        // What others put there is theirs.
        let ours = open.metadata().is_ok_and(|meta| meta.uid() == rustix::process::geteuid().as_raw());
        if ours && rustix::fs::flock(&open, FlockOperation::NonBlockingLockExclusive).is_ok() {
            remove(&open, &entry.path());
        }
    }
}

/// Empties what is open, and takes its name away where it has that one still.
fn remove(open: &File, beside: &Path) {
    if open.metadata().is_ok_and(|meta| meta.is_file()) {
        let _ = open.set_len(0);
    }
    for entry in std::fs::read_dir(inside(open)).into_iter().flatten().flatten() {
        let folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let _ = if folder { std::fs::remove_dir_all(entry.path()) } else { std::fs::remove_file(entry.path()) };
    }
    if is_at(open, beside) {
        let _ = std::fs::remove_dir(beside).or_else(|_| std::fs::remove_file(beside));
    }
}

fn doing(name: &Path) -> String {
    format!("cannot open into {}", shown(name))
}

fn unwritten(name: &Path, error: &io::Error) -> Fault {
    let folder = shown(folder_of(name));
    let next = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOENT) => format!("make that folder first: mkdir -p {folder}"),
        Some(Errno::FBIG) => "allow larger files: ulimit -f".to_owned(),
        Some(Errno::NAMETOOLONG) => "name a shorter one".to_owned(),
        Some(Errno::NOSPC | Errno::DQUOT) => "make room there, or name a place with more of it".to_owned(),
        _ => "name a place that is yours to write to".to_owned(),
    };
    Fault::new(Kind::Unexpected, doing(name), why(error), Act::say(next))
}

/// What the system refuses says nothing against the archive.
fn unpacked(name: &Path, failed: &Failed) -> Fault {
    use io::ErrorKind::{FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let at = failed.member.as_ref().map(|member| format!("{member}: ")).unwrap_or_default();
    if matches!(failed.error.kind(), StorageFull | QuotaExceeded | PermissionDenied | ReadOnlyFilesystem | FileTooLarge) {
        let fault = unwritten(name, &failed.error);
        return Fault { cause: Text::new(format!("{at}{}", fault.cause)), ..fault };
    }
    let next = Act::say("take it as a tar stream and look at it: kastellan artifact open ID --to - > FILE.tar");
    let cause = format!("the archive in it cannot be unpacked: {at}{}", why(&failed.error));
    Fault::new(Kind::Damaged, doing(name), cause, next)
}
