//! What is written where: data to standard output, everything else to standard error.
//!
//! Owns: `-o`, the end of a reader that closes early, notes and progress. Must not: gather facts. Next: verbs call
//! [`Out::list`] and [`Out::one`].

pub use super::table::Table;
use crate::domain::{Act, Changed, Fault, Kind};
use crate::host::why;
use crate::ops::{Resource, Talk, to_json_list, to_yaml_list};
use std::io::{ErrorKind, IsTerminal, Write};

/// How data is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns.
    #[default]
    Table,
    /// More columns.
    Wide,
    /// Kubernetes-shaped JSON.
    Json,
    /// Kubernetes-shaped YAML.
    Yaml,
    /// One `kind.group/name` a line.
    Name,
    /// Prometheus text, of `readiness` alone.
    Prometheus,
}

/// How a verb ends where it does not end well.
pub enum End {
    /// Something went wrong, or the answer is no.
    Fault(Box<Fault>),
    /// The reader of standard output has had enough of what only exit code 0 calls complete.
    Cut,
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

/// Where a verb writes.
#[derive(Clone)]
pub struct Out {
    /// `-o`.
    pub format: Format,
    /// `-q`.
    pub quiet: bool,
    /// Colour on standard output.
    pub color: bool,
    /// The console that shows it, and asks, where one does.
    pub talk: Option<Talk>,
}

/// A list in all its forms; only the one that [`Out::tabular`] says is looked at.
pub struct List<'a> {
    /// `Passkey`, `Policy`: the kind of an item.
    pub kind: &'a str,
    /// The items.
    pub items: Vec<Resource>,
    /// The table, for people.
    pub table: Table,
    /// Whether the facts were verified with the keys.
    pub verified: bool,
}

/// The mark of facts that were read without the keys.
pub const LOCKED: &str = "facts not verified: locked";
const ANNOTATION: &str = "kastellan.dev/facts";

impl Out {
    /// Writes data. Where nobody reads any more nothing is written, and what the verb answers by its exit code holds all the same.
    ///
    /// # Errors
    /// A fault where writing fails.
    pub fn data(&self, text: &str) -> Result<(), End> {
        match self.whole(text) {
            Err(End::Cut) => Ok(()),
            ended => ended,
        }
    }

    /// Writes data of which a part is worth nothing.
    ///
    /// # Errors
    /// [`End::Cut`] where nobody reads any more; a fault where writing fails.
    pub fn whole(&self, text: &str) -> Result<(), End> {
        if let Some(talk) = &self.talk {
            talk.say(text);
            return Ok(());
        }
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == ErrorKind::BrokenPipe => Err(End::Cut),
            Err(e) => {
                let next = Act::say("look at where standard output goes: is that disk full?");
                Err(Fault::new(Kind::Unexpected, "cannot write to standard output", why(&e), next).leaving(Changed::Unsaid).into())
            }
        }
    }

    /// Writes a line for people, on standard error; `-q` keeps it back.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.tell(text);
        }
    }

    /// The same, whatever `-q` says.
    pub fn tell(&self, text: &str) {
        match &self.talk {
            Some(talk) => talk.say(text),
            None => tell(text),
        }
    }

    /// Whether a person watches standard error.
    pub fn watched(&self) -> bool {
        !self.quiet && (self.talk.is_some() || std::io::stderr().is_terminal())
    }

    /// Whether a person reads standard output as it comes, and what is told beside it.
    pub fn live(&self) -> bool {
        self.watched() && self.tabular() && (self.talk.is_some() || std::io::stdout().is_terminal())
    }

    /// Whether lists are drawn as tables: one of table and items is enough to fill.
    pub fn tabular(&self) -> bool {
        matches!(self.format, Format::Table | Format::Wide)
    }

    /// A table within a text for people: -o wide has each row on one line.
    pub fn people(&self, table: &Table) -> String {
        if self.format == Format::Wide { table.render(self.color) } else { table.fitted(self.color) }
    }

    /// Writes a list.
    ///
    /// # Errors
    /// As [`Out::data`].
    pub fn list(&self, list: List<'_>) -> Result<(), End> {
        let mark = (!list.verified).then_some(LOCKED);
        match self.format {
            Format::Table | Format::Wide | Format::Prometheus => {
                self.data(&list.table.render(self.color))?;
                if let Some(mark) = mark {
                    self.note(mark);
                }
                Ok(())
            }
            Format::Name => {
                let names: Vec<String> = list.items.iter().map(|item| name_of(item) + "\n").collect();
                self.data(&names.concat())?;
                if let Some(mark) = mark {
                    self.note(mark);
                }
                Ok(())
            }
            Format::Json | Format::Yaml if mark.is_none() => self.data(&match self.format {
                Format::Json => to_json_list(list.kind, &list.items),
                _ => to_yaml_list(list.kind, &list.items),
            }),
            Format::Json | Format::Yaml => {
                let head: serde_json::Value = serde_json::from_str(&to_json_list(list.kind, &[])).unwrap_or_default();
                let items: Vec<serde_json::Value> = list.items.into_iter().map(|item| item.0).collect();
                self.structured(&Resource(serde_json::json!({
                    "apiVersion": head["apiVersion"],
                    "kind": head["kind"],
                    "metadata": { "annotations": { ANNOTATION: "not verified: locked" } },
                    "items": items,
                })))
            }
        }
    }

    /// Writes one resource; `people` is what a table shows.
    ///
    /// # Errors
    /// As [`Out::data`].
    pub fn one(&self, resource: Resource, people: &str, verified: bool) -> Result<(), End> {
        let mark = (!verified).then_some(LOCKED);
        match self.format {
            Format::Json | Format::Yaml => {
                let mut resource = resource;
                if mark.is_some()
                    && let Some(metadata) = resource.0.get_mut("metadata").and_then(serde_json::Value::as_object_mut)
                {
                    let notes = metadata.entry("annotations").or_insert_with(|| serde_json::json!({}));
                    if let Some(notes) = notes.as_object_mut() {
                        notes.insert(ANNOTATION.into(), "not verified: locked".into());
                    }
                }
                self.structured(&resource)
            }
            _ => {
                match self.format {
                    Format::Name => self.data(&format!("{}\n", name_of(&resource)))?,
                    _ => self.data(people)?,
                }
                if let Some(mark) = mark {
                    self.note(mark);
                }
                Ok(())
            }
        }
    }

    fn structured(&self, resource: &Resource) -> Result<(), End> {
        self.data(&if self.format == Format::Json { resource.to_json() } else { resource.to_yaml() })
    }
}

/// Writes a line on standard error, whatever `-q` says; a closed one is nobody's fault.
pub fn tell(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "{text}").and_then(|()| err.flush());
}

/// `passkey.vault.kio.kasten.io/k10MasterKey`, as kubectl has it.
fn name_of(resource: &Resource) -> String {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let kind = text(&resource.0["kind"]).to_ascii_lowercase();
    let group = text(&resource.0["apiVersion"]);
    let group = group.split('/').next().unwrap_or_default();
    format!("{kind}.{group}/{}", text(&resource.0["metadata"]["name"]))
}
