//! How values stand in columns, and how they come back.
//!
//! Numbers are text, for 19 digits and leading zeros fit no integer column;
//! UIDs are bytes; days are `YYYY-MM-DD`; times are microseconds since 1970 in
//! UTC; enumerations are their upper-case words.

use crate::sql::{FromValue, Row};
use jiff::{Timestamp, civil::Date};
use xueka_domain::{
    BlockReason, CardFamily, CardIdentity, CardKey, CardNumber, CardState, ExitReason, Role, Uid,
};

use super::failure::{Failure, Work};

/// The families with their words.
const FAMILIES: [(CardFamily, &str); 11] = [
    (CardFamily::TransitCpu, "TRANSIT_CPU"),
    (CardFamily::TUnion, "T_UNION"),
    (CardFamily::CityUnion, "CITY_UNION"),
    (CardFamily::MifareClassic1K, "MIFARE_CLASSIC_1K"),
    (CardFamily::MifareClassic4K, "MIFARE_CLASSIC_4K"),
    (CardFamily::MifareClassicMini, "MIFARE_CLASSIC_MINI"),
    (CardFamily::Ultralight, "ULTRALIGHT"),
    (CardFamily::Desfire, "DESFIRE"),
    (CardFamily::OtherIso14443, "OTHER_ISO14443"),
    (CardFamily::OtherStorage, "OTHER_STORAGE"),
    (CardFamily::Iso7816, "ISO7816"),
];

/// The reasons on the blacklist with their words.
const BLOCK_REASONS: [(BlockReason, &str); 6] = [
    (BlockReason::ByHand, "BY_HAND"),
    (BlockReason::Lost, "LOST"),
    (BlockReason::Damaged, "DAMAGED"),
    (BlockReason::Replaced, "REPLACED"),
    (BlockReason::Cancelled, "CANCELLED"),
    (BlockReason::Spoilt, "SPOILT"),
];

/// The roles with their words.
const ROLES: [(Role, &str); 6] = [
    (Role::Verifier, "VERIFIER"),
    (Role::Clerk, "CLERK"),
    (Role::Registrar, "REGISTRAR"),
    (Role::Administrator, "ADMINISTRATOR"),
    (Role::Simulator, "SIMULATOR"),
    (Role::Engineer, "ENGINEER"),
];

pub(crate) fn word_of<T: PartialEq>(table: &[(T, &'static str)], value: &T) -> &'static str {
    let found = table.iter().find(|(each, _)| each == value);
    found.map_or("", |(_, word)| word)
}

pub(crate) fn value_of<T: Copy>(
    table: &[(T, &'static str)],
    word: &str,
    column: &'static str,
) -> Work<T> {
    let found = table.iter().find(|(_, each)| *each == word);
    found
        .map(|(value, _)| *value)
        .ok_or(Failure::Malformed(column))
}

pub(crate) fn family_word(family: CardFamily) -> &'static str {
    word_of(&FAMILIES, &family)
}

pub(crate) fn block_reason_word(reason: BlockReason) -> &'static str {
    word_of(&BLOCK_REASONS, &reason)
}

pub(crate) fn role_word(role: Role) -> &'static str {
    word_of(&ROLES, &role)
}

pub(crate) fn state_of(word: &str) -> Work<CardState> {
    let mut states = CardState::ALL.into_iter();
    states
        .find(|state| state.code() == word)
        .ok_or(Failure::Malformed("state"))
}

pub(crate) fn exit_reason_of(word: &str) -> Work<ExitReason> {
    let mut reasons = ExitReason::ALL.into_iter();
    reasons
        .find(|reason| reason.code() == word)
        .ok_or(Failure::Malformed("exit_reason"))
}

pub(crate) fn role_of(word: &str) -> Work<Role> {
    value_of(&ROLES, word, "role")
}

/// A time as it is kept; what is finer than a microsecond is cut off.
pub(crate) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

pub(crate) fn time_of(micros: i64) -> Work<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|_| Failure::Malformed("time"))
}

pub(crate) fn day_text(day: Option<Date>) -> Option<String> {
    day.map(|day| day.to_string())
}

