//! Virtual cards.

mod constructors;
mod details;
mod fault;
mod kind;
mod story;
mod style;

use std::{fmt, mem, thread, time::Duration};

use xueka_transport::{CardSession, CardTransport, SourceError, TransportError};

pub(crate) use self::constructors::{
    DEFAULT_CAMPUS_NUMBER, DEFAULT_CITY_UNION_NUMBER, DEFAULT_T_UNION_NUMBER,
    DEFAULT_TRANSIT_NUMBER, DEFAULT_VALID_FROM, DEFAULT_VALID_UNTIL,
};
pub use self::fault::Fault;
pub(crate) use self::kind::Kind;
pub use self::kind::card_kinds;
pub use self::story::Story;
pub use self::style::ReaderStyle;
pub(crate) use self::style::{Asked, N_KEY_SLOTS, Slot};
use crate::{
    chip::{
        Chip,
        command::{Command, refuse, reply},
        noise::Noise,
        pseudo::{self, Face},
        status,
    },
    record::{Exchange, Outcome, Record},
};

/// GET RESPONSE, by which the rest of a `61xx` answer is fetched.
const GET_RESPONSE: u8 = 0xC0;
/// Bytes that an endless chain promises, and brings, at a time.
const CHAIN_LINK: u8 = 0x10;

/// One card: what it is, what it remembers, and what goes wrong with it.
///
/// Made by one of the constructors and the methods that follow, or from a
/// description ([`from_toml`](Self::from_toml)). Put into a slot of a
/// [`Simulator`](crate::Simulator), it answers the reader there; it is also a
/// [`CardSession`] of its own, for tests of code that reads one card:
///
/// ```
/// use xueka_simulator::VirtualCard;
/// use xueka_transport::CardTransport;
///
/// let mut card = VirtualCard::transit("1000751012345678").uid([0x3A, 0x5C, 0x7E, 0x91]);
/// let mut response = Vec::new();
/// card.transmit(&[0xFF, 0xCA, 0x00, 0x00, 0x00], &mut response)?;
/// assert_eq!(response, [0x3A, 0x5C, 0x7E, 0x91, 0x90, 0x00]);
/// # Ok::<(), xueka_transport::TransportError>(())
/// ```
///
/// Used that way it obeys [`Fault::Delay`] and
/// [`response_delay`](Self::response_delay) by sleeping, and a
/// [`Fault::Stuck`] card, which nobody could take away, counts as gone.
///
/// A clone has the same memory and its own, empty record of exchanges.
#[derive(Clone)]
pub struct VirtualCard {
    kind: Kind,
    chip: Chip,
    uid: UidRule,
    historical: Option<Vec<u8>>,
    atr: Vec<u8>,
    is_mute: bool,
    response_delay: Duration,
    faults: Vec<(u32, Fault)>,
    life: Life,
    record: Record,
}

/// Where the UID comes from.
#[derive(Clone, Debug)]
enum UidRule {
    Fixed(Vec<u8>),
    /// Four bytes beginning `08`, new at each activation
    /// (ISO/IEC 14443-3:2018, §6.5.4).
    Random,
}

/// What changes while the card lies in a field.
#[derive(Clone, Debug, Default)]
struct Life {
    /// The UID of this activation.
    uid: Vec<u8>,
    n_commands: u32,
    /// Faults that began at an earlier command and stay.
    lasting: Vec<Fault>,
    is_dead: bool,
    is_gone: bool,
    was_reset: bool,
}

/// What a card makes of one command, and when.
#[derive(Debug)]
pub(crate) struct Reaction {
    /// How long the answer takes.
    pub(crate) delay: Duration,
    pub(crate) outcome: Outcome,
}

