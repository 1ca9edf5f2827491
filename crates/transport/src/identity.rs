//! Which device a reader is, whatever it is called just now.

/// What a reader tells of itself, as far as it does.
///
/// A name changes with the order in which readers are plugged in; the serial
/// number belongs to the device and the USB path to the socket it is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReaderIdentity {
    /// The maker, as the device says.
    pub vendor: Option<String>,
    /// The model, as the device says.
    pub model: Option<String>,
    /// The device's own serial number. Many models have none; some have the
    /// same one in every unit.
    pub serial_number: Option<String>,
    /// The USB socket, as `<bus>-<port[.port…]>:<config>.<interface>`, such as
    /// `1-1.3:1.0`: stable as long as the device stays in the same socket. Or,
    /// where the driver does not tell it, nothing.
    pub usb_path: Option<String>,
    /// The channel in PC/SC's own coding, such as `0020 0001 0005` for USB bus
    /// 1, address 5. It changes at each plugging in, so it tells two readers
    /// apart now and identifies neither later.
    pub channel: Option<u32>,
}
