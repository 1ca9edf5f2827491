//! `[[cpu]]` with a record in two copies, and `[cpu.write]`.

use toml::Spanned;
use xueka_apdu::FileId;
use xueka_domain::CardFamily;

use super::{
    Checked, date_field, file, file_id, key, number_field, profile_key, wrong, wrong_cipher,
};
use crate::{
    Key, KeyRing,
    family::fmcos::{LONGEST_ENCIPHERED, LONGEST_WRITE, making::KEY_FILE},
    profile::{
        document::{
            CpuMakeTable, CpuTable, CpuWriteTable, FileBegin, FileCopies, FileDate, FileKeyTable,
            LineKeyTable,
        },
        field::Fields,
        place::{CpuCopies, CpuCopy, CpuFile, CpuMaking, InternalAuthentication, ProofAnswer},
    },
    write::{KeyUse, copies::N_SEAL_BYTES, fmcos::key_kind},
};

/// The fewest bytes of a copy: a short number and the seal.
const SHORTEST: u8 = 8;

/// The settings of a file have two bits for the key of its line protection.
const HIGHEST_LINE_KEY: u8 = 3;

/// Checks where a record is kept twice, and number and dates within it.
pub(super) fn in_copies(
    copies: &Spanned<FileCopies>,
    table: &CpuTable,
) -> Checked<(CpuCopies, Fields<CpuFile>)> {
    let inner = copies.as_ref();
    let length = *inner.length.as_ref();
    if !(SHORTEST..=LONGEST_WRITE).contains(&length) {
        let reason = format!("a copy has {SHORTEST} to {LONGEST_WRITE} bytes");
        return wrong(&inner.length, reason);
    }
    let (first, second) = (begin(&inner.first)?, begin(&inner.second)?);
    // A chip that is torn may lose more of a file than was being written.
    if [first, second]
        .iter()
        .any(|copy| copy.file.id() == KEY_FILE)
    {
        return wrong(copies, "the file 0000 holds the keys");
    }
    if first.file.id() == second.file.id() {
        return wrong(copies, "the two copies stand in one file");
    }
    let room = usize::from(length) - N_SEAL_BYTES;
    let elsewhere = "with copies, a field has no file of its own";
    let number = table.number.as_ref();
    if number.sfi.is_some() || number.file.is_some() || number.record.is_some() {
        return wrong(&table.number, elsewhere);
    }
    let place = CpuFile {
        name: first.file,
        record: None,
        is_in_root: false,
    };
    let date = |table: &Spanned<FileDate>| {
        let inner = table.as_ref();
        let is_elsewhere = inner.sfi.is_some() || inner.file.is_some() || inner.record.is_some();
        if is_elsewhere || inner.root.is_some() {
            return wrong(table, elsewhere);
        }
        Ok((place, date_field(&inner.offset, inner.coding, room)?))
    };
    let coding = *number.coding.as_ref();
    let field = number_field(number.offset, &number.length, coding, room)?;
    let fields = Fields {
        number: (place, field),
        valid_from: table.valid_from.as_ref().map(date).transpose()?,
        valid_until: table.valid_until.as_ref().map(date).transpose()?,
    };
    let copies = CpuCopies {
        first,
        second,
        length,
    };
    Ok((copies, fields))
}

fn begin(table: &Spanned<FileBegin>) -> Checked<CpuCopy> {
    let inner = table.as_ref();
    let file = file(inner.sfi.as_ref(), inner.file.as_ref(), None, table)?;
    Ok(CpuCopy {
        file: file.name,
        offset: inner.offset,
    })
}

