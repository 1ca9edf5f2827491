//! The number of an Ultralight or NTAG, by profile.

use xueka_cards::{KeyRing, ProfileText, ReadingProfile};
use xueka_transport::Dialect;

use crate::script::{read_by, storage, summary};

const UID: (&str, &str) = ("FFCA000000", "04112233445566 9000");
const NO: &str = "number = { page = 5, offset = 2, length = 6, coding = \"ascii\" }";
const UNTIL: &str = "valid_until = { page = 7, offset = 0, coding = \"bcd-yyyymmdd\" }";
const TEXT: &str = "ndef_text = { prefix = \"No. \" }";

fn profile(places: &[&str]) -> ReadingProfile {
    let places = places
        .iter()
        .map(|place| format!("[[ultralight]]\n{place}\n"));
    let places = places.collect::<String>();
    let text = format!("name = \"School\"\nsource = \"a test\"\n{places}");
    let file = "school.toml";
    ReadingProfile::new(&[ProfileText { file, text: &text }], &KeyRing::default()).unwrap()
}

fn read(places: &[&str], own: &[(&str, &str)]) -> String {
    let script = [&[UID], own].concat();
    let reading = read_by(
        &Dialect::STANDARD,
        &profile(places),
        &storage("030003"),
        &script,
    );
    let summary = summary(&reading.unwrap());
    let rest = summary.strip_prefix("Ultralight, uid 04112233445566, ");
    rest.unwrap_or(&summary).to_owned()
}

#[test]
fn fields_are_read_four_pages_at_once() {
    let number = "0000 323032343137 FFFFFFFF";
    let dated = format!("{NO}\n{UNTIL}");
    let cases = [
        (
            NO,
            vec![("FFB0000510", format!("{number} 00000000 9000"))],
            "number 202417 from page 5, NumberRead",
            "one exchange",
        ),
        (
            dated.as_str(),
            vec![(
                "FFB0000510",
                format!("{} 20270831 00000000 9000", &number[..17]),
            )],
            "number 202417 from page 5, until 2027-08-31, NumberRead",
            "the date in the same answer",
        ),
        (
            NO,
            vec![
                ("FFB0000510", "00003230 9000".to_owned()),
                ("FFB0000610", "32343137 9000".to_owned()),
            ],
            "number 202417 from page 5, NumberRead",
            "a reader that gives one page",
        ),
        (
            NO,
            vec![("FFB0000510", "6982".to_owned())],
            "UidOnly, no CardNumber (6982)",
            "behind a password",
        ),
        (
            NO,
            vec![("FFB0000510", "9000".to_owned())],
            "UidOnly, no CardNumber (nonsense)",
            "nothing",
        ),
        (
            NO,
            vec![
                ("FFB0000510", "00003230 041122BF 9000".to_owned()),
                ("FFB0000610", "6A82".to_owned()),
            ],
            "UidOnly, no CardNumber (6A82)",
            "page 0 again behind the last page",
        ),
        (
            NO,
            vec![("FFB0000510", format!("{number} 00000000 00 9000"))],
            "UidOnly, no CardNumber (nonsense)",
            "more than was asked for",
        ),
    ];
    for (place, script, expected, why) in cases {
        let script = script
            .iter()
            .map(|(command, answer)| (*command, answer.as_str()));
        let script = script.collect::<Vec<_>>();
        assert_eq!(read(&[place], &script), expected, "{why}");
    }
}

#[test]
fn a_text_is_found_behind_the_container() {
    let begin = ("FFB0000310", "E1101200 0103A00C 340315D1 01115402 9000");
    let cases = [
        (
            vec![
                begin,
                ("FFB0000710", "656E4E6F 2E203230 32343030 31373132 9000"),
            ],
            "number 2024001712 from a text, NumberRead",
            "three exchanges in all",
        ),
        (
            vec![
                ("FFB0000310", "E1101200 0103A00C 34031AD1 01165402 9000"),
                ("FFB0000710", "656E4E6F 2E203230 32343030 31373132 9000"),
                ("FFB0000B10", "20332D41 21FE0000 00000000 00000000 9000"),
            ],
            "number 2024001712 from a text, NumberRead",
            "a longer text",
        ),
        (
            vec![
                ("FFB0000310", "E1101200 0103A00C 340313D1 010F5402 9000"),
                ("FFB0000710", "656E4E6F 2E203230 32343137 32FE0000 9000"),
            ],
            "UidOnly, no CardNumber (nonsense)",
            "no UTF-8",
        ),
        (
            vec![("FFB0000310", "00000000 00000000 00000000 00000000 9000")],
            "UidOnly, no CardNumber (nonsense)",
            "no container",
        ),
        (
            vec![("FFB0000310", "E11012F0 00000000 00000000 00000000 9000")],
            "UidOnly, no CardNumber (nonsense)",
            "a container that lets nobody read",
        ),
        (
            vec![("FFB0000310", "E1101200 FE000000 00000000 00000000 9000")],
            "UidOnly, no CardNumber (nonsense)",
            "no message",
        ),
        (
            vec![begin, ("FFB0000710", "6982")],
            "UidOnly, no CardNumber (6982)",
            "the message behind a password",
        ),
    ];
    for (script, expected, why) in cases {
        assert_eq!(read(&[TEXT], &script), expected, "{why}");
    }
}

#[test]
fn a_text_that_takes_too_long_is_given_up() {
    // A message of 768 bytes from a reader that gives one page at a time.
    let mut script = vec![("FFB0000310".to_owned(), "E1106F00 9000")];
    script.push(("FFB0000410".to_owned(), "03FF0300 9000"));
    for page in 5..59 {
        script.push((format!("FFB000{page:02X}10"), "00000000 9000"));
    }
    let script = script
        .iter()
        .map(|(command, answer)| (command.as_str(), *answer));
    let script = script.collect::<Vec<_>>();
    assert_eq!(script.len(), 56);
    assert_eq!(read(&[TEXT], &script), "UidOnly, no CardNumber (nonsense)");
}

#[test]
fn a_message_longer_than_its_area_is_not_begun() {
    let script = [("FFB0000310", "E110FF00 03FF07F0 91000000 91000000 9000")];
    assert_eq!(read(&[TEXT], &script), "UidOnly, no CardNumber (nonsense)");
}

#[test]
fn pages_that_are_known_are_not_read_again() {
    let places = [
        TEXT,
        "number = { page = 4, offset = 0, length = 4, coding = \"integer\" }",
    ];
    let script = [("FFB0000310", "E1101200 1EA68671 00000000 00000000 9000")];
    assert_eq!(
        read(&places, &script),
        "number 514229873 from page 4, NumberRead"
    );
}

#[test]
fn without_a_place_nothing_is_sent() {
    assert_eq!(read(&[], &[]), "UidOnly");
}
