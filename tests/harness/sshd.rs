//! A real SSH server on loopback with keys of its own, and a client in a terminal.

use super::house::Home;
use super::pty::{Launch, Terminal};
use super::{BINARY, tools, until};
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

/// The server, until dropped.
pub struct Sshd {
    server: Child,
    port: u16,
    home: Home,
    user: String,
    ssh: String,
}

impl Sshd {
    /// Starts one; None where it cannot be had (see [`tools::need`]).
    pub fn start() -> Option<Self> {
        let sshd = tools::need("sshd", "openssh-server")?;
        let ssh = tools::need("ssh", "openssh-client")?;
        let keygen = tools::need("ssh-keygen", "openssh-client")?;
        let home = Home::new();
        for name in ["host", "client"] {
            let made = Command::new(&keygen).args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(home.path().join(name)).status();
            assert!(made.is_ok_and(|s| s.success()), "ssh-keygen makes a key");
        }
        if tools::root() {
            // Where it gives up its rights; it refuses to start without.
            let _ = fs::create_dir_all("/run/sshd");
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|l| l.local_addr()).expect("a free port").port();
        let at = |name: &str| home.path().join(name).to_string_lossy().into_owned();
        let config = home.file(
            "sshd_config",
            format!(
                "ListenAddress 127.0.0.1:{port}\nHostKey {}\nPidFile {}\nAuthorizedKeysFile {}\nPasswordAuthentication no\n\
                 KbdInteractiveAuthentication no\nUsePAM no\nStrictModes no\nPermitRootLogin prohibit-password\nPrintMotd no\nPrintLastLog no\n",
                at("host"),
                at("pid"),
                at("client.pub"),
            ),
            0o600,
        );
        let server = Command::new(sshd).args(["-D", "-f", &config, "-E", &at("log")]).stdin(Stdio::null()).spawn().expect("sshd starts");
        let user = Command::new("id").arg("-un").output().expect("id").stdout;
        let this = Self { server, port, user: String::from_utf8_lossy(&user).trim().to_owned(), ssh, home };
        until("sshd to listen", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
        Some(this)
    }

    /// Runs the binary for `guest` over a connection of its own; what is returned is the client's terminal.
    pub fn kastellan<S: AsRef<str>>(&self, guest: &Home, args: &[S], size: (u16, u16)) -> Terminal {
        let environment: Vec<String> = guest.environment().iter().map(|(n, v)| quoted(&format!("{n}={v}"))).collect();
        let args: Vec<String> = args.iter().map(|a| quoted(a.as_ref())).collect();
        let there = format!("exec env {} {} {}", environment.join(" "), quoted(BINARY), args.join(" "));
        self.run(&there, size)
    }

    /// Runs a command line over a connection of its own.
    pub fn run(&self, command: &str, size: (u16, u16)) -> Terminal {
        let at = |name: &str| self.home.path().join(name).to_string_lossy().into_owned();
        let (key, known, port) = (at("client"), format!("UserKnownHostsFile={}", at("known")), self.port.to_string());
        let to = format!("{}@127.0.0.1", self.user);
        let args = [
            "-F",
            "/dev/null",
            "-tt",
            "-i",
            &key,
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            &known,
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "LogLevel=ERROR",
            "-e",
            "none",
            "-p",
            &port,
            &to,
            command,
        ];
        Launch::program(&self.home, &self.ssh, &args).size(size.0, size.1).start()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}
