//! What a request that makes a passkey asks for, its steps, and which of them are left, by looking.

use super::records::Begin;
use crate::domain::{Because, Installation, Method, Passkey, PasskeyName, PassphraseSource, Request, Risk, StepId, StepInfo, Text};

pub const WRAP: &str = "wrap";
pub const PROVE: &str = "prove";
pub const SWITCH: &str = "switch";
pub const RETIRE: &str = "retire";

/// What is asked for, whichever request asks.
#[derive(Clone)]
pub struct Spec {
    pub name: PasskeyName,
    pub method: Method,
    pub source: PassphraseSource,
    pub owner: Option<Text>,
    pub note: Option<Text>,
    pub switch: bool,
    pub retire: Option<PasskeyName>,
    pub without_archive: bool,
    pub because: Because,
}

impl Spec {
    /// From a request that makes a passkey.
    pub fn of(request: &Request) -> Option<Self> {
        match request.clone() {
            Request::PasskeyAdd(r) => Some(Self {
                name: r.name,
                method: r.method,
                source: r.source,
                owner: r.owner,
                note: r.note,
                switch: r.use_now,
                retire: None,
                without_archive: false,
                because: Because::Planned,
            }),
            Request::Rotate(r) => Some(Self {
                name: r.new,
                method: r.method,
                source: r.source,
                owner: r.owner,
                note: None,
                switch: true,
                retire: r.retire,
                without_archive: r.without_archive,
                because: r.because,
            }),
            _ => None,
        }
    }

    /// All its steps.
    pub fn steps(&self) -> Vec<StepInfo> {
        let name = &self.name;
        let step = |id, title: String, risk, irreversible| StepInfo { id: StepId::new(id), title: title.into(), risk, irreversible };
        let mut steps = vec![
            step(WRAP, format!("wrap the master key under {name}, stored as pending"), Risk::SafeToStop, false),
            step(PROVE, format!("read {name} back and open with it"), Risk::AskBeforeStopping, false),
        ];
        if self.switch {
            steps.push(step(SWITCH, format!("put {name} in use"), Risk::AskBeforeStopping, false));
        }
        if let Some(old) = &self.retire {
            steps.push(step(RETIRE, format!("remove {old} and its wrap"), Risk::MustFinish, true));
        }
        steps
    }

    /// The steps whose results are not there.
    pub fn left(&self, begun: &Begin, installation: &Installation, passkeys: &[Passkey]) -> Vec<StepInfo> {
        let new = passkeys.iter().find(|p| p.name.same(&self.name) && p.wrap_id == begun.wrap_id);
        let old = self.retire.as_ref().and_then(|old| passkeys.iter().find(|p| p.name.same(old)));
        self.steps()
            .into_iter()
            .filter(|step| match step.id.0.as_str() {
                WRAP => new.is_none(),
                PROVE => new.is_none_or(|p| p.pending),
                SWITCH => !installation.in_use.same(&self.name),
                _ => old.is_some(),
            })
            .collect()
    }
}

/// Names of an unfinished operation's steps, and how many are done, by looking.
pub fn progress(begun: &Begin, installation: &Installation, passkeys: &[Passkey]) -> (Vec<Text>, usize) {
    let Some(spec) = Spec::of(&begun.request) else { return (Vec::new(), 0) };
    let all = spec.steps();
    let left = spec.left(begun, installation, passkeys);
    (all.iter().map(|step| Text::new(step.id.0.as_str())).collect(), all.len() - left.len())
}
