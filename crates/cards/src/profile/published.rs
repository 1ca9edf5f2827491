//! The profiles that are shipped: families whose layout is published.
//!
//! They have the form of a school's profile. What stands in them is read by the
//! modules of those families, which add what no profile can say: in which order
//! applications are probed, and in what single cities differ.

use std::sync::LazyLock;

use xueka_apdu::{Sfi, StatusWord};

use super::{
    Places, ProfileText,
    place::{CpuFile, CpuPlace, FileName},
};
use crate::{KeyRing, NumberSource, findings::Findings};

/// The shipped profiles, each citing its sources; examples for others.
pub const PUBLISHED_PROFILES: [ProfileText<'static>; 3] = [
    ProfileText {
        file: "beijing-transit.toml",
        text: include_str!("../../profiles/beijing-transit.toml"),
    },
    ProfileText {
        file: "t-union.toml",
        text: include_str!("../../profiles/t-union.toml"),
    },
    ProfileText {
        file: "city-union.toml",
        text: include_str!("../../profiles/city-union.toml"),
    },
];

/// Their places, each with a family of its own. A test reads them all; a
/// mistake in one costs its places and nothing more.
static PLACES: LazyLock<Vec<CpuPlace>> = LazyLock::new(|| {
    let keys = KeyRing::default();
    let places = PUBLISHED_PROFILES.iter().filter_map(|profile| {
        let mut places = Places::default();
        places.add(profile.text, &keys).ok()?;
        Some(places.cpu)
    });
    places.flatten().collect()
});

/// Takes into `findings` what the published layout of their family has in the
/// transparent file `sfi`, or notes why it is missing. Fields beyond the end of
/// the content are missing.
pub(crate) fn take(findings: &mut Findings, sfi: Sfi, content: Result<&[u8], StatusWord>) {
    let family = findings.family;
    let file = CpuFile {
        name: FileName::Short(sfi),
        record: None,
        is_in_root: false,
    };
    let source = NumberSource::PlainFile { sfi: sfi.number() };
    for place in PLACES.iter().filter(|place| place.family == family) {
        place.fields.take(findings, file, content, source);
    }
}

#[cfg(test)]
mod tests {
    use xueka_domain::CardFamily;

    use super::*;
    use crate::{
        ReadingProfile,
        family::{city_union, t_union},
        profile::place::Directory,
    };

    #[test]
    fn every_shipped_profile_is_good_and_has_a_family_of_its_own() {
        let keys = KeyRing::default();
        for profile in PUBLISHED_PROFILES {
            ReadingProfile::new(&[profile], &keys).unwrap();
        }
        let mut families = PLACES.iter().map(|place| place.family).collect::<Vec<_>>();
        families.sort_unstable();
        let expected = [
            CardFamily::TransitCpu,
            CardFamily::TUnion,
            CardFamily::CityUnion,
        ];
        assert_eq!(families, expected);
    }

    #[test]
    fn applications_are_those_that_the_families_select() {
        let directory = |family| {
            let place = PLACES.iter().find(|place| place.family == family);
            place.unwrap().directory
        };
        let cases = [
            (CardFamily::TransitCpu, Directory::Root),
            (CardFamily::TUnion, Directory::Named(t_union::APPLICATION)),
            (
                CardFamily::CityUnion,
                Directory::Named(city_union::APPLICATION),
            ),
        ];
        for (family, expected) in cases {
            assert_eq!(directory(family), expected, "{family:?}");
        }
    }
}
