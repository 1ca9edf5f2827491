//! What is known of single models. Every row says where from.

use super::usb::UsbId;

/// Kernel modules that take a reader away from pcscd, each with those that it
/// stands on.
///
/// Source: Linux, `drivers/nfc/pn533/usb.c`, `drivers/nfc/port100.c`; seen with
/// readers in pcsc-tools issue 97, pyscard issue 94, libnfc issue 535.
pub(super) const SEIZING_MODULES: [&str; 4] = ["pn533_usb", "pn533", "port100", "nfc"];

/// Readers that these modules claim: NXP PN533, SCM SCL3711, ACS ACR122U, Sony
/// `PaSoRi` RC-S360 and RC-S380.
///
/// Source: the device tables of the same files.
pub(super) const SEIZED_READERS: [UsbId; 6] = [
    UsbId(0x04CC, 0x2533),
    UsbId(0x04E6, 0x5591),
    UsbId(0x072F, 0x2200),
    UsbId(0x054C, 0x02E1),
    UsbId(0x054C, 0x06C1),
    UsbId(0x054C, 0x06C3),
];

/// A model whose older firmware the CCID driver refuses as faulty.
pub(super) struct BadFirmware {
    pub(super) id: UsbId,
    pub(super) model: &'static str,
    /// The first release (`bcdDevice`) without the fault.
    pub(super) good_from: u16,
}

/// Contactless readers and their relatives with bad firmware.
///
/// Source: LudovicRousseau/CCID, `src/ccid_usb.c`, `Bogus_firmwares`.
pub(super) const BAD_FIRMWARE: [BadFirmware; 3] = [
    BadFirmware {
        id: UsbId(0x072F, 0x2200),
        model: "ACS ACR122U",
        good_from: 0x0206,
    },
    BadFirmware {
        id: UsbId(0x04E6, 0x5291),
        model: "SCM SCL010",
        good_from: 0x0112,
    },
    BadFirmware {
        id: UsbId(0x04E6, 0x5111),
        model: "SCM SCR 331-DI",
        good_from: 0x0620,
    },
];

/// A model that has a field, and what its other slots are called.
pub(super) struct SlotNames {
    pub(super) model: &'static str,
    /// Parts of the names of slots that are no field.
    pub(super) others: &'static [&'static str],
}

/// Models that list a reader for each slot.
///
/// Sources: EsupPortail/esup-nfc-tag-desktop, `PcscUsbService.java`;
/// liblogicalaccess, `readers/pcsc/libraryentry.cpp`; hardware-notes/ of each.
pub(super) const SLOT_NAMES: [SlotNames; 5] = [
    SlotNames {
        model: "ACR1252",
        others: &["SAM"],
    },
    SlotNames {
        model: "ACR1281",
        // With the blank, for the field is called PICC.
        others: &["SAM", " ICC"],
    },
    SlotNames {
        model: "OMNIKEY 5422",
        // With the bracket: outside it stands the name of the whole device.
        others: &["[OMNIKEY 5422 Smartcard"],
    },
    SlotNames {
        model: "uTrust 4701 F",
        others: &["Contact Reader"],
    },
    SlotNames {
        model: "SDI010",
        others: &["Smart Card Reader"],
    },
];

/// Parts of names of readers whose light and buzzer need escape commands.
///
/// Source: hardware-notes/reader-acs-acr122u.md, reader-acs-acr1222l.md,
/// reader-acs-acr1252u.md, reader-acs-acr1281-acr1255.md.
pub(super) const SIGNALS_BY_ESCAPE: [&str; 5] =
    ["ACR122", "ACR1252", "ACR1281", "ACR1255", "ACM1252"];
