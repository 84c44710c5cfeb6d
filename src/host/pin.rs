//! The pin file `known`: what this machine remembers of each installation, so that a swapped or rolled-back catalog is found.

use super::files::{folder_of, fsync_folder, open_regular, shown, why};
use crate::domain::{Act, Fault, Kind, Timestamp};
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is remembered of one installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pin {
    /// Its catalog's id, hex.
    pub catalog_id: String,
    /// The master key's public id, hex.
    pub master_key_id: String,
    /// The instance, hex.
    pub instance_id: String,
    /// Highest journal number seen.
    pub seq: u64,
    /// Hash of that entry, hex.
    pub hash: String,
    /// When it was noted.
    pub at: Timestamp,
    /// Addresses that a person confirmed here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
}

/// The pin file.
#[derive(Clone, Debug)]
pub struct Pins(PathBuf);

/// The whole file: one JSON document.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    v: u64,
    pins: Vec<Pin>,
}

/// No machine knows so many installations that its file is larger, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;
/// How often, and how long after each other, the file lock is tried: two seconds in all.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(10);

impl Pins {
    /// The pin file at this path; it need not exist yet.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// What is remembered of this catalog.
    ///
    /// # Errors
    /// `Kind::Damaged` where the file does not parse, `Kind::Refused` where others may write it.
    pub fn get(&self, catalog_id: &str) -> Result<Option<Pin>, Fault> {
        Ok(self.read()?.into_iter().find(|pin| pin.catalog_id == catalog_id))
    }

    /// Remembers: under a file lock, read again, replaced atomically and synced; never goes back to a lower `seq` of the same
    /// instance unless `force` (which `--accept-changed-catalog` sets).
    ///
    /// # Errors
    /// `Kind::Unexpected` where it cannot be written, `Kind::Changed` where another process keeps its lock, and those of [`Pins::get`].
    pub fn put(&self, pin: &Pin, force: bool) -> Result<(), Fault> {
        let failed =
            |error: io::Error| self.unwritten(Kind::Unexpected, &why(&error), "see that its folder is yours and its disk has room");
        let folder = folder_of(&self.0);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let _held = self.hold()?;
        let mut pins = self.read()?;
        match pins.iter_mut().find(|known| known.catalog_id == pin.catalog_id) {
            Some(known) if !force && known.instance_id == pin.instance_id && known.seq > pin.seq => return Ok(()),
            Some(known) => {
                let new = Pin { addresses: known.addresses.clone(), ..pin.clone() };
                if *known == new {
                    return Ok(());
                }
                *known = new;
            }
            None => pins.push(pin.clone()),
        }
        self.write(pins)
    }

    /// Whether a person confirmed this address for this catalog on this machine.
    ///
    /// # Errors
    /// Those of [`Pins::get`].
    pub fn confirmed(&self, catalog_id: &str, address: &str) -> Result<bool, Fault> {
        Ok(self.get(catalog_id)?.is_some_and(|pin| pin.addresses.iter().any(|known| known == address)))
    }

    /// Remembers that a person confirmed this address for this catalog, which must be known here.
    ///
    /// # Errors
    /// Those of [`Pins::put`].
    pub fn confirm(&self, catalog_id: &str, address: &str) -> Result<(), Fault> {
        let _held = self.hold()?;
        let mut pins = self.read()?;
        match pins.iter_mut().find(|known| known.catalog_id == catalog_id) {
            Some(known) if known.addresses.iter().any(|known| known == address) => return Ok(()),
            Some(known) => known.addresses.push(address.to_owned()),
            None => return Ok(()),
        }
        self.write(pins)
    }

    fn write(&self, pins: Vec<Pin>) -> Result<(), Fault> {
        let failed =
            |error: io::Error| self.unwritten(Kind::Unexpected, &why(&error), "see that its folder is yours and its disk has room");
        let mut text = serde_json::to_vec_pretty(&Known { v: 1, pins }).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        self.replace(&text).map_err(failed)
    }

