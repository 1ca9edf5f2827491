//! Cards by what is printed on them, and which forms prints have.

use xueka_domain::{
    CardKey, Clashes, Fitting, Lesson, NumberForm, Printed, ShortNumber, ShortNumberFit,
    ShortNumberRule, StudentNumber, fitting_forms,
};
use xueka_registry::{CardRecord, FoundCards, RegistryError, WhichCard};

use crate::{Desk, DeskError};

/// How UIDs and numbers are printed on the cards of a school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberForms {
    forms: Vec<NumberForm>,
    n_standard: usize,
    short: ShortNumberRule,
}

impl NumberForms {
    /// The standard forms and these besides; one that is there already counts
    /// once.
    #[must_use]
    pub fn new(configured: &[NumberForm], short: ShortNumberRule) -> Self {
        let mut forms = NumberForm::standard();
        let n_standard = forms.len();
        for form in configured {
            if !forms.contains(form) {
                forms.push(form.clone());
            }
        }
        Self {
            forms,
            n_standard,
            short,
        }
    }

    /// All forms in use, in the order in which prints are tried.
    #[must_use]
    pub fn all(&self) -> &[NumberForm] {
        &self.forms
    }

    /// Whether this form is in use without any setting.
    #[must_use]
    pub fn is_standard(&self, form: &NumberForm) -> bool {
        let mut standard = self.forms.iter().take(self.n_standard);
        standard.any(|known| known == form)
    }
}

impl Default for NumberForms {
    fn default() -> Self {
        Self::new(&[], ShortNumberRule::default())
    }
}

/// What bears a print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundByPrint {
    /// The cards on record; each says under which of
    /// [`NumberForms::all`].
    pub on_record: FoundCards,
    /// Numbers and UIDs that are blocked by hand and belong to none of those
    /// cards, each with the forms under which they bear the print.
    pub blocked_only: Vec<(CardKey, Vec<usize>)>,
}

/// What some cards taught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taught {
    /// The forms that fit.
    pub fitting: Fitting,
    /// For each of them, which cards on record it does not tell apart.
    pub clashes: Vec<Clashes>,
    /// How many cards are on record.
    pub n_cards: u64,
}

impl Desk {
    /// The forms in which prints are understood.
    #[must_use]
    pub fn number_forms(&self) -> &NumberForms {
        &self.numbers
    }

    /// Everything known that bears a print, in any form in use.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn find_printed(&self, printed: Printed) -> Result<FoundByPrint, DeskError> {
        let forms = self.numbers.forms.clone();
        let on_record = self.registry.find_printed(printed.clone(), forms).await?;
        let is_on_record = |key: CardKey| {
            let mut cards = on_record.cards.iter().map(|found| &found.card);
            cards.any(|card| match key {
                CardKey::Number(number) => card.number == Some(number),
                CardKey::Uid(uid) => card.uid == Some(uid),
            })
        };
        let mut blocked_only: Vec<(CardKey, Vec<usize>)> = Vec::new();
        let index = self.index();
        for (at, form) in self.numbers.forms.iter().enumerate() {
            for key in form.candidates(&printed) {
                if is_on_record(key) || index.check(key).is_none() {
                    continue;
                }
                match blocked_only.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, forms)) => forms.push(at),
                    None => blocked_only.push((key, vec![at])),
                }
            }
        }
        drop(index);
        Ok(FoundByPrint {
            on_record,
            blocked_only,
        })
    }

    /// Says which forms fit some cards and whether they tell all cards on record
    /// apart.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn teach_number_forms(&self, lessons: Vec<Lesson>) -> Result<Taught, DeskError> {
        // Some thousands of forms are tried; nobody else waits for that.
        let learning = tokio::task::spawn_blocking(move || fitting_forms(&lessons));
        let fitting = learning.await.map_err(|_| RegistryError::Closed)?;
        let report = self.registry.clashes(fitting.forms.clone()).await?;
        Ok(Taught {
            fitting,
            clashes: report.clashes,
            n_cards: report.n_cards,
        })
    }

    /// Compares a short number with the card on record that the student holds.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`], refused as
    /// [`StudentNotFound`](xueka_registry::Refusal::StudentNotFound) or
    /// [`NoLiveCard`](xueka_registry::Refusal::NoLiveCard).
    pub async fn check_short_number(
        &self,
        student: StudentNumber,
        typed: ShortNumber,
    ) -> Result<(ShortNumberFit, CardRecord), DeskError> {
        let which = WhichCard::LiveCardOf(student);
        let card = self.registry.require_card(which).await?;
        Ok((self.numbers.short.compare(&typed, card.number), card))
    }
}
