//! A console with fixed facts, brought to a screen by keys and answers alone; shared by the tests of screens and of screenshots.
#![allow(dead_code)] // Each test uses its part.

pub mod talks;

use kastellan::app::{App, Effect, Key, Keymap, Moment, Msg, Setup, update};
use kastellan::domain::{
    Ages, Archive, Artifact, ArtifactKind, Change, Chronicle, Confirm, Dr, DrPassphrase, DrillDone, Event, Facts, Failing, Installation,
    JournalHead, JournalLine, KeyNeed, Location, LockState, Method, Passkey, PassphraseSource, Plan, Policy, Proof, Prover, Receipt,
    Request, Risk, Rotate, S3Target, SealedFacts, SecretNeed, SecretOf, SecretPurpose, Slot, StepId, StepInfo, Target, Text, Timestamp,
    Unfinished,
};
use kastellan::host::Color;
use kastellan::tui::theme::Theme;
use kastellan::tui::views::{self, View};
use kastellan::wizard::{SlotState, Verdict};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::path::Path;
use std::process::Command;

/// What generated passphrases are in pictures: a published example, no secret of anybody.
pub const WORDS: &[u8] = b"legal winner thank year wave sausage worth useful legal winner thank yellow";

/// Runs `test` where times are shown in UTC, whatever this machine's time zone: in a child of this very test.
pub fn in_utc(name: &str, test: impl FnOnce()) {
    if std::env::var("TZ").as_deref() == Ok("UTC") {
        return test();
    }
    let this = std::env::current_exe().unwrap();
    let ran = Command::new(this).args(["--exact", name, "--nocapture"]).env("TZ", "UTC").output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{name} in UTC:\n{out}\n{err}");
    print!("{out}");
}

pub fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

pub fn now() -> Timestamp {
    at("2026-11-17T14:09:00Z")
}

pub fn moment() -> Moment {
    Moment { wall: now(), boot: 1000 }
}

fn passkey(name: &str, owner: Option<&str>, made: &str, proof: Option<Proof>) -> Passkey {
    Passkey {
        name: name.parse().unwrap(),
        method: Method::Passphrase,
        source: PassphraseSource::Prompt,
        owner: owner.map(Text::from),
        created_at: at(made),
        created_by: "ben@bastion".into(),
        wrap_id: "5f0c3a9d27e84b1c9a6e0d4b8f7213c5".into(),
        settings: "Argon2id 256 MiB".into(),
        weak: false,
        pending: false,
        proof,
        altered: false,
        note: None,
    }
}

fn typed(time: &str, who: &str) -> Proof {
    Proof { opened: Some((at(time), Prover::Person(who.into()))), typed: Some((at(time), who.into())), failed: None }
}

/// An installation with a way in, an old proof, a broken passkey, one that nobody tried, and a rotation that stopped.
pub fn facts() -> Facts {
    let mut broken = typed("2026-03-02T08:11:00Z", "ana@bastion");
    broken.failed = Some((at("2026-11-17T13:50:00Z"), "the passphrase did not open it".into()));
    let mut pending = passkey("k10MasterKey-2", None, "2026-11-17T14:02:00Z", None);
    pending.pending = true;
    Facts {
        now: now(),
        installation: Some(Installation {
            name: "prod-eu1".into(),
            catalog_id: "7f3a9c0e5d214b6f8a1e7c3b9d0f2468".into(),
            instance_id: "00112233445566778899aabbccddeeff".into(),
            master_key_id: "c0ffee0123456789".into(),
            created_at: at("2026-01-10T09:00:00Z"),
            in_use: "k10MasterKey".parse().unwrap(),
            owner: true,
            signing_key: "5e".repeat(32),
        }),
        passkeys: vec![
            passkey("k10MasterKey", Some("ana"), "2026-01-10T09:00:00Z", Some(typed("2026-11-17T14:02:00Z", "ana@bastion"))),
            pending,
            passkey("laptop-ana", Some("ana"), "2026-05-03T10:00:00Z", None),
            passkey("old-safe", None, "2026-01-12T10:00:00Z", Some(broken)),
            passkey("ops-envelope", Some("ben"), "2026-01-10T11:00:00Z", Some(typed("2026-04-26T09:30:00Z", "ben@bastion"))),
        ],
        unread: 0,
        locations: Vec::new(),
        dr: None,
        dr_passphrases: Vec::new(),
        kits: Vec::new(),
        drills: Vec::new(),
        aftermath: Vec::new(),
        alone: std::collections::BTreeMap::default(),
        archives: Vec::new(),
        debt: 0,
        policies: 30,
        policy_names: Vec::new(),
        unfinished: Some(Unfinished {
            id: "a1b2c3d4".into(),
            request: Request::Rotate(rotate()),
            steps: ["wrap", "prove", "switch"].map(Text::from).to_vec(),
            done: 1,
            who: "ben@bastion".into(),
            since: at("2026-11-17T14:02:00Z"),
        }),
        holder: None,
        lock: LockState::Unlocked { by: "k10MasterKey".parse().unwrap(), at: at("2026-11-17T14:02:00Z") },
        verified: true,
        read_only: false,
        head: JournalHead { seq: 24, hash: "ab".repeat(32) },
        alarm: None,
        ages: Ages::default(),
    }
}

