//! Eyes on a process through `/proc`.

use std::collections::BTreeMap;
use std::fs;

/// A process, as far as anybody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: i32,
    /// Its parent.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// Its session.
    pub session: i32,
    /// `R`, `S`, `T`, `Z`...
    pub state: char,
    /// CPU time used, user and system, in clock ticks (10 ms).
    pub ticks: u64,
    /// Its name.
    pub name: String,
}

/// One process; None once it is gone.
pub fn process(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (name, rest) = (stat.split_once('(')?.1.rsplit_once(')')?.0.to_owned(), stat.rsplit_once(')')?.1);
    let field: Vec<&str> = rest.split_whitespace().collect();
    let number = |i: usize| field.get(i).and_then(|f| f.parse::<i32>().ok());
    Some(Process {
        pid,
        parent: number(1)?,
        group: number(2)?,
        session: number(3)?,
        state: field.first()?.chars().next()?,
        ticks: field.get(11)?.parse::<u64>().ok()? + field.get(12)?.parse::<u64>().ok()?,
        name,
    })
}

/// All processes.
pub fn processes() -> Vec<Process> {
    let pids = fs::read_dir("/proc").unwrap().filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(process).collect()
}

/// Who still lives in a session (what has ended and waits to be collected does not).
pub fn alive_in_session(session: i32) -> Vec<Process> {
    processes().into_iter().filter(|p| p.session == session && p.state != 'Z').collect()
}

/// Living processes whose command line holds `needle` (a path under a test's own home, say).
pub fn alive_with_argument(needle: &str) -> Vec<Process> {
    let has = |pid: i32| fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|c| find(&c, needle.as_bytes()).is_some());
    processes().into_iter().filter(|p| p.state != 'Z' && has(p.pid)).collect()
}

/// Voluntary context switches so far, thread by thread.
pub fn voluntary_switches(pid: i32) -> BTreeMap<String, u64> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return BTreeMap::new() };
    let count = |task: fs::DirEntry| {
        let status = fs::read_to_string(task.path().join("status")).ok()?;
        let number = status.lines().find_map(|l| l.strip_prefix("voluntary_ctxt_switches:")?.trim().parse().ok())?;
        Some((task.file_name().to_string_lossy().into_owned(), number))
    };
    tasks.filter_map(|t| count(t.ok()?)).collect()
}

/// How often its threads woke up and went to sleep again since then. A thread that ended in between is counted as once.
pub fn switches_since(pid: i32, before: &BTreeMap<String, u64>) -> u64 {
    let now = voluntary_switches(pid);
    let gone = before.keys().filter(|thread| !now.contains_key(*thread)).count();
    let woken: u64 = now.iter().map(|(thread, count)| count - before.get(thread).unwrap_or(&0)).sum();
    woken + u64::try_from(gone).unwrap()
}

/// Resident memory in KiB: all of it, and the anonymous part. Needs root.
pub fn memory(pid: i32) -> (u64, u64) {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("smaps_rollup is readable for root");
    let value = |name: &str| {
        rollup.lines().find_map(|l| l.strip_prefix(name)?.split_whitespace().next()?.parse().ok()).expect("the line is in smaps_rollup")
    };
    (value("Rss:"), value("Anonymous:"))
}

/// Every readable mapping of the process, as its bytes: what a memory forensic would see. Needs root.
pub fn mappings(pid: i32) -> BTreeMap<String, Vec<u8>> {
    use std::io::{Read, Seek, SeekFrom};
    let mut memory = fs::File::open(format!("/proc/{pid}/mem")).expect("mem is readable for root");
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("maps are readable for root");
    let mut found = BTreeMap::new();
    for line in maps.lines().filter(|l| l.split_whitespace().nth(1).is_some_and(|p| p.starts_with('r'))) {
        let Some((from, to)) = line.split_whitespace().next().and_then(|r| r.split_once('-')) else { continue };
        let (Ok(from), Ok(to)) = (u64::from_str_radix(from, 16), u64::from_str_radix(to, 16)) else { continue };
        if line.contains("[vvar") || line.contains("[vsyscall]") {
            continue;
        }
        let mut bytes = Vec::new();
        if memory.seek(SeekFrom::Start(from)).is_ok() {
            // A mapping may end in pages that cannot be read (a file that was cut): what could be read counts.
            let _ = (&mut memory).take(to - from).read_to_end(&mut bytes);
        }
        found.insert(line.to_owned(), bytes);
    }
    found
}

/// Where `needle` first stands in `hay`.
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(at) = hay.get(from..)?.iter().position(|b| *b == first) {
        if hay[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}
