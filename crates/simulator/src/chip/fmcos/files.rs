//! Reading and writing elementary files.

use super::{
    Fmcos, WITH_MAC, key_kind,
    protection::{checked, decrypted, protected},
    tree::{Content, File, Protection, Right},
};
use crate::chip::{
    command::{Command, refuse, reply, reply_exactly},
    des::BLOCK,
    status,
};

/// P1 of READ BINARY and UPDATE BINARY: the low five bits are a short id.
const WITH_SHORT_ID: u8 = 0x80;
/// The low bits of P2 of the record commands: P1 is a record's number.
const RECORD_NUMBER: u8 = 0x04;

/// File ids of the two purses, by P2 of GET BALANCE.
const PASSBOOK: u16 = 0x0001;
const PURSE: u16 = 0x0002;

impl Fmcos {
    pub(super) fn read_binary(
        &mut self,
        command: &Command<'_>,
        challenge: Option<[u8; BLOCK]>,
    ) -> Vec<u8> {
        let (id, offset) = match self.place(command) {
            Ok(place) => place,
            Err(word) => return refuse(word),
        };
        self.life.file = Some(id);
        let opened = self.open(command, id, challenge, |file| file.read);
        let key = match opened {
            Ok(key) => key,
            Err(word) => return refuse(word),
        };
        let Some(File {
            content: Content::Binary(bytes),
            ..
        }) = self.file(id)
        else {
            return refuse(status::WRONG_FILE_KIND);
        };
        let Some(le) = command.le else {
            return refuse(status::WRONG_LENGTH);
        };
        let data = match bytes.get(offset..) {
            None | Some([]) => return refuse(status::WRONG_OFFSET),
            Some(rest) => match usize::from(le) {
                0 => rest.get(..256).unwrap_or(rest),
                asked => match rest.get(..asked) {
                    Some(data) => data,
                    None => return refuse(status::right_length(rest.len())),
                },
            },
        };
        match key {
            None => reply(data, status::OK),
            Some(key) => self.reply_protected(id, key, challenge, data),
        }
    }

    pub(super) fn read_record(
        &mut self,
        command: &Command<'_>,
        challenge: Option<[u8; BLOCK]>,
    ) -> Vec<u8> {
        let id = match self.record_file(command) {
            Ok(id) => id,
            Err(word) => return refuse(word),
        };
        let key = match self.open(command, id, challenge, |file| file.read) {
            Ok(key) => key,
            Err(word) => return refuse(word),
        };
        let Some(
            Content::Fixed { records, .. }
            | Content::Variable { records, .. }
            | Content::Cyclic { records, .. },
        ) = self.file(id).map(|file| &file.content)
        else {
            return refuse(status::WRONG_FILE_KIND);
        };
        let index = usize::from(command.p1).checked_sub(1);
        let Some(record) = index.and_then(|index| records.get(index)) else {
            return refuse(status::RECORD_NOT_FOUND);
        };
        match (key, command.le) {
            (None, Some(le)) => reply_exactly(record, le),
            (Some(key), Some(_)) => self.reply_protected(id, key, challenge, record),
            (_, None) => refuse(status::WRONG_LENGTH),
        }
    }

    pub(super) fn update_binary(
        &mut self,
        command: &Command<'_>,
        challenge: Option<[u8; BLOCK]>,
    ) -> Result<(), u16> {
        let (id, offset) = self.place(command)?;
        self.life.file = Some(id);
        let data = self.written(command, id, challenge)?;
        match self.file_mut(id).map(|file| &mut file.content) {
            Some(Content::Binary(bytes)) if offset < bytes.len() => {
                let end = offset.saturating_add(data.len());
                let place = bytes.get_mut(offset..end).ok_or(status::FULL)?;
                place.copy_from_slice(&data);
                Ok(())
            }
            Some(Content::Binary(_)) => Err(status::WRONG_OFFSET),
            _ => Err(status::WRONG_FILE_KIND),
        }
    }

    /// A record keeps its length; a cyclic file's are only appended.
    pub(super) fn update_record(
        &mut self,
        command: &Command<'_>,
        challenge: Option<[u8; BLOCK]>,
    ) -> Result<(), u16> {
        let id = self.record_file(command)?;
        let data = self.written(command, id, challenge)?;
        let index = usize::from(command.p1).checked_sub(1);
        let index = index.ok_or(status::RECORD_NOT_FOUND)?;
        let Some(Content::Fixed { records, .. } | Content::Variable { records, .. }) =
            self.file_mut(id).map(|file| &mut file.content)
        else {
            return Err(status::WRONG_FILE_KIND);
        };
        match records.get_mut(index) {
            Some(record) if record.len() == data.len() => {
                *record = data;
                Ok(())
            }
            _ => Err(status::RECORD_NOT_FOUND),
        }
    }

    pub(super) fn append_record(
        &mut self,
        command: &Command<'_>,
        challenge: Option<[u8; BLOCK]>,
    ) -> Result<(), u16> {
        let id = self.record_file(command)?;
        let data = self.written(command, id, challenge)?;
        match self.file_mut(id).map(|file| &mut file.content) {
            Some(Content::Fixed { length, .. } | Content::Cyclic { length, .. })
                if data.len() != *length =>
            {
                Err(status::WRONG_LENGTH)
            }
            Some(Content::Fixed { most, records, .. }) => {
                if records.len() >= *most {
                    return Err(status::FULL);
                }
                records.push(data);
                Ok(())
            }
            Some(Content::Cyclic { most, records, .. }) => {
                records.insert(0, data);
                records.truncate(*most);
                Ok(())
            }
            Some(Content::Variable { space, records }) => {
                let used: usize = records.iter().map(Vec::len).sum();
                if used + data.len() > *space {
                    return Err(status::FULL);
                }
                records.push(data);
                Ok(())
            }
            _ => Err(status::WRONG_FILE_KIND),
        }
    }

