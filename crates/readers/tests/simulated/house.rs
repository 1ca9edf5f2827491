//! Simulated readers with everything that watches them.

use std::{future::Future, time::Duration};

use tokio::sync::mpsc;
use xueka_cards::CardReading;
use xueka_readers::{
    ReadOptions, ReaderError, ReaderInfo, ReaderSettings, ReaderState, Readers, TapChange,
    TapEvent, TapWatcher,
};
use xueka_simulator::{Simulator, VirtualCard, VirtualReader, VirtualService};
use xueka_transport::{
    CancelWait, CardReader, CardSession, ReaderIdentity, ReaderName, ReaderSnapshot, ReaderSource,
    SourceError, TransportError,
};

/// The name of a simulated reader.
pub(crate) fn name(slot: usize) -> String {
    format!("Xueka Virtual Reader {slot:02} 00")
}

/// A transit card; its number ends in 5678.
pub(crate) fn card() -> VirtualCard {
    VirtualCard::transit("1000751012345678")
}

/// Ready to wait for a tap, for longer than any test lasts.
pub(crate) const PATIENT: ReadOptions = ReadOptions {
    wait: Some(Duration::from_mins(10)),
    confirm: false,
};

/// At once, and sure that the card is the same at the end.
pub(crate) const SURE: ReadOptions = ReadOptions {
    wait: None,
    confirm: true,
};

/// Gives up on what never comes.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future)
        .await
        .expect("it came within ten seconds")
}

/// Simulated readers, the handle to them, and a listener that hears all from
/// the beginning.
pub(crate) struct House {
    pub(crate) simulator: Simulator,
    pub(crate) service: VirtualService,
    pub(crate) readers: Readers,
    pub(crate) taps: TapWatcher,
    /// Names the readers whose cards were powered anew.
    pub(crate) power_cycles: mpsc::UnboundedReceiver<ReaderName>,
}

impl House {
    /// `n_readers` readers that are attached and were told so.
    pub(crate) async fn new(n_readers: usize) -> Self {
        Self::with(n_readers, Duration::from_secs(5), ReaderSettings::default()).await
    }

    /// The same, with readers that count as stalled at once.
    pub(crate) async fn hasty(n_readers: usize) -> Self {
        let limit = Duration::from_millis(50);
        Self::with(n_readers, limit, ReaderSettings::default()).await
    }

    pub(crate) async fn with(
        n_readers: usize,
        stall_limit: Duration,
        settings: ReaderSettings,
    ) -> Self {
        let readers = (0..n_readers).map(|slot| VirtualReader::named(&name(slot)));
        Self::furnished(readers.collect(), n_readers, stall_limit, settings).await
    }

    /// Readers of any kind, of which `n_told` are told to listeners.
    pub(crate) async fn furnished(
        readers: Vec<VirtualReader>,
        n_told: usize,
        stall_limit: Duration,
        settings: ReaderSettings,
    ) -> Self {
        let (simulator, source) = Simulator::with_readers(readers);
        let service = source.service();
        let (calls, power_cycles) = mpsc::unbounded_channel();
        let source = Box::new(Limited {
            source,
            stall_limit,
            power_cycles: calls,
        });
        let readers = Readers::start(source, settings).unwrap();
        // No run has this epoch, so all events are heard.
        let mut taps = readers.watch(1, 0);
        for _ in 0..n_told {
            let event = soon(taps.next()).await.unwrap();
            assert!(matches!(event.change, TapChange::Attached), "{event:?}");
        }
        // Calls wait for the source's first answer to be taken in as a whole.
        let nobody = soon(readers.read_card(Some("nobody"), PATIENT)).await;
        assert!(matches!(nobody, Err(ReaderError::NotFound { .. })));
        Self {
            simulator,
            service,
            readers,
            taps,
            power_cycles,
        }
    }

