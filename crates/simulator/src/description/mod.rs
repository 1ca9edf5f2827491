//! Cards described in TOML: one text for scenario files, for the simulator
//! service and for the command line.
//!
//! ```toml
//! kind = "transit-cpu"          # the only key that must be there
//! number = "1000751012345678"
//! uid = "3A5C7E91"              # or "random"
//! valid_from = 2024-09-01
//! valid_until = 2030-08-31
//! balance = 1250                # in fen
//! response_delay = "5ms"
//!
//! [[fault]]
//! what = "tear"
//! at_command = 2
//! ```
//!
//! Every key has a default; [`VirtualCard`]'s constructors name them. The keys
//! of each kind:
//!
//! | kind | keys |
//! |---|---|
//! | every kind | `kind`, `atr`, `mute`, `response_delay`, `[[fault]]` |
//! | every kind but `contact` and `recording` | `uid` |
//! | `transit-cpu`, `t-union`, `city-union`, `campus` | `number`, `valid_from`, `valid_until`, `balance`, `historical_bytes`, `select_answer`, `[[file]]` (`sfi`, `data`), `[[log]]` (`record`) |
//! | `campus` | `name_gbk`, `student_number` |
//! | `fm1208`, `fm1208-combined`, `cpu-tid` | `historical_bytes`, `blank`, `[[directory]]` (`id`, `name`, `application`, `create`, `erase`), `[[key]]` (`directory`, `kind`, `id`, `value`, `usage`, `change`, `follow_up`, `tries`), `[[file]]` (`directory`, `id`, `kind`, `data`, `records`, `most`, `length`, `balance`, `protection`, `read`, `write`, `access`) |
//! | `t-union` | `holder` (`ordinary`, `student`, `senior`, `test`, `military`), `city` |
//! | `city-union` | `city` |
//! | `mifare-classic-1k`, `-4k`, `-mini` | `magic`, `block_0`, `sak`, `reader_style` (`standard`, `acs`, `omnikey`, …), `[[sector]]` (`number`, `key_a`, `key_b`, `access`), `[[block]]` (`number`, `data`) |
//! | `ntag213`, `ntag215`, `ntag216` | `[password]` (`value`, `pack`, `first_page`, `reading`) |
//! | `ultralight`, `ntag213`, `ntag215`, `ntag216` | `[[page]]` (`number`, `data`) |
//! | `desfire` | `historical_bytes`, `generation`, `real_uid`, `master_key`, `[[application]]` (`id`, `n_keys`, `settings`, `keys`), `[[file]]` (`application`, `number`, `kind`, `data`, `value`, `records`, `most`, `length`, `mode`, `rights`) |
//! | `iso14443-4` | `historical_bytes` |
//! | `storage` | `standard` (`iso15693`, `felica`) |
//! | `recording` | `version`, `family`, `reader`, `[[exchange]]` (`command`, `response` or `failure`) |
//!
//! Bytes are written in hexadecimal, in quotes; times as `"500ms"` or `"2s"`;
//! dates with or without quotes.

mod desfire;
mod fault;
mod fmcos;
mod recording;

use std::ops::RangeInclusive;

use crate::{
    DescriptionError, ReaderStyle, VirtualCard,
    card::{
        DEFAULT_CAMPUS_NUMBER, DEFAULT_CITY_UNION_NUMBER, DEFAULT_T_UNION_NUMBER,
        DEFAULT_TRANSIT_NUMBER, DEFAULT_VALID_FROM, DEFAULT_VALID_UNTIL, Kind,
    },
    chip::{Chip, classic::Classic, ultralight::Ultralight},
    fields::{Fields, Located},
};

/// A city that numbers its cards by an integer, and the number of one.
const SHANGHAI: [u8; 2] = [0x20, 0x00];
const DEFAULT_SHANGHAI_NUMBER: &str = "1234567890";
/// The most bytes of a file: an answer has room for them and a status word.
const LONGEST_FILE: usize = 240;
/// The longest answer to reset of ISO/IEC 7816-3, and room to be too long.
const LONGEST_ATR: usize = 64;

