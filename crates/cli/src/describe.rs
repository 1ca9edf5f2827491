//! What is said to people of a reading, a card, a time.

use jiff::tz::TimeZone;
use xueka_api::v1::{Card, CardReading, ChipAuthentication, MissingPart, NumberSource, Student};

use crate::{
    layout::Fields,
    output::Output,
    protocol_words, shapes,
    words::{Language, Word},
};

/// A reader, as people call it: by its alias, with the name beside it.
pub(crate) fn reader(name: &str, alias: &str) -> String {
    match (name, alias) {
        (name, "") => name.to_owned(),
        ("", alias) => alias.to_owned(),
        (name, alias) => format!("{alias} ({name})"),
    }
}

/// Adds what a card said to the lines about it.
pub(crate) fn reading(fields: &mut Fields, reading: &CardReading, output: &Output) {
    let word = |word: Word| output.word(word);
    fields
        .add(word(Word::Family), family(reading, output))
        .add(word(Word::Uid), uid(reading, output))
        .add(word(Word::Number), number(reading, output));
    if reading.kind() != xueka_api::v1::CardKind::Unspecified {
        let kind = protocol_words::card_kind(reading.kind());
        fields.add(word(Word::MadeFor), word(kind));
    }
    fields
        .add(word(Word::ValidFrom), reading.valid_from.as_str())
        .add(word(Word::ValidUntil), reading.valid_until.as_str());
}

/// Adds what only a look at the reading itself needs.
pub(crate) fn reading_details(fields: &mut Fields, reading: &CardReading, output: &Output) {
    let assurance = protocol_words::assurance(reading.assurance());
    let missing: Vec<_> = reading
        .missing
        .iter()
        .map(|missing| missing_part(*missing, output))
        .collect();
    let (label, result) = if reading.complete {
        (Word::Reading, output.word(Word::Complete).to_owned())
    } else {
        (Word::Missing, missing.join(", "))
    };
    if reading.chip_authentication() != ChipAuthentication::Unspecified {
        fields.add(output.word(Word::Chip), chip(reading, output));
    }
    fields
        .add(
            output.word(Word::ShownUid),
            hex::encode_upper(&reading.shown_uid),
        )
        .add(output.word(Word::LayoutVersion), &reading.layout_version)
        .add(output.word(Word::AssuranceLabel), output.word(assurance))
        .add(output.word(label), result)
        .add(output.word(Word::Atr), hex::encode_upper(&reading.atr));
}

/// A card in few words, for a line among others: family, number, UID.
pub(crate) fn reading_in_short(reading: &CardReading, output: &Output) -> String {
    let number = &reading.card_number;
    let parts = [
        (Word::Number, number.clone()),
        (Word::Uid, uid(reading, output)),
    ];
    let mut text = family(reading, output).to_owned();
    for (label, value) in parts.iter().filter(|(_, value)| !value.is_empty()) {
        text.push_str(", ");
        text.push_str(output.word(*label));
        text.push(' ');
        text.push_str(value);
    }
    text
}

fn family<'o>(reading: &CardReading, output: &'o Output) -> &'o str {
    output.word(protocol_words::family(reading.family()))
}

fn uid(reading: &CardReading, output: &Output) -> String {
    let uid = hex::encode_upper(&reading.uid);
    if reading.uid_random && !uid.is_empty() {
        output.with(Word::RandomUid, &[("uid", &uid)])
    } else {
        uid
    }
}

fn number(reading: &CardReading, output: &Output) -> String {
    let word = match reading.number_source() {
        NumberSource::PlainFile | NumberSource::DesfireFile => Word::FromFile,
        NumberSource::MifareBlock => Word::FromBlock,
        NumberSource::Page => Word::FromPage,
        NumberSource::NdefText => Word::FromText,
        NumberSource::File => {
            let place = format!("{:04X}", reading.number_location);
            let values = [("number", reading.card_number.as_str()), ("place", &place)];
            return output.with(Word::FromFile, &values);
        }
        NumberSource::Unspecified => return reading.card_number.clone(),
    };
    let place = reading.number_location.to_string();
    let values = [("number", reading.card_number.as_str()), ("place", &place)];
    output.with(word, &values)
}

fn chip(reading: &CardReading, output: &Output) -> String {
    let word = output.word(protocol_words::chip(reading.chip_authentication()));
    match shapes::word_of(reading.chip_status_word) {
        Some(status_word) => output.with(
            Word::PartRefused,
            &[("part", word), ("status_word", &status_word)],
        ),
        None => word.to_owned(),
    }
}

fn missing_part(missing: MissingPart, output: &Output) -> String {
    let part = output.word(protocol_words::reading_part(missing.part()));
    match shapes::status_word(missing) {
        Some(status_word) => output.with(
            Word::PartRefused,
            &[("part", part), ("status_word", &status_word)],
        ),
        None => part.to_owned(),
    }
}

/// What stands between two forms of a print, each of which has commas within.
pub(crate) fn between_forms(output: &Output) -> &'static str {
    match output.language {
        Language::Chinese => "；",
        Language::English => "; ",
    }
}

/// The record of a card.
pub(crate) fn card(card: &Card, output: &Output) -> String {
    let mut fields = Fields::default();
    let word = |word: Word| output.word(word);
    fields
        .add(word(Word::Number), card.card_number.as_str())
        .add(word(Word::Uid), hex::encode_upper(&card.uid))
        .add(word(Word::State), card_state(card, output));
    if card.family() != xueka_api::v1::CardFamily::Unspecified {
        let family = protocol_words::family(card.family());
        fields.add(word(Word::Family), word(family));
    }
    fields
        .add(word(Word::ValidFrom), card.valid_from.as_str())
        .add(word(Word::ValidUntil), card.valid_until.as_str());
    if let Some(student) = &card.student {
        holder(&mut fields, student, output);
    }
    fields
        .add(word(Word::ReplacedBy), card.replaced_by.as_str())
        .add(word(Word::Replaces), card.replaces.as_str())
        .add(word(Word::Issued), optional_time(card.issue_time.as_ref()))
        .add(word(Word::Version), card.version.to_string());
    fields.to_text()
}

fn holder(fields: &mut Fields, student: &Student, output: &Output) {
    fields
        .add(
            output.word(Word::StudentNumber),
            student.student_number.as_str(),
        )
        .add(output.word(Word::Name), student.name.as_str())
        .add(output.word(Word::ClassName), student.class_name.as_str());
}

/// The state of a card and since when: `lost (since 2026-09-01 10:32:05)`.
fn card_state(card: &Card, output: &Output) -> String {
    let state = output.word(protocol_words::card_state(card.state()));
    match optional_time(card.state_time.as_ref()) {
        since if since.is_empty() => state.to_owned(),
        since => format!("{state} ({} {since})", output.word(Word::Since)),
    }
}

/// A time as the clock on this desk shows it; empty for none.
pub(crate) fn optional_time(time: Option<&prost_types::Timestamp>) -> String {
    time.and_then(shapes::timestamp)
        .map(|time| {
            let local = time.to_zoned_datetime(TimeZone::system());
            local.strftime("%Y-%m-%d %H:%M:%S").to_string()
        })
        .unwrap_or_default()
}
