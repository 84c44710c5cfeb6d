//! How far a running operation is, in words and as a share: what the header and the run of a flow draw, whatever lies on top.

use super::App;
use crate::domain::{Counted, Event, Request, StepId, Text, Timestamp, bytes};

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
        let counted = Counted { done, total, bytes: !matches!(running.plan.request, Request::Rescan(_)) };
        let since = self.meter.as_ref().filter(|m| m.step == line.id).map_or((0, done), |m| (self.now.since(m.since), m.from));
        Some(measured(&counted, since.0, since.1))
    }

    /// What runs here, in a line for any screen: `artifact seal 35 %`.
    #[must_use]
    pub fn running_words(&self) -> Option<String> {
        if let Some(talk) = self.talk.as_ref().filter(|talk| talk.runs()) {
            return Some(match talk.progress(self.now).and_then(|p| p.percent) {
                _ if talk.asked.is_some() => format!("{} asks", talk.name()),
                Some(percent) => format!("{} {percent} %", talk.name()),
                None => format!("{} runs", talk.name()),
            });
        }
        let running = self.operation.as_ref().filter(|op| op.runs())?;
        let verb = running.plan.request.verb();
        Some(match (self.progress().and_then(|p| p.percent), running.now()) {
            (Some(percent), _) => format!("{verb} {percent} %"),
            (None, Some(step)) => format!("{verb}: {}", step.id.0),
            (None, None) => format!("{verb} runs"),
        })
    }
}

/// What is counted, in words and as a share; `seconds` have passed since it stood at `from`.
pub(super) fn measured(counted: &Counted, seconds: i64, from: u64) -> Progress {
    let Counted { done, total, .. } = *counted;
    let said = |n: u64| if counted.bytes { bytes(n) } else { n.to_string() };
    let mut words = match total {
        Some(total) => format!("{} of {}", said(done), said(total)),
        None => said(done),
    };
    if seconds >= 1 {
        let rate = done.saturating_sub(from) / seconds.unsigned_abs();
        words = format!("{words}, {}/s", said(rate));
        if let Some(left) = total.map(|total| total.saturating_sub(done)).filter(|_| rate > 0) {
            words = format!("{words}, {} s left", left.div_ceil(rate));
        }
    }
    let share = |total: u64| u8::try_from(u128::from(done) * 100 / u128::from(total)).unwrap_or(100).min(100);
    Progress { percent: total.filter(|total| *total > 0).map(share), words: words.into() }
}
