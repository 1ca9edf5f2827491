//! The keys of a TOML table, taken out one by one with their lines.

use std::{ops::RangeInclusive, time::Duration};

use jiff::{SignedDuration, civil::Date};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::DescriptionError;

/// One table of a description.
///
/// Each key is taken by the code that knows it; [`finish`](Self::finish)
/// refuses what is left over.
pub(crate) struct Fields<'t> {
    text: &'t str,
    /// Where the table begins.
    start: usize,
    table: DeTable<'t>,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    start: usize,
}

impl<'t> Fields<'t> {
    /// Reads a whole text.
    pub(crate) fn parse(text: &'t str) -> Result<Self, DescriptionError> {
        let table =
            DeTable::parse(text).map_err(|error| DescriptionError::from_toml(text, &error))?;
        let start = 0;
        let table = table.into_inner();
        Ok(Self { text, start, table })
    }

    /// An error about a value that was taken from this table.
    pub(crate) fn wrong<T>(&self, at: &Located<T>, reason: impl Into<String>) -> DescriptionError {
        DescriptionError::at(self.text, at.start, reason)
    }

    /// An error about the table as a whole, such as a missing key.
    pub(crate) fn incomplete(&self, reason: impl Into<String>) -> DescriptionError {
        DescriptionError::at(self.text, self.start, reason)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether the value of a key is text.
    pub(crate) fn is_text(&self, key: &str) -> bool {
        self.table
            .get(key)
            .is_some_and(|value| value.get_ref().is_str())
    }

    pub(crate) fn text(&mut self, key: &str) -> Result<Option<Located<String>>, DescriptionError> {
        self.take(key, "text in quotes", |value| match value {
            DeValue::String(text) => Some(text.into_owned()),
            _ => None,
        })
    }

    pub(crate) fn flag(&mut self, key: &str) -> Result<Option<Located<bool>>, DescriptionError> {
        self.take(key, "true or false", |value| value.as_bool())
    }

    /// A whole number between the limits, both allowed.
    pub(crate) fn number(
        &mut self,
        key: &str,
        limits: RangeInclusive<u64>,
    ) -> Result<Option<Located<u64>>, DescriptionError> {
        let wanted = format!("a whole number from {} to {}", limits.start(), limits.end());
        let read = |value: DeValue<'_>| {
            let integer = value.as_integer()?;
            let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok()?;
            limits.contains(&number).then_some(number)
        };
        self.take(key, &wanted, read)
    }

