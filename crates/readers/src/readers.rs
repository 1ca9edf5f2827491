//! The handle to all readers.

use std::{
    convert::Infallible,
    fmt, io,
    sync::{Arc, Mutex, mpsc as std_mpsc},
    thread,
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, timeout},
};
use xueka_cards::{CardReading, ReadError, ReadingProfile};
use xueka_domain::CardIdentity;
use xueka_transport::{CancelWait, CardSession, Dialect, ReaderName, ReaderSource};

use crate::{
    ReadOptions, ReaderError, ReaderList, ReaderSettings, Signal, TapWatcher, hub::Hub,
    station::Work, sync::lock, waiting::read_or_wait, watcher::Watcher,
};

/// A cloneable handle to all readers of one source.
///
/// No call blocks. The threads behind it end with
/// [`shutdown`](Self::shutdown), or when the last handle is dropped.
#[derive(Clone)]
pub struct Readers {
    threads: Arc<Threads>,
}

/// The threads, held by their handles and by nothing else.
struct Threads {
    hub: Arc<Hub>,
    /// Dropped to end the watcher.
    stop: Mutex<Option<std_mpsc::Sender<Infallible>>>,
    canceller: Arc<dyn CancelWait>,
    /// Closed once every thread has ended.
    ended: tokio::sync::Mutex<mpsc::Receiver<Infallible>>,
}

impl Readers {
    /// How long [`shutdown`](Self::shutdown) waits for threads.
    const GRACE: Duration = Duration::from_millis(1500);

    /// Begins to watch the readers of a source.
    ///
    /// Succeeds whether or not the source can be reached: it is asked again
    /// after 50 ms, then after twice that, at last every second.
    ///
    /// # Errors
    ///
    /// The system gives no thread for the watcher.
    pub fn start(source: Box<dyn ReaderSource>, settings: ReaderSettings) -> io::Result<Self> {
        let hub = Arc::new(Hub::new(settings));
        let canceller = source.canceller().into();
        let (stop, stopped) = std_mpsc::channel();
        let (alive, ended) = mpsc::channel(1);
        let watcher = Watcher::new(source, Arc::clone(&hub), stopped, alive);
        thread::Builder::new()
            .name("reader watcher".to_owned())
            .spawn(|| watcher.run())?;
        Ok(Self {
            threads: Arc::new(Threads {
                hub,
                stop: Mutex::new(Some(stop)),
                canceller,
                ended: tokio::sync::Mutex::new(ended),
            }),
        })
    }

    /// The readers and what is in their fields, as known at this moment. Talks
    /// to no card.
    #[must_use]
    pub fn list(&self) -> ReaderList {
        self.threads.hub.list()
    }

