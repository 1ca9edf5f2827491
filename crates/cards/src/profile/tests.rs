//! What a profile can say, and how one with a mistake is refused.

use xueka_apdu::{DfName, FileId, Sfi};
use xueka_domain::{AssuranceLevel, CardFamily};

use super::*;
use crate::{
    mifare::{Block, KeyKind},
    profile::place::{Communication, Directory, FileName, KeyInput, PageForm},
};

/// Everything that a profile can say, a setting a line.
const WHOLE: &str = r#"name = "School"
source = "our own cards"

[[mifare_classic]]
keys = [
    { name = "school", kind = "A" },
    { name = "school", kind = "B" },
]
assurance = "uid-only"
[mifare_classic.number]
sector = 1
block = 0
offset = 0
length = 8
coding = "bcd"
[mifare_classic.valid_from]
sector = 2
block = 1
offset = 12
coding = "bcd-yyyymmdd"
[mifare_classic.valid_until]
sector = 32
block = 14
offset = 13
coding = "bcd-yymmdd"

[[ultralight]]
assurance = "number-read"
[ultralight.number]
page = 4
offset = 1
length = 6
coding = "ascii"
[ultralight.valid_from]
page = 6
offset = 0
coding = "ascii-yymmdd"
[ultralight.valid_until]
page = 8
offset = 0
coding = "ascii-yyyymmdd"

[[ultralight]]
[ultralight.ndef_text]
prefix = "No. "
digits = 10

[[cpu]]
family = "t-union"
application = "A000000632010105"
assurance = "chip-authenticated"
[cpu.number]
sfi = 21
offset = 10
length = 10
coding = "bcd-after-zero"
[cpu.valid_from]
sfi = 24
record = 1
offset = 16
coding = "bcd-yyyymmdd"
[cpu.valid_until]
sfi = 21
offset = 24
coding = "bcd-yyyymmdd"
[cpu.internal_authentication]
key_id = 0
key = "genuine"
diversify = ["uid"]

[[cpu]]
directory = "DF01"
[cpu.number]
file = "0015"
offset = 0
length = 4
coding = "integer-reversed"

[[desfire]]
application = "F51234"
key_number = 1
key = "desfire"
diversify = ["uid", "application", "5855454B41"]
real_uid = true
assurance = "data-authenticated"
[desfire.number]
file = 1
communication = "full"
offset = 0
length = 8
coding = "integer"
[desfire.valid_from]
file = 2
communication = "mac"
offset = 0
coding = "bcd-yyyymmdd"
[desfire.valid_until]
file = 3
communication = "plain"
offset = 4
coding = "bcd-yyyymmdd"
"#;

fn keys() -> KeyRing {
    let text = "school-b = \"B0B1B2B3B4B5\"\nntag = \"password:A1A2A3A45A6B\"\n\
        delivered = \"password:FFFFFFFF0000\"\nschool = \"A0A1A2A3A4A5\"\n\
        genuine = \"3des:000102030405060708090A0B0C0D0E0F\"\n\
        plain-des = \"des:0001020304050607\"\n\
        desfire = \"aes:000102030405060708090A0B0C0D0E0F\"\n";
    KeyRing::from_text(text).unwrap()
}

fn read(text: &str) -> Result<ReadingProfile, ProfileError> {
    let file = "school.toml";
    ReadingProfile::new(&[ProfileText { file, text }], &keys())
}

/// The line and the reason with which a profile is refused.
fn refusal(text: &str) -> (usize, String) {
    match read(text) {
        Err(ProfileError::Profile {
            file,
            line,
            problem,
        }) => {
            assert_eq!(file, "school.toml");
            (line, problem)
        }
        other => panic!("not refused: {other:?}\n{text}"),
    }
}

/// `WHOLE` with one line replaced, and that line's number.
fn with_line(index: usize, new: &str) -> (String, usize) {
    let mut lines = WHOLE.lines().collect::<Vec<_>>();
    lines[index] = new;
    (lines.join("\n"), index + 1)
}

