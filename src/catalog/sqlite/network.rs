//! File systems on which `SQLite`'s write-ahead log does not work: its index is memory shared by processes of one machine.

use super::fault::{self, Doing};
use super::place::Place;
use crate::domain::{Act, Fault};
use std::fs::File;

/// Magic numbers of `statfs`, and the names people know.
const SHARED: [(u32, &str); 16] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x564c, "NCP"),
    (0x00c3_6400, "Ceph"),
    (0x0102_1997, "9P"),
    (0x0116_1970, "GFS2"),
    (0x7461_636f, "OCFS2"),
    (0x0bd0_0bd0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x1983_0326, "BeeGFS"),
    (0x2003_0528, "OrangeFS"),
];
/// File systems in user space: which one, only the mount table says.
const FUSE: u32 = 0x6573_5546;
/// Those in user space that are on a disk of this machine.
const LOCAL: [&str; 8] =
    ["fuseblk", "virtiofs", "fuse.ntfs-3g", "fuse.ntfs", "fuse.exfat", "fuse.fuse-overlayfs", "fuse.lxcfs", "fuse.bindfs"];

/// Refuses a file or folder on a network file system.
pub fn judge(handle: &File, doing: Doing, place: &Place) -> Result<(), Fault> {
    let stat = rustix::fs::fstatfs(handle).map_err(|error| fault::system(&error.into(), doing, place))?;
    let mounts = || std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    match shared(magic(&stat), &mounts, &place.path.to_string_lossy()) {
        Some(name) => {
            let cause = format!("it is on a network file system ({name}); SQLite's WAL does not work there");
            let next = Act::say("use a folder on a disk of this machine; several people share a catalog in the cluster");
            Err(Fault::refused(doing.what(place), cause, next))
        }
        None => Ok(()),
    }
}

/// The width and sign of the field differ between architectures; the number itself has 32 bits.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::unnecessary_cast)]
fn magic(stat: &rustix::fs::StatFs) -> u32 {
    stat.f_type as u64 as u32
}

fn shared(magic: u32, mounts: &dyn Fn() -> String, path: &str) -> Option<String> {
    if magic == FUSE {
        let kind = mounted(&mounts(), path)?;
        return (!LOCAL.contains(&kind.as_str())).then_some(kind);
    }
    SHARED.iter().find(|(number, _)| *number == magic).map(|(_, name)| (*name).to_owned())
}

/// The file system type of the mount that `path` lies in: fields 5 and, after the lone dash, 1 of `mountinfo`.
fn mounted(mounts: &str, path: &str) -> Option<String> {
    let lines = mounts.lines().filter_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        Some((left.split(' ').nth(4)?, right.split(' ').next()?))
    });
    let holds = |point: &str| path.strip_prefix(point).is_some_and(|rest| point.ends_with('/') || rest.is_empty() || rest.starts_with('/'));
    let nearest = lines.filter(|(point, _)| holds(&point.replace("\\040", " "))).max_by_key(|(point, _)| point.len());
    nearest.map(|(_, kind)| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
                          90 22 0:50 / /mnt/far rw,nosuid - fuse.sshfs ana@host: rw\n\
                          91 22 0:51 / /mnt/my\\040disk rw,nosuid shared:7 - fuseblk /dev/sdb1 rw\n";

    #[test]
    fn network_file_systems_are_told_from_local_ones() {
        let judged = |magic, path| shared(magic, &|| MOUNTS.to_owned(), path);
        assert_eq!(judged(0x6969, "/c.db").as_deref(), Some("NFS"));
        assert_eq!(judged(0xff53_4d42, "/c.db").as_deref(), Some("CIFS"));
        assert_eq!(judged(0xef53, "/c.db"), None, "ext4");
        assert_eq!(judged(0x0102_1994, "/c.db"), None, "tmpfs");
        assert_eq!(judged(FUSE, "/mnt/far/k/c.db").as_deref(), Some("fuse.sshfs"));
        assert_eq!(judged(FUSE, "/mnt/my disk/c.db"), None);
    }

    #[test]
    fn the_nearest_mount_counts() {
        assert_eq!(mounted(MOUNTS, "/mnt/farther/c.db").as_deref(), Some("ext4"));
        assert_eq!(mounted(MOUNTS, "/mnt/far/c.db").as_deref(), Some("fuse.sshfs"));
    }
}
