//! Forms of printed numbers, and what is found by them, as the protocol says
//! them.

use xueka_api::v1::{self, clashing_card};
use xueka_desk::{FoundByPrint, NumberForms, Taught};
use xueka_domain::{CardKey, CardNumber, Clashes, Language, NumberForm, ShortNumberFit, Uid};

use super::card;

/// A form in the words of the protocol, with the lines that configure it.
pub(crate) fn number_form(
    form: &NumberForm,
    forms: &NumberForms,
    language: Language,
) -> v1::NumberForm {
    v1::NumberForm {
        description: form.describe(language),
        configuration: configuration(form),
        standard: forms.is_standard(form),
        in_use: forms.all().contains(form),
        whole: form.is_whole(),
    }
}

/// The lines that put a form into the configuration.
fn configuration(form: &NumberForm) -> String {
    // A form is strings and small numbers, all of which TOML can write.
    let settings = toml::to_string(form).unwrap_or_default();
    format!("[[numbers.form]]\n{settings}")
}

/// What bears a print, as far as a caller may know it.
pub(crate) fn found_by_print(
    found: &FoundByPrint,
    forms: &NumberForms,
    with_person: bool,
    language: Language,
) -> v1::FindCardsResponse {
    let words = |places: &[usize]| {
        let bearing = places.iter().filter_map(|at| forms.all().get(*at));
        bearing.map(|form| form.describe(language)).collect()
    };
    let on_record = found.on_record.cards.iter().map(|found| {
        let record = &found.card;
        let uid = record.uid.as_ref();
        v1::FoundCard {
            card_number: record.number.map(CardNumber::reveal).unwrap_or_default(),
            uid: uid.map(|uid| uid.reveal().to_vec()).unwrap_or_default(),
            forms: words(&found.forms),
            card: Some(card(record, with_person)),
        }
    });
    let blocked_only = found.blocked_only.iter().map(|(key, places)| {
        let (number, uid): (Option<CardNumber>, Option<Uid>) = (*key).into();
        v1::FoundCard {
            card_number: number.map(CardNumber::reveal).unwrap_or_default(),
            uid: uid.map(|uid| uid.reveal().to_vec()).unwrap_or_default(),
            forms: words(places),
            card: None,
        }
    });
    v1::FindCardsResponse {
        cards: on_record.chain(blocked_only).collect(),
        more: found.on_record.more,
    }
}

/// What some cards taught, in the words of the protocol.
pub(crate) fn taught(
    taught: &Taught,
    forms: &NumberForms,
    language: Language,
) -> v1::TeachNumberFormsResponse {
    let fitting = taught.fitting.forms.iter().zip(&taught.clashes);
    v1::TeachNumberFormsResponse {
        forms: fitting
            .map(|(form, clashes)| v1::FittingForm {
                form: Some(number_form(form, forms, language)),
                clashing_cards: clashes.n_cards,
                clashing_at_least: clashes.is_at_least,
                cards_without: clashes.n_without,
                example: example(clashes),
            })
            .collect(),
        more: taught.fitting.more,
        tried: u32::try_from(taught.fitting.n_tried).unwrap_or(u32::MAX),
        cards_on_record: taught.n_cards,
    }
}

fn example(clashes: &Clashes) -> Vec<v1::ClashingCard> {
    let cards = clashes.example.into_iter().flat_map(|(a, b)| [a, b]);
    cards
        .map(|key| v1::ClashingCard {
            card: Some(match key {
                CardKey::Number(number) => clashing_card::Card::CardNumber(number.reveal()),
                CardKey::Uid(uid) => clashing_card::Card::Uid(uid.reveal().to_vec()),
            }),
        })
        .collect()
}

/// What comparing a short number shows, in the words of the protocol.
pub(crate) fn short_number_fit(fit: ShortNumberFit) -> v1::ShortNumberFit {
    match fit {
        ShortNumberFit::Fits => v1::ShortNumberFit::Fits,
        ShortNumberFit::Clash => v1::ShortNumberFit::Clash,
        ShortNumberFit::NothingToCompare => v1::ShortNumberFit::NothingToCompare,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// What is told to a clerk to paste must be understood there.
    #[test]
    fn the_lines_of_a_form_are_its_configuration() {
        let forms = NumberForms::default();
        for form in forms.all() {
            let told = number_form(form, &forms, Language::English);
            assert!(told.standard && told.in_use && told.whole, "{told:?}");
            let config: Config = toml::from_str(&told.configuration).unwrap();
            assert_eq!(config.numbers.form, std::slice::from_ref(form));
        }
    }
}
