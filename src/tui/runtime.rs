//! The loop: wait, take everything in, carry effects out, draw one frame where something changed.
//!
//! Owns: the event loop, timers, signals. Must not: tick. An idle console waits in one system call and writes nothing.

use super::backend::Screen;
use super::desk::Desk;
use super::input::{Input, Reader};
use super::slots::Slots;
use super::start::Guide;
use super::terminal::{self, Guard};
use super::theme::{self, Theme};
use super::views::{self, View};
use super::{Start, clipboard};
use crate::app::{App, Effect, Key, Keymap, Layer, Moment, Msg, SecretEdit, Setup, Signal, Timer, When, secret_edit, update};
use crate::domain::{Act, Fault, Guided, Kind, Saying, Slot, Text};
use crate::host::{Color, Config, Host};
use crate::ops::{self, Answers, Demo, Place, SetUp, Settings, Throwaway, seed_demo};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, spawn_local};
use zeroize::Zeroizing;

/// The most messages that are taken in before a frame: a flood must not freeze the screen.
const FLOOD: usize = 512;

/// A console at work.
pub struct Runtime {
    app: App,
    desk: Desk,
    host: Arc<Host>,
    config: Config,
    depth: Color,
    theme: Theme,
    guard: Guard,
    screen: Screen<File>,
    tell: UnboundedSender<Msg>,
    told: UnboundedReceiver<Msg>,
    timers: HashMap<Timer, JoinHandle<()>>,
    /// Stopped until the next SIGCONT: nothing is drawn.
    stopped: bool,
    /// The terminal is gone: nothing is drawn any more.
    gone: bool,
    /// How to end.
    exit: Option<u8>,
    /// What asks step by step, and how to answer what it asked last.
    guide: Guide,
    answers: Option<Answers>,
    /// A demo that was started here, with its folder, which goes when the console ends.
    demo: Option<Throwaway>,
}

/// What the console listens to besides the terminal.
struct Signals {
    hangup: Listener,
    terminate: Listener,
    interrupt: Listener,
    quit: Listener,
    suspend: Listener,
    resume: Listener,
    resize: Listener,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        let raw = |s: rustix::process::Signal| signal(SignalKind::from_raw(s.as_raw()));
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            suspend: raw(rustix::process::Signal::TSTP)?,
            resume: raw(rustix::process::Signal::CONT)?,
            resize: signal(SignalKind::window_change())?,
        })
    }
}

/// Runs a console from its first frame to its end.
///
/// # Errors
/// What failed before there was a screen.
pub async fn run(start: Start, guard: Guard) -> Result<u8, Fault> {
    let broken = |e: io::Error| {
        Fault::new(Kind::Unexpected, "cannot open the console", e.to_string(), Act::say("kastellan doctor says what this terminal lacks"))
    };
    let mut signals = Signals::listen().map_err(broken)?;
    let (input, output) = guard.descriptors().map_err(broken)?;
    let mut reader = Reader::new(input).map_err(broken)?;
    let (mut runtime, effects) = Runtime::open(start, guard, output).await?;
    runtime.guard.enter().map_err(broken)?;
    runtime.carry_out(effects).await;
    runtime.try_given();
    let mut inputs = Vec::new();
    loop {
        runtime.take_in_waiting().await;
        if let Some(ended) = runtime.ended() {
            return Ok(ended);
        }
        runtime.draw().await;
        if let Some(ended) = runtime.ended() {
            return Ok(ended);
        }
        let msg = tokio::select! {
            biased;
            _ = signals.hangup.recv() => Msg::Signal(Signal::Hangup),
            _ = signals.terminate.recv() => Msg::Signal(Signal::Terminate),
            _ = signals.quit.recv() => Msg::Signal(Signal::Terminate),
            _ = signals.interrupt.recv() => Msg::Signal(Signal::Interrupt),
            _ = signals.suspend.recv() => Msg::Signal(Signal::Suspend),
            _ = signals.resume.recv() => {
                runtime.resume();
                Msg::Signal(Signal::Continue)
            }
            _ = signals.resize.recv() => {
                runtime.repaint();
                let size = runtime.screen.size();
                Msg::Resize(size.width, size.height)
            }
            alive = reader.read(&mut inputs), if !runtime.gone => {
                for input in inputs.drain(..) {
                    runtime.enter(input).await;
                }
                if alive {
                    continue;
                }
                runtime.gone = true;
                Msg::Signal(Signal::Closed)
            }
            Some(msg) = runtime.told.recv() => msg,
        };
        runtime.take_in(msg).await;
    }
}

