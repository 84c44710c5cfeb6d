//! Drills through the binary: from an archive to bytes, in a place that vanishes, and the report that proves it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use harness::cli::{Call, Run};
use harness::house::{Home, House, PASSPHRASE};
use harness::pty::{Ended, Launch};
use harness::{session, tools};
use kastellan::crypto::{Key, SigningKey};
use kastellan::domain::{Kind, Timestamp};
use kastellan::format::openssh_public;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const DR: &str = "a DR passphrase that is long enough";

/// An installation with an artifact of one of its two policies, DR on, and a bare machine that can read its location.
struct Site {
    house: House,
    share: PathBuf,
    bare: Home,
}

impl Site {
    fn new() -> Self {
        Self::with_policies(&["app-daily", "other"])
    }

    /// An artifact of the first one.
    fn with_policies(names: &[&str]) -> Self {
        let house = House::with_policies(names);
        let share = house.location("nfs", "share");
        let file = house.home.file("plain", "bytes of app-daily", 0o600);
        house.open(&["artifact", "seal", &file, "--policy", names[0]]);
        let dr = house.home.secret("dr", DR);
        house.open(&["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &dr]);
        let bare = Home::small();
        for folder in ["tmp", "reports"] {
            fs::create_dir_all(bare.path().join(folder)).unwrap();
        }
        Self { house, share, bare }
    }

    /// Runs a drill on the bare machine with these two secrets.
    fn drill(&self, dr: &str, key: &str, flags: &[&str]) -> Run {
        let (dr, key) = (self.bare.secret("dr", dr), self.bare.secret("key", key));
        let reports = self.reports();
        let args =
            [&["drill", "run", "--dr-passphrase-file", &dr, "--passphrase-file", &key, "--report", reports.to_str().unwrap()], flags];
        let tmp = self.bare.path().join("tmp");
        let run = Call::new(&self.bare, &args.concat()).env("TMPDIR", tmp.to_str().unwrap()).run();
        assert_eq!(fs::read_dir(tmp).unwrap().count(), 0, "the scratch place is gone");
        assert!(!self.bare.path().join("data/kastellan").exists(), "a drill makes no catalog");
        run
    }

    fn machine_lost(&self, dr: &str, key: &str) -> Run {
        self.drill(dr, key, &["--scenario", "machine-lost", "--directory", self.share.to_str().unwrap()])
    }

    fn reports(&self) -> PathBuf {
        self.bare.path().join("reports")
    }

    /// The one report with this ending.
    fn report(&self, end: &str) -> PathBuf {
        let found: Vec<PathBuf> = fs::read_dir(self.reports()).unwrap().map(|e| e.unwrap().path()).collect();
        let mut of_it = found.iter().filter(|path| path.to_string_lossy().ends_with(end));
        let one = of_it.next().unwrap_or_else(|| panic!("{end} in {found:?}")).clone();
        assert!(of_it.next().is_none(), "one {end} in {found:?}");
        one
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&fs::read(self.report(".json")).unwrap()).unwrap()
    }

    /// The artifact's stream, or its sidecar.
    fn object(&self, wanted: impl Fn(&str) -> bool) -> PathBuf {
        let mut folders = vec![self.share.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else if wanted(&entry.path().to_string_lossy()) {
                    return entry.path();
                }
            }
        }
        panic!("no such object");
    }

    /// Verifies a report on the installation itself.
    fn verify(&self, report: &Path) -> Run {
        self.house.home.run(&self.house.opening(&["drill", "verify", report.to_str().unwrap()]))
    }
}

fn failed(report: &Value) -> Vec<String> {
    let steps = report["steps"].as_array().unwrap();
    steps.iter().filter(|step| !step["failed"].is_null()).map(|step| step["name"].as_str().unwrap().to_owned()).collect()
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

fn flip(path: &Path, at: usize) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, harness::flipped(&bytes, at.min(bytes.len() - 1))).unwrap();
}

