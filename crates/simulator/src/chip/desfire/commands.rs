//! Commands about the card, its applications and their files.

use super::{
    Answer, CARD, Desfire, LONGEST, SPACE, code,
    file::{AES, Application, CHANGEABLE, Content, Deed, FREE, File, Rights},
    session::{MAC, Mode},
    status,
};

/// Data of SET CONFIGURATION: the option, and the bit for random UIDs.
const CARD_CONFIGURATION: u8 = 0x00;
const RANDOM_UID: u8 = 0x02;

impl Desfire {
    /// How many bytes a command has, its code included, once its header says
    /// so; what is known to be short has as many as are there.
    pub(super) fn n_bytes(&self, command: &[u8]) -> usize {
        let &[
            code::WRITE_DATA | code::WRITE_RECORD,
            number,
            _,
            _,
            _,
            a,
            b,
            c,
            ..,
        ] = command
        else {
            return command.len();
        };
        let n_data = usize::try_from(u32::from_le_bytes([a, b, c, 0])).unwrap_or(LONGEST);
        let deed = Deed::Write;
        let file = self.applications.get(&self.life.selected);
        let file = file.and_then(|application| application.files.get(&number));
        let mode = file.and_then(|file| file.mode(deed, self.key()).ok());
        let n_body = match (&self.life.session, mode) {
            (Some(session), Some(mode)) => session.n_body(mode, n_data),
            _ => n_data,
        };
        8 + n_body
    }

    /// A whole command; the data of the answer with what the session adds.
    pub(super) fn execute(&mut self, ins: u8, data: &[u8]) -> Result<Vec<u8>, u8> {
        let answer = match ins {
            code::CHANGE_KEY => return self.change_key(data),
            code::SELECT_APPLICATION => return self.select_application(data),
            code::WRITE_DATA | code::WRITE_RECORD => self.write(ins, data)?,
            code::READ_DATA | code::READ_RECORDS => self.read(ins, data)?,
            code::GET_VALUE => self.value(data)?,
            code::CREDIT | code::DEBIT | code::LIMITED_CREDIT => self.change_value(ins, data)?,
            code::CHANGE_KEY_SETTINGS => self.change_settings(data)?,
            code::SET_CONFIGURATION => self.configure(data)?,
            code::CHANGE_FILE_SETTINGS => self.change_file_settings(data)?,
            _ => {
                let n_header = self.n_header(data)?;
                let (header, _) = self.receive(ins, data, n_header, Mode::Mac, 0)?;
                self.plain_command(ins, &header)?
            }
        };
        Ok(self.sent(answer))
    }

    /// Bytes of a command without data: everything but the MAC of an EV2
    /// session.
    fn n_header(&self, data: &[u8]) -> Result<usize, u8> {
        match &self.life.session {
            Some(session) if session.is_ev2() => {
                let n_header = data.len().checked_sub(MAC);
                n_header.ok_or(status::LENGTH_ERROR)
            }
            _ => Ok(data.len()),
        }
    }

