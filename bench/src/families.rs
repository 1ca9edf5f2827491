//! One virtual card of each family, and the profile by which it is read.

use xueka_cards::{KeyRing, NoRandomness, ProfileText, ReadingProfile};
use xueka_simulator::VirtualCard;

/// A card that everything about its family is measured with.
pub(crate) struct Family {
    /// The virtual card's kind, with what is special about it.
    pub(crate) name: &'static str,
    pub(crate) card: VirtualCard,
    pub(crate) profile: ReadingProfile,
}

/// Where a school keeps numbers on chips of which no layout is published.
const SCHOOL: &str = r#"
    name = "School"
    source = "made up"
    [[mifare_classic]]
    keys = [{ name = "sector", kind = "A" }]
    number = { sector = 1, block = 0, offset = 0, length = 8, coding = "ascii" }
    [[ultralight]]
    ndef_text = { prefix = "No. " }
    [[cpu]]
    directory = "3F01"
    number = { sfi = 21, offset = 0, length = 8, coding = "ascii" }
    internal_authentication = { key_id = 0, key = "internal" }
    [[desfire]]
    application = "123456"
    number = { file = 2, communication = "plain", offset = 0, length = 8, coding = "ascii" }
"#;

const KEYS: &str = r#"
    sector = "A0A1A2A3A4A5"
    internal = "3des:00112233445566778899AABBCCDDEEFF"
"#;

/// The transit card that most timings are taken with.
pub(crate) fn transit_card() -> VirtualCard {
    VirtualCard::transit("1000751012345678").uid([0x3A, 0x5C, 0x7E, 0x91])
}

/// One card of each family that can be simulated: as a desk without profiles
/// meets it, then those that are read by the profile of a school.
pub(crate) fn all() -> anyhow::Result<Vec<Family>> {
    let published = [
        ("transit-cpu", transit_card()),
        ("t-union", VirtualCard::t_union("3104870012345678901")),
        ("city-union", VirtualCard::city_union("12345678")),
        ("mifare-classic-1k", VirtualCard::mifare_classic_1k()),
        ("mifare-classic-4k", VirtualCard::mifare_classic_4k()),
        ("mifare-classic-mini", VirtualCard::mifare_classic_mini()),
        ("ultralight", VirtualCard::ultralight()),
        ("ntag213", VirtualCard::ntag213()),
        ("desfire", VirtualCard::desfire()),
        (
            "desfire with random UID",
            VirtualCard::desfire().random_uid(),
        ),
        ("other iso14443-4", VirtualCard::iso14443_4()),
        ("iso15693", VirtualCard::iso15693()),
        ("felica", VirtualCard::felica()),
        ("contact", VirtualCard::contact()),
    ];
    let of_school = [
        ("mifare-classic-1k of a school", school_classic()),
        ("ntag213 with NDEF text", school_ntag()),
        ("fm1208 of a school", VirtualCard::fm1208()),
        ("desfire of a school", school_desfire()),
    ];
    let school = school_profile()?;
    let family = |profile: &ReadingProfile| {
        let profile = profile.clone();
        move |(name, card)| Family {
            name,
            card,
            profile: profile.clone(),
        }
    };
    let published = published
        .into_iter()
        .map(family(&ReadingProfile::default()));
    Ok(published
        .chain(of_school.into_iter().map(family(&school)))
        .collect())
}

fn school_profile() -> anyhow::Result<ReadingProfile> {
    let text = ProfileText {
        file: "school.toml",
        text: SCHOOL,
    };
    let profile = ReadingProfile::new(&[text], &KeyRing::from_text(KEYS)?)?;
    Ok(profile.with_randomness(same_challenge))
}

/// The same challenge each time, so that plain C can send the same commands.
#[allow(clippy::unnecessary_wraps, reason = "the seam can fail")]
fn same_challenge(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    bytes.fill(0x5A);
    Ok(())
}

fn school_classic() -> VirtualCard {
    let key = [0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5];
    VirtualCard::mifare_classic_1k()
        .keys(1, key, [0xFF; 6])
        .block(4, *b"20240017\0\0\0\0\0\0\0\0")
}

/// The text `No. 20240017`, in Chinese as the language code has it.
fn school_ntag() -> VirtualCard {
    VirtualCard::ntag213()
        .page(4, [0x03, 0x13, 0xD1, 0x01])
        .page(5, [0x0F, b'T', 0x02, b'z'])
        .page(6, *b"hNo.")
        .page(7, *b" 202")
        .page(8, *b"4001")
        .page(9, [b'7', 0xFE, 0x00, 0x00])
}

fn school_desfire() -> VirtualCard {
    let application = [0x56, 0x34, 0x12];
    VirtualCard::desfire().desfire_file(application, 2, (0, 0xEFFF), *b"20240017")
}
