//! The threads that only read, each on a connection of its own.
//!
//! The write-ahead log lets them read while a change is being written.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use tokio::sync::mpsc;

use super::source::Source;
use crate::sql::Connection;

/// How many look-ups may wait; a caller beyond that waits to hand its own over.
pub(super) const QUEUE: usize = 1_024;

/// Something to look up, which answers its caller itself.
pub(super) type LookUp = Box<dyn FnOnce(&Connection) + Send>;

/// What is sent to the readers.
pub(super) enum Message {
    /// A look-up.
    Job(LookUp),
    /// Finish what was handed over before, then end.
    Close,
}

/// Starts one thread per connection; they share one queue.
pub(super) fn start(
    connections: Vec<Connection>,
    source: &Source,
) -> std::io::Result<(mpsc::Sender<Message>, Vec<JoinHandle<()>>)> {
    let (jobs, inbox) = mpsc::channel(QUEUE);
    let inbox = Arc::new(Mutex::new(inbox));
    let threads = connections.into_iter().map(|connection| {
        let inbox = Arc::clone(&inbox);
        let source = source.clone();
        thread::Builder::new()
            .name("registry-read".to_owned())
            .spawn(move || serve(connection, &inbox, &source))
    });
    Ok((jobs, threads.collect::<Result<_, _>>()?))
}

fn serve(mut sql: Connection, inbox: &Mutex<mpsc::Receiver<Message>>, source: &Source) {
    while let Some(job) = next(inbox) {
        if !sql.is_alive()
            && let Ok(new) = source.reading()
        {
            sql = new;
        }
        // On a connection that stays lost the look-up fails, and says so.
        job(&sql);
    }
}

/// Waits for the next look-up. Whoever waits holds the queue; the others wait
/// for it, and nobody holds it while looking something up.
fn next(inbox: &Mutex<mpsc::Receiver<Message>>) -> Option<LookUp> {
    let mut inbox = inbox.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        match inbox.blocking_recv()? {
            Message::Job(job) => return Some(job),
            Message::Close => inbox.close(),
        }
    }
}
