//! Wall clock and boot clock: real, or set by a test.

use crate::domain::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock.
#[derive(Clone)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The machine's.
    #[must_use]
    pub fn real() -> Self {
        Self(None)
    }

    /// One that a test sets, in Unix seconds; it also drives the boot clock.
    #[must_use]
    pub fn set(seconds: Arc<AtomicI64>) -> Self {
        Self(Some(seconds))
    }

    /// Wall time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        if let Some(set) = &self.0 {
            return Timestamp::from_unix(set.load(Ordering::SeqCst));
        }
        let seconds = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX).saturating_neg(),
        };
        Timestamp::from_unix(seconds)
    }

    /// Time since boot, suspended time included (`CLOCK_BOOTTIME`), so that sleeping counts for idle locks.
    #[must_use]
    pub fn boot(&self) -> Duration {
        if let Some(set) = &self.0 {
            return Duration::from_secs(u64::try_from(set.load(Ordering::SeqCst)).unwrap_or(0));
        }
        let time = clock_gettime(BOOT);
        Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const BOOT: ClockId = ClockId::Boottime;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const BOOT: ClockId = ClockId::Monotonic;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_clock_drives_both() {
        let seconds = Arc::new(AtomicI64::new(1_700_000_000));
        let clock = Clock::set(seconds.clone());
        let boot = clock.boot();
        assert_eq!(clock.now().unix(), 1_700_000_000);
        seconds.fetch_add(90, Ordering::SeqCst);
        assert_eq!(clock.now().unix(), 1_700_000_090);
        assert_eq!(clock.boot().saturating_sub(boot).as_secs(), 90);
    }

    #[test]
    fn the_real_one_runs() {
        let clock = Clock::real();
        assert!(clock.now().unix() > 1_700_000_000);
        let first = clock.boot();
        assert!(first > Duration::ZERO);
        assert!(clock.boot() >= first);
    }
}