/// The same without the unfinished rotation.
pub fn calm() -> Facts {
    let mut facts = facts();
    facts.unfinished = None;
    facts.passkeys.retain(|p| !p.pending);
    facts
}

pub fn locked(mut facts: Facts) -> Facts {
    facts.lock = LockState::Locked;
    facts.verified = false;
    facts
}

/// The same with two locations, DR to both of them, a debt, a kit that was checked, and drills.
pub fn protected() -> Facts {
    let mut facts = calm();
    let location = |name: &str, target: Target| Location {
        name: name.parse().unwrap(),
        kind: if matches!(target, Target::S3(_)) { "s3".into() } else { "directory".into() },
        target: Some(target),
        hide_policy_names: matches!(name, "s3-eu"),
        read_only: false,
        created_at: at("2026-01-10T10:00:00Z"),
        created_by: "ben@bastion".into(),
        altered: false,
    };
    let bucket = S3Target {
        bucket: "backups".into(),
        prefix: "k10".into(),
        endpoint: None,
        region: Some("eu-central-1".into()),
        ca_file: None,
        path_style: false,
        access_key_id: None,
    };
    facts.locations = vec![location("nfs", Target::Directory { path: "/mnt/backups".into() }), location("s3-eu", Target::S3(bucket))];
    facts.alone = [("nfs".to_owned(), Some(2)), ("s3-eu".to_owned(), Some(0))].into();
    let failing =
        Failing { location: "s3-eu".parse().unwrap(), since: at("2026-11-16T08:00:00Z"), cause: "403 AccessDenied on PutObject".into() };
    let names = ["nfs", "s3-eu"].map(|name| name.parse().unwrap()).to_vec();
    facts.dr = Some(Dr { enabled: true, locations: names, number: 2, next_seq: 15, failing: vec![failing], foreign: Vec::new() });
    facts.debt = 3;
    let passphrase = |number, made: &str, retired: Option<&str>, typed: Option<&str>| DrPassphrase {
        number,
        created_at: at(made),
        created_by: "ben@bastion".into(),
        retired_at: retired.map(at),
        typed: typed.map(|time| (at(time), "ana@bastion".into())),
    };
    facts.dr_passphrases = vec![
        passphrase(1, "2026-01-10T10:05:00Z", Some("2026-08-01T09:00:00Z"), None),
        passphrase(2, "2026-08-01T09:00:00Z", None, Some("2026-11-03T10:00:00Z")),
    ];
    let wrap = facts.passkeys[0].wrap_id.clone();
    let archive = |seq: u64, place: &str, made: &str, proved: bool| Archive {
        id: format!("{:016x}", seq * 2 + u64::from(proved)),
        name: format!("20261117T140200Z-{seq}-{seq:016x}.kdr"),
        location: place.parse().unwrap(),
        instance_id: "00112233445566778899aabbccddeeff".into(),
        seq,
        created_at: at(made),
        size: 12_345,
        digest: "cd".repeat(32),
        number: if seq < 9 { 1 } else { 2 },
        journal_seq: seq + 6,
        wraps: vec![wrap.clone()],
        proved_at: proved.then(|| at(made)),
    };
    facts.archives = vec![
        archive(14, "nfs", "2026-11-17T14:02:00Z", true),
        archive(13, "nfs", "2026-11-12T08:00:00Z", true),
        archive(13, "s3-eu", "2026-11-12T08:00:00Z", false),
        archive(8, "nfs", "2026-07-30T08:00:00Z", true),
    ];
    let drill = |id: u8, began: &str, failed: Option<&str>| DrillDone {
        id: format!("{id:02x}").repeat(16),
        scenario: "machine-lost".into(),
        passed: failed.is_none(),
        began_at: at(began),
        took_ms: 61_000,
        by: "ana".into(),
        machine: "laptop".into(),
        signed: true,
        failed: failed.map(Text::from),
    };
    facts.drills = vec![
        drill(0xa1, "2026-11-10T09:00:00Z", None),
        drill(0xa0, "2026-08-02T09:00:00Z", Some("open an archive with the DR passphrase")),
    ];
    facts
}

