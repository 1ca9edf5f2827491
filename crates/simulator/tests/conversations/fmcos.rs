//! FM1208 cards, their keys and their imitations.

use des::{
    Des, TdesEde2,
    cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
};
use xueka_simulator::VirtualCard;
use xueka_transport::ReaderSource;

use crate::{converse, go_on, send};

/// The key of the school's application.
const SCHOOL: &str = "00112233445566778899AABBCCDDEEFF";

fn prove(card: &mut VirtualCard, key: &str, id: u8) -> String {
    let challenge = challenge(card);
    let proof = hex::encode(encrypt(key, challenge));
    hex::encode_upper(send(card, &format!("008200{id:02X}08{proof}")))
}

fn challenge(card: &mut VirtualCard) -> [u8; 8] {
    let response = send(card, "0084000008");
    assert_eq!(response[8..], [0x90, 0x00]);
    response[..8].try_into().unwrap()
}

fn encrypt(key: &str, block: [u8; 8]) -> [u8; 8] {
    let key = hex::decode(key).unwrap();
    let mut block = block.into();
    if key.len() == 8 {
        Des::new_from_slice(&key).unwrap().encrypt_block(&mut block);
    } else {
        let key = TdesEde2::new_from_slice(&key).unwrap();
        key.encrypt_block(&mut block);
    }
    block.into()
}

fn decrypt(key: &str, block: &[u8]) -> [u8; 8] {
    let key = TdesEde2::new_from_slice(&hex::decode(key).unwrap()).unwrap();
    let mut block = <[u8; 8]>::try_from(block).unwrap().into();
    key.decrypt_block(&mut block);
    block.into()
}

/// ISO/IEC 9797-1 MAC algorithm 3, padding method 2, four bytes.
fn mac(key: &str, start: [u8; 8], data: &[u8]) -> String {
    let (left, right) = key.split_at(16);
    let mut padded = data.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(8), 0);
    let mut value = start;
    for block in padded.chunks(8) {
        for (place, byte) in value.iter_mut().zip(block) {
            *place ^= byte;
        }
        value = encrypt(left, value);
    }
    let mut block = value.into();
    let right = Des::new_from_slice(&hex::decode(right).unwrap()).unwrap();
    right.decrypt_block(&mut block);
    hex::encode_upper(&encrypt(left, block.into())[..4])
}

/// A command with its MAC behind; `head` ends before Lc.
fn with_mac(card: &mut VirtualCard, key: &str, head: &str, data: &str) -> String {
    let start = challenge(card);
    let message = format!("{head}{:02X}{data}", data.len() / 2 + 4);
    let mac = mac(key, start, &hex::decode(&message).unwrap());
    format!("{message}{mac}")
}

fn full(file: &str) -> String {
    format!("{FCI_HEAD}{file:0<64}9000")
}

const FCI_HEAD: &str = "6F33840C5855454B412E5343484F4F4CA5239F0C20";

#[test]
fn a_school_card_shows_its_number_to_everybody() {
    let fci = full("3230323430303137");
    converse(
        VirtualCard::fm1208(),
        &[
            (
                "00A40000023F0000",
                "6F15 840E 315041592E5359532E4444463031 A503 880101 9000",
                "the master file",
            ),
            ("00B0950008", "6A82", "has no such file"),
            ("00A40000023F01", &fci, "the application by its file id"),
            ("00B0950008", "3230323430303137 9000", "the number"),
            ("00B0001E04", "6C02", "more than there is"),
            ("00B0002004", "6B00", "behind the end"),
            ("00A40000020015", "9000", "the file by its id"),
            ("00B0000008", "3230323430303137 9000", "is current"),
            ("00D6950001AA", "6982", "writing takes a key"),
            (
                "00A404000C5855454B412E5343484F4F4C",
                &fci,
                "the application by its name",
            ),
            ("00A40000020000", "6A82", "no key file can be selected"),
            ("00B0800001", "6A82", "nor read"),
            ("00A40000020016", "6A82", "no such file"),
            ("80E000160728002000F0F0FFFF", "6982", "nor created"),
            ("800E000000", "6982", "nor erased"),
        ],
    );
}

