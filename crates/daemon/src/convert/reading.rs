//! Readings, as the protocol says them.

use xueka_api::v1;
use xueka_cards::{CardReading, ChipAuthentication, Gap, MissingPart, NumberSource};
use xueka_domain::{AssuranceLevel, CardFamily, CardKind, CardNumber};

use super::date_text;

/// A reading in the words of the protocol.
pub(crate) fn reading(reading: &CardReading) -> v1::CardReading {
    let uid = reading.uid.as_ref();
    let (number_source, number_location) = number_source(reading.number_source);
    let (chip_authentication, chip_status_word) = chip(reading.chip);
    let shown_uid = reading.shown_uid.as_ref();
    v1::CardReading {
        family: family(reading.family).into(),
        uid: uid.map(|uid| uid.reveal().to_vec()).unwrap_or_default(),
        uid_random: uid.is_some_and(xueka_domain::Uid::is_random),
        card_number: reading.number.map(CardNumber::reveal).unwrap_or_default(),
        number_source: number_source.into(),
        number_location,
        kind: kind(reading.kind).into(),
        valid_from: date_text(reading.valid_from),
        valid_until: date_text(reading.valid_until),
        assurance: assurance(reading.assurance).into(),
        atr: reading.atr.clone(),
        complete: reading.is_complete(),
        missing: reading.missing.iter().copied().map(missing).collect(),
        chip_authentication: chip_authentication.into(),
        chip_status_word,
        shown_uid: shown_uid
            .map(|uid| uid.reveal().to_vec())
            .unwrap_or_default(),
        layout_version: reading
            .version
            .map(|version| version.to_string())
            .unwrap_or_default(),
    }
}

/// A family in the words of the protocol.
pub(crate) fn family(family: CardFamily) -> v1::CardFamily {
    match family {
        CardFamily::TransitCpu => v1::CardFamily::TransitCpu,
        CardFamily::TUnion => v1::CardFamily::TUnion,
        CardFamily::CityUnion => v1::CardFamily::CityUnion,
        CardFamily::MifareClassic1K => v1::CardFamily::MifareClassic1k,
        CardFamily::MifareClassic4K => v1::CardFamily::MifareClassic4k,
        CardFamily::MifareClassicMini => v1::CardFamily::MifareClassicMini,
        CardFamily::Ultralight => v1::CardFamily::Ultralight,
        CardFamily::Desfire => v1::CardFamily::Desfire,
        CardFamily::OtherIso14443 => v1::CardFamily::OtherIso14443,
        CardFamily::OtherStorage => v1::CardFamily::OtherStorage,
        CardFamily::Iso7816 => v1::CardFamily::Iso7816,
    }
}

/// An assurance level in the words of the protocol.
pub(crate) fn assurance(level: AssuranceLevel) -> v1::AssuranceLevel {
    match level {
        AssuranceLevel::NothingRead => v1::AssuranceLevel::NothingRead,
        AssuranceLevel::UidOnly => v1::AssuranceLevel::UidOnly,
        AssuranceLevel::NumberRead => v1::AssuranceLevel::NumberRead,
        AssuranceLevel::DataAuthenticated => v1::AssuranceLevel::DataAuthenticated,
        AssuranceLevel::ChipAuthenticated => v1::AssuranceLevel::ChipAuthenticated,
    }
}

/// The level that a request asks for at least; `None` for no minimum.
pub(crate) fn minimum_assurance(level: v1::AssuranceLevel) -> Option<AssuranceLevel> {
    match level {
        v1::AssuranceLevel::Unspecified => None,
        v1::AssuranceLevel::NothingRead => Some(AssuranceLevel::NothingRead),
        v1::AssuranceLevel::UidOnly => Some(AssuranceLevel::UidOnly),
        v1::AssuranceLevel::NumberRead => Some(AssuranceLevel::NumberRead),
        v1::AssuranceLevel::DataAuthenticated => Some(AssuranceLevel::DataAuthenticated),
        v1::AssuranceLevel::ChipAuthenticated => Some(AssuranceLevel::ChipAuthenticated),
    }
}

fn kind(kind: Option<CardKind>) -> v1::CardKind {
    match kind {
        None => v1::CardKind::Unspecified,
        Some(CardKind::Ordinary) => v1::CardKind::Ordinary,
        Some(CardKind::Student) => v1::CardKind::Student,
        Some(CardKind::Senior) => v1::CardKind::Senior,
        Some(CardKind::Test) => v1::CardKind::Test,
        Some(CardKind::Military) => v1::CardKind::Military,
        Some(CardKind::Other(_)) => v1::CardKind::Other,
    }
}

fn number_source(source: Option<NumberSource>) -> (v1::NumberSource, u32) {
    match source {
        None => (v1::NumberSource::Unspecified, 0),
        Some(NumberSource::PlainFile { sfi }) => (v1::NumberSource::PlainFile, sfi.into()),
        Some(NumberSource::MifareBlock { block }) => (v1::NumberSource::MifareBlock, block.into()),
        Some(NumberSource::Page { page }) => (v1::NumberSource::Page, page.into()),
        Some(NumberSource::NdefText) => (v1::NumberSource::NdefText, 0),
        Some(NumberSource::File { id }) => (v1::NumberSource::File, id.into()),
        Some(NumberSource::DesfireFile { file }) => (v1::NumberSource::DesfireFile, file.into()),
    }
}

fn chip(chip: Option<ChipAuthentication>) -> (v1::ChipAuthentication, u32) {
    match chip {
        None => (v1::ChipAuthentication::Unspecified, 0),
        Some(ChipAuthentication::Passed) => (v1::ChipAuthentication::Passed, 0),
        Some(ChipAuthentication::Failed) => (v1::ChipAuthentication::Failed, 0),
        Some(ChipAuthentication::NoKey) => (v1::ChipAuthentication::NoKey, 0),
        Some(ChipAuthentication::Refused { status_word }) => {
            (v1::ChipAuthentication::Refused, status_word.into())
        }
    }
}

fn missing(missing: MissingPart) -> v1::MissingPart {
    let part = match missing.part {
        Gap::Uid => v1::ReadingPart::Uid,
        Gap::FixedUid => v1::ReadingPart::FixedUid,
        Gap::CardNumber => v1::ReadingPart::CardNumber,
        Gap::ValidFrom => v1::ReadingPart::ValidFrom,
        Gap::ValidUntil => v1::ReadingPart::ValidUntil,
        Gap::CardKind => v1::ReadingPart::CardKind,
    };
    v1::MissingPart {
        part: part.into(),
        status_word: missing.status_word.map(u32::from).unwrap_or_default(),
    }
}
