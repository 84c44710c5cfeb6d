//! Arithmetic on secrets.
//!
//! Owns: keys, passphrases, derivations, the AEAD, Box, Argon2id, the word list, randomness. Must not: know another room, do I/O
//! beyond the operating system's generator, print. Its errors are small enums; the caller who knows what was tried makes the fault.
//! Next: `format` lays these out as bytes.

mod aead;
mod argon;
mod derive;
mod key;
mod memory;
mod passphrase;
mod random;
mod sealed;
mod secrets;
mod segments;
mod signing;
mod wordlist;
mod words;

pub use aead::{AeadError, aead_open, aead_seal};
pub use argon::{ArgonError, Params};
pub use derive::{Derived, Hash, expand, extract, hash, mac, policy_key_id, policy_prk, sha512};
pub use key::Key;
pub use memory::{MemoryReport, WipingAllocator, guard_process, scrub_stack};
pub use passphrase::{Passphrase, PassphraseError};
pub use random::fill as random;
pub use sealed::{import_open, import_seal, open as box_open, seal as box_seal};
pub use secrets::Secrets;
pub use segments::{STREAM_HEADER, STREAM_TAG, StreamKey};
pub use signing::{SigningKey, verify as verify_signature};
pub use wordlist::{complete, near};
pub use words::{Slip, Words};
