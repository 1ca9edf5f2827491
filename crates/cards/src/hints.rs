//! Signs that a card may be a copy, graded.
//!
//! A hint is information for people. None makes a verdict by itself, with one
//! exception: a chip that failed to prove its key is no longer a hint.
//!
//! Sources: RfidResearchGroup/proxmark3 `doc/magic_cards_notes.md` and
//! `doc/fmcos.md`; hardware-notes/card-mifare-classic.md.

use xueka_apdu::{AtrClaim, StorageName};
use xueka_domain::Uid;

use crate::{Trace, mifare::ManufacturerBlock};

/// A sign that a card may be a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hint {
    /// The reader names a card without a processor, and it answered an ATS all
    /// the same. Combined chips do so; so do copies.
    AtsOnStorageCard,
    /// Its ATS is one by which cards are known whose block 0 can be written.
    CopierAts,
    /// The reader reports an ISO 14443-4 card, and it has no ATS.
    NoAtsOnProcessorCard,
    /// The SAK says another kind of card than was found.
    SakAgainstFamily,
    /// Block 0 holds another UID than the one with which the card was found,
    /// or a check byte that does not fit it.
    Block0AgainstUid,
    /// Block 0 says another kind of card than the ATR.
    Block0AgainstAtr,
    /// The UID is the one with which blank cards are sold whose UID can be
    /// written once.
    BlankUid,
    /// A UID of four bytes begins with `88`, which the standard keeps for the
    /// beginning of longer ones.
    CascadeUid,
    /// A published key opened the card: anyone could have written what it
    /// holds.
    PublishedKey,
    /// The chip was asked to prove its key and failed.
    AuthenticationFailed,
}

/// How much a hint is worth, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grade {
    /// Common on good cards as well.
    Weak,
    /// Rare on good cards.
    Fair,
    /// No good card of the family is known that shows it.
    Strong,
    /// The card is no good one.
    Proof,
}

impl Hint {
    /// Every hint, for tests over all of them.
    pub const ALL: [Self; 10] = [
        Self::AtsOnStorageCard,
        Self::CopierAts,
        Self::NoAtsOnProcessorCard,
        Self::SakAgainstFamily,
        Self::Block0AgainstUid,
        Self::Block0AgainstAtr,
        Self::BlankUid,
        Self::CascadeUid,
        Self::PublishedKey,
        Self::AuthenticationFailed,
    ];

    /// How much it is worth.
    #[must_use]
    pub fn grade(self) -> Grade {
        match self {
            Self::AtsOnStorageCard | Self::NoAtsOnProcessorCard | Self::PublishedKey => Grade::Weak,
            Self::SakAgainstFamily | Self::Block0AgainstAtr | Self::CascadeUid => Grade::Fair,
            Self::CopierAts | Self::Block0AgainstUid | Self::BlankUid => Grade::Strong,
            Self::AuthenticationFailed => Grade::Proof,
        }
    }
}

/// The UID of blank cards whose UID can be written once.
const BLANK_UID: [u8; 4] = [0xAA, 0x55, 0xC3, 0x96];

/// The historical bytes of the ATS `09 78 00 91 02 DA BC 19 10`, with which
/// some cards answer whose block 0 can be written. Some readers let the two
/// bytes of its CRC, `F0 05`, through.
const COPIER_HISTORICAL_BYTES: [u8; 4] = [0xDA, 0xBC, 0x19, 0x10];

/// Whether the historical bytes are those of cards whose block 0 can be
/// written.
pub(crate) fn is_copier_ats(historical_bytes: &[u8]) -> bool {
    historical_bytes.starts_with(&COPIER_HISTORICAL_BYTES)
}

/// What a UID by itself hints at.
pub(crate) fn of_uid(uid: &Uid) -> Option<Hint> {
    match uid.reveal() {
        bytes if bytes == BLANK_UID => Some(Hint::BlankUid),
        [0x88, _, _, _] => Some(Hint::CascadeUid),
        _ => None,
    }
}

