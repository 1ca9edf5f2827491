//! DESFire cards, from the reader's side of the secure channel.

use aes::{
    Aes128,
    cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
};
use xueka_simulator::VirtualCard;
use xueka_transport::ReaderSource;

use crate::{converse, go_on, send};

type Block = [u8; 16];

const KEY: Block = *b"a school's key 0";
const OTHER: Block = *b"a school's key 1";
const APP: &str = "F58840";

fn school() -> VirtualCard {
    VirtualCard::from_toml(&format!(
        "kind = 'desfire'\nuid = '04112233445566'\ngeneration = 'ev2'\n\
         [[application]]\nid = '{APP}'\nsettings = '0F'\nkeys = ['{}', '{}']\n\
         [[file]]\napplication = '{APP}'\nnumber = 1\ndata = '3230323430303137'\n\
         [[file]]\napplication = '{APP}'\nnumber = 2\ndata = 'AABBCCDD'\nmode = 'mac'\nrights = '1000'\n\
         [[file]]\napplication = '{APP}'\nnumber = 3\nkind = 'backup'\ndata = '{}'\nmode = 'full'\nrights = '1100'\n\
         [[file]]\napplication = '{APP}'\nnumber = 4\nkind = 'value'\nvalue = 1250\nmode = 'full'\nrights = '1110'\n\
         [[file]]\napplication = '{APP}'\nnumber = 5\nkind = 'cyclic'\nmost = 3\nlength = 2\nrights = 'EEEE'\n",
        hex::encode(KEY),
        hex::encode(OTHER),
        "00".repeat(100),
    ))
    .unwrap()
}

fn crypt(key: Block, vector: &mut Block, data: &[u8], encrypt: bool) -> Vec<u8> {
    let cipher = Aes128::new(&key.into());
    let mut result = Vec::new();
    for chunk in data.chunks(16) {
        let chunk = Block::try_from(chunk).unwrap();
        let mix = |a: Block, b: Block| -> Block { std::array::from_fn(|at| a[at] ^ b[at]) };
        let block = if encrypt {
            let mut block = mix(chunk, *vector).into();
            cipher.encrypt_block(&mut block);
            *vector = block.into();
            *vector
        } else {
            let mut block = chunk.into();
            cipher.decrypt_block(&mut block);
            let plain = mix(block.into(), *vector);
            *vector = chunk;
            plain
        };
        result.extend(block);
    }
    result
}

/// CMAC of NIST SP 800-38B, begun from any vector.
fn cmac(key: Block, mut vector: Block, message: &[u8]) -> Block {
    let double = |block: Block| {
        let mut doubled = [0; 16];
        for at in 0..16 {
            doubled[at] = block[at] << 1 | block.get(at + 1).map_or(0, |next| next >> 7);
        }
        if block[0] & 0x80 != 0 {
            doubled[15] ^= 0x87;
        }
        doubled
    };
    let first = double(crypt(key, &mut [0; 16], &[0; 16], true).try_into().unwrap());
    let mut message = message.to_vec();
    let mut subkey = first;
    if message.is_empty() || !message.len().is_multiple_of(16) {
        subkey = double(first);
        message.push(0x80);
        message.resize(message.len().next_multiple_of(16), 0);
    }
    let last = message.len() - 16;
    for (byte, mask) in message[last..].iter_mut().zip(subkey) {
        *byte ^= mask;
    }
    crypt(key, &mut vector, &message, true);
    vector
}

fn crc32(data: &[u8]) -> [u8; 4] {
    let table = |byte: u32| (0..8).fold(byte, |crc, _| crc >> 1 ^ (0xEDB8_8320 * (crc & 1)));
    let crc = data.iter().fold(u32::MAX, |crc, byte| {
        crc >> 8 ^ table((crc ^ u32::from(*byte)) & 0xFF)
    });
    crc.to_le_bytes()
}

fn native(card: &mut VirtualCard, ins: u8, data: &[u8]) -> (Vec<u8>, u8) {
    let length = if data.is_empty() {
        String::new()
    } else {
        format!("{:02X}", data.len())
    };
    let command = format!("90{ins:02X}0000{length}{}00", hex::encode(data));
    let mut response = send(card, &command);
    let code = response.pop().unwrap();
    assert_eq!(response.pop(), Some(0x91));
    (response, code)
}

/// A session begun by AA.
struct Ev1 {
    key: Block,
    vector: Block,
}

