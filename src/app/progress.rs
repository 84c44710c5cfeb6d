//! How far a running operation is, in words and as a share: what the header and the run of a flow draw, whatever lies on top.

use super::App;
use crate::domain::{Event, Request, StepId, Text, Timestamp, bytes};

/// Where a step's counting began, so that there is a rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    step: StepId,
    since: Timestamp,
    from: u64,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Of a hundred, where the whole is known.
    pub percent: Option<u8>,
    /// `1.4 GiB of 4.0 GiB, 512 MiB/s, 5 s left`.
    pub words: Text,
}

impl App {
    /// Notes where counting begins.
    pub(super) fn meter(&mut self, event: &Event) {
        if let Event::Progress { step, done, .. } = event
            && self.meter.as_ref().is_none_or(|meter| meter.step != *step)
        {
            self.meter = Some(Meter { step: step.clone(), since: self.now, from: *done });
        }
    }

    /// How far the running operation's step is, where it says so.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        let running = self.operation.as_ref().filter(|op| op.runs())?;
        let line = running.now()?;
        let (done, total) = line.progress?;
        // Rescans count objects; all else counts bytes.
        let counted = |n: u64| if matches!(running.plan.request, Request::Rescan(_)) { n.to_string() } else { bytes(n) };
        let mut words = match total {
            Some(total) => format!("{} of {}", counted(done), counted(total)),
            None => counted(done),
        };
        let seconds = self.meter.as_ref().filter(|m| m.step == line.id).map(|m| (self.now.since(m.since), m.from));
        if let Some((seconds @ 1.., from)) = seconds {
            let rate = done.saturating_sub(from) / seconds.unsigned_abs();
            words = format!("{words}, {}/s", counted(rate));
            if let Some(left) = total.map(|total| total.saturating_sub(done)).filter(|_| rate > 0) {
                words = format!("{words}, {} s left", left.div_ceil(rate));
            }
        }
        let percent =
            total.filter(|total| *total > 0).map(|total| u8::try_from(u128::from(done) * 100 / u128::from(total)).unwrap_or(100).min(100));
        Some(Progress { percent, words: words.into() })
    }

    /// What runs here, in a line for any screen: `artifact seal 35 %`.
    #[must_use]
    pub fn running_words(&self) -> Option<String> {
        let running = self.operation.as_ref().filter(|op| op.runs())?;
        let verb = running.plan.request.verb();
        Some(match (self.progress().and_then(|p| p.percent), running.now()) {
            (Some(percent), _) => format!("{verb} {percent} %"),
            (None, Some(step)) => format!("{verb}: {}", step.id.0),
            (None, None) => format!("{verb} runs"),
        })
    }
}