    /// What is known of a reader that has this name.
    pub(crate) fn info(&self, name: &str) -> ReaderInfo {
        let list = self.readers.list();
        let mut readers = list.readers.into_iter();
        readers
            .find(|reader| reader.name.as_str() == name)
            .expect("the reader is listed")
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> TapEvent {
        soon(self.taps.next()).await.expect("listeners go on")
    }

    /// The next event, as a letter: `+` attached, `-` detached, `A` arrived and
    /// read, `E` arrived and not read, `L` left, `?` missing, `M` missed.
    pub(crate) async fn letter(&mut self) -> char {
        match self.event().await.change {
            TapChange::Attached => '+',
            TapChange::Detached => '-',
            TapChange::CardArrived(Ok(_)) => 'A',
            TapChange::CardArrived(Err(_)) => 'E',
            TapChange::CardLeft => 'L',
            TapChange::Missing => '?',
            TapChange::Missed(_) => 'M',
        }
    }

    /// The next events, as letters.
    pub(crate) async fn letters(&mut self, n_events: usize) -> String {
        let mut letters = String::new();
        for _ in 0..n_events {
            letters.push(self.letter().await);
        }
        letters
    }

    /// What became of the next card to arrive.
    pub(crate) async fn arrival(&mut self) -> Result<CardReading, ReaderError> {
        loop {
            if let TapChange::CardArrived(outcome) = self.event().await.change {
                return outcome;
            }
        }
    }

    /// Puts a card on a reader and waits until its tap was told.
    pub(crate) async fn tap(
        &mut self,
        slot: usize,
        card: VirtualCard,
    ) -> Result<CardReading, ReaderError> {
        self.simulator.insert(slot, card).unwrap();
        self.arrival().await
    }

    /// Reads the card on a reader.
    pub(crate) async fn read(
        &self,
        slot: usize,
        options: ReadOptions,
    ) -> Result<CardReading, ReaderError> {
        let (reader, reading) = soon(self.readers.read_card(Some(&name(slot)), options)).await?;
        assert_eq!(reader.as_str(), name(slot));
        Ok(reading)
    }

    /// Starts reading the card on a reader, and comes back while that goes on.
    pub(crate) fn reading(
        &self,
        slot: usize,
        options: ReadOptions,
    ) -> tokio::task::JoinHandle<Result<CardReading, ReaderError>> {
        let readers = self.readers.clone();
        tokio::spawn(async move {
            let (_, reading) = soon(readers.read_card(Some(&name(slot)), options)).await?;
            Ok(reading)
        })
    }

    /// Starts reading on an empty reader, and comes back when that waits for a
    /// tap.
    pub(crate) async fn waiting(
        &self,
        slot: usize,
        options: ReadOptions,
    ) -> tokio::task::JoinHandle<Result<CardReading, ReaderError>> {
        let reading = self.reading(slot, options);
        // Lets the call above take its place in the queue. One more queues
        // behind it: once that is answered, so is the other's look at the
        // field.
        tokio::task::yield_now().await;
        let error = self.read(slot, ReadOptions::default()).await;
        assert!(matches!(error, Err(ReaderError::NoCard)), "{error:?}");
        reading
    }

    /// What a reader is doing.
    pub(crate) fn state(&self, slot: usize) -> ReaderState {
        let readers = self.readers.list().readers;
        let reader = readers.iter().find(|it| it.name.as_str() == name(slot));
        reader.expect("the reader is listed").state
    }

    /// How many commands the card on a reader was sent.
    pub(crate) fn n_exchanges(&self, slot: usize) -> usize {
        self.simulator.exchanges(slot).unwrap().len()
    }

    /// Waits until the card on a reader was sent this many commands.
    pub(crate) async fn until_exchanges(&self, slot: usize, n_exchanges: usize) {
        soon(async {
            while self.n_exchanges(slot) < n_exchanges {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// Simulated readers that count as stalled after another time than usual.
struct Limited<S> {
    source: S,
    stall_limit: Duration,
    power_cycles: mpsc::UnboundedSender<ReaderName>,
}

impl<S: ReaderSource> ReaderSource for Limited<S> {
    fn wait(&mut self) -> Result<Vec<ReaderSnapshot>, SourceError> {
        self.source.wait()
    }

    fn canceller(&self) -> Box<dyn CancelWait> {
        self.source.canceller()
    }

    fn reader(&self, name: &ReaderName) -> Box<dyn CardReader> {
        Box::new(LimitedReader {
            name: name.clone(),
            reader: self.source.reader(name),
            stall_limit: self.stall_limit,
            power_cycles: self.power_cycles.clone(),
        })
    }
}

struct LimitedReader {
    name: ReaderName,
    power_cycles: mpsc::UnboundedSender<ReaderName>,
    reader: Box<dyn CardReader>,
    stall_limit: Duration,
}

impl CardReader for LimitedReader {
    fn open(&mut self) -> Result<Box<dyn CardSession + '_>, TransportError> {
        self.reader.open()
    }

    fn power_cycle(&mut self) -> Result<(), TransportError> {
        // An error means that the test is over.
        self.power_cycles.send(self.name.clone()).ok();
        self.reader.power_cycle()
    }

    fn identity(&mut self) -> Result<ReaderIdentity, TransportError> {
        self.reader.identity()
    }

    fn control(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        self.reader.control(command, response)
    }

    fn stall_limit(&self) -> Duration {
        self.stall_limit
    }
}
