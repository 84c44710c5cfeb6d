//! The public front of an archive: whose it is, what opens it.

use super::ArchiveError;
use crate::crypto::{ArgonError, Key, Params, Passphrase, expand, random};
use crate::domain::{Text, Timestamp};
use crate::format::{Object, ObjectError, b64, hex, lp, unb64, unhex};
use std::io::Read;
use subtle::ConstantTimeEq;

/// Begins every archive.
pub(super) const MAGIC: &[u8; 4] = b"KDR1";
/// The longest header, in bytes.
const LONGEST_HEADER: usize = 4096;

/// The public part of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveHeader {
    /// The catalog's id, hex.
    pub catalog_id: String,
    /// The instance's, hex.
    pub instance_id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The installation's name, where it is told.
    pub name: Option<Text>,
    /// The number of the DR passphrase that opens it.
    pub dr_passphrase: u64,
    params: Params,
    salt: [u8; 16],
    check: [u8; 32],
    /// `"KDR1" || lp(header)` as it was read: the stream's associated data.
    raw: Vec<u8>,
}

/// What opens one archive.
pub struct ArchiveKey(Key);

impl ArchiveKey {
    /// The stream's key.
    pub(super) fn key(&self) -> &Key {
        &self.0
    }
}

/// The name of an archive's object: `dr/<catalogId>/<instanceId>/<time>-<seq>-<random>.kdr`. Nothing in it is believed.
#[must_use]
pub fn archive_name(catalog_id: &str, instance_id: &str, at: Timestamp, seq: u64, id: &str) -> String {
    let time = at.to_string().replace(['-', ':'], "");
    format!("dr/{catalog_id}/{instance_id}/{time}-{seq:08}-{id}.kdr")
}