#[test]
fn a_profile_says_what_its_places_are() {
    let profile = read(WHOLE).unwrap();

    let [classic] = &profile.places.classic[..] else {
        panic!("{profile:?}");
    };
    let blocks = classic.form.blocks().into_iter().map(Block::number);
    assert_eq!(blocks.collect::<Vec<_>>(), [4, 9, 142]);
    assert_eq!(classic.keys.len(), 2);
    assert_eq!(classic.keys[1].kind, KeyKind::B);
    assert_eq!(classic.assurance, AssuranceLevel::UidOnly);
    assert_eq!(profile.classic(ClassicSize::OneK).count(), 0, "sector 32");
    assert_eq!(profile.classic(ClassicSize::FourK).count(), 1);

    let [pages, text] = profile.pages() else {
        panic!("{profile:?}");
    };
    let PageForm::Fields(fields) = &pages.form else {
        panic!("{pages:?}");
    };
    assert_eq!(fields.places(), [(4, 7), (6, 6), (8, 8)]);
    assert!(matches!(&text.form, PageForm::NdefText(pattern) if pattern.n_digits == Some(10)));
}

#[test]
fn places_of_processor_cards_keep_their_files_and_keys() {
    let profile = read(WHOLE).unwrap();

    let [application, directory] = profile.cpu() else {
        panic!("{profile:?}");
    };
    let t_union = DfName::new([0xA0, 0x00, 0x00, 0x06, 0x32, 0x01, 0x01, 0x05]);
    assert_eq!(application.directory, Directory::Named(t_union));
    assert_eq!(application.family, CardFamily::TUnion);
    assert_eq!(application.assurance, AssuranceLevel::ChipAuthenticated);
    assert!(application.proof.is_some());
    let (record, _) = application.fields.valid_from.unwrap();
    assert_eq!(record.record, Some(1));
    assert_eq!(record.name, FileName::Short(Sfi::new::<24>()));
    assert_eq!(directory.directory, Directory::Numbered(FileId(0xDF01)));
    assert_eq!(
        directory.fields.number.0.name,
        FileName::Long(FileId(0x0015))
    );
    assert_eq!(directory.assurance, AssuranceLevel::NumberRead);

    let [desfire] = profile.desfire() else {
        panic!("{profile:?}");
    };
    assert_eq!(desfire.application.on_wire(), [0x34, 0x12, 0xF5]);
    assert_eq!(desfire.fields.number.0.communication, Communication::Full);
    assert!(desfire.real_uid);
    let key = desfire.key.as_ref().unwrap();
    assert_eq!(key.number, 1);
    let system = KeyInput::Bytes(b"XUEKA".as_slice().into());
    assert_eq!(
        *key.key.diversified_by,
        [KeyInput::Uid, KeyInput::Application, system]
    );
}

#[test]
fn every_damaged_line_is_refused_with_its_number() {
    let mut n_settings = 0;
    for (index, line) in WHOLE.lines().enumerate() {
        let damaged = match line.trim().split_once(" = ") {
            Some((key, "[")) => vec![(format!("{key}x = ["), "an unknown setting")],
            Some((key, value)) if !key.starts_with('{') => vec![
                (format!("{key}x = {value}"), "an unknown setting"),
                (format!("{key} = -1"), "a wrong value"),
                (format!("{key} = "), "no value"),
                (format!("{key} {value}"), "no equals sign"),
            ],
            _ if line.starts_with("[[") => {
                vec![(line.trim_end_matches(']').to_owned(), "open brackets")]
            }
            _ if line.starts_with('[') => vec![
                (line.replace(']', "x]"), "an unknown table"),
                (line.replace(']', ""), "an open bracket"),
            ],
            _ if line.trim().starts_with('{') => vec![
                (line.replace("name", "nome"), "an unknown setting"),
                (line.replace("school", "canteen"), "no such key"),
                (
                    line.replace("kind = \"", "kind = \"K"),
                    "no such kind of key",
                ),
            ],
            _ => continue,
        };
        n_settings += 1;
        for (new, why) in damaged {
            let (text, expected) = with_line(index, &new);
            let (line, problem) = refusal(&text);
            assert_eq!(line, expected, "{why}: {new:?} was refused for: {problem}");
            assert!(!problem.is_empty());
        }
    }
    assert!(n_settings > 80, "{n_settings} settings");
}

