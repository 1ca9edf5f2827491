//! What can be told to a card after its constructor.

use std::time::Duration;

use jiff::civil::Date;

use super::{Fault, Kind, ReaderStyle, UidRule, VirtualCard};
use crate::chip::{
    Chip, atr, desfire,
    fmcos::{File, Key},
    transit::Transit,
};

/// Historical bytes in the ATS of some Gen2 cards (proxmark3
/// `doc/magic_cards_notes.md`).
const MAGIC_HISTORICAL: [u8; 4] = [0xDA, 0xBC, 0x19, 0x10];

/// The ATR of a reader that does not name the card (PC/SC Part 3; id3 for a
/// Classic 1K, liblogicalaccess `atrparser.cpp`).
const ISO14443_A: u8 = 0x03;
const NO_NAME: u16 = 0x0000;

/// Details: each changes one thing and leaves the others.
///
/// A detail that a kind of card does not have leaves the card as it is.
impl VirtualCard {
    /// The UID, of any length.
    #[must_use]
    pub fn uid(mut self, uid: impl Into<Vec<u8>>) -> Self {
        let uid = uid.into();
        match &mut self.chip {
            Chip::Classic(card) | Chip::Fmcos(_, Some(card)) => card.set_uid(&uid),
            Chip::Ultralight(card) => card.set_uid(&uid),
            Chip::Desfire(card) => card.set_real_uid(&uid),
            _ => {}
        }
        self.uid = UidRule::Fixed(uid);
        self.power_up();
        self
    }

    /// A random UID: four bytes beginning `08`, new at each arrival and reset.
    #[must_use]
    pub fn random_uid(mut self) -> Self {
        self.uid = UidRule::Random;
        self.power_up();
        self
    }

    /// The answer to reset, whatever the card is: also one that is malformed.
    #[must_use]
    pub fn answer_to_reset(mut self, atr: impl Into<Vec<u8>>) -> Self {
        self.atr = atr.into();
        self
    }

    /// The historical bytes of the ATS, from which the ATR is made anew.
    #[must_use]
    pub fn historical_bytes(mut self, historical: impl Into<Vec<u8>>) -> Self {
        if self.historical.is_some() && !matches!(self.chip, Chip::Classic(_)) {
            let historical = historical.into();
            self.atr = atr::contactless(&historical);
            self.historical = Some(historical);
        }
        self
    }

    /// A card that lies there and gives no answer to reset.
    #[must_use]
    pub fn mute(mut self) -> Self {
        self.is_mute = true;
        self
    }

    /// How long every answer takes; none unless told.
    #[must_use]
    pub fn response_delay(mut self, delay: Duration) -> Self {
        self.response_delay = delay;
        self
    }

    /// What goes wrong at one command, counted from 1 after the card's
    /// arrival.
    #[must_use]
    pub fn fault(mut self, at_command: u32, fault: Fault) -> Self {
        self.faults.push((at_command, fault));
        self
    }

    /// The card leaves at this command, counted from 1, without obeying it.
    #[must_use]
    pub fn tear_at_command(self, at_command: u32) -> Self {
        self.fault(at_command, Fault::Tear { obeyed: false })
    }

    /// The number of a transit card, as its constructor writes it.
    #[must_use]
    pub fn number(mut self, number: &str) -> Self {
        self.with_transit(|transit| transit.set_number(number));
        self
    }

    /// The holder's name on a campus card, in GBK: 20 bytes at the most.
    #[must_use]
    pub fn name_gbk(mut self, name: impl Into<Vec<u8>>) -> Self {
        self.with_transit(|transit| transit.set_name(&name.into()));
        self
    }

    /// The student number on a campus card: 10 characters at the most.
    #[must_use]
    pub fn student_number(mut self, digits: &str) -> Self {
        self.with_transit(|transit| transit.set_student_number(digits));
        self
    }

    /// The internal key of that id (kind 34) of an FM1208's application `3F01`,
    /// by which the card proves that it is genuine.
    #[must_use]
    pub fn internal_key(self, id: u8, value: [u8; 16]) -> Self {
        let record = [&[0x34, 0xF0, 0xF1, 0x00, 0x00], value.as_slice()].concat();
        self.fmcos_key(0x3F01, id, &record)
    }