/// What block 0 of a MIFARE Classic hints at, beside the UID with which the
/// card was found and the ATR with which it was reported.
///
/// The SAK of many good cards has its highest bit set in block 0 and not on
/// the air (`88` against `08`), so only the kind that it names is compared.
pub(crate) fn of_block_0(block: ManufacturerBlock, uid: &Uid, atr: &[u8]) -> Vec<Hint> {
    let mut hints = Vec::new();
    let uid = uid.reveal();
    // Each part of a UID of seven bytes is checked over the air alone.
    let has_wrong_check = uid.len() == 4 && !block.has_right_check_byte();
    if block.begins_with(uid) == Some(false) || has_wrong_check {
        hints.push(Hint::Block0AgainstUid);
    }
    let of_atr = match AtrClaim::of(atr) {
        AtrClaim::Storage(card) | AtrClaim::OldStorage(card) => classic_of_name(card.name),
        AtrClaim::Sak(sak) => classic_of_sak(sak),
        _ => None,
    };
    let of_block = block.sak(uid.len()).and_then(classic_of_sak);
    if let (Some(of_block), Some(of_atr)) = (of_block, of_atr)
        && of_block != of_atr
    {
        hints.push(Hint::Block0AgainstAtr);
    }
    hints
}

/// Keys that anybody knows: those of factories, of the public directory of
/// applications and of NDEF messages, and the commonest of published lists.
///
/// Sources: NXP `MF1S50yyX` data sheet, §8.6.3 and §8.7; NXP AN10787, §3.7; NXP
/// AN1305, §3.2; RfidResearchGroup/proxmark3
/// `client/dictionaries/mfc_default_keys.dic`.
const PUBLISHED_KEYS: [[u8; 6]; 8] = [
    [0xFF; 6],
    [0x00; 6],
    [0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5],
    [0xB0, 0xB1, 0xB2, 0xB3, 0xB4, 0xB5],
    [0xD3, 0xF7, 0xD3, 0xF7, 0xD3, 0xF7],
    [0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF],
    [0x4D, 0x3A, 0x99, 0xC3, 0x51, 0xDD],
    [0x1A, 0x98, 0x2C, 0x7E, 0x45, 0x9A],
];

/// Whether one of the published keys opened a sector in what passed.
///
/// No key is tried for this: the keys are those that the reading loaded.
pub(crate) fn published_key_opened(trace: &Trace) -> bool {
    let mut is_published = false;
    trace.successes().any(|(command, _)| match command {
        // LOAD KEY; the key stays in the reader until the next.
        [0xFF, 0x82, _, _, 0x06, key @ ..] => {
            is_published = PUBLISHED_KEYS.iter().any(|known| known == key);
            false
        }
        // GENERAL AUTHENTICATE and its older form.
        [0xFF, 0x86 | 0x88, ..] => is_published,
        _ => false,
    })
}

/// The kind of MIFARE Classic that a SAK names, its highest bit left out.
///
/// Source: NXP AN10833.
fn classic_of_sak(sak: u8) -> Option<StorageName> {
    match sak & 0x7F {
        0x08 => Some(StorageName::MIFARE_CLASSIC_1K),
        0x18 => Some(StorageName::MIFARE_CLASSIC_4K),
        0x09 => Some(StorageName::MIFARE_MINI),
        _ => None,
    }
}