/// Checks the keys by which the record is written: the one that the chip proves
/// first, where it has one, the one for the right, and the one for the MAC.
pub(super) fn write(
    written: &Spanned<CpuWriteTable>,
    table: &CpuTable,
    family: CardFamily,
    proof: Option<&InternalAuthentication>,
    n_name_bytes: usize,
    keys: &KeyRing,
) -> Checked<Box<[KeyUse]>> {
    let Some(copies) = &table.copies else {
        return wrong(written, "only a record in copies is written");
    };
    if family != CardFamily::OtherIso14443 {
        return wrong(written, "transit cards are never written");
    }
    let inner = written.as_ref();
    let proof = table.internal_authentication.as_ref().zip(proof);
    let proof = proof.map(|(table, proof)| KeyUse {
        name: table.key.as_ref().clone(),
        slot: slot(proof_kind(proof.answer), proof.key_id),
        diversified_by: proof.key.diversified_by.to_vec(),
    });
    let right = inner.key.as_ref();
    let right = right.map(|table| shown_key(table, n_name_bytes, keys));
    let line = inner.line_key.as_ref();
    let line = line.map(|table| line_key(table, &copies.as_ref().length, n_name_bytes, keys));
    let used = right.into_iter().chain(line);
    proof.map(Ok).into_iter().chain(used).collect()
}

/// Checks how cards without the directory are given it.
pub(super) fn make(
    making: &Spanned<CpuMakeTable>,
    table: &CpuTable,
    keys: &KeyRing,
) -> Checked<CpuMaking> {
    let inner = making.as_ref();
    // By its name the directory is known as the school's own before it is
    // emptied; an identifier may be anybody's.
    if table.application.is_none() {
        return wrong(making, "a directory is made with a name: give application");
    }
    let written = table.write.as_ref().map(Spanned::as_ref);
    let line_key = written.and_then(|written| written.line_key.as_ref());
    if line_key.is_none() && written.is_none_or(|written| written.key.is_none()) {
        return wrong(
            making,
            "anybody could write its files: give key or line_key",
        );
    }
    if let Some(line_key) = line_key.filter(|it| it.as_ref().id > HIGHEST_LINE_KEY) {
        return wrong(line_key, "a file that is made has line key 0 to 3");
    }
    let id = file_id(&inner.directory)?;
    if id == FileId::MF {
        return wrong(&inner.directory, "3F00 is the root, which every card has");
    }
    Ok(CpuMaking {
        id,
        card_key: shown_key(&inner.card_key, 0, keys)?,
    })
}

/// A key in its use.
fn key_use(
    name: &Spanned<String>,
    slot: u16,
    diversify: Option<&Spanned<Vec<Spanned<String>>>>,
    n_name_bytes: usize,
    keys: &KeyRing,
) -> Checked<KeyUse> {
    let named = match key(name, keys)? {
        named @ (Key::Des(_) | Key::DoubleDes(_)) => named,
        other => return wrong_cipher(name, other, "a DES or 3DES key"),
    };
    let checked = profile_key(named, diversify, n_name_bytes)?;
    Ok(KeyUse {
        name: name.as_ref().clone(),
        slot,
        diversified_by: checked.diversified_by.into(),
    })
}

/// A key that is proved to the card.
fn shown_key(
    table: &Spanned<FileKeyTable>,
    n_name_bytes: usize,
    keys: &KeyRing,
) -> Checked<KeyUse> {
    let table = table.as_ref();
    let slot = slot(key_kind::EXTERNAL, table.id);
    key_use(
        &table.name,
        slot,
        table.diversify.as_ref(),
        n_name_bytes,
        keys,
    )
}

/// A key that protects what is written, for copies of so many bytes.
fn line_key(
    table: &Spanned<LineKeyTable>,
    length: &Spanned<u8>,
    n_name_bytes: usize,
    keys: &KeyRing,
) -> Checked<KeyUse> {
    let table = table.as_ref();
    if table.encrypted && *length.as_ref() > LONGEST_ENCIPHERED {
        let reason = format!("an encrypted copy has at most {LONGEST_ENCIPHERED} bytes");
        return wrong(length, reason);
    }
    let kind = if table.encrypted {
        key_kind::LINE_ENCIPHERED
    } else {
        key_kind::LINE_PROTECTION
    };
    let slot = slot(kind, table.id);
    key_use(
        &table.name,
        slot,
        table.diversify.as_ref(),
        n_name_bytes,
        keys,
    )
}

