//! What is sealed, as one stream of bytes: a file, standard input, or a tar stream of a folder or several paths.

use crate::domain::{Act, ArtifactKind, Fault, Kind, Text};
use crate::host::{kind_of, why};
use rustix::fs::{SeekFrom, seek};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Component, Path, PathBuf};
use std::thread::JoinHandle;

/// The most names that are kept among the sealed facts, in bytes.
const MOST_NAMES: usize = 64 * 1024;

/// Bytes to be sealed.
pub struct Source {
    reader: Box<dyn Read + Send>,
    /// The thread that writes the tar stream; its end tells whether the stream is whole.
    writer: Option<JoinHandle<io::Result<()>>>,
    doing: Text,
    /// What it holds.
    pub kind: ArtifactKind,
    /// Names of what is in it, one a line.
    pub names: String,
    /// How long it is, where that is known.
    pub size: Option<u64>,
}

impl Source {
    /// Opens `paths`; none: standard input.
    pub fn open(paths: &[PathBuf], wanted: ArtifactKind, name: Option<&Text>, doing: &Text) -> Result<Self, Fault> {
        let refuse = |path: &Path, error: &io::Error| refused(path, error, doing);
        let called = |otherwise: String| name.map_or(otherwise, ToString::to_string);
        let doing_owned = doing.clone();
        let source = |reader, writer, kind, names, size| Self { reader, writer, doing: doing_owned, kind, names: bounded(names), size };
        match paths {
            [] => {
                let kind = if wanted == ArtifactKind::Manifests { wanted } else { ArtifactKind::Stream };
                Ok(source(Box::new(io::stdin()), None, kind, called("standard input".into()), None))
            }
            [path] if !path.is_dir() => {
                let file = File::open(path).map_err(|e| refuse(path, &e))?;
                let meta = file.metadata().map_err(|e| refuse(path, &e))?;
                let kind = if wanted == ArtifactKind::Manifests { wanted } else { ArtifactKind::File };
                let names = match wanted {
                    ArtifactKind::Manifests => manifests(path, meta.len()).map_err(|e| refuse(path, &e))?,
                    _ => called(path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()),
                };
                if !meta.is_file() && !meta.is_dir() {
                    tracing::info!("sealing {} to its end", kind_of(&meta));
                }
                Ok(source(Box::new(file), None, kind, names, meta.is_file().then_some(meta.len())))
            }
            several => {
                for path in several {
                    path.metadata().map_err(|e| refuse(path, &e))?;
                }
                if let Some((one, other)) = overlapping(several) {
                    let shown = |path: &Path| Text::new(path.to_string_lossy());
                    let cause = format!("{} and {} have one name inside the archive, or one lies in the other", shown(one), shown(other));
                    return Err(Fault::refused(doing.clone(), cause, Act::say("name each once, or seal them one by one")));
                }
                let (reader, pipe) = io::pipe().map_err(|e| refuse(Path::new("pipe"), &e))?;
                let paths = several.to_vec();
                let writer = std::thread::spawn(move || archive(&paths, pipe));
                let names: Vec<String> = several.iter().map(|path| inside(path).to_string_lossy().into_owned()).collect();
                Ok(source(Box::new(reader), Some(writer), ArtifactKind::Archive, called(names.join("\n")), None))
            }
        }
    }

    /// Fills a buffer; less than its length only at the end.
    ///
    /// # Errors
    /// `Kind::Unexpected`, where reading fails midway.
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let mut length = 0;
        while length < buffer.len() {
            match self.reader.read(&mut buffer[length..]) {
                Ok(0) => {
                    self.ended().map_err(|e| self.broken(&e))?;
                    break;
                }
                Ok(read) => length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(&error)),
            }
        }
        Ok(length)
    }

    /// A tar stream that was cut short by a fault looks like one that ended.
    fn ended(&mut self) -> io::Result<()> {
        match self.writer.take() {
            Some(writer) => writer.join().unwrap_or_else(|_| Err(io::Error::other("the archive's writer ended abnormally"))),
            None => Ok(()),
        }
    }

    fn broken(&self, error: &io::Error) -> Fault {
        let next = Act::say("see that all of it can be read, then seal again");
        Fault::new(Kind::Unexpected, self.doing.clone(), format!("reading what is to be sealed failed: {}", why(error)), next)
    }
}

