//! From the tables of a profile to places that a card can have.

mod classic;
mod cpu_write;
mod desfire_write;
mod pages;

use std::ops::Range;

use toml::Spanned;
use xueka_apdu::{DfName, FileId, Sfi};
use xueka_domain::{AssuranceLevel, CardFamily};

use super::{
    document::{
        AssuranceWord, CpuFamily, CpuTable, DesfireDate, DesfireNumber, DesfireTable, FileDate,
        FileNumber, ProofTable,
    },
    field::{DateCoding, DateField, Fields, NumberCoding, NumberField},
    place::{
        Communication, CpuFile, CpuPlace, DesfireAid, DesfireFile, DesfireKey, DesfirePlace,
        Directory, FileName, InternalAuthentication, KeyInput, ProfileKey,
    },
};
use crate::{
    Key, KeyRing,
    diversify::{MAX_AES_INPUT, MAX_DES_INPUT},
};

/// What is wrong in a profile, and where in its text.
#[derive(Debug)]
pub(super) struct Mistake {
    /// The bytes of the text.
    pub(super) span: Range<usize>,
    /// The reason in words.
    pub(super) problem: String,
}

type Checked<T> = Result<T, Mistake>;

/// The most keys of one place.
pub(super) const MAX_KEYS: usize = 4;
/// What one READ BINARY or READ RECORD gives at most.
const SHORT_READ: usize = 256;
/// Bytes of the largest `DESFire`.
const LARGEST_DESFIRE: usize = 32 * 1024;
/// Bytes of the longest UID that a card with such keys has.
const UID: usize = 7;
const DESFIRE_AID: usize = 3;

fn wrong<T, V>(at: &Spanned<V>, problem: impl Into<String>) -> Checked<T> {
    Err(Mistake {
        span: at.span(),
        problem: problem.into(),
    })
}

pub(super) use self::{classic::classic, pages::page};

/// Checks `[[cpu]]`.
pub(super) fn cpu(table: &Spanned<CpuTable>, keys: &KeyRing) -> Checked<CpuPlace> {
    let inner = table.as_ref();
    let directory = match (&inner.application, &inner.directory) {
        (None, None) => Directory::Root,
        (Some(name), None) => application(name)?,
        (None, Some(id)) => Directory::Numbered(file_id(id)?),
        (Some(_), Some(both)) => return wrong(both, "a place has either application or directory"),
    };
    let proof = inner.internal_authentication.as_ref();
    let n_bytes = match &directory {
        Directory::Root => 0,
        Directory::Named(name) => name.as_bytes().len(),
        Directory::Numbered(_) => 2,
    };
    let proof = proof
        .map(|table| proof_of(table, keys, n_bytes))
        .transpose()?;
    let highest = match proof {
        Some(_) => AssuranceLevel::ChipAuthenticated,
        None => AssuranceLevel::NumberRead,
    };
    let family = inner
        .family
        .map_or(CardFamily::OtherIso14443, CpuFamily::into);
    let (copies, fields) = match &inner.copies {
        Some(copies) => {
            let (copies, fields) = cpu_write::in_copies(copies, inner)?;
            (Some(copies), fields)
        }
        None => (None, in_files(inner)?),
    };
    let write = inner
        .write
        .as_ref()
        .map(|written| cpu_write::write(written, inner, family, proof.as_ref(), n_bytes, keys));
    let make = inner
        .write
        .as_ref()
        .and_then(|it| it.as_ref().make.as_ref());
    let make = make.map(|making| cpu_write::make(making, inner, keys));
    Ok(CpuPlace {
        family,
        directory,
        fields,
        copies,
        write: write.transpose()?,
        make: make.transpose()?,
        proof,
        assurance: assurance(inner.assurance.as_ref(), highest)?,
    })
}

