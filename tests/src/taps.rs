//! The daemon's tap events, awaited one after the other.

use std::time::Instant;

use tokio::{
    runtime::{Builder, Runtime},
    time::timeout_at,
};
use tonic::Streaming;
use xueka_api::v1::{
    WatchTapsRequest, WatchTapsResponse, card_arrived::Outcome,
    reader_service_client::ReaderServiceClient, watch_taps_response::Event,
};

use crate::{Daemon, PATIENCE};

/// The events of one daemon from the call of [`Daemon::taps`] on.
#[derive(Debug)]
pub struct Taps {
    runtime: Runtime,
    stream: Streaming<WatchTapsResponse>,
}

impl Daemon {
    /// Begins to listen to its tap events.
    #[must_use]
    pub fn taps(&self) -> Taps {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let stream = runtime.block_on(async {
            let mut client = ReaderServiceClient::new(self.channel().await);
            let request = WatchTapsRequest::default();
            client.watch_taps(request).await.unwrap().into_inner()
        });
        Taps { runtime, stream }
    }
}

impl Taps {
    /// Waits for the next event that `wanted` makes something of; the others
    /// are passed over.
    ///
    /// # Panics
    ///
    /// When none comes in time, or the stream ends; `what` says what was
    /// waited for.
    pub fn until<T>(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(&WatchTapsResponse) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let stream = &mut self.stream;
            let event = self
                .runtime
                .block_on(async { timeout_at(deadline.into(), stream.message()).await })
                .unwrap_or_else(|_| panic!("waited in vain for {what}"))
                .unwrap_or_else(|status| panic!("waiting for {what}: {status}"))
                .unwrap_or_else(|| panic!("the stream ended before {what}"));
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    }

    /// Waits until `reader` is attached.
    pub fn attached(&mut self, reader: &str) {
        self.until("a reader to be attached", |event| {
            let attached = matches!(event.event, Some(Event::ReaderAttached(_)));
            (attached && event.reader == reader).then_some(())
        });
    }

    /// Waits for a card and what became of its reading: the card number, empty
    /// where there is none.
    ///
    /// # Errors
    ///
    /// The reason why the card could not be read.
    pub fn arrived(&mut self) -> Result<String, String> {
        self.until("a card to arrive", |event| match &event.event {
            Some(Event::CardArrived(arrived)) => arrived.outcome.as_ref().map(|it| match it {
                Outcome::Reading(reading) => Ok(reading.card_number.clone()),
                Outcome::Failure(failure) => Err(failure.reason.clone()),
            }),
            _ => None,
        })
    }
}

/// The card number that an event tells of; `None` for every other event.
#[must_use]
pub fn number_read(event: &WatchTapsResponse) -> Option<&str> {
    match &event.event {
        Some(Event::CardArrived(arrived)) => match &arrived.outcome {
            Some(Outcome::Reading(reading)) => Some(&reading.card_number),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an event says that a card left.
#[must_use]
pub fn is_left(event: &WatchTapsResponse) -> bool {
    matches!(event.event, Some(Event::CardLeft(_)))
}
