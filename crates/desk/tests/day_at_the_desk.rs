//! The use cases together, on virtual readers and a registry in a file.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the failure"
)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tempfile::TempDir;
use xueka_desk::{
    Caller, CardInReader, Clock, Collect, Desk, DeskError, NumberForms, Question, Verification,
    VerifyRequest,
};
use xueka_domain::{
    AssuranceLevel, BlockReason, CardFamily, CardIdentity, CardKey, CardState, ExitReason,
    IssuedCard, IssuedState, Lesson, NoIdentity, Reason, Role, ShortNumberFit, Student, Verdict,
};
use xueka_readers::{ReaderError, ReaderSettings, Readers};
use xueka_registry::{CardRecord, Refusal, Registration, RegistryError, WhichCard};
use xueka_simulator::{Simulator, VirtualCard};

const NUMBER: &str = "1000751012345678";

/// A clock that stands still until it is set.
struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

struct Day {
    desk: Desk,
    simulator: Simulator,
    clock: Arc<SetClock>,
    caller: Caller,
    folder: TempDir,
}

async fn open(folder: &TempDir, clock: &Arc<SetClock>) -> (Desk, Simulator) {
    let path = folder.path().join("registry.db");
    let (simulator, source) = Simulator::in_process(1);
    let readers = Readers::start(Box::new(source), ReaderSettings::default()).unwrap();
    let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
    let numbers = NumberForms::default();
    let desk = Desk::open(path.to_str().unwrap(), true, readers, clock, numbers);
    (desk.await.unwrap(), simulator)
}

impl Day {
    async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start: Timestamp = "2026-11-23T08:00:00+08:00".parse().unwrap();
        let clock = Arc::new(SetClock(AtomicI64::new(start.as_second())));
        let (desk, simulator) = open(&folder, &clock).await;
        Self {
            desk,
            simulator,
            clock,
            caller: Caller {
                actor: "test".parse().unwrap(),
                role: Role::Registrar,
            },
            folder,
        }
    }

    /// Ends and begins again on the same registry.
    async fn restart(&mut self) {
        self.desk.close().await;
        (self.desk, self.simulator) = open(&self.folder, &self.clock).await;
    }

    fn place(&self, card: VirtualCard) {
        self.simulator.insert(0, card).unwrap();
    }

    /// The reader, with a wait: the tap is noticed on another thread.
    fn reader() -> CardInReader {
        CardInReader {
            reader: None,
            wait: Some(Duration::from_secs(10)),
        }
    }

    async fn verify(&self, question: Question) -> Verification {
        let request = VerifyRequest {
            question,
            minimum_assurance: AssuranceLevel::NothingRead,
        };
        self.desk.verify(&self.caller, request).await.unwrap()
    }

    async fn verify_in_reader(&self) -> Verification {
        self.verify(Question::InReader(Self::reader())).await
    }

    async fn issue(&self, state: IssuedState) {
        let id = "issue".parse().unwrap();
        let list = list(vec![row("20230107", NUMBER, state)]);
        let outcome = self.desk.register_issued(&self.caller, id, list);
        assert_eq!(outcome.await.unwrap().registered, 1);
    }

    async fn report_loss(&self, id: &str) -> Result<CardRecord, DeskError> {
        let id = id.parse().unwrap();
        self.desk
            .report_loss(&self.caller, id, WhichCard::Key(number()), ExitReason::Lost)
            .await
    }

    async fn cancel_loss(&self, id: &str) -> Result<CardRecord, DeskError> {
        let id = id.parse().unwrap();
        self.desk
            .cancel_loss(&self.caller, id, &Self::reader())
            .await
    }

    async fn collect(&self, id: &str) -> Result<CardRecord, DeskError> {
        let collect = Collect {
            student: "20230107".parse().unwrap(),
            place: Self::reader(),
        };
        let id = id.parse().unwrap();
        self.desk.collect(&self.caller, id, collect).await
    }
}

