//! A service that is away, refuses, goes and comes back.

use xueka_readers::{ReadOptions, ReaderError, ReaderSettings, Readers, SourceState};
use xueka_simulator::{Fault, ServiceState, Simulator};

use crate::house::{House, PATIENT, card, name, soon};

#[tokio::test]
async fn a_service_that_is_away_at_the_start_is_noticed_when_it_comes() {
    let cases = [
        (ServiceState::Away, SourceState::NoService),
        (ServiceState::NotPermitted, SourceState::NotPermitted),
    ];
    for (state, listed) in cases {
        let (_simulator, source) = Simulator::in_process(1);
        let service = source.service();
        service.set_state(state);
        let readers = Readers::start(Box::new(source), ReaderSettings::default()).unwrap();
        let mut taps = readers.watch(1, 0);
        let error = soon(readers.read_card(None, PATIENT)).await.unwrap_err();
        let is_right = match listed {
            SourceState::NotPermitted => matches!(error, ReaderError::NotPermitted),
            _ => matches!(error, ReaderError::ServiceUnavailable),
        };
        assert!(is_right, "{error:?}");
        let list = readers.list();
        assert_eq!((list.readers.len(), list.source), (0, listed));

        service.set_state(ServiceState::Running);
        soon(taps.next()).await.unwrap();
        assert_eq!(readers.list().source, SourceState::Ready);
    }
}

#[tokio::test]
async fn a_caller_waits_on_while_the_service_goes_and_comes_back() {
    let mut house = House::new(1).await;
    let waiting = house.waiting(0, PATIENT).await;
    house.service.set_state(ServiceState::Away);
    assert_eq!(house.letter().await, '-');
    let error = house.read(0, PATIENT).await;
    assert!(
        matches!(error, Err(ReaderError::ServiceUnavailable)),
        "{error:?}"
    );
    house.service.set_state(ServiceState::Running);
    assert_eq!(house.letter().await, '+');
    let told = house.tap(0, card()).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), told);
}

#[tokio::test]
async fn what_lies_in_the_field_is_read_again_when_the_service_is_back() {
    let mut house = House::new(1).await;
    let told = house.tap(0, card()).await.unwrap();
    house.service.set_state(ServiceState::Away);
    assert_eq!(house.letters(2).await, "L-");
    house.service.set_state(ServiceState::Running);
    assert_eq!(house.letter().await, '+');
    assert_eq!(house.arrival().await.unwrap(), told);
}

#[tokio::test]
async fn a_reading_that_the_service_left_behind_fails_with_the_reason() {
    let mut house = House::new(1).await;
    house.tap(0, card()).await.unwrap();
    let n_exchanges = house.n_exchanges(0);
    let stuck = card().fault(u32::try_from(n_exchanges).unwrap() + 2, Fault::Stuck);
    house.simulator.remove(0).unwrap();
    house.tap(0, stuck).await.unwrap();
    let reading = house.reading(0, ReadOptions::default());
    house.until_exchanges(0, n_exchanges + 1).await;
    house.service.set_state(ServiceState::Away);
    let error = reading.await.unwrap();
    assert!(
        matches!(error, Err(ReaderError::ServiceUnavailable)),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_caller_whose_reader_was_unplugged_is_told_at_its_deadline() {
    let mut house = House::new(2).await;
    let brief = ReadOptions {
        wait: Some(std::time::Duration::from_millis(300)),
        confirm: false,
    };
    let waiting = house.waiting(0, brief).await;
    house.service.unplug(0).unwrap();
    assert_eq!(house.letter().await, '-');
    let error = waiting.await.unwrap();
    assert!(matches!(error, Err(ReaderError::Gone)), "{error:?}");
    let error = house.readers.read_card(Some(&name(0)), PATIENT).await;
    assert!(
        matches!(error, Err(ReaderError::NotFound { .. })),
        "{error:?}"
    );
}
