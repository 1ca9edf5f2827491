//! Recordings of real cards, as descriptions.
//!
//! ```toml
//! kind = "recording"
//! version = 1                   # of this form
//! family = "TransitCpu"         # what it was recognised as
//! reader = "ACS ACR122U"        # what it lay on
//! atr = "3B8B80012090000000000000000000BA"
//!
//! [[exchange]]
//! command = "FF82000006************"   # ** stands for a byte that was removed
//! response = "9000"
//!
//! [[exchange]]
//! command = "00B0840020"
//! failure = "card-gone"         # or "card-reset", "unreachable"
//! ```
//!
//! A byte that was removed from a command fits every byte; one that was removed
//! from a response or from the answer to reset is sent as `00`.

use super::LONGEST_ATR;
use crate::{
    DescriptionError, VirtualCard,
    chip::recorded::{Recorded, RecordedExchange, parse_bytes},
    fields::{Fields, Located},
    record::Outcome,
};

/// The form that is read here.
const VERSION: u64 = 1;

/// The longest command and answer that a recording may hold: extended ones of
/// ISO/IEC 7816-4.
const LONGEST: usize = 65_544;

impl VirtualCard {
    /// A card that says again what a real one said; `text` is a recording that
    /// `xueka record` wrote, or one written by hand in the same form.
    ///
    /// # Errors
    ///
    /// [`DescriptionError`] with the line and the reason; also for a
    /// description of any other kind.
    pub fn replay(text: &str) -> Result<Self, DescriptionError> {
        let mut fields = Fields::parse(text)?;
        match fields.text("kind")? {
            Some(kind) if kind.value == "recording" => Self::from_toml(text),
            Some(kind) => Err(fields.wrong(&kind, "this is no recording")),
            None => Err(fields.incomplete("a recording begins with kind = \"recording\"")),
        }
    }
}

/// Reads what only a recording has.
pub(super) fn recorded(fields: &mut Fields<'_>) -> Result<VirtualCard, DescriptionError> {
    fields.number("version", VERSION..=VERSION)?;
    // For people.
    fields.text("family")?;
    fields.text("reader")?;
    let atr = fields.text("atr")?;
    let atr = atr
        .map(|atr| answer(&atr, LONGEST_ATR, fields))
        .transpose()?;
    let exchanges = fields.tables("exchange")?.into_iter().map(exchange);
    let exchanges = exchanges.collect::<Result<_, _>>()?;
    let card = VirtualCard::recorded(Recorded::new(exchanges));
    Ok(match atr {
        Some(atr) => card.answer_to_reset(atr),
        None => card,
    })
}

fn exchange(mut fields: Fields<'_>) -> Result<RecordedExchange, DescriptionError> {
    let Some(command) = fields.text("command")? else {
        return Err(fields.incomplete("an [[exchange]] needs `command`"));
    };
    let command = bytes(&command, LONGEST, &fields)?;
    let response = fields.text("response")?;
    let failure = fields.text("failure")?;
    let outcome = match (response, failure) {
        (Some(response), None) => Outcome::Response(answer(&response, LONGEST, &fields)?),
        (None, Some(failure)) => match failure.value.as_str() {
            "card-gone" => Outcome::Torn { unfinished: None },
            "card-reset" => Outcome::Reset,
            "unreachable" => Outcome::Dead,
            _ => {
                let reason = "`failure` must be card-gone, card-reset or unreachable";
                return Err(fields.wrong(&failure, reason));
            }
        },
        _ => {
            return Err(
                fields.incomplete("an [[exchange]] needs `response` or `failure`, and not both")
            );
        }
    };
    fields.finish("[[exchange]]")?;
    Ok(RecordedExchange { command, outcome })
}

/// What a card sends, with `00` for each byte that was removed.
fn answer(
    text: &Located<String>,
    longest: usize,
    fields: &Fields<'_>,
) -> Result<Vec<u8>, DescriptionError> {
    let bytes = bytes(text, longest, fields)?.into_iter();
    Ok(bytes.map(Option::unwrap_or_default).collect())
}

fn bytes(
    text: &Located<String>,
    longest: usize,
    fields: &Fields<'_>,
) -> Result<Vec<Option<u8>>, DescriptionError> {
    let bytes = parse_bytes(&text.value).filter(|bytes| bytes.len() <= longest);
    bytes.ok_or_else(|| {
        let reason = format!(
            "must be at most {longest} bytes as two hexadecimal digits each, or ** for one that \
             was removed"
        );
        fields.wrong(text, reason)
    })
}