#[test]
fn internal_authentication_proves_the_key() {
    let mut card = VirtualCard::fm1208();
    go_on(
        &mut card,
        &[
            ("00880000080102030405060708", "6A88", "no key in the root"),
            ("00A40000023F01", &full("3230323430303137"), ""),
            // openssl enc -des-ede -K 0011…EEFF -nopad
            (
                "00880000080102030405060708",
                "00E2B15307A7A330 9000",
                "the same block, the same proof",
            ),
            (
                "008801000800E2B15307A7A330",
                "0102030405060708 9000",
                "decrypting",
            ),
            ("00880001080102030405060708", "6A88", "no key 01"),
            ("0088000007 01020304050607", "6700", "no whole block"),
            ("00880200080102030405060708", "6A86", "no MAC"),
        ],
    );
    converse(
        VirtualCard::cpu_tid(),
        &[
            ("00A40000023F01", &full("3230323430303137"), "a copy"),
            (
                "00880000080102030405060708",
                &format!(
                    "{} 9000",
                    hex::encode_upper(encrypt(&"5A".repeat(16), [1, 2, 3, 4, 5, 6, 7, 8]))
                ),
                "that does not know the key",
            ),
        ],
    );
}

#[test]
fn external_authentication_opens_and_wrong_keys_block_for_good() {
    let mut card = VirtualCard::fm1208();
    let fci = full("3230323430303137");
    go_on(
        &mut card,
        &[
            ("00A40000023F01", &fci, ""),
            ("00820000080000000000000000", "6984", "no challenge"),
            ("0084000007", "6700", "four or eight bytes"),
        ],
    );
    assert_eq!(prove(&mut card, SCHOOL, 0), "9000");
    go_on(
        &mut card,
        &[
            ("00D695000433303030", "9000", "state 1 writes"),
            ("00B0950008", "3330303030303137 9000", "as written"),
            ("00D6951F020000", "6A84", "over the end"),
            ("00A40000023F01", &full("3330303030303137"), "once more"),
            ("00D695000432303234", "6982", "the state is gone"),
        ],
    );
    assert_eq!(prove(&mut card, SCHOOL, 7), "6A88", "no such key");
    let wrong = "FF".repeat(16);
    assert_eq!(prove(&mut card, &wrong, 0), "63C2");
    assert_eq!(prove(&mut card, SCHOOL, 0), "9000", "right: forgiven");
    for left in ["63C2", "63C1", "63C0", "6983"] {
        assert_eq!(prove(&mut card, &wrong, 0), left);
    }
    assert_eq!(prove(&mut card, SCHOOL, 0), "6983", "for ever");
    // A copy of the card, put on a reader anew, remembers.
    assert_eq!(prove_after_reset(&card), "6983");
}

fn prove_after_reset(card: &VirtualCard) -> String {
    let mut card = card.clone().uid([1, 2, 3, 4]);
    send(&mut card, "00A40000023F01");
    prove(&mut card, SCHOOL, 0)
}

#[test]
fn an_imitation_believes_anybody_and_takes_any_uid() {
    let mut card = VirtualCard::cpu_tid();
    go_on(
        &mut card,
        &[
            ("00A40000023F01", &full("3230323430303137"), ""),
            ("00820000080000000000000000", "9000", "no challenge, no key"),
            ("00D695000433303030", "9000", "and everything is open"),
            ("008500000411223344", "9000", "a UID of one's choice"),
            ("FFCA000000", "3A5C7E91 9000", "shown from the next tap on"),
        ],
    );
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
    assert_eq!(response, [0x11, 0x22, 0x33, 0x44, 0x90, 0x00]);
}