fn proof_kind(answer: ProofAnswer) -> u8 {
    match answer {
        ProofAnswer::Enciphered => key_kind::ENCRYPT,
        ProofAnswer::Deciphered => key_kind::DECRYPT,
    }
}

fn slot(kind: u8, id: u8) -> u16 {
    u16::from_be_bytes([kind, id])
}

#[cfg(test)]
mod tests {
    use crate::{KeyRing, ProfileError, ProfileText, ReadingProfile};

    const PROFILE: &str = r#"name = "School"
source = "a test"
[[cpu]]
directory = "3F01"
copies = { first = { sfi = 21 }, second = { file = "0016", offset = 4 }, length = 18 }
number = { offset = 0, length = 8, coding = "bcd" }
valid_until = { offset = 8, coding = "bcd-yyyymmdd" }
internal_authentication = { key_id = 3, key = "genuine", diversify = ["uid"] }
[cpu.write]
key = { name = "write", id = 1 }
line_key = { name = "line", id = 2, diversify = ["uid", "application"] }
"#;

    fn read(text: &str) -> Result<ReadingProfile, ProfileError> {
        let keys = "genuine = \"3des:000102030405060708090A0B0C0D0E0F\"\n\
            write = \"des:0001020304050607\"\n\
            line = \"3des:101112131415161718191A1B1C1D1E1F\"\n\
            other = \"aes:101112131415161718191A1B1C1D1E1F\"\n";
        let keys = KeyRing::from_text(keys).unwrap();
        let file = "school.toml";
        ReadingProfile::new(&[ProfileText { file, text }], &keys)
    }

    #[test]
    fn a_record_in_two_files_has_its_keys_by_their_use() {
        let profile = read(PROFILE).unwrap();
        let keys = profile.cpu()[0].write.as_ref().unwrap();
        let keys = keys.iter().map(|key| (key.name.as_str(), key.slot));
        let expected = [("genuine", 0x3003), ("write", 0x3901), ("line", 0x3602)];
        assert_eq!(keys.collect::<Vec<_>>(), expected);
        assert_eq!(profile.cpu()[0].copies.unwrap().second.offset, 4);
    }

    #[test]
    fn an_encrypted_line_has_its_own_use_and_limit() {
        let text = PROFILE.replace("\"application\"] }", "\"application\"], encrypted = true }");
        let profile = read(&text).unwrap();
        let keys = profile.cpu()[0].write.as_ref().unwrap();
        assert_eq!(keys.last().map(|key| key.slot), Some(0xF602));
        let problem = read(&text.replace("length = 18", "length = 248")).unwrap_err();
        assert!(problem.to_string().contains("at most 247"), "{problem}");
    }

