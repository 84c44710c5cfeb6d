//! Walking one flow with prompts: the driver says what to ask, this asks it and carries out what the driver wants done.

use super::super::call::{Call, shown};
use super::super::output::tell;
use super::super::prompt::Prompt;
use super::super::secrets::Written;
use super::super::{change, generate, plan, terminal};
use super::slots::Slots;
use crate::crypto::Passphrase;
use crate::domain::{Act, Changed, Event, Facts, Fault, Intent, Kind, Plan, Prover, Receipt, Request, Slot, Text};
use crate::host::{create_owner_only, read_secret_file};
use crate::ops::{self, Begun, Connection, Report, Session};
use crate::wizard::{AGAIN, Answers, Ask, Body, Driver, Field, Input, Problem, Proving, Step, Verdict, Wizard};
use std::collections::VecDeque;
use std::path::Path;
use zeroize::Zeroizing;

/// Walks a flow to its end; what it leads to.
///
/// # Errors
/// `Kind::Interrupted`; what failed before the flow could say so.
pub async fn walk(
    call: &Call,
    prompt: &Prompt,
    session: &mut Option<Session>,
    wizard: &'static Wizard,
    answers: Answers,
) -> Result<Option<Intent>, Fault> {
    let facts = facts(call, session.as_ref()).await?;
    let (driver, asks) = Driver::start(wizard, answers, &facts);
    let mut walk = Walk {
        call,
        prompt,
        session,
        driver,
        facts,
        asks: asks.into(),
        slots: Slots::default(),
        begun: None,
        written: None,
        over: false,
        next: None,
    };
    let ended = walk.go().await;
    if let Some(written) = walk.written.take() {
        // Nothing ran with it.
        written.take_back();
    }
    ended?;
    Ok(walk.next)
}

/// The facts of a session, or of a place without a catalog.
///
/// # Errors
/// As gathering them.
pub async fn facts(call: &Call, session: Option<&Session>) -> Result<Facts, Fault> {
    match session {
        Some(session) => session.facts().await,
        None => Ok(call.set_up().facts()),
    }
}

struct Walk<'a> {
    call: &'a Call,
    prompt: &'a Prompt,
    session: &'a mut Option<Session>,
    driver: Driver,
    facts: Facts,
    asks: VecDeque<Ask>,
    slots: Slots,
    begun: Option<Begun>,
    written: Option<Written>,
    over: bool,
    next: Option<Intent>,
}

