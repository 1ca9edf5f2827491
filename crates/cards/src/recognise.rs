//! What a card was recognised as, and what speaks for and against it.
//!
//! The ATR of a contactless card is made up by the reader and weak; SAK and
//! ATS come from the card and weigh more; an application that answers, or a
//! number where the family keeps it, decides. What disagrees is kept.

use xueka_apdu::{AtrClaim, StorageCard, StorageName, TypeBAnswer};
use xueka_domain::CardFamily;
use xueka_transport::{Dialect, SlotKind};

use crate::{
    CardReading, NumberSource,
    family::{desfire, storage},
    hints,
    inspect::{AskedAts, FoundApplication, KnownApplication},
    look::{Look, look},
};

/// What a card was recognised as, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognition {
    /// The family as which the card was read.
    pub family: CardFamily,
    /// What was seen, in the order in which it was.
    pub because: Vec<Clue>,
}

/// Something that was seen, and what it says of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clue {
    /// What was seen.
    pub seen: Seen,
    /// What it is worth.
    pub weight: Weight,
    /// Whether it speaks for the family.
    pub bearing: Bearing,
}

/// What a clue is worth, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Weight {
    /// Made up by the reader, or common to many cards.
    Weak,
    /// The card's own word.
    Strong,
    /// Leaves no doubt of the family.
    Decides,
}

/// On which side a clue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bearing {
    /// It fits the family.
    For,
    /// It says nothing either way.
    Neither,
    /// It fits another family.
    Against,
}

/// Something that was seen of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seen {
    /// The slot takes cards with contacts: by the table of reader models, or
    /// because the ATR does not exclude it.
    ContactSlot,
    /// The ATR is none by ISO/IEC 7816-3.
    AtrMalformed,
    /// The ATR has not the form of a contactless card.
    AtrOther,
    /// The ATR names a storage card.
    AtrNames(StorageCard),
    /// The ATR names a storage card in a form older than the standard.
    AtrNamesOldForm(StorageCard),
    /// The ATR gives the card's SAK.
    AtrGivesSak(u8),
    /// The ATR is that of an ISO 14443-4 card.
    AtrIso14443 {
        /// Likely one of type B.
        type_b: bool,
        /// Its historical bytes are those of a `DESFire`.
        desfire: bool,
    },
    /// This reader is known to say `reported` of a card that is `meant`.
    ReaderMeans {
        /// What stands in the ATR.
        reported: StorageName,
        /// What it is.
        meant: StorageName,
        /// Always, or only sometimes.
        always: bool,
    },
    /// The UID, by its length.
    Uid {
        /// How many bytes it has.
        n_bytes: usize,
        /// Made up anew at each tap.
        random: bool,
    },
    /// There is no UID.
    NoUid,
    /// The card answered an ATS.
    Ats {
        /// Its historical bytes are those of a `DESFire`.
        desfire: bool,
        /// They are those of cards that copy others.
        copier: bool,
    },
    /// There is no ATS: the status word that refused it.
    NoAts(u16),
    /// A published application answered.
    Application(KnownApplication),
    /// None of the published applications answered.
    NoApplication,
    /// The number stood where the family keeps it.
    Number(NumberSource),
}

impl Recognition {
    /// Gathers what was seen.
    pub(crate) fn of(
        reading: &CardReading,
        dialect: &Dialect,
        ats: &AskedAts,
        applications: &[FoundApplication],
    ) -> Self {
        let mut seen = see_atr(&reading.atr, dialect);
        if look(&reading.atr, dialect) != Look::Contact {
            seen.push(match &reading.uid {
                Some(uid) => Seen::Uid {
                    n_bytes: uid.reveal().len(),
                    random: uid.is_random(),
                },
                None => Seen::NoUid,
            });
        }
        seen.extend(see_ats(ats));
        let answered = applications.iter().filter(|found| found.is_there());
        let answered: Vec<_> = answered.map(|found| found.application).collect();
        if answered.is_empty() && !applications.is_empty() {
            seen.push(Seen::NoApplication);
        }
        seen.extend(answered.into_iter().map(Seen::Application));
        seen.extend(reading.number_source.map(Seen::Number));
        let family = reading.family;
        Self {
            family,
            because: seen
                .into_iter()
                .map(|seen| Clue {
                    seen,
                    weight: seen.weight(),
                    bearing: seen.bearing(family),
                })
                .collect(),
        }
    }

    /// What fits another family than the one found.
    pub fn disagreements(&self) -> impl Iterator<Item = &Clue> {
        let clues = self.because.iter();
        clues.filter(|clue| clue.bearing == Bearing::Against)
    }
}

