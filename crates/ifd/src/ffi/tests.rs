//! The functions, called as pcscd calls them: every pointer is null, or to a
//! buffer of the test that is as long as the length beside it says.

use std::{ffi::CString, mem::size_of, ptr};

use super::*;
use crate::testing::{Player, address};

/// Opens a reader under a number that no other test has.
fn open(lun: Dword) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let name = CString::new(format!("\"{};serial=A1\"", address(&folder))).unwrap();
    assert_eq!(
        // SAFETY: see the head of this file.
        unsafe { IFDHCreateChannelByName(lun, name.as_ptr()) },
        ResponseCode::SUCCESS
    );
    folder
}

fn capability(lun: Dword, tag: Dword, room: usize) -> (ResponseCode, Dword, Vec<u8>) {
    let mut value = vec![0xEE; 300];
    let mut length = room as Dword;
    // SAFETY: see the head of this file.
    let code = unsafe { IFDHGetCapabilities(lun, tag, &raw mut length, value.as_mut_ptr()) };
    assert!(
        value[room..].iter().all(|&byte| byte == 0xEE),
        "beyond the room"
    );
    (code, length, value)
}

#[test]
fn a_reader_is_opened_asked_and_closed() {
    let folder = open(0x0001_0000);
    let (code, length, value) = capability(0x0001_0000, tag::VENDOR_IFD_SERIAL_NO, 264);
    assert_eq!((code, length), (ResponseCode::SUCCESS, 3));
    assert_eq!(&value[..3], b"A1\0");
    let (code, length, value) = capability(0x0001_0000, tag::CHANNEL_ID, 4);
    assert_eq!((code, length), (ResponseCode::SUCCESS, 4));
    assert_eq!(value[..4], 0x00F0_0001_u32.to_ne_bytes());
    let many = capability(0x0001_0000, tag::SIMULTANEOUS_ACCESS, 1);
    assert!(many.2[0] > 1, "one library serves several readers");
    assert_eq!(
        capability(0x0001_0000, tag::ATR, 33).0,
        ResponseCode::ERROR_TAG
    );

    assert_eq!(IFDHICCPresence(0x0001_0000), ResponseCode::ICC_NOT_PRESENT);
    assert_eq!(IFDHCloseChannel(0x0001_0000), ResponseCode::SUCCESS);
    assert_eq!(IFDHICCPresence(0x0001_0000), ResponseCode::NO_SUCH_DEVICE);
    assert_eq!(IFDHCloseChannel(0x0001_0000), ResponseCode::NO_SUCH_DEVICE);
    assert!(!folder.path().join("reader").exists(), "its socket is gone");
}

#[test]
fn no_more_is_written_than_there_is_room_for() {
    let _folder = open(0x0002_0000);
    let too_small = capability(0x0002_0000, tag::VENDOR_IFD_SERIAL_NO, 2);
    assert_eq!(too_small.0, ResponseCode::ERROR_INSUFFICIENT_BUFFER);
    assert_eq!(too_small.1, 3, "what it takes");
    let pointer = size_of::<usize>();
    let wait = capability(0x0002_0000, tag::POLLING_THREAD_WITH_TIMEOUT, pointer);
    assert_eq!((wait.0, wait.1), (ResponseCode::SUCCESS, pointer as Dword));
    let wait = capability(0x0002_0000, tag::STOP_POLLING_THREAD, pointer - 1);
    assert_eq!(wait.0, ResponseCode::ERROR_INSUFFICIENT_BUFFER);
    IFDHCloseChannel(0x0002_0000);
}

