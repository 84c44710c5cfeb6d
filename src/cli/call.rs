//! One call of the command line: what every verb is given.
//!
//! Owns: merging flags, context and configuration; opening the catalog. Must not: unlock (see `unlock`). Next: `verbs`.

use super::globals::Globals;
use super::output::Out;
use super::prompt::Prompt;
use super::signals::Signals;
use crate::domain::{Act, Changed, Fault, Intent, InvalidName, Kind, LocationName, PasskeyName, PolicyName, Prover, Text, Timestamp};
use crate::host::{Color, Config, Host, Paths, start_log};
use crate::ops::{Connection, Place, Session, SetUp, Settings, Talk};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

/// What to do where there is no catalog: the worst night first.
const NO_CATALOG: &str =
    "if all is lost: kastellan recover; to begin: kastellan init; to look around: kastellan demo; or name the right one: --catalog FILE";

/// What every verb is given.
pub struct Call {
    /// The options of every verb.
    pub globals: Globals,
    /// Where to write.
    pub out: Out,
    /// This machine and person.
    pub host: Arc<Host>,
    /// The configuration, flags merged in.
    pub config: Config,
    /// Where the catalog is or will be.
    pub place: Place,
    /// What the user set for the connection.
    pub settings: Settings,
    /// The context that was chosen, if one was.
    pub context: Option<Text>,
    /// Whether it is marked as production.
    pub production: bool,
    /// Signals that came.
    pub signals: Signals,
}

impl Call {
    /// Merges flags, context and configuration.
    ///
    /// # Errors
    /// As the paths', the configuration's and the log's.
    pub fn new(globals: Globals, signals: Signals, talk: Option<Talk>) -> Result<Self, Fault> {
        let paths = Paths::find(globals.config.clone())?;
        if let Some(path) = &globals.config
            && !path.exists()
        {
            let cause = format!("there is no file {}", shown(path));
            return Err(Fault::new(
                Kind::NotFound,
                "configuration not read",
                cause,
                Act::say("name the right file, or leave --config out"),
            )
            .leaving(Changed::Unsaid));
        }
        let mut config = Config::load(&paths.config)?;
        let chosen = globals.context.clone().or_else(|| config.context.clone().filter(|_| globals.catalog.is_none())).map(Text::new);
        let context = match &chosen {
            Some(name) => config.context(name)?.clone(),
            None => crate::host::Context::default(),
        };
        let catalog = globals.catalog.clone().or(context.catalog).unwrap_or_else(|| paths.catalog.clone());
        config.read_only = globals.read_only || config.read_only || context.read_only;
        config.ascii = globals.ascii || config.ascii;
        config.color = globals.color.unwrap_or(config.color);
        if globals.log_file.is_some() || globals.verbose > 0 {
            start_log(globals.log_file.as_ref().unwrap_or(&paths.log), globals.verbose)?;
        }
        let settings = Settings {
            read_only: config.read_only,
            ages: config.ages,
            accept_changed: globals.accept_changed_catalog.clone(),
            timeout: globals.timeout,
        };
        let color = talk.is_none() && colored(config.color);
        let out = Out { format: globals.output, quiet: globals.quiet, color, talk };
        let host = Arc::new(Host::real(paths));
        let place = Place { catalog };
        Ok(Self { globals, out, host, config, place, settings, context: chosen, production: context.production, signals })
    }

    /// The catalog; None where there is none.
    ///
    /// # Errors
    /// As the catalog's.
    pub fn connect(&self) -> Result<Option<Connection>, Fault> {
        Connection::open(self.place.clone(), self.host.clone(), self.settings.clone())
    }

    /// A session on the catalog, locked.
    ///
    /// # Errors
    /// `Kind::NotFound` where there is no catalog; as the catalog's.
    pub async fn session(&self) -> Result<Session, Fault> {
        match self.connect()? {
            Some(connection) => Session::open(connection).await,
            None => Err(self.no_catalog()),
        }
    }

    /// There is no catalog yet.
    pub fn no_catalog(&self) -> Fault {
        let next = Act::start(NO_CATALOG, Intent::SetUp);
        Fault::new(Kind::NotFound, "no installation opened", format!("there is no catalog at {}", shown(&self.place.catalog)), next)
            .leaving(Changed::Unsaid)
    }

    /// A place to set up.
    pub fn set_up(&self) -> SetUp {
        SetUp { place: self.place.clone(), host: self.host.clone(), settings: self.settings.clone() }
    }

    /// Where to ask: in the console, else on the terminal, where there is one.
    pub fn prompt(&self) -> Option<Prompt> {
        match &self.out.talk {
            Some(talk) => Some(Prompt::drawn(talk, &self.signals)),
            None => Prompt::open(&self.signals),
        }
    }

    /// Reads something that another program may keep waiting (a pipe, standard input): a signal ends the wait.
    ///
    /// # Errors
    /// As `read`; `Kind::Interrupted`.
    pub async fn waiting<T: Send + 'static>(
        &self,
        what: &str,
        read: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let doing = format!("{what} not read");
        tokio::select! {
            ended = tokio::task::spawn_blocking(read) => ended.unwrap_or_else(|_| {
                Err(Fault::new(Kind::Unexpected, doing, "reading it ended abnormally", Act::say("kastellan doctor")))
            }),
            () = self.signals.asked() => Err(Fault::interrupted(doing)),
        }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.host.clock.now()
    }

    /// Who types here.
    pub fn person(&self) -> Prover {
        Prover::Person(self.host.person.who())
    }

    /// `--unlock-with NAME`.
    ///
    /// # Errors
    /// `Kind::Usage`.
    pub fn unlock_with(&self) -> Result<Option<PasskeyName>, Fault> {
        self.globals.unlock_with.as_deref().map(passkey_name).transpose()
    }
}

/// A passkey's name from the command line.
///
/// # Errors
/// `Kind::Usage`, with the rule.
pub fn passkey_name(name: &str) -> Result<PasskeyName, Fault> {
    name.parse().map_err(|e| invalid(&e, "use 1 to 63 letters, digits, \".\", \"_\" or \"-\", beginning with a letter or a digit"))
}

/// A location's name from the command line.
///
/// # Errors
/// `Kind::Usage`, with the rule.
pub fn location_name(name: &str) -> Result<LocationName, Fault> {
    name.parse().map_err(|e| invalid(&e, "use 1 to 63 letters, digits, \".\", \"_\" or \"-\", beginning with a letter or a digit"))
}

/// A policy's name from the command line.
///
/// # Errors
/// `Kind::Usage`, with the rule.
pub fn policy_name(name: &str) -> Result<PolicyName, Fault> {
    name.parse().map_err(|e| invalid(&e, "use the policy's name as the cluster has it: at most 253 of a-z, 0-9, \"-\" and \".\""))
}

fn invalid(error: &InvalidName, next: &str) -> Fault {
    Fault::new(Kind::Usage, "name not taken", error.to_string(), Act::say(next))
}

/// A path for people.
pub fn shown(path: &std::path::Path) -> Text {
    Text::new(path.to_string_lossy())
}

/// A path that a text names.
pub fn path_of(text: &Text) -> PathBuf {
    PathBuf::from(text.to_string())
}

fn colored(color: Color) -> bool {
    match color {
        Color::Never => false,
        Color::Auto => {
            std::io::stdout().is_terminal() && super::terminal::draws() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
        _ => std::io::stdout().is_terminal(),
    }
}
