//! Cards and readers that leave, stall, babble and lie.

use xueka_cards::ReadError;
use xueka_transport::TransportError;

use crate::script::{GONE, iso14443, read, storage, summary};

const ASK_UID: &str = "FFCA000000";
const UID: (&str, &str) = (ASK_UID, "04112233445566 9000");
const READ_BEIJING: &str = "00B0840020";
const SELECT_T_UNION: &str = "00A4040008 A000000632010105 00";
const SELECT_CITY_UNION: &str = "00A4040009 A00000000386980701 00";
const SELECT_ROOT: &str = "00A40000023F0000";
const READ_INFO: &str = "00B095001E";
const READ_CLASS: &str = "00B097000B";
const BEIJING_INFO: &str = "1000751012340678 010000 00000000000000000000000000 20240901 20270831";

#[test]
fn a_card_that_leaves_half_way_leaves_no_half_reading() {
    let scripts: [&[(&str, &str)]; 6] = [
        &[(ASK_UID, GONE)],
        &[(ASK_UID, "")],
        &[(ASK_UID, "90")],
        &[UID, (READ_BEIJING, GONE)],
        &[UID, (READ_BEIJING, "")],
        &[
            UID,
            (READ_BEIJING, "6A82"),
            (SELECT_T_UNION, "9000"),
            (READ_INFO, "6110"),
            ("00C0000010", GONE),
        ],
    ];
    for script in scripts {
        let error = read(&iso14443("1234"), script).unwrap_err();
        let is_tear = matches!(error, ReadError::Transport(TransportError::CardGone));
        assert!(is_tear, "{script:?}: {error}");
    }
}

#[test]
fn a_uid_that_is_none_is_missing() {
    let cases = [
        ("6A81", "6A81", "not supported"),
        ("6300", "6300", "whatever ACS readers mean by it"),
        ("9000", "nonsense", "empty"),
        ("112233445566 9000", "nonsense", "six bytes"),
        ("1122334455667788990011 9000", "nonsense", "eleven bytes"),
    ];
    for (answer, word, why) in cases {
        let reading = read(&storage("030003"), &[(ASK_UID, answer)]).unwrap();
        let expected = format!("Ultralight, NothingRead, no Uid ({word})");
        assert_eq!(summary(&reading), expected, "{why}");
    }
}

#[test]
fn corrected_lengths_and_continued_answers_are_followed() {
    let whole = format!("{BEIJING_INFO} 9000");
    let (head, tail) = BEIJING_INFO.split_at(17);
    let first = format!("{head} 6118");
    let cases: [(&[(&str, &str)], &str); 4] = [
        (
            &[(READ_BEIJING, "6C20"), (READ_BEIJING, &whole)],
            "the same length again",
        ),
        (
            &[
                (READ_BEIJING, "6C28"),
                (
                    "00B0840028",
                    &format!("{BEIJING_INFO} 0000000000000000 9000"),
                ),
            ],
            "a file that must be read whole",
        ),
        (
            &[
                (READ_BEIJING, &first),
                ("00C0000018", &format!("{tail} 9000")),
            ],
            "in two parts",
        ),
        (
            &[
                (READ_BEIJING, "6120"),
                ("00C0000020", "6C20"),
                (READ_BEIJING, &whole),
            ],
            "both in turn",
        ),
    ];
    for (own, why) in cases {
        let script = [&[UID], own].concat();
        let reading = read(&iso14443("1234"), &script).unwrap();
        assert!(reading.is_complete() && reading.number.is_some(), "{why}");
    }
}

#[test]
fn endless_chains_are_cut_off() {
    let select_more = [(SELECT_T_UNION, "6A82"), (SELECT_CITY_UNION, "6A82")];
    for (word, again) in [("6110", "00C0000010"), ("6C20", READ_BEIJING)] {
        let mut script = vec![UID, (READ_BEIJING, word)];
        script.extend([(again, word); 7]);
        script.extend(select_more);
        script.push((SELECT_ROOT, "6A82"));
        let reading = read(&iso14443("1234"), &script).unwrap();
        assert_eq!(
            summary(&reading),
            "OtherIso14443, uid 04112233445566, UidOnly"
        );
    }
}

#[test]
fn an_endless_answer_is_missing_with_its_status_word() {
    let mut script = vec![(ASK_UID, "04 6101")];
    script.extend([("FFC0000001", "04 6101"); 7]);
    let reading = read(&storage("030003"), &script).unwrap();
    assert_eq!(summary(&reading), "Ultralight, NothingRead, no Uid (6101)");
}