impl VirtualCard {
    /// Reads a card's description.
    ///
    /// The text is TOML; `kind` must be there, every other key has a default.
    /// `scenarios/README.md` lists the keys of each kind.
    ///
    /// # Errors
    ///
    /// [`DescriptionError`] with the line and the reason: not TOML, a key that
    /// the kind does not have, a value that is not of the key's form.
    pub fn from_toml(text: &str) -> Result<Self, DescriptionError> {
        card(Fields::parse(text)?)
    }
}

/// Reads a card from its table.
pub(crate) fn card(mut fields: Fields<'_>) -> Result<VirtualCard, DescriptionError> {
    let kind = kind(&mut fields)?;
    let mut card = match kind {
        Kind::TransitCpu => VirtualCard::transit(DEFAULT_TRANSIT_NUMBER),
        Kind::TUnion => VirtualCard::t_union(DEFAULT_T_UNION_NUMBER),
        Kind::CityUnion => VirtualCard::city_union(DEFAULT_CITY_UNION_NUMBER),
        Kind::Campus => VirtualCard::campus(DEFAULT_CAMPUS_NUMBER),
        Kind::Fm1208 => VirtualCard::fm1208(),
        Kind::Fm1208Combined => VirtualCard::fm1208_combined(),
        Kind::CpuTid => VirtualCard::cpu_tid(),
        Kind::MifareClassic1K => VirtualCard::mifare_classic_1k(),
        Kind::MifareClassic4K => VirtualCard::mifare_classic_4k(),
        Kind::MifareClassicMini => VirtualCard::mifare_classic_mini(),
        Kind::Ultralight => VirtualCard::ultralight(),
        Kind::Ntag213 => VirtualCard::ntag213(),
        Kind::Ntag215 => VirtualCard::ntag215(),
        Kind::Ntag216 => VirtualCard::ntag216(),
        Kind::Desfire => VirtualCard::desfire(),
        Kind::Iso14443 => VirtualCard::iso14443_4(),
        Kind::Storage => storage(&mut fields)?,
        Kind::Contact => VirtualCard::contact(),
        Kind::Recording => recording::recorded(&mut fields)?,
    };
    if !matches!(kind, Kind::Contact | Kind::Recording) {
        card = uid(card, kind, &mut fields)?;
    }
    if kind.layout().is_some() {
        card = transit(card, kind, &mut fields)?;
    }
    if matches!(
        kind,
        Kind::Desfire | Kind::Iso14443 | Kind::Fm1208 | Kind::Fm1208Combined | Kind::CpuTid
    ) {
        card = historical(card, &mut fields)?;
    }
    card = fmcos::contents(card, &mut fields)?;
    card = desfire::contents(card, &mut fields)?;
    card = memory(card, &mut fields)?;
    card = common(card, &mut fields)?;
    fields.finish(&format!("a card of kind `{}`", kind.as_str()))?;
    Ok(card)
}

fn kind(fields: &mut Fields<'_>) -> Result<Kind, DescriptionError> {
    let Some(name) = fields.text("kind")? else {
        let reason = format!("a card needs `kind`, one of {}", Kind::names());
        return Err(fields.incomplete(reason));
    };
    Kind::named(&name.value)
        .ok_or_else(|| fields.wrong(&name, format!("`kind` must be one of {}", Kind::names())))
}

/// What every card can have.
fn common(mut card: VirtualCard, fields: &mut Fields<'_>) -> Result<VirtualCard, DescriptionError> {
    if let Some(atr) = fields.bytes("atr", 0..=LONGEST_ATR)? {
        card = card.answer_to_reset(atr.value);
    }
    if fields.flag("mute")?.is_some_and(|mute| mute.value) {
        card = card.mute();
    }
    if let Some(delay) = fields.duration("response_delay")? {
        card = card.response_delay(delay.value);
    }
    for fault in fields.tables("fault")? {
        let (at_command, fault) = fault::fault(fault)?;
        card = card.fault(at_command, fault);
    }
    Ok(card)
}

