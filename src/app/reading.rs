//! What views and bindings read off the console.

use super::{App, Details, Layer, Place, Screen, Talk, TalkField};
use crate::domain::{
    ArtifactCopy, ArtifactKind, DrArchive, DrChange, DrEnable, DrPrune, Facts, Fault, Flow, Guided, Intent, Kind, LocationForget,
    LocationName, Passkey, PasskeyRemove, PasskeyUse, Policy, PolicyAdd, PolicyName, Request, Rescan, Seal, Sweep, Text, Which, may,
    may_write,
};
use crate::wizard::Running;

impl App {
    /// What stands first in the header: context and installation, `prod-eu1 (7f3a)`.
    #[must_use]
    pub fn title(&self) -> Text {
        let installation = self.facts.as_ref().and_then(|f| f.installation.as_ref()).map(crate::domain::Installation::title);
        match (&self.setup.context, installation) {
            (Some(context), Some(i)) => Text::new(format!("{context}: {i}")),
            (None, Some(i)) => Text::new(i),
            (Some(context), None) => context.clone(),
            (None, None) => "no installation".into(),
        }
    }

    /// Who unlocked, or that it is locked: `unlocked by k10MasterKey`, `LOCKED, 1 operation running`.
    #[must_use]
    pub fn lock_words(&self) -> String {
        match self.facts.as_ref().map(|f| &f.lock) {
            Some(crate::domain::LockState::Unlocked { by, .. }) => format!("unlocked by {by}"),
            _ if self.operation_runs() || self.talk_works() => "LOCKED, 1 operation running".into(),
            _ => "LOCKED".into(),
        }
    }

    /// Whether nothing may be changed from here.
    #[must_use]
    pub fn read_only(&self) -> bool {
        self.setup.read_only || self.facts.as_ref().is_some_and(|f| f.read_only)
    }