fn list(rows: Vec<IssuedCard>) -> Registration {
    Registration {
        rows,
        accept_good_rows: false,
        dry_run: false,
    }
}

fn row(student: &str, number: &str, state: IssuedState) -> IssuedCard {
    IssuedCard {
        row: 2,
        student: Student {
            number: student.parse().unwrap(),
            name: "李雷".parse().unwrap(),
            class_name: None,
        },
        number: Some(number.parse().unwrap()),
        uid: None,
        family: None,
        valid_from: None,
        valid_until: None,
        state,
    }
}

fn number() -> CardKey {
    CardKey::Number(NUMBER.parse().unwrap())
}

#[tokio::test]
async fn a_lost_card_is_refused_at_once_and_good_again_when_it_is_found() {
    let day = Day::begin().await;
    day.issue(IssuedState::Active).await;
    day.place(VirtualCard::transit(NUMBER));
    assert_eq!(
        day.verify_in_reader().await.judgement.verdict,
        Verdict::Valid
    );

    day.report_loss("loss").await.unwrap();

    assert_eq!(
        day.verify_in_reader().await.judgement.verdict,
        Verdict::Lost
    );
    let checked = day.desk.check(&[number()]);
    assert_eq!(
        checked.reasons,
        [Some(BlockReason::Lost)],
        "memory follows at once"
    );

    day.cancel_loss("found").await.unwrap();

    assert_eq!(
        day.verify_in_reader().await.judgement.verdict,
        Verdict::Valid
    );
    assert_eq!(day.desk.check(&[number()]).reasons, [None]);
    day.desk.close().await;
}

#[tokio::test]
async fn the_hand_out_tap_binds_the_chip() {
    let day = Day::begin().await;
    day.issue(IssuedState::Delivered).await;
    day.place(VirtualCard::transit(NUMBER));
    let before = day.verify_in_reader().await.judgement.verdict;
    assert_eq!(before, Verdict::NotCollected);

    let card = day.collect("hand-out").await.unwrap();

    assert_eq!(card.state, CardState::Active);
    assert_eq!(card.family, Some(CardFamily::TransitCpu));
    assert!(card.uid.is_some(), "the chip is on record now");
    day.place(VirtualCard::transit(NUMBER).uid([0xA1, 0xB2, 0xC3, 0xD4]));
    let copy = day.verify_in_reader().await.judgement;
    assert_eq!(
        (copy.verdict, copy.reason),
        (Verdict::Suspect, Reason::WrongChip)
    );
    day.desk.close().await;
}

#[tokio::test]
async fn a_loss_is_cancelled_only_with_the_same_chip() {
    let day = Day::begin().await;
    day.issue(IssuedState::Delivered).await;
    day.place(VirtualCard::transit(NUMBER));
    day.collect("hand-out").await.unwrap();
    day.report_loss("loss").await.unwrap();
    day.place(VirtualCard::transit(NUMBER).uid([0xA1, 0xB2, 0xC3, 0xD4]));

    let refused = day.cancel_loss("copy").await.unwrap_err();

    let expected = DeskError::Registry(RegistryError::Refused(Refusal::NotTheSameCard));
    assert_eq!(refused.to_string(), expected.to_string());
    assert_eq!(
        day.verify_in_reader().await.judgement.verdict,
        Verdict::Lost
    );
    day.desk.close().await;
}

#[tokio::test]
async fn a_request_sent_again_is_answered_though_the_card_is_gone() {
    let day = Day::begin().await;
    day.issue(IssuedState::Delivered).await;
    day.place(VirtualCard::transit(NUMBER));
    let first = day.collect("hand-out").await.unwrap();
    day.simulator.remove(0).unwrap();

    let again = day.collect("hand-out").await.unwrap();

    assert_eq!(again, first);
    day.desk.close().await;
}

