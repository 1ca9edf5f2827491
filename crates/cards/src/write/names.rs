//! How names of files and applications, and bytes of any length, stand in the
//! text of a plan.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// The name of a directory as hexadecimal digits.
pub(crate) mod df_name {
    use xueka_apdu::DfName;

    use super::{Deserializer, Error, Serializer};

    pub(crate) fn serialize<S: Serializer>(name: &DfName, to: S) -> Result<S::Ok, S::Error> {
        hex::serde::serialize(name.as_bytes(), to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<DfName, D::Error> {
        let bytes: Vec<u8> = hex::serde::deserialize(from)?;
        DfName::from_slice(&bytes).ok_or_else(|| D::Error::custom("a name has 1 to 16 bytes"))
    }
}

/// A file identifier as a number.
pub(crate) mod file_id {
    use xueka_apdu::FileId;

    use super::{Deserialize, Deserializer, Serializer};

    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands a field over so"
    )]
    pub(crate) fn serialize<S: Serializer>(id: &FileId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u16(id.0)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<FileId, D::Error> {
        u16::deserialize(from).map(FileId)
    }
}

/// A short file identifier as a number.
pub(crate) mod sfi {
    use xueka_apdu::Sfi;

    use super::{Deserialize, Deserializer, Error, Serializer};

    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands a field over so"
    )]
    pub(crate) fn serialize<S: Serializer>(sfi: &Sfi, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(sfi.number())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Sfi, D::Error> {
        let sfi = Sfi::from_number(u8::deserialize(from)?);
        sfi.ok_or_else(|| D::Error::custom("a short file identifier is 1 to 30"))
    }
}

/// Bytes of any length as hexadecimal digits.
pub(crate) mod boxed {
    use super::{Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        hex::serde::serialize(bytes, to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Box<[u8]>, D::Error> {
        let bytes: Vec<u8> = hex::serde::deserialize(from)?;
        Ok(bytes.into())
    }
}
