//! What is known of memory chips as plain values: access bits, block 0, the
//! capability container, the blocks of a data area.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_cards::{
    mifare::{AccessBits, ManufacturerBlock},
    type2::{CapabilityContainer, find_ndef},
};

fuzz_target!(|bytes: &[u8]| {
    if let Some(access) = bytes.first_chunk()
        && let Ok(bits) = AccessBits::decode(*access)
    {
        assert_eq!(bits.encode(), *access, "whole access bits come back");
        let _ = (bits.key_b_opens(), bits.trailer().of_trailer());
    }
    if let Some(block) = bytes.first_chunk() {
        let block = ManufacturerBlock::new(*block);
        let _ = block.has_right_check_byte();
        for length in [0, 4, 7, 10, 16, usize::MAX] {
            let _ = (block.sak(length), block.atqa(length));
            let _ = block.begins_with(bytes.get(..length).unwrap_or(bytes));
        }
    }
    if let Some(page) = bytes.first_chunk()
        && let Some(container) = CapabilityContainer::parse(*page)
    {
        let n_bytes = container.n_data_bytes();
        let _ = find_ndef(bytes.get(4..).unwrap_or_default(), n_bytes);
    }
    let _ = find_ndef(bytes, bytes.len());
});
