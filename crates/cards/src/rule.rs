//! Where MIFARE Classic cards keep their number.

use serde::Deserialize;
use xueka_domain::CardNumber;

use crate::decimal;

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

impl MifareNumberRule {
    /// The first sector with 16 blocks; those before it have 4.
    const FIRST_LARGE_SECTOR: u8 = 32;

    /// Whether there can be such a place, and if not, why.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
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

    /// The block, counted from 0 over the whole card; of a checked rule.
    ///
    /// Source: NXP `MF1S70yyX` data sheet, §8.6: 32 sectors of 4 blocks, then 8
    /// of 16.
    pub(crate) fn block_on_card(&self) -> u8 {
        let first = match self.sector.checked_sub(Self::FIRST_LARGE_SECTOR) {
            None => self.sector * 4,
            Some(n_large) => Self::FIRST_LARGE_SECTOR * 4 + n_large * 16,
        };
        first + self.block
    }

    /// The number in the block's 16 bytes; `None` when it is none.
    pub(crate) fn number(&self, block: &[u8]) -> Option<CardNumber> {
        let start = usize::from(self.offset);
        let field = block.get(start..start + usize::from(self.length))?;
        match self.coding {
            NumberCoding::Ascii => decimal::ascii_number(field),
            NumberCoding::Bcd => decimal::padded_bcd_number(field),
            NumberCoding::Integer => decimal::integer_number(field.iter()),
            NumberCoding::IntegerReversed => decimal::integer_number(field.iter().rev()),
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

    fn rule() -> MifareNumberRule {
        toml::from_str(RULE).unwrap()
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
        for coding in ["ascii", "bcd", "integer", "integer-reversed"] {
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
        let cases: [(Change, bool, &str); 10] = [
            (|_| (), true, "the plain case"),
            (
                |rule| (rule.sector, rule.block) = (39, 14),
                true,
                "the last",
            ),
            (|rule| (rule.offset, rule.length) = (15, 1), true, "the end"),
            (|rule| rule.sector = 40, false, "beyond 4K"),
            (|rule| rule.block = 3, false, "holds keys"),
            (|rule| (rule.sector, rule.block) = (32, 15), false, "keys"),
            (|rule| rule.length = 0, false, "nothing"),
            (|rule| rule.offset = 9, false, "crosses the end"),
            (
                |rule| (rule.offset, rule.length) = (255, 255),
                false,
                "far out",
            ),
            (
                |rule| (rule.length, rule.coding) = (9, NumberCoding::Integer),
                false,
                "more than 64 bits",
            ),
        ];
        for (change, fits, why) in cases {
            let mut rule = rule();
            change(&mut rule);
            assert_eq!(rule.check().is_ok(), fits, "{why}");
        }
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
            let rule = MifareNumberRule {
                sector,
                block,
                ..rule()
            };
            assert_eq!(rule.block_on_card(), expected);
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
            let rule = MifareNumberRule {
                offset,
                length,
                coding,
                ..rule()
            };
            let mut block = hex::decode(block).unwrap();
            block.resize(16, 0x00);
            let number = rule.number(&block).map(CardNumber::reveal);
            assert_eq!(number.as_deref(), expected, "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_block_panics(block: Vec<u8>, offset: u8, length: u8, coding in 0_usize..4) {
            use NumberCoding::{Ascii, Bcd, Integer, IntegerReversed};
            let coding = [Ascii, Bcd, Integer, IntegerReversed][coding];
            let _ = MifareNumberRule { offset, length, coding, ..rule() }.number(&block);
        }
    }
}
