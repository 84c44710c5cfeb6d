//! What a server and the way to it say, as faults.

use crate::domain::{Act, Fault, Kind, Text};
use object_store::Error;
use std::time::Duration;

/// What was asked of the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Reading an object.
    Get,
    /// Looking at one.
    Head,
    /// Writing one.
    Put,
    /// Deleting one.
    Delete,
    /// Listing them.
    List,
}

impl Asked {
    fn verb(self) -> &'static str {
        match self {
            Self::Get => "read",
            Self::Head => "look at",
            Self::Put => "write",
            Self::Delete => "delete",
            Self::List => "list",
        }
    }

    /// The action as S3's policies name it.
    fn action(self) -> &'static str {
        match self {
            Self::Get | Self::Head => "GetObject",
            Self::Put => "PutObject",
            Self::Delete => "DeleteObject",
            Self::List => "ListBucket",
        }
    }
}

/// An error as a fault.
pub fn of(asked: Asked, name: &str, place: &Text, error: &Error) -> Fault {
    let said = words(error);
    // A deletion is refused inside an answer of 200, and object_store puts its code into words of its own.
    let code = between(&said, "<Code>", "</Code>").or_else(|| between(&said, "(code: ", ")"));
    let status = status(&said);
    let has = |word: &str| said.contains(word);
    let (cause, next): (String, &str) = if matches!(error, Error::PermissionDenied { .. } | Error::Unauthenticated { .. })
        || status == Some(403)
        || code == Some("AccessDenied")
    {
        let code = code.unwrap_or("AccessDenied");
        let next = match code {
            "SignatureDoesNotMatch" => "the secret key is wrong: forget the location, and add it with the right one",
            "InvalidAccessKeyId" => "the server does not know the access key: look at its id",
            "ExpiredToken" => "get fresh credentials, then try again",
            "RequestTimeTooSkewed" => "set this machine's clock right",
            _ => "give these credentials that right on the bucket",
        };
        (format!("403 {code} on {}", asked.action()), next)
    } else if code == Some("NoSuchBucket") || has("NoSuchBucket") {
        ("there is no such bucket".into(), "name the right bucket, or make it with the server's own tools")
    } else if matches!(error, Error::NotFound { .. }) {
        ("404 not found".into(), "name the right bucket and prefix")
    } else if has("no AWS credentials") {
        (
            between(&said, "no AWS credentials", "\n")
                .map_or_else(|| "no AWS credentials".into(), |rest| format!("no AWS credentials{rest}")),
            "set up AWS's credentials (aws configure, AWS_PROFILE), or use --access-key-id",
        )
    } else if has("UnknownIssuer") || has("invalid peer certificate") || has("certificate") {
        ("its certificate is not one that this machine trusts".into(), "give its CA: --ca-file FILE.pem")
    } else if has("dns error") || has("failed to lookup") {
        ("its host's name is not known".into(), "look at the endpoint and at this machine's DNS")
    } else if has("Connection refused") || has("tcp connect error") {
        ("nothing answers at its endpoint".into(), "see that the server runs and the endpoint is right")
    } else if has("operation timed out") || has("timed out") {
        ("it did not answer in time".into(), "try again, or wait longer: --timeout 2m")
    } else if let Some(status @ 500..) = status {
        (
            format!("the server answered {status}{}", code.map(|c| format!(" {c}")).unwrap_or_default()),
            "try again later: the server is in trouble",
        )
    } else if let Some(status) = status {
        (
            format!("the server answered {status}{}", code.map(|c| format!(" {c}")).unwrap_or_default()),
            "look at the bucket's region, endpoint and style",
        )
    } else {
        ("the connection was cut, or the answer is not S3's".into(), "try again; look at the endpoint")
    };
    let server = between(&said, "<Message>", "</Message>").map(|m| Text::new(Text::new(m).fit(200)));
    Fault { server, ..Fault::new(Kind::Unreachable, doing(asked, name, place), cause, Act::say(next)) }
}

/// It took too long.
pub fn late(asked: Asked, name: &str, place: &Text, waited: Duration) -> Fault {
    let cause = format!("it did not answer within {} s", waited.as_secs());
    Fault::new(Kind::Unreachable, doing(asked, name, place), cause, Act::say("try again, or wait longer: --timeout 2m"))
}

fn doing(asked: Asked, name: &str, place: &Text) -> String {
    let name = if name.is_empty() { "it" } else { name };
    format!("cannot {} {name} in {place}", asked.verb())
}

/// Whether the object alone is missing, and not the bucket.
pub fn no_object(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. }) && !words(error).contains("NoSuchBucket")
}

/// Whether the server knows no condition on a put.
pub fn not_implemented(error: &Error) -> bool {
    status(&words(error)) == Some(501)
}

/// Whether no answer came at all: the connection was cut or never came about.
pub fn cut(error: &Error) -> bool {
    matches!(error, Error::Generic { .. }) && status(&words(error)).is_none()
}

/// The error and all that caused it.
fn words(error: &Error) -> String {
    let mut said = error.to_string();
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        said.push('\n');
        said.push_str(&source.to_string());
        inner = source;
    }
    said
}

/// The HTTP status in an error's words.
fn status(said: &str) -> Option<u16> {
    let at = said.find("status ").or_else(|| said.find("status code: "))?;
    said[at..].split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 3)?.parse().ok()
}

fn between<'a>(said: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let start = said.find(from)? + from.len();
    let rest = &said[start..];
    Some(&rest[..rest.find(to).unwrap_or(rest.len())])
}
