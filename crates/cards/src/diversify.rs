//! A card's own key from a master key and what names the card.
//!
//! The input is 1 to 31 bytes for AES and 1 to 15 for triple DES: usually the
//! UID, then an application's identifier and a name of the system. One who
//! opens a chip and gets its key has the key of that chip alone.
//!
//! Source: NXP AN10922, revision 2.2, §2.2 (AES-128) and §2.4 (two-key triple
//! DES).

use xueka_domain::Uid;
use zeroize::Zeroizing;

use crate::{
    Key, MifareKey,
    crypto::{AesCipher, DesCipher, Padding, cmac},
    profile::place::{KeyInput, ProfileKey},
};

/// The first byte of what is summed: one value for each half of each kind.
const AES_128: u8 = 0x01;
const DOUBLE_DES_LEFT: u8 = 0x21;
const DOUBLE_DES_RIGHT: u8 = 0x22;

/// The most bytes of input: with the first byte they make two blocks.
pub(crate) const MAX_AES_INPUT: usize = 31;
pub(crate) const MAX_DES_INPUT: usize = 15;

/// The key of one card: the profile's own, or made from it. `None` when it is
/// made from a UID that is not known, or the input does not fit.
///
/// `application` is the application's name, as the profile writes it.
pub(crate) fn card_key(key: &ProfileKey, uid: Option<Uid>, application: &[u8]) -> Option<Key> {
    if key.diversified_by.is_empty() {
        return Some(key.key.clone());
    }
    let mut input = Vec::new();
    for part in &key.diversified_by {
        match part {
            // A UID that is new at each tap would make another key each time.
            KeyInput::Uid => input.extend(uid.filter(|uid| !uid.is_random())?.reveal()),
            KeyInput::Application => input.extend(application),
            KeyInput::Bytes(bytes) => input.extend(bytes),
        }
    }
    match &key.key {
        Key::Aes128(master) => {
            aes_128(master.reveal(), &input).map(|key| Key::Aes128((*key).into()))
        }
        Key::DoubleDes(master) => {
            double_des(master.reveal(), &input).map(|key| Key::DoubleDes((*key).into()))
        }
        Key::Des(_) | Key::Mifare(_) | Key::Password(_) => None,
    }
}

/// The key of one card's MIFARE Classic sectors: the profile's own, or the first
/// six bytes of the key that AN10922 makes of an AES one. `None` where
/// [`card_key`] gives none, or the key is for another cipher.
///
/// The note itself has no form for six bytes.
pub(crate) fn sector_key(key: &ProfileKey, uid: Option<Uid>) -> Option<MifareKey> {
    match (card_key(key, uid, &[])?, key.diversified_by.is_empty()) {
        (Key::Mifare(key), true) => Some(key),
        (Key::Aes128(key), false) => key.reveal().first_chunk().copied().map(MifareKey::from),
        _ => None,
    }
}

/// A card's AES key; `None` when the input is empty or too long.
pub(crate) fn aes_128(master: &[u8; 16], input: &[u8]) -> Option<Zeroizing<[u8; 16]>> {
    if !(1..=MAX_AES_INPUT).contains(&input.len()) {
        return None;
    }
    let message = [&[AES_128], input].concat();
    let key = cmac(
        &AesCipher::new(master),
        [0; 16],
        &message,
        Padding::ToTwoBlocks,
    );
    Some(Zeroizing::new(key))
}

