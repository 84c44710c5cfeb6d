//! DR, killed (`kill -9`) at random instants: nothing is lost and nothing half-visible. `KASTELLAN_KILLS` sets how many kills there are.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use harness::cli::Call;
use harness::house::{Home, House, PASSPHRASE};
use harness::kills::{at_random, kills_of_each};
use std::fs;
use std::path::Path;
use std::time::Duration;

const DR: &str = "a DR passphrase that is long enough";
const DR2: &str = "the second DR passphrase, also long";

/// Seal, copy, archive, change-passphrase, prune, restore, import and drill share the random kills.
fn kills() -> u32 {
    kills_of_each(8)
}

fn site() -> (House, std::path::PathBuf) {
    let house = House::with_policies(&["app-daily"]);
    let share = house.location("nfs", "share");
    let file = house.home.file("plain", "app-daily-bytes", 0o600);
    house.open(&["artifact", "seal", &file, "--policy", "app-daily"]);
    let dr = house.home.secret("dr", DR);
    house.open(&["dr", "enable", "--location", "nfs", "--new-dr-passphrase-file", &dr]);
    (house, share)
}

/// The newest archive restores on a bare machine with one of these DR passphrases.
fn assert_restores(share: &Path, passphrases: &[&str]) {
    let restored = passphrases.iter().any(|dr| {
        let bare = Home::small();
        let (dr, key) = (bare.secret("dr", dr), bare.secret("key", PASSPHRASE));
        let args = ["dr", "restore", "--directory", share.to_str().unwrap(), "--dr-passphrase-file", &dr, "--passphrase-file", &key];
        let run = bare.run(&args);
        run.code == 0 && bare.run(&["journal", "verify", "--passphrase-file", &key]).code == 0
    });
    assert!(restored, "nothing of {passphrases:?} restores");
}

#[test]
fn a_restore_that_is_killed_leaves_no_catalog_or_a_whole_one() {
    let (_house, share) = site();
    let measured = Home::small();
    let length = Call::new(&measured, &restoring(&measured, &share)).timed();
    let (mut none, mut some) = (0, 0);
    at_random(kills(), length, |instant| {
        let home = Home::small();
        let args = restoring(&home, &share);
        let killed = Call::new(&home, &args).run_killed(instant);
        if none_or_whole(&home, &args, true) {
            some += 1;
        } else {
            none += 1;
        }
        killed
    });
    println!("{none} without a catalog, {some} with a whole one");
    assert!(none > 0);
}

fn restoring(home: &Home, share: &Path) -> Vec<String> {
    let (dr, key) = (home.secret("dr", DR), home.secret("key", PASSPHRASE));
    let args = ["dr", "restore", "--directory", share.to_str().unwrap(), "--dr-passphrase-file", &dr, "--passphrase-file", &key];
    args.map(str::to_owned).to_vec()
}

/// Whether a catalog is there, which then is whole; without one, restoring can be done `again`.
fn none_or_whole(home: &Home, restoring: &[String], again: bool) -> bool {
    let status = home.run(&["status"]);
    match status.code {
        4 => assert!(!again || home.run(restoring).code == 0, "and it can be done again"),
        0 => {
            let key = home.path().join("key").to_string_lossy().into_owned();
            assert_eq!(home.run(&["journal", "verify", "--passphrase-file", &key]).code, 0);
            assert_eq!(home.run(&["artifact", "rescan", "nfs", "--passphrase-file", &key]).code, 0);
        }
        code => panic!("{code}: {}", status.err),
    }
    status.code == 0
}

#[test]
fn killed_at_each_step_that_lasts_a_restore_leaves_no_catalog_or_a_whole_one() {
    let (_house, share) = site();
    for number in 1.. {
        let home = Home::small();
        let args = restoring(&home, &share);
        let Some(ended) = Call::new(&home, &args).run_killed_at_sync(number) else { return };
        if ended {
            println!("{} kills", number - 1);
            assert!(number > 5);
            return;
        }
        none_or_whole(&home, &args, number % 8 == 1);
    }
}

