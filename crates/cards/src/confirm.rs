//! Whether the card that was read is still the one in the field.

use xueka_domain::{CardFamily, Uid};
use xueka_transport::{CardSession, Dialect};

use crate::{
    CardReading, NumberSource, ReadError, ReadingProfile,
    dialogue::Dialogue,
    look::{Look, look},
    read::{ask_uid, read_card},
};

/// Asks the card in the field whether it is the one of an earlier reading.
///
/// A fixed UID is read again and compared, or the random one behind which a
/// real one was told: one exchange. Another card with a random UID, or with none, is read again as a whole, and its family and number from
/// plain files are compared. Two cards in the field at once, of which the
/// reader picks one at a time, show themselves here.
///
/// # Errors
///
/// - [`ReadError::CardChanged`]: it is another card, or it no longer tells.
/// - [`ReadError::NothingToCompare`]: the reading holds neither a fixed UID
///   nor a number that opens without a key.
/// - [`ReadError::Transport`]: the card cannot be reached; nothing is known.
pub fn confirm_same_card(
    session: &mut dyn CardSession,
    dialect: &Dialect,
    reading: &CardReading,
) -> Result<(), ReadError> {
    // The real UID behind a random one takes a key; the random one stays for as
    // long as the card does.
    let shown = reading.shown_uid.or(reading.uid);
    let can_be_compared = |uid: &Uid| !uid.is_random() || reading.shown_uid.is_some();
    let is_same = match (shown.filter(can_be_compared), reading.number) {
        (Some(uid), _) => {
            let mut card = Dialogue::new(session);
            if look(card.atr(), dialect) == Look::Contact {
                return Err(ReadError::CardChanged);
            }
            ask_uid(&mut card)? == Ok(uid)
        }
        (_, Some(number)) if opens_without_a_key(reading) => {
            let now = read_card(session, dialect, &ReadingProfile::default())?;
            now.family == reading.family && now.number == Some(number)
        }
        _ => return Err(ReadError::NothingToCompare),
    };
    if is_same {
        Ok(())
    } else {
        Err(ReadError::CardChanged)
    }
}

/// Whether the number can be read again with no profile at hand.
fn opens_without_a_key(reading: &CardReading) -> bool {
    let is_published = reading.family != CardFamily::OtherIso14443;
    is_published && matches!(reading.number_source, Some(NumberSource::PlainFile { .. }))
}