#[test]
fn a_protected_file_is_read_and_written_with_macs() {
    let text = "kind = 'fm1208'\n\
        [[file]]\nid = '0016'\ndata = '112233445566'\nprotection = 'mac'\n\
        [[file]]\nid = '0017'\ndata = 'AABBCC'\nprotection = 'encrypted'\n";
    let mut card = VirtualCard::from_toml(text).unwrap();
    go_on(
        &mut card,
        &[
            ("00A40000023F01", &full("3230323430303137"), ""),
            ("00B0960006", "6987", "read without a MAC"),
            ("00D6960001EE", "6987", "written without one"),
            ("04B09600040102030406", "6984", "no challenge"),
        ],
    );
    challenge(&mut card);
    go_on(
        &mut card,
        &[("04B0960004 01020304 06", "6988", "a wrong one")],
    );

    let start = challenge(&mut card);
    let request = mac(SCHOOL, start, &hex::decode("04B0960004").unwrap());
    let answer = send(&mut card, &format!("04B0960004{request}06"));
    let expected = mac(SCHOOL, start, &[0x11, 0x22, 0x33, 0x44, 0x55, 0x66]);
    assert_eq!(
        hex::encode_upper(answer),
        format!("112233445566{expected}9000")
    );

    let command = with_mac(&mut card, SCHOOL, "04D69600", "EEFF");
    assert_eq!(send(&mut card, &command), [0x90, 0x00]);
    let start = challenge(&mut card);
    let request = mac(SCHOOL, start, &hex::decode("04B0960004").unwrap());
    let answer = send(&mut card, &format!("04B0960004{request}02"));
    assert_eq!(answer[..2], [0xEE, 0xFF], "written");

    // Encrypted: the length, the data and the padding go in one block.
    let start = challenge(&mut card);
    let request = mac(SCHOOL, start, &hex::decode("04B0970004").unwrap());
    let answer = send(&mut card, &format!("04B0970004{request}03"));
    assert_eq!(answer.len(), 8 + 4 + 2);
    assert_eq!(
        decrypt(SCHOOL, &answer[..8]),
        [3, 0xAA, 0xBB, 0xCC, 0x80, 0, 0, 0]
    );
    let data = hex::encode_upper(encrypt(SCHOOL, [2, 0x12, 0x34, 0x80, 0, 0, 0, 0]));
    let command = with_mac(&mut card, SCHOOL, "04D69700", &data);
    assert_eq!(send(&mut card, &command), [0x90, 0x00]);
    let start = challenge(&mut card);
    let request = mac(SCHOOL, start, &hex::decode("04B0970004").unwrap());
    let answer = send(&mut card, &format!("04B0970004{request}02"));
    assert_eq!(decrypt(SCHOOL, &answer[..8])[..3], [2, 0x12, 0x34]);
}

