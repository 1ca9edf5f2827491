//! A call that waits for a tap.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};
use xueka_cards::CardReading;
use xueka_transport::ReaderName;

use crate::{
    ReaderError, TapChange, TapWatcher,
    hub::Hub,
    station::{Address, Station},
};

/// What a reading gives, and the reader that gave it.
type Outcome = Result<(ReaderName, CardReading), ReaderError>;

/// Reads the card of a reader, or the next one put on it.
///
/// A card that is gone when it is read counts as none: services notice a
/// departure late (pcscd after up to 400 ms), and whoever calls just after one
/// waits for the next card.
pub(crate) async fn read_or_wait(
    hub: &Hub,
    station: &Arc<Station>,
    deadline: Instant,
    confirm: bool,
) -> Outcome {
    let address = &station.address();
    // Listens before it looks, so that no tap falls in between.
    let mut taps = hub.common().taps.watch(0, 0);
    let mut outcome = read(station, confirm).await;
    while let Err(ReaderError::NoCard | ReaderError::CardGone) = outcome {
        outcome = match next_tap(hub, address, &mut taps, deadline).await {
            Tap::Told(Ok(_)) if confirm => read_again(hub, address, confirm).await,
            Tap::Told(outcome) => return outcome,
            Tap::Unknown => read_again(hub, address, confirm).await,
            Tap::Stalled => return Err(ReaderError::Stalled),
            Tap::None => return Err(why_none(hub, address).await),
        };
    }
    outcome
}

/// What became of waiting for a tap.
enum Tap {
    /// There was one, and this is what it gave.
    Told(Outcome),
    /// Events were lost, and maybe a tap with them.
    Unknown,
    /// The reader has stopped answering.
    Stalled,
    /// There was none in time.
    None,
}

/// Waits for the next tap on a reader.
///
/// A tap that failed because the reader or the service went away is none: the
/// card is read when they come back. One that is being read at the deadline is
/// waited for.
async fn next_tap(hub: &Hub, address: &Address, taps: &mut TapWatcher, deadline: Instant) -> Tap {
    loop {
        // The reader may have come back as another one, or under another name.
        let station = hub.find(address);
        let is_reading = station.as_ref().is_some_and(|it| it.is_reading_tap());
        if !is_reading && deadline <= Instant::now() {
            return Tap::None;
        }
        let next_look = match &station {
            Some(station) if is_reading => station.exchange().next_look().into(),
            Some(station) => deadline.min(station.exchange().next_look().into()),
            None => deadline,
        };
        let Ok(event) = timeout_at(next_look, taps.next()).await else {
            if station.is_some_and(|it| it.exchange().is_stalled()) {
                return Tap::Stalled;
            }
            continue;
        };
        let Some(event) = event else {
            return Tap::Told(Err(ReaderError::Stopped));
        };
        let here = event.reader.clone().filter(|_| address.is_of(&event));
        match (event.change, here) {
            (TapChange::Missed(_), _) => return Tap::Unknown,
            (
                TapChange::CardArrived(Err(ReaderError::Gone | ReaderError::ServiceUnavailable)),
                _,
            ) => {}
            (TapChange::CardArrived(outcome), Some(name)) => {
                return Tap::Told(outcome.map(|reading| (name, reading)));
            }
            _ => {}
        }
    }
}

async fn read(station: &Arc<Station>, confirm: bool) -> Outcome {
    let reading = station.read(confirm).await?;
    Ok((station.name().clone(), reading))
}

/// Reads the card of the reader that is found by this now.
async fn read_again(hub: &Hub, address: &Address, confirm: bool) -> Outcome {
    let station = hub.choose(Some(address.as_str())).await?;
    read(&station, confirm).await
}

/// Why a reader saw no tap for as long as someone waited.
async fn why_none(hub: &Hub, address: &Address) -> ReaderError {
    match hub.choose(Some(address.as_str())).await {
        Ok(_) => ReaderError::NoCard,
        Err(ReaderError::NotFound { .. } | ReaderError::AliasMissing { .. }) => ReaderError::Gone,
        Err(error) => error,
    }
}
