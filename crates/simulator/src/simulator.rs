//! Slots, and cards put into them by hand.

use std::{net::SocketAddr, sync::Arc};

use xueka_transport::wire::Address;

use crate::{
    Exchange, SimulatedSource, SimulatorError, VirtualCard, VirtualReader,
    ifd::IfdSlot,
    in_process::{self, World},
    vpcd::VpcdSlot,
};

/// Virtual readers and the hand that puts cards on them.
///
/// A slot is one field, counted from 0. Clones drive the same slots; with the
/// last of them the cards on pcscd's virtual readers are taken away.
///
/// Calls block: an [`insert`](Self::insert) into a slot of pcscd up to five
/// seconds, a [`remove`](Self::remove) up to a quarter of one, the others not
/// to speak of. In asynchronous code they belong on a thread for such calls.
#[derive(Clone, Debug)]
pub struct Simulator {
    slots: Slots,
}

#[derive(Clone, Debug)]
enum Slots {
    InProcess(Arc<World>),
    Vpcd(Arc<[VpcdSlot]>),
    Ifd(Arc<[IfdSlot]>),
}

/// One slot as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotInfo {
    /// Its number, from 0.
    pub slot: usize,
    /// The name of the simulated reader, or the address of pcscd's virtual
    /// reader.
    pub attached_to: String,
    /// The kind of the card in it, such as `transit-cpu`.
    pub card_kind: Option<&'static str>,
}

impl Simulator {
    /// `n_slots` readers inside this process, named
    /// `Xueka Virtual Reader 00 00`, `Xueka Virtual Reader 01 00` and so on.
    ///
    /// The source offers them behind the traits that PC/SC stands behind.
    #[must_use]
    pub fn in_process(n_slots: usize) -> (Self, SimulatedSource) {
        let readers = (0..n_slots)
            .map(|slot| VirtualReader::named(&format!("Xueka Virtual Reader {slot:02} 00")));
        Self::with_readers(readers)
    }

    /// These readers inside this process, one slot each, all plugged in.
    ///
    /// Their names differ; of two alike only the first is ever found.
    #[must_use]
    pub fn with_readers(
        readers: impl IntoIterator<Item = VirtualReader>,
    ) -> (Self, SimulatedSource) {
        let world = in_process::world(readers);
        let source = SimulatedSource::new(Arc::clone(&world));
        let slots = Slots::InProcess(world);
        (Self { slots }, source)
    }

    /// Slots of vsmartcard's `vpcd`, the virtual reader driver inside a real
    /// pcscd: one for each address that such a driver listens on, usually port
    /// 35963 of the loopback address and the port after it.
    ///
    /// Connects to nothing yet. A slot takes one card at a time, whichever
    /// program holds it.
    #[must_use]
    pub fn on_vpcd(addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        let slots = addresses.into_iter().map(VpcdSlot::new).collect();
        Self {
            slots: Slots::Vpcd(slots),
        }
    }

    /// Virtual readers of our own driver inside a real pcscd, one for each
    /// address that it listens on.
    ///
    /// Connects to each of them now, or as soon as it is there, and stays
    /// connected: a pcscd that restarts finds its cards again. A reader takes
    /// one simulator at a time, and is empty and plugged in without any.
    #[must_use]
    pub fn on_virtual_readers(addresses: impl IntoIterator<Item = Address>) -> Self {
        let slots = addresses.into_iter().map(IfdSlot::new).collect();
        Self {
            slots: Slots::Ifd(slots),
        }
    }

    /// All slots in the order of their numbers.
    #[must_use]
    pub fn slots(&self) -> Vec<SlotInfo> {
        let info = |(slot, (attached_to, card_kind))| SlotInfo {
            slot,
            attached_to,
            card_kind,
        };
        match &self.slots {
            Slots::InProcess(world) => world.describe().into_iter().enumerate().map(info).collect(),
            Slots::Vpcd(slots) => slots
                .iter()
                .map(VpcdSlot::describe)
                .enumerate()
                .map(info)
                .collect(),
            Slots::Ifd(slots) => slots
                .iter()
                .map(IfdSlot::describe)
                .enumerate()
                .map(info)
                .collect(),
        }
    }