/// Two locations, and no DR yet.
pub fn without_dr() -> Facts {
    Facts { dr: None, dr_passphrases: Vec::new(), archives: Vec::new(), drills: Vec::new(), debt: 0, ..protected() }
}

/// Artifacts as the index has them.
fn artifacts() -> Vec<Artifact> {
    let one = |n: u8, place: &str, policy: &str, verified: bool| Artifact {
        id: format!("{n:02x}").repeat(16),
        location: place.parse().unwrap(),
        policy: policy.into(),
        folder: policy.into(),
        policy_key_id: "1a2b3c4d5e6f7081".into(),
        instance_id: "00112233445566778899aabbccddeeff".into(),
        created_at: at("2026-11-17T02:00:00Z"),
        size: 4_294_967_296,
        stored: 4_295_034_912,
        found: false,
        verified_at: verified.then(|| at("2026-11-17T03:00:00Z")),
        sealed: Some(SealedFacts { kind: ArtifactKind::Archive, names: "/srv/app".into(), note: None, digest: "ef".repeat(32) }),
        altered: false,
    };
    let old = Artifact { created_at: at("2025-11-17T02:00:00Z"), ..one(0xc2, "nfs", "db", false) };
    vec![one(0xc4, "nfs", "app-01-daily", true), one(0xc3, "s3-eu", "app-01-daily", false), old]
}

/// Names and texts as an attacker would have them.
pub fn hostile() -> Facts {
    let mut facts = protected();
    let bad = "\x1b]0;owned\x07\x1b[2J\u{202e}gnp.exe\u{200b}\r\n";
    facts.installation.as_mut().unwrap().name = Text::new(bad);
    for passkey in &mut facts.passkeys {
        passkey.created_by = Text::new(format!("{bad}{}", "x".repeat(100_000)));
        passkey.owner = Some(Text::new(bad));
        passkey.settings = Text::new(bad);
        passkey.note = Some(Text::new(bad));
        if let Some(failed) = passkey.proof.as_mut().and_then(|p| p.failed.as_mut()) {
            failed.1 = Text::new(bad);
        }
    }
    for location in &mut facts.locations {
        location.created_by = Text::new(bad);
        location.kind = Text::new(bad);
        location.target = Some(Target::Directory { path: Text::new(bad) });
    }
    for drill in &mut facts.drills {
        (drill.scenario, drill.by, drill.machine) = (Text::new(bad), Text::new(bad), Text::new(bad));
        drill.failed = Some(Text::new(bad));
    }
    for failing in facts.dr.iter_mut().flat_map(|dr| &mut dr.failing) {
        failing.cause = Text::new(bad);
    }
    for passphrase in &mut facts.dr_passphrases {
        passphrase.created_by = Text::new(bad);
    }
    facts
}

pub fn rotate() -> Rotate {
    Rotate {
        new: "k10MasterKey-2".parse().unwrap(),
        method: Method::Passphrase,
        source: PassphraseSource::Prompt,
        owner: None,
        retire: None,
        without_archive: false,
        shut_archives: None,
        because: kastellan::domain::Because::Planned,
    }
}

pub fn plan() -> Plan {
    let step = |id: &str, title: &str, risk| StepInfo { id: StepId::new(id), title: title.into(), risk, irreversible: false };
    Plan {
        request: Request::Rotate(rotate()),
        steps: vec![
            step("wrap", "wrap the master key with k10MasterKey-2", Risk::SafeToStop),
            step("prove", "read it back and unwrap it", Risk::AskBeforeStopping),
            step("switch", "put k10MasterKey-2 in use", Risk::MustFinish),
        ],
        changes: [
            "k10MasterKey-2 is added and opens prod-eu1",
            "k10MasterKey-2 is tried first at unlock, in place of k10MasterKey",
            "k10MasterKey stays and still opens prod-eu1",
        ]
        .map(|c| Change(c.into()))
        .to_vec(),
        warnings: vec!["Retired is not revoked: who has an old copy of the catalog and the old passphrase still opens it.".into()],
        secrets: vec![SecretNeed {
            slot: Slot::NEW,
            of: SecretOf::Passkey("k10MasterKey-2".parse().unwrap()),
            purpose: SecretPurpose::Make,
            envelope: "PASSKEY k10MasterKey-2 / prod-eu1 7f3a / 2026-11-17".into(),
            flag: "new-passphrase".into(),
        }],
        keys: vec![KeyNeed::Master],
        confirm: Confirm::Yes,
    }
}

