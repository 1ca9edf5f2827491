//! A card that follows a script, and readings in one line of text.

use std::collections::VecDeque;

use xueka_cards::{CardReading, NumberSource, ReadError, ReadingProfile, read_card};
use xueka_transport::{CardSession, CardTransport, Dialect, SlotKind, TransportError};

/// Answers each command of the script in its turn and fails on any other, so
/// that a test shows the exact exchanges.
pub(crate) struct ScriptedCard {
    atr: Vec<u8>,
    script: VecDeque<(String, String)>,
}

/// In a script: the card leaves instead of answering.
pub(crate) const GONE: &str = "gone";

impl ScriptedCard {
    /// A card with this ATR. Each row holds a command and its answer, in hex.
    pub(crate) fn new(atr: &str, script: &[(&str, &str)]) -> Self {
        let row = |(command, answer): &(&str, &str)| (plain(command), plain(answer));
        Self {
            atr: hex::decode(plain(atr)).unwrap(),
            script: script.iter().map(row).collect(),
        }
    }

    /// Fails unless every command of the script came.
    pub(crate) fn assert_finished(&self) {
        assert!(self.script.is_empty(), "never sent: {:?}", self.script);
    }
}

impl CardTransport for ScriptedCard {
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        let sent = hex::encode_upper(command);
        let (expected, answer) = self
            .script
            .pop_front()
            .unwrap_or_else(|| panic!("the script has ended; sent: {sent}"));
        assert_eq!(sent, expected, "another command than the script's");
        if answer == GONE {
            return Err(TransportError::CardGone);
        }
        response.clear();
        response.extend(hex::decode(answer).unwrap());
        Ok(())
    }
}

impl CardSession for ScriptedCard {
    fn atr(&self) -> &[u8] {
        &self.atr
    }
}

/// Hex without the spaces that make it readable.
fn plain(text: &str) -> String {
    text.replace(' ', "")
}

/// The ATR of an ISO 14443-4 card with these historical bytes, in hex.
pub(crate) fn iso14443(historical: &str) -> String {
    let bytes = hex::decode(historical).unwrap();
    let mut atr = vec![0x3B, 0x80 | u8::try_from(bytes.len()).unwrap(), 0x80, 0x01];
    atr.extend(bytes);
    atr.push(atr[1..].iter().fold(0, |sum, byte| sum ^ byte));
    hex::encode_upper(atr)
}

/// The ATR of a storage card: standard and name, in hex.
pub(crate) fn storage(named: &str) -> String {
    iso14443(&format!("804F0CA000000306{named}00000000"))
}

/// Reads a scripted card and checks that the whole script was used.
pub(crate) fn read_by(
    dialect: &Dialect,
    profile: &ReadingProfile,
    atr: &str,
    script: &[(&str, &str)],
) -> Result<CardReading, ReadError> {
    let mut card = ScriptedCard::new(atr, script);
    let reading = read_card(&mut card, dialect, profile);
    card.assert_finished();
    reading
}

/// The same on a reader that differs from the standard in its slot alone.
pub(crate) fn read_with(
    slot: SlotKind,
    profile: &ReadingProfile,
    atr: &str,
    script: &[(&str, &str)],
) -> Result<CardReading, ReadError> {
    let dialect = Dialect {
        slot,
        ..Dialect::STANDARD
    };
    read_by(&dialect, profile, atr, script)
}

/// The same with nothing configured.
pub(crate) fn read(atr: &str, script: &[(&str, &str)]) -> Result<CardReading, ReadError> {
    read_with(SlotKind::ByAtr, &ReadingProfile::default(), atr, script)
}

/// A reading in one line: family, UID, number and its place, dates, kind,
/// assurance; what is missing stands behind with its status word.
pub(crate) fn summary(reading: &CardReading) -> String {
    let mut parts = vec![format!("{:?}", reading.family)];
    if let Some(uid) = reading.uid {
        parts.push(format!("uid {}", hex::encode_upper(uid.reveal())));
    }
    if let Some(number) = reading.number {
        let place = match reading.number_source {
            Some(NumberSource::PlainFile { sfi }) => format!("file {sfi}"),
            Some(NumberSource::MifareBlock { block }) => format!("block {block}"),
            Some(NumberSource::Page { page }) => format!("page {page}"),
            Some(NumberSource::NdefText) => "a text".to_owned(),
            Some(NumberSource::File { id }) => format!("file {id:04X}"),
            Some(NumberSource::DesfireFile { file }) => format!("DESFire file {file}"),
            None => "nowhere".to_owned(),
        };
        parts.push(format!("number {} from {place}", number.reveal()));
    }
    parts.extend(reading.valid_from.map(|day| format!("from {day}")));
    parts.extend(reading.valid_until.map(|day| format!("until {day}")));
    parts.extend(reading.kind.map(|kind| format!("for {kind:?}")));
    parts.extend(reading.version.map(|version| format!("version {version}")));
    parts.push(format!("{:?}", reading.assurance));
    for missing in &reading.missing {
        let word = missing
            .status_word
            .map_or("nonsense".to_owned(), |word| format!("{word:04X}"));
        parts.push(format!("no {:?} ({word})", missing.part));
    }
    parts.join(", ")
}