    /// 80 5C 00 01 (passbook) or 02 (purse): four bytes.
    pub(super) fn balance(&mut self, command: &Command<'_>) -> Vec<u8> {
        let id = match command.p2 {
            0x01 => PASSBOOK,
            0x02 => PURSE,
            _ => return refuse(status::WRONG_P1_P2),
        };
        let Some(File {
            content: Content::Purse { balance },
            read,
            ..
        }) = self.file(id)
        else {
            return refuse(status::NOT_FOUND);
        };
        match command.le {
            _ if !self.is_given(*read) => refuse(status::SECURITY_NOT_SATISFIED),
            Some(le) => reply_exactly(&balance.to_be_bytes(), le),
            None => refuse(status::WRONG_LENGTH),
        }
    }

    fn file(&self, id: u16) -> Option<&File> {
        self.directory()?.files.get(&id)
    }

    fn file_mut(&mut self, id: u16) -> Option<&mut File> {
        self.current_mut()?.files.get_mut(&id)
    }

    /// File and offset of READ BINARY and UPDATE BINARY.
    fn place(&self, command: &Command<'_>) -> Result<(u16, usize), u16> {
        if command.p1 & WITH_SHORT_ID == 0 {
            let id = self.life.file.ok_or(status::NO_CURRENT_FILE)?;
            return Ok((id, usize::from(command.p1_p2())));
        }
        let directory = self.directory().ok_or(status::NOT_FOUND)?;
        let id = directory.by_short_id(command.p1 & 0x1F);
        Ok((id.ok_or(status::NOT_FOUND)?, usize::from(command.p2)))
    }

    /// The file of a record command; short id 0 is the current one.
    fn record_file(&self, command: &Command<'_>) -> Result<u16, u16> {
        let short_id = command.p2 >> 3;
        if short_id == 0 {
            return self.life.file.ok_or(status::NO_CURRENT_FILE);
        }
        if !matches!(command.p2 & 0x07, RECORD_NUMBER | 0) {
            return Err(status::WRONG_P1_P2);
        }
        let directory = self.directory().ok_or(status::NOT_FOUND)?;
        directory.by_short_id(short_id).ok_or(status::NOT_FOUND)
    }

    /// Whether a file may be read now; the line protection key for the answer,
    /// when the command carried a MAC.
    fn open(
        &mut self,
        command: &Command<'_>,
        id: u16,
        challenge: Option<[u8; BLOCK]>,
        right: impl FnOnce(&File) -> Right,
    ) -> Result<Option<u8>, u16> {
        let file = self.file(id).ok_or(status::NOT_FOUND)?;
        let (right, key) = (right(file), file.read_key());
        let wants_mac = file.is_read_protected();
        let has_protection = file.protection != Protection::None;
        if !self.is_given(right) {
            return Err(status::SECURITY_NOT_SATISFIED);
        }
        if command.cla & WITH_MAC == 0 {
            return if wants_mac {
                Err(status::MAC_MISSING)
            } else if command.data.is_empty() {
                Ok(None)
            } else {
                Err(status::WRONG_LENGTH)
            };
        }
        if !has_protection {
            return Err(status::WRONG_STATE);
        }
        self.check_mac(command, key, challenge)?;
        Ok(Some(key))
    }

    fn check_mac<'a>(
        &mut self,
        command: &Command<'a>,
        key: u8,
        challenge: Option<[u8; BLOCK]>,
    ) -> Result<&'a [u8], u16> {
        let directory = self.current_mut().ok_or(status::KEY_NOT_FOUND)?;
        let key = directory.key_mut(key_kind::LINE_PROTECTION, key);
        checked(command, key.ok_or(status::KEY_NOT_FOUND)?, challenge)
    }

    /// The data that a write command brings, freed of their protection.
    fn written(
        &mut self,
        command: &Command<'_>,
        id: u16,
        challenge: Option<[u8; BLOCK]>,
    ) -> Result<Vec<u8>, u16> {
        let file = self.file(id).ok_or(status::NOT_FOUND)?;
        let (protection, key) = (file.protection, file.write_key());
        if !self.is_given(file.write) {
            return Err(status::SECURITY_NOT_SATISFIED);
        }
        let has_mac = command.cla & WITH_MAC != 0;
        let data = match (protection, has_mac) {
            (Protection::None, false) => command.data.to_vec(),
            (Protection::None, true) => return Err(status::WRONG_STATE),
            (_, false) => return Err(status::MAC_MISSING),
            (Protection::Mac, true) => self.check_mac(command, key, challenge)?.to_vec(),
            (Protection::Encrypted, true) => {
                let data = self.check_mac(command, key, challenge)?;
                let directory = self.directory().ok_or(status::KEY_NOT_FOUND)?;
                let key = directory.key(key_kind::LINE_PROTECTION, key);
                decrypted(key.ok_or(status::KEY_NOT_FOUND)?, data)?
            }
        };
        if data.is_empty() {
            return Err(status::WRONG_LENGTH);
        }
        Ok(data)
    }

    fn reply_protected(
        &self,
        id: u16,
        key: u8,
        challenge: Option<[u8; BLOCK]>,
        data: &[u8],
    ) -> Vec<u8> {
        let encrypt = self
            .file(id)
            .is_some_and(|file| file.protection == Protection::Encrypted);
        let sent = self
            .directory()
            .and_then(|directory| directory.key(key_kind::LINE_PROTECTION, key))
            .and_then(|key| protected(key, challenge, data, encrypt));
        match sent {
            Some(sent) => reply(&sent, status::OK),
            None => refuse(status::KEY_NOT_FOUND),
        }
    }
}