fn see_atr(atr: &[u8], dialect: &Dialect) -> Vec<Seen> {
    let is_contact = look(atr, dialect) == Look::Contact;
    let mut seen: Vec<_> = is_contact
        .then_some(Seen::ContactSlot)
        .into_iter()
        .collect();
    let claim = AtrClaim::of(atr);
    seen.push(match claim {
        AtrClaim::Storage(card) => Seen::AtrNames(card),
        AtrClaim::OldStorage(card) => Seen::AtrNamesOldForm(card),
        AtrClaim::Sak(sak) => Seen::AtrGivesSak(sak),
        AtrClaim::Iso14443(bytes) => Seen::AtrIso14443 {
            type_b: TypeBAnswer::of(bytes).is_some(),
            desfire: desfire::has_ats(bytes),
        },
        AtrClaim::Other => Seen::AtrOther,
        AtrClaim::Malformed => Seen::AtrMalformed,
    });
    if let AtrClaim::Storage(card) = claim
        && dialect.slot != SlotKind::Contact
    {
        let rows = dialect.storage_names.iter();
        let rows = rows.filter(|row| row.reported == card.name.value());
        seen.extend(rows.map(|row| Seen::ReaderMeans {
            reported: row.reported.into(),
            meant: row.meant.into(),
            always: row.always,
        }));
    }
    seen
}

fn see_ats(ats: &AskedAts) -> Option<Seen> {
    match ats {
        AskedAts::NotAsked => None,
        AskedAts::Given(_) => {
            let bytes = ats.historical_bytes().unwrap_or_default();
            Some(Seen::Ats {
                desfire: desfire::has_ats(bytes),
                copier: hints::is_copier_ats(bytes),
            })
        }
        AskedAts::Refused(status_word) => Some(Seen::NoAts(*status_word)),
    }
}

impl Seen {
    /// What it is worth.
    fn weight(self) -> Weight {
        match self {
            Self::AtrMalformed
            | Self::AtrOther
            | Self::AtrNames(_)
            | Self::AtrNamesOldForm(_)
            | Self::AtrIso14443 { .. }
            | Self::ReaderMeans { .. }
            | Self::Uid { .. }
            | Self::NoUid
            // Some readers know of no ATS whatever the card.
            | Self::NoAts(_)
            | Self::NoApplication => Weight::Weak,
            Self::AtrGivesSak(_) | Self::Ats { .. } => Weight::Strong,
            // What cards of many families have names none.
            Self::Application(application) if application.family().is_none() => Weight::Weak,
            Self::ContactSlot | Self::Application(_) | Self::Number(_) => Weight::Decides,
        }
    }

    /// On which side of this family it is.
    fn bearing(self, family: CardFamily) -> Bearing {
        let is_contact = family == CardFamily::Iso7816;
        let is_processor = !is_contact && !is_storage(family);
        let fits = |fits: bool| if fits { Bearing::For } else { Bearing::Against };
        let only_if = |fits: bool| if fits { Bearing::For } else { Bearing::Neither };
        match self {
            Self::Uid { .. } | Self::NoUid => Bearing::Neither,
            Self::ContactSlot => fits(is_contact),
            Self::AtrMalformed | Self::AtrOther => only_if(is_contact),
            // In a contact slot nothing was asked, so nothing is known.
            _ if is_contact => Bearing::Neither,
            // Having no name, or one that no list has, names nothing.
            Self::AtrNames(card) if card.name.acs_sak().is_none() && !is_named(card.name) => {
                only_if(family == CardFamily::OtherStorage)
            }
            Self::AtrNames(card) | Self::AtrNamesOldForm(card) => {
                fits(storage::family(card) == family)
            }
            Self::AtrGivesSak(sak) => fits(sak_fits(sak, family)),
            Self::AtrIso14443 { desfire: true, .. } | Self::Ats { desfire: true, .. } => {
                fits(family == CardFamily::Desfire)
            }
            Self::AtrIso14443 { .. } | Self::Ats { .. } => fits(is_processor),
            Self::ReaderMeans { meant, always, .. } => {
                let card = StorageCard {
                    standard: xueka_apdu::StorageStandard::NotGiven,
                    name: meant,
                };
                let is_meant = storage::family(card) == family;
                if always {
                    fits(is_meant)
                } else {
                    Bearing::Neither
                }
            }
            Self::NoAts(_) => fits(!is_processor),
            // Several applications may live on one chip.
            Self::Application(application) => only_if(application.family() == Some(family)),
            Self::NoApplication => only_if(family == CardFamily::OtherIso14443),
            Self::Number(_) => Bearing::For,
        }
    }
}

/// Whether the cards of a family have no processor.
fn is_storage(family: CardFamily) -> bool {
    matches!(
        family,
        CardFamily::MifareClassic1K
            | CardFamily::MifareClassic4K
            | CardFamily::MifareClassicMini
            | CardFamily::Ultralight
            | CardFamily::OtherStorage
    )
}

/// Whether the standard or a maker of cards gave this name.
fn is_named(name: StorageName) -> bool {
    name.label().is_some()
        && !matches!(
            name,
            StorageName::SPRINGCARD_TYPE_A | StorageName::SPRINGCARD_TYPE_B
        )
}

/// Bit 6 of a SAK tells of ISO 14443-4; combined chips have both sides.
fn sak_fits(sak: u8, family: CardFamily) -> bool {
    let card = StorageCard {
        standard: xueka_apdu::StorageStandard::NotGiven,
        name: StorageName::of_sak(sak),
    };
    if sak & 0x20 != 0 && !is_storage(family) {
        return true;
    }
    storage::family(card) == family
}
