//! What changes the card for good: files, keys, erasing and blocking.

use super::{
    BLOCK_APPLICATION, BLOCK_CARD, Fmcos, WITH_MAC, key_kind,
    protection::{checked, decrypted},
    tree::{Block, Directory, File, Key, MF, Right},
};
use crate::chip::{command::Command, des::BLOCK, status};

/// First byte of the data field of CREATE FILE.
const DIRECTORY: u8 = 0x38;
const KEY_FILE: u8 = 0x3F;

/// P1 of WRITE KEY: a new key. Any other value is the kind of a key there is.
const NEW_KEY: u8 = 0x01;
/// The external authentication key that rules over protected key records.
const MASTER_KEY: u8 = 0x00;

impl Fmcos {
    /// 80 E0 and a file id.
    ///
    /// A key file that does not come first is refused with `6985` and an id in
    /// use with `6A86`: which words the chip has for these is not published.
    pub(super) fn create_file(&mut self, command: &Command<'_>) -> Result<(), u16> {
        let (id, here) = (command.p1_p2(), self.life.directory);
        let directory = self.directory().ok_or(status::NOT_FOUND)?;
        if !self.is_given(directory.create) {
            return Err(status::SECURITY_NOT_SATISFIED);
        }
        if directory.files.contains_key(&id) || self.directories.contains_key(&id) {
            return Err(status::WRONG_P1_P2);
        }
        let below = self
            .directories
            .values()
            .filter(|it| it.parent == Some(here));
        let used = directory.used() + below.map(|it| it.space).sum::<usize>();
        let room = directory.space.saturating_sub(used);
        match command.data {
            [DIRECTORY, ..] => {
                let new = Directory::parse(here, command.data).ok_or(status::WRONG_LENGTH)?;
                if new.space > room {
                    return Err(status::FULL);
                }
                self.directories.insert(id, new);
            }
            &[KEY_FILE, high, low, _, add, _, _] => {
                let space = usize::from(u16::from_be_bytes([high, low]));
                let directory = self.current_mut().ok_or(status::NOT_FOUND)?;
                if directory.key_file.is_some() || !directory.files.is_empty() {
                    return Err(status::WRONG_STATE);
                }
                if space > room {
                    return Err(status::FULL);
                }
                directory.key_file = Some((Right(add), space));
            }
            data @ [_, _, _, _, _, _, _] => {
                let file = File::parse(data).ok_or(status::WRONG_DATA)?;
                let directory = self.current_mut().ok_or(status::NOT_FOUND)?;
                directory.files.insert(id, file);
                if directory.used() > directory.space {
                    directory.files.remove(&id);
                    return Err(status::FULL);
                }
            }
            _ => return Err(status::WRONG_LENGTH),
        }
        Ok(())
    }

    /// 80 0E: everything in the current directory and below it goes, keys too.
    pub(super) fn erase(&mut self, command: &Command<'_>) -> Result<(), u16> {
        if !command.data.is_empty() {
            return Err(status::WRONG_LENGTH);
        }
        let here = self.life.directory;
        let directory = self.directory().ok_or(status::NOT_FOUND)?;
        if !self.is_given(directory.erase) {
            return Err(status::SECURITY_NOT_SATISFIED);
        }
        while let Some(orphan) = self.orphan(here) {
            self.directories.remove(&orphan);
        }
        if let Some(directory) = self.current_mut() {
            directory.files.clear();
            directory.keys.clear();
            directory.key_file = None;
            directory.is_open = true;
        }
        self.life.file = None;
        Ok(())
    }

    /// A directory below `above`, or one whose parent is gone.
    fn orphan(&self, above: u16) -> Option<u16> {
        let mut ids = self.directories.iter();
        let is_orphan = |parent: u16| parent == above || !self.directories.contains_key(&parent);
        ids.find_map(|(id, it)| it.parent.filter(|parent| is_orphan(*parent)).map(|_| *id))
    }

    /// 80 D4, or 84 D4 for a record that is encrypted and carries a MAC.
    pub(super) fn write_key(
        &mut self,
        command: &Command<'_>,
        challenge: Option<[u8; BLOCK]>,
    ) -> Result<(), u16> {
        let (is_new, id) = (command.p1 == NEW_KEY, command.p2);
        let directory = self.directory().ok_or(status::NOT_FOUND)?;
        let (add, _) = directory.key_file.ok_or(status::NOT_FOUND)?;
        let kind = command.p1 & 0x3F;
        let right = if is_new {
            add
        } else {
            let old = directory.key(kind, id).ok_or(status::KEY_NOT_FOUND)?;
            if old.is_protected && command.cla & WITH_MAC == 0 {
                return Err(status::MAC_MISSING);
            }
            old.change
        };
        if !self.is_given(right) {
            return Err(status::SECURITY_NOT_SATISFIED);
        }
        let record = self.key_record(command, challenge)?;
        let key = Key::parse(id, &record).ok_or(status::WRONG_DATA)?;
        if key.is_protected && command.cla & WITH_MAC == 0 {
            return Err(status::MAC_MISSING);
        }
        let directory = self.current_mut().ok_or(status::NOT_FOUND)?;
        let has_room = directory.has_room_for(&key);
        match directory.key_mut(key.kind, id) {
            Some(_) if is_new => Err(status::WRONG_DATA),
            Some(old) if old.kind == kind && old.value.len() == key.value.len() => {
                *old = key;
                Ok(())
            }
            None if is_new && !has_room => Err(status::FULL),
            None if is_new => {
                directory.keys.push(key);
                Ok(())
            }
            _ => Err(status::WRONG_DATA),
        }
    }

    /// The record in WRITE KEY, decrypted by the master key if it came so.
    fn key_record(
        &mut self,
        command: &Command<'_>,
        challenge: Option<[u8; BLOCK]>,
    ) -> Result<Vec<u8>, u16> {
        if command.cla & WITH_MAC == 0 {
            return Ok(command.data.to_vec());
        }
        let directory = self.current_mut().ok_or(status::NOT_FOUND)?;
        let master = directory.key_mut(key_kind::EXTERNAL, MASTER_KEY);
        let master = master.ok_or(status::KEY_NOT_FOUND)?;
        let data = checked(command, master, challenge)?;
        decrypted(master, data)
    }

    /// 84 16 blocks the card for ever, 84 1E the application (P2 01 for ever),
    /// 84 18 frees it: each with a MAC of line protection key 00.
    pub(super) fn block(
        &mut self,
        command: &Command<'_>,
        challenge: Option<[u8; BLOCK]>,
    ) -> Result<(), u16> {
        if command.cla & WITH_MAC == 0 {
            return Err(status::MAC_MISSING);
        }
        let is_root = self.life.directory == MF;
        let directory = self.current_mut().ok_or(status::NOT_FOUND)?;
        let key = directory.key_mut(key_kind::LINE_PROTECTION, 0);
        checked(command, key.ok_or(status::KEY_NOT_FOUND)?, challenge)?;
        match command.ins {
            BLOCK_CARD => self.is_blocked = true,
            // The master file is no application.
            _ if is_root => return Err(status::WRONG_STATE),
            BLOCK_APPLICATION if command.p2 == 0x01 => directory.block = Block::ForEver,
            BLOCK_APPLICATION => directory.block = Block::UntilUnblocked,
            _ => directory.block = Block::No,
        }
        Ok(())
    }
}
