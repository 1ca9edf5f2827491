//! Forms in words that people check against a card in their hand.

use super::{
    digits::{CheckDigit, DigitRange},
    form::NumberForm,
    settings::{ByteOrder, Coding, Subject, Take},
};
use crate::Language;

impl NumberForm {
    /// The form in words, such as `UID, reversed, decimal`.
    #[must_use]
    pub fn describe(&self, language: Language) -> String {
        let parts = self.parts();
        let pad = (parts.pad_to > 0).then(|| padding(parts.pad_to, language));
        let digits = (self.digits() != DigitRange::ALL).then(|| range(self.digits(), language));
        let prefix = (!parts.prefix.is_empty()).then(|| prefix(&parts.prefix, language));
        let said = [
            Some(subject(parts.of, language).to_owned()),
            take(parts.take, language),
            order(parts.order, language).map(str::to_owned),
            coding(parts.of, parts.coding, language).map(str::to_owned),
            pad,
            digits,
            prefix,
            check_digit(parts.check_digit, language),
        ];
        let said: Vec<_> = said.into_iter().flatten().collect();
        said.join(match language {
            Language::Chinese => "，",
            Language::English => ", ",
        })
    }
}

fn subject(of: Subject, language: Language) -> &'static str {
    match (of, language) {
        (Subject::Uid, _) => "UID",
        (Subject::Number, Language::Chinese) => "卡号",
        (Subject::Number, Language::English) => "card number",
    }
}

fn take(take: Take, language: Language) -> Option<String> {
    Some(match (take, language) {
        (Take::All, _) => return None,
        (Take::First(n), Language::Chinese) => format!("前 {n} 字节"),
        (Take::First(n), Language::English) => format!("first {n} bytes"),
        (Take::Last(n), Language::Chinese) => format!("末 {n} 字节"),
        (Take::Last(n), Language::English) => format!("last {n} bytes"),
    })
}

fn order(order: ByteOrder, language: Language) -> Option<&'static str> {
    match (order, language) {
        (ByteOrder::AsRead, _) => None,
        (ByteOrder::Reversed, Language::Chinese) => Some("字节反序"),
        (ByteOrder::Reversed, Language::English) => Some("bytes reversed"),
    }
}

/// The digits of a number need no word: that is how everyone writes it.
fn coding(of: Subject, coding: Coding, language: Language) -> Option<&'static str> {
    match (of, coding, language) {
        (Subject::Number, Coding::Hex, _) => None,
        (Subject::Uid, Coding::Hex, Language::Chinese) => Some("十六进制"),
        (Subject::Uid, Coding::Hex, Language::English) => Some("hexadecimal"),
        (Subject::Uid, Coding::Decimal, Language::Chinese) => Some("十进制"),
        (Subject::Uid, Coding::Decimal, Language::English) => Some("decimal"),
        (Subject::Number, Coding::Decimal, Language::Chinese) => Some("按字节转十进制"),
        (Subject::Number, Coding::Decimal, Language::English) => Some("its bytes as decimal"),
        (_, Coding::Facility, Language::Chinese) => Some("韦根 26 位（区号,卡号）"),
        (_, Coding::Facility, Language::English) => Some("facility,number of 26 bits"),
    }
}

fn padding(width: u8, language: Language) -> String {
    match language {
        Language::Chinese => format!("补零至 {width} 位"),
        Language::English => format!("zeros to {width} digits"),
    }
}

fn range(digits: DigitRange, language: Language) -> String {
    let place = |at: i8| match (at, language) {
        (1.., Language::Chinese) => format!("第 {at} 位"),
        (-1, Language::Chinese) => "末位".to_owned(),
        (_, Language::Chinese) => format!("倒数第 {} 位", at.unsigned_abs()),
        (1.., Language::English) => at.to_string(),
        (-1, Language::English) => "the last".to_owned(),
        (_, Language::English) => format!("{} from the right", at.unsigned_abs()),
    };
    let (from, to) = (place(digits.from()), place(digits.to()));
    match language {
        Language::Chinese => format!("取{from}至{to}"),
        Language::English => format!("digits {from} to {to}"),
    }
}

fn prefix(prefix: &str, language: Language) -> String {
    match language {
        Language::Chinese => format!("前缀 {prefix}"),
        Language::English => format!("after {prefix}"),
    }
}

fn check_digit(check_digit: CheckDigit, language: Language) -> Option<String> {
    Some(match (check_digit, language) {
        (CheckDigit::None, _) => return None,
        (CheckDigit::Luhn, Language::Chinese) => "后加 Luhn 校验位".to_owned(),
        (CheckDigit::Luhn, Language::English) => "then a Luhn digit".to_owned(),
        (CheckDigit::Fixed(digit), Language::Chinese) => format!("后加固定的 {digit}"),
        (CheckDigit::Fixed(digit), Language::English) => format!("then always {digit}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FormParts;

    #[test]
    fn a_form_is_said_in_both_languages() {
        let all = FormParts::default;
        let cases = [
            (all(), "UID, hexadecimal", "UID，十六进制"),
            (
                FormParts {
                    take: Take::Last(3),
                    coding: Coding::Facility,
                    prefix: "XK".into(),
                    ..all()
                },
                "UID, last 3 bytes, facility,number of 26 bits, after XK",
                "UID，末 3 字节，韦根 26 位（区号,卡号），前缀 XK",
            ),
            (
                FormParts {
                    order: ByteOrder::Reversed,
                    coding: Coding::Decimal,
                    pad_to: 10,
                    check_digit: CheckDigit::Fixed(0),
                    ..all()
                },
                "UID, bytes reversed, decimal, zeros to 10 digits, then always 0",
                "UID，字节反序，十进制，补零至 10 位，后加固定的 0",
            ),
            (
                FormParts {
                    of: Subject::Number,
                    from_digit: 9,
                    to_digit: -2,
                    check_digit: CheckDigit::Luhn,
                    ..all()
                },
                "card number, digits 9 to 2 from the right, then a Luhn digit",
                "卡号，取第 9 位至倒数第 2 位，后加 Luhn 校验位",
            ),
        ];
        for (parts, english, chinese) in cases {
            let form = NumberForm::new(parts).unwrap();
            assert_eq!(form.describe(Language::English), english);
            assert_eq!(form.describe(Language::Chinese), chinese);
        }
    }
}
