//! Forms on known prints, and what holds for all of them.

use proptest::prelude::*;

use super::*;

fn form(parts: FormParts) -> NumberForm {
    NumberForm::new(parts).unwrap()
}

fn uid_form(take: Take, order: ByteOrder, coding: Coding) -> NumberForm {
    form(FormParts {
        take,
        order,
        coding,
        ..FormParts::default()
    })
}

fn with_uid(text: &str) -> CardIdentity {
    CardIdentity::new(None, Some(text.parse().unwrap())).unwrap()
}

fn with_number(text: &str) -> CardIdentity {
    CardIdentity::new(Some(text.parse().unwrap()), None).unwrap()
}

fn printed(text: &str) -> Printed {
    text.parse().unwrap()
}

/// Vectors of the public reports on one Wiegand library: issue 56 of
/// monkeyboard/Wiegand-Protocol-Library-for-Arduino (a UID in both orders) and
/// issue 8 of paulo-raca/YetAnotherArduinoWiegandLibrary (three prints of one
/// card of five bytes).
#[test]
fn known_prints_follow_from_their_bytes() {
    use {ByteOrder::*, Coding::*, Take::*};
    let cases: [(&[u8], _, &str, &str); 12] = [
        (
            &[0x1E, 0xA6, 0x86, 0x71],
            uid_form(All, AsRead, Decimal),
            "514229873",
            "as read",
        ),
        (
            &[0x1E, 0xA6, 0x86, 0x71],
            uid_form(All, Reversed, Decimal),
            "1904649758",
            "reversed decimal",
        ),
        (
            &[0x1E, 0xA6, 0x86, 0x71],
            uid_form(All, Reversed, Hex),
            "7186A61E",
            "reversed",
        ),
        (
            &[0x0A, 0x00, 0x4D, 0x76, 0x03],
            uid_form(All, AsRead, Hex),
            "0A004D7603",
            "a leading zero stays",
        ),
        (
            &[0x0A, 0x00, 0x4D, 0x76, 0x03],
            uid_form(All, AsRead, Decimal),
            "42954749443",
            "more than 32 bits",
        ),
        (
            &[0x0A, 0x00, 0x4D, 0x76, 0x03],
            form(FormParts {
                coding: Decimal,
                pad_to: 13,
                ..FormParts::default()
            }),
            "0042954749443",
            "with zeros before it",
        ),
        (
            &[0x0A, 0x00, 0x4D, 0x76, 0x03],
            uid_form(Last(3), AsRead, Facility),
            "077,30211",
            "facility and number",
        ),
        (
            &[0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6],
            uid_form(First(4), AsRead, Hex),
            "04A1B2C3",
            "a reader that gives the first four of seven",
        ),
        (
            &[0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6],
            uid_form(Last(4), Reversed, Hex),
            "F6E5D4C3",
            "the last four, turned round",
        ),
        (
            &[0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6],
            uid_form(First(3), AsRead, Decimal),
            "303538",
            "three bytes as a number",
        ),
        (
            &[0xFF; 10],
            uid_form(All, AsRead, Decimal),
            "1208925819614629174706175",
            "ten bytes",
        ),
        (
            &[0xFF, 0xFF, 0xFF, 0xFF],
            uid_form(First(3), AsRead, Facility),
            "255,65535",
            "as large as can be",
        ),
    ];
    for (bytes, form, expected, why) in cases {
        let applied = form.apply_to_bytes(bytes);
        assert_eq!(applied.as_deref(), Some(expected), "{why}");
    }
}