const A: Block = *b"reader challenge";

fn authenticate(card: &mut VirtualCard, number: u8, key: Block) -> Result<Ev1, u8> {
    let (encrypted, code) = native(card, 0xAA, &[number]);
    if code != 0xAF {
        return Err(code);
    }
    let mut vector = [0; 16];
    let b = Block::try_from(crypt(key, &mut vector, &encrypted, false)).unwrap();
    let mut turned = b;
    turned.rotate_left(1);
    let proof = crypt(key, &mut vector, &[A, turned].concat(), true);
    let (answer, code) = native(card, 0xAF, &proof);
    if code != 0 {
        return Err(code);
    }
    let mut expected = A;
    expected.rotate_left(1);
    assert_eq!(
        crypt(key, &mut vector, &answer, false),
        expected,
        "the card's proof"
    );
    let key = [&A[..4], &b[..4], &A[12..], &b[12..]].concat();
    let key = key.try_into().unwrap();
    let vector = [0; 16];
    Ok(Ev1 { key, vector })
}

impl Ev1 {
    /// Sends a command and collects all frames; the MAC is checked.
    fn plain(&mut self, card: &mut VirtualCard, ins: u8, data: &[u8]) -> Result<Vec<u8>, u8> {
        self.vector = cmac(self.key, self.vector, &[&[ins], data].concat());
        let mut answer = exchange(card, ins, data)?;
        let mac = answer.split_off(answer.len() - 8);
        self.vector = cmac(self.key, self.vector, &[answer.as_slice(), &[0]].concat());
        assert_eq!(mac, self.vector[..8], "the MAC of {ins:02X}");
        Ok(answer)
    }

    /// A command whose answer is encrypted.
    fn read_full(&mut self, card: &mut VirtualCard, ins: u8, data: &[u8], n: usize) -> Vec<u8> {
        self.vector = cmac(self.key, self.vector, &[&[ins], data].concat());
        let answer = exchange(card, ins, data).unwrap();
        let plain = crypt(self.key, &mut self.vector, &answer, false);
        let (content, rest) = plain.split_at(n);
        assert_eq!(rest[..4], crc32(&[content, &[0]].concat()), "the check sum");
        content.to_vec()
    }

    /// A command whose data are encrypted behind its header.
    fn write_full(
        &mut self,
        card: &mut VirtualCard,
        ins: u8,
        header: &[u8],
        data: &[u8],
    ) -> Result<(), u8> {
        let mut plain = data.to_vec();
        plain.extend(crc32(&[&[ins], header, data].concat()));
        plain.resize(plain.len().next_multiple_of(16), 0);
        let encrypted = crypt(self.key, &mut self.vector, &plain, true);
        let answer = exchange(card, ins, &[header, &encrypted].concat())?;
        self.vector = cmac(self.key, self.vector, &[0]);
        assert_eq!(answer, self.vector[..8], "the MAC of the answer");
        Ok(())
    }
}

/// Sends a command in frames and collects those of its answer.
fn exchange(card: &mut VirtualCard, ins: u8, data: &[u8]) -> Result<Vec<u8>, u8> {
    let mut frames = data.chunks(59);
    let (mut all, mut code) = native(card, ins, frames.next().unwrap_or_default());
    for frame in frames {
        assert_eq!((all.len(), code), (0, 0xAF), "more frames are wanted");
        (all, code) = native(card, 0xAF, frame);
    }
    while code == 0xAF {
        let (more, next) = native(card, 0xAF, &[]);
        all.extend(more);
        code = next;
    }
    if code == 0 { Ok(all) } else { Err(code) }
}

fn open(card: &mut VirtualCard, number: u8, key: Block) -> Ev1 {
    go_on(card, &[(&format!("905A000003{APP}00"), "9100", "select")]);
    authenticate(card, number, key).unwrap()
}

