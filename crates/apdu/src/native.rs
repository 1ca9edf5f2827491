//! Native commands of MIFARE `DESFire` in the wrapping of ISO 7816-4.

use crate::{Command, Le};

impl Command {
    /// A native command: `90`, instruction, `00 00`, Lc and parameters where
    /// there are any, `00`. Its answer ends with `91` and the native status.
    ///
    /// A frame takes at most 59 bytes; what is beyond 255 is cut here, and the
    /// card refuses such a command by its length.
    ///
    /// Source: nfcim/nfsee `assets/read.js`; libfreefare `mifare_desfire.c`; NXP
    /// AN12196, table 14.
    #[must_use]
    pub fn native(instruction: u8, parameters: &[u8]) -> Self {
        Self::assemble([0x90, instruction, 0x00, 0x00], parameters, Some(Le::ALL))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn native_commands_are_wrapped() {
        let cases = [
            (Command::native(0x60, &[]), "9060000000", "no parameters"),
            (
                Command::native(0x5A, &[0x16, 0xAE, 0x00]),
                "905A00000316AE0000",
                "parameters",
            ),
            (
                Command::native(0x71, &[0x00, 0x00]),
                "9071000002000000",
                "AN12196, table 14",
            ),
        ];
        for (command, expected, why) in cases {
            assert_eq!(hex::encode_upper(command.as_bytes()), expected, "{why}");
        }
    }
}
