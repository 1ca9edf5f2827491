//! Reading and writing files.

use super::{Answer, Content, Desfire, File, code, file::Deed, session::Mode, status};

impl Desfire {
    /// BD and BB: number, offset and count, three bytes each, the lowest first.
    ///
    /// What was not committed cannot be read.
    pub(super) fn read(&mut self, ins: u8, data: &[u8]) -> Result<Answer, u8> {
        let mode = self.mode(data, Deed::Read)?;
        let request = request_mode(mode);
        let (header, _) = self.receive(ins, data, 7, request, 0)?;
        let (number, from, count) = place(&header)?;
        let file = self.file(number)?;
        let content = match (&file.content, ins) {
            (Content::Standard(bytes) | Content::Backup(bytes), code::READ_DATA) => {
                let rest = bytes.get(from..).ok_or(status::BOUNDARY_ERROR)?;
                match count {
                    0 => rest.to_vec(),
                    count => {
                        let part = rest.get(..count).ok_or(status::BOUNDARY_ERROR)?;
                        part.to_vec()
                    }
                }
            }
            (Content::Records { records, .. }, ins) if ins != code::READ_DATA => {
                // Counted from the newest backwards, sent in the order of time.
                let end = records.len().checked_sub(from);
                let end = end.filter(|end| *end > 0).ok_or(status::BOUNDARY_ERROR)?;
                let start = match count {
                    0 => 0,
                    count => end.checked_sub(count).ok_or(status::BOUNDARY_ERROR)?,
                };
                records.get(start..end).unwrap_or_default().concat()
            }
            _ => return Err(status::PERMISSION_DENIED),
        };
        Ok(Answer {
            data: content,
            mode,
            open_end: count == 0,
        })
    }

    /// 3D and 3B. A standard file changes at once, others with the commit.
    pub(super) fn write(&mut self, ins: u8, data: &[u8]) -> Result<Answer, u8> {
        let mode = self.mode(data, Deed::Write)?;
        let (number, from, count) = place(data)?;
        let (_, content) = self.receive(ins, data, 7, mode, count)?;
        let application = self.selected_mut()?;
        let file = application.files.get_mut(&number);
        let file = file.ok_or(status::FILE_NOT_FOUND)?;
        let end = from.checked_add(count).ok_or(status::BOUNDARY_ERROR)?;
        match &file.content {
            Content::Standard(bytes) | Content::Backup(bytes) if ins == code::WRITE_DATA => {
                if end > bytes.len() || count == 0 {
                    return Err(status::BOUNDARY_ERROR);
                }
            }
            Content::Records {
                is_cyclic,
                length,
                most,
                records,
            } if ins != code::WRITE_DATA => {
                if end > *length || !is_cyclic && records.len() >= *most {
                    return Err(status::BOUNDARY_ERROR);
                }
            }
            _ => return Err(status::PERMISSION_DENIED),
        }
        let begun = file.pending.is_some();
        match file.writable() {
            Content::Standard(bytes) | Content::Backup(bytes) => {
                let place = bytes.get_mut(from..end).ok_or(status::BOUNDARY_ERROR)?;
                place.copy_from_slice(&content);
            }
            Content::Records {
                is_cyclic,
                length,
                most,
                records,
            } => {
                // Until the commit, further writes go to the same record.
                if !begun {
                    records.push(vec![0; *length]);
                    if *is_cyclic && records.len() >= *most {
                        records.remove(0);
                    }
                }
                let record = records.last_mut().ok_or(status::BOUNDARY_ERROR)?;
                let place = record.get_mut(from..end).ok_or(status::BOUNDARY_ERROR)?;
                place.copy_from_slice(&content);
            }
            Content::Value { .. } => {}
        }
        Ok(write_answer(mode))
    }

    /// 6C.
    pub(super) fn value(&mut self, data: &[u8]) -> Result<Answer, u8> {
        let mode = self.mode(data, Deed::Any)?;
        let request = request_mode(mode);
        let (header, _) = self.receive(code::GET_VALUE, data, 1, request, 0)?;
        let number = *header.first().ok_or(status::LENGTH_ERROR)?;
        match self.file(number)?.content {
            Content::Value { value, .. } => Ok(Answer {
                data: value.to_le_bytes().to_vec(),
                mode,
                open_end: false,
            }),
            _ => Err(status::PERMISSION_DENIED),
        }
    }

