//! Names: what may be called how.

use super::Text;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Why a name is refused, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidName(pub String);

macro_rules! plain {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }
        impl TryFrom<String> for $name {
            type Error = $crate::domain::InvalidName;
            fn try_from(name: String) -> Result<Self, Self::Error> {
                name.parse()
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}
pub(super) use plain;

/// A name of our own catalogs: `[A-Za-z0-9][A-Za-z0-9._-]{0,62}`, kept as written, unique without regard to case.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// As written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// What makes it unique: the name in lower case, which is also its record's id.
            #[must_use]
            pub fn id(&self) -> String {
                self.0.to_ascii_lowercase()
            }

            /// Whether both name the same.
            #[must_use]
            pub fn same(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::InvalidName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                $crate::domain::name::check($what, name).map(|()| Self(name.to_owned()))
            }
        }
        $crate::domain::name::plain!($name);
    };
}
pub(super) use named;

/// Whether `name` may name a `what` of ours.
pub(super) fn check(what: &str, name: &str) -> Result<(), InvalidName> {
    let refuse = |why: &str| Err(InvalidName(format!("{what} name \"{}\" {why}", Text::new(name).fit(60))));
    if name.is_empty() {
        return refuse("is empty");
    }
    if name.len() > 63 {
        return refuse(&format!("has {} bytes; at most 63 are allowed", name.len()));
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        return refuse("may hold only letters A-Z, digits, \".\", \"_\" and \"-\"");
    }
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return refuse("must begin with a letter or a digit");
    }
    Ok(())
}

named! {
    /// A passkey's name: `[A-Za-z0-9][A-Za-z0-9._-]{0,62}`, kept as written, unique without regard to case.
    PasskeyName, "passkey"
}

impl PasskeyName {
    /// The name of the first passkey unless told otherwise, as Kasten K10 has it.
    pub const DEFAULT: &'static str = "k10MasterKey";
}

/// A policy's name: an RFC 1123 subdomain of at most 253 bytes. The name is the identity: its key derives from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PolicyName(String);

impl PolicyName {
    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PolicyName {
    type Err = InvalidName;

    fn from_str(name: &str) -> Result<Self, InvalidName> {
        let refuse = |why: &str| Err(InvalidName(format!("policy name \"{}\" {why}", Text::new(name).fit(60))));
        if name.is_empty() {
            return refuse("is empty");
        }
        if name.len() > 253 {
            return refuse(&format!("has {} bytes; at most 253 are allowed", name.len()));
        }
        if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b)) {
            return refuse(
                "may hold only a-z, digits, \"-\" and \".\" (an RFC 1123 subdomain); it is never repaired, because the key derives from it",
            );
        }
        let edges = |label: &str| label.starts_with('-') || label.ends_with('-') || label.is_empty();
        if name.split('.').any(edges) {
            return refuse("must begin and end each part with a letter or a digit");
        }
        Ok(Self(name.to_owned()))
    }
}

plain!(PolicyName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkey_names() {
        for good in ["k10MasterKey", "a", "0.x_y-Z", &"a".repeat(63)] {
            assert!(good.parse::<PasskeyName>().is_ok(), "{good}");
        }
        for bad in ["", "-a", ".a", "a b", "ä", "a/b", "a\x1b", &"a".repeat(64)] {
            assert!(bad.parse::<PasskeyName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn policy_names() {
        for good in ["app-daily", "a.b", "0", &"a".repeat(253)] {
            assert!(good.parse::<PolicyName>().is_ok(), "{good}");
        }
        for bad in ["", "App", "a_b", "-a", "a-", "a..b", "a.-b", ".a", "a.", "a\0", &"a".repeat(254)] {
            assert!(bad.parse::<PolicyName>().is_err(), "{bad}");
        }
    }
}
