//! Archive now.

use super::parts::{begins, plain};
use crate::domain::{DrArchive, Flow, Request};
use crate::wizard::{Goal, Wizard};

/// To every location, each archive proved.
pub static DR_ARCHIVE: Wizard = Wizard {
    name: "dr-archive",
    title: "Archive the catalog now",
    serves: |intent| begins(intent, Flow::DrArchive, ""),
    steps: |_, _| plain(),
    finish: |_, _| Ok(Goal::Change(Request::DrArchive(DrArchive { if_needed: false }))),
};