#[test]
fn a_place_that_no_card_has_is_refused_in_words() {
    let cases = [
        ("name = \"School\"", "name = \" \"", "say it in words"),
        ("sector = 1", "sector = 40", "a sector is 0 to 39"),
        ("block = 0", "block = 3", "a block of this sector is 0 to 2"),
        (
            "block = 14",
            "block = 15",
            "a block of this sector is 0 to 14",
        ),
        ("length = 8", "length = 17", "within 16 bytes"),
        ("length = 8", "length = 1", "at least 2 bytes"),
        ("length = 4", "length = 9", "at most 8 bytes"),
        ("offset = 13", "offset = 14", "within 16 bytes"),
        (
            "assurance = \"number-read\"",
            "assurance = \"data-authenticated\"",
            "so much assurance",
        ),
        ("page = 4", "page = 3", "a page is 4 to 255"),
        ("length = 6", "length = 3", "at least 4 bytes"),
        (
            "prefix = \"No. \"",
            "prefix = \"No. 1\"",
            "does not end with a digit",
        ),
        ("digits = 10", "digits = 20", "4 to 19 digits"),
        (
            "application = \"A000000632010105\"",
            "application = \"A0000\"",
            "hexadecimal",
        ),
        (
            "application = \"A000000632010105\"",
            "application = \"0102030405060708090A0B0C0D0E0F1011\"",
            "1 to 16 bytes",
        ),
        ("sfi = 21", "sfi = 31", "1 to 30"),
        ("record = 1", "record = 0", "a record is 1 to 254"),
        (
            "key = \"genuine\"",
            "key = \"gone\"",
            "no key named \"gone\"",
        ),
        (
            "key = \"genuine\"",
            "key = \"desfire\"",
            "is for AES; a DES or 3DES key",
        ),
        ("diversify = [\"uid\"]", "diversify = []", "1 to 15 bytes"),
        (
            "diversify = [\"uid\"]",
            "diversify = [\"name\"]",
            "hexadecimal",
        ),
        (
            "directory = \"DF01\"",
            "directory = \"DF\"",
            "4 hexadecimal digits",
        ),
        ("file = \"0015\"", "file = \"15\"", "4 hexadecimal digits"),
        (
            "application = \"F51234\"",
            "application = \"F512\"",
            "6 hexadecimal digits",
        ),
        ("key_number = 1", "key_number = 14", "0 to 13"),
        (
            "key = \"desfire\"",
            "key = \"genuine\"",
            "is for 3DES; an AES key",
        ),
        ("file = 1", "file = 32", "a file is 0 to 31"),
    ];
    for (old, new, expected) in cases {
        let index = WHOLE.lines().position(|line| line == old).unwrap();
        let (text, line) = with_line(index, new);
        let (refused_line, problem) = refusal(&text);
        assert!(problem.contains(expected), "{new}: {problem}");
        assert_eq!(
            refused_line,
            match expected {
                // The reason stands where the text pattern begins.
                "does not end with a digit" => line - 1,
                _ => line,
            },
            "{new}"
        );
    }
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let begin = "name = \"School\"\nsource = \"a test\"\n";
    let number = "number = { sfi = 4, offset = 0, length = 8, coding = \"bcd\" }";
    let plain = "number = { file = 1, communication = \"plain\", offset = 0, length = 8, coding = \"bcd\" }";
    let cases = [
        ("[[ultralight]]\n".to_owned(), 3, "either number or ndef_text"),
        (
            "[[ultralight]]\nndef_text = {}\nvalid_from = { page = 4, offset = 0, coding = \"bcd-yymmdd\" }\n".to_owned(),
            5,
            "go with number",
        ),
        (
            format!("[[cpu]]\napplication = \"A0\"\ndirectory = \"DF01\"\n{number}\n"),
            5,
            "either application or directory",
        ),
        (
            format!("[[cpu]]\n{}\n", number.replace("sfi = 4, ", "")),
            4,
            "give sfi or file",
        ),
        (
            format!("[[cpu]]\n{}\n", number.replace("sfi = 4", "sfi = 4, file = \"0004\"")),
            4,
            "either sfi or file",
        ),
        (
            format!("[[cpu]]\n{number}\nvalid_until = {{ root = true, sfi = 21, offset = 12, coding = \"bcd-yymmdd\" }}\n"),
            5,
            "in the root already",
        ),
        (
            format!("[[cpu]]\ndirectory = \"3F01\"\n{number}\nvalid_until = {{ root = true, sfi = 21, offset = 12, coding = \"bcd-yymmdd\" }}\ninternal_authentication = {{ key_id = 0, key = \"plain-des\" }}\n"),
            6,
            "all files in its directory",
        ),
        (
            format!("[[cpu]]\n{number}\ninternal_authentication = {{ key_id = 0, key = \"plain-des\", diversify = [\"uid\"] }}\n"),
            5,
            "only AES and 3DES",
        ),
        (
            format!("[[desfire]]\napplication = \"F51234\"\nkey = \"desfire\"\n{plain}\n"),
            5,
            "a key needs key_number",
        ),
        (
            format!("[[desfire]]\napplication = \"F51234\"\nkey_number = 1\n{plain}\n"),
            5,
            "key_number needs key",
        ),
        (
            format!("[[desfire]]\napplication = \"F51234\"\nreal_uid = true\n{plain}\n"),
            5,
            "the real UID takes a key",
        ),
        (
            format!("[[desfire]]\napplication = \"F51234\"\nuid_key = {{ name = \"desfire\", number = 2 }}\n{plain}\n"),
            5,
            "uid_key goes with key",
        ),
        (
            format!("[[desfire]]\napplication = \"F51234\"\nkey = \"desfire\"\nkey_number = 1\nreal_uid = true\nuid_key = {{ name = \"desfire\", number = 2 }}\n{plain}\n"),
            7,
            "the real UID is told already",
        ),
        (
            format!("[[desfire]]\napplication = \"F51234\"\nkey = \"desfire\"\nkey_number = 1\nuid_key = {{ name = \"desfire\" }}\n{plain}\n"),
            7,
            "give number",
        ),
        (
            format!("[[desfire]]\napplication = \"F51234\"\nkey = \"desfire\"\nkey_number = 1\nuid_key = {{ name = \"desfire\", number = 2, diversify = [\"uid\"] }}\n{plain}\n"),
            7,
            "before the UID is known",
        ),
        (
            format!("[[desfire]]\napplication = \"F51234\"\n{}\n", plain.replace("plain", "mac")),
            5,
            "only plain files",
        ),
        (
            "[[mifare_classic]]\nkeys = []\nnumber = { sector = 1, block = 0, offset = 0, length = 8, coding = \"bcd\" }\n".to_owned(),
            4,
            "1 to 4 keys",
        ),
        (
            format!("[[cpu]]\n{number}\n").repeat(5),
            11,
            "at most 4 places",
        ),
        ("[[cpu]]\n".to_owned(), 3, "missing field `number`"),
        (format!("[[fmcos]]\n{number}\n"), 3, "unknown field `fmcos`"),
    ];
    for (table, expected_line, expected) in cases {
        let (line, problem) = refusal(&format!("{begin}{table}"));
        assert!(problem.contains(expected), "{table}: {problem}");
        assert_eq!(line, expected_line, "{table}: {problem}");
    }
}

