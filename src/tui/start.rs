//! What the console is given.

use crate::crypto::Secrets;
use crate::domain::{Guided, PasskeyName, Prover, Text};
use crate::host::{Config, Host};
use crate::ops::{Demo, Place, Settings, Talk};
use std::sync::Arc;

/// Carries out what asks step by step; it is called on a thread of its own, and says its end through the talk.
pub type Guide = Arc<dyn Fn(&Guided, &Talk) + Send + Sync>;

/// What the console starts with.
pub struct Start {
    /// Where the catalog is, or will be after set-up. The console opens it itself.
    pub place: Place,
    /// This machine and person.
    pub host: Arc<Host>,
    /// The configuration; command line flags are already merged into `color`, `ascii`, `read_only`.
    pub config: Config,
    /// What the user set for this connection; `read_only` included.
    pub settings: Settings,
    /// The context's name, where one was chosen.
    pub context: Option<Text>,
    /// The context is marked as production.
    pub production: bool,
    /// A demo that was seeded already: the header says DEMO, the first screen says how to get in. Whoever seeded it removes its folder.
    pub demo: Option<Demo>,
    /// Its folder is removed at the end.
    pub demo_vanishes: bool,
    /// Secrets given by flags; the one in [`crate::domain::Slot::UNLOCK`] is tried at once.
    pub secrets: Secrets,
    /// Where the secret in the unlock slot came from.
    pub secret_from: Prover,
    /// `--unlock-with NAME`.
    pub unlock_with: Option<PasskeyName>,
    /// What asks step by step.
    pub guide: Guide,
}
