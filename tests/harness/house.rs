//! A home of its own for every test, and an installation in it.

use super::cli::{self, Run};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A home folder that vanishes: configuration, catalog, pin file, log and temporary files of one test are all below it.
pub struct Home {
    dir: tempfile::TempDir,
    /// How much memory the binary may map, KiB.
    limit: Option<u64>,
}

impl Home {
    /// An empty one.
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("kastellan-test-").tempdir().expect("a temporary folder");
        let home = Self { dir, limit: None };
        for name in FOLDERS {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(home.path().join(name)).expect("a folder");
        }
        home
    }

    /// An empty one, where the binary may map so little that what it derives takes 64 MiB, the least that is ever written, and a fifth of
    /// the time.
    pub fn small() -> Self {
        Self { limit: Some(1_900_000), ..Self::new() }
    }

    /// How much memory the binary may map here, KiB.
    pub fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// The same, with another limit.
    pub fn limited(self, limit: Option<u64>) -> Self {
        Self { limit, ..self }
    }

    /// A copy with all its files and their modes.
    pub fn copy(&self) -> Self {
        let copy = Self::new().limited(self.limit);
        copy_all(self.path(), copy.path());
        copy
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The whole environment that programs get: nothing of the tester's own leaks in.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let below = |name: &str| self.path().join(name).to_string_lossy().into_owned();
        vec![
            ("HOME", below("")),
            ("XDG_CONFIG_HOME", below("config")),
            ("XDG_DATA_HOME", below("data")),
            ("XDG_STATE_HOME", below("state")),
            ("XDG_CACHE_HOME", below("cache")),
            ("TMPDIR", below("tmp")),
            ("TERM", "xterm-256color".to_owned()),
            ("TZ", "UTC".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
        ]
    }

    /// A new file with this mode.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>, mode: u32) -> String {
        let path = self.path().join(name);
        let _ = fs::remove_file(&path);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&path).expect("a new file");
        file.write_all(bytes.as_ref()).expect("it takes bytes");
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("its mode");
        path.to_string_lossy().into_owned()
    }

    /// A new owner-only file.
    pub fn secret(&self, name: &str, text: &str) -> String {
        self.file(name, format!("{text}\n"), 0o600)
    }

    /// Calls the binary to its end.
    pub fn run<S: AsRef<str>>(&self, args: &[S]) -> Run {
        cli::Call::new(self, args).run()
    }

    /// The same, and it must go well.
    pub fn good<S: AsRef<str>>(&self, args: &[S]) -> Run {
        let run = self.run(args);
        let said: Vec<&str> = args.iter().map(AsRef::as_ref).collect();
        assert_eq!(run.code, 0, "{said:?}\n{}{}", run.out, run.err);
        run
    }

    /// All files below it, with what is in them: sockets, pipes and folders aside.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut folders, mut found) = (vec![self.path().to_path_buf()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let Ok(kind) = entry.file_type() else { continue };
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    found.push((entry.path(), fs::read(entry.path()).unwrap_or_default()));
                }
            }
        }
        found.sort();
        found
    }
}

/// The passphrase that opens a [`House`]'s first passkey, `k10MasterKey`.
pub const PASSPHRASE: &str = "correct-horse-battery-staple-0001";

/// The installation's name.
pub const NAME: &str = "prod-eu1";

/// An installation as `kastellan init` makes it in a [`Home::small`]. Made once a test program, then copied.
pub struct House {
    /// Where it stands.
    pub home: Home,
}

impl House {
    /// A fresh copy.
    pub fn new() -> Self {
        static FIRST: OnceLock<Home> = OnceLock::new();
        let first = FIRST.get_or_init(|| {
            let home = Home::small();
            let key = home.secret("passphrase", PASSPHRASE);
            home.good(&["init", "--name", NAME, "--new-passphrase-file", &key]);
            home
        });
        Self { home: first.copy() }
    }

    /// The same, and as many policies as are named.
    pub fn with_policies(names: &[&str]) -> Self {
        let house = Self::new();
        for name in names {
            house.open(&["policy", "add", name]);
        }
        house
    }

    /// A copy with all that happened to it.
    pub fn copy(&self) -> Self {
        Self { home: self.home.copy() }
    }

    /// A new folder below the home, added as a location.
    pub fn location(&self, name: &str, folder: &str) -> PathBuf {
        let path = self.home.path().join(folder);
        fs::create_dir(&path).expect("a new folder");
        self.open(&["location", "add", name, "--directory", path.to_str().expect("a name in UTF-8")]);
        path
    }

    /// The catalog file.
    pub fn catalog(&self) -> PathBuf {
        let mut all = self.home.files().into_iter().map(|(path, _)| path);
        all.find(|p| p.file_name().is_some_and(|n| n == "catalog.db")).expect("there is a catalog")
    }

    /// Owner-only file with the first passkey's passphrase.
    pub fn key(&self) -> String {
        self.home.path().join("passphrase").to_string_lossy().into_owned()
    }

    /// These arguments, and the flag that unlocks.
    pub fn opening<S: AsRef<str>>(&self, args: &[S]) -> Vec<String> {
        let mut all: Vec<String> = args.iter().map(|a| a.as_ref().to_owned()).collect();
        all.extend(["--passphrase-file".to_owned(), self.key()]);
        all
    }

    /// Calls the binary unlocked, and it must go well.
    pub fn open<S: AsRef<str>>(&self, args: &[S]) -> Run {
        self.home.good(&self.opening(args))
    }

    /// Calls the binary locked, and it must go well.
    pub fn look<S: AsRef<str>>(&self, args: &[S]) -> Run {
        self.home.good(args)
    }

    /// What a verb prints with `-o json`.
    pub fn json<S: AsRef<str>>(&self, args: &[S]) -> serde_json::Value {
        let mut all: Vec<String> = args.iter().map(|a| a.as_ref().to_owned()).collect();
        all.extend(["-o".to_owned(), "json".to_owned()]);
        serde_json::from_str(&self.home.good(&all).out).expect("JSON")
    }
}

const FOLDERS: [&str; 5] = ["config", "data", "state", "cache", "tmp"];

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            let mode = std::os::unix::fs::PermissionsExt::mode(&entry.metadata().expect("a mode").permissions());
            let _ = fs::DirBuilder::new().mode(mode).create(&target);
            copy_all(&entry.path(), &target);
        } else if kind.is_file() {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
