//! What pcscd and its clients can ask about a reader.

use crate::{
    abi::{Dword, tag},
    reader::{Presence, Reader},
};

/// How many readers one library serves; pcscd itself has room for fewer.
const MOST_READERS: u8 = u8::MAX;

/// The kind of channel that PC/SC Part 3, §3.1.1 leaves to vendors.
const VENDOR_CHANNEL: u32 = 0x00F0_0000;

/// The longest command: an extended APDU.
const MAX_INPUT: u32 = 65_544;

/// The value of an attribute, as its bytes; `None` when there is none.
pub(crate) fn value(reader: &Reader, tag: Dword) -> Option<Vec<u8>> {
    let settings = &reader.settings;
    match tag {
        tag::SIMULTANEOUS_ACCESS => Some(vec![MOST_READERS]),
        tag::THREAD_SAFE | tag::SLOT_THREAD_SAFE | tag::SLOTS_NUMBER => Some(vec![1]),
        tag::POLLING_THREAD_KILLABLE => Some(vec![0]),
        tag::VENDOR_NAME => Some(text(&settings.vendor)),
        tag::VENDOR_IFD_TYPE => Some(text(&settings.model)),
        tag::VENDOR_IFD_SERIAL_NO => settings.serial.as_deref().map(text),
        tag::VENDOR_IFD_VERSION => Some(number(settings.version)),
        tag::CHANNEL_ID => {
            let channel = settings.channel;
            Some(number(
                channel.unwrap_or(VENDOR_CHANNEL | u32::from(reader.number)),
            ))
        }
        tag::MAXINPUT => Some(number(MAX_INPUT)),
        tag::ATR | tag::ATR_STRING => {
            let inside = reader.lock();
            let has_one = inside.presence() == Presence::Present && !inside.atr.is_empty();
            has_one.then(|| inside.atr.clone())
        }
        // 0 no card, 2 a card that is in place (PC/SC Part 3, §3.1.1).
        tag::ICC_PRESENCE => Some(match reader.lock().presence() {
            Presence::Present => vec![2],
            Presence::Absent | Presence::Unplugged => vec![0],
        }),
        tag::ICC_INTERFACE_STATUS => Some(vec![u8::from(!reader.lock().atr.is_empty())]),
        _ => None,
    }
}

/// Texts end with a zero, as those of drivers for devices do.
fn text(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    bytes
}

/// Numbers are in the machine's own order.
fn number(number: u32) -> Vec<u8> {
    number.to_ne_bytes().to_vec()
}