#[test]
fn a_blank_card_is_made_into_a_school_card() {
    let mut card = VirtualCard::from_toml("kind = 'fm1208'\nblank = true").unwrap();
    go_on(
        &mut card,
        &[
            ("80E00000073F010001F0FFFF", "9000", "a key file first"),
            ("80E00000073F010001F0FFFF", "6985", "only one"),
            (
                "80D401000D39F0F0AA33FFFFFFFFFFFFFFFF",
                "9000",
                "a key for external authentication",
            ),
            ("80D401000D39F0F0AA33FFFFFFFFFFFFFFFF", "6A80", "not twice"),
            ("80D401000C39F0F0AA33FFFFFFFFFFFFFF", "6A80", "too short"),
        ],
    );
    go_on(
        &mut card,
        &[
            (
                "80E03F010E380200F0F095FFFF5343484F4F4C",
                "9000",
                "a directory",
            ),
            (
                "80E03F010E380200F0F095FFFF5343484F4F4C",
                "6A86",
                "not twice",
            ),
            (
                "80E03F020838F000F0F095FFFF",
                "6A84",
                "no room for one so large",
            ),
            (
                "00A40000023F01",
                "6F0D 8406 5343484F4F4C A503 880115 9000",
                "it is empty",
            ),
            ("80E0000107 28 0010 F0F0FFFF", "9000", "a binary file"),
            (
                "80E0000207 2A 0203 F0F0FFFF",
                "9000",
                "two records of three",
            ),
            ("80E0000307 2E 0202 F0F0FFFF", "9000", "cyclic"),
            ("80E0000407 2C 0010 F0F0FFFF", "9000", "variable"),
            ("80E0000507 55 0010 F0F0FFFF", "6A80", "an unknown kind"),
            (
                "80E00000073F010095F0FFFF",
                "6985",
                "the key file comes first",
            ),
            ("00D6810004DEADBEEF", "9000", ""),
            ("00B0810004", "DEADBEEF 9000", ""),
            ("00E2001403 010203", "9000", "append"),
            ("00E2001402 0102", "6700", "a record of another length"),
            ("00E2001403 040506", "9000", ""),
            ("00E2001403 070809", "6A84", "the file is full"),
            ("00B2021403", "040506 9000", ""),
            ("00DC021403 AAAAAA", "9000", "update"),
            ("00B2021403", "AAAAAA 9000", ""),
            ("00DC031403 AAAAAA", "6A83", "no third"),
            ("00E2001C02 0001", "9000", "the cycle"),
            ("00E2001C02 0002", "9000", ""),
            ("00E2001C02 0003", "9000", ""),
            ("00B2011C02", "0003 9000", "the newest first"),
            ("00B2021C02", "0002 9000", ""),
            ("00B2031C02", "6A83", "the oldest is gone"),
            ("00DC011C02 0009", "6981", "cyclic files are only appended"),
            ("00E2002404 0002AABB", "9000", "tag, length, value"),
            ("00DC012403 0001CC", "6A83", "a length that changes"),
            ("00DC012404 0002CCDD", "9000", ""),
            ("00B2012404", "0002CCDD 9000", ""),
            ("800E000000", "9000", "erase"),
            ("00B0810004", "6A82", "all gone"),
        ],
    );
    // The master file asks for its rights only once it was left.
    go_on(
        &mut card,
        &[
            (
                "00A40000023F00",
                "6F15 840E 315041592E5359532E4444463031 A503 880101 9000",
                "",
            ),
            (
                "80D401010D39F0F0AA33FFFFFFFFFFFFFFFF",
                "9000",
                "F0: anybody adds keys",
            ),
        ],
    );
    assert_eq!(prove(&mut card, "FFFFFFFFFFFFFFFF", 0), "9000");
}

#[test]
fn a_pin_is_verified_changed_reset_and_unblocked() {
    let text = "kind = 'fm1208'\n\
        [[key]]\nkind = 'pin'\nvalue = '123456'\nchange = 'EF'\n\
        [[key]]\nkind = 'unblock-pin'\nvalue = '00112233445566778899AABBCCDDEEFF'\n\
        [[key]]\nkind = 'reset-pin'\nvalue = '00112233445566770011223344556677'\n";
    let mut card = VirtualCard::from_toml(text).unwrap();
    go_on(
        &mut card,
        &[
            ("00A40000023F01", &full("3230323430303137"), ""),
            ("00200000031234FF", "63C2", "wrong"),
            ("0020000003123456", "9000", "right"),
            ("00D695000133", "9000", "state 1"),
            ("805E010007 123456 FF 654321", "9000", "changed"),
            ("0020000003123456", "63C2", "the old one"),
            ("0020000003123456", "63C1", ""),
            ("0020000003123456", "63C0", ""),
            ("0020000003654321", "6983", "blocked"),
        ],
    );
    let data = hex::encode_upper(encrypt(SCHOOL, [3, 0x11, 0x22, 0x33, 0x80, 0, 0, 0]));
    let command = with_mac(&mut card, SCHOOL, "84240000", &data);
    assert_eq!(send(&mut card, &command), [0x90, 0x00], "unblocked");
    go_on(&mut card, &[("0020000003112233", "9000", "the new one")]);
}