/// A MIFARE Classic whose record is kept twice and written.
const COPIES: &str = r#"name = "School"
source = "a test"
[[mifare_classic]]
keys = [{ name = "school", kind = "A" }]
copies = { first = { sector = 1, block = 0 }, second = { sector = 2, block = 1 }, blocks = 2 }
number = { offset = 0, length = 8, coding = "bcd" }
valid_until = { offset = 23, coding = "bcd-yymmdd" }
[mifare_classic.write]
keys = [{ name = "school-b", kind = "B" }]
trailer = { key_a = "school", key_b = "school-b", data = "100", trailer = "011" }
"#;

#[test]
fn a_profile_says_how_a_record_in_copies_is_written() {
    let profile = read(COPIES).unwrap();
    let [place] = &profile.places.classic[..] else {
        panic!("{profile:?}");
    };
    let blocks = place.form.blocks().into_iter().map(Block::number);
    assert_eq!(blocks.collect::<Vec<_>>(), [4, 5, 9, 10]);
    let write = place.write.as_ref().unwrap();
    let keys = write.keys.iter().map(|it| (it.name.as_str(), it.slot));
    assert_eq!(keys.collect::<Vec<_>>(), [("school-b", 1), ("school", 0)]);
    let trailer = write.trailer.as_ref().unwrap();
    assert_eq!(trailer.access.encode(), [0x78, 0x77, 0x88]);
}

