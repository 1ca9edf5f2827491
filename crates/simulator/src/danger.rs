//! Commands that can do harm for good, told by their bytes.

use crate::Exchange;

/// What harm a command can do that no second command undoes.
///
/// A desk sends none of them outside a plan for a card of its own; a test asks
/// [`Exchange::danger`] whether anybody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Danger {
    /// A file, directory or application is made.
    Create,
    /// Files or applications go.
    Erase,
    /// A key is written or changed.
    WriteKey,
    /// Card or application is blocked, or freed again.
    Block,
    /// A payment is begun or done.
    Purse,
    /// A wrong key or PIN was shown, which costs a try.
    WrongKey,
    /// Settings change for good, or an imitation is made into another card.
    Configure,
    /// A sector trailer or the first block of a MIFARE Classic is written.
    Trailer,
}

impl Exchange {
    /// What harm this command can do for good, whether or not the card obeyed.
    ///
    /// Told by the bytes alone. Sources: proxmark3 `doc/fmcos.md` and
    /// `doc/magic_cards_notes.md`; NXP MF2DLHX0 data sheet; NXP MF1S50YYX data
    /// sheet.
    #[must_use]
    pub fn danger(&self) -> Option<Danger> {
        let &[cla, ins, p1, p2, ref rest @ ..] = self.command.as_slice() else {
            return None;
        };
        match (cla, ins) {
            (0x80 | 0x84, 0xE0) | (0x90, 0xCA..=0xCD | 0xC0 | 0xC1) => Some(Danger::Create),
            (0x80 | 0x84, 0x0E) | (0x90, 0xFC | 0xDA | 0xDF | 0xEB) => Some(Danger::Erase),
            (0x80 | 0x84, 0xD4) | (0x90, 0xC4) => Some(Danger::WriteKey),
            (0x84, 0x16 | 0x18 | 0x1E) => Some(Danger::Block),
            (0x80, 0x50 | 0x52 | 0x54 | 0x58) | (0x90, 0x0C | 0xDC | 0x1C) => Some(Danger::Purse),
            (0x00, 0x82 | 0x20) if self.is_wrong_key() => Some(Danger::WrongKey),
            // Gen3 magic cards and CPU TID cards are set up by these.
            (0x00, 0x21 | 0x85 | 0xEF)
            | (0xE0, 0xEC)
            | (0x90, 0x54 | 0x5C | 0x5F | 0xF0 | 0xFB | 0xFD) => Some(Danger::Configure),
            // Sixteen bytes are a block of a Classic, four a page.
            (0xFF, 0xD6) if rest.first() == Some(&16) => {
                let block = u16::from_be_bytes([p1, p2]);
                let is_trailer = if block < 128 {
                    block % 4 == 3
                } else {
                    block % 16 == 15
                };
                (is_trailer || block == 0).then_some(Danger::Trailer)
            }
            _ => None,
        }
    }

    /// `63Cx`, or `6983` when no try was left.
    fn is_wrong_key(&self) -> bool {
        matches!(self.response(), [0x63, 0xC0..=0xCF] | [0x69, 0x83])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;

    #[test]
    fn dangers_are_told_by_their_bytes() {
        let cases = [
            ("80E000160728002000F0F0FFFF", "9000", Some(Danger::Create)),
            ("800E000000", "9000", Some(Danger::Erase)),
            ("80D401000D39", "6982", Some(Danger::WriteKey)),
            ("8416000004AABBCCDD", "6988", Some(Danger::Block)),
            ("805000020B01", "9403", Some(Danger::Purse)),
            ("805C000204", "000000009000", None),
            ("00820000080000000000000000", "63C2", Some(Danger::WrongKey)),
            ("00820000080000000000000000", "9000", None),
            ("0020000003123456", "6983", Some(Danger::WrongKey)),
            ("008500000411223344", "9000", Some(Danger::Configure)),
            ("90FC000000", "91AE", Some(Danger::Erase)),
            ("90BD0000070100000000000000", "9100", None),
            ("FFD6000710", "9000", Some(Danger::Trailer)),
            ("FFD6000010", "6581", Some(Danger::Trailer)),
            ("FFD6008F10", "9000", Some(Danger::Trailer)),
            ("FFD6008310", "9000", None),
            ("FFD6000704", "9000", None),
            ("FFCA", "6700", None),
        ];
        for (command, response, expected) in cases {
            let exchange = Exchange {
                command: hex::decode(command).unwrap(),
                outcome: Outcome::Response(hex::decode(response).unwrap()),
            };
            assert_eq!(exchange.danger(), expected, "{command}");
        }
    }
}