#[test]
fn a_drill_on_a_bare_machine_opens_the_newest_artifacts_and_touches_nothing() {
    let site = Site::new();
    let before = site.house.home.files();
    let run = site.machine_lost(DR, PASSPHRASE);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("PASSED") && run.out.contains("open the newest artifact of app-daily"), "{}", run.out);
    assert!(site.house.home.files() == before, "the live installation and its location are byte for byte as before");

    let report = site.json();
    assert_eq!(report["passed"], true);
    assert_eq!(report["steps"].as_array().unwrap().len(), 6, "{report}");
    assert!(report["steps"].as_array().unwrap().iter().all(|step| step["ms"].is_u64()));
    assert_eq!(report["samples"][0]["policy"], "app-daily");
    assert_eq!(report["samples"][0]["size"], "bytes of app-daily".len());
    assert_eq!(report["unsampled"], 1);
    assert!(report["archive"]["ageSeconds"].as_i64().unwrap() >= 0);
    let origins = report["origins"].to_string();
    for what in ["location /", "DR passphrase no. 1", "secret of passkey k10MasterKey"] {
        assert!(origins.contains(what), "{what} in {origins}");
    }
    let text = fs::read_to_string(site.report(".md")).unwrap();
    assert!(text.starts_with("# Drill: machine-lost\n\n**drill machine-lost of prod-eu1 PASSED"), "{text}");
    assert!(!text.contains(DR) && !text.contains(PASSPHRASE));
    assert_eq!(Command::new("stat").args(["-c", "%a"]).arg(site.report(".json")).output().unwrap().stdout, b"600\n");

    let again = site.report(".drill.yaml");
    let second = site.bare.path().join("again");
    fs::create_dir(&second).unwrap();
    let (dr, key) = (site.bare.secret("dr", DR), site.bare.secret("key", PASSPHRASE));
    let args = ["drill", "run", "-f", again.to_str().unwrap(), "--report", second.to_str().unwrap()];
    site.bare.good(&[&args[..], &["--dr-passphrase-file", &dr, "--passphrase-file", &key]].concat());
    assert_eq!(fs::read_dir(second).unwrap().count(), 4);
}

#[test]
fn a_drill_tells_the_archives_age_what_is_newer_and_times_of_ten_policies_at_most() {
    let names: Vec<String> = (0..11).map(|n| format!("app-{n:02}")).collect();
    let site = Site::with_policies(&names.iter().map(String::as_str).collect::<Vec<_>>());
    // Times are whole seconds: all that is sealed from here on may be newer than this archive, and what was sealed before is not.
    harness::next_second();
    site.house.open(&["dr", "archive"]);
    let file = site.house.home.file("later", "bytes of a later day", 0o600);
    for name in &names[1..] {
        site.house.open(&["artifact", "seal", &file, "--policy", name]);
    }
    harness::next_second();
    let run = site.machine_lost(DR, PASSPHRASE);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let report = site.json();
    assert_eq!(report["newerArtifacts"], 10, "all but the one that was sealed before DR was on");
    let age = time(&report["beganAt"]).since(time(&report["archive"]["createdAt"]));
    assert!(age > 0 && report["archive"]["ageSeconds"] == age, "{age}: {report}");
    assert_eq!((report["samples"].as_array().unwrap().len(), &report["unsampled"]), (10, &1.into()), "{report}");
    let steps = report["steps"].as_array().unwrap();
    let ms = |step: &Value| step["ms"].as_u64().unwrap();
    let key = steps.iter().find(|step| step["name"] == "open the master key with a passkey's secret").unwrap();
    assert!(ms(key) > 0 && steps.iter().map(ms).sum::<u64>() <= report["tookMs"].as_u64().unwrap(), "{report}");
}