#[test]
fn a_key_of_a_sector_may_be_made_for_its_card() {
    let own = |name: &str, parts: &str| {
        let old = "keys = [{ name = \"school\", kind = \"A\" }]";
        let new = format!("keys = [{{ name = \"{name}\", kind = \"A\"{parts} }}]");
        let trailer = format!("key_a = \"{name}\"");
        COPIES
            .replace(old, &new)
            .replace("key_a = \"school\"", &trailer)
    };
    let profile = read(&own("desfire", ", diversify = [\"uid\"]")).unwrap();
    let write = profile.places.classic[0].write.as_ref().unwrap();
    let made = write
        .keys
        .iter()
        .map(|it| (it.name.as_str(), it.diversified_by.as_slice()));
    let expected = [("school-b", &[][..]), ("desfire", &[KeyInput::Uid][..])];
    assert_eq!(made.collect::<Vec<_>>(), expected);

    let twice = own("desfire", ", diversify = [\"uid\"]");
    let twice = twice.replace(
        "keys = [{ name = \"school-b\", kind = \"B\" }]",
        "keys = [{ name = \"desfire\", kind = \"B\", diversify = [\"uid\", \"01\"] }]",
    );
    for (text, line, expected) in [
        (own("desfire", ""), 4, "AES key with diversify"),
        (
            own("genuine", ", diversify = [\"uid\"]"),
            4,
            "AES key with diversify",
        ),
        (
            own("school", ", diversify = [\"uid\"]"),
            4,
            "only AES and 3DES",
        ),
        (
            own("desfire", ", diversify = [\"application\"]"),
            4,
            "no application",
        ),
        (twice, 9, "in two ways"),
    ] {
        let (found, problem) = refusal(&text);
        assert!(problem.contains(expected), "{problem}");
        assert_eq!(found, line, "{problem}");
    }
    let unlisted = COPIES.replace("key_b = \"school-b\"", "key_b = \"desfire\"");
    let (line, problem) = refusal(&unlisted);
    assert!(problem.contains("stands in keys"), "{problem}");
    assert_eq!(line, 10, "{problem}");
}

