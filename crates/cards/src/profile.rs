//! What is configured about cards, checked and with its keys.
//!
//! A profile is a TOML file that says where the cards of a school keep their
//! number, in which coding, and which key opens it. `README.md` beside
//! the shipped profiles explains every setting.

mod check;
mod document;
pub(crate) mod field;
pub(crate) mod place;
pub(crate) mod published;
#[cfg(test)]
mod tests;

use std::{fmt, ops::Range, sync::Arc};

use serde::Deserialize;
use toml::Spanned;

use self::{
    check::Mistake,
    document::Document,
    place::{ClassicPlace, CpuPlace, DesfirePlace, PagePlace},
};
use crate::{KeyRing, ProfileError, Randomness, mifare::ClassicSize, randomness};

pub use self::published::PUBLISHED_PROFILES;

/// The text of one profile, and by what name mistakes in it are told.
#[derive(Clone, Copy, Debug)]
pub struct ProfileText<'a> {
    /// The name of its file.
    pub file: &'a str,
    /// What the file holds.
    pub text: &'a str,
}

/// Everything that can be configured about the reading of cards, checked and
/// with its keys. Cheap to clone; the default knows nothing.
#[derive(Clone)]
pub struct ReadingProfile {
    places: Arc<Places>,
    max_key_attempts: KeyAttempts,
    random: Randomness,
}

/// How often keys may be tried on one card: 1 to 16 authentications a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub struct KeyAttempts(u8);

/// The places of all profiles by family of chip, each in the order in which it
/// is tried.
#[derive(Default)]
struct Places {
    classic: Vec<ClassicPlace>,
    pages: Vec<PagePlace>,
    cpu: Vec<CpuPlace>,
    desfire: Vec<DesfirePlace>,
}

impl KeyAttempts {
    /// What a reading may take at most, so that it stays short and is no search
    /// for a key.
    pub const MAX: u8 = 16;

    /// So many attempts; `None` for none and for more than [`Self::MAX`].
    #[must_use]
    pub fn new(n_attempts: u8) -> Option<Self> {
        (1..=Self::MAX)
            .contains(&n_attempts)
            .then_some(Self(n_attempts))
    }

    /// How many.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for KeyAttempts {
    type Error = String;

    fn try_from(n_attempts: u8) -> Result<Self, Self::Error> {
        let max = Self::MAX;
        Self::new(n_attempts).ok_or_else(|| format!("keys are tried 1 to {max} times"))
    }
}

impl Default for KeyAttempts {
    fn default() -> Self {
        Self(4)
    }
}

impl ReadingProfile {
    /// The most places that are tried on one kind of chip, so that a reading
    /// stays short.
    pub const MAX_PLACES: usize = 4;

    /// Reads profiles, checks them and finds their keys. Places are tried in
    /// the order of the profiles and, in each, of its text.
    ///
    /// # Errors
    ///
    /// [`ProfileError::Profile`], which says in which file and line what is to
    /// be corrected.
    pub fn new(profiles: &[ProfileText<'_>], keys: &KeyRing) -> Result<Self, ProfileError> {
        let mut places = Places::default();
        for profile in profiles {
            places
                .add(profile.text, keys)
                .map_err(|mistake| ProfileError::Profile {
                    file: profile.file.to_owned(),
                    line: line_of(profile.text, &mistake.span),
                    problem: mistake.problem,
                })?;
        }
        Ok(Self {
            places: Arc::new(places),
            ..Self::default()
        })
    }

    /// The same, with another limit to the keys that are tried on a card.
    #[must_use]
    pub fn with_key_attempts(mut self, max: KeyAttempts) -> Self {
        self.max_key_attempts = max;
        self
    }

    /// The same, with a source of the challenges that chips have to answer.
    /// Without one a chip that should prove its key makes a reading fail.
    #[must_use]
    pub fn with_randomness(mut self, random: Randomness) -> Self {
        self.random = random;
        self
    }

    /// Where challenges come from.
    #[must_use]
    pub fn randomness(&self) -> Randomness {
        self.random
    }

    /// How often keys may be tried on one card.
    pub(crate) fn max_key_attempts(&self) -> u8 {
        self.max_key_attempts.get()
    }

    /// The places to look at on a MIFARE Classic of that size.
    pub(crate) fn classic(&self, size: ClassicSize) -> impl Iterator<Item = &ClassicPlace> {
        let places = self.places.classic.iter();
        places.filter(move |place| {
            let needed = place.form.blocks();
            needed.iter().all(|block| size.has(*block))
        })
    }

    /// The places to look at on an Ultralight or NTAG.
    pub(crate) fn pages(&self) -> &[PagePlace] {
        &self.places.pages
    }

    /// The places to look at on a processor card.
    pub(crate) fn cpu(&self) -> &[CpuPlace] {
        &self.places.cpu
    }

    /// The places to look at on a `DESFire`.
    pub(crate) fn desfire(&self) -> &[DesfirePlace] {
        &self.places.desfire
    }
}

impl Default for ReadingProfile {
    fn default() -> Self {
        Self {
            places: Arc::default(),
            max_key_attempts: KeyAttempts::default(),
            random: randomness::none,
        }
    }
}

impl Places {
    /// Adds the places of one profile.
    fn add(&mut self, text: &str, keys: &KeyRing) -> Result<(), Mistake> {
        let document: Document = toml::from_str(text).map_err(|error| Mistake {
            span: error.span().unwrap_or_default(),
            problem: error.message().to_owned(),
        })?;
        for described in [&document.name, &document.source] {
            if described.as_ref().trim().is_empty() {
                return Err(Mistake {
                    span: described.span(),
                    problem: "say it in words".to_owned(),
                });
            }
        }
        let Document {
            mifare_classic,
            ultralight,
            cpu,
            desfire,
            ..
        } = document;
        add_all(&mut self.classic, &mifare_classic, |it| {
            check::classic(it.as_ref(), keys)
        })?;
        add_all(&mut self.pages, &ultralight, |it| check::page(it, keys))?;
        add_all(&mut self.cpu, &cpu, |it| check::cpu(it, keys))?;
        add_all(&mut self.desfire, &desfire, |it| {
            check::desfire(it.as_ref(), keys)
        })
    }
}

fn add_all<T, P>(
    places: &mut Vec<P>,
    tables: &[Spanned<T>],
    check: impl Fn(&Spanned<T>) -> Result<P, Mistake>,
) -> Result<(), Mistake> {
    for table in tables {
        if places.len() == ReadingProfile::MAX_PLACES {
            let max = ReadingProfile::MAX_PLACES;
            return Err(Mistake {
                span: table.span(),
                problem: format!("at most {max} places are tried on one kind of chip"),
            });
        }
        places.push(check(table)?);
    }
    Ok(())
}

/// The line, from 1, on which a part of a text begins.
fn line_of(text: &str, span: &Range<usize>) -> usize {
    let before = text.bytes().take(span.start);
    1 + before.filter(|byte| *byte == b'\n').count()
}

impl fmt::Debug for ReadingProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadingProfile")
            .field("classic", &self.places.classic)
            .field("pages", &self.places.pages)
            .field("cpu", &self.places.cpu)
            .field("desfire", &self.places.desfire)
            .field("max_key_attempts", &self.max_key_attempts.get())
            .finish_non_exhaustive()
    }
}
