//! Carrying out a plan, and taking up one that was broken off.

use super::{
    Content, Journal, Medium, Side, Standing, Step, WriteEnd, WriteError, WriteId, WritePlan,
};

/// Writes a card by a plan.
///
/// # Errors
///
/// [`WriteError`]. Where something was written, the journal's entry is open.
pub(crate) fn carry_out(
    medium: &mut dyn Medium,
    plan: &WritePlan,
    journal: &mut dyn Journal,
) -> Result<WriteEnd, WriteError> {
    same_card(medium, plan)?;
    let standings = survey(medium, plan)?;
    let is_known = |standing: &Standing| !matches!(standing, Standing::Other | Standing::Closed);
    if !standings.iter().all(is_known) {
        return Err(WriteError::NotAsPlanned);
    }
    let id = journal.open(plan)?;
    for (step, standing) in plan.steps.iter().zip(standings) {
        if !standing.is(Side::New) {
            medium.set(step, Side::New)?;
        }
    }
    medium.commit()?;
    finish(medium, plan, Side::New)?;
    journal.close(id, WriteEnd::Written)?;
    Ok(WriteEnd::Written)
}

/// Takes up a plan whose entry is open, with its card back in the field.
///
/// A card on which nothing was changed yet keeps its old content. Any other is
/// finished, unless `wanted` says otherwise: what was asked for was the new
/// content. Torn places are set again, and so are those that look whole and may
/// not be: a bit that a torn write left between 0 and 1 reads as either.
///
/// # Errors
///
/// [`WriteError`]. The journal's entry stays open.
pub(crate) fn recover(
    medium: &mut dyn Medium,
    id: WriteId,
    plan: &WritePlan,
    wanted: Option<Side>,
    journal: &mut dyn Journal,
) -> Result<WriteEnd, WriteError> {
    same_card(medium, plan)?;
    let standings = survey(medium, plan)?;
    let end = if standings.contains(&Standing::Closed) {
        WriteEnd::Spoilt
    } else {
        let untouched = standings.iter().all(|standing| standing.is(Side::Old));
        let side = wanted.unwrap_or(if untouched { Side::Old } else { Side::New });
        settle(medium, plan, &standings, side)?;
        finish(medium, plan, side)?;
        match side {
            Side::New => WriteEnd::Written,
            Side::Old => WriteEnd::RolledBack,
        }
    };
    journal.close(id, end)?;
    Ok(end)
}

fn same_card(medium: &mut dyn Medium, plan: &WritePlan) -> Result<(), WriteError> {
    if medium.uid()? == plan.uid {
        Ok(())
    } else {
        Err(WriteError::OtherCard)
    }
}

fn survey(medium: &mut dyn Medium, plan: &WritePlan) -> Result<Vec<Standing>, WriteError> {
    let standings = plan.steps.iter().map(|step| medium.standing(step));
    standings.collect()
}

/// Brings every place of a torn card to one side.
fn settle(
    medium: &mut dyn Medium,
    plan: &WritePlan,
    standings: &[Standing],
    side: Side,
) -> Result<(), WriteError> {
    for step in in_order(plan, standings, side) {
        medium.set(step, side)?;
    }
    medium.commit()
}

/// The places that are set to bring a torn card to one side, in their order.
///
/// A plan is written from its beginning, and taken back from its end, each place
/// when the card has confirmed the one before. So the places stand new up to
/// some place and old behind it, and only the last new one, or the first old
/// one, may be in doubt.
fn in_order<'p>(plan: &'p WritePlan, standings: &[Standing], side: Side) -> Vec<&'p Step> {
    let last_begun = standings.iter().rposition(|it| !it.is(Side::Old));
    let in_doubt = match side {
        Side::New => last_begun,
        Side::Old => Some(last_begun.map_or(0, |last| last + 1)),
    };
    let steps = plan.steps.iter().zip(standings).enumerate();
    let chosen = steps.filter(|(index, (step, standing))| {
        !standing.is(side) || (in_doubt == Some(*index) && may_waver(step))
    });
    let mut chosen = chosen.map(|(_, chosen)| chosen).collect::<Vec<_>>();
    if side == Side::Old {
        // The other way round, so that what was changed last, such as a switch
        // or a key, is put back first.
        chosen.reverse();
        // A place that is torn visibly is the one that the card left at. It may
        // be a key without which the place behind it, once torn as well, could
        // not be set again: so what only may be in doubt comes after it.
        if standings.contains(&Standing::Other) {
            chosen.sort_by_key(|(_, standing)| standing.is(side));
        }
    }
    chosen.into_iter().map(|(step, _)| step).collect()
}

/// Whether a place that looks whole may be set again. Keys are left alone: to
/// be torn there is worse than what it cures.
fn may_waver(step: &Step) -> bool {
    matches!(step.new, Content::Bytes(_))
}

/// Reads everything back, from the card that was meant.
fn finish(medium: &mut dyn Medium, plan: &WritePlan, side: Side) -> Result<(), WriteError> {
    let standings = survey(medium, plan)?;
    if !standings.iter().all(|standing| standing.is(side)) {
        return Err(WriteError::NotConfirmed);
    }
    same_card(medium, plan)
}