#[test]
fn what_is_free_is_read_by_everybody() {
    converse(
        school(),
        &[
            ("906A000000", "F58840 9100", "the applications"),
            ("9045000000", "0F81 9100", "the card's key is an AES key"),
            (
                "90BD00000701000000000000 00",
                "919D",
                "no file outside of it",
            ),
            ("905A000003 112233 00", "91A0", "no such application"),
            ("905A000003 F58840 00", "9100", "this one"),
            ("9045000000", "0F82 9100", "two keys"),
            ("906F000000", "0102030405 9100", "its files"),
            (
                "90F500000101 00",
                "0000 00E0 080000 9100",
                "a standard file",
            ),
            ("90F500000102 00", "0001 0010 040000 9100", "with a MAC"),
            ("90F500000109 00", "91F0", "no such file"),
            (
                "90BD00000701000000000000 00",
                "3230323430303137 9100",
                "all of it",
            ),
            ("90BD00000701020000020000 00", "3234 9100", "a part"),
            ("90BD00000701020000080000 00", "91BE", "over the end"),
            ("90BD00000702000000000000 00", "919D", "no key, no answer"),
            ("903D00000801000000010000 AA 00", "919D", "nor writing"),
            ("9051000000", "91AE", "the UID is for who authenticated"),
            ("90AA00000105 00", "9140", "no such key"),
            ("900A00000100 00", "911C", "no DES"),
        ],
    );
}

#[test]
fn an_authenticated_session_reads_with_macs_and_encrypted() {
    let mut card = school();
    go_on(&mut card, &[("905A000003F5884000", "9100", "")]);
    assert_eq!(
        authenticate(&mut card, 0, OTHER).err(),
        Some(0xAE),
        "a wrong key"
    );
    let mut session = open(&mut card, 1, OTHER);
    let read = |number: u8| [number, 0, 0, 0, 0, 0, 0];
    let free = session.plain(&mut card, 0xBD, &read(1)).unwrap();
    assert_eq!(free, *b"20240017");
    let with_mac = session.plain(&mut card, 0xBD, &read(2)).unwrap();
    assert_eq!(with_mac, [0xAA, 0xBB, 0xCC, 0xDD]);
    let uid = session.read_full(&mut card, 0x51, &[], 7);
    assert_eq!(uid, [0x04, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66]);
    let full = session.read_full(&mut card, 0xBD, &[3, 0, 0, 0, 100, 0, 0], 100);
    assert_eq!(full, [0; 100]);
    let value = session.read_full(&mut card, 0x6C, &[4], 4);
    assert_eq!(value, 1250_i32.to_le_bytes());
    let version = session.plain(&mut card, 0x60, &[]).unwrap();
    assert_eq!(hex::encode_upper(&version[..7]), "04010112011805");
    assert_eq!(session.plain(&mut card, 0xBD, &read(9)), Err(0xF0));
    go_on(
        &mut card,
        &[("9051000000", "91AE", "an error ends the session")],
    );
}

#[test]
fn a_backup_file_changes_with_the_commit_alone() {
    let mut card = school();
    let mut session = open(&mut card, 1, OTHER);
    let content = (1..=100).collect::<Vec<u8>>();
    let header = [3, 0, 0, 0, 100, 0, 0];
    session
        .write_full(&mut card, 0x3D, &header, &content)
        .unwrap();
    let before = session.read_full(&mut card, 0xBD, &header, 100);
    assert_eq!(before, [0; 100], "not yet");
    session.plain(&mut card, 0xA7, &[]).unwrap();
    assert_eq!(
        session.plain(&mut card, 0xC7, &[]),
        Err(0x0C),
        "nothing to commit"
    );

    let mut session = open(&mut card, 1, OTHER);
    session
        .write_full(&mut card, 0x3D, &header, &content)
        .unwrap();
    session
        .write_full(&mut card, 0x0C, &[4], &50_i32.to_le_bytes())
        .unwrap();
    session.plain(&mut card, 0xC7, &[]).unwrap();
    assert_eq!(session.read_full(&mut card, 0xBD, &header, 100), content);
    assert_eq!(
        session.read_full(&mut card, 0x6C, &[4], 4),
        1300_i32.to_le_bytes()
    );

    // What was not committed is gone with the field.
    session
        .write_full(&mut card, 0xDC, &[4], &1000_i32.to_le_bytes())
        .unwrap();
    let mut again = card.clone().uid([4, 1, 2, 3, 4, 5, 6]);
    let mut session = open(&mut again, 1, OTHER);
    assert_eq!(
        session.read_full(&mut again, 0x6C, &[4], 4),
        1300_i32.to_le_bytes()
    );
    let too_much = 5000_i32.to_le_bytes();
    let refused = session.write_full(&mut again, 0xDC, &[4], &too_much);
    assert_eq!(refused, Err(0xBE), "less than nothing");
}

