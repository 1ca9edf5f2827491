//! What happens to a card, told by a seed.

use std::{fmt, time::Duration};

use super::{Fault, VirtualCard};
use crate::chip::noise::Noise;

/// One fault at one command, both chosen by a seed: one seed, one story.
///
/// A test that runs through many seeds prints the story of the one that
/// failed, and replays it with [`of`](Self::of).
///
/// ```
/// use xueka_simulator::{Story, VirtualCard};
///
/// let story = Story::of(7, 4);
/// let card = story.befall(VirtualCard::transit("1000751012345678"));
/// assert_eq!(story.to_string(), Story::of(7, 4).to_string());
/// # drop(card);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    seed: u64,
    at_command: u32,
    fault: Fault,
}

impl Story {
    /// Any fault, at one of the first `n_commands` commands.
    #[must_use]
    pub fn of(seed: u64, n_commands: u32) -> Self {
        let mut noise = Noise::new(seed);
        let at_command = command(&mut noise, n_commands);
        let detail = noise.next();
        let [low, high, more, _, _, _, _, _] = detail.to_le_bytes();
        let fault = match noise.next() % 17 {
            0 => Fault::Tear { obeyed: false },
            1 => Fault::Tear { obeyed: true },
            2 | 3 => Fault::TornWrite { seed: detail },
            4 => Fault::Silence { obeyed: false },
            5 => Fault::Silence { obeyed: true },
            6 => Fault::Garbage { seed: detail },
            7 => Fault::Truncated {
                n_bytes: u16::from(low % 8) + 1,
            },
            8 => Fault::HalfResponse,
            9 => Fault::EmptyResponse,
            10 => Fault::OneByteResponse,
            11 => Fault::OverlongResponse {
                n_bytes: u16::from_le_bytes([low, high % 4]),
            },
            12 => Fault::Delay(Duration::from_millis(u64::from(low % 4))),
            13 => Fault::Reset,
            14 => Fault::Unplug,
            15 => Fault::ServiceRestart,
            _ => Fault::Swap {
                uid: vec![0x5A, low, high, more],
            },
        };
        Self {
            seed,
            at_command,
            fault,
        }
    }

    /// A card that leaves at one of the first `n_commands` commands, before it
    /// obeys, after, or in the middle of writing.
    #[must_use]
    pub fn of_a_tear(seed: u64, n_commands: u32) -> Self {
        let mut noise = Noise::new(seed);
        let at_command = command(&mut noise, n_commands);
        let fault = match noise.next() % 4 {
            0 => Fault::Tear { obeyed: false },
            1 => Fault::Tear { obeyed: true },
            _ => Fault::TornWrite { seed: noise.next() },
        };
        Self {
            seed,
            at_command,
            fault,
        }
    }

    /// The card to which it happens.
    #[must_use]
    pub fn befall(&self, card: VirtualCard) -> VirtualCard {
        card.fault(self.at_command, self.fault.clone())
    }

    /// At which command, counted from 1.
    #[must_use]
    pub fn at_command(&self) -> u32 {
        self.at_command
    }

    /// What happens.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        &self.fault
    }
}

fn command(noise: &mut Noise, n_commands: u32) -> u32 {
    let index = noise.next() % u64::from(n_commands.max(1));
    u32::try_from(index).unwrap_or_default().saturating_add(1)
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            at_command,
            fault,
        } = self;
        write!(f, "seed {seed}: at command {at_command}, {fault:?}")
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, mem::discriminant};

    use super::*;

    #[test]
    fn seeds_tell_every_fault_at_every_command_and_each_tells_it_again() {
        let mut faults = Vec::new();
        let mut commands = BTreeSet::new();
        for seed in 0..2000 {
            let story = Story::of(seed, 5);
            assert_eq!(story, Story::of(seed, 5), "{story}");
            let kind = discriminant(story.fault());
            if !faults.contains(&kind) {
                faults.push(kind);
            }
            commands.insert(story.at_command());
        }
        assert_eq!(faults.len(), 14, "kinds of faults");
        assert_eq!(commands.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    }
}
