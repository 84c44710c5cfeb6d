//! `LOC`: where a location is, as flags.
//!
//! Owns: their names, and what is refused before anything is contacted. Must not: contact anything.

use super::families::{Family, Flags};
use crate::domain::{Act, Fault, Kind, S3Target, Target, Text};
use std::path::PathBuf;

/// Where a location is.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Where it is")]
pub struct Loc {
    /// A folder, such as a mounted NFS share
    #[arg(long, value_name = "DIR", conflicts_with = "s3")]
    pub directory: Option<PathBuf>,
    /// An S3 bucket
    #[arg(long, value_name = "BUCKET")]
    pub s3: Option<String>,
    /// What all object names in the bucket begin with
    #[arg(long, value_name = "PREFIX", requires = "s3")]
    pub prefix: Option<String>,
    /// Where the bucket answers, if it is not AWS
    #[arg(long, value_name = "URL", requires = "s3")]
    pub endpoint: Option<String>,
    /// The bucket's region
    #[arg(long, value_name = "REGION", requires = "s3")]
    pub region: Option<String>,
    /// The certificates to trust, PEM
    #[arg(long, value_name = "FILE", requires = "s3")]
    pub ca_file: Option<PathBuf>,
    /// The bucket stands in the path, not in the host's name
    #[arg(long, requires = "s3")]
    pub path_style: bool,
    /// The access key's id, whose secret key is stored encrypted; without it: AWS's standard chain
    #[arg(long, value_name = "ID", requires = "s3")]
    pub access_key_id: Option<String>,
    /// Read the secret key from this file, which only its owner can read
    #[arg(long, value_name = "FILE", requires = "access_key_id", conflicts_with = "secret_key_fd")]
    pub secret_key_file: Option<PathBuf>,
    /// Read it from this inherited descriptor
    #[arg(long, value_name = "N", requires = "access_key_id")]
    pub secret_key_fd: Option<i32>,
}

impl Flags for Loc {
    fn family(&self) -> Family {
        Family { name: "secret-key", file: self.secret_key_file.clone(), fd: self.secret_key_fd, ..Family::default() }
    }
}

impl Loc {
    /// The target; None where no flag names one.
    ///
    /// # Errors
    /// `Kind::Usage` for an address that is none.
    pub fn target(&self) -> Result<Option<Target>, Fault> {
        if let Some(path) = &self.directory {
            let absolute = std::path::absolute(path).map_err(|e| wrong(&e.to_string()))?;
            let shown = absolute.to_str().ok_or_else(|| wrong("a folder's name must be UTF-8"))?;
            return Ok(Some(Target::Directory { path: plain("the folder", shown)? }));
        }
        let Some(bucket) = &self.s3 else { return Ok(None) };
        let bucket = bucket.strip_prefix("s3://").unwrap_or(bucket);
        // `s3://bucket/some/prefix` is what people paste.
        let (bucket, below) = bucket.split_once('/').unwrap_or((bucket, ""));
        let right = (3..=63).contains(&bucket.len()) && bucket.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        if !right {
            return Err(wrong("a bucket's name has 3 to 63 letters, digits, \".\" and \"-\""));
        }
        let prefix = self.prefix.as_deref().unwrap_or(below).trim_matches('/');
        if self.prefix.is_some() && !below.is_empty() {
            return Err(wrong("the prefix is given twice"));
        }
        if prefix.split('/').any(|part| part == "." || part == ".." || (part.is_empty() && !prefix.is_empty())) {
            return Err(wrong("a prefix has no empty part, no \".\" and no \"..\""));
        }
        let endpoint = self.endpoint.as_deref().map(|e| plain("the endpoint", e.trim_end_matches('/'))).transpose()?;
        if endpoint.as_ref().is_some_and(|e| !e.to_string().starts_with("https://") && !e.to_string().starts_with("http://")) {
            return Err(wrong("an endpoint begins with https:// (http:// only on this machine itself)"));
        }
        let ca_file = match &self.ca_file {
            None => None,
            Some(path) => {
                let absolute = std::path::absolute(path).map_err(|e| wrong(&e.to_string()))?;
                Some(plain("the certificate file", absolute.to_str().ok_or_else(|| wrong("a file's name must be UTF-8"))?)?)
            }
        };
        Ok(Some(Target::S3(S3Target {
            bucket: bucket.into(),
            prefix: plain("the prefix", prefix)?,
            endpoint,
            region: self.region.as_deref().map(|r| plain("the region", r)).transpose()?,
            ca_file,
            path_style: self.path_style,
            access_key_id: self.access_key_id.as_deref().map(|id| plain("the access key's id", id)).transpose()?,
        })))
    }

    /// As if the flags had named this target; None: as if there were none.
    pub fn set(&mut self, target: Option<&Target>) {
        let path = |text: &Text| PathBuf::from(text.to_string());
        match target {
            Some(Target::Directory { path: folder }) => self.directory = Some(path(folder)),
            Some(Target::S3(s3)) => {
                self.s3 = Some(s3.bucket.to_string());
                self.prefix = Some(s3.prefix.to_string()).filter(|prefix| !prefix.is_empty());
                self.endpoint = s3.endpoint.as_ref().map(ToString::to_string);
                self.region = s3.region.as_ref().map(ToString::to_string);
                self.ca_file = s3.ca_file.as_ref().map(path);
                self.path_style = s3.path_style;
                self.access_key_id = s3.access_key_id.as_ref().map(ToString::to_string);
            }
            None => {}
        }
    }

    /// The target, which must be named.
    ///
    /// # Errors
    /// `Kind::Usage`.
    pub fn need(&self) -> Result<Target, Fault> {
        self.target()?.ok_or_else(|| wrong("neither --directory nor --s3 is given"))
    }
}

/// A text that is shown as it is: what is recorded is what a person saw.
fn plain(what: &str, text: &str) -> Result<Text, Fault> {
    let clean = Text::new(text);
    if clean.to_string() == text { Ok(clean) } else { Err(wrong(&format!("{what} holds characters that cannot be shown, or is too long"))) }
}

fn wrong(why: &str) -> Fault {
    let next = Act::say("--directory /mnt/backups, or --s3 BUCKET [--prefix P --endpoint URL --region R]");
    Fault::new(Kind::Usage, "location not taken", why, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_as_people_write_them() {
        let s3 = |bucket: &str, prefix: Option<&str>| Loc { s3: Some(bucket.into()), prefix: prefix.map(Into::into), ..Loc::default() };
        let address = |loc: Loc| loc.need().map(|t| t.address().to_string());
        assert_eq!(address(s3("backups", Some("/k10/dr/"))).unwrap(), "s3://backups/k10/dr");
        assert_eq!(address(s3("s3://backups/k10", None)).unwrap(), "s3://backups/k10");
        for (bucket, prefix) in
            [("ab", None), ("a b c", None), ("backups", Some("../x")), ("backups", Some("a//b")), ("backups/x", Some("y"))]
        {
            assert!(address(s3(bucket, prefix)).is_err(), "{bucket} {prefix:?}");
        }
        assert!(Loc { directory: Some("/mnt/\x1b[2J".into()), ..Loc::default() }.need().is_err());
        assert!(Loc::default().need().is_err());
        assert!(Loc { endpoint: Some("ftp://x".into()), ..s3("backups", None) }.need().is_err());
    }
}
