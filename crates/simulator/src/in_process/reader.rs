//! What a reader of this process is: its name, which device, what it obeys.

use xueka_transport::{ReaderIdentity, ReaderName};

/// A reader that [`Simulator::with_readers`](crate::Simulator::with_readers)
/// plugs in.
///
/// Several of one model differ in the numbers at the end of their names, as in
/// PC/SC, and in what they tell of themselves.
///
/// ```
/// use xueka_simulator::{Simulator, VirtualReader};
///
/// let (simulator, _source) = Simulator::with_readers([
///     VirtualReader::named("ACS ACR122U PICC Interface 00 00").serial_number("A1"),
///     VirtualReader::named("ACS ACR122U PICC Interface 01 00").usb_path("1-1.3:1.0"),
/// ]);
/// assert_eq!(simulator.slots().len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct VirtualReader {
    pub(super) name: ReaderName,
    pub(super) identity: ReaderIdentity,
    pub(super) has_escape: bool,
}

impl VirtualReader {
    /// A reader that tells nothing of itself and obeys the escape commands of
    /// ACS readers for lights, buzzer and firmware.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            identity: ReaderIdentity::default(),
            has_escape: true,
        }
    }

    /// The device's own serial number.
    #[must_use]
    pub fn serial_number(mut self, serial_number: &str) -> Self {
        self.identity.serial_number = Some(serial_number.to_owned());
        self
    }

    /// The USB socket it is in, such as `1-1.3:1.0`.
    #[must_use]
    pub fn usb_path(mut self, usb_path: &str) -> Self {
        self.identity.usb_path = Some(usb_path.to_owned());
        self
    }

    /// Everything that it tells of itself.
    #[must_use]
    pub fn identity(mut self, identity: ReaderIdentity) -> Self {
        self.identity = identity;
        self
    }

    /// A reader, or a driver, that permits no escape commands.
    #[must_use]
    pub fn without_escape(mut self) -> Self {
        self.has_escape = false;
        self
    }
}
