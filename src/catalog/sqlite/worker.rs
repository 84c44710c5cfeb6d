//! The thread that owns the connection, and what it remembers between jobs.

use super::place::Place;
use super::schema::PATIENCE;
use crate::domain::Holder;
use crate::host::lock;
use rusqlite::{Connection, ErrorCode, Result};
use std::io;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// `SQLite` needs little stack; the rest of a default one would only be address space.
const STACK: usize = 512 * 1024;
/// How often the log is asked to empty itself while readers hold it; each try waits a little.
const PURGES: usize = 2;
/// How long each of them waits for a reader.
const EMPTYING: Duration = Duration::from_secs(1);
/// How long a look waits for a writer: meanwhile nothing can be read here.
const GLANCE: Duration = Duration::from_millis(50);
/// When is looked again where a look could not be sure to come after what woke it.
const AGAIN: [Duration; 3] = [Duration::from_millis(10), Duration::from_millis(100), Duration::from_secs(1)];

/// What woke the thread: something changed.
pub const CHANGED: u8 = 1;
/// What woke the thread: a process that could write the lock file closed it; it may have died.
pub const LOCK_CLOSED: u8 = 2;

/// What the thread owns.
pub struct State {
    /// The connection.
    pub connection: Connection,
    /// Removed bytes may still be in the write-ahead log.
    pub purge_due: bool,
    place: Arc<Place>,
    news: Arc<watch::Sender<u64>>,
    seen: Seen,
}

/// What was the case when the feed last spoke.
#[derive(PartialEq, Eq)]
struct Seen {
    /// Changes when another connection commits.
    data_version: i64,
    /// Who held the operation lock.
    holder: Option<Holder>,
    /// The file is still where it was.
    there: bool,
}

impl State {
    /// With what is the case now as the baseline of the feed.
    pub fn new(connection: Connection, place: Arc<Place>, news: Arc<watch::Sender<u64>>) -> Result<Self> {
        let seen = Seen { data_version: data_version(&connection)?, holder: holder(&place), there: true };
        Ok(Self { connection, purge_due: false, place, news, seen })
    }

    /// Says that something changed.
    pub fn tell(&self) {
        self.news.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Empties the write-ahead log where that is due. Readers are short, so it waits for them; where one stays, it is tried again after
    /// the next commit and at the end, and `SQLite` itself removes the log with the last connection.
    pub fn purge(&mut self) {
        for _ in 0..PURGES {
            if !self.purge_due {
                return;
            }
            let _ = self.connection.busy_timeout(EMPTYING);
            let emptied = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| Ok(row.get::<_, i64>(0)? == 0));
            let _ = self.connection.busy_timeout(PATIENCE);
            self.purge_due = !emptied.unwrap_or(false);
        }
        if self.purge_due {
            tracing::warn!("a reader keeps the write-ahead log: removed bytes stay in it until the reader is done");
        }
    }

    /// After a file beside the catalog changed: tells where that meant something.
    fn look(&mut self, flags: u8) -> Look {
        // The log is written before its commit counts, and that moment wakes nobody. Whoever gets the write lock comes after it.
        let _ = self.connection.busy_timeout(GLANCE);
        let turn = self.connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK");
        let _ = self.connection.busy_timeout(PATIENCE);
        let data_version = data_version(&self.connection).unwrap_or(self.seen.data_version);
        let now = Seen { data_version, holder: holder(&self.place), there: self.place.is_there() };
        // A dying process is reported a moment before its lock is free.
        let freeing = flags & LOCK_CLOSED != 0 && now.holder.is_some();
        if now != self.seen {
            self.seen = now;
            self.tell();
        }
        match turn {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Look::Busy,
            Ok(()) if !freeing => Look::Sure,
            _ => Look::Early,
        }
    }
}

/// How much a look is worth.
enum Look {
    /// It came after what woke it.
    Sure,
    /// It may have come a moment too early: a reader cannot wait for a writer, nobody can for a dying process.
    Early,
    /// Somebody is writing now.
    Busy,
}

impl Drop for State {
    fn drop(&mut self) {
        self.purge();
    }
}

fn data_version(connection: &Connection) -> Result<i64> {
    connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

fn holder(place: &Place) -> Option<Holder> {
    lock::holder(&place.lock_file()).unwrap_or_default()
}

type Job = Box<dyn FnOnce(&mut State) + Send>;

enum Message {
    Run(Job),
    Look,
    Stop,
}

/// The other end of the thread; dropping it closes the connection before it returns.
pub struct Worker {
    sender: mpsc::Sender<Message>,
    thread: Option<JoinHandle<()>>,
    flags: Arc<AtomicU8>,
}

impl Worker {
    /// Starts the thread.
    pub fn start(mut state: State) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let flags = Arc::new(AtomicU8::new(0));
        let seen = flags.clone();
        let thread = std::thread::Builder::new().name("catalog".into()).stack_size(STACK).spawn(move || {
            let mut again: &[Duration] = &[];
            loop {
                let message = match again.split_first() {
                    None => receiver.recv().ok(),
                    Some((pause, rest)) => match receiver.recv_timeout(*pause) {
                        Err(mpsc::RecvTimeoutError::Timeout) => {
                            again = match state.look(0) {
                                Look::Sure => &[],
                                Look::Early => rest,
                                Look::Busy => &AGAIN,
                            };
                            continue;
                        }
                        other => other.ok(),
                    },
                };
                match message {
                    Some(Message::Run(job)) => job(&mut state),
                    Some(Message::Look) => again = if let Look::Sure = state.look(seen.swap(0, Ordering::SeqCst)) { &[] } else { &AGAIN },
                    Some(Message::Stop) | None => break,
                }
            }
        })?;
        Ok(Self { sender, thread: Some(thread), flags })
    }

    /// Runs a job there; None where the thread is gone.
    pub async fn run<T: Send + 'static>(&self, job: impl FnOnce(&mut State) -> T + Send + 'static) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |state| _ = answer.send(job(state)));
        self.sender.send(Message::Run(job)).ok()?;
        answered.await.ok()
    }

    /// What the file watch calls: makes the thread look, once for all events that come before it does.
    pub fn waker(&self) -> impl Fn(u8) + Send + 'static {
        let (sender, waiting) = (self.sender.clone(), self.flags.clone());
        move |flags| {
            if waiting.fetch_or(flags, Ordering::SeqCst) == 0 {
                let _ = sender.send(Message::Look);
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.sender.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
