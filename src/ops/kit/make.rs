//! Making a recovery kit: everything gathered, sealed, opened again, and only then noted.

use super::digest;
use crate::catalog::OpLock;
use crate::crypto::{Derived, Passphrase, Secrets};
use crate::domain::{
    Act, Change, Confirm, DrPassphrase, Export, Facts, Fault, Installation, KeyNeed, Kind, KitMade, KitMake, LockState, PasskeyName, Plan,
    Prover, Request, Risk, SecretNeed, SecretOf, SecretPurpose, Slot, StepId, StepInfo, Target, Text, count,
};
use crate::format::{
    Kit, KitCredentials, KitDrPassphrase, KitError, KitFile, KitInstallation, KitLocation, KitPasskey, KitPin, KitSecret, KitText, Object,
    RecordKind,
};
use crate::keyservice::Services;
use crate::ops::engine::{Operation, Outcome, Run, close};
use crate::ops::records::{self, new_id};
use crate::ops::work::{Work, Writes};
use crate::ops::{dr, facts, locations, migration, threads};
use async_trait::async_trait;
use zeroize::Zeroizing;

/// What a kit's own passphrase is called on its envelope.
fn envelope(installation: &Installation, day: &str) -> Text {
    Text::new(format!("KIT / {} {} / {day}", installation.name, installation.short_id()))
}

/// The passkey whose passphrase goes in: what unlocked, or will.
fn opens(facts: &Facts, installation: &Installation) -> PasskeyName {
    match &facts.lock {
        LockState::Unlocked { by, .. } => by.clone(),
        LockState::Locked => installation.in_use.clone(),
    }
}

pub fn plan(request: &Request, make: &KitMake, facts: &Facts, installation: &Installation) -> Plan {
    let mut secrets = Vec::new();
    if make.recipients.is_empty() {
        secrets.push(SecretNeed {
            slot: Slot::KIT,
            of: SecretOf::Kit,
            purpose: SecretPurpose::Make,
            envelope: envelope(installation, &facts.now.day()),
            flag: "kit-passphrase".into(),
        });
    }
    let by = opens(facts, installation);
    if make.passphrases {
        let day = facts.passkey(&by).map_or(facts.now, |p| p.created_at);
        secrets.push(SecretNeed {
            slot: Slot::UNLOCK,
            of: SecretOf::Passkey(by.clone()),
            purpose: SecretPurpose::Enter,
            envelope: records::envelope(installation, &by, day),
            flag: "passphrase".into(),
        });
    }
    let opened = match make.recipients.len() as u64 {
        0 => "it opens with a passphrase of its own".to_owned(),
        n => format!("it opens with the keys of {}; who has one of them cannot tell who made it", count(n, "recipient", "recipients")),
    };
    let inside = if make.passphrases {
        format!("with the DR passphrases and the passphrase of {by}")
    } else {
        "without passphrases: their envelopes are needed besides".to_owned()
    };
    let mut changes = vec![
        Change(Text::new(format!("a recovery kit of {}: {opened}", installation.title()))),
        Change(Text::new(format!("{}, {}, {inside}", count(facts.locations.len() as u64, "location", "locations"), passkeys(facts)))),
    ];
    if make.credentials {
        changes.push(Change("with the credentials that are stored for locations".into()));
    }
    if !make.policies.is_empty() {
        let names: Vec<String> = make.policies.iter().map(ToString::to_string).collect();
        changes
            .push(Change(Text::new(format!("with the keys of {}: they leave the installation, and there is no recall", names.join(", ")))));
    }
    let warning = if make.passphrases {
        "Whoever opens this kit and can read a location has every backup. Keep kit and kit passphrase apart, away from this machine."
    } else {
        "It opens nothing by itself: it says what to bring, and where. Keep it away from this machine."
    };
    let master = (!make.policies.is_empty()).then_some(KeyNeed::Master);
    Plan {
        request: request.clone(),
        steps: vec![StepInfo {
            id: StepId::new("make"),
            title: "gather what must survive, seal it, open it again, note it".into(),
            risk: Risk::MustFinish,
            irreversible: false,
        }],
        changes,
        warnings: vec![warning.into()],
        secrets,
        keys: master.into_iter().chain([KeyNeed::Metadata, KeyNeed::Journal]).collect(),
        confirm: Confirm::None,
    }
}

fn passkeys(facts: &Facts) -> String {
    count(facts.passkeys.iter().filter(|p| !p.pending && !p.altered).count() as u64, "passkey", "passkeys")
}

