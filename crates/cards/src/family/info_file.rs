//! The file in which T-Union and `CityUnion` keep number and dates.
//!
//! It is the file with SFI 21 of the application, 30 bytes, and opens without
//! a key. SELECT offers the same bytes under `6F`, `A5`, `9F0C` of its answer.
//! Where those make a complete reading they are taken, for that saves an
//! exchange; they are never preferred to the file when anything is missing,
//! because some cards fill `9F0C` with something else or nothing.
//!
//! Sources: nfcim/nfsee `assets/read.js` (takes `9F0C` first as well);
//! metrodroid `ChinaTransitData.kt`.

use xueka_apdu::{Command, DfName, Le, Response, Sfi, StatusWord, tlv};

use crate::{
    ReadError,
    dialogue::{Dialogue, content},
};

/// The file.
pub(super) const INFO: Sfi = Sfi::new::<21>();
const INFO_LENGTH: Le = Le::new::<30>();

/// The path to the file's bytes in the answer to SELECT.
const IN_SELECT_ANSWER: [u32; 3] = [0x6F, 0xA5, 0x9F0C];

/// What came of asking for the file.
pub(super) enum Info {
    /// Its bytes, as many as the card gave.
    Bytes(Vec<u8>),
    /// The card refused it with this status word.
    Refused(StatusWord),
}

/// Selects an application and gets its file, from the answer to SELECT where
/// `is_whole` says that nothing is missing there. `None`: the card has no such
/// application. One exchange, or two.
pub(super) fn read(
    card: &mut Dialogue<'_>,
    application: &DfName,
    is_whole: impl Fn(&[u8]) -> bool,
) -> Result<Option<Info>, ReadError> {
    let selected = card.ask(&Command::select_by_name(application))?;
    if !is_selected(selected) {
        return Ok(None);
    }
    let offered = tlv::find(selected.data, &IN_SELECT_ANSWER).ok().flatten();
    if let Some(info) = offered.filter(|info| is_whole(info)) {
        return Ok(Some(Info::Bytes(info.to_vec())));
    }
    let response = card.ask(&Command::read_binary_by_sfi(INFO, INFO_LENGTH))?;
    Ok(Some(match content(response) {
        Ok(info) => Info::Bytes(info.to_vec()),
        Err(refused) => Info::Refused(refused),
    }))
}

/// A blocked application is still that application; its plain files may open.
fn is_selected(response: Response<'_>) -> bool {
    matches!(
        response.status_word,
        StatusWord::OK | StatusWord::SELECTED_FILE_BLOCKED
    )
}
