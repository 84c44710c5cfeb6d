//! Questions on the terminal: a secret without echo, a line with it.
//!
//! Owns: reading keys and lines, waiting for a key or a signal. Must not: judge what was typed. Next: `unlock` and `secrets` ask.

use super::signals::{HUNG_UP, INTERRUPTED, Signals};
use super::terminal::Tty;
use crate::domain::{Act, Changed, Fault, Kind};
use crate::ops::Talk;
use rustix::event::{PollFd, PollFlags, poll};
use zeroize::Zeroizing;

/// The longest that is taken from a prompt, in bytes.
const LONGEST: usize = 4096;

/// Where to ask.
#[derive(Clone)]
pub struct Prompt {
    on: On,
    signals: Signals,
}

#[derive(Clone)]
enum On {
    Terminal(Tty),
    Console(Talk),
}

/// What a key press, or a piece of a paste, means to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A byte of text.
    Byte(u8),
    /// End of the field.
    Enter,
    /// The last character.
    Erase,
    /// The last word.
    EraseWord,
    /// All of it.
    EraseAll,
    /// Complete the word.
    Tab,
    /// Show or hide what is typed.
    Reveal,
}

impl Prompt {
    /// A prompt, where somebody can see it.
    pub fn open(signals: &Signals) -> Option<Self> {
        Tty::open().map(|tty| Self { on: On::Terminal(tty), signals: signals.clone() })
    }

    /// In the console.
    pub fn drawn(talk: &Talk, signals: &Signals) -> Self {
        Self { on: On::Console(talk.clone()), signals: signals.clone() }
    }

    /// The terminal, where it is one.
    ///
    /// # Errors
    /// Where the console asks.
    pub fn tty(&self) -> std::io::Result<&Tty> {
        match &self.on {
            On::Terminal(tty) => Ok(tty),
            On::Console(_) => Err(std::io::Error::other("this is shown on a terminal alone")),
        }
    }

    /// Writes a line for the person.
    pub fn say(&self, text: &str) {
        match &self.on {
            On::Terminal(tty) => {
                tty.say(text);
                tty.say("\n");
            }
            On::Console(talk) => talk.say(text),
        }
    }

    /// Asks for a secret without echo. Pasted line breaks are white space. What is to be read first belongs into `label`: who answers it
    /// at once must find echo off already.
    ///
    /// # Errors
    /// `Kind::Interrupted`.
    pub async fn secret(&self, label: &str) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let tty = match &self.on {
            On::Console(talk) => return talk.ask(label, true).await.ok_or_else(left),
            On::Terminal(tty) => tty.clone(),
        };
        let (prompt, label) = (self.clone(), label.to_owned());
        apart(move || {
            let modes = tty.keys().map_err(|e| broken(&e))?;
            tty.say(&label);
            let mut field = Zeroizing::new(Vec::with_capacity(LONGEST));
            let mut keys = Keys::default();
            loop {
                match prompt.key(&mut keys) {
                    Ok(Key::Enter) => break,
                    Ok(key) => edit(&mut field, key),
                    Err(fault) => {
                        drop(modes);
                        tty.say("\n");
                        return Err(fault);
                    }
                }
            }
            drop(modes);
            tty.say("\n");
            Ok(field)
        })
        .await
    }

    /// Asks for a line that may be seen.
    ///
    /// # Errors
    /// `Kind::Interrupted`.
    pub async fn line(&self, label: &str) -> Result<String, Fault> {
        let tty = match &self.on {
            On::Console(talk) => {
                let answer = talk.ask(label, false).await.ok_or_else(left)?;
                return Ok(String::from_utf8_lossy(&answer).trim().to_owned());
            }
            On::Terminal(tty) => tty.clone(),
        };
        let (prompt, label) = (self.clone(), label.to_owned());
        apart(move || {
            let _modes = tty.lines().map_err(|e| broken(&e))?;
            tty.say(&label);
            let mut line = Vec::new();
            loop {
                match prompt.byte() {
                    Ok(b'\n' | b'\r') => break,
                    Ok(byte) if line.len() < LONGEST => line.push(byte),
                    Ok(_) => {}
                    Err(fault) => {
                        tty.say("\n");
                        return Err(fault);
                    }
                }
            }
            Ok(String::from_utf8_lossy(&line).trim().to_owned())
        })
        .await
    }

    /// Asks a question that only a clear yes answers.
    ///
    /// # Errors
    /// `Kind::Interrupted`.
    pub async fn yes(&self, question: &str) -> Result<bool, Fault> {
        // Not shown as it is typed: whoever takes it for one more question for the passphrase must not read that on the screen.
        let answer = self.secret(&format!("{question} [y/N] ")).await?;
        let yes = matches!(answer.to_ascii_lowercase().as_slice(), b"y" | b"yes");
        self.say(if yes { "yes" } else { "no" });
        Ok(yes)
    }

    /// The next key; the terminal's modes must be set by [`Tty::keys`].
    pub fn key(&self, keys: &mut Keys) -> Result<Key, Fault> {
        loop {
            let byte = self.byte()?;
            if !keys.pasting && matches!(byte, 3 | 28) {
                self.signals.came(INTERRUPTED);
                return Err(left());
            }
            if let Some(key) = keys.take(byte) {
                return Ok(key);
            }
        }
    }

    /// Waits for a byte or a signal.
    fn byte(&self) -> Result<u8, Fault> {
        let tty = self.tty().map_err(|e| broken(&e))?;
        loop {
            let mut fds = [PollFd::new(tty.file(), PollFlags::IN), PollFd::new(self.signals.woken(), PollFlags::IN)];
            match poll(&mut fds, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(broken(&e.into())),
            }
            if self.signals.code().is_some() {
                return Err(left());
            }
            if fds[0].revents().is_empty() {
                continue;
            }
            let mut byte = Zeroizing::new([0u8; 1]);
            match rustix::io::read(tty.file(), &mut *byte) {
                Ok(1) => return Ok(byte[0]),
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                // End of input: Ctrl-D on a line, or the terminal is gone.
                Ok(_) if !fds[0].revents().contains(PollFlags::HUP) => {
                    self.signals.came(INTERRUPTED);
                    return Err(left());
                }
                Ok(_) | Err(_) => {
                    self.signals.came(HUNG_UP);
                    return Err(left());
                }
            }
        }
    }
}

