//! Cards that count less than they did before, on virtual readers and a registry
//! in a file.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the failure"
)]

use std::{sync::Arc, time::Duration};

use tempfile::TempDir;
use xueka_cards::{KeyRing, ProfileText, ReadingProfile};
use xueka_desk::{Caller, CardInReader, Desk, NumberForms, Question, SystemClock, VerifyRequest};
use xueka_domain::{AssuranceLevel, Counter, IssuedCard, IssuedState, Reason, Role, Student};
use xueka_readers::{ReaderSettings, Readers};
use xueka_registry::Registration;
use xueka_simulator::{Simulator, VirtualCard};

const NUMBER: &str = "1000751012345678";
const UID: [u8; 4] = [0x9B, 0x27, 0xD4, 0xE6];
const OTHER_UID: [u8; 4] = [0x3A, 0x5C, 0x7E, 0x92];

const PROFILE: &str = r#"
    name = "School"
    source = "a test"
    [[mifare_classic]]
    keys = [{ name = "factory", kind = "A" }]
    copies = { first = { sector = 1, block = 0 }, second = { sector = 2, block = 0 }, blocks = 1 }
    number = { offset = 0, length = 8, coding = "bcd" }
"#;

/// The number, how often it was written, and the CRC-32 of both.
const WRITTEN_ONCE: u128 = 0x1000_7510_1234_5678_0000_0001_CDAD_E05B;
const WRITTEN_TWICE: u128 = 0x1000_7510_1234_5678_0000_0002_54A4_B1E1;
const WRITTEN_THRICE: u128 = 0x1000_7510_1234_5678_0000_0003_23A3_8177;
const BLANK: u128 = 0;

struct Office {
    desk: Desk,
    simulator: Simulator,
    caller: Caller,
    _folder: TempDir,
}

impl Office {
    async fn open() -> Self {
        let keys = KeyRing::from_text("factory = \"FFFFFFFFFFFF\"").unwrap();
        let profile = ProfileText {
            file: "school.toml",
            text: PROFILE,
        };
        let settings = ReaderSettings {
            profile: ReadingProfile::new(&[profile], &keys).unwrap(),
            ..ReaderSettings::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.db");
        let (simulator, source) = Simulator::in_process(1);
        let readers = Readers::start(Box::new(source), settings).unwrap();
        let clock = Arc::new(SystemClock);
        let numbers = NumberForms::default();
        let desk = Desk::open(path.to_str().unwrap(), true, readers, clock, numbers).await;
        let office = Self {
            desk: desk.unwrap(),
            simulator,
            caller: Caller {
                actor: "test".parse().unwrap(),
                role: Role::Registrar,
            },
            _folder: folder,
        };
        office.issue().await;
        office
    }

    /// Puts the card on record.
    async fn issue(&self) {
        let row = IssuedCard {
            row: 2,
            student: Student {
                number: "20230107".parse().unwrap(),
                name: "李雷".parse().unwrap(),
                class_name: None,
            },
            number: Some(NUMBER.parse().unwrap()),
            uid: Some(UID.as_slice().try_into().unwrap()),
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
        let issued = self
            .desk
            .register_issued(&self.caller, "issue".parse().unwrap(), list);
        assert_eq!(issued.await.unwrap().registered, 1);
    }

    fn place() -> CardInReader {
        CardInReader {
            reader: None,
            wait: Some(Duration::from_secs(10)),
        }
    }

    /// Why this card is judged as it is.
    async fn judge(&self, card: VirtualCard) -> Reason {
        self.simulator.insert(0, card).unwrap();
        let request = VerifyRequest {
            question: Question::InReader(Self::place()),
            minimum_assurance: AssuranceLevel::NothingRead,
        };
        let verified = self.desk.verify(&self.caller, request).await;
        verified.unwrap().judgement.reason
    }

    /// Has a card judged until what was noted of another tells on it.
    async fn judge_until(&self, card: &VirtualCard, expected: Reason) {
        let judged = async { while self.judge(card.clone()).await != expected {} };
        let in_time = tokio::time::timeout(Duration::from_secs(10), judged).await;
        assert!(in_time.is_ok(), "never {expected:?}");
    }

    /// The counts of the purse that ran backwards.
    async fn behind(&self, card: VirtualCard) -> Vec<Counter> {
        self.simulator.insert(0, card).unwrap();
        let seen = self.desk.read_trips(&self.caller, &Self::place()).await;
        seen.unwrap().content.ran_backwards
    }
}

/// The card with these two copies of its record.
fn card(first: u128, second: u128) -> VirtualCard {
    let card = VirtualCard::mifare_classic_1k().uid(UID);
    card.block(4, first.to_be_bytes())
        .block(8, second.to_be_bytes())
}

#[tokio::test]
async fn a_copy_of_what_a_card_held_before_is_suspect() {
    let office = Office::open().await;
    let old = card(WRITTEN_ONCE, BLANK);
    let new = card(WRITTEN_ONCE, WRITTEN_TWICE);
    let newer = card(WRITTEN_THRICE, WRITTEN_TWICE);

    assert_eq!(office.judge(old.clone()).await, Reason::Good);
    assert_eq!(office.judge(old.clone()).await, Reason::Good, "the same");
    assert_eq!(office.judge(new.clone()).await, Reason::Good, "written on");
    office.judge_until(&old, Reason::CounterRanBackwards).await;
    assert_eq!(office.judge(new.clone()).await, Reason::Good);
    assert_eq!(office.judge(newer).await, Reason::Good);
    office.judge_until(&new, Reason::CounterRanBackwards).await;
    office.desk.close().await;
}

#[tokio::test]
async fn what_another_chip_counts_says_nothing_of_the_card() {
    let office = Office::open().await;
    let new = card(WRITTEN_ONCE, WRITTEN_TWICE);
    let ahead = card(WRITTEN_THRICE, WRITTEN_TWICE).uid(OTHER_UID);
    assert_eq!(office.judge(new.clone()).await, Reason::Good);
    assert_eq!(office.judge(ahead).await, Reason::WrongChip);
    // Whatever was noted of the other is noted by the time this was.
    let old = card(WRITTEN_ONCE, BLANK);
    office.judge_until(&old, Reason::CounterRanBackwards).await;
    assert_eq!(office.judge(new).await, Reason::Good);
    office.desk.close().await;
}

#[tokio::test]
async fn a_purse_that_counts_less_is_told_to_whoever_looks_into_it() {
    let office = Office::open().await;
    let record = |number: u16, kind: u8| {
        let mut record = [0x11; 23];
        record[..2].copy_from_slice(&number.to_be_bytes());
        record[9] = kind;
        record
    };
    let old = VirtualCard::transit(NUMBER).uid(UID);
    let old = old.log_record(record(7, 0x02)).log_record(record(41, 0x09));
    let new = old.clone().log_record(record(42, 0x09));

    assert_eq!(office.behind(old.clone()).await, []);
    assert_eq!(office.behind(new.clone()).await, []);
    assert_eq!(office.behind(new.clone()).await, []);
    assert_eq!(office.behind(old).await, [Counter::PursePayments]);
    assert_eq!(
        office.behind(new).await,
        [],
        "the card itself is not spoilt"
    );
    let stranger = VirtualCard::transit("1000751087654321");
    let stranger = stranger.log_record(record(1, 0x02));
    assert_eq!(office.behind(stranger).await, [], "not on record");
    office.desk.close().await;
}