/// Number and dates, each in its file.
fn in_files(table: &CpuTable) -> Checked<Fields<CpuFile>> {
    let has_directory = table.application.is_some() || table.directory.is_some();
    let has_proof = table.internal_authentication.is_some();
    let is_in_root = |root: Option<&Spanned<bool>>| match root {
        Some(root) if !has_directory => wrong(root, "the place is in the root already"),
        // Keys belong to the directory that the card would have left.
        Some(root) if has_proof => wrong(root, "a chip's proof wants all files in its directory"),
        root => Ok(root.is_some_and(|root| *root.as_ref())),
    };
    let date = |table: &Spanned<FileDate>| {
        let table = table.as_ref();
        let mut file = file(
            table.sfi.as_ref(),
            table.file.as_ref(),
            table.record.as_ref(),
            &table.offset,
        )?;
        file.is_in_root = is_in_root(table.root.as_ref())?;
        Ok((file, date_field(&table.offset, table.coding, SHORT_READ)?))
    };
    Ok(Fields {
        number: file_number(table.number.as_ref())?,
        valid_from: table.valid_from.as_ref().map(date).transpose()?,
        valid_until: table.valid_until.as_ref().map(date).transpose()?,
    })
}

fn application(name: &Spanned<String>) -> Checked<Directory> {
    let bytes = bytes(name)?;
    match DfName::from_slice(&bytes) {
        Some(name) => Ok(Directory::Named(name)),
        None => wrong(name, "an application's name has 1 to 16 bytes"),
    }
}

fn file_number(table: &FileNumber) -> Checked<(CpuFile, NumberField)> {
    let coding = *table.coding.as_ref();
    let file = file(
        table.sfi.as_ref(),
        table.file.as_ref(),
        table.record.as_ref(),
        &table.coding,
    )?;
    let field = number_field(table.offset, &table.length, coding, SHORT_READ)?;
    Ok((file, field))
}

/// The file that either setting names; `near` is where a complaint about their
/// absence stands.
fn file<V>(
    sfi: Option<&Spanned<u8>>,
    id: Option<&Spanned<String>>,
    record: Option<&Spanned<u8>>,
    near: &Spanned<V>,
) -> Checked<CpuFile> {
    let name = match (sfi, id) {
        (Some(sfi), None) => match Sfi::from_number(*sfi.as_ref()) {
            Some(sfi) => FileName::Short(sfi),
            None => return wrong(sfi, "a short file identifier is 1 to 30"),
        },
        (None, Some(id)) => FileName::Long(file_id(id)?),
        (Some(_), Some(both)) => return wrong(both, "a file has either sfi or file"),
        (None, None) => return wrong(near, "which file? give sfi or file"),
    };
    match record {
        Some(record) if !(1..=254).contains(record.as_ref()) => {
            wrong(record, "a record is 1 to 254")
        }
        _ => Ok(CpuFile {
            name,
            record: record.map(|record| *record.as_ref()),
            is_in_root: false,
        }),
    }
}

fn file_id(text: &Spanned<String>) -> Checked<FileId> {
    match bytes(text)?.as_slice() {
        [high, low] => Ok(FileId(u16::from_be_bytes([*high, *low]))),
        _ => wrong(text, "a file identifier has 4 hexadecimal digits"),
    }
}

fn proof_of(
    table: &ProofTable,
    keys: &KeyRing,
    application: usize,
) -> Checked<InternalAuthentication> {
    let key = match key(&table.key, keys)? {
        key @ (Key::Des(_) | Key::DoubleDes(_)) => key,
        other => return wrong_cipher(&table.key, other, "a DES or 3DES key"),
    };
    Ok(InternalAuthentication {
        key_id: table.key_id,
        answer: table.answer,
        key: profile_key(key, table.diversify.as_ref(), application)?,
    })
}

