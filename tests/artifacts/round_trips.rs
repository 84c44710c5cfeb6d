//! What goes in comes out.

use crate::harness::cli::Call;
use crate::harness::tools::{need, root};
use crate::yard::{Yard, bytes, id_in};
use std::os::unix::fs::PermissionsExt;

#[test]
fn every_length_at_an_edge_comes_back_byte_for_byte() {
    let yard = Yard::new();
    for length in [0, 1, 1_048_519, 1_048_520, 1_048_521, 2_097_080, 2_097_081, 5_000_000] {
        let id = yard.seal(&bytes(length));
        assert!(yard.open(&id).unwrap() == bytes(length), "{length}");
    }
    assert_eq!(yard.ids(&[]).len(), 8);
    yard.house.open(&["artifact", "verify", "--all"]);
}

#[test]
fn standard_input_goes_in_and_standard_output_comes_out() {
    let yard = Yard::new();
    let args = yard.house.opening(&["artifact", "seal", "-", "--policy", "app-daily", "--name", "a dump"]);
    let run = Call::new(&yard.house.home, &args).input(bytes(3_000_000)).run();
    assert_eq!(run.code, 0, "{}", run.err);
    let id = id_in(&run.out);
    let to = yard.folder("out");
    // Through a shell: the harness takes text, and these are bytes.
    let open = yard.house.opening(&["artifact", "open", &id, "--to", "-"]);
    let child = Call::new(&yard.house.home, &open).start();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success() && out.stdout == bytes(3_000_000));
    assert!(String::from_utf8_lossy(&out.stderr).contains("only exit code 0 means complete"));
    assert!(!to.exists());
    let show = yard.house.open(&["artifact", "show", &id]).out;
    assert!(show.contains("stream") && show.contains("a dump"), "{show}");
}

#[test]
fn a_folder_comes_back_as_a_folder() {
    let yard = Yard::new();
    let folder = yard.folder("app");
    std::fs::create_dir_all(folder.join("deep/er")).unwrap();
    std::fs::write(folder.join("deep/er/file"), bytes(2_000_000)).unwrap();
    std::fs::write(folder.join("run.sh"), "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(folder.join("run.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("deep/er/file", folder.join("link")).unwrap();
    let id = yard.seal_path(folder.to_str().unwrap(), &[]);
    let to = yard.folder("back");
    yard.house.open(&["artifact", "open", &id, "--to", to.to_str().unwrap()]);
    let app = find(&to, "run.sh").parent().unwrap().to_owned();
    assert!(std::fs::read(app.join("deep/er/file")).unwrap() == bytes(2_000_000));
    assert_eq!(std::fs::read_link(app.join("link")).unwrap().to_str(), Some("deep/er/file"));
    assert_eq!(std::fs::metadata(app.join("run.sh")).unwrap().permissions().mode() & 0o777, 0o755);
    // Never over what is there.
    let run = yard.run(&["artifact", "open", &id, "--to", to.to_str().unwrap()]);
    run.assert_fault(5);
}

#[test]
fn what_a_named_link_leads_to_is_sealed_and_links_below_stay_links() {
    let yard = Yard::new();
    let folder = yard.folder("releases/7");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("file"), "seven").unwrap();
    std::os::unix::fs::symlink("file", folder.join("below")).unwrap();
    let (link, to) = (yard.folder("current"), yard.folder("back"));
    std::os::unix::fs::symlink(&folder, &link).unwrap();
    let id = yard.seal_path(link.to_str().unwrap(), &[]);
    yard.house.open(&["artifact", "open", &id, "--to", to.to_str().unwrap()]);
    let file = find(&to, "file");
    assert!(file.parent().unwrap().ends_with("current") && std::fs::read(&file).unwrap() == b"seven");
    assert_eq!(std::fs::read_link(file.with_file_name("below")).unwrap().to_str(), Some("file"));
}

