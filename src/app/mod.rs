//! The console's state, and how it changes: `update(&mut App, Moment, Msg) -> Vec<Effect>`, synchronous and pure.
//!
//! Owns: what is on the screen ([`App`]), the key bindings as records, what every message does. Must not: draw, do I/O, know tokio or
//! ratatui, or hold a secret (a secret field is a slot's number, length and verdict). Every question carries an epoch; an answer to an
//! older one is ignored. Next: `tui` draws `&App` and executes the effects.

mod action;
mod acts;
mod bindings;
mod effect;
mod key;
mod keymap;
mod layers;
mod lists;
mod msg;
mod names;
mod overview;
mod palette;
mod passkeys;
mod progress;
mod reading;
mod sheet;
mod state;
mod talk;
mod update;

#[cfg(test)]
mod tests;

pub use action::Action;
pub use acts::act_words;
pub use bindings::{Binding, Place, binding, bindings, hints};
pub use effect::{Effect, Search, Subject, When};
pub use key::{Key, SecretEdit, secret_edit};
pub use keymap::{Keymap, key_table};
pub use layers::{
    ActionMenu, Details, Doing, FirstScreen, Help, Layer, MenuItem, Palette, PaletteMatch, Question, QuestionKind, TextView, ThemePicker,
    UnlockScreen, YamlView,
};
pub use lists::{ArtifactList, Flash, JournalList, Level, ListState, PasskeyList, PolicyList};
pub use msg::{Moment, Msg, Signal, Timer, Trying};
pub use names::Names;
pub use overview::{Row, Target, overview};
pub use passkeys::{PasskeyRow, details, passkey_columns, passkey_row, policy_details};
pub use progress::{Meter, Progress};
pub use sheet::{Item, Said, TIMES, WIDE, sheet_empty, sheet_heads, sheet_title, verdict_level};
pub use state::{App, Screen, Setup};
pub use talk::{Asked, Talk, TalkField};
pub use update::update;
