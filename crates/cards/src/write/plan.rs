//! What is to change on one card.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use xueka_apdu::FileId;
use xueka_domain::Uid;

use super::WriteError;
use crate::profile::place::{Communication, Directory, FileName, KeyInput};

/// What a write changes on one card, place by place, in the order in which it
/// is written.
///
/// It holds what stands on the card, card numbers among it, and no key: keys
/// appear by name. `Debug` shows the places alone.
#[derive(Clone, PartialEq, Eq)]
pub struct WritePlan {
    /// The card, by the UID that it has at every tap.
    pub uid: Uid,
    /// The places, in the order of writing.
    pub steps: Vec<Step>,
}

/// One place, written by one command: whole, or torn.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Where.
    pub place: Place,
    /// The keys that may open the place, in the order in which they are tried;
    /// before the write, in the middle of it, and after it.
    pub keys: Vec<KeyUse>,
    /// What stood there when the plan was made.
    pub old: Content,
    /// What shall stand there.
    pub new: Content,
}

/// A key of the key file in its use on a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyUse {
    /// Its name in the key file.
    pub name: String,
    /// As what the chip knows it: the number of a key of a `DESFire`
    /// application; of a key of FMCOS the kind in the upper byte and the
    /// identifier in the lower one; for a MIFARE Classic sector 0 is key A and 1
    /// key B; for a password 0.
    pub slot: u16,
    /// From what the card's own key is made, by NXP AN10922; empty for a key
    /// that stands on the card as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diversified_by: Vec<KeyInput>,
}

/// A place on a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Place {
    /// A data block of a MIFARE Classic, 16 bytes, counted over the whole card.
    ClassicBlock(u8),
    /// The block with keys and access bits of a MIFARE Classic sector.
    ClassicTrailer {
        /// The sector, from 0.
        sector: u8,
    },
    /// A page of an Ultralight or NTAG, 4 bytes.
    Page(u8),
    /// Bytes of a transparent file of an ISO 7816-4 card.
    File {
        /// The directory.
        directory: Directory,
        /// The file.
        file: FileName,
        /// Where the bytes begin in it, below 256.
        offset: u8,
    },
    /// A directory of FMCOS that a plan makes: its settings, as CREATE FILE
    /// takes them. The place goes back by being emptied, for no command takes a
    /// lone directory away.
    FmcosDirectory {
        /// The name by which it is selected.
        directory: Directory,
        /// The identifier under which it is made.
        #[serde(with = "super::names::file_id")]
        id: FileId,
    },
    /// The key file of such a directory, made before everything else in it.
    FmcosKeyFile {
        /// The directory.
        directory: Directory,
    },
    /// A key of such a directory.
    FmcosKey {
        /// The directory.
        directory: Directory,
        /// What the key is for, as its record says.
        kind: u8,
        /// Its identifier among the keys of that kind.
        id: u8,
    },
    /// A transparent file of such a directory: its settings, as CREATE FILE
    /// takes them.
    FmcosFile {
        /// The directory.
        directory: Directory,
        /// The file.
        #[serde(with = "super::names::file_id")]
        id: FileId,
    },
    /// An application of a `DESFire`: whether there is one, and its settings,
    /// as GET KEY SETTINGS tells them.
    DesfireApplication {
        /// The application, most significant byte first.
        application: [u8; 3],
    },
    /// A file of a `DESFire` application: whether there is one, and its
    /// settings, as GET FILE SETTINGS tells them.
    DesfireFileSettings {
        /// The application, most significant byte first.
        application: [u8; 3],
        /// The file.
        file: u8,
    },
    /// Bytes of a `DESFire` backup data file.
    DesfireFile {
        /// The application, most significant byte first.
        application: [u8; 3],
        /// The file.
        file: u8,
        /// How they travel.
        communication: Communication,
        /// Where the bytes begin in it.
        offset: u16,
    },
    /// A key of a `DESFire` application.
    DesfireKey {
        /// The application, most significant byte first.
        application: [u8; 3],
        /// The number of the key.
        key: u8,
    },
}

/// What kind of chip has a place, and so which commands write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chip {
    /// MIFARE Classic.
    MifareClassic,
    /// Ultralight and NTAG.
    Type2,
    /// ISO 7816-4 files of a processor card.
    Files,
    /// `DESFire`.
    Desfire,
}

/// What stands, or shall stand, at a place.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Content {
    /// These bytes, which can be read back.
    Bytes(#[serde(with = "hex")] Vec<u8>),
    /// Keys and access bits of a MIFARE Classic sector.
    Trailer {
        /// The name of key A.
        key_a: String,
        /// Access bits and the free byte behind them.
        #[serde(with = "hex")]
        access: [u8; 4],
        /// The name of key B.
        key_b: String,
    },
    /// A key, by its name in the key file. Only an authentication tells whether
    /// it stands there.
    Key(String),
    /// Nothing: the place itself is not there.
    Nothing,
}

