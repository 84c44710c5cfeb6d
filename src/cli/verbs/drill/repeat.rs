//! What it takes to run a drill again, as the file beside its report has it: no secret.

use crate::cli::call::shown;
use crate::domain::{Act, Changed, Fault, Kind, Target, Text};
use crate::host::read_regular;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The longest such file that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// What is taken to have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    MachineLost,
    DrForgottenAndMachineLost,
}

impl Scenario {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::MachineLost => "machine-lost",
            Self::DrForgottenAndMachineLost => "dr-forgotten-and-machine-lost",
        }
    }
}

/// What it takes to run a drill again: no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    pub scenario: Scenario,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kit: Option<PathBuf>,
}

/// Reads such a file.
///
/// # Errors
/// `Kind::Usage`; as reading it.
pub fn read(file: &Path) -> Result<Repeat, Fault> {
    let wrong = |cause: String| usage(cause, "take a file *.drill.yaml that a drill wrote beside its report");
    let yaml = read_regular(file, LONGEST, "drill file")?;
    serde_yaml::from_slice(&yaml).map_err(|e| wrong(format!("{}: {e}", shown(file))))
}

/// What was said does not make a drill.
pub fn usage(cause: impl Into<Text>, next: &str) -> Fault {
    Fault::new(Kind::Usage, "drill not run", cause, Act::say(next)).leaving(Changed::Unsaid)
}
