//! What the reader of a card shows of the verdict on it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the failure"
)]

use std::{sync::Arc, time::Duration};

use xueka_desk::{Caller, CardInReader, Desk, NumberForms, Question, SystemClock, VerifyRequest};
use xueka_domain::{AssuranceLevel, IssuedCard, IssuedState, Role, Student, Verdict};
use xueka_readers::{ReaderSettings, Readers, Signal, SignalMode, SignalPlan};
use xueka_registry::Registration;
use xueka_simulator::{Simulator, VirtualCard, VirtualReader, VirtualService};

const READER: &str = "ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] 00 00";
const NUMBER: &str = "1000751012345678";

struct Counter {
    desk: Desk,
    simulator: Simulator,
    service: VirtualService,
    caller: Caller,
    _folder: tempfile::TempDir,
}

impl Counter {
    async fn open(signals: SignalMode, reader: VirtualReader) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.db");
        let (simulator, source) = Simulator::with_readers([reader]);
        let service = source.service();
        let settings = ReaderSettings {
            signals,
            ..ReaderSettings::default()
        };
        let readers = Readers::start(Box::new(source), settings).unwrap();
        let numbers = NumberForms::default();
        let clock = Arc::new(SystemClock);
        let desk = Desk::open(path.to_str().unwrap(), true, readers, clock, numbers).await;
        let caller = Caller {
            actor: "test".parse().unwrap(),
            role: Role::Registrar,
        };
        Self {
            desk: desk.unwrap(),
            simulator,
            service,
            caller,
            _folder: folder,
        }
    }

    async fn issue(&self) {
        let row = IssuedCard {
            row: 2,
            student: Student {
                number: "20230107".parse().unwrap(),
                name: "李雷".parse().unwrap(),
                class_name: None,
            },
            number: Some(NUMBER.parse().unwrap()),
            uid: None,
            family: None,
            valid_from: None,
            valid_until: None,
            state: IssuedState::Active,
        };
        let list = Registration {
            rows: vec![row],
            accept_good_rows: false,
            dry_run: false,
        };
        let id = "issue".parse().unwrap();
        let issued = self.desk.register_issued(&self.caller, id, list).await;
        assert_eq!(issued.unwrap().registered, 1);
    }

    async fn judge(&self, card: VirtualCard) -> Verdict {
        self.simulator.insert(0, card).unwrap();
        let request = VerifyRequest {
            question: Question::InReader(CardInReader {
                reader: None,
                wait: Some(Duration::from_secs(10)),
            }),
            minimum_assurance: AssuranceLevel::NothingRead,
        };
        let verified = self.desk.verify(&self.caller, request).await;
        verified.unwrap().judgement.verdict
    }

    /// Waits until the reader was asked for a signal and it is over.
    async fn shown(&self) -> Vec<Vec<u8>> {
        let shown = tokio::time::timeout(Duration::from_secs(10), async {
            loop {
                let escapes = self.service.escapes(0).unwrap();
                if escapes
                    .last()
                    .is_some_and(|it| *it == SignalPlan::ACR1252.restore)
                {
                    return escapes;
                }
                tokio::task::yield_now().await;
            }
        });
        shown.await.unwrap()
    }
}

/// The commands of a signal, from asking for the lights to putting them back.
fn whole(signal: Signal) -> Vec<Vec<u8>> {
    let plan = SignalPlan::ACR1252;
    let mut commands = vec![plan.ask.unwrap().to_vec()];
    commands.extend(plan.commands(signal).iter().map(|it| it.to_vec()));
    commands.push(plan.restore.to_vec());
    commands
}

#[tokio::test]
async fn the_reader_shows_whether_the_card_is_good() {
    let cases = [
        (VirtualCard::transit(NUMBER), Verdict::Valid, Signal::Ok),
        (
            VirtualCard::transit("1000751012345679"),
            Verdict::NotIssued,
            Signal::Refuse,
        ),
        (
            VirtualCard::transit(NUMBER).mute(),
            Verdict::Unreadable,
            Signal::Refuse,
        ),
    ];
    for (card, verdict, signal) in cases {
        let reader = VirtualReader::named(READER);
        let counter = Counter::open(SignalMode::Verdicts, reader).await;
        counter.issue().await;
        assert_eq!(counter.judge(card).await, verdict);
        assert_eq!(counter.shown().await, whole(signal), "{verdict:?}");
        counter.desk.close().await;
    }
}

#[tokio::test]
async fn a_reader_that_is_to_stay_silent_does() {
    let counter = Counter::open(SignalMode::Asked, VirtualReader::named(READER)).await;
    assert_eq!(
        counter.judge(VirtualCard::transit(NUMBER)).await,
        Verdict::NotIssued
    );
    // Whatever else was to be shown would be shown with or before it.
    counter.desk.signal_reader(None, Signal::Ok).await.unwrap();
    assert_eq!(counter.shown().await, whole(Signal::Ok));
    counter.desk.close().await;
}

#[tokio::test]
async fn a_reader_that_obeys_no_signal_costs_no_verdict() {
    let silent = VirtualReader::named(READER).without_escape();
    let counter = Counter::open(SignalMode::Taps, silent).await;
    for _ in 0..3 {
        let card = VirtualCard::transit(NUMBER);
        assert_eq!(counter.judge(card).await, Verdict::NotIssued);
        counter.simulator.remove(0).unwrap();
    }
    counter.desk.close().await;
}