/// Why a text is no plan: it was not written by this program, or by a newer
/// one.
#[derive(Debug, Error)]
#[error("a plan in the journal cannot be understood")]
pub struct InvalidPlan(#[source] Box<dyn std::error::Error + Send + Sync>);

/// A plan as the journal keeps it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanText {
    #[serde(with = "hex")]
    uid: Vec<u8>,
    steps: Vec<Step>,
}

impl WritePlan {
    /// The plan as JSON, for the journal. It is personal: it may hold a number.
    ///
    /// # Errors
    ///
    /// [`InvalidPlan`]: never for a plan made by this crate.
    pub fn to_text(&self) -> Result<String, InvalidPlan> {
        let text = PlanText {
            uid: self.uid.reveal().to_vec(),
            steps: self.steps.clone(),
        };
        serde_json::to_string(&text).map_err(InvalidPlan::caused_by)
    }

    /// The plan that [`Self::to_text`] wrote.
    ///
    /// # Errors
    ///
    /// [`InvalidPlan`]: it is another text.
    pub fn from_text(text: &str) -> Result<Self, InvalidPlan> {
        let text: PlanText = serde_json::from_str(text).map_err(InvalidPlan::caused_by)?;
        let uid = Uid::try_from(text.uid.as_slice()).map_err(InvalidPlan::caused_by)?;
        Ok(Self {
            uid,
            steps: text.steps,
        })
    }
}

impl WritePlan {
    /// The kind of chip that has the places of the plan.
    ///
    /// # Errors
    ///
    /// [`WriteError::NoSuchPlace`]: none has them all, or there are none.
    pub(crate) fn chip(&self) -> Result<Chip, WriteError> {
        let mut chips = self.steps.iter().map(|step| step.place.chip());
        let first = chips.next().ok_or(WriteError::NoSuchPlace)?;
        if chips.all(|chip| chip == first) {
            Ok(first)
        } else {
            Err(WriteError::NoSuchPlace)
        }
    }
}

impl Place {
    /// The kind of chip that has such places.
    #[must_use]
    pub fn chip(self) -> Chip {
        match self {
            Self::ClassicBlock(_) | Self::ClassicTrailer { .. } => Chip::MifareClassic,
            Self::Page(_) => Chip::Type2,
            Self::File { .. }
            | Self::FmcosDirectory { .. }
            | Self::FmcosKeyFile { .. }
            | Self::FmcosKey { .. }
            | Self::FmcosFile { .. } => Chip::Files,
            Self::DesfireApplication { .. }
            | Self::DesfireFileSettings { .. }
            | Self::DesfireFile { .. }
            | Self::DesfireKey { .. } => Chip::Desfire,
        }
    }
}

/// Which place it is, as people who know the chip write it; the kind aside.
/// Numbers of directories, files and applications are hexadecimal.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClassicBlock(number) | Self::Page(number) => write!(f, "{number}"),
            Self::ClassicTrailer { sector } => write!(f, "{sector}"),
            Self::File {
                directory,
                file,
                offset,
            } => {
                write_directory(f, *directory)?;
                f.write_str("/")?;
                match file {
                    FileName::Short(sfi) => write!(f, "SFI {}", sfi.number())?,
                    FileName::Long(id) => write!(f, "{:04X}", id.0)?,
                }
                write!(f, "+{offset}")
            }
            Self::FmcosDirectory { directory, .. } | Self::FmcosKeyFile { directory } => {
                write_directory(f, *directory)
            }
            Self::FmcosKey {
                directory,
                kind,
                id,
            } => {
                write_directory(f, *directory)?;
                write!(f, "/{kind:02X} {id}")
            }
            Self::FmcosFile { directory, id } => {
                write_directory(f, *directory)?;
                write!(f, "/{:04X}", id.0)
            }
            Self::DesfireApplication { application } => f.write_str(&named(*application)),
            Self::DesfireFileSettings { application, file } => {
                write!(f, "{}/{file}", named(*application))
            }
            Self::DesfireFile {
                application,
                file,
                offset,
                ..
            } => write!(f, "{}/{file}+{offset}", named(*application)),
            Self::DesfireKey { application, key } => write!(f, "{}/{key}", named(*application)),
        }
    }
}

fn write_directory(f: &mut fmt::Formatter<'_>, directory: Directory) -> fmt::Result {
    match directory {
        Directory::Root => f.write_str("3F00"),
        Directory::Named(name) => f.write_str(&hex::encode_upper(name.as_bytes())),
        Directory::Numbered(id) => write!(f, "{:04X}", id.0),
    }
}

