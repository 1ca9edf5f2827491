//! A C-APDU taken apart, and an R-APDU put together.

use super::status;

/// A short command (ISO/IEC 7816-4:2005, §5.1, cases 1 to 4).
///
/// Extended lengths are refused: the cards that are imitated here answer them
/// with `6700`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Command<'a> {
    pub(crate) cla: u8,
    pub(crate) ins: u8,
    pub(crate) p1: u8,
    pub(crate) p2: u8,
    /// The data field, empty when there is none.
    pub(crate) data: &'a [u8],
    /// The Le byte as sent, `00` standing for 256.
    pub(crate) le: Option<u8>,
}

impl<'a> Command<'a> {
    /// Takes any bytes apart; `None` when the lengths in them do not fit.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (&[cla, ins, p1, p2], rest) = bytes.split_first_chunk()?;
        let (data, le) = match rest {
            [] => (&[][..], None),
            [le] => (&[][..], Some(*le)),
            [0, ..] => return None,
            [lc, rest @ ..] => {
                let (data, rest) = rest.split_at_checked(usize::from(*lc))?;
                match rest {
                    [] => (data, None),
                    [le] => (data, Some(*le)),
                    _ => return None,
                }
            }
        };
        Some(Self {
            cla,
            ins,
            p1,
            p2,
            data,
            le,
        })
    }

    /// P1 and P2 as one number, P1 first.
    pub(crate) fn p1_p2(&self) -> u16 {
        u16::from_be_bytes([self.p1, self.p2])
    }
}

/// An R-APDU: `data`, then the status word.
pub(crate) fn reply(data: &[u8], status_word: u16) -> Vec<u8> {
    let mut response = Vec::with_capacity(data.len() + 2);
    response.extend_from_slice(data);
    response.extend_from_slice(&status_word.to_be_bytes());
    response
}

/// An R-APDU of nothing but a status word.
pub(crate) fn refuse(status_word: u16) -> Vec<u8> {
    reply(&[], status_word)
}

/// Answers a read of `all` by an exact rule: Le `00` takes everything, a
/// smaller or a greater Le than there are bytes is corrected by `6Cxx`.
pub(crate) fn reply_exactly(all: &[u8], le: u8) -> Vec<u8> {
    if le == 0 || usize::from(le) == all.len() {
        reply(all, status::OK)
    } else {
        refuse(status::right_length(all.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_commands_with_fitting_lengths_are_taken_apart() {
        // Data and Le of a good one, the latter empty when there is none.
        let cases = [
            ("", None, "nothing"),
            ("00B084", None, "three bytes of a header"),
            ("00A404000000", None, "an extended length"),
            ("00A4000000021001", None, "an extended Lc"),
            ("00A4040002A0", None, "data cut off"),
            ("00A4040001A00000", None, "bytes after Le"),
            ("00A4040000", Some(("", "00")), "a single zero is Le"),
            ("00B08400", Some(("", "")), "case 1"),
            ("00B0840020", Some(("", "20")), "case 2"),
            ("00A40000021001", Some(("1001", "")), "case 3"),
            ("00A4000002100100", Some(("1001", "00")), "case 4"),
        ];
        for (bytes, expected, why) in cases {
            let bytes = hex::decode(bytes).unwrap();
            let taken = Command::parse(&bytes).map(|command| {
                let le = command.le.into_iter().collect::<Vec<_>>();
                (hex::encode(command.data), hex::encode(le))
            });
            let expected = expected.map(|(data, le)| (data.to_owned(), le.to_owned()));
            assert_eq!(taken, expected, "{why}");
        }
    }
}