fn uid(
    card: VirtualCard,
    kind: Kind,
    fields: &mut Fields<'_>,
) -> Result<VirtualCard, DescriptionError> {
    let (lengths, wanted): (&[usize], _) = match kind {
        Kind::Storage => (&[8], "8 bytes"),
        Kind::Ultralight | Kind::Ntag213 | Kind::Ntag215 | Kind::Ntag216 => (&[7], "7 bytes"),
        Kind::MifareClassic1K | Kind::MifareClassic4K | Kind::MifareClassicMini => {
            (&[4, 7], "4 or 7 bytes")
        }
        _ => (&[4, 7, 10], "4, 7 or 10 bytes"),
    };
    let Some(text) = fields.text("uid")? else {
        return Ok(card);
    };
    if text.value == "random" {
        return Ok(card.random_uid());
    }
    match hex::decode(&text.value) {
        Ok(uid) if lengths.contains(&uid.len()) => Ok(card.uid(uid)),
        _ => Err(fields.wrong(
            &text,
            format!("`uid` must be \"random\" or {wanted} in hexadecimal, in quotes"),
        )),
    }
}

fn transit(
    mut card: VirtualCard,
    kind: Kind,
    fields: &mut Fields<'_>,
) -> Result<VirtualCard, DescriptionError> {
    let mut is_shanghai = false;
    if matches!(kind, Kind::TUnion | Kind::CityUnion)
        && let Some(city) = fields.array("city")?
    {
        card = card
            .city(city.value)
            .valid_from(DEFAULT_VALID_FROM)
            .valid_until(DEFAULT_VALID_UNTIL);
        if kind == Kind::CityUnion && city.value == SHANGHAI {
            card = card.number(DEFAULT_SHANGHAI_NUMBER);
        } else if kind == Kind::CityUnion {
            card = card.number(DEFAULT_CITY_UNION_NUMBER);
        }
        is_shanghai = kind == Kind::CityUnion && city.value == SHANGHAI;
    }
    if let Some(number) = fields.text("number")? {
        let n_digits = match kind {
            _ if is_shanghai => 1..=10,
            Kind::TUnion => 19..=19,
            Kind::Campus => 8..=8,
            _ => 16..=16,
        };
        check_number(&number, &n_digits, fields)?;
        card = card.number(&number.value);
    }
    if kind == Kind::Campus {
        card = campus(card, fields)?;
    }
    if let Some(day) = fields.date("valid_from")? {
        card = card.valid_from(day.value);
    }
    if let Some(day) = fields.date("valid_until")? {
        card = card.valid_until(day.value);
    }
    if let Some(fen) = fields.number("balance", 0..=u32::MAX.into())? {
        card = card.balance(u32::try_from(fen.value).unwrap_or(u32::MAX));
    }
    if kind == Kind::TUnion
        && let Some(holder) = fields.text("holder")?
    {
        card = card.holder_kind(holder_kind(&holder, fields)?);
    }
    card = historical(card, fields)?;
    for mut log in fields.tables("log")? {
        let record = log.array("record")?;
        let record = record.ok_or_else(|| log.incomplete("a [[log]] needs `record`"))?;
        card = card.log_record(record.value);
        log.finish("[[log]]")?;
    }
    files(card, fields)
}

/// Name and student number of a campus card.
fn campus(mut card: VirtualCard, fields: &mut Fields<'_>) -> Result<VirtualCard, DescriptionError> {
    if let Some(name) = fields.bytes("name_gbk", 0..=20)? {
        card = card.name_gbk(name.value);
    }
    if let Some(number) = fields.text("student_number")? {
        check_number(&number, &(1..=10), fields)?;
        card = card.student_number(&number.value);
    }
    Ok(card)
}

