//! What is left of memory that a chip was writing when its field went away.
//!
//! Source for the three outcomes (old, new, neither) and for cells that read
//! differently each time: Quarkslab, "RFID: monotonic counter anti-tearing
//! defeated". What a chip writes with backup stays whole.

use super::{Chip, command::Command, desfire, fmcos, noise::Noise};

/// UPDATE BINARY and VALUE of a reader, which write one block or page.
const UPDATE_BINARY: u8 = 0xD6;
const VALUE: u8 = 0xD7;

impl Chip {
    /// Spoils what a command has written since `before`.
    pub(crate) fn tear(&mut self, before: &Self, command: &Command<'_>, seed: u64) {
        let mut noise = Noise::new(seed);
        let writes = matches!(command.ins, UPDATE_BINARY | VALUE);
        let place = usize::from(command.p1_p2());
        match (self, before) {
            (Self::Classic(now), Self::Classic(old))
            | (Self::Fmcos(_, Some(now)), Self::Fmcos(_, Some(old)))
                if writes && command.cla == super::pseudo::CLA =>
            {
                now.tear(old, place, &mut noise);
            }
            (Self::Ultralight(now), Self::Ultralight(old)) if writes => {
                now.tear(old, place, &mut noise);
            }
            (Self::Fmcos(now, _), Self::Fmcos(old, _)) => now.tear(old, &mut noise),
            (Self::Desfire(now), Self::Desfire(old)) => now.tear(old, &mut noise),
            _ => {}
        }
    }
}

/// What became of the bytes of one write.
pub(crate) struct Torn {
    pub(crate) bytes: Vec<u8>,
    /// The last write left one of its bits between 0 and 1.
    pub(crate) is_weak: bool,
}

/// Old content, new content, or a third.
pub(crate) fn mixed(old: &[u8], new: &[u8], noise: &mut Noise) -> Torn {
    let choice = noise.byte() % 8;
    let begun = usize::from(noise.byte()) % new.len().max(1);
    let bytes = old.iter().zip(new).enumerate();
    let bytes = bytes.map(|(index, (old, new))| match choice {
        0 => *old,
        // The beginning was written.
        2 if index >= begun => *old,
        // The cells were erased and not written yet, all or from here on.
        3 => 0x00,
        4 if index >= begun => 0x00,
        // Some bits were written.
        5 => {
            let mask = noise.byte();
            old & !mask | new & mask
        }
        6 => noise.byte(),
        _ => *new,
    });
    Torn {
        bytes: bytes.collect(),
        is_weak: choice == 7,
    }
}

/// A bit that reads differently each time until its place is written again.
#[derive(Clone, Debug)]
pub(crate) struct WeakBit {
    place: usize,
    byte: usize,
    mask: u8,
    noise: Noise,
}

impl WeakBit {
    /// Somewhere in the `n_bytes` of a block or page.
    pub(crate) fn new(place: usize, n_bytes: usize, noise: &mut Noise) -> Self {
        Self {
            place,
            byte: usize::from(noise.byte()) % n_bytes.max(1),
            mask: 1 << (noise.byte() % 8),
            noise: Noise::new(noise.next()),
        }
    }

    pub(crate) fn is_at(&self, place: usize) -> bool {
        self.place == place
    }

    /// One look at the bytes of its place.
    pub(crate) fn waver(&mut self, bytes: &mut [u8]) {
        if let Some(byte) = bytes.get_mut(self.byte)
            && self.noise.byte() & 1 == 1
        {
            *byte ^= self.mask;
        }
    }
}

impl desfire::Content {
    /// Only a standard file is written in place.
    pub(crate) fn tear(&mut self, old: &Self, noise: &mut Noise) {
        if let (Self::Standard(now), Self::Standard(old)) = (self, old)
            && now != old
        {
            *now = mixed(old, now, noise).bytes;
        }
    }
}

impl fmcos::Directory {
    /// Files and keys that were being made are there, not there, or there with
    /// anything in them; of a directory that was being emptied some may be left.
    /// Which of these a chip comes to is not published.
    pub(crate) fn tear(&mut self, old: &Self, noise: &mut Noise) {
        let is_erased = self.files.len() + self.keys.len() < old.files.len() + old.keys.len();
        if is_erased {
            for (id, file) in &old.files {
                if noise.coin() {
                    self.files.insert(*id, file.clone());
                }
            }
            self.keys.clone_from(&old.keys);
            self.keys.retain(|_| noise.coin());
            self.key_file = old.key_file.filter(|_| noise.coin());
            self.is_open &= self.key_file.is_none();
            return;
        }
        if self.key_file != old.key_file && noise.coin() {
            self.key_file = old.key_file;
        }
        self.files
            .retain(|id, _| old.files.contains_key(id) || noise.coin());
        for (id, file) in &mut self.files {
            match old.files.get(id) {
                Some(old) => file.content.tear(&old.content, noise),
                None => file.content.fill(noise),
            }
        }
        self.keys
            .retain(|key| old.key(key.kind, key.id).is_some() || noise.coin());
        for key in &mut self.keys {
            let before = old.key(key.kind, key.id);
            let before = before.map_or(vec![0; key.value.len()], |old| old.value.clone());
            if before != key.value {
                key.value = mixed(&before, &key.value, noise).bytes;
            }
        }
    }
}

