//! Cards read on demand.

use std::time::Duration;

use xueka_readers::{ReadOptions, ReaderError, ReaderState, SourceState};
use xueka_simulator::{Fault, VirtualCard};

use crate::house::{House, PATIENT, SURE, card, name, soon};

const AT_ONCE: ReadOptions = ReadOptions {
    wait: None,
    confirm: false,
};

#[tokio::test]
async fn listing_is_sorted_and_talks_to_no_card() {
    let mut house = House::new(3).await;
    house.tap(1, card()).await.unwrap();
    let n_exchanges = house.n_exchanges(1);
    let list = house.readers.list();
    let names: Vec<_> = list.readers.iter().map(|it| it.name.to_string()).collect();
    assert_eq!(names, [name(0), name(1), name(2)]);
    let states: Vec<_> = list.readers.iter().map(|it| it.state).collect();
    assert_eq!(
        states,
        [
            ReaderState::Empty,
            ReaderState::CardPresent,
            ReaderState::Empty
        ]
    );
    assert_eq!(list.source, SourceState::Ready);
    assert_eq!(house.n_exchanges(1), n_exchanges);
}

#[tokio::test]
async fn the_only_reader_needs_no_name() {
    let mut house = House::new(1).await;
    house.tap(0, card()).await.unwrap();
    let (reader, _) = soon(house.readers.read_card(None, AT_ONCE)).await.unwrap();
    assert_eq!(reader.as_str(), name(0));
}

#[tokio::test]
async fn a_reader_that_cannot_be_told_is_refused() {
    let house = House::new(2).await;
    let error = soon(house.readers.read_card(None, AT_ONCE)).await;
    assert!(matches!(error, Err(ReaderError::Ambiguous { names }) if names.len() == 2));
    let error = soon(house.readers.read_card(Some("elsewhere"), AT_ONCE)).await;
    assert!(matches!(error, Err(ReaderError::NotFound { name }) if name == "elsewhere"));
    let house = House::new(0).await;
    let error = soon(house.readers.read_card(None, PATIENT)).await;
    assert!(matches!(error, Err(ReaderError::NoReader)), "{error:?}");
}

#[tokio::test]
async fn each_reading_is_a_fresh_one() {
    let mut house = House::new(1).await;
    house.tap(0, card()).await.unwrap();
    let n_exchanges = house.n_exchanges(0);
    house.read(0, AT_ONCE).await.unwrap();
    assert_eq!(house.n_exchanges(0), 2 * n_exchanges);
}

#[tokio::test]
async fn an_empty_field_is_no_card() {
    let house = House::new(1).await;
    let error = house.read(0, AT_ONCE).await;
    assert!(matches!(error, Err(ReaderError::NoCard)), "{error:?}");
}

#[tokio::test]
async fn a_wait_ends_at_its_deadline() {
    let house = House::new(1).await;
    let short = ReadOptions {
        wait: Some(Duration::from_millis(20)),
        confirm: false,
    };
    let error = house.read(0, short).await;
    assert!(matches!(error, Err(ReaderError::NoCard)), "{error:?}");
}

#[tokio::test]
async fn callers_that_wait_get_the_reading_of_the_tap() {
    let mut house = House::new(1).await;
    let mut callers = Vec::new();
    for _ in 0..3 {
        callers.push(house.waiting(0, PATIENT).await);
    }
    let told = house.tap(0, card()).await.unwrap();
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap(), told);
    }
}

#[tokio::test]
async fn a_tap_is_read_once_however_many_wait() {
    let mut house = House::new(2).await;
    house.tap(1, card()).await.unwrap();
    let one_reading = house.n_exchanges(1);
    let mut callers = Vec::new();
    for _ in 0..3 {
        callers.push(house.waiting(0, PATIENT).await);
    }
    house.tap(0, card()).await.unwrap();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(house.n_exchanges(0), one_reading);
}

#[tokio::test]
async fn a_confirmed_reading_is_of_one_and_the_same_card() {
    let mut house = House::new(1).await;
    house.tap(0, card()).await.unwrap();
    house.read(0, SURE).await.unwrap();
    house.simulator.remove(0).unwrap();

    house.tap(0, card()).await.unwrap();
    let last = u32::try_from(2 * house.n_exchanges(0)).unwrap();
    house.simulator.remove(0).unwrap();
    let uid = vec![0x3A, 0x5C, 0x7E, 0x92];
    // The first command after the tap and one more reading.
    let swapped = card().fault(last + 1, Fault::Swap { uid });
    house.tap(0, swapped).await.unwrap();
    let error = house.read(0, SURE).await;
    assert!(matches!(error, Err(ReaderError::CardChanged)), "{error:?}");
}

#[tokio::test]
async fn a_call_that_waits_and_wants_to_be_sure_reads_the_tapped_card_again() {
    let mut house = House::new(1).await;
    let sure = ReadOptions {
        confirm: true,
        ..PATIENT
    };
    let waiting = house.waiting(0, sure).await;
    let told = house.tap(0, card()).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), told);
}

#[tokio::test]
async fn a_card_that_shows_nothing_to_know_it_by_cannot_be_confirmed() {
    let mut house = House::new(1).await;
    house
        .tap(0, VirtualCard::desfire().random_uid())
        .await
        .unwrap();
    let error = house.read(0, SURE).await;
    assert!(
        matches!(error, Err(ReaderError::NothingToCompare)),
        "{error:?}"
    );
}
