//! `[[mifare_classic]]`: what is read and what is written.

use toml::Spanned;
use xueka_domain::AssuranceLevel;

use super::{
    Checked, MAX_KEYS, assurance, date_field, key, number_field, profile_key, wrong, wrong_cipher,
};
use crate::{
    Key, KeyRing,
    mifare::{AccessBits, Block, Condition, KeyKind, Permission, Sector},
    profile::{
        document::{
            BlockBegin, BlockCopies, BlockDate, BlockNumber, ClassicTable, ClassicWriteTable,
            SectorKeyTable, TrailerTable,
        },
        field::Fields,
        place::{
            ClassicForm, ClassicKey, ClassicPlace, ClassicWrite, InCopies, KeyInput, NewTrailer,
        },
    },
    write::{KeyUse, classic::key_use, copies::N_SEAL_BYTES},
};

/// Bytes of a block.
const BLOCK: usize = 16;
/// The most blocks of one copy: the data of a large sector.
const MAX_BLOCKS: u8 = 15;

/// Checks a table.
pub(in crate::profile) fn classic(table: &ClassicTable, keys: &KeyRing) -> Checked<ClassicPlace> {
    let listed = table.keys.as_ref();
    if listed.is_empty() || listed.len() > MAX_KEYS {
        return wrong(&table.keys, format!("a place has 1 to {MAX_KEYS} keys"));
    }
    let sector_keys = listed.iter().map(|entry| sector_key(entry, keys));
    let form = match &table.copies {
        Some(copies) => ClassicForm::Copies(in_copies(copies, table)?),
        None => ClassicForm::Blocks(in_blocks(table)?),
    };
    let written = table.write.as_ref();
    Ok(ClassicPlace {
        form,
        keys: sector_keys.collect::<Checked<_>>()?,
        write: written.map(|it| write(it, table, keys)).transpose()?,
        // The cipher is broken: a number behind a key proves no more.
        assurance: assurance(table.assurance.as_ref(), AssuranceLevel::NumberRead)?,
    })
}

fn sector_key(entry: &SectorKeyTable, keys: &KeyRing) -> Checked<ClassicKey> {
    let key = match (key(&entry.name, keys)?, &entry.diversify) {
        (key @ Key::Mifare(_), _) | (key @ Key::Aes128(_), Some(_)) => key,
        (other, _) => {
            let wanted = "a MIFARE key, or an AES key with diversify";
            return wrong_cipher(&entry.name, other, wanted);
        }
    };
    let key = profile_key(key, entry.diversify.as_ref(), 0)?;
    if let Some(parts) = &entry.diversify
        && key.diversified_by.contains(&KeyInput::Application)
    {
        return wrong(parts, "a sector belongs to no application");
    }
    Ok(ClassicKey {
        key,
        kind: entry.kind,
    })
}

fn in_blocks(table: &ClassicTable) -> Checked<Fields<Block>> {
    let number = number_block(&table.number)?;
    let date = |table: &Spanned<BlockDate>| {
        let BlockDate {
            sector,
            block,
            offset,
            coding,
        } = table.as_ref();
        let place = own_block(table, sector.as_ref(), block.as_ref())?;
        Ok((place, date_field(offset, *coding, BLOCK)?))
    };
    let inner = table.number.as_ref();
    let field = number_field(inner.offset, &inner.length, inner.coding, BLOCK)?;
    Ok(Fields {
        number: (number, field),
        valid_from: table.valid_from.as_ref().map(date).transpose()?,
        valid_until: table.valid_until.as_ref().map(date).transpose()?,
    })
}

fn number_block(table: &Spanned<BlockNumber>) -> Checked<Block> {
    let inner = table.as_ref();
    own_block(table, inner.sector.as_ref(), inner.block.as_ref())
}

fn own_block<V>(
    near: &Spanned<V>,
    sector: Option<&Spanned<u8>>,
    index: Option<&Spanned<u8>>,
) -> Checked<Block> {
    match (sector, index) {
        (Some(sector), Some(index)) => block(sector, index),
        _ => wrong(near, "which block? give sector and block, or copies"),
    }
}

