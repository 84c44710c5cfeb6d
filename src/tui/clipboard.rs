//! The clipboard: tmux's buffer inside tmux, else the terminal's own (OSC 52). Public texts only, bounded, never failing hard.

use super::terminal::Guard;
use crate::domain::Text;
use crossterm::Command as _;
use crossterm::clipboard::CopyToClipboard;
use std::io::Write;
use std::process::{Command, Stdio};

/// The longest text that is copied, in bytes: what terminals and multiplexers let pass.
const LONGEST: usize = 4096;

/// Copies; how, or why not.
///
/// # Errors
/// In words.
pub fn copy(text: &Text, terminal: &Guard) -> Result<Text, Text> {
    let text = text.to_string();
    if text.len() > LONGEST {
        return Err(format!("not copied: {} bytes are more than a clipboard takes ({LONGEST})", text.len()).into());
    }
    if std::env::var_os("TMUX").is_some() && to_tmux(&text).is_some() {
        return Ok("copied to the tmux buffer".into());
    }
    let mut sequence = String::new();
    if CopyToClipboard::to_clipboard_from(text.as_bytes()).write_ansi(&mut sequence).is_err() {
        return Err("not copied".into());
    }
    match terminal.write(sequence.as_bytes()) {
        Ok(()) => Ok("copied through the terminal (OSC 52)".into()),
        Err(e) => Err(format!("not copied: {e}").into()),
    }
}

/// `-w` also passes it on to the terminal outside.
fn to_tmux(text: &str) -> Option<()> {
    let mut command = Command::new("tmux");
    command.args(["load-buffer", "-w", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut tmux = command.spawn().ok()?;
    let sent = tmux.stdin.take()?.write_all(text.as_bytes());
    let ended = tmux.wait().ok()?;
    (sent.is_ok() && ended.success()).then_some(())
}
