//! The commands by which directories, files and keys of FMCOS are made, and the
//! settings that they take.
//!
//! - `80 E0 id` makes a file: `38` a directory, `3F` the key file of the current
//!   one, which has to come first, `28` a transparent file, with `80` more when
//!   writes carry a MAC and `C0` more when they are enciphered besides.
//! - `80 D4 01 id` adds a key to the key file. It travels as it is: cards are
//!   made where nobody listens.
//! - `80 0E` empties the current directory, keys included, which stays itself.
//! - A right `XY` holds while the state of the directory is from Y to X, and
//!   `0Y` from state Y of the root on: so one key of the root rules over a
//!   directory, even before that has keys.
//!
//! None of them may be sent to a card by anything but a plan; no raw call lets
//! them pass.
//!
//! Sources: RfidResearchGroup/proxmark3 `doc/fmcos.md` and
//! `doc/fmcos_example.md`; issuing programs of campus cards;
//! hardware-notes/card-fm1208-fmcos.md.

use xueka_apdu::{FileId, Le};
use zeroize::Zeroizing;

use super::{Answer, send};
use crate::{Key, dialogue::Dialogue, write::fmcos::key_kind};

/// Class of the system's own commands.
const OWN: u8 = 0x80;

/// The identifier of every key file.
pub(crate) const KEY_FILE: FileId = FileId(0x0000);

/// First bytes of the settings.
const DIRECTORY: u8 = 0x38;
const KEYS: u8 = 0x3F;
const TRANSPARENT: u8 = 0x28;
/// Added to it: writes carry a MAC, and are enciphered besides.
const WITH_MAC: u8 = 0x80;
const ENCIPHERED: u8 = 0xC0;

/// What of the first byte of settings and records is the kind.
pub(crate) const KIND_BITS: u8 = 0x3F;

/// Rights.
const ALWAYS: u8 = 0xF0;
/// The directory is in state 1 or above: one of its keys was proved.
const BY_A_KEY_HERE: u8 = 0xF1;
/// The root is in state 1 or above: its key was proved.
const BY_A_KEY_OF_THE_ROOT: u8 = 0x01;

/// The kind of a directory with an application, and the short identifier of the
/// file that SELECT repeats; the key file repeats it in turn.
const APPLICATION: u8 = 0x95;

/// The state to which the school's key leads, a nibble each for two registers.
const STATE_1: u8 = 0x11;
/// Three tries at the most, three left.
const THREE_TRIES: u8 = 0x33;

/// Room for a key record: 16 bytes of key, 5 before them, and what the system
/// adds, which is not published.
const N_KEY_ROOM: u16 = 32;
/// What the system may keep of a file or directory besides its content.
const N_FILE_ROOM: u16 = 32;

/// Makes a file from its settings: a directory below the root, or one in the
/// current directory.
pub(crate) fn create_file(card: &mut Dialogue<'_>, id: FileId, settings: &[u8]) -> Answer<()> {
    let [high, low] = id.0.to_be_bytes();
    send(card, [OWN, 0xE0, high, low], settings, None)
}

/// Empties the current directory.
pub(crate) fn erase(card: &mut Dialogue<'_>) -> Answer<()> {
    // Published with a length of 0 behind it.
    send(card, [OWN, 0x0E, 0x00, 0x00], &[], Some(Le::ALL))
}

/// Adds a key to the current directory.
pub(crate) fn write_key(card: &mut Dialogue<'_>, kind: u8, id: u8, key: &Key) -> Answer<()> {
    let value: &[u8] = match key {
        Key::Des(key) => key.reveal(),
        Key::DoubleDes(key) => key.reveal(),
        // Refused by the card: a record without its key.
        Key::Mifare(_) | Key::Password(_) | Key::Aes128(_) => &[],
    };
    let data = Zeroizing::new([&record_head(kind)[..], value].concat());
    send(card, [OWN, 0xD4, 0x01, id], &data, None)
}

/// Settings of a directory of that name for such a key file and files of so many
/// bytes. `None`: they need more room than a directory can have.
pub(crate) fn directory(name: &[u8], n_keys: u16, files: [u16; 2]) -> Option<Vec<u8>> {
    let mut room = N_FILE_ROOM.checked_mul(4)?.checked_add(key_room(n_keys)?)?;
    for n_bytes in files {
        room = room.checked_add(n_bytes)?;
    }
    let [high, low] = room.to_be_bytes();
    let (create, erase) = (BY_A_KEY_OF_THE_ROOT, BY_A_KEY_OF_THE_ROOT);
    let head = [DIRECTORY, high, low, create, erase, APPLICATION, 0xFF, 0xFF];
    Some([&head[..], name].concat())
}

/// Settings of a key file for so many keys.
pub(crate) fn key_file(n_keys: u16) -> Option<Vec<u8>> {
    let [high, low] = key_room(n_keys)?.to_be_bytes();
    Some(vec![
        KEYS,
        high,
        low,
        APPLICATION,
        BY_A_KEY_OF_THE_ROOT,
        0xFF,
        0xFF,
    ])
}

/// Settings of a transparent file of so many bytes that everybody reads. It is
/// written behind a key of the directory where there is one, and protected by a
/// line key, given as its kind with the bits for that and its identifier (0 to
/// 3), where there is one.
pub(crate) fn transparent(n_bytes: u16, has_key: bool, line_key: Option<[u8; 2]>) -> Vec<u8> {
    let [high, low] = n_bytes.to_be_bytes();
    let write = if has_key { BY_A_KEY_HERE } else { ALWAYS };
    let (kind, id) = match line_key {
        None => (TRANSPARENT, 0),
        Some([key_kind::LINE_ENCIPHERED, id]) => (TRANSPARENT | ENCIPHERED, id),
        Some([_, id]) => (TRANSPARENT | WITH_MAC, id),
    };
    // All ones: plain reads, and key 0 for reading and writing. The two lowest
    // bits name the key for writing, counted down from 3.
    let access = 0xFC | (3 - id.min(3));
    vec![kind, high, low, ALWAYS, write, 0xFF, access]
}

fn key_room(n_keys: u16) -> Option<u16> {
    n_keys.checked_mul(N_KEY_ROOM)?.checked_add(N_KEY_ROOM)
}

/// Of the record of a key of that kind: the kind, the right to use it, the right
/// to change it, and two bytes by kind.
fn record_head(kind: u8) -> [u8; 5] {
    let (third, fourth) = match kind {
        key_kind::EXTERNAL => (STATE_1, THREE_TRIES),
        key_kind::LINE_PROTECTION => (0xFF, THREE_TRIES),
        // Version and algorithm.
        _ => (0x00, 0x00),
    };
    [kind, ALWAYS, BY_A_KEY_OF_THE_ROOT, third, fourth]
}