    /// 0C, DC and 1C: four bytes to add or to take, valid with the commit.
    pub(super) fn change_value(&mut self, ins: u8, data: &[u8]) -> Result<Answer, u8> {
        let deed = match ins {
            code::CREDIT => Deed::Both,
            code::DEBIT => Deed::Any,
            _ => Deed::Write,
        };
        let mode = self.mode(data, deed)?;
        let (header, amount) = self.receive(ins, data, 1, mode, 4)?;
        let number = *header.first().ok_or(status::LENGTH_ERROR)?;
        let amount = <[u8; 4]>::try_from(amount).map_err(|_| status::LENGTH_ERROR)?;
        let amount = i32::from_le_bytes(amount);
        if amount < 0 {
            return Err(status::PARAMETER_ERROR);
        }
        let application = self.selected_mut()?;
        let file = application.files.get_mut(&number);
        let file = file.ok_or(status::FILE_NOT_FOUND)?;
        if !matches!(file.content, Content::Value { .. }) {
            return Err(status::PERMISSION_DENIED);
        }
        let mut changed = file.pending.clone().unwrap_or_else(|| file.content.clone());
        if let Content::Value {
            least,
            most,
            value,
            limited,
        } = &mut changed
        {
            let sum = match ins {
                code::DEBIT => value.checked_sub(amount),
                _ => value.checked_add(amount),
            };
            let sum = sum.filter(|sum| (*least..=*most).contains(sum));
            let sum = sum.ok_or(status::BOUNDARY_ERROR)?;
            match (ins, limited.as_mut()) {
                // What was taken may be given back with the lesser right, once.
                (code::DEBIT, Some(limit)) => *limit = limit.saturating_add(amount),
                (code::CREDIT | code::DEBIT, _) => {}
                (_, Some(limit)) if amount <= *limit => *limit = 0,
                (_, Some(_)) => return Err(status::BOUNDARY_ERROR),
                (_, None) => return Err(status::PERMISSION_DENIED),
            }
            *value = sum;
        }
        file.pending = Some(changed);
        Ok(write_answer(mode))
    }

    /// EB: all records go with the commit.
    pub(super) fn clear_records(&mut self, number: u8) -> Result<Answer, u8> {
        let key = self.key();
        self.file(number)?.mode(Deed::Both, key)?;
        let application = self.selected_mut()?;
        let file = application.files.get_mut(&number);
        match file.map(File::writable) {
            Some(Content::Records { records, .. }) => {
                records.clear();
                Ok(Answer::done())
            }
            _ => Err(status::PERMISSION_DENIED),
        }
    }

    fn file(&self, number: u8) -> Result<&File, u8> {
        self.in_application()?;
        let file = self.selected()?.files.get(&number);
        file.ok_or(status::FILE_NOT_FOUND)
    }

    /// How the data of the command travel, by the file that it begins with.
    fn mode(&self, data: &[u8], deed: Deed) -> Result<Mode, u8> {
        let number = *data.first().ok_or(status::LENGTH_ERROR)?;
        self.file(number)?.mode(deed, self.key())
    }
}

/// What is protected but has no data carries a MAC in an EV2 session, unless
/// its file is plain.
fn request_mode(mode: Mode) -> Mode {
    if mode == Mode::Plain {
        Mode::Plain
    } else {
        Mode::Mac
    }
}

fn write_answer(mode: Mode) -> Answer {
    Answer {
        mode: request_mode(mode),
        ..Answer::done()
    }
}

/// Number, offset and count at the head of a command.
fn place(header: &[u8]) -> Result<(u8, usize, usize), u8> {
    let (&number, rest) = header.split_first().ok_or(status::LENGTH_ERROR)?;
    let numbers = rest.get(..6).ok_or(status::LENGTH_ERROR)?;
    let (&[from, count], _) = numbers.as_chunks::<3>() else {
        return Err(status::LENGTH_ERROR);
    };
    let number_of = |[low, middle, high]: [u8; 3]| {
        usize::try_from(u32::from_le_bytes([low, middle, high, 0])).unwrap_or(usize::MAX)
    };
    Ok((number, number_of(from), number_of(count)))
}
