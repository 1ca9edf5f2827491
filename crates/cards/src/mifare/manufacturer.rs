//! Block 0, in which the maker wrote what the chip is.
//!
//! With a UID of 4 bytes: UID, BCC, SAK, ATQA (2 bytes, low byte first), then
//! the maker's own. With one of 7: UID, SAK, ATQA, the maker's own; there is no
//! BCC in it, as each part of the UID is checked over the air alone.
//!
//! On genuine cards the SAK in the block may differ from the one of the
//! anticollision (`88` against `08`), so a difference is a hint and no more.
//!
//! Sources: NXP MF1S50yyX/V1 data sheet, §8.6.1; NXP AN10927, §2.1;
//! RfidResearchGroup/proxmark3 `doc/magic_cards_notes.md` (where SAK and ATQA
//! stand after the BCC); hardware-notes/card-mifare-classic.md.

/// What block 0 says of the chip. Nothing of it is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ManufacturerBlock([u8; 16]);

impl ManufacturerBlock {
    /// The block from its bytes.
    #[must_use]
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Whether the block begins with this UID, as it must on a genuine card;
    /// `None` for a UID of another length than 4 or 7, which no MIFARE Classic
    /// has.
    #[must_use]
    pub fn begins_with(&self, uid: &[u8]) -> Option<bool> {
        matches!(uid.len(), 4 | 7).then(|| self.0.starts_with(uid))
    }

    /// Whether the fifth byte is the check byte (exclusive-or) of the four
    /// before it. A block with a UID of 7 bytes has none, so there the answer
    /// means nothing.
    ///
    /// A card with a wrong one cannot be selected by most readers.
    ///
    /// Source: ISO/IEC 14443-3:2018, §6.5.4 (BCC).
    #[must_use]
    pub fn has_right_check_byte(&self) -> bool {
        let [first, second, third, fourth, check, ..] = self.0;
        first ^ second ^ third ^ fourth == check
    }

    /// The SAK as the block has it, for a UID of this length; `None` for
    /// another length than 4 or 7.
    #[must_use]
    pub fn sak(&self, uid_length: usize) -> Option<u8> {
        match uid_length {
            4 => Some(self.0[5]),
            7 => Some(self.0[7]),
            _ => None,
        }
    }

    /// The ATQA as the block has it, as a number: the block, like the air, has
    /// its low byte first, so `04 00` is `0004`. `None` for a UID of another
    /// length than 4 or 7.
    #[must_use]
    pub fn atqa(&self, uid_length: usize) -> Option<u16> {
        match uid_length {
            4 => Some(u16::from_le_bytes([self.0[6], self.0[7]])),
            7 => Some(u16::from_le_bytes([self.0[8], self.0[9]])),
            _ => None,
        }
    }
}

impl std::fmt::Debug for ManufacturerBlock {
    /// Without the bytes, which begin with the UID.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ManufacturerBlock(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(hex_digits: &str) -> ManufacturerBlock {
        let bytes = hex::decode(hex_digits.replace(' ', "")).unwrap();
        ManufacturerBlock::new(bytes.try_into().unwrap())
    }

    #[test]
    fn a_block_with_a_short_uid_is_taken_apart() {
        // The check byte: 1E ^ A6 ^ 86 ^ 71 = 4F.
        let block = block("1EA68671 4F 08 0400 6263646566676869");
        assert_eq!(block.begins_with(&[0x1E, 0xA6, 0x86, 0x71]), Some(true));
        assert_eq!(block.begins_with(&[0x1E, 0xA6, 0x86, 0x72]), Some(false));
        assert_eq!(block.begins_with(&[0x1E]), None);
        assert!(block.has_right_check_byte());
        assert_eq!((block.sak(4), block.atqa(4)), (Some(0x08), Some(0x0004)));
        assert_eq!((block.sak(10), block.atqa(10)), (None, None));
    }

    #[test]
    fn a_block_with_a_long_uid_has_no_check_byte() {
        let block = block("04112233445566 08 4400 011121000000");
        assert_eq!(
            block.begins_with(&[0x04, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66]),
            Some(true)
        );
        assert_eq!((block.sak(7), block.atqa(7)), (Some(0x08), Some(0x0044)));
    }

    #[test]
    fn a_wrong_check_byte_is_seen() {
        assert!(!block("1EA68671 40 08 0400 6263646566676869").has_right_check_byte());
    }

    #[test]
    fn a_block_shows_no_uid() {
        let shown = format!("{:?}", block("1EA68671 4F 08 0400 6263646566676869"));
        assert_eq!(shown, "ManufacturerBlock(…)");
    }
}