/// Whether there is anything to seal at this path.
pub fn is_there(path: &Path, doing: &Text) -> Result<(), Fault> {
    std::fs::metadata(path).map(|_| ()).map_err(|e| refused(path, &e, doing))
}

fn refused(path: &Path, error: &io::Error, doing: &Text) -> Fault {
    let kind = if error.kind() == io::ErrorKind::NotFound { Kind::NotFound } else { Kind::Refused };
    let cause = format!("{}: {}", Text::new(path.to_string_lossy()), why(error));
    Fault::new(kind, doing.clone(), cause, Act::say("name what is to be sealed"))
}

/// Writes the tar stream. What a named path leads to is meant; links below it are kept as links. What is neither file, folder nor link is left
/// out by nobody: it is a fault.
fn archive(paths: &[PathBuf], pipe: io::PipeWriter) -> io::Result<()> {
    let mut tar = tar::Builder::new(io::BufWriter::with_capacity(1 << 18, pipe));
    tar.follow_symlinks(false);
    for path in paths {
        let name = inside(path);
        append(&mut tar, &path.canonicalize().map_err(|e| unread(path, &e))?, &name)?;
    }
    tar.into_inner()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(())
}

/// One path, and all that is below it. Of a file exactly as much as its header says: more would be read as members by whoever unpacks it.
fn append(tar: &mut tar::Builder<impl io::Write>, path: &Path, name: &Path) -> io::Result<()> {
    let unread = |e: io::Error| unread(path, &e);
    let meta = std::fs::symlink_metadata(path).map_err(unread)?;
    if meta.is_dir() {
        tar.append_dir(name, path)?;
        let mut below = std::fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(unread)?;
        below.sort_by_key(std::fs::DirEntry::file_name);
        return below.iter().try_for_each(|entry| append(tar, &entry.path(), &name.join(entry.file_name())));
    }
    let failed = |why: &str| Err(io::Error::other(format!("{} {why}", Text::new(path.to_string_lossy()))));
    if meta.is_symlink() {
        return tar.append_path_with_name(path, name);
    }
    if !meta.is_file() {
        return failed("is neither file, folder nor link");
    }
    let mut file = File::open(path).map_err(unread)?;
    let meta = file.metadata()?;
    if seek(&file, SeekFrom::Hole(0)).is_ok_and(|hole| hole < meta.len()) {
        // Its holes are kept as holes.
        return tar.append_path_with_name(path, name);
    }
    file.rewind()?;
    if meta.len() == 0 && file.read(&mut [0])? > 0 {
        return failed("does not say how long it is: seal it by itself");
    }
    let mut header = tar::Header::new_gnu();
    header.set_metadata(&meta);
    let mut content = file.take(meta.len());
    tar.append_data(&mut header, name, &mut content)?;
    if content.limit() > 0 { failed("got shorter while it was read") } else { Ok(()) }
}

fn unread(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot read {}: {}", Text::new(path.to_string_lossy()), why(error)))
}

/// Two paths of which one would be unpacked over the other.
fn overlapping(paths: &[PathBuf]) -> Option<(&Path, &Path)> {
    let name = |path: &Path| if inside(path) == Path::new(".") { PathBuf::new() } else { inside(path) };
    let mut names: Vec<(PathBuf, &Path)> = paths.iter().map(|path| (name(path), path.as_path())).collect();
    names.sort();
    names.windows(2).find(|two| two[1].0.starts_with(&two[0].0)).map(|two| (two[0].1, two[1].1))
}

/// Names cut to [`MOST_NAMES`]: facts that are longer than a reader takes would make what they belong to unreadable.
fn bounded(mut names: String) -> String {
    if names.len() > MOST_NAMES {
        names.truncate(names.floor_char_boundary(MOST_NAMES));
        names.push_str(" ...");
    }
    names
}

