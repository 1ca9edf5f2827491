//! What holds between a `DESFire` and its reader after an authentication:
//! session keys, and how each later command and answer is secured by them.
//!
//! [`Session::secure`] makes a command's bytes, [`Session::open`] checks and
//! deciphers the answer to it. An answer that does not check gives nothing, and
//! no later one will: the two sides have lost each other.

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    crypto::{AesCipher, BlockCipher, Padding, cbc_decrypt, cbc_encrypt, cmac, is_same, xor_onto},
    profile::place::Communication,
};

/// An authenticated session, of one of two kinds.
pub(super) enum Session {
    /// Begun with `AA`.
    Ev1(Box<Ev1Session>),
    /// Begun with `71`.
    Ev2(Box<Ev2Session>),
}

impl Session {
    /// The bytes behind the instruction of a command with these parameters.
    pub(super) fn secure(
        &mut self,
        instruction: u8,
        parameters: &[u8],
        travel: Communication,
    ) -> Vec<u8> {
        match self {
            Self::Ev1(session) => {
                session.command(instruction, parameters);
                parameters.to_vec()
            }
            Self::Ev2(session) => session.command(instruction, parameters, travel),
        }
    }

    /// The first `n_bytes` of what the answer to that command carries; `None`
    /// when it does not check.
    pub(super) fn open(
        &mut self,
        answer: Zeroizing<Vec<u8>>,
        travel: Communication,
        n_bytes: usize,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let content = match self {
            Self::Ev1(session) if travel == Communication::Full => {
                session.open_enciphered(answer, n_bytes)?
            }
            Self::Ev1(session) => session.open_maced(answer)?,
            Self::Ev2(session) => session.open(answer, travel)?,
        };
        (content.len() == n_bytes).then_some(content)
    }
}

/// The bytes that a MAC on the way is cut to.
const MAC_LENGTH: usize = 8;

/// CHANGE KEY, which secures its content in a way of its own.
pub(super) const CHANGE_KEY: u8 = 0xC4;

/// Bytes of a block of the cipher.
const BLOCK: usize = 16;

/// The status that ends every good answer, as it goes into MACs and checksums.
const GOOD: u8 = 0x00;

/// The session of EV1: one chain of blocks through all commands and answers,
/// each of which changes what the next MAC begins from.
///
/// Source: the trace of an EV1 published with the project `ReadDesfire` and in
/// answer 38283999 of Stack Overflow, which the tests repeat; libfreefare
/// `mifare_desfire_crypto.c`.
pub(super) struct Ev1Session {
    cipher: AesCipher,
    chain: [u8; 16],
}

impl Ev1Session {
    /// Begins with the two random numbers of the authentication: the key is
    /// the first and last four bytes of each.
    pub(super) fn new(rnd_a: &[u8; 16], rnd_b: &[u8; 16]) -> Self {
        let [a0, a1, a2, a3, .., a12, a13, a14, a15] = *rnd_a;
        let [b0, b1, b2, b3, .., b12, b13, b14, b15] = *rnd_b;
        let key = Zeroizing::new([
            a0, a1, a2, a3, b0, b1, b2, b3, a12, a13, a14, a15, b12, b13, b14, b15,
        ]);
        Self {
            cipher: AesCipher::new(&key),
            chain: [0; 16],
        }
    }

    /// Takes in a command, which itself travels as it is.
    pub(super) fn command(&mut self, instruction: u8, parameters: &[u8]) {
        self.chain_over(&[&[instruction], parameters].concat());
    }