/// Columns by name, turned into values.
pub(crate) trait Columns {
    /// A column as the database has it.
    fn raw<T: FromValue>(&self, name: &'static str) -> Work<T>;

    fn time(&self, name: &'static str) -> Work<Timestamp> {
        time_of(self.raw(name)?)
    }

    fn day(&self, name: &'static str) -> Work<Option<Date>> {
        let text: Option<String> = self.raw(name)?;
        text.map(|text| text.parse().map_err(|_| Failure::Malformed(name)))
            .transpose()
    }

    fn card_number(&self, name: &'static str) -> Work<Option<CardNumber>> {
        let text: Option<String> = self.raw(name)?;
        text.map(|text| text.parse().map_err(|_| Failure::Malformed(name)))
            .transpose()
    }

    fn uid(&self, name: &'static str) -> Work<Option<Uid>> {
        let bytes: Option<Vec<u8>> = self.raw(name)?;
        bytes
            .map(|bytes| Uid::try_from(bytes.as_slice()).map_err(|_| Failure::Malformed(name)))
            .transpose()
    }

    /// The card that two columns name; `None` when both are empty.
    fn identity(&self, number: &'static str, uid: &'static str) -> Work<Option<CardIdentity>> {
        Ok(CardIdentity::new(self.card_number(number)?, self.uid(uid)?).ok())
    }

    /// What an entry blocks, by its columns `number` and `uid`.
    fn key(&self) -> Work<CardKey> {
        match (self.card_number("number")?, self.uid("uid")?) {
            (Some(number), None) => Ok(CardKey::Number(number)),
            (None, Some(uid)) => Ok(CardKey::Uid(uid)),
            _ => Err(Failure::Malformed("number")),
        }
    }

    fn state(&self) -> Work<CardState> {
        let word: String = self.raw("state")?;
        state_of(&word)
    }

    fn exit_reason(&self) -> Work<Option<ExitReason>> {
        let word: Option<String> = self.raw("exit_reason")?;
        word.map(|word| exit_reason_of(&word)).transpose()
    }

    fn family(&self) -> Work<Option<CardFamily>> {
        let word: Option<String> = self.raw("family")?;
        word.map(|word| value_of(&FAMILIES, &word, "family"))
            .transpose()
    }

    fn block_reason(&self) -> Work<BlockReason> {
        let word: String = self.raw("reason")?;
        value_of(&BLOCK_REASONS, &word, "reason")
    }

    /// A text that a type checks, which must be there.
    fn parsed<T: std::str::FromStr>(&self, name: &'static str) -> Work<T> {
        let text: String = self.raw(name)?;
        text.parse().map_err(|_| Failure::Malformed(name))
    }

    /// A text that a type checks, which may be absent.
    fn parsed_or_none<T: std::str::FromStr>(&self, name: &'static str) -> Work<Option<T>> {
        let text: Option<String> = self.raw(name)?;
        text.map(|text| text.parse().map_err(|_| Failure::Malformed(name)))
            .transpose()
    }
}

impl Columns for Row<'_> {
    fn raw<T: FromValue>(&self, name: &'static str) -> Work<T> {
        Ok(self.get(name)?)
    }
}

/// A key as its two columns, number and UID, of which one is empty.
pub(crate) fn key_columns(key: CardKey) -> (Option<String>, Option<Vec<u8>>) {
    match key {
        CardKey::Number(number) => (Some(number.reveal()), None),
        CardKey::Uid(uid) => (None, Some(uid.reveal().to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_comes_back_as_its_value() {
        for (family, word) in FAMILIES {
            assert_eq!(family_word(family), word);
        }
        for reason in BlockReason::ALL {
            let word = block_reason_word(reason);
            assert_eq!(value_of(&BLOCK_REASONS, word, "").unwrap(), reason);
        }
        for (role, word) in ROLES {
            assert_eq!(role_of(word).unwrap(), role);
        }
        for state in CardState::ALL {
            assert_eq!(state_of(state.code()).unwrap(), state);
        }
        for reason in ExitReason::ALL {
            assert_eq!(exit_reason_of(reason.code()).unwrap(), reason);
        }
    }
}
