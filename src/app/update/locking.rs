//! Locking and unlocking.

use super::{App, Effect, Layer, Level, Out};
use crate::app::{Moment, Search, TalkField, Trying, UnlockScreen};
use crate::domain::{Facts, Fault, Installation, Intent, Kind, LockState, Method, Opens, Passkey, PasskeyName, Slot, Text};
use crate::wizard::{SecretField, SecretRule, SlotState, Verdict};

impl App {
    /// Locks where no key came for too long; whether it did.
    pub(super) fn lock_if_idle(&mut self, moment: Moment, out: &mut Out) -> bool {
        if self.idle_at.is_none_or(|at| moment.boot < at) {
            return false;
        }
        self.idle_at = None;
        let waits = |layer: &Layer| match layer {
            Layer::Wizard(driver) => driver.waits_at_review_or_later(),
            Layer::Unlock(unlock) => unlock.field.state.len > 0,
            _ => false,
        };
        let asks = self.talk.as_ref().is_some_and(|talk| talk.asked.is_some());
        if !self.unlocked() && !asks && !self.layers.iter().any(waits) {
            return false;
        }
        self.lock(out);
        self.say(Level::Info, format!("locked: no key for {} minutes", self.setup.idle_minutes));
        true
    }

    /// Drops keys and secrets, closes what waits with them, clears the screen.
    pub(super) fn lock(&mut self, out: &mut Out) {
        self.stop_unlock(out);
        self.shut_wizard(out);
        // What asks is left, and its keys with it; work that needs nobody goes on.
        if self.talk.as_ref().is_some_and(|talk| talk.asked.is_some()) {
            self.stop_talk(out);
        }
        self.layers.retain(|layer| matches!(layer, Layer::First(_) | Layer::Wizard(_)));
        self.filtering = None;
        self.then = None;
        self.policies.window.clear();
        self.policies.pending.clear();
        if let Some(facts) = &mut self.facts {
            facts.lock = LockState::Locked;
            facts.verified = false;
            facts.passkeys.iter_mut().for_each(|p| p.note = None);
        }
        out.push(Effect::Lock);
        out.push(Effect::Repaint);
        self.ask_facts(out);
        self.ask_unlock(None);
    }

    /// Closes a wizard that waits at review or later: its lock is freed and its slots are wiped.
    fn shut_wizard(&mut self, out: &mut Out) {
        if let Some(driver) = self.wizard()
            && driver.waits_at_review_or_later()
        {
            let asks = driver.close();
            self.asks(asks, out);
        }
    }

    /// Puts the unlock screen on top.
    pub(super) fn ask_unlock(&mut self, then: Option<Intent>) {
        let Some(facts) = &self.facts else { return };
        let Some(installation) = &facts.installation else { return };
        self.layers.retain(|layer| !matches!(layer, Layer::Unlock(_)));
        let (passkeys, more, envelope) = ways(facts, installation);
        self.layers.push(Layer::Unlock(Box::new(UnlockScreen {
            field: SecretField::new(Slot::UNLOCK, SecretRule::Entered),
            passkeys,
            more,
            only: None,
            envelope,
            failures: 0,
            trying: None,
            busy: false,
            fault: None,
            then,
            asked: 0,
        })));
    }

    /// All passkeys are known by now: the unlock screen names those that it could not name at first. What is chosen stays chosen.
    pub(super) fn name_ways(&mut self) {
        let Some((facts, installation)) = self.facts.as_ref().and_then(|f| Some((f, f.installation.as_ref()?))) else { return };
        let (passkeys, more, envelope) = ways(facts, installation);
        for layer in &mut self.layers {
            if let Layer::Unlock(unlock) = layer
                && unlock.only.is_none()
            {
                (unlock.passkeys, unlock.more, unlock.envelope) = (passkeys.clone(), more, envelope.clone());
            }
        }
    }

    /// Another of the named passkeys alone, or any of them.
    pub(super) fn choose_unlock(&mut self, down: bool) {
        let Some(Layer::Unlock(unlock)) = self.layers.last_mut() else { return };
        if unlock.busy {
            return;
        }
        // Around: any, the first, .., the last, any.
        let count = unlock.passkeys.len() + 1;
        let at = unlock.only.map_or(0, |n| n + 1);
        let at = if down { (at + 1) % count } else { (at + count - 1) % count };
        unlock.only = at.checked_sub(1);
        let wanted = unlock.passkeys.get(at.saturating_sub(1));
        let facts = self.facts.as_ref();
        let found = wanted.and_then(|name| facts?.passkey(name)).zip(facts.and_then(|f| f.installation.as_ref()));
        unlock.envelope = found.map(|(p, i)| envelope(i, p)).unwrap_or_default();
    }

