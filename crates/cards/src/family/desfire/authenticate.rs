//! Mutual authentication with an AES key.
//!
//! The card enciphers a random number, the reader answers with one of its own
//! and the card's, turned by a byte, and the card with the reader's, turned by
//! a byte. Whoever does not know the key can do neither.
//!
//! - `AA`, from EV1 on: one chain of blocks through all three messages.
//! - `71`, from EV2 on: each message begins from zeros, and the last one also
//!   carries the identifier of the transaction and twelve bytes of capabilities,
//!   which are not used.
//!
//! A card counts failed attempts against a limit only where EV2 or EV3 were
//! set up so; a reading tries each key once.
//!
//! Sources: libfreefare `mifare_desfire.c`; the trace that `session.rs` names;
//! NXP AN12196, table 14.

use xueka_apdu::StatusWord;
use zeroize::Zeroizing;

use super::{
    native::{self, ADDITIONAL_FRAME, DONE, MORE, WRONG_PROOF},
    session::{Ev1Session, Ev2Session, Session},
};
use crate::{
    ReadError,
    crypto::{AesCipher, cbc_decrypt, cbc_encrypt, is_same},
    dialogue::Dialogue,
    profile::place::AuthenticationForm as Form,
};

/// How an authentication ended.
pub(super) enum Outcome {
    /// Both sides know the key.
    Proved(Session),
    /// The card gave no proof that it knows the key.
    Failed,
    /// The card says that the reader does not know the key: it has another.
    Denied,
    /// The card does not begin, for a reason of its own: nothing is proved.
    Refused(StatusWord),
}

const AUTHENTICATE_AES: u8 = 0xAA;
const AUTHENTICATE_EV2_FIRST: u8 = 0x71;

/// Authenticates with a key of the selected application. `rnd_a` must be new
/// and unpredictable. Two exchanges.
pub(super) fn authenticate(
    card: &mut Dialogue<'_>,
    form: Form,
    key_number: u8,
    key: &[u8; 16],
    rnd_a: &[u8; 16],
) -> Result<Outcome, ReadError> {
    let begun = match form {
        Form::Ev1 => native::ask_once(card, AUTHENTICATE_AES, &[key_number])?,
        // No capabilities of the reader are told.
        Form::Ev2 => native::ask_once(card, AUTHENTICATE_EV2_FIRST, &[key_number, 0x00])?,
    };
    if !begun.ends_with(MORE) {
        return Ok(Outcome::Refused(begun.status_word));
    }
    let Ok(challenge) = <[u8; 16]>::try_from(begun.data.as_slice()) else {
        return Ok(Outcome::Failed);
    };
    let mut talk = Talk {
        cipher: AesCipher::new(key),
        form,
        chain: [0; 16],
    };
    let rnd_b = talk.decipher(&challenge);
    let proof = talk.encipher(&[rnd_a, turned(&rnd_b).as_slice()].concat());
    let answer = native::ask_once(card, ADDITIONAL_FRAME, &proof)?;
    if answer.ends_with(WRONG_PROOF) {
        return Ok(Outcome::Denied);
    }
    if !answer.ends_with(DONE) {
        return Ok(Outcome::Refused(answer.status_word));
    }
    let session = match (form, answer.data.as_slice()) {
        (Form::Ev1, given) => <&[u8; 16]>::try_from(given).ok().and_then(|given| {
            let is_proved = is_same(&*talk.decipher(given), &turned(rnd_a));
            is_proved.then(|| Session::Ev1(Box::new(Ev1Session::new(rnd_a, &rnd_b))))
        }),
        (Form::Ev2, given) => <&[u8; 32]>::try_from(given).ok().and_then(|given| {
            let plain = talk.decipher(given);
            let (identifier, rest) = plain.split_first_chunk::<4>()?;
            let is_proved = is_same(rest.get(..16)?, &turned(rnd_a));
            is_proved
                .then(|| Session::Ev2(Box::new(Ev2Session::new(key, rnd_a, &rnd_b, *identifier))))
        }),
    };
    Ok(session.map_or(Outcome::Failed, Outcome::Proved))
}

/// The cipher of one authentication, and where its chain of blocks stands.
struct Talk {
    cipher: AesCipher,
    form: Form,
    chain: [u8; 16],
}

impl Talk {
    fn decipher<const N: usize>(&mut self, bytes: &[u8; N]) -> Zeroizing<[u8; N]> {
        self.begin();
        let mut plain = Zeroizing::new(*bytes);
        cbc_decrypt(&self.cipher, &mut self.chain, plain.as_mut_slice());
        plain
    }

    fn encipher(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.begin();
        let mut enciphered = bytes.to_vec();
        cbc_encrypt(&self.cipher, &mut self.chain, &mut enciphered);
        enciphered
    }

    fn begin(&mut self) {
        if self.form == Form::Ev2 {
            self.chain = [0; 16];
        }
    }
}