/// The operation at work.
pub struct Making {
    pub make: KitMake,
    pub work: Work,
    pub by: PasskeyName,
    pub file: Option<Zeroizing<String>>,
    #[allow(dead_code)] // Held until the operation ends.
    pub lock: Option<OpLock>,
}

impl Making {
    pub fn new(make: KitMake, facts: &Facts, work: Work, lock: Option<OpLock>) -> Self {
        let by = opens(facts, &work.installation);
        Self { make, work, by, file: None, lock }
    }

    fn doing(&self) -> Text {
        Request::KitMake(self.make.clone()).failing()
    }

    async fn made(&mut self, step: &str, run: &Run<'_>) -> Result<Text, Fault> {
        let work = &self.work;
        let lock = LockState::Unlocked { by: self.by.clone(), at: work.at.host.clock.now() };
        let known = facts::gather(&work.at, Some(&work.grant.metadata), None, lock).await?;
        let mut kit = self.begin(&known);
        self.add_locations(&mut kit, &known).await?;
        let passphrase = if self.make.passphrases { Some(self.proved(run).await?) } else { None };
        self.add_passkeys(&mut kit, &known, passphrase.as_ref());
        self.add_dr(&mut kit, &known).await?;
        let mut puts = Vec::new();
        for policy in &self.make.policies {
            let note = Some("in a recovery kit".into());
            let export = Export { policy: policy.clone(), location: None, protected: true, note };
            let request = Request::Export(export.clone());
            let location = migration::export_location(&request, &export, &known, &work.at, &work.installation)?;
            let (data, put) = migration::import_data(work, &export, &location).await?;
            kit.imports.push(KitSecret::new(data.to_text()));
            puts.push(put);
        }
        let file = self.sealed(kit, run).await?;
        let record = self.record(&known, &file);
        puts.push(work.put(RecordKind::Kit, &record.id, None, records::kit_members(&record), &Object::new()));
        let mut what = format!("recovery kit made: {}, {}", count(known.locations.len() as u64, "location", "locations"), passkeys(&known));
        if self.make.passphrases {
            what.push_str(", with passphrases");
        }
        work.commit(Writes { puts, ..Writes::default() }, "kit make", step, &what).await?;
        self.file = Some(file);
        Ok(what.into())
    }

    fn begin(&self, known: &Facts) -> Kit {
        let i = &self.work.installation;
        let installation = KitInstallation {
            name: KitText(i.name.clone()),
            catalog_id: i.catalog_id.clone(),
            instance_id: i.instance_id.clone(),
            master_key_id: i.master_key_id.clone(),
        };
        let archive_seq = known.archives.iter().map(|a| a.seq).max().unwrap_or(0);
        let pin = KitPin { seq: known.head.seq, hash: known.head.hash.clone(), archive_seq, unarchived: known.debt };
        Kit::new(installation, known.now, pin, instructions(i, &known.now.day(), &self.work.at.host.person.who()))
    }

    async fn add_locations(&self, kit: &mut Kit, known: &Facts) -> Result<(), Fault> {
        for location in known.locations.iter().filter(|l| !l.altered) {
            let reached = locations::reach(&self.work, &location.name).await?;
            let Some(target) = &reached.location.target else { continue };
            let id = if let Target::S3(s3) = target { s3.access_key_id.clone() } else { None };
            let secret = reached.secret.as_ref().and_then(text);
            let credentials = id.zip(secret).filter(|_| self.make.credentials);
            let credentials = credentials.map(|(id, secret)| KitCredentials { access_key_id: KitText(id), secret_access_key: secret });
            kit.locations.push(KitLocation::new(location.name.clone(), target, credentials));
        }
        Ok(())
    }

