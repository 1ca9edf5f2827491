//! What a reading sends to a card of each family.

use std::fmt;

use anyhow::Context;
use serde_json::{Value, json};
use xueka_cards::read_card;
use xueka_simulator::Exchange;
use xueka_transport::Dialect;

use crate::families::{self, Family};

/// The commands of one reading, and how the card answered.
#[derive(Debug)]
pub(crate) struct FamilyExchanges {
    kind: &'static str,
    exchanges: Vec<Exchange>,
}

impl FamilyExchanges {
    fn of(family: Family) -> anyhow::Result<Self> {
        let kind = family.name;
        let exchanges = first_reading(family)?;
        Ok(Self { kind, exchanges })
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

/// One reading of a card of each family that can be simulated.
pub(crate) fn of_all_families() -> anyhow::Result<Vec<FamilyExchanges>> {
    let families = families::all()?.into_iter();
    families.map(FamilyExchanges::of).collect()
}

/// The commands of a reading that follows another, as it is measured.
pub(crate) fn commands_of(mut family: Family) -> anyhow::Result<Vec<Vec<u8>>> {
    let n_before = read(&mut family)?;
    read(&mut family)?;
    let exchanges = family.card.exchanges().into_iter().skip(n_before);
    Ok(exchanges.map(|exchange| exchange.command).collect())
}

fn first_reading(mut family: Family) -> anyhow::Result<Vec<Exchange>> {
    read(&mut family)?;
    Ok(family.card.exchanges())
}

/// Reads the card; how many exchanges it has had then.
fn read(family: &mut Family) -> anyhow::Result<usize> {
    read_card(&mut family.card, &Dialect::STANDARD, &family.profile)
        .with_context(|| format!("the virtual card {} cannot be read", family.name))?;
    Ok(family.card.exchanges().len())
}
