//! Published applications, and whether a card has them.

use xueka_apdu::{Command, DfName, FileId, StatusWord};
use xueka_domain::CardFamily;

use crate::{
    ReadError,
    dialogue::Dialogue,
    family::{city_union, t_union},
};

/// An application with a published name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KnownApplication {
    /// T-Union (交通联合).
    TUnion,
    /// `CityUnion` (城市一卡通).
    CityUnion,
    /// The payment environment of contact cards, `1PAY.SYS.DDF01`; on many
    /// Chinese purse cards the name of the root itself.
    PaymentEnvironment,
    /// A file system for NFC Forum messages (type 4 tag).
    Ndef,
    /// The card level of a `DESFire`, by its ISO name.
    Desfire,
    /// A travel document (ICAO 9303).
    TravelDocument,
    /// The payment environment of contactless cards, `2PAY.SYS.DDF01`.
    ContactlessPaymentEnvironment,
}

/// Whether a card has an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundApplication {
    /// Which one.
    pub application: KnownApplication,
    /// The answer to its selection.
    pub status_word: u16,
}

impl KnownApplication {
    /// All of them, in the order in which they are looked for.
    ///
    /// On some chips one selection makes a later one fail, so those that a
    /// desk cares for come first; the contactless payment environment comes
    /// last, because it disturbs one phone (nfcim/nfsee `assets/read.js`).
    pub const ALL: [Self; 7] = [
        Self::TUnion,
        Self::CityUnion,
        Self::PaymentEnvironment,
        Self::Ndef,
        Self::Desfire,
        Self::TravelDocument,
        Self::ContactlessPaymentEnvironment,
    ];

    /// Its name.
    ///
    /// Sources: for the transit families their files in `family/`; EMV 4.3
    /// book 1, §12.2, and EMV contactless book B, §3.3; NFC Forum *Type 4 Tag
    /// 2.0*, §5.4.2; NXP AN10833; ICAO 9303 part 10, §3.6.
    #[must_use]
    pub fn name(self) -> DfName {
        match self {
            Self::TUnion => t_union::APPLICATION,
            Self::CityUnion => city_union::APPLICATION,
            Self::PaymentEnvironment => DfName::new(*b"1PAY.SYS.DDF01"),
            Self::Ndef => DfName::new([0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01]),
            Self::Desfire => DfName::new([0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x00]),
            Self::TravelDocument => DfName::new([0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01]),
            Self::ContactlessPaymentEnvironment => DfName::new(*b"2PAY.SYS.DDF01"),
        }
    }

    /// The family that it makes up.
    #[must_use]
    pub fn family(self) -> Option<CardFamily> {
        match self {
            Self::TUnion => Some(CardFamily::TUnion),
            Self::CityUnion => Some(CardFamily::CityUnion),
            Self::Desfire => Some(CardFamily::Desfire),
            Self::PaymentEnvironment
            | Self::Ndef
            | Self::TravelDocument
            | Self::ContactlessPaymentEnvironment => None,
        }
    }
}

impl FoundApplication {
    /// Whether the card has it, blocked or not.
    #[must_use]
    pub fn is_there(&self) -> bool {
        let word = StatusWord::from(self.status_word);
        word.is_ok() || self.is_blocked()
    }

    /// Whether the card has it and it is blocked.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        // 6A81 is what FMCOS and PBOC cards say of a locked application, and
        // others of a command that they do not know.
        StatusWord::from(self.status_word) == StatusWord::SELECTED_FILE_BLOCKED
    }
}

/// Selects each application in turn, and the root of the files at the end. A
/// card that has no root is left where it is.
pub(super) fn look_for(card: &mut Dialogue<'_>) -> Result<Vec<FoundApplication>, ReadError> {
    let mut found = Vec::new();
    for application in KnownApplication::ALL {
        let response = card.ask(&Command::select_by_name(&application.name()))?;
        found.push(FoundApplication {
            application,
            status_word: response.status_word.value(),
        });
    }
    card.ask(&Command::select_by_id(FileId::MF))?;
    Ok(found)
}
