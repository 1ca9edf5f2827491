//! The reading of each family against plain C doing the same exchanges.

use crate::{
    N_ROUNDS,
    child::Role,
    exchanges::commands_of,
    families,
    raw::{Raw, in_transaction},
    reading::{await_card, await_empty, read_directly},
    report::Section,
    sample::{Series, median_of},
};

/// Readings a round.
const N_READINGS: usize = 100;
/// The slot on which the cards lie one after the other.
const SLOT: usize = 0;

/// Puts a card of each family on `reader` and has it read by the calls of a
/// reader's thread, which recognise, read and judge it, and by plain C, which
/// sends the same commands. What is never sent anything is left out.
pub(crate) fn measure(raw: &Raw, reader: &str, cards: &mut Role) -> anyhow::Result<Section> {
    let mut section =
        Section::new("Reading of each family (so many exchanges), to plain C doing the same");
    for family in families::all()? {
        let (name, profile) = (family.name, family.profile.clone());
        let commands = commands_of(family)?;
        if commands.is_empty() {
            continue;
        }
        cards.ask(&format!("remove {SLOT}"))?;
        await_empty(reader)?;
        cards.ask(&format!("insert {SLOT} {name}"))?;
        let mut own_reader = await_card(reader)?;
        let script = in_transaction(reader, &commands);
        let (mut plain, mut own) = <(Series, Series)>::default();
        for _ in 0..N_ROUNDS {
            plain.push(raw.measure(script, N_READINGS)?);
            own.push(median_of(N_READINGS, || {
                read_directly(own_reader.as_mut(), &profile)
            })?);
        }
        let n_commands = commands.len();
        let what = format!("{name} ({n_commands})");
        section = section
            .time(format!("{what}: plain C"), plain.median())
            .figure(what, own.ratio_to(&plain), "", 1.10);
    }
    cards.ask(&format!("remove {SLOT}"))?;
    Ok(section)
}
