//! Secrets for verbs: from an owner-only file, a descriptor, a prompt, or made here.
//!
//! Owns: the families `--passphrase-*` and `--new-passphrase-*`, the rules said when one is refused. Must not: print a secret (but
//! see `generate`). Next: `unlock` uses [`given`], `change` uses [`gather`].

use super::call::{Call, passkey_name, path_of, shown};
use super::{generate, terminal};
use crate::crypto::{Passphrase, PassphraseError, Secrets};
use crate::domain::{Act, Changed, Fault, Kind, PasskeyName, PassphraseSource, Plan, Prover, SecretNeed, SecretPurpose};
use crate::host::{Owned, create_owner_only, read_secret_fd, read_secret_file};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// How often a person is asked before it ends.
pub const PROMPTS: usize = 3;

/// Where the secret of a new passkey comes from; on a terminal without any of these: typed twice.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "The new passphrase (on a terminal without any of these: typed twice)")]
pub struct NewSecret {
    /// Make twelve words; they are shown once and typed back
    #[arg(long, conflicts_with_all = ["new_passphrase_file", "new_passphrase_fd"])]
    pub generate: bool,
    /// Write the generated words to this new owner-only file in place of showing them
    #[arg(long, value_name = "FILE", requires = "generate")]
    pub write_passphrase: Option<PathBuf>,
    /// Read it from this file, which only its owner can read
    #[arg(long, value_name = "FILE", conflicts_with = "new_passphrase_fd")]
    pub new_passphrase_file: Option<PathBuf>,
    /// Read it from this inherited descriptor
    #[arg(long, value_name = "N")]
    pub new_passphrase_fd: Option<i32>,
}

impl NewSecret {
    /// Whether a flag names where it comes from.
    pub fn said(&self) -> bool {
        self.generate || self.new_passphrase_file.is_some() || self.new_passphrase_fd.is_some()
    }
}

/// `--passphrase-file [NAME=]FILE`, taken apart. A path that exists as it stands is a path.
pub fn named(path: &Path) -> (Option<PasskeyName>, PathBuf) {
    if !path.exists()
        && let Some((name, file)) = path.to_str().and_then(|text| text.split_once('='))
        && let Ok(name) = name.parse()
    {
        return (Some(name), PathBuf::from(file));
    }
    (None, path.to_owned())
}

/// The passphrase that `--passphrase-file` or `--passphrase-fd` gives to unlock with.
///
/// # Errors
/// As the file's; `Kind::Usage` for several.
pub async fn given(call: &Call) -> Result<Option<(Passphrase, Prover)>, Fault> {
    match (call.globals.passphrase_file.as_slice(), call.globals.passphrase_fd) {
        ([], None) => Ok(None),
        ([], Some(fd)) => Ok(Some((entered(&from_fd(call, fd, "passphrase").await?, "--passphrase-fd")?, Prover::Fd))),
        ([path], _) => Ok(Some((from_file(&named(path).1)?, Prover::File))),
        _ => Err(Fault::new(
            Kind::Usage,
            "passphrase files not used",
            "--passphrase-file is given more than once",
            Act::say("give one; only kastellan passkey check takes several, as NAME=FILE"),
        )
        .leaving(Changed::Unsaid)),
    }
}

/// The passkey that `--passphrase-file NAME=FILE` names, or `--unlock-with`.
///
/// # Errors
/// `Kind::Usage`.
pub fn unlocking_passkey(call: &Call) -> Result<Option<PasskeyName>, Fault> {
    let by_file = call.globals.passphrase_file.first().and_then(|path| named(path).0);
    Ok(call.unlock_with()?.or(by_file))
}

/// An existing passphrase from an owner-only file.
///
/// # Errors
/// As the file's; `Kind::Secret` where it is empty.
pub fn from_file(path: &Path) -> Result<Passphrase, Fault> {
    entered(&read_secret_file(path, "passphrase file")?, &shown(path).to_string())
}

