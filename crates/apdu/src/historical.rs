//! The historical bytes of an ATR or ATS: what a card says of itself.

/// The historical bytes of an ATR or of an ATS: 0 to 15 and more.
///
/// Source: ISO/IEC 7816-4:2005, §8.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoricalBytes<'a>(&'a [u8]);

/// The first historical byte, which says how to read the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HistoricalCategory {
    /// There are no historical bytes.
    Nothing,
    /// `00`: objects, then three bytes of status.
    ObjectsAndStatus,
    /// `10`: a reference to a file that describes the card.
    DirectoryReference,
    /// `80`: objects; a status may be among them.
    Objects,
    /// `81` to `8F`: reserved.
    Reserved(u8),
    /// Any other: in a form of the maker's own.
    Proprietary(u8),
}

/// One COMPACT-TLV object: a nibble of tag, a nibble of length, the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompactTlv<'a> {
    /// The tag: 0 to 15.
    pub tag: u8,
    /// The length that is announced: 0 to 15.
    pub n_announced: u8,
    /// The value: shorter than announced where the bytes end before.
    pub value: &'a [u8],
}

/// What an object tells.
///
/// Source: ISO/IEC 7816-4:2005, §8.1.1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompactMeaning {
    /// Tag 1: a country (ISO 3166-1).
    Country,
    /// Tag 2: an issuer (ISO/IEC 7812-1).
    Issuer,
    /// Tag 3: which services the card offers.
    Services,
    /// Tag 4: data to begin with.
    InitialAccess,
    /// Tag 5: data of the issuer.
    IssuerData,
    /// Tag 6: data from before the issuing, such as the chip's maker.
    PreIssuing,
    /// Tag 7: what the card is capable of.
    Capabilities,
    /// Tag 8: life cycle and status word.
    Status,
    /// Tag F: the name of an application.
    Application,
    /// Any other.
    Reserved,
}

impl<'a> HistoricalBytes<'a> {
    /// The bytes as historical bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// How the bytes are to be read.
    #[must_use]
    pub fn category(&self) -> HistoricalCategory {
        match self.0.first() {
            None => HistoricalCategory::Nothing,
            Some(0x00) => HistoricalCategory::ObjectsAndStatus,
            Some(0x10) => HistoricalCategory::DirectoryReference,
            Some(0x80) => HistoricalCategory::Objects,
            Some(byte @ 0x81..=0x8F) => HistoricalCategory::Reserved(*byte),
            Some(byte) => HistoricalCategory::Proprietary(*byte),
        }
    }

    /// The objects, in the categories that have them. One whose value is cut
    /// short is the last.
    pub fn objects(&self) -> impl Iterator<Item = CompactTlv<'a>> + use<'a> {
        let n_status = match self.category() {
            HistoricalCategory::Objects => Some(0),
            HistoricalCategory::ObjectsAndStatus => Some(3),
            _ => None,
        };
        let end = n_status.and_then(|n_status| self.0.len().checked_sub(n_status));
        let mut rest = end.and_then(|end| self.0.get(1..end)).unwrap_or_default();
        std::iter::from_fn(move || {
            let (head, behind) = rest.split_first()?;
            let n_announced = head & 0x0F;
            let n_bytes = behind.len().min(n_announced.into());
            let (value, next) = behind.split_at(n_bytes);
            rest = next;
            Some(CompactTlv {
                tag: head >> 4,
                n_announced,
                value,
            })
        })
    }

    /// Life cycle status, SW1 and SW2 at the end; only in the category `00`.
    #[must_use]
    pub fn status(&self) -> Option<[u8; 3]> {
        match (self.category(), self.0) {
            (HistoricalCategory::ObjectsAndStatus, [_, .., life, sw1, sw2]) => {
                Some([*life, *sw1, *sw2])
            }
            _ => None,
        }
    }
}

impl CompactTlv<'_> {
    /// What the object tells.
    #[must_use]
    pub fn meaning(&self) -> CompactMeaning {
        match self.tag {
            0x1 => CompactMeaning::Country,
            0x2 => CompactMeaning::Issuer,
            0x3 => CompactMeaning::Services,
            0x4 => CompactMeaning::InitialAccess,
            0x5 => CompactMeaning::IssuerData,
            0x6 => CompactMeaning::PreIssuing,
            0x7 => CompactMeaning::Capabilities,
            0x8 => CompactMeaning::Status,
            0xF => CompactMeaning::Application,
            _ => CompactMeaning::Reserved,
        }
    }

    /// Whether the value has the length that is announced.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.value.len() == usize::from(self.n_announced)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Objects as `tag:value`, one cut short with a `+` behind.
    fn shown(bytes: &[u8]) -> String {
        let objects = HistoricalBytes::new(bytes).objects().map(|object| {
            let mark = if object.is_whole() { "" } else { "+" };
            format!("{:X}:{}{mark}", object.tag, hex::encode_upper(object.value))
        });
        objects.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn objects_are_read_as_far_as_they_go() {
        use HistoricalCategory as C;
        let cases = [
            ("", C::Nothing, "", None, "no bytes"),
            ("80", C::Objects, "", None, "DESFire"),
            (
                "8073FF0100",
                C::Objects,
                "7:FF0100",
                None,
                "capabilities alone",
            ),
            (
                "0031C06477E30300829000",
                C::ObjectsAndStatus,
                "3:C0 6:77E30300",
                Some([0x82, 0x90, 0x00]),
                "a status at the end",
            ),
            (
                "00829000",
                C::ObjectsAndStatus,
                "",
                Some([0x82, 0x90, 0]),
                "a status alone",
            ),
            ("009000", C::ObjectsAndStatus, "", None, "too short for one"),
            ("8065B083", C::Objects, "6:B083+", None, "a value cut short"),
            ("800000", C::Objects, "0: 0:", None, "empty objects"),
            ("1005", C::DirectoryReference, "", None, "a reference"),
            ("8105", C::Reserved(0x81), "", None, "reserved"),
            ("4A434F50", C::Proprietary(0x4A), "", None, "a maker's text"),
        ];
        for (text, category, objects, status, why) in cases {
            let bytes = hex::decode(text).unwrap();
            let historical = HistoricalBytes::new(&bytes);
            assert_eq!(historical.category(), category, "{why}");
            assert_eq!(shown(&bytes), objects, "{why}");
            assert_eq!(historical.status(), status, "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic_or_loop(bytes: Vec<u8>) {
            let historical = HistoricalBytes::new(&bytes);
            prop_assert!(historical.objects().count() <= bytes.len());
            let _ = historical.status();
        }
    }
}
