//! READ BINARY and READ RECORD in the forms that name a file or take the
//! current one.
//!
//! Source: ISO/IEC 7816-4:2020, §11.3.3 and §11.4.3.

use crate::{Command, Le, Sfi};

/// In P2 of READ RECORD: P1 is the record's number.
const BY_NUMBER: u8 = 0x04;

impl Command {
    /// READ BINARY from the byte `offset` on of a file of the current
    /// directory, which becomes the current file: bit 8 of P1 set, SFI in bits
    /// 5 to 1, offset in P2.
    #[must_use]
    pub fn read_binary_from(sfi: Sfi, offset: u8, le: Le) -> Self {
        Self::assemble([0x00, 0xB0, 0x80 | sfi.number(), offset], &[], Some(le))
    }

    /// READ BINARY from the byte `offset` on of the current file: P1 is zero
    /// for offsets up to 255.
    #[must_use]
    pub fn read_current_from(offset: u8, le: Le) -> Self {
        Self::assemble([0x00, 0xB0, 0x00, offset], &[], Some(le))
    }

    /// READ RECORD by number, from 1, of a file of the current directory: SFI
    /// in the upper five bits of P2.
    #[must_use]
    pub fn read_record(sfi: Sfi, number: u8, le: Le) -> Self {
        let p2 = sfi.number() << 3 | BY_NUMBER;
        Self::assemble([0x00, 0xB2, number, p2], &[], Some(le))
    }

    /// READ RECORD by number, from 1, of the current file.
    #[must_use]
    pub fn read_current_record(number: u8, le: Le) -> Self {
        Self::assemble([0x00, 0xB2, number, BY_NUMBER], &[], Some(le))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_have_the_bytes_of_the_standard() {
        let ten = Le::new::<10>();
        let cases = [
            (
                Command::read_binary_from(Sfi::new::<22>(), 28, ten),
                "00B0961C0A",
            ),
            (Command::read_current_from(28, ten), "00B0001C0A"),
            (Command::read_record(Sfi::new::<24>(), 3, ten), "00B203C40A"),
            (Command::read_current_record(3, ten), "00B203040A"),
        ];
        for (command, expected) in cases {
            assert_eq!(hex::encode_upper(command.as_bytes()), expected);
        }
    }
}