    fn plain_command(&mut self, ins: u8, header: &[u8]) -> Result<Answer, u8> {
        if let Some(answer) = self.told(ins, header)? {
            return Ok(Answer::mac(answer));
        }
        let key = self.key();
        match (ins, header) {
            (code::GET_CARD_UID, []) => {
                key.ok_or(status::AUTHENTICATION_ERROR)?;
                Ok(Answer {
                    data: self.real_uid.to_vec(),
                    mode: Mode::Full,
                    open_end: false,
                })
            }
            (code::COMMIT_TRANSACTION, []) => {
                self.in_application()?;
                if self.selected_mut()?.commit() {
                    Ok(Answer::done())
                } else {
                    Err(status::NO_CHANGES)
                }
            }
            (code::ABORT_TRANSACTION, []) => {
                self.in_application()?;
                self.selected_mut()?.abort();
                Ok(Answer::done())
            }
            (code::CREATE_APPLICATION, header) => self.create_application(header),
            (code::DELETE_APPLICATION, header) => self.delete_application(header),
            (
                code::CREATE_STANDARD
                | code::CREATE_BACKUP
                | code::CREATE_VALUE
                | code::CREATE_LINEAR
                | code::CREATE_CYCLIC,
                header,
            ) => self.create_file(ins, header),
            (code::DELETE_FILE, &[number]) => {
                self.in_application()?;
                let application = self.selected_mut()?;
                if !application.may_create(key) {
                    return Err(status::AUTHENTICATION_ERROR);
                }
                let removed = application.files.remove(&number);
                removed.ok_or(status::FILE_NOT_FOUND)?;
                Ok(Answer::done())
            }
            (code::CLEAR_RECORDS, &[number]) => self.clear_records(number),
            (code::FORMAT, []) => {
                self.at_card()?;
                if key != Some(0) {
                    return Err(status::AUTHENTICATION_ERROR);
                }
                self.applications.retain(|id, _| *id == CARD);
                Ok(Answer::done())
            }
            (
                code::GET_CARD_UID
                | code::GET_KEY_SETTINGS
                | code::GET_KEY_VERSION
                | code::GET_APPLICATION_IDS
                | code::GET_FREE_MEMORY
                | code::GET_FILE_IDS
                | code::GET_FILE_SETTINGS
                | code::COMMIT_TRANSACTION
                | code::ABORT_TRANSACTION
                | code::DELETE_FILE
                | code::CLEAR_RECORDS
                | code::FORMAT,
                _,
            ) => Err(status::LENGTH_ERROR),
            _ => Err(status::ILLEGAL_COMMAND),
        }
    }

    /// What the card tells about itself; `None` for any other command.
    fn told(&self, ins: u8, header: &[u8]) -> Result<Option<Vec<u8>>, u8> {
        let key = self.key();
        match (ins, header) {
            (code::GET_KEY_SETTINGS, []) => {
                let application = self.selected()?;
                let n_keys = u8::try_from(application.keys.len()).unwrap_or(u8::MAX);
                let kind = if application.is_aes { AES } else { 0 };
                Ok(Some(vec![application.settings, kind | n_keys]))
            }
            (code::GET_KEY_VERSION, &[number]) => {
                let key = self.selected()?.keys.get(usize::from(number));
                let (_, version) = key.ok_or(status::NO_SUCH_KEY)?;
                Ok(Some(vec![*version]))
            }
            (code::GET_APPLICATION_IDS, []) => {
                self.at_card()?;
                if !self.selected()?.may_list(key) {
                    return Err(status::AUTHENTICATION_ERROR);
                }
                let ids = self.applications.keys().filter(|id| **id != CARD);
                Ok(Some(ids.flatten().copied().collect()))
            }
            (code::GET_FREE_MEMORY, []) => {
                let [a, b, c, ..] = SPACE.saturating_sub(self.used()).to_le_bytes();
                Ok(Some(vec![a, b, c]))
            }
            (code::GET_FILE_IDS, []) => {
                self.in_application()?;
                let application = self.selected()?;
                if !application.may_list(key) {
                    return Err(status::AUTHENTICATION_ERROR);
                }
                Ok(Some(application.files.keys().copied().collect()))
            }
            (code::GET_FILE_SETTINGS, &[number]) => {
                self.in_application()?;
                let application = self.selected()?;
                if !application.may_list(key) {
                    return Err(status::AUTHENTICATION_ERROR);
                }
                let file = application.files.get(&number);
                Ok(Some(file.ok_or(status::FILE_NOT_FOUND)?.describe()))
            }
            _ => Ok(None),
        }
    }

    /// 5A: ends the session and drops what was not committed.
    fn select_application(&mut self, data: &[u8]) -> Result<Vec<u8>, u8> {
        let id = <[u8; 3]>::try_from(data).map_err(|_| status::LENGTH_ERROR)?;
        self.life.session = None;
        if let Ok(left) = self.selected_mut() {
            left.abort();
        }
        if !self.applications.contains_key(&id) {
            return Err(status::APPLICATION_NOT_FOUND);
        }
        self.life.selected = id;
        Ok(Vec::new())
    }