/// A card's triple DES key of two parts; `None` when the input is empty or too
/// long. Parity bits, in which some systems keep a version, are as they come
/// out: they count for nothing in the cipher.
pub(crate) fn double_des(master: &[u8; 16], input: &[u8]) -> Option<Zeroizing<[u8; 16]>> {
    if !(1..=MAX_DES_INPUT).contains(&input.len()) {
        return None;
    }
    let cipher = DesCipher::double(master);
    let mut key = Zeroizing::new([0; 16]);
    let halves = [DOUBLE_DES_LEFT, DOUBLE_DES_RIGHT];
    for (place, first) in key.chunks_exact_mut(8).zip(halves) {
        let message = [&[first], input].concat();
        let half = cmac(&cipher, [0; 8], &message, Padding::ToTwoBlocks);
        place.copy_from_slice(&half);
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// UID, application 3042F5, then the name of the system, cut to what fits.
    const INPUT: &str = "04782E21801D803042F54E585020416275";

    fn master() -> [u8; 16] {
        let key = hex::decode("00112233445566778899AABBCCDDEEFF").unwrap();
        key.try_into().unwrap()
    }

    #[test]
    fn keys_are_those_of_the_application_note() {
        let input = hex::decode(INPUT).unwrap();
        let key = aes_128(&master(), &input).unwrap();
        assert_eq!(hex::encode_upper(key), "A8DD63A3B89D54B37CA802473FDA9175");

        // AN10922, §2.4.1: written there with the version 55 of the master key
        // in its parity bits, which are left out here.
        let key = double_des(&master(), &input[..15]).unwrap();
        let noted = hex::decode("16F9587D9E8910C96B9649D007107DD6").unwrap();
        let without_parity = |key: &[u8]| key.iter().map(|byte| byte & 0xFE).collect::<Vec<_>>();
        assert_eq!(without_parity(&*key), without_parity(&noted));
    }

    #[test]
    fn a_short_input_is_padded_to_two_blocks() {
        // NXP AN10957, §3: a UID alone.
        let master = hex::decode("F3F9377698707B688EAF84ABE39E3791").unwrap();
        let uid = hex::decode("04DEADBEEFFEED").unwrap();
        let key = aes_128(&master.try_into().unwrap(), &uid).unwrap();
        assert_eq!(hex::encode_upper(key), "0BB408BAFF98B6EE9F2E1585777F6A51");
    }

    #[test]
    fn only_an_input_that_fits_makes_a_key() {
        let cases = [(0, false, false), (1, true, true), (15, true, true)];
        for (n_bytes, aes, des) in
            cases
                .into_iter()
                .chain([(16, true, false), (31, true, false), (32, false, false)])
        {
            let input = vec![0x5A; n_bytes];
            assert_eq!(aes_128(&master(), &input).is_some(), aes, "{n_bytes}");
            assert_eq!(double_des(&master(), &input).is_some(), des, "{n_bytes}");
        }
    }

    #[test]
    fn a_profile_says_what_a_key_is_made_from() {
        let uid = "04782E21801D80".parse::<Uid>().ok();
        let random = "08A1B2C3".parse::<Uid>().ok();
        let application = [0x30, 0x42, 0xF5];
        let system = hex::decode("4E585020416275").unwrap();
        let parts = || {
            [
                KeyInput::Uid,
                KeyInput::Application,
                KeyInput::Bytes(system.clone().into()),
            ]
        };
        let key = |diversified_by: Box<[KeyInput]>| ProfileKey {
            key: Key::Aes128(master().into()),
            diversified_by,
        };
        let noted = hex::decode("A8DD63A3B89D54B37CA802473FDA9175").unwrap();
        let noted = Key::Aes128(<[u8; 16]>::try_from(noted).unwrap().into());

        let made = card_key(&key(parts().into()), uid, &application);
        assert_eq!(made, Some(noted));
        let same_for_all = card_key(&key(Box::default()), random, &application);
        assert_eq!(same_for_all, Some(Key::Aes128(master().into())));
        for unknown in [None, random] {
            assert_eq!(card_key(&key(parts().into()), unknown, &application), None);
        }
    }

    #[test]
    fn a_key_of_a_sector_is_the_beginning_of_that_of_the_application_note() {
        let uid = "04782E21801D80".parse::<Uid>().ok();
        let rest = hex::decode("3042F54E585020416275").unwrap();
        let parts = [KeyInput::Uid, KeyInput::Bytes(rest.into())];
        let key = |key, parts: &[KeyInput]| ProfileKey {
            key,
            diversified_by: parts.into(),
        };
        let aes = || Key::Aes128(master().into());
        let made = sector_key(&key(aes(), &parts), uid);
        assert_eq!(made, Some([0xA8, 0xDD, 0x63, 0xA3, 0xB8, 0x9D].into()));

        let plain = MifareKey::from([0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5]);
        let shared = key(Key::Mifare(plain.clone()), &[]);
        assert_eq!(sector_key(&shared, None), Some(plain));
        for (other, uid, why) in [
            (
                key(aes(), &parts),
                None,
                "made from a UID that is not known",
            ),
            (key(aes(), &[]), uid, "no key of six bytes"),
            (
                key(Key::DoubleDes(master().into()), &parts),
                uid,
                "another cipher",
            ),
        ] {
            assert_eq!(sector_key(&other, uid), None, "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(input: Vec<u8>) {
            prop_assert_eq!(aes_128(&master(), &input).is_some(), (1..=31).contains(&input.len()));
        }
    }
}
