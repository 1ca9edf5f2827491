//! Cards and readers that answer something else than they should, while they
//! are planned for, written and recovered.

use proptest::prelude::*;
use xueka_cards::{CardContent, recover_card, write_card};
use xueka_simulator::VirtualCard;
use xueka_transport::{CardSession, CardTransport, TransportError};

use crate::{classic, notes::Notes, pages, torn::School};

/// A card behind a reader that changes some of the answers.
struct Liar {
    card: VirtualCard,
    /// What is answered instead at which exchange.
    lies: Vec<(usize, Vec<u8>)>,
    n_exchanges: usize,
}

impl CardTransport for Liar {
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        self.card.transmit(command, response)?;
        let lie = self.lies.iter().find(|(at, _)| *at == self.n_exchanges);
        if let Some((_, lie)) = lie {
            response.clone_from(lie);
        }
        self.n_exchanges += 1;
        Ok(())
    }
}

impl CardSession for Liar {
    fn atr(&self) -> &[u8] {
        self.card.atr()
    }
}

/// More exchanges than any of these writings takes.
const MANY: usize = 400;

fn lie() -> impl Strategy<Value = Vec<u8>> {
    let begin = prop::sample::select(vec!["", "D54300", "E1101200", "00000000FF078069"]);
    let bytes = prop::collection::vec(any::<u8>(), 0..20);
    let end = prop::sample::select(vec!["9000", "9000", "6300", "6982", "6110", "6C10", ""]);
    (begin, bytes, end).prop_map(|(begin, bytes, end)| {
        let part = |digits| hex::decode(digits).unwrap();
        [part(begin), bytes, part(end)].concat()
    })
}

fn settings() -> Vec<(School, VirtualCard, CardContent)> {
    vec![
        (classic::school(), classic::blank(), classic::first()),
        (classic::school(), classic::written(), classic::second()),
        (
            pages::school(pages::PASSING),
            VirtualCard::ntag213(),
            pages::first(),
        ),
        (pages::later_school(), pages::guarded(), pages::second()),
    ]
}

proptest! {
    #[test]
    fn no_answer_panics_or_leads_to_a_place_that_is_never_written(
        setting in 0_usize..4,
        lies in prop::collection::vec((0_usize..120, lie()), 0..12),
    ) {
        let (school, card, content) = settings().swap_remove(setting);
        let mut liar = Liar { card, lies, n_exchanges: 0 };
        let mut notes = Notes::default();
        if let Ok(plan) = school.plan(&mut liar, &content) {
            let _ = write_card(&mut liar, school.tools(), &plan, &mut notes);
        }
        if let Some((id, plan)) = notes.taken_up() {
            let _ = recover_card(&mut liar, school.tools(), id, &plan, None, &mut notes);
        }
        prop_assert!(liar.n_exchanges < MANY, "{} exchanges", liar.n_exchanges);
        for exchange in liar.card.exchanges() {
            if let [0xFF, 0xD6, high, place, ..] = exchange.command[..] {
                let is_harmful = match setting {
                    // The maker's sector.
                    0 | 1 => place < 4,
                    // UID, locks, one-time bits, dynamic locks, ACCESS.
                    _ => matches!(place, 0..=3 | 40 | 42),
                };
                prop_assert!(high == 0 && !is_harmful, "{place}");
            }
        }
    }
}