#[test]
fn the_installation_knows_its_own_reports_and_no_altered_one() {
    let site = Site::new();
    site.machine_lost(DR, PASSPHRASE);
    let report = site.report(".json");
    let run = site.verify(&report);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("this installation's master key") && run.out.contains("PASSED"), "{}", run.out);
    let line = run.out.lines().find(|line| line.trim().starts_with("ssh-ed25519 ")).unwrap().trim().to_owned();
    let key = site.bare.file("key.pub", format!("{line}\n"), 0o644);
    site.bare.good(&["drill", "verify", report.to_str().unwrap(), "--key", &key]);

    let other = openssh_public(&SigningKey::from_seed(&Key::generate()).public(), "other");
    let other = site.bare.file("other.pub", other, 0o644);
    let run = site.bare.run(&["drill", "verify", report.to_str().unwrap(), "--key", &other]);
    assert_eq!(run.code, 7, "{}{}", run.out, run.err);
    assert!(run.err.contains("by another key"), "{}", run.err);

    let altered = fs::read_to_string(&report).unwrap().replace("\"unsampled\":1", "\"unsampled\":0");
    fs::write(&report, altered).unwrap();
    let run = site.verify(&report);
    assert_eq!(run.code, 7, "{}{}", run.out, run.err);
    assert!(run.err.contains("does not match the report"), "{}", run.err);
}

#[test]
fn ssh_keygen_verifies_a_report_and_a_person_can_sign_it_too() {
    let Some(keygen) = tools::need("ssh-keygen", "openssh-client") else { return };
    let site = Site::new();
    let person = site.bare.path().join("id");
    assert!(Command::new(&keygen).args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&person).status().unwrap().success());
    let share = site.share.to_str().unwrap();
    let run = site.drill(DR, PASSPHRASE, &["--scenario", "machine-lost", "--directory", share, "--sign-with", person.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let own = site.verify(&site.report(".json")).out;
    let own = own.lines().find(|line| line.trim().starts_with("ssh-ed25519 ")).unwrap().trim().to_owned();
    let persons = fs::read_to_string(person.with_extension("pub")).unwrap();
    let signers = site.bare.file("signers", format!("drills {own}\nperson {persons}"), 0o644);
    for (who, signature) in [("drills", ".json.sig"), ("person", ".json.person.sig")] {
        let verify = |report: Vec<u8>| {
            let mut child = Command::new(&keygen)
                .args(["-Y", "verify", "-n", "kastellan-drill", "-I", who, "-f", &signers, "-s"])
                .arg(site.report(signature))
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::io::Write::write_all(&mut child.stdin.take().unwrap(), &report).unwrap();
            child.wait().unwrap().success()
        };
        let report = fs::read(site.report(".json")).unwrap();
        assert!(verify(report.clone()), "{who}");
        assert!(!verify([report, b" ".to_vec()].concat()), "{who}: an altered report");
    }
}

#[test]
fn a_report_of_another_installation_is_no_drill_of_this_one() {
    let (site, other) = (Site::new(), House { home: Home::small() });
    let new = other.home.secret("passphrase", PASSPHRASE);
    other.home.good(&["init", "--name", "neighbour", "--new-passphrase-file", &new]);
    assert_eq!(site.machine_lost(DR, "another passphrase altogether").code, 9);
    let unsigned = fs::read(site.report(".json")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // Without the master key nothing was signed: whose it is says the report alone.
        let there = session::unlocked(&other, "k10MasterKey", PASSPHRASE).await;
        let fault = there.note_drill(&unsigned, None, None).await.unwrap_err();
        assert_eq!(fault.kind, Kind::Refused, "{fault}");
        assert!(fault.cause.to_string().contains("of prod-eu1, not of neighbour"), "{fault}");
        let here = session::unlocked(&site.house, "k10MasterKey", PASSPHRASE).await;
        here.note_drill(&unsigned, None, None).await.unwrap_or_else(|fault| panic!("{fault}"));
    });
}

