//! Locations, DR, artifacts, the way back and drills from the console: what lies in the share and the catalog is looked at afterwards.

use crate::harness::house::{Home, House, PASSPHRASE};
use crate::harness::procfs;
use crate::harness::pty::{Launch, Terminal};
use crate::steps::{at, close, palette, quit, receipt, unlocked_by_typing, walk};
use std::fs;
use std::path::Path;

/// The DR passphrase of these tests.
const DR: &str = "a DR passphrase that is long enough";

/// A second one.
const DR_NEXT: &str = "another DR passphrase, long as well";

/// A recovery kit's own.
const KIT: &str = "a kit passphrase that is long enough";

/// Adds the folder `share` of a house as location `nfs`.
fn add_location(house: &House, terminal: &Terminal) -> String {
    let share = house.home.path().join("share");
    fs::create_dir(&share).unwrap();
    let share = share.to_str().unwrap().to_owned();
    terminal.send("4");
    terminal.wait_text("n: add one.");
    terminal.send("n");
    walk(
        terminal,
        &[
            ("Name of the location", "nfs\r"),
            ("What kind", "\r"),
            ("Folder", &format!("{share}\r")),
            ("What its readers learn", "\r"),
            ("Review", "\r"),
        ],
    );
    assert!(close(terminal).contains("location nfs is added"));
    terminal.wait_text("locations and artifacts(all)[1]");
    share
}

/// Sets DR up with a passphrase that is typed twice.
fn set_dr_up(terminal: &Terminal) {
    terminal.send("5");
    terminal.wait_text("n: set up DR.");
    terminal.send("n");
    walk(terminal, &[("What DR is", "\r"), ("Where the archives go", "\r"), ("Passphrase", "jj\r"), ("Review", "\r")]);
    type_twice(terminal, DR);
    assert!(close(terminal).contains("archive 1 in nfs"));
    terminal.wait_text("archive 1, no. 1");
    terminal.wait("no debt", |screen| screen.contents().contains("DR is on: every") && !screen.contents().contains("in no DR archive"));
}

fn type_twice(terminal: &Terminal, secret: &str) {
    at(terminal, "Type passphrase twice");
    terminal.send(format!("{secret}\r"));
    terminal.send(format!("{secret}\r"));
}

/// The kept archives, as the command line lists them.
fn archives(house: &House) -> usize {
    let status = house.json(&["dr", "status"]);
    status["status"]["archives"].as_array().map_or(0, Vec::len)
}

#[test]
fn dr_is_set_up_checked_changed_and_every_change_is_archived() {
    let house = House::new();
    let terminal = unlocked_by_typing(&house);
    add_location(&house, &terminal);
    set_dr_up(&terminal);
    assert_eq!(archives(&house), 1);

    // A change is archived before its receipt.
    terminal.send("3n");
    walk(&terminal, &[("Name of the policy", "app-daily\r"), ("Review", "\r")]);
    assert!(close(&terminal).contains("a DR archive holds it, read back and proved"));
    assert_eq!(archives(&house), 2);

    // A person types it: the wrong one first.
    palette(&terminal, "dr-check");
    at(&terminal, "Type the DR passphrase");
    terminal.wait_text("DR no. 1 / prod-eu1");
    terminal.send("quite another one\r");
    terminal.wait_text("[!] Run");
    terminal.send("\r");
    at(&terminal, "Type the DR passphrase");
    terminal.send(format!("{DR}\r"));
    assert!(close(&terminal).contains("YES: it is the DR passphrase"));
    let typed = house.json(&["dr", "passphrases"])["items"][0]["status"]["passphrase"]["typed"].clone();
    assert!(!typed.is_null(), "the ledger knows who typed it");

    palette(&terminal, "dr-change");
    walk(&terminal, &[("Archives made so far", "\r"), ("Passphrase", "jj\r"), ("Review", "\r")]);
    type_twice(&terminal, DR_NEXT);
    assert!(close(&terminal).contains("archive 3 in nfs"));
    terminal.send("5");
    terminal.wait_text("under DR passphrase no. 2");

    // Turning it off takes the installation's name.
    palette(&terminal, "dr-disable");
    walk(&terminal, &[("What it means", "\r"), ("Review", "\r")]);
    at(&terminal, "Confirm");
    terminal.send("prod-eu1\t\r");
    assert!(close(&terminal).contains("DR is off"));
    terminal.wait_text("DR is off: changes are in no archive any more.");
    assert_eq!(archives(&house), 3, "what was made stays");
    quit(&terminal);
}

