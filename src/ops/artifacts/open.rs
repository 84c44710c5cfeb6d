//! Opening an artifact: the plaintext reaches its final name only once the last tag held.

use super::find;
use super::reading::{self, Sink, Told};
use crate::domain::{Act, Artifact, ArtifactKind, Fault, Kind, LocationName, Stop, Text};
use crate::host::{folder_of, fsync_folder, shown, why};
use crate::ops::Keys;
use crate::ops::records::new_id;
use crate::ops::work::Work;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

/// Where the plaintext goes.
pub enum To<'a> {
    /// A new file, or for archives a new folder.
    Path(&'a Path),
    /// Segment by segment as each is verified; an archive as its tar stream.
    Stream(Sink),
}

/// What was opened.
pub struct Opened {
    /// The artifact, from the copy that was read.
    pub artifact: Artifact,
}

/// Opens the first copy that can be reached, of the locations wanted.
pub async fn open(
    work: &Work,
    keys: &Keys,
    id: &str,
    from: Option<&LocationName>,
    to: To<'_>,
    progress: impl Fn(&Artifact) -> Told,
    stop: &Stop,
) -> Result<Opened, Fault> {
    let copies = find(&work.at, &work.installation, Some(&work.grant.metadata), id)?;
    let wanted: Vec<Artifact> = copies.into_iter().filter(|a| from.is_none_or(|from| a.location.same(from))).collect();
    let Some(first) = wanted.first() else {
        let next = Act::say(format!("see where it lies: kastellan artifact show {id}"));
        return Err(Fault::new(Kind::NotFound, format!("cannot open artifact {id}"), "that location has no copy of it", next));
    };
    match to {
        To::Stream(sink) => {
            let artifact = first.clone();
            reading::through(work, keys, &artifact, sink, progress(&artifact), stop).await?;
            Ok(Opened { artifact: reading::note_verified(work, &artifact, true)? })
        }
        To::Path(path) => {
            let mut failed = None;
            for artifact in &wanted {
                let mut target = Target::make(path, artifact)?;
                let sink = target.sink()?;
                match reading::through(work, keys, artifact, sink, progress(artifact), stop).await {
                    Ok(_) => {
                        target.finish()?;
                        return Ok(Opened { artifact: reading::note_verified(work, artifact, true)? });
                    }
                    Err(fault) if matches!(fault.kind, Kind::Interrupted | Kind::Secret) => return Err(fault),
                    Err(fault) => {
                        // Another copy may be whole; what this one gave is gone with its target.
                        let fault = target.failed().unwrap_or(fault);
                        failed = failed.or(Some(fault));
                    }
                }
            }
            Err(failed.unwrap_or_else(|| work.gone(&"a copy".into())))
        }
    }
}

/// A file or folder beside the final name, which takes that name at the end or vanishes.
struct Target {
    name: PathBuf,
    beside: PathBuf,
    archive: bool,
    file: Option<File>,
    /// The thread that unpacks an archive.
    unpacking: Option<JoinHandle<io::Result<()>>>,
    done: bool,
}