    /// The passphrase that goes in, which opens the passkey just now.
    async fn proved(&self, run: &Run<'_>) -> Result<Passphrase, Fault> {
        let (work, doing, name) = (&self.work, self.doing(), &self.by);
        let Some(secret) = run.secrets.get(Slot::UNLOCK.0) else {
            let next = Act::say("unlock by typing it, or: --passphrase-file F");
            return Err(Fault::new(Kind::Secret, doing, format!("the passphrase of {name} was not given"), next));
        };
        let Some((_, clear, _)) = work.read(RecordKind::Passkey, &name.id()).await? else {
            return Err(Fault::new(Kind::Changed, doing, format!("passkey {name} is gone"), Act::say("begin again")));
        };
        let wrap = records::wrap_of(&clear, &doing, name)?;
        let passkey = records::passkey(&clear, None)
            .map_err(|e| records::record_fault(&doing, &records::called(RecordKind::Passkey, &name.id()), &e.into()))?;
        let services = Services::all(&work.at.host.machine);
        let Some(service) = services.of(passkey.method) else {
            return Err(Fault::refused(doing, format!("{name} is no passphrase"), Act::say("leave out --include-passphrases")));
        };
        let mut lent = Secrets::new();
        lent.put(Slot::UNLOCK.0, secret.duplicate());
        let key = service
            .unwrap(&wrap, &lent, Slot::UNLOCK, &work.limit(run.halt))
            .await
            .map_err(|fault| Fault { doing: doing.clone(), ..fault })?;
        if Derived::from_master(&key).master_key_id() != work.installation.master_key_id {
            return Err(Fault::new(Kind::Damaged, doing, format!("{name} opens another master key"), Act::say("kastellan journal verify")));
        }
        Ok(secret.duplicate())
    }

    fn add_passkeys(&self, kit: &mut Kit, known: &Facts, passphrase: Option<&Passphrase>) {
        for passkey in known.passkeys.iter().filter(|p| !p.pending && !p.altered) {
            let own = passkey.name.same(&self.by);
            kit.passkeys.push(KitPasskey {
                name: KitText(passkey.name.as_str().into()),
                method: KitText(passkey.method.word().into()),
                wrap_id: passkey.wrap_id.clone(),
                envelope: KitText(records::envelope(&self.work.installation, &passkey.name, passkey.created_at)),
                passphrase: passphrase.filter(|_| own).and_then(text),
            });
        }
    }

    /// The DR passphrases that open an archive which is kept, and the one in force.
    async fn add_dr(&self, kit: &mut Kit, known: &Facts) -> Result<(), Fault> {
        let now = known.dr.as_ref().filter(|dr| dr.enabled).map_or(0, |dr| dr.number);
        let i = &self.work.installation;
        for passphrase in &known.dr_passphrases {
            let number = passphrase.number;
            if number != now && !known.archives.iter().any(|a| a.number == number) {
                continue;
            }
            let inside = if self.make.passphrases { text(&dr::passphrase(&self.work, number).await?.2) } else { None };
            let envelope = DrPassphrase::envelope(number, &i.name, i.short_id(), &passphrase.created_at.day());
            kit.dr_passphrases.push(KitDrPassphrase { number, envelope: KitText(envelope.into()), passphrase: inside });
        }
        Ok(())
    }

    /// Seals, and opens again what opens with a passphrase.
    async fn sealed(&self, kit: Kit, run: &Run<'_>) -> Result<Zeroizing<String>, Fault> {
        let doing = self.doing();
        let refused = |doing: &Text, error: &KitError| Fault::refused(doing.clone(), error.to_string(), next_of(error));
        if !self.make.recipients.is_empty() {
            let recipients: Vec<String> = self.make.recipients.iter().map(ToString::to_string).collect();
            let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
            return kit.seal_to(&recipients).map(Zeroizing::new).map_err(|e| refused(&doing, &e));
        }
        let Some(passphrase) = run.secrets.get(Slot::KIT.0).map(Passphrase::duplicate) else {
            let next = Act::say("--generate, or --kit-passphrase-file F");
            return Err(Fault::new(Kind::Secret, doing, "no passphrase was given for it", next));
        };
        let (said, available) = (doing.clone(), self.work.at.host.machine.facts().available_kib);
        threads::apart(&doing, move || {
            let file = Zeroizing::new(kit.seal(&passphrase, available).map_err(|e| refused(&said, &e))?);
            let lost = || Fault::new(Kind::Unexpected, said.clone(), "what was sealed does not open", Act::say("kastellan doctor"));
            if opens_again(&file, &passphrase, available, &kit) { Ok(file) } else { Err(lost()) }
        })
        .await
    }

    fn record(&self, known: &Facts, file: &str) -> KitMade {
        KitMade {
            id: new_id(),
            digest: digest(file.as_bytes()),
            made_at: known.now,
            made_by: self.work.at.host.person.who(),
            recipients: self.make.recipients.len() as u64,
            wraps: known.passkeys.iter().filter(|p| !p.pending && !p.altered).map(|p| p.wrap_id.clone()).collect(),
            opens: self.make.passphrases.then(|| self.by.clone()),
            dr_number: known.dr.as_ref().filter(|dr| dr.enabled).map_or(0, |dr| dr.number),
            dr_inside: self.make.passphrases && known.dr_on(),
            credentials: self.make.credentials,
            policies: self.make.policies.clone(),
            checked: None,
        }
    }
}

