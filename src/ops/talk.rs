//! A talk: a verb that asks step by step on one side, the console that shows it on the other.
//!
//! Owns: what lies between them. Must not: know what is asked, or how it is drawn. Answers are wiped once they were read.

use super::Keys;
use crate::domain::{Counted, Fault, Saying, Text};
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex, watch};
use zeroize::Zeroizing;

/// The verb's side. Clones are one.
#[derive(Clone)]
pub struct Talk {
    says: UnboundedSender<Saying>,
    answers: Arc<Mutex<UnboundedReceiver<Zeroizing<Vec<u8>>>>>,
    left: watch::Receiver<bool>,
    keys: Arc<std::sync::Mutex<Option<Keys>>>,
}

/// The console's side.
pub struct Listener {
    said: UnboundedReceiver<Saying>,
    answers: Answers,
}

/// How the console answers, and leaves. Clones are one.
#[derive(Clone)]
pub struct Answers {
    answers: UnboundedSender<Zeroizing<Vec<u8>>>,
    leave: Arc<watch::Sender<bool>>,
}

/// Both sides of a new one; `keys` are for the verb to take, in place of asking for them again.
#[must_use]
pub fn talk(keys: Option<Keys>) -> (Talk, Listener) {
    let (says, said) = unbounded_channel();
    let (answers, answered) = unbounded_channel();
    let (leave, left) = watch::channel(false);
    let answers = Answers { answers, leave: Arc::new(leave) };
    (Talk { says, answers: Arc::new(Mutex::new(answered)), left, keys: Arc::new(keys.into()) }, Listener { said, answers })
}

impl Talk {
    /// Says this, a line each.
    pub fn say(&self, text: &str) {
        for line in text.lines() {
            self.tell(Saying::Line(Text::new(line)));
        }
    }

    /// Asks, and waits; what comes before the last line of `label` is said first. None: the person left.
    pub async fn ask(&self, label: &str, secret: bool) -> Option<Zeroizing<Vec<u8>>> {
        let question = match label.rsplit_once('\n') {
            Some((before, question)) => {
                self.say(before);
                question
            }
            None => label,
        };
        self.tell(Saying::Asks { label: Text::new(question.trim_end()), secret });
        let mut answers = self.answers.lock().await;
        tokio::select! {
            answer = answers.recv() => answer,
            () = self.left() => None,
        }
    }

    /// The keys of the console, where it is unlocked and lends them; once.
    #[must_use]
    pub fn take_keys(&self) -> Option<Keys> {
        self.keys.lock().ok()?.take()
    }

    /// Says how far long work is.
    pub fn counted(&self, counted: Counted) {
        self.tell(Saying::Counted(counted));
    }

    /// That work is over.
    pub fn counted_all(&self) {
        self.tell(Saying::CountedAll);
    }

    /// The last that is said.
    pub fn end(&self, how: Result<(), Box<Fault>>) {
        self.tell(Saying::Ended(how));
    }

    /// Resolves once the person left, or the console is gone.
    pub async fn left(&self) {
        // An error is a console that is gone.
        let _ = self.left.clone().wait_for(|left| *left).await;
    }

    fn tell(&self, saying: Saying) {
        let _ = self.says.send(saying);
    }
}

impl Listener {
    /// What is said next; None once nobody is there any more.
    pub async fn next(&mut self) -> Option<Saying> {
        self.said.recv().await
    }

    /// How to answer.
    #[must_use]
    pub fn answers(&self) -> Answers {
        self.answers.clone()
    }
}

impl Answers {
    /// Answers the question that was asked last.
    pub fn answer(&self, answer: Zeroizing<Vec<u8>>) {
        let _ = self.answers.send(answer);
    }

    /// Leaves: what was asked has no answer, and long work stops at its next safe point.
    pub fn leave(&self) {
        self.leave.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn questions_wait_for_their_answer_and_end_when_the_person_leaves() {
        let (verb, mut console) = talk(None);
        let answers = console.answers();
        let asking =
            tokio::spawn(async move { (verb.ask("wrong passphrase\nDR passphrase: ", true).await, verb.ask("again: ", false).await) });
        assert_eq!(console.next().await, Some(Saying::Line("wrong passphrase".into())));
        assert_eq!(console.next().await, Some(Saying::Asks { label: "DR passphrase:".into(), secret: true }));
        answers.answer(Zeroizing::new(b"typed".to_vec()));
        assert_eq!(console.next().await, Some(Saying::Asks { label: "again:".into(), secret: false }));
        answers.leave();
        let ended = tokio::time::timeout(std::time::Duration::from_secs(10), asking).await;
        let (first, second) = ended.expect("who leaves is waited for no longer").unwrap();
        assert_eq!(first.as_deref().map(Vec::as_slice), Some(b"typed".as_slice()));
        assert_eq!(second, None);
        assert_eq!(console.next().await, None, "nobody is there any more");
    }
}
