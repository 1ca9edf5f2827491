//! The published blacklist and who has it, as the protocol says them.

use std::collections::HashSet;

use jiff::Timestamp;
use xueka_api::v1;
use xueka_blacklist::Mark;
use xueka_desk::{Deliveries, Delivery};
use xueka_registry::Subscriber;

use super::{entry, timestamp};
use crate::status::ServiceError;

/// How far a list has come.
pub(crate) fn mark(mark: Mark) -> v1::BlacklistMark {
    v1::BlacklistMark {
        epoch: mark.epoch,
        version: mark.version,
        made_time: Some(timestamp(mark.made_time)),
    }
}

/// How far the list at hand has come, from a request. Without a time it is as old
/// as can be.
pub(crate) fn held_mark(mark: v1::BlacklistMark) -> Result<Mark, ServiceError> {
    let made_time = mark.made_time.map(|time| {
        let made_time = Timestamp::new(time.seconds, time.nanos);
        made_time.map_err(|_| ServiceError::argument("held.made_time", "no such time"))
    });
    Ok(Mark {
        epoch: mark.epoch,
        version: mark.version,
        made_time: made_time.transpose()?.unwrap_or(Timestamp::MIN),
    })
}

/// Who has which blocks.
pub(crate) fn deliveries(deliveries: &Deliveries) -> v1::ListDeliveriesResponse {
    let subscribers = &deliveries.subscribers;
    let told = deliveries.deliveries.iter();
    v1::ListDeliveriesResponse {
        mark: Some(mark(deliveries.mark)),
        subscribers: subscribers.iter().map(subscriber).collect(),
        deliveries: told.map(|it| delivery(it, subscribers)).collect(),
    }
}

fn subscriber(subscriber: &Subscriber) -> v1::Subscriber {
    v1::Subscriber {
        name: subscriber.name.as_str().to_owned(),
        epoch: subscriber.held.epoch,
        version: subscriber.held.version,
        acknowledge_time: Some(timestamp(subscriber.acknowledge_time)),
        heard_time: Some(timestamp(subscriber.heard_time)),
    }
}

fn delivery(delivery: &Delivery, subscribers: &[Subscriber]) -> v1::Delivery {
    let have: HashSet<&str> = delivery
        .receipts
        .iter()
        .map(|receipt| receipt.subscriber.as_str())
        .collect();
    let names = subscribers
        .iter()
        .map(|subscriber| subscriber.name.as_str());
    let receipts = delivery.receipts.iter().map(|receipt| v1::Receipt {
        subscriber: receipt.subscriber.as_str().to_owned(),
        receive_time: Some(timestamp(receipt.time)),
    });
    v1::Delivery {
        entry: Some(entry(&delivery.entry)),
        receipts: receipts.collect(),
        behind: names
            .filter(|name| !have.contains(name))
            .map(str::to_owned)
            .collect(),
    }
}
