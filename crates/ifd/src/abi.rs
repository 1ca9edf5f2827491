//! Names for the numbers of the IFD handler interface.
//!
//! Source: pcsc-lite 1.9.9, `ifdhandler.h` and `reader.h`; the attributes are
//! those of PC/SC Part 3, §3.1.

/// What pcscd calls a DWORD: on Linux as wide as a pointer.
pub type Dword = std::ffi::c_ulong;

/// What every function of a driver returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct ResponseCode(pub(crate) std::ffi::c_long);

impl ResponseCode {
    pub(crate) const SUCCESS: Self = Self(0);
    pub(crate) const ERROR_TAG: Self = Self(600);
    pub(crate) const ERROR_POWER_ACTION: Self = Self(608);
    pub(crate) const COMMUNICATION_ERROR: Self = Self(612);
    pub(crate) const RESPONSE_TIMEOUT: Self = Self(613);
    pub(crate) const NOT_SUPPORTED: Self = Self(614);
    pub(crate) const ERROR_NOT_SUPPORTED: Self = Self(606);
    pub(crate) const PROTOCOL_NOT_SUPPORTED: Self = Self(607);
    pub(crate) const ICC_PRESENT: Self = Self(615);
    pub(crate) const ICC_NOT_PRESENT: Self = Self(616);
    pub(crate) const NO_SUCH_DEVICE: Self = Self(617);
    pub(crate) const ERROR_INSUFFICIENT_BUFFER: Self = Self(618);
}

/// `IFD_POWER_UP`, an action of `IFDHPowerICC`.
pub(crate) const POWER_UP: Dword = 500;
/// `IFD_POWER_DOWN`.
pub(crate) const POWER_DOWN: Dword = 501;
/// `IFD_RESET`.
pub(crate) const RESET: Dword = 502;

/// `SCARD_PROTOCOL_T0`.
pub(crate) const PROTOCOL_T0: Dword = 1;
/// `SCARD_PROTOCOL_T1`.
pub(crate) const PROTOCOL_T1: Dword = 2;

/// The longest ATR (ISO/IEC 7816-3:2006, §8.1).
pub(crate) const MAX_ATR_SIZE: usize = 33;

/// What `IFDHGetCapabilities` is asked for.
pub(crate) mod tag {
    use super::Dword;

    /// The ATR of the card.
    pub(crate) const ATR: Dword = 0x0303;
    /// Whether the slots of one reader can be used at the same time.
    pub(crate) const SLOT_THREAD_SAFE: Dword = 0x0FAC;
    /// Whether the readers of one library can be used at the same time.
    pub(crate) const THREAD_SAFE: Dword = 0x0FAD;
    /// How many slots a reader has.
    pub(crate) const SLOTS_NUMBER: Dword = 0x0FAE;
    /// How many readers one library serves.
    pub(crate) const SIMULTANEOUS_ACCESS: Dword = 0x0FAF;
    /// Whether the thread that waits can be cancelled.
    pub(crate) const POLLING_THREAD_KILLABLE: Dword = 0x0FB1;
    /// The function that ends a wait.
    pub(crate) const STOP_POLLING_THREAD: Dword = 0x0FB2;
    /// The function that waits for something to happen.
    pub(crate) const POLLING_THREAD_WITH_TIMEOUT: Dword = 0x0FB3;

    /// `SCARD_ATTR_VENDOR_NAME`.
    pub(crate) const VENDOR_NAME: Dword = 0x0001_0100;
    /// `SCARD_ATTR_VENDOR_IFD_TYPE`: the model.
    pub(crate) const VENDOR_IFD_TYPE: Dword = 0x0001_0101;
    /// `SCARD_ATTR_VENDOR_IFD_VERSION`: `MMmmbbbb`.
    pub(crate) const VENDOR_IFD_VERSION: Dword = 0x0001_0102;
    /// `SCARD_ATTR_VENDOR_IFD_SERIAL_NO`.
    pub(crate) const VENDOR_IFD_SERIAL_NO: Dword = 0x0001_0103;
    /// `SCARD_ATTR_CHANNEL_ID`: `DDDDCCCC`, the kind of the channel and its number.
    pub(crate) const CHANNEL_ID: Dword = 0x0002_0110;
    /// `SCARD_ATTR_ICC_PRESENCE`: one byte.
    pub(crate) const ICC_PRESENCE: Dword = 0x0009_0300;
    /// `SCARD_ATTR_ICC_INTERFACE_STATUS`: one byte.
    pub(crate) const ICC_INTERFACE_STATUS: Dword = 0x0009_0301;
    /// `SCARD_ATTR_ATR_STRING`.
    pub(crate) const ATR_STRING: Dword = 0x0009_0303;
    /// `SCARD_ATTR_MAXINPUT`: the longest command, four bytes.
    pub(crate) const MAXINPUT: Dword = 0x0007_A007;
}

/// `CM_IOCTL_GET_FEATURE_REQUEST`: which features a reader has (PC/SC Part 10,
/// §2.2).
pub(crate) const GET_FEATURE_REQUEST: u32 = 0x4200_0000 + 3400;
/// `FEATURE_CCID_ESC_COMMAND` (PC/SC Part 10, §2.6).
pub(crate) const FEATURE_ESCAPE: u8 = 0x13;
/// The control code for escape commands on pcsc-lite, as its drivers for USB
/// readers have it: `SCARD_CTL_CODE(1)`.
pub(crate) const ESCAPE_CODE: u32 = 0x4200_0001;
