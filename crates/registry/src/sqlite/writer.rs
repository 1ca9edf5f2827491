//! The one thread that changes the database, and how it groups changes.
//!
//! It takes all the work that waits, does it in one transaction, and answers
//! when that is on the disk. There is no timer: the write to the disk in
//! progress is what gathers the next group, so a lone caller pays for one
//! write and never waits for company.

use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::{
    blocks,
    change::{Done, Sealed},
    failure::{Failure, Work},
    source::Source,
};
use crate::{
    Commit, OnCommit, RegistryError,
    sql::{self, Connection},
};

/// The most pieces of work in one transaction.
const GROUP: usize = 256;

/// How many pieces of work may wait; a caller beyond that waits to hand its
/// own over.
pub(super) const QUEUE: usize = 1_024;

/// Tells the other processes on a shared database that there is news.
const NOTIFY: &str = "NOTIFY xueka_registry";

/// What is sent to the writer.
pub(super) enum Message {
    /// Work to be done.
    Job(Box<dyn Job>),
    /// Another process may have changed the database.
    Follow,
    /// Finish what was handed over before, then end.
    Close,
    /// Lets a test make the connection fail.
    #[cfg(test)]
    Probe(Box<dyn FnOnce(&Connection) + Send>),
    /// Lets a test take the connection away, as a failed commit does.
    #[cfg(test)]
    GiveUpConnection,
}

/// A piece of work with its caller's address.
pub(super) trait Job: Send {
    /// Does the work. It is called again when the transaction it was part of
    /// came to nothing.
    fn run(&mut self, sql: &Connection) -> Work<Option<Sealed>>;

    /// Notes that nothing came of it.
    fn fail(&mut self, failure: Failure);

    /// Tells the caller what became of it.
    fn answer(self: Box<Self>);
}

/// A piece of work as a closure.
pub(super) struct Pending<T, Do> {
    pub(super) doing: &'static str,
    pub(super) work: Do,
    pub(super) outcome: Option<Result<T, RegistryError>>,
    pub(super) reply: oneshot::Sender<Result<T, RegistryError>>,
}

impl<T, Do> Job for Pending<T, Do>
where
    T: Send,
    Do: FnMut(&Connection) -> Work<Done<T>> + Send,
{
    fn run(&mut self, sql: &Connection) -> Work<Option<Sealed>> {
        let done = (self.work)(sql)?;
        self.outcome = Some(Ok(done.answer));
        Ok(done.change)
    }

    fn fail(&mut self, failure: Failure) {
        self.outcome = Some(Err(failure.told(self.doing)));
    }

    fn answer(self: Box<Self>) {
        if let Some(outcome) = self.outcome {
            // The caller may have left; what it asked for is done all the same.
            self.reply.send(outcome).ok();
        }
    }
}

/// Where a group failed.
enum Stopped {
    /// The transaction did not begin.
    Begin(Failure),
    /// A piece of work failed; all was rolled back.
    Work(Failure),
    /// Whether it is on the disk is unknown.
    Commit(Failure),
}

/// The writer's own state.
pub(super) struct Writer {
    source: Source,
    /// `None` after a failure that only a new connection ends.
    connection: Option<Connection>,
    on_commit: Option<OnCommit>,
    /// The last version that was told to `on_commit`.
    told: u64,
}

impl Writer {
    /// Takes over an open connection.
    pub(super) fn new(
        connection: Connection,
        source: Source,
        on_commit: Option<OnCommit>,
    ) -> Work<Self> {
        Ok(Self {
            told: blocks::version(&connection)?,
            connection: Some(connection),
            source,
            on_commit,
        })
    }

    /// The thread's whole life: ends when it is told to, or when nobody is
    /// left who could hand over work.
    ///
    /// It ends after the threads that read. Of connections that close at the same
    /// moment each takes the other for one that still reads, and the log with
    /// all that was removed would stay beside the database.
    pub(super) fn serve(
        mut self,
        mut inbox: mpsc::Receiver<Message>,
        reading: Vec<JoinHandle<()>>,
    ) {
        let mut waiting = Vec::with_capacity(GROUP);
        while inbox.blocking_recv_many(&mut waiting, GROUP) > 0 {
            let mut jobs = Vec::with_capacity(waiting.len());
            let mut must_follow = false;
            for message in waiting.drain(..) {
                match message {
                    Message::Job(job) => jobs.push(job),
                    Message::Follow => must_follow = true,
                    // What waits behind it was handed over before it closed.
                    Message::Close => inbox.close(),
                    #[cfg(test)]
                    Message::Probe(probe) => {
                        if let Some(connection) = &self.connection {
                            probe(connection);
                        }
                    }
                    #[cfg(test)]
                    Message::GiveUpConnection => self.connection = None,
                }
            }
            self.commit(jobs);
            if must_follow {
                // What cannot be told now is told before the next change.
                self.follow().ok();
            }
        }
        for thread in reading {
            // A thread that panicked has let go of its connection too.
            thread.join().ok();
        }
    }