    /// A key record of an FM1208, as WRITE KEY takes it: kind, usage, change,
    /// two bytes by kind, and the value. One of the same kind and id goes. A
    /// directory that is not there is made, without a name.
    #[must_use]
    pub fn fmcos_key(mut self, directory: u16, id: u8, record: &[u8]) -> Self {
        if let Chip::Fmcos(card, _) = &mut self.chip
            && let Some(key) = Key::parse(id, record)
        {
            card.put_key(directory, key);
        }
        self
    }

    /// A transparent file of an FM1208, open to everybody. A directory that is
    /// not there is made, without a name.
    #[must_use]
    pub fn fmcos_file(mut self, directory: u16, id: u16, data: impl Into<Vec<u8>>) -> Self {
        if let Chip::Fmcos(card, _) = &mut self.chip {
            card.put_file(directory, id, File::open(data.into()));
        }
        self
    }

    /// An AES key of a DESFire application, which is made with 14 keys of zeros
    /// if it is not there; `[0; 3]` is the card itself, with its one key.
    #[must_use]
    pub fn desfire_key(mut self, application: [u8; 3], number: u8, key: [u8; 16]) -> Self {
        if let Chip::Desfire(card) = &mut self.chip {
            card.application(application, 14).set_key(number, key);
        }
        self
    }

    /// A standard file of a DESFire application.
    ///
    /// `settings` say how its data travel (0 plain, 1 with a MAC, 3 encrypted);
    /// the nibbles of `rights`, from the highest, are the keys to read, to
    /// write, to do both and to change the rights, `E` everybody, `F` nobody.
    #[must_use]
    pub fn desfire_file(
        mut self,
        application: [u8; 3],
        number: u8,
        (settings, rights): (u8, u16),
        data: impl Into<Vec<u8>>,
    ) -> Self {
        if let Chip::Desfire(card) = &mut self.chip {
            let content = desfire::Content::Standard(data.into());
            let file = desfire::File::new(settings, desfire::Rights(rights), content);
            card.application(application, 14).files.insert(number, file);
        }
        self
    }

    /// The first day of validity of a transit card.
    #[must_use]
    pub fn valid_from(mut self, day: Date) -> Self {
        self.with_transit(|transit| transit.set_valid_from(day));
        self
    }

    /// The last day of validity of a transit card.
    #[must_use]
    pub fn valid_until(mut self, day: Date) -> Self {
        self.with_transit(|transit| transit.set_valid_until(day));
        self
    }

    /// For whom a T-Union card was made: 1 ordinary, 2 student, 3 senior, 4
    /// test, 5 military (nfcim/nfsee `assets/codes.js`).
    #[must_use]
    pub fn holder_kind(mut self, kind: u8) -> Self {
        self.with_transit(|transit| transit.set_holder_kind(kind));
        self
    }

    /// The city code of a T-Union or `CityUnion` card, in BCD.
    ///
    /// Shanghai (`2000`) and Chongqing (`4000`) keep number and dates of a
    /// `CityUnion` card elsewhere: with these cities they are erased and have to
    /// be said afterwards. Shanghai's number is an integer below 2³².
    #[must_use]
    pub fn city(mut self, city: [u8; 2]) -> Self {
        self.with_transit(|transit| transit.set_city(city));
        self
    }

    /// What is in a transit card's purse, in fen.
    #[must_use]
    pub fn balance(mut self, fen: u32) -> Self {
        self.with_transit(|transit| transit.set_balance(fen));
        self
    }

    /// A record in front of a transit card's log, which keeps ten.
    #[must_use]
    pub fn log_record(mut self, record: [u8; 23]) -> Self {
        self.with_transit(|transit| transit.add_log_record(record));
        self
    }

    /// A whole transparent file of a transit card, beside its number: of the
    /// master file for `transit-cpu`, of the application for the others.
    #[must_use]
    pub fn file(mut self, sfi: u8, content: impl Into<Vec<u8>>) -> Self {
        self.with_transit(|transit| transit.set_file(sfi, content.into()));
        self
    }

    /// The data field with which a transit application answers SELECT,
    /// instead of one made from its files.
    #[must_use]
    pub fn select_answer(mut self, answer: impl Into<Vec<u8>>) -> Self {
        self.with_transit(|transit| transit.set_select_answer(answer.into()));
        self
    }

