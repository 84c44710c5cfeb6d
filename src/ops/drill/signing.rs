//! Who signs a drill's report: an Ed25519 key that only the holder of the master key can derive.

use crate::crypto::{Derived, SigningKey};
use crate::domain::{Act, Drill, Fault, Installation, Kind, Text};
use crate::format::{openssh_public, unhex, verify_report};

/// The name that stands behind an installation's key: `prod-eu1-7f3a`.
pub fn signer_name(name: &Text, catalog_id: &str) -> String {
    format!("{name}-{}", catalog_id.get(..4).unwrap_or_default())
}

/// The public key as SSH writes it, `ssh-ed25519 AAAA... prod-eu1-7f3a`: what an auditor keeps.
#[must_use]
pub fn signing_line(installation: &Installation) -> Option<String> {
    let public = unhex::<32>(&installation.signing_key)?;
    let name = Text::new(installation.name.to_string());
    Some(openssh_public(&public, &signer_name(&name, &installation.catalog_id)))
}

/// The key that signs drill reports, of an unlocked installation.
pub fn signer(derived: &Derived) -> SigningKey {
    SigningKey::from_seed(&derived.signing_seed())
}

/// A report whose signature holds.
///
/// # Errors
/// `Kind::Damaged` for a signature that does not hold, or for a report that is none.
pub fn verify_drill(public: &[u8; 32], json: &[u8], signature: &str) -> Result<Drill, Fault> {
    let failed = |cause: String| {
        let next = Act::say("ask for report and signature again; kastellan drill run makes new ones");
        Fault::new(Kind::Damaged, "drill report not verified", cause, next)
    };
    verify_report(public, json, signature).map_err(|e| failed(e.to_string()))?;
    serde_json::from_slice(json).map_err(|e| failed(format!("the signature holds, but it is no drill report: {e}")))
}
