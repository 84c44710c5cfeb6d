//! The passphrase method: Argon2id, then AES-256-GCM.

use super::service::{KeyService, Limit};
use crate::crypto::{Key, Params, Passphrase, Secrets};
use crate::domain::{Act, Changed, Fault, Kind, Method, MethodFacts, Passkey, SecretNeed, SecretOf, SecretPurpose, Slot, Text};
use crate::format::{Wrap, WrapDraft, WrapError};
use crate::host::Machine;
use async_trait::async_trait;

/// Wraps under passphrases.
pub struct PassphraseService(Machine);

impl PassphraseService {
    /// On this machine, whose memory bounds what Argon2id may take.
    #[must_use]
    pub fn new(machine: Machine) -> Self {
        Self(machine)
    }
}

#[async_trait]
impl KeyService for PassphraseService {
    fn method(&self) -> Method {
        Method::Passphrase
    }

    fn needs(&self, passkey: &Passkey, purpose: SecretPurpose, slot: Slot) -> Vec<SecretNeed> {
        let flag = match purpose {
            SecretPurpose::Enter => "passphrase",
            SecretPurpose::Make => "new-passphrase",
        };
        vec![SecretNeed { slot, of: SecretOf::Passkey(passkey.name.clone()), purpose, envelope: Text::default(), flag: flag.into() }]
    }

    async fn look(&self, wrap: &Wrap, _limit: &Limit) -> Result<MethodFacts, Fault> {
        let params = wrap.params().map_err(|e| unwrap_fault(wrap, e))?;
        Ok(MethodFacts { settings: Text::new(params.words()), weak: params.weak() })
    }

    async fn wrap(&self, draft: WrapDraft, master: &Key, with: &Secrets, slot: Slot, limit: &Limit) -> Result<Wrap, Fault> {
        let doing = format!("cannot make passkey {}", draft.passkey);
        let passphrase = lent(with, slot, &doing)?;
        let available = self.0.facts().available_kib;
        let (master, name) = (master.duplicate(), draft.passkey.clone());
        let work = move || Wrap::with_passphrase(&draft, &master, &passphrase, Params::for_writing(available), available);
        off_thread(work, &doing, limit).await?.map_err(|e| {
            Fault::new(Kind::Refused, format!("cannot make passkey {name}"), e.to_string(), Act::say("free memory, then try again"))
        })
    }

    async fn unwrap(&self, wrap: &Wrap, with: &Secrets, slot: Slot, limit: &Limit) -> Result<Key, Fault> {
        let doing = format!("cannot open with passkey {}", name_of(wrap));
        let passphrase = lent(with, slot, &doing)?;
        let available = self.0.facts().available_kib;
        let owned = wrap.clone();
        let opened = off_thread(move || owned.open_with_passphrase(&passphrase, available), &doing, limit).await?;
        opened.map_err(|e| unwrap_fault(wrap, e))
    }
}

fn lent(with: &Secrets, slot: Slot, doing: &str) -> Result<Passphrase, Fault> {
    let missing = || {
        Fault::new(
            Kind::Secret,
            doing,
            "its passphrase was not given",
            Act::say("supply it: a --*passphrase-file, a --*passphrase-fd, or a terminal"),
        )
    };
    with.get(slot.0).map(Passphrase::duplicate).ok_or_else(missing)
}

fn name_of(wrap: &Wrap) -> Text {
    Text::new(wrap.object().text("passkey").unwrap_or("?"))
}

/// Argon2id takes most of a second: never on the thread that draws.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static, doing: &str, limit: &Limit) -> Result<T, Fault> {
    if limit.stop.asked() {
        return Err(Fault::interrupted(doing));
    }
    let died = |_| Fault::new(Kind::Unexpected, doing, "the derivation ended abnormally", Act::say("kastellan doctor"));
    tokio::task::spawn_blocking(work).await.map_err(died)
}

fn unwrap_fault(wrap: &Wrap, error: WrapError) -> Fault {
    let name = name_of(wrap);
    let doing = format!("cannot open with passkey {name}");
    let check = || Act::say("kastellan journal verify");
    match error {
        WrapError::DoesNotOpen => {
            Fault::new(Kind::Secret, doing, "the passphrase does not open it", Act::say("check the envelope, or try another passkey"))
        }
        WrapError::Argon(e @ crate::crypto::ArgonError::TooMuchMemory { .. }) => {
            Fault::refused(doing, e.to_string(), Act::say("use a machine with more free memory, or another passkey"))
        }
        WrapError::Argon(e @ crate::crypto::ArgonError::OutOfMemory) => {
            Fault::refused(doing, e.to_string(), Act::say("free memory, then try again"))
        }
        WrapError::Argon(e) => Fault::refused(doing, e.to_string(), check()),
        e @ (WrapError::OtherKey(_) | WrapError::Malformed(_) | WrapError::Method) => {
            Fault::new(Kind::Damaged, doing, e.to_string(), check())
        }
        e @ WrapError::Version(_) => Fault::refused(doing, e.to_string(), Act::say("use the newer Kastellan")),
    }
    .leaving(Changed::Nothing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{ArgonError, Derived};
    use crate::domain::{PasskeyName, Timestamp};

    #[test]
    fn memory_that_the_system_refused_says_nothing_of_the_passphrase() {
        let (master, passphrase) = (Key::generate(), Passphrase::entered(b"x").unwrap());
        let draft = WrapDraft {
            catalog_id: "00".repeat(16),
            master_key_id: Derived::from_master(&master).master_key_id(),
            passkey: "k1".parse::<PasskeyName>().unwrap(),
            wrap_id: "00".repeat(16),
            method: Method::Passphrase,
            created_at: Timestamp::from_unix(0),
        };
        let wrap = Wrap::with_passphrase(&draft, &master, &passphrase, Params { m: 256, t: 2, p: 4 }, 1 << 20).unwrap();
        let fault = unwrap_fault(&wrap, ArgonError::OutOfMemory.into());
        let said =
            "cannot open with passkey k1: the system refused the memory it needs; nothing changed\nnext: free memory, then try again";
        assert_eq!((fault.kind, fault.to_string().as_str()), (Kind::Refused, said));
    }
}