#[test]
fn beijing_files_of_another_shape_are_incomplete() {
    let cases = [
        (
            "10007510123406",
            "no CardNumber (nonsense), no ValidFrom (nonsense), no ValidUntil (nonsense)",
            "seven bytes",
        ),
        (
            "100075101234067F",
            "no CardNumber (nonsense), no ValidFrom (nonsense), no ValidUntil (nonsense)",
            "not decimal",
        ),
    ];
    for (info, missing, why) in cases {
        for word in ["9000", "6282"] {
            let reading = read(
                &iso14443("1234"),
                &[UID, (READ_BEIJING, &format!("{info}{word}"))],
            );
            let expected = format!("TransitCpu, uid 04112233445566, UidOnly, {missing}");
            assert_eq!(summary(&reading.unwrap()), expected, "{why}");
        }
    }
}

#[test]
fn dates_that_are_none_are_missing() {
    let number = "TransitCpu, uid 04112233445566, number 1000751012340678 from file 4";
    let cases = [
        (
            "00000000",
            "20270831",
            "until 2027-08-31, version 01.0000, NumberRead, no ValidFrom (nonsense)",
        ),
        (
            "20240901",
            "20241399",
            "from 2024-09-01, version 01.0000, NumberRead, no ValidUntil (nonsense)",
        ),
        (
            "20240901",
            "FFFFFFFF",
            "from 2024-09-01, version 01.0000, NumberRead, no ValidUntil (nonsense)",
        ),
    ];
    for (from, until, expected) in cases {
        let info = BEIJING_INFO
            .replace("20240901", from)
            .replace("20270831", until);
        let reading = read(
            &iso14443("1234"),
            &[UID, (READ_BEIJING, &format!("{info} 9000"))],
        );
        assert_eq!(summary(&reading.unwrap()), format!("{number}, {expected}"));
    }
}

#[test]
fn an_answer_longer_than_was_asked_for_is_no_answer() {
    let reading = read(
        &iso14443("1234"),
        &[
            UID,
            (READ_BEIJING, &format!("{BEIJING_INFO} 00 9000")),
            (SELECT_T_UNION, &format!("{} 9000", "00".repeat(300))),
            (READ_INFO, &format!("{} 9000", "11".repeat(31))),
            (READ_CLASS, &format!("{} 9000", "02".repeat(12))),
        ],
    );
    assert_eq!(
        summary(&reading.unwrap()),
        "TUnion, uid 04112233445566, UidOnly, no CardNumber (nonsense), \
         no ValidFrom (nonsense), no ValidUntil (nonsense), no CardKind (nonsense)"
    );
}

#[test]
fn refused_files_are_missing_with_their_status_word() {
    let reading = read(
        &iso14443("1234"),
        &[
            UID,
            (READ_BEIJING, "6986"),
            (SELECT_T_UNION, "9000"),
            (READ_INFO, "6982"),
            (READ_CLASS, "6A82"),
        ],
    );
    assert_eq!(
        summary(&reading.unwrap()),
        "TUnion, uid 04112233445566, UidOnly, no CardNumber (6982), \
         no ValidFrom (6982), no ValidUntil (6982), no CardKind (6A82)"
    );
}

#[test]
fn a_chongqing_card_without_its_root_file_is_incomplete() {
    let info = "8698 4000 00000000 20301231 FFFFFFFFFFFFFFFF FFFFFFFF FFFFFFFF 0000 9000";
    let begin = [
        UID,
        (READ_BEIJING, "6A82"),
        (SELECT_T_UNION, "6A82"),
        (SELECT_CITY_UNION, "9000"),
        (READ_INFO, info),
    ];
    let read_root = ("00B0850018", "6A82");
    let cases: [(&[(&str, &str)], &str); 2] = [
        (&[(SELECT_ROOT, "6985")], "6985"),
        (&[(SELECT_ROOT, "9000"), read_root], "6A82"),
    ];
    for (end, word) in cases {
        let script = [&begin, end].concat();
        assert_eq!(
            summary(&read(&iso14443("1234"), &script).unwrap()),
            format!(
                "CityUnion, uid 04112233445566, until 2030-12-31, UidOnly, \
                 no CardNumber ({word}), no ValidFrom ({word})"
            )
        );
    }
}
