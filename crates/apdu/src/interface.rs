//! The interface bytes of an ATR: TA1, TB1, TC1, TD1, TA2 and so on.
//!
//! T0 and each TD announce which bytes follow; every TD also names a protocol,
//! to which the bytes behind it belong. Nothing here trusts what is announced
//! further than the bytes at hand.
//!
//! Source: ISO/IEC 7816-3:2006, §8.2 and §8.3.

/// One interface byte in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceByte {
    /// Which of the four it is.
    pub letter: InterfaceLetter,
    /// The group, counted from 1: TA*1*, TA*2*, …
    pub index: u8,
    /// The protocol (T) that the TD before it names; `None` in the first
    /// group, which no TD stands before.
    pub protocol: Option<u8>,
    /// The byte.
    pub value: u8,
}

/// Which interface byte of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InterfaceLetter {
    /// TA.
    A,
    /// TB.
    B,
    /// TC.
    C,
    /// TD.
    D,
}

/// What an interface byte says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterfaceMeaning {
    /// TA1: clock cycles for a bit are `fi / di`. `None` for reserved values.
    Speed {
        /// The clock rate conversion integer.
        fi: Option<u16>,
        /// The baud rate adjustment integer.
        di: Option<u8>,
    },
    /// TB1 and TB2: the programming voltage, no longer used by any card; `00`
    /// in TB1 says that the contact is not connected.
    ProgrammingVoltage,
    /// TC1: extra guard time, in bit times; 255 is a value of its own.
    ExtraGuardTime(u8),
    /// A TD: the protocol of the bytes behind it, and which of those follow.
    Protocol {
        /// The protocol: 0 by characters, 1 by blocks, 15 global bytes.
        t: u8,
        /// Bits 0 to 3 tell whether TA, TB, TC, TD follow.
        follows: u8,
    },
    /// TA2: the card begins in specific mode.
    SpecificMode {
        /// The protocol to use.
        t: u8,
        /// Whether the card can change to negotiable mode.
        can_change: bool,
        /// Whether speed follows from the card's kind instead of from TA1.
        implicit: bool,
    },
    /// TC2: the waiting time integer of T=0.
    WaitingTime(u8),
    /// TA3 and later for T=1: the longest block that the card takes (IFSC).
    BlockSize(u8),
    /// TB3 and later for T=1: how long to wait for blocks and characters.
    BlockWaiting {
        /// The block waiting time integer.
        bwi: u8,
        /// The character waiting time integer.
        cwi: u8,
    },
    /// TC3 and later for T=1: how blocks are checked.
    ErrorDetection {
        /// By CRC; otherwise by LRC.
        crc: bool,
    },
    /// The first TA for T=15: whether the clock may stop, and the voltages.
    ClockAndClasses {
        /// 0: it may not; 1: low; 2: high; 3: either.
        clock_stop: u8,
        /// Bit 0: 5 V; bit 1: 3 V; bit 2: 1.8 V.
        classes: u8,
    },
    /// The first TB for T=15: how the contact C6 is used.
    StandardContact(u8),
    /// No published meaning in this place.
    Unspecified,
}

impl InterfaceByte {
    /// What the byte says.
    #[must_use]
    pub fn meaning(self) -> InterfaceMeaning {
        use InterfaceLetter::{A, B, C, D};
        use InterfaceMeaning as M;
        let [high, low] = [self.value >> 4, self.value & 0x0F];
        match (self.letter, self.index, self.protocol) {
            (D, _, _) => M::Protocol {
                t: low,
                follows: high,
            },
            (A, 1, _) => M::Speed {
                fi: clock_rate(high),
                di: baud_rate(low),
            },
            (B, 1 | 2, _) => M::ProgrammingVoltage,
            (C, 1, _) => M::ExtraGuardTime(self.value),
            (A, 2, _) => M::SpecificMode {
                t: low,
                can_change: high & 0x8 == 0,
                implicit: high & 0x1 != 0,
            },
            (C, 2, _) => M::WaitingTime(self.value),
            (A, _, Some(1)) => M::BlockSize(self.value),
            (B, _, Some(1)) => M::BlockWaiting {
                bwi: high,
                cwi: low,
            },
            (C, _, Some(1)) => M::ErrorDetection {
                crc: self.value & 1 != 0,
            },
            (A, _, Some(15)) => M::ClockAndClasses {
                clock_stop: self.value >> 6,
                classes: self.value & 0x3F,
            },
            (B, _, Some(15)) => M::StandardContact(self.value),
            _ => M::Unspecified,
        }
    }
}