fn dr_plan(request: Request) -> Plan {
    let step =
        |id: &str, title: &str| StepInfo { id: StepId::new(id), title: title.into(), risk: Risk::AskBeforeStopping, irreversible: false };
    Plan {
        request,
        steps: vec![
            step("store", "keep DR passphrase no. 1, encrypted, in this catalog"),
            step("archive", "archive to every location, and prove each archive"),
        ],
        changes: [
            "DR passphrase no. 1; every change is archived to nfs, s3-eu from now on",
            "an archive now, read back and opened with that passphrase before it counts",
        ]
        .map(|c| Change(c.into()))
        .to_vec(),
        warnings: vec!["The archive holds the master key only as your passkeys wrapped it: after a total loss you need the DR passphrase AND a passkey's secret.".into()],
        secrets: vec![SecretNeed {
            slot: Slot::NEW_DR,
            of: SecretOf::Dr(1),
            purpose: SecretPurpose::Make,
            envelope: "DR no. 1 / prod-eu1 7f3a / 2026-11-17".into(),
            flag: "new-dr-passphrase".into(),
        }],
        keys: vec![KeyNeed::Metadata],
        confirm: Confirm::None,
    }
}

fn seal_plan(request: Request) -> Plan {
    let step = |id: &str, title: &str| StepInfo { id: StepId::new(id), title: title.into(), risk: Risk::SafeToStop, irreversible: false };
    Plan {
        request,
        steps: vec![step("seal", "seal /srv/app into nfs"), step("index", "note it in the index")],
        changes: vec![Change("one artifact more in nfs".into())],
        warnings: Vec::new(),
        secrets: Vec::new(),
        keys: vec![KeyNeed::Policy],
        confirm: Confirm::None,
    }
}

/// The plan of a request: rotations as above, DR and seals as they are, all else as a removal.
fn plan_of(request: Request) -> Plan {
    match &request {
        Request::DrEnable(_) => return dr_plan(request),
        Request::Seal(_) => return seal_plan(request),
        Request::Export(_) => return Plan { secrets: Vec::new(), confirm: Confirm::None, ..seal_plan(request) },
        _ => {}
    }
    let Request::PasskeyRemove(remove) = &request else { return plan() };
    let name = remove.name.to_string();
    let title = Text::new(format!("remove {name} and its wrap"));
    Plan {
        steps: vec![StepInfo { id: StepId::new("remove"), title, risk: Risk::MustFinish, irreversible: true }],
        changes: vec![Change(Text::new(format!("{name} no longer opens prod-eu1")))],
        warnings: Vec::new(),
        secrets: Vec::new(),
        keys: vec![KeyNeed::Metadata],
        confirm: Confirm::Type(Text::new(name)),
        request,
    }
}

pub fn receipt() -> Receipt {
    Receipt {
        operation: "a1b2c3d4".into(),
        verb: "rotate".into(),
        installation: "prod-eu1 (7f3a)".into(),
        at: now(),
        journal: 29,
        lines: vec!["k10MasterKey-2 is in use, proved 14:09".into(), "k10MasterKey stays and still opens prod-eu1".into()],
        next: Vec::new(),
    }
}

pub fn setup(facts: Facts, size: (u16, u16)) -> Setup {
    Setup {
        context: None,
        place: "/home/ana/.local/share/kastellan/catalog.db".into(),
        default_name: "bastion".into(),
        who: "ana@bastion".into(),
        production: false,
        read_only: facts.read_only,
        demo: Vec::new(),
        ascii: false,
        mouse: false,
        theme: "default".into(),
        idle_minutes: 10,
        keymap: Keymap::default(),
        facts: Some(facts),
        size,
    }
}

/// A console on the stage: the real state machine, its questions answered from fixed facts.
pub struct Stage {
    pub app: App,
    pub facts: Facts,
    begun: Option<u64>,
    pub unlocking: Option<u64>,
}

impl Stage {
    pub fn new(facts: Facts, size: (u16, u16)) -> Self {
        Self::with(setup(facts, size))
    }