#[test]
fn a_cyclic_file_keeps_one_record_less_than_it_has_room_for() {
    let mut card = school();
    go_on(&mut card, &[("905A000003F5884000", "9100", "")]);
    for number in ["01", "02", "03"] {
        go_on(
            &mut card,
            &[
                (
                    &format!("903B00000905000000020000 00{number} 00"),
                    "9100",
                    "",
                ),
                ("90C7000000", "9100", ""),
            ],
        );
    }
    go_on(
        &mut card,
        &[
            (
                "90BB00000705000000000000 00",
                "00020003 9100",
                "the oldest first",
            ),
            (
                "90BB00000705000000010000 00",
                "0003 9100",
                "the newest alone",
            ),
            ("90BB00000705010000010000 00", "0002 9100", "the one before"),
            ("90BB00000705030000010000 00", "91BE", "there are no more"),
        ],
    );
}

#[test]
fn keys_are_changed_under_a_session() {
    let mut card = school();
    let mut session = open(&mut card, 0, KEY);
    let new = *b"a fresh key is 1";
    let mixed: Block = std::array::from_fn(|at| new[at] ^ OTHER[at]);
    let mut plain = mixed.to_vec();
    plain.push(7);
    plain.extend(crc32(&[&[0xC4, 1], mixed.as_slice(), &[7]].concat()));
    plain.extend(crc32(&new));
    plain.resize(32, 0);
    let encrypted = crypt(session.key, &mut session.vector, &plain, true);
    let answer = exchange(&mut card, 0xC4, &[&[1], encrypted.as_slice()].concat());
    session.vector = cmac(session.key, session.vector, &[0]);
    assert_eq!(answer.unwrap(), session.vector[..8]);

    let mut session = open(&mut card, 1, new);
    assert_eq!(
        session.plain(&mut card, 0x64, &[1]).unwrap(),
        [7],
        "its version"
    );
    let mut session = open(&mut card, 0, KEY);
    let mut plain = new.to_vec();
    plain.push(8);
    plain.extend(crc32(&[&[0xC4, 0], new.as_slice(), &[8]].concat()));
    plain.resize(32, 0);
    let encrypted = crypt(session.key, &mut session.vector, &plain, true);
    let answer = exchange(&mut card, 0xC4, &[&[0], encrypted.as_slice()].concat());
    assert_eq!(answer, Ok(vec![]), "one's own key ends the session");
    open(&mut card, 0, new);
}

#[test]
fn applications_and_files_are_made_and_deleted() {
    converse(
        VirtualCard::desfire(),
        &[
            ("90CA000005 010203 0F82 00", "9100", "an application"),
            ("90CA000005 010203 0F82 00", "91DE", "not twice"),
            ("905A000003 010203 00", "9100", ""),
            ("90CA000005 040506 0F82 00", "919D", "not from inside"),
            ("90CD000007 01 00 EEEE 080000 00", "9100", "a standard file"),
            ("90CD000007 01 00 EEEE 080000 00", "91DE", "not twice"),
            ("90CB000007 02 00 EEEE FFFFFF 00", "910E", "too large"),
            (
                "90CC000011 03 00 EEEE 00000000 E8030000 64000000 00 00",
                "9100",
                "a value",
            ),
            (
                "90CC000011 04 00 EEEE 00000000 01000000 64000000 00 00",
                "91BE",
                "beyond it",
            ),
            (
                "903D000008 01 000000 010000 AA 00",
                "9100",
                "written at once",
            ),
            ("90BD000007 01 000000 010000 00", "AA 9100", ""),
            ("90DC000005 03 65000000 00", "91BE", "more than there is"),
            ("90DC000005 03 64000000 00", "9100", "all of it"),
            ("906C00000103 00", "64000000 9100", "not committed"),
            ("90C7000000", "9100", ""),
            ("906C00000103 00", "00000000 9100", "now"),
            ("90DF00000101 00", "9100", "deleted"),
            ("906F000000", "03 9100", "one is left"),
            ("905A000003 000000 00", "9100", "the card"),
            ("90DA000003 010203 00", "91AE", "deleting takes a key"),
            ("90FC000000", "91AE", "formatting too"),
        ],
    );
}