#[test]
fn what_fails_is_in_the_report_with_what_it_means() {
    let site = Site::new();
    let run = site.machine_lost("another passphrase altogether", PASSPHRASE);
    assert_eq!(run.code, 9, "{}{}", run.out, run.err);
    let report = site.json();
    assert_eq!((report["passed"].clone(), failed(&report)), (false.into(), vec!["open an archive with the DR passphrase".to_owned()]));
    let said = fs::read_to_string(site.report(".md")).unwrap();
    assert!(said.contains("Why: wrong passphrase") && said.contains("What it means: The archive stays shut."), "{said}");
    assert!(!fs::read_dir(site.reports()).unwrap().any(|e| e.unwrap().path().to_string_lossy().ends_with(".sig")), "nothing to sign with");
}

#[test]
fn a_wrong_passkey_a_damaged_archive_and_a_location_that_is_gone() {
    let mut site = Site::new();
    let new_reports = |site: &Site| {
        fs::remove_dir_all(site.reports()).unwrap();
        fs::create_dir(site.reports()).unwrap();
    };
    let run = site.machine_lost(DR, "not the passkey's passphrase");
    assert_eq!((run.code, failed(&site.json())), (9, vec!["open the master key with a passkey's secret".to_owned()]));

    new_reports(&site);
    let archive = site.object(|path| path.contains("/dr/"));
    flip(&archive, usize::MAX);
    let run = site.machine_lost(DR, PASSPHRASE);
    assert_eq!((run.code, failed(&site.json()).len()), (9, 1), "{}{}", run.out, run.err);

    new_reports(&site);
    site.share = site.share.join("nowhere");
    let run = site.machine_lost(DR, PASSPHRASE);
    assert_eq!((run.code, failed(&site.json())), (9, vec!["find the archives".to_owned()]), "{}{}", run.out, run.err);
}

#[test]
fn an_artifact_that_does_not_open_fails_the_drill_which_is_signed_all_the_same() {
    let site = Site::new();
    let stream = site.object(|path| path.contains("/artifacts/app-daily/") && path.ends_with("tink"));
    flip(&stream, 60);
    let run = site.machine_lost(DR, PASSPHRASE);
    assert_eq!(run.code, 9, "{}{}", run.out, run.err);
    assert_eq!(failed(&site.json()), ["open the newest artifact of app-daily"]);
    assert!(run.out.contains("This policy's newest backup would not come back."), "{}", run.out);
    assert_eq!(site.verify(&site.report(".json")).code, 0);
}

#[test]
fn on_a_terminal_it_asks_for_the_two_secrets_of_that_day_and_for_nothing_else() {
    let site = Site::new();
    let (share, reports) = (site.share.to_string_lossy().into_owned(), site.reports().to_string_lossy().into_owned());
    let args = ["drill", "run", "--scenario", "machine-lost", "--directory", &share, "--report", &reports];
    let terminal = Launch::kastellan(&site.bare, &args).size(100, 60).start();
    for (question, secret) in [("\nDR passphrase:", DR), ("\npassphrase:", PASSPHRASE)] {
        terminal.wait(question, |screen| screen.contents().trim_end().ends_with(question));
        terminal.send(format!("{secret}\r"));
    }
    assert!(matches!(terminal.wait_end(), Ended::Code(0)), "{}", terminal.screen());
    let asked: Vec<String> = terminal.screen().lines().map(str::trim_end).filter(|line| line.ends_with(':')).map(str::to_owned).collect();
    assert_eq!(asked, ["DR passphrase:", "passphrase:"]);
}

