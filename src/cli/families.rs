//! Families of flags that say where a secret comes from: `--new-passphrase-*`, `--dr-passphrase-*`, ...
//!
//! Owns: their names and values. Must not: read a secret; `secrets` does.

use std::path::PathBuf;

/// Where one secret comes from, whatever the flags are called.
#[derive(Clone, Debug, Default)]
pub struct Family {
    /// Its name, which plans have as [`crate::domain::SecretNeed::flag`].
    pub name: &'static str,
    /// Twelve words are made.
    pub generate: bool,
    /// The new owner-only file that they are written to.
    pub write: Option<PathBuf>,
    /// The owner-only file that it is read from.
    pub file: Option<PathBuf>,
    /// The inherited descriptor that it is read from.
    pub fd: Option<i32>,
}

impl Family {
    /// Whether a flag names where it comes from.
    pub fn said(&self) -> bool {
        self.generate || self.file.is_some() || self.fd.is_some()
    }
}

/// Flags that make up a family.
pub trait Flags {
    /// The family.
    fn family(&self) -> Family;
}

/// Where the secret of a new passkey comes from; on a terminal without any of these: typed twice.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "The new passphrase (on a terminal without any of these: typed twice)")]
pub struct NewSecret {
    /// Make twelve words; they are shown once and typed back
    #[arg(long, conflicts_with_all = ["new_passphrase_file", "new_passphrase_fd"])]
    pub generate: bool,
    /// Write the generated words to this new owner-only file in place of showing them
    #[arg(long, value_name = "FILE", requires = "generate")]
    pub write_passphrase: Option<PathBuf>,
    /// Read it from this file, which only its owner can read
    #[arg(long, value_name = "FILE", conflicts_with = "new_passphrase_fd")]
    pub new_passphrase_file: Option<PathBuf>,
    /// Read it from this inherited descriptor
    #[arg(long, value_name = "N")]
    pub new_passphrase_fd: Option<i32>,
}

impl Flags for NewSecret {
    fn family(&self) -> Family {
        Family {
            name: "new-passphrase",
            generate: self.generate,
            write: self.write_passphrase.clone(),
            file: self.new_passphrase_file.clone(),
            fd: self.new_passphrase_fd,
        }
    }
}

/// Where the passphrase of new import data comes from.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "The passphrase of the import data")]
pub struct ImportSecret {
    /// Make twelve words; they are shown once and typed back
    #[arg(long, conflicts_with_all = ["import_passphrase_file", "import_passphrase_fd"])]
    pub generate: bool,
    /// Write the generated words to this new owner-only file in place of showing them
    #[arg(long, value_name = "FILE", requires = "generate")]
    pub write_passphrase: Option<PathBuf>,
    /// Read it from this file, which only its owner can read
    #[arg(long, value_name = "FILE", conflicts_with = "import_passphrase_fd")]
    pub import_passphrase_file: Option<PathBuf>,
    /// Read it from this inherited descriptor
    #[arg(long, value_name = "N")]
    pub import_passphrase_fd: Option<i32>,
}

impl Flags for ImportSecret {
    fn family(&self) -> Family {
        Family {
            name: "import-passphrase",
            generate: self.generate,
            write: self.write_passphrase.clone(),
            file: self.import_passphrase_file.clone(),
            fd: self.import_passphrase_fd,
        }
    }
}

/// Where the passphrase of import data comes from; on a terminal: a prompt.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "The passphrase of the import data (on a terminal without any of these: asked for)")]
pub struct EnteredImportSecret {
    /// Read it from this file, which only its owner can read
    #[arg(long, value_name = "FILE", conflicts_with = "import_passphrase_fd")]
    pub import_passphrase_file: Option<PathBuf>,
    /// Read it from this inherited descriptor
    #[arg(long, value_name = "N")]
    pub import_passphrase_fd: Option<i32>,
}

impl Flags for EnteredImportSecret {
    fn family(&self) -> Family {
        Family { name: "import-passphrase", file: self.import_passphrase_file.clone(), fd: self.import_passphrase_fd, ..Family::default() }
    }
}

