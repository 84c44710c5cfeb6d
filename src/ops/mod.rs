//! What console and command line call: sessions, facts, unlocking, operations.
//!
//! Owns: the keys while unlocked ([`Session`]), the one way of changing anything (plan, begin, secrets, run), what records mean, what
//! the journal says. Must not: print, prompt, draw. An operation never asks: its plan names the secrets, the caller fills them first.
//! Next: one operation a file; `engine` runs them, `operation` says which request is which.

mod abandon;
mod aftermath;
mod artifacts;
mod bulk;
mod check;
mod connection;
mod demo;
mod doctor;
mod dr;
mod dr_records;
mod drill;
mod engine;
mod facts;
mod following;
mod imports;
mod journal;
mod keys;
mod kit;
mod ledger;
mod lists;
mod locations;
mod look;
mod making;
mod migration;
mod operation;
mod passkey_remove;
mod passkey_use;
mod pinning;
mod policies;
mod records;
mod session;
mod setup;
mod spec;
mod talk;
mod threads;
mod throwaway;
mod unlock;
mod work;

pub use artifacts::{ArtifactPage, Opened, Scope, Sink, To, Told, Verified};
pub use check::Checked;
pub use connection::{Connection, Place, Settings};
pub use demo::{Demo, seed_demo};
pub use doctor::{Examined, Health, doctor};
pub use dr::{Contents, Found, Opening, Restored};
pub use drill::{Noted, Rehearsal, Rehearsed, Rehearsing, signing_line, verify_drill};
pub use engine::{Begun, Done, Report};
pub use following::{ARCHIVE_WAIT, Followed, archive_after, begin_archive, follow};
pub use journal::read_anchor;
pub use keys::Keys;
pub use kit::{
    Item as KitItem, Outcome as KitOutcome, Reachable, Trial as KitTrial, check as check_kit, digest as kit_digest, reach as reach_kit,
    secret_of as kit_secret, target_of as kit_target,
};
pub use lists::{PolicyPage, no_location};
pub use look::look;
pub use migration::Moves;
pub use session::Session;
pub use setup::SetUp;
pub use talk::{Answers, Listener, Talk, talk};
pub use throwaway::Throwaway;
pub use unlock::{Search, Trying, Unlock, unlock};

pub use crate::catalog::Changes;
pub use crate::format::{
    ArchiveHeader, ImportData, ImportDataError, ImportText, KIT_LONGEST, Kit, KitError, KitFile, LONGEST_IMPORT_DATA, PasskeySpec,
    REPORT_NAMESPACE, RecordKind, Resource, ResourceError, openssh_public, read_openssh_public, read_passkey, to_json_list, to_yaml_list,
};
pub use crate::store::{Right, Store};