fn block(sector: &Spanned<u8>, index: &Spanned<u8>) -> Checked<Block> {
    let Some(known) = Sector::new(*sector.as_ref()) else {
        return wrong(sector, "a sector is 0 to 39");
    };
    match known.block(*index.as_ref()) {
        Some(block) if !block.is_trailer() => Ok(block),
        _ => wrong(
            index,
            format!(
                "a block of this sector is 0 to {}; the last one holds its keys",
                known.n_blocks() - 2
            ),
        ),
    }
}

fn in_copies(copies: &Spanned<BlockCopies>, table: &ClassicTable) -> Checked<InCopies<Block>> {
    let inner = copies.as_ref();
    let first = blocks(&inner.first, &inner.blocks)?;
    let second = blocks(&inner.second, &inner.blocks)?;
    if first.iter().any(|block| second.contains(block)) {
        return wrong(copies, "the two copies share a block");
    }
    let room = first.len() * BLOCK - N_SEAL_BYTES;
    let number = table.number.as_ref();
    let has_block = |sector: &Option<_>, block: &Option<_>| sector.is_some() || block.is_some();
    let elsewhere = "with copies, a field has no sector and block of its own";
    if has_block(&number.sector, &number.block) {
        return wrong(&table.number, elsewhere);
    }
    let date = |table: &Spanned<BlockDate>| {
        let inner = table.as_ref();
        if has_block(&inner.sector, &inner.block) {
            return wrong(table, elsewhere);
        }
        Ok(((), date_field(&inner.offset, inner.coding, room)?))
    };
    let field = number_field(number.offset, &number.length, number.coding, room)?;
    Ok(InCopies {
        first: first.into(),
        second: second.into(),
        fields: Fields {
            number: ((), field),
            valid_from: table.valid_from.as_ref().map(date).transpose()?,
            valid_until: table.valid_until.as_ref().map(date).transpose()?,
        },
    })
}

/// So many blocks of one sector, none of which holds keys or the maker's data.
fn blocks(begin: &BlockBegin, n_blocks: &Spanned<u8>) -> Checked<Vec<Block>> {
    let first = block(&begin.sector, &begin.block)?;
    if first == Block::MANUFACTURER {
        return wrong(&begin.block, "block 0 of a card is written by its maker");
    }
    let n = *n_blocks.as_ref();
    if !(1..=MAX_BLOCKS).contains(&n) {
        return wrong(n_blocks, format!("a copy has 1 to {MAX_BLOCKS} blocks"));
    }
    let indexes = *begin.block.as_ref()..begin.block.as_ref().saturating_add(n);
    let blocks = indexes.map(|index| first.sector().block(index));
    let blocks = blocks.map(|block| block.filter(|block| !block.is_trailer()));
    match blocks.collect::<Option<Vec<_>>>() {
        Some(blocks) => Ok(blocks),
        None => wrong(n_blocks, "a copy ends before the keys of its sector"),
    }
}

/// Checks `[mifare_classic.write]`.
fn write(
    write: &Spanned<ClassicWriteTable>,
    table: &ClassicTable,
    keys: &KeyRing,
) -> Checked<ClassicWrite> {
    if table.copies.is_none() {
        return wrong(
            write,
            "only a record in copies is written, so that a card that leaves half-way \
             still reads as old or new",
        );
    }
    let inner = write.as_ref();
    let trailer = inner.trailer.as_ref();
    let trailer = trailer.map(|it| new_trailer(it, table, keys)).transpose()?;
    let mut uses = Vec::new();
    if let Some(new) = &trailer {
        for (name, kind) in [(&new.key_b, KeyKind::B), (&new.key_a, KeyKind::A)] {
            uses.push(key_use(
                name,
                kind,
                diversified_by(name, inner, table, keys)?,
            ));
        }
    }
    for entry in inner.keys.iter().chain(table.keys.as_ref()) {
        let made_from = sector_key(entry, keys)?.key.diversified_by;
        let entry_use = key_use(entry.name.as_ref(), entry.kind, made_from.into());
        let is_made_otherwise = |known: &KeyUse| {
            known.name == entry_use.name && known.diversified_by != entry_use.diversified_by
        };
        if uses.iter().any(is_made_otherwise) {
            return wrong(&entry.name, "the same key is diversified in two ways");
        }
        if !uses.contains(&entry_use) {
            uses.push(entry_use);
        }
    }
    Ok(ClassicWrite {
        keys: uses.into(),
        trailer,
    })
}