#[test]
fn a_mistake_in_what_is_written_is_told_by_its_line() {
    let trailer = |data, trailer| {
        format!(
            "trailer = {{ key_a = \"school\", key_b = \"school-b\", data = \"{data}\", trailer = \"{trailer}\" }}"
        )
    };
    let copies = |first, second, blocks| {
        format!("copies = {{ first = {first}, second = {second}, blocks = {blocks} }}")
    };
    let at = |sector, block| format!("{{ sector = {sector}, block = {block} }}");
    let cases = [
        (5, copies(at(1, 0), at(1, 1), 2), "share a block"),
        (5, copies(at(1, 0), at(2, 2), 2), "before the keys"),
        (5, copies(at(0, 0), at(2, 0), 2), "written by its maker"),
        (5, copies(at(1, 0), at(2, 0), 0), "1 to 15 blocks"),
        (5, copies(at(1, 0), at(2, 0), 255), "1 to 15 blocks"),
        (5, copies(at(1, 0), at(2, 3), 1), "0 to 2"),
        (
            6,
            "number = { sector = 1, block = 0, offset = 0, length = 8, coding = \"bcd\" }"
                .to_owned(),
            "no sector and block of its own",
        ),
        (
            6,
            "number = { offset = 19, length = 8, coding = \"bcd\" }".to_owned(),
            "within 26 bytes",
        ),
        (
            7,
            "valid_until = { offset = 24, coding = \"bcd-yymmdd\" }".to_owned(),
            "within 26 bytes",
        ),
        (
            9,
            "keys = [{ name = \"none\", kind = \"B\" }]".to_owned(),
            "no key named",
        ),
        (10, trailer("100", "100"), "take 001 or 011"),
        (10, trailer("100", "111"), "take 001 or 011"),
        (10, trailer("010", "011"), "nobody could read and write"),
        (10, trailer("100", "001"), "does not open the sector"),
        (10, trailer("011", "011"), "none of the place's keys"),
        (10, trailer("1000", "011"), "three bits"),
        (10, trailer("1 0", "011"), "three bits"),
        (10, trailer("+10", "011"), "three bits"),
    ];
    for (line, new, expected) in cases {
        let mut lines = COPIES.lines().collect::<Vec<_>>();
        lines[line - 1] = &new;
        let (told, problem) = refusal(&lines.join("\n"));
        assert!(problem.contains(expected), "{new}: {problem}");
        assert_eq!(told, line, "{new}: {problem}");
    }
    let lines = COPIES.lines().enumerate();
    let lines = lines.filter(|(index, _)| *index != 4 && *index != 6);
    let plain = lines.map(|(_, line)| line).collect::<Vec<_>>().join("\n");
    let (line, problem) = refusal(&plain);
    assert_eq!(line, 5, "{problem}");
    assert!(problem.contains("sector and block, or copies"), "{problem}");
    let in_block = "number = { sector = 1, block = 0, offset = 0, length = 8, coding = \"bcd\" }";
    let in_block = plain.replace(plain.lines().nth(4).unwrap(), in_block);
    let (_, problem) = refusal(&in_block);
    assert!(problem.contains("only a record in copies"), "{problem}");
}

/// An NTAG whose record is kept twice and written, with a password.
const PAGE_COPIES: &str = r#"name = "School"
source = "a test"
[[ultralight]]
copies = { first = 5, second = 11, pages = 5 }
number = { offset = 0, length = 8, coding = "bcd" }
valid_until = { offset = 11, coding = "bcd-yymmdd" }
[ultralight.write]
password = "ntag"
passwords = ["delivered"]
"#;

#[test]
fn a_profile_says_how_pages_in_copies_are_written() {
    let profile = read(PAGE_COPIES).unwrap();
    let [place] = profile.pages() else {
        panic!("{profile:?}");
    };
    let PageForm::Copies(record) = &place.form else {
        panic!("{place:?}");
    };
    assert_eq!(*record.first, [5, 6, 7, 8, 9]);
    assert_eq!(*record.second, [11, 12, 13, 14, 15]);
    let write = place.write.as_ref().unwrap();
    let keys = write.keys.iter().map(|it| it.name.as_str());
    assert_eq!(keys.collect::<Vec<_>>(), ["ntag", "delivered"]);
    assert_eq!(write.password.as_deref(), Some("ntag"));
}

