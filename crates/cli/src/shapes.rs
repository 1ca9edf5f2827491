//! Answers of the daemon as JSON.
//!
//! The shapes are documented in `json.md`, and a test compares. Fields are
//! named as in the protocol; enum values stand without their prefix, bytes in
//! upper-case hexadecimal, times as RFC 3339, durations in seconds with `s`.
//! What is absent, empty or unspecified is null, and no field is left out,
//! except that of a `oneof` only the part that is set is there.

mod distribution;
mod inspection;
mod making;
mod purse;
mod student;
mod write;

use jiff::Timestamp;
use serde_json::{Value, json};
use xueka_api::v1;

pub(crate) use distribution::{deliveries, difference, list_copy, list_key, offline_answer};
pub(crate) use inspection::inspected;
pub(crate) use making::{batch_file, batches, making_batch, making_outcome};
pub(crate) use purse::{balance, trips};
pub(crate) use student::{
    found_students, moved_students, student_file, student_record, taken_roll, written_roll,
};
pub(crate) use write::{
    ended_write, exchanged, open_write, open_writes, planned_write, recovered, written,
};

/// A list of readers.
pub(crate) fn readers(answer: &v1::ListReadersResponse) -> Value {
    let readers = answer.readers.iter().map(|reader| {
        json!({
            "name": text(&reader.name),
            "state": enum_value(reader.state().as_str_name(), "READER_STATE_"),
            "simulated": reader.simulated,
            "alias": text(&reader.alias),
            "serial_number": text(&reader.serial_number),
            "usb_path": text(&reader.usb_path),
            "vendor": text(&reader.vendor),
            "product": text(&reader.product),
            "model": text(&reader.model),
            "shows_signals": reader.shows_signals,
            "failed_signals": reader.failed_signals,
        })
    });
    let missing = answer.missing_readers.iter().map(|reader| {
        json!({
            "alias": text(&reader.alias),
            "missing_since_time": reader.missing_since_time.as_ref().and_then(time),
            "message": text(&reader.message),
        })
    });
    json!({
        "readers": readers.collect::<Vec<_>>(),
        "missing_readers": missing.collect::<Vec<_>>(),
        "source_state": enum_value(answer.source_state().as_str_name(), "SOURCE_STATE_"),
    })
}

/// A reading and the reader that made it.
pub(crate) fn read(answer: &v1::ReadCardResponse) -> Value {
    json!({
        "reader": text(&answer.reader),
        "reading": answer.reading.as_ref().map(reading),
        "reader_alias": text(&answer.reader_alias),
    })
}

/// What became of a signal.
pub(crate) fn signal(answer: v1::SignalReaderResponse) -> Value {
    json!({ "shown": answer.shown })
}

/// A recording, without the recording itself, which is in its file.
pub(crate) fn recorded(answer: &v1::RecordCardResponse, file: &str) -> Value {
    json!({
        "reader": text(&answer.reader),
        "family": enum_value(answer.family().as_str_name(), "CARD_FAMILY_"),
        "n_exchanges": answer.n_exchanges,
        "file": file,
    })
}

/// A reading.
fn reading(reading: &v1::CardReading) -> Value {
    let missing = reading.missing.iter().map(|missing| {
        json!({
            "part": enum_value(missing.part().as_str_name(), "READING_PART_"),
            "status_word": status_word(*missing),
        })
    });
    json!({
        "family": enum_value(reading.family().as_str_name(), "CARD_FAMILY_"),
        "uid": hexadecimal(&reading.uid),
        "uid_random": reading.uid_random,
        "card_number": text(&reading.card_number),
        "number_source": enum_value(reading.number_source().as_str_name(), "NUMBER_SOURCE_"),
        "number_location": reading.number_location,
        "kind": enum_value(reading.kind().as_str_name(), "CARD_KIND_"),
        "valid_from": text(&reading.valid_from),
        "valid_until": text(&reading.valid_until),
        "assurance": assurance(reading.assurance()),
        "atr": hexadecimal(&reading.atr),
        "complete": reading.complete,
        "missing": missing.collect::<Vec<_>>(),
        "chip_authentication":
            enum_value(reading.chip_authentication().as_str_name(), "CHIP_AUTHENTICATION_"),
        "chip_status_word": word_of(reading.chip_status_word),
        "shown_uid": hexadecimal(&reading.shown_uid),
        "layout_version": text(&reading.layout_version),
    })
}

/// SW1 SW2 in hexadecimal; null where the card gave none.
pub(crate) fn status_word(missing: v1::MissingPart) -> Option<String> {
    word_of(missing.status_word)
}

/// A status word in hexadecimal; null for none.
pub(crate) fn word_of(status_word: u32) -> Option<String> {
    (status_word != 0).then(|| format!("{status_word:04X}"))
}