/// From what a key of the new trailer is made: as the first entry of its name
/// says.
fn diversified_by(
    name: &str,
    written: &ClassicWriteTable,
    table: &ClassicTable,
    keys: &KeyRing,
) -> Checked<Vec<KeyInput>> {
    let mut entries = table.keys.as_ref().iter().chain(&written.keys);
    let entry = entries.find(|entry| entry.name.as_ref() == name);
    let key = entry.map(|entry| sector_key(entry, keys)).transpose()?;
    Ok(key.map_or(Vec::new(), |known| known.key.diversified_by.into()))
}

/// Access bits are made of conditions here, so that none can be written that a
/// card would take as damaged, and by which nobody could write it again.
fn new_trailer(
    table: &Spanned<TrailerTable>,
    place: &ClassicTable,
    keys: &KeyRing,
) -> Checked<NewTrailer> {
    let inner = table.as_ref();
    let written = place.write.as_ref().map(|it| it.as_ref().keys.as_slice());
    let listed = || {
        place
            .keys
            .as_ref()
            .iter()
            .chain(written.unwrap_or_default())
    };
    for name in [&inner.key_a, &inner.key_b] {
        let is_made =
            listed().any(|it| it.name.as_ref() == name.as_ref() && it.diversify.is_some());
        match key(name, keys)? {
            Key::Mifare(_) => {}
            Key::Aes128(_) if is_made => {}
            other => {
                let wanted = "a MIFARE key, or an AES key that stands in keys with diversify";
                return wrong_cipher(name, other, wanted);
            }
        }
    }
    let data = condition(&inner.data)?;
    let trailer = condition(&inner.trailer)?;
    let allowed = data.of_data();
    if Permission::Never == allowed.read || Permission::Never == allowed.write {
        return wrong(&inner.data, "nobody could read and write the data again");
    }
    let access = AccessBits::new([data; 3], trailer);
    if !access.may_be_changed() {
        return wrong(
            &inner.trailer,
            "nobody could change keys and access bits again; take 001 or 011",
        );
    }
    if allowed.write == Permission::KeyB && !access.key_b_opens() {
        return wrong(
            &inner.data,
            "key B writes the data, and does not open the sector",
        );
    }
    let reads = |entry: &SectorKeyTable| {
        let (name, opens) = match entry.kind {
            KeyKind::A => (&inner.key_a, true),
            KeyKind::B => (&inner.key_b, access.key_b_opens()),
        };
        name.as_ref() == entry.name.as_ref() && opens && allowed.read.includes(entry.kind)
    };
    if !place.keys.as_ref().iter().any(reads) {
        return wrong(table, "none of the place's keys would read what is written");
    }
    Ok(NewTrailer {
        key_a: inner.key_a.as_ref().as_str().into(),
        access,
        key_b: inner.key_b.as_ref().as_str().into(),
    })
}

/// Three bits as the data sheet writes them: C1 C2 C3.
fn condition(text: &Spanned<String>) -> Checked<Condition> {
    let digits = text.as_ref();
    let number = Some(digits)
        .filter(|digits| digits.len() == 3 && digits.bytes().all(|it| matches!(it, b'0' | b'1')))
        .and_then(|digits| u8::from_str_radix(digits, 2).ok());
    match number.and_then(Condition::new) {
        Some(condition) => Ok(condition),
        None => wrong(text, "write the three bits of the data sheet, such as 100"),
    }
}
