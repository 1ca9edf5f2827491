//! Cards and readers that answer anything at all.

use proptest::prelude::*;
use xueka_cards::{KeyRing, ProfileText, ReadingProfile, read_card};
use xueka_transport::{CardSession, CardTransport, Dialect, SlotKind, TransportError};

use crate::script::{iso14443, storage};

/// Answers whatever comes, and counts it.
struct Babbler {
    atr: Vec<u8>,
    answers: Vec<Vec<u8>>,
    n_exchanges: usize,
}

impl CardTransport for Babbler {
    fn transmit(&mut self, _: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        let answer = self
            .answers
            .get(self.n_exchanges % self.answers.len().max(1));
        response.clear();
        response.extend(answer.into_iter().flatten());
        self.n_exchanges += 1;
        Ok(())
    }
}

impl CardSession for Babbler {
    fn atr(&self) -> &[u8] {
        &self.atr
    }
}

/// Any bytes, mostly behind a beginning and before an end that lead on.
fn answer() -> impl Strategy<Value = Vec<u8>> {
    let begin = prop::sample::select(vec!["", "1000", "6F25A5239F0C1E", "8698 4000", "08A1B2C3"]);
    let bytes = prop::collection::vec(any::<u8>(), 0..40);
    let end = prop::sample::select(vec![
        "9000", "9000", "9000", "6110", "6C20", "6282", "9100", "91AF", "",
    ]);
    (begin, bytes, end).prop_map(|(begin, bytes, end)| {
        let begin = hex::decode(begin.replace(' ', "")).unwrap();
        [begin, bytes, hex::decode(end).unwrap()].concat()
    })
}

fn atr() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        iso14443("1234"),
        iso14443("80"),
        storage("030001"),
        storage("030003"),
    ];
    let known = known.map(|atr| hex::decode(atr).unwrap());
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        prop::sample::select(known.to_vec()),
    ]
}

/// A place on every kind of chip that has some.
fn profile() -> ReadingProfile {
    let text = r#"
        name = "School"
        source = "a test"
        [[mifare_classic]]
        keys = [{ name = "k", kind = "B" }, { name = "k", kind = "A" }]
        number = { sector = 1, block = 0, offset = 0, length = 8, coding = "ascii" }
        valid_from = { sector = 1, block = 1, offset = 0, coding = "bcd-yymmdd" }
        [[ultralight]]
        number = { page = 4, offset = 0, length = 8, coding = "integer" }
        valid_until = { page = 9, offset = 0, coding = "ascii-yyyymmdd" }
        [[ultralight]]
        ndef_text = { prefix = "No. " }
        [[cpu]]
        directory = "3F01"
        number = { sfi = 21, offset = 4, length = 8, coding = "bcd" }
        internal_authentication = { key_id = 0, key = "d", diversify = ["uid"] }
        [[cpu]]
        number = { file = "0016", record = 1, offset = 0, length = 8, coding = "ascii" }
        [[desfire]]
        application = "123456"
        key = "a"
        key_number = 1
        real_uid = true
        number = { file = 2, communication = "full", offset = 0, length = 8, coding = "ascii" }
        [[desfire]]
        application = "123457"
        number = { file = 2, communication = "plain", offset = 0, length = 8, coding = "ascii" }
    "#;
    let keys = r#"
        k = "A0A1A2A3A4A5"
        d = "3des:000102030405060708090A0B0C0D0E0F"
        a = "aes:000102030405060708090A0B0C0D0E0F"
    "#;
    let keys = KeyRing::from_text(keys).unwrap();
    let file = "school.toml";
    let profile = ReadingProfile::new(&[ProfileText { file, text }], &keys).unwrap();
    profile.with_randomness(|bytes| {
        bytes.fill(0x5A);
        Ok(())
    })
}

proptest! {
    #[test]
    fn no_card_makes_a_reading_panic_or_endless(
        atr in atr(),
        answers in prop::collection::vec(answer(), 0..12),
        slot in prop::sample::select(vec![SlotKind::ByAtr, SlotKind::Contactless]),
    ) {
        let profile = profile();
        let mut card = Babbler { atr, answers, n_exchanges: 0 };
        if let Ok(reading) = read_card(&mut card, &Dialect { slot, ..Dialect::STANDARD }, &profile) {
            prop_assert_eq!(reading.atr, card.atr);
            prop_assert_eq!(reading.number.is_some(), reading.number_source.is_some());
        }
        // A DESFire that never ends its answers is asked for most: two
        // applications, each an answer of at most 32 frames to SELECT and to a
        // read. Every frame is cut off after eight exchanges.
        prop_assert!(card.n_exchanges <= 1 + 4 * 32 * 8);
    }
}
