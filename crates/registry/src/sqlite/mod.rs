//! The registry in a database: an SQLite file, or PostgreSQL.
//!
//! One thread owns the one connection that writes; a few others read. Every
//! module below the threads is plain: a connection and values in, values out.

mod audit;
mod batches;
mod blocks;
mod bulk;
mod card_requests;
mod cards;
mod change;
mod codec;
mod connect;
mod counts;
mod desk;
mod digest;
mod facts;
mod failure;
mod follow;
mod issue;
mod leaving;
mod ledger;
mod looks;
mod making;
mod moves;
mod notes;
mod place;
mod prints;
mod readers;
mod registration;
mod requests;
mod roll;
mod schema;
mod sightings;
mod source;
mod students;
mod subjects;
mod tokens;
mod writer;
mod writes;

#[cfg(test)]
mod faults;

use std::{
    sync::{Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use tokio::sync::{mpsc, oneshot};

pub(crate) use self::{
    audit::verify as verify_audit,
    batches::{
        deliver as deliver_batch, factory as send_to_factory, find as find_batch,
        list as list_batches, make as make_batch, receive as receive_cards, result as take_result,
        step as step_batch, take as take_batch,
    },
    blocks::{
        add as add_block, changes as block_changes, find as find_block, load as load_blocks,
        page as list_blocks, remove as remove_block, version,
    },
    card_requests::list as list_card_requests,
    cards::{find_record, records_of_student as cards_of_student, require_record},
    change::Done,
    counts::note as note_counts,
    desk::{cancel_loss, collect, collected, loss_cancelled, report_exit},
    facts::facts,
    failure::Work,
    ledger::{
        acknowledge as acknowledge_list, latest_blocks, receipts as list_receipts,
        subscribers as list_subscribers,
    },
    looks::{note as note_look, note_roll},
    making::{
        deliver as deliver_cards, pay as pay_fee, request as request_cards, step as step_requests,
    },
    moves::take as move_students,
    notes::{
        correct_damage, exchange, find as card_notes, hand_in, register_year, year_registered,
    },
    prints::{clashes, find as find_printed},
    registration::register,
    roll::upsert as upsert_students,
    sightings::{is_news as is_new_sighting, record as record_sighting},
    source::Address,
    students::{find as find_student, read_roll, search as search_students},
    tokens::{
        create as create_token, find as find_token, list as list_tokens, revoke as revoke_token,
    },
    writes::{
        close as close_write, list_open as list_open_writes, of_request as write_of_request,
        open as open_write, open_of as open_write_of,
    },
};
use self::{
    failure::Failure,
    place::Place,
    source::Source,
    writer::{Pending, Writer},
};
use crate::{
    OpenOptions, RegistryError,
    sql::{self, Connection},
};

/// The threads and queues of one open database.
#[derive(Debug)]
pub(crate) struct Database {
    source: Source,
    writer: mpsc::Sender<writer::Message>,
    readers: mpsc::Sender<readers::Message>,
    /// The writer, which ends after all others.
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Database {
    /// Opens the database at an address. Blocks.
    pub(crate) fn open(address: &Address, options: OpenOptions) -> Result<Self, RegistryError> {
        let (source, place) = Source::take(address)?;
        let look = source.reading().map_err(told_at_open)?;
        schema::refuse_foreign(&look)?;
        drop(look);
        let sql = source.writing().map_err(told_at_open)?;
        schema::migrate(&sql, options.simulated).map_err(told_at_open)?;
        // A server looks after its own pages.
        if let Some(place) = &place {
            connect::check_pages(&sql, place.n_bytes())?;
        }
        refuse_other_kind(&sql, options.simulated)?;
        prints::settle(&sql, &options.forms).map_err(told_at_open)?;
        Self::start(source, place, sql, options)
    }

    fn start(
        source: Source,
        place: Option<Place>,
        sql: Connection,
        options: OpenOptions,
    ) -> Result<Self, RegistryError> {
        let reading = (0..options.n_readers.clamp(1, 16)).map(|_| source.reading());
        let reading = reading.collect::<Work<_>>().map_err(told_at_open)?;
        let (readers, reading) = readers::start(reading, &source).map_err(no_thread)?;
        let (jobs, inbox) = mpsc::channel(writer::QUEUE);
        let writer = Writer::new(sql, source.clone(), options.on_commit).map_err(told_at_open)?;
        let thread = thread::Builder::new()
            .name("registry-write".to_owned())
            .spawn(move || {
                // The file is this process's as long as the writer lives.
                let _place = place;
                writer.serve(inbox, reading);
            })
            .map_err(no_thread)?;
        follow::start(&source, &jobs).map_err(no_thread)?;
        Ok(Self {
            source,
            writer: jobs,
            readers,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Hands a change over to the writer and waits for its outcome. It is made
    /// even if the caller stops waiting.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnMut(&Connection) -> Work<Done<T>> + Send + 'static,
    ) -> Result<T, RegistryError> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Pending {
            doing,
            work,
            outcome: None,
            reply,
        });
        let message = writer::Message::Job(job);
        let sent = self.writer.send(message).await;
        sent.map_err(|_| RegistryError::Closed)?;
        answer.await.map_err(|_| RegistryError::Closed)?
    }

    /// Looks something up on one of the reading threads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        look_up: impl FnOnce(&Connection) -> Work<T> + Send + 'static,
    ) -> Result<T, RegistryError> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(move |sql: &Connection| {
            let found = look_up(sql).map_err(|failure| failure.told(doing));
            // The caller may have left.
            reply.send(found).ok();
        });
        let sent = self.readers.send(readers::Message::Job(job)).await;
        sent.map_err(|_| RegistryError::Closed)?;
        answer.await.map_err(|_| RegistryError::Closed)?
    }

    /// Reads at length on a thread and connection of its own, so that look-ups
    /// do not wait for it.
    pub(crate) async fn read_apart<T: Send + 'static>(
        &self,
        doing: &'static str,
        look_up: impl FnOnce(&Connection) -> Work<T> + Send + 'static,
    ) -> Result<T, RegistryError> {
        if self.readers.is_closed() {
            return Err(RegistryError::Closed);
        }
        let source = self.source.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let found = source.reading().and_then(|sql| look_up(&sql));
            found.map_err(|failure| failure.told(doing))
        });
        reading.await.map_err(|_| RegistryError::Closed)?
    }

    /// Finishes what was handed over, ends the threads and lets go of the file.
    pub(crate) async fn close(&self) {
        // A queue that is closed already needs no telling.
        self.readers.send(readers::Message::Close).await.ok();
        self.writer.send(writer::Message::Close).await.ok();
        let thread = {
            let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
            thread.take()
        };
        if let Some(thread) = thread {
            // A thread that panicked has let go of its connection too.
            let joining = tokio::task::spawn_blocking(|| thread.join().ok());
            joining.await.ok();
        }
    }
}

fn refuse_other_kind(sql: &Connection, simulated: bool) -> Result<(), RegistryError> {
    let for_simulation = schema::is_for_simulation(sql).map_err(told_at_open)?;
    match (simulated, for_simulation) {
        (true, false) => Err(RegistryError::NotForSimulation),
        (false, true) => Err(RegistryError::ForSimulationOnly),
        _ => Ok(()),
    }
}

fn told_at_open(failure: Failure) -> RegistryError {
    let is_busy = matches!(
        &failure,
        Failure::Sql(sql::Error::Sqlite(error))
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
    );
    if is_busy {
        return RegistryError::InUse;
    }
    failure.told("opening the database")
}

fn no_thread(error: std::io::Error) -> RegistryError {
    RegistryError::Unavailable {
        doing: "starting the threads of the registry",
        source: Some(Box::new(error)),
    }
}
