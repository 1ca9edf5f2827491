//! No command, and no series of commands, makes any card panic.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "in a test a panic is the failure"
)]

use proptest::prelude::*;
use xueka_simulator::{Fault, ReaderStyle, VirtualCard};
use xueka_transport::CardTransport;

/// Cards of every kind, some of them with faults or strange contents.
fn cards() -> Vec<VirtualCard> {
    vec![
        VirtualCard::transit("1000751012345678").log_record([1; 23]),
        VirtualCard::transit("x").file(4, []).file(5, vec![7; 300]),
        VirtualCard::t_union("3104870012345678901"),
        VirtualCard::t_union("")
            .file(21, vec![0; 1000])
            .select_answer(vec![0x6F; 500]),
        VirtualCard::city_union("1"),
        VirtualCard::mifare_classic_1k()
            .block(u16::MAX, [1; 16])
            .keys(u16::MAX, [1; 6], [2; 6]),
        VirtualCard::mifare_classic_4k()
            .reader_style(ReaderStyle::Acs)
            .access(3, [0; 4]),
        VirtualCard::mifare_classic_mini().uid([4, 1, 2, 3, 4, 5, 6]),
        VirtualCard::ultralight(),
        VirtualCard::ntag213().uid([]),
        VirtualCard::desfire().random_uid(),
        VirtualCard::desfire()
            .desfire_key([1, 2, 3], 0, [7; 16])
            .desfire_file([1, 2, 3], 1, (0, 0xEEEE), [1; 8]),
        VirtualCard::campus("20240017"),
        VirtualCard::fm1208(),
        VirtualCard::fm1208_combined(),
        VirtualCard::from_toml("kind = 'fm1208'\nblank = true").unwrap(),
        VirtualCard::cpu_tid(),
        VirtualCard::iso14443_4().historical_bytes([1; 40]),
        VirtualCard::iso15693(),
        VirtualCard::felica().uid(vec![9; 300]),
        VirtualCard::contact(),
        VirtualCard::transit("1")
            .fault(2, Fault::EndlessMore)
            .fault(3, Fault::OneByteResponse),
        VirtualCard::transit("1").fault(1, Fault::EndlessWrongLength),
        VirtualCard::transit("1")
            .fault(2, Fault::Swap { uid: vec![] })
            .fault(4, Fault::HalfResponse),
        VirtualCard::transit("1").fault(2, Fault::OverlongResponse { n_bytes: u16::MAX }),
    ]
}

/// Commands near enough to real ones to get far into a card.
fn command() -> impl Strategy<Value = Vec<u8>> {
    let near = (
        prop::sample::select(vec![0x00, 0x04, 0x80, 0x84, 0x90, 0xE0, 0xFF]),
        prop::sample::select(vec![
            0x0E, 0x20, 0x24, 0x5C, 0x5E, 0x60, 0x82, 0x84, 0x86, 0x88, 0xA4, 0xAF, 0xB0, 0xB2,
            0xAA, 0xBB, 0xBD, 0xC0, 0xC4, 0xC7, 0xCA, 0xCC, 0xCD, 0xD4, 0xDA, 0x3B, 0x3D, 0x0C,
            0x45, 0x51, 0x5A, 0x6C, 0x71, 0xD6, 0xDC, 0xE0, 0xE2,
        ]),
        any::<[u8; 2]>(),
        prop::collection::vec(any::<u8>(), 0..24),
        prop::option::of(any::<u8>()),
    );
    let near = near.prop_map(|(cla, ins, [p1, p2], data, le)| {
        let mut command = vec![cla, ins, p1, p2];
        if let Ok(lc @ 1..) = u8::try_from(data.len()) {
            command.push(lc);
            command.extend(data);
        }
        command.extend(le);
        command
    });
    prop_oneof![near, prop::collection::vec(any::<u8>(), 0..300)]
}

proptest! {
    #[test]
    fn a_card_answers_anything_with_a_status_word_or_a_fault(
        commands in prop::collection::vec(command(), 1..20),
    ) {
        for mut card in cards() {
            let mut response = Vec::new();
            for command in &commands {
                if card.transmit(command, &mut response).is_ok() {
                    prop_assert!(response.len() >= 2, "{card:?}");
                } else {
                    prop_assert!(response.is_empty(), "{card:?}");
                }
            }
        }
    }

    #[test]
    fn the_same_commands_bring_the_same_answers_again(
        commands in prop::collection::vec(command(), 1..20),
    ) {
        for card in cards().into_iter().take(9) {
            let (mut first, mut second) = (card.clone(), card);
            for command in &commands {
                let (mut one, mut other) = (Vec::new(), Vec::new());
                first.transmit(command, &mut one).ok();
                second.transmit(command, &mut other).ok();
                prop_assert_eq!(one, other);
            }
        }
    }
}