#[test]
fn blocking_ends_an_application_or_the_card() {
    let mut card = VirtualCard::fm1208();
    go_on(
        &mut card,
        &[("00A40000023F01", &full("3230323430303137"), "")],
    );
    let command = with_mac(&mut card, SCHOOL, "841E0000", "");
    assert_eq!(send(&mut card, &command), [0x90, 0x00]);
    go_on(&mut card, &[("00A40000023F01", "6A81", "locked")]);
    let command = with_mac(&mut card, SCHOOL, "84180000", "");
    assert_eq!(send(&mut card, &command), [0x90, 0x00]);
    go_on(
        &mut card,
        &[("00A40000023F01", &full("3230323430303137"), "free")],
    );
    let command = with_mac(&mut card, SCHOOL, "84160000", "");
    assert_eq!(send(&mut card, &command), [0x90, 0x00]);
    go_on(
        &mut card,
        &[
            ("00A40000023F01", "6A81", "the whole card"),
            ("0084000008", "6A81", ""),
        ],
    );
}

#[test]
fn a_combined_card_has_blocks_besides() {
    converse(
        VirtualCard::fm1208_combined(),
        &[
            ("00A40000023F01", &full("3230323430303137"), "the CPU side"),
            ("FF82000006FFFFFFFFFFFF", "9000", "the memory side"),
            ("FF860000050100046000", "9000", ""),
            ("FFB0000410", "00000000000000000000000000000000 9000", ""),
        ],
    );
}

#[test]
fn a_campus_card_keeps_the_student_beside_the_number() {
    converse(
        VirtualCard::campus("20240017").balance(550),
        &[
            (
                "00A4040009A0000000038698070100",
                "6F0B 8409 A00000000386980701 9000",
                "the family's name",
            ),
            (
                "00B0960026",
                "D1A7C9FABCD7 0000000000000000000000000000 0000000000000000 \
                 32303234303031373031 9000",
                "name and student number",
            ),
            ("805C000104", "00000226 9000", "the passbook"),
            (
                "00A40000023F00",
                "6F10 840E 315041592E5359532E4444463031 9000",
                "",
            ),
            (
                "00B0950021",
                "000000000000 20240017 0000 491231 491231 000000000000000000000000000000 9000",
                "internal number and due dates",
            ),
        ],
    );
}

#[test]
fn shanghai_and_chongqing_lay_their_files_out_otherwise() {
    let shanghai =
        VirtualCard::from_toml("kind = 'city-union'\ncity = '2000'\nnumber = '3141592653'");
    let mut card = shanghai.unwrap();
    let answer = hex::encode_upper(send(&mut card, "00A4040009A0000000038698070100"));
    assert!(
        answer.contains("00002000000000000000000000000000BB40E64D20200101"),
        "{answer}"
    );
    let chongqing = VirtualCard::from_toml("kind = 'city-union'\ncity = '4000'");
    let mut card = chongqing.unwrap();
    let answer = hex::encode_upper(send(&mut card, "00A4040009A0000000038698070100"));
    assert!(answer.contains("000040000000000020491231"), "{answer}");
    go_on(
        &mut card,
        &[
            (
                "00A40000023F00",
                "6F10 840E 315041592E5359532E4444463031 9000",
                "",
            ),
            (
                "00B0850C0C",
                "1000000098765432 20200101 9000",
                "number and first day",
            ),
        ],
    );
}

#[test]
fn no_purse_of_an_fm1208_has_payment_keys() {
    let text = "kind = 'fm1208'\n[[file]]\nid = '0002'\nkind = 'purse'\nbalance = 1250";
    converse(
        VirtualCard::from_toml(text).unwrap(),
        &[
            ("00A40000023F01", &full("3230323430303137"), ""),
            ("805C000204", "000004E2 9000", "the balance"),
            ("805000020B0100000064666666666666", "9403", "loading"),
            (
                "805401000F00000001202611232000000000000000",
                "6985",
                "nothing begun",
            ),
        ],
    );
}
