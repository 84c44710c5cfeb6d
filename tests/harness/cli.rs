//! The binary without a terminal: arguments and files in; standard output, standard error and exit code out.

use super::house::Home;
use super::{BINARY, PATIENCE, tools};
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The exit code; 128 and the signal's number where one ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Run {
    /// Both lines of an error that ended with this code, the second one naming the next act; or what is wrong with it.
    pub fn fault(&self, code: i32) -> Result<(&str, &str), String> {
        if self.code != code {
            return Err(format!("exit {} and not {code}: {}{}", self.code, self.out, self.err));
        }
        let lines: Vec<&str> = self.err.lines().collect();
        match lines[..] {
            _ if self.err.contains("panicked") => Err(format!("it panicked: {}", self.err)),
            _ if !self.out.is_empty() => Err(format!("an error leaves nothing on standard output: {}", self.out)),
            [what, next] if next.starts_with("next: ") && next.len() > 6 => Ok((what, next)),
            _ => Err(format!("not two lines, the second one the next act: {}", self.err)),
        }
    }

    /// The same, and it must be one.
    pub fn assert_fault(&self, code: i32) -> (&str, &str) {
        self.fault(code).unwrap_or_else(|why| panic!("{why}"))
    }
}

/// The code of what `kill -9` ended.
const KILLED: i32 = 137;

/// A call of the binary.
#[derive(Clone)]
pub struct Call<'a> {
    home: &'a Home,
    args: Vec<String>,
    input: Vec<u8>,
    env: Vec<(String, Option<String>)>,
    descriptors: Vec<(u32, String)>,
    under: Vec<String>,
}

impl<'a> Call<'a> {
    /// With these arguments, and nothing on standard input.
    pub fn new<S: AsRef<str>>(home: &'a Home, args: &[S]) -> Self {
        let args = args.iter().map(|a| a.as_ref().to_owned()).collect();
        Self { home, args, input: Vec::new(), env: Vec::new(), descriptors: Vec::new(), under: Vec::new() }
    }

    /// With these bytes on standard input.
    pub fn input(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.input = bytes.as_ref().to_vec();
        self
    }

    /// With one more environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), Some(value.to_owned())));
        self
    }

    /// Without one of the usual environment variables.
    pub fn without(mut self, name: &str) -> Self {
        self.env.push((name.to_owned(), None));
        self
    }

    /// With a file open for reading at this descriptor.
    pub fn descriptor(mut self, number: u32, file: &str) -> Self {
        self.descriptors.push((number, file.to_owned()));
        self
    }

    /// Under a program that starts it, such as a tracer.
    pub fn under<S: AsRef<str>>(mut self, words: &[S]) -> Self {
        self.under = words.iter().map(|word| word.as_ref().to_owned()).collect();
        self
    }

    /// Starts it, with pipes at its three ends.
    pub fn start(&self) -> Child {
        let mut words = self.under.clone();
        if !self.descriptors.is_empty() || self.home.limit().is_some() {
            // A shell is the one way without `unsafe` to choose a descriptor's number, or to set a limit for the child alone.
            let opened: Vec<String> = self.descriptors.iter().map(|(n, f)| format!("{n}<'{f}'")).collect();
            let limit = self.home.limit().map(|kib| format!("ulimit -Sv {kib} && ")).unwrap_or_default();
            words.extend(["sh".into(), "-c".into(), format!("{limit}exec \"$0\" \"$@\" {}", opened.join(" "))]);
        }
        words.push(BINARY.into());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(&self.args).env_clear().current_dir(self.home.path());
        command.envs(self.home.environment());
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
    }

    /// Starts it, and kills it (`kill -9`) once it has run that long; false where it had ended by then, and that must be well.
    pub fn run_killed(&self, after: Duration) -> bool {
        let mut child = self.start();
        if ended(&mut child, after).is_none() {
            let _ = child.kill();
        }
        let code = code(child.wait().expect("it can be waited for"));
        assert!([0, KILLED].contains(&code), "{:?} ends with {code} by itself", self.args);
        code == KILLED
    }

    /// Runs it to its end, which must be a good one, and how long that takes.
    pub fn timed(&self) -> Duration {
        let began = Instant::now();
        let run = self.run();
        assert_eq!(run.code, 0, "{:?}: {run:?}", self.args);
        began.elapsed()
    }

    /// Runs it, and kills it (`kill -9`) once it has synced files and folders for that many times: after each of those more is there for
    /// good. Whether it had ended well before; None where that cannot be had.
    pub fn run_killed_at_sync(&self, number: usize) -> Option<bool> {
        let strace = tools::need("strace", "strace")?;
        if !tools::need_root("strace") {
            return None;
        }
        let log = tempfile::NamedTempFile::new().expect("a file");
        let to = log.path().to_str().expect("its name");
        // Each sync waits a little, so that the kill comes before the next one.
        let wait = "inject=fsync,fdatasync:delay_enter=20000";
        let under = [&strace, "-f", "-qq", "-e", "trace=fsync,fdatasync", "-e", wait, "-e", "signal=none", "-o", to];
        let mut child = self.clone().under(&under).start();
        loop {
            if let Some(status) = ended(&mut child, Duration::from_millis(1)) {
                return Some(status.success());
            }
            let told = std::fs::read_to_string(log.path()).expect("it reads");
            if let Some(line) = told.lines().nth(number - 1) {
                let thread = line.split_whitespace().next().and_then(|id| id.parse().ok()).and_then(rustix::process::Pid::from_raw);
                let _ = rustix::process::kill_process(thread.expect("a thread"), rustix::process::Signal::KILL);
                child.wait().expect("it can be waited for");
                return Some(false);
            }
        }
    }

    /// Runs it to its end.
    pub fn run(&self) -> Run {
        let mut child = self.start();
        let (mut input, bytes) = (child.stdin.take().expect("an input"), self.input.clone());
        // It may end without reading all of it.
        std::thread::spawn(move || input.write_all(&bytes).is_ok());
        let out = reading(child.stdout.take().expect("an output"));
        let err = reading(child.stderr.take().expect("an error output"));
        let status = wait(&mut child, &self.args);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what it prints is UTF-8");
        Run { code: code(status), out: text(out.join().unwrap()), err: text(err.join().unwrap()) }
    }
}

/// The exit code as a shell has it.
pub fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().or_else(|| status.signal().map(|s| 128 + s)).expect("a code or a signal")
}

/// Reads all of it on a thread of its own.
fn reading(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut all = Vec::new();
        let _ = from.read_to_end(&mut all);
        all
    })
}

fn wait(child: &mut Child, args: &[String]) -> ExitStatus {
    ended(child, 4 * PATIENCE).unwrap_or_else(|| {
        let _ = child.kill();
        panic!("it hangs: {args:?}");
    })
}

/// How it ended, if it did within that time.
fn ended(child: &mut Child, within: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + within;
    loop {
        let status = child.try_wait().expect("it can be waited for");
        if status.is_some() || Instant::now() > deadline {
            return status;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}
