//! Whether two cards would bear the same print under a form.
//!
//! Counting goes twice through all cards and keeps neither them nor their
//! prints: the first pass marks a bit for each print, so that only the few whose
//! bit was marked twice are compared in the second.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
};

use super::{form::NumberForm, settings::Subject};
use crate::{CardIdentity, CardKey};

/// What a form makes of all cards on record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clashes {
    /// Prints that two or more chips or numbers would bear.
    pub n_prints: u64,
    /// Chips or numbers that would share their print with another.
    pub n_cards: u64,
    /// Cards that have no such print: they lack what the form is of.
    pub n_without: u64,
    /// Whether there are more than that: too many to compare them all.
    pub is_at_least: bool,
    /// Two that would bear the same print.
    pub example: Option<(CardKey, CardKey)>,
}

/// The first pass: marks the prints of all cards.
#[derive(Debug)]
pub struct Counting {
    forms: Vec<Marked>,
}

/// The second pass: compares those whose mark was made twice.
#[derive(Debug)]
pub struct Clashing {
    forms: Vec<Compared>,
}

/// How many bits a print has on average; the more, the fewer are compared: with
/// 16, one card in sixteen for nothing.
const BITS_PER_CARD: u64 = 16;

/// The fewest and the most bits of one form, 8 KiB and 32 MiB; twice that is
/// kept. With more cards than fit, more is compared and the result is the same.
const FEWEST_BITS: u64 = 1 << 16;
const MOST_BITS: u64 = 1 << 28;

/// The most prints of one form that are compared, some 100 MB of them. A form
/// with more is none that anybody would use, and its counts are the least.
const MOST_PRINTS: usize = 1 << 20;

#[derive(Debug)]
struct Marked {
    form: NumberForm,
    once: Bits,
    twice: Bits,
    n_without: u64,
}

struct Compared {
    form: NumberForm,
    twice: Bits,
    bearers: HashMap<Box<str>, Bearers>,
    clashes: Clashes,
}

impl fmt::Debug for Compared {
    /// Without the prints, which are numbers and UIDs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compared")
            .field("form", &self.form)
            .field("clashes", &self.clashes)
            .finish_non_exhaustive()
    }
}

/// Who bears a print.
#[derive(Debug)]
struct Bearers {
    first: CardKey,
    /// Further ones; a UID that stands on several records is one chip.
    others: Vec<CardKey>,
}

impl Counting {
    /// Prepares to go through about `n_cards` cards.
    #[must_use]
    pub fn new(forms: Vec<NumberForm>, n_cards: u64) -> Self {
        let wanted = n_cards.saturating_mul(BITS_PER_CARD);
        let n_bits = wanted.clamp(FEWEST_BITS, MOST_BITS).next_power_of_two();
        let forms = forms.into_iter().map(|form| Marked {
            form,
            once: Bits::new(n_bits),
            twice: Bits::new(n_bits),
            n_without: 0,
        });
        Self {
            forms: forms.collect(),
        }
    }

    /// Marks the prints of one card. Call it for each.
    pub fn note(&mut self, card: &CardIdentity) {
        for marked in &mut self.forms {
            match marked.form.key_of_card(card) {
                None => marked.n_without += 1,
                Some(print) if marked.once.set(&print) => {
                    marked.twice.set(&print);
                }
                Some(_) => {}
            }
        }
    }

    /// Goes on to the second pass.
    #[must_use]
    pub fn compare(self) -> Clashing {
        let forms = self.forms.into_iter().map(|marked| Compared {
            form: marked.form,
            twice: marked.twice,
            bearers: HashMap::new(),
            clashes: Clashes {
                n_without: marked.n_without,
                ..Clashes::default()
            },
        });
        Clashing {
            forms: forms.collect(),
        }
    }
}

impl Clashing {
    /// Compares one card. Call it again for each.
    pub fn note(&mut self, card: &CardIdentity) {
        for compared in &mut self.forms {
            compared.note(card);
        }
    }

    /// What came of it, for each form in the order in which they were given.
    #[must_use]
    pub fn outcome(self) -> Vec<Clashes> {
        let forms = self.forms.into_iter();
        forms.map(|compared| compared.clashes).collect()
    }
}

impl Compared {
    fn note(&mut self, card: &CardIdentity) {
        let key = match self.form.parts().of {
            Subject::Uid => card.uid().map(CardKey::Uid),
            Subject::Number => card.number().map(CardKey::Number),
        };
        let (Some(key), Some(print)) = (key, self.form.key_of_card(card)) else {
            return;
        };
        if !self.twice.has(&print) {
            return;
        }
        let Some(bearers) = self.bearers.get_mut(print.as_str()) else {
            if self.bearers.len() >= MOST_PRINTS {
                self.clashes.is_at_least = true;
                return;
            }
            let others = Vec::new();
            let bearers = Bearers { first: key, others };
            self.bearers.insert(print.into(), bearers);
            return;
        };
        if bearers.first == key || bearers.others.contains(&key) {
            return;
        }
        let clashes = &mut self.clashes;
        if bearers.others.is_empty() {
            clashes.n_prints += 1;
            clashes.n_cards += 1;
        }
        clashes.n_cards += 1;
        clashes.example.get_or_insert((bearers.first, key));
        // Enough to tell a chip on several records from several chips.
        if bearers.others.len() < MOST_BEARERS {
            bearers.others.push(key);
        }
    }
}