impl VirtualCard {
    /// The name of the card's kind, as descriptions write it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind.as_str()
    }

    /// What passed between readers and this card since it was made or put into
    /// its slot; the last 4096 exchanges.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.record.to_vec()
    }

    /// Takes the card away and puts it on a reader again: what is selected and
    /// authenticated is forgotten, its memory stays, commands are counted and
    /// recorded anew, and faults that struck do not strike again.
    pub fn put_back(&mut self) {
        let struck = self.life.n_commands;
        self.faults.retain(|(at, _)| *at > struck);
        self.arrive();
    }

    /// As [`fault`](Self::fault), on a card that is in use.
    pub fn add_fault(&mut self, at_command: u32, fault: Fault) {
        self.faults.push((at_command, fault));
    }

    /// Whether the card gives an answer to reset.
    pub(crate) fn is_mute(&self) -> bool {
        self.is_mute || self.life.is_dead
    }

    /// A handle to the exchanges that outlives the card.
    pub(crate) fn record(&self) -> Record {
        self.record.share()
    }

    /// The card enters a field: nothing was counted, recorded or opened yet.
    pub(crate) fn arrive(&mut self) {
        self.record = Record::default();
        self.life = Life::default();
        self.power_up();
    }

    /// The field goes on: what was selected and authenticated is forgotten.
    pub(crate) fn power_up(&mut self) {
        self.chip.power_up();
        if let Chip::Fmcos(chip, _) = &mut self.chip
            && let Some(uid) = chip.programmed_uid.take()
        {
            self.uid = UidRule::Fixed(uid);
        }
        if let Chip::Classic(chip) = &self.chip
            && let Some(uid) = chip.magic_uid()
            && matches!(&self.uid, UidRule::Fixed(old) if old.len() == uid.len())
        {
            self.uid = UidRule::Fixed(uid.to_vec());
        }
        if let Chip::Desfire(chip) = &mut self.chip
            && std::mem::take(&mut chip.wants_random_uid)
        {
            self.uid = UidRule::Random;
        }
        self.life.uid = match &self.uid {
            UidRule::Fixed(uid) => uid.clone(),
            UidRule::Random => random_uid().to_vec(),
        };
    }

    /// One command reaches the card, or the reader that answers for it.
    ///
    /// Never blocks: the caller sees to the delay.
    pub(crate) fn exchange(&mut self, command: &[u8]) -> Reaction {
        let reaction = self.react(command);
        self.record.push(Exchange {
            command: command.to_vec(),
            outcome: reaction.outcome.clone(),
        });
        reaction
    }

    fn react(&mut self, command: &[u8]) -> Reaction {
        let mut delay = self.response_delay;
        let outcome = if self.life.is_dead {
            Outcome::Dead
        } else {
            self.life.n_commands = self.life.n_commands.saturating_add(1);
            self.begin_faults(&mut delay)
                .unwrap_or_else(|| self.obey(command))
        };
        Reaction { delay, outcome }
    }

    /// Starts the faults of this command; the outcome, when one of them keeps
    /// the command from the card.
    fn begin_faults(&mut self, delay: &mut Duration) -> Option<Outcome> {
        let now = self.life.n_commands;
        let due = |(at, _): &&(u32, Fault)| *at == now;
        let due = self
            .faults
            .iter()
            .filter(due)
            .map(|(_, fault)| fault.clone());
        for fault in due.collect::<Vec<_>>() {
            match fault {
                Fault::Delay(longer) => *delay = longer,
                Fault::Reset => {
                    self.power_up();
                    return Some(Outcome::Reset);
                }
                Fault::Tear { obeyed: false } => {
                    return Some(Outcome::Torn { unfinished: None });
                }
                Fault::Silence { obeyed: false } => return Some(Outcome::Silent),
                Fault::Unplug => return Some(Outcome::Unplugged),
                Fault::ServiceRestart => return Some(Outcome::ServiceRestarted),
                fault if fault.lasts() => self.life.lasting.push(fault),
                _ => {}
            }
        }
        let is_stuck = self.life.lasting.contains(&Fault::Stuck);
        is_stuck.then_some(Outcome::Stuck)
    }

    /// The card answers, and what is wrong with its answer is done to it.
    fn obey(&mut self, bytes: &[u8]) -> Outcome {
        let is_pseudo = bytes.first() == Some(&pseudo::CLA);
        if is_pseudo && matches!(self.chip, Chip::Contact(_)) {
            self.life.is_dead = true;
            return Outcome::Violation;
        }
        if let Chip::Recorded(recording) = &mut self.chip {
            return match recording.answer(bytes) {
                Outcome::Response(response) => self.spoil(response),
                failed => failed,
            };
        }
        let response = match pseudo::parse_older(bytes).or_else(|| Command::parse(bytes)) {
            Some(command) => match (self.endless(&command), self.torn_write()) {
                (Some(response), _) => response,
                (None, Some(seed)) => {
                    let before = self.chip.clone();
                    let response = self.answer(&command);
                    self.chip.tear(&before, &command, seed);
                    response
                }
                (None, None) => self.answer(&command),
            },
            None => refuse(status::WRONG_LENGTH),
        };
        self.spoil(response)
    }

    /// The seed of a torn write at this command.
    fn torn_write(&self) -> Option<u64> {
        let mut now = self.faults_now();
        now.find_map(|fault| match fault {
            Fault::TornWrite { seed } => Some(*seed),
            _ => None,
        })
    }

    fn faults_now(&self) -> impl Iterator<Item = &Fault> {
        let now = self.life.n_commands;
        let now = self.faults.iter().filter(move |(at, _)| *at == now);
        now.map(|(_, fault)| fault)
    }

    fn answer(&mut self, command: &Command<'_>) -> Vec<u8> {
        let swapped = self
            .life
            .lasting
            .iter()
            .rev()
            .find_map(|fault| match fault {
                Fault::Swap { uid } => Some(uid.as_slice()),
                _ => None,
            });
        let uid = swapped.unwrap_or(&self.life.uid);
        if command.cla == pseudo::CLA {
            let face = Face {
                uid,
                historical: self.historical.as_deref(),
                memory: self.chip.memory(),
            };
            face.answer(command)
        } else {
            self.chip.answer(command, uid)
        }
    }

    /// The answer of a chain without end, when one has begun.
    fn endless(&self, command: &Command<'_>) -> Option<Vec<u8>> {
        self.life.lasting.iter().find_map(|fault| match fault {
            Fault::EndlessMore if command.ins == GET_RESPONSE => Some(reply(
                &[0; CHAIN_LINK as usize],
                u16::from_be_bytes([0x61, CHAIN_LINK]),
            )),
            Fault::EndlessMore => Some(refuse(u16::from_be_bytes([0x61, CHAIN_LINK]))),
            Fault::EndlessWrongLength => {
                // Never the length that was just asked for.
                let other = command.le.unwrap_or_default().wrapping_add(1);
                Some(refuse(u16::from_be_bytes([0x6C, other])))
            }
            _ => None,
        })
    }

    /// Faults of this command that change a finished answer.
    fn spoil(&self, mut response: Vec<u8>) -> Outcome {
        for fault in self.faults_now() {
            match fault {
                Fault::Tear { obeyed: true } | Fault::TornWrite { .. } => {
                    return Outcome::Torn { unfinished: None };
                }
                Fault::Silence { obeyed: true } => return Outcome::Silent,
                Fault::Garbage { seed } => {
                    let mut noise = Noise::new(*seed);
                    let n_bytes = 2 + noise.byte() % 30;
                    response = (0..n_bytes).map(|_| noise.byte()).collect();
                }
                Fault::Truncated { n_bytes } => {
                    let left = response.len().saturating_sub(usize::from(*n_bytes));
                    response.truncate(left);
                }
                Fault::HalfResponse => {
                    return Outcome::Torn {
                        unfinished: Some(response),
                    };
                }
                Fault::EmptyResponse => response.clear(),
                Fault::OneByteResponse => response.truncate(1),
                Fault::OverlongResponse { n_bytes } => {
                    response = reply(&vec![0; usize::from(*n_bytes)], status::OK);
                }
                _ => {}
            }
        }
        Outcome::Response(response)
    }
}