/// Fi by the high nibble of TA1.
///
/// Source: ISO/IEC 7816-3:2006, table 7.
fn clock_rate(nibble: u8) -> Option<u16> {
    Some(match nibble {
        0x0 | 0x1 => 372,
        0x2 => 558,
        0x3 => 744,
        0x4 => 1116,
        0x5 => 1488,
        0x6 => 1860,
        0x9 => 512,
        0xA => 768,
        0xB => 1024,
        0xC => 1536,
        0xD => 2048,
        _ => return None,
    })
}

/// Di by the low nibble of TA1.
///
/// Source: ISO/IEC 7816-3:2006, table 8.
fn baud_rate(nibble: u8) -> Option<u8> {
    Some(match nibble {
        0x1 => 1,
        0x2 => 2,
        0x3 => 4,
        0x4 => 8,
        0x5 => 16,
        0x6 => 32,
        0x7 => 64,
        0x8 => 12,
        0x9 => 20,
        _ => return None,
    })
}

/// The interface bytes that follow T0, as far as there are bytes.
#[derive(Clone, Debug)]
pub struct InterfaceBytes<'a> {
    rest: &'a [u8],
    /// Bits 0 to 3: TA, TB, TC, TD of this group are still to come.
    announced: u8,
    index: u8,
    protocol: Option<u8>,
    /// A protocol other than T=0 was named.
    needs_check: bool,
}

impl<'a> InterfaceBytes<'a> {
    /// The bytes behind T0.
    pub(crate) fn new(t0: u8, rest: &'a [u8]) -> Self {
        Self {
            rest,
            announced: t0 >> 4,
            index: 1,
            protocol: None,
            needs_check: false,
        }
    }

    /// The bytes behind those that were given so far.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether bytes are announced that are not there, once the iteration has
    /// ended.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.announced != 0
    }

    /// Whether a check character has to end the ATR, once the iteration has
    /// ended.
    pub(crate) fn needs_check(&self) -> bool {
        self.needs_check
    }
}

impl Iterator for InterfaceBytes<'_> {
    type Item = InterfaceByte;

    fn next(&mut self) -> Option<InterfaceByte> {
        let letter = match self.announced.trailing_zeros() {
            0 => InterfaceLetter::A,
            1 => InterfaceLetter::B,
            2 => InterfaceLetter::C,
            3 => InterfaceLetter::D,
            _ => return None,
        };
        let (value, rest) = self.rest.split_first()?;
        let byte = InterfaceByte {
            letter,
            index: self.index,
            protocol: self.protocol,
            value: *value,
        };
        self.rest = rest;
        // Clears the lowest bit that is set.
        self.announced &= self.announced - 1;
        if letter == InterfaceLetter::D {
            self.announced = value >> 4;
            self.index = self.index.saturating_add(1);
            self.protocol = Some(value & 0x0F);
            self.needs_check |= value & 0x0F != 0;
        }
        Some(byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_the_meaning_of_its_place() {
        use InterfaceMeaning as M;
        // 3B F8 13 00 00 81 31 FE 45 … with a group for T=15 added behind.
        let rest = hex::decode("13000091FF31FE459F4301CAFE").unwrap();
        let mut bytes = InterfaceBytes::new(0xF8, &rest);
        let speed = M::Speed {
            fi: Some(372),
            di: Some(4),
        };
        let found: Vec<_> = bytes
            .by_ref()
            .map(|byte| (byte.index, byte.meaning()))
            .collect();
        let expected = [
            (1, speed),
            (1, M::ProgrammingVoltage),
            (1, M::ExtraGuardTime(0)),
            (1, M::Protocol { t: 1, follows: 9 }),
            (
                2,
                M::SpecificMode {
                    t: 15,
                    can_change: false,
                    implicit: true,
                },
            ),
            (2, M::Protocol { t: 1, follows: 3 }),
            (3, M::BlockSize(0xFE)),
            (3, M::BlockWaiting { bwi: 4, cwi: 5 }),
        ];
        assert_eq!(found, expected);
        assert_eq!(hex::encode_upper(bytes.rest()), "9F4301CAFE");
        assert!(bytes.needs_check() && !bytes.is_cut_short());
    }

    #[test]
    fn global_bytes_follow_the_fifteenth_protocol() {
        use InterfaceMeaning as M;
        // TD1 names T=0, TD2 names T=15 and announces TA3 and TB3.
        let rest = [0x80, 0x3F, 0xC7, 0x80];
        let meanings: Vec<_> = InterfaceBytes::new(0x80, &rest)
            .map(InterfaceByte::meaning)
            .collect();
        let clock = M::ClockAndClasses {
            clock_stop: 3,
            classes: 7,
        };
        assert_eq!(meanings[2..], [clock, M::StandardContact(0x80)]);
    }

    #[test]
    fn what_is_announced_and_missing_is_noticed() {
        let mut bytes = InterfaceBytes::new(0xF0, &[0x11, 0x95]);
        assert_eq!(bytes.by_ref().count(), 2);
        assert!(bytes.is_cut_short());
    }
}