/// One event of the stream of taps.
pub(crate) fn event(event: &v1::WatchTapsResponse) -> Value {
    use v1::{card_arrived::Outcome, watch_taps_response::Event};
    let mut value = json!({
        "sequence": event.sequence,
        "epoch": event.epoch,
        "event_time": event.event_time.as_ref().and_then(time),
        "reader": text(&event.reader),
        "reader_alias": text(&event.reader_alias),
    });
    let (name, what) = match &event.event {
        None => return value,
        Some(Event::ReaderAttached(_)) => ("reader_attached", json!({})),
        Some(Event::ReaderDetached(_)) => ("reader_detached", json!({})),
        Some(Event::CardLeft(_)) => ("card_left", json!({})),
        Some(Event::ReaderMissing(missing)) => (
            "reader_missing",
            json!({ "message": text(&missing.message) }),
        ),
        Some(Event::Missed(missed)) => ("missed", json!({ "count": missed.count })),
        Some(Event::CardArrived(arrived)) => {
            let outcome = match &arrived.outcome {
                None => json!({}),
                Some(Outcome::Reading(read)) => json!({ "reading": reading(read) }),
                Some(Outcome::Failure(failure)) => json!({
                    "failure": {
                        "reason": text(&failure.reason),
                        "message": text(&failure.message),
                    },
                }),
            };
            ("card_arrived", outcome)
        }
    };
    if let Some(fields) = value.as_object_mut() {
        fields.insert(name.to_owned(), what);
    }
    value
}

/// A verdict.
pub(crate) fn verdict(answer: &v1::VerifyCardResponse) -> Value {
    json!({
        "verdict": enum_value(answer.verdict().as_str_name(), "VERDICT_"),
        "reason": text(&answer.reason),
        "message": text(&answer.message),
        "assurance": assurance(answer.assurance()),
        "data_version": answer.data_version,
        "data_time": answer.data_time.as_ref().and_then(time),
        "data_age": answer.data_age.as_ref().map(duration),
        "replaced_by": text(&answer.replaced_by),
        "reading": answer.reading.as_ref().map(reading),
    })
}

/// The answer of every call that gives the record of a card.
pub(crate) fn card_answer(card: &v1::Card) -> Value {
    json!({ "card": record(card) })
}

fn record(card: &v1::Card) -> Value {
    let student = card.student.as_ref().map(|student| {
        json!({
            "student_number": text(&student.student_number),
            "name": text(&student.name),
            "class_name": text(&student.class_name),
        })
    });
    json!({
        "card_number": text(&card.card_number),
        "uid": hexadecimal(&card.uid),
        "family": enum_value(card.family().as_str_name(), "CARD_FAMILY_"),
        "state": enum_value(card.state().as_str_name(), "CARD_STATE_"),
        "valid_from": text(&card.valid_from),
        "valid_until": text(&card.valid_until),
        "student": student,
        "replaced_by": text(&card.replaced_by),
        "replaces": text(&card.replaces),
        "issue_time": card.issue_time.as_ref().and_then(time),
        "state_time": card.state_time.as_ref().and_then(time),
        "version": card.version,
    })
}

/// The answer of every call that gives one entry of the blacklist.
pub(crate) fn entry_answer(entry: &v1::BlacklistEntry) -> Value {
    json!({ "entry": self::entry(entry) })
}

/// The cards that bear a print.
pub(crate) fn found(answer: &v1::FindCardsResponse) -> Value {
    let cards = answer.cards.iter().map(|found| {
        json!({
            "card_number": text(&found.card_number),
            "uid": hexadecimal(&found.uid),
            "forms": found.forms,
            "card": found.card.as_ref().map(record),
        })
    });
    json!({ "cards": cards.collect::<Vec<_>>(), "more": answer.more })
}

/// The forms in use.
pub(crate) fn forms(answer: &v1::ListNumberFormsResponse) -> Value {
    json!({ "forms": answer.forms.iter().map(form).collect::<Vec<_>>() })
}

fn form(form: &v1::NumberForm) -> Value {
    json!({
        "description": text(&form.description),
        "configuration": text(&form.configuration),
        "standard": form.standard,
        "in_use": form.in_use,
        "whole": form.whole,
    })
}

/// The forms that fit some cards.
pub(crate) fn taught(answer: &v1::TeachNumberFormsResponse) -> Value {
    use v1::clashing_card::Card;
    let forms = answer.forms.iter().map(|fitting| {
        let example = fitting.example.iter().map(|clashing| match &clashing.card {
            None => json!({}),
            Some(Card::CardNumber(number)) => json!({ "card_number": text(number) }),
            Some(Card::Uid(uid)) => json!({ "uid": hexadecimal(uid) }),
        });
        json!({
            "form": fitting.form.as_ref().map(form),
            "clashing_cards": fitting.clashing_cards,
            "clashing_at_least": fitting.clashing_at_least,
            "cards_without": fitting.cards_without,
            "example": example.collect::<Vec<_>>(),
        })
    });
    json!({
        "forms": forms.collect::<Vec<_>>(),
        "more": answer.more,
        "tried": answer.tried,
        "cards_on_record": answer.cards_on_record,
    })
}