    /// Does a group of work and answers it.
    fn commit(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        if jobs.is_empty() {
            return;
        }
        match self.try_commit(&mut jobs) {
            Ok(commit) => {
                self.tell(&commit);
                jobs.into_iter().for_each(Job::answer);
            }
            // One of them spoils it for the others: each on its own.
            Err(Stopped::Work(_)) if jobs.len() > 1 => {
                for job in jobs {
                    self.commit(vec![job]);
                }
            }
            Err(Stopped::Work(failure) | Stopped::Begin(failure)) => {
                self.make_room(&failure);
                fail_all(jobs, &failure);
            }
            Err(Stopped::Commit(failure)) => {
                self.make_room(&failure);
                // After a failed write to the disk the connection's view of
                // what is there cannot be trusted; a new one reads the log.
                self.connection = None;
                fail_all(jobs, &failure);
            }
        }
    }

    fn try_commit(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<Commit, Stopped> {
        self.reconnect().map_err(Stopped::Begin)?;
        let told = self.told;
        let Some(connection) = &self.connection else {
            return Err(Stopped::Begin(Failure::Malformed("connection")));
        };
        let begin = |failure: sql::Error| Stopped::Begin(failure.into());
        let transaction = connection.begin_change().map_err(begin)?;
        // What others changed goes before what is changed now.
        let mut commit = missed(&transaction, told).map_err(Stopped::Begin)?;
        for job in jobs {
            if let Some(sealed) = run_apart(&transaction, job.as_mut()).map_err(Stopped::Work)? {
                commit.version = sealed.version;
                commit.blocks.extend(sealed.blocks);
            }
        }
        if commit.version > told && transaction.is_shared() {
            let notify = transaction.execute_batch(NOTIFY);
            notify.map_err(|error| Stopped::Work(error.into()))?;
        }
        let committed = transaction.commit();
        committed.map_err(|error| Stopped::Commit(error.into()))?;
        Ok(commit)
    }

    /// Gives the disk back what the log holds, so that the next change may find
    /// room where this one found none.
    fn make_room(&self, failure: &Failure) {
        if let (Some(connection), true) = (&self.connection, failure.is_full()) {
            // Where even this finds no room, the next change will say so.
            connection
                .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
                .ok();
        }
    }

    /// Tells of a commit, unless nothing changed.
    fn tell(&mut self, commit: &Commit) {
        if commit.version > self.told {
            self.told = commit.version;
            if let Some(on_commit) = &mut self.on_commit {
                on_commit(commit);
            }
        }
    }

    /// Opens a new connection where the old one was given up or lost. A commit
    /// whose outcome was unknown may turn out to be there; it is told now.
    fn reconnect(&mut self) -> Work<()> {
        if self.connection.as_ref().is_some_and(Connection::is_alive) {
            return Ok(());
        }
        self.connection = None;
        let connection = self.source.writing()?;
        let commit = missed(&connection, self.told)?;
        self.connection = Some(connection);
        self.tell(&commit);
        Ok(())
    }

    /// Tells of what others changed meanwhile.
    fn follow(&mut self) -> Work<()> {
        self.reconnect()?;
        if let Some(connection) = &self.connection {
            let commit = missed(connection, self.told)?;
            self.tell(&commit);
        }
        Ok(())
    }
}

/// What was committed since a version was told.
fn missed(sql: &Connection, told: u64) -> Work<Commit> {
    let version = blocks::version(sql)?;
    let mut missed = Vec::new();
    let mut after = told;
    while after < version {
        let changes = blocks::changes(sql, after, 1_000)?;
        let Some(last) = changes.last() else {
            break;
        };
        after = last.version;
        missed.extend(changes);
    }
    // What was committed between the two look-ups is told once, with these.
    Ok(Commit {
        version: version.max(after),
        blocks: missed,
    })
}

/// Runs one piece of work so that a refusal leaves no trace of it and does not
/// touch the others.
fn run_apart(sql: &Connection, job: &mut dyn Job) -> Work<Option<Sealed>> {
    sql.prepare_cached("SAVEPOINT job")?.execute([])?;
    let sealed = match job.run(sql) {
        Ok(sealed) => sealed,
        Err(failure) if failure.concerns_one() => {
            sql.prepare_cached("ROLLBACK TO job")?.execute([])?;
            job.fail(failure);
            None
        }
        Err(failure) => return Err(failure),
    };
    sql.prepare_cached("RELEASE job")?.execute([])?;
    Ok(sealed)
}

fn fail_all(jobs: Vec<Box<dyn Job>>, failure: &Failure) {
    for mut job in jobs {
        job.fail(failure.repeat());
        job.answer();
    }
}
