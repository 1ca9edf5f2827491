//! What a few cards teach.

use proptest::prelude::*;

use super::*;

fn lesson(printed: &str, number: Option<&str>, uid: Option<&str>) -> Lesson {
    let number = number.map(|text| text.parse().unwrap());
    let uid = uid.map(|text| text.parse().unwrap());
    Lesson {
        printed: printed.parse().unwrap(),
        card: CardIdentity::new(number, uid).unwrap(),
    }
}

fn first(lessons: &[Lesson]) -> FormParts {
    let fitting = fitting_forms(lessons);
    fitting.forms.first().expect("a form fits").parts().clone()
}

#[test]
fn the_simplest_form_comes_first() {
    use {ByteOrder::*, Coding::*, Subject::*, Take::*};
    let parts = |of, take, order, coding| FormParts {
        of,
        take,
        order,
        coding,
        ..FormParts::default()
    };
    let uid = Some("1EA68671");
    let long = Some("04A1B2C3D4E5F6");
    let number = Some("1000751012345678");
    let cases = [
        ("1EA68671", None, uid, parts(Uid, All, AsRead, Hex)),
        ("7186A61E", None, uid, parts(Uid, All, Reversed, Hex)),
        ("514229873", None, uid, parts(Uid, All, AsRead, Decimal)),
        ("1904649758", None, uid, parts(Uid, All, Reversed, Decimal)),
        (
            "0514229873",
            None,
            uid,
            FormParts {
                pad_to: 10,
                ..parts(Uid, All, AsRead, Decimal)
            },
        ),
        (
            "166,34417",
            None,
            uid,
            parts(Uid, Last(3), AsRead, Facility),
        ),
        ("F6E5D4C3", None, long, parts(Uid, Last(4), Reversed, Hex)),
        (
            "1000751012345678",
            number,
            uid,
            parts(Number, All, AsRead, Hex),
        ),
        (
            "1234567",
            number,
            uid,
            FormParts {
                from_digit: 9,
                to_digit: -2,
                ..parts(Number, All, AsRead, Hex)
            },
        ),
    ];
    for (printed, number, uid, expected) in cases {
        let found = first(&[lesson(printed, number, uid)]);
        assert_eq!(found, expected, "{printed}");
    }
}

#[test]
fn a_second_card_tells_a_luhn_digit_from_a_fixed_one() {
    let one = lesson("79927398713", Some("7992739871"), None);
    let two = lesson("79927398705", Some("7992739870"), None);
    let both = |lessons: &[Lesson]| {
        let forms = fitting_forms(lessons).forms;
        let kinds = forms.iter().map(|form| form.parts().check_digit);
        kinds.collect::<Vec<_>>()
    };
    let alone = both(std::slice::from_ref(&one));
    assert!(alone.contains(&CheckDigit::Luhn), "{alone:?}");
    assert!(alone.contains(&CheckDigit::Fixed(3)), "{alone:?}");
    assert_eq!(both(&[one, two]), [CheckDigit::Luhn]);
}

#[test]
fn cards_of_two_lengths_tell_from_which_side_digits_count() {
    let lessons = [
        lesson("1234567", Some("1000751012345678"), None),
        lesson("1234567890", Some("3104870012345678901"), None),
    ];
    let found = first(&lessons);
    assert_eq!((found.from_digit, found.to_digit), (9, -2));
    assert_eq!(fitting_forms(&lessons).forms.len(), 1);
}

#[test]
fn a_prefix_is_found() {
    let lessons = [
        lesson("XK-0514229873", None, Some("1EA68671")),
        lesson("XK-0000000129", None, Some("00000081")),
    ];
    let found = first(&lessons);
    assert_eq!((found.prefix.as_str(), found.pad_to), ("XK", 10));
}

#[test]
fn what_has_nothing_to_do_with_the_card_fits_no_form() {
    let fitting = fitting_forms(&[lesson("99887766", None, Some("1EA68671"))]);
    assert_eq!(fitting.forms, []);
    let mixed = [
        lesson("1EA68671", None, Some("1EA68671")),
        lesson("514229873", None, Some("1EA68671")),
    ];
    assert_eq!(
        fitting_forms(&mixed).forms,
        [],
        "two forms on one school's cards"
    );
    assert_eq!(fitting_forms(&[]), Fitting::default());
}

#[test]
fn widths_are_those_of_the_largest_numbers() {
    let widths = [3, 4, 5, 7, 8, 10].map(decimal_width);
    assert_eq!(widths, [8, 10, 13, 17, 20, 25]);
}

proptest! {
    #[test]
    fn the_search_ends_soon_whatever_is_printed(
        text in "[0-9A-F]{4,40}",
        number in "[0-9]{4,19}",
        uid in prop::collection::vec(any::<u8>(), 10),
    ) {
        let card = CardIdentity::new(
            number.parse().ok(),
            crate::Uid::try_from(uid.as_slice()).ok(),
        );
        let lesson = Lesson { printed: text.parse().unwrap(), card: card.unwrap() };
        let fitting = fitting_forms(std::slice::from_ref(&lesson));
        prop_assert!(fitting.n_tried < 20_000, "{}", fitting.n_tried);
        for form in &fitting.forms {
            prop_assert!(form.gives(&lesson.printed, &lesson.card));
        }
    }

    /// The worst print: every part of it is everywhere on the card.
    #[test]
    fn the_search_ends_soon_for_equal_digits(n_chars in 4_usize..=40, digit in 0_u8..10) {
        let digit = char::from(b'0' + digit);
        let row = |n: usize| std::iter::repeat_n(digit, n).collect::<String>();
        let lesson = lesson(&row(n_chars), Some(&row(19)), Some(&row(20)));
        let fitting = fitting_forms(&[lesson]);
        prop_assert!(fitting.n_tried < 20_000, "{}", fitting.n_tried);
    }
}