/// Kits open what they hold: the command line tries the one that the console made.
#[test]
fn a_kit_with_the_passphrases_is_made_to_the_end() {
    let house = House::new();
    let terminal = unlocked_by_typing(&house);
    add_location(&house, &terminal);
    set_dr_up(&terminal);
    let kit = house.home.path().join("kit.age").to_string_lossy().into_owned();
    palette(&terminal, "kit-make");
    walk(
        &terminal,
        &[
            ("What a kit is", "\r"),
            ("Passphrases", "\r"),
            ("Credentials", "\r"),
            ("Keys of policies", "\r"),
            ("File", &format!("{kit}\r")),
            ("What opens it", "\r"),
            ("Passphrase", "jj\r"),
            ("Review", "\r"),
        ],
    );
    type_twice(&terminal, KIT);
    // It goes into the kit, and is tried before: a wrong one would make a kit that opens nothing.
    at(&terminal, "Passphrase of k10MasterKey");
    terminal.send(PASSPHRASE);
    terminal.wait_text(&"*".repeat(PASSPHRASE.len()));
    terminal.send("\r");
    close(&terminal);
    terminal.wait_text("archive 2, no. 1");
    terminal.wait_gone("in no DR archive");
    quit(&terminal);
    let pass = house.home.secret("kit-pass", KIT);
    house.home.good(&["kit", "check", &kit, "--kit-passphrase-file", &pass]);
}

#[test]
fn what_is_sealed_is_listed_copied_and_removed() {
    let house = House::new();
    let terminal = unlocked_by_typing(&house);
    add_location(&house, &terminal);
    terminal.send("3n");
    walk(&terminal, &[("Name of the policy", "app-daily\r"), ("Review", "\r")]);
    close(&terminal);
    terminal.wait_text("1 policy");
    let data = house.home.path().join("data-to-seal");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("file"), vec![7; 3_000_000]).unwrap();

    palette(&terminal, "seal");
    walk(
        &terminal,
        &[
            ("Into which location", "\r"),
            ("Under the key of which policy", "\r"),
            ("What it is", "\r"),
            ("File or folder", "/no/such/file\r"),
        ],
    );
    terminal.wait_text("cannot seal: /no/such/file: ");
    terminal.wait_text("next: name what is to be sealed");
    terminal.send(format!("\x15{}\r", data.display()));
    walk(&terminal, &[("Note", "\r"), ("Review", "\r")]);
    let shown = close(&terminal);
    assert!(shown.contains("2.8 MiB sealed"), "{shown}");
    terminal.send("4");
    terminal.wait_text("locations and artifacts(all)[2]");
    terminal.send("j");
    terminal.wait_text("─ artifact ");
    let listed = house.json(&["artifact", "list"]);
    let id = listed["items"][0]["metadata"]["name"].as_str().unwrap().to_owned();
    assert!(terminal.screen().contains(&id), "{}", terminal.screen());

    // The console is unlocked: the keys are not asked for again.
    let opened = house.home.path().join("opened");
    palette(&terminal, "verify-all");
    terminal.wait_text("1 artifact whole");
    terminal.wait_text("Done. Enter closes.");
    terminal.send("\ra");
    terminal.wait_text("> Open it");
    terminal.send("\r");
    // A slip is no reason to begin anew.
    terminal.wait_text("Into which new file, or for archives new folder:");
    terminal.send(format!("{}\r", opened.parent().unwrap().display()));
    terminal.wait_text("exists, and is never overwritten");
    terminal.answer("Into which new file, or for archives new folder:", opened.to_str().unwrap());
    terminal.wait_text("every tag held");
    terminal.wait_text("Done. Enter closes.");
    terminal.send("\r");
    assert_eq!(fs::read(opened.join(data.strip_prefix("/").unwrap()).join("file")).unwrap(), vec![7; 3_000_000]);

    // From the row's menu, to a second location.
    house.location("other", "second");
    terminal.wait_text("locations and artifacts(all)[3]");
    terminal.send("j");
    terminal.wait_text("─ artifact ");
    terminal.send("a");
    terminal.wait_text("> Open it");
    terminal.send("jj\r");
    walk(&terminal, &[("To which location", "j\r"), ("Review", "\r")]);
    receipt(&terminal);
    close(&terminal);
    terminal.wait_text("locations and artifacts(all)[4]");
    house.open(&["artifact", "verify", "--all"]);

    terminal.send("a");
    terminal.wait_text("> Open it");
    terminal.send("jjj\r");
    at(&terminal, "Review");
    terminal.send("\r");
    at(&terminal, "Confirm");
    let wanted = terminal.screen();
    let name = wanted.split("Type ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap().to_owned();
    terminal.send(format!("{name}\t\r"));
    close(&terminal);
    terminal.wait_text("locations and artifacts(all)[2]");
    assert!(house.json(&["artifact", "list"])["items"].as_array().unwrap().is_empty());
    quit(&terminal);
}