/// The kind of MIFARE Classic that an ATR names.
fn classic_of_name(name: StorageName) -> Option<StorageName> {
    match name {
        StorageName::MIFARE_CLASSIC_1K
        | StorageName::MIFARE_CLASSIC_4K
        | StorageName::MIFARE_MINI => Some(name),
        other => other.acs_sak().and_then(classic_of_sak),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use xueka_simulator::VirtualCard;
    use xueka_transport::CardTransport;

    use super::*;
    use crate::TracedSession;

    #[test]
    fn every_hint_has_a_grade_and_one_is_proof() {
        let proofs = Hint::ALL.iter().filter(|hint| hint.grade() == Grade::Proof);
        assert_eq!(proofs.collect::<Vec<_>>(), [&Hint::AuthenticationFailed]);
    }

    /// What block 0 hints at, beside this UID and the name in the ATR.
    fn of(uid: &str, block: &str, name: u16) -> Vec<Hint> {
        let block = hex::decode(block.replace(' ', "")).unwrap();
        let mut atr = hex::decode("3B8F8001804F0CA00000030603").unwrap();
        atr.extend(name.to_be_bytes());
        atr.extend([0; 4]);
        atr.push(atr[1..].iter().fold(0, |sum, byte| sum ^ byte));
        let block = ManufacturerBlock::new(block.try_into().unwrap());
        of_block_0(block, &uid.parse().unwrap(), &atr)
    }

    #[test]
    fn block_0_is_compared_with_uid_and_atr() {
        const GOOD: &str = "1EA68671 4F 08 0400 6263646566676869";
        const CHECK: &str = "1EA68671 00 08 0400 6263646566676869";
        const WITH_88: &str = "1EA68671 4F 88 0400 46000000 00000000";
        const LONG: &str = "04112233445566 08 4400 000000000000";
        const LONG_4K: &str = "04112233445566 18 4400 000000000000";
        let other_uid = vec![Hint::Block0AgainstUid];
        let other_kind = vec![Hint::Block0AgainstAtr];
        let both = vec![Hint::Block0AgainstUid, Hint::Block0AgainstAtr];
        let cases = [
            ("1EA68671", GOOD, 0x0001, vec![], "a good card"),
            (
                "1EA68671",
                WITH_88,
                0x0001,
                vec![],
                "a good card, 88 inside",
            ),
            ("1EA68672", GOOD, 0x0001, other_uid.clone(), "another UID"),
            ("1EA68671", CHECK, 0x0001, other_uid, "a wrong check byte"),
            ("1EA68671", GOOD, 0x0002, other_kind.clone(), "4K outside"),
            ("1EA68671", GOOD, 0xFF18, other_kind, "the same by its SAK"),
            (
                "1EA68671",
                GOOD,
                0x0036,
                vec![],
                "a name that is no Classic",
            ),
            ("04112233445566", LONG, 0x0001, vec![], "seven bytes"),
            (
                "04112233445567",
                LONG_4K,
                0x0001,
                both,
                "seven, nothing fits",
            ),
        ];
        for (uid, block, name, expected, why) in cases {
            assert_eq!(of(uid, block, name), expected, "{why}");
        }
    }

    #[test]
    fn a_published_key_counts_where_it_opened_something() {
        let open = "FF860000050100046000";
        let load = |key: &str| format!("FF82000006{key}");
        let cases = [
            (
                vec![load("FFFFFFFFFFFF"), open.into()],
                true,
                "a factory key",
            ),
            (vec![load("FFFFFFFFFFFF")], false, "loaded and not used"),
            (
                vec![load("112233445566"), open.into()],
                false,
                "another key",
            ),
            (
                vec![load("A0A1A2A3A4A5"), load("FFFFFFFFFFFF"), open.into()],
                true,
                "the last one loaded counts",
            ),
            (vec![open.into()], false, "no key of ours"),
        ];
        for (commands, expected, why) in cases {
            // Key A of every sector is the factory's, or this one.
            let keys = if why == "another key" {
                [0x11, 0x22, 0x33, 0x44, 0x55, 0x66]
            } else {
                [0xFF; 6]
            };
            let mut card = VirtualCard::mifare_classic_1k().keys(1, keys, [0xFF; 6]);
            let mut session = TracedSession::new(&mut card);
            for command in commands {
                let command = hex::decode(command).unwrap();
                session.transmit(&command, &mut Vec::new()).unwrap();
            }
            let opened = published_key_opened(&session.into_trace());
            assert_eq!(opened, expected, "{why}");
        }
    }

    #[test]
    fn uids_of_copies_are_known() {
        let cases = [
            ("AA55C396", Some(Hint::BlankUid)),
            ("88A68671", Some(Hint::CascadeUid)),
            ("1EA68671", None),
            ("88112233445566", None),
        ];
        for (uid, expected) in cases {
            assert_eq!(of_uid(&uid.parse().unwrap()), expected, "{uid}");
        }
    }

    proptest! {
        #[test]
        fn no_block_panics(block: [u8; 16], atr: Vec<u8>) {
            for uid in ["1EA68671", "04112233445566", "0102030405060708"] {
                let block = ManufacturerBlock::new(block);
                let _ = of_block_0(block, &uid.parse().unwrap(), &atr);
            }
            let _ = is_copier_ats(&atr);
        }
    }
}
