//! One byte format a file, each with its vectors: bytes in, bytes out.
//!
//! Owns: how objects, records, wraps, journal entries and Kasten-shaped resources are laid out and checked. Must not: do I/O, know
//! where bytes are kept, ask for a secret. Next: `catalog` keeps the bytes, `keyservice` makes and opens wraps, `ops` composes.

mod archive;
mod artifact;
mod canon;
mod encoding;
mod import_data;
mod journal;
mod kit;
mod kit_file;
mod manifest;
mod record;
mod report;
mod resource;
mod stream;
mod wrap;

pub use archive::{
    ArchiveError, ArchiveHead, ArchiveHeader, ArchiveKey, ArchiveReader, ArchiveWriter, archive_id, archive_name, archive_time,
    parse_archive_name,
};
pub use artifact::{ArtifactPaths, Leftover, Sidecar, SidecarDraft, SidecarError, artifact_ad};
pub use canon::{Object, ObjectError, Value, lp};
pub use encoding::{b64, hex, unb64, unhex};
pub use import_data::{ImportData, ImportDataError, ImportText, LONGEST_IMPORT_DATA};
pub use journal::{Entry, EntryChange, Link, StoredEntry, chain_start};
pub use kit::{Kit, KitCredentials, KitDrPassphrase, KitInstallation, KitLocation, KitPasskey, KitPin, KitSecret, KitText};
pub use kit_file::{KIT_LONGEST, KitError, KitFile, read_kit_document};
pub use manifest::{PasskeySpec, ResourceError, read_passkey};
pub use record::{RecordError, RecordKind, SealedRecord};
pub use report::{REPORT_NAMESPACE, ReportError, openssh_public, read_openssh_public, report_json, sign_report, verify_report};
pub use resource::{Resource, to_json_list, to_yaml_list};
pub use stream::{SEGMENT, StreamDigest, full_plaintext, full_segment, open_small, seal_small, stream_length};
pub use wrap::{Wrap, WrapDraft, WrapError};
