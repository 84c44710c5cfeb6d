//! Who asks: the person (also behind sudo), the account, the host, the terminal, the SSH client.

use super::accounts;
use crate::domain::Text;
use std::net::IpAddr;

/// Who asks, and from where.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// The person: `SUDO_USER` behind sudo, else the account.
    pub name: Text,
    /// The account it runs as.
    pub account: Text,
    /// The host's name.
    pub host: Text,
    /// The terminal (`pts/3`), empty where there is none.
    pub terminal: Text,
    /// The SSH client's address, empty where there is none.
    pub ssh: Text,
}

/// No name that a system gives is longer, in characters.
const LONGEST: usize = 64;

impl Person {
    /// Of this process. Untrusted environment variables are bounded.
    #[must_use]
    pub fn asking() -> Self {
        let uid = rustix::process::geteuid().as_raw();
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self::from(uid, accounts::user(uid), &host, &terminal().unwrap_or_default(), |name| std::env::var(name).ok())
    }

    fn from(uid: u32, listed: Option<String>, host: &str, terminal: &str, env: impl Fn(&str) -> Option<String>) -> Self {
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        let account = listed.or_else(|| env("USER")).or_else(|| env("LOGNAME")).unwrap_or_else(|| format!("uid {uid}"));
        // Anybody can set SUDO_USER; only root's word for it counts, and sudo sets it for root.
        let person = if uid == 0 { env("SUDO_USER") } else { None };
        // sudo keeps neither by default; SSH_CLIENT is what older servers set.
        let client = env("SSH_CONNECTION").or_else(|| env("SSH_CLIENT")).unwrap_or_default();
        let address = client.split_whitespace().next().unwrap_or_default();
        let ssh = address.split('%').next().and_then(|plain| plain.parse::<IpAddr>().ok());
        Self {
            name: bounded(person.as_ref().unwrap_or(&account)),
            account: bounded(&account),
            host: bounded(if host.is_empty() { "localhost" } else { host }),
            terminal: bounded(terminal),
            ssh: ssh.map(|address| Text::new(address.to_string())).unwrap_or_default(),
        }
    }

    /// `ana@bastion`.
    #[must_use]
    pub fn who(&self) -> Text {
        Text::new(format!("{}@{}", self.name, self.host))
    }
}

fn bounded(text: &str) -> Text {
    Text::new(text.chars().take(LONGEST).collect::<String>())
}

/// The terminal of standard input, or of standard error where input comes from elsewhere.
fn terminal() -> Option<String> {
    let name = rustix::termios::ttyname(rustix::stdio::stdin(), Vec::new());
    let name = name.or_else(|_| rustix::termios::ttyname(rustix::stdio::stderr(), Vec::new())).ok()?;
    let name = name.to_string_lossy().into_owned();
    Some(name.strip_prefix("/dev/").unwrap_or(&name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(uid: u32, listed: Option<&str>, vars: &[(&str, &str)]) -> Person {
        let env = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Person::from(uid, listed.map(str::to_owned), "bastion", "", env)
    }

    #[test]
    fn sudo_is_believed_of_root_only() {
        let vars = [("SUDO_USER", "ana")];
        let behind = person(0, Some("root"), &vars);
        assert_eq!(behind.who().to_string(), "ana@bastion");
        assert_eq!(behind.account.to_string(), "root");
        assert_eq!(person(1000, Some("ben"), &vars).who().to_string(), "ben@bastion");
    }

    #[test]
    fn an_account_without_an_entry_still_has_a_name() {
        assert_eq!(person(1234, None, &[("USER", ""), ("LOGNAME", "eve")]).name.to_string(), "eve");
        assert_eq!(person(1234, None, &[]).name.to_string(), "uid 1234");
    }

    #[test]
    fn the_ssh_client_is_an_address_or_nothing() {
        let ssh = |name, value| person(1, Some("a"), &[(name, value)]).ssh.to_string();
        assert_eq!(ssh("SSH_CONNECTION", "10.0.0.7 53122 10.0.0.1 22"), "10.0.0.7");
        assert_eq!(ssh("SSH_CLIENT", "fe80::1%eth0 53122 22"), "fe80::1");
        assert_eq!(ssh("SSH_CONNECTION", "\x1b[31mevil 1 2 3"), "");
    }

    #[test]
    fn hostile_names_are_bounded() {
        let long = "x".repeat(5000);
        assert_eq!(person(0, Some("root"), &[("SUDO_USER", &long)]).name.to_string().len(), LONGEST);
    }

    #[test]
    fn this_process_has_a_name_and_a_host() {
        let person = Person::asking();
        assert!(!person.name.is_empty() && !person.host.is_empty());
    }
}
