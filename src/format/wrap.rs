//! Wraps: the master key under a passkey (see `crypto.md`, Wrap). This file knows the layout; `keyservice` does the work.
//!
//! `catalogId`, `masterKeyId` and `wrapId` are hex; `salt` (16 bytes), `nonce` (12) and `ciphertext` (48) are base64; `v`, `m` (KiB), `t`
//! and `p` are numbers. Must not: choose Argon2id parameters, reuse ones that were read, or take anything but the stored wrap into `A`.

use super::{Object, ObjectError, b64, lp, unb64};
use crate::crypto::{ArgonError, Derived, Key, Params, Passphrase, aead_open, aead_seal, random};
use crate::domain::{Method, PasskeyName, Text, Timestamp};

/// The version that is written and read.
const VERSION: u64 = 1;
/// The one key derivation.
const KDF: &str = "argon2id";
/// Members that wrapping gives, and that therefore are not bound by `A`.
const OUTPUTS: [&str; 4] = ["ciphertext", "nonce", "keyArn", "keyVersion"];

/// What is known before a wrap is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrapDraft {
    /// The catalog it belongs to.
    pub catalog_id: String,
    /// The master key's public id.
    pub master_key_id: String,
    /// The passkey.
    pub passkey: PasskeyName,
    /// 16 random bytes, hex.
    pub wrap_id: String,
    /// The method.
    pub method: Method,
    /// When.
    pub created_at: Timestamp,
}

/// Why a wrap does not give the master key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    /// The text is no wrap.
    #[error("the wrap is malformed: {0}")]
    Malformed(#[from] ObjectError),
    /// A later version.
    #[error("the wrap has version {0}, made by a newer Kastellan")]
    Version(u64),
    /// Another method than the one asked for.
    #[error("the wrap was made by another method")]
    Method,
    /// The secret is wrong, or the wrap was altered: the two cannot be told apart.
    #[error("the secret does not open it")]
    DoesNotOpen,
    /// It opened, and what was inside is not this installation's master key.
    #[error("it opened, but holds another key than the master key {0}")]
    OtherKey(String),
    /// Argon2id refused.
    #[error(transparent)]
    Argon(#[from] ArgonError),
}

/// A wrap: flat JSON, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrap(Object);

impl Wrap {
    /// Parses a stored wrap.
    ///
    /// # Errors
    /// [`WrapError::Malformed`], [`WrapError::Version`].
    pub fn parse(json: &str) -> Result<Self, WrapError> {
        let object = Object::parse(json.as_bytes())?;
        match object.need_number("v")? {
            VERSION => {}
            0 => return Err(ObjectError::Missing("v").into()),
            later => return Err(WrapError::Version(later)),
        }
        for name in ["catalogId", "masterKeyId", "passkey", "wrapId", "method", "createdAt"] {
            object.need(name)?;
        }
        Ok(Self(object))
    }

    /// The text to store.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// Its clear members.
    #[must_use]
    pub fn object(&self) -> &Object {
        &self.0
    }

    /// The public id of the master key that it should hold.
    #[must_use]
    pub fn master_key_id(&self) -> &str {
        self.0.text("masterKeyId").unwrap_or_default()
    }

    /// Wraps under a passphrase: fresh salt and nonce, Argon2id with `params`.
    ///
    /// # Errors
    /// [`WrapError::Argon`].
    pub fn with_passphrase(
        draft: &WrapDraft,
        master: &Key,
        passphrase: &Passphrase,
        params: Params,
        available: u64,
    ) -> Result<Self, WrapError> {
        let mut salt = [0; 16];
        random(&mut salt);
        let kek = params.derive(passphrase, &salt, available)?;
        let clear = Object::new()
            .with_number("v", VERSION)
            .with("catalogId", draft.catalog_id.as_str())
            .with("masterKeyId", draft.master_key_id.as_str())
            .with("passkey", draft.passkey.as_str())
            .with("wrapId", draft.wrap_id.as_str())
            .with("method", Method::Passphrase.word())
            .with("createdAt", draft.created_at.to_string())
            .with("kdf", KDF)
            .with_number("m", params.m.into())
            .with_number("t", params.t.into())
            .with_number("p", params.p.into())
            .with("salt", b64(&salt));
        let (nonce, ciphertext) = aead_seal(&kek, master.expose(), &ad(&clear));
        Ok(Self(clear.with("nonce", b64(&nonce)).with("ciphertext", b64(&ciphertext))))
    }

    /// Argon2id parameters of a passphrase wrap.
    ///
    /// # Errors
    /// [`WrapError`] where they are missing or malformed.
    pub fn params(&self) -> Result<Params, WrapError> {
        if self.0.need("method")? != Method::Passphrase.word() {
            return Err(WrapError::Method);
        }
        if self.0.need("kdf")? != KDF {
            return Err(ObjectError::Missing("kdf").into());
        }
        let cost = |name| u32::try_from(self.0.need_number(name)?).map_err(|_| WrapError::Argon(ArgonError::OutOfBounds));
        Ok(Params { m: cost("m")?, t: cost("t")?, p: cost("p")? })
    }

    /// Unwraps with a passphrase; checks the length and recomputes the master key id. `available` memory in KiB.
    ///
    /// # Errors
    /// [`WrapError`].
    pub fn open_with_passphrase(&self, passphrase: &Passphrase, available: u64) -> Result<Key, WrapError> {
        let params = self.params()?;
        let salt = self.bytes("salt")?;
        let nonce = self.bytes("nonce")?;
        let ciphertext: [u8; 48] = self.bytes("ciphertext")?;
        let kek = params.derive(passphrase, &salt, available)?;
        let master = aead_open(&kek, &nonce, &ciphertext, &self.ad()).map_err(|_| WrapError::DoesNotOpen)?;
        let master = Key::from_slice(&master).ok_or(WrapError::DoesNotOpen)?;
        let id = self.master_key_id();
        if Derived::from_master(&master).master_key_id() == id { Ok(master) } else { Err(WrapError::OtherKey(Text::from(id).clean())) }
    }

    /// The AD `A` = lp("kastellan.wrap.v1") || canon(all members except the outputs).
    #[must_use]
    pub fn ad(&self) -> Vec<u8> {
        ad(&self.0)
    }

    /// A member of exactly `N` bytes in base64.
    fn bytes<const N: usize>(&self, name: &'static str) -> Result<[u8; N], WrapError> {
        let bytes = unb64(self.0.need(name)?).and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| ObjectError::Missing(name).into())
    }
}