/// The most bearers of one print that are told apart; beyond, one that stands
/// on several records may count more than once.
const MOST_BEARERS: usize = 64;

/// A row of bits, a power of two of them, addressed by the hash of a text.
#[derive(Debug)]
struct Bits {
    words: Vec<u64>,
}

impl Bits {
    fn new(n_bits: u64) -> Self {
        let n_words = usize::try_from(n_bits / 64).unwrap_or(1).max(1);
        Self {
            words: vec![0; n_words],
        }
    }

    /// The word and the bit in it of a text.
    fn place(&self, text: &str) -> (usize, u64) {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(text);
        let n_words = u64::try_from(self.words.len()).unwrap_or(1);
        let word = usize::try_from((hash >> 6) % n_words).unwrap_or_default();
        (word, 1 << (hash & 63))
    }

    /// Sets the text's bit; whether it was set before.
    fn set(&mut self, text: &str) -> bool {
        let (word, bit) = self.place(text);
        let Some(word) = self.words.get_mut(word) else {
            return true;
        };
        let was_set = *word & bit != 0;
        *word |= bit;
        was_set
    }

    fn has(&self, text: &str) -> bool {
        let (word, bit) = self.place(text);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ByteOrder, Coding, FormParts, Take};

    fn card(number: Option<&str>, uid: Option<&str>) -> CardIdentity {
        let number = number.map(|text| text.parse().unwrap());
        let uid = uid.map(|text| text.parse().unwrap());
        CardIdentity::new(number, uid).unwrap()
    }

    fn count(forms: &[NumberForm], cards: &[CardIdentity], n_bits_for: u64) -> Vec<Clashes> {
        let mut counting = Counting::new(forms.to_vec(), n_bits_for);
        for card in cards {
            counting.note(card);
        }
        let mut clashing = counting.compare();
        for card in cards {
            clashing.note(card);
        }
        clashing.outcome()
    }

    fn last_three() -> NumberForm {
        let parts = FormParts {
            take: Take::Last(3),
            coding: Coding::Facility,
            order: ByteOrder::AsRead,
            ..FormParts::default()
        };
        NumberForm::new(parts).unwrap()
    }

    #[test]
    fn prints_are_not_told_to_a_log() {
        let cards = ["0A4D7603", "0B4D7603"].map(|uid| card(None, Some(uid)));
        let mut counting = Counting::new(vec![last_three()], 5);
        for card in &cards {
            counting.note(card);
        }
        let mut clashing = counting.compare();
        for card in &cards {
            clashing.note(card);
        }
        let shown = format!("{clashing:?}");
        assert!(!shown.contains("30211"), "{shown}");
    }

    #[test]
    fn two_chips_that_end_alike_clash() {
        let cards = [
            card(None, Some("0A4D7603")),
            card(None, Some("0B4D7603")),
            card(None, Some("0C4D7603")),
            card(None, Some("0A4D7604")),
            card(Some("1000751012345678"), None),
        ];
        let [clashes] = count(&[last_three()], &cards, 5).try_into().unwrap();
        let key = |at: usize| CardKey::Uid(cards[at].uid().unwrap());
        let expected = Clashes {
            n_prints: 1,
            n_cards: 3,
            n_without: 1,
            is_at_least: false,
            example: Some((key(0), key(1))),
        };
        assert_eq!(clashes, expected);
    }

    #[test]
    fn one_chip_on_two_records_does_not_clash() {
        let cards = [
            card(Some("1000751012345678"), Some("0A4D7603")),
            card(Some("1000751012345679"), Some("0A4D7603")),
            card(None, Some("0B4D7604")),
            card(Some("1000751012345680"), Some("0B4D7604")),
        ];
        let [clashes] = count(&[last_three()], &cards, 4).try_into().unwrap();
        assert_eq!(clashes, Clashes::default());
    }

    /// With far more cards than bits nearly every mark is made twice.
    #[test]
    fn the_result_is_exact_though_marks_coincide() {
        let cards: Vec<_> = (0_u32..200_000)
            .map(|n| card(None, Some(&format!("1{n:07X}"))))
            .collect();
        let hex = NumberForm::new(FormParts::default()).unwrap();
        let last_two = NumberForm::new(FormParts {
            take: Take::Last(2),
            ..FormParts::default()
        });
        let outcome = count(&[hex, last_two.unwrap()], &cards, 1);
        assert_eq!(outcome[0], Clashes::default());
        assert_eq!((outcome[1].n_prints, outcome[1].n_cards), (65_536, 200_000));
    }
}