#[test]
fn a_drill_beside_the_catalog_notes_that_a_person_typed_the_dr_passphrase_and_leaves_no_debt() {
    let site = Site::new();
    let share = site.share.to_str().unwrap();
    let typed = || site.house.home.good(&["dr", "passphrases"]).out;
    let run = |folder: &str, flags: &[&str]| {
        let reports = site.house.home.path().join(folder);
        fs::create_dir(&reports).unwrap();
        let reports = reports.to_str().unwrap().to_owned();
        let args = ["drill", "run", "--scenario", "machine-lost", "--directory", share, "--report", &reports];
        let args = site.house.opening(&[&args[..], flags].concat());
        Launch::kastellan(&site.house.home, &args).size(100, 60).start()
    };
    let dr = site.house.home.secret("dr-file", DR);
    let terminal = run("by-file", &["--dr-passphrase-file", &dr]);
    assert!(matches!(terminal.wait_end(), Ended::Code(0)), "{}", terminal.screen());
    assert!(typed().contains("never"), "{}", typed());
    let terminal = run("by-person", &[]);
    terminal.wait("the prompt", |screen| screen.contents().trim_end().ends_with("DR passphrase:"));
    terminal.send(format!("{DR}\r"));
    assert!(matches!(terminal.wait_end(), Ended::Code(0)), "{}", terminal.screen());
    assert!(!typed().contains("never"), "{}", typed());
    let status = site.house.home.good(&["dr", "status"]).out;
    assert!(status.contains("every change is in an archive"), "a proof changes nothing that a restore would miss: {status}");
    assert_eq!(site.house.home.run(&site.house.opening(&["journal", "verify"])).code, 0);
}

#[test]
fn without_the_dr_passphrase_a_kit_leads_back() {
    let site = Site::new();
    let scenario = ["--scenario", "dr-forgotten-and-machine-lost"];
    let run = site.drill(DR, PASSPHRASE, &scenario);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("--kit FILE"), "{}", run.err);
    let pass = site.house.home.secret("kit-pass", "a kit passphrase that is long enough");
    let kit = site.house.home.path().join("kit.age");
    site.house.open(&["kit", "make", "--to", kit.to_str().unwrap(), "--kit-passphrase-file", &pass, "--include-passphrases"]);
    let args = ["drill", "run", "--kit", kit.to_str().unwrap(), "--kit-passphrase-file", &pass, "--report"];
    let reports = site.reports();
    let run = site.bare.good(&[&args[..], &[reports.to_str().unwrap()], &scenario[..]].concat());
    assert!(run.out.contains("PASSED"), "{}", run.out);
    assert!(site.json()["origins"].to_string().contains("the recovery kit"));
}

#[test]
fn where_the_report_lies_is_said_for_every_folder_to_stand_in() {
    let site = Site::new();
    let (dr, key) = (site.bare.secret("dr", DR), site.bare.secret("key", PASSPHRASE));
    let args = ["drill", "run", "--scenario", "machine-lost", "--directory", site.share.to_str().unwrap()];
    let mut call = Command::new(harness::BINARY);
    call.args(args).args(["--dr-passphrase-file", &dr, "--passphrase-file", &key]).env_clear().envs(site.bare.environment());
    let ended = call.current_dir(site.reports()).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(said.contains(&format!("report: {}", site.report(".md").display())), "{said}");
}

/// The word and reason for a case, as the installation has it.
fn answer(site: &Site, scenario: &str) -> (String, String) {
    let run = site.house.open(&["readiness", "-o", "json"]);
    let found: Value = serde_json::from_str(&run.out).unwrap();
    let of = found["status"]["answers"].as_array().unwrap().iter().find(|a| a["scenario"] == scenario).unwrap().clone();
    (of["answer"].as_str().unwrap().to_owned(), of["why"].as_str().unwrap().to_owned())
}