#[cfg(test)]
mod tests {
    use xueka_domain::Uid;
    use xueka_transport::TransportError;

    use super::*;
    use crate::write::{JournalError, Place};

    /// What a place becomes when the card leaves while it is written.
    #[derive(Clone, Copy, Debug)]
    enum Tear {
        Before,
        Between,
        After,
        /// Like `After`, and what is there reads as the old content as well.
        Weak,
        /// Like `Between`, and what is there afterwards opens with no key.
        Shut,
    }

    /// Places in memory, and a card that leaves at the n-th call.
    struct Memory {
        uid: Uid,
        places: Vec<Standing>,
        n_calls_left: Option<usize>,
        tear: Tear,
        /// The place that was written weakly, and how often it was looked at.
        weak: Option<(usize, usize)>,
    }

    impl Memory {
        fn new(n_places: usize) -> Self {
            Self {
                uid: uid(1),
                places: vec![Standing::Old; n_places],
                n_calls_left: None,
                tear: Tear::Before,
                weak: None,
            }
        }

        /// Counts a call; whether the card leaves in it.
        fn leaves(&mut self) -> bool {
            match &mut self.n_calls_left {
                None => false,
                Some(0) => true,
                Some(left) => {
                    *left -= 1;
                    *left == 0
                }
            }
        }

        fn is_gone(&self) -> bool {
            self.n_calls_left == Some(0)
        }

        fn gone<T>() -> Result<T, WriteError> {
            Err(TransportError::CardGone.into())
        }

        fn all_are(&self, side: Side) -> bool {
            self.places.iter().all(|standing| standing.is(side))
        }
    }

    impl Medium for Memory {
        fn uid(&mut self) -> Result<Uid, WriteError> {
            if self.leaves() {
                return Self::gone();
            }
            Ok(self.uid)
        }

        fn standing(&mut self, step: &Step) -> Result<Standing, WriteError> {
            if self.leaves() {
                return Self::gone();
            }
            let index = index(step);
            let known = self.places[index];
            match &mut self.weak {
                Some((weak, n_looks)) if *weak == index => {
                    *n_looks += 1;
                    let looks = [known, Standing::Old, Standing::New];
                    Ok(looks[*n_looks % 3])
                }
                _ => Ok(known),
            }
        }

        fn set(&mut self, step: &Step, side: Side) -> Result<(), WriteError> {
            let target = match side {
                Side::Old => Standing::Old,
                Side::New => Standing::New,
            };
            let was_gone = self.is_gone();
            let leaves = self.leaves();
            let place = &mut self.places[index(step)];
            if !was_gone {
                self.weak = self.weak.filter(|(weak, _)| *weak != index(step));
            }
            if !leaves {
                *place = target;
                return Ok(());
            }
            match self.tear {
                _ if was_gone => {}
                Tear::Before => {}
                Tear::Between => *place = Standing::Other,
                Tear::After => *place = target,
                Tear::Weak => {
                    *place = target;
                    self.weak = Some((index(step), 0));
                }
                Tear::Shut => *place = Standing::Closed,
            }
            Self::gone()
        }
    }

    #[derive(Default)]
    struct Notes {
        open: Vec<WriteId>,
        ends: Vec<WriteEnd>,
        is_full: bool,
    }

    impl Journal for Notes {
        fn open(&mut self, _: &WritePlan) -> Result<WriteId, JournalError> {
            if self.is_full {
                return Err(JournalError("disk full".into()));
            }
            self.open.push(WriteId(7));
            Ok(WriteId(7))
        }

        fn close(&mut self, id: WriteId, end: WriteEnd) -> Result<(), JournalError> {
            self.open.retain(|open| *open != id);
            self.ends.push(end);
            Ok(())
        }
    }

    fn uid(last: u8) -> Uid {
        Uid::try_from([0x04, 0x5A, 0x13, last].as_slice()).unwrap()
    }

    fn index(step: &Step) -> usize {
        match step.place {
            Place::Page(page) => page.into(),
            other => panic!("{other:?}"),
        }
    }

    fn plan(n_places: u8) -> WritePlan {
        let step = |page| Step {
            place: Place::Page(page),
            keys: Vec::new(),
            old: Content::Bytes(vec![0]),
            new: Content::Bytes(vec![1]),
        };
        WritePlan {
            uid: uid(1),
            steps: (0..n_places).map(step).collect(),
        }
    }

    #[test]
    fn a_plan_is_written_read_back_and_closed() {
        let (mut card, mut notes) = (Memory::new(3), Notes::default());
        let end = carry_out(&mut card, &plan(3), &mut notes).unwrap();
        assert_eq!(end, WriteEnd::Written);
        assert!(card.all_are(Side::New) && notes.open.is_empty());
        assert_eq!(notes.ends, [WriteEnd::Written]);
    }