/// The name that a path has inside an archive: relative, without `..`.
pub fn inside(path: &Path) -> PathBuf {
    let name: PathBuf = path.components().filter(|part| matches!(part, Component::Normal(_))).collect();
    if name.as_os_str().is_empty() { PathBuf::from(".") } else { name }
}

/// Kinds and names of the manifests in a file, one a line: `Deployment shop/web`. What does not parse as manifests is refused.
fn manifests(path: &Path, length: u64) -> io::Result<String> {
    const MOST: u64 = 64 << 20;
    if length > MOST {
        return Err(io::Error::other("manifests of more than 64 MiB: seal them as a plain file"));
    }
    let text = std::fs::read_to_string(path)?;
    let mut names = String::new();
    for document in serde_yaml::Deserializer::from_str(&text) {
        let value =
            <serde_yaml::Value as serde::Deserialize>::deserialize(document).map_err(|e| io::Error::other(format!("not YAML: {e}")))?;
        for_each_manifest(&value, &mut |kind, namespace, name| {
            let slash = if namespace.is_empty() { "" } else { "/" };
            if names.len() < MOST_NAMES {
                let separator = if names.is_empty() { "" } else { "\n" };
                let _ = write!(names, "{separator}{kind} {namespace}{slash}{name}");
            }
        });
    }
    if names.is_empty() { Err(io::Error::other("there is no Kubernetes manifest in it (kind and metadata.name)")) } else { Ok(names) }
}