    fn create_application(&mut self, header: &[u8]) -> Result<Answer, u8> {
        self.at_card()?;
        let &[a, b, c, settings, keys, ..] = header else {
            return Err(status::LENGTH_ERROR);
        };
        if !self.selected()?.may_create(self.key()) {
            return Err(status::AUTHENTICATION_ERROR);
        }
        let (id, n_keys) = ([a, b, c], keys & 0x0F);
        if n_keys > 14 {
            return Err(status::PARAMETER_ERROR);
        }
        if self.applications.contains_key(&id) {
            return Err(status::DUPLICATE);
        }
        let mut application = Application::new(settings, n_keys);
        application.is_aes = keys & AES != 0;
        self.applications.insert(id, application);
        Ok(Answer::done())
    }

    fn delete_application(&mut self, header: &[u8]) -> Result<Answer, u8> {
        let id = <[u8; 3]>::try_from(header).map_err(|_| status::LENGTH_ERROR)?;
        // The card's key deletes any, an application's own key itself.
        let card = self.applications.get(&CARD).map_or(0, |card| card.settings);
        let is_own = self.life.selected == id && self.key() == Some(0);
        let by_card = self.life.selected == CARD && self.key() == Some(0);
        let is_free = card & 0x04 != 0 && is_own;
        if id == CARD || !(by_card || is_free) {
            return Err(status::AUTHENTICATION_ERROR);
        }
        let removed = self.applications.remove(&id);
        removed.ok_or(status::APPLICATION_NOT_FOUND)?;
        if self.life.selected == id {
            self.life.selected = CARD;
            self.life.session = None;
        }
        Ok(Answer::done())
    }

    fn create_file(&mut self, ins: u8, header: &[u8]) -> Result<Answer, u8> {
        self.in_application()?;
        let (&[number, settings, rights_low, rights_high], rest) =
            header.split_first_chunk().ok_or(status::LENGTH_ERROR)?;
        if !self.selected()?.may_create(self.key()) {
            return Err(status::AUTHENTICATION_ERROR);
        }
        let content = match (ins, rest) {
            (code::CREATE_STANDARD | code::CREATE_BACKUP, rest) => {
                let room = room(rest.try_into().map_err(|_| status::LENGTH_ERROR)?)?;
                if ins == code::CREATE_STANDARD {
                    Content::Standard(vec![0; room])
                } else {
                    Content::Backup(vec![0; room])
                }
            }
            (code::CREATE_VALUE, rest) => created_value(rest)?,
            (_, rest) => {
                let (&[length, most], []) = rest.as_chunks::<3>() else {
                    return Err(status::LENGTH_ERROR);
                };
                Content::Records {
                    is_cyclic: ins == code::CREATE_CYCLIC,
                    length: room(length)?,
                    most: room(most)?,
                    records: Vec::new(),
                }
            }
        };
        if number > 31 || matches!(&content, Content::Records { length: 0, .. }) {
            return Err(status::PARAMETER_ERROR);
        }
        if self.used().saturating_add(size(&content)) > SPACE {
            return Err(status::OUT_OF_MEMORY);
        }
        let rights = Rights(u16::from_le_bytes([rights_low, rights_high]));
        let application = self.selected_mut()?;
        if application.files.contains_key(&number) {
            return Err(status::DUPLICATE);
        }
        let file = File::new(settings, rights, content);
        application.files.insert(number, file);
        Ok(Answer::done())
    }

    /// 54: only with the master key, and only while settings may change.
    fn change_settings(&mut self, data: &[u8]) -> Result<Answer, u8> {
        if self.key() != Some(0) {
            return Err(status::AUTHENTICATION_ERROR);
        }
        if self.selected()?.settings & CHANGEABLE == 0 {
            return Err(status::PERMISSION_DENIED);
        }
        let (_, plain) = self.receive(code::CHANGE_KEY_SETTINGS, data, 0, Mode::Full, 1)?;
        let &[settings] = plain.as_slice() else {
            return Err(status::LENGTH_ERROR);
        };
        self.selected_mut()?.settings = settings;
        Ok(Answer::done())
    }

