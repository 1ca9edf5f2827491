//! Processor cards of which a school's profile says where their number is:
//! FM1208 and others with files of ISO 7816-4.
//!
//! - A directory is the root, or is selected by name or, from the root, by
//!   identifier. Directories that are missing cost one exchange each.
//! - Of a file only the bytes from the first to the last field are asked for:
//!   on campus cards a name stands before the number.
//! - A date may stand in the root although the number stands in a directory: then
//!   the card is led back there at the end, for one exchange.
//! - The chip's proof, where the profile wants one, comes last and in the same
//!   directory, since keys belong to directories.
//!
//! Sources: RfidResearchGroup/proxmark3 `doc/fmcos.md`; nfcim/nfsee
//! `assets/read.js` for the campus card (SFI 22: name in bytes 0 to 19, student
//! number in 28 to 37); hardware-notes/card-fm1208-fmcos.md.

use xueka_apdu::{Command, FileId, Le, StatusWord};
use xueka_domain::{AssuranceLevel, Uid};

use super::{fmcos, proof};
use crate::{
    ChipAuthentication, Gap, NumberSource, ReadError, ReadingProfile,
    dialogue::{Dialogue, content},
    findings::Findings,
    profile::place::{CpuCopies, CpuCopy, CpuFile, CpuPlace, Directory, FileName},
    write::copies::{self, Copy},
};

/// What the places of a profile came to.
pub(crate) enum Found {
    /// One of them has a number.
    Number(Findings),
    /// One of their directories is there, and without a number.
    Directory(Findings),
    /// The card has none of the directories; or the profile has no places.
    Nothing,
}

/// Looks at the places of the profile in their order, until one has a number.
pub(crate) fn read(
    card: &mut Dialogue<'_>,
    uid: Option<Uid>,
    profile: &ReadingProfile,
) -> Result<Found, ReadError> {
    let mut best = Found::Nothing;
    let mut is_at_root = true;
    for place in profile.cpu() {
        if !enter(card, place.directory, &mut is_at_root)? {
            continue;
        }
        let mut findings = read_place(card, place)?;
        let is_selected = place.directory != Directory::Root;
        if findings.number.is_none() && !is_selected {
            continue;
        }
        if let Some(proof) = &place.proof {
            let application = place.directory.name();
            let random = profile.randomness();
            let chip = proof::ask(card, proof, uid, &application, random)?;
            findings.chip = Some(chip);
            if chip != ChipAuthentication::Passed {
                findings.assurance = findings.assurance.min(AssuranceLevel::NumberRead);
            }
        }
        if findings.number.is_some() {
            return Ok(Found::Number(findings));
        }
        if matches!(best, Found::Nothing) {
            best = Found::Directory(findings);
        }
    }
    Ok(best)
}

/// Goes to a directory; `false`: the card has none of that name.
fn enter(
    card: &mut Dialogue<'_>,
    directory: Directory,
    is_at_root: &mut bool,
) -> Result<bool, ReadError> {
    let needs_root = !matches!(directory, Directory::Named(_));
    if needs_root && !*is_at_root {
        *is_at_root = select(card, &Command::select_by_id(FileId::MF))?;
        if !*is_at_root {
            return Ok(false);
        }
    }
    let command = match directory {
        Directory::Root => return Ok(true),
        Directory::Named(name) => Command::select_by_name(&name),
        Directory::Numbered(id) => Command::select_by_id(id),
    };
    let is_there = select(card, &command)?;
    *is_at_root &= !is_there;
    Ok(is_there)
}

/// Whether the card has what is selected; its plain files may open though it
/// is blocked.
fn select(card: &mut Dialogue<'_>, command: &Command) -> Result<bool, ReadError> {
    let selected = card.ask(command)?.status_word;
    Ok(matches!(
        selected,
        StatusWord::OK | StatusWord::SELECTED_FILE_BLOCKED
    ))
}

