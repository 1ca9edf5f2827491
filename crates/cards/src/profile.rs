//! What is configured about cards, checked and with its keys.

use std::{fmt, sync::Arc};

use xueka_apdu::MifareKeyKind;
use xueka_domain::{CardFamily, CardNumber};

use crate::{KeyKind, KeyRing, MifareKey, MifareNumberRule, ProfileError};

/// Everything that can be configured about the reading of cards, checked and
/// with its keys. Cheap to clone; the default knows nothing.
#[derive(Clone, Default)]
pub struct ReadingProfile {
    places: Arc<[NumberPlace]>,
}

/// A rule that was checked, with its key.
pub(crate) struct NumberPlace {
    rule: MifareNumberRule,
    key: MifareKey,
}

impl ReadingProfile {
    /// The most rules that are tried on one card, so that a reading stays
    /// short and is no search for a key.
    pub const MAX_RULES: usize = 4;

    /// Checks the rules and finds their keys.
    ///
    /// # Errors
    ///
    /// [`ProfileError`], which says which rule to correct.
    pub fn new(rules: Vec<MifareNumberRule>, keys: &KeyRing) -> Result<Self, ProfileError> {
        if rules.len() > Self::MAX_RULES {
            return Err(ProfileError::TooManyRules {
                n_rules: rules.len(),
                max: Self::MAX_RULES,
            });
        }
        let places = (1..).zip(rules).map(|(number, rule)| {
            let wrong = |problem| ProfileError::Rule {
                rule: number,
                problem,
            };
            rule.check().map_err(wrong)?;
            let key = keys.get(&rule.key).cloned();
            let key = key.ok_or_else(|| ProfileError::NoSuchKey {
                rule: number,
                name: rule.key.clone(),
            })?;
            Ok(NumberPlace { rule, key })
        });
        let places = places.collect::<Result<_, ProfileError>>()?;
        Ok(Self { places })
    }

    /// The places to look at on a card with that many sectors, in their order.
    pub(crate) fn places(&self, family: CardFamily) -> impl Iterator<Item = &NumberPlace> {
        let n_sectors = match family {
            CardFamily::MifareClassicMini => 5,
            CardFamily::MifareClassic1K => 16,
            CardFamily::MifareClassic4K => 40,
            _ => 0,
        };
        self.places
            .iter()
            .filter(move |place| place.rule.sector < n_sectors)
    }
}

impl fmt::Debug for ReadingProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = self.places.iter().map(|place| &place.rule);
        f.debug_list().entries(rules).finish()
    }
}

impl NumberPlace {
    /// The key that opens the sector.
    pub(crate) fn key(&self) -> &MifareKey {
        &self.key
    }

    /// Which of the sector's keys that is.
    pub(crate) fn key_kind(&self) -> MifareKeyKind {
        match self.rule.key_kind {
            KeyKind::A => MifareKeyKind::A,
            KeyKind::B => MifareKeyKind::B,
        }
    }

    /// The block, counted from 0 over the whole card.
    pub(crate) fn block(&self) -> u8 {
        self.rule.block_on_card()
    }

    /// The number in the block's 16 bytes; `None` when it is none.
    pub(crate) fn number(&self, block: &[u8]) -> Option<CardNumber> {
        self.rule.number(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NumberCoding;

    fn rule(sector: u8) -> MifareNumberRule {
        MifareNumberRule {
            sector,
            block: 0,
            offset: 0,
            length: 8,
            coding: NumberCoding::Bcd,
            key: "school".to_owned(),
            key_kind: KeyKind::A,
        }
    }

    fn profile(rules: Vec<MifareNumberRule>) -> Result<ReadingProfile, ProfileError> {
        let ring = KeyRing::from_text("school = \"A0A1A2A3A4A5\"")?;
        ReadingProfile::new(rules, &ring)
    }

    #[test]
    fn rules_that_cannot_be_used_are_named() {
        let mut nameless = rule(1);
        nameless.key = "other".to_owned();
        let cases = [
            (
                vec![rule(1), rule(40)],
                "mifare_number rule 2: a sector is 0 to 39",
            ),
            (
                vec![nameless],
                "mifare_number rule 1: the key file has no key named \"other\"",
            ),
            (
                vec![rule(1); 5],
                "5 mifare_number rules; at most 4 are tried on a card",
            ),
        ];
        for (rules, expected) in cases {
            assert_eq!(profile(rules).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn a_rule_applies_to_cards_that_have_its_sector() {
        let cases = [
            (4, 1, 1, 1),
            (5, 0, 1, 1),
            (15, 0, 1, 1),
            (16, 0, 0, 1),
            (39, 0, 0, 1),
        ];
        for (sector, mini, small, large) in cases {
            let profile = profile(vec![rule(sector)]).unwrap();
            let n_places = |family| profile.places(family).count();
            assert_eq!(n_places(CardFamily::MifareClassicMini), mini, "{sector}");
            assert_eq!(n_places(CardFamily::MifareClassic1K), small, "{sector}");
            assert_eq!(n_places(CardFamily::MifareClassic4K), large, "{sector}");
            assert_eq!(n_places(CardFamily::Ultralight), 0, "{sector}");
        }
    }

    #[test]
    fn a_profile_shows_no_key() {
        let shown = format!("{:?}", profile(vec![rule(1)]).unwrap());
        assert!(shown.contains("school") && !shown.contains("A0"), "{shown}");
    }
}
