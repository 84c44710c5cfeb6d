//! An installation with DR on, and a bare machine.

use crate::harness::cli::Run;
use crate::harness::house::{Home, House, PASSPHRASE};
use std::fs;
use std::path::{Path, PathBuf};

pub const DR: &str = "a DR passphrase that is long enough";

/// An installation with two policies, a location with an artifact of each, and DR to it.
pub struct Site {
    pub house: House,
}

impl Site {
    pub fn new() -> Self {
        static FIRST: std::sync::OnceLock<House> = std::sync::OnceLock::new();
        let house = FIRST.get_or_init(|| House::with_policies(&["app-daily", "other"])).copy();
        house.location("nfs", "share");
        let site = Self { house };
        for policy in ["app-daily", "other"] {
            let file = site.house.home.file(policy, format!("bytes of {policy}"), 0o600);
            site.open(&["artifact", "seal", &file, "--policy", policy]);
        }
        let dr = site.dr();
        site.open(&["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &dr]);
        site
    }

    pub fn share(&self) -> PathBuf {
        self.house.home.path().join("share")
    }

    pub fn dr(&self) -> String {
        self.house.home.secret("dr", DR)
    }

    pub fn open(&self, args: &[&str]) -> Run {
        self.house.open(args)
    }

    pub fn run(&self, args: &[&str]) -> Run {
        self.house.home.run(&self.house.opening(args))
    }

    pub fn archives(&self) -> Vec<PathBuf> {
        archives(&self.share())
    }
}

pub fn archives(share: &Path) -> Vec<PathBuf> {
    let (mut ways, mut found) = (vec![share.join("dr")], Vec::new());
    while let Some(way) = ways.pop() {
        for entry in fs::read_dir(way).into_iter().flatten().flatten() {
            if entry.file_type().unwrap().is_dir() {
                ways.push(entry.path());
            } else {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// A machine without anything but two envelopes.
pub struct Bare {
    pub home: Home,
    pub key: String,
    pub dr: String,
}

impl Bare {
    pub fn new() -> Self {
        let home = Home::small();
        let (key, dr) = (home.secret("passkey-envelope", PASSPHRASE), home.secret("dr-envelope", DR));
        Self { home, key, dr }
    }

    pub fn restore(&self, share: &Path, flags: &[&str]) -> Run {
        let share = share.to_str().unwrap();
        let args = ["dr", "restore", "--directory", share, "--dr-passphrase-file", &self.dr, "--passphrase-file", &self.key];
        self.home.run(&[&args[..], flags].concat())
    }

    pub fn run(&self, args: &[&str]) -> Run {
        self.home.run(&[args, &["--passphrase-file", &self.key]].concat())
    }
}
