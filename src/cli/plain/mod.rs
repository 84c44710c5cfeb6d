//! `--plain`: the console's flows as prompts, one line a step, nothing redrawn.
//!
//! Owns: the numbered menu. Must not: know what a flow asks, that is `wizard`. Next: `walk` runs a flow.

mod slots;
mod walk;

use super::call::Call;
use super::output::{End, tell};
use super::prompt::Prompt;
use super::{tables, unlock};
use crate::domain::{Act, Changed, Facts, Fault, Guided, Intent, Kind};
use crate::ops::Session;
use crate::wizard::{ALL, Answers, Wizard};
use std::path::PathBuf;

/// What the menu offers where there is no catalog, and a verb does: whoever opened the menu runs it, and opens the menu again.
pub enum Lost {
    /// I lost everything.
    Everything,
    /// Try this kit.
    TryKit(PathBuf),
}

/// Status and a numbered menu, until the person leaves (None), or chooses what a verb does.
///
/// # Errors
/// `Kind::Usage` where there is nobody to ask; as writing data.
pub async fn menu(call: &Call) -> Result<Option<Lost>, End> {
    let prompt = prompt(call)?;
    let mut session = open(call).await?;
    loop {
        let facts = walk::facts(call, session.as_ref()).await?;
        say_status(call, session.as_ref(), &facts).await?;
        let offers = offered(&facts);
        for (index, offer) in offers.iter().enumerate() {
            call.out.data(&format!("{:>2} {}\n", index + 1, offer.title()))?;
        }
        let answer = prompt.line("number, Enter: status again, q: quit > ").await?;
        match answer.as_str() {
            "q" | "quit" | ":q" => return Ok(None),
            "" => continue,
            _ => {}
        }
        let chosen = answer.parse::<usize>().ok().and_then(|number| offers.get(number.checked_sub(1)?));
        let wizard = match chosen {
            Some(Offer::Flow(wizard)) => wizard,
            Some(Offer::Recover) => return Ok(Some(Lost::Everything)),
            Some(Offer::TryKit) => {
                let file = prompt.line("File of the recovery kit: ").await?;
                return Ok(Some(Lost::TryKit(file.into())));
            }
            None => {
                prompt.say(&format!("a number from 1 to {}, or q", offers.len()));
                continue;
            }
        };
        let answers = Answers::new().with("host", call.set_up().default_name().to_string());
        let ended = run(call, &prompt, &mut session, wizard, answers).await;
        survived(ended)?;
    }
}

/// One flow, for a verb that was given too little.
///
/// # Errors
/// As the flow.
pub async fn flow(call: &Call, intent: Intent) -> Result<(), End> {
    let prompt = prompt(call)?;
    let Some((wizard, answers)) = Wizard::serving(&intent) else { return Ok(()) };
    let mut session = open(call).await?;
    run(call, &prompt, &mut session, wizard, answers).await
}

/// Runs a flow, and what it leads to.
async fn run(call: &Call, prompt: &Prompt, session: &mut Option<Session>, wizard: &'static Wizard, answers: Answers) -> Result<(), End> {
    let mut next = Some((wizard, answers));
    while let Some((wizard, answers)) = next.take() {
        if let Some(session) = session
            && !session.unlocked()
        {
            unlock::unlock(call, session).await?;
        }
        prompt.say(&format!("\n{}", wizard.title));
        let intent = walk::walk(call, prompt, session, wizard, answers).await?;
        next = intent.and_then(|intent| Wizard::serving(&intent));
    }
    Ok(())
}

/// What failed is told, and the menu goes on; a signal or a closed reader ends it.
///
/// # Errors
/// What ends it.
pub fn survived(ended: Result<(), End>) -> Result<(), End> {
    match ended {
        Err(End::Fault(fault)) if fault.kind != Kind::Interrupted => {
            tell(&fault.to_string());
            Ok(())
        }
        other => other,
    }
}

/// A line of the menu.
enum Offer {
    Flow(&'static Wizard),
    Recover,
    TryKit,
}

impl Offer {
    fn title(&self) -> &'static str {
        match self {
            Self::Flow(wizard) => wizard.title,
            Self::Recover => Guided::LOST,
            Self::TryKit => Guided::TRY_KIT,
        }
    }
}

/// What can be begun now; where nothing is there, the worst night comes first, as in the console.
fn offered(facts: &Facts) -> Vec<Offer> {
    let fits = |wizard: &&'static Wizard| match (facts.installation.is_some(), (wizard.serves)(&Intent::SetUp).is_some()) {
        (false, sets_up) => sets_up,
        (true, true) => false,
        (true, false) => {
            let ends = (wizard.serves)(&Intent::Resume).is_some() || (wizard.serves)(&Intent::Abandon).is_some();
            !ends || facts.unfinished.is_some()
        }
    };
    let mut offers: Vec<Offer> = ALL.iter().copied().filter(fits).map(Offer::Flow).collect();
    if facts.installation.is_none() {
        offers.insert(0, Offer::Recover);
        offers.push(Offer::TryKit);
    }
    offers
}

async fn open(call: &Call) -> Result<Option<Session>, Fault> {
    match call.connect()? {
        None => Ok(None),
        Some(connection) => Session::open(connection).await.map(Some),
    }
}

async fn say_status(call: &Call, session: Option<&Session>, facts: &Facts) -> Result<(), End> {
    match session {
        None => call.out.data(&format!("There is no catalog at {}.\n", super::call::shown(&call.place.catalog))),
        Some(session) => {
            call.out.data(&tables::status(call, facts, &session.anchor().await?))?;
            if facts.verified { Ok(()) } else { call.out.data(&format!("{}\n", super::output::LOCKED)) }
        }
    }
}

fn prompt(call: &Call) -> Result<Prompt, Fault> {
    call.prompt().ok_or_else(|| {
        let next = Act::say("use the verbs: kastellan status, or kastellan --help for all of them");
        Fault::new(Kind::Usage, "cannot ask line by line", "there is no terminal", next).leaving(Changed::Unsaid)
    })
}