/// What comparing a short number shows.
pub(crate) fn short_number(answer: &v1::CheckShortNumberResponse) -> Value {
    json!({
        "fit": enum_value(answer.fit().as_str_name(), "SHORT_NUMBER_FIT_"),
        "card": answer.card.as_ref().map(record),
    })
}

/// An entry of the blacklist.
pub(crate) fn entry(entry: &v1::BlacklistEntry) -> Value {
    use v1::blocked_card::Card;
    let card = match entry
        .card
        .as_ref()
        .and_then(|blocked| blocked.card.as_ref())
    {
        None => json!({}),
        Some(Card::CardNumber(number)) => json!({ "card_number": text(number) }),
        Some(Card::Uid(uid)) => json!({ "uid": hexadecimal(uid) }),
    };
    json!({
        "card": card,
        "reason": block_reason(entry.reason()),
        "note": text(&entry.note),
        "create_time": entry.create_time.as_ref().and_then(time),
        "version": entry.version,
    })
}

/// A page of the blacklist.
pub(crate) fn entries(answer: &v1::ListEntriesResponse) -> Value {
    json!({
        "entries": answer.entries.iter().map(entry).collect::<Vec<_>>(),
        "next_page_token": text(&answer.next_page_token),
    })
}

/// Whether a card is blocked.
pub(crate) fn check(answer: &v1::CheckCardResponse) -> Value {
    json!({
        "blocked": answer.blocked,
        "reason": block_reason(answer.reason()),
        "data_version": answer.data_version,
    })
}

/// A new token.
pub(crate) fn created_token(answer: &v1::CreateTokenResponse, secret: Option<&str>) -> Value {
    json!({
        "token": answer.token.as_ref().map(token),
        "secret": secret,
    })
}

/// The tokens.
pub(crate) fn tokens(answer: &v1::ListTokensResponse) -> Value {
    json!({ "tokens": answer.tokens.iter().map(token).collect::<Vec<_>>() })
}

fn token(token: &v1::Token) -> Value {
    json!({
        "name": text(&token.name),
        "role": enum_value(token.role().as_str_name(), "ROLE_"),
        "create_time": token.create_time.as_ref().and_then(time),
        "expire_time": token.expire_time.as_ref().and_then(time),
    })
}

/// The slots of the simulator.
pub(crate) fn slots(answer: &v1::ListSlotsResponse) -> Value {
    json!({ "slots": answer.slots.iter().map(slot).collect::<Vec<_>>() })
}

/// The answer of every call that changes one slot.
pub(crate) fn slot_answer(slot: &v1::SimulatorSlot) -> Value {
    json!({ "slot": self::slot(slot) })
}

fn slot(slot: &v1::SimulatorSlot) -> Value {
    json!({
        "slot": slot.slot,
        "attached_to": text(&slot.attached_to),
        "card_kind": text(&slot.card_kind),
    })
}

/// A text; null for the empty one.
fn text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Bytes as `1EA68671`; null for none.
fn hexadecimal(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| hex::encode_upper(bytes))
}

/// The name of an enum value without its prefix; null for the unspecified one.
fn enum_value<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let value = name.strip_prefix(prefix).unwrap_or(name);
    (value != "UNSPECIFIED").then_some(value)
}

fn assurance(level: v1::AssuranceLevel) -> Option<&'static str> {
    enum_value(level.as_str_name(), "ASSURANCE_LEVEL_")
}

fn block_reason(reason: v1::BlockReason) -> Option<&'static str> {
    enum_value(reason.as_str_name(), "BLOCK_REASON_")
}

/// A time as RFC 3339 in UTC; null for one that no calendar has.
fn time(time: &prost_types::Timestamp) -> Option<String> {
    timestamp(time).map(|time| time.to_string())
}

/// A time of the protocol; `None` for one that no calendar has.
pub(crate) fn timestamp(time: &prost_types::Timestamp) -> Option<Timestamp> {
    Timestamp::new(time.seconds, time.nanos).ok()
}

/// Seconds with as many decimals as there are, and `s`: `0.25s`.
pub(crate) fn duration(duration: &prost_types::Duration) -> String {
    let sign = if duration.seconds < 0 || duration.nanos < 0 {
        "-"
    } else {
        ""
    };
    let seconds = duration.seconds.unsigned_abs();
    let decimals = format!("{:09}", duration.nanos.unsigned_abs());
    match decimals.trim_end_matches('0') {
        "" => format!("{sign}{seconds}s"),
        decimals => format!("{sign}{seconds}.{decimals}s"),
    }
}

#[cfg(test)]
pub(crate) mod tests;
