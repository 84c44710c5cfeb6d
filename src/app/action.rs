//! What a key, a menu or the palette can ask for, by name.

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// The help overlay.
    Help,
    /// The palette.
    Palette,
    /// Narrow the list.
    Filter,
    /// Sort by the next column.
    Sort,
    /// Turn the order round.
    Reverse,
    /// One row down.
    Down,
    /// One row up.
    Up,
    /// The first row.
    First,
    /// The last row.
    Last,
    /// Half a page down.
    HalfDown,
    /// Half a page up.
    HalfUp,
    /// A page down.
    PageDown,
    /// A page up.
    PageUp,
    /// The overview.
    Overview,
    /// The passkeys.
    Passkeys,
    /// The policies.
    Policies,
    /// Locations and artifacts.
    Artifacts,
    /// DR and drills.
    Dr,
    /// The readiness matrix.
    Readiness,
    /// The journal.
    Journal,
    /// The other pane, section or field.
    Pane,
    /// The screen before.
    Previous,
    /// Open, go on, do.
    Enter,
    /// Go back.
    Back,
    /// Show or hide the lower pane.
    Details,
    /// YAML.
    Yaml,
    /// Copy the public id.
    Copy,
    /// Read again.
    Refresh,
    /// Draw everything anew.
    Redraw,
    /// The action menu of the row.
    Menu,
    /// Add.
    New,
    /// Check the passkey.
    Check,
    /// Put the passkey in use.
    Use,
    /// Rotate to a new passkey.
    Rotate,
    /// Verify the journal.
    Verify,
    /// History of flashes and errors.
    Errors,
    /// `q` at the root: says "q again quits".
    QuitAtRoot,
    /// Quit.
    Quit,
    /// Suspend.
    Suspend,
    /// Lock.
    Lock,
    /// Show or hide what is typed.
    Reveal,
    /// Back one step.
    StepBack,
    /// Search for slips on the unlock screen.
    Slips,
    /// Stop the running operation (by palette).
    Stop,
    /// Remove the passkey (by action menu and palette).
    Remove,
}
