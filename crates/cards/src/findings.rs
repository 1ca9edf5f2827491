//! What a family's own files said, before it joins UID and ATR.

use jiff::civil::Date;
use xueka_apdu::StatusWord;
use xueka_domain::{AssuranceLevel, CardFamily, CardKind, CardNumber, Count, Uid};

use crate::{ChipAuthentication, Gap, LayoutVersion, MissingPart, NumberSource};

/// The part of a reading that a family's files make up.
pub(crate) struct Findings {
    /// What the card was recognised as.
    pub(crate) family: CardFamily,
    /// The card number and where it came from.
    pub(crate) number: Option<(CardNumber, NumberSource)>,
    /// How far the number is trusted, when there is one.
    pub(crate) assurance: AssuranceLevel,
    /// The version of its layout.
    pub(crate) version: Option<LayoutVersion>,
    /// For whom the card was made.
    pub(crate) kind: Option<CardKind>,
    /// First day of validity.
    pub(crate) valid_from: Option<Date>,
    /// Last day of validity.
    pub(crate) valid_until: Option<Date>,
    /// How often the school's record was written, where it counts that.
    pub(crate) record_writes: Option<Count>,
    /// What the chip did when it was asked to prove its key.
    pub(crate) chip: Option<ChipAuthentication>,
    /// The UID behind a random one.
    pub(crate) real_uid: Option<Uid>,
    /// What the family promises and the card did not show.
    pub(crate) missing: Vec<MissingPart>,
}

impl Findings {
    /// A family that promises nothing but its UID.
    pub(crate) fn of(family: CardFamily) -> Self {
        Self {
            family,
            number: None,
            assurance: AssuranceLevel::NumberRead,
            version: None,
            kind: None,
            valid_from: None,
            valid_until: None,
            record_writes: None,
            chip: None,
            real_uid: None,
            missing: Vec::new(),
        }
    }

    /// Keeps the number, or notes that the bytes were none.
    pub(crate) fn set_number(&mut self, number: Option<CardNumber>, source: NumberSource) {
        self.number = number.map(|number| (number, source));
        self.note(Gap::CardNumber, number.is_none());
    }

    /// Keeps the first day, or notes that the bytes were no date.
    pub(crate) fn set_valid_from(&mut self, day: Option<Date>) {
        self.valid_from = day;
        self.note(Gap::ValidFrom, day.is_none());
    }

    /// Keeps the last day, or notes that the bytes were no date.
    pub(crate) fn set_valid_until(&mut self, day: Option<Date>) {
        self.valid_until = day;
        self.note(Gap::ValidUntil, day.is_none());
    }

    /// Keeps the kind, or notes that it is not there.
    pub(crate) fn set_kind(&mut self, kind: Option<CardKind>) {
        self.kind = kind;
        self.note(Gap::CardKind, kind.is_none());
    }

    /// Notes parts that the card refused.
    pub(crate) fn refused(&mut self, parts: &[Gap], status_word: StatusWord) {
        self.missing.extend(parts.iter().map(|part| MissingPart {
            part: *part,
            status_word: Some(status_word.value()),
        }));
    }

    /// Whether the card showed everything so far.
    pub(crate) fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    fn note(&mut self, part: Gap, is_missing: bool) {
        self.missing.extend(is_missing.then_some(MissingPart {
            part,
            status_word: None,
        }));
    }
}
