//! Facts, plans and receipts for tests of this room and of `app`.

use crate::domain::{
    Change, Confirm, Facts, Installation, LockState, Method, Passkey, PassphraseSource, Plan, Proof, Prover, Receipt, Request, Risk,
    SecretNeed, SecretOf, SecretPurpose, Slot, StepId, StepInfo, Timestamp,
};

/// The time of every test.
pub fn now() -> Timestamp {
    Timestamp::from_unix(1_795_000_000)
}

/// A passkey that opens, proved by ana an hour ago.
pub fn passkey(name: &str) -> Passkey {
    let at = now().plus(-3600);
    Passkey {
        name: name.parse().unwrap(),
        method: Method::Passphrase,
        source: PassphraseSource::Prompt,
        owner: None,
        created_at: now().plus(-864_000),
        created_by: "ana@bastion".into(),
        wrap_id: "00112233445566778899aabbccddeeff".into(),
        settings: "Argon2id 256 MiB".into(),
        weak: false,
        pending: false,
        proof: Some(Proof {
            opened: Some((at, Prover::Person("ana@bastion".into()))),
            typed: Some((at, "ana@bastion".into())),
            failed: None,
        }),
        altered: false,
        note: None,
    }
}

/// An unlocked installation `prod-eu1 (7f3a)` with these passkeys, the first one in use, unlocked by the last one.
pub fn facts(names: &[&str]) -> Facts {
    let mut facts = Facts::none(now(), false);
    facts.passkeys = names.iter().map(|name| passkey(name)).collect();
    facts.installation = Some(Installation {
        name: "prod-eu1".into(),
        catalog_id: "7f3a0000000000000000000000000000".into(),
        instance_id: "11110000000000000000000000000000".into(),
        master_key_id: "41114ce220f27895".into(),
        created_at: now().plus(-8_640_000),
        in_use: names[0].parse().unwrap(),
        owner: true,
        signing_key: "5e".repeat(32),
    });
    facts.lock = LockState::Unlocked { by: names[names.len() - 1].parse().unwrap(), at: now() };
    facts.verified = true;
    facts
}

/// A plan of one or two steps for `request`.
pub fn plan(request: Request, confirm: Confirm, secrets: &[(Slot, &str, SecretPurpose)]) -> Plan {
    let step = |id: &str| StepInfo { id: StepId::new(id), title: id.into(), risk: Risk::AskBeforeStopping, irreversible: false };
    let need = |(slot, name, purpose): &(Slot, &str, SecretPurpose)| SecretNeed {
        slot: *slot,
        of: SecretOf::Passkey(name.parse().unwrap()),
        purpose: purpose.clone(),
        envelope: format!("PASSKEY {name} / prod-eu1 7f3a / 2026-11-18").into(),
        flag: "passphrase".into(),
    };
    Plan {
        request,
        steps: vec![step("wrap"), step("prove")],
        changes: vec![Change("something".into())],
        warnings: Vec::new(),
        secrets: secrets.iter().map(need).collect(),
        keys: Vec::new(),
        confirm,
    }
}

/// A receipt.
pub fn receipt() -> Receipt {
    Receipt {
        operation: "ab".into(),
        verb: "rotate".into(),
        installation: "prod-eu1 (7f3a)".into(),
        at: now(),
        journal: 9,
        lines: vec!["it is done".into()],
        next: vec![crate::domain::Act::start("check it", crate::domain::Intent::Passkeys)],
    }
}