async fn from_fd(call: &Call, fd: i32, what: &'static str) -> Result<Zeroizing<Vec<u8>>, Fault> {
    call.waiting(what, move || read_secret_fd(fd, what)).await
}

fn entered(bytes: &Zeroizing<Vec<u8>>, place: &str) -> Result<Passphrase, Fault> {
    Passphrase::entered(bytes).map_err(|e| not_taken(e, place))
}

fn made(bytes: &Zeroizing<Vec<u8>>, place: &str) -> Result<Passphrase, Fault> {
    Passphrase::made(bytes).map_err(|e| not_taken(e, place))
}

fn not_taken(error: PassphraseError, place: &str) -> Fault {
    let (kind, next) = match error {
        PassphraseError::Empty => (Kind::Secret, "put the passphrase into it, or type it on a terminal"),
        _ => (Kind::Refused, "take at most 1024 bytes of plain text, or let --generate make one"),
    };
    Fault::new(kind, format!("passphrase of {place} not used"), error.to_string(), Act::say(next))
}

/// Whether the secrets that a plan needs can be had at all: asked before anything is unlocked or locked.
///
/// # Errors
/// `Kind::Secret`, naming the flags that supply them.
pub fn preflight(call: &Call, plan: &Plan, new: &NewSecret, source: &PassphraseSource) -> Result<(), Fault> {
    let Some(need) = plan.secrets.iter().find(|need| need.purpose == SecretPurpose::Make || of_new(need)) else { return Ok(()) };
    if need.purpose == SecretPurpose::Enter && new.generate {
        let cause = format!("the passphrase of {} was made already", need.passkey);
        let next = "give it with --new-passphrase-file or --new-passphrase-fd, type it, or begin anew: kastellan rotate --abandon";
        return Err(Fault::refused(plan.request.failing(), cause, Act::say(next)));
    }
    let from_source = matches!(source, PassphraseSource::File { .. });
    let prompt = call.prompt();
    let shows = new.generate && new.write_passphrase.is_none();
    if shows && !(prompt.is_some() && terminal::draws()) {
        let cause = "the new words would be shown and typed back, and there is no terminal for that";
        let next = "add --write-passphrase FILE, or use --new-passphrase-file or --new-passphrase-fd";
        return Err(Fault::new(Kind::Secret, plan.request.failing(), cause, Act::say(next)));
    }
    if let Some(file) = &new.write_passphrase
        && file.symlink_metadata().is_ok()
    {
        let next = Act::say("name a file that does not exist");
        return Err(Fault::refused(plan.request.failing(), format!("{} exists, and is never overwritten", shown(file)), next));
    }
    if new.said() || from_source || prompt.is_some() {
        return Ok(());
    }
    let cause = format!("the new passphrase of {} was not given, and there is no terminal to ask on", need.passkey);
    let next = "use --new-passphrase-file FILE, --new-passphrase-fd N, or --generate --write-passphrase FILE";
    Err(Fault::new(Kind::Secret, plan.request.failing(), cause, Act::say(next)))
}

/// A file that was made for a new secret. It stays unless it is taken back: losing a passphrase that was committed would be worse
/// than leaving a file behind.
pub struct Written(Option<Owned>);

impl Written {
    /// A file that was just made.
    pub fn new(file: Owned) -> Self {
        Self(Some(file))
    }

    /// Removes the file: the run changed nothing.
    pub fn take_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if let Some(file) = self.0.take() {
            file.keep();
        }
    }
}

/// What opened, kept for an operation that wants the same secret freshly proved.
pub struct Opened {
    /// The passkey.
    pub by: PasskeyName,
    /// Where its secret came from.
    pub from: Prover,
    /// The secret, where it was given as it is.
    pub secret: Option<Passphrase>,
}

const SHORT: &str = "warning: this passphrase is short; whoever has a copy of the catalog may guess it (--generate makes twelve words)";