impl Runtime {
    async fn open(start: Start, guard: Guard, output: File) -> Result<(Self, Vec<Effect>), Fault> {
        let Start { place, host, config, settings, context, production, demo, demo_vanishes, secrets, secret_from, unlock_with, guide } =
            start;
        let depth = theme::depth(config.color);
        let mut problems = Vec::new();
        let theme = Theme::load(&config.theme, &host.paths.themes, depth).unwrap_or_else(|fault| {
            problems.push(fault);
            Theme::plain()
        });
        let (keymap, wrong) = Keymap::with(&config.keys);
        problems.extend(wrong.into_iter().map(|why| {
            Fault::new(Kind::Usage, "a key binding is not used", why, Act::say("mend keys: in the configuration; ? shows all keys"))
        }));
        let size = terminal::size();
        let screen = Screen::new(output, size);
        let (tell, told) = unbounded_channel();
        let set_up = SetUp { place, host: host.clone(), settings };
        let mut setup = describe(&set_up, &config, context, keymap, (size.width, size.height));
        setup.production = production;
        setup.demo = demo.as_ref().map(|demo| ways_in(demo, demo_vanishes)).unwrap_or_default();
        let desk = Desk::open(set_up, Slots::with(secrets), (secret_from, unlock_with), tell.clone()).await?;
        setup.facts = Some(desk.glance().await?);
        let (app, effects) = App::start(setup, moment(&host));
        for fault in problems {
            let _ = tell.send(Msg::Problem(fault));
        }
        let runtime = Self {
            app,
            desk,
            host,
            config,
            depth,
            theme,
            guard,
            screen,
            tell,
            told,
            timers: HashMap::new(),
            stopped: false,
            gone: false,
            exit: None,
            guide,
            answers: None,
            demo: None,
        };
        Ok((runtime, effects))
    }

    /// A passphrase that was given from the start is tried as if a person had typed it and pressed Enter.
    fn try_given(&mut self) {
        let state = self.desk.slots().borrow().state(Slot::UNLOCK, crate::wizard::SecretRule::Entered);
        if state.len > 0 && matches!(self.app.top(), Some(Layer::Unlock(_))) {
            let _ = self.tell.send(Msg::SlotChanged(Slot::UNLOCK, state));
            let _ = self.tell.send(Msg::Key(Key::Enter));
        }
    }

    fn ended(&self) -> Option<u8> {
        if terminal::panicked() { Some(1) } else { self.exit }
    }

    /// Takes in what is waiting already, so that many answers make one frame.
    async fn take_in_waiting(&mut self) {
        for _ in 0..FLOOD {
            match self.told.try_recv() {
                Ok(msg) if self.exit.is_none() => self.take_in(msg).await,
                _ => return,
            }
        }
    }

    async fn take_in(&mut self, msg: Msg) {
        let effects = update(&mut self.app, moment(&self.host), msg);
        self.carry_out(effects).await;
    }

