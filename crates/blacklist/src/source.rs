//! Who put an entry on the list.

use std::{collections::HashSet, fmt, sync::Arc};

use crate::BlacklistError;

/// Where an entry comes from, as a number of at most 13 bits that stands for a
/// name in the list's own table ([`Blacklist::source_name`](crate::Blacklist::source_name)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub(crate) u16);

impl SourceId {
    /// The registry that keeps the list: blocks that follow from the state of
    /// its cards, and those its own operators made.
    pub const REGISTRY: Self = Self(0);

    /// The largest number of a source.
    pub(crate) const MAX: u16 = (1 << 13) - 1;
}

/// The name of [`SourceId::REGISTRY`].
const REGISTRY: &str = "registry";

/// The names of the sources, by their numbers.
///
/// A copy of it costs as little as a pointer.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sources(Arc<Vec<Box<str>>>);

impl Sources {
    /// The longest name, in bytes.
    pub(crate) const MAX_NAME: usize = 64;

    /// The number of a name, a new one when it is not known yet.
    pub(crate) fn id(&mut self, name: &str) -> Result<SourceId, BlacklistError> {
        let known = self.0.iter().position(|known| &**known == name);
        let at = known.unwrap_or(self.0.len());
        let id = u16::try_from(at)
            .ok()
            .filter(|id| *id <= SourceId::MAX)
            .ok_or(BlacklistError::TooManySources)?;
        if known.is_none() {
            if !is_name(name) {
                return Err(BlacklistError::NotASourceName);
            }
            Arc::make_mut(&mut self.0).push(name.into());
        }
        Ok(SourceId(id))
    }

    pub(crate) fn name(&self, id: SourceId) -> Option<&str> {
        self.0.get(usize::from(id.0)).map(|name| &**name)
    }

    /// All names, in the order of their numbers.
    pub(crate) fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    /// The table of names in the order of their numbers; `None` when one is no
    /// name or comes twice, or the first one is not the registry.
    pub(crate) fn of_names<'a>(names: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut sources = Self(Arc::default());
        let mut known = HashSet::new();
        for name in names {
            if !is_name(name) || !known.insert(name) || sources.len() > SourceId::MAX.into() {
                return None;
            }
            Arc::make_mut(&mut sources.0).push(name.into());
        }
        let is_first = sources.name(SourceId::REGISTRY) == Some(REGISTRY);
        is_first.then_some(sources)
    }

    /// Takes the table's place when it only adds names to it; says whether it did.
    pub(crate) fn grow_to(&mut self, longer: Self) -> bool {
        let is_longer = longer.0.starts_with(&self.0);
        if is_longer {
            *self = longer;
        }
        is_longer
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether an entry may name this source.
    pub(crate) fn has(&self, id: SourceId) -> bool {
        usize::from(id.0) < self.len()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let names: usize = self.names().map(str::len).sum();
        names + self.0.capacity() * size_of::<Box<str>>()
    }
}

impl Default for Sources {
    fn default() -> Self {
        Self(Arc::new(vec![REGISTRY.into()]))
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sources({})", self.len())
    }
}

/// Whether a text can be the name of a source: 1 to 64 bytes, nothing that
/// moves a terminal's cursor.
fn is_name(name: &str) -> bool {
    (1..=Sources::MAX_NAME).contains(&name.len()) && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_number() {
        let mut sources = Sources::default();
        assert_eq!(sources.id("registry"), Ok(SourceId::REGISTRY));
        let district = sources.id("district 0106").unwrap();
        assert_ne!(district, SourceId::REGISTRY);
        assert_eq!(sources.id("district 0106"), Ok(district));
        assert_eq!(sources.name(district), Some("district 0106"));
        assert_eq!(sources.name(SourceId(2)), None);
    }

    #[test]
    fn names_are_short_and_printable() {
        let long = "x".repeat(65);
        for name in ["", "two\nlines", long.as_str()] {
            let refused = Sources::default().id(name);
            assert_eq!(refused, Err(BlacklistError::NotASourceName));
        }
        assert!(Sources::default().id(&"x".repeat(64)).is_ok());
    }

    #[test]
    fn the_table_ends_where_thirteen_bits_do() {
        let mut sources = Sources::default();
        for n in 1..=SourceId::MAX {
            assert_eq!(sources.id(&format!("source {n}")), Ok(SourceId(n)));
        }
        let refused = sources.id("one more");
        assert_eq!(refused, Err(BlacklistError::TooManySources));
        assert_eq!(sources.id("source 7"), Ok(SourceId(7)));
    }
}