#[test]
fn a_number_is_printed_by_its_digits() {
    let number = |parts| {
        form(FormParts {
            of: Subject::Number,
            ..parts
        })
    };
    let all = FormParts::default();
    let cases = [
        (
            "1000751012345678",
            number(all.clone()),
            Some("1000751012345678"),
            "as it stands",
        ),
        (
            "3104870012345678901",
            number(all.clone()),
            Some("3104870012345678901"),
            "an odd number of digits",
        ),
        (
            "1000751012345678",
            number(FormParts {
                take: Take::Last(4),
                ..all.clone()
            }),
            Some("12345678"),
            "the last four bytes",
        ),
        (
            "1000751012345678",
            number(FormParts {
                order: ByteOrder::Reversed,
                take: Take::Last(4),
                ..all.clone()
            }),
            Some("78563412"),
            "its bytes turned round",
        ),
        (
            "7992739871",
            number(FormParts {
                prefix: "BJ-".into(),
                check_digit: CheckDigit::Luhn,
                ..all.clone()
            }),
            Some("BJ-79927398713"),
            "a prefix and a Luhn digit",
        ),
        (
            "12345678",
            number(FormParts {
                check_digit: CheckDigit::Fixed(0),
                pad_to: 10,
                ..all.clone()
            }),
            Some("00123456780"),
            "zeros, and a digit that is always the same",
        ),
        (
            "1000751012345678",
            number(FormParts {
                from_digit: 9,
                to_digit: -2,
                ..all.clone()
            }),
            Some("1234567"),
            "the ninth to the last but one",
        ),
        (
            "12345678",
            number(FormParts {
                from_digit: 9,
                ..all
            }),
            None,
            "it has no ninth digit",
        ),
    ];
    for (digits, form, expected, why) in cases {
        let applied = form.apply(&with_number(digits));
        assert_eq!(applied.as_deref(), expected, "{why}");
    }
}

#[test]
fn a_card_without_what_a_form_is_of_has_no_print() {
    let of_number = form(FormParts {
        of: Subject::Number,
        ..FormParts::default()
    });
    assert_eq!(of_number.apply(&with_uid("1EA68671")), None);
    let last_8 = uid_form(Take::Last(8), ByteOrder::AsRead, Coding::Hex);
    assert_eq!(last_8.apply(&with_uid("1EA68671")), None, "too few bytes");
    assert_eq!(NumberForm::standard()[1].apply(&with_number("1234")), None);
    assert_eq!(last_8.apply_to_bytes(&[]), None);
}

#[test]
fn what_people_leave_out_still_matches() {
    use {ByteOrder::*, Coding::*, Take::*};
    let padded = form(FormParts {
        coding: Decimal,
        pad_to: 10,
        ..FormParts::default()
    });
    let last_digits = form(FormParts {
        coding: Decimal,
        pad_to: 10,
        from_digit: -8,
        ..FormParts::default()
    });
    let facility = uid_form(Last(3), AsRead, Facility);
    let plain = uid_form(All, AsRead, Hex);
    let cases = [
        (&padded, "0514229873", "1EA68671", true, "as printed"),
        (&padded, "514229873", "1EA68671", true, "without the zero"),
        (&padded, "514229874", "1EA68671", false, "another number"),
        (&last_digits, "14229873", "1EA68671", true, "a part"),
        (
            &last_digits,
            "014229873",
            "1EA68671",
            false,
            "a part is exact",
        ),
        (&facility, "077,30211", "0A4D7603", true, "as printed"),
        (&facility, "77.30211", "0A4D7603", true, "another sign"),
        (&facility, "07730211", "0A4D7603", true, "no sign"),
        (&facility, "77,30212", "0A4D7603", false, "another card"),
        (&facility, "1077,30211", "0A4D7603", false, "no facility"),
        (&plain, "1e:a6:86:71", "1EA68671", true, "parted bytes"),
        (&plain, "7186A61E", "1EA68671", false, "the other order"),
    ];
    for (form, text, uid, expected, why) in cases {
        let found = form.matches(&printed(text), &with_uid(uid));
        assert_eq!(found, expected, "{text}: {why}");
    }
    assert!(!padded.gives(&printed("514229873"), &with_uid("1EA68671")));
}

