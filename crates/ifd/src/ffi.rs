//! The edge of the library: the functions that pcscd calls.
//!
//! Nothing is decided here. Each function turns pointers into values, calls the
//! reader, and turns its answer into a code; a panic ends in a code as well, for
//! it must not run into code of another language.
//!
//! What pcscd owes, by `ifdhandler.h`, is said once here and relied on at each
//! use: a pointer is null or points to as many bytes as the length beside it
//! says, valid for the call and used by nobody else meanwhile; a name ends with
//! a zero; an ATR has room for 33 bytes.
#![allow(
    unsafe_code,
    reason = "pcscd is written in C and hands over pointers; this is the one file that takes them"
)]

use std::{
    ffi::{CStr, c_char, c_int, c_uchar},
    io::{self, Write as _},
    panic::{AssertUnwindSafe, catch_unwind},
    slice,
    time::Duration,
};

use crate::{
    abi::{self, MAX_ATR_SIZE, tag},
    attributes,
    exchange::Trouble,
    reader::{Presence, Reader},
    settings::Settings,
    table,
};

pub use crate::abi::{Dword, ResponseCode};

/// `SCARD_IO_HEADER`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IoHeader {
    protocol: Dword,
    length: Dword,
}

/// Opens the reader that `DEVICENAME` describes.
///
/// # Safety
///
/// `name` is null or ends with a zero, and is valid for the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn IFDHCreateChannelByName(lun: Dword, name: *const c_char) -> ResponseCode {
    guard(|| {
        if name.is_null() {
            return ResponseCode::NO_SUCH_DEVICE;
        }
        // SAFETY: not null, and a name ends with a zero (see above).
        let name = unsafe { CStr::from_ptr(name) };
        create(lun, &name.to_string_lossy())
    })
}

/// Opens the reader at a port of the loopback address, where an entry has a
/// `CHANNELID` and no `DEVICENAME`.
#[unsafe(no_mangle)]
pub extern "C" fn IFDHCreateChannel(lun: Dword, channel: Dword) -> ResponseCode {
    guard(|| create(lun, &format!("tcp:127.0.0.1:{channel}")))
}

/// Closes the reader.
#[unsafe(no_mangle)]
pub extern "C" fn IFDHCloseChannel(lun: Dword) -> ResponseCode {
    guard(|| {
        if table::remove(lun) {
            ResponseCode::SUCCESS
        } else {
            ResponseCode::NO_SUCH_DEVICE
        }
    })
}

/// Says what a reader can do and is.
///
/// # Safety
///
/// `length` is null or valid for the call, and `value` null or as long as `length`
/// says; nobody else uses them meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn IFDHGetCapabilities(
    lun: Dword,
    tag: Dword,
    length: *mut Dword,
    value: *mut c_uchar,
) -> ResponseCode {
    with_reader(lun, |reader| {
        let found = match tag {
            tag::POLLING_THREAD_WITH_TIMEOUT => Some(pointer(wait as *const ())),
            tag::STOP_POLLING_THREAD => Some(pointer(stop as *const ())),
            _ => attributes::value(reader, tag),
        };
        match found {
            // SAFETY: `length` says how many bytes `value` has (see above).
            Some(found) => unsafe {
                give(
                    &found,
                    value,
                    length,
                    ResponseCode::ERROR_INSUFFICIENT_BUFFER,
                )
            },
            None => ResponseCode::ERROR_TAG,
        }
    })
}

/// Nothing about a virtual reader can be set.
///
/// # Safety
///
/// Always; the pointer is not used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn IFDHSetCapabilities(
    _: Dword,
    _: Dword,
    _: Dword,
    _: *const c_uchar,
) -> ResponseCode {
    ResponseCode::NOT_SUPPORTED
}

/// Agrees to either protocol: to a contactless card both are the same.
#[unsafe(no_mangle)]
pub extern "C" fn IFDHSetProtocolParameters(
    lun: Dword,
    protocol: Dword,
    _: c_uchar,
    _: c_uchar,
    _: c_uchar,
    _: c_uchar,
) -> ResponseCode {
    with_reader(lun, |_| match protocol {
        abi::PROTOCOL_T0 | abi::PROTOCOL_T1 => ResponseCode::SUCCESS,
        _ => ResponseCode::PROTOCOL_NOT_SUPPORTED,
    })
}

