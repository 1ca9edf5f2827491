//! From a card in a field to a reading.

use xueka_apdu::{Command, StatusWord};
use xueka_domain::{AssuranceLevel, CardFamily, Uid};
use xueka_transport::{CardSession, Dialect};

use crate::{
    CardReading, ChipAuthentication, Gap, MissingPart, ReadError, ReadingProfile,
    dialogue::{Dialogue, content},
    family::{
        city_union, desfire, mifare_classic, school_cpu, storage, t_union, transit_cpu, ultralight,
    },
    findings::Findings,
    look::{Look, by_ats, look},
};

/// Recognises the card and reads what its family promises.
///
/// Sends no more than that needs, nothing that changes the card, and to a
/// contact slot nothing at all. A part that the card refuses, or answers with
/// bytes that make no sense, is listed in the reading as missing.
///
/// The card is expected at the root of its files, where power-up leaves it; a
/// card of which that does not hold is led there once before it is given up.
///
/// # Errors
///
/// [`ReadError::Transport`]: the card cannot be reached, or left half-way.
/// There is no half reading; read again after the next tap.
pub fn read_card(
    session: &mut dyn CardSession,
    dialect: &Dialect,
    profile: &ReadingProfile,
) -> Result<CardReading, ReadError> {
    let mut card = Dialogue::new(session);
    let seen = look(card.atr(), dialect);
    if seen == Look::Contact {
        let no_uid = Err(None);
        return Ok(join(&card, no_uid, Findings::of(CardFamily::Iso7816)));
    }
    let uid = ask_uid(&mut card)?;
    let seen = match seen {
        Look::Unnamed => ask_ats(&mut card)?,
        named => named,
    };
    let findings = match seen {
        Look::Storage(kind) => match storage::family(kind) {
            classic @ (CardFamily::MifareClassicMini
            | CardFamily::MifareClassic1K
            | CardFamily::MifareClassic4K) => {
                mifare_classic::read(&mut card, classic, uid.ok(), dialect, profile)?
            }
            CardFamily::Ultralight => ultralight::read(&mut card, uid.ok(), profile)?,
            other => Findings::of(other),
        },
        Look::Desfire => desfire::read(&mut card, uid.ok(), profile)?,
        Look::Iso14443 => read_processor_card(&mut card, uid.ok(), profile)?,
        Look::Contact | Look::Unnamed => Findings::of(CardFamily::OtherStorage),
    };
    Ok(join(&card, uid, findings))
}

/// The UID, or why there is none: the status word that refused it, or `None`
/// for bytes that are no UID.
pub(crate) type AskedUid = Result<Uid, Option<StatusWord>>;

/// Asks the reader for the UID.
pub(crate) fn ask_uid(card: &mut Dialogue<'_>) -> Result<AskedUid, ReadError> {
    let response = card.ask(&Command::get_uid())?;
    Ok(content(response)
        .map_err(Some)
        .and_then(|bytes| Uid::try_from(bytes).map_err(|_| None)))
}

/// Asks for the ATS of a card whose ATR says nothing; only ISO 14443-4 cards
/// have one.
fn ask_ats(card: &mut Dialogue<'_>) -> Result<Look, ReadError> {
    let response = card.ask(&Command::get_ats_historical())?;
    Ok(content(response).map_or(Look::Unnamed, by_ats))
}

/// Tries what a processor card may be in the order in which a wrong guess costs
/// least: the Beijing file is one READ BINARY that selects nothing, while on
/// some chips with several applications one SELECT makes a later one fail. The
/// school's own places come before the other published families, whose
/// applications its cards may have as well, with something else in them.
fn read_processor_card(
    card: &mut Dialogue<'_>,
    uid: Option<Uid>,
    profile: &ReadingProfile,
) -> Result<Findings, ReadError> {
    if let Some(findings) = transit_cpu::read(card)? {
        return Ok(findings);
    }
    let own = match school_cpu::read(card, uid, profile)? {
        school_cpu::Found::Number(findings) => return Ok(findings),
        school_cpu::Found::Directory(findings) => Some(findings),
        school_cpu::Found::Nothing => None,
    };
    if let Some(findings) = t_union::read(card)? {
        return Ok(findings);
    }
    if let Some(findings) = city_union::read(card)? {
        return Ok(findings);
    }
    let at_root = transit_cpu::return_to_root(card)?;
    let late = if at_root {
        transit_cpu::read(card)?
    } else {
        None
    };
    let found = late.or(own);
    Ok(found.unwrap_or_else(|| Findings::of(CardFamily::OtherIso14443)))
}

fn join(card: &Dialogue<'_>, shown: AskedUid, findings: Findings) -> CardReading {
    let uid = findings.real_uid.map_or(shown, Ok);
    let mut missing = Vec::new();
    match uid {
        Err(refused) => missing.push(MissingPart {
            part: Gap::Uid,
            status_word: refused.map(StatusWord::value),
        }),
        // A number names the card as well as a fixed UID would.
        Ok(uid) if uid.is_random() && findings.number.is_none() => missing.push(MissingPart {
            part: Gap::FixedUid,
            status_word: None,
        }),
        Ok(_) => {}
    }
    missing.extend(findings.missing);
    let has_proved = findings.chip == Some(ChipAuthentication::Passed);
    let assurance = match (&uid, &findings.number) {
        (_, Some(_)) => findings.assurance,
        (Ok(_), None) if has_proved => findings.assurance,
        (Ok(_), None) => AssuranceLevel::UidOnly,
        (Err(_), None) => AssuranceLevel::NothingRead,
    };
    CardReading {
        family: findings.family,
        uid: uid.ok(),
        shown_uid: findings.real_uid.and(shown.ok()),
        chip: findings.chip,
        number: findings.number.map(|(number, _)| number),
        number_source: findings.number.map(|(_, source)| source),
        version: findings.version,
        kind: findings.kind,
        valid_from: findings.valid_from,
        valid_until: findings.valid_until,
        record_writes: findings.record_writes,
        assurance,
        atr: card.atr().to_vec(),
        missing,
    }
}