/// Reads the files of a place, the number's first; without a number the others
/// are not asked for.
fn read_place(card: &mut Dialogue<'_>, place: &CpuPlace) -> Result<Findings, ReadError> {
    let mut findings = Findings::of(place.family);
    findings.assurance = place.assurance;
    if let Some(copies) = &place.copies {
        read_copies(card, place, copies, &mut findings)?;
        return Ok(findings);
    }
    let (in_root, inside): (Vec<_>, Vec<_>) = place
        .fields
        .ranges()
        .into_iter()
        .partition(|(file, _)| file.is_in_root);
    let mut at_root = None;
    for (file, (start, end)) in inside.into_iter().chain(in_root) {
        if file.is_in_root && at_root.is_none() {
            at_root = Some(fmcos::enter(card, Directory::Root)?);
        }
        let content = match at_root {
            // Where it stands it may have another file of that name.
            Some(Err(refused)) => Err(refused),
            None | Some(Ok(())) => read_file(card, file, start, end)?,
        };
        let content = content.as_deref().map_err(|refused| *refused);
        place
            .fields
            .take(&mut findings, file, content, file.name.source());
        if findings.number.is_none() {
            break;
        }
    }
    Ok(findings)
}

/// Reads both copies of a record, since only both say which of them counts.
fn read_copies(
    card: &mut Dialogue<'_>,
    place: &CpuPlace,
    record: &CpuCopies,
    findings: &mut Findings,
) -> Result<(), ReadError> {
    let n_bytes = usize::from(record.length);
    let mut read = |copy: CpuCopy| fmcos::read(card, copy.file, copy.offset, n_bytes);
    let (first, second) = match (read(record.first)?, read(record.second)?) {
        (Ok(first), Ok(second)) => (first, second),
        // The copy that can be read may be the one that no longer counts.
        (Err(refused), _) | (_, Err(refused)) => {
            findings.refused(&[Gap::CardNumber], refused);
            return Ok(());
        }
    };
    let held = copies::open(&first, &second);
    findings.record_writes = held.count;
    let copy = match held.counts {
        Copy::First => record.first,
        Copy::Second => record.second,
    };
    let (known, content) = (place.fields.number.0, held.data.unwrap_or_default());
    place
        .fields
        .take(findings, known, Ok(content), copy.file.source());
    Ok(())
}

/// The bytes of a file up to `end`, of which those before `start` are not asked
/// for: zeros stand in their place.
fn read_file(
    card: &mut Dialogue<'_>,
    file: CpuFile,
    start: usize,
    end: usize,
) -> Result<Result<Vec<u8>, StatusWord>, ReadError> {
    if let FileName::Long(id) = file.name {
        let selected = card.ask(&Command::select_by_id(id))?.status_word;
        if !selected.is_ok() {
            return Ok(Err(selected));
        }
    }
    // A record is read whole, and so is a file that is longer than can be
    // asked for from the middle.
    let start = match u8::try_from(start) {
        Ok(start) if file.record.is_none() => start,
        _ => 0,
    };
    let n_bytes = end.saturating_sub(start.into());
    let le = u16::try_from(n_bytes).ok().and_then(Le::from_count);
    let le = le.unwrap_or(Le::ALL);
    let command = match (file.name, file.record) {
        (FileName::Short(sfi), None) => Command::read_binary_from(sfi, start, le),
        (FileName::Long(_), None) => Command::read_current_from(start, le),
        (FileName::Short(sfi), Some(record)) => Command::read_record(sfi, record, le),
        (FileName::Long(_), Some(record)) => Command::read_current_record(record, le),
    };
    let response = card.ask(&command)?;
    Ok(content(response).map(|bytes| [&vec![0; start.into()], bytes].concat()))
}

impl Directory {
    /// The bytes that name it.
    pub(crate) fn name(self) -> Vec<u8> {
        match self {
            Self::Root => Vec::new(),
            Self::Named(name) => name.as_bytes().to_vec(),
            Self::Numbered(id) => id.0.to_be_bytes().to_vec(),
        }
    }
}

impl FileName {
    fn source(self) -> NumberSource {
        match self {
            Self::Short(sfi) => NumberSource::PlainFile { sfi: sfi.number() },
            Self::Long(id) => NumberSource::File { id: id.0 },
        }
    }
}
