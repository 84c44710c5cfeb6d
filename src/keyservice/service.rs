//! What every method of wrapping does.

use crate::crypto::{Key, Secrets};
use crate::domain::{Fault, Method, MethodFacts, Passkey, SecretNeed, SecretPurpose, Slot, Stop};
use crate::format::{Wrap, WrapDraft};
use async_trait::async_trait;
use std::time::Duration;

/// How long a call may take, and the wish to stop it.
#[derive(Clone, Debug)]
pub struct Limit {
    /// For each call to something outside.
    pub deadline: Duration,
    /// Asked between pieces of work.
    pub stop: Stop,
}

/// One method of wrapping.
#[async_trait]
pub trait KeyService: Send + Sync {
    /// Which.
    fn method(&self) -> Method;
    /// The secrets it needs for a passkey, said before anything is asked.
    fn needs(&self, passkey: &Passkey, purpose: SecretPurpose, slot: Slot) -> Vec<SecretNeed>;
    /// Looks at a passkey's method without unwrapping.
    async fn look(&self, wrap: &Wrap, limit: &Limit) -> Result<MethodFacts, Fault>;
    /// Wraps the master key with the secret of `slot`.
    async fn wrap(&self, draft: WrapDraft, master: &Key, with: &Secrets, slot: Slot, limit: &Limit) -> Result<Wrap, Fault>;
    /// Unwraps with the secret of `slot`. `Kind::Secret` where the secret does not open it.
    async fn unwrap(&self, wrap: &Wrap, with: &Secrets, slot: Slot, limit: &Limit) -> Result<Key, Fault>;
}
