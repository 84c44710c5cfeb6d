//! Secrets for verbs: from an owner-only file, a descriptor, a prompt, or made here.
//!
//! Owns: which source is taken in which order, the rules said when one is refused. Must not: print a secret (but see `generate`). Next:
//! `families` names the flags, `unlock` uses [`given`], `change` uses [`gather`].

use super::call::{Call, passkey_name, path_of, shown};
use super::families::Family;
use super::{generate, terminal};
use crate::crypto::{Passphrase, PassphraseError, Secrets};
use crate::domain::{Act, Changed, Fault, Kind, PasskeyName, PassphraseSource, Plan, Prover, SecretNeed, SecretOf, SecretPurpose};
use crate::host::{Owned, can_be_made, create_owner_only, read_secret_fd, read_secret_file};
use crate::wizard::Strength;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// How often a person is asked before it ends.
pub const PROMPTS: usize = 3;

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

/// An existing secret from where a family's flags say, if they do.
///
/// # Errors
/// As the file's.
pub async fn of_family(call: &Call, family: &Family, what: &'static str) -> Result<Option<Passphrase>, Fault> {
    match (&family.file, family.fd) {
        (Some(file), _) => Ok(Some(from_file(file)?)),
        (None, Some(fd)) => Ok(Some(entered(&from_fd(call, fd, what).await?, &format!("--{}-fd", family.name))?)),
        (None, None) => Ok(None),
    }
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
pub fn preflight(call: &Call, plan: &Plan, families: &[Family], source: &PassphraseSource) -> Result<(), Fault> {
    plan.secrets.iter().filter(|need| !of_passkey(need)).try_for_each(|need| one(call, plan, need, &of(families, need), source))
}

fn one(call: &Call, plan: &Plan, need: &SecretNeed, family: &Family, source: &PassphraseSource) -> Result<(), Fault> {
    if need.purpose == SecretPurpose::Enter && family.generate {
        let cause = format!("the passphrase of {} was made already", need.of);
        let next = format!("give it with --{0}-file or --{0}-fd, type it, or begin anew: kastellan rotate --abandon", need.flag);
        return Err(Fault::refused(plan.request.failing(), cause, Act::say(next)));
    }
    let from_source = need.of.passkey().is_some() && matches!(source, PassphraseSource::File { .. });
    let prompt = call.prompt();
    let shows = family.generate && family.write.is_none();
    if shows && !(prompt.is_some() && terminal::draws()) {
        let cause = "the new words would be shown and typed back, and there is no terminal for that";
        let next = format!("add --write-passphrase FILE, or use --{0}-file or --{0}-fd", need.flag);
        return Err(Fault::new(Kind::Secret, plan.request.failing(), cause, Act::say(next)));
    }
    if let Some(file) = &family.write {
        can_be_made(file, plan.request.failing())?;
    }
    if family.said() || from_source || prompt.is_some() {
        return Ok(());
    }
    let new = if need.purpose == SecretPurpose::Make { "new " } else { "" };
    let what = match &need.of {
        SecretOf::Passkey(name) => format!("passphrase of {name}"),
        SecretOf::Location(name) => format!("secret key of location {name}"),
        SecretOf::Dr(number) => format!("DR passphrase no. {number}"),
        SecretOf::Kit | SecretOf::Import(_) => format!("passphrase of {}", need.of),
    };
    let cause = format!("the {new}{what} was not given, and there is no terminal to ask on");
    let generate = if need.purpose == SecretPurpose::Make { ", or --generate --write-passphrase FILE" } else { "" };
    let next = format!("use --{0}-file FILE or --{0}-fd N{generate}", need.flag);
    Err(Fault::new(Kind::Secret, plan.request.failing(), cause, Act::say(next)))
}

/// The family that supplies a secret; without flags where the verb has none.
fn of(families: &[Family], need: &SecretNeed) -> Family {
    families.iter().find(|family| need.flag == family.name.into()).cloned().unwrap_or_default()
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

/// The secrets of a plan.
pub struct Gathered {
    /// In their slots.
    pub filled: Secrets,
    /// The file that was made for a new one, if one was.
    pub written: Option<Written>,
    /// Where they came from, as proofs and the journal have it.
    pub by: Prover,
}

/// A new passphrase that can be guessed is taken, and warned of.
fn told(call: &Call, secret: &Passphrase) {
    match Strength::of(secret.guesses_log10()) {
        Strength::Weak => {
            call.out.note("warning: this passphrase is weak; whoever has a copy may guess it within days (--generate makes twelve words)");
        }
        fair @ Strength::Fair => call.out.note(&format!("this passphrase is {}", fair.words())),
        Strength::Good | Strength::Strong => {}
    }
}

/// Fills the slots of the secrets that a plan needs; `families` and `source` say where they come from, `opened` is what unlocked.
///
/// # Errors
/// `Kind::Secret`, `Kind::Interrupted`, as files'.
pub async fn gather(
    call: &Call,
    needs: &[SecretNeed],
    families: &[Family],
    source: &PassphraseSource,
    mut opened: Option<Opened>,
) -> Result<Gathered, Fault> {
    let mut gathered = Gathered { filled: Secrets::new(), written: None, by: call.person() };
    for need in needs {
        let family = of(families, need);
        // Where a new passkey's secret is found is its own affair.
        let nowhere = PassphraseSource::Prompt;
        let source = if need.of.passkey().is_some() { source } else { &nowhere };
        let secret = match need.purpose {
            SecretPurpose::Make => {
                gathered.by = came_from(call, &family, source);
                let secret = make(call, need, &family, source, &mut gathered.written).await?;
                told(call, &secret);
                secret
            }
            SecretPurpose::Enter if !of_passkey(need) => {
                gathered.by = came_from(call, &family, source);
                again(call, need, &family, source).await?
            }
            SecretPurpose::Enter => {
                let same = opened.take_if(|opened| need.of.passkey().is_some_and(|name| opened.by.same(name)) && opened.secret.is_some());
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

fn came_from(call: &Call, family: &Family, source: &PassphraseSource) -> Prover {
    let from_source = !family.generate && matches!(source, PassphraseSource::File { .. });
    if family.fd.is_some() {
        Prover::Fd
    } else if family.file.is_some() || family.write.is_some() || from_source {
        Prover::File
    } else {
        call.person()
    }
}

/// Whether it is the secret of an existing passkey: supplied by the flags of every verb.
fn of_passkey(need: &SecretNeed) -> bool {
    need.flag == "passphrase".into()
}

/// A secret that exists already, and has a family of its own.
async fn again(call: &Call, need: &SecretNeed, family: &Family, source: &PassphraseSource) -> Result<Passphrase, Fault> {
    if let Some(file) = &family.file {
        return from_file(file);
    }
    if let Some(fd) = family.fd {
        return entered(&from_fd(call, fd, "secret").await?, &format!("--{}-fd", need.flag));
    }
    if let PassphraseSource::File { path } = source {
        return from_file(&path_of(path));
    }
    let next = format!("use --{0}-file FILE or --{0}-fd N with the secret of {1}", need.flag, need.envelope);
    typed(call, need, &next).await
}

async fn make(
    call: &Call,
    need: &SecretNeed,
    family: &Family,
    source: &PassphraseSource,
    written: &mut Option<Written>,
) -> Result<Passphrase, Fault> {
    if let Some(file) = &family.file {
        return made(&read_secret_file(file, "passphrase file")?, &shown(file).to_string());
    }
    if let Some(fd) = family.fd {
        return made(&from_fd(call, fd, "new passphrase").await?, &format!("--{}-fd", need.flag));
    }
    if family.generate {
        let secret = Passphrase::generate();
        match &family.write {
            Some(file) => {
                let mut line = Zeroizing::new(Vec::with_capacity(secret.len() + 1));
                line.extend_from_slice(secret.expose());
                line.push(b'\n');
                *written = Some(Written::new(create_owner_only(file, &line, "passphrase file")?));
                call.out.note(&format!("{} is in {}, which only you can read", need.envelope, shown(file)));
                return Ok(secret);
            }
            None => return generate::show_and_type_back(call, &need.envelope, Some(&need.flag), secret).await,
        }
    }
    if let PassphraseSource::File { path } = source {
        return made(&read_secret_file(&path_of(path), "passphrase file")?, &path.to_string());
    }
    type_twice(call, need).await
}

async fn type_twice(call: &Call, need: &SecretNeed) -> Result<Passphrase, Fault> {
    let doing = || format!("no new passphrase for {}", need.of);
    let flags = || Act::say(format!("use --{0}-file, --{0}-fd, or --generate (twelve words that are safe to write down)", need.flag));
    let Some(prompt) = call.prompt() else {
        return Err(Fault::new(Kind::Secret, doing(), "there is no terminal to ask on", flags()));
    };
    let mut label = match need.of {
        SecretOf::Passkey(_) => {
            format!("A new passphrase for {}. Whoever has it, with a copy of the catalog, has every backup.\n", need.envelope)
        }
        _ => format!("A new passphrase for {}.\n", need.envelope),
    };
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
            && need.of.passkey().is_some_and(|of| name.same(of))
        {
            *by = Prover::File;
            return from_file(&file);
        }
    }
    typed(call, need, &format!("use --passphrase-file {}=FILE", need.of)).await
}

async fn typed(call: &Call, need: &SecretNeed, flag: &str) -> Result<Passphrase, Fault> {
    let refuse = |cause: &str| {
        let doing = match &need.of {
            SecretOf::Passkey(name) => format!("cannot open with passkey {name}"),
            other => format!("cannot go on without the secret of {other}"),
        };
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
