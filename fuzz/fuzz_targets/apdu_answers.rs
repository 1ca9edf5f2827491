//! Responses and the BER-TLV in them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_apdu::{Response, tlv};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(response) = Response::parse(bytes) {
        let word = response.status_word;
        let _ = (word.bytes_left(), word.right_length());
        assert_eq!(response.data.len() + 2, bytes.len());
    }
    let n_elements = tlv::elements(bytes).take_while(Result::is_ok).count();
    assert!(
        n_elements <= bytes.len(),
        "an element takes a byte at least"
    );
    let _ = tlv::find(bytes, &[0x6F, 0xA5, 0x9F0C]);
});