    /// The bytes behind the instruction of a command that carries content:
    /// as it is, with a MAC behind it, or enciphered with a checksum over
    /// everything.
    pub(super) fn carry(
        &mut self,
        instruction: u8,
        parameters: &[u8],
        content: &[u8],
        travel: Communication,
    ) -> Zeroizing<Vec<u8>> {
        let mut sent = Zeroizing::new([parameters, content].concat());
        if travel == Communication::Full && !content.is_empty() {
            let message = Zeroizing::new([&[instruction], sent.as_slice()].concat());
            let mut plain = Zeroizing::new(content.to_vec());
            plain.extend(crc32(&message).to_le_bytes());
            self.encipher(&mut plain);
            sent.truncate(parameters.len());
            sent.extend_from_slice(&plain);
            return sent;
        }
        self.command(instruction, &sent);
        if travel == Communication::Mac && !content.is_empty() {
            sent.extend_from_slice(self.chain.get(..MAC_LENGTH).unwrap_or_default());
        }
        sent
    }

    /// The bytes behind the instruction of CHANGE KEY. `old` is what stands
    /// there, unless it is the key of this session itself.
    ///
    /// Number, then enciphered: the new key, mixed with the old one if that is
    /// another than the session's, its version, a checksum over the command, and
    /// one over the new key if it was mixed.
    pub(super) fn new_key(
        &mut self,
        number: u8,
        (new, version): (&[u8; 16], u8),
        old: Option<&[u8; 16]>,
    ) -> Zeroizing<Vec<u8>> {
        let mut mixed = Zeroizing::new(*new);
        if let Some(old) = old {
            xor_onto(&mut *mixed, old);
        }
        let mut message = Zeroizing::new([0; 19]);
        let head = [CHANGE_KEY, number].into_iter().chain(*mixed);
        for (place, byte) in message.iter_mut().zip(head.chain([version])) {
            *place = byte;
        }
        let mut plain = Zeroizing::new(Vec::with_capacity(2 * BLOCK));
        plain.extend_from_slice(message.get(2..).unwrap_or_default());
        plain.extend(crc32(&*message).to_le_bytes());
        if old.is_some() {
            plain.extend(crc32(new).to_le_bytes());
        }
        self.encipher(&mut plain);
        Zeroizing::new([&[number], plain.as_slice()].concat())
    }

    /// Fills up with zeros and enciphers.
    fn encipher(&mut self, plain: &mut Vec<u8>) {
        plain.resize(plain.len().next_multiple_of(BLOCK), 0x00);
        cbc_encrypt(&self.cipher, &mut self.chain, plain);
    }

    /// Every good answer ends with a MAC, whatever the file says of its
    /// communication, unless it is enciphered.
    pub(super) fn open_maced(
        &mut self,
        mut answer: Zeroizing<Vec<u8>>,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let at = answer.len().checked_sub(MAC_LENGTH)?;
        let mac = answer.split_off(at);
        answer.push(GOOD);
        self.chain_over(&answer);
        answer.pop();
        is_same(self.chain.get(..MAC_LENGTH)?, &mac).then_some(answer)
    }

    /// Content, its checksum and filling, all enciphered.
    pub(super) fn open_enciphered(
        &mut self,
        mut answer: Zeroizing<Vec<u8>>,
        n_bytes: usize,
    ) -> Option<Zeroizing<Vec<u8>>> {
        if answer.is_empty() || !answer.len().is_multiple_of(16) {
            return None;
        }
        cbc_decrypt(&self.cipher, &mut self.chain, &mut answer);
        let sum = answer.get(n_bytes..n_bytes.checked_add(4)?)?;
        let sum = <[u8; 4]>::try_from(sum).ok()?;
        answer.truncate(n_bytes);
        answer.push(GOOD);
        let expected = crc32(&answer).to_le_bytes();
        answer.pop();
        (sum == expected).then_some(answer)
    }

    fn chain_over(&mut self, message: &[u8]) {
        self.chain = cmac(&self.cipher, self.chain, message, Padding::AsNeeded);
    }
}

/// The session of EV2: two keys, the card's transaction identifier and a count
/// of commands, so that no MAC fits another command.
///
/// Source: NXP AN12196, revision 2.0, chapter 4 and tables 7, 14 and 28 (the
/// same messaging in another chip of the family); libfreefare has none of it.
pub(super) struct Ev2Session {
    enciphering: AesCipher,
    mac: AesCipher,
    identifier: [u8; 4],
    n_commands: u16,
}

