//! Entries of the blacklist, as the protocol says them.

use xueka_api::v1::{self, blocked_card::Card};
use xueka_domain::{BlockReason, CardKey};
use xueka_registry::BlacklistEntry;

use crate::status::ServiceError;

/// The number or UID that a request means.
pub(crate) fn key_of(card: Option<v1::BlockedCard>) -> Result<CardKey, ServiceError> {
    match card.and_then(|card| card.card) {
        Some(Card::CardNumber(text)) => super::card_number("card.card_number", &text),
        Some(Card::Uid(bytes)) => super::uid("card.uid", &bytes),
        None => Err(ServiceError::argument(
            "card",
            "a card number or a UID is needed",
        )),
    }
}

/// A number or UID in the words of the protocol.
pub(crate) fn blocked_card(key: CardKey) -> v1::BlockedCard {
    let card = match key {
        CardKey::Number(number) => Card::CardNumber(number.reveal()),
        CardKey::Uid(uid) => Card::Uid(uid.reveal().to_vec()),
    };
    v1::BlockedCard { card: Some(card) }
}

/// An entry in the words of the protocol.
pub(crate) fn entry(entry: &BlacklistEntry) -> v1::BlacklistEntry {
    let note = entry.note.as_ref();
    v1::BlacklistEntry {
        card: Some(blocked_card(entry.key)),
        reason: block_reason(entry.reason).into(),
        note: note
            .map(|note| note.reveal().to_owned())
            .unwrap_or_default(),
        create_time: Some(super::timestamp(entry.create_time)),
        version: entry.version,
    }
}

/// A reason in the words of the protocol.
pub(crate) fn block_reason(reason: BlockReason) -> v1::BlockReason {
    match reason {
        BlockReason::ByHand => v1::BlockReason::ByHand,
        BlockReason::Lost => v1::BlockReason::Lost,
        BlockReason::Damaged => v1::BlockReason::Damaged,
        BlockReason::Replaced => v1::BlockReason::Replaced,
        BlockReason::Cancelled => v1::BlockReason::Cancelled,
        BlockReason::Spoilt => v1::BlockReason::Spoilt,
    }
}