    /// Puts a card into a slot; one that lies there is taken away first.
    ///
    /// On a slot of vpcd it answers once the card is connected; pcscd notices
    /// the card within its own polling time of 400 ms. On a reader of our own
    /// driver it answers when the driver tells pcscd of the card. A pcscd that goes away
    /// and comes back finds the card again, until it is removed or leaves by a
    /// fault of its own.
    ///
    /// # Errors
    ///
    /// - [`SimulatorError::SlotNotFound`].
    /// - [`SimulatorError::VirtualReaderGone`]: the slot stays empty.
    pub fn insert(&self, slot: usize, card: VirtualCard) -> Result<(), SimulatorError> {
        match &self.slots {
            Slots::InProcess(world) => world.insert(slot, card),
            Slots::Vpcd(slots) => get(slots, slot)?.insert(slot, card),
            Slots::Ifd(slots) => get(slots, slot)?.insert(card),
        }
    }

    /// Takes the card out of a slot. An empty slot stays empty.
    ///
    /// # Errors
    ///
    /// - [`SimulatorError::SlotNotFound`].
    pub fn remove(&self, slot: usize) -> Result<(), SimulatorError> {
        match &self.slots {
            Slots::InProcess(world) => world.remove(slot),
            Slots::Vpcd(slots) => {
                get(slots, slot)?.remove();
                Ok(())
            }
            Slots::Ifd(slots) => {
                get(slots, slot)?.remove();
                Ok(())
            }
        }
    }

    /// Puts the card that lay last in a slot there again: its memory is as it
    /// was left, faults that struck do not strike again, and commands are
    /// counted anew. One that lies there is taken away first.
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert); an empty slot in which no card ever lay
    /// stays empty.
    pub fn put_back(&self, slot: usize) -> Result<(), SimulatorError> {
        let card = match &self.slots {
            Slots::InProcess(world) => world.take_last(slot)?,
            Slots::Vpcd(slots) => get(slots, slot)?.take_last(),
            Slots::Ifd(slots) => get(slots, slot)?.take_last(),
        };
        match card {
            Some(mut card) => {
                card.put_back();
                self.insert(slot, card)
            }
            None => Ok(()),
        }
    }

    /// What passed between readers and the card that is, or was last, in a
    /// slot, since it was put there; the last 4096 exchanges.
    ///
    /// # Errors
    ///
    /// - [`SimulatorError::SlotNotFound`].
    pub fn exchanges(&self, slot: usize) -> Result<Vec<Exchange>, SimulatorError> {
        match &self.slots {
            Slots::InProcess(world) => world.exchanges(slot),
            Slots::Vpcd(slots) => Ok(get(slots, slot)?.exchanges()),
            Slots::Ifd(slots) => Ok(get(slots, slot)?.exchanges()),
        }
    }

    /// Pulls a reader of our own driver out of the machine; its card goes with
    /// it. pcscd goes on listing it, as a reader that is not available.
    ///
    /// # Errors
    ///
    /// - [`SimulatorError::SlotNotFound`].
    /// - [`SimulatorError::VirtualReaderGone`]: pcscd did not notice in time.
    /// - [`SimulatorError::NotByThisReader`]: the slots are of another kind;
    ///   readers of this process are unplugged by their
    ///   [`VirtualService`](crate::VirtualService).
    pub fn unplug(&self, slot: usize) -> Result<(), SimulatorError> {
        self.played(slot)?.unplug()
    }

    /// Plugs a reader of our own driver in again, empty.
    ///
    /// # Errors
    ///
    /// As [`unplug`](Self::unplug).
    pub fn plug_in(&self, slot: usize) -> Result<(), SimulatorError> {
        self.played(slot)?.plug_in()
    }

    /// The escape commands that a reader of our own driver was given, the last
    /// 256.
    ///
    /// # Errors
    ///
    /// - [`SimulatorError::SlotNotFound`].
    /// - [`SimulatorError::NotByThisReader`]: the slots are of another kind.
    pub fn escapes(&self, slot: usize) -> Result<Vec<Vec<u8>>, SimulatorError> {
        Ok(self.played(slot)?.escapes())
    }

    fn played(&self, slot: usize) -> Result<&IfdSlot, SimulatorError> {
        match &self.slots {
            Slots::Ifd(slots) => get(slots, slot),
            Slots::InProcess(_) | Slots::Vpcd(_) => Err(SimulatorError::NotByThisReader),
        }
    }
}

fn get<T>(slots: &[T], slot: usize) -> Result<&T, SimulatorError> {
    slots.get(slot).ok_or(SimulatorError::SlotNotFound {
        slot,
        n_slots: slots.len(),
    })
}
