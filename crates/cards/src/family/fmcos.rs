//! The commands by which files of FMCOS are written: FM1208 and its relatives.
//!
//! - A right to write is had by EXTERNAL AUTHENTICATE, `00 82 00 id 08`: the
//!   card's challenge, enciphered. A wrong answer costs the key one of its few
//!   tries, and a key without tries is lost for ever: nothing here is sent twice.
//!   Rights end when another directory is selected.
//! - UPDATE BINARY is `00 D6`; a file with line protection wants `04 D6`, the
//!   data followed by a MAC over the whole command that begins from a challenge
//!   of four bytes and four zeros. A wrong MAC costs a try as well. An enciphered
//!   file has the data, their length in front, enciphered block by block before.
//!   Such files are read as they are, where their settings allow that: a reading
//!   with a MAC could cost a try at every tap.
//!
//! Nothing outside the writing by plans calls these.
//!
//! Sources: RfidResearchGroup/proxmark3 `doc/fmcos.md`; articles of card
//! integrators on line protection; hardware-notes/card-fm1208-fmcos.md.

pub(crate) mod making;

use xueka_apdu::{Command, FileId, Le, StatusWord};
use xueka_transport::TransportError;
use zeroize::Zeroizing;

use crate::{
    Key, ReadError,
    crypto::{BlockCipher, DesCipher, retail_mac},
    dialogue::{Dialogue, content},
    profile::place::{Directory, FileName},
};

/// Class of a command that carries a MAC.
const WITH_MAC: u8 = 0x04;
const PLAIN: u8 = 0x00;

/// The bit of P1 that says that the rest is a short file identifier.
const BY_SHORT_NAME: u8 = 0x80;

/// Bytes of a challenge to be enciphered, and of one that a MAC begins from.
const CHALLENGE: Le = Le::new::<8>();
const MAC_CHALLENGE: Le = Le::new::<4>();

/// Bytes of a MAC, and of a block of the cipher.
const N_MAC_BYTES: usize = 4;
const N_BLOCK_BYTES: usize = 8;

/// The most bytes that one command writes with a MAC behind them.
pub(crate) const LONGEST_WRITE: u8 = 251;

/// The most that it writes enciphered: their length before them, blocks of eight.
pub(crate) const LONGEST_ENCIPHERED: u8 = 247;

/// How bytes travel that are written to a file with line protection.
#[derive(Clone, Copy)]
pub(crate) struct Line<'k> {
    /// The key, DES or 3DES.
    pub(crate) key: &'k Key,
    /// Whether they are enciphered before the MAC is made over them.
    pub(crate) is_enciphered: bool,
}

/// What a card has, or the status word that refused it.
type Answer<T> = Result<Result<T, StatusWord>, ReadError>;

/// Goes to a directory from wherever the card is. All rights are lost.
pub(crate) fn enter(card: &mut Dialogue<'_>, directory: Directory) -> Answer<()> {
    if !matches!(directory, Directory::Named(_)) {
        let root = card.ask(&Command::select_by_id(FileId::MF))?.status_word;
        if !root.is_ok() {
            return Ok(Err(root));
        }
    }
    let command = match directory {
        Directory::Root => return Ok(Ok(())),
        Directory::Named(name) => Command::select_by_name(&name),
        Directory::Numbered(id) => Command::select_by_id(id),
    };
    let selected = card.ask(&command)?.status_word;
    Ok(if selected.is_ok() {
        Ok(())
    } else {
        Err(selected)
    })
}

/// Bytes of a transparent file of the current directory.
pub(crate) fn read(
    card: &mut Dialogue<'_>,
    file: FileName,
    offset: u8,
    n_bytes: usize,
) -> Answer<Vec<u8>> {
    if let Err(refused) = go_to(card, file)? {
        return Ok(Err(refused));
    }
    let le = u16::try_from(n_bytes).ok().and_then(Le::from_count);
    let le = le.unwrap_or(Le::ALL);
    let command = match file {
        FileName::Short(sfi) => Command::read_binary_from(sfi, offset, le),
        FileName::Long(_) => Command::read_current_from(offset, le),
    };
    Ok(content(card.ask(&command)?).map(<[u8]>::to_vec))
}

/// Proves a key to the card, once.
pub(crate) fn authenticate(card: &mut Dialogue<'_>, id: u8, key: &Key) -> Answer<()> {
    let Some((_, cipher)) = ciphers(key) else {
        return Ok(Err(StatusWord::NOT_ALLOWED));
    };
    let mut proof = match challenge::<8>(card, CHALLENGE)? {
        Ok(challenge) => challenge,
        Err(refused) => return Ok(Err(refused)),
    };
    cipher.encrypt(&mut proof);
    send(card, [PLAIN, 0x82, 0x00, id], &proof, None)
}