#[test]
fn null_is_taken_anywhere() {
    let _folder = open(0x0003_0000);
    let lun = 0x0003_0000;
    let header = IoHeader {
        protocol: abi::PROTOCOL_T1,
        length: 0,
    };
    assert_eq!(
        // SAFETY: see the head of this file.
        unsafe { IFDHCreateChannelByName(9, ptr::null()) },
        ResponseCode::NO_SUCH_DEVICE
    );
    let code =
        // SAFETY: see the head of this file.
        unsafe { IFDHGetCapabilities(lun, tag::CHANNEL_ID, ptr::null_mut(), ptr::null_mut()) };
    assert_eq!(code, ResponseCode::COMMUNICATION_ERROR);
    assert_eq!(
        // SAFETY: see the head of this file.
        unsafe { IFDHPowerICC(lun, abi::POWER_DOWN, ptr::null_mut(), ptr::null_mut()) },
        ResponseCode::SUCCESS
    );
    assert_eq!(
        // SAFETY: see the head of this file.
        unsafe { IFDHPowerICC(lun, abi::POWER_UP, ptr::null_mut(), ptr::null_mut()) },
        ResponseCode::ERROR_POWER_ACTION
    );
    // SAFETY: see the head of this file.
    let code = unsafe {
        IFDHTransmitToICC(
            lun,
            header,
            ptr::null(),
            5,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    assert_eq!(code, ResponseCode::ICC_NOT_PRESENT);
    // SAFETY: see the head of this file.
    let code = unsafe { IFDHControl(lun, 1, ptr::null(), 5, ptr::null_mut(), 5, ptr::null_mut()) };
    assert_eq!(code, ResponseCode::ERROR_NOT_SUPPORTED);
    IFDHCloseChannel(lun);
}

#[test]
fn a_response_that_does_not_fit_is_an_error_without_a_byte() {
    let folder = open(0x0004_0000);
    let lun = 0x0004_0000;
    let mut player = Player::at(&folder);
    player.greet();
    player.say(xueka_transport::wire::PlayerMessage::Insert, 1);
    wait(lun, 10_000);
    assert_eq!(IFDHICCPresence(lun), ResponseCode::ICC_PRESENT);
    let answering = std::thread::spawn(move || {
        for length in [6, 2] {
            let (sequence, _) = player.question();
            let response = xueka_transport::wire::PlayerMessage::Response(vec![0x90; length]);
            player.say(response, sequence);
        }
        player
    });
    let header = IoHeader {
        protocol: abi::PROTOCOL_T1,
        length: 0,
    };
    let transmit = || {
        let (mut response, mut length) = ([0xEE; 8], 5);
        let mut received = IoHeader {
            protocol: 0,
            length: 0,
        };
        // SAFETY: see the head of this file.
        let code = unsafe {
            IFDHTransmitToICC(
                lun,
                header,
                [0_u8; 5].as_ptr(),
                5,
                response.as_mut_ptr(),
                &raw mut length,
                &raw mut received,
            )
        };
        (code, length, response, received.protocol)
    };
    let too_long = transmit();
    assert_eq!(too_long.0, ResponseCode::ERROR_INSUFFICIENT_BUFFER);
    assert_eq!((too_long.1, too_long.2), (0, [0xEE; 8]));
    let fitting = transmit();
    assert_eq!((fitting.0, fitting.1), (ResponseCode::SUCCESS, 2));
    assert_eq!(fitting.2[..3], [0x90, 0x90, 0xEE]);
    assert_eq!(fitting.3, abi::PROTOCOL_T1, "as it was sent");
    drop(answering.join().unwrap());
    IFDHCloseChannel(lun);
}

#[test]
fn a_panic_ends_at_the_edge() {
    let code = guard(|| panic!("a mistake of ours"));
    assert_eq!(code, ResponseCode::COMMUNICATION_ERROR);
}

#[test]
fn what_cannot_be_opened_is_refused() {
    for name in [
        "tcp:0.0.0.0:35990",
        "unix:/no/such/folder/reader",
        "",
        "\u{0}",
    ] {
        let bytes = CString::new(name.trim_matches('\0')).unwrap();
        // SAFETY: see the head of this file.
        let code = unsafe { IFDHCreateChannelByName(0x0005_0000, bytes.as_ptr()) };
        assert_eq!(code, ResponseCode::COMMUNICATION_ERROR, "{name}");
    }
    assert_eq!(
        IFDHCreateChannel(0x0005_0000, 99_999),
        ResponseCode::COMMUNICATION_ERROR
    );
}

#[test]
fn a_wait_is_ended_by_the_function_for_it() {
    let _folder = open(0x0006_0000);
    let waiting = std::thread::spawn(|| wait(0x0006_0000, 600_000));
    stop(0x0006_0000);
    assert_eq!(waiting.join().unwrap(), ResponseCode::SUCCESS);
    IFDHCloseChannel(0x0006_0000);
}
