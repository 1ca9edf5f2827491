//! Copies of the blacklist and who has them, as JSON.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};
use xueka_api::v1;
use xueka_blacklist::{ListSigner, Snapshot};
use xueka_client::{Difference, OfflineAnswer};
use xueka_domain::CardKey;

use super::{block_reason, entry, text, time};

/// A copy of the blacklist.
pub(crate) fn list_copy(snapshot: &Snapshot, now: Timestamp) -> Value {
    let header = snapshot.header();
    json!({
        "epoch": header.epoch,
        "version": header.version,
        "made_time": header.made_time.to_string(),
        "age": seconds(now.duration_since(header.made_time).as_secs()),
        "fresh_for": seconds(i64::try_from(header.fresh_for.as_secs()).unwrap_or(i64::MAX)),
        "keys": header.n_keys,
        "entries": header.n_entries,
        "fingerprint": header.fingerprint.to_string(),
        "key_id": header.key.to_string(),
    })
}

fn seconds(seconds: i64) -> String {
    format!("{seconds}s")
}

/// What a copy says of a card.
pub(crate) fn offline_answer(answer: &OfflineAnswer, reason: Option<v1::BlockReason>) -> Value {
    json!({
        "blocked": answer.terms.is_some(),
        "reason": reason.and_then(block_reason),
        "epoch": answer.mark.epoch,
        "data_version": answer.mark.version,
        "data_time": answer.mark.made_time.to_string(),
        "data_age": seconds(i64::try_from(answer.age.as_secs()).unwrap_or(i64::MAX)),
    })
}

/// In which entries two lists differ.
pub(crate) fn difference(
    first: &Snapshot,
    second: &Snapshot,
    difference: &Difference,
    now: Timestamp,
) -> Value {
    json!({
        "same": difference.is_empty(),
        "first": list_copy(first, now),
        "second": list_copy(second, now),
        "only_in_first": cards(&difference.only_in_first),
        "only_in_second": cards(&difference.only_in_second),
        "on_other_terms": cards(&difference.on_other_terms),
    })
}

fn cards(cards: &[CardKey]) -> Vec<Value> {
    let cards = cards.iter().map(|key| match key {
        CardKey::Number(number) => json!({ "card_number": number.reveal() }),
        CardKey::Uid(uid) => json!({ "uid": hex::encode_upper(uid.reveal()) }),
    });
    cards.collect()
}

/// A key that signs lists, without its secret.
pub(crate) fn list_key(signer: &ListSigner, file: &Path) -> Value {
    json!({
        "public_key": signer.public_text().trim_end(),
        "key_id": signer.id().to_string(),
        "file": file.to_string_lossy(),
    })
}

/// Who has which block.
pub(crate) fn deliveries(answer: &v1::ListDeliveriesResponse) -> Value {
    let subscribers = answer.subscribers.iter().map(|subscriber| {
        json!({
            "name": text(&subscriber.name),
            "epoch": subscriber.epoch,
            "version": subscriber.version,
            "acknowledge_time": subscriber.acknowledge_time.as_ref().and_then(time),
            "heard_time": subscriber.heard_time.as_ref().and_then(time),
        })
    });
    let deliveries = answer.deliveries.iter().map(|delivery| {
        let receipts = delivery.receipts.iter().map(|receipt| {
            json!({
                "subscriber": text(&receipt.subscriber),
                "receive_time": receipt.receive_time.as_ref().and_then(time),
            })
        });
        json!({
            "entry": delivery.entry.as_ref().map(entry),
            "receipts": receipts.collect::<Vec<_>>(),
            "behind": delivery.behind,
        })
    });
    let mark = answer.mark.as_ref();
    json!({
        "epoch": mark.map(|mark| mark.epoch),
        "version": mark.map(|mark| mark.version),
        "made_time": mark.and_then(|mark| mark.made_time.as_ref()).and_then(time),
        "subscribers": subscribers.collect::<Vec<_>>(),
        "deliveries": deliveries.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use xueka_blacklist::{Blacklist, Change, Entry, Issue, ListVerifier, Terms};
    use xueka_domain::BlockReason;

    use super::*;
    use crate::shapes::tests::{documented, lost_entry};

    fn signer() -> ListSigner {
        ListSigner::new(&[7; 32])
    }

    fn made() -> Timestamp {
        Timestamp::from_second(1_790_000_100).unwrap()
    }

    fn number() -> CardKey {
        CardKey::Number("1000751012345678".parse().unwrap())
    }

    fn snapshot() -> Snapshot {
        let mut list = Blacklist::default();
        let entry = Entry {
            key: number(),
            terms: Terms::of(BlockReason::Lost),
        };
        list.change(&[Change::Block(entry)]).unwrap();
        list.advance_to(12);
        let issue = Issue {
            epoch: 1_789_999_200,
            made_time: made(),
            fresh_for: Duration::from_hours(24),
        };
        let bytes = Snapshot::sign(&list, &issue, &signer());
        let trusted = ListVerifier::new(&[signer().public()]).unwrap();
        Snapshot::open_at_any_age(&bytes, &trusted).unwrap()
    }

    fn now() -> Timestamp {
        made() + jiff::SignedDuration::from_secs(30)
    }

    #[test]
    fn copies_are_as_documented() {
        let snapshot = snapshot();
        assert_eq!(list_copy(&snapshot, now()), documented("blacklist pull"));
        let answer = OfflineAnswer {
            terms: Some(Terms::of(BlockReason::Lost)),
            mark: snapshot.header().mark(),
            age: Duration::from_secs(30),
        };
        let answer = offline_answer(&answer, Some(v1::BlockReason::Lost));
        assert_eq!(answer, documented("blacklist check --offline"));
        let key = list_key(&signer(), Path::new("blacklist.key"));
        assert_eq!(key, documented("blacklist key new"));
    }

    #[test]
    fn a_difference_is_as_documented() {
        let snapshot = snapshot();
        let uid = CardKey::Uid("9B27D4E6".parse().unwrap());
        let found = Difference {
            only_in_first: vec![number()],
            only_in_second: vec![uid],
            on_other_terms: Vec::new(),
        };
        let told = difference(&snapshot, &snapshot, &found, now());
        let mut expected = documented("blacklist compare");
        for list in ["first", "second"] {
            expected[list] = documented("blacklist pull");
        }
        assert_eq!(told, expected);
    }

    #[test]
    fn deliveries_are_as_documented() {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let answer = v1::ListDeliveriesResponse {
            mark: Some(v1::BlacklistMark {
                epoch: 1_789_999_200,
                version: 13,
                made_time: at(1_790_000_160),
            }),
            subscribers: vec![v1::Subscriber {
                name: "token:gate-3".to_owned(),
                epoch: 1_789_999_200,
                version: 12,
                acknowledge_time: at(1_790_000_100),
                heard_time: at(1_790_000_160),
            }],
            deliveries: vec![v1::Delivery {
                entry: Some(lost_entry()),
                receipts: vec![v1::Receipt {
                    subscriber: "token:gate-3".to_owned(),
                    receive_time: at(1_790_000_100),
                }],
                behind: vec!["token:gate-4".to_owned()],
            }],
        };
        assert_eq!(deliveries(&answer), documented("blacklist delivery"));
    }
}
