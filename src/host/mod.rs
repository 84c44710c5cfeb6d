//! This machine and this person.
//!
//! Owns: configuration, paths, the pin file, the log, owner-only files and descriptors, who asks (also behind sudo and SSH), the wall
//! and boot clocks, how much memory is available. Must not: know keys or catalogs. Next: `ops` is given a [`Host`].

mod accounts;
mod clock;
mod config;
mod files;
pub(crate) mod lock;
mod log;
mod machine;
mod paths;
mod person;
mod pin;
mod zone;

pub use clock::Clock;
pub use config::{Color, Config, Context, example};
pub use files::{
    Owned, can_be_made, create_owner_only, fsync_folder, note_descriptors, owner_only_problem, read_public, read_regular, read_secret_fd,
    read_secret_file, read_secret_or_public, replace_public, why,
};
pub(crate) use files::{folder_of, is_at, kind_of, problem as privacy_problem, shown};
pub use log::start_log;
pub use machine::{Machine, MachineFacts};
pub use paths::Paths;
pub use person::Person;
pub use pin::{Pin, Pins};

/// What operations know of this machine and this person.
pub struct Host {
    /// Where things are.
    pub paths: Paths,
    /// Who asks.
    pub person: Person,
    /// What time it is.
    pub clock: Clock,
    /// Facts about memory and swap.
    pub machine: Machine,
}

impl Host {
    /// The real thing.
    #[must_use]
    pub fn real(paths: Paths) -> Self {
        if let Some(zone) = zone::zone() {
            crate::domain::Timestamp::show_in(zone);
        }
        Self { paths, person: Person::asking(), clock: Clock::real(), machine: Machine::real() }
    }
}
