//! Directories, keys and files of an FM1208, described in TOML.

use super::byte;
use crate::{
    DescriptionError, VirtualCard,
    chip::{
        Chip,
        fmcos::{Content, File, Fmcos, Key, Protection, Right},
    },
    fields::{Fields, Located},
};

/// Names of the kinds of keys, and how each is written in a record.
const KEY_KINDS: [(&str, u8); 13] = [
    ("encrypt", 0x30),
    ("decrypt", 0x31),
    ("mac", 0x32),
    ("internal", 0x34),
    ("line-protection", 0x36),
    ("unblock-pin", 0x37),
    ("reset-pin", 0x38),
    ("external", 0x39),
    ("pin", 0x3A),
    ("overdraft", 0x3C),
    ("unload", 0x3D),
    ("purchase", 0x3E),
    ("load", 0x3F),
];

/// The application that a key or file belongs to unless told.
const SCHOOL: [u8; 2] = [0x3F, 0x01];
/// Tries of a key unless told: three left of three.
const TRIES: u8 = 0x33;
const ALWAYS: u8 = 0xF0;

/// `blank`, `[[directory]]`, `[[key]]` and `[[file]]`, in this order.
pub(super) fn contents(
    mut card: VirtualCard,
    fields: &mut Fields<'_>,
) -> Result<VirtualCard, DescriptionError> {
    let Chip::Fmcos(chip, _) = card.chip_mut() else {
        return Ok(card);
    };
    if fields.flag("blank")?.is_some_and(|blank| blank.value) {
        chip.blank_out();
    }
    for table in fields.tables("directory")? {
        directory(chip, table)?;
    }
    for table in fields.tables("key")? {
        key(chip, table)?;
    }
    for table in fields.tables("file")? {
        file(chip, table)?;
    }
    Ok(card)
}

fn directory(chip: &mut Fmcos, mut table: Fields<'_>) -> Result<(), DescriptionError> {
    let Some(id) = table.array("id")? else {
        return Err(table.incomplete("a [[directory]] needs `id`"));
    };
    let name = table.text("name")?;
    let name = name.map(|name| name.value).unwrap_or_default();
    let application = byte(&mut table, "application", 0x00)?;
    let create = byte(&mut table, "create", ALWAYS)?;
    let erase = byte(&mut table, "erase", ALWAYS)?;
    if let Some(directory) = chip.put_directory(u16::from_be_bytes(id.value), name.as_bytes()) {
        directory.name = name.into_bytes();
        directory.application = application;
        directory.create = Right(create);
        directory.erase = Right(erase);
    }
    table.finish("[[directory]]")
}

fn key(chip: &mut Fmcos, mut table: Fields<'_>) -> Result<(), DescriptionError> {
    let directory = self::parent(&mut table)?;
    let Some(kind) = table.text("kind")? else {
        return Err(table.incomplete(format!("a [[key]] needs `kind`, one of {}", kinds())));
    };
    let mut named = KEY_KINDS.iter();
    let Some(&(_, code)) = named.find(|(name, _)| *name == kind.value) else {
        return Err(table.wrong(&kind, format!("`kind` must be one of {}", kinds())));
    };
    let id = table.number("id", 0..=0xFF)?.map_or(0, |id| id.value);
    let Some(value) = table.bytes("value", 2..=16)? else {
        return Err(table.incomplete("a [[key]] needs `value`"));
    };
    let usage = byte(&mut table, "usage", ALWAYS)?;
    let change = byte(&mut table, "change", ALWAYS)?;
    // Kinds with a state to follow and tries have these two bytes, the others
    // version and algorithm.
    let follow_up = byte(&mut table, "follow_up", 0x01)?;
    let tries = byte(&mut table, "tries", TRIES)?;
    let record = [
        &[code, usage, change, follow_up, tries],
        value.value.as_slice(),
    ]
    .concat();
    let Some(key) = Key::parse(u8::try_from(id).unwrap_or(u8::MAX), &record) else {
        let reason = "`value` must be 8 or 16 bytes, for a PIN 2 to 6";
        return Err(table.wrong(&value, reason));
    };
    chip.put_key(directory, key);
    table.finish("[[key]]")
}

fn file(chip: &mut Fmcos, mut table: Fields<'_>) -> Result<(), DescriptionError> {
    let directory = self::parent(&mut table)?;
    let Some(id) = table.array("id")? else {
        return Err(table.incomplete("a [[file]] needs `id`"));
    };
    let kind = table.text("kind")?;
    let content = content(&mut table, kind.as_ref())?;
    let protection = match table.text("protection")? {
        None => Protection::None,
        Some(text) => match text.value.as_str() {
            "none" => Protection::None,
            "mac" => Protection::Mac,
            "encrypted" => Protection::Encrypted,
            _ => {
                let reason = "`protection` must be none, mac or encrypted";
                return Err(table.wrong(&text, reason));
            }
        },
    };
    // A protected file is read with a MAC unless told.
    let plain = protection == Protection::None;
    let file = File {
        content,
        protection,
        read: Right(byte(&mut table, "read", ALWAYS)?),
        write: Right(byte(&mut table, "write", ALWAYS)?),
        access: byte(&mut table, "access", if plain { 0xFF } else { 0x7F })?,
    };
    chip.put_file(directory, u16::from_be_bytes(id.value), file);
    table.finish("[[file]]")
}

fn content(
    table: &mut Fields<'_>,
    kind: Option<&Located<String>>,
) -> Result<Content, DescriptionError> {
    let kind_name = kind.map_or("binary", |kind| kind.value.as_str());
    if kind_name == "binary" {
        let Some(data) = table.bytes("data", 1..=0x0800)? else {
            return Err(table.incomplete("a binary [[file]] needs `data`"));
        };
        return Ok(Content::Binary(data.value));
    }
    if kind_name == "purse" {
        let balance = table.number("balance", 0..=u32::MAX.into())?;
        let balance = balance.map_or(0, |balance| balance.value);
        return Ok(Content::Purse {
            balance: u32::try_from(balance).unwrap_or(u32::MAX),
        });
    }
    let records = table.byte_list("records", 1..=240)?.unwrap_or_default();
    let length = records.iter().map(Vec::len).max().unwrap_or(0);
    let most = table.number("most", 1..=255)?.map_or(10, |most| most.value);
    let most = usize::try_from(most).unwrap_or(10).max(records.len());
    let length = table
        .number("length", 1..=240)?
        .map_or(length, |it| usize::try_from(it.value).unwrap_or(length));
    match (kind_name, kind) {
        ("fixed", _) => Ok(Content::Fixed {
            most,
            length,
            records,
        }),
        ("cyclic", _) => Ok(Content::Cyclic {
            most,
            length,
            records,
        }),
        ("variable", _) => Ok(Content::Variable {
            space: most.saturating_mul(length),
            records,
        }),
        (_, Some(kind)) => Err(table.wrong(
            kind,
            "`kind` must be binary, fixed, variable, cyclic or purse",
        )),
        (_, None) => Err(table.incomplete("a [[file]] has a `kind`")),
    }
}

/// The directory in which a key or file lies.
fn parent(table: &mut Fields<'_>) -> Result<u16, DescriptionError> {
    let id = table.array("directory")?.map_or(SCHOOL, |id| id.value);
    Ok(u16::from_be_bytes(id))
}

fn kinds() -> String {
    KEY_KINDS.map(|(name, _)| name).join(", ")
}
