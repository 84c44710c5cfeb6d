//! Where things are: the XDG folders on every system, `KASTELLAN_CONFIG_DIR`, `--config`.

use crate::domain::{Act, Changed, Fault, Kind};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The folders and files of this account.
#[derive(Clone, Debug)]
pub struct Paths {
    /// `config.yaml`.
    pub config: PathBuf,
    /// The user's themes.
    pub themes: PathBuf,
    /// The default catalog, `catalog.db` in the data folder.
    pub catalog: PathBuf,
    /// The pin file, `known` in the state folder.
    pub known: PathBuf,
    /// The log file in the state folder.
    pub log: PathBuf,
}

impl Paths {
    /// Finds them from the environment; `config` overrides the configuration file.
    ///
    /// # Errors
    /// `Kind::Usage` when there is no home folder and no XDG folder to take its place, naming the variable to set.
    pub fn find(config: Option<PathBuf>) -> Result<Self, Fault> {
        let own = directories::ProjectDirs::from("", "", "kastellan");
        let system = System {
            config: own.as_ref().map(|dirs| dirs.config_dir().to_owned()),
            data: own.as_ref().map(|dirs| dirs.data_local_dir().to_owned()),
            state: own.as_ref().map(|dirs| dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_owned()),
        };
        Self::from(config, |name| std::env::var_os(name), system)
    }

    /// All of them in one folder, away from this account's own.
    #[must_use]
    pub fn within(folder: &Path) -> Self {
        Self {
            config: folder.join("config.yaml"),
            themes: folder.join("themes"),
            catalog: folder.join("catalog.db"),
            known: folder.join("known"),
            log: folder.join("kastellan.log"),
        }
    }

    fn from(config: Option<PathBuf>, env: impl Fn(&str) -> Option<OsString>, system: System) -> Result<Self, Fault> {
        // The XDG specification says that a relative path is to be ignored; an empty one counts as not set.
        let absolute = |name: &str| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let folder = |xdg: &str, otherwise: Option<PathBuf>, what: &str| {
            absolute(xdg).map(|base| base.join("kastellan")).or(otherwise).ok_or_else(|| homeless(xdg, what))
        };
        let configuration = match absolute("KASTELLAN_CONFIG_DIR") {
            Some(folder) => folder,
            None => folder("XDG_CONFIG_HOME", system.config, "configuration")?,
        };
        let state = folder("XDG_STATE_HOME", system.state, "state")?;
        Ok(Self {
            config: config.unwrap_or_else(|| configuration.join("config.yaml")),
            themes: configuration.join("themes"),
            catalog: folder("XDG_DATA_HOME", system.data, "data")?.join("catalog.db"),
            known: state.join("known"),
            log: state.join("kastellan.log"),
        })
    }
}

/// What the system's own convention says, where there is a home folder.
#[derive(Default)]
struct System {
    config: Option<PathBuf>,
    data: Option<PathBuf>,
    state: Option<PathBuf>,
}

fn homeless(variable: &str, what: &str) -> Fault {
    let cause = format!("this account has no home folder (HOME is not set), and {variable} is not an absolute path");
    Fault::new(Kind::Usage, format!("cannot find the {what} folder"), cause, Act::say(format!("set HOME or {variable}, then try again")))
        .leaving(Changed::Nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(config: Option<&str>, vars: &[(&str, &str)], home: bool) -> Result<Paths, Fault> {
        let env = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
        let at = |path: &str| home.then(|| PathBuf::from(path));
        let system = System { config: at("/home/a/c"), data: at("/home/a/d"), state: at("/home/a/s") };
        Paths::from(config.map(PathBuf::from), env, system)
    }

    #[test]
    fn xdg_wins_over_the_system_and_relative_is_ignored() {
        let paths = find(None, &[("XDG_CONFIG_HOME", "/x/c"), ("XDG_DATA_HOME", "rel"), ("XDG_STATE_HOME", "")], true).unwrap();
        assert_eq!(paths.config, PathBuf::from("/x/c/kastellan/config.yaml"));
        assert_eq!(paths.themes, PathBuf::from("/x/c/kastellan/themes"));
        assert_eq!(paths.catalog, PathBuf::from("/home/a/d/catalog.db"));
        assert_eq!(paths.known, PathBuf::from("/home/a/s/known"));
    }

    #[test]
    fn the_own_variable_wins_over_xdg_and_the_flag_over_all() {
        let vars = [("XDG_CONFIG_HOME", "/x/c"), ("KASTELLAN_CONFIG_DIR", "/k")];
        assert_eq!(find(None, &vars, true).unwrap().config, PathBuf::from("/k/config.yaml"));
        let flagged = find(Some("here.yaml"), &vars, true).unwrap();
        assert_eq!(flagged.config, PathBuf::from("here.yaml"));
        assert_eq!(flagged.themes, PathBuf::from("/k/themes"));
    }

    #[test]
    fn without_a_home_the_variable_is_named() {
        let fault = find(None, &[("KASTELLAN_CONFIG_DIR", "/k"), ("XDG_STATE_HOME", "/s")], false).unwrap_err();
        assert_eq!(fault.kind, Kind::Usage);
        assert!(fault.to_string().contains("XDG_DATA_HOME"), "{fault}");
        let all = [("XDG_CONFIG_HOME", "/c"), ("XDG_STATE_HOME", "/s"), ("XDG_DATA_HOME", "/d")];
        assert_eq!(find(None, &all, false).unwrap().catalog, PathBuf::from("/d/kastellan/catalog.db"));
    }
}