/// Checks `[[desfire]]`.
pub(super) fn desfire(table: &DesfireTable, keys: &KeyRing) -> Checked<DesfirePlace> {
    let Ok(application) = <[u8; 3]>::try_from(bytes(&table.application)?) else {
        return wrong(
            &table.application,
            "a DESFire application has 6 hexadecimal digits",
        );
    };
    let key = desfire_key(table, keys)?;
    let has_key = key.is_some();
    let date = |table: &DesfireDate| {
        let file = desfire_file(&table.file, &table.communication, has_key)?;
        Ok((
            file,
            date_field(&table.offset, table.coding, LARGEST_DESFIRE)?,
        ))
    };
    if let Some(real_uid) = table
        .real_uid
        .as_ref()
        .filter(|it| *it.as_ref() && !has_key)
    {
        return wrong(
            real_uid,
            "the real UID takes a key: give key and key_number",
        );
    }
    let highest = if has_key {
        AssuranceLevel::ChipAuthenticated
    } else {
        AssuranceLevel::NumberRead
    };
    let written = table.write.as_ref();
    let write = written.map(|written| desfire_write::write(written, table, key.as_ref(), keys));
    Ok(DesfirePlace {
        application: DesfireAid(application),
        write: write.transpose()?,
        key,
        fields: Fields {
            number: desfire_number(&table.number, has_key)?,
            valid_from: table.valid_from.as_ref().map(date).transpose()?,
            valid_until: table.valid_until.as_ref().map(date).transpose()?,
        },
        real_uid: table.real_uid.as_ref().is_some_and(|it| *it.as_ref()),
        uid_key: uid_key(table, keys)?,
        assurance: assurance(table.assurance.as_ref(), highest)?,
    })
}

fn desfire_key(table: &DesfireTable, keys: &KeyRing) -> Checked<Option<DesfireKey>> {
    let (name, number) = match (&table.key, &table.key_number) {
        (Some(name), Some(number)) => (name, number),
        (Some(lone), None) => return wrong(lone, "a key needs key_number"),
        (None, Some(lone)) => return wrong(lone, "key_number needs key"),
        (None, None) => {
            return match (&table.diversify, &table.authentication) {
                (Some(lone), _) => wrong(lone, "diversify needs key"),
                (None, Some(lone)) => wrong(lone, "authentication needs key"),
                (None, None) => Ok(None),
            };
        }
    };
    if *number.as_ref() > 13 {
        return wrong(number, "an application's keys are 0 to 13");
    }
    let key = match key(name, keys)? {
        key @ Key::Aes128(_) => key,
        other => return wrong_cipher(name, other, "an AES key"),
    };
    Ok(Some(DesfireKey {
        number: *number.as_ref(),
        form: table
            .authentication
            .as_ref()
            .map(|it| *it.as_ref())
            .unwrap_or_default(),
        key: profile_key(key, table.diversify.as_ref(), DESFIRE_AID)?,
    }))
}

/// The key by which a card tells its real UID before its own key can be made.
fn uid_key(table: &DesfireTable, keys: &KeyRing) -> Checked<Option<DesfireKey>> {
    let Some(uid_key) = &table.uid_key else {
        return Ok(None);
    };
    if table.key.is_none() {
        return wrong(uid_key, "uid_key goes with key");
    }
    if let Some(real_uid) = &table.real_uid {
        return wrong(real_uid, "with uid_key the real UID is told already");
    }
    if table.write.is_some() {
        return wrong(uid_key, "a card with a random UID is not written");
    }
    let inner = uid_key.as_ref();
    let number = match &inner.number {
        Some(number) if *number.as_ref() <= 13 => *number.as_ref(),
        Some(number) => return wrong(number, "an application's keys are 0 to 13"),
        None => return wrong(uid_key, "which key of the application? give number"),
    };
    if let Some(diversify) = &inner.diversify
        && diversify.as_ref().iter().any(|part| part.as_ref() == "uid")
    {
        return wrong(diversify, "it is used before the UID is known");
    }
    let key = match key(&inner.name, keys)? {
        key @ Key::Aes128(_) => key,
        other => return wrong_cipher(&inner.name, other, "an AES key"),
    };
    let form = table.authentication.as_ref();
    Ok(Some(DesfireKey {
        number,
        form: form.map(|it| *it.as_ref()).unwrap_or_default(),
        key: profile_key(key, inner.diversify.as_ref(), DESFIRE_AID)?,
    }))
}

fn desfire_number(table: &DesfireNumber, has_key: bool) -> Checked<(DesfireFile, NumberField)> {
    let file = desfire_file(&table.file, &table.communication, has_key)?;
    let coding = *table.coding.as_ref();
    let field = number_field(table.offset, &table.length, coding, LARGEST_DESFIRE)?;
    Ok((file, field))
}