#[test]
fn settings_that_make_no_form_are_refused() {
    let all = FormParts::default;
    let cases = [
        (
            FormParts {
                take: Take::First(0),
                ..all()
            },
            InvalidForm::Take,
        ),
        (
            FormParts {
                take: Take::Last(11),
                ..all()
            },
            InvalidForm::Take,
        ),
        (
            FormParts {
                pad_to: 26,
                ..all()
            },
            InvalidForm::PadTo,
        ),
        (
            FormParts {
                from_digit: 0,
                ..all()
            },
            InvalidForm::DigitPosition,
        ),
        (
            FormParts {
                prefix: "卡".into(),
                ..all()
            },
            InvalidForm::Prefix,
        ),
        (
            FormParts {
                prefix: "123456789".into(),
                ..all()
            },
            InvalidForm::Prefix,
        ),
        (
            FormParts {
                check_digit: CheckDigit::Fixed(10),
                ..all()
            },
            InvalidForm::CheckDigit,
        ),
        (
            FormParts {
                check_digit: CheckDigit::Luhn,
                ..all()
            },
            InvalidForm::LuhnOfHex,
        ),
        (
            FormParts {
                coding: Coding::Facility,
                ..all()
            },
            InvalidForm::FacilityBytes,
        ),
        (
            FormParts {
                coding: Coding::Facility,
                take: Take::Last(3),
                pad_to: 10,
                ..all()
            },
            InvalidForm::FacilityPadding,
        ),
    ];
    for (parts, expected) in cases {
        assert_eq!(NumberForm::new(parts), Err(expected));
    }
}

#[test]
fn a_configuration_says_only_what_differs() {
    let parts = FormParts {
        coding: Coding::Decimal,
        order: ByteOrder::Reversed,
        take: Take::First(4),
        pad_to: 10,
        ..FormParts::default()
    };
    let form = form(parts);
    let text = toml::to_string(&form).unwrap();
    let expected = "of = \"uid\"\ntake = \"first 4\"\norder = \"reversed\"\ncoding = \"decimal\"\npad_to = 10\n";
    assert_eq!(text, expected);
    assert_eq!(toml::from_str::<NumberForm>(&text).unwrap(), form);
    for (wrong, named) in [
        ("coding = \"octal\"", "octal"),
        ("take = \"some\"", "take is"),
        ("tkae = \"all\"", "tkae"),
        ("check_digit = \"10\"", "check_digit is"),
        ("pad_to = 99", "pad_to is"),
    ] {
        let message = toml::from_str::<NumberForm>(wrong).unwrap_err().to_string();
        assert!(message.contains(named), "{message}");
    }
}

#[test]
fn a_whole_print_names_its_card() {
    let standard = NumberForm::standard();
    let cases = [
        ("514229873", CardKey::Uid("1EA68671".parse().unwrap()), 3),
        ("1904649758", CardKey::Uid("1EA68671".parse().unwrap()), 4),
        ("7186A61E", CardKey::Uid("1EA68671".parse().unwrap()), 2),
    ];
    for (text, key, form) in cases {
        let found = standard[form].candidates(&printed(text));
        assert!(found.contains(&key), "{text}");
    }
    let number = "3104870012345678901";
    let found = standard[0].candidates(&printed(number));
    assert_eq!(found, [CardKey::Number(number.parse().unwrap())]);
    let random = standard[1].candidates(&printed("08A1B2C3"));
    assert!(random.is_empty(), "a random UID names nothing");
}

#[test]
fn every_standard_form_is_there() {
    assert_eq!(NumberForm::standard().len(), 5);
    assert!(NumberForm::standard().iter().all(NumberForm::is_whole));
}

fn any_parts() -> impl Strategy<Value = FormParts> {
    let of = prop_oneof![Just(Subject::Uid), Just(Subject::Number)];
    let take = prop_oneof![
        Just(Take::All),
        (0_u8..12).prop_map(Take::First),
        (0_u8..12).prop_map(Take::Last)
    ];
    let order = prop_oneof![Just(ByteOrder::AsRead), Just(ByteOrder::Reversed)];
    let coding = prop_oneof![
        Just(Coding::Hex),
        Just(Coding::Decimal),
        Just(Coding::Facility)
    ];
    let check_digit = prop_oneof![
        Just(CheckDigit::None),
        Just(CheckDigit::Luhn),
        (0_u8..12).prop_map(CheckDigit::Fixed)
    ];
    let digits = prop_oneof![Just((1_i8, -1_i8)), (-45_i8..45, -45_i8..45)];
    let prefix = "[0-9A-Za-z./-]{0,3}";
    let first = (of, take, order, coding);
    (first, 0_u8..30, digits, prefix, check_digit).prop_map(
        |((of, take, order, coding), pad_to, (from_digit, to_digit), prefix, check_digit)| {
            FormParts {
                of,
                take,
                order,
                coding,
                pad_to,
                from_digit,
                to_digit,
                prefix,
                check_digit,
            }
        },
    )
}

