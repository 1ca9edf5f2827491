//! A school whose profile has a place on every kind of chip.

use std::sync::OnceLock;

use xueka_cards::{KeyRing, NoRandomness, ProfileText, ReadingProfile};

const PROFILE: &str = r#"
    name = "School"
    source = "made up"
    [[mifare_classic]]
    keys = [{ name = "k", kind = "B" }, { name = "k", kind = "A" }]
    number = { sector = 1, block = 0, offset = 0, length = 8, coding = "ascii" }
    valid_from = { sector = 1, block = 1, offset = 0, coding = "bcd-yymmdd" }
    [[ultralight]]
    number = { page = 20, offset = 1, length = 8, coding = "ascii" }
    valid_until = { page = 29, offset = 0, coding = "ascii-yyyymmdd" }
    [[ultralight]]
    ndef_text = { prefix = "No. " }
    [[cpu]]
    directory = "3F01"
    number = { sfi = 21, offset = 0, length = 8, coding = "ascii" }
    internal_authentication = { key_id = 0, key = "d" }
    [[cpu]]
    number = { file = "0016", record = 1, offset = 0, length = 8, coding = "bcd" }
    [[desfire]]
    application = "123456"
    key = "a"
    key_number = 1
    real_uid = true
    number = { file = 2, communication = "full", offset = 4, length = 8, coding = "ascii" }
    valid_until = { file = 3, communication = "mac", offset = 0, coding = "bcd-yyyymmdd" }
    [[desfire]]
    application = "123457"
    key = "a"
    key_number = 1
    authentication = "ev1"
    number = { file = 2, communication = "full", offset = 0, length = 8, coding = "integer" }
    [[desfire]]
    application = "123458"
    number = { file = 2, communication = "plain", offset = 0, length = 8, coding = "ascii" }
"#;

/// The same school as one that writes its cards.
const WRITER: &str = r#"
    name = "Writer"
    source = "made up"
    [[mifare_classic]]
    keys = [{ name = "k", kind = "A" }]
    copies = { first = { sector = 1, block = 0 }, second = { sector = 2, block = 0 }, blocks = 2 }
    number = { offset = 0, length = 8, coding = "bcd" }
    valid_until = { offset = 8, coding = "bcd-yymmdd" }
    [mifare_classic.write]
    keys = [{ name = "f", kind = "A" }]
    trailer = { key_a = "k", key_b = "f", data = "100", trailer = "011" }
    [[ultralight]]
    copies = { first = 5, second = 11, pages = 5 }
    number = { offset = 0, length = 8, coding = "bcd" }
    [ultralight.write]
    [[cpu]]
    application = "5855454B412E4341524453"
    copies = { first = { sfi = 21 }, second = { sfi = 22 }, length = 20 }
    number = { offset = 0, length = 8, coding = "bcd" }
    internal_authentication = { key_id = 0, key = "d" }
    [cpu.write]
    key = { name = "d", id = 1 }
    make = { directory = "3F02", card_key = { name = "delivered", id = 0 } }
    [[desfire]]
    application = "123456"
    key = "a"
    key_number = 1
    number = { file = 2, communication = "full", offset = 0, length = 8, coding = "bcd" }
    valid_until = { file = 3, communication = "mac", offset = 0, coding = "bcd-yyyymmdd" }
    [desfire.write]
    key = { name = "b", number = 2 }
    factory_key = "zeros"
    master_key = { name = "m" }
    card_key = { name = "c" }
"#;

const KEYS: &str = r#"
    k = "A0A1A2A3A4A5"
    f = "FFFFFFFFFFFF"
    d = "3des:00112233445566778899AABBCCDDEEFF"
    delivered = "des:FFFFFFFFFFFFFFFF"
    a = "aes:000102030405060708090A0B0C0D0E0F"
    b = "aes:101112131415161718191A1B1C1D1E1F"
    m = "aes:202122232425262728292A2B2C2D2E2F"
    c = "aes:303132333435363738393A3B3C3D3E3F"
    zeros = "aes:00000000000000000000000000000000"
"#;

/// The school's keys.
///
/// # Panics
///
/// Never: the text is a constant.
#[must_use]
pub fn keys() -> &'static KeyRing {
    static KEY_RING: OnceLock<KeyRing> = OnceLock::new();
    KEY_RING.get_or_init(|| KeyRing::from_text(KEYS).expect("the keys are in order"))
}

/// The school's profile, with random bytes that are not.
///
/// # Panics
///
/// Never: the text is a constant.
#[must_use]
pub fn profile() -> &'static ReadingProfile {
    static SCHOOL: OnceLock<ReadingProfile> = OnceLock::new();
    SCHOOL.get_or_init(|| {
        let text = ProfileText {
            file: "school.toml",
            text: PROFILE,
        };
        let profile = ReadingProfile::new(&[text], keys()).expect("the profile is in order");
        profile.with_randomness(same_bytes)
    })
}

/// The profile by which the school writes.
///
/// # Panics
///
/// Never: the text is a constant.
#[must_use]
pub fn writer() -> &'static ReadingProfile {
    static WRITING: OnceLock<ReadingProfile> = OnceLock::new();
    WRITING.get_or_init(|| {
        let text = ProfileText {
            file: "writer.toml",
            text: WRITER,
        };
        let profile = ReadingProfile::new(&[text], keys()).expect("the profile is in order");
        profile.with_randomness(same_bytes)
    })
}

/// What takes the place of random bytes.
///
/// # Errors
///
/// None.
pub fn same_bytes(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    bytes.fill(0x5A);
    Ok(())
}
