//! Drills: the way back, rehearsed in a folder that vanishes.
//!
//! Owns: the scratch place with files, pins and settings of its own, the steps with their times, the report and its signature. Must not: know
//! where the live catalog is. What a person is asked lies with the caller, who passes each step as a future over [`Rehearsal::opening`].

use super::signing::{signer, signer_name};
use crate::crypto::{SigningKey, random};
use crate::domain::{
    Act, Artifact, ArtifactFilter, Drill, DrillArchive, DrillFailure, DrillInstallation, DrillSample, DrillStep, Fault, Kind, Origin,
    PolicyName, Prover, SAMPLES, Stage, Stop, Text,
};
use crate::format::{openssh_public, report_json, sign_report};
use crate::host::Host;
use crate::ops::records::new_id;
use crate::ops::{Contents, Keys, Opening, Place, Scope, Session, Settings, Throwaway, Told, Verified};
use std::sync::Arc;
use std::time::Instant;

/// A drill under way. Dropping it removes the scratch place.
pub struct Rehearsal {
    scratch: Throwaway,
    opening: Opening,
    drill: Drill,
    began: Instant,
    signer: Option<SigningKey>,
    dr_by: Option<Prover>,
    tell: Arc<dyn Fn(Rehearsing<'_>) + Send + Sync>,
}

/// What a drill tells while it is under way.
pub enum Rehearsing<'a> {
    /// A step ended.
    Step(&'a DrillStep),
    /// So many bytes of an artifact held so far, of so many.
    Bytes(u64, u64),
}

/// A drill that ended.
pub struct Rehearsed {
    /// What it found.
    pub drill: Drill,
    /// That, as it is signed and written.
    pub json: Vec<u8>,
    /// The signature over those bytes, and the line of the key that made it; None where no master key was recovered.
    pub signed: Option<(String, String)>,
    /// Where the DR passphrase came from that opened the archive; None where none did, or a kit held it.
    pub dr_by: Option<Prover>,
}

impl Rehearsal {
    /// A scratch place, owner-only and empty; `tell` hears how it goes.
    ///
    /// # Errors
    /// `Kind::Unexpected`.
    pub fn new(scenario: &str, settings: &Settings, tell: impl Fn(Rehearsing<'_>) + Send + Sync + 'static) -> Result<Self, Fault> {
        let scratch = Throwaway::new("drill")?;
        let host = Arc::new(Host::real(scratch.paths()));
        let drill = Drill {
            v: 1,
            id: new_id(),
            scenario: scenario.into(),
            passed: false,
            installation: None,
            by: host.person.who(),
            machine: host.person.host.clone(),
            version: env!("CARGO_PKG_VERSION").into(),
            began_at: host.clock.now(),
            took_ms: 0,
            steps: Vec::new(),
            origins: Vec::new(),
            archive: None,
            newer_artifacts: 0,
            samples: Vec::new(),
            unsampled: 0,
        };
        let place = Place { catalog: scratch.paths().catalog };
        // The scratch place is written to whatever the live one is set to.
        let settings = Settings { read_only: false, accept_changed: None, ..settings.clone() };
        Ok(Self {
            scratch,
            opening: Opening { place, host, settings },
            drill,
            began: Instant::now(),
            signer: None,
            dr_by: None,
            tell: Arc::new(tell),
        })
    }

    /// The scratch machine.
    #[must_use]
    pub fn opening(&self) -> Opening {
        self.opening.clone()
    }

    /// Does a step, and keeps how long it took and how it ended.
    ///
    /// # Errors
    /// As the step's.
    pub async fn step<T>(&mut self, stage: &Stage, work: impl Future<Output = Result<(T, Text), Fault>>) -> Result<T, Fault> {
        let began = Instant::now();
        let ended = work.await;
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (ended, found, failed) = match ended {
            Ok((value, found)) => (Ok(value), Some(found), None),
            Err(fault) => {
                let failed = DrillFailure { why: fault.cause.clone(), means: stage.means().into(), next: fault.next.say.clone() };
                (Err(fault), None, Some(failed))
            }
        };
        let step = DrillStep { name: stage.name(), ms, found, failed };
        (self.tell)(Rehearsing::Step(&step));
        self.drill.steps.push(step);
        ended
    }

    /// Notes where a secret or a coordinate came from.
    pub fn origin(&mut self, what: impl Into<Text>, from: impl Into<Text>) {
        self.drill.origins.push(Origin { what: what.into(), from: from.into() });
    }

    /// Notes which archive it was, and where the DR passphrase came from that opened it.
    pub fn archive(&mut self, name: &str, place: &Text, contents: &Contents, by: Option<Prover>) {
        self.dr_by = by;
        let (head, i) = (&contents.head, &contents.installation);
        let installation = DrillInstallation {
            name: Text::new(i.name.to_string()),
            catalog_id: i.catalog_id.clone(),
            master_key_id: i.master_key_id.clone(),
        };
        self.drill.installation = Some(installation);
        self.drill.archive = Some(DrillArchive {
            name: name.into(),
            place: place.clone(),
            created_at: head.created_at,
            seq: head.seq,
            journal_seq: head.journal_seq,
            journal_hash: head.journal_hash.as_str().into(),
            instance_id: contents.header.instance_id.clone(),
            dr_passphrase: contents.header.dr_passphrase,
            age_seconds: self.drill.began_at.since(head.created_at),
        });
    }

    /// From now on there is a key to sign with.
    pub fn recovered(&mut self, keys: &Keys) {
        self.signer = Some(signer(&keys.derived));
    }

    /// How many artifacts are newer than the archive.
    pub fn newer(&mut self, count: u64) {
        self.drill.newer_artifacts = count;
    }

    /// Opens the newest artifact of each policy, of ten at most, to its last byte; nothing of it is written.
    ///
    /// # Errors
    /// `Kind::Interrupted`; as the catalog's. What does not open is a step that failed.
    pub async fn sample(&mut self, session: &Session, stop: &Stop) -> Result<(), Fault> {
        let mut names = Vec::new();
        for name in session.policy_names().await? {
            let filter = ArtifactFilter { policy: Some(name.clone()), ..ArtifactFilter::default() };
            match (session.artifacts(&filter, None, 1).await?.artifacts.pop(), name.parse::<PolicyName>()) {
                (Some(newest), Ok(policy)) => names.push((policy, newest)),
                _ => self.drill.unsampled += 1,
            }
        }
        while names.len() > SAMPLES {
            let mut at = [0u8; 8];
            random(&mut at);
            let left_out = u64::from_be_bytes(at) % names.len() as u64;
            names.swap_remove(usize::try_from(left_out).unwrap_or_default());
            self.drill.unsampled += 1;
        }
        names.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
        for (policy, newest) in names {
            let size = newest.size;
            let stage = Stage::Sample(policy);
            let told = self.tell.clone();
            let opened = self.step(&stage, async {
                let mut failed = None;
                let bytes = |_: &Artifact| -> Told {
                    let told = told.clone();
                    Box::new(move |done| told(Rehearsing::Bytes(done, size)))
                };
                let tell = |verified: &Verified| {
                    if let Err(fault) = &verified.outcome {
                        failed = Some(fault.clone());
                    }
                };
                // Of several copies one is enough to come back from.
                let (whole, _) = session.verify(&Scope::One(&newest.id), bytes, tell, stop).await?;
                match failed {
                    Some(fault) if whole == 0 => Err(fault),
                    _ => Ok(((), Text::new(crate::domain::bytes(size)))),
                }
            });
            match opened.await {
                Ok(()) => {
                    let (policy, artifact) = (newest.policy.clone(), newest.id.clone());
                    self.drill.samples.push(DrillSample { policy, artifact, created_at: newest.created_at, size });
                }
                Err(fault) if fault.kind == Kind::Interrupted => return Err(fault),
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Ends it: the report, signed where a key was recovered. The scratch place is gone.
    ///
    /// # Errors
    /// `Kind::Unexpected`.
    pub fn finish(self) -> Result<Rehearsed, Fault> {
        let Self { scratch, opening, mut drill, began, signer, dr_by, tell: _ } = self;
        drill.took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        drill.passed = drill.steps.iter().all(|step| step.failed.is_none());
        drop((opening, scratch));
        let json = report_json(&drill)
            .map_err(|e| Fault::new(Kind::Unexpected, "drill report not made", e.to_string(), Act::say("run the drill again")))?;
        let signed = signer.map(|key| {
            let comment = drill.installation.as_ref().map(|i| signer_name(&i.name, &i.catalog_id)).unwrap_or_default();
            (sign_report(&key, &json), openssh_public(&key.public(), &comment))
        });
        Ok(Rehearsed { drill, json, signed, dr_by })
    }
}