/// The first byte put behind the others.
fn turned(number: &[u8; 16]) -> [u8; 16] {
    let mut turned = *number;
    turned.rotate_left(1);
    turned
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use xueka_transport::{CardSession, CardTransport, TransportError};

    use super::*;

    /// Answers in turn and remembers what it was sent.
    struct Script {
        answers: VecDeque<&'static str>,
        sent: Vec<String>,
    }

    impl CardTransport for Script {
        fn transmit(&mut self, sent: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
            self.sent.push(hex::encode_upper(sent));
            response.clear();
            response.extend(hex::decode(self.answers.pop_front().unwrap()).unwrap());
            Ok(())
        }
    }

    impl CardSession for Script {
        fn atr(&self) -> &[u8] {
            &[]
        }
    }

    fn run(form: Form, key: &str, rnd_a: &str, answers: &[&'static str]) -> (Outcome, Vec<String>) {
        let block = |text| hex::decode(text).unwrap().try_into().unwrap();
        let mut script = Script {
            answers: answers.iter().copied().collect(),
            sent: Vec::new(),
        };
        let mut card = Dialogue::new(&mut script);
        let outcome = authenticate(&mut card, form, 0, &block(key), &block(rnd_a)).unwrap();
        (outcome, script.sent)
    }

    const ZEROS: &str = "00000000000000000000000000000000";
    const EV1_RND_A: &str = "F44B26F5686F3A391CD38EBD10772281";
    const EV1: [&str; 2] = [
        "B969FDFE56FD91FC9DE6F6F213B8FD1E91AF",
        "800DB680BC146BD121D6578F2D2E20599100",
    ];
    const EV2_RND_A: &str = "13C5DB8A5930439FC3DEF9A4C675360F";
    const EV2: [&str; 2] = [
        "A04C124213C186F22399D33AC2A3021591AF",
        "3FA64DB5446D1F34CD6EA311167F5E4985B89690C04A05F17FA7AB2F081206639100",
    ];

    #[test]
    fn both_forms_follow_their_published_traces() {
        let (outcome, sent) = run(Form::Ev1, ZEROS, EV1_RND_A, &EV1);
        assert!(matches!(outcome, Outcome::Proved(Session::Ev1(_))));
        let proof = "36AAD7DF6E436BA08D18613830A70D5AD43E3D3F4A8D47541EEE623A934E4774";
        let expected = ["90AA0000010000".to_owned(), format!("90AF000020{proof}00")];
        assert_eq!(sent, expected);

        let (outcome, sent) = run(Form::Ev2, ZEROS, EV2_RND_A, &EV2);
        assert!(matches!(outcome, Outcome::Proved(Session::Ev2(_))));
        let proof = "35C3E05A752E0144BAC0DE51C1F22C56B34408A23D8AEA266CAB947EA8E0118D";
        let expected = [
            "9071000002000000".to_owned(),
            format!("90AF000020{proof}00"),
        ];
        assert_eq!(sent, expected);
    }

    #[test]
    fn a_card_without_the_key_proves_nothing() {
        let other = "00000000000000000000000000000001";
        let cases = [
            (Form::Ev1, other, EV1_RND_A, EV1, "another key"),
            (Form::Ev2, other, EV2_RND_A, EV2, "another key"),
            (
                Form::Ev1,
                ZEROS,
                EV2_RND_A,
                EV1,
                "played back to another number",
            ),
            (
                Form::Ev2,
                ZEROS,
                EV1_RND_A,
                EV2,
                "played back to another number",
            ),
            (Form::Ev1, ZEROS, EV1_RND_A, [EV1[0], "9100"], "no proof"),
            (
                Form::Ev1,
                ZEROS,
                EV1_RND_A,
                [EV1[0], EV2[1]],
                "the other form",
            ),
            (
                Form::Ev2,
                ZEROS,
                EV2_RND_A,
                [EV2[0], EV1[1]],
                "the other form",
            ),
            (
                Form::Ev1,
                ZEROS,
                EV1_RND_A,
                ["91AF", ""],
                "no number to answer",
            ),
        ];
        for (form, key, rnd_a, answers, why) in cases {
            let (outcome, _) = run(form, key, rnd_a, &answers);
            assert!(matches!(outcome, Outcome::Failed), "{why}");
        }
        let (outcome, _) = run(Form::Ev1, ZEROS, EV1_RND_A, &[EV1[0], "91AE"]);
        assert!(matches!(outcome, Outcome::Denied), "it says so itself");
    }

    #[test]
    fn a_refusal_is_no_failure() {
        let cases = [
            (vec!["9140"], 0x9140, "no such key"),
            (vec!["911C"], 0x911C, "an older card"),
            (vec!["6D00"], 0x6D00, "no DESFire"),
            (vec![EV1[0], "91CA"], 0x91CA, "it broke off"),
        ];
        for (answers, expected, why) in cases {
            let (outcome, _) = run(Form::Ev1, ZEROS, EV1_RND_A, &answers);
            let Outcome::Refused(word) = outcome else {
                panic!("{why}");
            };
            assert_eq!(word.value(), expected, "{why}");
        }
    }
}