/// The secrets of a plan.
pub struct Gathered {
    /// In their slots.
    pub filled: Secrets,
    /// The file that was made for a new one, if one was.
    pub written: Option<Written>,
    /// Where they came from, as proofs and the journal have it.
    pub by: Prover,
}

/// Fills the slots of the secrets that a plan needs; `new` and `source` say where a new one comes from, `opened` is what unlocked.
///
/// # Errors
/// `Kind::Secret`, `Kind::Interrupted`, as files'.
pub async fn gather(
    call: &Call,
    needs: &[SecretNeed],
    new: &NewSecret,
    source: &PassphraseSource,
    mut opened: Option<Opened>,
) -> Result<Gathered, Fault> {
    let mut gathered = Gathered { filled: Secrets::new(), written: None, by: call.person() };
    for need in needs {
        let secret = match need.purpose {
            SecretPurpose::Make => {
                gathered.by = made_by(call, new, source);
                let secret = make(call, need, new, source, &mut gathered.written).await?;
                if secret.short() {
                    call.out.note(SHORT);
                }
                secret
            }
            SecretPurpose::Enter if of_new(need) => {
                gathered.by = made_by(call, new, source);
                again(call, need, new, source).await?
            }
            SecretPurpose::Enter => {
                let same = opened.take_if(|opened| opened.by.same(&need.passkey) && opened.secret.is_some());
                match same {
                    Some(Opened { secret: Some(secret), from, .. }) => {
                        gathered.by = from;
                        secret
                    }
                    _ => enter(call, need, &mut gathered.by).await?,
                }
            }
        };
        gathered.filled.put(need.slot.0, secret);
    }
    Ok(gathered)
}

fn made_by(call: &Call, new: &NewSecret, source: &PassphraseSource) -> Prover {
    let from_source = !new.generate && matches!(source, PassphraseSource::File { .. });
    if new.new_passphrase_fd.is_some() {
        Prover::Fd
    } else if new.new_passphrase_file.is_some() || new.write_passphrase.is_some() || from_source {
        Prover::File
    } else {
        call.person()
    }
}

/// Whether it is the secret of a passkey whose making goes on: supplied by the flags of new ones.
fn of_new(need: &SecretNeed) -> bool {
    need.flag == "new-passphrase".into()
}

/// The secret of a new passkey that is wrapped already, once more.
async fn again(call: &Call, need: &SecretNeed, new: &NewSecret, source: &PassphraseSource) -> Result<Passphrase, Fault> {
    if let Some(file) = &new.new_passphrase_file {
        return from_file(file);
    }
    if let Some(fd) = new.new_passphrase_fd {
        return entered(&from_fd(call, fd, "new passphrase").await?, "--new-passphrase-fd");
    }
    if let PassphraseSource::File { path } = source {
        return from_file(&path_of(path));
    }
    let next = format!("use --new-passphrase-file FILE or --new-passphrase-fd N with the secret of {}", need.envelope);
    typed(call, need, &next).await
}

async fn make(
    call: &Call,
    need: &SecretNeed,
    new: &NewSecret,
    source: &PassphraseSource,
    written: &mut Option<Written>,
) -> Result<Passphrase, Fault> {
    if let Some(file) = &new.new_passphrase_file {
        return made(&read_secret_file(file, "passphrase file")?, &shown(file).to_string());
    }
    if let Some(fd) = new.new_passphrase_fd {
        return made(&from_fd(call, fd, "new passphrase").await?, "--new-passphrase-fd");
    }
    if new.generate {
        let secret = Passphrase::generate();
        match &new.write_passphrase {
            Some(file) => {
                let mut line = Zeroizing::new(Vec::with_capacity(secret.len() + 1));
                line.extend_from_slice(secret.expose());
                line.push(b'\n');
                *written = Some(Written::new(create_owner_only(file, &line, "passphrase file")?));
                call.out.note(&format!("{} is in {}, which only you can read", need.envelope, shown(file)));
                return Ok(secret);
            }
            None => return generate::show_and_type_back(call, need, secret).await,
        }
    }
    if let PassphraseSource::File { path } = source {
        return made(&read_secret_file(&path_of(path), "passphrase file")?, &path.to_string());
    }
    type_twice(call, need).await
}