#[tokio::test]
async fn a_random_uid_is_not_handed_out_and_not_judged() {
    let day = Day::begin().await;
    day.issue(IssuedState::Delivered).await;
    day.place(VirtualCard::desfire().random_uid());

    let refused = day.collect("hand-out").await.unwrap_err();

    let no_identity = matches!(
        refused,
        DeskError::NoIdentity(NoIdentity::RandomUid)
            | DeskError::Reader(ReaderError::NothingToCompare)
    );
    assert!(no_identity, "{refused}");
    let judgement = day.verify_in_reader().await.judgement;
    assert_eq!(judgement.reason, Reason::RandomUid);
    day.desk.close().await;
}

#[tokio::test]
async fn nothing_is_judged_while_the_clock_stands_before_the_last_change() {
    let day = Day::begin().await;
    day.issue(IssuedState::Active).await;
    day.clock.0.fetch_sub(24 * 60 * 60, Ordering::SeqCst);

    let judgement = day.verify(Question::Key(number())).await.judgement;

    assert_eq!(judgement.reason, Reason::ClockBehind);
    day.desk.close().await;
}

#[tokio::test]
async fn an_empty_field_is_an_error_and_a_mute_card_an_answer() {
    let day = Day::begin().await;
    let request = VerifyRequest {
        question: Question::InReader(CardInReader {
            reader: Some("Xueka Virtual Reader 00 00".into()),
            wait: Some(Duration::from_millis(1)),
        }),
        minimum_assurance: AssuranceLevel::NothingRead,
    };
    let empty = day.desk.verify(&day.caller, request).await.unwrap_err();
    assert!(
        matches!(empty, DeskError::Reader(ReaderError::NoCard)),
        "{empty}"
    );

    day.place(VirtualCard::transit(NUMBER).mute());
    let judgement = day.verify_in_reader().await.judgement;
    assert_eq!(judgement.verdict, Verdict::Unreadable);
    day.desk.close().await;
}

#[tokio::test]
async fn the_blacklist_and_its_version_are_there_again_after_a_restart() {
    let mut day = Day::begin().await;
    day.issue(IssuedState::Active).await;
    day.report_loss("loss").await.unwrap();
    let by_hand = CardKey::Number("2222333344445555".parse().unwrap());
    let note = "canteen debt".parse().unwrap();
    let added = day
        .desk
        .add_block(&day.caller, "block".parse().unwrap(), by_hand, note);
    added.await.unwrap();
    let keys = [number(), by_hand, CardKey::Uid("1EA68671".parse().unwrap())];
    let before = day.desk.check(&keys);
    let reasons = [Some(BlockReason::Lost), Some(BlockReason::ByHand), None];
    assert_eq!(before.reasons, reasons);

    day.restart().await;

    assert_eq!(day.desk.check(&keys), before);
    day.desk.close().await;
}

