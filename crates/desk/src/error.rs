//! What can go wrong at the desk.

use thiserror::Error;
use xueka_cards::{NoPurse, RawRefusal, WriteError};
use xueka_domain::{Language, NoIdentity};
use xueka_files::{ColumnName, FileError, Mark, WriteError as WriteFileError};
use xueka_readers::ReaderError;
use xueka_registry::{CardWriteId, RegistryError};

use crate::publication::MarkFileError;

/// Why a use case did not come to its end.
#[derive(Debug, Error)]
pub enum DeskError {
    /// The reader, or the card in it.
    #[error(transparent)]
    Reader(#[from] ReaderError),
    /// The registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The card has no purse that opens.
    #[error("no purse opens on this card")]
    NoPurse(NoPurse),
    /// The card is not written, and nothing was changed on it.
    #[error(transparent)]
    Write(WriteError),
    /// A write to the card was begun and has not ended.
    #[error("a write to this card has not ended; put the card on a reader to have it finished")]
    WriteOpen {
        /// Its entry in the journal.
        id: CardWriteId,
    },
    /// The plan was made too long ago, or never.
    #[error("there is no such plan, or it was made too long ago; plan anew")]
    NoSuchPlan,
    /// The configuration lets nobody send raw commands.
    #[error("raw commands are not allowed by the configuration")]
    RawExchangeOff,
    /// A raw command may not be sent, and none was.
    #[error("command {position}: {refusal}")]
    CommandRefused {
        /// Which one, from 0.
        position: usize,
        /// Why.
        refusal: RawRefusal,
    },
    /// A file that was sent cannot be used as a whole.
    #[error("the file cannot be used: {0}")]
    FileNotUsable(FileFault),
    /// A file that was asked for cannot be made.
    #[error(transparent)]
    FileNotMade(WriteFileError),
    /// The blacklist is not published, because nobody signs it.
    #[error("the blacklist is not signed; set blacklist.signing_key_file")]
    NotPublished,
    /// A change of the blacklist is not signed yet, because the registry cannot
    /// be read.
    #[error("a change of the blacklist is not signed yet")]
    NotYetPublished,
    /// As many follow the blacklist as can.
    #[error("too many follow the blacklist already")]
    TooManySubscribers,
    /// No such version of the blacklist was published.
    #[error("no such version of the blacklist was published")]
    NoSuchVersion,
    /// The mark of the published blacklist cannot be kept.
    #[error(transparent)]
    MarkFile(#[from] MarkFileError),
    /// A thread that worked for the call ended.
    #[error("a thread of the daemon ended")]
    Stopped,
    /// The card shows nothing by which it could be known again.
    #[error(transparent)]
    NoIdentity(#[from] NoIdentity),
}

/// Why a file as a whole cannot be used, whatever kind of file it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFault {
    /// A stable word for programs, such as `NOT_TEXT`.
    pub cause: &'static str,
    chinese: String,
    english: String,
}

impl FileFault {
    /// What is wrong with a file of some kind.
    #[must_use]
    pub fn of<C: ColumnName>(error: &FileError<C>) -> Self {
        Self {
            cause: error.code(),
            chinese: error.told(Language::Chinese),
            english: error.told(Language::English),
        }
    }

    /// What a file says of itself in one place contradicts another place, the
    /// menu under which it is taken, or the configuration.
    #[must_use]
    pub(crate) fn marks(marks: &[Mark]) -> Self {
        let names = |language| {
            let names = marks.iter().map(|mark| mark.name(language));
            names.collect::<Vec<_>>()
        };
        let chinese = names(Language::Chinese).join("、");
        let english = names(Language::English).join(", ");
        Self {
            cause: "MARKS_DIFFER",
            chinese: format!(
                "文件名、首行、所选菜单与本系统设置的{chinese}不一致，请核对是否选错文件或菜单"
            ),
            english: format!(
                "its name, its first line, the menu or the settings here disagree about: {english}; \
                 check that it is the right file under the right menu"
            ),
        }
    }

    /// What is wrong and what to do, as one sentence.
    #[must_use]
    pub fn told(&self, language: Language) -> &str {
        language.choose(&self.chinese, &self.english)
    }
}

/// In English.
impl std::fmt::Display for FileFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.english)
    }
}

impl From<FileFault> for DeskError {
    fn from(fault: FileFault) -> Self {
        Self::FileNotUsable(fault)
    }
}
