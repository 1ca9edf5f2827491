//! Rust code generated from the protocol files of this project.
//!
//! `proto/` is the source; what stands in `src/generated` is made from it by
//! `UPDATE_GENERATED=1 cargo test -p xueka-api` and committed, so that building
//! needs no generator. The same test, without the variable, fails when the two
//! differ.

/// Version 1 of the protocol.
#[allow(
    missing_docs,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::pedantic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "generated; the comments of the protocol files are kept where the generator keeps them"
)]
pub mod v1 {
    include!("generated/xueka.v1.rs");
}

/// The protocol files with their comments as a serialized
/// `google.protobuf.FileDescriptorSet`, for gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/descriptors.bin");

/// The domain of every `google.rpc.ErrorInfo` that this project sends.
pub const ERROR_DOMAIN: &str = "xueka";

impl v1::ErrorReason {
    /// The reason as it stands in `google.rpc.ErrorInfo`: without prefix.
    #[must_use]
    pub fn as_reason(self) -> &'static str {
        let name = self.as_str_name();
        name.strip_prefix("ERROR_REASON_").unwrap_or(name)
    }

    /// The reason that a `google.rpc.ErrorInfo` names; `None` for one that
    /// this version does not know.
    #[must_use]
    pub fn from_reason(reason: &str) -> Option<Self> {
        Self::from_str_name(&format!("ERROR_REASON_{reason}"))
    }
}
