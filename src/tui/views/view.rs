//! What a frame is drawn from.

use crate::app::App;
use crate::domain::Slot;
use crate::tui::theme::Theme;

/// What a frame is drawn from.
pub struct View<'a> {
    /// The console.
    pub app: &'a App,
    /// The colours.
    pub theme: &'a Theme,
    /// Lends the text of a slot.
    pub secret: &'a dyn Fn(Slot) -> &'a [u8],
}