#[test]
fn an_ev2_session_protects_both_directions() {
    let mut card = school();
    go_on(&mut card, &[("905A000003F5884000", "9100", "")]);
    let (encrypted, code) = native(&mut card, 0x71, &[1, 0]);
    assert_eq!(code, 0xAF);
    let b = Block::try_from(crypt(OTHER, &mut [0; 16], &encrypted, false)).unwrap();
    let mut turned = b;
    turned.rotate_left(1);
    let proof = crypt(OTHER, &mut [0; 16], &[A, turned].concat(), true);
    let (answer, code) = native(&mut card, 0xAF, &proof);
    assert_eq!(code, 0);
    let plain = crypt(OTHER, &mut [0; 16], &answer, false);
    let mut mine = A;
    mine.rotate_left(1);
    assert_eq!(plain[4..20], mine);
    let transaction = &plain[..4];
    let derived = |label: [u8; 2]| {
        let mixed = (0..6).map(|at| A[2 + at] ^ b[at]).collect::<Vec<_>>();
        let input = [
            &label,
            &[0, 1, 0, 0x80][..],
            &A[..2],
            &mixed,
            &b[6..],
            &A[8..],
        ]
        .concat();
        cmac(OTHER, [0; 16], &input)
    };
    let (encrypt, mac) = (derived([0xA5, 0x5A]), derived([0x5A, 0xA5]));
    let short = |code: u8, counter: u8, rest: &[u8]| {
        let input = [&[code, counter, 0], transaction, rest].concat();
        let whole = cmac(mac, [0; 16], &input);
        (0..8).map(|at| whole[2 * at + 1]).collect::<Vec<_>>()
    };

    // A file with a MAC: behind the request and behind the answer.
    let request = [2, 0, 0, 0, 0, 0, 0];
    let command = [&request[..], &short(0xBD, 0, &request)].concat();
    let (answer, code) = native(&mut card, 0xBD, &command);
    assert_eq!((&answer[..4], code), (&[0xAA, 0xBB, 0xCC, 0xDD][..], 0));
    assert_eq!(answer[4..], short(0, 1, &answer[..4]));

    // An encrypted one, by a vector made of the counter.
    let request = [4];
    let command = [&request[..], &short(0x6C, 1, &request)].concat();
    let (answer, code) = native(&mut card, 0x6C, &command);
    assert_eq!((answer.len(), code), (16 + 8, 0));
    assert_eq!(answer[16..], short(0, 2, &answer[..16]));
    let label = [&[0x5A, 0xA5], transaction, &[2, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
    let mut vector = crypt(encrypt, &mut [0; 16], &label, true)
        .try_into()
        .unwrap();
    let plain = crypt(encrypt, &mut vector, &answer[..16], false);
    assert_eq!(plain[..5], [0xE2, 0x04, 0, 0, 0x80]);

    let command = [&[2, 0, 0, 0, 0, 0, 0][..], &[0; 8]].concat();
    assert_eq!(native(&mut card, 0xBD, &command).1, 0x1E, "a wrong MAC");
    go_on(&mut card, &[("9051000000", "91AE", "ended the session")]);
}

#[test]
fn an_ev1_card_knows_no_ev2_session() {
    converse(
        VirtualCard::desfire(),
        &[
            ("90710000020000 00", "911C", ""),
            ("90AA000000", "917E", ""),
        ],
    );
}

#[test]
fn a_random_uid_hides_the_real_one_until_authentication() {
    let mut card = VirtualCard::desfire()
        .uid([4, 9, 8, 7, 6, 5, 4])
        .random_uid();
    let shown = send(&mut card, "FFCA000000");
    assert_eq!((shown.len(), shown[0]), (6, 0x08));
    let mut session = authenticate(&mut card, 0, [0; 16]).unwrap();
    let uid = session.read_full(&mut card, 0x51, &[], 7);
    assert_eq!(uid, [4, 9, 8, 7, 6, 5, 4]);

    // The same by configuration, from the next activation on.
    let mut card = VirtualCard::desfire();
    let mut session = authenticate(&mut card, 0, [0; 16]).unwrap();
    session.write_full(&mut card, 0x5C, &[0], &[2]).unwrap();
    let (simulator, source) = xueka_simulator::Simulator::in_process(1);
    simulator.insert(0, card).unwrap();
    let mut reader = source.reader(&"Xueka Virtual Reader 00 00".into());
    let mut response = Vec::new();
    let get_uid = [0xFF, 0xCA, 0x00, 0x00, 0x00];
    reader
        .open()
        .unwrap()
        .transmit(&get_uid, &mut response)
        .unwrap();
    assert_eq!((response.len(), response[0]), (6, 0x08));
}
