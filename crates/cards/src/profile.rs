//! What is configured about cards: where their number stands.

use std::{fmt, sync::Arc};

use serde::Deserialize;
use xueka_apdu::MifareKeyKind;
use xueka_domain::{CardFamily, CardNumber};

use crate::{KeyRing, MifareKey, ProfileError, decimal};

/// Where MIFARE Classic cards keep the card number, as a configuration says
/// it.
///
/// As TOML:
///
/// ```toml
/// sector = 1
/// block = 0
/// offset = 0
/// length = 8
/// coding = "bcd"
/// key = "school"
/// key_kind = "A"
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MifareNumberRule {
    /// The sector, from 0: up to 4 on a Mini, 15 on 1K, 39 on 4K.
    pub sector: u8,
    /// The block in the sector, from 0: up to 2, or 14 from sector 32 on. The
    /// last block of a sector holds its keys and is none of these.
    pub block: u8,
    /// Where the number begins in the 16 bytes of the block, from 0.
    pub offset: u8,
    /// How many bytes it takes.
    pub length: u8,
    /// How it is written.
    pub coding: NumberCoding,
    /// The name of the key, in the key file, that opens the sector.
    pub key: String,
    /// Which of the sector's keys that is.
    pub key_kind: KeyKind,
}

/// How a number is written in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NumberCoding {
    /// A digit a byte (`31` is 1); `00`, `20` and `FF` behind it are padding.
    Ascii,
    /// Two digits a byte, the high nibble first; nibbles `F` behind them are
    /// padding.
    Bcd,
    /// An unsigned integer, most significant byte first, shown as decimal
    /// without leading zeros.
    Integer,
    /// The same, least significant byte first.
    IntegerReversed,
}

/// Which of a sector's two keys is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum KeyKind {
    /// Key A.
    A,
    /// Key B.
    B,
}

/// Everything that can be configured about the reading of cards, checked and
/// with its keys. Cheap to clone; the default knows nothing.
#[derive(Clone, Default)]
pub struct ReadingProfile {
    places: Arc<[NumberPlace]>,
}

/// A rule that was checked, with its key.
pub(crate) struct NumberPlace {
    rule: MifareNumberRule,
    key: MifareKey,
}

impl ReadingProfile {
    /// The most rules that are tried on one card, so that a reading stays
    /// short and is no search for a key.
    pub const MAX_RULES: usize = 4;

    /// Checks the rules and finds their keys.
    ///
    /// # Errors
    ///
    /// [`ProfileError`], which says which rule to correct.
    pub fn new(rules: Vec<MifareNumberRule>, keys: &KeyRing) -> Result<Self, ProfileError> {
        if rules.len() > Self::MAX_RULES {
            return Err(ProfileError::TooManyRules {
                n_rules: rules.len(),
                max: Self::MAX_RULES,
            });
        }
        let places = (1..).zip(rules).map(|(number, rule)| {
            let wrong = |problem| ProfileError::Rule {
                rule: number,
                problem,
            };
            rule.check().map_err(wrong)?;
            let key = keys.get(&rule.key).cloned();
            let key = key.ok_or_else(|| ProfileError::NoSuchKey {
                rule: number,
                name: rule.key.clone(),
            })?;
            Ok(NumberPlace { rule, key })
        });
        let places = places.collect::<Result<_, ProfileError>>()?;
        Ok(Self { places })
    }

    /// The places to look at on a card with that many sectors, in their order.
    pub(crate) fn places(&self, family: CardFamily) -> impl Iterator<Item = &NumberPlace> {
        let n_sectors = match family {
            CardFamily::MifareClassicMini => 5,
            CardFamily::MifareClassic1K => 16,
            CardFamily::MifareClassic4K => 40,
            _ => 0,
        };
        self.places
            .iter()
            .filter(move |place| place.rule.sector < n_sectors)
    }
}

impl fmt::Debug for ReadingProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = self.places.iter().map(|place| &place.rule);
        f.debug_list().entries(rules).finish()
    }
}

impl NumberPlace {
    /// The key that opens the sector.
    pub(crate) fn key(&self) -> &MifareKey {
        &self.key
    }

    /// Which of the sector's keys that is.
    pub(crate) fn key_kind(&self) -> MifareKeyKind {
        match self.rule.key_kind {
            KeyKind::A => MifareKeyKind::A,
            KeyKind::B => MifareKeyKind::B,
        }
    }