    /// What the terminal sent. What goes into a secret field never becomes a message.
    async fn enter(&mut self, input: Input) {
        let secret = self.app.focused_secret().map(|field| (field.slot, field.rule));
        let msg = match (input, secret) {
            (Input::Key(pressed), secret) => {
                let Some(key) = key(pressed) else { return };
                match secret.zip(secret_edit(key)) {
                    Some(((slot, rule), edit)) => Msg::SlotChanged(slot, self.edit(slot, rule, edit)),
                    None => Msg::Key(key),
                }
            }
            (Input::Paste(bytes), Some((slot, rule))) => {
                let state = self.desk.slots().borrow_mut().paste(slot, rule, &bytes);
                Msg::SlotChanged(slot, state)
            }
            (Input::Paste(bytes), None) => Msg::Paste(String::from_utf8_lossy(&bytes).into_owned()),
            (Input::Focus(true), _) => Msg::FocusGained,
            (Input::WheelUp, _) => Msg::Key(Key::Up),
            (Input::WheelDown, _) => Msg::Key(Key::Down),
            (Input::Focus(false) | Input::Click(..), _) => return,
        };
        if self.exit.is_none() {
            self.take_in(msg).await;
        }
    }

    fn edit(&mut self, slot: Slot, rule: crate::wizard::SecretRule, edit: SecretEdit) -> crate::wizard::SlotState {
        self.desk.slots().borrow_mut().edit(slot, rule, edit)
    }

    async fn draw(&mut self) {
        if self.stopped || self.gone {
            return;
        }
        #[cfg(debug_assertions)]
        terminal::panic_if_asked("draw");
        let rows = views::rows(&self.app);
        if rows != self.app.page {
            self.take_in(Msg::Page(rows)).await;
        }
        let slots = self.desk.slots().borrow();
        let view = View { app: &self.app, theme: &self.theme, secret: &|slot| slots.lend(slot) };
        let drawn = self.screen.draw(|buffer| views::draw(buffer, &view));
        drop(slots);
        if drawn.is_err() {
            self.gone = true;
            let _ = self.tell.send(Msg::Signal(Signal::Closed));
        }
    }

    fn repaint(&mut self) {
        self.screen.repaint(terminal::size());
    }

    /// After a stop the shell may have changed everything.
    fn resume(&mut self) {
        self.stopped = false;
        if self.guard.enter().is_err() {
            self.gone = true;
        }
        if self.app.setup.mouse {
            let _ = self.guard.mouse(true);
        }
        self.repaint();
    }

