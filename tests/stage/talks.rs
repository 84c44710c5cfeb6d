//! What asks step by step, at moments that are worth a picture. The lines are those of real ones.

use super::{Stage, locked, protected};
use kastellan::app::{Key, Msg};
use kastellan::domain::{Counted, Facts, Saying, Slot};
use kastellan::wizard::SlotState;

impl Stage {
    fn says(&mut self, lines: &[&str]) {
        for line in lines {
            self.tell(Msg::Said(Saying::Line((*line).into())));
        }
    }

    fn asks(&mut self, label: &str, secret: bool) {
        self.tell(Msg::Said(Saying::Asks { label: label.into(), secret }));
    }

    fn types_secret(&mut self) {
        self.tell(Msg::SlotChanged(Slot::TALK, SlotState { len: 67, ..SlotState::default() }));
    }
}

/// Where the archives are, and the first envelope, misread once.
fn finds_the_way(stage: &mut Stage) {
    stage.says(&[
        "You need a place with DR archives, the envelope of the DR passphrase, and",
        "the envelope of a passkey. Nothing is written before the last step, and",
        "nothing in that place is changed.",
    ]);
    stage.asks("Where are the archives? A folder, or s3://BUCKET/PREFIX:", false);
    stage.keys("/mnt/nfs").enter();
}

fn opens_the_archive(stage: &mut Stage) {
    stage.says(&["First the envelope DR no. 2 / prod-eu1 7f3a / ..."]);
    stage.asks("DR passphrase:", true);
    stage.types_secret();
    stage.enter();
    stage.says(&["DR archive not opened: wrong passphrase, or the header was altered; nothing changed; check bits do not match: a word is wrong, or two are swapped"]);
    stage.asks("DR passphrase:", true);
    stage.types_secret();
}

const INSIDE: [&str; 5] = [
    "prod-eu1 (7f3a): archive 12 of 2026-11-17T14:02:00Z, journal to entry 24",
    "The master key in it is still wrapped. Which of these do you hold?",
    "  PASSKEY k10MasterKey / prod-eu1 7f3a / 2026-01-10  (passphrase)",
    "  PASSKEY ops-envelope / prod-eu1 7f3a / 2026-01-10  (passphrase)",
    "Then the envelope of a passkey: any of them opens it.",
];

/// Nothing is left but a place and two envelopes: one word of the first was misread.
pub fn recover(size: (u16, u16)) -> Stage {
    let mut stage = Stage::new(Facts::none(super::now(), false), size);
    stage.enter();
    finds_the_way(&mut stage);
    opens_the_archive(&mut stage);
    stage
}

/// The same after as many lines as fill every box, and a question below them.
pub fn recover_long(size: (u16, u16)) -> Stage {
    let mut stage = recover(size);
    stage.enter();
    let listed: Vec<String> = (1..=60).map(|n| format!("  {n:2}  prod-eu{n} (7f3a)  archive 12 of 2026-11-17")).collect();
    stage.says(&listed.iter().map(String::as_str).collect::<Vec<_>>());
    stage.asks("Which installation? Its number:", false);
    stage.keys("17");
    stage
}

/// It came back.
pub fn recovered(size: (u16, u16)) -> Stage {
    let mut stage = recover(size);
    stage.enter();
    stage.says(&INSIDE);
    stage.asks("passphrase:", true);
    stage.enter();
    stage.says(&[
        "prod-eu1 (7f3a) is back: 4 passkeys, 30 policies, 2 locations, 0 imported keys",
        "nfs holds 3 artifacts of ours",
        "1 artifact made since the archive, found in the locations",
        "What did not come back, or is not proved:",
        "  not tried today: laptop-ana (kastellan passkey check)",
        "next: kastellan status",
    ]);
    stage.tell(Msg::Said(Saying::Ended(Ok(()))));
    stage
}

/// A drill that reads the newest artifact of a policy.
pub fn drill(size: (u16, u16)) -> Stage {
    let mut stage = Stage::new(protected(), size);
    stage.keys(":drill").enter();
    finds_the_way(&mut stage);
    stage.says(&["[x]    0.1 s  find the archives: 12 archives, the newest of 2026-11-17T14:02:00Z"]);
    opens_the_archive(&mut stage);
    stage.enter();
    stage.says(&["[x]   41.3 s  open an archive with the DR passphrase: archive 12 of 2026-11-17T14:02:00Z"]);
    stage.says(&INSIDE);
    stage.asks("passphrase:", true);
    stage.types_secret();
    stage.enter();
    stage.says(&[
        "[x]   20.8 s  open the master key with a passkey's secret: passkey ops-envelope",
        "[x]    0.4 s  verify every record, and write the catalog: prod-eu1 (7f3a) is back",
        "[x]    0.2 s  read location nfs through: nfs holds 3 artifacts of ours",
    ]);
    stage.tell(Msg::Said(Saying::Counted(Counted { done: 1_503_238_553, total: Some(4_294_967_296), bytes: true })));
    stage
}

/// How it ended.
pub fn drill_report(size: (u16, u16)) -> Stage {
    let mut stage = drill(size);
    stage.tell(Msg::Said(Saying::CountedAll));
    stage.says(&[
        "[x]    6.1 s  open the newest artifact of app-01-daily: 4.0 GiB",
        "drill machine-lost of prod-eu1 PASSED in 1 minute: the newest artifact of 1 policy opened to its last byte",
        "report: /srv/drill-7f3a-20261117T141000Z-5c1d.md (and .json, .json.sig)",
        "in the history: kastellan drill list",
    ]);
    stage.tell(Msg::Said(Saying::Ended(Ok(()))));
    stage
}

/// The same, left to run below: it is seen from every screen.
pub fn drill_below(size: (u16, u16)) -> Stage {
    let mut stage = drill(size);
    stage.key(Key::Esc).keys("2");
    stage
}

/// Locked, and browsing: what was begun goes on.
pub fn drill_while_locked(size: (u16, u16)) -> Stage {
    let mut stage = Stage::new(locked(protected()), size);
    stage.key(Key::Esc).keys(":drill").enter();
    stage.says(&["[x]    0.1 s  find the archives: 12 archives, the newest of 2026-11-17T14:02:00Z"]);
    stage.key(Key::Esc);
    stage
}
