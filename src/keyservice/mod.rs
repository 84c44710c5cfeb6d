//! Wrap and unwrap the master key: the trait, one file a method.
//!
//! Owns: what each method needs, how it wraps, how it fails. Must not: know a catalog or keep a key. Next: `ops` picks the service by
//! the passkey's method.

mod passphrase;
mod service;

pub use passphrase::PassphraseService;
pub use service::{KeyService, Limit};

use crate::domain::Method;

/// All methods of this build; adding one is one file and one line here.
pub struct Services(Vec<Box<dyn KeyService>>);

impl Services {
    /// The methods, given the machine.
    #[must_use]
    pub fn all(machine: &crate::host::Machine) -> Self {
        Self(vec![Box::new(PassphraseService::new(machine.clone()))])
    }

    /// The service of a method.
    #[must_use]
    pub fn of(&self, method: Method) -> Option<&dyn KeyService> {
        self.0.iter().find(|service| service.method() == method).map(AsRef::as_ref)
    }
}