impl Target {
    fn make(name: &Path, artifact: &Artifact) -> Result<Self, Fault> {
        if name.symlink_metadata().is_ok() {
            let next = Act::say("name one that does not exist");
            return Err(Fault::refused(doing(name), "it exists, and nothing is ever overwritten", next));
        }
        let mut beside = name.as_os_str().to_owned();
        beside.push(format!(".opening-{}", &new_id()[..8]));
        let beside = PathBuf::from(beside);
        let archive = artifact.sealed.as_ref().is_some_and(|facts| facts.kind == ArtifactKind::Archive);
        let file = if archive {
            std::fs::DirBuilder::new().mode(0o700).create(&beside).map_err(|e| unwritten(name, &e))?;
            None
        } else {
            Some(OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).map_err(|e| unwritten(name, &e))?)
        };
        Ok(Self { name: name.to_owned(), beside, archive, file, unpacking: None, done: false })
    }

    fn sink(&mut self) -> Result<Sink, Fault> {
        let name = self.name.clone();
        let failed = move |e: io::Error| unwritten(&name, &e);
        if self.archive {
            let (reader, mut pipe) = io::pipe().map_err(failed.clone())?;
            let into = self.beside.clone();
            self.unpacking = Some(std::thread::spawn(move || unpack(reader, &into)));
            return Ok(Box::new(move |bytes| pipe.write_all(bytes).map_err(failed.clone())));
        }
        let file = self.file.as_ref().map(File::try_clone).transpose().map_err(failed.clone())?;
        let Some(mut file) = file else { return Err(failed(io::Error::other("there is no file"))) };
        Ok(Box::new(move |bytes| file.write_all(bytes).map_err(failed.clone())))
    }

    /// What the unpacking thread says, where it failed.
    fn failed(&mut self) -> Option<Fault> {
        let ended = self.unpacking.take()?.join().unwrap_or_else(|_| Err(io::Error::other("unpacking ended abnormally")));
        let error = ended.err()?;
        // An archive that merely ends is the effect of what failed before.
        (error.kind() != io::ErrorKind::UnexpectedEof).then(|| unpacked(&self.name, &error))
    }

    /// The final name, with everything durable.
    fn finish(mut self) -> Result<(), Fault> {
        if let Some(unpacking) = self.unpacking.take() {
            let ended = unpacking.join().unwrap_or_else(|_| Err(io::Error::other("unpacking ended abnormally")));
            ended.map_err(|e| unpacked(&self.name, &e))?;
        }
        let failed = |e: io::Error| unwritten(&self.name, &e);
        if let Some(file) = self.file.take() {
            file.sync_all().map_err(failed)?;
        }
        match renameat_with(CWD, &self.beside, CWD, &self.name, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            Err(rustix::io::Errno::EXIST) => {
                return Err(Fault::refused(
                    doing(&self.name),
                    "it appeared meanwhile, and nothing is ever overwritten",
                    Act::say("name another one"),
                ));
            }
            // A file system that cannot: nobody else uses this name by now.
            Err(_) => std::fs::rename(&self.beside, &self.name).map_err(failed)?,
        }
        self.done = true;
        fsync_folder(folder_of(&self.name)).map_err(failed)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some(unpacking) = self.unpacking.take() {
            let _ = unpacking.join();
        }
        if !self.done {
            let _ = if self.archive { std::fs::remove_dir_all(&self.beside) } else { std::fs::remove_file(&self.beside) };
        }
    }
}

/// Unpacks a tar stream into a folder that it cannot leave.
fn unpack(reader: io::PipeReader, into: &Path) -> io::Result<()> {
    let mut reader = io::BufReader::with_capacity(1 << 18, reader);
    let mut archive = tar::Archive::new(&mut reader);
    archive.set_overwrite(false);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.into_owned();
        if !entry.unpack_in(into)? {
            return Err(io::Error::other(format!("member {} would leave the folder", Text::new(name.to_string_lossy()))));
        }
    }
    // What follows the archive's end (padding) is read too, so that its writer is not cut off.
    io::copy(&mut reader, &mut io::sink())?;
    Ok(())
}

fn doing(name: &Path) -> String {
    format!("cannot open into {}", shown(name))
}

fn unwritten(name: &Path, error: &io::Error) -> Fault {
    Fault::new(Kind::Unexpected, doing(name), why(error), Act::say("name a place of your own with room on its disk"))
}

fn unpacked(name: &Path, error: &io::Error) -> Fault {
    let next = Act::say("take it as a tar stream and look at it: kastellan artifact open ID --to - > FILE.tar");
    Fault::new(Kind::Damaged, doing(name), format!("the archive in it cannot be unpacked: {}", why(error)), next)
}
