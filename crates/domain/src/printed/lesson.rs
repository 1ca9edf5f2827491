//! Learning from a few cards which form their print follows.

use std::collections::HashMap;

use super::{
    digits::CheckDigit,
    form::NumberForm,
    settings::{ByteOrder, Coding, FormParts, Subject, Take},
    text::{Printed, compact},
};
use crate::CardIdentity;

/// A card, and what is printed on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// What is printed on it.
    pub printed: Printed,
    /// What it says of itself.
    pub card: CardIdentity,
}

/// The forms that fit some cards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fitting {
    /// The forms, the simplest first: at most [`Fitting::MOST`].
    pub forms: Vec<NumberForm>,
    /// How many forms were tried; 0 when no form of the first card shares enough
    /// digits with its print.
    pub n_tried: usize,
    /// Whether more forms fit than are given.
    pub more: bool,
}

impl Fitting {
    /// The most forms that are given.
    pub const MOST: usize = 8;
}

/// The most digits that a prefix is tried with.
const LONGEST_PREFIX: usize = 6;

/// The fewest digits that must come from the card; fewer agree by chance.
const FEWEST_DIGITS: usize = 4;

/// The most forms that differ in padding, digits, prefix and check digit only.
const MOST_OF_A_KIND: usize = 3;

/// The forms under which every one of these cards bears its print.
///
/// Tried are all that the first card leaves possible of: UID or number; as read
/// or reversed; all bytes, the first or last three or four; hexadecimal,
/// decimal, facility and number; zeros up to the usual or the printed width;
/// every part of at least four digits that makes up at least half of the print;
/// up to six characters printed before it; no check digit, a Luhn digit, a fixed
/// one. That is some thousands at most, whatever is printed. The simplest come
/// first; of those that differ in little, three. One card is seldom enough:
/// each further one removes forms that fitted by chance.
#[must_use]
pub fn fitting_forms(lessons: &[Lesson]) -> Fitting {
    let Some(first) = lessons.first() else {
        return Fitting::default();
    };
    let mut trial = Trial::new(lessons);
    for base in bases(lessons) {
        trial.try_base(&base, first);
    }
    trial.outcome()
}

/// Settings of which everything but the digits and what is around them is
/// fixed, the simplest first.
fn bases(lessons: &[Lesson]) -> Vec<FormParts> {
    let mut bases = Vec::new();
    for of in [Subject::Uid, Subject::Number] {
        for order in [ByteOrder::AsRead, ByteOrder::Reversed] {
            for take in takes(of, lessons) {
                for coding in [Coding::Hex, Coding::Decimal, Coding::Facility] {
                    let base = FormParts {
                        of,
                        take,
                        order,
                        coding,
                        ..FormParts::default()
                    };
                    bases.extend(paddings(&base, lessons).map(|pad_to| FormParts {
                        pad_to,
                        ..base.clone()
                    }));
                }
            }
        }
    }
    bases
}

/// Which bytes to try. A part that none of the cards has more bytes than is all
/// of them under another name.
fn takes(of: Subject, lessons: &[Lesson]) -> Vec<Take> {
    if of == Subject::Number {
        return vec![Take::All];
    }
    let uids = lessons.iter().filter_map(|lesson| lesson.card.uid());
    let longest = uids.map(|uid| uid.reveal().len()).max().unwrap_or_default();
    let parts = [3, 4].into_iter().filter(|n| usize::from(*n) < longest);
    let parts = parts.flat_map(|n| [Take::First(n), Take::Last(n)]);
    std::iter::once(Take::All).chain(parts).collect()
}

/// The widths to try: none, the one that the largest number of so many bytes
/// needs, and that of the print where it begins with a zero.
fn paddings(base: &FormParts, lessons: &[Lesson]) -> impl Iterator<Item = u8> + use<> {
    let n_bytes = match base.take {
        Take::First(n) | Take::Last(n) => Some(usize::from(n)),
        Take::All => lessons
            .first()
            .and_then(|lesson| lesson.card.uid())
            .filter(|_| base.of == Subject::Uid)
            .map(|uid| uid.reveal().len()),
    };
    let usual = n_bytes.map(decimal_width);
    let printed = lessons.first().and_then(|lesson| {
        let text = compact(lesson.printed.reveal());
        let width = u8::try_from(text.len()).ok()?;
        text.starts_with('0').then_some(width)
    });
    let widths = [usual, printed].into_iter().flatten();
    let is_decimal = base.coding == Coding::Decimal;
    let mut widths: Vec<u8> = widths.filter(|_| is_decimal).collect();
    widths.sort_unstable();
    widths.dedup();
    std::iter::once(0).chain(widths)
}

/// How many decimal digits the largest number of `n_bytes` bytes has.
fn decimal_width(n_bytes: usize) -> u8 {
    let bits = u32::try_from(n_bytes * 8).unwrap_or(u32::MAX);
    let largest = u128::MAX.checked_shr(u128::BITS.saturating_sub(bits));
    let digits = largest.and_then(u128::checked_ilog10).unwrap_or_default() + 1;
    u8::try_from(digits).unwrap_or(u8::MAX)
}

/// The search under way.
struct Trial<'a> {
    lessons: &'a [Lesson],
    n_tried: usize,
    found: HashMap<NumberForm, u32>,
}

impl<'a> Trial<'a> {
    fn new(lessons: &'a [Lesson]) -> Self {
        Self {
            lessons,
            n_tried: 0,
            found: HashMap::new(),
        }
    }