    #[test]
    fn nothing_is_written_to_a_card_that_is_not_as_planned() {
        let mut other = Memory::new(2);
        other.uid = uid(2);
        let mut changed = Memory::new(2);
        changed.places[1] = Standing::Other;
        let mut closed = Memory::new(2);
        closed.places[0] = Standing::Closed;
        for (mut card, is_other) in [(other, true), (changed, false), (closed, false)] {
            let before = card.places.clone();
            let mut notes = Notes::default();
            let error = carry_out(&mut card, &plan(2), &mut notes).unwrap_err();
            assert_eq!(matches!(error, WriteError::OtherCard), is_other);
            assert_eq!(matches!(error, WriteError::NotAsPlanned), !is_other);
            assert_eq!(card.places, before);
            assert!(notes.open.is_empty());
        }
    }

    #[test]
    fn without_a_journal_nothing_is_written() {
        let mut card = Memory::new(2);
        let mut notes = Notes {
            is_full: true,
            ..Notes::default()
        };
        let error = carry_out(&mut card, &plan(2), &mut notes).unwrap_err();
        assert!(matches!(error, WriteError::Journal(_)));
        assert!(card.all_are(Side::Old));
    }

    /// A card leaves at each call of the writing, and then at each call of the
    /// recovery: in the end it is whole, and until then the journal is open.
    #[test]
    fn a_card_that_leaves_at_any_moment_is_made_whole() {
        const N_PLACES: u8 = 3;
        let mut n_torn = 0;
        for tear in [Tear::Before, Tear::Between, Tear::After, Tear::Weak] {
            for leaves_at in 1..40 {
                for leaves_again_at in 1..40 {
                    let (mut card, mut notes) = (Memory::new(N_PLACES.into()), Notes::default());
                    let plan = plan(N_PLACES);
                    card.tear = tear;
                    card.n_calls_left = Some(leaves_at);
                    if carry_out(&mut card, &plan, &mut notes).is_ok() {
                        assert!(card.all_are(Side::New));
                        continue;
                    }
                    card.n_calls_left = Some(leaves_again_at);
                    let is_whole = card.all_are(Side::Old) || card.all_are(Side::New);
                    assert!(is_whole || !notes.open.is_empty(), "torn and not noted");
                    let Some(&id) = notes.open.first() else {
                        continue;
                    };
                    n_torn += 1;
                    if recover(&mut card, id, &plan, None, &mut notes).is_err() {
                        assert_eq!(notes.open, [id], "still noted");
                        card.n_calls_left = None;
                        recover(&mut card, id, &plan, None, &mut notes).unwrap();
                    }
                    let side = match notes.ends[..] {
                        [WriteEnd::Written] => Side::New,
                        [WriteEnd::RolledBack] => Side::Old,
                        ref ends => panic!("{ends:?}"),
                    };
                    assert!(card.all_are(side) && notes.open.is_empty());
                    assert_eq!(card.weak, None, "a bit wavers and nobody knows");
                }
            }
        }
        assert!(n_torn > 500, "only {n_torn} cards were torn");
    }

    #[test]
    fn what_may_be_in_doubt_is_set_again_and_nothing_else() {
        use Standing::{New, Old, Other};
        let cases = [
            (Side::New, [New, New, Old], vec![1, 2], "the last new one"),
            (Side::New, [New, Other, Old], vec![1, 2], "torn visibly"),
            (Side::New, [New, New, New], vec![2], "all new"),
            (
                Side::Old,
                [New, New, Old],
                vec![2, 1, 0],
                "the first old one",
            ),
            (
                Side::Old,
                [New, Other, Old],
                vec![1, 0, 2],
                "the torn one first",
            ),
            (Side::Old, [Old, Old, Old], vec![0], "nothing to see"),
            (Side::Old, [New, New, New], vec![2, 1, 0], "all new"),
        ];
        for (side, standings, expected, why) in cases {
            let plan = plan(3);
            let order = in_order(&plan, &standings, side);
            let order = order.into_iter().map(index).collect::<Vec<_>>();
            assert_eq!(order, expected, "{side:?}, {why}");
        }
        let mut keys = plan(1);
        keys.steps[0].new = Content::Key("school".to_owned());
        assert!(
            in_order(&keys, &[New], Side::New).is_empty(),
            "a key is left"
        );
    }

    #[test]
    fn a_torn_card_goes_back_when_that_is_wanted() {
        let (mut card, mut notes) = (Memory::new(3), Notes::default());
        card.places = vec![Standing::New, Standing::Other, Standing::Old];
        let id = notes.open(&plan(3)).unwrap();
        let end = recover(&mut card, id, &plan(3), Some(Side::Old), &mut notes).unwrap();
        assert_eq!(end, WriteEnd::RolledBack);
        assert!(card.all_are(Side::Old));
    }

    #[test]
    fn a_place_that_opens_with_no_key_spoils_the_card() {
        let (mut card, mut notes) = (Memory::new(2), Notes::default());
        card.tear = Tear::Shut;
        // UID, two places looked at, the first one set.
        card.n_calls_left = Some(4);
        assert!(carry_out(&mut card, &plan(2), &mut notes).is_err());
        card.n_calls_left = None;
        let end = recover(&mut card, WriteId(7), &plan(2), None, &mut notes).unwrap();
        assert_eq!(end, WriteEnd::Spoilt);
        assert!(notes.open.is_empty());
    }
}
