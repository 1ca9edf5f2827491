//! The kinds of cards and their names in descriptions.

/// What a virtual card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    TransitCpu,
    TUnion,
    CityUnion,
    Campus,
    Fm1208,
    Fm1208Combined,
    CpuTid,
    MifareClassic1K,
    MifareClassic4K,
    MifareClassicMini,
    Ultralight,
    Ntag213,
    Ntag215,
    Ntag216,
    Desfire,
    Iso14443,
    Storage,
    Contact,
    Recording,
}

/// One row of the table of kinds.
struct Row {
    kind: Kind,
    name: &'static str,
    summary: &'static str,
}

/// Every kind with its name in descriptions and what it is, in the order in
/// which messages name them. Whatever lists kinds is made from this table.
const TABLE: &[Row] = &[
    row(
        Kind::TransitCpu,
        "transit-cpu",
        "Beijing transit CPU card with number, dates, purse and trip log",
    ),
    row(Kind::TUnion, "t-union", "T-Union transit card"),
    row(Kind::CityUnion, "city-union", "CityUnion transit card"),
    row(
        Kind::Campus,
        "campus",
        "campus card of the CityUnion family, with name and student number",
    ),
    row(
        Kind::Fm1208,
        "fm1208",
        "FM1208 CPU card with FMCOS files and keys",
    ),
    row(
        Kind::Fm1208Combined,
        "fm1208-combined",
        "FM1208-10: CPU card and MIFARE Classic 1K on one chip (SAK 28)",
    ),
    row(
        Kind::CpuTid,
        "cpu-tid",
        "imitation of a CPU card that accepts any external authentication",
    ),
    row(
        Kind::MifareClassic1K,
        "mifare-classic-1k",
        "MIFARE Classic 1K, blank with transport keys",
    ),
    row(
        Kind::MifareClassic4K,
        "mifare-classic-4k",
        "MIFARE Classic 4K, blank with transport keys",
    ),
    row(
        Kind::MifareClassicMini,
        "mifare-classic-mini",
        "MIFARE Classic Mini, blank with transport keys",
    ),
    row(Kind::Ultralight, "ultralight", "MIFARE Ultralight"),
    row(Kind::Ntag213, "ntag213", "NTAG213, 144 bytes for the user"),
    row(Kind::Ntag215, "ntag215", "NTAG215, 504 bytes for the user"),
    row(Kind::Ntag216, "ntag216", "NTAG216, 888 bytes for the user"),
    row(
        Kind::Desfire,
        "desfire",
        "MIFARE DESFire EV1, EV2 or EV3 with applications and AES keys",
    ),
    row(
        Kind::Iso14443,
        "iso14443-4",
        "any other card that speaks ISO 14443-4",
    ),
    row(Kind::Storage, "storage", "ISO 15693 or FeliCa, by its UID"),
    row(
        Kind::Contact,
        "contact",
        "card with contacts, which dies of a pseudo-APDU",
    ),
    row(
        Kind::Recording,
        "recording",
        "what `xueka record` wrote of a real card",
    ),
];

const fn row(kind: Kind, name: &'static str, summary: &'static str) -> Row {
    Row {
        kind,
        name,
        summary,
    }
}

impl Kind {
    /// The name in descriptions.
    pub(crate) fn as_str(self) -> &'static str {
        let mut rows = TABLE.iter();
        rows.find(|row| row.kind == self).map_or("", |row| row.name)
    }

    /// The kind of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut rows = TABLE.iter();
        rows.find(|row| row.name == name).map(|row| row.kind)
    }

    /// The names of all kinds in one line, as messages say them.
    pub(crate) fn names() -> String {
        let names = TABLE.iter().map(|row| row.name);
        names.collect::<Vec<_>>().join(", ")
    }
}

/// Every kind of card that can be described, by name, with what it is.
///
/// The name is what `kind` says in a description.
pub fn card_kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.iter().map(|row| (row.name, row.summary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_row_and_one_name() {
        let mut names = card_kinds().map(|(name, _)| name).collect::<Vec<_>>();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len(), "a name twice");
        for row in TABLE {
            assert_eq!(Kind::named(row.name), Some(row.kind));
            assert_eq!(row.kind.as_str(), row.name);
        }
    }
}