impl CardTransport for VirtualCard {
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        response.clear();
        if self.life.is_gone {
            return Err(TransportError::CardGone);
        }
        if self.life.was_reset {
            return Err(TransportError::CardReset);
        }
        let Reaction { delay, outcome } = self.exchange(command);
        if !delay.is_zero() {
            thread::sleep(delay);
        }
        match outcome {
            Outcome::Torn { .. }
            | Outcome::Stuck
            | Outcome::Unplugged
            | Outcome::ServiceRestarted => self.life.is_gone = true,
            Outcome::Reset => self.life.was_reset = true,
            _ => {}
        }
        deliver(outcome, response)
    }
}

impl CardSession for VirtualCard {
    fn atr(&self) -> &[u8] {
        &self.atr
    }
}

impl fmt::Debug for VirtualCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualCard")
            .field("kind", &self.kind())
            .field("n_commands", &self.life.n_commands)
            .finish_non_exhaustive()
    }
}

/// What [`CardTransport::transmit`] promises, made from an outcome.
pub(crate) fn deliver(outcome: Outcome, response: &mut Vec<u8>) -> Result<(), TransportError> {
    match outcome {
        // Fewer bytes than a status word are a tear, whatever the reader says.
        Outcome::Response(bytes) if bytes.len() < 2 => Err(TransportError::CardGone),
        Outcome::Response(mut bytes) => {
            mem::swap(response, &mut bytes);
            Ok(())
        }
        Outcome::Torn { .. } | Outcome::Stuck | Outcome::Silent => Err(TransportError::CardGone),
        Outcome::Unplugged => Err(TransportError::ReaderGone),
        Outcome::ServiceRestarted => Err(SourceError::NoService.into()),
        Outcome::Reset => Err(TransportError::CardReset),
        Outcome::Violation | Outcome::Dead => Err(TransportError::CardMute),
    }
}

/// A random UID: `08`, then three bytes that differ from the ones before.
fn random_uid() -> [u8; 4] {
    use std::sync::atomic::{AtomicU32, Ordering};
    static N_ACTIVATIONS: AtomicU32 = AtomicU32::new(1);
    // Multiplying by an odd number permutes, so no value comes back soon.
    let scattered = N_ACTIVATIONS
        .fetch_add(1, Ordering::Relaxed)
        .wrapping_mul(0x9E37_79B1);
    let [a, b, c, _] = scattered.to_be_bytes();
    [0x08, a, b, c]
}
