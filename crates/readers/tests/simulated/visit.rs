//! Other work than a reading, on a card that is held.

use std::time::Duration;

use xueka_cards::{ReadError, ReadingProfile};
use xueka_readers::ReaderError;
use xueka_simulator::Fault;
use xueka_transport::{CardSession, Dialect, TransportError};

use crate::house::{House, card, name, soon};

const GET_UID: [u8; 5] = [0xFF, 0xCA, 0x00, 0x00, 0x00];

/// Asks the card for its UID twice and gives both answers.
fn ask_twice(
    session: &mut dyn CardSession,
    _: &Dialect,
    _: &ReadingProfile,
) -> Result<Vec<Vec<u8>>, ReadError> {
    (0..2)
        .map(|_| {
            let mut response = Vec::new();
            session.transmit(&GET_UID, &mut response)?;
            Ok(response)
        })
        .collect()
}

#[tokio::test]
async fn work_gets_the_card_and_gives_what_it_made() {
    let mut house = House::new(1).await;
    house.tap(0, card()).await.unwrap();
    let visit = house.readers.visit_card(None, None, ask_twice);
    let (reader, answers) = soon(visit).await.unwrap();
    assert_eq!(reader.as_str(), name(0));
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0].ends_with(&[0x90, 0x00]));
}

#[tokio::test]
async fn work_on_a_card_that_was_reset_begins_anew() {
    let mut house = House::new(1).await;
    house.tap(0, card()).await.unwrap();
    let n_read = u32::try_from(house.n_exchanges(0)).unwrap();
    house.simulator.remove(0).unwrap();
    // The second command after the tap.
    let reset = card().fault(n_read + 2, Fault::Reset);
    house.tap(0, reset).await.unwrap();
    let before = house.n_exchanges(0);
    let visit = house.readers.visit_card(None, None, ask_twice);
    let (_, answers) = soon(visit).await.unwrap();
    assert_eq!(answers.len(), 2);
    assert_eq!(house.n_exchanges(0) - before, 4, "two in vain, two anew");
}

#[tokio::test]
async fn work_that_must_not_begin_anew_does_not() {
    let mut house = House::new(1).await;
    house.tap(0, card()).await.unwrap();
    let n_read = u32::try_from(house.n_exchanges(0)).unwrap();
    house.simulator.remove(0).unwrap();
    let reset = card().fault(n_read + 2, Fault::Reset);
    house.tap(0, reset).await.unwrap();
    let before = house.n_exchanges(0);

    let visit = house.readers.visit_card_once(None, None, ask_twice);
    let (_, outcome) = soon(visit).await.unwrap();

    let error = outcome.unwrap_err();
    assert!(
        matches!(error, ReadError::Transport(TransportError::CardReset)),
        "{error}"
    );
    assert_eq!(house.n_exchanges(0) - before, 2, "none anew");
    let again = house.readers.visit_card_once(None, None, ask_twice);
    assert_eq!(soon(again).await.unwrap().1.unwrap().len(), 2);
}

#[tokio::test]
async fn work_waits_for_a_card_as_long_as_it_may() {
    let mut house = House::new(1).await;
    let readers = house.readers.clone();
    let minute = Some(Duration::from_mins(1));
    let visit = tokio::spawn(async move { readers.visit_card(None, minute, ask_twice).await });
    house.tap(0, card()).await.unwrap();
    let (_, answers) = soon(visit).await.unwrap().unwrap();
    assert_eq!(answers.len(), 2);

    house.simulator.remove(0).unwrap();
    let short = Some(Duration::from_millis(20));
    let error = soon(house.readers.visit_card(None, short, ask_twice)).await;
    assert!(matches!(error, Err(ReaderError::NoCard)), "{error:?}");
    let error = soon(house.readers.visit_card(None, None, ask_twice)).await;
    assert!(matches!(error, Err(ReaderError::NoCard)), "{error:?}");
}

#[tokio::test]
async fn work_on_a_reader_that_gets_stuck_is_told() {
    let mut house = House::hasty(1).await;
    house.tap(0, card()).await.unwrap();
    let n_read = u32::try_from(house.n_exchanges(0)).unwrap();
    house.simulator.remove(0).unwrap();
    let stuck = card().fault(n_read + 2, Fault::Stuck);
    house.tap(0, stuck).await.unwrap();
    let error = soon(house.readers.visit_card(None, None, ask_twice)).await;
    assert!(matches!(error, Err(ReaderError::Stalled)), "{error:?}");
}
