//! Names of users and groups, from `/etc/passwd` and `/etc/group`: no network directory is ever asked.

/// The name of a user.
pub fn user(uid: u32) -> Option<String> {
    find(&std::fs::read_to_string("/etc/passwd").ok()?, uid)
}

/// The name of a group.
pub fn group(gid: u32) -> Option<String> {
    find(&std::fs::read_to_string("/etc/group").ok()?, gid)
}

/// Both files have the name first and the number third.
fn find(lines: &str, number: u32) -> Option<String> {
    lines.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let found: u32 = fields.nth(1)?.parse().ok()?;
        (found == number && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_by_number_and_survives_nonsense() {
        let lines = "root:x:0:0::/root:/bin/sh\n\n+\nbroken:x\n:x:7:\nana:x:1000:1000::/home/ana:/bin/bash\n";
        assert_eq!(find(lines, 1000).as_deref(), Some("ana"));
        assert_eq!(find(lines, 0).as_deref(), Some("root"));
        assert_eq!(find(lines, 7), None);
    }
}