fn named(application: [u8; 3]) -> String {
    hex::encode_upper(application)
}

impl InvalidPlan {
    fn caused_by(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Debug for WritePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.steps.iter().map(|step| step.place);
        f.debug_list().entries(places).finish()
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Step").field(&self.place).finish()
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Trailer { key_a, key_b, .. } => write!(f, "keys {key_a:?} and {key_b:?}"),
            Self::Key(name) => write!(f, "key {name:?}"),
            Self::Nothing => f.write_str("nothing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use xueka_apdu::{DfName, FileId, Sfi};

    use super::*;

    fn plan() -> WritePlan {
        WritePlan {
            uid: "045A137C2B6680".parse().unwrap(),
            steps: vec![
                Step {
                    place: Place::ClassicBlock(5),
                    keys: vec![KeyUse {
                        name: "factory".to_owned(),
                        slot: 0,
                        diversified_by: Vec::new(),
                    }],
                    old: Content::Bytes(vec![0x00; 16]),
                    new: Content::Bytes(b"1000751012345678".to_vec()),
                },
                Step {
                    place: Place::ClassicTrailer { sector: 1 },
                    keys: Vec::new(),
                    old: Content::Key("factory".to_owned()),
                    new: Content::Trailer {
                        key_a: "school".to_owned(),
                        access: [0x78, 0x77, 0x88, 0x00],
                        key_b: "school-b".to_owned(),
                    },
                },
            ],
        }
    }

    #[test]
    fn a_place_is_written_as_people_write_it() {
        let application = [0xF4, 0x81, 0x20];
        let file = |directory, file, offset| Place::File {
            directory,
            file,
            offset,
        };
        let name = DfName::new([0xA0, 0x00, 0x00, 0x03, 0x86]);
        let sfi = Sfi::from_number(21).unwrap();
        let cases = [
            (Place::ClassicBlock(5), "5"),
            (Place::ClassicTrailer { sector: 1 }, "1"),
            (Place::Page(12), "12"),
            (
                file(
                    Directory::Numbered(FileId(0x3F01)),
                    FileName::Long(FileId(0x0015)),
                    4,
                ),
                "3F01/0015+4",
            ),
            (
                file(Directory::Root, FileName::Short(sfi), 0),
                "3F00/SFI 21+0",
            ),
            (
                file(Directory::Named(name), FileName::Short(sfi), 0),
                "A000000386/SFI 21+0",
            ),
            (
                Place::FmcosDirectory {
                    directory: Directory::Named(name),
                    id: FileId(0x3F02),
                },
                "A000000386",
            ),
            (
                Place::FmcosKey {
                    directory: Directory::Named(name),
                    kind: 0x39,
                    id: 1,
                },
                "A000000386/39 1",
            ),
            (
                Place::FmcosFile {
                    directory: Directory::Named(name),
                    id: FileId(0x0016),
                },
                "A000000386/0016",
            ),
            (Place::DesfireApplication { application }, "F48120"),
            (
                Place::DesfireFileSettings {
                    application,
                    file: 1,
                },
                "F48120/1",
            ),
            (
                Place::DesfireFile {
                    application,
                    file: 1,
                    communication: Communication::Full,
                    offset: 300,
                },
                "F48120/1+300",
            ),
            (
                Place::DesfireKey {
                    application,
                    key: 2,
                },
                "F48120/2",
            ),
        ];
        for (place, expected) in cases {
            assert_eq!(place.to_string(), expected, "{place:?}");
        }
    }

    #[test]
    fn a_plan_comes_back_from_its_text() {
        let text = plan().to_text().unwrap();
        assert_eq!(WritePlan::from_text(&text).unwrap(), plan());
        assert!(WritePlan::from_text(&text.replace("steps", "step")).is_err());
        assert!(WritePlan::from_text(&text.replace("045a137c2b6680", "04")).is_err());
    }

    #[test]
    fn a_plan_is_for_one_kind_of_chip() {
        assert_eq!(plan().chip().unwrap(), Chip::MifareClassic);
        let mut mixed = plan();
        mixed.steps[1].place = Place::Page(4);
        let empty = WritePlan {
            steps: Vec::new(),
            ..plan()
        };
        for plan in [mixed, empty] {
            assert!(matches!(plan.chip(), Err(WriteError::NoSuchPlace)));
        }
    }

    #[test]
    fn a_plan_shows_places_and_no_content() {
        let shown = format!("{:?} {:?}", plan(), plan().steps);
        assert!(shown.contains("ClassicBlock(5)"), "{shown}");
        assert!(!shown.contains("1000") && !shown.contains("49"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = WritePlan::from_text(&text);
        }
    }
}