    /// 5F: new communication settings and rights, with the key that the rights
    /// name for it, or by everybody where they say so.
    fn change_file_settings(&mut self, data: &[u8]) -> Result<Answer, u8> {
        self.in_application()?;
        let number = *data.first().ok_or(status::LENGTH_ERROR)?;
        let file = self.selected()?.files.get(&number);
        let rights = file.ok_or(status::FILE_NOT_FOUND)?.rights;
        let mode = match rights.change() {
            FREE => Mode::Plain,
            key if self.key() == Some(key) => Mode::Full,
            _ => return Err(status::PERMISSION_DENIED),
        };
        let (_, plain) = self.receive(code::CHANGE_FILE_SETTINGS, data, 1, mode, 3)?;
        let &[settings, low, high] = plain.as_slice() else {
            return Err(status::LENGTH_ERROR);
        };
        let file = self.selected_mut()?.files.get_mut(&number);
        let file = file.ok_or(status::FILE_NOT_FOUND)?;
        file.settings = settings;
        file.rights = Rights(u16::from_le_bytes([low, high]));
        Ok(Answer::done())
    }

    /// 5C 00: random UIDs, from the next activation on and for ever. Other
    /// options are not imitated.
    fn configure(&mut self, data: &[u8]) -> Result<Answer, u8> {
        self.at_card()?;
        if self.key() != Some(0) {
            return Err(status::AUTHENTICATION_ERROR);
        }
        let (option, plain) = self.receive(code::SET_CONFIGURATION, data, 1, Mode::Full, 1)?;
        match (option.as_slice(), plain.as_slice()) {
            ([CARD_CONFIGURATION], [configuration]) => {
                self.wants_random_uid |= configuration & RANDOM_UID != 0;
                Ok(Answer::done())
            }
            _ => Err(status::PARAMETER_ERROR),
        }
    }

    pub(super) fn selected(&self) -> Result<&Application, u8> {
        let selected = self.applications.get(&self.life.selected);
        selected.ok_or(status::APPLICATION_NOT_FOUND)
    }

    pub(super) fn selected_mut(&mut self) -> Result<&mut Application, u8> {
        let selected = self.applications.get_mut(&self.life.selected);
        selected.ok_or(status::APPLICATION_NOT_FOUND)
    }

    /// Commands about the card are refused inside an application.
    fn at_card(&self) -> Result<(), u8> {
        if self.life.selected == CARD {
            Ok(())
        } else {
            Err(status::PERMISSION_DENIED)
        }
    }

    /// Commands about files are refused outside any application.
    pub(super) fn in_application(&self) -> Result<(), u8> {
        if self.life.selected == CARD {
            Err(status::PERMISSION_DENIED)
        } else {
            Ok(())
        }
    }

    fn used(&self) -> usize {
        let files = self.applications.values().flat_map(|it| it.files.values());
        files.map(|file| size(&file.content)).sum()
    }
}

/// A length of three bytes, the lowest first, that fits the card.
fn room([a, b, c]: [u8; 3]) -> Result<usize, u8> {
    let room = usize::try_from(u32::from_le_bytes([a, b, c, 0])).unwrap_or(usize::MAX);
    if room > SPACE {
        Err(status::OUT_OF_MEMORY)
    } else {
        Ok(room)
    }
}

/// Bytes of memory; what is written with backup takes twice as much.
fn size(content: &Content) -> usize {
    match content {
        Content::Standard(bytes) => bytes.len(),
        Content::Backup(bytes) => 2 * bytes.len(),
        Content::Value { .. } => 16,
        Content::Records { length, most, .. } => length.saturating_mul(most.saturating_add(1)),
    }
}

/// Limits, value and whether limited credits are allowed.
fn created_value(rest: &[u8]) -> Result<Content, u8> {
    let (numbers, rest) = rest.as_chunks::<4>();
    let (&[least, most, value], &[options]) = (numbers, rest) else {
        return Err(status::LENGTH_ERROR);
    };
    let [least, most, value] = [least, most, value].map(i32::from_le_bytes);
    if least > most || !(least..=most).contains(&value) {
        return Err(status::BOUNDARY_ERROR);
    }
    Ok(Content::Value {
        least,
        most,
        value,
        limited: (options & 0x01 != 0).then_some(0),
    })
}