#[test]
fn changing_the_passphrase_archiving_and_pruning_leave_something_that_restores() {
    let (first, share) = site();
    let second = first.home.secret("dr2", DR2);
    let change = ["dr", "change-passphrase", "--yes", "--new-dr-passphrase-file", &second];
    let change_and_prune = ["dr", "change-passphrase", "--prune-old", "--confirm", "prod-eu1", "--new-dr-passphrase-file", &second];
    let (archive, prune) = (["dr", "archive"], ["dr", "prune", "--before", "2999-01-01", "--confirm", "prod-eu1"]);
    // The location is shared by all copies of this house: each begins as the last one ended.
    let killed = |args: &[&str], instant: Duration| {
        let killed = Call::new(&first.home, &first.opening(args)).run_killed(instant);
        assert_eq!(first.home.run(&first.opening(&["journal", "verify"])).code, 0, "{args:?} after {instant:?}");
        assert_restores(&share, &[DR2, DR]);
        killed
    };
    let length = |args: &[&str]| Call::new(&first.home, &first.opening(args)).timed();
    for args in [&change[..], &change_and_prune] {
        at_random(kills().div_ceil(2), length(args), |instant| killed(args, instant));
    }
    at_random(kills(), length(&archive), |instant| killed(&archive, instant));
    at_random(kills(), length(&prune), |instant| {
        // One to take away.
        first.open(&archive);
        killed(&prune, instant)
    });
    let mut policies = 0;
    at_random(kills().div_ceil(5), length(&["policy", "add", "another"]), |instant| {
        policies += 1;
        killed(&["policy", "add", &format!("another-{policies}")], instant)
    });
    // And at each step that lasts.
    for args in [&change[..], &archive, &prune] {
        let args = first.opening(args);
        for number in 1.. {
            let Some(ended) = Call::new(&first.home, &args).run_killed_at_sync(number) else { return };
            assert_eq!(first.home.run(&first.opening(&["journal", "verify"])).code, 0, "{args:?}");
            assert_restores(&share, &[DR2, DR]);
            if ended {
                println!("{args:?}: {} kills", number - 1);
                assert!(number > 5);
                break;
            }
        }
    }
    // Whatever stopped midway, it can be set right.
    assert_eq!(first.home.run(&first.opening(&["dr", "archive"])).code, 0);
    let status = first.look(&["dr", "status"]).out;
    assert!(status.contains("DR is on") && status.contains("every change is in an archive"), "{status}");
}

#[test]
fn an_import_that_is_killed_is_there_or_not() {
    let (source, _share) = site();
    let text = source.home.path().join("import").to_string_lossy().into_owned();
    source.open(&["migration", "export", "app-daily", "--unprotected", "--to", &text]);
    let home = Home::small();
    let key = home.secret("key", "the target's passphrase 0002");
    home.good(&["init", "--name", "target", "--new-passphrase-file", &key]);
    let args: Vec<String> = ["migration", "import", &text, "--yes", "--passphrase-file", &key].map(str::to_owned).to_vec();
    let whole = || {
        assert_eq!(home.run(&["journal", "verify", "--passphrase-file", &key]).code, 0);
        let list = home.good(&["migration", "list", "--passphrase-file", &key]).out;
        assert!(list.contains("No policy's key") || list.lines().count() == 2, "{list}");
        // Its key and the location it is read from are there together.
        let locations = home.good(&["location", "list", "-o", "name"]).out.lines().count();
        assert_eq!(locations, list.lines().count() - 1, "{list}");
    };
    for number in 1.. {
        let Some(ended) = Call::new(&home, &args).run_killed_at_sync(number) else { return };
        whole();
        if ended {
            println!("{} kills at a step that lasts", number - 1);
            assert!(number > 2);
            break;
        }
    }
    let call = Call::new(&home, &args);
    at_random(kills(), call.timed(), |instant| {
        let killed = call.run_killed(instant);
        whole();
        killed
    });
    assert_eq!(home.run(&args).code, 0);
    assert_eq!(home.good(&["artifact", "list", "-o", "name"]).out.lines().count(), 1);
}

#[test]
fn a_drill_that_is_killed_touches_nothing_and_leaves_nothing_that_can_be_read() {
    let (house, share) = site();
    let before = house.home.files();
    let bare = Home::small();
    let (reports, tmp) = (bare.path().join("reports"), bare.path().join("tmp"));
    fs::create_dir_all(&reports).unwrap();
    fs::create_dir_all(&tmp).unwrap();
    let (dr, key) = (bare.secret("dr", DR), bare.secret("key", PASSPHRASE));
    let args: Vec<String> = [
        &["drill", "run", "--scenario", "machine-lost", "--directory", share.to_str().unwrap(), "--dr-passphrase-file", &dr][..],
        &["--passphrase-file", &key, "--report", reports.to_str().unwrap()],
    ]
    .concat()
    .into_iter()
    .map(str::to_owned)
    .collect();
    let call = Call::new(&bare, &args);
    let mut left = 0;
    let mut look = |killed: bool| {
        for (path, bytes) in bare.files().into_iter().filter(|(path, _)| path.starts_with(&tmp)) {
            left += u32::from(killed);
            let has = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
            assert!(!has(DR) && !has(PASSPHRASE) && !has("app-daily-bytes"), "{}", path.display());
        }
        assert!(house.home.files() == before, "the live installation and its location are byte for byte as before");
        killed
    };
    at_random(kills(), call.timed(), |instant| look(call.run_killed(instant)));
    for number in 1.. {
        let Some(ended) = call.run_killed_at_sync(number) else { return };
        look(!ended);
        if ended {
            println!("{} kills at a step that lasts", number - 1);
            break;
        }
    }
    println!("{} kills, {left} files were left behind, all sealed", kills());
    // A report is there as a whole or not at all.
    for (path, bytes) in bare.files().into_iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "json")) {
        assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok(), "{}", path.display());
    }
    fs::remove_dir_all(&tmp).unwrap();
    fs::create_dir(&tmp).unwrap();
    assert_eq!(call.run().code, 0, "and it can be run again");
}
