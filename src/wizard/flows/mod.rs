//! The flows, one file each. Adding one: a file, and a line in [`ALL`].

mod abandon;
mod add;
mod check;
mod parts;
mod policy_add;
mod policy_remove;
mod remove;
mod resume;
mod rotate;
mod set_up;
mod use_;

use super::Wizard;

/// Every flow there is.
pub static ALL: [&Wizard; 10] = [
    &set_up::SET_UP,
    &add::ADD,
    &check::CHECK,
    &use_::USE,
    &rotate::ROTATE,
    &remove::REMOVE,
    &resume::RESUME,
    &abandon::ABANDON,
    &policy_add::POLICY_ADD,
    &policy_remove::POLICY_REMOVE,
];
