//! Cards put into slots and taken away by a script.
//!
//! ```toml
//! [card.anna]                       # a card that steps call by its name
//! kind = "transit-cpu"
//! number = "1000751012345678"
//!
//! [[step]]
//! after = "1s"                      # since the step before
//! slot = 0
//! insert = "anna"
//!
//! [[step]]
//! at = "3s"                         # since the beginning
//! slot = 0
//! remove = true
//!
//! [[step]]
//! slot = 0                          # at once
//! insert = { kind = "mifare-classic-1k", uid = "11223344" }
//! ```

use std::{collections::BTreeMap, ops::ControlFlow, time::Duration};

use crate::{
    DescriptionError, Simulator, SimulatorError, VirtualCard, description, fields::Fields,
};

/// Slots are numbered below this.
const MOST_SLOTS: u64 = 1024;

/// Steps in the order in which they happen.
///
/// Each insertion puts a fresh copy of its card into the slot, so what was
/// written to a card is gone when it comes back, and its faults strike again.
#[derive(Clone, Debug)]
pub struct Scenario {
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
struct Step {
    /// Since the beginning.
    at: Duration,
    slot: usize,
    action: Action,
}

#[derive(Clone, Debug)]
enum Action {
    Insert(Box<VirtualCard>),
    Remove,
}

impl Scenario {
    /// Reads a scenario file.
    ///
    /// Cards stand in it as [`VirtualCard::from_toml`] reads them, under names
    /// (`[card.NAME]`) or within the steps.
    ///
    /// # Errors
    ///
    /// [`DescriptionError`] with the line in the whole text and the reason.
    pub fn from_toml(text: &str) -> Result<Self, DescriptionError> {
        let mut fields = Fields::parse(text)?;
        let mut cards = BTreeMap::new();
        if let Some(mut named) = fields.table("card")? {
            for (name, table) in named.named_tables()? {
                cards.insert(name, description::card(table)?);
            }
        }
        let mut steps = Vec::new();
        let mut now = Duration::ZERO;
        for table in fields.tables("step")? {
            let step = step(table, now, &cards)?;
            now = step.at;
            steps.push(step);
        }
        if steps.is_empty() {
            return Err(fields.incomplete("a scenario needs at least one [[step]]"));
        }
        fields.finish("a scenario")?;
        Ok(Self { steps })
    }

    /// How many steps there are.
    #[must_use]
    pub fn n_steps(&self) -> usize {
        self.steps.len()
    }

    /// How long the scenario takes from its beginning to its last step.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.steps.last().map_or(Duration::ZERO, |step| step.at)
    }

    /// Does the steps, one after the other, on the calling thread.
    ///
    /// `wait` is called before each step that does not follow at once, with
    /// the time to let pass, and can end the play by breaking: for a daemon it
    /// waits for that time or for its shutdown, for a test it only notes the
    /// time. What lies in the slots at the end stays there.
    ///
    /// # Errors
    ///
    /// As [`Simulator::insert`] and [`Simulator::remove`]; the steps after the
    /// one that failed are not done.
    pub fn play(
        &self,
        simulator: &Simulator,
        wait: &mut dyn FnMut(Duration) -> ControlFlow<()>,
    ) -> Result<(), SimulatorError> {
        let mut now = Duration::ZERO;
        for step in &self.steps {
            let pause = step.at.saturating_sub(now);
            if !pause.is_zero() && wait(pause).is_break() {
                return Ok(());
            }
            now = step.at;
            match &step.action {
                Action::Insert(card) => simulator.insert(step.slot, card.as_ref().clone())?,
                Action::Remove => simulator.remove(step.slot)?,
            }
        }
        Ok(())
    }
}

fn step(
    mut fields: Fields<'_>,
    now: Duration,
    cards: &BTreeMap<String, VirtualCard>,
) -> Result<Step, DescriptionError> {
    let at = time(&mut fields, now)?;
    let Some(slot) = fields.number("slot", 0..=MOST_SLOTS)? else {
        return Err(fields.incomplete("a [[step]] needs `slot`"));
    };
    let action = action(&mut fields, cards)?;
    fields.finish("a step")?;
    Ok(Step {
        at,
        slot: usize::try_from(slot.value).unwrap_or(usize::MAX),
        action,
    })
}

/// When the step happens, since the beginning.
fn time(fields: &mut Fields<'_>, now: Duration) -> Result<Duration, DescriptionError> {
    match (fields.duration("at")?, fields.duration("after")?) {
        (Some(_), Some(_)) => Err(fields.incomplete("a [[step]] has `at` or `after`, not both")),
        (Some(at), None) if at.value < now => {
            Err(fields.wrong(&at, "`at` lies before the step above it"))
        }
        (Some(at), None) => Ok(at.value),
        (None, Some(after)) => Ok(now.saturating_add(after.value)),
        (None, None) => Ok(now),
    }
}

fn action(
    fields: &mut Fields<'_>,
    cards: &BTreeMap<String, VirtualCard>,
) -> Result<Action, DescriptionError> {
    if fields.has("insert") && fields.has("remove") {
        return Err(fields.incomplete("a [[step]] has `insert` or `remove`, not both"));
    }
    if fields.has("insert") {
        let card = if fields.is_text("insert") {
            named_card(fields, cards)?
        } else {
            fields.table("insert")?.map(description::card).transpose()?
        };
        if let Some(card) = card {
            return Ok(Action::Insert(Box::new(card)));
        }
    }
    match fields.flag("remove")? {
        Some(remove) if remove.value => Ok(Action::Remove),
        _ => Err(fields.incomplete("a [[step]] needs `insert`, or `remove = true`")),
    }
}

fn named_card(
    fields: &mut Fields<'_>,
    cards: &BTreeMap<String, VirtualCard>,
) -> Result<Option<VirtualCard>, DescriptionError> {
    let Some(name) = fields.text("insert")? else {
        return Ok(None);
    };
    match cards.get(&name.value) {
        Some(card) => Ok(Some(card.clone())),
        None => Err(fields.wrong(&name, "`insert` names no card; write it as [card.NAME]")),
    }
}