#[test]
fn a_long_list_does_not_hold_up_the_end() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let took = runtime.block_on(async {
        let day = Day::begin().await;
        let rows = (0..300_000)
            .map(|n| row(&format!("{n}"), &format!("{n:016}"), IssuedState::Active))
            .collect();
        let id = "long".parse().unwrap();
        let taken_in = day.desk.register_issued(&day.caller, id, list(rows));
        let began = Instant::now();
        tokio::select! {
            // Handed over first, so that closing finds it under way.
            biased;
            outcome = taken_in => panic!("the list was too short: {outcome:?}"),
            () = day.desk.close() => began.elapsed(),
        }
    });
    // As at the end of the daemon, nobody waits for the threads.
    runtime.shutdown_background();
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[tokio::test]
async fn a_print_finds_cards_on_record_and_chips_that_are_only_blocked() {
    let day = Day::begin().await;
    let mut card = row("20230107", NUMBER, IssuedState::Active);
    card.uid = Some("1EA68671".parse().unwrap());
    let id = "issue".parse().unwrap();
    let taken_in = day.desk.register_issued(&day.caller, id, list(vec![card]));
    assert_eq!(taken_in.await.unwrap().registered, 1);
    let stranger = CardKey::Uid("2EB79782".parse().unwrap());
    let note = "found in the yard".parse().unwrap();
    let added = day
        .desk
        .add_block(&day.caller, "block".parse().unwrap(), stranger, note);
    added.await.unwrap();
    let find = async |printed: &str| day.desk.find_printed(printed.parse().unwrap()).await;

    // 1EA68671 reversed is 7186A61E, which is 1904649758.
    for printed in [NUMBER, "1ea68671", "7186A61E", "0514229873", "1904649758"] {
        let found = find(printed).await.unwrap();
        assert_eq!(found.on_record.cards.len(), 1, "{printed}");
        assert_eq!(found.blocked_only, [], "{printed}");
    }
    for printed in ["2EB79782", "8297B72E", "783783810"] {
        let found = find(printed).await.unwrap();
        assert_eq!(found.on_record.cards, [], "{printed}");
        assert_eq!(found.blocked_only.len(), 1, "{printed}");
        assert_eq!(found.blocked_only[0].0, stranger, "{printed}");
    }
    let nobody = find("99999999").await.unwrap();
    assert_eq!(
        (nobody.on_record.cards.len(), nobody.blocked_only.len()),
        (0, 0)
    );
    day.desk.close().await;
}

#[tokio::test]
async fn a_lesson_names_the_form_and_counts_its_clashes() {
    let day = Day::begin().await;
    let rows = (0..20).map(|n| {
        let number = format!("10007510123456{n:02}");
        row(&format!("S{n}"), &number, IssuedState::Active)
    });
    let id = "issue".parse().unwrap();
    let taken_in = day
        .desk
        .register_issued(&day.caller, id, list(rows.collect()));
    assert_eq!(taken_in.await.unwrap().registered, 20);
    let lesson = Lesson {
        printed: "1234567".parse().unwrap(),
        card: CardIdentity::new(Some(NUMBER.parse().unwrap()), None).unwrap(),
    };

    let taught = day.desk.teach_number_forms(vec![lesson]).await.unwrap();

    assert_eq!(taught.n_cards, 20);
    assert_eq!(taught.clashes.len(), taught.fitting.forms.len());
    let first = taught.fitting.forms[0].parts();
    assert_eq!((first.from_digit, first.to_digit), (9, -2));
    // Without the last digit ten cards each are alike.
    let clashes = &taught.clashes[0];
    assert_eq!((clashes.n_prints, clashes.n_cards), (2, 20));
    day.desk.close().await;
}

#[tokio::test]
async fn a_short_number_is_compared_with_the_card_of_the_student_in_hand() {
    let day = Day::begin().await;
    day.issue(IssuedState::Active).await;
    let check = async |student: &str, typed: &str| {
        let student = student.parse().unwrap();
        day.desk
            .check_short_number(student, typed.parse().unwrap())
            .await
    };
    let cases = [
        ("12345678", ShortNumberFit::Fits),
        ("1234567", ShortNumberFit::Fits),
        ("87654321", ShortNumberFit::Clash),
    ];
    for (typed, expected) in cases {
        let (fit, card) = check("20230107", typed).await.unwrap();
        assert_eq!(fit, expected, "{typed}");
        assert_eq!(card.student.number.reveal(), "20230107");
    }
    let unknown = check("nobody", "12345678").await.unwrap_err();
    let refusal = RegistryError::Refused(Refusal::StudentNotFound);
    assert_eq!(unknown.to_string(), refusal.to_string());
    day.report_loss("loss").await.unwrap();
    let none = check("20230107", "12345678").await.unwrap_err();
    let refusal = RegistryError::Refused(Refusal::NoLiveCard);
    assert_eq!(none.to_string(), refusal.to_string());
    day.desk.close().await;
}