/// Whole files last, so that they outrank what is written into files.
fn files(mut card: VirtualCard, fields: &mut Fields<'_>) -> Result<VirtualCard, DescriptionError> {
    for mut file in fields.tables("file")? {
        let sfi = file.number("sfi", 1..=30)?;
        let data = file.bytes("data", 0..=LONGEST_FILE)?;
        let (Some(sfi), Some(data)) = (sfi, data) else {
            return Err(file.incomplete("a [[file]] needs `sfi` and `data`"));
        };
        card = card.file(u8::try_from(sfi.value).unwrap_or(u8::MAX), data.value);
        file.finish("[[file]]")?;
    }
    if let Some(answer) = fields.bytes("select_answer", 0..=LONGEST_FILE)? {
        card = card.select_answer(answer.value);
    }
    Ok(card)
}

fn check_number(
    number: &Located<String>,
    n_digits: &RangeInclusive<usize>,
    fields: &Fields<'_>,
) -> Result<(), DescriptionError> {
    let is_number = number.value.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && n_digits.contains(&number.value.len()) {
        return Ok(());
    }
    let (least, most) = (n_digits.start(), n_digits.end());
    let reason = if !is_number {
        "a number must be digits and nothing else".to_owned()
    } else if least == most {
        let n_found = number.value.len();
        format!("`number` must have {most} digits on this kind of card, not {n_found}")
    } else {
        format!("a number must have {least} to {most} digits here")
    };
    Err(fields.wrong(number, reason))
}

fn holder_kind(holder: &Located<String>, fields: &Fields<'_>) -> Result<u8, DescriptionError> {
    match holder.value.as_str() {
        "ordinary" => Ok(1),
        "student" => Ok(2),
        "senior" => Ok(3),
        "test" => Ok(4),
        "military" => Ok(5),
        _ => Err(fields.wrong(
            holder,
            "`holder` must be one of ordinary, student, senior, test, military",
        )),
    }
}

fn historical(card: VirtualCard, fields: &mut Fields<'_>) -> Result<VirtualCard, DescriptionError> {
    Ok(match fields.bytes("historical_bytes", 0..=15)? {
        Some(bytes) => card.historical_bytes(bytes.value),
        None => card,
    })
}

fn storage(fields: &mut Fields<'_>) -> Result<VirtualCard, DescriptionError> {
    let Some(standard) = fields.text("standard")? else {
        return Ok(VirtualCard::iso15693());
    };
    match standard.value.as_str() {
        "iso15693" => Ok(VirtualCard::iso15693()),
        "felica" => Ok(VirtualCard::felica()),
        _ => Err(fields.wrong(&standard, "`standard` must be iso15693 or felica")),
    }
}

/// Sectors, blocks and pages, on the chips that have them.
fn memory(mut card: VirtualCard, fields: &mut Fields<'_>) -> Result<VirtualCard, DescriptionError> {
    match card.chip_mut() {
        Chip::Classic(chip) => {
            classic(chip, fields)?;
            if fields.flag("magic")?.is_some_and(|magic| magic.value) {
                card = card.magic();
            }
        }
        Chip::Fmcos(_, Some(chip)) => classic(chip, fields)?,
        Chip::Ultralight(chip) => {
            password(chip, fields)?;
            for page in fields.tables("page")? {
                let refused = "this card has no page of that number";
                numbered(page, "[[page]]", chip.n_pages(), refused, |number, data| {
                    chip.set_page(number, data)
                })?;
            }
        }
        _ => {}
    }
    if matches!(card.chip_mut(), Chip::Classic(_) | Chip::Fmcos(_, Some(_)))
        && let Some(style) = fields.text("reader_style")?
    {
        card = card.reader_style(reader_style(&style, fields)?);
    }
    Ok(card)
}