/// Powers the card up or down, or resets it.
///
/// # Safety
///
/// `length` is null or valid for the call, and `atr` null or has room for 33 bytes,
/// the longest ATR; nobody else uses them meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn IFDHPowerICC(
    lun: Dword,
    action: Dword,
    atr: *mut c_uchar,
    length: *mut Dword,
) -> ResponseCode {
    // SAFETY: null or valid for the call (see above).
    if let Some(length) = unsafe { length.as_mut() } {
        *length = MAX_ATR_SIZE as Dword;
    }
    let code = with_reader(lun, |reader| match action {
        abi::POWER_UP | abi::RESET => match reader.power_up(action == abi::RESET) {
            // SAFETY: an ATR has room for 33 bytes, which `length` says now.
            Ok(found) => unsafe { give(&found, atr, length, ResponseCode::ERROR_POWER_ACTION) },
            Err(Trouble::ReaderGone) => ResponseCode::NO_SUCH_DEVICE,
            Err(_) => ResponseCode::ERROR_POWER_ACTION,
        },
        abi::POWER_DOWN => {
            reader.power_down();
            ResponseCode::SUCCESS
        }
        _ => ResponseCode::NOT_SUPPORTED,
    });
    if code != ResponseCode::SUCCESS || action == abi::POWER_DOWN {
        // SAFETY: null or valid for the call (see above).
        if let Some(length) = unsafe { length.as_mut() } {
            *length = 0;
        }
    }
    code
}

/// Sends a command to the card.
///
/// # Safety
///
/// `command` is null or has `command_length` bytes; `response_length` is null or
/// valid for the call, and `response` null or as long as it says; `receive` is null
/// or valid. Nobody else uses what is written to meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn IFDHTransmitToICC(
    lun: Dword,
    send: IoHeader,
    command: *const c_uchar,
    command_length: Dword,
    response: *mut c_uchar,
    response_length: *mut Dword,
    receive: *mut IoHeader,
) -> ResponseCode {
    let code = with_reader(lun, |reader| {
        // SAFETY: `command` is null or has as many bytes (see above).
        let command = unsafe { bytes(command, command_length) };
        match reader.transmit(command) {
            // SAFETY: `response_length` says the room in `response` (see above).
            Ok(found) => unsafe {
                let too_long = ResponseCode::ERROR_INSUFFICIENT_BUFFER;
                if give(&found, response, response_length, too_long) != ResponseCode::SUCCESS {
                    return too_long;
                }
                if let Some(receive) = receive.as_mut() {
                    receive.protocol = send.protocol;
                }
                ResponseCode::SUCCESS
            },
            Err(trouble) => trouble.into(),
        }
    });
    if code != ResponseCode::SUCCESS {
        // SAFETY: null or valid for the call (see above).
        if let Some(length) = unsafe { response_length.as_mut() } {
            *length = 0;
        }
    }
    code
}

/// Sends a command to the reader itself.
///
/// # Safety
///
/// `command` is null or has `command_length` bytes, and `answer` is null or has room
/// for `answer_length`; `returned` is null or valid for the call. Nobody else uses
/// what is written to meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn IFDHControl(
    lun: Dword,
    code: Dword,
    command: *const c_uchar,
    command_length: Dword,
    answer: *mut c_uchar,
    answer_length: Dword,
    returned: *mut Dword,
) -> ResponseCode {
    let mut room = answer_length;
    let result = with_reader(lun, |reader| {
        let Ok(code) = u32::try_from(code) else {
            return ResponseCode::ERROR_NOT_SUPPORTED;
        };
        // SAFETY: `command` is null or has as many bytes (see above).
        let command = unsafe { bytes(command, command_length) };
        match reader.control(code, command) {
            // SAFETY: `answer` has as many bytes as `room` says (see above).
            Ok(found) => unsafe {
                let too_long = ResponseCode::ERROR_INSUFFICIENT_BUFFER;
                give(&found, answer, &raw mut room, too_long)
            },
            Err(trouble) => trouble.into(),
        }
    });
    let is_good = result == ResponseCode::SUCCESS;
    // SAFETY: null or valid for the call (see above).
    if let Some(returned) = unsafe { returned.as_mut() } {
        *returned = if is_good { room } else { 0 };
    }
    result
}

