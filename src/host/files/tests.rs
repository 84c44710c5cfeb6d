use super::*;
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::fs::{PermissionsExt, symlink};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8], mode: u32) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path
}

fn refusal(path: &Path) -> Fault {
    read_secret_file(path, "passphrase file").unwrap_err()
}

#[test]
fn an_owner_only_file_is_read_also_through_links() {
    let folder = folder();
    let path = file(&folder, "..data", b"four words of it\n", 0o400);
    assert_eq!(&read_secret_file(&path, "passphrase file").unwrap()[..], b"four words of it\n");
    symlink(&path, folder.path().join("one")).unwrap();
    symlink("one", folder.path().join("two")).unwrap();
    assert_eq!(&read_secret_file(&folder.path().join("two"), "passphrase file").unwrap()[..], b"four words of it\n");
}

#[test]
fn each_bit_for_others_refuses_and_is_said() {
    let folder = folder();
    for (mode, words) in [
        (0o640, "may read it (mode 0640)"),
        (0o620, "may write it (mode 0620)"),
        (0o604, "everybody may read it (mode 0604)"),
        (0o666, "everybody may read and write it (mode 0666)"),
        (0o610, "may enter or run it (mode 0610)"),
    ] {
        let fault = refusal(&file(&folder, "pass.txt", b"x", mode));
        assert_eq!(fault.kind, Kind::Refused);
        assert!(fault.to_string().contains(words), "{fault}");
        assert!(fault.to_string().contains("chmod 600"), "{fault}");
    }
    let meta = std::fs::metadata(file(&folder, "g", b"x", 0o640)).unwrap();
    if let Some(name) = accounts::group(meta.gid()) {
        assert_eq!(problem(&meta).unwrap(), format!("group \"{name}\" may read it (mode 0640)"));
    }
}

#[test]
fn the_link_of_a_readable_file_is_judged_by_its_target() {
    let folder = folder();
    let path = file(&folder, "open", b"x", 0o644);
    symlink(&path, folder.path().join("link")).unwrap();
    assert_eq!(refusal(&folder.path().join("link")).kind, Kind::Refused);
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let folder = folder();
    let pipe = folder.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    for (path, words) in [(pipe.as_path(), "a named pipe"), (folder.path(), "a folder"), (Path::new("/dev/null"), "a device")] {
        let fault = refusal(path);
        assert_eq!(fault.kind, Kind::Refused, "{fault}");
        assert!(fault.to_string().contains(words), "{fault}");
    }
}

#[test]
fn none_empty_and_large_are_told_apart() {
    let folder = folder();
    assert_eq!(refusal(&folder.path().join("none")).kind, Kind::NotFound);
    let empty = refusal(&file(&folder, "empty", b"", 0o600));
    assert_eq!(empty.kind, Kind::Secret);
    assert!(empty.to_string().contains("is empty"), "{empty}");
    let large = refusal(&file(&folder, "large", &vec![b'x'; 1 << 20], 0o600));
    assert_eq!(large.kind, Kind::Refused);
    assert!(large.to_string().contains("1048576 bytes"), "{large}");
    let path = file(&folder, "most", &vec![b'x'; LARGEST_SECRET], 0o600);
    assert_eq!(read_secret_file(&path, "passphrase file").unwrap().len(), LARGEST_SECRET);
}

#[test]
fn somebody_elses_file_is_refused() {
    let folder = folder();
    let path = file(&folder, "theirs", b"x", 0o600);
    // Only root can give a file away; where the tests do not run as root there is nobody else's file to be had.
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&path, Some(54_321), None).unwrap();
        let fault = refusal(&path);
        assert!(fault.to_string().contains("it belongs to uid 54321"), "{fault}");
    }
}

#[test]
fn a_pipe_is_read_to_its_end() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let fd = reader.into_raw_fd();
    let thread = std::thread::spawn(move || read_secret_fd(fd, "passphrase"));
    writer.write_all(b"first half, ").unwrap();
    writer.write_all(b"second half").unwrap();
    drop(writer);
    assert_eq!(&thread.join().unwrap().unwrap()[..], b"first half, second half");
}