    /// Tells when [`list`](Self::list) may say something else; but for stalls,
    /// which begin with time alone. Ends with the readers.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<()> {
        self.threads.hub.common().bell.subscribe()
    }

    /// The readers but one in whose field the last tap was of this card, and
    /// from which no departure is known.
    ///
    /// A departure is noticed late by some services, so a card that was just
    /// carried from one reader to another can seem to lie on both: read it again
    /// before anything is concluded.
    #[must_use]
    pub fn others_showing(&self, but: &ReaderName, card: &CardIdentity) -> Vec<ReaderName> {
        self.threads.hub.others_showing(but, card)
    }

    /// What the configuration calls a reader, if it does.
    #[must_use]
    pub fn alias(&self, reader: &ReaderName) -> Option<Arc<str>> {
        self.threads.hub.alias(reader)
    }

    /// Has a reader, or the only one, show a signal by light and buzzer as soon
    /// as nothing else is to be done there. Whether it can show any: where it
    /// cannot, or must not, nothing happens. Waits for nothing.
    ///
    /// # Errors
    ///
    /// Those of [`read_card`](Self::read_card) that are about readers; with
    /// [`ReaderError::Stalled`] nothing will be shown.
    pub async fn signal(&self, reader: Option<&str>, signal: Signal) -> Result<bool, ReaderError> {
        let station = self.threads.hub.choose(reader).await?;
        station.signal(signal, Duration::ZERO)
    }

    /// Has a reader, or the only one, show whether the card that was verified
    /// there is good, as far as the [settings](crate::SignalMode) allow it. What
    /// cannot be shown is not.
    pub fn show_verdict(&self, reader: Option<&str>, is_good: bool) {
        let hub = &self.threads.hub;
        let settings = &hub.common().settings;
        if !settings.signals.shows_verdicts() {
            return;
        }
        let signal = if is_good { Signal::Ok } else { Signal::Refuse };
        // A reader that is gone or stalled shows nothing; that is fine.
        if let Ok(station) = hub.choose_now(reader) {
            station.signal(signal, settings.signal_grace).ok();
        }
    }

    /// Reads the card in the field of a reader, or of the only one. A reader is
    /// named by its alias or its PC/SC name.
    ///
    /// The reading is a fresh one. Only a call that finds no card and is ready
    /// to [wait](ReadOptions::wait) gets that of the next tap, which is made
    /// once for all; with [`confirm`](ReadOptions::confirm) the tapped card is
    /// read again for this call. Such a call waits on while its reader or the
    /// service goes away and comes back, and its deadline says what was true
    /// at the end.
    ///
    /// A future that is dropped gives its place in the queue back.
    ///
    /// # Errors
    ///
    /// Each [`ReaderError`] says what to do next. The reader may answer
    /// [`ReaderError::Stalled`] as soon as an exchange on it, be it for another
    /// caller, exceeds [`stall_limit`](xueka_transport::CardReader::stall_limit).
    pub async fn read_card(
        &self,
        reader: Option<&str>,
        options: ReadOptions,
    ) -> Result<(ReaderName, CardReading), ReaderError> {
        let station = self.threads.hub.choose(reader).await?;
        let wait = options.wait.unwrap_or_default().min(ReadOptions::MAX_WAIT);
        if wait.is_zero() {
            let reading = station.read(options.confirm).await?;
            return Ok((station.name().clone(), reading));
        }
        let hub = &self.threads.hub;
        let deadline = Instant::now() + wait;
        read_or_wait(hub, &station, deadline, options.confirm).await
    }

    /// Does something other than a reading with the card in the field of a
    /// reader, or of the only one, on that reader's thread and within one
    /// transaction.
    ///
    /// `work` gets the card, the reader's dialect and the profile. It begins
    /// anew when another program resets the card meanwhile, so it must change
    /// nothing on the card. With `wait` the card may yet come; it is read once
    /// as every tap is, before the work begins.
    ///
    /// A future that is dropped gives its place in the queue back.
    ///
    /// # Errors
    ///
    /// Those of [`read_card`](Self::read_card).
    pub async fn visit_card<T: Send + 'static>(
        &self,
        reader: Option<&str>,
        wait: Option<Duration>,
        mut work: impl FnMut(&mut dyn CardSession, &Dialect, &ReadingProfile) -> Result<T, ReadError>
        + Send
        + 'static,
    ) -> Result<(ReaderName, T), ReaderError> {
        let mut station = self.threads.hub.choose(reader).await?;
        let wait = wait.unwrap_or_default().min(ReadOptions::MAX_WAIT);
        if !wait.is_zero() {
            let deadline = Instant::now() + wait;
            let hub = &self.threads.hub;
            let (name, _) = read_or_wait(hub, &station, deadline, false).await?;
            // The reader may have come back as another one.
            station = hub.choose(Some(name.as_str())).await?;
        }
        let (made, result) = oneshot::channel();
        let mut made = Some(made);
        let work: Work = Box::new(move |session, dialect, profile| {
            let value = work(session, dialect, profile)?;
            // It comes to an end once; the caller may have left.
            made.take().map(|made| made.send(value).ok());
            Ok(())
        });
        station.visit(work).await?;
        let value = result.await.map_err(|_| ReaderError::Stopped)?;
        Ok((station.name().clone(), value))
    }

    /// Does something with the card that must not begin anew, such as writing:
    /// otherwise as [`visit_card`](Self::visit_card).
    ///
    /// `work` is called once at the most, and its value is given whatever it
    /// says. Once begun it goes on to its end, though this future is dropped.
    ///
    /// # Errors
    ///
    /// Those of [`read_card`](Self::read_card). `work` was not called then, or
    /// with [`ReaderError::Stalled`] and those that tell of a reader or a
    /// service that went away, may still be under way.
    pub async fn visit_card_once<T: Send + 'static>(
        &self,
        reader: Option<&str>,
        wait: Option<Duration>,
        work: impl FnOnce(&mut dyn CardSession, &Dialect, &ReadingProfile) -> T + Send + 'static,
    ) -> Result<(ReaderName, T), ReaderError> {
        let mut work = Some(work);
        self.visit_card(reader, wait, move |session, dialect, profile| {
            // A value ends the visit, so nobody asks a second time.
            let work = work.take().ok_or(ReadError::CardChanged)?;
            Ok(work(session, dialect, profile))
        })
        .await
    }

    /// Listens to what happens on all readers.
    ///
    /// `after_sequence` is the [`sequence`](crate::TapEvent::sequence) of the
    /// last event seen, and `epoch` the [`epoch`](crate::TapEvent::epoch) in
    /// which it was seen: the listener goes on after it, with all that is still
    /// kept when `epoch` is not that of this run. `after_sequence` 0 begins
    /// with the next event, whatever `epoch`.
    #[must_use]
    pub fn watch(&self, after_sequence: u64, epoch: u64) -> TapWatcher {
        self.threads.hub.common().taps.watch(after_sequence, epoch)
    }

    /// Answers all callers with [`ReaderError::Stopped`], ends all listeners
    /// and all threads, within two seconds.
    ///
    /// A thread whose reader does not answer cannot be ended: it is left to
    /// itself and ends with the exchange it is stuck in, or with the process.
    pub async fn shutdown(self) {
        self.threads.stop();
        let mut ended = self.threads.ended.lock().await;
        if timeout(Self::GRACE, ended.recv()).await.is_err() {
            tracing::warn!("a reader does not answer; its thread is left behind");
        }
    }
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Readers").field(&self.list()).finish()
    }
}

impl Threads {
    /// Tells all threads to end. Does not wait for them.
    fn stop(&self) {
        self.hub.stop();
        if lock(&self.stop).take().is_none() {
            return;
        }
        let canceller = Arc::clone(&self.canceller);
        // A service that hangs would hang the cancelling as well.
        let spawned = thread::Builder::new()
            .name("reader cancel".to_owned())
            .spawn(move || canceller.cancel());
        if let Err(error) = spawned {
            tracing::warn!(%error, "the reader watcher ends later");
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stop();
    }
}
