//! The clipboard: tmux's buffer inside tmux, else the terminal's own (OSC 52). Public texts only, bounded, never failing hard.

use super::terminal::Guard;
use crate::domain::Text;
use crossterm::Command as _;
use crossterm::clipboard::CopyToClipboard;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

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
    if std::env::var_os("TMUX").is_some() && through(&mut Command::new("tmux"), &text, PATIENCE).is_some() {
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

/// Copies a text that a person asked to have, however long a terminal takes it; the copies made on the way are wiped.
///
/// # Errors
/// In words.
pub fn copy_secret(text: &[u8], terminal: &Guard) -> Result<Text, Text> {
    let Ok(words) = std::str::from_utf8(text) else { return Err("not copied: it is no text".into()) };
    if words.is_empty() {
        return Err("not copied: there is nothing any more".into());
    }
    if std::env::var_os("TMUX").is_some() && through(&mut Command::new("tmux"), words, PATIENCE).is_some() {
        return Ok("copied to the tmux buffer: delete it there when it is pasted".into());
    }
    let mut sequence = Zeroizing::new(String::with_capacity(2 * text.len() + 64));
    let made = CopyToClipboard::to_clipboard_from(text).write_ansi(&mut *sequence);
    match made.ok().and_then(|()| terminal.write(sequence.as_bytes()).ok()) {
        Some(()) => Ok("copied through the terminal (OSC 52), if it takes that much".into()),
        None => Err("not copied".into()),
    }
}

/// How long tmux may take: one that hangs must not take the console with it.
const PATIENCE: Duration = Duration::from_millis(500);

/// Through tmux; `-w` also passes it on to the terminal outside.
fn through(command: &mut Command, text: &str, patience: Duration) -> Option<()> {
    command.args(["load-buffer", "-w", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut tmux = command.spawn().ok()?;
    let sent = tmux.stdin.take()?.write_all(text.as_bytes());
    let since = Instant::now();
    loop {
        match tmux.try_wait().ok()? {
            Some(ended) => return (sent.is_ok() && ended.success()).then_some(()),
            None if since.elapsed() < patience => std::thread::sleep(Duration::from_millis(5)),
            None => {
                let _ = tmux.kill();
                let _ = tmux.wait();
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shell that does `script` in tmux's place.
    fn shell(script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn a_tmux_that_hangs_is_not_waited_for() {
        let long = Duration::from_mins(1);
        assert_eq!(through(&mut shell("exec sleep 600"), "text", Duration::from_millis(50)), None);
        assert_eq!(through(&mut shell("cat >/dev/null; exit 1"), "text", long), None, "tmux that refuses");
        assert_eq!(through(&mut shell("cat >/dev/null"), "text", long), Some(()));
    }
}