#[test]
fn a_descriptor_that_cannot_be_read_is_a_usage_fault() {
    let folder = folder();
    let path = file(&folder, "x", b"secret", 0o600);
    let write_only = OpenOptions::new().write(true).open(&path).unwrap();
    for (fd, words) in [(-1, "begin at 0"), (987, "no such descriptor"), (write_only.as_raw_fd(), "for writing only")] {
        let fault = read_secret_fd(fd, "passphrase").unwrap_err();
        assert_eq!(fault.kind, Kind::Usage, "{fault}");
        assert!(fault.to_string().contains(words), "{fault}");
    }
    let directory = File::open(folder.path()).unwrap();
    assert!(read_secret_fd(directory.as_raw_fd(), "passphrase").unwrap_err().to_string().contains("a folder"));
    let regular = File::open(&path).unwrap();
    assert_eq!(&read_secret_fd(regular.as_raw_fd(), "passphrase").unwrap()[..], b"secret");
}

#[test]
fn a_descriptor_without_end_is_cut_off() {
    let zero = File::open("/dev/zero").unwrap();
    assert_eq!(read_secret_fd(zero.as_raw_fd(), "passphrase").unwrap_err().kind, Kind::Refused);
    let null = File::open("/dev/null").unwrap();
    assert_eq!(read_secret_fd(null.as_raw_fd(), "passphrase").unwrap_err().kind, Kind::Secret);
}

#[test]
fn public_files_are_bounded() {
    let folder = folder();
    let path = file(&folder, "a.yaml", b"12345", 0o644);
    assert_eq!(read_public(&path, 5, "passkey file").unwrap(), b"12345");
    assert_eq!(read_public(&path, 4, "passkey file").unwrap_err().kind, Kind::Usage);
    assert_eq!(read_public(folder.path(), 4, "passkey file").unwrap_err().kind, Kind::Usage);
    assert_eq!(read_public(&folder.path().join("none"), 4, "passkey file").unwrap_err().kind, Kind::NotFound);
}

#[test]
fn what_can_only_be_a_file_is_read_from_nothing_else() {
    let folder = folder();
    let path = file(&folder, "a.drill.yaml", b"12345", 0o644);
    assert_eq!(read_regular(&path, 5, "drill file").unwrap(), b"12345");
    assert_eq!(read_regular(&path, 4, "drill file").unwrap_err().kind, Kind::Usage);
    let pipe = folder.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    // A pipe that nobody writes to would be waited for, and this device never ends.
    for (other, kind) in [(pipe.as_path(), "a named pipe"), (Path::new("/dev/zero"), "a device"), (folder.path(), "a folder")] {
        let fault = read_regular(other, 5, "drill file").unwrap_err();
        assert!(fault.kind == Kind::Usage && fault.to_string().contains(kind), "{fault}");
    }
}

#[test]
fn a_new_file_is_owner_only_and_goes_unless_kept() {
    let folder = folder();
    let path = folder.path().join("pass.txt");
    drop(create_owner_only(&path, b"secret", "passphrase file").unwrap());
    assert!(!path.exists(), "dropped");
    create_owner_only(&path, b"secret", "passphrase file").unwrap().keep();
    assert_eq!(std::fs::read(&path).unwrap(), b"secret");
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(owner_only_problem(&path), None);
    let fault = create_owner_only(&path, b"other", "passphrase file").err().unwrap();
    assert_eq!(fault.kind, Kind::Refused);
    assert_eq!(std::fs::read(&path).unwrap(), b"secret", "and it is left as it was");
    symlink(folder.path().join("nowhere"), folder.path().join("link")).unwrap();
    assert_eq!(create_owner_only(&folder.path().join("link"), b"x", "passphrase file").err().unwrap().kind, Kind::Refused);
    assert_eq!(create_owner_only(&folder.path().join("no/such"), b"x", "passphrase file").err().unwrap().kind, Kind::Unexpected);
}