impl Ev2Session {
    /// Begins with the key that authenticated, the two random numbers, and the
    /// identifier that the card gave.
    pub(super) fn new(
        key: &[u8; 16],
        rnd_a: &[u8; 16],
        rnd_b: &[u8; 16],
        identifier: [u8; 4],
    ) -> Self {
        let cipher = AesCipher::new(key);
        let session_key = |label: [u8; 2]| {
            let vector = session_vector(label, rnd_a, rnd_b);
            let key = cmac(&cipher, [0; 16], &*vector, Padding::AsNeeded);
            AesCipher::new(&Zeroizing::new(key))
        };
        Self {
            enciphering: session_key([0xA5, 0x5A]),
            mac: session_key([0x5A, 0xA5]),
            identifier,
            n_commands: 0,
        }
    }

    fn command(&mut self, instruction: u8, parameters: &[u8], travel: Communication) -> Vec<u8> {
        let mut bytes = parameters.to_vec();
        if travel != Communication::Plain {
            bytes.extend(self.mac_of(instruction, parameters));
        }
        // The answer, whatever it is, counts as the next one.
        self.n_commands = self.n_commands.wrapping_add(1);
        bytes
    }

    fn open(
        &mut self,
        mut answer: Zeroizing<Vec<u8>>,
        travel: Communication,
    ) -> Option<Zeroizing<Vec<u8>>> {
        if travel == Communication::Plain {
            return Some(answer);
        }
        let at = answer.len().checked_sub(MAC_LENGTH)?;
        let mac = answer.split_off(at);
        if !is_same(&self.mac_of(GOOD, &answer), &mac) {
            return None;
        }
        if travel == Communication::Mac {
            return Some(answer);
        }
        if !answer.len().is_multiple_of(16) {
            return None;
        }
        let mut chain = self.answer_chain();
        cbc_decrypt(&self.enciphering, &mut chain, &mut answer);
        // Filling is `80`, then zeros.
        let end = answer.iter().rposition(|byte| *byte != 0)?;
        (answer.get(end) == Some(&0x80)).then(|| {
            answer.truncate(end);
            answer
        })
    }

    /// Of instruction or status, count, identifier and the rest: every second
    /// byte of the CMAC, from the second on.
    fn mac_of(&self, first: u8, rest: &[u8]) -> [u8; MAC_LENGTH] {
        let count = self.n_commands.to_le_bytes();
        let message = Zeroizing::new([&[first], &count[..], &self.identifier, rest].concat());
        let sum = cmac(&self.mac, [0; 16], &message, Padding::AsNeeded);
        let mut cut = [0; MAC_LENGTH];
        for (place, [_, byte]) in cut.iter_mut().zip(sum.as_chunks().0) {
            *place = *byte;
        }
        cut
    }

    /// What the first block of an enciphered answer is mixed with.
    fn answer_chain(&self) -> [u8; 16] {
        let [t0, t1, t2, t3] = self.identifier;
        let [c0, c1] = self.n_commands.to_le_bytes();
        let mut block = [0x5A, 0xA5, t0, t1, t2, t3, c0, c1, 0, 0, 0, 0, 0, 0, 0, 0];
        self.enciphering.encrypt(&mut block);
        block
    }
}

/// What the session keys of EV2 are made from: label, `00 01 00 80`, then the
/// random numbers, parts of which are mixed.
fn session_vector(label: [u8; 2], rnd_a: &[u8; 16], rnd_b: &[u8; 16]) -> Zeroizing<[u8; 32]> {
    let mut vector = Zeroizing::new([0; 32]);
    let begin = [label[0], label[1], 0x00, 0x01, 0x00, 0x80];
    let mixed = rnd_a.iter().skip(2).zip(rnd_b).map(|(a, b)| a ^ b).take(6);
    let bytes = begin
        .into_iter()
        .chain(rnd_a.iter().copied().take(2))
        .chain(mixed)
        .chain(rnd_b.iter().copied().skip(6))
        .chain(rnd_a.iter().copied().skip(8));
    for (place, byte) in vector.iter_mut().zip(bytes) {
        *place = byte;
    }
    vector
}

