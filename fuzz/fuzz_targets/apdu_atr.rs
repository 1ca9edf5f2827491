//! ATR and ATS: every way of taking them apart.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xueka_apdu::{Atr, AtrAnatomy, AtrClaim, Ats, HistoricalBytes, StorageCard, TypeBAnswer};

fuzz_target!(|bytes: &[u8]| {
    let anatomy = AtrAnatomy::of(bytes);
    for byte in anatomy.interface() {
        let _ = byte.meaning();
    }
    let _ = (anatomy.check(), anatomy.n_missing(), anatomy.extra());
    look_into(anatomy.historical());
    if let Ok(atr) = Atr::parse(bytes) {
        assert_eq!(atr.as_bytes(), bytes);
        let _ = (atr.tck(), atr.is_contactless_form());
        let _ = StorageCard::from_atr(&atr);
    }
    let _ = AtrClaim::of(bytes).sak();
    let _ = TypeBAnswer::of(bytes).map(|answer| answer.frame_size());
    if let Ok(ats) = Ats::parse(bytes) {
        let _ = ats.frame_size();
        look_into(ats.historical());
    }
});

fn look_into(historical: HistoricalBytes<'_>) {
    let _ = (historical.category(), historical.status());
    let n_bytes: usize = historical.objects().map(|object| object.value.len()).sum();
    assert!(n_bytes <= historical.as_bytes().len());
}