    /// Tries what can be printed of one row of digits.
    fn try_base(&mut self, base: &FormParts, first: &Lesson) {
        let plain = NumberForm::new(base.clone()).ok();
        let Some(digits) = plain.and_then(|form| form.apply(&first.card)) else {
            return;
        };
        let digits = compact(&digits);
        let printed = compact(first.printed.reveal());
        self.try_body(base, &digits, &printed, CheckDigit::None);
        let Some((body, last)) = printed.split_at_checked(printed.len().saturating_sub(1)) else {
            return;
        };
        if let Some(digit) = last.chars().next().and_then(|c| c.to_digit(10)) {
            let fixed = u8::try_from(digit).map_or(CheckDigit::None, CheckDigit::Fixed);
            self.try_body(base, &digits, body, CheckDigit::Luhn);
            self.try_body(base, &digits, body, fixed);
        }
    }

    /// Tries which end of the print comes from the digits; the rest is prefix.
    fn try_body(&mut self, base: &FormParts, digits: &str, body: &str, check_digit: CheckDigit) {
        let fewest = FEWEST_DIGITS.max(body.len().div_ceil(2));
        let fewest = fewest.max(body.len().saturating_sub(LONGEST_PREFIX));
        for n_digits in (fewest..=digits.len().min(body.len())).rev() {
            let Some((prefix, tail)) = body.split_at_checked(body.len() - n_digits) else {
                continue;
            };
            for start in places(digits, tail) {
                for (from_digit, to_digit) in ranges(start, n_digits, digits.len()) {
                    self.try_form(FormParts {
                        from_digit,
                        to_digit,
                        prefix: prefix.to_owned(),
                        check_digit,
                        ..base.clone()
                    });
                }
            }
        }
    }

    fn try_form(&mut self, parts: FormParts) {
        self.n_tried += 1;
        let Ok(form) = NumberForm::new(parts) else {
            return;
        };
        let mut lessons = self.lessons.iter();
        if lessons.all(|lesson| form.gives(&lesson.printed, &lesson.card)) {
            let cost = cost(&form);
            self.found.insert(form, cost);
        }
    }

    fn outcome(mut self) -> Fitting {
        self.drop_needless_prefixes();
        let mut found: Vec<_> = self.found.into_iter().collect();
        found.sort_by_cached_key(|(form, cost)| (*cost, format!("{:?}", form.parts())));
        let n_found = found.len();
        let mut n_of_kind = HashMap::new();
        let mut forms: Vec<_> = found.into_iter().map(|(form, _)| form).collect();
        forms.retain(|form| {
            let n = n_of_kind.entry(kind(form)).or_insert(0_usize);
            *n += 1;
            *n <= MOST_OF_A_KIND
        });
        forms.truncate(Fitting::MOST);
        Fitting {
            more: forms.len() < n_found,
            forms,
            n_tried: self.n_tried,
        }
    }

    /// Digits that all these cards share can be taken for a prefix. Where they
    /// come from the card as well, that is the simpler explanation.
    fn drop_needless_prefixes(&mut self) {
        let group = |form: &NumberForm| {
            let parts = form.parts();
            (kind(form), parts.pad_to, parts.check_digit)
        };
        let mut shortest = HashMap::new();
        for form in self.found.keys() {
            let n_chars = form.parts().prefix.len();
            let known = shortest.entry(group(form)).or_insert(n_chars);
            *known = n_chars.min(*known);
        }
        self.found
            .retain(|form, _| shortest.get(&group(form)) == Some(&form.parts().prefix.len()));
    }
}

/// What sets forms apart that differ in more than digits and what is around
/// them.
fn kind(form: &NumberForm) -> (Subject, Take, ByteOrder, Coding) {
    let parts = form.parts();
    (parts.of, parts.take, parts.order, parts.coding)
}

/// Where `part` (ASCII) begins in `text`, overlapping places included.
fn places<'t>(text: &'t str, part: &'t str) -> impl Iterator<Item = usize> + 't {
    let is_there = move |start: &usize| {
        text.get(*start..)
            .is_some_and(|rest| rest.starts_with(part))
    };
    (0..text.len()).filter(is_there)
}

/// The ways to say which digits these are: counted from the side at which they
/// begin or end, or from either where they lie within.
fn ranges(start: usize, n_digits: usize, length: usize) -> Vec<(i8, i8)> {
    let position = |at: usize| i8::try_from(at).unwrap_or(i8::MAX);
    let (from, to) = (position(start + 1), position(start + n_digits));
    let from_right = -position(length - start);
    let to_right = -position(length - start - n_digits + 1);
    match (from, to_right) {
        (1, -1) => vec![(1, -1)],
        (1, _) => vec![(1, to), (1, to_right)],
        (_, -1) => vec![(from, -1), (from_right, -1)],
        _ => vec![(from, to), (from_right, to_right), (from, to_right)],
    }
}

/// How much a form supposes: the less, the likelier it is the one.
fn cost(form: &NumberForm) -> u32 {
    let parts = form.parts();
    let order = u32::from(parts.order == ByteOrder::Reversed);
    let take = if parts.take == Take::All { 0 } else { 3 };
    let coding = match parts.coding {
        Coding::Hex => 0,
        Coding::Decimal => 1,
        Coding::Facility => 2,
    };
    let pad = u32::from(parts.pad_to > 0);
    let digits = match (parts.from_digit, parts.to_digit) {
        (1, -1) => 0,
        (1, _) | (_, -1) => 5,
        (1.., _) => 7,
        _ => 8,
    };
    let prefix = u32::try_from(parts.prefix.len()).unwrap_or(u32::MAX);
    let prefix = if prefix == 0 { 0 } else { 3 + prefix };
    let check_digit = match parts.check_digit {
        CheckDigit::None => 0,
        CheckDigit::Luhn => 3,
        CheckDigit::Fixed(_) => 5,
    };
    order + take + coding + pad + digits + prefix + check_digit
}

#[cfg(test)]
mod tests;
