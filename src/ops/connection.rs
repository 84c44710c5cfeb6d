//! A catalog being used: a cheap value, so that a drill, a demo or a second installation is the same code on another connection.

use crate::catalog::{Catalog, SqliteCatalog};
use crate::domain::{Ages, Fault};
use crate::host::Host;
use crate::keyservice::Services;
use crate::store::Index;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Where a catalog is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The catalog file.
    pub catalog: PathBuf,
}

/// What the user set for this connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Change nothing.
    pub read_only: bool,
    /// Ages that make answers stale.
    pub ages: Ages,
    /// `--accept-changed-catalog ID`.
    pub accept_changed: Option<String>,
    /// `--timeout`: for each call to something outside; None: 30 s.
    pub timeout: Option<Duration>,
}

/// An open catalog with what is needed to use it.
#[derive(Clone)]
pub struct Connection {
    /// Where.
    pub place: Place,
    /// The records.
    pub(super) catalog: Arc<dyn Catalog>,
    /// The methods.
    pub(super) services: Arc<Services>,
    /// The artifact index, opened when it is first needed.
    index: Arc<OnceLock<Index>>,
    /// This machine and person.
    pub(super) host: Arc<Host>,
    /// What the user set.
    pub(super) settings: Settings,
}

impl Connection {
    /// Opens the catalog at `place`; None where there is none yet.
    ///
    /// # Errors
    /// As the catalog's.
    pub fn open(place: Place, host: Arc<Host>, settings: Settings) -> Result<Option<Self>, Fault> {
        let Some(catalog) = SqliteCatalog::open(&place.catalog, settings.read_only)? else { return Ok(None) };
        Ok(Some(Self::over(place, Arc::new(catalog), host, settings)))
    }

    /// Over a catalog that is open.
    pub(super) fn over(place: Place, catalog: Arc<dyn Catalog>, host: Arc<Host>, settings: Settings) -> Self {
        let services = Arc::new(Services::all(&host.machine));
        Self { place, catalog, services, index: Arc::default(), host, settings }
    }

    /// The artifact index: a file beside the catalog.
    pub(super) fn index(&self) -> Result<&Index, Fault> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let mut path = self.place.catalog.clone().into_os_string();
        path.push(".artifacts");
        let index = Index::open(std::path::Path::new(&path))?;
        Ok(self.index.get_or_init(|| index))
    }

    /// The same, where the file is there: looking makes none.
    pub(super) fn index_if_there(&self) -> Result<Option<&Index>, Fault> {
        let mut path = self.place.catalog.clone().into_os_string();
        path.push(".artifacts");
        if std::path::Path::new(&path).exists() { self.index().map(Some) } else { Ok(None) }
    }

    /// This machine and person.
    #[must_use]
    pub fn host(&self) -> &Arc<Host> {
        &self.host
    }
}