/// Writes bytes of a transparent file, protected where there is a key for it.
pub(crate) fn update(
    card: &mut Dialogue<'_>,
    file: FileName,
    offset: u8,
    bytes: &[u8],
    line: Option<Line<'_>>,
) -> Answer<()> {
    if let Err(refused) = go_to(card, file)? {
        return Ok(Err(refused));
    }
    let p1 = match file {
        FileName::Short(sfi) => BY_SHORT_NAME | sfi.number(),
        FileName::Long(_) => 0x00,
    };
    let Some(line) = line else {
        return send(card, [PLAIN, 0xD6, p1, offset], bytes, None);
    };
    let Some((chain, last)) = ciphers(line.key) else {
        return Ok(Err(StatusWord::NOT_ALLOWED));
    };
    let bytes = if line.is_enciphered {
        enciphered(&last, bytes)
    } else {
        bytes.to_vec()
    };
    let start = match challenge::<4>(card, MAC_CHALLENGE)? {
        Ok([a, b, c, d]) => [a, b, c, d, 0, 0, 0, 0],
        Err(refused) => return Ok(Err(refused)),
    };
    let header = [WITH_MAC, 0xD6, p1, offset];
    let lc = u8::try_from(bytes.len() + N_MAC_BYTES).unwrap_or(u8::MAX);
    let message = [&header[..], &[lc], &bytes].concat();
    let mac = retail_mac((&chain, &last), start, &message);
    send(card, header, &[&bytes[..], &mac].concat(), None)
}

/// The length and the bytes, filled with `80` and zeros to whole blocks where
/// they are not, each block enciphered by itself.
fn enciphered(cipher: &DesCipher, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    let mut data = [&[length], bytes].concat();
    if !data.len().is_multiple_of(N_BLOCK_BYTES) {
        data.push(0x80);
        data.resize(data.len().next_multiple_of(N_BLOCK_BYTES), 0x00);
    }
    for block in data.as_chunks_mut::<N_BLOCK_BYTES>().0 {
        cipher.encrypt(block);
    }
    data
}

/// Makes a file that is named by its whole identifier the current one.
fn go_to(card: &mut Dialogue<'_>, file: FileName) -> Answer<()> {
    let FileName::Long(id) = file else {
        return Ok(Ok(()));
    };
    let selected = card.ask(&Command::select_by_id(id))?.status_word;
    Ok(if selected.is_ok() {
        Ok(())
    } else {
        Err(selected)
    })
}

/// GET CHALLENGE: good for the very next command.
fn challenge<const N: usize>(card: &mut Dialogue<'_>, le: Le) -> Answer<[u8; N]> {
    let command = Command::new([PLAIN, 0x84, 0x00, 0x00], &[], Some(le));
    let Ok(command) = command else {
        return Ok(Err(StatusWord::NOT_ALLOWED));
    };
    let response = card.ask(&command)?;
    if !response.status_word.is_ok() {
        return Ok(Err(response.status_word));
    }
    // Another number of bytes is no answer of this card.
    let challenge = <[u8; N]>::try_from(response.data);
    Ok(Ok(challenge.map_err(|_| TransportError::CardGone)?))
}

/// Sends a command that wants no data in answer.
fn send(card: &mut Dialogue<'_>, header: [u8; 4], data: &[u8], le: Option<Le>) -> Answer<()> {
    let Ok(command) = Command::new(header, data, le).map(Zeroizing::new) else {
        return Ok(Err(StatusWord::NOT_ALLOWED));
    };
    let status_word = card.ask(&command)?.status_word;
    Ok(if status_word.is_ok() {
        Ok(())
    } else {
        Err(status_word)
    })
}

/// The cipher of all blocks but the last of a MAC, and that of the last and of
/// everything else; `None` for keys of other families.
fn ciphers(key: &Key) -> Option<(DesCipher, DesCipher)> {
    match key {
        Key::Des(key) => {
            let cipher = || DesCipher::single(key.reveal());
            Some((cipher(), cipher()))
        }
        Key::DoubleDes(key) => {
            let left = key.reveal().first_chunk()?;
            Some((DesCipher::single(left), DesCipher::double(key.reveal())))
        }
        Key::Mifare(_) | Key::Password(_) | Key::Aes128(_) => None,
    }
}