/// When an archive was made, as its object's name says.
#[must_use]
pub fn archive_time(name: &str) -> Option<Timestamp> {
    let time = name.rsplit('/').next()?.split('-').next().filter(|time| time.len() == 16 && time.is_ascii())?;
    let part = |from: usize, to: usize| time.get(from..to).unwrap_or_default();
    format!("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 6), part(6, 8), part(9, 11), part(11, 13), part(13, 15)).parse().ok()
}

/// Whether an object's name is one of an archive; its catalog and instance as the name has them.
#[must_use]
pub fn parse_archive_name(name: &str) -> Option<(String, String)> {
    let mut parts = name.strip_prefix("dr/")?.split('/');
    let (catalog, instance, file) = (parts.next()?, parts.next()?, parts.next()?);
    unhex::<16>(catalog)?;
    unhex::<16>(instance)?;
    (parts.next().is_none() && file.strip_suffix(".kdr").is_some()).then(|| (catalog.to_owned(), instance.to_owned()))
}

impl ArchiveHeader {
    /// A header with a fresh salt, and what opens the archive. `available` memory in KiB.
    ///
    /// # Errors
    /// [`ArchiveError::Argon`].
    pub fn make(
        catalog_id: &str,
        instance_id: &str,
        created_at: Timestamp,
        name: Option<&Text>,
        passphrase: (u64, &Passphrase),
        params: Params,
        available: u64,
    ) -> Result<(Self, ArchiveKey), ArchiveError> {
        let mut salt = [0; 16];
        random(&mut salt);
        let root = params.derive(passphrase.1, &salt, available)?;
        let check = *check(&root).expose();
        let object = Object::new()
            .with_number("v", 1)
            .with("catalogId", catalog_id)
            .with("instanceId", instance_id)
            .with("createdAt", created_at.to_string())
            .with_some_words("name", name)
            .with_number("drPassphrase", passphrase.0)
            .with("kdf", "argon2id")
            .with_number("m", params.m.into())
            .with_number("t", params.t.into())
            .with_number("p", params.p.into())
            .with("salt", b64(&salt))
            .with("check", b64(&check));
        let mut raw = MAGIC.to_vec();
        lp(&mut raw, object.to_json().as_bytes());
        let header = Self {
            catalog_id: catalog_id.to_owned(),
            instance_id: instance_id.to_owned(),
            created_at,
            name: name.cloned(),
            dr_passphrase: passphrase.0,
            params,
            salt,
            check,
            raw,
        };
        Ok((header, ArchiveKey(expand(&root, b"kastellan.dr.v1 stream"))))
    }

    /// Reads the header from the front of an archive; nothing of it is verified yet.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn read(from: &mut dyn Read) -> Result<Self, ArchiveError> {
        let mut start = [0; 8];
        from.read_exact(&mut start).map_err(|_| ArchiveError::Other)?;
        if start[..4] != MAGIC[..] {
            return Err(ArchiveError::Other);
        }
        let length = u32::from_be_bytes([start[4], start[5], start[6], start[7]]);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > LONGEST_HEADER {
            return Err(ArchiveError::Header(ObjectError::TooLong));
        }
        let mut json = vec![0; length];
        from.read_exact(&mut json).map_err(|_| ArchiveError::Header(ObjectError::NotAnObject))?;
        let raw = [&start[..], &json].concat();
        Self::parse(&json, raw).map_err(|e| match e {
            HeaderError::Object(e) => ArchiveError::Header(e),
            HeaderError::Archive(e) => e,
        })
    }

    fn parse(json: &[u8], raw: Vec<u8>) -> Result<Self, HeaderError> {
        let o = Object::parse(json)?;
        let version = o.need_number("v")?;
        if version != 1 {
            return Err(HeaderError::Archive(ArchiveError::Version(version)));
        }
        let missing = |name: &'static str| HeaderError::Object(ObjectError::Missing(name));
        let id = |name: &'static str| {
            let id = o.need(name)?;
            unhex::<16>(id).map(|_| id.to_owned()).ok_or(missing(name))
        };
        let bytes = |name: &'static str| unb64(o.need(name)?).ok_or(ObjectError::Missing(name));
        let cost = |name| u32::try_from(o.need_number(name)?).map_err(|_| HeaderError::Archive(ArgonError::OutOfBounds.into()));
        if o.need("kdf")? != "argon2id" {
            return Err(missing("kdf"));
        }
        Ok(Self {
            catalog_id: id("catalogId")?,
            instance_id: id("instanceId")?,
            created_at: o.need("createdAt")?.parse().map_err(|_| missing("createdAt"))?,
            name: o.words("name"),
            dr_passphrase: o.need_number("drPassphrase")?,
            params: Params { m: cost("m")?, t: cost("t")?, p: cost("p")? },
            salt: bytes("salt")?.try_into().map_err(|_| missing("salt"))?,
            check: bytes("check")?.try_into().map_err(|_| missing("check"))?,
            raw,
        })
    }

    /// What opens the archive. `available` memory in KiB.
    ///
    /// # Errors
    /// [`ArchiveError::Passphrase`], [`ArchiveError::Argon`].
    pub fn open(&self, passphrase: &Passphrase, available: u64) -> Result<ArchiveKey, ArchiveError> {
        let root = self.params.derive(passphrase, &self.salt, available)?;
        if bool::from(check(&root).expose()[..].ct_eq(&self.check[..])) {
            Ok(ArchiveKey(expand(&root, b"kastellan.dr.v1 stream")))
        } else {
            Err(ArchiveError::Passphrase)
        }
    }

    /// `"KDR1" || lp(header)`: the stream's associated data.
    pub(super) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// `Argon2id 256 MiB`.
    #[must_use]
    pub fn settings(&self) -> String {
        self.params.words()
    }
}

enum HeaderError {
    Object(ObjectError),
    Archive(ArchiveError),
}

impl From<ObjectError> for HeaderError {
    fn from(error: ObjectError) -> Self {
        Self::Object(error)
    }
}

fn check(root: &Key) -> Key {
    expand(root, b"kastellan.dr.v1 check")
}

/// 8 random bytes, hex: the end of an archive's name.
#[must_use]
pub fn archive_id() -> String {
    let mut id = [0; 8];
    random(&mut id);
    hex(&id)
}