fn ad(object: &Object) -> Vec<u8> {
    let mut ad = Vec::new();
    lp(&mut ad, b"kastellan.wrap.v1");
    ad.extend_from_slice(&object.canon(&OUTPUTS));
    ad
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Value;

    const TINY: Params = Params { m: 32, t: 1, p: 1 };
    const PLENTY: u64 = 1 << 30;

    fn draft(master: &Key) -> WrapDraft {
        WrapDraft {
            catalog_id: "000102030405060708090a0b0c0d0e0f".into(),
            master_key_id: Derived::from_master(master).master_key_id(),
            passkey: "k10MasterKey".parse().unwrap(),
            wrap_id: "0f0e0d0c0b0a09080706050403020100".into(),
            method: Method::Passphrase,
            created_at: Timestamp::from_unix(1_785_506_529),
        }
    }

    fn word(text: &str) -> Passphrase {
        Passphrase::entered(text.as_bytes()).unwrap()
    }

    #[test]
    fn round_trip_and_wrong_passphrase() {
        let master = Key::generate();
        let wrap = Wrap::with_passphrase(&draft(&master), &master, &word("secret"), TINY, PLENTY).unwrap();
        let again = Wrap::parse(&wrap.to_json()).unwrap();
        assert!(again.open_with_passphrase(&word("secret"), PLENTY).unwrap().same(&master));
        assert_eq!(again.open_with_passphrase(&word("Secret"), PLENTY).err(), Some(WrapError::DoesNotOpen));
        assert_eq!(again.params(), Ok(TINY));
        let fresh = Wrap::with_passphrase(&draft(&master), &master, &word("secret"), TINY, PLENTY).unwrap();
        for name in ["salt", "nonce", "ciphertext"] {
            assert_ne!(fresh.object().text(name), wrap.object().text(name), "{name} came twice");
        }
    }

    #[test]
    fn each_member_is_bound() {
        let master = Key::generate();
        let wrap = Wrap::with_passphrase(&draft(&master), &master, &word("secret"), TINY, PLENTY).unwrap();
        let open = |object: &Object| Wrap::parse(&object.to_json())?.open_with_passphrase(&word("secret"), PLENTY).map(|_| ());
        for (name, value) in wrap.object().members() {
            let other = match value {
                Value::Number(number) => wrap.object().clone().with_number(name, number + 1),
                Value::Text(text) => wrap.object().clone().with(name, format!("{text}x")),
            };
            assert!(open(&other).is_err(), "{name} edited");
            assert!(open(&wrap.object().clone().without(name)).is_err(), "{name} removed");
        }
        assert_eq!(open(&wrap.object().clone().with("added", "")), Err(WrapError::DoesNotOpen));
        assert_eq!(open(&wrap.object().clone().with("keyVersion", "1")), Ok(()), "an output is not bound");
    }

    #[test]
    fn what_it_says_about_others() {
        let (master, other) = (Key::generate(), Key::generate());
        let wrap = Wrap::with_passphrase(&draft(&other), &master, &word("x"), TINY, PLENTY).unwrap();
        assert!(matches!(wrap.open_with_passphrase(&word("x"), PLENTY), Err(WrapError::OtherKey(_))));
        let parse = |object: Object| Wrap::parse(&object.to_json());
        assert_eq!(parse(wrap.object().clone().with_number("v", 2)), Err(WrapError::Version(2)));
        assert!(parse(wrap.object().clone().with_number("v", 0)).is_err());
        let service = parse(wrap.object().clone().with("method", "aws-kms")).unwrap();
        assert_eq!(service.open_with_passphrase(&word("x"), PLENTY).err(), Some(WrapError::Method));
        let huge = parse(wrap.object().clone().with_number("m", 1 << 40)).unwrap();
        assert_eq!(huge.open_with_passphrase(&word("x"), PLENTY).err(), Some(WrapError::Argon(ArgonError::OutOfBounds)));
    }
}