    #[test]
    fn a_mistake_is_told_by_its_line() {
        let copies = |first, second, length| {
            format!(
                "copies = {{ first = {{ {first} }}, second = {{ {second} }}, length = {length} }}"
            )
        };
        let (one, two) = ("sfi = 21", "sfi = 22");
        let cases = [
            (5, copies(one, one, 18), "in one file"),
            (5, copies(one, "sfi = 31", 18), "1 to 30"),
            (5, copies(one, "offset = 1", 18), "sfi or file"),
            (5, copies(one, two, 7), "8 to 251"),
            (5, copies(one, two, 252), "8 to 251"),
            (
                6,
                "number = { sfi = 21, offset = 0, length = 8, coding = \"bcd\" }".to_owned(),
                "no file of its own",
            ),
            (
                6,
                "number = { offset = 5, length = 8, coding = \"bcd\" }".to_owned(),
                "within 12 bytes",
            ),
            (
                7,
                "valid_until = { offset = 9, coding = \"bcd-yyyymmdd\" }".to_owned(),
                "within 12 bytes",
            ),
            (
                7,
                "valid_until = { record = 1, offset = 8, coding = \"bcd-yyyymmdd\" }".to_owned(),
                "no file of its own",
            ),
            (
                10,
                "key = { name = \"other\", id = 1 }".to_owned(),
                "DES or 3DES",
            ),
            (
                10,
                "key = { name = \"none\", id = 1 }".to_owned(),
                "no key named",
            ),
            (
                10,
                "key = { name = \"write\", id = 1, diversify = [\"uid\"] }".to_owned(),
                "AES and 3DES",
            ),
            (
                11,
                "line_key = { name = \"other\", id = 1 }".to_owned(),
                "DES or 3DES",
            ),
            (
                11,
                "line_key = { name = \"line\", id = 1, encrypt = true }".to_owned(),
                "unknown field",
            ),
            (5, copies(one, "file = \"0000\"", 18), "holds the keys"),
            (5, copies(one, "file = \"0015\"", 18), "in one file"),
        ];
        for (changed, new, expected) in cases {
            let mut lines = PROFILE.lines().collect::<Vec<_>>();
            lines[changed - 1] = &new;
            let Err(ProfileError::Profile { line, problem, .. }) = read(&lines.join("\n")) else {
                panic!("not refused: {new}");
            };
            assert!(problem.contains(expected), "{new}: {problem}");
            assert_eq!(line, changed, "{new}: {problem}");
        }
        let transit = PROFILE.replace("[[cpu]]", "[[cpu]]\nfamily = \"t-union\"");
        let problem = read(&transit).unwrap_err().to_string();
        assert!(problem.contains("line 10: transit cards"), "{problem}");
        let single = PROFILE.lines().filter(|line| !line.starts_with("copies"));
        let single = single.collect::<Vec<_>>().join("\n");
        let single = single.replace("offset = ", "sfi = 21, offset = ");
        let problem = read(&single).unwrap_err().to_string();
        assert!(problem.contains("only a record in copies"), "{problem}");
    }

    /// The same with a directory that may be made.
    fn making(make: &str) -> String {
        let named = PROFILE.replace("directory = \"3F01\"", "application = \"5855454B41\"");
        format!("{named}make = {make}\n")
    }

    #[test]
    fn a_directory_is_made_by_a_key_of_the_root() {
        let make = r#"{ directory = "3F02", card_key = { name = "write", id = 0 } }"#;
        let profile = read(&making(make)).unwrap();
        let making = profile.cpu()[0].make.as_ref().unwrap();
        assert_eq!(making.id.0, 0x3F02);
        let key = &making.card_key;
        assert_eq!((key.name.as_str(), key.slot), ("write", 0x3900));
    }

    #[test]
    fn a_mistake_in_making_is_told_by_its_line() {
        let make = |directory, key| {
            format!("{{ directory = \"{directory}\", card_key = {{ name = \"{key}\", id = 0 }} }}")
        };
        let right = making(&make("3F02", "write"));
        let unnamed = right.replace("application = \"5855454B41\"", "directory = \"3F01\"");
        let unnamed = unnamed.replace(", \"application\"", "");
        let open = right.replace("key = { name = \"write\", id = 1 }\n", "\n");
        let open = open.replace("line_key =", "# line_key =");
        let cases = [
            (12, making(&make("3F0", "write")), "two each"),
            (12, making(&make("3F00", "write")), "is the root"),
            (12, making(&make("3F02", "other")), "DES or 3DES"),
            (12, making(&make("3F02", "none")), "no key named"),
            (12, unnamed, "give application"),
            (12, open, "anybody could write"),
            (11, right.replace("id = 2", "id = 4"), "line key 0 to 3"),
        ];
        for (expected_line, text, expected) in cases {
            let Err(ProfileError::Profile { line, problem, .. }) = read(&text) else {
                panic!("not refused: {expected}");
            };
            assert!(problem.contains(expected), "{expected}: {problem}");
            assert_eq!(line, expected_line, "{problem}");
        }
    }
}