#[test]
fn read_only_folders_come_back_for_any_account() {
    let yard = Yard::new();
    let folder = yard.folder("app");
    let closed = [folder.join("z/closed/deeper"), folder.join("z/closed"), folder.join("z")];
    std::fs::create_dir_all(&closed[0]).unwrap();
    std::fs::write(closed[0].join("file"), "inside").unwrap();
    std::fs::write(folder.join("z/last"), "after").unwrap();
    let set = |folders: &[std::path::PathBuf], mode| {
        for folder in folders {
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    set(&closed, 0o555);
    let id = yard.seal_path(folder.to_str().unwrap(), &[]);
    set(&closed, 0o755);
    // Root may write anywhere: without that right it is as anybody else.
    let args = yard.house.opening(&["artifact", "open", &id, "--to", yard.folder("back").to_str().unwrap()]);
    let call = Call::new(&yard.house.home, &args);
    let run = if root() {
        let Some(setpriv) = need("setpriv", "util-linux") else { return };
        call.under(&[&setpriv, "--bounding-set=-dac_override,-dac_read_search", "--"]).run()
    } else {
        call.run()
    };
    assert_eq!(run.code, 0, "{}", run.err);
    let file = find(&yard.folder("back"), "file");
    assert_eq!(std::fs::read(&file).unwrap(), b"inside");
    let back: Vec<_> = file.ancestors().skip(1).take(3).map(std::path::Path::to_owned).collect();
    for path in &back {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o555, "{}", path.display());
    }
    // So that the folder of this test can be taken away.
    set(&back, 0o755);
}

#[test]
fn where_it_cannot_be_opened_to_is_said_with_what_to_do() {
    let yard = Yard::new();
    let id = yard.seal(b"x");
    for (to, cause, next) in
        [("none/such/file", "no such file or directory", "mkdir -p"), (&"n".repeat(256), "file name too long", "a shorter one")]
    {
        let run = yard.run(&["artifact", "open", &id, "--to", yard.folder(to).to_str().unwrap()]);
        let (said, act) = run.assert_fault(1);
        assert!(said.contains(cause) && act.contains(next), "{run:?}");
    }
    let longest = yard.folder(&"n".repeat(255));
    yard.house.open(&["artifact", "open", &id, "--to", longest.to_str().unwrap()]);
    assert_eq!(std::fs::read(&longest).unwrap(), b"x");
}

fn find(folder: &std::path::Path, name: &str) -> std::path::PathBuf {
    let mut ways = vec![folder.to_owned()];
    while let Some(way) = ways.pop() {
        for entry in std::fs::read_dir(way).unwrap().flatten() {
            if entry.file_name() == name {
                return entry.path();
            }
            if entry.file_type().unwrap().is_dir() {
                ways.push(entry.path());
            }
        }
    }
    panic!("{name} did not come back");
}

#[test]
fn names_kinds_and_notes_are_only_in_sealed_facts() {
    let yard = Yard::new();
    let yaml = "kind: Secret\nmetadata: {name: hidden-secret, namespace: hidden-space}\ndata: {k: aGlkZGVu}\n";
    let path = yard.house.home.file("hidden-manifests.yaml", yaml, 0o600);
    let id = yard.seal_path(&path, &["--kind", "manifests", "--note", "hidden note"]);
    for (path, bytes) in yard.objects("nfs") {
        let text = format!("{} {}", path.display(), String::from_utf8_lossy(&bytes));
        for word in ["hidden", "Secret", "aGlkZGVu", "manifests"] {
            assert!(!text.contains(word), "{word} in {}", path.display());
        }
    }
    // Nor in the catalog or the index beside it.
    for (path, bytes) in yard.house.home.files().into_iter().filter(|(path, _)| path.to_string_lossy().contains("catalog.db")) {
        assert!(!bytes.windows(6).any(|w| w == b"hidden"), "{}", path.display());
    }
    assert!(!yard.house.look(&["artifact", "show", &id]).out.contains("hidden"));
    let show = yard.house.open(&["artifact", "show", &id]).out;
    assert!(show.contains("Secret hidden-space/hidden-secret") && show.contains("hidden note"), "{show}");
    assert_eq!(yard.open(&id).unwrap(), yaml.as_bytes());
}

#[test]
fn a_short_id_names_it_and_lists_page_and_filter() {
    let yard = Yard::new();
    yard.add_location("s2", &[]);
    let first: Vec<String> = (0..5).map(|n| yard.seal(&[n])).collect();
    let path = yard.house.home.file("plain", "x", 0o600);
    let second = yard.seal_path(&path, &["--location", "s2"]);
    assert_eq!(yard.ids(&["--location", "s2"]), std::slice::from_ref(&second));
    assert!(yard.ids(&["--policy", "other"]).is_empty());
    assert_eq!(yard.ids(&["--policy", "app-daily"]).len(), 6);
    yard.house.open(&["artifact", "verify", &first[0][..12]]);
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let mut args = vec!["artifact", "list", "-o", "name", "--limit", "2"];
        if let Some(token) = &token {
            args.extend(["--continue", token]);
        }
        let run = yard.house.look(&args);
        found.extend(run.out.lines().map(|line| line.rsplit('/').next().unwrap().to_owned()));
        token = run.err.split_whitespace().skip_while(|w| *w != "--continue").nth(1).map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    found.sort();
    let mut all = [first, vec![second]].concat();
    all.sort();
    assert_eq!(found, all);
    yard.house.home.run(&["artifact", "list", "--continue", "x"]).assert_fault(2);
    yard.house.home.run(&["artifact", "show", "0000"]).assert_fault(4);
    yard.house.home.run(&["artifact", "show", "../../etc"]).assert_fault(2);
}

#[test]
fn slips_name_the_right_one() {
    let yard = Yard::new();
    let path = yard.house.home.file("plain", "x", 0o600);
    let run = yard.run(&["artifact", "seal", &path, "--policy", "app-dialy"]);
    assert!(run.assert_fault(4).1.contains("did you mean app-daily?"));
    let run = yard.run(&["artifact", "seal", &path, "--policy", "app-daily", "--location", "nsf"]);
    run.assert_fault(4);
    let run = yard.run(&["artifact", "seal", "/does/not/exist", "--policy", "app-daily"]);
    run.assert_fault(4);
    assert_eq!(yard.objects("nfs").len(), 1, "only the mark");
    yard.add_location("s2", &[]);
    assert!(yard.run(&["artifact", "seal", &path, "--policy", "app-daily"]).assert_fault(2).0.contains("several locations"));
}
