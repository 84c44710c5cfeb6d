//! The words, the rules and the messages, as plain data and plain functions.
//!
//! Owns: what a passkey, a policy, a fact, a request, a plan, an event and a fault are, and the two rules that everything asks:
//! [`may()`] (is it allowed, and why not) and [`readiness()`] (would the backups come back). Must not: do I/O, be async, hold a secret,
//! or know another room. Next: `ops` carries requests out; `wizard` and `cli` make them.

mod aftermath;
mod artifact;
mod blast;
mod dr;
mod drill;
mod event;
mod facts;
mod fault;
mod flow;
mod import;
mod kit;
mod location;
mod may;
mod name;
mod passkey;
mod plan;
mod prover;
mod readiness;
mod request;
mod talk;
mod text;
mod time;

pub use aftermath::{Aftermath, BY_HAND, Because, MASTER_KNOWN, Todo, handover, same_person};
pub use artifact::{Artifact, ArtifactFilter, ArtifactKind, SealedFacts, bytes};
pub use blast::{
    archives_of, if_dr_leaks, if_dr_lost, if_location_leaks, if_location_lost, if_passkey_leaks, if_passkey_lost, if_policy_leaks,
    if_policy_lost,
};
pub use dr::{Archive, Dr, DrPassphrase, Failing, Foreign, KEPT_ALWAYS};
pub use drill::{
    Drill, DrillArchive, DrillDone, DrillFailure, DrillInstallation, DrillSample, DrillStep, Origin, Rehearsals, SAMPLES, Stage,
    rehearsals, secret_from,
};
pub use event::{Event, Receipt};
pub use facts::{
    Chronicle, Facts, Finding, Holder, Installation, JournalHead, JournalLine, JournalReport, LockState, Policy, Unfinished, Witness,
};
pub use fault::{Act, Changed, Fault, Intent, Kind};
pub use flow::{Flow, Guided, Look};
pub use import::{Exported, Import};
pub use kit::KitMade;
pub use location::{Location, LocationName, S3Target, Target};
pub use may::{may, may_write};
pub use name::{InvalidName, PasskeyName, PolicyName};
pub use passkey::{Ages, Method, MethodFacts, Opens, Passkey, PassphraseSource, Proof};
pub use plan::{Change, Confirm, KeyNeed, Plan, Risk, SecretNeed, SecretOf, SecretPurpose, Slot, StepId, StepInfo, Stop};
pub use prover::Prover;
pub use readiness::{Answer, Scenario, Verdict, readiness, stale_at};
pub use request::{
    ArtifactCopy, ArtifactRemove, DrArchive, DrChange, DrEnable, DrPrune, Export, ImportIn, Init, KitMake, LocationAdd, LocationForget,
    PasskeyAdd, PasskeyRemove, PasskeyUse, PolicyAdd, PolicyRemove, Request, Rescan, Rotate, Seal, Sweep, Which,
};
pub use talk::{Counted, Saying};
pub use text::{Text, count};
pub use time::Timestamp;
