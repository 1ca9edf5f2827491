//! Pseudo-APDUs: commands (CLA `FF`) that a contactless reader answers itself.
//!
//! They must go to a contactless slot only. In a contact slot they reach the
//! card, with side effects.
//!
//! Source: PC/SC Part 3, revision 2.01.09, §3.2.2.1; Microsoft, *Storage card
//! requirements* for NFC drivers, which lists the same commands.

use zeroize::Zeroizing;

use crate::{Command, Le};

impl Command {
    /// GET DATA: the UID of type A, PUPI of type B, `IDm` of `FeliCa`, UID of
    /// ISO 15693. `FF CA 00 00 00`.
    #[must_use]
    pub fn get_uid() -> Self {
        Self::assemble([0xFF, 0xCA, 0x00, 0x00], &[], Some(Le::ALL))
    }

    /// GET DATA: the historical bytes of the ATS (type A) or the answer to
    /// ATTRIB (type B). `FF CA 01 00 00`; `6A81` tells of a card that is not
    /// ISO 14443-4.
    #[must_use]
    pub fn get_ats_historical() -> Self {
        Self::assemble([0xFF, 0xCA, 0x01, 0x00], &[], Some(Le::ALL))
    }

    /// LOAD KEY: puts a MIFARE key into a slot of the reader.
    ///
    /// `structure` (P1) says where the slot is: `00` in volatile memory, `20` in
    /// non-volatile memory. The command holds the key: wipe it after use.
    #[must_use]
    pub fn load_key(structure: u8, slot: u8, key: &[u8; 6]) -> Self {
        Self::assemble([0xFF, 0x82, structure, slot], key, None)
    }

    /// GENERAL AUTHENTICATE: opens the sector of `block` with the key in
    /// `slot`. The five bytes are version `01`, the block as two bytes, the
    /// kind of key (`60` is A, `61` is B), the slot.
    #[must_use]
    pub fn authenticate_block(block: u8, kind: u8, slot: u8) -> Self {
        let data = [0x01, 0x00, block, kind, slot];
        Self::assemble([0xFF, 0x86, 0x00, 0x00], &data, None)
    }

    /// The older AUTHENTICATE, six bytes: the kind of key stands where other
    /// commands have Lc, the slot behind it.
    ///
    /// Source: PC/SC Part 3, revision 2.01.04, §3.2.2.1.5 (obsolete since).
    #[must_use]
    pub fn authenticate_block_short(block: u8, kind: u8, slot: u8) -> Self {
        Self::six_bytes([0xFF, 0x88, 0x00, block, kind, slot])
    }

    /// READ BINARY from a storage card, beginning at a block or page.
    #[must_use]
    pub fn read_storage(address: u16, le: Le) -> Self {
        let [p1, p2] = address.to_be_bytes();
        Self::assemble([0xFF, 0xB0, p1, p2], &[], Some(le))
    }

    /// A frame for the card, handed on by the PN532 in the reader:
    /// `InCommunicateThru`. The answer is `D5 43`, a status, the card's answer.
    ///
    /// The frame may be a password: wipe the command after use.
    ///
    /// Source: ACS, *ACR122U API* 2.04, Direct Transmit; NXP UM0701-02
    /// (PN532), §7.3.9.
    #[must_use]
    pub fn pass_by_pn532<const N: usize>(frame: &[u8; N]) -> Self {
        const { assert!(N <= 253) };
        let mut data = Zeroizing::new([0; 255]);
        let (head, rest) = data.split_at_mut(2);
        head.copy_from_slice(&[0xD4, 0x42]);
        let (place, _) = rest.split_at_mut(N);
        place.copy_from_slice(frame);
        let (data, _) = data.split_at(N + 2);
        Self::assemble([0xFF, 0x00, 0x00, 0x00], data, None)
    }

    /// UPDATE BINARY to a storage card: sets one block or page of `N` bytes (16
    /// on a MIFARE Classic, 4 on an Ultralight).
    ///
    /// The data may be keys: wipe the command after use.
    #[must_use]
    pub fn write_storage<const N: usize>(address: u16, data: &[u8; N]) -> Self {
        const { assert!(N <= 255) };
        let [p1, p2] = address.to_be_bytes();
        Self::assemble([0xFF, 0xD6, p1, p2], data, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudo_apdus_have_the_bytes_of_part_3() {
        let key = [0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5];
        let cases = [
            (Command::get_uid(), "FFCA000000"),
            (Command::get_ats_historical(), "FFCA010000"),
            (Command::load_key(0x00, 0, &key), "FF82000006A0A1A2A3A4A5"),
            (Command::load_key(0x20, 1, &key), "FF82200106A0A1A2A3A4A5"),
            (
                Command::authenticate_block(4, 0x60, 0),
                "FF860000050100046000",
            ),
            (
                Command::authenticate_block(0xFF, 0x61, 1),
                "FF860000050100FF6101",
            ),
            (
                Command::authenticate_block_short(4, 0x60, 0),
                "FF8800046000",
            ),
            (Command::read_storage(4, Le::new::<16>()), "FFB0000410"),
            (
                Command::write_storage(0x0105, &[0xA1, 0xB2, 0xC3, 0xD4]),
                "FFD6010504A1B2C3D4",
            ),
            (
                Command::pass_by_pn532(&[0x1B, 0xA1, 0xB2, 0xC3, 0xD4]),
                "FF00000007D4421BA1B2C3D4",
            ),
        ];
        for (command, expected) in cases {
            assert_eq!(hex::encode_upper(command.as_bytes()), expected);
            assert!(command.is_pseudo());
        }
    }
}
