//! What comes over the wire between a virtual reader and its player.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_transport::wire::{DriverMessage, Inbox, PlayerMessage};

fuzz_target!(|bytes: &[u8]| {
    let mut inbox = Inbox::default();
    for piece in bytes.chunks(7) {
        inbox.extend(piece);
        while let Ok(Some(frame)) = inbox.next_frame() {
            let _ = DriverMessage::decode(frame.clone());
            let _ = PlayerMessage::decode(frame);
        }
    }
});
