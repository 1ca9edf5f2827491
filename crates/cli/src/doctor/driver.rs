//! The drivers of pcscd, and which readers they know.
//!
//! A driver for USB readers is a folder whose `Info.plist` has three lists side
//! by side: vendors, products and names. Source: pcsc-lite,
//! `src/hotplug_libudev.c`.

use std::path::PathBuf;

use super::{root::Root, usb::UsbId};

/// Where drivers lie: Debian and Arch, Fedora, multi-arch, pcsc-lite's own
/// default, macOS.
const FOLDERS: [&str; 5] = [
    "/usr/lib/pcsc/drivers",
    "/usr/lib64/pcsc/drivers",
    "/usr/lib/x86_64-linux-gnu/pcsc/drivers",
    "/usr/local/lib/pcsc/drivers",
    "/usr/local/libexec/SmartCardServices/drivers",
];

/// Bit of `ifdDriverOptions` that lets escape commands pass.
///
/// Source: LudovicRousseau/CCID, `src/Info.plist.src`.
const ESCAPES_PASS: u32 = 0x0001;

/// One driver.
#[derive(Clone, Debug)]
pub(super) struct Driver {
    /// Its list of readers.
    pub(super) plist: PathBuf,
    readers: Vec<(UsbId, String)>,
    options: Option<u32>,
}

impl Driver {
    /// All drivers for USB readers that are installed.
    pub(super) fn all(root: &Root) -> Vec<Self> {
        let bundles = FOLDERS.iter().flat_map(|folder| root.entries(folder));
        let drivers = bundles.filter_map(|bundle| {
            let plist = bundle.join("Contents/Info.plist");
            Some(Self::parse(&root.text(&plist)?, plist))
        });
        drivers.collect()
    }

    fn parse(text: &str, plist: PathBuf) -> Self {
        let text = without_comments(text);
        let number = |text: &String| {
            let digits = text.trim().trim_start_matches("0x");
            u16::from_str_radix(digits, 16).ok()
        };
        let vendors = strings(&text, "ifdVendorID");
        let products = strings(&text, "ifdProductID");
        let names = strings(&text, "ifdFriendlyName");
        let ids = vendors.iter().zip(&products).zip(names);
        let readers = ids.filter_map(|((vendor, product), name)| {
            Some((UsbId(number(vendor)?, number(product)?), name))
        });
        let options = strings(&text, "ifdDriverOptions");
        let options = options.first().and_then(|text| {
            let digits = text.trim().trim_start_matches("0x");
            u32::from_str_radix(digits, 16).ok()
        });
        Self {
            plist,
            readers: readers.collect(),
            options,
        }
    }

    /// What it calls that reader; `None` when it does not know it.
    pub(super) fn name_of(&self, id: UsbId) -> Option<&str> {
        let known = self.readers.iter().find(|(known, _)| *known == id);
        known.map(|(_, name)| name.as_str())
    }

    /// Whether it knows a reader by that PC/SC name.
    pub(super) fn names(&self, reader: &str) -> bool {
        let mut readers = self.readers.iter();
        readers.any(|(_, name)| !name.is_empty() && reader.starts_with(name.as_str()))
    }

    /// Whether its options keep escape commands back.
    pub(super) fn keeps_escapes_back(&self) -> bool {
        self.options
            .is_some_and(|options| options & ESCAPES_PASS == 0)
    }
}

/// Property lists explain themselves at length, quoting their own tags.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    kept
}

/// The strings that follow a key: one, or those of an array.
fn strings(text: &str, key: &str) -> Vec<String> {
    let Some((_, after)) = text.split_once(&format!("<key>{key}</key>")) else {
        return Vec::new();
    };
    let value = after.split("<key>").next().unwrap_or_default();
    let strings = value.split("<string>").skip(1);
    let strings = strings.filter_map(|part| part.split_once("</string>"));
    strings
        .map(|(string, _)| string.replace("&amp;", "&"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLIST: &str = "<dict>
        <!-- <key>ifdDriverOptions</key> <string>0xFFFF</string> -->
        <key>ifdDriverOptions</key>
        <string>0x0004</string>
        <key>ifdVendorID</key>
        <array><string>0x072F</string><string>0x08E6</string><string>zz</string></array>
        <key>ifdProductID</key>
        <array><string>0x2200</string><string>0x3437</string><string>0x1</string></array>
        <key>ifdFriendlyName</key>
        <array><string>ACS ACR122U</string><string>A &amp; B</string><string>C</string></array>
    </dict>";

    #[test]
    fn a_list_is_read_across_its_arrays() {
        let driver = Driver::parse(PLIST, PathBuf::new());
        assert_eq!(driver.name_of(UsbId(0x072F, 0x2200)), Some("ACS ACR122U"));
        assert_eq!(driver.name_of(UsbId(0x08E6, 0x3437)), Some("A & B"));
        assert_eq!(driver.name_of(UsbId(0x08E6, 0x2200)), None, "crosswise");
        assert!(driver.names("ACS ACR122U 00 00"));
        assert!(!driver.names("C"), "its vendor is no number");
        assert!(driver.keeps_escapes_back(), "a comment is no option");
    }

    #[test]
    fn the_bit_for_escapes_is_the_lowest() {
        for (options, kept_back) in [("0x0001", false), ("0x0005", false), ("0x0000", true)] {
            let text = PLIST.replace("0x0004", options);
            let driver = Driver::parse(&text, PathBuf::new());
            assert_eq!(driver.keeps_escapes_back(), kept_back, "{options}");
        }
    }

    #[test]
    fn what_is_no_list_knows_no_reader() {
        for text in [
            "",
            "<key>ifdVendorID</key>",
            "<!-- <!--",
            "<key>ifdVendorID</key><string>",
        ] {
            let driver = Driver::parse(text, PathBuf::new());
            assert!(driver.readers.is_empty());
            assert!(!driver.keeps_escapes_back(), "nothing is known of it");
        }
    }
}
