//! What of a command may be shown.

use std::ops::Range;

use super::{MaskedByte, MaskedBytes};

/// Keeps header and lengths, and the data field where it only says what is
/// wanted: a name, a file, a block. Every other data field may hold a key, a
/// password, a cryptogram or something to be written, and is removed.
pub(super) fn mask(command: &[u8]) -> MaskedBytes {
    let removed = match data_place(command) {
        Some(data) if data_is_harmless(command) => data.start..data.start,
        Some(data) => data,
        None => 4..command.len(),
    };
    let mask = |(place, byte): (usize, &u8)| {
        if removed.contains(&place) {
            MaskedByte::Removed
        } else {
            MaskedByte::Kept(*byte)
        }
    };
    command.iter().enumerate().map(mask).collect()
}

/// Where the data field lies; `None` for a command whose lengths do not fit
/// each other, extended ones included.
fn data_place(command: &[u8]) -> Option<Range<usize>> {
    let lc = command.get(4).copied().map_or(0, usize::from);
    match command.len().checked_sub(5) {
        // Header, or header and Le.
        None | Some(0) => Some(5..5),
        Some(n_behind) if lc > 0 && (n_behind == lc || n_behind == lc + 1) => Some(5..5 + lc),
        Some(_) => None,
    }
}

/// Of a command whose lengths fit.
fn data_is_harmless(command: &[u8]) -> bool {
    let data = command.get(5..).unwrap_or_default();
    match command {
        // SELECT by name or identifier.
        [0x00, 0xA4, 0x00 | 0x04, 0x00 | 0x0C, _, ..] => true,
        // AUTHENTICATE of PC/SC Part 3: version, block, kind of key, slot; and
        // its older form.
        [0xFF, 0x86, 0x00, 0x00, 0x05, ..] => data.len() == 5,
        [0xFF, 0x88, _, _, _, slot] => *slot < 0x20,
        // DESFire, in ISO form: SelectApplication, GetFileSettings, ReadData.
        [0x90, 0x5A, 0x00, 0x00, 0x03, ..] => data.len() <= 4,
        [0x90, 0xF5, 0x00, 0x00, 0x01, ..] => data.len() <= 2,
        [0x90, 0xBD, 0x00, 0x00, 0x07, ..] => data.len() <= 8,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_removed_unless_it_only_names_something() {
        let cases = [
            ("00B0840020", "00B0840020", "no data"),
            ("FF82000006A0A1A2A3A4A5", "FF82000006************", "a key"),
            (
                "FF860000050100046100",
                "FF860000050100046100",
                "which block",
            ),
            (
                "00A4040008A00000063201010500",
                "00A4040008A00000063201010500",
                "a name",
            ),
            (
                "0088000008112233445566778800",
                "0088000008****************00",
                "a challenge",
            ),
            ("90AA0000010100", "90AA000001**00", "authentication"),
            ("80D4010005AA", "80D40100****", "lengths that do not fit"),
            ("FF0000000000021122", "FF000000**********", "extended"),
            ("FF8600000501", "FF860000****", "too short to say which"),
            ("FFCA", "FFCA", "half a header"),
        ];
        for (command, expected, why) in cases {
            let bytes = hex::decode(command).unwrap();
            let shown = mask(&bytes).to_string();
            assert_eq!(shown, expected, "{why}");
        }
    }
}