    async fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if self.exit.is_some() {
                return;
            }
            self.perform(effect).await;
        }
    }

    async fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::LoadFacts(epoch) => self.desk.load_facts(epoch),
            Effect::LoadPolicyNames(epoch) => self.desk.load_policy_names(epoch),
            Effect::LoadPolicies(epoch, names) => self.desk.load_policies(epoch, names),
            Effect::LoadJournal { epoch, from, max } => self.desk.load_journal(epoch, from, max),
            Effect::LoadArtifacts(epoch, after) => self.desk.load_artifacts(epoch, after),
            Effect::VerifyJournal(epoch) => self.desk.verify_journal(epoch),
            Effect::LoadYaml(epoch, subject) => self.desk.load_yaml(epoch, subject),
            Effect::LoadDoctor(epoch) => self.desk.load_doctor(epoch),
            Effect::LoadLog(epoch) => self.desk.load_log(epoch),
            Effect::LoadThemes(epoch) => {
                let _ = self.tell.send(Msg::Themes(epoch, theme::names(&self.host.paths.themes)));
            }
            Effect::Unlock { epoch, with, search } => self.desk.unlock(epoch, with, search),
            Effect::StopUnlock => self.desk.stop_unlock(),
            Effect::Lock => {
                // The screen goes dark before anything is waited for.
                self.repaint();
                self.desk.lock().await;
                let _ = self.tell.send(Msg::Changed);
            }
            Effect::Wipe(slot) => self.desk.wipe(slot),
            Effect::Generate(slot) => self.desk.generate(slot),
            Effect::ReadSecretFile(epoch, slot, path) => self.desk.read_file(epoch, slot, &path),
            Effect::WriteSecretFile(epoch, slot, path) => self.desk.write_file(epoch, slot, &path),
            Effect::Plan(epoch, request) => self.desk.plan(epoch, *request),
            Effect::Look(epoch, look) => self.desk.look(epoch, look),
            Effect::Begin(epoch, plan) => self.desk.begin(epoch, *plan),
            Effect::DropBegun(epoch) => self.desk.drop_begun(epoch),
            Effect::Run(epoch, to) => self.desk.run(epoch, to),
            Effect::StopOperation => self.desk.stop_operation(),
            Effect::Check(epoch, what, slot) => self.desk.check(epoch, what, slot),
            Effect::CopyText => {
                let copied = clipboard::copy_secret(self.desk.slots().borrow().lend(Slot::TEXT), &self.guard);
                let _ = self.tell.send(Msg::Copied(copied));
            }
            Effect::Copy(text) => {
                let _ = self.tell.send(Msg::Copied(clipboard::copy(&text, &self.guard)));
            }
            Effect::SetTimer(timer, when) => self.set_timer(timer, when),
            Effect::PreviewTheme(name) | Effect::SetTheme(name) => self.set_theme(&name),
            Effect::Mouse(on) => {
                let _ = self.guard.mouse(on);
            }
            Effect::Suspend => self.suspend(),
            Effect::Repaint => self.repaint(),
            Effect::Guided(what) => self.talk(what).await,
            Effect::Answer(line) => self.answer(Zeroizing::new(line.into_bytes())),
            Effect::AnswerSecret => {
                let typed = Zeroizing::new(self.desk.slots().borrow().lend(Slot::TALK).to_vec());
                self.desk.wipe(Slot::TALK);
                self.answer(typed);
            }
            Effect::LeaveGuided => {
                if let Some(answers) = &self.answers {
                    answers.leave();
                }
            }
            Effect::StartDemo => self.start_demo().await,
            Effect::Quit(code) => self.exit = Some(code),
        }
    }

    /// Lets the command line do it, on a thread of its own; what it says and asks becomes messages.
    async fn talk(&mut self, what: Guided) {
        let keys = if what.borrows_keys() { self.desk.lend().await } else { None };
        let (verb, mut console) = ops::talk(keys);
        self.answers = Some(console.answers());
        let (guide, tell, desk) = (self.guide.clone(), self.tell.clone(), self.desk.clone());
        let begun = std::thread::Builder::new().name("talk".into()).spawn(move || guide(&what, &verb));
        spawn_local(async move {
            let mut ended = false;
            while let Some(saying) = console.next().await {
                ended = matches!(saying, Saying::Ended(_));
                if ended && let Err(fault) = desk.connect_anew().await {
                    let _ = tell.send(Msg::Problem(fault));
                }
                let _ = tell.send(Msg::Said(saying));
            }
            if !ended {
                let cause = begun.err().map_or_else(|| "it ended abnormally".into(), |e| e.to_string());
                let fault = Fault::new(Kind::Unexpected, "cannot go on", cause, Act::say("kastellan doctor"));
                let _ = tell.send(Msg::Said(Saying::Line(Text::new(fault.line()))));
                let _ = tell.send(Msg::Said(Saying::Ended(Err(Box::new(fault)))));
            }
        });
    }

    fn answer(&self, answer: Zeroizing<Vec<u8>>) {
        if let Some(answers) = &self.answers {
            answers.answer(answer);
        }
    }

    fn set_theme(&mut self, name: &str) {
        match Theme::load(name, &self.host.paths.themes, self.depth) {
            Ok(theme) => self.theme = theme,
            Err(fault) => {
                let _ = self.tell.send(Msg::Problem(fault));
            }
        }
    }

    fn set_timer(&mut self, timer: Timer, when: When) {
        let seconds = match when {
            When::Wall(at) => u64::try_from(at.since(self.host.clock.now())).unwrap_or(0),
            When::Boot(at) => at.saturating_sub(self.host.clock.boot().as_secs()),
        };
        let tell = self.tell.clone();
        let sleeping = spawn_local(async move {
            super::alarm::after(Duration::from_secs(seconds)).await;
            let _ = tell.send(Msg::Tick(timer));
        });
        if let Some(old) = self.timers.insert(timer, sleeping) {
            old.abort();
        }
    }

    fn suspend(&mut self) {
        let refused = match self.guard.suspend() {
            Ok(true) => {
                self.stopped = true;
                return;
            }
            Ok(false) => "no shell here could continue it".to_owned(),
            Err(e) => e.to_string(),
        };
        let fault = Fault::new(Kind::Refused, "not suspended", refused, Act::say("the console is locked; :q quits"));
        let _ = self.tell.send(Msg::Problem(fault));
    }

    /// The same console on a throwaway installation.
    async fn start_demo(&mut self) {
        match self.open_demo().await {
            Ok(effects) => {
                self.repaint();
                Box::pin(self.carry_out(effects)).await;
            }
            Err(fault) => {
                let _ = self.tell.send(Msg::DemoFailed(fault));
            }
        }
    }

    async fn open_demo(&mut self) -> Result<Vec<Effect>, Fault> {
        let folder = Throwaway::new("demo")?;
        let demo = seed_demo(folder.folder()).await?;
        let ways = ways_in(&demo, true);
        let Demo { place, host, .. } = demo;
        let settings = Settings { ages: self.config.ages, ..Settings::default() };
        let set_up = SetUp { place, host: host.clone(), settings };
        let (tell, told) = unbounded_channel();
        let mut setup = describe(&set_up, &self.config, None, self.app.setup.keymap.clone(), self.app.size);
        setup.demo = ways;
        setup.read_only = false;
        setup.theme.clone_from(&self.app.setup.theme);
        let given = (crate::domain::Prover::File, None);
        let desk = Desk::open(set_up, Slots::default(), given, tell.clone()).await?;
        setup.facts = Some(desk.glance().await?);
        let (app, effects) = App::start(setup, moment(&host));
        for (_, timer) in self.timers.drain() {
            timer.abort();
        }
        (self.app, self.desk, self.tell, self.told) = (app, desk, tell, told);
        // The themes stay the user's.
        self.demo = Some(folder);
        Ok(effects)
    }
}

