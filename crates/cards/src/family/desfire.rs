//! MIFARE `DESFire`, EV1 to EV3.
//!
//! - The one historical byte of its ATS is `80`, so that PC/SC readers report
//!   the ATR `3B 81 80 01 80 80`. An ATR without historical bytes is shared
//!   with passports and others and names nothing.
//! - A card can be set to a random UID, for good. Its real one is told, `51`,
//!   after an authentication and enciphered.
//! - It holds applications of its issuer's making; those that a profile names
//!   are looked at. No transit application lives on it, so no other probe is
//!   sent.
//! - SELECT APPLICATION is `5A` and three bytes, least significant first; READ
//!   DATA is `BD`, file, offset and length of three bytes each, least
//!   significant first.
//!
//! Sources: PC/SC Part 3, §3.1.3.2.3.2; liblogicalaccess `atrparser.cpp`;
//! libfreefare `mifare_desfire.c`; hardware-notes/card-desfire.md.

mod authenticate;
pub(crate) mod changes;
mod native;
mod session;
pub(crate) mod version;

use xueka_apdu::StatusWord;
use xueka_domain::{CardFamily, Uid};
use zeroize::Zeroizing;

use self::{
    authenticate::{Outcome, authenticate},
    native::{DONE, ask},
    session::Session,
};
use crate::{
    ChipAuthentication, Key, NumberSource, ReadError, ReadingProfile,
    dialogue::Dialogue,
    diversify::card_key,
    findings::Findings,
    profile::place::{Communication, DesfireFile, DesfireKey, DesfirePlace},
    randomness::challenge,
};

const SELECT_APPLICATION: u8 = 0x5A;
const READ_DATA: u8 = 0xBD;
const GET_CARD_UID: u8 = 0x51;

/// Bytes of a real UID.
const UID_LENGTH: usize = 7;

/// Whether the historical bytes of an ATS are those of a `DESFire`.
pub(crate) fn has_ats(historical_bytes: &[u8]) -> bool {
    historical_bytes == [0x80]
}

/// Looks at the applications of the profile in their order, until one has a
/// number. Without a profile nothing is sent.
///
/// Of each application: one exchange to select it, two to authenticate where
/// it has a key, one for the real UID where it is wanted, and one for each
/// file. A card with a random UID whose key is made from the real one takes two
/// more, to authenticate by the key that tells it.
pub(crate) fn read(
    card: &mut Dialogue<'_>,
    uid: Option<Uid>,
    profile: &ReadingProfile,
) -> Result<Findings, ReadError> {
    let mut best = Findings::of(CardFamily::Desfire);
    let mut has_application = false;
    let mut n_attempts_left = profile.max_key_attempts();
    for place in profile.desfire() {
        let application = place.application.on_wire();
        if !ask(card, SELECT_APPLICATION, &application)?.ends_with(DONE) {
            continue;
        }
        let mut findings = Findings::of(CardFamily::Desfire);
        let uid_key = place.uid_key.as_ref().filter(|_| hides(uid));
        let n_attempts = u8::from(place.key.is_some()) + u8::from(uid_key.is_some());
        let Some(left) = n_attempts_left.checked_sub(n_attempts) else {
            break;
        };
        n_attempts_left = left;
        read_application(card, place, uid, profile, &mut findings)?;
        if findings.number.is_some() {
            return Ok(findings);
        }
        if !has_application {
            best = findings;
            has_application = true;
        }
    }
    Ok(best)
}