    /// Whether the installation is a throwaway one.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        !self.setup.demo.is_empty()
    }

    /// Whether the keys are here.
    #[must_use]
    pub fn unlocked(&self) -> bool {
        self.facts.as_ref().is_some_and(Facts::unlocked)
    }

    /// Whether an operation runs.
    #[must_use]
    pub fn operation_runs(&self) -> bool {
        self.operation.as_ref().is_some_and(Running::runs)
    }

    /// The way here: `passkeys > ops-envelope`.
    #[must_use]
    pub fn crumbs(&self) -> Vec<Text> {
        let mut crumbs: Vec<Text> = vec![self.screen.name().into()];
        crumbs.extend(self.layers.iter().map(|layer| match layer {
            Layer::First(_) => "start".into(),
            Layer::Unlock(_) => "unlock".into(),
            Layer::Details(Details::Passkey(name, _)) => Text::new(name.as_str()),
            Layer::Details(Details::Policy(name, _)) => Text::new(name.as_str()),
            Layer::Details(Details::Item(item, _)) => item.title(),
            Layer::Yaml(_) => "YAML".into(),
            Layer::Wizard(driver) => driver.wizard.name.into(),
            Layer::Talk => self.talk.as_ref().map(Talk::name).unwrap_or_default().into(),
            Layer::Help(_) => "help".into(),
            Layer::Palette(_) => "palette".into(),
            Layer::Actions(_) => "actions".into(),
            Layer::Errors(_) => "messages".into(),
            Layer::Doctor(_) => "doctor".into(),
            Layer::Log(_) => "log".into(),
            Layer::Themes(_) => "themes".into(),
            Layer::Ask(_) => "question".into(),
        }));
        crumbs
    }

    /// Whether a text field has the focus, so that characters are text.
    #[must_use]
    pub fn edits_text(&self) -> bool {
        match self.top() {
            Some(Layer::Palette(_) | Layer::Help(_)) => true,
            Some(Layer::Wizard(driver)) => driver.edits_text(),
            Some(Layer::Talk) => self.asked().is_some_and(|asked| matches!(asked.field, TalkField::Line(_))),
            Some(_) => false,
            None => self.filtering.is_some(),
        }
    }

    /// Where one is, as bindings know places.
    #[must_use]
    pub fn place(&self) -> Place {
        match self.top() {
            Some(Layer::First(_)) => Place::First,
            Some(Layer::Unlock(_)) => Place::Unlock,
            Some(Layer::Wizard(_)) => Place::Wizard,
            Some(Layer::Talk) if self.asked().is_some() => Place::Wizard,
            Some(Layer::Details(_)) => Place::Details,
            Some(Layer::Palette(_) | Layer::Help(_)) => Place::Field,
            Some(_) => Place::Layer,
            None if self.filtering.is_some() => Place::Field,
            None => match self.screen {
                Screen::Overview => Place::Overview,
                Screen::Passkeys => Place::Passkeys,
                Screen::Policies => Place::Policies,
                Screen::Artifacts => Place::Artifacts,
                Screen::Dr => Place::Dr,
                Screen::Readiness => Place::Readiness,
                Screen::Journal => Place::Journal,
            },
        }
    }

    /// The passkey in row `row` of the passkeys screen.
    #[must_use]
    pub fn passkey_at(&self, row: usize) -> Option<&Passkey> {
        let at = usize::try_from(*self.passkeys.rows.get(row)?).ok()?;
        self.facts.as_ref()?.passkeys.get(at)
    }

    /// The passkey that actions are about here.
    #[must_use]
    pub fn selected_passkey(&self) -> Option<&Passkey> {
        match (self.details(), self.screen) {
            (Some(Details::Passkey(name, _)), _) => self.facts.as_ref()?.passkey(name),
            (None, Screen::Passkeys) => self.passkey_at(self.passkeys.list.selected),
            (None, Screen::Overview) => match &self.target {
                Some(super::Target::Passkey(name)) => self.facts.as_ref()?.passkey(name),
                _ => None,
            },
            _ => None,
        }
    }

    /// The policy that actions are about here; None also for a name that is no policy's.
    #[must_use]
    pub fn selected_policy(&self) -> Option<PolicyName> {
        match (self.details(), self.screen) {
            (Some(Details::Policy(name, _)), _) => Some(name.clone()),
            (None, Screen::Policies) => self.policies.name(self.policies.list.selected)?.parse().ok(),
            _ => None,
        }
    }

    /// The full row of a policy, where it is here already.
    #[must_use]
    pub fn policy(&self, name: &PolicyName) -> Option<&Policy> {
        self.policies.window.get(name.as_str())
    }

    /// What is selected on the overview: what was selected, while it is still there, else unfinished work, else the next act.
    #[must_use]
    pub fn overview_target(&self) -> Option<super::Target> {
        use super::Target::{Debt, Next};
        let rows = super::overview(self, self.page);
        let all: Vec<_> = rows.into_iter().filter_map(|(_, target)| target).collect();
        let wanted = self.target.as_ref().and_then(|wanted| all.iter().find(|t| *t == wanted));
        let urgent = || all.iter().find(|t| matches!(t, Debt(_) | Next));
        wanted.or_else(urgent).or(all.first()).cloned()
    }

    /// What `n` begins here.
    #[must_use]
    pub fn adds(&self) -> Intent {
        match self.screen {
            Screen::Policies => Intent::Flow(Flow::PolicyAdd, None),
            Screen::Artifacts => Intent::Flow(Flow::LocationAdd, None),
            Screen::Dr => Intent::Flow(Flow::DrEnable, None),
            _ => Intent::Add,
        }
    }

    /// Why an intent cannot be started now; being locked is no reason, since one can unlock.
    #[must_use]
    pub fn why_not(&self, intent: &Intent) -> Option<Fault> {
        if let Some(op) = self.operation.as_ref().filter(|op| op.runs()) {
            let next = crate::domain::Act::say("wait until it ended");
            return Some(Fault::refused("cannot start", format!("{} is running here", op.plan.request.verb()), next));
        }
        let request = match intent {
            // No catalog is here to refuse it, and much would be asked before the last step did.
            Intent::SetUp if self.read_only() => return may_write(true, "cannot set up").err(),
            Intent::Guided(Guided::Recover) if self.read_only() => return may_write(true, "cannot recover").err(),
            free if is_free(free) => return None,
            // It changes nothing: whoever restored may do it as well as the owner.
            Intent::Flow(Flow::DrCheck, _) if self.facts.as_ref().is_some_and(Facts::dr_on) => return None,
            Intent::Flow(flow, of) => match self.probe(*flow, of.as_ref()) {
                Some(request) => request,
                None => return self.why_no_change("not now"),
            },
            Intent::Use(name) => Request::PasskeyUse(PasskeyUse { name: name.clone() }),
            Intent::Remove(name) => Request::PasskeyRemove(PasskeyRemove { name: name.clone(), shut_archives: None }),
            Intent::Resume => Request::Resume,
            Intent::Abandon => Request::Abandon,
            // Their names are not known yet: what holds for anything that only adds holds for them.
            Intent::Rotate => return self.why_no_change("cannot rotate"),
            _ => return self.why_no_change("cannot add a passkey"),
        };
        self.refused(&request)
    }

    /// The request by which the rules for a flow are asked; None: what holds for anything that adds.
    fn probe(&self, flow: Flow, of: Option<&Text>) -> Option<Request> {
        let facts = self.facts.as_ref()?;
        let location = || of?.clean().parse::<LocationName>().ok();
        let ours = || facts.locations.iter().filter(|l| !l.read_only && !l.altered).map(|l| l.name.clone());
        Some(match flow {
            Flow::LocationForget => Request::LocationForget(LocationForget { name: location()? }),
            Flow::Rescan => Request::Rescan(Rescan { location: location()? }),
            Flow::Sweep => Request::Sweep(Sweep { location: location()?, older_than: 0, instance: None }),
            Flow::Seal => Request::Seal(Seal {
                policy: "x".parse().ok()?,
                location: location().or_else(|| ours().next())?,
                paths: Vec::new(),
                kind: ArtifactKind::File,
                name: None,
                note: None,
            }),
            Flow::Copy => Request::ArtifactCopy(ArtifactCopy { which: Which::One(String::new()), to: ours().next()? }),
            Flow::DrEnable => Request::DrEnable(DrEnable { locations: ours().collect() }),
            Flow::DrArchive | Flow::DrCheck => Request::DrArchive(DrArchive { if_needed: true }),
            Flow::DrChange => Request::DrChange(DrChange { prune_old: false }),
            Flow::DrPrune => Request::DrPrune(DrPrune { before: facts.now, instance: None }),
            Flow::DrTakeOver => Request::DrTakeOver,
            Flow::DrDisable => Request::DrDisable,
            Flow::PolicyAdd | Flow::PolicyRemove | Flow::LocationAdd | Flow::ArtifactRemove | Flow::Export | Flow::KitMake => return None,
        })
    }

    /// Why nothing can be changed now, said as `doing`.
    #[must_use]
    pub fn why_no_change(&self, doing: &str) -> Option<Fault> {
        let probe = Request::PolicyAdd(PolicyAdd { name: "x".parse().ok()? });
        self.refused(&probe).map(|mut fault| {
            fault.doing = doing.into();
            fault
        })
    }

    /// Whether the intent needs the keys and they are not here.
    #[must_use]
    pub fn must_unlock_for(&self, intent: &Intent) -> bool {
        !is_free(intent) && !self.unlocked()
    }

    fn refused(&self, request: &Request) -> Option<Fault> {
        match may(request, self.facts.as_ref()?) {
            Err(fault) if fault.kind != Kind::Secret => Some(fault),
            _ => None,
        }
    }

    fn details(&self) -> Option<&Details> {
        // A menu, YAML or the palette over details are about the same thing.
        self.layers.iter().rev().find_map(|layer| match layer {
            Layer::Details(details) => Some(details),
            _ => None,
        })
    }
}

/// What needs no keys and breaks no rule.
fn is_free(intent: &Intent) -> bool {
    matches!(
        intent,
        Intent::SetUp
            | Intent::Unlock
            | Intent::Check(_)
            | Intent::Journal
            | Intent::Passkeys
            | Intent::Artifacts
            | Intent::Dr
            | Intent::Readiness
            | Intent::Guided(_)
    )
}

impl Screen {
    /// Its name in crumbs and palette.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Passkeys => "passkeys",
            Self::Policies => "policies",
            Self::Artifacts => "artifacts",
            Self::Dr => "DR",
            Self::Readiness => "readiness",
            Self::Journal => "journal",
        }
    }
}