/// Where a new DR passphrase comes from; on a terminal without any of these: typed twice.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "The new DR passphrase (on a terminal without any of these: typed twice)")]
pub struct NewDrSecret {
    /// Make twelve words; they are shown once and typed back
    #[arg(long, conflicts_with_all = ["new_dr_passphrase_file", "new_dr_passphrase_fd"])]
    pub generate: bool,
    /// Write the generated words to this new owner-only file in place of showing them
    #[arg(long, value_name = "FILE", requires = "generate")]
    pub write_passphrase: Option<PathBuf>,
    /// Read it from this file, which only its owner can read
    #[arg(long, value_name = "FILE", conflicts_with = "new_dr_passphrase_fd")]
    pub new_dr_passphrase_file: Option<PathBuf>,
    /// Read it from this inherited descriptor
    #[arg(long, value_name = "N")]
    pub new_dr_passphrase_fd: Option<i32>,
}

impl Flags for NewDrSecret {
    fn family(&self) -> Family {
        Family {
            name: "new-dr-passphrase",
            generate: self.generate,
            write: self.write_passphrase.clone(),
            file: self.new_dr_passphrase_file.clone(),
            fd: self.new_dr_passphrase_fd,
        }
    }
}

/// Where the DR passphrase comes from; on a terminal: a prompt.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "The DR passphrase (on a terminal without any of these: asked for)")]
pub struct DrSecret {
    /// Read it from this file, which only its owner can read
    #[arg(long, value_name = "FILE", conflicts_with = "dr_passphrase_fd")]
    pub dr_passphrase_file: Option<PathBuf>,
    /// Read it from this inherited descriptor
    #[arg(long, value_name = "N")]
    pub dr_passphrase_fd: Option<i32>,
}

impl Flags for DrSecret {
    fn family(&self) -> Family {
        Family { name: "dr-passphrase", file: self.dr_passphrase_file.clone(), fd: self.dr_passphrase_fd, ..Family::default() }
    }
}

/// Where the passphrase of a new recovery kit comes from; on a terminal without any of these: typed twice.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "The kit's own passphrase (on a terminal without any of these: typed twice)")]
pub struct NewKitSecret {
    /// Make twelve words; they are shown once and typed back
    #[arg(long, conflicts_with_all = ["kit_passphrase_file", "kit_passphrase_fd"])]
    pub generate: bool,
    /// Write the generated words to this new owner-only file in place of showing them
    #[arg(long, value_name = "FILE", requires = "generate")]
    pub write_passphrase: Option<PathBuf>,
    /// Read it from this file, which only its owner can read
    #[arg(long, value_name = "FILE", conflicts_with = "kit_passphrase_fd")]
    pub kit_passphrase_file: Option<PathBuf>,
    /// Read it from this inherited descriptor
    #[arg(long, value_name = "N")]
    pub kit_passphrase_fd: Option<i32>,
}

impl Flags for NewKitSecret {
    fn family(&self) -> Family {
        Family {
            name: "kit-passphrase",
            generate: self.generate,
            write: self.write_passphrase.clone(),
            file: self.kit_passphrase_file.clone(),
            fd: self.kit_passphrase_fd,
        }
    }
}

/// Where the passphrase of a recovery kit comes from; on a terminal: a prompt.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "The kit's passphrase (on a terminal without any of these: asked for)")]
pub struct KitSecret {
    /// Read it from this file, which only its owner can read
    #[arg(long, value_name = "FILE", conflicts_with = "kit_passphrase_fd")]
    pub kit_passphrase_file: Option<PathBuf>,
    /// Read it from this inherited descriptor
    #[arg(long, value_name = "N")]
    pub kit_passphrase_fd: Option<i32>,
}

impl Flags for KitSecret {
    fn family(&self) -> Family {
        Family { name: "kit-passphrase", file: self.kit_passphrase_file.clone(), fd: self.kit_passphrase_fd, ..Family::default() }
    }
}