#[test]
fn manifests_are_sealed_as_what_they_are() {
    let house = House::with_policies(&["app-daily"]);
    house.location("nfs", "share");
    let file = house.home.file("app.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n", 0o600);
    let terminal = unlocked_by_typing(&house);
    palette(&terminal, "seal");
    walk(
        &terminal,
        &[
            ("Into which location", "\r"),
            ("Under the key of which policy", "\r"),
            ("What it is", "j\r"),
            ("File or folder", &format!("{file}\r")),
            ("Note", "\r"),
            ("Review", "\r"),
        ],
    );
    close(&terminal);
    let listed = house.json(&["artifact", "list"]);
    let id = listed["items"][0]["metadata"]["name"].as_str().unwrap();
    let shown = house.open(&["artifact", "show", id]).out;
    assert!(shown.contains("ConfigMap") && shown.contains("settings"), "{shown}");
    quit(&terminal);
}

#[test]
fn import_data_on_the_screen_is_masked_until_asked_for_and_gone_afterwards() {
    let house = House::with_policies(&["app-daily"]);
    house.location("nfs", "share");
    let dr = house.home.secret("dr", "a DR passphrase that is long enough");
    house.open(&["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &dr]);
    let terminal = unlocked_by_typing(&house);
    terminal.send("3");
    terminal.wait_text("app-daily");
    palette(&terminal, "migration-export");
    walk(
        &terminal,
        &[
            ("Which location it names", "j\r"),
            ("How it is protected", "j\r"),
            ("Note", "\r"),
            ("Where the text goes", "j\r"),
            ("Review", "\r"),
        ],
    );
    let shown = receipt(&terminal);
    assert!(shown.contains("is not shown") && !shown.contains("kst1_"), "{shown}");
    let status = house.look(&["dr", "status"]).out;
    assert!(status.contains("archive 2") && status.contains("every change is in an archive"), "{status}");
    terminal.send("\x14");
    terminal.wait_text("kst1_");
    // A line each as wide as the box, until the first that is not.
    let screen = terminal.screen();
    let text: String = screen
        .lines()
        .map(|line| line.trim_matches(['│', ' ']))
        .skip_while(|line| !line.starts_with("kst1_"))
        .take_while(|line| !line.starts_with("Ctrl-T"))
        .collect();
    let file = house.home.secret("pasted", &text);
    let inspected = house.home.good(&["migration", "inspect", &file]).out;
    assert!(inspected.contains("app-daily"), "{inspected}");
    // It goes to the clipboard when it is asked for, and not before.
    let clipboard = || procfs::find(&terminal.all_bytes(), b"\x1b]52;").is_some();
    assert!(!clipboard());
    terminal.send("c");
    terminal.wait_text("copied through the terminal");
    let sequence = format!("\x1b]52;c;{}", kastellan::format::b64(text.as_bytes()));
    assert!(clipboard() && procfs::find(&terminal.all_bytes(), sequence.as_bytes()).is_some());
    terminal.send("\x14");
    terminal.wait_gone("kst1_");
    close(&terminal);
    assert!(!terminal.screen().contains("kst1_"));
    quit(&terminal);
}

/// Says where the archives are and gives both secrets, one word of the first one misread at first.
fn take_the_way_back(terminal: &Terminal, share: &str) {
    terminal.answer("Where are the archives? A folder, or s3://BUCKET/PREFIX:", share);
    terminal.answer("DR passphrase:", "a DR passphrase that is long enaugh");
    terminal.wait_text("wrong passphrase");
    terminal.answer("DR passphrase:", DR);
    terminal.wait_text("Then the envelope of a passkey: any of them opens it.");
    terminal.answer("passphrase:", PASSPHRASE);
}

#[test]
fn on_the_worst_night_recover_is_the_first_choice() {
    let house = House::new();
    let before = unlocked_by_typing(&house);
    let share = add_location(&house, &before);
    set_dr_up(&before);
    quit(&before);

    let bare = Home::new();
    let terminal = Launch::kastellan(&bare, &[""; 0]).start();
    terminal.wait_text("> Recover: I lost everything");
    terminal.send("\r");
    take_the_way_back(&terminal, &share);
    terminal.wait_text("prod-eu1 (");
    terminal.wait_text("Done. Enter closes.");
    terminal.send("\r");
    // The console is on what came back.
    terminal.wait_text("unlock prod-eu1");
    terminal.send(format!("{PASSPHRASE}\r"));
    terminal.wait_text("unlocked by k10MasterKey");
    terminal.wait_text("restored, and not the owner");
    let all = String::from_utf8_lossy(&terminal.all_bytes()).into_owned();
    assert!(!all.contains(DR) && !all.contains(PASSPHRASE), "no secret was echoed");
    quit(&terminal);
}

#[test]
fn a_drill_is_run_from_the_console_and_stands_in_its_history() {
    let house = House::new();
    let terminal = unlocked_by_typing(&house);
    let share = add_location(&house, &terminal);
    set_dr_up(&terminal);
    terminal.wait_text("Drill machine-lost: never rehearsed.");
    palette(&terminal, "drill");
    take_the_way_back(&terminal, &share);
    terminal.wait_text("PASSED");
    terminal.wait_text("Unlock it, and the drill is put into its history");
    terminal.answer("passphrase:", PASSPHRASE);
    terminal.wait_text("in the history");
    terminal.wait_text("Done. Enter closes.");
    terminal.send("\r");
    terminal.wait_text("unlocked by k10MasterKey");
    terminal.send("5");
    terminal.wait_text("Drill machine-lost: due ");
    terminal.wait_text("passed");
    quit(&terminal);
    let reports: Vec<_> = fs::read_dir(Path::new(house.home.path())).unwrap().flatten().map(|e| e.file_name()).collect();
    let report = reports.iter().find(|name| name.to_string_lossy().ends_with(".md")).unwrap_or_else(|| panic!("{reports:?}"));
    let report = fs::read_to_string(house.home.path().join(report)).unwrap();
    assert!(report.contains("after 1 wrong try"), "{report}");
}