/// `[password]` of an NTAG.
fn password(chip: &mut Ultralight, fields: &mut Fields<'_>) -> Result<(), DescriptionError> {
    let Some(mut table) = fields.table("password")? else {
        return Ok(());
    };
    let Some(value) = table.array("value")? else {
        return Err(table.incomplete("a [password] needs `value`"));
    };
    let acknowledgement = table.array("pack")?.map_or([0; 2], |pack| pack.value);
    let first = table.number("first_page", 0..=0xFF)?;
    let first = first.map_or(4, |page| page.value);
    let for_reading = table.flag("reading")?.is_some_and(|flag| flag.value);
    let first = u8::try_from(first).unwrap_or(u8::MAX);
    if !chip.set_password(value.value, acknowledgement, first, for_reading) {
        return Err(table.wrong(&value, "this chip has no password; NTAG chips have"));
    }
    table.finish("[password]")
}

fn classic(chip: &mut Classic, fields: &mut Fields<'_>) -> Result<(), DescriptionError> {
    for sector in fields.tables("sector")? {
        self::sector(chip, sector)?;
    }
    for block in fields.tables("block")? {
        let refused = "block 0 and sector trailers are not data: use `uid` and [[sector]]";
        let n_blocks = chip.size().n_blocks();
        numbered(block, "[[block]]", n_blocks, refused, |number, data| {
            chip.set_block(number, data)
        })?;
    }
    if let Some(data) = fields.array("block_0")? {
        chip.set_block_0(data.value);
    }
    if let Some(sak) = fields.array("sak")? {
        let [sak] = sak.value;
        chip.set_sak(sak);
    }
    Ok(())
}

fn sector(chip: &mut Classic, mut sector: Fields<'_>) -> Result<(), DescriptionError> {
    let last = u64::from(chip.size().n_sectors() - 1);
    let Some(number) = sector.number("number", 0..=last)? else {
        return Err(sector.incomplete("a [[sector]] needs `number`"));
    };
    let number = u16::try_from(number.value).unwrap_or(u16::MAX);
    let key_a = sector.array("key_a")?.map(|key| key.value);
    let key_b = sector.array("key_b")?.map(|key| key.value);
    chip.set_keys(number, key_a, key_b);
    if let Some(access) = sector.array("access")? {
        chip.set_access(number, access.value);
    }
    sector.finish("[[sector]]")
}

/// One `[[block]]` or `[[page]]`: `number` and `data`.
fn numbered<const N: usize>(
    mut fields: Fields<'_>,
    place: &str,
    n_places: u16,
    refused: &str,
    set: impl FnOnce(u16, [u8; N]) -> bool,
) -> Result<(), DescriptionError> {
    let number = fields.number("number", 0..=u64::from(n_places.saturating_sub(1)))?;
    let data = fields.array::<N>("data")?;
    let (Some(number), Some(data)) = (number, data) else {
        return Err(fields.incomplete(format!("a {place} needs `number` and `data`")));
    };
    if !set(u16::try_from(number.value).unwrap_or(u16::MAX), data.value) {
        return Err(fields.wrong(&number, refused));
    }
    fields.finish(place)
}

/// One byte in hexadecimal, with its default.
fn byte(fields: &mut Fields<'_>, key: &str, default: u8) -> Result<u8, DescriptionError> {
    let [byte] = fields.array(key)?.map_or([default], |byte| byte.value);
    Ok(byte)
}

fn reader_style(
    style: &Located<String>,
    fields: &Fields<'_>,
) -> Result<ReaderStyle, DescriptionError> {
    ReaderStyle::named(&style.value).ok_or_else(|| {
        let names = ReaderStyle::all().map(|(_, name)| name);
        let names = names.collect::<Vec<_>>().join(", ");
        fields.wrong(style, format!("`reader_style` must be one of {names}"))
    })
}
