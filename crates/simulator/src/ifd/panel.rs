//! What the virtual reader itself answers: its lights, its buzzer, its name.
//!
//! As a reader of ACS does it: hardware-notes/reader-acs-acr122u.md and
//! reader-acs-acr1252u.md have the commands and their sources.

/// What the reader calls its firmware.
const FIRMWARE: &[u8] = b"XUEKA-VR1.0";

/// Lights that stay as they were left.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Panel {
    /// Bit 0 red, bit 1 green.
    lights: u8,
}

impl Panel {
    /// Bit 0 red, bit 1 green.
    pub(crate) fn lights(self) -> u8 {
        self.lights
    }

    /// Obeys an escape command; `None` when the reader has no such command.
    pub(crate) fn obey(&mut self, command: &[u8]) -> Option<Vec<u8>> {
        match *command {
            // ACR122U: the firmware's name, and nothing behind it.
            [0xFF, 0x00, 0x48, 0x00, ..] => Some(FIRMWARE.to_vec()),
            // ACR122U: bits 0 and 1 are the state, 2 and 3 say which to change.
            [0xFF, 0x00, 0x40, control, 0x04, ..] => {
                let mask = control >> 2 & 0b11;
                self.lights = self.lights & !mask | control & mask;
                Some(vec![0x90, self.lights])
            }
            // ACR1252U: the firmware's name behind a head with its length.
            [0xE0, 0x00, 0x00, 0x18, 0x00] => Some(headed(FIRMWARE)),
            // ACR1252U: lights, asked for and set.
            [0xE0, 0x00, 0x00, 0x29, 0x00] => Some(headed(&[self.lights])),
            [0xE0, 0x00, 0x00, 0x29, 0x01, lights] => {
                self.lights = lights & 0b11;
                Some(headed(&[self.lights]))
            }
            // ACR1252U: the buzzer.
            [0xE0, 0x00, 0x00, 0x28, 0x01, time] => Some(headed(&[time])),
            _ => None,
        }
    }
}

fn headed(data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).unwrap_or(u8::MAX);
    let mut answer = vec![0xE1, 0x00, 0x00, 0x00, length];
    answer.extend_from_slice(data);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lights_stay_as_they_were_left() {
        let mut panel = Panel::default();
        let cases: [(&[u8], &[u8], &str); 6] = [
            (
                &[0xFF, 0x00, 0x40, 0x0E, 0x04, 0, 0, 0, 0],
                &[0x90, 0x02],
                "green on, red off",
            ),
            (
                &[0xFF, 0x00, 0x40, 0x00, 0x04, 0, 0, 0, 0],
                &[0x90, 0x02],
                "nothing to change: how they are",
            ),
            (
                &[0xFF, 0x00, 0x40, 0x05, 0x04, 0, 0, 0, 0],
                &[0x90, 0x03],
                "red as well",
            ),
            (
                &[0xE0, 0x00, 0x00, 0x29, 0x00],
                &[0xE1, 0x00, 0x00, 0x00, 0x01, 0x03],
                "asked in the other way",
            ),
            (
                &[0xE0, 0x00, 0x00, 0x29, 0x01, 0x00],
                &[0xE1, 0x00, 0x00, 0x00, 0x01, 0x00],
                "off",
            ),
            (
                &[0xE0, 0x00, 0x00, 0x28, 0x01, 0x0A],
                &[0xE1, 0x00, 0x00, 0x00, 0x01, 0x0A],
                "a beep",
            ),
        ];
        for (command, expected, why) in cases {
            assert_eq!(panel.obey(command).as_deref(), Some(expected), "{why}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_answered() {
        for command in [&[][..], &[0xFF, 0x00], &[0xE0, 0x00, 0x00, 0x29, 0x01]] {
            assert_eq!(Panel::default().obey(command), None, "{command:02X?}");
        }
    }
}