    /// A block of data of a MIFARE Classic, counted over the whole card.
    /// Block 0 and the sector trailers have methods of their own.
    #[must_use]
    pub fn block(mut self, block: u16, data: [u8; 16]) -> Self {
        if let Chip::Classic(card) | Chip::Fmcos(_, Some(card)) = &mut self.chip {
            card.set_block(block, data);
        }
        self
    }

    /// Block 0 of a MIFARE Classic, which usually repeats UID, check byte, SAK
    /// and ATQA: also one that contradicts the card.
    #[must_use]
    pub fn block_0(mut self, data: [u8; 16]) -> Self {
        if let Chip::Classic(card) | Chip::Fmcos(_, Some(card)) = &mut self.chip {
            card.set_block_0(data);
        }
        self
    }

    /// Makes a MIFARE Classic a magic one of the kind Gen2 (CUID): block 0 is
    /// written like any other, the UID follows it from the next activation on,
    /// and the card gives the historical bytes of its ATS (`09 78 00 91 02`
    /// `DA BC 19 10`), which a Classic has not.
    #[must_use]
    pub fn magic(mut self) -> Self {
        if let Chip::Classic(card) = &mut self.chip {
            card.set_magic();
            self.historical = Some(MAGIC_HISTORICAL.to_vec());
        }
        self
    }

    /// Keys A and B of a MIFARE Classic sector.
    #[must_use]
    pub fn keys(mut self, sector: u16, a: [u8; 6], b: [u8; 6]) -> Self {
        if let Chip::Classic(card) | Chip::Fmcos(_, Some(card)) = &mut self.chip {
            card.set_keys(sector, Some(a), Some(b));
        }
        self
    }

    /// The three access bytes of a MIFARE Classic sector, and the free byte
    /// behind them.
    #[must_use]
    pub fn access(mut self, sector: u16, access: [u8; 4]) -> Self {
        if let Chip::Classic(card) | Chip::Fmcos(_, Some(card)) = &mut self.chip {
            card.set_access(sector, access);
        }
        self
    }

    /// A page of a MIFARE Ultralight or NTAG213.
    #[must_use]
    pub fn page(mut self, page: u16, data: [u8; 4]) -> Self {
        if let Chip::Ultralight(card) = &mut self.chip {
            card.set_page(page, data);
        }
        self
    }

    /// Password and acknowledgement of an NTAG, and the first page that asks for
    /// them: for writing, and if `for_reading` for reading too. The last pages
    /// never show them.
    #[must_use]
    pub fn password(
        mut self,
        password: [u8; 4],
        acknowledgement: [u8; 2],
        first_page: u8,
        for_reading: bool,
    ) -> Self {
        if let Chip::Ultralight(card) = &mut self.chip {
            card.set_password(password, acknowledgement, first_page, for_reading);
        }
        self
    }

    /// How the virtual reader answers for a MIFARE Classic.
    #[must_use]
    pub fn reader_style(mut self, style: ReaderStyle) -> Self {
        if let Chip::Classic(card) | Chip::Fmcos(_, Some(card)) = &mut self.chip {
            card.set_style(style);
        }
        if style == ReaderStyle::Id3 && self.kind == Kind::MifareClassic1K {
            self.atr = atr::storage(ISO14443_A, NO_NAME);
        }
        self
    }

    /// The SAK that the reader sees of a MIFARE Classic or a combined card; 28
    /// on a combined one unless told. PC/SC does not pass it on.
    #[must_use]
    pub fn sak(mut self, sak: u8) -> Self {
        if let Chip::Classic(card) | Chip::Fmcos(_, Some(card)) = &mut self.chip {
            card.set_sak(sak);
        }
        self
    }

    /// Gives the files of a transit card to `change`.
    pub(crate) fn with_transit(&mut self, change: impl FnOnce(&mut Transit<'_>)) {
        if let (Chip::Cpu(card), Some(layout)) = (&mut self.chip, self.kind.layout()) {
            change(&mut Transit { card, layout });
        }
    }

    /// The chip, for descriptions, which check what they set.
    pub(crate) fn chip_mut(&mut self) -> &mut Chip {
        &mut self.chip
    }
}
