//! The chips on virtual cards: what each remembers and how it answers.

pub(crate) mod aes;
pub(crate) mod atr;
pub(crate) mod blocks;
pub(crate) mod classic;
pub(crate) mod command;
pub(crate) mod cpu;
pub(crate) mod des;
pub(crate) mod desfire;
pub(crate) mod fmcos;
pub(crate) mod noise;
pub(crate) mod pseudo;
pub(crate) mod recorded;
pub(crate) mod status;
pub(crate) mod tear;
pub(crate) mod tlv;
pub(crate) mod transit;
pub(crate) mod ultralight;

use self::{
    blocks::Blocks,
    classic::Classic,
    command::{Command, refuse},
    cpu::CpuCard,
    desfire::Desfire,
    fmcos::Fmcos,
    pseudo::Memory,
    recorded::Recorded,
    ultralight::Ultralight,
};

/// A chip with everything it remembers.
#[derive(Clone, Debug)]
pub(crate) enum Chip {
    /// ISO 7816-4 files behind ISO 14443-4: transit cards and unknown ones.
    Cpu(CpuCard),
    /// FM1208 and its relatives; with a MIFARE Classic on the same chip, whose
    /// blocks a reader gets at by its pseudo-APDUs, when it is combined.
    Fmcos(Box<Fmcos>, Option<Box<Classic>>),
    /// MIFARE Classic.
    Classic(Box<Classic>),
    /// MIFARE Ultralight or NTAG.
    Ultralight(Ultralight),
    /// MIFARE DESFire.
    Desfire(Box<Desfire>),
    /// Plain numbered blocks (ISO 15693).
    Blocks(Blocks),
    /// Nothing that this reader could read (FeliCa).
    Sealed,
    /// What a real card said, reader and all.
    Recorded(Recorded),
    /// A chip with contacts, which no pseudo-APDU may reach.
    Contact(CpuCard),
}

impl Chip {
    /// Forgets what does not survive a loss of power.
    pub(crate) fn power_up(&mut self) {
        match self {
            Self::Cpu(card) | Self::Contact(card) => card.power_up(),
            Self::Fmcos(card, memory) => {
                card.power_up();
                if let Some(memory) = memory {
                    memory.power_up();
                }
            }
            Self::Classic(card) => card.power_up(),
            Self::Desfire(card) => card.power_up(),
            Self::Recorded(card) => card.power_up(),
            Self::Ultralight(card) => card.power_up(),
            Self::Blocks(_) | Self::Sealed => {}
        }
    }

    /// What a reader's storage pseudo-APDUs work on, where there is any.
    pub(crate) fn memory(&mut self) -> Option<&mut dyn Memory> {
        match self {
            Self::Classic(card) | Self::Fmcos(_, Some(card)) => Some(card.as_mut()),
            Self::Ultralight(card) => Some(card),
            Self::Blocks(card) => Some(card),
            Self::Cpu(_)
            | Self::Fmcos(_, None)
            | Self::Desfire(_)
            | Self::Sealed
            | Self::Recorded(_)
            | Self::Contact(_) => None,
        }
    }

    /// Answers a command that reaches the card itself.
    ///
    /// A storage card knows no APDUs, so the reader refuses them for it.
    pub(crate) fn answer(&mut self, command: &Command<'_>, uid: &[u8]) -> Vec<u8> {
        match self {
            Self::Cpu(card) | Self::Contact(card) => card.answer(command),
            Self::Fmcos(card, _) => card.answer(command),
            Self::Desfire(card) => card.answer(command, uid),
            // A recording answers whole exchanges, before this is asked.
            Self::Classic(_)
            | Self::Ultralight(_)
            | Self::Blocks(_)
            | Self::Sealed
            | Self::Recorded(_) => refuse(status::UNKNOWN_CLA),
        }
    }
}