/// Whether a file opens, and holds this kit.
fn opens_again(file: &str, passphrase: &Passphrase, available_kib: u64, kit: &Kit) -> bool {
    let again = KitFile::parse(file.as_bytes()).and_then(|file| file.open(passphrase, available_kib));
    again.is_ok_and(|again| *again.to_json() == *kit.to_json())
}

/// A secret as a kit has it: text; one that is none stays out.
fn text(secret: &Passphrase) -> Option<KitSecret> {
    let text = std::str::from_utf8(secret.expose()).ok()?;
    Some(KitSecret::new(Zeroizing::new(text.to_owned())))
}

fn next_of(error: &KitError) -> Act {
    Act::say(match error {
        KitError::Passphrase => "take plain letters, digits and signs, or --generate",
        KitError::Recipient(_) | KitError::NoRecipient => "give the public key that age-keygen printed: --recipient age1...",
        KitError::TooLarge => "leave out some policies",
        KitError::Work(..) => "free memory and try again, or make it to a recipient, which takes none: --recipient age1...",
        _ => "kastellan doctor",
    })
}

/// What a person reads who has nothing but this document.
fn instructions(installation: &Installation, day: &str, who: &Text) -> Text {
    Text::new(format!(
        "Recovery kit of {}, made {day} by {who}. \
         With Kastellan, on any machine: kastellan recover --kit FILE. \
         Without it: this file is an age file (age-encryption.org/v1), and you are reading what is in it. \
         locations: where the DR archives (dr/) and the artifacts (artifacts/) are. \
         drPassphrases: what an archive opens with, by the number in its header; none here: its envelope. \
         passkeys: what opens the master key in an archive; one of them is enough; none here: its envelope. \
         imports: keys of single policies, for kastellan migration import; with one of them any Tink opens that policy's artifacts. \
         Nothing here proves who made this kit: look at a location before you trust it with credentials.",
        installation.title()
    ))
}

#[async_trait]
impl Operation for Making {
    fn id(&self) -> &str {
        &self.work.id
    }

    fn prover(&mut self, _by: Prover) {}

    async fn step(&mut self, step: &StepId, run: &Run<'_>) -> Result<Text, Fault> {
        self.made(&step.0, run).await
    }

    fn unfinished(&self) -> bool {
        false
    }

    async fn close(mut self: Box<Self>) -> Result<Outcome, Fault> {
        let installation = &self.work.installation;
        let mut lines = vec![Text::new(format!("recovery kit of {} made", installation.title()))];
        if self.make.recipients.is_empty() {
            lines.push("opened again and compared before it was noted".into());
        } else {
            lines.push("not opened again: only its recipients can; let one of them check it".into());
        }
        let file = self.file.take();
        let mut outcome = close(&self.work, lines).await?;
        outcome.text = file;
        if self.make.recipients.is_empty() {
            let day = self.work.at.host.clock.now().day();
            outcome.next.push(Act::say(format!("keep its envelope apart from it: {}", envelope(&self.work.installation, &day))));
        }
        outcome.next.push(Act::say("on another machine, best by somebody else: kastellan kit check FILE"));
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn only_a_file_that_opens_as_the_same_kit_does_open_again() {
        let kit = |seq| {
            let installation = KitInstallation {
                name: KitText("prod-eu1".into()),
                catalog_id: "00".repeat(16),
                instance_id: "11".repeat(16),
                master_key_id: "22".repeat(8),
            };
            let pin = KitPin { seq, hash: "33".repeat(32), archive_seq: 2, unarchived: 0 };
            Kit::new(installation, Timestamp::from_unix(0), pin, "Open it with age.".into())
        };
        let passphrase = |text: &str| Passphrase::entered(text.as_bytes()).unwrap();
        let (one, right) = (kit(7), passphrase("a kit's passphrase"));
        let file = one.seal(&right, 1 << 20).unwrap();
        let opens = |file: &str, passphrase: &Passphrase, kit: &Kit| opens_again(file, passphrase, 1 << 20, kit);
        assert!(opens(&file, &right, &one));
        assert!(!opens(&file, &passphrase("another"), &one));
        assert!(!opens(&file, &right, &kit(8)), "another kit");
        assert!(!opens(&file[..file.len() - 40], &right, &one), "cut short");
    }
}
