//! What lies on the disk when a verb says that it is done: the system calls that see to it are counted, since a test cannot pull the plug.

use crate::harness::cli::Call;
use crate::harness::tools;
use crate::yard::{Yard, bytes};
use std::fs;
use std::path::{Path, PathBuf};

/// What a call did to files: the calls in their order.
struct Trace(Vec<String>);

impl Trace {
    /// Runs the binary unlocked under `strace`; None where that cannot be had.
    fn of(yard: &Yard, args: &[&str]) -> Option<Self> {
        let strace = tools::need("strace", "strace")?;
        if !tools::need_root("strace") {
            return None;
        }
        let log = yard.house.home.path().join("trace");
        let calls = "trace=fsync,fdatasync,mkdir,mkdirat,linkat,rename,renameat,renameat2,unlinkat";
        let under = [&strace, "-f", "-qq", "-y", "-s", "4096", "-e", calls, "-e", "signal=none", "-o", log.to_str().unwrap()];
        let run = Call::new(&yard.house.home, &yard.house.opening(args)).under(&under).run();
        assert_eq!(run.code, 0, "{args:?}: {}", run.err);
        let text = fs::read_to_string(&log).unwrap();
        // What another thread interrupts is told twice; the first line has all that was asked.
        let asked = text.lines().filter(|line| !line.contains("resumed>") && !line.contains(") = -1 "));
        Some(Self(asked.map(|line| line.split_once(' ').unwrap().1.trim_start().to_owned()).collect()))
    }

    /// Where a path is synced, as a file or as a folder.
    fn syncs(&self, path: &Path) -> Vec<usize> {
        let end = format!("<{}>", path.display());
        let at = self.0.iter().enumerate();
        at.filter(|(_, c)| (c.starts_with("fsync(") || c.starts_with("fdatasync(")) && c.contains(&end)).map(|(n, _)| n).collect()
    }

    /// Looks at every name that was given, made as a folder or taken away; how many of each. No name is given to a file that was not synced
    /// before, and none of them changes before the folder of the last one that did is synced.
    fn durable(&self) -> (usize, usize, usize) {
        let changes: Vec<_> = self.0.iter().enumerate().filter_map(|(at, call)| Change::of(call).map(|change| (at, change))).collect();
        let synced = |path: &Path, when: std::ops::Range<usize>| self.syncs(path).iter().any(|n| when.contains(n));
        for (n, (at, change)) in changes.iter().enumerate() {
            let next = changes.get(n + 1).map_or(self.0.len(), |(next, _)| *next);
            let (call, all) = (&self.0[*at], self.0.join("\n"));
            let unnamed = |call: &String| {
                change.descriptor.as_ref().is_some_and(|n| call.starts_with(&format!("fsync({n}<"))) && call.contains(">(deleted)")
            };
            let before = || synced(&change.file, 0..*at) || self.0[..*at].iter().any(unnamed);
            assert!(change.what != What::Named || before(), "not synced before: {call}\n{all}");
            assert!(synced(change.file.parent().unwrap(), *at..next), "its folder is not synced after {call}\n{all}");
        }
        // The pin file is written anew with every change; how often is not counted here.
        let counted = |what| changes.iter().filter(|(_, c)| c.what == what && !c.file.ends_with("known.new")).count();
        (counted(What::Named), counted(What::Made), counted(What::Taken))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    /// A name for a file.
    Named,
    /// A folder.
    Made,
    /// A name that goes.
    Taken,
}

struct Change {
    what: What,
    /// Of two names the first one: a name is given beside the one that it takes the place of.
    file: PathBuf,
    /// The descriptor of a file that had no name.
    descriptor: Option<String>,
}

impl Change {
    fn of(call: &str) -> Option<Self> {
        let names: Vec<&str> = call.split('"').collect();
        let name = names.get(1)?;
        let descriptor = name.strip_prefix("/proc/self/fd/").map(str::to_owned);
        let name = if descriptor.is_some() { names.get(3)? } else { name };
        let folder = call.split(['<', '>']).nth(1).filter(|_| !name.starts_with('/')).unwrap_or_default();
        let file = Path::new(folder).join(name);
        let what = match call.split('(').next()? {
            "linkat" | "rename" | "renameat" | "renameat2" => What::Named,
            "mkdir" | "mkdirat" => What::Made,
            "unlinkat" if file.extension().is_none_or(|end| end != "part") => What::Taken,
            _ => return None,
        };
        Some(Self { what, file, descriptor })
    }
}

#[test]
fn what_was_sealed_copied_opened_or_removed_lies_on_the_disk_when_it_is_said() {
    let yard = Yard::new();
    yard.add_location("second", &[]);
    fs::create_dir(yard.folder("third")).unwrap();
    let third = yard.folder("third").to_string_lossy().into_owned();
    let plain = yard.house.home.file("plain", bytes(3_000_000), 0o600);
    let out = yard.folder("out").to_string_lossy().into_owned();
    // Names given, folders made, names taken.
    let Some(sealed) = Trace::of(&yard, &["artifact", "seal", &plain, "--policy", "app-daily", "--location", "nfs"]) else { return };
    assert_eq!(sealed.durable(), (3, 2, 1), "stream, facts and a marker that goes\n{}", sealed.0.join("\n"));
    let id = yard.ids(&[]).remove(0);
    for (args, counts) in [
        (vec!["location", "add", "third", "--directory", &third], (2, 1, 1)),
        (vec!["artifact", "copy", &id, "--to-location", "second"], (3, 2, 1)),
        (vec!["artifact", "open", &id, "--to", &out], (1, 0, 0)),
        (vec!["artifact", "remove", &id, "--confirm", &id], (0, 0, 4)),
    ] {
        let trace = Trace::of(&yard, &args).unwrap();
        assert_eq!(trace.durable(), counts, "{args:?}\n{}", trace.0.join("\n"));
    }
}
