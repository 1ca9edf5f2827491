//! USB devices, as the kernel lists them.
//!
//! Source: Linux, Documentation/ABI/testing/sysfs-bus-usb.

use super::root::Root;

const DEVICES: &str = "/sys/bus/usb/devices";

/// The class of an interface for smart cards (USB CCID, §4.3).
const SMART_CARD: u16 = 0x0B;

/// One device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UsbDevice {
    /// Vendor and product.
    pub(super) id: UsbId,
    /// `bcdDevice`: the release of the device, mostly of its firmware.
    pub(super) release: u16,
    /// What it calls itself.
    pub(super) name: String,
    /// Its node below `/dev/bus/usb`.
    pub(super) node: String,
    interfaces: Vec<Interface>,
}

/// Vendor and product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct UsbId(pub(super) u16, pub(super) u16);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Interface {
    class: Option<u16>,
    driver: Option<String>,
}

impl std::fmt::Display for UsbId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04x}:{:04x}", self.0, self.1)
    }
}

impl UsbDevice {
    /// All devices that are plugged in.
    pub(super) fn all(root: &Root) -> Vec<Self> {
        let entries = root.entries(DEVICES);
        let devices = entries.iter().filter_map(|folder| {
            let id = UsbId(
                root.hex(folder.join("idVendor"))?,
                root.hex(folder.join("idProduct"))?,
            );
            let part = |name| root.text(folder.join(name)).unwrap_or_default();
            // Interfaces are listed beside their device: `1-2` has `1-2:1.0`.
            let own = format!("{}:", folder.file_name()?.to_string_lossy());
            let interfaces = entries.iter().filter(|entry| {
                let name = entry.file_name().map(|name| name.to_string_lossy());
                name.is_some_and(|name| name.starts_with(&own))
            });
            let interfaces = interfaces.map(|interface| Interface {
                class: root.hex(interface.join("bInterfaceClass")),
                driver: root.link_name(interface.join("driver")),
            });
            let name = format!("{} {}", part("manufacturer"), part("product"));
            let number = |name| part(name).parse::<u16>().unwrap_or_default();
            Some(Self {
                id,
                release: root.hex(folder.join("bcdDevice")).unwrap_or_default(),
                name: name.trim().to_owned(),
                node: format!(
                    "/dev/bus/usb/{:03}/{:03}",
                    number("busnum"),
                    number("devnum")
                ),
                interfaces: interfaces.collect(),
            })
        });
        devices.collect()
    }

    /// Whether it calls itself a smart-card reader.
    pub(super) fn is_smart_card_class(&self) -> bool {
        let mut interfaces = self.interfaces.iter();
        interfaces.any(|interface| interface.class == Some(SMART_CARD))
    }

    /// The kernel drivers that hold a part of it.
    pub(super) fn drivers(&self) -> impl Iterator<Item = &str> {
        let interfaces = self.interfaces.iter();
        interfaces.filter_map(|interface| interface.driver.as_deref())
    }

    /// What to call it in a sentence.
    pub(super) fn label(&self) -> String {
        if self.name.is_empty() {
            self.id.to_string()
        } else {
            format!("{} ({})", self.name, self.id)
        }
    }
}
