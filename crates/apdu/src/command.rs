//! Command APDUs of the short form.

use std::fmt;

use zeroize::Zeroize;

use crate::{ApduError, DfName, FileId, Sfi};

/// A C-APDU of the short form: at most 255 bytes of data and 256 of answer.
///
/// Lives on the stack. Commands may carry keys, so `Debug` shows the header
/// and lengths only and [`Zeroize`] wipes the bytes.
///
/// Source: ISO/IEC 7816-4:2020, §5.2 (cases 1 to 4).
#[derive(Clone)]
pub struct Command {
    bytes: [u8; Self::MAX_BYTES],
    n_bytes: usize,
    has_le: bool,
}

/// The most bytes wanted in answer (Ne): 1 to 256.
///
/// Source: ISO/IEC 7816-4:2020, §5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Le(u8);

impl Le {
    /// All there is, at most 256 bytes; written `00`.
    pub const ALL: Self = Self(0x00);

    /// Exactly `N_BYTES`; another length than 1 to 256 does not compile.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "256 is meant to become 00")]
    pub const fn new<const N_BYTES: u16>() -> Self {
        const { assert!(N_BYTES >= 1 && N_BYTES <= 256) };
        Self(N_BYTES as u8)
    }

    /// The number of bytes that a status word named; `None` outside 1 to 256.
    #[must_use]
    pub fn from_count(n_bytes: u16) -> Option<Self> {
        match n_bytes {
            256 => Some(Self::ALL),
            1..=255 => u8::try_from(n_bytes).ok().map(Self),
            _ => None,
        }
    }

    /// How many bytes are wanted at most: 1 to 256.
    #[must_use]
    pub fn n_bytes(self) -> usize {
        match self.0 {
            0 => 256,
            n => n.into(),
        }
    }
}

impl Command {
    /// Header, Lc, 255 bytes of data, Le.
    pub const MAX_BYTES: usize = 261;

    const MAX_DATA: usize = 255;

    /// Any command: CLA, INS, P1 and P2, then data, then the wanted length.
    ///
    /// # Errors
    ///
    /// [`ApduError::DataTooLong`]: more than 255 bytes of data.
    pub fn new(header: [u8; 4], data: &[u8], le: Option<Le>) -> Result<Self, ApduError> {
        if data.len() > Self::MAX_DATA {
            return Err(ApduError::DataTooLong {
                n_bytes: data.len(),
            });
        }
        Ok(Self::assemble(header, data, le))
    }

    /// SELECT an application or directory by name, its control information
    /// wanted in answer.
    ///
    /// Source: ISO/IEC 7816-4:2020, §11.2.2: P1 `04`, P2 `00`.
    #[must_use]
    pub fn select_by_name(name: &DfName) -> Self {
        Self::assemble([0x00, 0xA4, 0x04, 0x00], name.as_bytes(), Some(Le::ALL))
    }

    /// SELECT a file or directory by its identifier, its control information
    /// wanted in answer.
    ///
    /// Source: ISO/IEC 7816-4:2020, §11.2.2: P1 `00`, P2 `00`.
    #[must_use]
    pub fn select_by_id(id: FileId) -> Self {
        let id = id.0.to_be_bytes();
        Self::assemble([0x00, 0xA4, 0x00, 0x00], &id, Some(Le::ALL))
    }

    /// READ BINARY from the start of a file of the current directory, which
    /// becomes the current file.
    ///
    /// Source: ISO/IEC 7816-4:2020, §11.3.3: bit 8 of P1 set, SFI in bits 5
    /// to 1, offset in P2.
    #[must_use]
    pub fn read_binary_by_sfi(sfi: Sfi, le: Le) -> Self {
        Self::assemble([0x00, 0xB0, 0x80 | sfi.number(), 0x00], &[], Some(le))
    }

    /// GET RESPONSE: collects what `61xx` announced, in the class of the
    /// command that it continues.
    ///
    /// A card is asked with CLA `00`, a reader (CLA `FF`) with `FF`: ACR122U
    /// API 2.04 continues pseudo-APDUs with `FF C0 00 00`.
    ///
    /// Source: ISO/IEC 7816-4:2020, §11.8.1.
    #[must_use]
    pub fn get_response(&self, le: Le) -> Self {
        let class = if self.is_pseudo() { 0xFF } else { 0x00 };
        Self::assemble([class, 0xC0, 0x00, 0x00], &[], Some(le))
    }

    /// The same command with another wanted length, as `6Cxx` asks for.
    #[must_use]
    pub fn with_le(&self, le: Le) -> Self {
        let mut command = self.clone();
        if command.has_le {
            command.n_bytes -= 1;
        }
        command.push(&[le.0]);
        command.has_le = true;
        command
    }

    /// The wanted length; `None` when no data is wanted.
    #[must_use]
    pub fn le(&self) -> Option<Le> {
        let last = self.as_bytes().last().copied();
        last.filter(|_| self.has_le).map(Le)
    }

    /// Whether this is a pseudo-APDU (CLA `FF`), answered by the reader.
    #[must_use]
    pub fn is_pseudo(&self) -> bool {
        self.as_bytes().first() == Some(&0xFF)
    }