/// Says whether a card is there.
#[unsafe(no_mangle)]
pub extern "C" fn IFDHICCPresence(lun: Dword) -> ResponseCode {
    with_reader(lun, |reader| match reader.presence() {
        Presence::Present => ResponseCode::ICC_PRESENT,
        Presence::Absent => ResponseCode::ICC_NOT_PRESENT,
        Presence::Unplugged => ResponseCode::NO_SUCH_DEVICE,
    })
}

/// Waits for something to happen; pcscd has a thread for it.
///
/// It never says that the device is gone, because pcscd would then end the
/// thread and never look at the reader again.
extern "C" fn wait(lun: Dword, timeout: c_int) -> ResponseCode {
    with_reader(lun, |reader| {
        reader.wait(Duration::from_millis(timeout.try_into().unwrap_or(0)));
        ResponseCode::SUCCESS
    })
}

/// Ends the wait of the moment. pcscd does so before it closes the reader, and
/// also whenever the last program disconnects from a card, to begin a wait of
/// another length.
extern "C" fn stop(lun: Dword) -> ResponseCode {
    with_reader(lun, |reader| {
        reader.watch.nudge();
        ResponseCode::SUCCESS
    })
}

fn create(lun: Dword, name: &str) -> ResponseCode {
    // The upper half is the reader's number, the lower that of its slot.
    let number = u16::try_from(lun >> 16).unwrap_or(u16::MAX);
    let opened = match name.parse::<Settings>() {
        Ok(settings) => Reader::open(number, settings).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match opened {
        Ok(reader) => {
            table::insert(lun, reader);
            ResponseCode::SUCCESS
        }
        Err(why) => {
            // pcscd itself only says that it could not be opened.
            writeln!(io::stderr(), "virtual reader: DEVICENAME {name}: {why}").ok();
            ResponseCode::COMMUNICATION_ERROR
        }
    }
}

fn with_reader(lun: Dword, act: impl FnOnce(&Reader) -> ResponseCode) -> ResponseCode {
    guard(|| match table::find(lun) {
        Some(reader) => act(&reader),
        None => ResponseCode::NO_SUCH_DEVICE,
    })
}

/// Lets no panic through.
fn guard(act: impl FnOnce() -> ResponseCode) -> ResponseCode {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or(ResponseCode::COMMUNICATION_ERROR)
}

/// A function as the bytes of its address.
fn pointer(function: *const ()) -> Vec<u8> {
    function.addr().to_ne_bytes().to_vec()
}

/// Copies `found` to where pcscd wants it, or says `too_long`; `length` is the
/// room there before, and how many bytes there are after.
///
/// # Safety
///
/// `length` is null or valid, and `value` null or as long as `length` says.
unsafe fn give(
    found: &[u8],
    value: *mut c_uchar,
    length: *mut Dword,
    too_long: ResponseCode,
) -> ResponseCode {
    // SAFETY: null or valid, as promised.
    let Some(length) = (unsafe { length.as_mut() }) else {
        return ResponseCode::COMMUNICATION_ERROR;
    };
    let room = usize::try_from(*length).unwrap_or(usize::MAX);
    *length = found.len() as Dword;
    if value.is_null() || found.len() > room {
        return too_long;
    }
    // SAFETY: `value` has `room` bytes, `found` no more, and a buffer of pcscd
    // does not overlap with ours.
    unsafe { value.copy_from_nonoverlapping(found.as_ptr(), found.len()) };
    ResponseCode::SUCCESS
}

/// What pcscd hands in.
///
/// # Safety
///
/// `start` is null or has `length` bytes, which nobody changes while `'a` lasts.
unsafe fn bytes<'a>(start: *const c_uchar, length: Dword) -> &'a [u8] {
    match usize::try_from(length) {
        // SAFETY: not null, and as long as promised.
        Ok(length) if !start.is_null() => unsafe { slice::from_raw_parts(start, length) },
        _ => &[],
    }
}

#[cfg(test)]
mod tests;
