//! Memory, swap and limits of this machine.

use rustix::process::{Resource, getrlimit};
use std::fs::read_to_string;
use std::path::Path;

/// Asks the machine, or answers what a test set.
#[derive(Clone)]
pub struct Machine(Option<MachineFacts>);

/// What the machine says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineFacts {
    /// Memory available without swapping, KiB (also bounded by the cgroup's limit and this process's, `ulimit -v`).
    pub available_kib: u64,
    /// Swap is on.
    pub swap: bool,
    /// The soft core limit in bytes; None: unlimited.
    pub core_limit: Option<u64>,
    /// How much memory may be locked, bytes; None: unlimited.
    pub lock_limit: Option<u64>,
}

/// What is taken for available where the system does not say: enough for the standard cost, no more.
const UNKNOWN_KIB: u64 = 2 * 1024 * 1024;

impl Machine {
    /// This one.
    #[must_use]
    pub fn real() -> Self {
        Self(None)
    }

    /// One that a test describes.
    #[must_use]
    pub fn set(facts: MachineFacts) -> Self {
        Self(Some(facts))
    }

    /// What it says now.
    #[must_use]
    pub fn facts(&self) -> MachineFacts {
        self.0.unwrap_or_else(|| {
            let system = read_to_string("/proc/meminfo").ok().and_then(|text| mem_available(&text)).unwrap_or(UNKNOWN_KIB);
            MachineFacts {
                available_kib: [room_in_cgroup(), room_to_map()].into_iter().flatten().fold(system, u64::min),
                swap: read_to_string("/proc/swaps").is_ok_and(|text| text.lines().count() > 1),
                core_limit: getrlimit(Resource::Core).current,
                lock_limit: getrlimit(Resource::Memlock).current,
            }
        })
    }
}

fn mem_available(meminfo: &str) -> Option<u64> {
    kib(meminfo, "MemAvailable:")
}

/// The number on the line that begins so.
fn kib(text: &str, beginning: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(beginning))?;
    line.split_whitespace().next()?.parse().ok()
}

/// KiB that this process may still map; None where that has no limit.
fn room_to_map() -> Option<u64> {
    let limit = getrlimit(Resource::As).current?;
    let mapped = kib(&read_to_string("/proc/self/status").ok()?, "VmSize:")?;
    Some((limit / 1024).saturating_sub(mapped))
}

/// KiB left in the tightest of this process's control groups (version 2); None where none has a limit.
fn room_in_cgroup() -> Option<u64> {
    let groups = read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let root = Path::new("/sys/fs/cgroup");
    let mut folder = root.join(own.trim_start_matches('/'));
    let mut tightest = None;
    loop {
        tightest = tightest.into_iter().chain(room_in(&folder)).min();
        if folder == root || !folder.pop() || !folder.starts_with(root) {
            return tightest;
        }
    }
}

/// A limit of `max` in bytes less what is used, where file cache that can be dropped counts as free.
fn room_in(folder: &Path) -> Option<u64> {
    let number = |name: &str| read_to_string(folder.join(name)).ok()?.trim().parse::<u64>().ok();
    let limit = number("memory.max")?;
    let used = number("memory.current").unwrap_or(0);
    let stat = read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let cache = stat.lines().find_map(|line| line.strip_prefix("inactive_file ")?.trim().parse::<u64>().ok()).unwrap_or(0);
    Some(limit.saturating_sub(used.saturating_sub(cache)) / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_meminfo() {
        assert_eq!(mem_available("MemTotal: 9 kB\nMemAvailable:    4711 kB\n"), Some(4711));
        assert_eq!(mem_available("MemTotal: 9 kB\n"), None);
    }

    #[test]
    fn a_control_group_bounds_what_is_available() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(room_in(folder.path()), None);
        std::fs::write(folder.path().join("memory.max"), "max\n").unwrap();
        assert_eq!(room_in(folder.path()), None, "no limit");
        std::fs::write(folder.path().join("memory.max"), "1048576\n").unwrap();
        std::fs::write(folder.path().join("memory.current"), "1000000\n").unwrap();
        std::fs::write(folder.path().join("memory.stat"), "anon 1\ninactive_file 475712\n").unwrap();
        assert_eq!(room_in(folder.path()), Some(512));
    }

    #[test]
    fn this_machine_has_memory_and_a_set_one_says_what_was_set() {
        assert!(Machine::real().facts().available_kib > 0);
        let facts = MachineFacts { available_kib: 7, swap: true, core_limit: Some(0), lock_limit: None };
        assert_eq!(Machine::set(facts).facts(), facts);
    }
}