    /// Bytes in hexadecimal, as many as one of `lengths` says.
    pub(crate) fn bytes(
        &mut self,
        key: &str,
        lengths: RangeInclusive<usize>,
    ) -> Result<Option<Located<Vec<u8>>>, DescriptionError> {
        let (start, end) = (lengths.start(), lengths.end());
        let wanted = if start == end {
            format!(
                "{start} bytes as {} hexadecimal digits in quotes",
                2 * start
            )
        } else {
            format!("{start} to {end} bytes, each as two hexadecimal digits, in quotes")
        };
        let read = |value: DeValue<'_>| {
            let bytes = hex::decode(value.as_str()?).ok()?;
            lengths.contains(&bytes.len()).then_some(bytes)
        };
        self.take(key, &wanted, read)
    }

    /// A list of bytes in hexadecimal, each as many as one of `lengths` says.
    pub(crate) fn byte_list(
        &mut self,
        key: &str,
        lengths: RangeInclusive<usize>,
    ) -> Result<Option<Vec<Vec<u8>>>, DescriptionError> {
        let (start, end) = (lengths.start(), lengths.end());
        let wanted = format!("a list of texts in hexadecimal, each of {start} to {end} bytes");
        let read = |value: DeValue<'_>| {
            let items = value.as_array()?.iter().map(|item| {
                let bytes = hex::decode(item.get_ref().as_str()?).ok()?;
                lengths.contains(&bytes.len()).then_some(bytes)
            });
            items.collect::<Option<Vec<_>>>()
        };
        let list = self.take(key, &wanted, read)?;
        Ok(list.map(|located| located.value))
    }

    /// Exactly `N` bytes in hexadecimal.
    pub(crate) fn array<const N: usize>(
        &mut self,
        key: &str,
    ) -> Result<Option<Located<[u8; N]>>, DescriptionError> {
        let bytes = self.bytes(key, N..=N)?;
        Ok(bytes.and_then(|Located { value, start }| {
            let value = value.try_into().ok()?;
            Some(Located { value, start })
        }))
    }

    pub(crate) fn date(&mut self, key: &str) -> Result<Option<Located<Date>>, DescriptionError> {
        self.take(key, "a date such as 2024-09-01", |value| match value {
            DeValue::String(text) => text.parse().ok(),
            DeValue::Datetime(moment) if moment.time.is_none() => moment.to_string().parse().ok(),
            _ => None,
        })
    }

    pub(crate) fn duration(
        &mut self,
        key: &str,
    ) -> Result<Option<Located<Duration>>, DescriptionError> {
        self.take(
            key,
            "a time such as \"2s\", \"500ms\" or \"1m 30s\"",
            |value| {
                let duration = value.as_str()?.parse::<SignedDuration>().ok()?;
                Duration::try_from(duration).ok()
            },
        )
    }

    /// One table, written `key = { … }` or `[key]`.
    pub(crate) fn table(&mut self, key: &str) -> Result<Option<Self>, DescriptionError> {
        let text = self.text;
        let table = self.take(key, "a table", |value| match value {
            DeValue::Table(table) => Some(table),
            _ => None,
        })?;
        Ok(table.map(|Located { value, start }| Self {
            text,
            start,
            table: value,
        }))
    }

    /// Any number of tables, written `[[key]]`.
    pub(crate) fn tables(&mut self, key: &str) -> Result<Vec<Self>, DescriptionError> {
        let text = self.text;
        let wanted = format!("tables, each headed [[{key}]]");
        let tables = self.take(key, &wanted, |value| {
            let DeValue::Array(array) = value else {
                return None;
            };
            let tables = array.into_iter().map(|item| {
                let start = item.span().start;
                match item.into_inner() {
                    DeValue::Table(table) => Some(Self { text, start, table }),
                    _ => None,
                }
            });
            tables.collect::<Option<Vec<_>>>()
        })?;
        Ok(tables.map(|located| located.value).unwrap_or_default())
    }

    /// All tables in this one by their names, as `[key.NAME]` writes them.
    pub(crate) fn named_tables(&mut self) -> Result<Vec<(String, Self)>, DescriptionError> {
        let names = self.table.keys().map(|name| name.get_ref().to_string());
        let names = names.collect::<Vec<_>>();
        let mut tables = Vec::with_capacity(names.len());
        for name in names {
            if let Some(table) = self.table(&name)? {
                tables.push((name, table));
            }
        }
        Ok(tables)
    }

    /// Refuses keys that nobody took; `place` says where they are unknown.
    pub(crate) fn finish(self, place: &str) -> Result<(), DescriptionError> {
        let first = self.table.keys().min_by_key(|key| key.span().start);
        match first {
            None => Ok(()),
            Some(key) => Err(DescriptionError::at(
                self.text,
                key.span().start,
                format!("{place} has no key `{}`", key.get_ref().escape_debug()),
            )),
        }
    }

    fn take<T>(
        &mut self,
        key: &str,
        wanted: &str,
        read: impl FnOnce(DeValue<'t>) -> Option<T>,
    ) -> Result<Option<Located<T>>, DescriptionError> {
        let Some(value) = self.table.remove(key) else {
            return Ok(None);
        };
        let start = value.span().start;
        match read(Spanned::into_inner(value)) {
            Some(value) => Ok(Some(Located { value, start })),
            None => Err(DescriptionError::at(
                self.text,
                start,
                format!("`{key}` must be {wanted}"),
            )),
        }
    }
}
