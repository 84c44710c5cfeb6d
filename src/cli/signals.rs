//! Signals: the first asks for a stop at the next safe point and wakes a waiting prompt, the second ends the process at once.
//!
//! Owns: which signal came, and so the exit code. Must not: do work in a handler. Next: `prompt` waits on [`Signals::woken`].

use super::terminal;
use crate::domain::Stop;
use rustix::fd::OwnedFd;
use rustix::pipe::{PipeFlags, pipe_with};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::net::unix::pipe::Receiver;
use tokio::signal::unix::{SignalKind, signal};

/// Hung up: the terminal is gone.
pub const HUNG_UP: u8 = 129;
/// Interrupted: Ctrl-C.
pub const INTERRUPTED: u8 = 130;
const QUIT: u8 = 131;
const TERMINATED: u8 = 143;
/// SIGXFSZ, on Linux and macOS alike.
const FILE_SIZE: i32 = 25;

/// What has come so far, shared by all who wait.
#[derive(Clone)]
pub struct Signals {
    stop: Stop,
    code: Arc<AtomicU8>,
    woken: Arc<OwnedFd>,
    wake: Arc<OwnedFd>,
}

impl Signals {
    /// None is listened to: somebody else says what [`Signals::came`].
    pub fn unheard() -> std::io::Result<Self> {
        let (woken, wake) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Ok(Self { stop: Stop::default(), code: Arc::new(AtomicU8::new(0)), woken: Arc::new(woken), wake: Arc::new(wake) })
    }

    /// Begins to listen; needs a runtime.
    pub fn listen() -> std::io::Result<Self> {
        let signals = Self::unheard()?;
        // Under nohup a hang-up stays ignored; a prompt still notices that its terminal is gone.
        let hang_up = (!hang_up_ignored()).then(|| (SignalKind::hangup(), HUNG_UP));
        let kinds = [(SignalKind::interrupt(), INTERRUPTED), (SignalKind::terminate(), TERMINATED), (SignalKind::quit(), QUIT)];
        for (kind, code) in kinds.into_iter().chain(hang_up) {
            let mut coming = signal(kind)?;
            let signals = signals.clone();
            tokio::spawn(async move {
                while coming.recv().await.is_some() {
                    if signals.code().is_some() {
                        terminal::give_back();
                        std::process::exit(i32::from(code));
                    }
                    signals.came(code);
                }
            });
        }
        // Listened to, so that a file that may not grow is an error of the write and not the end of the process.
        drop(signal(SignalKind::from_raw(FILE_SIZE))?);
        Ok(signals)
    }

    /// The wish to stop, for operations.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Notes that the process is to end with `code`; the first one counts.
    pub fn came(&self, code: u8) {
        let _ = self.code.compare_exchange(0, code, Ordering::SeqCst, Ordering::SeqCst);
        self.stop.ask();
        let _ = rustix::io::write(&*self.wake, &[1]);
    }

    /// The exit code of the signal that came, if one did.
    pub fn code(&self) -> Option<u8> {
        match self.code.load(Ordering::SeqCst) {
            0 => None,
            code => Some(code),
        }
    }

    /// Resolves once a signal came.
    pub async fn asked(&self) {
        while self.code().is_none() {
            match self.woken.try_clone().and_then(Receiver::from_owned_fd) {
                Ok(woken) => _ = woken.readable().await,
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// A descriptor that is readable once a signal came.
    pub fn woken(&self) -> &OwnedFd {
        &self.woken
    }
}

/// Whether SIGHUP was ignored when this process began; false where the system does not tell.
fn hang_up_ignored() -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return false };
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