fn for_each_manifest(value: &serde_yaml::Value, each: &mut impl FnMut(&str, &str, &str)) {
    if let Some(items) = value.get("items").and_then(serde_yaml::Value::as_sequence) {
        for item in items {
            for_each_manifest(item, each);
        }
        return;
    }
    let text = |value: Option<&serde_yaml::Value>| value.and_then(serde_yaml::Value::as_str).unwrap_or_default().to_owned();
    let (kind, metadata) = (text(value.get("kind")), value.get("metadata"));
    let name = text(metadata.and_then(|m| m.get("name")));
    if !kind.is_empty() && !name.is_empty() {
        each(&kind, &text(metadata.and_then(|m| m.get("namespace"))), &name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(mut source: Source) -> Result<Vec<u8>, Fault> {
        let (mut out, mut buffer) = (Vec::new(), vec![0; 1000]);
        loop {
            let length = source.fill(&mut buffer)?;
            out.extend_from_slice(&buffer[..length]);
            if length < buffer.len() {
                return Ok(out);
            }
        }
    }

    #[test]
    fn a_folder_is_a_tar_stream_with_relative_names() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        std::fs::write(folder.path().join("d/one"), "1").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("d/link")).unwrap();
        let source = Source::open(&[folder.path().to_owned()], ArtifactKind::File, None, &"x".into()).unwrap();
        assert_eq!(source.kind, ArtifactKind::Archive);
        let bytes = whole(source).unwrap();
        let mut archive = tar::Archive::new(&bytes[..]);
        let names: Vec<String> = archive.entries().unwrap().map(|e| e.unwrap().path().unwrap().to_string_lossy().into_owned()).collect();
        assert!(names.iter().all(|name| !name.starts_with('/') && !name.contains("..")), "{names:?}");
        assert!(names.iter().any(|name| name.ends_with("d/one")) && names.iter().any(|name| name.ends_with("d/link")), "{names:?}");
    }

    #[test]
    fn what_cannot_be_read_midway_fails_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["one", "two"] {
            std::fs::write(folder.path().join(name), "1").unwrap();
        }
        let both = [folder.path().join("one"), folder.path().join("two")];
        let source = Source::open(&both, ArtifactKind::File, None, &"x".into()).unwrap();
        assert!(whole(source).is_ok());
        let mut source = Source::open(&both, ArtifactKind::File, None, &"x".into()).unwrap();
        source.ended().unwrap();
        source.writer = Some(std::thread::spawn(|| Err(io::Error::other("gone"))));
        assert!(whole(source).unwrap_err().cause.to_string().contains("gone"));
        assert_eq!(Source::open(&[folder.path().join("none")], ArtifactKind::File, None, &"x".into()).err().unwrap().kind, Kind::NotFound);
    }

    #[test]
    fn of_a_file_that_changes_as_much_is_kept_as_its_header_says_or_nothing_at_all() {
        for (length, whole_one) in [(6_u64 << 20, true), (1 << 20, false)] {
            let folder = tempfile::tempdir().unwrap();
            let (live, after) = (folder.path().join("a-live.log"), folder.path().join("b-after"));
            std::fs::write(&live, vec![b'x'; 4 << 20]).unwrap();
            std::fs::write(&after, "after").unwrap();
            let mut source = Source::open(&[live.clone(), after], ArtifactKind::File, None, &"x".into()).unwrap();
            // Its header is out, and its writer waits for room.
            let mut head = vec![0; 1024];
            source.fill(&mut head).unwrap();
            File::options().write(true).open(&live).unwrap().set_len(length).unwrap();
            let rest = whole(source);
            if !whole_one {
                assert!(rest.unwrap_err().cause.to_string().contains("a-live.log got shorter while it was read"));
                continue;
            }
            let stream = [head, rest.unwrap()].concat();
            let mut archive = tar::Archive::new(&stream[..]);
            let sizes: Vec<u64> = archive.entries().unwrap().map(|entry| entry.unwrap().size()).collect();
            assert_eq!(sizes, [4 << 20, 5]);
        }
    }

    #[test]
    fn what_has_no_length_and_what_is_no_file_fail_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
        std::fs::write(folder.path().join("file"), "1").unwrap();
        for path in [Path::new("/proc/version"), &folder.path().join("socket")] {
            let paths = [path.to_owned(), folder.path().join("file")];
            let source = Source::open(&paths, ArtifactKind::File, None, &"x".into()).unwrap();
            let cause = whole(source).unwrap_err().cause.to_string();
            assert!(cause.contains("/proc/version does not say how long") || cause.contains("socket is neither file"), "{cause}");
        }
    }

    #[test]
    fn paths_that_would_be_unpacked_over_each_other_are_refused() {
        let paths = |all: &[&str]| all.iter().map(PathBuf::from).collect::<Vec<_>>();
        for bad in [&["p", "p/a"][..], &["p/a", "q", "p/a"], &["x/f", "../x/f"], &["/x/f", "x/f"], &[".", "x"]] {
            assert!(overlapping(&paths(bad)).is_some(), "{bad:?}");
        }
        for good in [&["p", "pa"][..], &["p/a", "p/b"], &["a", "a-b", "b/a"], &["."]] {
            assert!(overlapping(&paths(good)).is_none(), "{good:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("one"), "1").unwrap();
        let refused = Source::open(&[folder.path().to_owned(), folder.path().join("one")], ArtifactKind::File, None, &"x".into());
        assert_eq!(refused.err().unwrap().kind, Kind::Refused);
    }

    #[test]
    fn names_are_cut_where_no_reader_would_take_them() {
        assert_eq!(bounded("a\nb".into()), "a\nb");
        let cut = bounded("\u{e9}".repeat(MOST_NAMES));
        assert!(cut.len() <= MOST_NAMES + 4 && cut.ends_with(" ..."), "{}", cut.len());
    }

    #[test]
    fn manifests_are_named_by_kind_and_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all.yaml");
        let yaml =
            "kind: Deployment\nmetadata: {name: web, namespace: shop}\n---\nkind: List\nitems:\n- kind: Secret\n  metadata: {name: s}\n";
        std::fs::write(&path, yaml).unwrap();
        let source = Source::open(std::slice::from_ref(&path), ArtifactKind::Manifests, None, &"x".into()).unwrap();
        assert_eq!(source.names, "Deployment shop/web\nSecret s");
        std::fs::write(&path, "a: 1").unwrap();
        assert!(Source::open(&[path], ArtifactKind::Manifests, None, &"x".into()).is_err());
    }
}