fn any_form() -> impl Strategy<Value = NumberForm> {
    any_parts().prop_filter_map("makes no form", |parts| NumberForm::new(parts).ok())
}

fn any_uid() -> impl Strategy<Value = Uid> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 4),
        prop::collection::vec(any::<u8>(), 7),
        prop::collection::vec(any::<u8>(), 8),
        prop::collection::vec(any::<u8>(), 10)
    ]
    .prop_map(|bytes| Uid::try_from(bytes.as_slice()).unwrap())
}

fn any_card() -> impl Strategy<Value = CardIdentity> {
    let number = "[0-9]{4,19}".prop_map(|digits| digits.parse::<CardNumber>().unwrap());
    (prop::option::of(number), prop::option::of(any_uid()))
        .prop_filter_map("names no card", |(number, uid)| {
            CardIdentity::new(number, uid).ok()
        })
}

proptest! {
    #[test]
    fn no_settings_panic(parts in any_parts(), bytes in prop::collection::vec(any::<u8>(), 0..40),
                         card in any_card(), text in ".{0,50}") {
        if let Ok(form) = NumberForm::new(parts) {
            let _ = form.apply_to_bytes(&bytes);
            let _ = form.apply(&card);
            let _ = form.key_of(&text);
            if let Ok(printed) = text.parse() {
                let _ = form.matches(&printed, &card);
                let _ = form.candidates(&printed);
            }
        }
    }

    #[test]
    fn a_card_matches_its_own_print(form in any_form(), card in any_card()) {
        if let Some(printed) = form.apply(&card).and_then(|text| text.parse().ok()) {
            prop_assert!(form.matches(&printed, &card));
            prop_assert!(form.gives(&printed, &card));
        }
    }

    /// The full UID or number is the identity, and a whole form keeps it.
    #[test]
    fn a_whole_print_leads_back_to_the_card(form in any_form(), card in any_card()) {
        let printed = form.apply(&card).and_then(|text| text.parse::<Printed>().ok());
        if let (Some(printed), true) = (printed, form.is_whole()) {
            let own = match form.parts().of {
                Subject::Uid => CardKey::Uid(card.uid().unwrap()),
                Subject::Number => CardKey::Number(card.number().unwrap()),
            };
            prop_assert!(form.candidates(&printed).contains(&own));
        }
    }

    #[test]
    fn candidates_are_printed_so(form in any_form(), text in "[0-9A-F]{4,26}") {
        let printed: Printed = text.parse().unwrap();
        for key in form.candidates(&printed) {
            let (number, uid) = key.into();
            let card = CardIdentity::new(number, uid).unwrap();
            prop_assert!(form.matches(&printed, &card));
        }
    }

    #[test]
    fn uids_of_different_length_are_different_cards(bytes in prop::collection::vec(1_u8.., 4)) {
        let long = [vec![0; 3], bytes.clone()].concat();
        let decimal = uid_form(Take::All, ByteOrder::AsRead, Coding::Decimal);
        let short = Uid::try_from(bytes.as_slice()).unwrap();
        prop_assume!(!short.is_random());
        let printed: Printed = decimal.apply_to_bytes(&bytes).unwrap().parse().unwrap();
        let found = decimal.candidates(&printed);
        // One print, and every card that it could be on.
        prop_assert!(found.contains(&CardKey::Uid(short)));
        prop_assert!(found.contains(&CardKey::Uid(Uid::try_from(long.as_slice()).unwrap())));
    }

    #[test]
    fn a_form_survives_its_configuration(form in any_form()) {
        let text = toml::to_string(&form).unwrap();
        prop_assert_eq!(toml::from_str::<NumberForm>(&text).unwrap(), form);
    }
}
