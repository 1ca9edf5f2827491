//! Applications, keys and files of a DESFire card, described in TOML.

use super::byte;
use crate::{
    DescriptionError, VirtualCard,
    chip::{
        Chip,
        desfire::{CARD, Content, Desfire, File, Generation, Rights},
    },
    fields::{Fields, Located},
};

/// Everybody reads; key 0 does everything else.
const RIGHTS: [u8; 2] = [0xE0, 0x00];
/// Keys of an application unless told.
const N_KEYS: u64 = 2;
/// Settings of an application unless told: everything is allowed by default.
const SETTINGS: u8 = 0x0F;

/// `generation`, `real_uid`, `master_key`, `[[application]]` and `[[file]]`.
pub(super) fn contents(
    mut card: VirtualCard,
    fields: &mut Fields<'_>,
) -> Result<VirtualCard, DescriptionError> {
    let Chip::Desfire(chip) = card.chip_mut() else {
        return Ok(card);
    };
    if let Some(generation) = fields.text("generation")? {
        chip.set_generation(match generation.value.as_str() {
            "ev1" => Generation::Ev1,
            "ev2" => Generation::Ev2,
            "ev3" => Generation::Ev3,
            _ => return Err(fields.wrong(&generation, "`generation` must be ev1, ev2 or ev3")),
        });
    }
    if let Some(uid) = fields.bytes("real_uid", 7..=7)? {
        chip.set_real_uid(&uid.value);
    }
    if let Some(key) = fields.array("master_key")? {
        chip.application(CARD, 1).set_key(0, key.value);
    }
    for table in fields.tables("application")? {
        application(chip, table)?;
    }
    for table in fields.tables("file")? {
        file(chip, table)?;
    }
    Ok(card)
}

fn application(chip: &mut Desfire, mut table: Fields<'_>) -> Result<(), DescriptionError> {
    let Some(id) = table.array("id")? else {
        return Err(table.incomplete("an [[application]] needs `id`"));
    };
    let keys = table.byte_list("keys", 16..=16)?.unwrap_or_default();
    let n_keys = table
        .number("n_keys", 1..=14)?
        .map_or(N_KEYS, |it| it.value);
    let n_keys = usize::try_from(n_keys).unwrap_or(14).max(keys.len());
    let settings = byte(&mut table, "settings", SETTINGS)?;
    let application = chip.application(id.value, u8::try_from(n_keys).unwrap_or(14));
    application.set_settings(settings);
    for (number, key) in (0..).zip(keys) {
        application.set_key(number, key.try_into().unwrap_or_default());
    }
    table.finish("[[application]]")
}

fn file(chip: &mut Desfire, mut table: Fields<'_>) -> Result<(), DescriptionError> {
    let application = table.array("application")?;
    let number = table.number("number", 0..=31)?;
    let (Some(application), Some(number)) = (application, number) else {
        return Err(table.incomplete("a [[file]] needs `application` and `number`"));
    };
    let kind = table.text("kind")?;
    let content = content(&mut table, kind.as_ref())?;
    let settings = match table.text("mode")? {
        None => 0x00,
        Some(mode) => match mode.value.as_str() {
            "plain" => 0x00,
            "mac" => 0x01,
            "full" => 0x03,
            _ => return Err(table.wrong(&mode, "`mode` must be plain, mac or full")),
        },
    };
    let rights = table.array("rights")?.map_or(RIGHTS, |rights| rights.value);
    let file = File::new(settings, Rights(u16::from_be_bytes(rights)), content);
    let number = u8::try_from(number.value).unwrap_or(u8::MAX);
    let n_keys = u8::try_from(N_KEYS).unwrap_or(u8::MAX);
    let application = chip.application(application.value, n_keys);
    application.files.insert(number, file);
    table.finish("[[file]]")
}

fn content(
    table: &mut Fields<'_>,
    kind: Option<&Located<String>>,
) -> Result<Content, DescriptionError> {
    let name = kind.map_or("standard", |kind| kind.value.as_str());
    match (name, kind) {
        ("standard" | "backup", _) => {
            let Some(data) = table.bytes("data", 1..=0x0800)? else {
                return Err(table.incomplete("a standard or backup [[file]] needs `data`"));
            };
            Ok(if name == "backup" {
                Content::Backup(data.value)
            } else {
                Content::Standard(data.value)
            })
        }
        ("value", _) => {
            let most = 0..=u64::from(i32::MAX.unsigned_abs());
            let value = table.number("value", most)?.map_or(0, |it| it.value);
            Ok(Content::Value {
                least: 0,
                most: i32::MAX,
                value: i32::try_from(value).unwrap_or(i32::MAX),
                limited: None,
            })
        }
        ("linear" | "cyclic", _) => {
            let records = table.byte_list("records", 1..=240)?.unwrap_or_default();
            let longest = records.iter().map(Vec::len).max().unwrap_or(1);
            let most = table.number("most", 2..=255)?.map_or(10, |it| it.value);
            let most = usize::try_from(most).unwrap_or(10).max(records.len() + 1);
            let length = table.number("length", 1..=240)?;
            let length = length.map_or(longest, |it| usize::try_from(it.value).unwrap_or(longest));
            let padded = records.into_iter().map(|mut record| {
                record.resize(length, 0);
                record
            });
            Ok(Content::Records {
                is_cyclic: name == "cyclic",
                length,
                most,
                records: padded.collect(),
            })
        }
        (_, Some(kind)) => Err(table.wrong(
            kind,
            "`kind` must be standard, backup, value, linear or cyclic",
        )),
        (_, None) => Err(table.incomplete("a [[file]] has a `kind`")),
    }
}