/// The CRC of enciphered content: that of ISO 3309 without the final inversion.
///
/// Source: libfreefare `mifare_desfire_crypto.c`; the trace named above.
fn crc32(data: &[u8]) -> u32 {
    data.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            let fell_out = sum & 1;
            sum >> 1 ^ (0xEDB8_8320 * fell_out)
        })
    })
}

impl Zeroize for Ev1Session {
    fn zeroize(&mut self) {
        self.chain.zeroize();
    }
}

impl Drop for Ev1Session {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl ZeroizeOnDrop for Ev1Session {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text.replace(' ', "")).unwrap()
    }

    fn block<const N: usize>(text: &str) -> [u8; N] {
        bytes(text).try_into().unwrap()
    }

    /// A session of the published trace: key 10 18 20 … 88.
    fn traced() -> Session {
        let rnd_a = block("40E7D27174CBA675E8EFBAB99C530E3D");
        let rnd_b = block("626FFBD4000000000000000030 4F5B17");
        Session::Ev1(Box::new(Ev1Session::new(&rnd_a, &rnd_b)))
    }

    #[test]
    fn an_ev1_session_follows_the_published_trace() {
        // Create file 5, list files, its settings, two writes, two reads: each
        // answer's MAC depends on everything before it.
        let first_write = format!(
            "05 000000 340000 {}",
            hex::encode((0x00..=0x33).collect::<Vec<u8>>())
        );
        let second_write = format!(
            "05 340000 1C0000 {}",
            hex::encode((0x34..=0x4F).collect::<Vec<u8>>())
        );
        let first_read = hex::encode((0x00..=0x2F).collect::<Vec<u8>>());
        let second_read = hex::encode((0x30..=0x4F).collect::<Vec<u8>>());
        let steps = [
            (0xCD, "05 00 1100 500000", "", "A75316AD1596B953"),
            (0x6F, "", "05", "2D5FF67FFEC9D2D3"),
            (0xF5, "05", "00 00 1100 500000", "2AAC7517024E09DC"),
            (0x3D, &first_write, "", "765C9DAA50ECB62F"),
            (0x3D, &second_write, "", "3E0AED986B8B0F37"),
            (0xBD, "05 000000 300000", &first_read, "4C65F1F842262BAC"),
            (0xBD, "05 300000 200000", &second_read, "F02205CF913C03C9"),
            (0xDF, "05", "", "1BEF0D32B6D1D7F9"),
        ];
        let mut session = traced();
        for (instruction, parameters, content, mac) in steps {
            let parameters = bytes(parameters);
            let sent = session.secure(instruction, &parameters, Communication::Plain);
            assert_eq!(sent, parameters, "{instruction:02X}");
            let content = bytes(content);
            let answer = [content.clone(), bytes(mac)].concat();
            let opened = session.open(answer.into(), Communication::Plain, content.len());
            assert_eq!(opened.as_deref(), Some(&content), "{instruction:02X}");
        }
    }

    #[test]
    fn checksums_are_those_of_the_published_trace() {
        let cases = [
            ("00102030405060708090A0B0B0A09080", 0x1979_E3BF),
            ("C40000102030405060708090A0B0B0A0908010", 0x6BE6_C6D2),
        ];
        for (data, expected) in cases {
            assert_eq!(crc32(&bytes(data)), expected, "{data}");
        }
    }

    #[test]
    fn an_enciphered_answer_of_ev1_is_opened_and_checked() {
        // Made here with the cipher whose vectors stand in `crypto`: no trace
        // of an enciphered AES answer is published.
        let uid = bytes("04582F9A123B80");
        let sealed = |plain: &[u8]| {
            let Session::Ev1(mut session) = traced() else {
                unreachable!()
            };
            session.command(0x51, &[]);
            let mut sealed = plain.to_vec();
            crate::crypto::cbc_encrypt(&session.cipher, &mut session.chain, &mut sealed);
            sealed
        };
        let mut plain = uid.clone();
        plain.extend(crc32(&[&uid[..], &[GOOD]].concat()).to_le_bytes());
        plain.resize(16, 0);
        let mut session = traced();
        session.secure(0x51, &[], Communication::Full);
        let opened = session.open(sealed(&plain).into(), Communication::Full, 7);
        assert_eq!(opened.as_deref(), Some(&uid));

        plain[0] ^= 1;
        let mut session = traced();
        session.secure(0x51, &[], Communication::Full);
        let opened = session.open(sealed(&plain).into(), Communication::Full, 7);
        assert_eq!(opened, None, "the checksum is wrong");
    }

    #[test]
    fn ev2_session_keys_are_those_of_the_application_note() {
        // AN12196, table 14.
        let rnd_a = block("13C5DB8A5930439FC3DEF9A4C675360F");
        let rnd_b = block("B9E2FC789B64BF237CCCAA20EC7E6E48");
        let vector = session_vector([0xA5, 0x5A], &rnd_a, &rnd_b);
        assert_eq!(
            hex::encode_upper(*vector),
            "A55A0001008013C56268A548D8FBBF237CCCAA20EC7E6E48C3DEF9A4C675360F"
        );
        let session = Ev2Session::new(&[0; 16], &rnd_a, &rnd_b, block("9D00C4DF"));
        let same_under = |cipher: &AesCipher, key: &str| {
            let mut mine = [0x77; 16];
            let mut noted = mine;
            cipher.encrypt(&mut mine);
            AesCipher::new(&block(key)).encrypt(&mut noted);
            mine == noted
        };
        let enciphering = "1309C877509E5A215007FF0ED19CA564";
        let mac = "4C6626F5E72EA694202139295C7A7FC7";
        assert!(same_under(&session.enciphering, enciphering));
        assert!(same_under(&session.mac, mac));
    }

    /// A session of EV1 with that key, before its first command.
    fn fresh(key: &str) -> Ev1Session {
        Ev1Session {
            cipher: AesCipher::new(&block(key)),
            chain: [0; 16],
        }
    }

    #[test]
    fn a_new_key_is_sent_as_in_the_published_trace() {
        // The session authenticated with the key that it changes; version 10.
        let mut session = fresh("F44B26F5C05DDD7110772281C4D066E8");
        let key = block("00102030405060708090A0B0B0A09080");
        let sent = session.new_key(0, (&key, 0x10), None);
        assert_eq!(
            hex::encode_upper(&*sent),
            "00E9F85E219496C2B58C1090DC3935FAE9E840CF61B383D9531946256B1F110C10"
        );
    }

    #[test]
    fn another_key_is_mixed_with_the_old_one_and_summed_twice() {
        // No trace of this form with AES is published; libfreefare
        // `mifare_desfire.c` has the form.
        let (new, old) = ([0x22; 16], [0x11; 16]);
        let mut session = fresh("F44B26F5C05DDD7110772281C4D066E8");
        let mut sent = session.new_key(2, (&new, 0x07), Some(&old)).split_off(1);
        cbc_decrypt(&session.cipher, &mut [0; 16], &mut sent);
        let message = [&[0xC4, 0x02], &[0x33; 16][..], &[0x07]].concat();
        let sums = [crc32(&message), crc32(&new)]
            .map(u32::to_le_bytes)
            .concat();
        let expected = [&[0x33; 16][..], &[0x07], &sums, &[0; 7]].concat();
        assert_eq!(sent, expected);
    }

    #[test]
    fn content_travels_as_its_file_says() {
        let header = bytes("01000000030000");
        let mut plain = fresh("F44B26F5C05DDD7110772281C4D066E8");
        let sent = plain.carry(0x3D, &header, b"abc", Communication::Plain);
        assert_eq!(*sent, [&header[..], b"abc"].concat());

        let mut maced = fresh("F44B26F5C05DDD7110772281C4D066E8");
        let sent = maced.carry(0x3D, &header, b"abc", Communication::Mac);
        assert_eq!(maced.chain, plain.chain, "one chain either way");
        assert_eq!(sent[..10], [&header[..], b"abc"].concat());
        assert_eq!(sent[10..], maced.chain[..8]);

        let mut full = fresh("F44B26F5C05DDD7110772281C4D066E8");
        let mut sent = full.carry(0x3D, &header, b"abc", Communication::Full);
        let mut enciphered = sent.split_off(7);
        assert_eq!((&sent[..], enciphered.len()), (&header[..], 16));
        cbc_decrypt(&full.cipher, &mut [0; 16], &mut enciphered);
        let sum = crc32(&[&[0x3D], &header[..], b"abc"].concat()).to_le_bytes();
        assert_eq!(enciphered, [b"abc", &sum[..], &[0; 9]].concat());
    }

    fn noted(enciphering: &str, mac: &str, identifier: &str) -> Session {
        Session::Ev2(Box::new(Ev2Session {
            enciphering: AesCipher::new(&block(enciphering)),
            mac: AesCipher::new(&block(mac)),
            identifier: block(identifier),
            n_commands: 0,
        }))
    }

    #[test]
    fn an_ev2_session_opens_the_answers_of_the_application_note() {
        // AN12196, table 7: settings of a file, with a MAC.
        let zeros = "00".repeat(16);
        let mut session = noted(&zeros, "8248134A386E86EB7FAF54A52E536CB6", "7A21085E");
        let sent = session.secure(0xF5, &[0x02], Communication::Mac);
        assert_eq!(hex::encode_upper(sent), "026597A457C8CD442C");
        let settings = bytes("0040EEEE000100D1FE001F00004400004400002000006A0000");
        let answer = [settings.clone(), bytes("2A474282E7A47986")].concat();
        let opened = session.open(answer.into(), Communication::Mac, settings.len());
        assert_eq!(opened.as_deref(), Some(&settings));

        // Table 28: the real UID, enciphered.
        let mut session = noted(
            "2B4D963C014DC36F24F69A50A394F875",
            "379D32130CE61705DD5FD8C36B95D764",
            "DF055522",
        );
        let sent = session.secure(0x51, &[], Communication::Full);
        assert_eq!(hex::encode_upper(sent), "8E2C155ADDA99BE3");
        let answer = bytes("70756055688505B52A5E26E59E329CD6595F672298EA41B7");
        let opened = session.open(answer.into(), Communication::Full, 7);
        assert_eq!(opened.as_deref(), Some(&bytes("04958CAA5C5E80")));
    }

    #[test]
    fn an_answer_that_was_touched_gives_nothing() {
        let answer = bytes("70756055688505B52A5E26E59E329CD6595F672298EA41B7");
        for index in 0..answer.len() {
            let mut session = noted(
                "2B4D963C014DC36F24F69A50A394F875",
                "379D32130CE61705DD5FD8C36B95D764",
                "DF055522",
            );
            session.secure(0x51, &[], Communication::Full);
            let mut touched = answer.clone();
            touched[index] ^= 0x10;
            let opened = session.open(touched.into(), Communication::Full, 7);
            assert_eq!(opened, None, "byte {index}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_panics(answer: Vec<u8>, n_bytes in 0_usize..300) {
            for travel in [Communication::Plain, Communication::Mac, Communication::Full] {
                let _ = traced().open(answer.clone().into(), travel, n_bytes);
                let mut session = Session::Ev2(Box::new(Ev2Session::new(&[1; 16], &[2; 16], &[3; 16], [4; 4])));
                session.secure(0xBD, &[], travel);
                let opened = session.open(answer.clone().into(), travel, n_bytes);
                prop_assert!(opened.is_none_or(|content| content.len() == n_bytes));
            }
        }
    }
}
