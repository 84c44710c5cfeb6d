//! Waiting on the boot clock: the time that a laptop sleeps counts, and what fell due meanwhile is heard at once on waking.

use std::time::Duration;

/// Waits until `duration` has passed since boot time now, suspended time included.
#[cfg(target_os = "linux")]
pub async fn after(duration: Duration) {
    use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;
    let armed = || {
        let timer = timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        // A timer of zero would never go off.
        let value = Timespec::try_from(duration.max(Duration::from_nanos(1))).map_err(|_| rustix::io::Errno::INVAL)?;
        let once = Itimerspec { it_interval: Timespec::default(), it_value: value };
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once)?;
        #[allow(deprecated)] // Its successor is unsafe; the descriptor is owned by what registers it.
        AsyncFd::with_interest(timer, Interest::READABLE).map_err(|_| rustix::io::Errno::INVAL)
    };
    match armed() {
        Ok(timer) => drop(timer.readable().await.ok()),
        Err(_) => tokio::time::sleep(duration).await,
    }
}

/// Waits until `duration` has passed; where there is no boot clock, time asleep does not count before the next message.
#[cfg(not(target_os = "linux"))]
pub async fn after(duration: Duration) {
    tokio::time::sleep(duration).await;
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_goes_off_and_not_before() {
        after(Duration::ZERO).await;
        let early = tokio::time::timeout(Duration::from_millis(50), after(Duration::from_hours(1))).await;
        assert!(early.is_err());
        after(Duration::from_millis(5)).await;
    }
}