impl fmcos::Content {
    /// A file that was being made holds anything.
    fn fill(&mut self, noise: &mut Noise) {
        if let Self::Binary(bytes) = self {
            bytes.fill_with(|| noise.byte());
        }
    }

    /// Whether FMCOS writes with backup is not published, so it does not here.
    pub(crate) fn tear(&mut self, old: &Self, noise: &mut Noise) {
        match (self, old) {
            (Self::Binary(now), Self::Binary(old)) if now != old => {
                *now = mixed(old, now, noise).bytes;
            }
            (
                Self::Fixed { records: now, .. }
                | Self::Variable { records: now, .. }
                | Self::Cyclic { records: now, .. },
                Self::Fixed { records: old, .. }
                | Self::Variable { records: old, .. }
                | Self::Cyclic { records: old, .. },
            ) if now.len() == old.len() => {
                for (now, old) in now.iter_mut().zip(old) {
                    if now != old {
                        *now = mixed(old, now, noise).bytes;
                    }
                }
            }
            // A record that was being appended.
            (Self::Fixed { records: now, .. } | Self::Variable { records: now, .. }, _) => {
                if let Some(last) = now.last_mut() {
                    *last = mixed(&vec![0; last.len()], last, noise).bytes;
                }
            }
            (Self::Cyclic { records: now, .. }, _) => {
                if let Some(first) = now.first_mut() {
                    *first = mixed(&vec![0; first.len()], first, noise).bytes;
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_write_leaves_old_new_or_a_third_content() {
        let (old, new) = ([0xAA; 16], [0x55; 16]);
        let (mut n_old, mut n_new, mut n_third, mut n_weak) = (0, 0, 0, 0);
        for seed in 0..1000 {
            let torn = mixed(&old, &new, &mut Noise::new(seed));
            assert_eq!(torn.bytes.len(), 16);
            n_weak += usize::from(torn.is_weak);
            match torn.bytes.as_slice() {
                bytes if bytes == old => n_old += 1,
                bytes if bytes == new => n_new += 1,
                _ => n_third += 1,
            }
            let again = mixed(&old, &new, &mut Noise::new(seed));
            assert_eq!(again.bytes, torn.bytes, "seed {seed}");
        }
        for (n, what) in [
            (n_old, "old"),
            (n_new, "new"),
            (n_third, "third"),
            (n_weak, "weak"),
        ] {
            assert!(n > 50, "{what}: {n} of 1000");
        }
    }

    /// What many torn copies of one command leave, by `told`.
    fn outcomes(
        setup: &[&str],
        command: &str,
        told: impl Fn(&fmcos::Directory) -> String,
    ) -> std::collections::BTreeSet<String> {
        let mut before = fmcos::Fmcos::blank();
        let send = |card: &mut fmcos::Fmcos, command: &str| {
            let bytes = hex::decode(command).unwrap();
            let answer = card.answer(&Command::parse(&bytes).unwrap());
            assert!(answer.ends_with(&[0x90, 0x00]), "{command}: {answer:02X?}");
        };
        for command in setup {
            send(&mut before, command);
        }
        let torn = (0..200).map(|seed| {
            let mut card = before.clone();
            send(&mut card, command);
            card.tear(&before, &mut Noise::new(seed));
            told(card.directory_mut(fmcos::MF).unwrap())
        });
        torn.collect()
    }

    #[test]
    fn a_file_that_was_being_made_is_there_or_not() {
        let file = "80E00001 07 28 0002 F0F0FFFF".replace(' ', "");
        let there = outcomes(&[], &file, |root| match root.files.get(&1) {
            None => "not there".to_owned(),
            Some(fmcos::File {
                content: fmcos::Content::Binary(bytes),
                ..
            }) if bytes.len() == 2 => "there".to_owned(),
            Some(file) => format!("{file:?}"),
        });
        assert_eq!(
            there.into_iter().collect::<Vec<_>>(),
            ["not there", "there"]
        );
    }

    #[test]
    fn a_key_that_was_being_written_is_there_or_not_or_another() {
        let key_file = "80E00000073F010001F0FFFF";
        let key = "80D401000D39F0F0AA331122334455667788";
        let there = outcomes(&[key_file], key, |root| {
            match root.keys.first().map(|key| hex::encode(&key.value)) {
                None => "not there",
                Some(value) if value == "1122334455667788" => "there",
                Some(_) => "another",
            }
            .to_owned()
        });
        let there = there.into_iter().collect::<Vec<_>>();
        assert_eq!(there, ["another", "not there", "there"]);
    }

    #[test]
    fn of_a_directory_that_was_being_emptied_some_may_be_left() {
        let file = "80E00001072800 02F0F0FFFF".replace(' ', "");
        let setup = ["80E00000073F010001F0FFFF", file.as_str()];
        let left = outcomes(&setup, "800E000000", |root| {
            format!("{} {}", root.key_file.is_some(), root.files.len())
        });
        assert_eq!(left.len(), 4, "{left:?}");
    }
}