/// Reads the selected application.
fn read_application(
    card: &mut Dialogue<'_>,
    place: &DesfirePlace,
    uid: Option<Uid>,
    profile: &ReadingProfile,
    findings: &mut Findings,
) -> Result<(), ReadError> {
    let mut session = None;
    let uid_key = place.uid_key.as_ref().filter(|_| hides(uid));
    for key in uid_key.into_iter().chain(&place.key) {
        let known = findings.real_uid.or(uid);
        let mut opened = match open(card, place, key, known, profile)? {
            Opened::Session(opened) => opened,
            Opened::Not(chip) => {
                findings.chip = Some(chip);
                findings.set_number(None, NumberSource::DesfireFile { file: 0 });
                return Ok(());
            }
        };
        if uid_key.is_some() && session.is_none() {
            findings.real_uid = ask_real_uid(card, &mut opened)?;
        }
        session = Some(opened);
    }
    if session.is_some() {
        findings.chip = Some(ChipAuthentication::Passed);
    }
    findings.assurance = place.assurance;
    if place.real_uid
        && hides(uid)
        && let Some(session) = &mut session
    {
        findings.real_uid = ask_real_uid(card, session)?;
    }
    for (file, (start, end)) in place.fields.ranges() {
        let source = NumberSource::DesfireFile { file: file.number };
        let content = read_file(card, session.as_mut(), file, start, end)?;
        let content = content.as_deref().map_err(|refused| *refused);
        place.fields.take(findings, file, content, source);
        // After an answer that was refused or did not check, the two sides have
        // lost each other; and without a number dates are of no use.
        if findings.number.is_none() {
            break;
        }
    }
    Ok(())
}

/// Whether the card has not shown its own UID.
fn hides(uid: Option<Uid>) -> bool {
    uid.is_none_or(|uid| uid.is_random())
}

/// What came of opening an application with its key.
enum Opened {
    /// The card proved the key.
    Session(Session),
    /// It did not.
    Not(ChipAuthentication),
}

fn open(
    card: &mut Dialogue<'_>,
    place: &DesfirePlace,
    key: &DesfireKey,
    uid: Option<Uid>,
    profile: &ReadingProfile,
) -> Result<Opened, ReadError> {
    let Some(Key::Aes128(card_key)) = card_key(&key.key, uid, &place.application.0) else {
        return Ok(Opened::Not(ChipAuthentication::NoKey));
    };
    let rnd_a = Zeroizing::new(challenge(profile.randomness())?);
    let outcome = authenticate(card, key.form, key.number, card_key.reveal(), &rnd_a)?;
    Ok(match outcome {
        Outcome::Proved(session) => Opened::Session(session),
        Outcome::Failed | Outcome::Denied => Opened::Not(ChipAuthentication::Failed),
        Outcome::Refused(refused) => Opened::Not(ChipAuthentication::Refused {
            status_word: refused.value(),
        }),
    })
}

/// The UID behind a random one; `None` when the card does not tell it.
fn ask_real_uid(card: &mut Dialogue<'_>, session: &mut Session) -> Result<Option<Uid>, ReadError> {
    let parameters = session.secure(GET_CARD_UID, &[], Communication::Full);
    let answer = ask(card, GET_CARD_UID, &parameters)?;
    if !answer.ends_with(DONE) {
        return Ok(None);
    }
    let opened = session.open(answer.data, Communication::Full, UID_LENGTH);
    Ok(opened.and_then(|bytes| Uid::try_from(bytes.as_slice()).ok()))
}

/// The bytes of a file up to `end`, of which those before `start` are not asked
/// for: zeros stand in their place. An answer that does not check is empty.
fn read_file(
    card: &mut Dialogue<'_>,
    session: Option<&mut Session>,
    file: DesfireFile,
    start: usize,
    end: usize,
) -> Result<Result<Vec<u8>, StatusWord>, ReadError> {
    let n_bytes = end.saturating_sub(start);
    let mut parameters = vec![file.number];
    parameters.extend(three_bytes(start));
    parameters.extend(three_bytes(n_bytes));
    let travel = file.communication;
    let answer = match session {
        None => {
            let answer = ask(card, READ_DATA, &parameters)?;
            let content = answer.data.clone();
            answer.when_done(content)
        }
        Some(session) => {
            let secured = session.secure(READ_DATA, &parameters, travel);
            let answer = ask(card, READ_DATA, &secured)?;
            let content = if answer.ends_with(DONE) {
                session.open(answer.data.clone(), travel, n_bytes)
            } else {
                None
            };
            answer.when_done(content.unwrap_or_default())
        }
    };
    Ok(answer.map(|content| {
        if content.len() == n_bytes {
            [&vec![0; start][..], &content].concat()
        } else {
            Vec::new()
        }
    }))
}

/// A number as three bytes, least significant first; checked places have none
/// that does not fit.
fn three_bytes(number: usize) -> [u8; 3] {
    let [a, b, c, ..] = number.to_le_bytes();
    [a, b, c]
}