#[test]
fn a_drill_elsewhere_is_imported_and_readiness_takes_it_as_proof() {
    let site = Site::new();
    assert_eq!(answer(&site, "machine-lost").0, "UNPROVED");
    let run = site.house.home.run(&site.house.opening(&["drill", "list", "--due"]));
    assert_eq!(run.code, 9, "{}{}", run.out, run.err);
    assert!(run.err.contains("kastellan drill run --scenario machine-lost"), "{}", run.err);

    let run = site.machine_lost(DR, PASSPHRASE);
    let made = time(&site.json()["archive"]["createdAt"]).unix();
    let metrics = site.house.open(&["readiness", "-o", "prometheus"]).out;
    assert!(metrics.contains(&format!("\nkastellan_dr_archive_timestamp_seconds {made}\n")), "{metrics}");
    let report = site.report(".json");
    let report = report.to_str().unwrap();
    assert!(run.err.contains(&format!("kastellan drill import {report}")), "{}", run.err);
    assert!(site.house.open(&["drill", "import", report]).out.contains("is in the history now: it passed"));
    assert!(site.house.open(&["drill", "import", report]).out.contains("was in the history already"));

    let (word, why) = answer(&site, "machine-lost");
    assert!(word == "YES" && why.contains("drill due "), "{word} {why}");
    site.house.open(&["drill", "list", "--due"]);
    let metrics = site.house.open(&["readiness", "-o", "prometheus"]).out;
    assert!(metrics.contains("kastellan_drill_success_timestamp_seconds{scenario=\"machine-lost\"} "), "{metrics}");

    // Without the keys the history can be read, the reports cannot.
    let list = site.house.home.good(&["drill", "list"]);
    assert!(list.out.contains("machine-lost") && list.out.contains("passed") && list.err.contains("not verified: locked"), "{}", list.out);
    let id = site.json()["id"].as_str().unwrap().to_owned();
    assert!(!site.house.home.good(&["drill", "show", &id[..8]]).out.contains("app-daily"));
    let shown = site.house.open(&["drill", "show", &id[..8]]).out;
    let written = fs::read_to_string(site.report(".md")).unwrap();
    assert_eq!(shown.trim_end(), written.trim_end(), "what was written is what is kept");
    assert_eq!(site.house.home.run(&["drill", "show", "ffffffff"]).code, 4);
    let journal = site.house.open(&["journal", "list", "-o", "json"]).out;
    assert!(journal.contains("\"drill\"") && journal.contains("drill machine-lost of prod-eu1 PASSED"), "{journal}");
}

#[test]
fn a_drill_that_failed_makes_the_answer_no_until_one_passes() {
    let site = Site::new();
    let share = site.share.to_str().unwrap();
    let (dr, wrong) = (site.house.home.secret("dr-typed", DR), site.house.home.secret("misread", "not what the envelope says"));
    let run = |dr: &str, keys: &[&str], folder: &str| {
        let reports = site.house.home.path().join(folder);
        fs::create_dir(&reports).unwrap();
        let args = ["drill", "run", "--scenario", "machine-lost", "--directory", share, "--report", reports.to_str().unwrap()];
        site.house.home.run(&[&args[..], &["--dr-passphrase-file", dr], keys].concat())
    };
    let right = site.house.home.secret("right", PASSPHRASE);
    let failed = run(&dr, &["--passphrase-file", &wrong], "first");
    assert_eq!(failed.code, 9, "{}", failed.err);
    assert!(failed.err.contains("not put into the history"), "the secret that was given opens neither: {}", failed.err);

    let stream = site.object(|path| path.contains("/artifacts/app-daily/") && path.ends_with("tink"));
    flip(&stream, 60);
    let failed = run(&dr, &["--passphrase-file", &right], "second");
    assert!(failed.code == 9 && failed.err.contains("in the history"), "{}", failed.err);
    let (word, why) = answer(&site, "machine-lost");
    assert!(word == "NO" && why.contains("failed at: open the newest artifact of app-daily"), "{word} {why}");

    flip(&stream, 60);
    harness::next_second();
    let passed = run(&dr, &["--passphrase-file", &right], "third");
    assert_eq!(passed.code, 0, "{}", passed.err);
    assert_eq!(answer(&site, "machine-lost").0, "YES");
}

#[test]
fn another_installation_takes_no_report_that_is_not_its_own() {
    let site = Site::new();
    site.machine_lost(DR, PASSPHRASE);
    let other = Home::small();
    let secret = other.secret("pass", PASSPHRASE);
    other.good(&["init", "--new-passphrase-file", &secret]);
    let run = other.run(&["drill", "import", site.report(".json").to_str().unwrap(), "--passphrase-file", &secret]);
    assert_eq!(run.code, 7, "{}{}", run.out, run.err);
    assert!(run.err.contains("by another key"), "{}", run.err);
    assert!(other.good(&["drill", "list"]).out.contains("No drill was ever run."));
}
