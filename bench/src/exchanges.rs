//! What a reading sends to a card of each family.

use std::fmt;

use anyhow::Context;
use serde_json::{Value, json};
use xueka_cards::{ReadingProfile, read_card};
use xueka_simulator::{Exchange, VirtualCard};
use xueka_transport::Dialect;

/// The commands of one reading, and how the card answered.
#[derive(Debug)]
pub(crate) struct FamilyExchanges {
    /// The virtual card's kind, with what is special about it.
    kind: String,
    exchanges: Vec<Exchange>,
}

impl FamilyExchanges {
    fn of(name: &str, mut card: VirtualCard) -> anyhow::Result<Self> {
        read_card(&mut card, &Dialect::STANDARD, &ReadingProfile::default())
            .with_context(|| format!("the virtual card {name} cannot be read"))?;
        Ok(Self {
            kind: name.into(),
            exchanges: card.exchanges(),
        })
    }

    pub(crate) fn to_json(&self) -> Value {
        let lines: Vec<_> = self.exchanges.iter().map(ToString::to_string).collect();
        json!({ "card": self.kind, "exchanges": lines })
    }
}

impl fmt::Display for FamilyExchanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {} ({})", self.kind, self.exchanges.len())?;
        for exchange in &self.exchanges {
            write!(f, "\n    {exchange}")?;
        }
        Ok(())
    }
}

/// The transit card that all timings are taken with.
pub(crate) fn transit_card() -> VirtualCard {
    VirtualCard::transit("1000751012345678").uid([0x3A, 0x5C, 0x7E, 0x91])
}

/// One reading of a card of each family that can be simulated.
pub(crate) fn of_all_families() -> anyhow::Result<Vec<FamilyExchanges>> {
    let cards = [
        ("transit-cpu", transit_card()),
        ("t-union", VirtualCard::t_union("3104870012345678901")),
        ("city-union", VirtualCard::city_union("12345678")),
        ("mifare-classic-1k", VirtualCard::mifare_classic_1k()),
        ("mifare-classic-4k", VirtualCard::mifare_classic_4k()),
        ("mifare-classic-mini", VirtualCard::mifare_classic_mini()),
        ("ultralight", VirtualCard::ultralight()),
        ("ntag213", VirtualCard::ntag213()),
        ("desfire", VirtualCard::desfire()),
        (
            "desfire with random UID",
            VirtualCard::desfire().random_uid(),
        ),
        ("other iso14443-4", VirtualCard::iso14443_4()),
        ("iso15693", VirtualCard::iso15693()),
        ("felica", VirtualCard::felica()),
        ("contact", VirtualCard::contact()),
    ];
    cards
        .into_iter()
        .map(|(name, card)| FamilyExchanges::of(name, card))
        .collect()
}