fn describe(set_up: &SetUp, config: &Config, context: Option<Text>, keymap: Keymap, size: (u16, u16)) -> Setup {
    let Place { catalog } = &set_up.place;
    Setup {
        context,
        place: Text::new(catalog.to_string_lossy()),
        default_name: set_up.default_name(),
        who: set_up.host.person.who(),
        production: false,
        read_only: set_up.settings.read_only,
        demo: Vec::new(),
        ascii: config.ascii,
        mouse: config.mouse,
        theme: config.theme.clone(),
        idle_minutes: config.idle_minutes,
        keymap,
        facts: None,
        size,
    }
}

/// How to get into a demo. Its passphrases are no secrets.
fn ways_in(demo: &Demo, vanishes: bool) -> Vec<Text> {
    let way = |(name, passphrase): &(crate::domain::PasskeyName, String)| Text::new(format!("{name}: {passphrase}"));
    let mut lines: Vec<Text> = demo.ways_in.iter().chain(std::iter::once(&demo.unfinished)).map(way).collect();
    if vanishes {
        lines.push("This demo vanishes when you quit.".into());
    }
    lines
}

fn moment(host: &Host) -> Moment {
    Moment { wall: host.clock.now(), boot: host.clock.boot().as_secs() }
}

/// A key as the console knows it; None for those that it does not.
fn key(pressed: KeyEvent) -> Option<Key> {
    let control = pressed.modifiers.contains(KeyModifiers::CONTROL);
    if pressed.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    Some(match pressed.code {
        KeyCode::Char(c) if control => Key::Ctrl(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::F(n) => Key::F(n),
        _ => return None,
    })
}
