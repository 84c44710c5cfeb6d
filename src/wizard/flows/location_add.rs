//! Add a location.

use super::parts::{begins, entry, optional, plain, wrong};
use crate::domain::{Facts, Fault, Flow, InvalidName, LocationAdd, LocationName, Request, S3Target, Target, Text};
use crate::wizard::{Answers, Body, Choice, Entry, Goal, Step, Wizard};

/// A folder, or a bucket; probed before it is added.
pub static LOCATION_ADD: Wizard =
    Wizard { name: "location-add", title: "Add a location", serves: |intent| begins(intent, Flow::LocationAdd, "location"), steps, finish };

fn steps(answers: &Answers, _: &Facts) -> Vec<Step> {
    let name = Entry {
        label: "Location",
        initial: String::new(),
        help: "Letters, digits, \"-\" and \".\": it stands in lists, and in no object.",
        optional: false,
        validate: free,
        looks: |_| None,
    };
    let kinds = vec![
        Choice::new("directory", "A folder", "on this machine, or a mounted NFS share"),
        Choice::new("s3", "An S3 bucket", "AWS's, or any server that speaks S3"),
    ];
    let names = vec![
        Choice::new("show", "Policy names stand in it", "its readers learn the names of policies, times, sizes and key ids"),
        Choice::new("hide", "Hide policy names", "its readers learn key ids in place of names; a rescan still brings them back"),
    ];
    let mut steps =
        vec![Step::new("location", "Name of the location", Body::Entry(name)), Step::new("kind", "What kind", Body::Choose(kinds))];
    if answers.text("kind") == "s3" {
        steps.extend([
            checked("bucket", "Bucket", "Bucket", "3 to 63 letters, digits, \".\" and \"-\".", false, bucket),
            checked("prefix", "Prefix", "Prefix", "Everything lies below it; empty: the whole bucket.", true, prefix),
            checked("endpoint", "Endpoint", "Endpoint", "https://host:port; empty: AWS.", true, endpoint),
            entry("region", "Region", "Region", "Empty: as AWS's own settings say.", true),
            checked("ca", "CA file", "CA file", "The certificate that signed the server's, in PEM; empty: the system's.", true, absolute),
            entry(
                "key",
                "Access key",
                "Access key id",
                "Its secret is asked for after the review, and kept encrypted. Empty: AWS's own chain.",
                true,
            ),
        ]);
    } else {
        steps.push(checked("path", "Folder", "Folder", "The whole path, from /. It must be there already, and mounted.", false, absolute));
    }
    steps.push(Step::new("names", "What its readers learn", Body::Choose(names)));
    steps.extend(plain());
    steps
}

fn finish(answers: &Answers, _: &Facts) -> Result<Goal, Fault> {
    let name = super::parts::location_name(answers, "cannot add the location")?;
    let target = if answers.text("kind") == "s3" {
        let bucket = optional(answers, "bucket").ok_or_else(|| wrong("cannot add the location", "no bucket is named"))?;
        let endpoint = optional(answers, "endpoint");
        Target::S3(S3Target {
            bucket,
            prefix: Text::new(answers.text("prefix").trim_matches('/')),
            region: optional(answers, "region"),
            ca_file: optional(answers, "ca"),
            // Servers beside AWS's seldom have a name for each bucket.
            path_style: endpoint.is_some(),
            endpoint,
            access_key_id: optional(answers, "key"),
        })
    } else {
        Target::Directory { path: answers.text("path").into() }
    };
    Ok(Goal::Change(Request::LocationAdd(LocationAdd { name, target, hide_policy_names: answers.text("names") == "hide" })))
}

/// A line of text with rules of its own.
pub fn checked(
    id: &'static str,
    title: &str,
    label: &'static str,
    help: &'static str,
    optional: bool,
    validate: fn(&str, &Answers, &Facts) -> Result<(), String>,
) -> Step {
    Step::new(id, title, Body::Entry(Entry { label, initial: String::new(), help, optional, validate, looks: |_| None }))
}

fn free(text: &str, _: &Answers, facts: &Facts) -> Result<(), String> {
    let name: LocationName = text.parse().map_err(|e: InvalidName| e.0)?;
    facts.location(&name).map_or(Ok(()), |other| Err(format!("location {} exists already", other.name)))
}

fn bucket(text: &str, _: &Answers, _: &Facts) -> Result<(), String> {
    let right = (3..=63).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    if right { Ok(()) } else { Err("a bucket's name has 3 to 63 letters, digits, \".\" and \"-\"".into()) }
}

fn prefix(text: &str, _: &Answers, _: &Facts) -> Result<(), String> {
    let wrong = text.trim_matches('/').split('/').any(|part| matches!(part, "" | "." | ".."));
    if wrong { Err("a prefix has no empty part, no \".\" and no \"..\"".into()) } else { Ok(()) }
}

fn endpoint(text: &str, _: &Answers, _: &Facts) -> Result<(), String> {
    if text.starts_with("https://") || text.starts_with("http://") {
        Ok(())
    } else {
        Err("it begins with https:// (http:// only on this machine itself)".into())
    }
}

/// A whole path.
pub fn absolute(text: &str, _: &Answers, _: &Facts) -> Result<(), String> {
    if text.starts_with('/') { Ok(()) } else { Err("the whole path, beginning with /".into()) }
}