    fn read(&self) -> Result<Vec<Pin>, Fault> {
        let path = shown(&self.0);
        let doing = || format!("cannot read what this machine knows of installations ({path})");
        let file = match open_regular(&self.0) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                return Err(Fault::new(Kind::Unexpected, doing(), why(&error), Act::say("see that the file belongs to this account")));
            }
        };
        let damaged = |cause: String| {
            let next = "look at it; only if you know why, move it away: each catalog is then taken as first seen";
            Fault::new(Kind::Damaged, doing(), cause, Act::say(next))
        };
        let meta = file.metadata().map_err(|error| damaged(why(&error)))?;
        let own = rustix::process::geteuid().as_raw();
        if meta.uid() != own && meta.uid() != 0 {
            let next = Act::say("move it away, or run as the account that it belongs to");
            return Err(Fault::refused(doing(), format!("the file belongs to uid {}, who may write it", meta.uid()), next));
        }
        if meta.mode() & 0o022 != 0 {
            let cause = format!("others may write it (mode {:04o}), so it proves nothing", meta.mode() & 0o7777);
            return Err(Fault::refused(doing(), cause, Act::say("read it through, then: chmod 600 the file")));
        }
        let mut text = String::new();
        file.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| damaged(why(&error)))?;
        if text.len() as u64 > LARGEST {
            return Err(damaged(format!("it is longer than {LARGEST} bytes")));
        }
        let known: Known = serde_json::from_str(&text).map_err(|error| damaged(format!("it does not parse: {error}")))?;
        if known.v != 1 {
            let next = Act::say("use the newest Kastellan that ran on this machine");
            return Err(Fault::refused(doing(), format!("it was written by a newer Kastellan (version {})", known.v), next));
        }
        Ok(known.pins)
    }

    /// The lock lies beside the file, because the file itself is replaced.
    fn hold(&self) -> Result<File, Fault> {
        let path = self.beside(".lock");
        // Neither a link is followed nor a named pipe's reader waited for.
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR).map(File::from).map_err(|error| {
            let error = io::Error::from(error);
            self.unwritten(Kind::Unexpected, &why(&error), "see that its folder belongs to this account and its disk has room")
        })?;
        for _ in 0..TRIES {
            if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
                return Ok(file);
            }
            std::thread::sleep(PAUSE);
        }
        Err(self.unwritten(Kind::Changed, "another process has kept it locked for two seconds", "try again"))
    }

    fn replace(&self, text: &[u8]) -> io::Result<()> {
        let draft = self.beside(".new");
        // Nobody else writes it while the lock is held: what lies there was left by a process that died.
        let _ = std::fs::remove_file(&draft);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        let written = file.write_all(text).and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(&draft, &self.0));
        if written.is_err() {
            let _ = std::fs::remove_file(&draft);
        }
        written?;
        fsync_folder(folder_of(&self.0))
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.0.clone().into_os_string();
        name.push(suffix);
        Path::new(&name).to_owned()
    }

    fn unwritten(&self, kind: Kind, cause: &str, next: &str) -> Fault {
        Fault::new(kind, format!("cannot note what was seen in {}", shown(&self.0)), cause, Act::say(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn pin(catalog: &str, instance: &str, seq: u64) -> Pin {
        Pin {
            catalog_id: catalog.into(),
            master_key_id: "aa".into(),
            instance_id: instance.into(),
            seq,
            hash: format!("{seq:02x}"),
            at: Timestamp::from_unix(1_700_000_000),
            addresses: Vec::new(),
        }
    }

    fn pins() -> (tempfile::TempDir, Pins, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/kastellan/known");
        (folder, Pins::at(path.clone()), path)
    }

    #[test]
    fn remembers_owner_only_and_each_on_its_own() {
        let (_folder, pins, path) = pins();
        assert_eq!(pins.get("c1").unwrap(), None);
        pins.put(&pin("c1", "i", 4), false).unwrap();
        pins.put(&pin("c2", "i", 9), false).unwrap();
        pins.put(&pin("c1", "i", 5), false).unwrap();
        assert_eq!(pins.get("c1").unwrap(), Some(pin("c1", "i", 5)));
        assert_eq!(pins.get("c2").unwrap(), Some(pin("c2", "i", 9)));
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn never_goes_back_unless_forced() {
        let (_folder, pins, _) = pins();
        pins.put(&pin("c", "i", 9), false).unwrap();
        pins.put(&pin("c", "i", 3), false).unwrap();
        assert_eq!(pins.get("c").unwrap().unwrap().seq, 9);
        pins.put(&pin("c", "other", 3), false).unwrap();
        assert_eq!(pins.get("c").unwrap().unwrap().seq, 3, "another instance counts anew");
        pins.put(&pin("c", "other", 1), true).unwrap();
        assert_eq!(pins.get("c").unwrap().unwrap().seq, 1, "forced");
    }

    #[test]
    fn many_writers_lose_nothing() {
        let (_folder, pins, _) = pins();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let pins = pins.clone();
                scope.spawn(move || (1..=5).for_each(|seq| pins.put(&pin(&format!("c{n}"), "i", seq), false).unwrap()));
            }
        });
        for n in 0..8 {
            assert_eq!(pins.get(&format!("c{n}")).unwrap().unwrap().seq, 5);
        }
    }

    #[test]
    fn damage_and_other_writers_are_refused_and_left_as_they_are() {
        let (_folder, pins, path) = pins();
        pins.put(&pin("c", "i", 1), false).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let text = String::from_utf8(whole.clone()).unwrap();
        for bad in ["", "{", &text.replace("\"v\": 1", "\"v\": 1, \"x\": 2"), &text.replace("\"seq\": 1", "\"seq\": -1")] {
            std::fs::write(&path, bad).unwrap();
            assert_eq!(pins.get("c").unwrap_err().kind, Kind::Damaged, "{bad}");
            assert_eq!(pins.put(&pin("c", "i", 2), true).unwrap_err().kind, Kind::Damaged);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), bad);
        }
        std::fs::write(&path, text.replace("\"v\": 1", "\"v\": 2")).unwrap();
        assert_eq!(pins.get("c").unwrap_err().kind, Kind::Refused);
        std::fs::write(&path, whole).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o620)).unwrap();
        assert_eq!(pins.get("c").unwrap_err().kind, Kind::Refused);
    }
}