    /// The block, counted from 0 over the whole card.
    pub(crate) fn block(&self) -> u8 {
        self.rule.first_block() + self.rule.block
    }

    /// The number in the block's 16 bytes; `None` when it is none.
    pub(crate) fn number(&self, block: &[u8]) -> Option<CardNumber> {
        let start = usize::from(self.rule.offset);
        let field = block.get(start..start + usize::from(self.rule.length))?;
        match self.rule.coding {
            NumberCoding::Ascii => decimal::ascii_number(field),
            NumberCoding::Bcd => decimal::padded_bcd_number(field),
            NumberCoding::Integer => decimal::integer_number(field.iter()),
            NumberCoding::IntegerReversed => decimal::integer_number(field.iter().rev()),
        }
    }
}

impl MifareNumberRule {
    /// The first sector with 16 blocks; those before it have 4.
    const FIRST_LARGE_SECTOR: u8 = 32;

    fn check(&self) -> Result<(), &'static str> {
        let is_large = self.sector >= Self::FIRST_LARGE_SECTOR;
        let last_block = if is_large { 14 } else { 2 };
        let end = usize::from(self.offset) + usize::from(self.length);
        let is_integer = matches!(
            self.coding,
            NumberCoding::Integer | NumberCoding::IntegerReversed
        );
        if self.sector > 39 {
            Err("a sector is 0 to 39")
        } else if self.block > last_block {
            Err("a block is 0 to 2, or 0 to 14 from sector 32 on")
        } else if self.length == 0 || end > 16 {
            Err("offset and length must stay within the 16 bytes of a block")
        } else if is_integer && self.length > 8 {
            Err("an integer takes at most 8 bytes")
        } else {
            Ok(())
        }
    }

    /// The first block of the sector, counted over the whole card.
    ///
    /// Source: NXP `MF1S70yyX` data sheet, §8.6: 32 sectors of 4 blocks, then 8
    /// of 16.
    fn first_block(&self) -> u8 {
        match self.sector.checked_sub(Self::FIRST_LARGE_SECTOR) {
            None => self.sector * 4,
            Some(n_large) => Self::FIRST_LARGE_SECTOR * 4 + n_large * 16,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULE: &str = r#"
        sector = 1
        block = 0
        offset = 0
        length = 8
        coding = "bcd"
        key = "school"
        key_kind = "A"
    "#;

    fn ring() -> KeyRing {
        KeyRing::from_text("school = \"A0A1A2A3A4A5\"").unwrap()
    }

    fn rule() -> MifareNumberRule {
        toml::from_str(RULE).unwrap()
    }

    fn profile(change: impl FnOnce(&mut MifareNumberRule)) -> Result<ReadingProfile, ProfileError> {
        let mut rule = rule();
        change(&mut rule);
        ReadingProfile::new(vec![rule], &ring())
    }

    #[test]
    fn a_configuration_with_an_unknown_or_missing_setting_is_refused() {
        let cases = [
            (RULE.replace("offset", "ofset"), "misspelt"),
            (RULE.replace("length = 8", ""), "missing"),
            (RULE.replace("\"bcd\"", "\"BCD\""), "unknown coding"),
            (RULE.replace("\"A\"", "\"C\""), "unknown kind of key"),
            (RULE.replace("sector = 1", "sector = -1"), "negative"),
        ];
        for (text, why) in cases {
            assert!(toml::from_str::<MifareNumberRule>(&text).is_err(), "{why}");
        }
        let codings = ["ascii", "bcd", "integer", "integer-reversed"];
        for coding in codings {
            let text = RULE.replace("bcd", coding);
            assert!(
                toml::from_str::<MifareNumberRule>(&text).is_ok(),
                "{coding}"
            );
        }
    }

    #[test]
    fn a_place_that_no_card_has_is_refused() {
        type Change = fn(&mut MifareNumberRule);
        let cases: [(Change, &str); 7] = [
            (|rule| rule.sector = 40, "beyond 4K"),
            (|rule| rule.block = 3, "holds keys"),
            (|rule| (rule.sector, rule.block) = (32, 15), "holds keys"),
            (|rule| rule.length = 0, "nothing"),
            (|rule| rule.offset = 9, "crosses the end"),
            (|rule| (rule.offset, rule.length) = (255, 255), "far out"),
            (
                |rule| (rule.length, rule.coding) = (9, NumberCoding::Integer),
                "more than 64 bits",
            ),
        ];
        for (change, why) in cases {
            let error = profile(change).unwrap_err();
            assert!(matches!(error, ProfileError::Rule { rule: 1, .. }), "{why}");
        }
    }

    #[test]
    fn unknown_keys_and_too_many_rules_are_refused() {
        assert_eq!(
            profile(|rule| rule.key = "other".into()).unwrap_err(),
            ProfileError::NoSuchKey {
                rule: 1,
                name: "other".into()
            }
        );
        assert_eq!(
            ReadingProfile::new(vec![rule(); 5], &ring()).unwrap_err(),
            ProfileError::TooManyRules { n_rules: 5, max: 4 }
        );
    }

    #[test]
    fn blocks_count_over_the_whole_card() {
        let cases = [
            (0, 1, 1),
            (1, 0, 4),
            (15, 2, 62),
            (31, 2, 126),
            (32, 0, 128),
            (39, 14, 254),
        ];
        for (sector, block, expected) in cases {
            let profile = profile(|rule| (rule.sector, rule.block) = (sector, block)).unwrap();
            let mut places = profile.places(CardFamily::MifareClassic4K);
            assert_eq!(places.next().unwrap().block(), expected);
        }
    }

    #[test]
    fn a_rule_applies_to_cards_that_have_its_sector() {
        let cases = [(4, 1, 1, 1), (5, 0, 1, 1), (15, 0, 1, 1), (16, 0, 0, 1)];
        for (sector, mini, small, large) in cases {
            let profile = profile(|rule| rule.sector = sector).unwrap();
            let n_places = |family| profile.places(family).count();
            assert_eq!(n_places(CardFamily::MifareClassicMini), mini, "{sector}");
            assert_eq!(n_places(CardFamily::MifareClassic1K), small, "{sector}");
            assert_eq!(n_places(CardFamily::MifareClassic4K), large, "{sector}");
            assert_eq!(n_places(CardFamily::Ultralight), 0, "{sector}");
        }
    }

    #[test]
    fn numbers_are_found_in_each_coding() {
        use NumberCoding::{Ascii, Bcd, Integer, IntegerReversed};
        let cases = [
            (Bcd, 0, 4, "20240017", Some("20240017"), "plain"),
            (Bcd, 1, 3, "FF20240F", Some("20240"), "odd, padded"),
            (Bcd, 0, 4, "2024F017", None, "padding in the middle"),
            (Bcd, 0, 4, "2024A017", None, "not decimal"),
            (Bcd, 0, 4, "00000000", None, "a blank card"),
            (Ascii, 0, 6, "323032343137", Some("202417"), "plain"),
            (Ascii, 0, 8, "3230323431370020", Some("202417"), "padded"),
            (Ascii, 0, 6, "323032004137", None, "not digits"),
            (Integer, 0, 4, "1EA68671", Some("514229873"), "as read"),
            (
                IntegerReversed,
                0,
                4,
                "1EA68671",
                Some("1904649758"),
                "turned",
            ),
            (Integer, 0, 8, "FFFFFFFFFFFFFFFF", None, "20 digits"),
            (Integer, 0, 1, "07", None, "too short for a number"),
        ];
        for (coding, offset, length, block, expected, why) in cases {
            let profile = profile(|rule| {
                (rule.coding, rule.offset, rule.length) = (coding, offset, length);
            });
            let profile = profile.unwrap();
            let place = profile.places(CardFamily::MifareClassic1K).next().unwrap();
            let mut block = hex::decode(block).unwrap();
            block.resize(16, 0x00);
            let number = place.number(&block).map(CardNumber::reveal);
            assert_eq!(number.as_deref(), expected, "{why}");
        }
    }

    #[test]
    fn a_profile_shows_no_key() {
        let shown = format!("{:?}", profile(|_| ()).unwrap());
        assert!(shown.contains("school") && !shown.contains("A0"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_block_panics(block: Vec<u8>, offset in 0_u8..16, coding in 0_usize..4) {
            use NumberCoding::{Ascii, Bcd, Integer, IntegerReversed};
            let coding = [Ascii, Bcd, Integer, IntegerReversed][coding];
            let length = (16 - offset).min(8);
            let profile = profile(|rule| {
                (rule.coding, rule.offset, rule.length) = (coding, offset, length);
            });
            let profile = profile.unwrap();
            for place in profile.places(CardFamily::MifareClassic1K) {
                let _ = place.number(&block);
            }
        }
    }
}