    /// Enter, or the search for slips.
    pub(super) fn try_unlock(&mut self, slips: bool, out: &mut Out) {
        let epoch = self.epochs.next();
        let Some(Layer::Unlock(unlock)) = self.layers.last_mut() else { return };
        let verdict = unlock.field.state.verdict;
        if unlock.busy || verdict == Verdict::Empty {
            return;
        }
        let search = match verdict {
            Verdict::Unreadable(1) => Search::Unreadable,
            Verdict::Unreadable(_) => {
                self.say(Level::Warn, "only one word may be ?: more could not be searched for in a lifetime");
                return;
            }
            _ if slips => Search::Slips,
            _ => Search::None,
        };
        unlock.busy = true;
        unlock.trying = None;
        unlock.fault = None;
        unlock.asked = epoch;
        let with = unlock.only.and_then(|n| unlock.passkeys.get(n)).cloned();
        out.push(Effect::Unlock { epoch, with, search });
    }

    /// Esc: stops what is tried, else browses locked.
    pub(super) fn leave_unlock(&mut self, out: &mut Out) {
        if let Some(Layer::Unlock(unlock)) = self.layers.last() {
            if unlock.busy {
                out.push(Effect::StopUnlock);
            } else {
                self.layers.pop();
                out.push(Effect::Wipe(Slot::UNLOCK));
            }
        }
    }

    pub(super) fn stop_unlock(&mut self, out: &mut Out) {
        if self.layers.iter().any(|layer| matches!(layer, Layer::Unlock(unlock) if unlock.busy)) {
            out.push(Effect::StopUnlock);
        }
    }

    pub(super) fn trying(&mut self, epoch: u64, trying: Trying) {
        if let Some(unlock) = self.unlocking(epoch) {
            unlock.trying = Some(trying);
        }
    }

    pub(super) fn unlocked_by(&mut self, epoch: u64, how: Result<Vec<Text>, Fault>, out: &mut Out) {
        let Some(unlock) = self.unlocking(epoch) else {
            // It opened for nobody: locked meanwhile, or left. Keys that nobody waits for go at once.
            if how.is_ok() {
                out.push(Effect::Lock);
                self.ask_facts(out);
            }
            return;
        };
        unlock.busy = false;
        unlock.trying = None;
        match how {
            Ok(lines) => {
                self.then = unlock.then.take();
                self.layers.retain(|layer| !matches!(layer, Layer::Unlock(_)));
                out.push(Effect::Wipe(Slot::UNLOCK));
                self.say(Level::Ok, "unlocked");
                for line in lines {
                    self.say(Level::Info, line);
                }
                self.policies.pending.clear();
                self.policies.window.clear();
                self.ask_facts(out);
            }
            Err(fault) => {
                // Stopped is no failure; whatever was typed stays, to be corrected.
                if fault.kind != Kind::Interrupted {
                    unlock.failures = unlock.failures.saturating_add(1);
                    unlock.fault = Some(fault.clone());
                    self.note(&fault);
                }
            }
        }
    }

    /// The owner of a slot tells of it.
    pub(super) fn slot(&mut self, slot: Slot, state: SlotState, out: &mut Out) {
        // A flow may ask anew for what opens the installation: the slot is then the flow's.
        let unlock = self.layers.iter_mut().find_map(|layer| if let Layer::Unlock(unlock) = layer { Some(unlock) } else { None });
        if let (Slot::UNLOCK, Some(unlock)) = (slot, unlock) {
            unlock.field.state = state;
        } else if slot == Slot::TALK {
            if let Some(TalkField::Secret(field)) = self.talk.as_mut().and_then(|talk| Some(&mut talk.asked.as_mut()?.field)) {
                field.state = state;
            }
        } else {
            self.feed(crate::wizard::Input::Slot(slot, state), out);
        }
    }

    fn unlocking(&mut self, epoch: u64) -> Option<&mut UnlockScreen> {
        self.layers.iter_mut().find_map(|layer| match layer {
            Layer::Unlock(unlock) if unlock.asked == epoch && unlock.busy => Some(&mut **unlock),
            _ => None,
        })
    }
}

fn envelope(installation: &Installation, passkey: &Passkey) -> Text {
    Installation::envelope(&passkey.name, &installation.name, installation.short_id(), &passkey.created_at.day()).into()
}

/// The passkeys that the unlock screen names, how many more there are, and the envelope of the first.
fn ways(facts: &Facts, installation: &Installation) -> (Vec<PasskeyName>, usize, Text) {
    let mut all: Vec<&Passkey> = facts.passkeys.iter().filter(|p| p.method == Method::Passphrase && !p.pending && !p.altered).collect();
    // One that is known not to open is named only where there is no better one.
    if all.iter().any(|p| p.opens(&facts.ages, facts.now) != Opens::No) {
        all.retain(|p| p.opens(&facts.ages, facts.now) != Opens::No);
    }
    let opened = |p: &Passkey| p.proof.as_ref().and_then(|proof| proof.opened.as_ref()).map(|(at, _)| *at);
    all.sort_by(|a, b| facts.in_use(&b.name).cmp(&facts.in_use(&a.name)).then(opened(b).cmp(&opened(a))));
    let passkeys: Vec<PasskeyName> = all.iter().take(UnlockScreen::SHOWN).map(|p| p.name.clone()).collect();
    let envelope = all.first().map(|p| envelope(installation, p)).unwrap_or_default();
    let more = (all.len() - passkeys.len()).saturating_add(usize::try_from(facts.unread).unwrap_or(usize::MAX));
    (passkeys, more, envelope)
}
