//! The flows, one file each. Adding one: a file, and a line in [`ALL`].

mod abandon;
mod add;
mod artifact_remove;
mod check;
mod copy;
mod dr_archive;
mod dr_change;
mod dr_check;
mod dr_disable;
mod dr_enable;
mod dr_prune;
mod dr_take_over;
mod export;
mod kit_make;
mod location_add;
mod location_forget;
mod parts;
mod policy_add;
mod policy_remove;
mod remove;
mod rescan;
mod resume;
mod rotate;
mod seal;
mod set_up;
mod sweep;
mod use_;

use super::Wizard;

/// Every flow there is.
pub static ALL: [&Wizard; 26] = [
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
    &location_add::LOCATION_ADD,
    &location_forget::LOCATION_FORGET,
    &rescan::RESCAN,
    &sweep::SWEEP,
    &seal::SEAL,
    &copy::COPY,
    &artifact_remove::ARTIFACT_REMOVE,
    &export::EXPORT,
    &kit_make::KIT_MAKE,
    &dr_enable::DR_ENABLE,
    &dr_check::DR_CHECK,
    &dr_archive::DR_ARCHIVE,
    &dr_change::DR_CHANGE,
    &dr_prune::DR_PRUNE,
    &dr_take_over::DR_TAKE_OVER,
    &dr_disable::DR_DISABLE,
];
