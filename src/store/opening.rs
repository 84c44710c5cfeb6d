//! The store of a target.

use super::directory::{Directory, path_of};
use super::{S3, Store};
use crate::crypto::Passphrase;
use crate::domain::{Fault, Target};
use std::sync::Arc;
use std::time::Duration;

/// Opens a location that was added before, with the mark and the secret key it was given then. Nothing is contacted yet.
///
/// # Errors
/// `Kind::Unreachable` where a folder or its mark is not there; `Kind::Refused` for an address that must not be used.
pub fn open(target: &Target, mark: Option<&str>, secret: Option<&Passphrase>, deadline: Duration) -> Result<Arc<dyn Store>, Fault> {
    match target {
        Target::Directory { path } => Ok(Arc::new(Directory::open(path_of(path), mark)?)),
        Target::S3(s3) => Ok(Arc::new(S3::open(s3, secret, deadline)?)),
    }
}

/// Opens a location that is being added; for a folder also the mark that it carries from now on.
///
/// # Errors
/// As [`open`].
pub fn found(target: &Target, secret: Option<&Passphrase>, deadline: Duration) -> Result<(Arc<dyn Store>, Option<String>), Fault> {
    match target {
        Target::Directory { path } => {
            let (directory, mark) = Directory::found(path_of(path))?;
            Ok((Arc::new(directory), Some(mark)))
        }
        Target::S3(_) => Ok((open(target, None, secret, deadline)?, None)),
    }
}
