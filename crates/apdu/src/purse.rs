//! Commands of Chinese purses and the card systems built for them.
//!
//! Source: JR/T 0025 (PBOC), part 1, for purse and log;
//! `RfidResearchGroup/proxmark3` `doc/fmcos.md` for the rest.

use crate::{Command, Le};

/// Which value GET BALANCE asks for: P1 of the command, with `02` (purse) as
/// P2.
///
/// Cards of the transit kind answer to other numbers than 0 with a debt and its
/// limit; source: metrodroid `TUnionTransitData.kt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurseValue {
    /// What is in the purse (`00`).
    Balance,
    /// What the holder owes (`01`).
    Debt,
}

impl Command {
    /// GET BALANCE of the current directory's purse: `80 5C P1 02 04`. The
    /// answer has four bytes, most significant first.
    #[must_use]
    pub fn get_balance(value: PurseValue) -> Self {
        let p1 = match value {
            PurseValue::Balance => 0x00,
            PurseValue::Debt => 0x01,
        };
        Self::assemble([0x80, 0x5C, p1, 0x02], &[], Some(Le::new::<4>()))
    }

    /// INTERNAL AUTHENTICATE: the card is to work on a challenge with one of
    /// its keys. `00 88 P1 id 08` and the challenge. Eight bytes are wanted.
    ///
    /// `p1` says what it is to do: `00` by the manual, which proves a key; some
    /// builds know more.
    #[must_use]
    pub fn internal_authenticate(p1: u8, key: u8, challenge: &[u8; 8]) -> Self {
        Self::assemble([0x00, 0x88, p1, key], challenge, Some(Le::new::<8>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_have_the_bytes_of_their_sources() {
        let cases = [
            (Command::get_balance(PurseValue::Balance), "805C000204"),
            (Command::get_balance(PurseValue::Debt), "805C010204"),
            (
                Command::internal_authenticate(0x00, 0x01, &[1, 2, 3, 4, 5, 6, 7, 8]),
                "0088000108010203040506070808",
            ),
        ];
        for (command, expected) in cases {
            assert_eq!(hex::encode_upper(command.as_bytes()), expected);
        }
    }
}
