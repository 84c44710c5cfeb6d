//! An installation with a policy and a location.

use crate::harness::cli::Run;
use crate::harness::house::House;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An installation with policy `app-daily`, policy `other`, and location `nfs` in a folder of its own.
pub struct Yard {
    pub house: House,
}

impl Yard {
    pub fn new() -> Self {
        static FIRST: std::sync::OnceLock<House> = std::sync::OnceLock::new();
        let first = FIRST.get_or_init(|| House::with_policies(&["app-daily", "other"]));
        let yard = Self { house: first.copy() };
        yard.add_location("nfs", &[]);
        yard
    }

    /// A location's folder.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.house.home.path().join(name)
    }

    pub fn add_location(&self, name: &str, flags: &[&str]) {
        std::fs::create_dir(self.folder(name)).unwrap();
        let folder = self.folder(name).to_string_lossy().into_owned();
        let mut args = vec!["location", "add", name, "--directory", &folder];
        args.extend(flags);
        self.house.open(&args);
    }

    /// Seals these bytes; the artifact's id.
    pub fn seal(&self, bytes: &[u8]) -> String {
        let path = self.house.home.file("plain", bytes, 0o600);
        self.seal_path(&path, &["--location", "nfs"])
    }

    pub fn seal_path(&self, path: &str, flags: &[&str]) -> String {
        let mut args = vec!["artifact", "seal", path, "--policy", "app-daily"];
        args.extend(flags);
        id_in(&self.house.open(&args).out)
    }

    /// Opens into a new file; its bytes, or how it ended.
    pub fn open(&self, id: &str) -> Result<Vec<u8>, Run> {
        let to = self.folder(&format!("opened-{}", kastellan_random()));
        let run = self.run(&["artifact", "open", id, "--to", to.to_str().unwrap()]);
        if run.code == 0 { Ok(std::fs::read(to).unwrap()) } else { assert_nothing(&to, run) }
    }

    /// Calls the binary unlocked.
    pub fn run(&self, args: &[&str]) -> Run {
        self.house.home.run(&self.house.opening(args))
    }

    /// The ids that a list shows.
    pub fn ids(&self, flags: &[&str]) -> Vec<String> {
        let mut args = vec!["artifact", "list", "-o", "name"];
        args.extend(flags);
        let out = self.house.look(&args).out;
        out.lines().map(|line| line.rsplit('/').next().unwrap().to_owned()).collect()
    }

    /// All files in a location's folder, by name.
    pub fn objects(&self, name: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let folder = self.folder(name);
        self.house.home.files().into_iter().filter(|(path, _)| path.starts_with(&folder)).collect()
    }

    /// The one file in a location whose name ends so.
    pub fn object(&self, name: &str, end: &str) -> PathBuf {
        let mut found = self.objects(name).into_iter().map(|(path, _)| path).filter(|path| path.to_string_lossy().ends_with(end));
        let one = found.next().expect("it is there");
        assert!(found.next().is_none(), "one of them");
        one
    }
}

/// A failed opening leaves neither the file nor anything beside it.
fn assert_nothing(to: &Path, run: Run) -> Result<Vec<u8>, Run> {
    let name = to.file_name().unwrap().to_string_lossy().into_owned();
    let left: Vec<_> =
        std::fs::read_dir(to.parent().unwrap()).unwrap().flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    assert!(left.iter().all(|other| !other.starts_with(&name)), "left behind: {left:?}");
    Err(run)
}

pub fn kastellan_random() -> String {
    let mut id = [0; 6];
    kastellan::crypto::random(&mut id);
    kastellan::format::hex(&id)
}

/// The id in what a seal prints.
pub fn id_in(out: &str) -> String {
    let word = out.split_whitespace().find(|word| word.len() == 32 && word.bytes().all(|b| b.is_ascii_hexdigit()));
    word.unwrap_or_else(|| panic!("no id in {out}")).to_owned()
}

/// Bytes that are not all the same.
pub fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect()
}

/// A mount that goes with this value.
pub struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    pub fn tmpfs(at: &'a Path, options: &str) -> Self {
        assert!(Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(at).status().unwrap().success());
        Self(at)
    }

    pub fn remount(&self, options: &str) {
        assert!(Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(self.0).status().unwrap().success());
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}
