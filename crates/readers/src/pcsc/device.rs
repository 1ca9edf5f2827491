//! What a reader of the PC/SC service tells of itself, and what it can be told
//! to do without a card.
//!
//! Both go over a direct connection, which needs no card, resets none, and lies
//! beside the shared connections of other programs.

use std::ffi::CStr;

use pcsc::{Attribute, Card, Context, Disposition, Protocols, ShareMode, ctl_code};
use xueka_transport::{ReaderIdentity, TransportError};

use super::codes::{control_error, open_error};

/// The escape command of CCID, `PC_to_RDR_Escape`: the number that pcsc-lite's
/// drivers and Windows have for it. Source: LudovicRousseau/CCID,
/// `SCARDCONTROL.md`; Microsoft, `IOCTL_CCID_ESCAPE`.
const ESCAPE: u32 = if cfg!(windows) { 3500 } else { 1 };
/// Asks libccid for the USB path. Source: LudovicRousseau/CCID,
/// `SCARDCONTROL.md`.
const GET_USB_PATH: u32 = 3601;

/// The longest text that is taken from a device, in bytes.
const LONGEST_TEXT: usize = 256;

/// Asks a reader which device it is.
pub(super) fn identity(context: &Context, name: &CStr) -> Result<ReaderIdentity, TransportError> {
    let device = Device::connect(context, name)?;
    Ok(ReaderIdentity {
        vendor: device.text(Attribute::VendorName),
        model: device.text(Attribute::VendorIfdType),
        serial_number: device.text(Attribute::VendorIfdSerialNo),
        usb_path: device.usb_path(),
        channel: device.channel(),
    })
}

/// Sends an escape command.
pub(super) fn control(
    context: &Context,
    name: &CStr,
    command: &[u8],
    response: &mut Vec<u8>,
) -> Result<(), TransportError> {
    response.clear();
    let device = Device::connect(context, name)?;
    let mut answer = [0; LONGEST_TEXT];
    let answer = device.control(ESCAPE, command, &mut answer)?;
    response.extend_from_slice(answer);
    Ok(())
}

/// A direct connection.
struct Device(Option<Card>);

impl Device {
    fn connect(context: &Context, name: &CStr) -> Result<Self, TransportError> {
        let connected = context.connect(name, ShareMode::Direct, Protocols::UNDEFINED);
        connected.map(|card| Self(Some(card))).map_err(open_error)
    }

    /// A text attribute; `None` where the driver has none.
    fn text(&self, attribute: Attribute) -> Option<String> {
        let mut buffer = [0; LONGEST_TEXT];
        let card = self.0.as_ref()?;
        text_of(card.get_attribute(attribute, &mut buffer).ok()?)
    }

    fn channel(&self) -> Option<u32> {
        let mut buffer = [0; 4];
        let card = self.0.as_ref()?;
        let channel = card.get_attribute(Attribute::ChannelId, &mut buffer).ok()?;
        // Libccid gives it in the machine's byte order.
        Some(u32::from_ne_bytes(channel.try_into().ok()?))
    }

    fn usb_path(&self) -> Option<String> {
        let mut buffer = [0; LONGEST_TEXT];
        text_of(self.control(GET_USB_PATH, &[], &mut buffer).ok()?)
    }

    fn control<'a>(
        &self,
        code: u32,
        command: &[u8],
        answer: &'a mut [u8],
    ) -> Result<&'a [u8], TransportError> {
        let card = self.0.as_ref().ok_or(TransportError::ReaderGone)?;
        card.control(ctl_code(code.into()), command, answer)
            .map_err(control_error)
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        if let Some(card) = self.0.take() {
            // It fails where the reader is gone, and the connection with it.
            card.disconnect(Disposition::LeaveCard).ok();
        }
    }
}

/// What a device says of itself, as text: without the zeros and blanks that
/// some end it with; `None` when nothing is left or it is no text.
fn text_of(bytes: &[u8]) -> Option<String> {
    let text = str::from_utf8(bytes).ok()?;
    let text = text.trim_matches(|letter: char| letter.is_control() || letter.is_whitespace());
    let is_text = !text.is_empty() && !text.contains(char::is_control);
    is_text.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_device_says_is_taken_as_text_or_not_at_all() {
        let cases: [(&[u8], Option<&str>, &str); 7] = [
            (b"ACS\0", Some("ACS"), "a zero at the end"),
            (b" 1234 \0\0", Some("1234"), "blanks around"),
            (b"1-1.3:1.0", Some("1-1.3:1.0"), "a path"),
            (b"", None, "nothing"),
            (b"\0\0", None, "nothing but zeros"),
            (b"\xFF\xFE", None, "not UTF-8"),
            (b"a\x1Bb", None, "a control character would go to the log"),
        ];
        for (bytes, expected, why) in cases {
            assert_eq!(text_of(bytes).as_deref(), expected, "{why}");
        }
    }
}
