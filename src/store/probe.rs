//! Trying out what a location lets us do.

use super::{Placed, Store};
use crate::crypto::random;
use crate::domain::{Act, Fault, Kind};
use futures_util::StreamExt;
use std::fmt::Write;

/// One right, and whether it is there.
#[derive(Debug, Clone)]
pub struct Right {
    /// `write`, `read`, `list` or `delete`.
    pub name: &'static str,
    /// The fault says why it is not.
    pub outcome: Result<(), Fault>,
}

/// Tries every right by using it on a probe of a random name, and takes the probe away again. Where nothing may be written, only listing.
pub async fn probe(store: &dyn Store, writes: bool) -> Vec<Right> {
    if !writes {
        return vec![Right { name: "list", outcome: listed(store, None).await }];
    }
    let mut random_bytes = [0; 16];
    random(&mut random_bytes);
    let id = random_bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    let (name, content) = (format!("probes/{id}"), format!("kastellan location check {id}\n"));
    let written = match store.create(&name, content.as_bytes()).await {
        Ok(Placed::Created) => Ok(()),
        Ok(Placed::Exists) => Err(wrong(store, "an object of a name that was just made up is there already")),
        Err(fault) => Err(fault),
    };
    let mut rights = vec![Right { name: "write", outcome: written.clone() }];
    if written.is_ok() {
        let read = match store.get(&name, 1024).await {
            Ok(Some(bytes)) if bytes == content.as_bytes() => Ok(()),
            Ok(_) => Err(wrong(store, "what was written is not what is read back")),
            Err(fault) => Err(fault),
        };
        rights.push(Right { name: "read", outcome: read });
    }
    rights.push(Right { name: "list", outcome: listed(store, written.is_ok().then_some(name.as_str())).await });
    if written.is_ok() {
        let deleted = match store.remove(&name).await {
            Ok(true) => match store.look(&name).await {
                Ok(None) => Ok(()),
                Ok(Some(_)) => Err(wrong(store, "the probe is still there after it was deleted")),
                Err(fault) => Err(fault),
            },
            Ok(false) => Err(wrong(store, "the probe was gone before it was deleted")),
            Err(fault) => Err(fault),
        };
        rights.push(Right { name: "delete", outcome: deleted });
    }
    rights
}

async fn listed(store: &dyn Store, wanted: Option<&str>) -> Result<(), Fault> {
    let mut all = store.list("probes");
    let mut found = false;
    while let Some(listed) = all.next().await {
        found |= Some(listed?.name.as_str()) == wanted;
        if found {
            break;
        }
    }
    if found || wanted.is_none() { Ok(()) } else { Err(wrong(store, "what was written does not list")) }
}

fn wrong(store: &dyn Store, cause: &str) -> Fault {
    let next = Act::say("look at that disk or server: a location must keep what it is given");
    Fault::new(Kind::Unreachable, format!("cannot use {}", store.place()), cause, next)
}