/// Makes keys of bytes: bracketed pastes, escape sequences swallowed.
#[derive(Default)]
pub struct Keys {
    pasting: bool,
    escape: Vec<u8>,
}

impl Keys {
    fn take(&mut self, byte: u8) -> Option<Key> {
        if !self.escape.is_empty() || byte == 0x1b {
            self.escape.push(byte);
            self.end_of_escape();
            return None;
        }
        if self.pasting {
            // A paste is never submitted by a line break in it.
            return match byte {
                b'\n' | b'\r' | b'\t' => Some(Key::Byte(b' ')),
                0..=0x1f | 0x7f => None,
                byte => Some(Key::Byte(byte)),
            };
        }
        match byte {
            // Ctrl-D ends what was typed, as in a shell.
            b'\n' | b'\r' | 0x04 => Some(Key::Enter),
            0x08 | 0x7f => Some(Key::Erase),
            0x17 => Some(Key::EraseWord),
            0x15 => Some(Key::EraseAll),
            b'\t' => Some(Key::Tab),
            0x14 => Some(Key::Reveal),
            0..=0x1f => None,
            byte => Some(Key::Byte(byte)),
        }
    }

    fn end_of_escape(&mut self) {
        let ended = match self.escape.as_slice() {
            [0x1b] | [0x1b, b'[' | b'O'] => false,
            [0x1b, b'[', .., last] => (0x40..=0x7e).contains(last),
            _ => true,
        };
        if ended || self.escape.len() > 16 {
            match self.escape.as_slice() {
                b"\x1b[200~" => self.pasting = true,
                b"\x1b[201~" => self.pasting = false,
                _ => {}
            }
            self.escape.clear();
        }
    }
}

/// Changes a field as a key says.
pub fn edit(field: &mut Zeroizing<Vec<u8>>, key: Key) {
    match key {
        // Never grows beyond what was reserved: growing would leave copies.
        Key::Byte(byte) if field.len() < field.capacity() => field.push(byte),
        Key::Erase => while field.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
        Key::EraseWord => {
            while field.last() == Some(&b' ') {
                field.pop();
            }
            while field.last().is_some_and(|&byte| byte != b' ') {
                field.pop();
            }
        }
        Key::EraseAll => field.clear(),
        _ => {}
    }
}

/// An empty field.
pub fn field() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Vec::with_capacity(LONGEST))
}

/// Runs what waits for a person apart from the runtime's thread, so that signals are heard.
pub async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(left()))
}

fn left() -> Fault {
    Fault::new(Kind::Interrupted, "stopped", "the question was left", Act::say("run it again when ready")).leaving(Changed::Nothing)
}

fn broken(error: &std::io::Error) -> Fault {
    let next = Act::say("use the flags that read a file or a descriptor: --*passphrase-file, --*passphrase-fd");
    Fault::new(Kind::Unexpected, "cannot ask on this terminal", error.to_string(), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(bytes: &[u8]) -> (Vec<u8>, usize) {
        let (mut keys, mut text, mut enters) = (Keys::default(), field(), 0);
        for &byte in bytes {
            match keys.take(byte) {
                Some(Key::Enter) => enters += 1,
                Some(key) => edit(&mut text, key),
                None => {}
            }
        }
        (text.to_vec(), enters)
    }

    #[test]
    fn a_paste_of_several_lines_is_not_submitted() {
        assert_eq!(typed(b"\x1b[200~one\r\ntwo\n\x03three\x1b[201~\r"), (b"one  two three".to_vec(), 1));
    }

    #[test]
    fn arrows_and_control_keys_leave_no_trace() {
        assert_eq!(typed(b"a\x1b[D\x1bOA\x1b[1;5Cb\x01\x00c"), (b"abc".to_vec(), 0));
    }

    #[test]
    fn erasing_takes_whole_characters_and_words() {
        assert_eq!(typed("aä€\x7f\x7f".as_bytes()).0, b"a");
        assert_eq!(typed(b"one two \x17").0, b"one ");
        assert_eq!(typed(b"one two\x15x").0, b"x");
    }
}
