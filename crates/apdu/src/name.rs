//! Names of files and applications.

/// The name of an application or directory: 1 to 16 bytes.
///
/// An AID (5 to 16 bytes) is one kind of such a name; Chinese purses also use
/// short ASCII names.
///
/// Source: ISO/IEC 7816-4:2020, §7.3.1 and §8.2.1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DfName {
    n_bytes: usize,
    bytes: [u8; Self::MAX_BYTES],
}

impl DfName {
    /// The most bytes a name has.
    pub const MAX_BYTES: usize = 16;

    /// A name from its bytes; another length than 1 to 16 does not compile.
    #[must_use]
    pub const fn new<const N: usize>(name: [u8; N]) -> Self {
        const { assert!(N >= 1 && N <= Self::MAX_BYTES) };
        let mut bytes = [0; Self::MAX_BYTES];
        let (used, _) = bytes.split_at_mut(N);
        used.copy_from_slice(&name);
        Self { n_bytes: N, bytes }
    }

    /// A name from bytes that were written somewhere; `None` for another
    /// length than 1 to 16.
    #[must_use]
    pub fn from_slice(name: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::MAX_BYTES];
        bytes.get_mut(..name.len())?.copy_from_slice(name);
        (!name.is_empty()).then_some(Self {
            n_bytes: name.len(),
            bytes,
        })
    }

    /// The bytes of the name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.n_bytes).unwrap_or_default()
    }
}

/// A two-byte file identifier.
///
/// Source: ISO/IEC 7816-4:2020, §7.3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId(pub u16);

impl FileId {
    /// The root of the file tree.
    pub const MF: Self = Self(0x3F00);
}

/// A short file identifier: 1 to 30.
///
/// Source: ISO/IEC 7816-4:2020, §7.3.1. 0 means the current file and 31 is
/// reserved, so neither names a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sfi(u8);

impl Sfi {
    /// The identifier `NUMBER`; another one than 1 to 30 does not compile.
    #[must_use]
    pub const fn new<const NUMBER: u8>() -> Self {
        const { assert!(NUMBER >= 1 && NUMBER <= 30) };
        Self(NUMBER)
    }

    /// The identifier of that number; `None` for another one than 1 to 30.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        (1..=30).contains(&number).then_some(Self(number))
    }

    /// The identifier as a number: 1 to 30.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_bytes_and_length() {
        assert_eq!(DfName::new([0xA0]).as_bytes(), [0xA0]);
        assert_eq!(DfName::new([7; 16]).as_bytes(), [7; 16]);
    }

    #[test]
    fn names_and_identifiers_of_another_size_are_none() {
        for (n_bytes, fits) in [(0, false), (1, true), (16, true), (17, false)] {
            let name = vec![7; n_bytes];
            let made = DfName::from_slice(&name);
            assert_eq!(made.is_some(), fits, "{n_bytes} bytes");
            assert!(made.is_none_or(|made| made.as_bytes() == name));
        }
        assert_eq!(DfName::from_slice(&[7; 16]), Some(DfName::new([7; 16])));
        for (number, fits) in [(0, false), (1, true), (30, true), (31, false)] {
            assert_eq!(Sfi::from_number(number).is_some(), fits, "SFI {number}");
        }
    }
}