    /// The command as it goes to the reader.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.n_bytes).unwrap_or_default()
    }

    /// Puts a command together from at most 255 bytes of data; more is cut.
    pub(crate) fn assemble(header: [u8; 4], data: &[u8], le: Option<Le>) -> Self {
        let mut command = Self {
            bytes: [0; Self::MAX_BYTES],
            n_bytes: 0,
            has_le: le.is_some(),
        };
        command.push(&header);
        if !data.is_empty() {
            let lc = u8::try_from(data.len()).unwrap_or(u8::MAX);
            command.push(&[lc]);
            command.push(data.get(..lc.into()).unwrap_or(data));
        }
        if let Some(le) = le {
            command.push(&[le.0]);
        }
        command
    }

    /// A command that has neither data nor wanted length in the places where
    /// ISO/IEC 7816-4 has them.
    pub(crate) fn six_bytes(bytes: [u8; 6]) -> Self {
        let mut command = Self {
            bytes: [0; Self::MAX_BYTES],
            n_bytes: 0,
            has_le: false,
        };
        command.push(&bytes);
        command
    }

    /// Appends bytes; the callers stay within the array.
    fn push(&mut self, part: &[u8]) {
        let end = self.n_bytes + part.len();
        if let Some(place) = self.bytes.get_mut(self.n_bytes..end) {
            place.copy_from_slice(part);
            self.n_bytes = end;
        }
    }
}

impl Zeroize for Command {
    fn zeroize(&mut self) {
        self.bytes.zeroize();
        self.n_bytes = 0;
        self.has_le = false;
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self.as_bytes().get(..4).unwrap_or_default();
        write!(
            f,
            "Command({} …, {} bytes)",
            hex::encode_upper(header),
            self.n_bytes
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_four_cases_are_encoded() {
        let header = [0x00, 0x12, 0x34, 0x56];
        let cases = [
            (vec![], None, "00123456", "case 1: header alone"),
            (vec![], Some(Le::ALL), "0012345600", "case 2: Le"),
            (vec![0xAA], None, "0012345601AA", "case 3: Lc and data"),
            (
                vec![0xAA],
                Some(Le::new::<0x20>()),
                "0012345601AA20",
                "case 4: both",
            ),
        ];
        for (data, le, expected, why) in cases {
            let command = Command::new(header, &data, le).unwrap();
            assert_eq!(hex::encode_upper(command.as_bytes()), expected, "{why}");
            assert_eq!(command.le(), le, "{why}");
        }
    }

    #[test]
    fn commands_to_cards_have_the_bytes_of_the_standard() {
        let t_union = DfName::new([0xA0, 0x00, 0x00, 0x06, 0x32, 0x01, 0x01, 0x05]);
        let cases = [
            (
                Command::select_by_name(&t_union),
                "00A4040008A00000063201010500",
            ),
            (Command::select_by_id(FileId::MF), "00A40000023F0000"),
            (
                Command::read_binary_by_sfi(Sfi::new::<4>(), Le::new::<0x20>()),
                "00B0840020",
            ),
        ];
        for (command, expected) in cases {
            assert_eq!(hex::encode_upper(command.as_bytes()), expected);
        }
    }

    #[test]
    fn an_answer_is_continued_in_the_class_of_the_command() {
        let cases = [
            ([0x00, 0xA4, 0x00, 0x00], "00C0000010", "a card"),
            ([0x80, 0x5C, 0x00, 0x02], "00C0000010", "a card"),
            ([0xFF, 0xCA, 0x00, 0x00], "FFC0000010", "a reader"),
        ];
        for (header, expected, why) in cases {
            let command = Command::new(header, &[], None).unwrap();
            let next = command.get_response(Le::new::<0x10>());
            assert_eq!(hex::encode_upper(next.as_bytes()), expected, "{why}");
        }
    }

    #[test]
    fn a_wanted_length_is_replaced_or_added() {
        let le = Le::new::<0x1E>();
        let with = Command::read_binary_by_sfi(Sfi::new::<21>(), Le::ALL);
        let without = Command::new([0, 0xA4, 4, 0], &[0xA0], None).unwrap();
        assert_eq!(hex::encode_upper(with.with_le(le).as_bytes()), "00B095001E");
        assert_eq!(
            hex::encode_upper(without.with_le(le).as_bytes()),
            "00A4040001A01E"
        );
    }

    #[test]
    fn what_cannot_be_expressed_is_refused() {
        assert_eq!(
            Command::new([0; 4], &[0; 256], None).unwrap_err(),
            ApduError::DataTooLong { n_bytes: 256 }
        );
        assert_eq!(Le::from_count(0), None);
        assert_eq!(Le::from_count(257), None);
    }

    #[test]
    fn the_longest_command_fits() {
        let command = Command::new([0; 4], &[7; 255], Some(Le::ALL)).unwrap();
        assert_eq!(command.as_bytes().len(), Command::MAX_BYTES);
    }

    #[test]
    fn debug_shows_no_data_and_zeroize_leaves_none() {
        let mut command = Command::new([0xFF, 0x82, 0, 0], &[0xA5; 6], None).unwrap();
        assert_eq!(format!("{command:?}"), "Command(FF820000 …, 11 bytes)");
        command.zeroize();
        assert!(command.bytes.iter().all(|byte| *byte == 0));
        assert!(command.as_bytes().is_empty());
    }

    proptest! {
        #[test]
        fn any_data_that_fits_is_carried(data: Vec<u8>, le: bool) {
            let le = le.then_some(Le::ALL);
            if let Ok(command) = Command::new([0; 4], &data, le) {
                let carried = command.as_bytes().windows(data.len().max(1)).any(|part| part == data);
                prop_assert!(data.is_empty() || carried);
            } else {
                prop_assert!(data.len() > 255);
            }
        }
    }
}
