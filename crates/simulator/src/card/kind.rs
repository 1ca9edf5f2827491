//! The kinds of cards and their names in descriptions.

/// What a virtual card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    TransitCpu,
    TUnion,
    CityUnion,
    MifareClassic1K,
    MifareClassic4K,
    MifareClassicMini,
    Ultralight,
    Ntag213,
    Desfire,
    Iso14443,
    Storage,
    Contact,
}

impl Kind {
    /// All kinds, in the order in which messages name them.
    pub(crate) const ALL: [Self; 12] = [
        Self::TransitCpu,
        Self::TUnion,
        Self::CityUnion,
        Self::MifareClassic1K,
        Self::MifareClassic4K,
        Self::MifareClassicMini,
        Self::Ultralight,
        Self::Ntag213,
        Self::Desfire,
        Self::Iso14443,
        Self::Storage,
        Self::Contact,
    ];

    /// The name in descriptions.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::TransitCpu => "transit-cpu",
            Self::TUnion => "t-union",
            Self::CityUnion => "city-union",
            Self::MifareClassic1K => "mifare-classic-1k",
            Self::MifareClassic4K => "mifare-classic-4k",
            Self::MifareClassicMini => "mifare-classic-mini",
            Self::Ultralight => "ultralight",
            Self::Ntag213 => "ntag213",
            Self::Desfire => "desfire",
            Self::Iso14443 => "iso14443-4",
            Self::Storage => "storage",
            Self::Contact => "contact",
        }
    }

    /// The kind of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}