fn desfire_file(
    number: &Spanned<u8>,
    communication: &Spanned<Communication>,
    has_key: bool,
) -> Checked<DesfireFile> {
    if *number.as_ref() > 31 {
        return wrong(number, "a file is 0 to 31");
    }
    if !has_key && *communication.as_ref() != Communication::Plain {
        return wrong(communication, "only plain files open without a key");
    }
    Ok(DesfireFile {
        number: *number.as_ref(),
        communication: *communication.as_ref(),
    })
}

fn number_field(
    offset: u16,
    length: &Spanned<u8>,
    coding: NumberCoding,
    room: usize,
) -> Checked<NumberField> {
    let field = NumberField {
        offset,
        length: *length.as_ref(),
        coding,
    };
    let (fewest, most) = coding.lengths();
    if field.length < fewest {
        wrong(
            length,
            format!("a number in this coding takes at least {fewest} bytes"),
        )
    } else if field.length > most {
        wrong(
            length,
            format!("a number in this coding takes at most {most} bytes"),
        )
    } else if field.end() > room {
        wrong(
            length,
            format!("offset and length must stay within {room} bytes"),
        )
    } else {
        Ok(field)
    }
}

fn date_field(offset: &Spanned<u16>, coding: DateCoding, room: usize) -> Checked<DateField> {
    let field = DateField {
        offset: *offset.as_ref(),
        coding,
    };
    if field.end() > room {
        return wrong(
            offset,
            format!("offset and date must stay within {room} bytes"),
        );
    }
    Ok(field)
}

/// The assurance that a place gives: the highest it can, or less if it says so.
fn assurance(
    word: Option<&Spanned<AssuranceWord>>,
    highest: AssuranceLevel,
) -> Checked<AssuranceLevel> {
    let Some(word) = word else {
        return Ok(highest);
    };
    let level = AssuranceLevel::from(*word.as_ref());
    if level > highest {
        return wrong(word, "the place cannot give so much assurance");
    }
    Ok(level)
}

fn key<'a>(name: &Spanned<String>, keys: &'a KeyRing) -> Checked<&'a Key> {
    match keys.get(name.as_ref()) {
        Some(key) => Ok(key),
        None => wrong(
            name,
            format!("the key file has no key named {:?}", name.as_ref()),
        ),
    }
}

fn wrong_cipher<T>(name: &Spanned<String>, key: &Key, expected: &str) -> Checked<T> {
    let (name_text, cipher) = (name.as_ref(), key.cipher());
    wrong(
        name,
        format!("the key {name_text:?} is for {cipher}; {expected} is needed here"),
    )
}

/// A key with what it is diversified by, which must fit the scheme.
fn profile_key(
    key: &Key,
    diversify: Option<&Spanned<Vec<Spanned<String>>>>,
    application: usize,
) -> Checked<ProfileKey> {
    let mut inputs = Vec::new();
    if let Some(parts) = diversify {
        let max = match key {
            Key::Aes128(_) => MAX_AES_INPUT,
            Key::DoubleDes(_) => MAX_DES_INPUT,
            Key::Des(_) | Key::Mifare(_) | Key::Password(_) => {
                return wrong(parts, "only AES and 3DES keys are diversified");
            }
        };
        for part in parts.as_ref() {
            inputs.push(match part.as_ref().as_str() {
                "uid" => KeyInput::Uid,
                "application" => KeyInput::Application,
                _ => KeyInput::Bytes(bytes(part)?.into()),
            });
        }
        let n_bytes = inputs.iter().map(|input| match input {
            KeyInput::Uid => UID,
            KeyInput::Application => application,
            KeyInput::Bytes(bytes) => bytes.len(),
        });
        if inputs.is_empty() || n_bytes.sum::<usize>() > max {
            return wrong(parts, format!("a key is diversified by 1 to {max} bytes"));
        }
    }
    Ok(ProfileKey {
        key: key.clone(),
        diversified_by: inputs.into(),
    })
}

fn bytes(text: &Spanned<String>) -> Checked<Vec<u8>> {
    hex::decode(text.as_ref())
        .or_else(|_| wrong(text, "write bytes as hexadecimal digits, two each"))
}