    pub fn with(setup: Setup) -> Self {
        let facts = setup.facts.clone().unwrap();
        let (app, effects) = App::start(setup, moment());
        let mut stage = Self { app, facts, begun: None, unlocking: None };
        let rows = views::rows(&stage.app);
        stage.carry_out(effects);
        stage.tell(Msg::Page(rows));
        stage
    }

    pub fn tell(&mut self, msg: Msg) {
        let effects = update(&mut self.app, moment(), msg);
        self.carry_out(effects);
    }

    pub fn key(&mut self, key: Key) -> &mut Self {
        self.tell(Msg::Key(key));
        self
    }

    pub fn keys(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.key(Key::Char(c));
        }
        self
    }

    pub fn enter(&mut self) -> &mut Self {
        self.key(Key::Enter)
    }

    /// What the focused secret field's owner would say of twelve right words.
    pub fn secret(&mut self) -> &mut Self {
        let slot = self.app.focused_secret().expect("a secret field has the focus").slot;
        let state = SlotState { len: WORDS.len(), verdict: Verdict::Good { words: Some(12) }, completions: 0 };
        self.tell(Msg::SlotChanged(slot, state));
        self
    }

    pub fn event(&mut self, event: Event) -> &mut Self {
        self.tell(Msg::Event(Box::new(event)));
        self
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Some(answer) = self.answer(effect) {
                self.tell(answer);
            }
        }
    }

    fn answer(&mut self, effect: Effect) -> Option<Msg> {
        Some(match effect {
            Effect::LoadFacts(epoch) => Msg::Facts(epoch, Ok(Box::new(self.facts.clone()))),
            Effect::LoadPolicyNames(epoch) => Msg::PolicyNames(epoch, Ok((1..=30).map(|n| format!("app-{n:02}-daily")).collect())),
            Effect::LoadPolicies(epoch, names) => {
                let policy = |name: kastellan::domain::PolicyName| Policy {
                    key_id: format!("{:016x}", 0x1a2b_3c4d_5e6f_7081_u64.wrapping_mul(name.as_str().len() as u64)),
                    name,
                    created_at: at("2026-01-10T12:00:00Z"),
                    created_by: "ana@bastion".into(),
                    altered: false,
                };
                Msg::Policies(epoch, Ok(names.into_iter().map(policy).collect()))
            }
            Effect::LoadJournal { epoch, from, max } => {
                let lines = (from..=24).take(max).map(|seq| JournalLine {
                    seq,
                    at: at("2026-11-16T12:00:00Z"),
                    who: "ana@bastion".into(),
                    from: "pts/3, 10.0.0.7".into(),
                    verb: "unlock".into(),
                    what: Text::new(format!("with k10MasterKey, no. {seq}")),
                    vouched: seq < 24,
                    hash: "ab".repeat(32),
                });
                Msg::Journal(epoch, Ok(Chronicle { lines: lines.collect(), last: 24 }))
            }
            Effect::LoadArtifacts(epoch, _) => {
                let there = !self.facts.locations.is_empty();
                Msg::Artifacts(epoch, Ok((if there { artifacts() } else { Vec::new() }, None)))
            }
            Effect::LoadThemes(epoch) => Msg::Themes(epoch, kastellan::tui::theme::names(Path::new("/nonexistent"))),
            Effect::LoadYaml(epoch, _) => {
                Msg::Lines(epoch, Ok(["apiVersion: vault.kio.kasten.io/v1alpha1", "kind: Passkey"].map(Text::from).to_vec()))
            }
            Effect::Look(epoch, _) => Msg::Looked(epoch, Ok(())),
            Effect::Plan(epoch, request) => Msg::Planned(epoch, Ok(Box::new(plan_of(*request)))),
            Effect::Begin(epoch, plan) => {
                self.begun = Some(epoch);
                Msg::Begun(epoch, Ok(plan))
            }
            Effect::Unlock { epoch, .. } => {
                self.unlocking = Some(epoch);
                return None;
            }
            Effect::Generate(slot) => {
                Msg::SlotChanged(slot, SlotState { len: WORDS.len(), verdict: Verdict::Good { words: Some(12) }, completions: 0 })
            }
            _ => return None,
        })
    }
}

/// The cells of a console in a theme.
pub fn draw(app: &App, theme: &str, depth: Color) -> Buffer {
    let theme = Theme::load(theme, Path::new("/nonexistent"), depth).unwrap();
    let mut buffer = Buffer::empty(Rect::new(0, 0, app.size.0, app.size.1));
    views::draw(&mut buffer, &View { app, theme: &theme, secret: &|_| WORDS });
    buffer
}

/// The characters of a screen, a line each.
pub fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let line: String = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