impl Walk<'_> {
    async fn go(&mut self) -> Result<(), Fault> {
        loop {
            while let Some(ask) = self.asks.pop_front() {
                self.carry_out(ask).await?;
            }
            if self.over {
                return Ok(());
            }
            if let Some(problem) = &self.driver.problem {
                match problem {
                    Problem::Said(text) => self.prompt.say(&format!("! {text}")),
                    Problem::Fault(fault) => self.prompt.say(&format!("! {fault}")),
                }
            }
            self.step().await?;
        }
    }

    fn input(&mut self, input: Input) {
        self.asks.extend(self.driver.input(input, &self.facts));
    }

    /// Asks what the current step asks.
    async fn step(&mut self) -> Result<(), Fault> {
        let Some(step) = self.driver.step().cloned() else {
            self.over = true;
            return Ok(());
        };
        match &step.body {
            Body::Explain(sentences) => {
                for sentence in sentences {
                    self.prompt.say(&sentence.to_string());
                }
                self.go_on(&step.title).await
            }
            Body::Choose(choices) => {
                self.prompt.say(&format!("{}:", step.title));
                for (index, choice) in choices.iter().enumerate() {
                    let why = choice.disabled.as_ref().map(|why| format!(" (not now: {why})")).unwrap_or_default();
                    let explains = if choice.explains.is_empty() { String::new() } else { format!(": {}", choice.explains) };
                    self.prompt.say(&format!("{:>2} {}{explains}{why}", index + 1, choice.label));
                }
                let answer = self.prompt.line("number, b: back, q: leave > ").await?;
                match answer.parse::<usize>() {
                    Ok(number) if (1..=choices.len()).contains(&number) => {
                        self.input(Input::Pick(number - 1));
                        self.input(Input::Next);
                    }
                    _ => self.otherwise(&answer, &format!("a number from 1 to {}", choices.len())),
                }
                Ok(())
            }
            Body::Entry(entry) => {
                self.prompt.say(entry.help);
                let initial = if entry.initial.is_empty() { String::new() } else { format!(" [{}]", entry.initial) };
                let answer = self.prompt.line(&format!("{}{initial}: ", entry.label)).await?;
                match answer.as_str() {
                    // Enter keeps what stands there.
                    "" => {}
                    "-" if entry.optional => self.input(Input::Clear),
                    _ => self.input(Input::Text(answer)),
                }
                self.input(Input::Next);
                Ok(())
            }
            Body::Secret { envelope, passkey, .. } => {
                let whose = if envelope.is_empty() { format!("PASSKEY {passkey}") } else { envelope.to_string() };
                self.secret(&whose).await
            }
            Body::Generated { slot, envelope, .. } => self.generated(*slot, envelope).await,
            Body::WriteFile { .. } | Body::ReadFile { .. } => {
                if self.driver.problem.is_some() {
                    return self.go_on(&step.title).await;
                }
                self.prompt.say(&step.title);
                self.input(Input::Next);
                Ok(())
            }
            Body::Review => self.review().await,
            Body::Confirm { name } => {
                let typed = self.prompt.line(&format!("This cannot be undone. Type {name} to go on, Enter: back > ")).await?;
                if typed.is_empty() {
                    self.input(Input::Back);
                } else {
                    if matches!(self.driver.field, Field::Confirm { agree: false, .. }) {
                        self.input(Input::Switch);
                    }
                    self.input(Input::Text(typed));
                    self.input(Input::Next);
                }
                Ok(())
            }
            Body::Run => {
                self.prompt.say(self.driver.kept());
                self.go_on("It did not go on").await
            }
            Body::Receipt => self.receipt(&step).await,
        }
    }

    async fn go_on(&mut self, what: &str) -> Result<(), Fault> {
        let answer = self.prompt.line(&format!("{what}. Enter: go on, b: back, q: leave > ")).await?;
        if answer.is_empty() {
            self.input(Input::Next);
        } else {
            self.otherwise(&answer, "Enter");
        }
        Ok(())
    }

    /// Back, leave, or neither.
    fn otherwise(&mut self, answer: &str, wanted: &str) {
        match answer {
            "b" => self.input(Input::Back),
            "q" => {
                self.input(Input::Leave);
                if self.driver.leaving {
                    self.input(Input::Leave);
                }
            }
            _ => self.prompt.say(&format!("{wanted}, b or q")),
        }
    }

    async fn secret(&mut self, whose: &str) -> Result<(), Fault> {
        let Some(field) = self.driver.focused_secret().cloned() else { return self.go_on(whose).await };
        let again = matches!(field.rule, crate::wizard::SecretRule::Repeats(_));
        let label = if again { "once more: ".to_owned() } else { format!("passphrase of {whose} (Enter alone: leave): ") };
        let typed = self.prompt.secret(&label).await?;
        if typed.is_empty() {
            self.input(if again { Input::Back } else { Input::Leave });
            if self.driver.leaving {
                self.input(Input::Leave);
            }
            return Ok(());
        }
        let state = self.slots.typed(field.slot, field.rule, &typed);
        self.input(Input::Slot(field.slot, state));
        if let Verdict::Own(strength) = state.verdict {
            self.prompt.say(strength.words());
        }
        self.input(Input::Next);
        if matches!(state.verdict, Verdict::Mismatch { .. }) {
            self.prompt.say("from the start:");
            self.input(Input::Back);
        }
        Ok(())
    }

    async fn generated(&mut self, slot: Slot, envelope: &Text) -> Result<(), Fault> {
        if !terminal::draws() {
            self.prompt.say("This terminal cannot take the words off the screen again. Generate into a file, or read from one.");
            self.input(Input::Leave);
            self.input(Input::Leave);
            return Ok(());
        }
        // To "shown": the driver has the words made.
        self.input(Input::Next);
        while let Some(ask) = self.asks.pop_front() {
            Box::pin(self.carry_out(ask)).await?;
        }
        let Some(secret) = self.slots.copy(slot) else { return Ok(()) };
        let secret = generate::show_and_type_back(self.call, envelope, None, secret).await?;
        // To "typed back", which was done just now.
        self.input(Input::Next);
        let state = self.slots.put(AGAIN, secret);
        self.input(Input::Slot(AGAIN, state));
        self.input(Input::Next);
        Ok(())
    }

    async fn review(&mut self) -> Result<(), Fault> {
        if let Some(plan) = self.driver.plan.clone().filter(|_| self.driver.problem.is_none()) {
            self.prompt.say(plan::text(&plan).trim_end());
        }
        self.go_on("Review: nothing has changed yet").await
    }

    async fn receipt(&mut self, step: &Step) -> Result<(), Fault> {
        let Some((lines, acts)) = self.driver.receipt.clone() else { return self.go_on(&step.title).await };
        for line in &lines {
            self.prompt.say(&line.to_string());
        }
        for (index, act) in acts.iter().enumerate() {
            self.prompt.say(&format!("{:>2} next: {}", index + 1, act.say));
        }
        let question = if acts.is_empty() { "Enter: done > " } else { "Enter: done, or a number > " };
        let answer = self.prompt.line(question).await?;
        let number = answer.parse::<usize>().ok().filter(|number| *number <= acts.len()).unwrap_or(0);
        self.input(Input::Pick(number));
        self.input(Input::Next);
        Ok(())
    }

    /// Does what the driver asks for, and tells it what came of it.
    async fn carry_out(&mut self, ask: Ask) -> Result<(), Fault> {
        match ask {
            Ask::Look(look) => {
                let looked = ops::look(self.session.as_ref().map(ops::Session::connection), look).await;
                self.input(Input::Looked(looked));
            }
            Ask::Plan(request) => {
                let planned = self.plan(&request).await;
                self.input(Input::Planned(planned));
            }
            Ask::Begin(plan) => {
                let begun = self.begin(&plan).await;
                self.input(Input::Begun(begun));
            }
            Ask::DropBegun => self.begun = None,
            Ask::Generate(slot) => {
                let state = self.slots.put(slot, Passphrase::generate());
                self.input(Input::Slot(slot, state));
            }
            Ask::Wipe(slot) => self.slots.wipe(slot),
            Ask::ReadSecretFile(slot, path) => {
                let read = self.read(slot, Path::new(&path));
                self.input(Input::Filed(read));
            }
            Ask::WriteSecretFile(slot, path) => {
                let written = self.write(slot, Path::new(&path));
                self.input(Input::Filed(written));
            }
            Ask::Check(what, slot) => {
                let checked = self.check(&what, slot).await;
                self.input(Input::Checked(checked));
            }
            Ask::Run(to) => {
                let ended = self.run(to).await;
                self.input(Input::Ended(ended));
                if self.call.signals.code().is_some() {
                    return Err(Fault::interrupted("stopped"));
                }
            }
            Ask::StopOperation => self.call.signals.stop().ask(),
            Ask::Close => self.over = true,
            Ask::Start(intent) => self.next = Some(intent),
        }
        Ok(())
    }

    async fn plan(&self, request: &Request) -> Result<Plan, Fault> {
        match (self.session.as_ref(), request) {
            (Some(session), _) => session.plan(request).await,
            (None, Request::Init(init)) => self.call.set_up().plan(init),
            (None, _) => Err(self.call.no_catalog()),
        }
    }

    async fn begin(&mut self, plan: &Plan) -> Result<Plan, Fault> {
        let begun = match self.session.as_ref() {
            Some(session) => session.begin(plan).await?,
            None => self.call.set_up().begin(plan)?,
        };
        let plan = begun.plan().clone();
        self.begun = Some(begun);
        Ok(plan)
    }

    fn read(&mut self, slot: Slot, path: &Path) -> Result<(), Fault> {
        let bytes = read_secret_file(path, "passphrase file")?;
        let secret = Passphrase::made(&bytes).map_err(|e| {
            let next = Act::say("take at most 1024 bytes of plain text");
            Fault::new(Kind::Refused, format!("passphrase file {} not used", shown(path)), e.to_string(), next)
        })?;
        self.slots.put(slot, secret);
        self.slots.by = Some(Prover::File);
        Ok(())
    }

    fn write(&mut self, slot: Slot, path: &Path) -> Result<(), Fault> {
        let secret = Passphrase::generate();
        let mut line = Zeroizing::new(Vec::with_capacity(secret.len() + 1));
        line.extend_from_slice(secret.expose());
        line.push(b'\n');
        self.written = Some(Written::new(create_owner_only(path, &line, "passphrase file")?));
        self.slots.put(slot, secret);
        self.slots.by = Some(Prover::File);
        Ok(())
    }

    async fn check(&mut self, what: &Proving, slot: Slot) -> Result<(), Fault> {
        let Some(session) = self.session.as_ref() else { return Err(self.call.no_catalog()) };
        let secrets = self.slots.hand_over();
        let name = match (what, secrets.get(slot.0)) {
            (Proving::Passkey(name), _) => name,
            (Proving::Dr, Some(secret)) => return session.check_dr(secret, &self.call.person()).await.map(|_| ()),
            (Proving::Dr, None) => return Ok(()),
        };
        let which = [(name.clone(), slot, self.call.person())];
        let mut checked = session.check(&which, &secrets, self.call.signals.stop()).await?;
        checked.pop().map_or(Ok(()), |checked| checked.outcome)
    }

    async fn run(&mut self, to: Option<String>) -> Result<Receipt, Fault> {
        let Some(begun) = self.begun.take() else { return Err(Fault::interrupted("nothing was begun")) };
        let secrets = self.slots.hand_over();
        let begun = begun.proved_by(self.slots.by.take().unwrap_or_else(|| self.call.person()));
        let events = self.call.globals.events;
        let report = Report::to(move |event| match event {
            _ if events => {
                if let Ok(line) = serde_json::to_string(event) {
                    tell(&line);
                }
            }
            Event::StepDone { step, result } => tell(&format!("[x] {}: {result}", step.0)),
            Event::StepFailed { step, fault } => tell(&format!("[!] {}: {}", step.0, fault.cause)),
            _ => {}
        });
        let written = self.written.take();
        let wants_archive = begun.plan().request.wants_archive();
        match begun.run(secrets, report, self.call.signals.stop().clone()).await {
            Ok(mut done) => {
                drop(written);
                if let Some(text) = done.text.take() {
                    self.hand_over(&text, to.as_deref(), &mut done.receipt)?;
                }
                if let Some(keys) = done.keys {
                    let connection: Option<Connection> = self.call.connect()?;
                    if let Some(connection) = connection {
                        let mut session = Session::open(connection).await?;
                        session.admit(keys).await?;
                        *self.session = Some(session);
                    }
                }
                if let Some(session) = self.session.as_ref().filter(|_| wants_archive) {
                    change::archive_after(self.call, session).await;
                }
                self.facts = facts(self.call, self.session.as_ref()).await?;
                Ok(done.receipt)
            }
            Err(fault) => {
                if let Some(written) = written
                    && fault.state == Changed::Nothing
                {
                    written.take_back();
                }
                Err(fault)
            }
        }
    }

    /// What was made for the person alone: into a new file, or, as they chose, onto the screen.
    fn hand_over(&self, text: &str, to: Option<&str>, receipt: &mut Receipt) -> Result<(), Fault> {
        let Some(path) = to else {
            self.prompt.say("The text follows; whoever sees it can use it.");
            self.prompt.say(text);
            return Ok(());
        };
        let line = Zeroizing::new([text.trim_end().as_bytes(), b"\n"].concat());
        create_owner_only(Path::new(path), &line, "what was made")?.keep();
        receipt.lines.push(Text::new(format!("it is in {}, which only you can read", shown(Path::new(path)))));
        Ok(())
    }
}