#[test]
fn a_mistake_in_how_pages_are_written_is_told_by_its_line() {
    let copies = |first, second, pages| {
        format!("copies = {{ first = {first}, second = {second}, pages = {pages} }}")
    };
    let cases = [
        (4, copies(5, 9, 5), "share a page"),
        (4, copies(3, 9, 5), "4 to 255"),
        (4, copies(5, 252, 5), "before page 256"),
        (4, copies(5, 11, 1), "at least 2 pages"),
        (4, String::new(), "give page, or copies"),
        (
            5,
            "number = { page = 5, offset = 0, length = 8, coding = \"bcd\" }".to_owned(),
            "no page of its own",
        ),
        (
            5,
            "number = { offset = 7, length = 8, coding = \"bcd\" }".to_owned(),
            "within 14 bytes",
        ),
        (5, String::new(), "copies go with number"),
        (
            6,
            "valid_until = { offset = 12, coding = \"bcd-yymmdd\" }".to_owned(),
            "within 14 bytes",
        ),
        (
            6,
            "valid_until = { page = 5, offset = 8, coding = \"bcd-yymmdd\" }".to_owned(),
            "no page of its own",
        ),
        (8, "password = \"none\"".to_owned(), "no key named"),
        (8, "password = \"school\"".to_owned(), "is for MIFARE"),
        (9, "passwords = [\"school\"]".to_owned(), "is for MIFARE"),
    ];
    for (line, new, expected) in cases {
        let mut lines = PAGE_COPIES.lines().collect::<Vec<_>>();
        lines[line - 1] = &new;
        let (told, problem) = refusal(&lines.join("\n"));
        assert!(problem.contains(expected), "{new}: {problem}");
        // What is missing is told where it would belong.
        let told_at = match expected {
            "give page, or copies" => 5,
            "copies go with number" => 4,
            _ => line,
        };
        assert_eq!(told, told_at, "{new}: {problem}");
    }
    let plain = PAGE_COPIES
        .replace("copies = { first = 5, second = 11, pages = 5 }\n", "")
        .replace("number = {", "number = { page = 5,")
        .replace(
            "valid_until = { offset = 11, coding = \"bcd-yymmdd\" }\n",
            "",
        );
    let (_, problem) = refusal(&plain);
    assert!(problem.contains("only a record in copies"), "{problem}");
}

#[test]
fn places_of_several_profiles_are_tried_in_their_order() {
    let cpu = |sfi| {
        format!(
            "name = \"School\"\nsource = \"a test\"\n[[cpu]]\n\
             number = {{ sfi = {sfi}, offset = 0, length = 8, coding = \"bcd\" }}\n"
        )
    };
    let (first, second) = (cpu(7), cpu(8));
    let texts = [&first, &second].map(|text| ProfileText {
        file: "x.toml",
        text,
    });
    let profile = ReadingProfile::new(&texts, &keys()).unwrap();
    let files = profile.cpu().iter().map(|place| place.fields.number.0.name);
    let expected = [Sfi::new::<7>(), Sfi::new::<8>()].map(FileName::Short);
    assert_eq!(files.collect::<Vec<_>>(), expected);
}

#[test]
fn a_profile_shows_no_key() {
    let shown = format!("{:?}", read(WHOLE).unwrap());
    assert!(shown.contains("cipher: \"MIFARE\""), "{shown}");
    assert!(
        !shown.contains("A0A1") && !shown.contains("160, 161"),
        "{shown}"
    );
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in ".*", at in 0..WHOLE.len(), new: char) {
        let _ = read(&text);
        let mut damaged = WHOLE.to_owned();
        let end = at + damaged[at..].chars().next().map_or(0, char::len_utf8);
        damaged.replace_range(at..end, new.encode_utf8(&mut [0; 4]));
        let _ = read(&damaged);
    }
}
