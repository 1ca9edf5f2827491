//! `[[ultralight]]`: what is read and what is written.

use toml::Spanned;
use xueka_domain::AssuranceLevel;

use super::{Checked, assurance, date_field, key, number_field, wrong, wrong_cipher};
use crate::{
    Key, KeyRing,
    profile::{
        document::{PageCopies, PageDate, PageNumber, PageTable, PageWriteTable, TextTable},
        field::Fields,
        place::{InCopies, PageForm, PagePlace, PageWrite, TextPattern},
    },
    type2::PAGE_BYTES,
    write::{KeyUse, copies::N_SEAL_BYTES},
};

/// Pages that a number of one byte can name.
const N_PAGES: usize = 256;

/// Checks a table.
pub(in crate::profile) fn page(table: &Spanned<PageTable>, keys: &KeyRing) -> Checked<PagePlace> {
    let inner = table.as_ref();
    let form = match (&inner.number, &inner.ndef_text, &inner.copies) {
        (Some(number), None, None) => PageForm::Fields(own_fields(number, inner)?),
        (Some(number), None, Some(copies)) => PageForm::Copies(in_copies(copies, number, inner)?),
        (None, Some(text), None) => {
            let date = inner.valid_from.as_ref().or(inner.valid_until.as_ref());
            if let Some(date) = date {
                return wrong(date, "days of validity go with number, not with ndef_text");
            }
            PageForm::NdefText(text_pattern(text)?)
        }
        (None, _, Some(copies)) => return wrong(copies, "copies go with number"),
        _ => return wrong(table, "a place has either number or ndef_text"),
    };
    let written = inner.write.as_ref();
    Ok(PagePlace {
        form,
        write: written.map(|it| write(it, inner, keys)).transpose()?,
        assurance: assurance(inner.assurance.as_ref(), AssuranceLevel::NumberRead)?,
    })
}

fn own_fields(number: &Spanned<PageNumber>, table: &PageTable) -> Checked<Fields<u8>> {
    let inner = number.as_ref();
    let page = own_page(number, inner.page.as_ref())?;
    let room = room_from(page);
    let field = number_field(inner.offset, &inner.length, inner.coding, room)?;
    let date = |table: &Spanned<PageDate>| {
        let inner = table.as_ref();
        let page = own_page(table, inner.page.as_ref())?;
        let field = date_field(&inner.offset, inner.coding, room_from(page))?;
        Ok((page, field))
    };
    Ok(Fields {
        number: (page, field),
        valid_from: table.valid_from.as_ref().map(date).transpose()?,
        valid_until: table.valid_until.as_ref().map(date).transpose()?,
    })
}

fn own_page<V>(near: &Spanned<V>, page: Option<&Spanned<u8>>) -> Checked<u8> {
    match page {
        Some(page) => user_page(page),
        None => wrong(near, "which page? give page, or copies"),
    }
}

fn user_page(page: &Spanned<u8>) -> Checked<u8> {
    match *page.as_ref() {
        0..=3 => wrong(page, "a page is 4 to 255; those before hold UID and locks"),
        page => Ok(page),
    }
}

fn room_from(page: u8) -> usize {
    (N_PAGES - usize::from(page)) * PAGE_BYTES
}

fn in_copies(
    copies: &Spanned<PageCopies>,
    number: &Spanned<PageNumber>,
    table: &PageTable,
) -> Checked<InCopies<u8>> {
    let inner = copies.as_ref();
    let first = pages(&inner.first, &inner.pages)?;
    let second = pages(&inner.second, &inner.pages)?;
    if first.iter().any(|page| second.contains(page)) {
        return wrong(copies, "the two copies share a page");
    }
    let room = first.len() * PAGE_BYTES - N_SEAL_BYTES;
    let elsewhere = "with copies, a field has no page of its own";
    let field = number.as_ref();
    if field.page.is_some() {
        return wrong(number, elsewhere);
    }
    let date = |table: &Spanned<PageDate>| {
        let inner = table.as_ref();
        if inner.page.is_some() {
            return wrong(table, elsewhere);
        }
        Ok(((), date_field(&inner.offset, inner.coding, room)?))
    };
    let field = number_field(field.offset, &field.length, field.coding, room)?;
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

fn pages(first: &Spanned<u8>, n_pages: &Spanned<u8>) -> Checked<Vec<u8>> {
    let begin = user_page(first)?;
    let n = *n_pages.as_ref();
    if usize::from(n) * PAGE_BYTES <= N_SEAL_BYTES {
        return wrong(n_pages, "a copy has at least 2 pages");
    }
    let pages = (begin..=u8::MAX).take(n.into()).collect::<Vec<_>>();
    if pages.len() < usize::from(n) {
        return wrong(n_pages, "a copy ends before page 256");
    }
    Ok(pages)
}

/// Checks `[ultralight.write]`.
fn write(write: &Spanned<PageWriteTable>, table: &PageTable, keys: &KeyRing) -> Checked<PageWrite> {
    if table.copies.is_none() {
        return wrong(
            write,
            "only a record in copies is written, so that a card that leaves half-way \
             still reads as old or new",
        );
    }
    let inner = write.as_ref();
    let mut uses: Vec<KeyUse> = Vec::new();
    for name in inner.password.iter().chain(&inner.passwords) {
        match key(name, keys)? {
            Key::Password(_) => {}
            other => return wrong_cipher(name, other, "a password"),
        }
        if !uses.iter().any(|known| known.name == *name.as_ref()) {
            uses.push(KeyUse {
                name: name.as_ref().clone(),
                slot: 0,
                diversified_by: Vec::new(),
            });
        }
    }
    let password = inner.password.as_ref();
    Ok(PageWrite {
        keys: uses.into(),
        password: password.map(|name| name.as_ref().as_str().into()),
    })
}

fn text_pattern(table: &Spanned<TextTable>) -> Checked<TextPattern> {
    let inner = table.as_ref();
    if let Some(digits) = &inner.digits
        && !(4..=19).contains(digits.as_ref())
    {
        return wrong(digits, "a card number has 4 to 19 digits");
    }
    if inner.prefix.ends_with(|last: char| last.is_ascii_digit()) {
        return wrong(
            table,
            "a prefix does not end with a digit, which could be the number's",
        );
    }
    Ok(TextPattern {
        prefix: inner.prefix.as_str().into(),
        n_digits: inner.digits.as_ref().map(|digits| *digits.as_ref()),
    })
}