async fn type_twice(call: &Call, need: &SecretNeed) -> Result<Passphrase, Fault> {
    let doing = || format!("no new passphrase for {}", need.passkey);
    let flags = || Act::say("use --new-passphrase-file, --new-passphrase-fd, or --generate (twelve words that are safe to write down)");
    let Some(prompt) = call.prompt() else {
        return Err(Fault::new(Kind::Secret, doing(), "there is no terminal to ask on", flags()));
    };
    let mut label = format!("A new passphrase for {}. Whoever has it, with a copy of the catalog, has every backup.\n", need.envelope);
    for _ in 0..PROMPTS {
        let first = prompt.secret(&format!("{label}new passphrase: ")).await?;
        let secret = match Passphrase::made(&first) {
            Ok(secret) => secret,
            Err(e) => {
                label = format!("not taken: {e}\n");
                continue;
            }
        };
        let again = prompt.secret("once more: ").await?;
        if Passphrase::entered(&again).is_ok_and(|again| again.same(&secret)) {
            return Ok(secret);
        }
        label = "the two differ\n".into();
    }
    Err(Fault::new(Kind::Secret, doing(), format!("{PROMPTS} attempts did not give one"), flags()))
}

/// A secret of an existing passkey, other than what unlocked.
async fn enter(call: &Call, need: &SecretNeed, by: &mut Prover) -> Result<Passphrase, Fault> {
    for path in &call.globals.passphrase_file {
        if let (Some(name), file) = named(path)
            && name.same(&need.passkey)
        {
            *by = Prover::File;
            return from_file(&file);
        }
    }
    typed(call, need, &format!("use --passphrase-file {}=FILE", need.passkey)).await
}

async fn typed(call: &Call, need: &SecretNeed, flag: &str) -> Result<Passphrase, Fault> {
    let refuse = |cause: &str| {
        let doing = format!("cannot open with passkey {}", need.passkey);
        Fault::new(Kind::Secret, doing, cause, Act::say(flag))
    };
    let Some(prompt) = call.prompt() else {
        return Err(refuse("its passphrase was not given, and there is no terminal to ask on"));
    };
    let mut label = String::new();
    for _ in 0..PROMPTS {
        match Passphrase::entered(&prompt.secret(&format!("{label}passphrase of {}: ", need.envelope)).await?) {
            Ok(secret) => return Ok(secret),
            Err(e) => label = format!("not taken: {e}\n"),
        }
    }
    Err(refuse("its passphrase was not given"))
}

/// The names among `--passphrase-file NAME=FILE`, checked against what was asked for.
///
/// # Errors
/// `Kind::Usage` for a name that is not asked for.
pub fn files_by_name(call: &Call, asked: &[PasskeyName]) -> Result<Vec<(Option<PasskeyName>, PathBuf)>, Fault> {
    let files: Vec<_> = call.globals.passphrase_file.iter().map(|path| named(path)).collect();
    for (name, file) in &files {
        if let Some(name) = name
            && !asked.iter().any(|a| a.same(name))
        {
            let cause = format!("passkey {name} is not among those to check");
            let next = Act::say(format!("kastellan passkey check {name} --passphrase-file {name}={}", shown(file)));
            return Err(Fault::new(Kind::Usage, "passphrase file not used", cause, next));
        }
    }
    if files.iter().filter(|(name, _)| name.is_none()).count() > 1 {
        let next = Act::say("say whose each one is: --passphrase-file NAME=FILE");
        return Err(Fault::new(Kind::Usage, "passphrase files not used", "several files are given without a name", next));
    }
    Ok(files)
}

/// A name that clap could not check.
///
/// # Errors
/// `Kind::Usage`.
pub fn names(texts: &[String]) -> Result<Vec<PasskeyName>, Fault> {
    texts.iter().map(|text| passkey_name(text)).collect()
}
